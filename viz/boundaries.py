"""Where a gradient cannot pass, and why: at a cut, where recording was off, at a frozen parameter, where a number left
for Python. And where one passes and is zero, which is another kind of nothing.
"""

import math
import re
from dataclasses import dataclass

from viz import text, words
from viz.graph import Number

CALLED = {"cut": "cut", "off": "not recorded", "frozen": "frozen", "zero": "zero"}
KEYWORDS = re.compile(r"\b(elif|if|while|assert)\b")
TEXT = re.compile(r"""\b[fF][rR]?["']|format\(""")


def at(graph, step, position):
    """What a gradient meets on its way from this step to this input: "cut", "off" (recording was off), "frozen", "zero"
    (it goes on, and is 0), or None."""
    source = step.inputs[position]
    if isinstance(source, Number):
        return None
    value = graph.values[source]
    if not step.recorded:
        return {"cut": "cut", "no_grad": "off"}.get(step.reason) if value.requires_grad else None
    if value.role == "parameter" and not value.requires_grad:
        return "frozen"
    return "zero" if value.requires_grad and _turns_zero(graph, step, position) else None


def _turns_zero(graph, step, position):
    """Whether what came to this step was something, and what it sent to this input is nothing but zeros."""
    if step.op in words.FLAT:
        return True
    sent = step.contributions[position] if step.contributions else None
    came = graph.gradients.get(step.output)
    return sent is not None and came is not None and _zeros(sent) and not _zeros(came)


def _zeros(summary):
    low, _, high = summary._range()
    return low == high == 0 and math.prod(summary.shape) > 0


def grad_fn(op):
    """What backward calls a step of this op: `MulBackward0`."""
    return "".join(part.capitalize() for part in op.split("_")) + "Backward0"


def why(graph, step, position):
    """Why nothing, or nothing but zeros, comes to this input; "" where it does."""
    kind, op = at(graph, step, position), text.clean(step.op, 24)
    if kind == "cut":
        dtype = graph.values[step.output].dtype
        if op == "detach":
            return "detach hands on the numbers without their history; without it the gradient would go on"
        if dtype == "bool":
            return f"{op} gives True or False, which has no slope"
        return f"{op} gives whole numbers, which have no slope" if "int" in dtype else f"{op} has no derivative"
    if kind == "off":
        return f"recording was off (no_grad); with it on this would be {grad_fn(op)}"
    if kind == "zero":
        return f"{op} is flat: the gradient is there, and it is 0" if step.op in words.FLAT else (
            "the gradient is there, and it is 0 here")
    return "it asks for no gradient" if kind else ""


def lines(graph):
    """The boundaries of a graph as text, one a line: `cut: x -> #2 detach: detach hands on ...`."""
    told = []
    for step in graph.steps:
        for position, source in enumerate(step.inputs):
            kind = at(graph, step, position)
            if kind:
                told.append(f"{CALLED[kind]}: {words.value_name(graph, source, 24)} -> #{step.id + 1} "
                            f"{text.clean(step.op, 24)}: {why(graph, step, position)}")
    return list(dict.fromkeys(told))


def arm_lines(graph):
    """The arms that were not taken, one a line."""
    state = "lost" if graph.captured else "not taken"
    return [f"{state}, line {arm.source.line}: {text.clean(arm.source.text, 60)}"
            + "".join(f"; {words.value_name(graph, value, 40)}.grad: {_grad(graph, value)}" for value in arm.parameters)
            for arm in graph.untaken]


def _grad(graph, value):
    return graph.gradients[value].short() if value in graph.gradients else "None"


# ---------------------------------------------------------------- what left for Python


@dataclass(slots=True)
class Escape:
    """Reads of one value, or of what is in one box, by one word. reads: their places in `graph.reads`."""

    title: str
    reads: list


def by_value(graph):
    """Value id -> places of its reads; of what `tensor([...])` copied, only if the copy is not in the graph."""
    copied, found = copies(graph), {}
    for place, read in enumerate(graph.reads):
        if place not in copied:
            found.setdefault(read.value, []).append(place)
    return found


def copies(graph):
    """The reads that are the copying of a value into a new tensor of this graph: place of the read -> that source."""
    return {back.read: back.value for back in graph.returns
            if back.value is not None and graph.reads[back.read].how == "tensor"}


def escapes(graph, places):
    """The Escapes of these reads."""
    found = {}
    for place in places:
        found.setdefault(read_title(graph.reads[place]), []).append(place)
    return [Escape(title, reads) for title, reads in found.items()]


def read_title(read):
    """What did it: `item()`, or `if` where a truth value was asked for, or the text that a number was put into."""
    line = read.source.text if read.source else ""
    if read.how == "tensor":
        return "tensor([…])"
    if read.how == "item" and "item" not in line and TEXT.search(line):
        return 'f"…"'
    if read.how == "bool":
        found = KEYWORDS.search(line.partition("#")[0])
        return found[1] if found and "bool(" not in line else "bool()"
    return f"{text.clean(read.how, 16)}()"


def gave(graph, reads):
    """What Python got, in a few letters: the number, the shape, or how often it was asked for."""
    if len(reads) > 1:
        return f"{len(reads):,} times"
    read = graph.reads[reads[0]]
    return f"= {text.number(read.given)}" if read.given is not None else text.shape(graph.values[read.value].shape)


def read_rows(graph, escape):
    """[name, what] of everything that is to be said of an escape."""
    first = graph.reads[escape.reads[0]]
    got = {"if": "True or False", "tensor([…])": "a copy of the numbers"}.get(escape.title, "plain numbers")
    rows = [["left by", escape.title], ["read", words.value_name(graph, first.value)],
            ["got", gave(graph, escape.reads).removeprefix("= ")],
            ["gradient", f"none comes back: {got}, without history"]]
    seen = [read.source for read in (graph.reads[place] for place in escape.reads) if read.source]
    for source in list(dict.fromkeys(seen))[:4]:
        rows.append(["line", f"{source.line}: {text.clean(source.text, 72)}"])
    back = [back_words(graph, back) for back in graph.returns if back.read in escape.reads]
    return rows + [["came back into", ", ".join(back[:4]) + (", …" if len(back) > 4 else "")]] * bool(back)


def back_words(graph, back):
    """Where what was read came back: `#2 mul`, or the name of the new tensor."""
    if back.step is None:
        return words.value_name(graph, back.value)
    return f"#{back.step + 1} {text.clean(graph.steps[back.step].op, 24)}"
