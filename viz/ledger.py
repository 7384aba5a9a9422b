"""Graph -> ledger: everything that happened to a leaf's `.grad` and to its own value, with where it came from.

>>> from viz.graph import Entry, Graph, Source, Summary
>>> graph = Graph()
>>> w = graph.add_value(role="leaf", shape=(), dtype="float32", name="w", requires_grad=True)
>>> w.data = Summary((), "float32", 3.0)
>>> graph.ledger[w.id] = [Entry("add", Summary((), "float32", 6.0), Summary((), "float32", 6.0), 1),
...                       Entry("step", None, Summary((), "float32", 2.4), source=Source(8, "opt.step()"), by="SGD")]
>>> print(ledger(graph))
leaf  what happened       amount      .grad now  line
w     backward 1 adds     6.0         6.0
      SGD sets the value  3.0 -> 2.4             8: opt.step()
"""

import itertools

from viz import text, words
from viz.graph import Visit
from viz.outline import HEAD, TAIL, table

USES = 6  # rows for the uses of a leaf in one backward; of more, the first ones
HEADS = ["leaf", "what happened", "amount", ".grad now", "line"]


def ledger(graph):
    """The ledgers of all leaves as one table; a sentence when nothing has happened yet."""
    rows = []
    for value_id in sorted(graph.ledger):
        own = entries(graph, value_id)
        rows += [[words.value_name(graph, value_id, 24) if not number else "", *row] for number, row in enumerate(own)]
    return "\n".join(table(HEADS, rows)) or "No gradient has come to any leaf yet, and no leaf was changed."


def lines(graph, value_id):
    """The ledger of one leaf, a line for each row, for the details of its box."""
    return in_lines(by_entry(graph, value_id))


def in_lines(found):
    """What `by_entry` found, a line for each row; of many the first and the last."""
    shown = []
    for what, amount, now, line in itertools.chain.from_iterable(found):
        held = f" -> {now}" if now and what != "held before this run" else ""
        shown.append(f"{what}: {amount}{held}".removesuffix(": ") + (f"  ({line})" if line else ""))
    if len(shown) > HEAD + TAIL:
        shown[HEAD:-TAIL] = [f"... {len(shown) - HEAD - TAIL:,} lines not shown ..."]
    return shown


def entries(graph, value_id):
    """Rows [what, amount, .grad now, line] of one leaf. A backward to which several uses of the leaf have sent has a
    row for each of them first."""
    return [*itertools.chain.from_iterable(by_entry(graph, value_id))]


def by_entry(graph, value_id):
    """The rows of each entry of one leaf."""
    found, value = [], graph.values[value_id].data
    for entry in graph.ledger.get(value_id, ()):
        found.append(rows := [])
        now, line = entry.total.short() if entry.total else "None", _line(entry.source)
        if entry.what == "step":
            before = value.short() if value else "?"
            value = entry.total
            what = f"{text.clean(entry.by, 24)} sets the value" if entry.by else "value changed in place"
            rows.append([what, f"{before} -> {now}", "", line])
        elif entry.what == "add":
            sent = uses(graph, value_id, entry.backward)
            if len(sent) > 1:
                rows += [[f"  use in {_use(graph, step, place)}", given.short(), "", ""]
                         for step, place, given in sent[:USES]]
                rows += [[f"  {len(sent) - USES:,} more uses", "", "", ""]] if len(sent) > USES else []
            name = f"backward {entry.backward} adds" if entry.backward else "backward adds"
            rows.append([name + (f" from {_use(graph, *sent[0][:2])}" if len(sent) == 1 else ""),
                         entry.change.short(), now, line])
        else:
            what = {"before": "held before this run", "zero": "cleared"}.get(entry.what, "changed by another graph")
            rows.append([what, "", now, line])
    return found


def uses(graph, value_id, backward):
    """Triples (step, place among its inputs, gradient) of all that one backward has sent to a value, in the order in
    which it was sent."""
    found = []
    for visit in graph.history:
        if isinstance(visit, Visit) and visit.backward == backward:
            step = graph.steps[visit.step]
            found += [(step, place, given) for place, (source, given) in
                      enumerate(zip(step.inputs, visit.contributions, strict=True))
                      if given is not None and source == value_id and isinstance(source, int)]
    return found


def _use(graph, step, place):
    argument = words.argument(step, place)
    return f"#{step.id + 1} {text.clean(step.op, 24)}" + (f" as {argument}" if argument else "")


def _line(source):
    return f"{source.line}: {text.clean(source.text, 60)}" if source else ""
