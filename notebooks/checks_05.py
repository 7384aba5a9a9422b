"""What lesson 05 counts below its pictures, and the checks of its two tasks.

A check returns "Right: ...", or "not yet: ..." and the common mistake that it looks like.
"""

import minigrad as mg
import viz
from exercises.graders.beliefs import mistake

F = mg.nn.functional
BODY, HEAD = {"body.weight", "body.bias"}, {"head.weight", "head.bias"}


def recorded(run):
    """How many of the ops that ran were recorded."""
    return sum(step.recorded for step in run.graph.steps)


def cost(run):
    """What a run has cost, in one line."""
    return f"{len(run.graph.steps)} ops ran, {recorded(run)} recorded, {run.saved_bytes()} bytes kept"


def back(loss, model):
    """Go back from the loss if there is a way, and say which parameters got a gradient."""
    if not loss.requires_grad:
        return "no way back: loss.requires_grad is False"
    loss.backward()
    got = [name for name, parameter in model.named_parameters() if parameter.grad is not None]
    return f"gradient in {', '.join(got)}"


def check_evaluate(evaluate, make_model, x):
    """Whether `evaluate(model, x)` records nothing and gives the outputs of the model after training, each time."""
    mg.manual_seed(0)
    model = make_model()
    with viz.watch() as run:
        first, second = evaluate(model, x), evaluate(model, x)
    frozen = [name for name, parameter in model.named_parameters() if not parameter.requires_grad]
    training = model.training
    again = "" if training else " Before the next training step: model.train()."
    with mg.no_grad():
        wanted = model.eval()(x)
    if getattr(first, "shape", None) != wanted.shape:
        return f"not yet: `evaluate` has to return the outputs of the model, of shape {tuple(wanted.shape)}."
    if frozen:
        return f"not yet: {frozen[0]} is frozen now, and the next training step could not train it.\n{mistake('M18')}"
    if recorded(run):
        return f"not yet: two calls recorded {recorded(run)} ops. {_why_recorded(run, training)}"
    if first.tolist() != second.tolist():
        return f"not yet: nothing is recorded, but two calls gave different outputs.\n{mistake('M17')}"
    if first.tolist() != wanted.tolist():
        return "not yet: the outputs repeat, but they are not those of the model after training."
    return "Right: nothing recorded, and the same outputs each time." + again


def _why_recorded(run, training):
    if any(step.op == "detach" for step in run.graph.steps):
        return "detach comes too late: it cuts what is recorded already."
    return "Which of the three ways stops the recording?" if training else "That is not what eval() does.\n" + mistake("M16")


def check_fine_tune(fine_tune, make_model, x, truth):
    """Whether only the body gets a gradient and changes, and the loss goes down.

    Returns the verdict, and the run of one more step of the tuned model.
    """
    mg.manual_seed(0)
    model = make_model()
    before, names = _snapshot(model), {id(parameter): name for name, parameter in model.named_parameters()}
    loss_before, got, problem = _test_loss(model, x, truth).item(), set(), ""

    def listen(event):
        if isinstance(event, mg.events.Accumulated):
            got.add(names.get(id(event.tensor)))

    try:
        with mg.modes.watch(listen):
            fine_tune(model.train(), x, truth)
    except mg.GradError as error:
        problem = str(error).split(".")[0]
    after = _snapshot(model)
    changed = {name for name in after if after[name] != before[name]}
    model.zero_grad()
    with viz.watch() as run:
        loss = _test_loss(model, x, truth)
        back(loss, model)
    return _verdict(problem, got, changed, loss.item() < loss_before), run


def _verdict(problem, got, changed, better):
    if problem:
        return f"not yet: there is no way back. It said: {problem}.\n{mistake('M18')}"
    if changed & HEAD:
        return f"not yet: {' and '.join(sorted(changed & HEAD))} changed: an optimizer changes what has a gradient."
    if got & HEAD:
        return f"not yet: the head stayed as it is, but {' and '.join(sorted(got & HEAD))} got a gradient."
    if not got >= BODY:
        return f"not yet: no gradient reached the body. A frozen head lets it through, a cut does not.\n{mistake('M18')}"
    if not changed >= BODY:
        return "not yet: a gradient reached the body, but its parameters did not change. Was there a step?"
    if not better:
        return "not yet: the loss did not go down."
    return "Right: the gradient went through the head, and only the body kept it and changed."


def _snapshot(model):
    return {name: parameter.tolist() for name, parameter in model.named_parameters()}


def _test_loss(model, x, truth):
    return F.mse_loss(model.eval()(x), truth)
