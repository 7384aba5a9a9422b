"""Graph -> text: everything that the picture says, for terminals, screen readers and tests."""

import unicodedata

from viz import blocks, boundaries, canonical, text, words

HEAD, TAIL = 80, 20  # rows of a table that are shown when it is longer than both together
ENTRIES = 12


def outline(graph, digest=None):
    """The recorded run as aligned text: what it was given, the ops in order, the results, and the ledger.

    `#3` is the result of op 3. Tables of more than a hundred rows are shortened in the middle and say so.
    `digest` saves work where it is known already.

    >>> from viz.graph import Graph
    >>> graph = Graph()
    >>> x = graph.add_value(role="leaf", shape=(), dtype="float32", name="x", requires_grad=True)
    >>> y = graph.add_step("exp", "elementwise", [x.id], ("a",), shape=(), dtype="float32")
    >>> print(outline(graph))
    1 op, 1 recorded; 1 leaf requiring grad, 0 with a gradient
    <BLANKLINE>
    given  role  shape  dtype    gradient
    x      leaf  ()     float32  none yet
    <BLANKLINE>
    op       inputs  shape  dtype    recorded
    #1  exp  x       ()     float32  yes
    <BLANKLINE>
    result #1  ()
    <BLANKLINE>
    digest c95978e5377f
    """
    if not graph.steps:
        return words.NOTHING[0].upper() + words.NOTHING[1:] + "."
    parts = [_counts(graph), _sources(graph), _steps(graph), _blocks(graph), _results(graph), _ledger(graph),
             _reads(graph), shortened(boundaries.lines(graph), "lines"),
             shortened(boundaries.arm_lines(graph), "arms")]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + f"\n\ndigest {digest or canonical.digest(graph)}"


def _counts(graph):
    kept = graph.saved_bytes()
    return [graph.counts(), f"saved for backward: {text.plural(kept, 'byte')}"] if kept else [graph.counts()]


def _sources(graph):
    used = graph.consumers()
    rows = []
    for value in graph.sources():
        rows.append([words.value_name(graph, value.id), value.called, text.shape(value.shape), value.dtype,
                     _short(value.data), _gradient(graph, value, bool(used[value.id])), words.pins(graph, value)])
    return table(["given", "role", "shape", "dtype", "value", "gradient", "pin"], rows)


def _gradient(graph, value, used):
    notes = [badge for badge in words.source_badges(graph, value, used) if not badge.startswith("grad")]
    if value.id in graph.gradients:
        notes.append(graph.gradients[value.id].short())
        if graph.adds(value.id) > 1:
            notes.append(f"{graph.adds(value.id)} adds")
    elif value.wants_gradient and "no gradient" not in notes and not graph.captured:
        notes.append("cleared" if graph.ledger.get(value.id) else "none yet")
    return ", ".join(notes)


def _steps(graph):
    rows, last = [], None
    for step in graph.steps:
        value = graph.values[step.output]
        line = words.source(step)
        recorded = "yes" if step.recorded else f"no: {text.clean(step.reason, 40)}"
        rows.append([f"#{step.id + 1}", words.op_with_attributes(step), words.inputs(graph, step),
                     text.clean(value.name, 24) if value.name else "", text.shape(value.shape), value.dtype,
                     _short(value.data), blocks.around(graph, step.id) if graph.captured else recorded,
                     _short(graph.gradients.get(value.id)), _saved(graph, step), words.module(graph, step),
                     line.partition(":")[0] if line and line == last else line])
        last = line
    place = "in" if graph.captured else "recorded"
    return table(["op", "", "inputs", "name", "shape", "dtype", "value", place, "gradient", "saved", "module", "line"],
                 rows)


def _saved(graph, step):
    kept = ", ".join(dict.fromkeys(words.saved_name(graph, step, item) for item in step.saved))
    return ("freed" if not kept else f"{kept} (freed)") if step.freed else kept


def _short(summary):
    return summary.short() if summary else ""


def _blocks(graph):
    return table(["block", "steps", "ran", "goes back"], blocks.rows(graph))


def _results(graph):
    lines = []
    for value in graph.results_unused():
        content = f"{text.shape(value.shape)}  {_short(value.data)}"
        lines.append(f"result {words.value_name(graph, value.id)}  {content}".rstrip())
    return shortened(lines, "results")


def _ledger(graph):
    lines = []
    for value_id, entries in sorted(graph.ledger.items()):
        shown = [words.entry(what) for what in entries]
        if len(shown) > ENTRIES:
            shown[4:-6] = [f"... {len(shown) - 10} entries not shown ..."]
        lines += [f"ledger of {words.value_name(graph, value_id)}", *(f"  {line}" for line in shown)]
    return shortened(lines, "lines")


def _reads(graph):
    lines, back = [], {}
    for one in graph.returns:
        back.setdefault(one.read, []).append(boundaries.back_words(graph, one))
    for place, read in enumerate(graph.reads):
        where = f", line {read.source.line}: {text.clean(read.source.text, 72)}" if read.source else ""
        copied, name = read.how == "tensor", words.value_name(graph, read.value)
        told = f"copied {name} by tensor([…])" if copied else f"read back {name} by {read.how}()"
        into = f"; {'into' if copied else 'what it gave came back into'} {', '.join(back.get(place, ())[:4])}"
        lines.append(told + where + into * (place in back))
    return shortened(lines, "read-backs")


def table(heads, rows):
    """Lines with aligned columns. Columns that are empty in every row are left out, long tables shortened."""
    if not rows:
        return []
    shown = rows if len(rows) <= HEAD + TAIL else rows[:HEAD] + rows[-TAIL:]
    keep = [column for column in range(len(heads)) if any(row[column] for row in shown)]
    widths = {column: max(columns(row[column]) for row in [heads, *shown]) for column in keep}
    lines = ["  ".join(_padded(row[column], widths[column]) for column in keep).rstrip() for row in [heads, *shown]]
    if len(rows) > len(shown):
        lines.insert(HEAD + 1, f"... {len(rows) - len(shown):,} rows not shown ...")
    return lines


def shortened(lines, noun):
    """Lines, or the first and last of many and how many were left out."""
    if len(lines) <= HEAD + TAIL:
        return lines
    return [*lines[:HEAD], f"... {len(lines) - HEAD - TAIL:,} {noun} not shown ...", *lines[-TAIL:]]


def columns(words_):
    """How many columns of a terminal a text takes: wide characters two, combining marks none."""
    if words_.isascii():
        return len(words_)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else
               0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1 for char in words_)


def _padded(words_, width):
    return words_ + " " * (width - columns(words_))
