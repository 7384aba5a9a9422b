"""Two recorded graphs side by side: what was added, what is gone, what is changed, and whether the numbers agree.

`viz.matching` finds which nodes are the same; here stands how they differ. The views of it are those of `viz.compare`.
"""

import pickle
from dataclasses import dataclass, field

from viz import asides, canonical, text, words
from viz.graph import Graph, Number
from viz.matching import match

LINES = 60  # of the text; a longer one is shortened and says so


@dataclass(slots=True, repr=False)
class Facts:
    """From the graph `before` to the graph `after`, as they were when they were compared. Nodes are named by the id of
    their value.

    digests: of both. order: (id before, id after) of every node, None on the side that lacks it, in an order in which
    inputs come first. changed: (id before, id after) -> rows (what, before, after) of how the graph differs there.
    values: the same for what is no part of the graph: numbers, gradients, names of what was given.
    asides: doors to Python and ghosts of arms, as `viz.asides` pairs them; they are no part of the graph either.
    """

    before: Graph
    after: Graph
    digests: tuple
    order: list
    changed: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    asides: list = field(default_factory=list)

    def __bool__(self):
        """Whether the graphs differ; other numbers in the same graph are no difference."""
        return not self.alike

    @property
    def alike(self):
        """Whether it is the same graph: equal digests."""
        return self.digests[0] == self.digests[1]

    @property
    def pairs(self):
        """(id before, id after) of the nodes that are the same."""
        return [pair for pair in self.order if None not in pair]

    @property
    def gone(self):
        """Ids before of the nodes that only the first graph has."""
        return [old for old, new in self.order if new is None]

    @property
    def added(self):
        """Ids after of the nodes that only the second graph has."""
        return [new for old, new in self.order if old is None]

    @property
    def same_values(self):
        """Whether the results hold the same numbers, to four digits; of large ones the range and mean are compared."""
        first, second = ([_shown(value) for value in graph.results_unused()] for graph in (self.before, self.after))
        return bool(first) and first == second and None not in first

    @property
    def summary(self):
        """One line: "same graph, 3 other values", "another graph with the same result: 1 added, 2 changed"."""
        counts = {}
        for rows in self.values.values():
            for what in {"name" if what == "name" else "value" for what, _, _ in rows}:
                counts[what] = counts.get(what, 0) + 1
        if self.alike:
            other = [text.plural(count, f"other {what}") for what, count in sorted(counts.items(), reverse=True)]
            return ", ".join(["same graph", *other, *asides.counted(self.asides)])
        kinds = [kind(rows) for rows in self.changed.values()]
        told = [f"{len(part):,} {noun}" for noun, part in (("added", self.added), ("gone", self.gone)) if part]
        told += [f"{kinds.count(one):,} {one}" for one in KINDS if one in kinds] + asides.counted(self.asides)
        return f"another graph{' with the same result' if self.same_values else ''}: {', '.join(told)}"

    def lines(self):
        """A line for each difference, as in `gone: #3 detach`."""
        lines = [f"added: {named(self.after, node)}" for node in self.added]
        lines += [f"gone: {named(self.before, node)}" for node in self.gone]
        for (_, node), rows in self.changed.items():
            told = "; ".join(f"{what} {old} -> {new}" for what, old, new in rows)
            lines.append(f"changed: {named(self.after, node)}: {told}")
        for (_, node), rows in self.values.items():
            lines += [f"{what}: {named(self.after, node)}: {old} -> {new}" for what, old, new in rows]
        return lines + [told for aside in self.asides if (told := aside.told())]

    def text(self):
        """The summary and a line for each difference, for terminals and tests."""
        lines = self.lines()
        if len(lines) > LINES:
            lines[LINES:] = [f"... {len(lines) - LINES:,} lines not shown ..."]
        return "\n".join([self.summary, *lines])

KINDS = "no longer recorded", "recorded now", "with a gradient now", "without gradient now", "changed"


def kind(rows):
    """What a change comes down to, in the words of KINDS."""
    facts = {what: new for what, _, new in rows}
    if "recorded" in facts:
        return "recorded now" if facts["recorded"] == "yes" else "no longer recorded"
    if facts.keys() <= {"gradient", "adds to grad", "clearings of grad"} and "gradient" in facts:
        return "without gradient now" if facts["gradient"] == "none" else "with a gradient now"
    return "changed"


def compared(before, after, made=Facts):
    """The Facts of two graphs, or what is `made` of them.

    >>> def made(*ops):
    ...     graph = Graph()
    ...     last = graph.add_value(role="leaf", shape=(), dtype="float32", name="x", requires_grad=True)
    ...     for op in ops:
    ...         last = graph.add_step(op, "elementwise", [last.id], ("a",), shape=(), dtype="float32")
    ...     return graph
    >>> print(compared(made("exp", "tanh", "neg"), made("exp", "neg")).text())
    another graph: 1 gone, 1 changed
    gone: #2 tanh
    changed: #2 neg: inputs #2 -> #1
    """
    # Copies: a run goes on to follow its gradients, and what was compared has to stay.
    before, after = (pickle.loads(pickle.dumps(graph, -1)) for graph in (before, after))
    digests = canonical.digest(before), canonical.digest(after)
    result = made(before, after, digests, match(before, after, digests))
    place = dict(result.pairs)
    result.asides = asides.asides(before, after, result.pairs)
    for pair in result.pairs:
        rows = [] if result.alike else _changes(before, after, pair, place)
        if rows:
            result.changed[pair] = rows
        rows = _other_values(before, after, pair)
        if rows:
            result.values[pair] = rows
    return result


def _changes(before, after, pair, place):
    """Rows (what, before, after) of what the digest looks at and what differs."""
    old, new = before.values[pair[0]], after.values[pair[1]]
    rows = [("role", old.role, new.role)]
    if old.shape is not None and new.shape is not None and None not in (*old.shape, *new.shape):
        rows.append(("shape", text.shape(old.shape), text.shape(new.shape)))
    if "?" not in (old.dtype, new.dtype):
        rows.append(("dtype", old.dtype, new.dtype))
    if old.producer is None:
        rows.append(("requires_grad", old.requires_grad, new.requires_grad))
        for what, noun in (("add", "adds to grad"), ("zero", "clearings of grad")):
            rows.append((noun, *(sum(entry.what == what for entry in graph.ledger.get(node, ()))
                                 for graph, node in zip((before, after), pair, strict=True))))
    else:
        step, other = before.steps[old.producer], after.steps[new.producer]
        rows += [("kind", step.kind, other.kind), ("recorded", _recorded(step), _recorded(other)),
                 ("attributes", _attributes(step), _attributes(other))]
        rows += _rewired(before, after, step, other, place)
    rows.append(("gradient", *("yes" if node in graph.gradients else "none"
                               for graph, node in zip((before, after), pair, strict=True))))
    return [(what, *(text.clean(part, 200) for part in pair)) for what, *pair in rows
            if what == "inputs" or pair[0] != pair[1]]


def _recorded(step):
    return "yes" if step.recorded else f"no: {step.reason}"


def _attributes(step):
    return ", ".join(f"{name}={what!r}" for name, what in sorted(step.attributes.items())) or "none"


def _rewired(before, after, step, other, place):
    """The row for inputs that are other ones, if there are; of many with names only those."""
    old, new = _wired(step, place.get), _wired(other, lambda node: node)
    if old == new:
        return []
    told = [words.inputs(graph, one).split(", ") for graph, one in ((before, step), (after, other))]
    if len(told[0]) == len(told[1]) == len(old) == len(new) and not step.commutes:
        differ = [place for place, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
        told = [[part[place] for place in differ] for part in told]
    return [("inputs", *(", ".join(part) for part in told))]


def _wired(step, known):
    inputs = ["number" if isinstance(source, Number) else str(known(source)) for source in step.inputs]
    return sorted(inputs) if step.commutes else inputs


def _other_values(before, after, pair):
    """Rows (what, before, after) of what the digest does not look at and what differs."""
    (old, first), (new, second) = ((graph.values[node], graph.gradients.get(node))
                                   for graph, node in zip((before, after), pair, strict=True))
    rows = []
    if old.producer is None and old.name and new.name and old.name != new.name:
        rows.append(("name", text.clean(old.name, 40), text.clean(new.name, 40)))
    if old.producer is not None:
        rows.append(("number", _numbers(before.steps[old.producer]), _numbers(after.steps[new.producer])))
    for what, one, other in (("value", old.data, new.data), ("gradient", first, second)):
        if one and other and one.long() != other.long():
            rows.append((what, *_apart(one, other)))
    return [row for row in rows if row[1] != row[2]]


def _numbers(step):
    return ", ".join(text.number(source.value) for source in step.inputs if isinstance(source, Number))


def _apart(one, other):
    """Two arrays in few words that tell them apart, if few can."""
    short = one.short(), other.short()
    if short[0] != short[1]:
        return short
    return tuple(text.clean(what.long(), 200) for what in (one, other))


def _shown(value):
    return value.data.long() if value.data else None


def named(graph, node):
    """A node in a few words: `leaf x`, `#3 detach`."""
    value = graph.values[node]
    if value.producer is None:
        return f"{value.role} {words.value_name(graph, node)}"
    return text.clean(f"#{value.producer + 1} {words.op_title(graph.steps[value.producer])}", 60)
