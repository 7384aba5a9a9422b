"""Two recorded graphs side by side: what was added, what is gone, what is changed, and whether the numbers agree.

Nodes are matched by structure, in passes from strict to loose: what was made alike and is used alike, then what was
made alike, then what is used alike. Names only decide between nodes that look the same. Each pass groups the nodes of
both graphs by a key and pairs each group in order, so the time grows with the size of the graphs, and exchanging the
two exchanges added and gone and nothing else.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from viz import canonical, text, words
from viz.graph import Number

LINES = 60  # of the text; a longer one is shortened and says so


@dataclass(slots=True)
class Diff:
    """From the graph `before` to the graph `after`. Nodes are named by the id of their value.

    pairs: (id before, id after) of nodes that are the same. gone: ids before. added: ids after. changed: (pair, list of
    (what, before, after)). values: (pair, number before, number after) where only numbers differ. alike: equal digests.
    """

    before: object
    after: object
    alike: bool
    pairs: list = field(default_factory=list)
    gone: list = field(default_factory=list)
    added: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    values: list = field(default_factory=list)

    def __bool__(self):
        """Whether the graphs differ; other numbers in the same graph are no difference."""
        return not self.alike

    @property
    def same_values(self):
        """Whether the results hold the same numbers, to four digits."""
        first, second = ([_shown(value) for value in graph.results_unused()] for graph in (self.before, self.after))
        return first == second and None not in first

    @property
    def summary(self):
        """One line: "another graph with the same result: 1 added, 2 changed"."""
        counts = [f"{len(part)} {name}" for name, part in
                  (("added", self.added), ("gone", self.gone), ("changed", self.changed)) if part]
        if self.alike:
            return f"same graph, {text.plural(len(self.values), 'other value')}" if self.values else "same graph"
        result = " with the same result" if self.same_values else ""
        return f"another graph{result}: {', '.join(counts) or 'wired in another way'}"

    def text(self):
        """The summary and a line for each difference, as in `gone: #3 detach`, for terminals and tests."""
        lines = [f"added: {_named(self.after, node)}" for node in self.added]
        lines += [f"gone: {_named(self.before, node)}" for node in self.gone]
        for (_, node), parts in self.changed:
            told = "; ".join(f"{what} {old} -> {new}" for what, old, new in parts)
            lines.append(f"changed: {_named(self.after, node)}: {told}")
        lines += [f"value: {_named(self.after, node)}: {old} -> {new}" for (_, node), old, new in self.values]
        if len(lines) > LINES:
            lines[LINES:] = [f"... {len(lines) - LINES:,} lines not shown ..."]
        return "\n".join([self.summary, *lines])

    def __repr__(self):
        return f"<Diff: {self.summary}>"


def diff(before, after):
    """The Diff of two recorded graphs.

    >>> from viz.graph import Graph
    >>> def made(*ops):
    ...     graph = Graph()
    ...     last = graph.add_value(role="leaf", shape=(), dtype="float32", name="x", requires_grad=True)
    ...     for op in ops:
    ...         last = graph.add_step(op, "elementwise", [last.id], ("a",), shape=(), dtype="float32")
    ...     return graph
    >>> print(diff(made("exp", "tanh", "neg"), made("exp", "neg")).text())
    another graph: 1 gone, 1 changed
    gone: #2 tanh
    changed: #2 neg: inputs #2 -> #1
    """
    result = Diff(before, after, canonical.digest(before) == canonical.digest(after))
    sides = _Side(before), _Side(after)
    for key in _passes(*sides):
        _pair(*sides, key)
    first, second = sides
    place = {node: other for node, other in first.pairs.items()}
    result.pairs = sorted(place.items())
    result.gone = [node for node in first.nodes if node not in first.pairs]
    result.added = [node for node in second.nodes if node not in second.pairs]
    for pair in result.pairs:
        parts = [] if result.alike else _changes(before, after, pair, place)
        if parts:
            result.changed.append((pair, parts))
        old, new = (_shown(graph.values[node]) for graph, node in zip((before, after), pair, strict=True))
        if old != new and None not in (old, new):
            result.values.append((pair, _short(before, pair[0]), _short(after, pair[1])))
    return result


class _Side:
    """One of the two graphs: its nodes, and what their keys are made of."""

    def __init__(self, graph):
        self.graph, self.pairs = graph, {}
        nodes = canonical.Nodes(graph)
        self.nodes = [value.id for value in graph.sources()] + [step.output for step in graph.steps]
        ops = [_op(graph, node) for node in self.nodes]
        self.op = dict(zip(self.nodes, ops, strict=True))
        for name, labels in (("full", nodes.labels), ("bare", ops)):
            start = [canonical.hashed(label) for label in labels]
            self.__dict__[f"{name}_up"] = dict(zip(self.nodes, nodes.upwards(start), strict=True))
            self.__dict__[f"{name}_down"] = dict(zip(self.nodes, nodes.downwards(start), strict=True))


def _op(graph, node):
    value = graph.values[node]
    return "given" if value.producer is None else f"op {graph.steps[value.producer].op}"


def _passes(first, second):
    """Keys from strict to loose, each a function of a side and a node."""
    def name(side, node):
        return side.graph.values[node].name
    for level in ("full", "bare"):
        up, down = f"{level}_up", f"{level}_down"
        for parts in ((up, down), (up,), (down,)):
            if level == "bare" or len(parts) == 2:
                yield lambda s, n, p=parts: (name(s, n), s.op[n], *(getattr(s, part)[n] for part in p))
                yield lambda s, n, p=parts: (s.op[n], *(getattr(s, part)[n] for part in p))


def _pair(first, second, key):
    groups = defaultdict(list)
    for node in second.nodes:
        if node not in second.pairs:
            groups[key(second, node)].append(node)
    waiting = {what: iter(nodes) for what, nodes in groups.items()}
    for node in first.nodes:
        if node not in first.pairs:
            other = next(waiting.get(key(first, node), iter(())), None)
            if other is not None:
                first.pairs[node], second.pairs[other] = other, node


def _changes(before, after, pair, place):
    old, new = before.values[pair[0]], after.values[pair[1]]
    rows = [("role", old.role, new.role), ("shape", text.shape(old.shape), text.shape(new.shape)),
            ("dtype", old.dtype, new.dtype)]
    if old.producer is None:
        rows.append(("requires_grad", old.requires_grad, new.requires_grad))
        for what, noun in (("add", "adds to grad"), ("zero", "clearings of grad")):
            rows.append((noun, *(sum(entry.what == what for entry in graph.ledger.get(node, ()))
                                 for graph, node in zip((before, after), pair, strict=True))))
    else:
        step, other = before.steps[old.producer], after.steps[new.producer]
        rows += [("kind", step.kind, other.kind), ("recorded", _recorded(step), _recorded(other)),
                 ("attributes", *(text.clean(sorted((key, repr(what)) for key, what in s.attributes.items()), 200)
                                  for s in (step, other)))]
        if _wired(step, place.get) != _wired(other, lambda node: node):
            rows.append(("inputs", words.inputs(before, step), words.inputs(after, other)))
    rows.append(("gradient", *("yes" if node in graph.gradients else "none"
                               for graph, node in zip((before, after), pair, strict=True))))
    return [row for row in rows if row[1] != row[2] or row[0] == "inputs"]


def _recorded(step):
    return "yes" if step.recorded else f"no: {step.reason}"


def _wired(step, known):
    inputs = ["number" if isinstance(source, Number) else str(known(source)) for source in step.inputs]
    return sorted(inputs) if step.commutes else inputs


def _named(graph, node):
    value = graph.values[node]
    if value.producer is None:
        return f"{value.role} {words.value_name(graph, node)}"
    return text.clean(f"#{value.producer + 1} {words.op_title(graph.steps[value.producer])}", 60)


def _shown(value):
    return value.data.long() if value.data else None


def _short(graph, node):
    return graph.values[node].data.short()
