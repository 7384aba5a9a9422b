"""Passes: functions from a graph to a graph that computes the same with less. Each stands alone and can be looked at.

    for name, after in steps_of(graph): print(name, after, sep="\\n")
"""

from ..cuda.fuse import fuse
from .algebra import algebra
from .batching import batching
from .common import common
from .dead import dead
from .folding import folding

PASSES = {"folding": folding, "algebra": algebra, "common": common, "batching": batching, "dead": dead}


def optimized(graph, constants=None):
    """The graph after all passes. `constants`: see folding.folding."""
    return list(steps_of(graph, constants))[-1][1]


def steps_of(graph, constants=None, device="cpu"):
    """The name of each pass, and the graph after it. For a GPU, "fusion" comes last: see cuda/fuse.py.

    >>> import minigrad as mg
    >>> from minigrad import jit
    >>> graph = jit.trace(lambda x: (x * 1).exp() * 2, (mg.ones(3),)).graph
    >>> {name: [step.op.name for step in after.steps] for name, after in steps_of(graph, device="cuda")}["fusion"]
    ['fused.exp_mul']
    """
    fixed = set(graph.constants) if constants is None else set(constants)
    fixed -= {held for held, _ in graph.updates}
    before = set(graph.constants)
    for name, apply in PASSES.items():
        graph = apply(graph, fixed) if name in ("folding", "algebra") else apply(graph)
        fixed |= set(graph.constants) - before  # what a pass has added never changes
        before = set(graph.constants)
        fixed &= before
        yield name, graph
    if device == "cuda":
        yield "fusion", fuse(graph)


__all__ = ["PASSES", "algebra", "batching", "common", "dead", "folding", "fuse", "optimized", "steps_of"]
