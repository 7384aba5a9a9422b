"""What a graph has beside its values and steps when it was captured before it runs: branches and loops. Plain data, as
`viz.graph` is.
"""

from collections import Counter
from dataclasses import dataclass, field

from viz import text


@dataclass(slots=True)
class Block:
    """Steps `start` to `stop - 1` of a captured graph that run together: an "if" with its arms "then" and "else", or a
    "loop". What it takes and gives are steps of their own, of the kind "control"; viz/translate.py makes them.

    name: the words of its line. back: (value, step, name): at the end of a turn the value goes back to that step.
    ran: in words whether, or how often, it ran; None where nothing has run. idle: whether it is known not to have run.
    """

    kind: str
    name: str
    start: int
    stop: int
    source: object = None
    back: tuple = ()
    ran: str | None = None
    idle: bool = False


@dataclass(slots=True)
class Captured:
    """What a graph has that was captured before it runs. name: of the function. results: ids of the values that it
    gives back. blocks: each before those inside it.
    declared: value id -> (shape, dtype) known beforehand, of those of which only a run has told more."""

    name: str
    results: tuple = ()
    blocks: tuple = ()
    declared: dict = field(default_factory=dict)


def counted(graph):
    """How many ops, branches and loops a captured graph has: `captured: 5 ops, 1 if, 2 loops`."""
    kinds = Counter(block.kind for block in graph.blocks)
    found = [f"{kinds[kind]} {kind}{'s' * (kinds[kind] > 1)}" for kind in ("if", "loop") if kinds[kind]]
    ops = sum(step.kind != "control" for step in graph.steps)
    return ", ".join([f"captured: {text.plural(ops, 'op')}", *found])
