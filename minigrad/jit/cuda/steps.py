"""Single steps on a GPU: kernels are launched, all else runs by its record."""

from __future__ import annotations

import numpy as np

from ...device import cupy
from ...op import Op
from ...tensor import Tensor
from ..graph import replaced
from ..run import run_step
from ..tree import rebuilt
from .fuse import Fused
from .kernels import THREADS

OPTIONS = ("--fmad=false",)  # each product is rounded before it is added, as when the steps run one by one


class Steps:
    """Runs steps. `in_place`: {value: the tensor from outside whose numbers it becomes, in the very kernel}.

    `numbers`: where the numbers of kernels lie on the GPU, as {step: array}; those of a step not in it are sent there.
    """

    def __init__(self, in_place=()):
        self.in_place, self.kernels, self.numbers = dict(in_place), {}, {}

    def run(self, step, known):
        """One step: `known` has its operands, and gets its results, as tensors and numbers."""
        op = step.op
        if isinstance(op, Fused):
            self._launch(op, step, known)
        elif isinstance(op, Op) and len(step.outputs) > 1:  # the formula itself hands on by-products
            attributes = {name: _bare(what) for name, what in replaced(step.attributes, known).items()}
            made = op.forward(cupy(), *[_bare(replaced(x, known)) for x in step.inputs], **attributes)
            known.update((value, Tensor(array)) for value, array in zip(step.outputs, made, strict=True))
        else:
            run_step(step, known)

    def _launch(self, fused, step, known):
        xp, kernel = cupy(), fused.kernel
        if fused not in self.kernels:
            self.kernels[fused] = xp.RawKernel(kernel.text, kernel.name, options=OPTIONS)
        arrays = [known[v].array for v in step.inputs if v.kind == "tensor"]
        arrays = [array if isinstance(array, xp.ndarray) else xp.asarray(array) for array in arrays]  # a number, else
        arrays = [array if array.flags.c_contiguous else xp.ascontiguousarray(array) for array in arrays]
        if len(arrays) < len(step.inputs):
            arrays.append(self.numbers[step] if step in self.numbers else xp.asarray(numbers_of(step, known)))
        made = [self.in_place[v].array if v in self.in_place else xp.empty(v.shape, v.dtype.numpy)
                for v in step.outputs]  # fmt: skip
        if kernel.count:
            self.kernels[fused]((kernel.blocks,), (THREADS,), (*arrays, *made))
        known.update((value, Tensor(array)) for value, array in zip(step.outputs, made, strict=True))


def numbers_of(step, known):
    """The numbers that a kernel takes, as it takes them."""
    return np.array([known[v] for v in step.inputs if v.kind != "tensor"], float)


def _bare(what):
    return what.array if isinstance(what, Tensor) else rebuilt(what, _bare)


def in_place(graph, updates, handed_out):
    """Which values can be written where they are to end up at once: {value: tensor}.

    A kernel may overwrite what it reads, since each thread reads its element first; but nobody may read the old numbers
    after it, through a view neither.
    """
    place = {step: i for i, step in enumerate(graph.steps)}
    makers = {value: step for step in graph.steps for value in step.outputs}
    outside, found = graph.held(), {}
    for held, new in updates:
        step, tensor = makers.get(new), outside[held]
        if step is None or not isinstance(step.op, Fused) or new in handed_out or new in found:
            continue
        alike = new.shape == held.shape and new.dtype is held.dtype and tensor.array.flags.c_contiguous
        alone = not any(other is not tensor and other.array.base is not None for other in outside.values())
        last = max((place[reader] for reader in _readers(graph, held)), default=-1)
        if alike and alone and tensor.array.base is None and last <= place[step] and held not in handed_out:
            found[new] = tensor
    return found


def _readers(graph, held):
    """The steps that read this value, or what may be a view of it."""
    same = {held}
    for step in graph.steps:
        if not same.isdisjoint(step.uses()):
            yield step
            if not isinstance(step.op, Fused) and step.op.kind in ("shape", "index", "copy", "cut"):
                same.update(step.outputs)


