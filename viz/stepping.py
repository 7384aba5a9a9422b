"""Graph -> steps: everything that happened in a run, one moment after the other, forward and backward."""

import ast
import functools
import inspect
import re
from dataclasses import dataclass

from minigrad.ops import OPS
from viz import text, words
from viz.graph import Booking, Number, Source


@dataclass(frozen=True, slots=True)
class Sent:
    """What one moment sends to an input: the value id, its place among the inputs, and the words beside the arrow.

    rule: the derivative as the op's record has it. summed: "(2, 3) summed to (3,)" where broadcasting was undone.
    brief: the gradient in a few letters. filled: the rule with its numbers in place of names, where all are single.
    """

    value: int
    position: int
    gradient: str
    rule: str = ""
    summed: str = ""
    brief: str = ""
    filled: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. what: "forward", "backward", or "grad" (a leaf's `.grad` or value was changed).

    value: the id of the value whose box is the current one. source: the line of the op; called: the line that called
    backward. counts: pairs (value id, gradients still to come) of what has changed now, None where nothing comes any
    more; `Steps.waiting` adds them up. again: a backward begins, and what was counted before is over. place: the number
    of the Visit or Booking in `Graph.history`, None on the way forward. frees: whether the step now let go of what it
    kept.
    """

    what: str
    value: int
    caption: str
    sent: tuple = ()
    source: Source | None = None
    called: Source | None = None
    counts: tuple = ()
    again: bool = False
    place: int | None = None
    frees: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """The moments of a run, in order. Printed, one line each."""

    moments: tuple

    def __len__(self):
        return len(self.moments)

    def __getitem__(self, number):
        return self.moments[number]

    def waiting(self, number):
        """After this moment: value id -> gradients still to come, of all that the backward under way has not finished
        with. At 0 it is ready, and its turn has not come."""
        counts = {}
        for moment in self.moments[:number + 1]:
            counts = ({} if moment.again else counts) | dict(moment.counts)
        return {value: count for value, count in counts.items() if count is not None}

    def __str__(self):
        width = len(str(len(self)))
        return "\n".join(f"{number:>{width}}  {moment.caption}" for number, moment in enumerate(self.moments, 1))


def steps(run):
    """The Steps of a run or a recorded graph.

    >>> import minigrad as mg, viz
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> with viz.watch() as run:
    ...     y = x * x
    ...     y.backward()
    >>> print(steps(run))
    1  mul: y = x * x -> 9.0, saves x
    2  backward of mul: gets 1.0; sends g * b = 3.0 to x, g * a = 3.0 to x; lets go of x
    3  x.grad: + 6.0 -> 6.0  (backward 1)
    """
    graph = getattr(run, "graph", run)
    moments, done, waiting, passed = [], 0, {}, 0
    for place, event in enumerate(graph.history):
        moments += [_forward(graph, step) for step in graph.steps[done:event.after]]
        done = max(done, event.after)
        if isinstance(event, Booking):
            moments.append(_booked(graph, place, waiting))
            continue
        again = event.backward != passed
        if again:
            passed, waiting = event.backward, _expected(graph, place)
        moments.append(_visited(graph, place, waiting, again))
    return Steps((*moments, *[_forward(graph, step) for step in graph.steps[done:]]))


def _forward(graph, step):
    value = graph.values[step.output]
    result = value.data.short() if value.data else text.shape(value.shape)
    kept = ", ".join(dict.fromkeys(words.saved_name(graph, step, item) for item in step.saved))
    # In the line as written stands more than in a list of names, but only where it is one op with one result.
    made = f"{value.name} = " if value.name else ""
    line = step.source.text if step.source and step.source.text.startswith(made) and made else ""
    named = f"{text.clean(value.name, 40)} = " if value.name else ""
    said = text.clean(line, 60) or f"{named}{words.op_with_attributes(step)}({words.inputs(graph, step)})"
    more = f", saves {kept}" if kept else "" if step.recorded else f", not recorded: {words.why(step)}"
    return Moment("forward", step.output, f"{step.op}: {said} -> {result}{more}", source=step.source)


def _visited(graph, place, waiting, again):
    visit = graph.history[place]
    step = graph.steps[visit.step]
    counts = waiting | {step.output: None} if again else {step.output: None}
    waiting.pop(step.output, None)
    sent = tuple(_sent(graph, step, position, source, visit) for position, source in enumerate(step.inputs)
                 if position < len(visit.contributions) and visit.contributions[position] is not None)
    for value in _tracked(graph, step):
        waiting[value] -= 1
        counts[value] = waiting[value]
    told = ", ".join(_told(graph, item) for item in sent)
    caption = f"backward of {step.op}: gets {visit.gradient.short()}; sends {told or 'nothing on'}"
    for value in dict.fromkeys(item.value for item in sent):
        if waiting[value]:
            caption += f"; {words.value_name(graph, value)} still waits for {waiting[value]} more"
    kept = ", ".join(dict.fromkeys(words.saved_name(graph, step, item) for item in step.saved))
    caption += f"; lets go of {kept}" if visit.freed and kept else ""
    return Moment("backward", step.output, caption, sent, step.source, visit.source, tuple(sorted(counts.items())),
                  again, place, visit.freed)


def _told(graph, item):
    rule, summed = f"{item.rule} = " if item.rule else "", f" ({item.summed})" if item.summed else ""
    return f"{rule}{item.gradient} to {words.value_name(graph, item.value)}{summed}"


def _sent(graph, step, position, source, visit):
    given = visit.contributions[position]
    raw = _before_the_sum(step, graph.values[source].shape, visit.gradient.shape)
    summed = f"{text.shape(raw)} summed to {text.shape(given.shape)}" if raw != given.shape else ""
    rule = rule_text(step.op, step.arguments[position]) if len(step.arguments) >= len(step.inputs) else ""
    return Sent(source, position, given.short(), rule, summed, given.brief(), _filled(graph, step, rule, visit))


def _filled(graph, step, rule, visit):
    """The rule with numbers for its names, `1.0 * 3.0` for `g * b`; "" where one is no single number or there is
    nothing to work out."""
    known = {"g": visit.gradient, "y": graph.values[step.output].data}
    for name, source in zip(step.arguments, step.inputs, strict=False):
        known[name] = source if isinstance(source, Number) else graph.values[source].data
    used = set(re.findall(NAME, rule))
    if rule in ("", "g") or not all(_single(known.get(name)) for name in used):
        return ""
    told = {name: text.number(known[name].value) if isinstance(known[name], Number) else known[name].short().strip("[]")
            for name in used}
    return re.sub(NAME, lambda found: told[found[0]], rule)


NAME = r"\b[a-z_]\w*\b(?!\()"  # in a rule; a function is none


def _single(what):
    return isinstance(what, Number) or (what is not None and all(size == 1 for size in what.shape))


def _before_the_sum(step, shape, reached):
    """The shape of what the rule gives, before it is summed back to `shape`, that of the operand."""
    op = OPS.get(step.op.rstrip("_"))
    if op is None or not op.broadcasts or op.variadic:
        return shape
    if step.kind == "matmul":  # only the axes in front are broadcast
        return (*reached[:-2], *shape[-2:]) if len(shape) >= 2 and len(reached) >= len(shape) else shape
    return reached


def _booked(graph, place, waiting):
    booking = graph.history[place]
    entry, name = graph.ledger[booking.value][booking.entry], words.value_name(graph, booking.value)
    what = name if entry.what == "step" else f"{name}.grad"
    come = entry.what == "add" and waiting.pop(booking.value, None) is not None
    return Moment("grad", booking.value, f"{what}: {words.entry(entry)}", place=place,
                  counts=((booking.value, None),) if come else ())


def _tracked(graph, step):
    """The inputs that backward goes to, each as often as it is used."""
    return [source for source in step.inputs if not isinstance(source, Number) and graph.values[source].requires_grad]


def _expected(graph, place):
    """How many gradients will come to each value in the pass that begins at this place of the history."""
    number, counts = graph.history[place].backward, {}
    for visit in graph.history[place:]:
        if not isinstance(visit, Booking) and visit.backward == number:
            for value in _tracked(graph, graph.steps[visit.step]):
                counts[value] = counts.get(value, 0) + 1
    return counts


# The local rule, as its op's record has it


@functools.cache
def rule_text(name, argument):
    """The derivative of this op for this argument, as written in its record; "" where that is not one short formula.

    >>> rule_text("mul", "a"), rule_text("tanh", "x")
    ('g * b', 'g * (1 - y * y)')
    """
    op = OPS.get(name.rstrip("_"))
    rule = op.rules.get(argument) if op is not None else None
    if not rule or rule[0].__name__ != "<lambda>":
        return ""
    line, made = rule[0].__code__.co_firstlineno, rule[0].__code__.co_varnames[: rule[0].__code__.co_argcount]
    bodies = {ast.unparse(node.body) for key, node in _lambdas(inspect.getsourcefile(rule[0]))
              if key == argument and node.lineno == line and tuple(arg.arg for arg in node.args.args) == made}
    formula = bodies.pop() if len(bodies) == 1 else ""
    return formula.replace("xp.", "") if len(formula) <= 40 else ""


@functools.cache
def _lambdas(file):
    with open(file, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    return [(node.arg, node.value) for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and isinstance(node.value, ast.Lambda)]
