"""What need not be computed at all, since it is there already: copies, casts to the same dtype, turning round twice."""

from __future__ import annotations

import math

from ..graph import Step, Value
from .rewrite import rewritten

_ZERO, _ONE = (0, 0.0), (1, 1.0)


def algebra(graph, constants=()):
    """Take out ops whose result is their operand.

    Only what holds for every number is used: x * 1 and x - 0 are x, while x + 0 is not (-0.0), nor x * 0 (nan).
    Derivatives are not looked at: this is for graphs that are not differentiated any more. `constants` are the Values
    that will never have other numbers. A copy of what the graph changes in the end, or of a window on it, stays: it
    keeps the numbers of before.
    """
    changing = {held for held, _ in graph.updates}
    made, fixed = {}, {value: _only_number(graph.constants[value]) for value in constants}

    def change(step, block):
        if isinstance(step, Step):
            found = _simpler(step, made, fixed)
            if found is not None and found not in changing:
                return [found]
            if step.op.view and not changing.isdisjoint(step.uses()):
                changing.update(step.outputs)
            made.update(dict.fromkeys(step.outputs, step))
        return None

    return rewritten(graph, change)


def _simpler(step, made, fixed):
    """What stands for the one output of this step, if something that is there already does."""
    name, x = step.op.name, step.inputs[0] if step.inputs else None
    if len(step.outputs) != 1 or not isinstance(x, Value):
        return None
    before = made.get(x)
    if name in ("clone", "detach"):
        return x
    if name == "tensor.rewritten":  # which matters to histories only
        return step.inputs[1]
    if name == "tensor.written" and _same_kind(x, step.inputs[1]) and None not in x.shape:
        return step.inputs[1]
    if name == "cast" and x.dtype is not None and x.dtype.numpy == step.attributes["dtype"]:
        return x
    if name in ("reshape", "broadcast_to") and None not in (x.shape or (None,)) and x.shape == step.output.shape:
        return x
    if name == "neg" and before is not None and before.op.name == "neg":
        return before.inputs[0]
    if name == "swapaxes" and before is not None and before.op.name == "swapaxes":
        return before.inputs[0] if _axes(step) == _axes(before) else None
    if name in ("mul", "div", "sub") and len(step.inputs) == 2:
        neutral, other = _ZERO if name == "sub" else _ONE, step.inputs[1]
        if _is_number(fixed.get(other, other) if isinstance(other, Value) else other, neutral) and _same_kind(
            x, step.output
        ):
            return x
    return None


def _axes(step):
    if step.output.shape is None:  # the same places from the same end are the same axes, however many there are
        return {step.attributes["dim0"], step.attributes["dim1"]}
    rank = len(step.output.shape)
    return {step.attributes["dim0"] % rank, step.attributes["dim1"] % rank}


def _only_number(tensor):
    """The number in a constant of one element; None for others."""
    return tensor.array.item() if tensor.array.size == 1 and tensor.array.dtype.kind == "f" else None


def _is_number(x, numbers):
    return type(x) in (int, float) and x in numbers and math.copysign(1, x) > 0  # -0.0 is no 0.0 to take away


def _same_kind(x, y):
    return x.dtype is y.dtype and x.shape == y.shape and x.shape is not None


