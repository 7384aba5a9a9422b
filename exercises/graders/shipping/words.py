"""What each finding of this exercise says: its code, one sentence, and three hints, each saying more than the last."""

FINDINGS = {
    "traced": ("M52", "Neither the branch nor the loop is in the file, only what they did for the example.", (
        "Which way of capturing reads your source, and which only watches a run?",
        "A trace of Python's own `if` and `for` keeps one arm, and as many turns as the example made.",
        "Either capture `keep` with what translates the source, or write branch and loop as calls that a trace can see "
        "whole.",
    )),
    "one-arm": ("M50", "The branch is not in the file: it always goes the way of the example.", (
        "Try the file on an input that goes the other way.",
        "Python's own `if` is over before the trace can see both arms.",
        "Lesson 14 has a function that takes a condition and both arms; `jit.script` makes the same of an `if`.",
    )),
    "no-branch": ("", "There is no branch in the file: both ways are computed each time, and one is chosen.", (
        "The numbers are right. Count the ops that run for one input.",
        "`where`, or a product with 0 and 1, picks between numbers that are there already.",
        "A branch decides which ops run at all. Which nodes of lesson 14 have bodies?",
    )),
    "empty-arm": ("", "There is a branch in the file, but an arm of it has no op: its work is done elsewhere.", (
        "What is computed before the branch is asked, and what inside of it?",
        "Whatever stands in front of a branch runs in every case.",
        "Move the two formulas into the two arms.",
    )),
    "unrolled": ("M51", "The loop is not in the file, only the turns that the example made.", (
        "Try the file on an input that is longer than your example.",
        "Python's own `for` is unrolled while a trace watches, and nothing warns of it.",
        "Lesson 14 has functions that take the body of a loop; `jit.script` makes the same of a `for` over the length.",
    )),
    "no-loop": ("", "The numbers are right, but there is no loop in the file.", (
        "The numbers do not depend on how they are computed; the exercise is about the loop.",
        "`damp` goes on from one number to the next. Which node of lesson 14 does that?",
        "Let a loop carry `state` from turn to turn.",
    )),
    "fixed-length": ("M51", "The loop is in the file, but its input must be as long as the example was.", (
        "What does the file say of the shape of its input?",
        "The example fixes every length of which nothing else is said.",
        "Lesson 14 says with an argument of `jit.save` which axes are open.",
    )),
    "changed": ("", "The file is not as `jit.save` has written it, so it does not survive a round trip.", (
        "Who has written to the file, beside `jit.save`?",
        "minigrad keeps its own record in the file, with a checksum over the whole.",
        "Leave the file as `jit.save` has written it.",
    )),
    "other-program": ("", "`keep` gives the right numbers, the file gives others.", (
        "Is it `keep` that you have captured, all of it?",
        "Load the file and call it on the same input. What does its graph say?",
        "Capture the function that was handed to `ship`, and nothing else.",
    )),
    "other-values": ("", "`keep` does not give what `damp` gives.", (
        "Call both on the same short input, and compare.",
        "Try one number, then two: does the branch differ, or the loop?",
        "Compare each line with the line of `damp`: the condition, both formulas, the first `state`, the order of the "
        "numbers.",
    )),
    "edge": ("", "Where the sum is exactly 1, `keep` goes the other way than `damp`.", (
        "Try `mg.tensor([0.5, 0.5])` on both.",
        "Which way does `damp` go at the edge?",
        "Larger, or larger or equal: compare the two conditions.",
    )),
    "read-back": ("M04", "`keep` goes through Python's numbers, so the gradient is lost on the way.", (
        "Which of your lines make Python numbers of a tensor?",
        "A number that has left cannot be captured either: it would be fixed in the file.",
        "Stay with tensors: `x.sum()` in place of `sum(x.tolist())`, `y[i]` in place of a number.",
    )),
    "cut": ("M18", "The gradient through `keep` is not that of `damp`: somewhere it is cut.", (
        "Look for dashed boxes in the graph.",
        "detach() and no_grad cut the way back. Does `damp` do that?",
        "Every op from `x` to the result has to be recorded.",
    )),
    "no-tensor": ("", "`keep` has to return one number, as a tensor without axes.", (
        "Look at the shape of what `keep` returns, and of what `damp` returns.",
        "`mg.tensor(0.0)` has no axis, `mg.zeros(1)` has one.",
        "Return the state as it is after the last turn, and nothing beside it.",
    )),
    "no-file": ("", "`ship` has written no file.", (
        "Which function of `jit` writes a file?",
        "It has to be at the path that was handed to `ship`.",
        "First capture `keep`, then save the capture at `path`.",
    )),
    "no-model": ("", "The file cannot be read as a model: {error}.", (
        "What has written the file?",
        "Any runtime has to understand it, so it has to be ONNX.",
        "Let `jit.save` write it.",
    )),
    "raised": ("", "Your code stopped with {error}.", (
        "The last line of the message says what is wrong; the line number says where.",
        "Call `keep` and `ship` by hand in a new cell, and look at the whole message.",
        "When a capture is refused, the message says which line, and what to write in its place.",
    )),
}  # fmt: skip
