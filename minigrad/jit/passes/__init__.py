"""Passes: functions from a graph to a graph that computes the same with less. Each stands alone and can be looked at.

    for name, after in steps_of(graph): print(name, after, sep="\\n")
"""

from .algebra import algebra
from .common import common
from .dead import dead
from .folding import folding

PASSES = {"algebra": algebra, "folding": folding, "common": common, "dead": dead}


def optimized(graph, constants=None):
    """The graph after all passes. `constants`: see folding.folding."""
    for _, graph in steps_of(graph, constants):  # noqa: B020  each pass goes on from the one before
        pass
    return graph


def steps_of(graph, constants=None):
    """The name of each pass, and the graph after it."""
    for name, apply in PASSES.items():
        graph = apply(graph, constants) if name == "folding" else apply(graph)
        yield name, graph


__all__ = ["PASSES", "algebra", "common", "dead", "folding", "optimized", "steps_of"]
