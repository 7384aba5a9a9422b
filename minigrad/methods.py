"""Operators and methods of Tensor, from one table of ops. The only file where tensors and ops meet both ways."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from . import backward as engine
from . import ops
from .axes import count
from .device import Device, module_of, move
from .dispatch import NUMBERS
from .dtype import as_dtype, float16, float32, float64, int32, int64
from .errors import ShapeError
from .op import OPS, op
from .tensor import Tensor

MaxResult = namedtuple("max", "values indices")
MinResult = namedtuple("min", "values indices")


# Operators and methods that are ops

PLAIN = """abs exp log sqrt sin cos tanh sigmoid relu sign round floor neg sum mean amax amin argmax argmin all any
    softmax log_softmax matmul pow maximum minimum eq ne lt le gt ge logical_and logical_or logical_not bitwise_and
    bitwise_or bitwise_xor bitwise_not clone detach unsqueeze squeeze add sub mul div""".split()  # noqa: SIM905  a list of strings would be five times as long

OPERATORS = {
    "add": "__add__ __radd__", "mul": "__mul__ __rmul__", "sub": "__sub__", "div": "__truediv__", "pow": "__pow__",
    "matmul": "__matmul__", "neg": "__neg__", "abs": "__abs__", "lt": "__lt__",
    "le": "__le__", "gt": "__gt__", "ge": "__ge__", "bitwise_and": "__and__ __rand__",
    "bitwise_or": "__or__ __ror__", "bitwise_xor": "__xor__ __rxor__", "bitwise_not": "__invert__",
}  # fmt: skip

for _name in PLAIN:
    setattr(Tensor, _name, OPS[_name].run)
    OPS[_name].run.__doc__, OPS[_name].run.__name__ = OPS[_name].__doc__, _name
for _name, _dunders in OPERATORS.items():
    for _dunder in _dunders.split():
        setattr(Tensor, _dunder, OPS[_name].run)


def method(function):
    """Hang a function on Tensor under its own name."""
    setattr(Tensor, function.__name__, function)
    return function


@method
def __rsub__(self, other):
    return ops.sub(other, self)


@method
def __rtruediv__(self, other):
    return ops.div(other, self)


@method
def __rpow__(self, other):
    return ops.pow(other, self)


@method
def __eq__(self, other):
    comparable = isinstance(other, (Tensor, np.ndarray, *NUMBERS))
    return ops.eq(self, other) if comparable else NotImplemented  # so that x == None is False


@method
def __ne__(self, other):
    comparable = isinstance(other, (Tensor, np.ndarray, *NUMBERS))
    return ops.ne(self, other) if comparable else NotImplemented


@method
def __iter__(self):
    if not self.array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return (self[i] for i in range(len(self.array)))


@method
def __contains__(self, value):
    return bool((self.array == getattr(value, "array", value)).any())


@method
def where(self, condition, other):
    """self where the condition holds, else other."""
    return ops.where(condition, self, other)


# Reductions along one axis that say where, too


def _extreme(self, dim, keepdim, whole, position, result):
    if dim is None:
        return whole(self)
    if isinstance(dim, Tensor):
        return (ops.maximum if whole is ops.max else ops.minimum)(self, dim)
    if not self.array.ndim:
        values, indices = _extreme(self.reshape(1), dim, False, whole, position, result)
        return result(values, indices)
    indices = position(self, dim=dim, keepdim=True)
    values = ops.take_along_dim(self, indices, dim=dim)
    return result(values, indices) if keepdim else result(ops.squeeze(values, dim), ops.squeeze(indices, dim))


@method
def max(self, dim=None, keepdim=False):
    """The largest element; with `dim` the pair (values, indices), where the first of equals gets all the gradient.

    >>> import minigrad as mg
    >>> mg.tensor([[1.0, 5.0], [4.0, 2.0]]).max(dim=1).indices
    tensor([1, 0])
    """
    return _extreme(self, dim, keepdim, ops.max, ops.argmax, MaxResult)


@method
def min(self, dim=None, keepdim=False):
    """The smallest element; with `dim` the pair (values, indices), where the first of equals gets all the gradient."""
    return _extreme(self, dim, keepdim, ops.min, ops.argmin, MinResult)


# Shape


def _lengths(given):
    """Lengths or axes given one by one or as one sequence, as plain integers."""
    given = given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    return tuple(int(n) for n in given)


@method
def reshape(self, *shape):
    """The same elements under another shape; one length may be -1.

    >>> import minigrad as mg
    >>> mg.arange(6).reshape(2, -1).shape
    Size([2, 3])
    """
    return ops.reshape(self, shape=_lengths(shape))


@method
def view(self, *shape):
    """`reshape` that never copies. Errors: ShapeError when memory does not allow a view; use reshape."""
    made = ops.reshape(self, shape=_lengths(shape))
    if made.array.size and not module_of(made.array).may_share_memory(made.array, self.array):
        raise ShapeError(f"view size {_lengths(shape)} is not compatible with the memory of this tensor. Use .reshape.")
    return made


@method
def flatten(self, start_dim=0, end_dim=-1):
    """One axis in place of those from start_dim to end_dim."""
    shape = self.array.shape or (1,)
    for dim in (start_dim, end_dim):
        if not -len(shape) <= dim < len(shape):
            raise IndexError(f"flatten(): Dimension out of range: {dim}; the shape is {self.shape}")
    first, last = start_dim % len(shape), end_dim % len(shape) + 1
    if first >= last:
        raise ShapeError(f"flatten(): start_dim cannot come after end_dim, as in {start_dim}, {end_dim}")
    return ops.reshape(self, shape=(*shape[:first], count(shape[first:last], None), *shape[last:]))


@method
def transpose(self, dim0, dim1):
    """Two axes exchanged."""
    return ops.swapaxes(self, dim0=dim0, dim1=dim1)


Tensor.swapaxes = transpose


@method
def permute(self, *dims):
    """Axes in another order."""
    return ops.permute(self, dims=_lengths(dims))


@method
def expand(self, *sizes):
    """Repeated along axes of length 1 without copying; -1 keeps a length."""
    sizes = _lengths(sizes)
    new = len(sizes) - self.array.ndim
    if new < 0 or -1 in sizes[:new]:
        raise ShapeError(f"expand{sizes} of shape {tuple(self.shape)}: give every axis a size; -1 only for old ones")
    old = (None,) * new + self.array.shape
    return ops.broadcast_to(self, shape=tuple(o if n == -1 else n for n, o in zip(sizes, old, strict=True)))


Tensor.T = property(lambda self: ops.permute(self, dims=tuple(reversed(range(self.array.ndim)))), doc="Axes reversed.")


def _matrices_turned(self):
    if self.array.ndim < 2:
        raise ShapeError(f"tensor.mT is only supported on matrices or batches of matrices, not on shape {self.shape}")
    return ops.swapaxes(self, dim0=-2, dim1=-1)


Tensor.mT = property(_matrices_turned, doc="The last two axes exchanged.")


# Index


def plain_index(index):
    """An index without tensors in it: arrays in their place, copied, since backward may need them later."""
    if isinstance(index, tuple):
        return tuple(plain_index(item) for item in index)
    if isinstance(index, Tensor):
        if index.array.dtype.kind not in "iub":
            raise IndexError(f"tensors used as indices must be integers or booleans, not {index.dtype}")
        return index.array.copy() if index.array.ndim or index.array.dtype.kind == "b" else int(index.array)
    if isinstance(index, (list, np.ndarray)):
        return np.array(index, dtype=None if len(index) else "int64") if isinstance(index, list) else index.copy()
    return index


@method
def __getitem__(self, index):
    return ops.index(self, index=plain_index(index))


# Dtype and device


@method
def to(self, *args, dtype=None, device=None, copy=False):
    """Another dtype, another device, or both: `x.to("cuda")`, `x.to(mg.float64)`, `x.to(other)`.

    Returns a new tensor; the very same one when nothing changes. Gradients flow back through it.
    """
    for given in args:
        if isinstance(given, Tensor):
            dtype, device = given.dtype, given.device
        elif isinstance(given, (str, Device)) and given not in ("float", "int"):
            device = given
        else:
            dtype = given
    out = self if device is None else _to_device(self, Device(device))
    if dtype is not None and as_dtype(dtype).numpy != out.array.dtype:
        out = Tensor.astype(out, as_dtype(dtype).numpy)
    return ops.clone(out) if copy and out is self else out


@method
def astype(self, wanted):
    """NumPy's word for a change of dtype, so that rules can say it to arrays and tensors alike."""
    wanted = as_dtype(wanted).numpy
    if wanted == self.array.dtype:
        return self
    return ops.cast(self, dtype=wanted) if wanted.kind == "f" else ops.to_integer(self, dtype=wanted)


@op(kind="copy")
def to_device(xp, x, /, device, home):
    """A copy on another device; the gradient is copied back."""
    return move(x, device)


to_device.vjp(x=lambda g, device, home, xp: to_device.on(xp, g, device=home, home=device))


def _to_device(self, device):
    return self if move(self.array, device) is self.array else to_device(self, device=device, home=self.device)


@method
def cpu(self):
    """The same values in the computer's main memory."""
    return self.to(device="cpu")


@method
def cuda(self, device=None):
    """The same values on a GPU. Errors: DeviceError, with the remedy, where there is none."""
    return self.to(device="cuda" if device is None else Device("cuda", device))


for _name, _wanted in {
    "float": float32, "double": float64, "half": float16, "long": int64, "int": int32, "bool": as_dtype(bool),
}.items():  # fmt: skip
    setattr(Tensor, _name, lambda self, _wanted=_wanted: self.astype(_wanted))


# Autograd

Tensor.backward = engine.backward
Tensor.retain_grad = engine.retain_grad
Tensor.register_hook = engine.register_hook


@method
def detach_(self):
    """Cut this tensor itself off from its graph."""
    self._edge = None
    return self


Tensor.data = property(
    lambda self: Tensor(self.array),
    lambda self, new: setattr(self, "array", new.array),
    doc="The same memory, out of sight of autograd: unlike detach(), changes are not noticed. Prefer detach().",
)
