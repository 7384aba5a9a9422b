"""What each finding of this exercise says: its code, one sentence, and three hints, each saying more than the last."""

FINDINGS = {
    "means-added": ("M33", "The gradients of the parts' means were added as they are, so the whole is too large.", (
        "loss_fn returns a mean. A mean over how many rows?",
        "In the full batch every row has the same small weight. Which weight has a row in your version, in a part of "
        "three and in a part of one?",
        "Each part's loss needs a factor before it goes backward. It depends on how many rows the part has and on how "
        "many there are in all.",
    )),
    "divided-by-parts": ("M33", "Every part got the same share, however many rows it has.", (
        "Compare one row of the largest part with one row of the smallest. Which counts for more?",
        "This share is right only when all parts have the same number of rows.",
        "The share of a part has to grow with its rows, and the shares of all parts have to add up to 1.",
    )),
    "rows-added": ("M33", "The gradient is that of the sum over all rows, not of their mean.", (
        "The parts are weighed well against one another; only the size of the whole is off.",
        "What stands between a sum over rows and a mean over rows?",
        "One more division is missing, by a number that is the same for every part.",
    )),
    "other-gradient": ("M33", "`.grad` is not the gradient of the mean over all rows.", (
        "Try it on paper with two parts, of one row and of two rows.",
        "Every row of every part must have the same weight in the sum.",
        "Compare the weight that your version gives to a part with the share of all rows that this part has.",
    )),
    "wrong-report": ("M33", "The weights are right, but the number returned is not the mean loss over all rows.", (
        "The number that you report is made from means, too.",
        "Give the parts the same shares in the reported loss as in the gradient.",
        "Add up what you sent backward, as plain numbers: the shares are in it already.",
    )),
    "small-steps": ("M33", "Every part made a step of its own: that is training on small batches.", (
        "One step belongs to the whole batch, not to each part.",
        "After the first step the weights have moved. At which weights is the gradient of the second part taken?",
        "What happens once for the batch stands outside of the loop over parts.",
    )),
    "step-per-part": ("M35", "Every part made a step, and each step used the sum of all gradients so far.", (
        "The first part's gradient was used in the first step. How often was it used in all?",
        "One step belongs to the whole batch; it comes when every part has added its share.",
        "What happens once for the batch stands outside of the loop over parts.",
    )),
    "never-cleared": ("M31", "`.grad` was not empty at the beginning, and backward added to what stood there.", (
        "Whoever calls your function may have called backward before.",
        "A ledger that starts with an old entry ends with a wrong total.",
        "Clear the gradients once, before anything of this batch is added.",
    )),
    "overwritten": ("M31", "`.grad` holds what the last part gave; the earlier parts were overwritten.", (
        "Look at the ledger of a parameter: what became of the first part?",
        "backward() adds to `.grad` by itself. Assigning to `.grad` sets it.",
        "Let backward do the adding, and leave `.grad` alone between the parts.",
    )),
    "cleared-between-parts": ("M32", "The gradients were cleared between parts: what earlier parts added is lost.", (
        "How often did zero_grad run, and how often should it?",
        "Adding up is what is wanted here, from the first part to the last.",
        "Clearing belongs to the batch, not to the part: mind on which side of the loop it stands.",
    )),
    "cleared-before-step": ("M32", "The gradients were cleared before the step could use them.", (
        "What did the optimizer find in `.grad` when it made its step?",
        "Read the line 'what ran' from left to right and follow `.grad`.",
        "Between the first backward and the step nothing may clear the gradients.",
    )),
    "cleared-after-step": ("M32", "The gradients were cleared at the end, and not at the beginning.", (
        "What did `.grad` hold when your function began?",
        "At the end the gradient of this batch should still be there to look at.",
        "Clear what an earlier batch has left, before this one adds anything.",
    )),
    "step-too-early": ("M32", "The optimizer made its step before the last backward.", (
        "Read the line 'what ran' from left to right.",
        "The parts after the step have no influence on it.",
        "The step comes last, when every part has added its share.",
    )),
    "one-big-graph": ("M28", "The losses of all parts were joined, so every part's graph was alive at once.", (
        "Accumulation is for batches that do not fit into memory. How much is in memory here?",
        "A sum of losses holds the graphs of all of them, until its backward has run.",
        "Let each part go backward before the next part goes forward. `.grad` does the adding.",
    )),
    "one-big-batch": ("M28", "The parts were joined into one batch, so its graph is as large as that of all parts.", (
        "The numbers are right. But the parts are there because the whole does not fit into memory.",
        "Call the model once for each part.",
        "Each part goes forward and backward by itself; `.grad` does the adding.",
    )),
    "total-kept": ("M28", "The sum that you report holds the graph of every part.", (
        "A sum of tensors with a history has a history.",
        "What you report is a number. It needs no gradient.",
        "Take the plain number out of the loss before adding it up.",
    )),
    "loss-kept": ("M28", "The loss is returned as a tensor, and its graph is kept with it.", (
        "Whoever keeps what you return keeps a graph.",
        "A report needs a number, not a tensor.",
        "There is a method that takes the number out of a tensor of one element.",
    )),
    "graphs-held": ("M29", "Results of earlier parts are held while the next part runs, and their graphs with them.", (
        "Which list or name of yours still refers to something of an earlier part?",
        "A tensor that was computed from parameters holds the whole graph behind it.",
        "Finish a part (forward, backward, the number for your report) before the next begins, and keep numbers only.",
    )),
    "retained": ("M26", "The graphs of earlier parts were retained although no second backward goes through them.", (
        "Which argument of backward keeps the saved tensors?",
        "Each part has its own graph, and backward goes through it once.",
        "A backward without arguments frees what it has used.",
    )),
    "cut": ("M18", "No gradient reaches the parameters: the graph is cut between the model and the loss.", (
        "Look for the dashed box in the graph.",
        "What goes backward has to be connected to the parameters all the way.",
        "The number for the report may be cut off; the loss that goes backward may not.",
    )),
    "read-back": ("M04", "No gradient reaches the parameters: the loss went through a plain Python number.", (
        "A Python number has no history.",
        "A tensor that is made from a number is a new leaf, whatever the number was computed from.",
        "Scale the loss itself, as a tensor, and call backward on the result.",
    )),
    "twice": ("M27", "A second backward went through a graph whose saved tensors were freed by the first.", (
        "How many backwards does one forward pay for?",
        "Each part needs a forward of its own before its backward.",
        "Call backward once per part, on the loss of this part alone.",
    )),
    "no-backward": ("", "No backward ran, so nothing was added to `.grad`.", (
        "Which call brings gradients to the parameters?",
        "Every part needs it, once.",
        "The loss of a part, scaled, is what has to go backward.",
    )),
    "no-step": ("", "The optimizer made no step, so the weights stay where they were.", (
        "The gradients are there. Who uses them?",
        "The optimizer was given to your function for this.",
        "One call is missing, after the loop over parts.",
    )),
    "no-report": ("", "The function has to return the mean loss over all rows as a plain number.", (
        "Look at what your function returns.",
        "A float is wanted, not a tensor and not None.",
        "Add up each part's share of the loss as a number while you go through the parts.",
    )),
    "raised": ("", "Your function stopped with {error}.", (
        "The last line of the message says what is wrong; the line number says where.",
        "Call your function by hand in a new cell, on two small parts, and look at the whole message.",
        "Put a print before the line that fails: are shapes and types what you expect?",
    )),
    "graphs-missing": ("", "Not every part went forward through the model and backward by itself.", (
        "Compare the number of forwards and of backwards in 'what ran' with the number of parts.",
        "Call the model itself, model(x), not its layers or its forward method.",
        "Each part needs one forward and one backward.",
    )),
}
