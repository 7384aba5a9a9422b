"""The end of the backward walk: what has arrived at a leaf is added to its `.grad`."""

from __future__ import annotations

import sys
import threading

import numpy as np

from . import memory, modes, ops
from .device import module_of
from .events import Accumulated
from .hooks import as_tensor, run_leaf_hooks
from .modes import notify, state
from .tensor import Tensor

_references = getattr(sys, "getrefcount", lambda _: float("nan"))  # without it no gradient is taken over as it is
_ndarray, _new = np.ndarray, object.__new__
_adding = threading.RLock()  # threads that reach one leaf at once would lose what the others add


def land(arrived):
    """Add to `.grad` what has arrived at leaves: arrays, with nobody watching and no hooks."""
    with _adding:
        for edge, g in arrived.items():
            tensor = edge._leaf()
            if tensor is None or tensor._edge is None or g is None:  # a leaf may be gone, or frozen, by now
                continue
            if type(g) is not _ndarray:
                g = own(g)
            elif g.base is not None or _references(g) != _ALONE:  # somebody else has it too
                g = g.copy()
            old = getattr(tensor, "_grad", None)
            if old is None:
                tensor._grad = new = _new(Tensor)
                new.array, new._edge, new._kind = g, None, None
            elif old._edge is None:
                old.array += g
                memory.changed(old.array)
            else:
                tensor._grad = old + as_tensor(g)


def _count_as_above(arrived):
    for edge, g in arrived.items():
        return edge or _references(g)


_ALONE = _count_as_above({None: np.empty(0)})  # what Python counts for a gradient that only the table above holds


def own(g, create=False):
    """A gradient with memory of its own: what a rule hands out may be shared, or a broadcast view."""
    if isinstance(g, Tensor):
        return g if create else ops.clone(g)
    return g.copy() if type(g) is np.ndarray else module_of(g).array(g)


def add_to_grad(tensor, g, create):
    """tensor.grad += g: in place, so that the .grad somebody holds is the one that grows."""
    with _adding:
        old = getattr(tensor, "_grad", None)
        if old is None:
            new = ops.clone(g) if isinstance(g, Tensor) else as_tensor(g)
        elif create:
            new = old + g
        elif old._edge is not None:
            new = old + as_tensor(g)
        else:
            old.array += g.array if isinstance(g, Tensor) else g
            memory.changed(old.array)
            new = old
        tensor._grad = new
    if modes.special and state.watchers:
        notify(Accumulated(tensor, as_tensor(g), new, new is old))
    if tensor._edge.hooks and tensor.is_leaf:
        run_leaf_hooks(tensor, g, create)
