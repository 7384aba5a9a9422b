"""Results that share memory with something else that the caller has: an input, a tensor from outside, another result.

A change in place of the one is to be seen in the other, so these are no copies. Such a result is the very tensor again,
or is seen anew in its memory at each run, by the ops that it was seen by when the run was recorded.
"""

from __future__ import annotations

import numpy as np

from ...hooks import grad_mode
from ...modes import state
from ...tensor import Tensor
from ..errors import CaptureError
from ..rewriting import owner_of

_MOST_WORK = 1 << 16  # to find out whether two windows have an element in common; both may, where it takes more


class Seen:
    """How a result is seen in another tensor. `base` says which: ("given", i), ("held", tensor), ("result", i).

    steps: pairs (op, attributes). recorded: whether gradients may come back through them. cut: whether the tensor was
    detached first. Without any of these it is the tensor itself.
    """

    def __init__(self, base, steps=(), recorded=True, cut=False):
        self.base, self.steps, self.recorded, self.cut = base, tuple(steps), recorded, cut

    @property
    def itself(self):
        """Whether it is that tensor, and no view of it."""
        return not self.steps and not self.cut

    def __call__(self, tensor):
        """The view."""
        with grad_mode(state.grad and self.recorded):
            seen = tensor.detach() if self.cut else tensor
            for op, attributes in self.steps:
                seen = op.run(seen, **attributes)
            return seen


def aliases(leaves, given, held):
    """For each result how it is seen in what shares its memory; None for a number, or memory of its own.

    `given` are the tensors handed in, `held` others from outside. Errors: CaptureError where no op says how.
    """
    outside = [(("given", i), x) for i, x in enumerate(given)] + [(("held", x), x) for x in held]
    found, apart = [None] * len(leaves), []
    for i, x in sorted(enumerate(leaves), key=lambda pair: _steps_to(pair[1])):
        if not isinstance(x, Tensor):
            continue
        found[i] = _in_one_of(x, outside, True) or _in_one_of(x, apart, False)
        if found[i] is None:
            for base, other in apart:  # a view, of which another result was cut off
                found[base[1]] = found[base[1]] or _in_one_of(other, [(("result", i), x)], True)
            apart.append((("result", i), x))
    return found


def _steps_to(x):
    """How many ops lead to x from what it is a view of; what may have a gradient stands in front of what may not."""
    view = getattr(x, "_view", None)
    return 0 if view is None else len(view.steps()), not getattr(x, "requires_grad", False)


def _in_one_of(x, tensors, must):
    """How x is seen in the first of these that shares its memory. If it `must`, an error where that cannot be said."""
    for base, tensor in tensors:
        if x is tensor:
            return Seen(base)
        if _share(x.array, tensor.array):
            found = _seen_in(x, tensor)
            if found is not None:
                return Seen(base, *found)
            if must:
                raise CaptureError(f"a result of shape {tuple(x.shape)} shares memory with another result, or a tensor "
                                   "from outside, and is no view of it: return a .clone()")  # fmt: skip
    return None


def _seen_in(x, tensor):
    """(steps, recorded, cut) that lead from a tensor to x; None where x is no view of it."""
    last = view = getattr(x, "_view", None)
    steps = []
    while view is not None and view is not getattr(tensor, "_view", None):
        steps.insert(0, (view.op, view.attributes))
        view = view.previous
    recorded = last is None or last.recorded
    root = x if last is None else last.base
    if view is not None or root is tensor:
        return steps, recorded, False
    cut = root.array is tensor.array and root._edge is None
    return (steps, recorded, True) if cut else None


def _share(a, b):
    """Whether two arrays have an element in common."""
    if a is b:
        return True
    if owner_of(a) is not owner_of(b) or not a.size or not b.size:
        return False
    if not isinstance(a, np.ndarray):
        return True
    try:
        return np.shares_memory(a, b, max_work=_MOST_WORK)
    except np.exceptions.TooHardError:
        return True
