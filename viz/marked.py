"""The difference of two graphs as text: one table of what both have, with a sign before each row that differs."""

from itertools import groupby

from viz import text, words
from viz.outline import shortened, table

SIGNS = {"added": "+", "gone": "-", "changed": "~", "": ""}
AROUND = 2  # rows around a difference; of longer stretches without one it is said how long they are
FEW = 40  # rows that are shown whatever they are


def outline(diff):
    """A Diff as aligned text: the summary, what was given, the ops of both graphs in one order, and the results.

    `+` stands before what only the second graph has, `-` before what only the first has, `~` before what has changed;
    the last column says how. Numbers are those of the two runs' own outlines.

    >>> from viz.difference import compared
    >>> from viz.graph import Graph
    >>> def made(*ops):
    ...     graph = Graph()
    ...     last = graph.add_value(role="leaf", shape=(), dtype="float32", name="x", requires_grad=True)
    ...     for op in ops:
    ...         last = graph.add_step(op, "elementwise", [last.id], ("a",), shape=(), dtype="float32")
    ...     return graph
    >>> print(outline(compared(made("exp", "tanh"), made("exp", "neg", "tanh"))))
    another graph: 1 added, 1 changed
    <BLANKLINE>
    given  role  shape  dtype
    x      leaf  ()     float32
    <BLANKLINE>
       before  after  op    inputs  shape  recorded  difference
       #1      #1     exp   x       ()     yes
    +          #2     neg   #1      ()     yes       added
    ~  #2      #3     tanh  #2      ()     yes       inputs #1 -> #2
    <BLANKLINE>
    result before  #2  ()
    result after   #3  ()
    <BLANKLINE>
    digest before  63727559126c
    digest after   21b79348ac9a
    """
    if not (diff.before.steps or diff.after.steps):
        return words.NOTHING[0].upper() + words.NOTHING[1:] + "."
    rows = [_Row(diff, pair) for pair in diff.order]
    given = ["", "given", "role", "shape", "dtype", "value", "gradient", "difference"]
    ops = ["", "before", "after", "op", "inputs", "name", "shape", "value", "recorded", "gradient", "difference"]
    given = table(given, _near([row.given() for row in rows if not row.step], given.index("given")))
    ops = table(ops, _near([row.op() for row in rows if row.step], ops.index("op")))
    beside = [["+" if aside.mark == "added" else "-" if aside.mark else "", f"{aside.kind} {aside.name}", _was(aside),
               aside.mark] for aside in diff.asides]
    beside = table(["", "beside the graph", "gave", "difference"], beside)
    parts = [[diff.summary], given, ops, beside, _both(_results(diff.before), _results(diff.after), "result"),
             _both([diff.digests[0]], [diff.digests[1]], "digest")]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _was(aside):
    """What a door or a ghost gave, with both where they differ."""
    return aside.now or aside.was if aside.mark or aside.was == aside.now else f"{aside.was} -> {aside.now}"


class _Row:
    """One node of both graphs, or of one, as a row of a table."""

    def __init__(self, diff, pair):
        old, new = self.pair = pair
        self.graph, self.node = (diff.before, old) if new is None else (diff.after, new)
        self.value = self.graph.values[self.node]
        self.step = None if self.value.producer is None else self.graph.steps[self.value.producer]
        changed, values = diff.changed.get(pair, []), diff.values.get(pair, [])
        self.mark = "gone" if new is None else "added" if old is None else "changed" if changed else ""
        told = [f"{what} {before} -> {after}" for what, before, after in [*changed, *values]]
        self.told = "; ".join(told) if None not in pair else self.mark
        self.numbers = [f"#{graph.values[node].producer + 1}" if self.step and node is not None else ""
                        for graph, node in zip((diff.before, diff.after), pair, strict=True)]

    def given(self):
        value = self.value
        return [SIGNS[self.mark], words.value_name(self.graph, self.node), value.called, text.shape(value.shape),
                text.clean(value.dtype, 24), _short(value.data), _short(self.graph.gradients.get(self.node)), self.told]

    def op(self):
        step, value = self.step, self.value
        return [SIGNS[self.mark], *self.numbers, text.clean(words.op_title(step), 40), words.inputs(self.graph, step),
                text.clean(value.name or "", 24), text.shape(value.shape), _short(value.data),
                "yes" if step.recorded else f"no: {text.clean(step.reason, 40)}",
                _short(self.graph.gradients.get(self.node)), self.told]


def _near(rows, column):
    """The rows that differ and some around each; for those that are left out one row, with words in this column."""
    keep = {place + off for place, row in enumerate(rows) if row[0] for off in range(-AROUND, AROUND + 1)}
    shown = []
    for left_out, some in groupby(enumerate(rows), lambda row: len(rows) > FEW and row[0] not in keep):
        some = [row for _, row in some]
        if left_out:
            some = [[f"... {len(some):,} alike ..." if place == column else "" for place in range(len(rows[0]))]]
        shown += some
    return shown


def _short(summary):
    return summary.short() if summary else ""


def _results(graph):
    lines = [f"{words.value_name(graph, value.id)}  {text.shape(value.shape)}  {_short(value.data)}".rstrip()
             for value in graph.results_unused()]
    return shortened(lines, "results")


def _both(before, after, noun):
    """Lines of both sides, once where they are equal."""
    if before == after:
        return [f"{noun} {line}" for line in after]
    return [f"{noun} before  {line}" for line in before] + [f"{noun} after   {line}" for line in after]
