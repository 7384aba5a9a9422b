"""What depends on constants alone is computed once, now."""

from __future__ import annotations

from ... import modes
from ...tensor import Tensor
from ..graph import Step, Value
from ..run import run_step
from .rewrite import rewritten

MOST = 1 << 16  # elements of a constant that is made so


def folding(graph, constants=None, numbers_only=False):
    """Run the steps of which all inputs are known.

    `constants` are the Values that will never have other numbers; without it, all that the graph holds as constants.
    With `numbers_only`, steps that make tensors stay, and only numbers that are made of them are known from now on.
    """
    held = graph.held()
    fixed = dict(graph.constants) if constants is None else {v: held[v] for v in constants}
    for changed, _ in graph.updates:
        fixed.pop(changed, None)
    added = {}

    def change(step, block):
        if not isinstance(step, Step) or not _can_be_known(step, fixed):
            return None
        known = {value: fixed[value] for value in step.uses()}
        try:
            with modes.no_grad():
                run_step(step, known)
        except Exception:  # what would go wrong has to go wrong when the graph runs
            return None
        results = [known[value] for value in step.outputs]
        if not all(isinstance(result, Tensor) and result.array.size <= MOST for result in results):
            return results if all(isinstance(result, (bool, int, float)) for result in results) else None
        fixed.update(zip(step.outputs, results, strict=True))
        if numbers_only:
            return None
        added.update(zip(step.outputs, results, strict=True))
        return list(step.outputs)

    new = rewritten(graph, change)
    new.constants.update(added)
    return new


def _can_be_known(step, fixed):
    op = step.op
    if getattr(op, "draws", False) or getattr(op, "effects", False) or getattr(op, "makes", "") == "list":
        return False
    if any([x.__class__ is Value and x not in fixed for x in step.inputs]):  # as most are
        return False
    return all([value in fixed for value in step.uses()])
