"""Where the steps of a graph run: before anything is launched, on the GPU, or after it has finished."""

from __future__ import annotations

import math

from ...op import Op
from ...tensor import Tensor
from ..errors import CaptureError
from ..graph import If, Loop
from ..vjp import Vjp
from .fuse import Fused


def placed(graph):
    """The steps that run on the GPU, and the values of main memory that have to be brought there: (list, list).

    Errors: CaptureError for a graph with branches or loops, and for operands that live apart.
    """
    on = {value for value, tensor in graph.held().items() if on_gpu(tensor)}
    on |= {value for value in graph.inputs if value.device != "cpu"}
    device, brought = [], {}
    for step in graph.steps:
        if isinstance(step, (If, Loop)):
            raise CaptureError("a graph with branches or loops is run as it stands")
        tensors = [value for value in step.uses() if value.kind == "tensor"]
        if not _leaves(step) and not on.isdisjoint(tensors):
            device.append(step)
            brought.update((value, None) for value in tensors if value not in on)
            on.update(step.outputs)
        elif not _leaves(step):  # drawn in main memory, say, and moved then
            moved = [value for value in step.outputs if value.device != "cpu"]
            brought.update(dict.fromkeys(moved))
            on.update(moved)
    for value in brought:
        if value.shape is None or (value.shape and value.device == "cpu"):
            raise CaptureError(f"{value.name} lives on the CPU, and is used together with what lives on the GPU")
    return device, list(brought)


def on_gpu(what):
    """Whether this is a tensor that lives on a GPU."""
    return isinstance(what, Tensor) and what.device.type == "cuda"


def _leaves(step):
    """Whether a step makes something of main memory: a number, or a copy that comes back."""
    back = step.op.name == "to_device" and step.attributes["device"].type == "cpu"
    return back or any(value.kind != "tensor" for value in step.outputs)


def limits(graph):
    """Values that hold whole numbers from 0 up to a limit that is known beforehand: {value: what they stay below}."""
    found = {}
    for step in graph.steps:
        if step.op.name == "max_index":
            found[step.output] = math.prod(step.inputs[0].shape[2:])
        elif step.op.name == "reshape" and step.inputs[0] in found:
            found[step.output] = found[step.inputs[0]]
    return found


class Phases:
    """The steps in three parts. `reason` says why they cannot be run so, one part after the other; None if they can."""

    def __init__(self, graph, device, facts):
        self.before, self.device, self.after, self.reason = [], [], [], None
        made, late = set(), set()  # by the GPU; by what comes after it
        for step in graph.steps:
            used = set(step.uses())
            if step in device:
                self.device.append(step)
                made.update(step.outputs)
                self._look_at(step, used, late)
            elif used & made or used & late:
                self.after.append(step)
                late.update(step.outputs)
            else:
                self.before.append(step)
        for value in facts:
            if value in late:
                self.reason = self.reason or f"which way it goes depends on {value.name}, which the GPU works out"
        if any(new in late for _, new in graph.updates):
            self.reason = self.reason or "a tensor in main memory gets what the GPU works out"

    def _look_at(self, step, used, late):
        if used & late:
            value = next(iter(used & late))
            self.reason = self.reason or f"{step.op.name} needs {value.name} in main memory, which the GPU works out"
        elif not isinstance(step.op, (Op, Vjp, Fused)):
            self.reason = self.reason or f"{step.op.name} is Python code of its own"
        elif not isinstance(step.op, Fused) and any(value.kind != "tensor" for value in used):
            self.reason = self.reason or f"{step.op.name} takes a number that may be another one next time"
