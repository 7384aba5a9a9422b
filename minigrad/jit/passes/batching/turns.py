"""Products that a Loop makes of each part of a tensor in turn: made of the whole tensor, before the loop."""

from __future__ import annotations

from ....op import OPS
from ...graph import Block, Loop, Step, Value
from .order import like


def hoisted(steps, names):
    """The steps, with such products in front of the loop that they stood in.

    In the loop, a turn takes its part of the result. It has to be one product for each part, no matter what the loop
    computes: as many turns as the tensor is long, and nothing else in the product that the loop changes.
    """
    made, makers = [], {value: step for step in steps for value in step.outputs}
    for step in steps:
        if isinstance(step, Loop) and step.condition is True and step.body.outputs[0] is True:
            step = _without_products(step, makers, names, made)
        made.append(step)
    return made


def _without_products(loop, makers, names, before):
    """The loop without them; they go behind the steps in `before`."""
    body, inside = loop.body, {*loop.body.inputs, *(v for step in loop.body.steps for v in step.outputs)}
    parts = {step.output: step.inputs[0] for step in body.steps if _is_part(step, body.inputs[0])}
    new = []
    for step in body.steps:
        whole = parts.get(step.inputs[0]) if isinstance(step, Step) and step.op.name in ("matmul", "linear") else None
        if whole in inside or not _fits(step, whole, loop.count, makers) or not inside.isdisjoint(step.inputs[1:]):
            new.append(step)
            continue
        product = Value(names.new(step.op.name), "tensor", (*whole.shape[:-1], step.output.shape[-1]),
                        step.output.dtype, step.output.device)  # fmt: skip
        before.append(like(step, step.op, (whole, *step.inputs[1:]), dict(step.attributes), product))
        new.append(like(step, OPS["index"], (product,), {"index": body.inputs[0]}, step.output))
    body = Block(list(body.inputs), new, list(body.outputs))
    return Loop(loop.count, loop.condition, loop.carried, body, loop.outputs, loop.source, loop.module)


def _is_part(step, turn):
    """Whether a step sees x[turn]."""
    if not isinstance(step, Step) or step.op.name != "index":
        return False
    index = step.attributes["index"]
    return (index[0] if type(index) is tuple and len(index) == 1 else index) is turn


def _fits(step, whole, count, makers):
    """Whether the product of each part of `whole` is a part of the product of all of it, and the loop goes through it.

    What is not known of shapes may be an error, and that belongs into the turn in which it comes up.
    """
    if whole is None or not all(isinstance(v, Value) and v.shape and v.dtype is whole.dtype for v in step.inputs):
        return False
    matrix = step.inputs[1].shape
    if len(whole.shape) < 2 or len(matrix) != 2 or None in (*matrix, whole.shape[-1], whole.dtype):
        return False
    long = makers.get(count) if isinstance(count, Value) else None
    sized = long is not None and not long.blocks and long.op.name == "tensor.size" and long.inputs[0] is whole
    through = sized and long.attributes["dim"] in (0, -len(whole.shape))
    return (through or (count == whole.shape[0] and type(count) is int)) and bool(step.output.shape)
