"""Changing a tensor in place: `y += 1`, `y.relu_()`, `y[0] = v`, `y.zero_()`.

Try: square something, change it in place, call backward, and read which tensor was saved at which version.
"""

from __future__ import annotations

import numpy as np

from . import mode, ops
from .device import module_of
from .dispatch import NUMBERS, live_views
from .dtype import can_cast
from .errors import DtypeError, GradError, ShapeError
from .events import OpRan
from .methods import plain_index
from .op import OPS
from .tensor import Tensor


def _change(self, name, compute):
    """Overwrite `self` with what `compute` makes of it, keeping the graph right or refusing before anything is done.

    A rule that needs the old values gets a copy of them; everybody else who saved this memory is warned through the
    version counter.
    """
    if mode.state.grad and self._edge is not None and self.is_leaf:
        raise GradError(
            f"a leaf Variable that requires grad is being used in an in-place operation ({name}). "
            "Update it under `with minigrad.no_grad():`, or write x = x + 1 to get a new tensor."
        )
    old = Tensor(self.array)
    old._edge = self._edge
    new, events = _watched_apart(compute, old)
    if new.array.shape != self.array.shape:
        raise ShapeError(f"output with shape {self.shape} doesn't match the broadcast shape {new.shape} in {name}")
    if not can_cast(new.array.dtype, self.array.dtype):
        raise DtypeError(f"{name}: result type {new.dtype} can't be cast to the desired output type {self.dtype}")
    if new._edge is not None and live_views(self):
        raise GradError(
            f"{name}: this tensor shares its memory with a view, and the change would have to be recorded on both. "
            "minigrad does not do that: write x = x * 2 in place of x *= 2, or change a .clone()."
        )
    steps = zip(self.array.strides, self.array.shape, strict=True)
    if self.array.size and any(not step and n > 1 for step, n in steps):
        raise GradError(f"{name}: an expanded view holds several elements in one place. Use .clone() first.")
    if new._edge is not None:
        _keep(new._edge, old.array)
    self.array[...] = new.array
    self._version[0] += 1
    if new._edge is not None:
        _take_over(self, new)
    for event in events[:-1]:
        mode.notify(event)
    if events:
        last = events[-1]
        inputs = (self, *last.inputs[1:])
        mode.notify(OpRan(last.op.renamed(name), inputs, last.attributes, self, last.recorded, last.reason))
    return self


def _keep(node, array):
    """Copy what the node has saved of an array that is about to be overwritten."""
    if any(kept is array for kept in node.saved):
        copied = array.copy()
        node.saved = tuple(copied if kept is array else kept for kept in node.saved)


def _take_over(self, new):
    """`self` becomes the output of the node that made `new`: in the graph, for retain_grad, and as the saved result."""
    node, hooks = new._edge, None if self.is_leaf else self._edge.hooks
    for hook in [h for h in hooks or () if getattr(h, "retains", None) is not None]:
        hooks.remove(hook)
        node.hooks = [*(node.hooks or ()), hook]
    node.saved = tuple(self.array if kept is new.array else kept for kept in node.saved)
    node.versions = tuple((self._version, self._version[0]) if v is new._version else (v, n) for v, n in node.versions)
    self._edge = node


def _watched_apart(compute, old):
    """Run `compute` and keep its events back: watchers are to see an in-place op on the tensor itself."""
    watchers, events = mode.state.watchers, []
    if not watchers:
        return compute(old), events
    mode.state.watchers = (events.append,)
    try:
        return compute(old), events
    finally:
        mode.state.watchers = watchers


def set_item(self, index, value):
    index = plain_index(index)
    _change(self, "index_put_", lambda x: ops.index_put(x, _as_value(value, self), index=index))


def _as_value(value, like):
    """What is to be written, in the dtype of the tensor: a change in place never changes that."""
    if isinstance(value, Tensor):
        return value.astype(like.dtype)
    if isinstance(value, (list, tuple, np.ndarray)):
        return Tensor(module_of(like.array).asarray(np.asarray(value).astype(like.array.dtype)))
    return np.asarray(value).astype(like.array.dtype)[()] if isinstance(value, NUMBERS) else value


def zero_(self):
    """All elements 0, in place."""
    return _change(self, "zero_", lambda x: ops.index_put(x, _as_value(0, self), index=Ellipsis))


def fill_(self, value):
    """All elements `value`, in place."""
    return _change(self, "fill_", lambda x: ops.index_put(x, _as_value(value, self), index=Ellipsis))


def copy_(self, source):
    """The values of `source` (broadcast, cast), in place."""
    if not isinstance(source, Tensor):
        raise TypeError(f"copy_(): argument must be a Tensor, not {type(source).__name__}. Use fill_ for a number.")
    return _change(self, "copy_", lambda x: ops.index_put(x, source.astype(self.dtype), index=Ellipsis))


Tensor.__setitem__, Tensor.zero_, Tensor.fill_, Tensor.copy_ = set_item, zero_, fill_, copy_

for _name in ("add", "sub", "mul", "div", "pow", "relu", "exp", "tanh", "sigmoid", "neg", "abs", "sqrt", "round"):
    def _in_place(self, *args, _op=OPS[_name], _name=_name):
        return _change(self, _name + "_", lambda x: _op.run(x, *args))

    _in_place.__name__, _in_place.__doc__ = _name + "_", f"`{_name}`, written over this tensor."
    setattr(Tensor, _name + "_", _in_place)

for _dunder, _name in {
    "__iadd__": "add_", "__isub__": "sub_", "__imul__": "mul_", "__itruediv__": "div_", "__ipow__": "pow_",
}.items():  # fmt: skip
    setattr(Tensor, _dunder, getattr(Tensor, _name))
