"""Shapes as a learner types them: functions of `minigrad` and methods of Tensor, made of the ops."""

from __future__ import annotations

import functools
import operator

import numpy as np

from . import dtype as dtypes
from . import ops
from .axes import axis, count
from .device import module_of
from .errors import DtypeError, ShapeError
from .explain import tensors_only
from .methods import method
from .tensor import Size, Tensor

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "flatten",
    "meshgrid", "moveaxis", "movedim", "permute", "ravel", "repeat_interleave", "reshape", "swapaxes", "swapdims",
    "t", "tile", "transpose", "unflatten",
]  # fmt: skip


def lengths(given):
    """Lengths or axes given one by one or as one sequence, as plain integers."""
    given = given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    return tuple(map(operator.index, given))


def axis_of(input, dim, name):
    """`dim` counted from the front. Errors: IndexError, with the op and the shape, when there is no such axis."""
    try:
        return axis(dim, input.array.ndim)
    except IndexError as error:
        raise IndexError(f"{name}(): {error}; the shape is {list(input.array.shape)}") from None


def axis_too(function):
    """Decorator: NumPy's word `axis` stands for `dim`, as in PyTorch."""

    @functools.wraps(function)
    def run(*args, **named):
        if "axis" in named:
            named["dim"] = named.pop("axis")
        return function(*args, **named)

    return run


def several(keyword):
    """Decorator: the second argument is integers one by one, or one sequence of them, or comes by this keyword."""

    def decorate(function):
        @functools.wraps(function)
        def run(input, *given, **named):
            if keyword in named and not given:
                wanted = named.pop(keyword)
                given = (wanted,) if isinstance(wanted, (tuple, list)) else ((wanted,),)
            if not given:
                raise TypeError(f"{function.__name__}() missing 1 required positional argument: '{keyword}'")
            return function(input, lengths(given), **named)

        return run

    return decorate


# Another shape


@method
@several("shape")
def reshape(input, shape):
    """The same elements under another shape; one length may be -1. A view where memory allows, else a copy.

    >>> import minigrad as mg
    >>> mg.arange(6).reshape(2, -1).shape
    Size([2, 3])
    """
    return ops.reshape(input, shape=shape)


@method
def view(self, *shape, dtype=None, size=None):
    """`reshape` that never copies, or the same bytes read as another dtype: `x.view(mg.int32)`.

    Errors: ShapeError when memory does not allow a view; use reshape.
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], (dtypes.dtype, type))):
        wanted = dtypes.as_dtype(shape[0] if dtype is None else dtype).numpy
        return self if wanted == self.array.dtype else ops.view_dtype(self, dtype=wanted)
    shape = lengths(shape if size is None else (size,))
    made = ops.reshape(self, shape=shape)
    if made.array.size and not module_of(made.array).may_share_memory(made.array, self.array):
        raise ShapeError(f"view size {shape} is not compatible with the memory of this tensor. Use .reshape.")
    return made


@method
def view_as(self, other):
    """`view` in the shape of another tensor."""
    return self.view(other.array.shape)


@method
def reshape_as(self, other):
    """`reshape` to the shape of another tensor."""
    return ops.reshape(self, shape=other.array.shape)


@method
def flatten(input, start_dim=0, end_dim=-1):
    """One axis in place of those from start_dim to end_dim. A view where the memory allows it, else a copy.

    >>> import minigrad as mg
    >>> mg.ones(8, 3, 4).flatten(1).shape
    Size([8, 12])
    """
    shape = input.array.shape or (1,)
    first, last = axis_of(input, start_dim, "flatten"), axis_of(input, end_dim, "flatten") + 1
    if first >= last:
        raise ShapeError(f"flatten(): start_dim cannot come after end_dim, as in {start_dim}, {end_dim}")
    return ops.reshape(input, shape=(*shape[:first], count(shape[first:last], None), *shape[last:]))


@method
def ravel(input):
    """All elements in one axis."""
    return flatten(input)


@method
def unflatten(input, dim, sizes):
    """Several axes in place of one; one of their lengths may be -1. The other way round: flatten.

    >>> import minigrad as mg
    >>> mg.arange(6).unflatten(0, (2, -1)).shape
    Size([2, 3])
    """
    dim, sizes, shape = axis_of(input, dim, "unflatten"), lengths((sizes,)), input.array.shape
    if not sizes or not shape:
        raise ShapeError("unflatten(): sizes must be non-empty, and the tensor needs an axis")
    known = count([n for n in sizes if n != -1], None)
    if sizes.count(-1) == 1 and known:
        sizes = tuple(shape[dim] // known if n == -1 else n for n in sizes)
    if count(sizes, None) != shape[dim] or min(sizes) < 0:
        raise ShapeError(f"unflatten(): Provided sizes {sizes} don't multiply up to the size of dim {dim} in {shape}")
    return ops.reshape(input, shape=(*shape[:dim], *sizes, *shape[dim + 1 :]))


@method
def contiguous(self, memory_format=None):
    """The tensor itself when its elements lie in row order, else a copy in which they do."""
    return self if self.array.flags.c_contiguous else ops.clone(self)


def _at_least(axes):
    def grown(*tensors):
        tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
        made = tuple(_grow(x, axes) for x in tensors)
        return made[0] if len(made) == 1 else made

    grown.__name__ = grown.__qualname__ = f"atleast_{axes}d"
    grown.__doc__ = f"Each tensor with at least {axes} {'axis' if axes == 1 else 'axes'}; new ones have length 1."
    return grown


def _grow(x, axes):
    shape = x.array.shape
    if len(shape) >= axes:
        return x
    wide = {0: (1,) * axes, 1: (1, *shape, 1)[: max(axes, 2)], 2: (*shape, 1)}[len(shape)]
    return ops.reshape(x, shape=wide)


atleast_1d, atleast_2d, atleast_3d = (tensors_only(_at_least(axes)) for axes in (1, 2, 3))


# Axes in another order


@method
def transpose(input, dim0, dim1):
    """Two axes exchanged. A view."""
    return ops.swapaxes(input, dim0=dim0, dim1=dim1)


@method
def swapaxes(input, axis0, axis1):
    """`transpose`, under NumPy's name."""
    return ops.swapaxes(input, dim0=axis0, dim1=axis1)


@method
def swapdims(input, dim0, dim1):
    """`transpose`, under another name."""
    return ops.swapaxes(input, dim0=dim0, dim1=dim1)


@method
def t(input):
    """A matrix transposed; tensors with fewer axes as they are. A view."""
    if input.array.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D. Use transpose.")
    return ops.permute(input, dims=tuple(reversed(range(input.array.ndim))))


@method
@several("dims")
def permute(input, dims):
    """Axes in another order: the k-th axis of the result is axis dims[k]. A view.

    >>> import minigrad as mg
    >>> mg.ones(2, 3, 4).permute(2, 0, 1).shape
    Size([4, 2, 3])
    """
    return ops.permute(input, dims=dims)


@method
def movedim(input, source, destination):
    """Some axes moved to other places; the rest stay in order. A view.

    >>> import minigrad as mg
    >>> mg.zeros(2, 3, 5).movedim(0, -1).shape
    Size([3, 5, 2])
    """
    axes = input.array.ndim
    old, new = (g if isinstance(g, (tuple, list)) else (g,) for g in (source, destination))
    if len(old) != len(new):
        raise ShapeError(f"movedim(): source {source} and destination {destination} must have the same number of dims")
    old, new = ([axis_of(input, d, "movedim") for d in dims] for dims in (old, new))
    if len(set(old)) < len(old) or len(set(new)) < len(new):
        raise ShapeError(f"movedim(): repeated dim in source {source} or destination {destination}")
    if not axes:
        return input
    order = [d for d in range(axes) if d not in old]
    for place, d in sorted(zip(new, old, strict=True)):
        order.insert(place, d)
    return ops.permute(input, dims=tuple(order))


@method
def moveaxis(input, source, destination):
    """`movedim`, under NumPy's name."""
    return movedim(input, source, destination)


Tensor.T = property(lambda self: ops.permute(self, dims=tuple(reversed(range(self.array.ndim)))), doc="Axes reversed.")


def _matrices_turned(self):
    """The last two axes exchanged."""
    if not self.array.ndim:
        return self
    if self.array.ndim < 2:
        raise ShapeError(f"tensor.mT is only supported on matrices or batches of matrices, not on shape {self.shape}")
    return ops.swapaxes(self, dim0=-2, dim1=-1)


Tensor.mT = Tensor.mH = property(_matrices_turned)
Tensor.H = property(lambda self: t(self) if self.array.ndim != 1 else self.mT, doc="A matrix transposed.")
Tensor.adjoint = _matrices_turned


# Repeated


@method
@several("size")
def expand(self, sizes):
    """Repeated along axes of length 1 without copying; -1 keeps a length. A view."""
    new = len(sizes) - self.array.ndim
    if new < 0 or -1 in sizes[:new]:
        raise ShapeError(f"expand{sizes} of shape {tuple(self.shape)}: give every axis a size; -1 only for old ones")
    old = (None,) * new + self.array.shape
    return ops.broadcast_to(self, shape=tuple(o if n == -1 else n for n, o in zip(sizes, old, strict=True)))


@method
@several("size")
def broadcast_to(input, shape):
    """`expand`, as a function too."""
    return expand(input, shape)


@method
def expand_as(self, other):
    """`expand` to the shape of another tensor."""
    return expand(self, other.array.shape)


def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes have together. Errors: ShapeError when there is none.

    >>> broadcast_shapes((2, 1), (3,))
    Size([2, 3])
    """
    try:
        return Size(np.broadcast_shapes(*shapes))
    except ValueError:
        raise ShapeError(f"Shape mismatch: objects cannot be broadcast to a single shape: {shapes}") from None


@tensors_only
def broadcast_tensors(*tensors):
    """All tensors expanded to the shape that they have together. Views."""
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = broadcast_shapes(*(x.array.shape for x in tensors))
    return tuple(x if x.array.shape == shape else ops.broadcast_to(x, shape=tuple(shape)) for x in tensors)


@method
@several("repeats")
def repeat(self, repeats):
    """The whole tensor over again, so many times along each axis. A copy; `expand` needs none.

    >>> import minigrad as mg
    >>> mg.arange(2).repeat(2, 2)
    tensor([[0, 1, 0, 1],
            [0, 1, 0, 1]])
    """
    return ops.repeat(self, repeats=repeats)


@method
@several("dims")
def tile(input, dims):
    """`repeat`, where missing numbers at the front are 1."""
    return ops.repeat(input, repeats=(1,) * (input.array.ndim - len(dims)) + dims)


@method
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each element (each slice, with `dim`) several times in a row: one number for all, or a tensor of numbers.

    With one argument, a tensor of numbers, it is the places that are repeated: 0, 1, 2, ...

    >>> import minigrad as mg
    >>> mg.tensor([1, 2]).repeat_interleave(2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        input, repeats = Tensor(module_of(input.array).arange(input.array.size)), input
    if dim is not None and not input.array.ndim:
        raise IndexError("repeat_interleave(): a tensor without dimensions has no dim to repeat along")
    input = flatten(input) if dim is None else input
    dim = axis_of(input, dim or 0, "repeat_interleave")
    times = repeats._numbers() if isinstance(repeats, Tensor) else operator.index(repeats)
    if not isinstance(times, int) and times.dtype.name not in ("int32", "int64"):
        raise DtypeError(f"repeat_interleave(): repeats has to be int32 or int64, not {repeats.dtype}. Use .long().")
    xp, length = module_of(input.array), input.array.shape[dim]
    if getattr(times, "ndim", 0) > 1 or getattr(times, "size", 1) not in (1, length):
        raise ShapeError(f"repeat_interleave(): repeats must have the same size as input along dim, {length}")
    if (times < 0) if isinstance(times, int) else (times.size and times.min() < 0):
        raise ShapeError("repeats can not be negative")
    places = xp.repeat(xp.arange(length), times if isinstance(times, int) else times.reshape(-1))
    return ops.index(input, index=(slice(None),) * dim + (places,))


@tensors_only
def meshgrid(*tensors, indexing="ij"):
    """Lines to grids: the k-th result holds tensor k along axis k. indexing="xy" exchanges the first two axes. Views.

    PyTorch warns when `indexing` is left out; minigrad takes "ij" without a word.
    """
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    if indexing not in ("ij", "xy"):
        raise ShapeError(f"meshgrid(): indexing must be one of 'xy' or 'ij', not {indexing!r}")
    if any(x.array.ndim > 1 for x in tensors):
        raise ShapeError("meshgrid(): expected scalar or 1D tensors")
    if len({x.dtype for x in tensors}) > 1:
        raise DtypeError("meshgrid expects all tensors to have the same dtype. Convert one with .to(dtype).")
    shape = tuple(x.array.size for x in tensors)
    lines = [x.reshape((1,) * i + (-1,) + (1,) * (len(shape) - 1 - i)) for i, x in enumerate(tensors)]
    grids = tuple(ops.broadcast_to(x, shape=shape) for x in lines)
    return grids if indexing == "ij" or len(shape) < 2 else tuple(x.swapaxes(0, 1) for x in grids)
