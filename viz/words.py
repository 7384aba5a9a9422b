"""What things are called, in every view: short words for values, ops, and why something did not happen."""

from viz import text
from viz.graph import Number

NOTHING = ("nothing is recorded yet: run some operations on tensors inside the watched block, as in "
           "`with viz.watch() as run: y = x * x`")


NO_PIN = "no optimizer"  # holds a leaf to which gradients come, while optimizers hold others
GLOSSARY = (  # words of the outline that need one, each with the text that shows that it is used
    ("leaf", " leaf ", "a tensor that no op made; here one with requires_grad"),
    ("input", " input ", "a given tensor that asks for no gradient (PyTorch calls it a leaf as well)"),
    ("mask", " mask ", "random numbers that dropout makes itself and multiplies with: no input of yours"),
    ("#3", "#1", "the result of op 3"),
    ("saved", " saved ", "what an op keeps because backward will need it"),
    ("(freed)", "freed", "backward has used it and let it go; a second backward would miss it"),
    ("ledger", "ledger of", "everything that changed this tensor's .grad, in order: added -> what it holds then"),
    ("cut", "\ncut: ", "here a gradient would have to go through what has none; it ends, and .grad stays None"),
    ("zero", "\nzero: ", "the gradient goes on, and it is 0: not the same as None"),
    ("not taken", "\nnot taken", "an arm of an if that did not run; .grad of what only it uses stays None"),
    ("lost", "\nlost, line", "an arm of an if that the graph does not hold: it cannot run, whatever the input is"),
    ("read back", "read back", "a number left the graph for plain Python, as by .item(): no gradient follows it there"),
    ("digest", "digest ", "fingerprint of the graph: the same structure gives the same letters, whatever the names and "
                          "numbers"),
)


def glossary(outline):
    """[word, meaning] for each word in this outline that is not plain English."""
    return [[word, meaning] for word, sign, meaning in GLOSSARY if sign in outline.replace("\n", " \n ")]


def require_steps(graph):
    """The graph itself; ValueError when it holds nothing to draw."""
    if not graph.steps:
        raise ValueError(NOTHING)
    return graph


def value_name(graph, value_id, limit=40):
    """A source by its name, the result of step 3 as `#3` with its name behind it."""
    value = graph.values[value_id]
    name = text.clean(value.name or "", limit)
    if value.producer is None:
        return name or f"{value.role} {value.id}"
    return f"#{value.producer + 1} {name}" if name else f"#{value.producer + 1}"


UNSAID = ("reduction", "mean"), ("decimals", 0)  # attributes that go without saying
LONGEST = 200  # characters of an op's name, and of its attributes


def op_with_attributes(step):
    """The op with its attributes: `sum axis=1`, `index 0:3`. What goes without saying is left out."""
    return " ".join(part for part in (text.clean(step.op, LONGEST), _attributes(step)) if part)


def _attributes(step):
    shown = text.attributes({name: what for name, what in step.attributes.items() if (name, what) not in UNSAID})
    return text.clean(shown.removeprefix(step.op + "="), LONGEST)


def op_title(step):
    """The op with its plain numbers and attributes: `mul 2.0`, `sum axis=1`."""
    numbers = [text.number(source.value) for source in step.inputs if isinstance(source, Number)]
    return " ".join(part for part in (text.clean(step.op, LONGEST), *numbers, _attributes(step)) if part)


def argument(step, position):
    """The name of an input where it matters which is which, else None; the inputs of `stack` have but one name."""
    if step.commutes or len(step.inputs) < 2 or len(step.arguments) < len(step.inputs):
        return None
    return text.clean(step.arguments[position], 24)


def inputs(graph, step):
    """The inputs of a step in order, with argument names where it matters which is which."""
    shown = [text.number(source.value) if isinstance(source, Number) else value_name(graph, source, 24)
             for source in step.inputs]
    names = [argument(step, position) for position in range(len(shown))]
    return ", ".join(f"{name}={what}" if name else what for name, what in zip(names, shown, strict=True))


def saved_name(graph, step, item):
    """What a saved array is in this graph: the input it came in as, or the step's own result."""
    if item.name not in step.arguments:
        return f"#{step.id + 1}" if item.name == "y" else text.clean(item.name, 16)
    source = step.inputs[step.arguments.index(item.name)]
    return text.number(source.value) if isinstance(source, Number) else value_name(graph, source, 16)


def why(step):
    """Why a step was not recorded, in a few words."""
    return {"no_grad": "grad mode was off (no_grad)",
            "cut": f"{text.clean(step.op, 24)} has no derivative, the graph is cut here"}.get(step.reason, step.reason)


FLAT = ("ceil", "floor", "round", "sign", "trunc")  # stairs: their slope is 0 wherever they have one
TAGS = {"no_grad": "no_grad", "no input requires grad": "needs no grad"}  # reasons that last from op to op


def op_badges(graph, step):
    """The tags of an op: why it was not recorded, or that a gradient came through.

    In a long row of ops that were not recorded for the same reason, only those where it begins are tagged, and those
    where no_grad stops an input that requires a gradient. The outline and the details say it of each.
    """
    if step.recorded:
        flat = [f"zero: {step.op}"] if step.op in FLAT else []
        return flat + ([_gradient_tag(graph, step.output)] if step.output in graph.gradients else [])
    if step.reason == "cut":
        return [f"cut: {text.clean(step.op, 16)}"]
    sources = [graph.values[source] for source in step.inputs if not isinstance(source, Number)]
    goes_on = any(value.producer is not None and graph.steps[value.producer].reason == step.reason for value in sources)
    stops = step.reason == "no_grad" and any(value.requires_grad for value in sources)
    return [TAGS.get(step.reason, text.clean(step.reason, 24))] if step.reason and (stops or not goes_on) else []


def _gradient_tag(graph, value_id):
    return "grad is nan" if graph.gradients[value_id].has_nan else "grad"


def source_badges(graph, value, used=True):
    """The tags of a parameter, leaf or input: what became of its gradient."""
    read = not used and any(read.value == value.id for read in graph.reads)
    badges = [] if used else ["only read" if read else "not used"]
    if value.role == "parameter" and not value.requires_grad:
        badges.append("frozen")
    if value.role == "input" and value.requires_grad:
        badges.append("made earlier")
    adds = graph.adds(value.id)
    if value.id in graph.gradients:
        badges.append(_gradient_tag(graph, value.id) + (f", {adds} adds" if adds > 1 else ""))
    elif graph.lacks_gradient(value):
        badges.append("no gradient")
    elif graph.ledger.get(value.id, ()) and graph.ledger[value.id][-1].what == "zero":
        badges.append("grad cleared")
    return [*badges, NO_PIN] if graph.lacks_pin(value) else badges


def pins(graph, value):
    """Which optimizers hold a leaf: `held by SGD`; "" where none does."""
    held = ", ".join(text.clean(name, 24) for name in graph.pins.get(value.id, ()))
    return held and f"held by {held}"


def entry(what):
    """One line of a ledger: `+ 7.0 -> 7.0  (backward 1)`."""
    total = what.total.short() if what.total else "None"
    if what.what == "add":
        return f"+ {what.change.short()} -> {total}" + (f"  (backward {what.backward})" if what.backward else "")
    return {"before": f"held {total} before this run",
            "elsewhere": f"changed by another graph -> {total}",
            "zero": f"cleared -> {total}",
            "step": f"value changed -> {total}"}[what.what]


def source(step):
    """The learner's line with its number, and how many times the op ran on it before."""
    if step.source is None:
        return ""
    again = f"turn {step.iteration + 1}, " if step.iteration else ""
    if step.backward:
        again = f"in backward {step.backward}, "
    return f"{again}{step.source.line}: {text.clean(step.source.text, 72)}"


def module(graph, step):
    """The module that ran the step: its dotted path and class."""
    if step.module is None:
        return ""
    kind = text.clean(graph.modules.get(step.module, ""), 30)
    return f"{text.clean(step.module, 40)} ({kind})" if step.module else kind
