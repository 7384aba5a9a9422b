"""What each finding on a tracer says: its code, one sentence, and three hints, each saying more than the last."""

FINDINGS = {
    "called-again": ("M53", "The function was called again for a replay. What it prints or decides, it does anew.", (
        "A branch that the example did not take must not run in a replay. How could it, in yours?",
        "After `record` has returned, nobody may need the function any more.",
        "The tape holds ops. Run these, one after the other, and leave the function alone.",
    )),
    "called-twice": ("M53", "The function was called more than once while it was recorded.", (
        "What if the function prints a line, or counts its calls?",
        "One run tells everything: the ops, and the result.",
        "Keep what the one call inside `with listen()` returned.",
    )),
    "never-called": ("", "`record` did not call the function, so there was nothing to hear.", (
        "Ops run only when somebody calls the function.",
        "The call belongs inside `with listen() as heard:`.",
        "`example` is a tuple of tensors, and the function takes them one by one.",
    )),
    "no-tensor": ("", "The replay has to return the function's result, as a tensor.", (
        "Look at what `replay` returns.",
        "Which of all the outputs is the function's result? `record` knows it.",
        "The tape has to say, beside the steps, which of their outputs is the result.",
    )),
    "result-kept": ("M54", "No op ran in the replay: what it gives was computed while recording.", (
        "Replay the tape on two different inputs. What should differ?",
        "A recorded step has no value. It gets one whenever somebody feeds the inputs.",
        "Keep on the tape what has to be run, not what came out.",
    )),
    "input-kept": ("M54", "An input of the replay was never used: the tape holds the example's tensor in its place.", (
        "Which tensors are still the example's when the ops of your replay run?",
        "An input of an op may be an input of the function. Then the tape needs its place, not the tensor.",
        "While recording, look for each input of an op among the example's tensors; all of them, not just the first.",
    )),
    "results-kept": ("M54", "An op took a result of the recording, not the one that the replay has just computed.", (
        "Where do the numbers come from that the second op of the replay works on?",
        "An input of an op may be the output of an earlier one. Then the tape needs the place of that op.",
        "Give each output a place as soon as its op is heard, and look the inputs of later ops up among these.",
    )),
    "remembers": ("M54", "The first replay was right, and a later one was not: something was left from the first.", (
        "Replay the same tape twice, on different inputs. What does the second replay find?",
        "Values belong to one replay; the tape stays as it was recorded.",
        "Make the list of values anew in each replay, beginning with the inputs.",
    )),
    "weight-copied": ("M05", "The weight on the tape is not the weight itself, so no gradient comes to it.", (
        "Not every input of an op comes from an input or an earlier op. What did you do with the others?",
        "A copy made from numbers has no history, and does not change when the weight does.",
        "What is neither an input nor an output goes on the tape as it is: the very same object.",
    )),
    "cut": ("M18", "No gradient comes back through the replay: its ops were not recorded, or cut off.", (
        "Look for dashed boxes in the graph.",
        "A replay should leave behind the graph that the function itself would.",
        "Run the ops on the tensors that came in, with recording on, and return what the last one gave, as it is.",
    )),
    "computed-again": ("", "Ops ran more than once: what is used twice was computed twice.", (
        "Count the nodes: how many does eager mode record, and how many does the replay?",
        "When a result is used in two places, both take the same node.",
        "Keep what each op gave in this replay, and look it up when it is needed again.",
    )),
    "mixed-up": ("", "An op got other inputs than eager mode gave it, or it is another op.", (
        "Follow the arrows into the marked node. Where should they come from?",
        "Mind what is used twice, which input stands first, and tensors that only hold the same numbers: `is` tells "
        "two tensors apart, `==` compares numbers.",
        "For each input of each op the tape needs to say where it comes from: which input, which earlier op, or what "
        "number.",
    )),
    "ops-missing": ("", "Ops that the result hangs on did not run in the replay. The marked ones are missing.", (
        "Compare the list `heard` with what the replay runs.",
        "Does the replay go through all steps, the first and the last one, too?",
        "Each op that was heard has to be run, in the same order.",
    )),
    "other-result": ("", "The graph is right, but the replay gives something else than the function.", (
        "Is the result always what the last op gave?",
        "A function may run an op after the one whose output it returns.",
        "While recording, find the place of the very tensor that the function returned.",
    )),
    "raised": ("", "Your tracer stopped with {error}.", (
        "The last line of the message says what is wrong; the line number says where.",
        "Call `record` by hand in a new cell, on a function of one line, and print the tape.",
        "An input of an op is a tensor or a plain number. Does your code expect both? To ask whether two tensors are "
        "the same one, use `is`, or compare their `id`.",
    )),
}  # fmt: skip
