"""What is seen of a folded graph: which boxes are shut, what is inside them, and what goes in and out.

With nothing folded that is every step and every source.
"""

from dataclasses import dataclass, field

from viz import text, words
from viz.fold import Box, first_open, tree, visible
from viz.graph import Number, memory_of


@dataclass(slots=True)
class Seen:
    """items: steps and shut boxes in order. around: the open boxes around each, innermost first.
    owner: for each step, the place of its item. within: sources inside a shut box -> the place of that box."""

    graph: object
    items: list
    around: list
    parts: tuple = ()
    owner: list = field(default_factory=list)
    within: dict = field(default_factory=dict)


def everything(graph):
    """All of a graph, nothing folded."""
    steps = list(range(len(graph.steps)))
    return Seen(graph, steps, [()] * len(steps), owner=steps)


def seen(graph, fold, opened=None):
    """What is seen when a graph is folded in this way (of `viz.fold.WAYS`) and the boxes with these keys are open;
    None: those that are open at first."""
    parts = tree(graph, fold)
    shown = list(visible(parts, first_open(parts) if opened is None else opened))
    view = Seen(graph, [part for part, _ in shown], [around for _, around in shown], parts)
    for place, part in enumerate(view.items):
        view.owner += [place] * (part.stop - part.start if isinstance(part, Box) else 1)
    if any(isinstance(part, Box) for part in view.items):
        _put_sources_away(view)
    return view


def _put_sources_away(view):
    for value, uses in zip(view.graph.values, view.graph.consumers(), strict=True):
        if value.producer is None and uses:
            places = {view.owner[step.id] for step, _ in uses}
            box = view.items[places.pop()] if len(places) == 1 else None
            if isinstance(box, Box) and _belongs(view.graph, value, uses, box):
                view.within[value.id] = view.owner[uses[0][0].id]


def _belongs(graph, value, uses, box):
    """Whether a source that only this box uses is part of it, and not something that goes in."""
    if value.role == "parameter" or value.called == "mask" or (box.kind == "stretch" and box.turns == 1):
        return True
    return box.turns > 1 and all(_one_of_many(graph, value.id, box, step.id, place) for step, place in uses)


def _one_of_many(graph, value, box, step, position):
    """Whether every turn has a source of its own here, as each step of an unrolled network has its input."""
    size = (box.stop - box.start) // box.turns
    other = step + size if step + size < box.stop else step - size
    if not box.start <= other < box.stop:
        return False
    source = graph.steps[other].inputs[position] if position < len(graph.steps[other].inputs) else None
    return isinstance(source, int) and source != value and graph.values[source].producer is None


def inputs(graph, box, within=()):
    """The values that go into a box, each once, in order; those in `within` are inside."""
    found = {}
    for step in graph.steps[box.start:box.stop]:
        for source in step.inputs:
            if not isinstance(source, Number) and source not in within:
                maker = graph.values[source].producer
                if maker is None or not box.start <= maker < box.stop:
                    found[source] = None
    return list(found)


def outputs(graph, box, consumers):
    """The values made in a box that are used outside, or by nobody."""
    made = [step.output for step in graph.steps[box.start:box.stop]]
    return [value for value in made if not consumers[value]
            or any(not box.start <= step.id < box.stop for step, _ in consumers[value])]


def title(box):
    """What stands on a box: `2 Linear`, `GRUCell × 12`."""
    if box.kind == "module":
        last = (box.path or "").rpartition(".")[2]
        return f"{text.clean(last, 14)} {text.clean(box.name, 20)}".strip()
    if box.block is not None:
        return text.clean(box.name, 60) + (f" · {box.block.ran}" if box.block.ran else "")
    return f"{text.clean(box.name, 20)} × {box.turns:,}" if box.kind == "loop" else box.name


@dataclass(frozen=True, slots=True)
class Now:
    """What is so at one moment of a run. done: how many steps have run. kept: numbers of those that keep what they
    save. have: values that have a gradient."""

    done: int
    kept: frozenset
    have: frozenset

    def saved_bytes(self, graph, box):
        """How many bytes the steps of a box keep now."""
        return memory_of(item for step in graph.steps[box.start:box.stop] if step.id in self.kept
                         for item in step.saved)


def subtitle(graph, box, now=None):
    """How much is inside: `2 ops`, `3 ops a turn`, with the bytes it saves for backward, at the end or `now`."""
    steps = box.stop - box.start
    size = f"{text.plural(steps // box.turns, 'op')} a turn" if box.turns > 1 and not steps % box.turns else (
        f"{steps:,} ops" if steps != 1 else "1 op")
    kept = now.saved_bytes(graph, box) if now else graph.saved_bytes(box.start, box.stop)
    return f"{size}, keeps {text.nbytes(kept)}" if kept else size


def badges(graph, box, sources):
    """The tags of a shut box: gradients of the parameters inside, and what was not recorded."""
    wanting = [graph.values[value] for value in sources if graph.values[value].wants_gradient]
    have = sum(value.id in graph.gradients for value in wanting)
    lacking = sum(graph.lacks_gradient(value) for value in wanting)
    frozen = sum(graph.values[value].role == "parameter" and not graph.values[value].requires_grad for value in sources)
    tags = [f"grad on {have} of {len(wanting)}"] if have else []
    tags += [f"no gradient on {lacking}"] if lacking else []
    tags += [f"{frozen} frozen"] if frozen else []
    if wanting and not (have or lacking):
        tags.append(text.plural(len(wanting), "leaf" if wanting[0].role == "leaf" else "parameter"))
    reasons = [step.reason for step in graph.steps[box.start:box.stop] if not step.recorded]
    if reasons and len(set(reasons)) == 1 and len(reasons) == box.stop - box.start:
        tags.append(words.TAGS.get(reasons[0], reasons[0]))
    elif any(reason in ("no_grad", "cut") for reason in reasons):
        tags.append(f"{sum(reason in ('no_grad', 'cut') for reason in reasons)} not recorded")
    return tags


def rows(graph, box, sources, consumers, now=None):
    """[name, what] of everything that is to be said of a box, at the end of the run or `now`."""
    def shapes(values):
        told = [f"{words.value_name(graph, value, 24)} {text.shape(graph.values[value].shape)}" for value in values[:6]]
        return ", ".join(told) + (f", … {len(values) - 6:,} more" if len(values) > 6 else "")

    steps = box.stop - box.start
    done = steps if now is None else max(0, min(steps, now.done - box.start))
    kept = now.saved_bytes(graph, box) if now else graph.saved_bytes(box.start, box.stop)
    have = now.have if now else graph.gradients
    ops = f"{steps:,}" + (f" ({box.turns:,} turns of {steps // box.turns:,})" if box.turns > 1 else "")
    given = [f"{words.value_name(graph, value, 40)} {text.shape(graph.values[value].shape)}"
             + (", has a gradient" if value in have else "") for value in sources[:12]]
    return [row for row in [
        ["module", f"{text.clean(box.path, 60)} ({text.clean(box.name, 30)})" if box.path else ""],
        ["ops inside", ops], ["have run", f"{done:,} of {steps:,}" if now else ""],
        ["recorded", f"{sum(step.recorded for step in graph.steps[box.start:box.start + done]):,}"],
        ["saved for backward", f"{kept:,} bytes" if kept else ""],
        ["goes in", shapes(inputs(graph, box, set(sources)))], ["comes out", shapes(outputs(graph, box, consumers))],
        ["inside", "; ".join(given) + (f"; … {len(sources) - 12:,} more" if len(sources) > 12 else "")],
    ] if row[1]]
