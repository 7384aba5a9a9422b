"""One value close up: how its numbers lie in memory, who shares it, who keeps it, and its numbers as a drawing.

A drawing is plain JSON: `{"kind": "heat", "rows": ...}` of a matrix with few numbers, `{"kind": "histogram", "counts":
...}` of more; a few numbers speak for themselves and have none.
"""

import math

from viz import text, words
from viz.graph import Number

BINS = 16
FEW = 6  # numbers that are read faster than a picture of them
BARS = " ▁▂▃▄▅▆▇█"


class Lens:
    """What is to be said of the values of a graph, made once for all of them."""

    def __init__(self, graph):
        self.graph, self.sharing, self.keepers = graph, {}, {}
        for value in graph.values:
            if value.storage is not None and value.storage.buffer is not None:
                self.sharing.setdefault(value.storage.buffer, []).append(value.id)
        for step in graph.steps:
            for item in step.saved:
                for value in self._saved(step, item):
                    self.keepers.setdefault(value, []).append((step, item))

    def rows(self, value):
        """[name, words]: strides in elements, shared memory, version, and who has saved it for backward."""
        lies, rows = value.storage, []
        if lies is not None:
            size = itemsize(value.dtype)
            steps = ", ".join(str(stride // size) for stride in lies.strides)
            rows.append(["strides", f"({steps}{',' * (len(lies.strides) == 1)}), "
                         + ("contiguous" if contiguous(value) else "not contiguous")])
            rows.append(["memory", self._memory(value)])
            rows.append(["version", f"{lies.version}{' (changed in place)' if lies.version else ''}"])
        kept = [f"{step.op} (#{step.id + 1})" + (", freed by backward" if step.freed else "")
                for step, _ in self.keepers.get(value.id, ())]
        return [*rows, ["saved by", "; ".join(dict.fromkeys(kept)) or "nobody"]]

    def _saved(self, step, item):
        """The values that are this saved array: inputs under its name, or the result."""
        if item.name not in step.arguments:
            return [step.output] if item.name == "y" else []
        source = step.inputs[step.arguments.index(item.name)]
        return [] if isinstance(source, Number) else [source]

    def _memory(self, value):
        others = [other for other in self.sharing.get(value.storage.buffer, ()) if other != value.id]
        if not others:
            return "its own"
        told = [self._part(value, self.graph.values[other]) for other in others[:6]]
        return "shared with " + ", ".join(told) + (f" and {len(others) - 6} more" if len(others) > 6 else "")

    def _part(self, value, other):
        (start, stop), (first, last) = value.storage.span, other.storage.span
        apart = " (another part)" if last <= start or stop <= first else ""
        how = f" ({self.graph.steps[other.producer].op})" if other.producer is not None else ""
        return f"{words.value_name(self.graph, other.id, 24)}{how}{apart}"

    def told(self, value):
        """All of it as aligned text, the drawings too."""
        graph, step = self.graph, None if value.producer is None else self.graph.steps[value.producer]
        rows = [["value", words.value_name(graph, value.id)], ["role", value.called],
                ["shape", text.shape(value.shape)], ["dtype", value.dtype], ["device", value.device], *self.rows(value)]
        if step is not None:
            rows += [["module", words.module(graph, step)], ["source", words.source(step)]]
        for name, summary in (("numbers", value.data), ("gradient", graph.gradients.get(value.id))):
            rows += [[name, summary.short()]] if summary else []
            rows += [["", line] for line in lines(drawing(summary))]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:{width}}  {what}" for name, what in rows if what)


def lens(run, name):
    """One value of a recorded run close up, as text; `name` as the picture has it: "x", "#2", "#2 h".

    Errors: ValueError when there is no such value.

    >>> import minigrad as mg, viz
    >>> x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> with viz.watch() as run:
    ...     t = x.T
    >>> print(lens(run, "t"))
    value     #1 t
    role      result
    shape     (2, 2)
    dtype     float32
    device    cpu
    strides   (1, 2), not contiguous
    memory    shared with x
    version   0
    saved by  nobody
    source    2: t = x.T
    numbers   [[1.0, 3.0], [2.0, 4.0]]
              1.0▃  3.0▆
              2.0▅  4.0█
    """
    graph = getattr(run, "graph", run)
    for value in graph.values:
        whole = words.value_name(graph, value.id)
        if name in (whole, value.name, whole.split()[0]):
            return Lens(graph).told(value)
    known = ", ".join(words.value_name(graph, value.id) for value in graph.values[:20])
    raise ValueError(f"no value {name!r} in this run; there are: {known}")


def itemsize(dtype):
    """Bytes of one element, read off the name of its type."""
    digits = "".join(char for char in dtype if char.isdigit())
    return max(1, int(digits[:4]) // 8) if digits else 1


def contiguous(value):
    """Whether the elements follow each other without gaps, the last axis fastest."""
    step = itemsize(value.dtype)
    for stride, size in zip(value.storage.strides[::-1], value.shape[::-1], strict=True):
        if size > 1 and stride != step:
            return False
        step *= size
    return True


def _short(number):
    """Four digits of a number, unless the largest one would become infinite by that."""
    short = float(f"{number:.4g}")
    return short if math.isfinite(short) else float(number)


def drawing(summary):
    """A drawing of these numbers, None where there is none to be made."""
    if summary is None or 0 in summary.shape or summary.has_nan:
        return None
    count = math.prod(summary.shape)
    if summary.values is not None and len(summary.shape) == 2 and count > 1:
        flat = [float(number) for row in summary.values for number in row]
        if all(map(math.isfinite, flat)):
            return {"kind": "heat", "rows": [[_short(number) for number in row] for row in summary.values],
                    "words": [[text.number(number) for number in row] for row in summary.told(summary.values)],
                    "low": min(flat), "high": max(flat)}
    flat = [float(number) for number in (summary.sample or list(summary.flat()))]
    if count <= FEW or not flat or not all(map(math.isfinite, flat)):
        return None
    low, high = (min(flat), max(flat)) if summary.values is not None else (summary.low, summary.high)
    if not low < high or not math.isfinite(high - low):
        return None
    counts = [0] * BINS
    for number in flat:
        counts[max(0, min(BINS - 1, int((number - low) / (high - low) * BINS)))] += 1
    return {"kind": "histogram", "counts": counts, "low": float(low), "high": float(high),
            "of": len(flat), "all": count}


def lines(drawn):
    """A drawing as lines of text."""
    if drawn is None:
        return []
    if drawn["kind"] == "heat":
        width = max(len(word) for row in drawn["words"] for word in row)
        most = max(abs(drawn["low"]), abs(drawn["high"])) or 1
        shades = "".join(BARS[1 + round(7 * (abs(number) / most))] for row in drawn["rows"] for number in row)
        columns = len(drawn["rows"][0])
        return ["  ".join(f"{word:>{width}}{shades[row * columns + place]}" for place, word in enumerate(words_))
                for row, words_ in enumerate(drawn["words"])]
    most = max(drawn["counts"])
    bars = "".join(BARS[math.ceil(8 * count / most)] for count in drawn["counts"])
    share = f"{drawn['of']} of {drawn['all']:,} numbers" if drawn["of"] < drawn["all"] else f"{drawn['all']} numbers"
    return [f"{text.number(drawn['low'])} |{bars}| {text.number(drawn['high'])}   {share}, at most {most} in a bar"]
