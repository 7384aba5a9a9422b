"""What each finding on a counterexample says: its code, one sentence, and three rising hints."""

_ARM = (
    "A trace keeps what the example's run did. Which arm of `turn` was that?",
    "Only an input that goes the other way can show it. What does the condition compare?",
    "With the first number larger than the last, the other arm runs. Choose them so that `x * x` and `x + x` differ in "
    "some place; at 0 and at 2 they do not.",
)
_TURNS = (
    "How many turns of the loop are in the trace, and how many does the function make at your input?",
    "With fewer numbers than the example, the trace asks for one that is not there, and stops. That is loud. What does "
    "it do with more?",
    "A trace that makes too few turns leaves numbers out. What must the first number that is left out be, to matter?",
)
_NUMBER = (
    "Which Python number is in the trace of `stretch`? Work it out for its example.",
    "In the trace, `width` is what it was for three equal numbers. Which inputs have another one?",
    "A single number is its own largest and smallest. You need two that differ.",
)

FINDINGS = {
    "agree-turn": ("M50", "For `turn`, function and trace both give {said} at your input.", _ARM),
    "agree-fold": ("M51", "For `fold`, function and trace both give {said} at your input.", _TURNS),
    "agree-stretch": ("M04", "For `stretch`, function and trace both give {said} at your input.", _NUMBER),
    "long-turn": ("", "For `turn` they part at your input of {said}, and at a shorter one as well.", (
        "Which of your numbers does the condition look at?",
        "Leave out what stands between them.",
        "With a single number the first is also the last. So how many are needed?",
    )),
    "long-fold": ("", "For `fold` they part at your input of {said}, and at a shorter one as well.", (
        "How many numbers did the example have?",
        "Leave numbers out at the end, and check again each time.",
        "One turn more than the trace knows is enough.",
    )),
    "long-stretch": ("", "For `stretch` they part at your input of {said}, and at a shorter one as well.", (
        "What does `width` depend on?",
        "A largest and a smallest number: what else is needed?",
        "Leave numbers out as long as the largest and the smallest are still two different ones.",
    )),
    "trace-stops": ("", "For `{name}` the trace stops at your input: {said}. Everybody notices that; look for an input "
                        "at which it runs, and is wrong.", (
        "An error is the lucky case. Which mistake would nobody notice?",
        "The trace asks for as many numbers as the example had.",
        "Give it at least as many numbers as the example.",
    )),
    "function-stops": ("", "For `{name}` the function itself stops at your input: {said}.", (
        "What does the function do first with x?",
        "It needs at least one number.",
        "Call the function by hand on your input, and look at the message.",
    )),
    "missing": ("", "There is no input for `{name}` yet.", (
        "Return a dictionary with three names: turn, fold and stretch.",
        "The names are texts, the inputs are tensors.",
        "Begin with the example that the function was traced on, and change it.",
    )),
    "no-row": ("", "The input for `{name}` has to be a tensor with one axis and ordinary numbers.", (
        "Compare it with the example that the function was traced on.",
        "`mg.tensor([...])` of a list of numbers has one axis.",
        "Leave out infinity and nan: they are not equal to anything, and prove nothing.",
    )),
    "raised": ("", "Your function stopped with {said}.", (
        "The last line of the message says what is wrong; the line number says where.",
        "Call your function by hand in a new cell, and look at the whole message.",
        "It takes no arguments, and returns a dictionary.",
    )),
}  # fmt: skip
