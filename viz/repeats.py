"""Where a row of steps repeats itself: the same ops, wired the same way, turn after turn.

Found in time that grows with the number of steps, for bodies of up to LONGEST parts.
"""

from dataclasses import dataclass

from viz.graph import Number

LONGEST = 400  # parts in the body of a loop
TRIES = 3  # lengths of body that are tried at each place: to the next three parts that look alike


@dataclass(frozen=True, slots=True)
class Repeat:
    """`turns` turns of `period` parts each, the first at part `at`."""

    at: int
    period: int
    turns: int


def label(graph, step, path):
    """What must be alike in each turn of a step. Numbers may differ, and so may what `index` takes: both count turns.
    `path`: whether the module belongs to it."""
    value = graph.values[step.output]
    attributes = () if step.kind == "index" else tuple(sorted((name, repr(what)) for name, what in
                                                              step.attributes.items()))
    inputs = tuple(None if isinstance(source, Number) else graph.values[source].shape for source in step.inputs)
    return (step.op, attributes, inputs, value.shape and tuple(value.shape), value.dtype, step.recorded, step.reason,
            step.module if path else None)


def repeats(graph, spans, labels):
    """The Repeats in a row of parts, from left to right. spans: (first step, step after the last) of each part.
    labels: equal for parts that look alike."""
    after, latest = [None] * len(labels), {}
    for place in reversed(range(len(labels))):
        after[place] = latest.get(labels[place])
        latest[labels[place]] = place
    found, place = [], 0
    while place < len(labels):
        best, other = None, after[place]
        for _ in range(TRIES):
            if other is None or other - place > LONGEST:
                break
            repeat = _repeat(graph, spans, labels, place, other - place)
            if repeat and (best is None or repeat.turns * repeat.period > best.turns * best.period):
                best = repeat
            other = after[other]
        if best is not None:
            best = _in_step(graph, spans, labels, best)
            found.append(best)
            place = best.at + best.turns * best.period
        else:
            place += 1
    return found


def _repeat(graph, spans, labels, at, period):
    """The Repeat that begins here with this length of body, if there is one that is worth a box."""
    alike = 0
    while at + alike + period < len(labels) and labels[at + alike] == labels[at + alike + period]:
        alike += 1
    turns = alike // period + 1
    if turns < 2:
        return None
    start, size = spans[at][0], spans[at + period - 1][1] - spans[at][0]
    turns, chained = _wired(graph.steps, graph.values, start, size, turns)
    least = (2 if size > 1 else 3) if chained else 4  # two ops of a kind side by side are no loop
    return Repeat(at, period, turns) if turns >= least else None


def _wired(steps, values, start, size, turns):
    """(how many turns are wired as the first ones are, whether each goes on from the one before)."""
    def back(source, step):  # how many steps ago it was made; None when before the loop
        maker = None if isinstance(source, Number) else values[source].producer
        return None if maker is None or maker < start else step - maker

    chained = False
    for here in range(start + size, start + turns * size):
        before = here - size
        for old, new in zip(steps[before].inputs, steps[here].inputs, strict=True):
            was, now = back(old, before), back(new, here)
            if was != now and not (was is None and before - now < start):  # the first turn takes what there was
                return (here - start) // size, chained
            chained = chained or (now is not None and here - now < start + (here - start) // size * size)
    return turns, chained


def _in_step(graph, spans, labels, repeat):
    """The same Repeat, moved to where the learner's loop begins a turn, if its ops have counted the turns."""
    def even(at):
        turn = range(spans[at][0], spans[at + repeat.period - 1][1])
        return len({graph.steps[step].iteration for step in turn}) == 1

    for shift in range(repeat.period):
        if even(repeat.at + shift):
            moved = _repeat(graph, spans, labels, repeat.at + shift, repeat.period) if shift else repeat
            return moved or repeat
    return repeat
