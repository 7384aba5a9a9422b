"""Changing a tensor in place: `y += 1`, `y.relu_()`, `y[0] = v`, `y.zero_()`.

The change is computed as the op without the underscore, written over the old numbers, and the tensor takes over the
new node. Other tensors may look at the same memory (see views.py): they get new nodes too.

Try: square something, change it in place, call backward, and read which tensor was saved at which version.
"""

from __future__ import annotations

import numpy as np

from . import arithmetic, memory, modes, ops, pieces, products, reducing, running  # noqa: F401  methods to hang here
from .brackets import plain_index
from .creation import check_fit
from .device import module_of
from .dtype import can_cast
from .errors import DtypeError, GradError, ShapeError
from .events import Changing, OpRan
from .hooks import grad_mode
from .indexing import check_source
from .operands import NUMBERS
from .ops.index import located
from .rebasing import look_back, spread_the_news, take_over, watched_apart
from .tensor import Tensor


def change(self, name, compute):
    """Overwrite `self` with what `compute` makes of it, keeping the graph right or refusing before anything is done.

    A rule that needs the old values gets a copy of them; everybody else who saved this memory finds out in backward.
    """
    if _goes_unseen(self):
        old, events = object.__new__(Tensor), []
        old.array, old._edge, old._kind = self.array, None, None
        new = compute(old)
        if _fits(new, self.array):
            return _overwrite(self, new.array, name)
    else:
        _check_allowed(self, name)
        old = Tensor(self.array)
        old._edge = self._edge
        new, events = watched_apart(lambda x: _in_the_graph(compute(x), x), old)
    check_result(self, new, name)
    if _overlaps(self.array):
        raise GradError(f"{name}: unsupported operation: this view, expanded or of windows, holds several elements in "
                        "one place. Use .clone() first.")  # fmt: skip
    if new._edge is not None:
        _check_recordable(self, name)
        _keep(new._edge, self.array)
    result = new.array
    _announce(self)
    _overwrite(self, result, name)
    for event in events[:-1]:
        modes.notify(event)
    if new._edge is not None:
        take_over(self, new)
    if events:
        last = events[-1]
        inputs = (self, *last.inputs[1:])
        modes.notify(OpRan(last.op.renamed(name), inputs, last.attributes, self, last.recorded, last.reason))
    if modes.state.grad and (new._edge is not None or self._base is not None):
        spread_the_news(self, new._edge)
    return self


def _goes_unseen(self):
    """Whether a change has no part in any graph, and nobody watches."""
    if modes.special:
        if modes.state.log is not modes.OFF:
            return False
    elif self._edge is not None or getattr(self, "_view", None) is not None:
        return False
    return self._kind is None or not self._kind.inference


def _fits(new, array):
    """Whether a result, in no graph itself, may be written over these numbers as it is."""
    found = new.array
    return (new._edge is None and type(found) is np.ndarray and type(array) is np.ndarray
            and found.dtype is array.dtype and found.shape == array.shape and array.flags.c_contiguous)  # fmt: skip


def _overwrite(self, numbers, name):
    try:
        self.array[...] = numbers
    except ValueError:
        _writable(self.array, name)[...] = numbers
    memory.changed(self.array)
    return self


def check_result(self, new, name):
    """Refuse to write `new` over `self` where it is of another shape, or of a kind that its dtype cannot hold."""
    if new.array.shape != self.array.shape:
        raise ShapeError(f"output with shape {self.shape} doesn't match the broadcast shape {new.shape} in {name}")
    if not can_cast(new.array.dtype, self.array.dtype):
        raise DtypeError(f"{name}: result type {new.dtype} can't be cast to the desired output type {self.dtype}")


def _announce(self):
    if modes.state.watchers:
        modes.notify(Changing((self,)))


def _in_the_graph(new, old):
    """`new` with the node of a change from `old`, where its op has no derivative: nothing of the old one is left."""
    if new._edge is not None or old._edge is None or not modes.state.grad:
        return new
    return ops.index_put(old, new.astype(old.dtype), index=Ellipsis)


def _overlaps(array):
    """Whether several elements lie in one place."""
    if array.flags.c_contiguous or not array.size:
        return False
    reach = 0  # from the first element to the last, along the axes with shorter steps
    for step, n in sorted((abs(step), n) for step, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if step <= reach or not step:
            return True
        reach += step * (n - 1)
    return False


def _writable(array, name):
    """The same elements, of which none lies in two places: NumPy lets nobody write to any part of what it broadcast."""
    part = array.view()
    try:
        part.flags.writeable = True
    except ValueError:
        raise GradError(f"{name}: the array that this tensor was made of is read-only. Use .clone() first.") from None
    return part


def _check_allowed(self, name):
    if self.is_inference() and not modes.state.inference:
        raise GradError(
            f"Inplace update to inference tensor outside InferenceMode is not allowed ({name}). Use .clone() first."
        )
    if not modes.state.grad:
        return
    if self._edge is not None and self.is_leaf:
        raise GradError(
            f"a leaf Variable that requires grad is being used in an in-place operation ({name}). "
            "Update it under `with minigrad.no_grad():`, or write x = x + 1 to get a new tensor."
        )
    base = self._base
    if base is not None and base._edge is not None and base.is_leaf:
        raise GradError(
            f"a view of a leaf Variable that requires grad is being used in an in-place operation ({name}). "
            "Update it under `with minigrad.no_grad():`, or change a .clone()."
        )


def _check_recordable(self, name):
    if self._base is not None and not self._view.recorded:
        raise GradError(
            f"A view was created in no_grad mode and is being modified inplace with grad mode enabled ({name}). "
            "Make the view and change it in the same mode, or change a .clone()."
        )


def _keep(node, array):
    """Copy what the node has saved of the tensor that is about to be overwritten."""
    first = node.op.arguments[0]
    if node.saved and first in node.plan.tensors:
        place = node.plan.tensors.index(first)
        if node.saved[place] is array:  # several ops may have been run, and the last one on something else
            node.saved = (*node.saved[:place], array.copy(), *node.saved[place + 1 :])


# The forms


def set_item(self, index, value):
    """x[index] = value, in place and recorded. Errors: TypeError unless value is a number or a tensor."""
    if not isinstance(value, (Tensor, *NUMBERS)):
        raise TypeError(f"can't assign a {type(value).__name__} to a tensor. Write x[index] = minigrad.tensor(value).")
    if self.array.dtype == "float16" and isinstance(value, NUMBERS):
        value = np.float16(value)  # here what is too large becomes inf, as in PyTorch
    if index is False:  # there is no such place
        return
    index = plain_index(None if index is True else index, self)
    check_source(self, index, value)
    if not _put_unseen(self, index, value):
        change(self, "index_put_", lambda x: ops.index_put(x, _as_value(value, self), index=index))


def _put_unseen(self, index, value):
    """Write there alone where no graph has a part in it. False where that is not so, or something is wrong."""
    array = self.array
    if not _goes_unseen(self) or type(array) is not np.ndarray or _overlaps(array):
        return False
    if isinstance(value, Tensor):
        if (value._edge is not None and not modes.special) or type(value.array) is not np.ndarray:
            return False
        numbers = value.array
        if np.may_share_memory(numbers, array):
            numbers = numbers.copy()
    else:
        numbers = _as_value(value, self)
    try:
        view, rest = located(array, index)
        view[rest] = numbers
    except (ValueError, TypeError, IndexError):  # the op says what it is
        return False
    memory.changed(array)
    return True


def del_item(self, index):
    """Refused: a tensor keeps its elements."""
    raise TypeError("Tensor does not support deleting items. Pick those that stay: x[mask].")


def _as_value(value, like):
    """What is to be written, in the dtype of the tensor: a change in place never changes that."""
    if isinstance(value, Tensor):
        return value.astype(like.dtype)
    if not isinstance(value, NUMBERS):
        raise TypeError(f"a number or a tensor can be written into a tensor, not {type(value).__name__}")
    check_fit(value, like.array.dtype)
    return np.asarray(value).astype(like.array.dtype)[()]


def zero_(self):
    """All elements 0, in place."""
    if _goes_unseen(self) and self.array.flags.c_contiguous:
        return _overwrite(self, 0, "zero_")
    return change(self, "zero_", lambda x: ops.index_put(x, _as_value(0, self), index=Ellipsis))


def fill_(self, value):
    """All elements `value`, a number or a 0-d tensor, in place."""
    if isinstance(value, Tensor) and value.array.ndim:
        raise ShapeError(f"fill_(): value must be a number or have no dimensions, not shape {value.shape}. Use copy_.")
    if isinstance(value, (int, float)) and _goes_unseen(self) and self.array.flags.c_contiguous:
        return _overwrite(self, _as_value(value, self), "fill_")
    return change(self, "fill_", lambda x: ops.index_put(x, _as_value(value, self), index=Ellipsis))


def copy_(self, source):
    """The values of `source` (broadcast, cast), in place."""
    if isinstance(source, NUMBERS):
        return fill_(self, source)
    if not isinstance(source, Tensor):
        raise TypeError(f"copy_(): argument must be a Tensor or a number, not {type(source).__name__}")
    if _goes_unseen(self) and _fits(source, self.array):
        return _overwrite(self, source.array, "copy_")
    source = source.to(self.device) if source.device != self.device else source
    return change(self, "copy_", lambda x: ops.index_put(x, source.astype(self.dtype), index=Ellipsis))


def fill_diagonal_(self, fill_value):
    """`fill_value` on the diagonal of a matrix, in place."""
    if self.array.ndim != 2:
        raise ShapeError(f"fill_diagonal_(): needs a matrix, not a tensor of shape {self.shape}. Use diagonal().fill_.")
    diagonal = Tensor(module_of(self.array).eye(*self.array.shape, dtype="bool"))
    return change(self, "fill_diagonal_", lambda x: x.masked_fill(diagonal, fill_value))


Tensor.__setitem__, Tensor.__delitem__, Tensor.fill_diagonal_ = set_item, del_item, fill_diagonal_
Tensor.zero_, Tensor.fill_, Tensor.copy_ = zero_, fill_, copy_

# name_() for every method of this name that there is
IN_PLACE = """abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr asin asinh atan atan2 atanh baddbmm
    bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor ceil clamp clamp_max clamp_min
    clip copysign cos cosh cumprod cumsum deg2rad digamma div divide eq erf erfc erfinv exp exp2 expm1 fix floor
    floor_divide fmod frac gcd ge greater greater_equal gt hypot index_add index_copy index_fill index_put lcm le lerp
    less less_equal lgamma log log10 log1p log2 logical_and logical_not logical_or logical_xor logit lt masked_fill
    masked_scatter mul multiply nan_to_num ne neg negative not_equal polygamma pow rad2deg reciprocal relu remainder
    round rsqrt scatter scatter_add scatter_reduce sgn sigmoid sign sin sinc sinh sqrt square sub subtract tan tanh tril
    triu true_divide trunc xlogy""".split()  # noqa: SIM905  a list would be long
IN_PLACE_OPERATORS = {
    "__iadd__": "add_", "__isub__": "sub_", "__imul__": "mul_", "__itruediv__": "div_", "__ipow__": "pow_",
    "__ifloordiv__": "floor_divide_", "__imod__": "remainder_", "__iand__": "bitwise_and_",
    "__ior__": "bitwise_or_", "__ixor__": "bitwise_xor_", "__ilshift__": "bitwise_left_shift_",
    "__irshift__": "bitwise_right_shift_",
}  # fmt: skip
# These change what the tensor looks like, and none of its numbers
IN_PLACE_VIEWS = "squeeze swapaxes swapdims t transpose unsqueeze".split()  # noqa: SIM905


def _as_other_view(self, name, look):
    """self = look(self), a view of it: the same memory under another shape. Under no_grad, too, a tensor on the graph
    stays there, and a leaf stays one.
    """
    _check_allowed(self, name)
    with grad_mode(modes.state.grad or not self.is_leaf):
        seen = look(self)
    _announce(self)
    view = getattr(seen, "_view", None)
    if view is not None and view.base is self:
        look_back(self, view)
    elif view is not None:
        self._view = view
    self._put_array(seen.array)
    if not self.is_leaf or modes.state.grad:
        self._edge = seen._edge
    memory.changed(self.array)
    return self


def _hang_in_place_forms():
    for name in IN_PLACE:
        function = getattr(Tensor, name)

        def in_place(self, *args, _function=function, _name=name + "_", **kwargs):
            return change(self, _name, lambda x: _function(x, *args, **kwargs))

        in_place.__name__, in_place.__doc__ = name + "_", f"`{name}`, written over this tensor."
        setattr(Tensor, name + "_", in_place)
    for dunder, name in IN_PLACE_OPERATORS.items():
        setattr(Tensor, dunder, getattr(Tensor, name))
    for name in IN_PLACE_VIEWS:
        function = getattr(Tensor, name)

        def in_place(self, *args, _function=function, _name=name + "_"):
            return _as_other_view(self, _name, lambda x: _function(x, *args))

        in_place.__name__, in_place.__doc__ = name + "_", f"`{name}` of this tensor itself."
        setattr(Tensor, name + "_", in_place)


_hang_in_place_forms()
