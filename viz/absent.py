"""Arms in the source of which a captured graph holds nothing: a trace keeps the one that ran and no other."""

import inspect

from minigrad.nn import Module
from viz.branches import inside, of_code
from viz.graph import Arm, Source


def absent(graph, original):
    """An Arm for each that the jit graph has lost of the function, or module, that it was made of."""
    called = type(original).forward if isinstance(original, Module) else original
    code = getattr(inspect.unwrap(called), "__code__", None) if callable(called) else None
    if code is None:
        return []
    lines = {step.source.line for step in graph.every_step() if step.source and step.source.file == code.co_filename}
    found, arms = [], []
    for branch in of_code(code):
        if any(inside(branch.span, way.span) for way in found):
            continue  # in an arm that is lost
        ways = [way for way in (branch.yes, branch.no) if way is not None]
        held = [way for way in ways if lines & set(range(way.span[0], way.span[1] + 1))]
        if len(held) == 1 or (not held and branch.no is None and _alone(branch)):
            for way in ways:
                if way not in held and _alone(branch):
                    found.append(way)
                    arms.append(Arm(Source(way.line, way.text), Source(branch.line, f"if {branch.text}")))
    return arms


def _alone(branch):
    """Whether each arm has lines of its own, so that a line says which one it is."""
    ways = [way for way in (branch.yes, branch.no) if way is not None]
    return all(way.line > branch.span[1] for way in ways) and len({way.line for way in ways}) == len(ways)
