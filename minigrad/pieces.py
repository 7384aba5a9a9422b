"""Tensors put together, taken apart and turned round: cat and stack, split and chunk, diagonals, flip and roll."""

from __future__ import annotations

import itertools
import operator

from . import ops
from .axes import axis
from .creation import arange, tensor
from .errors import ShapeError
from .explain import tensors_only
from .methods import method
from .ops import diagonal, tril, triu  # as they are
from .shaping import atleast_1d, atleast_2d, atleast_3d, axis_of, axis_too, flatten, lengths, meshgrid, several
from .tensor import Tensor

__all__ = [
    "block_diag", "cartesian_prod", "cat", "chunk", "column_stack", "combinations", "concat", "concatenate",
    "diag", "diag_embed", "diagflat", "diagonal", "dsplit", "dstack", "flip", "fliplr", "flipud", "hsplit",
    "hstack", "narrow", "roll", "rot90", "row_stack", "select", "split", "stack", "tensor_split", "tril", "triu",
    "unbind", "vander", "vsplit", "vstack",
]  # fmt: skip


# Parts


@method
def narrow(input, dim, start, length):
    """`length` slices from `start` along one axis. A view."""
    if not input.array.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    dim, start = axis_of(input, dim, "narrow"), operator.index(start)
    whole = input.array.shape[dim]
    if not -whole <= start <= whole:
        raise IndexError(f"narrow(): start out of range (expected to be in [{-whole}, {whole}], but got {start})")
    start += whole if start < 0 else 0
    if length < 0 or start + length > whole:
        raise ShapeError(f"narrow(): start ({start}) + length ({length}) exceeds dimension size ({whole})")
    return _part(input, dim, start, start + length)


@method
def select(input, dim, index):
    """One slice along an axis, without that axis. A view."""
    if not input.array.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    return ops.index(input, index=(slice(None),) * axis_of(input, dim, "select") + (operator.index(index),))


@method
def unfold(self, dimension, size, step):
    """All windows of `size` elements along one axis, `step` apart, as a new last axis. A view.

    >>> import minigrad as mg
    >>> mg.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    return ops.unfold(self, dimension=dimension, size=size, step=step)


@method
def split(input, split_size_or_sections, dim=0):
    """Pieces of this length along `dim` (the last may be shorter), or of these lengths. Views, as a tuple.

    >>> import minigrad as mg
    >>> mg.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    size = split_size_or_sections
    sizes = lengths((size,)) if isinstance(size, (list, tuple)) else operator.index(size)
    if not input.array.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    dim = axis_of(input, dim, "split")
    length = input.array.shape[dim]
    if isinstance(sizes, tuple):
        if sum(sizes) != length or any(n < 0 for n in sizes):
            raise ShapeError(f"split(): sizes {sizes} must be >= 0 and sum exactly to {length} along dim {dim}")
        stops = list(itertools.accumulate(sizes))
    else:
        if size < 0 or (not size and length):
            raise ShapeError(f"split(): split_size must be positive, not {size}")
        stops = [*range(size, length, size or 1), length]
    return _cut(input, dim, stops)


def _cut(input, dim, stops):
    """The pieces that end at these places."""
    return tuple(_part(input, dim, start, stop) for start, stop in zip([0, *stops], stops, strict=False))


def _part(input, dim, start, stop):
    return ops.index(input, index=(slice(None),) * dim + (slice(start, stop),))


@method
def chunk(input, chunks, dim=0):
    """At most so many pieces of equal length, only the last shorter. Views; see tensor_split for exactly so many."""
    if not input.array.ndim:
        raise ShapeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    length = input.array.shape[axis_of(input, dim, "chunk")]
    return split(input, -(-length // chunks) if length else [0] * chunks, dim)


@method
def tensor_split(input, indices_or_sections, dim=0):
    """Exactly so many pieces, the first ones longer by one where need be; or pieces that end at these places. Views."""
    if not input.array.ndim:
        raise ShapeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim, wanted = axis_of(input, dim, "tensor_split"), indices_or_sections
    wanted = wanted.tolist() if isinstance(wanted, Tensor) else wanted
    length = input.array.shape[dim]
    if isinstance(wanted, (list, tuple)):
        return tuple(_part(input, dim, a, b) for a, b in zip((0, *wanted), (*wanted, length), strict=True))
    if wanted <= 0:
        raise ShapeError(f"tensor_split(): number of sections must be larger than 0, got {wanted}")
    small, longer = divmod(length, wanted)
    return _cut(input, dim, [(i + 1) * small + min(i + 1, longer) for i in range(wanted)])


def _split_along(name, dim, axes):
    def split_it(input, indices_or_sections):
        if input.array.ndim < axes:
            raise ShapeError(f"{name}() requires a tensor with at least {axes} dimension(s), got {input.array.ndim}")
        along = 0 if input.array.ndim == 1 else dim
        if isinstance(indices_or_sections, int) and input.array.shape[along] % (indices_or_sections or 1):
            raise ShapeError(f"{name}(): the size of dim {along} is not divisible by {indices_or_sections}")
        return tensor_split(input, indices_or_sections, along)

    split_it.__name__ = split_it.__qualname__ = name
    split_it.__doc__ = f"`tensor_split` along axis {dim}; a number of pieces must divide its length. Views."
    return method(split_it)


hsplit, vsplit, dsplit = _split_along("hsplit", 1, 1), _split_along("vsplit", 0, 2), _split_along("dsplit", 2, 3)


@method
@axis_too
def unbind(input, dim=0):
    """All slices along one axis, as a tuple of views without that axis."""
    if not input.array.ndim:
        raise IndexError("unbind(): Dimension specified as 0 but tensor has no dimensions")
    dim = axis_of(input, dim, "unbind")
    before = (slice(None),) * dim
    return tuple([ops.index(input, index=(*before, i) if dim else i) for i in range(input.array.shape[dim])])


@method
def __reversed__(self):
    return ops.flip(self, dims=(0,)) if self.array.ndim else self


# Put together


def _tensors(name, tensors):
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{name}(): argument 'tensors' must be tuple of Tensors, not {type(tensors).__name__}")
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return tensors


@axis_too
def cat(tensors, dim=0):
    """Tensors one after the other along an axis that they have. Shapes: equal on all other axes.

    >>> import minigrad as mg
    >>> mg.cat([mg.ones(2), mg.zeros(1)])
    tensor([1., 1., 0.])
    """
    return ops.cat(*_tensors("cat", tensors), dim=dim)


concat = concatenate = cat


@axis_too
def stack(tensors, dim=0):
    """Tensors of one shape side by side along a new axis.

    >>> import minigrad as mg
    >>> mg.stack([mg.ones(2), mg.zeros(2)], dim=1).shape
    Size([2, 2])
    """
    return ops.stack(*_tensors("stack", tensors), dim=dim)


def hstack(tensors):
    """`cat` along the columns: axis 1, or 0 for tensors with one axis."""
    tensors = [atleast_1d(x) for x in _tensors("hstack", tensors)]
    return ops.cat(*tensors, dim=0 if tensors and tensors[0].array.ndim == 1 else 1)


def vstack(tensors):
    """`cat` along the rows; a line counts as one row."""
    return ops.cat(*map(atleast_2d, _tensors("vstack", tensors)), dim=0)


row_stack = vstack


def dstack(tensors):
    """`cat` along the third axis, which tensors with fewer axes get."""
    return ops.cat(*map(atleast_3d, _tensors("dstack", tensors)), dim=2)


def column_stack(tensors):
    """`hstack`, where a line counts as one column."""
    columns = [x if x.array.ndim > 1 else x.reshape(-1, 1) for x in _tensors("column_stack", tensors)]
    return hstack(columns)


@tensors_only
def cartesian_prod(*tensors):
    """Every way of taking one element from each line, one in each row."""
    if any(x.array.ndim != 1 for x in tensors):
        raise ShapeError("cartesian_prod(): Expect a 1D vector, but got " + ", ".join(str(x.shape) for x in tensors))
    if len(tensors) == 1:
        return tensors[0]
    return ops.stack(*(flatten(grid) for grid in meshgrid(*tensors)), dim=1)


@method
def combinations(input, r=2, with_replacement=False):
    """Every way of taking r elements of a line, in their order, one in each row."""
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    if input.array.ndim != 1:
        raise ShapeError(f"combinations(): Expect a 1D vector, but got shape {input.shape}")
    places = list(choose(range(input.array.size), r))
    return input[tensor(places, dtype="int64", device=input.device).reshape(len(places), r)] if r else input[:0]


# Diagonals and triangles


Tensor.diagonal, Tensor.tril, Tensor.triu = ops.diagonal.run, ops.tril.run, ops.triu.run


@method
def diag(input, diagonal=0):
    """The matrix with these numbers on a diagonal; of a matrix, a copy of its diagonal."""
    if input.array.ndim == 1:
        return diag_embed(input, diagonal)
    if input.array.ndim != 2:
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {input.array.ndim}D")
    return ops.clone(ops.diagonal(input, offset=diagonal))


@method
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices, along the axes dim1 and dim2 of the result, with the last axis of the input on a diagonal."""
    shape = list(input.array.shape)
    dim1, dim2 = axis(dim1, len(shape) + 1), axis(dim2, len(shape) + 1)
    if dim1 == dim2:
        raise ShapeError(f"diag_embed(): diagonal dimensions cannot be identical {dim1}, {dim2}")
    long = shape.pop() + abs(offset)
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, long)
    return ops.undiagonal(input, shape=tuple(shape), offset=offset, dim1=dim1, dim2=dim2)


@method
def diagflat(input, offset=0):
    """The matrix with all elements, in row order, on a diagonal."""
    return diag_embed(flatten(input), offset)


@tensors_only
def block_diag(*tensors):
    """The matrix with these matrices along its diagonal, the rest 0."""
    blocks = [atleast_2d(x) for x in tensors]
    if any(x.array.ndim > 2 for x in blocks):
        raise ShapeError("block_diag(): Input tensors must have 2 or fewer dimensions.")
    width, rows, before = sum(x.array.shape[1] for x in blocks), [], 0
    for x in blocks:
        rows.append(ops.pad(x, pad=(before, width - before - x.array.shape[1])))
        before += x.array.shape[1]
    return ops.cat(*rows, dim=0)


# Moved


@method
@several("dims")
def flip(input, dims):
    """The elements in the opposite order along `dims`. A copy."""
    dims = tuple(axis_of(input, d, "flip") for d in dims)
    if len(set(dims)) < len(dims):
        raise ShapeError(f"flip(): a dim appears multiple times in the list of dims {dims}")
    return ops.flip(input, dims=dims)


@method
def fliplr(input):
    """Columns in the opposite order."""
    if input.array.ndim < 2:
        raise ShapeError("fliplr(): Input must be >= 2-d.")
    return ops.flip(input, dims=(1,))


@method
def flipud(input):
    """Rows in the opposite order."""
    if input.array.ndim < 1:
        raise ShapeError("flipud(): Input must be >= 1-d.")
    return ops.flip(input, dims=(0,))


@method
def roll(input, shifts, dims=()):
    """Every element moved on by `shifts` places along `dims`; what falls off the end comes in at the start.

    Without dims the tensor is rolled as one line.
    """
    shifts = lengths((shifts,)) if isinstance(shifts, (tuple, list)) else (operator.index(shifts),)
    dims = lengths((dims,)) if isinstance(dims, (tuple, list)) else (operator.index(dims),)
    if not dims and len(shifts) == 1:
        return ops.roll(input, shifts=shifts[0])
    if len(shifts) != len(dims):
        raise ShapeError(f"roll(): shifts and dimensions must align. shifts: {len(shifts)}, dims: {len(dims)}")
    if not input.array.size:
        return ops.clone(input)
    return ops.roll(input, shifts=shifts, dims=tuple(axis_of(input, d, "roll") for d in dims))


@method
def rot90(input, k=1, dims=(0, 1)):
    """Turned by k quarters, from the first of two axes towards the second."""
    if len(dims) != 2 or input.array.ndim < 2:
        raise ShapeError(f"rot90(): expected total rotation dims == 2 of a tensor of >= 2 dims, got {dims}")
    k, (first, second) = operator.index(k), (axis_of(input, d, "rot90") for d in dims)
    if first == second:
        raise ShapeError(f"rot90(): expected rotation dims to be different, but got {dims}")
    if k % 4 in (0, 2):
        return ops.flip(input, dims=(first, second)) if k % 4 else ops.clone(input)
    turned = ops.swapaxes(input, dim0=first, dim1=second)
    return ops.flip(turned, dims=(first if k % 4 == 1 else second,))


@tensors_only
def vander(x, N=None, increasing=False):
    """The powers of a line of numbers, one in each column: from x^(N-1) down to 1, or up with `increasing`.

    Shapes: (n,) -> (n, N), N = n unless given

    >>> import minigrad as mg
    >>> mg.vander(mg.tensor([2, 3]), 3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    if x.array.ndim != 1:
        raise ShapeError(f"x must be a one-dimensional tensor. vander() got one of shape {x.shape}")
    count = x.array.size if N is None else N
    if count < 0:
        raise ShapeError(f"N must be non-negative. vander() got {N}")
    exponents = arange(count, device=x.device)
    return x.reshape(-1, 1) ** (exponents if increasing else exponents.flip(0))
