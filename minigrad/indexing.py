"""Picking elements and putting them back, as a learner types it: `x[...]`, gather, scatter and their kin."""

from __future__ import annotations

import math

import numpy as np

from . import modes, ops
from .brackets import plain_index, plain_item, where_x_is
from .creation import check_fit
from .device import module_of
from .errors import DtypeError, PlaceError, ShapeError
from .methods import method
from .operands import NUMBERS
from .ops.index import check_range, flat_places
from .shaping import axis_of, broadcast_shapes
from .tensor import Tensor

__all__ = [
    "argwhere", "gather", "index_add", "index_copy", "index_fill", "index_put", "index_select", "masked_fill",
    "masked_scatter", "masked_select", "nonzero", "scatter", "scatter_add", "scatter_reduce", "take",
    "take_along_dim",
]  # fmt: skip


def _get_item(self, index):
    return ops.index.run(self, index if type(index) is int else plain_index(index, self))


Tensor.__getitem__ = _get_item


# Along one axis


@method
def gather(input, dim, index, *, sparse_grad=False):
    """One element of input per index along `dim`, from the same place on the other axes.

    Shapes: those of index, which may be shorter than input on the other axes. Errors: RuntimeError out of range.

    >>> import minigrad as mg
    >>> mg.tensor([[1, 2], [3, 4]]).gather(1, mg.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
    return ops.gather(input, index, dim=dim)


def _fitting(name, input, index, src):
    """src cut to the shape of index. Errors: DtypeError, ShapeError unless it fits input and index."""
    if src.dtype is not input.dtype:
        raise DtypeError(f"{name}(): Expected self.dtype to be equal to src.dtype, not {input.dtype} and {src.dtype}")
    wanted, there = index.array.shape, src.array.shape
    if wanted == there or not index.array.size:
        return src if wanted == there else ops.reshape(src.reshape(-1)[:0], shape=wanted)
    if len(wanted) != len(there) or any(n > m for n, m in zip(wanted, there, strict=True)):
        raise ShapeError(f"{name}(): Expected index {list(wanted)} to be no larger than src {list(there)}")
    return ops.index(src, index=tuple(slice(0, n) for n in wanted))


@method
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """A copy of input in which src, a number or a tensor, stands at the indices along `dim`; with `reduce`, "add" or
    "multiply", it is added to what stands there, or multiplied with it.

    Shapes: index no larger than src, and no larger than input except along dim. Which of several values for one place
    stays is undefined.

    >>> import minigrad as mg
    >>> mg.zeros(3).scatter(0, mg.tensor([2, 0]), mg.tensor([5.0, 7.0]))
    tensor([7., 0., 5.])
    """
    if reduce not in (None, "add", "multiply"):
        raise ShapeError(f"scatter(): reduce argument must be either add or multiply, not {reduce!r}.")
    axis_of(input, dim, "scatter")
    src = value if src is None else src
    if reduce is not None:
        if isinstance(src, NUMBERS):
            src = Tensor(module_of(index.array).full(index.array.shape, _number_for(input, src)))
        return scatter_reduce(input, dim, index, src, "sum" if reduce == "add" else "prod")
    if not isinstance(src, NUMBERS):
        src = _fitting("scatter", input, index, src)
    return ops.scatter(input, index, _number_for(input, src), dim=dim)


def _number_for(input, value):
    """A number as one in the dtype of input, so that it never changes that."""
    if not isinstance(value, NUMBERS):
        return value
    if type(value) is float and input.array.dtype.char in "fd" and not 1e38 < abs(value) < math.inf:
        return input.array.dtype.type(value)
    check_fit(value, input.array.dtype)
    return np.asarray(value).astype(input.array.dtype)[()]


@method
def scatter_add(input, dim, index, src):
    """A copy of input with src added at the indices along `dim`, however often an index comes up. See scatter."""
    axis_of(input, dim, "scatter_add")
    if not isinstance(src, Tensor):
        raise TypeError(f"scatter_add(): argument 'src' must be Tensor, not {type(src).__name__}")
    return ops.scatter_add(input, index, _fitting("scatter_add", input, index, src), dim=dim)


_START = {  # what changes nothing, in a dtype
    "sum": lambda dtype: 0, "mean": lambda dtype: 0, "prod": lambda dtype: 1,
    "amax": lambda dtype: -math.inf if dtype.kind == "f" else dtype.kind != "b" and np.iinfo(dtype).min,
    "amin": lambda dtype: math.inf if dtype.kind == "f" else dtype.kind == "b" or np.iinfo(dtype).max,
}  # fmt: skip


@method
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """What stands in input and what src brings to the same place, by the indices along `dim`, made one: `reduce` is
    "sum", "prod", "mean", "amax" or "amin". Without `include_self` what stands there only counts if nothing is brought.

    Shapes: as in scatter. Equal ones that are the largest, or smallest, share the gradient.

    >>> import minigrad as mg
    >>> mg.tensor([1, 9]).scatter_reduce(0, mg.tensor([0, 0, 1]), mg.tensor([5, 3, 2]), "amax")
    tensor([5, 9])
    """
    if reduce not in _START:
        raise ShapeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce!r}")
    if reduce == "mean" and input.array.dtype.kind == "b":
        raise DtypeError("scatter_reduce(): there is no mean of truth values. Use .float() first.")
    neutral = _START[reduce](input.array.dtype)
    start = input if include_self else scatter(input, dim, index, neutral)
    if reduce not in ("sum", "mean"):
        axis_of(input, dim, "scatter_reduce")
        return _stacked(start, dim, index, _fitting("scatter_reduce", input, index, src), neutral, reduce)
    total = scatter_add(start, dim, index, src)
    if reduce == "sum":
        return total
    xp = module_of(input.array)
    ones, each = Tensor(xp.ones_like(input.array)), Tensor(xp.ones_like(src.array))
    hits = scatter_add(ones if include_self else scatter(ones, dim, index, 0), dim, index, each)
    hits = hits.clamp(min=1)
    return total / hits if input.is_floating_point() else total // hits


def _stacked(input, dim, index, src, neutral, reduce):
    """The reduction along columns, one for each place: on top what stands there, under it what is brought, and neutral
    numbers. So gradients come by themselves. It takes the memory of input as often as most fall on one place.
    """
    xp, shape = module_of(input.array), input.array.shape
    places = flat_places(xp, "scatter_reduce", index._numbers(), shape, dim).reshape(-1)
    order = xp.argsort(places, kind="stable")
    ordered = places[order]
    rows = xp.zeros(places.shape, "int64")
    rows[order] = xp.arange(places.size) - xp.searchsorted(ordered, ordered) + 1  # the how-manieth for its place
    depth = 1 + int(rows.max()) if places.size else 1
    table = Tensor(xp.full((depth, input.array.size), neutral, input.array.dtype))
    table = ops.index_put(table, input.reshape(-1), index=(0,))
    table = ops.index_put(table, src.reshape(-1), index=(rows, places))
    return getattr(ops, reduce)(table, dim=0).to(input.dtype).reshape(shape)


@method
def take_along_dim(input, indices, dim=None):
    """One element of input per index along `dim`; the other axes broadcast. Made for what argsort and argmax give.

    Errors: IndexError for an index out of range, where PyTorch starts again from the other end.
    """
    if dim is None:
        return gather(input.flatten(), 0, indices.flatten())
    if indices.array.dtype != np.int64:
        raise DtypeError(f"take_along_dim(): dtype of indices should be Long but got {indices.dtype}. Use .long().")
    if input.array.ndim != indices.array.ndim:
        raise ShapeError("take_along_dim(): input and indices should have the same number of dimensions")
    if not input.array.ndim:
        raise IndexError("take_along_dim(): Dimension specified as 0 but tensor has no dimensions")
    dim, shapes = axis_of(input, dim, "take_along_dim"), (input.array.shape, indices.array.shape)
    broadcast_shapes(*((*shape[:dim], *shape[dim + 1 :]) for shape in shapes))
    return ops.take_along_dim(input, indices, dim=dim)


@method
def take(input, index):
    """Elements by their places in the flattened input. Shapes: those of index."""
    if index.array.dtype != np.int64:
        raise DtypeError(f"take(): Expected a long tensor for index, but got {index.dtype}. Use .long().")
    return ops.index(input.flatten(), index=plain_item(index.reshape(-1), input)).reshape(index.array.shape)


# Whole slices


def _line(name, input, dim, index, negative=False):
    """The index of input along `dim` by a line of numbers."""
    if index.array.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, but its shape is {index.shape}")
    dim = axis_of(input, dim, name)
    if index.array.dtype.kind != "i" or index.array.itemsize < 4:
        raise DtypeError(f"{name}(): Expected dtype int32 or int64 for index, got {index.dtype}. Use .long().")
    places = where_x_is(index.array, input)
    if places.ndim != 1 or modes.state.staging is None:
        places = places.reshape(-1).copy()
    length = input.array.shape[dim] if input.array.ndim else 1
    if not negative:
        check_range(name, places, length, dim)
    return (slice(None),) * dim + (places,)


@method
def index_select(input, dim, index):
    """The slices of input along `dim` that index, a line of integers, names. Errors: RuntimeError out of range."""
    if not input.array.ndim:
        if index.array.size != 1:
            raise ShapeError("index_select(): Index to scalar can have only 1 value")
        return ops.index(input.reshape(1), index=_line("index_select", input, dim, index)).reshape(())
    return ops.index(input, index=_line("index_select", input, dim, index))


def _slices(name, input, dim, index, source):
    """The index of index_add and index_copy, once source fits."""
    if source.dtype is not input.dtype:
        raise DtypeError(f"{name}(): self and source must have the same dtype, not {input.dtype} and {source.dtype}")
    place = axis_of(input, dim, name)
    wanted = (*input.array.shape[:place], index.array.size, *input.array.shape[place + 1 :])
    if not input.array.ndim and index.array.size != 1:
        raise IndexError(f"{name}(): a tensor without dimensions has one place, but index has {index.array.size}")
    if source.array.shape != (wanted if input.array.ndim else ()):
        raise PlaceError(
            f"{name}(): Number of indices ({index.array.size}) should be equal to source.size(dim), and the other axes "
            f"to those of self: source has shape {source.shape}, needed is {list(wanted)}"
        )
    return _line(name, input, dim, index)


@method
def index_add(input, dim, index, source, *, alpha=1):
    """A copy of input with alpha times each slice of source added to the slice of input that index names.

    >>> import minigrad as mg
    >>> mg.zeros(3).index_add(0, mg.tensor([0, 0, 2]), mg.ones(3))
    tensor([2., 0., 1.])
    """
    where = _slices("index_add", input, dim, index, source)
    check_fit(alpha, input.array.dtype)
    return _put_slices(input, where, source if alpha == 1 else source * alpha, True)


@method
def index_copy(input, dim, index, source):
    """A copy of input in which the slices that index names are those of source."""
    return _put_slices(input, _slices("index_copy", input, dim, index, source), source)


@method
def index_fill(input, dim, index, value):
    """A copy of input in which the slices that index names are all `value`, a number or a 0-d tensor."""
    if isinstance(value, Tensor) and value.array.ndim:
        raise ShapeError(f"index_fill(): only supports a 0-dimensional value tensor, but got shape {value.shape}")
    if index.array.dtype != np.int64:
        raise IndexError(f"index_fill(): Expected dtype int64 for index, got {index.dtype}. Use .long().")
    return _put_slices(input, _line("index_fill", input, dim, index, negative=True), value)


@method
def index_put(input, indices, values, accumulate=False):
    """A copy of input in which values stand at input[indices], or, with accumulate, are added there."""
    where = plain_index(tuple(indices), input)
    check_source(input, where, values, True, accumulate)
    return _put(input, where, values, accumulate)


def check_source(input, where, values, named=False, accumulate=False):
    """Refuse values of another dtype for places that arrays name, or numbers that were tensors (`named`), but for one
    value in all places of one mask. Errors: DtypeError.
    """
    if not isinstance(values, Tensor) or values.dtype is input.dtype:
        return
    arrays = [item for item in (where if isinstance(where, tuple) else (where,)) if hasattr(item, "ndim")]
    one_mask = len(arrays) == 1 and arrays[0].dtype.kind == "b" and arrays[0].ndim and not accumulate
    if (arrays or named) and not (one_mask and values.array.size == 1):
        raise DtypeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype} for the destination and "
            f"{values.dtype} for the source. Use .to(dtype)."
        )


def _put_slices(input, where, values, accumulate=False):
    """_put along one axis, of which a 0-d tensor has one, too, as far as PyTorch is concerned."""
    if input.array.ndim:
        return _put(input, where, values, accumulate)
    return _put(input.reshape(1), where, values, accumulate).reshape(())


def _put(input, where, values, accumulate=False):
    """index_put with an index of arrays and slices; values come in any dtype."""
    value = values.astype(input.array.dtype) if isinstance(values, Tensor) else _number_for(input, values)
    return ops.index_put(input, value, index=where, accumulate=accumulate)


# Masks


@method
def masked_fill(input, mask, value):
    """input with `value`, a number or a 0-d tensor, where the mask is true. Shapes: broadcast.

    >>> import minigrad as mg
    >>> mg.ones(3).masked_fill(mg.tensor([True, False, True]), 0)
    tensor([0., 1., 0.])
    """
    if isinstance(value, Tensor) and value.array.ndim:
        raise ShapeError(f"masked_fill(): only supports a 0-dimensional value tensor, but got shape {value.shape}")
    value = value.astype(input.array.dtype) if isinstance(value, Tensor) else _number_for(input, value)
    return ops.masked_fill(input, mask, value)


def _mask(name, input, mask):
    """Input and mask, broadcast."""
    if mask.array.dtype.kind != "b":
        raise DtypeError(f"{name}(): expected BoolTensor for mask, got {mask.dtype}. Use .bool().")
    shape = tuple(broadcast_shapes(input.array.shape, mask.array.shape))
    return input.expand(shape), mask.expand(shape)


@method
def masked_select(input, mask):
    """The elements where the mask is true, in a line. Shapes: broadcast."""
    input, mask = _mask("masked_select", input, mask)
    return input[mask].reshape(-1)


@method
def masked_scatter(input, mask, source):
    """A copy of input in which the elements where the mask is true are, in order, the first ones of source."""
    if source.dtype is not input.dtype:
        raise DtypeError(f"masked_scatter: expected self and source to have same dtypes, not {source.dtype}")
    input, mask = _mask("masked_scatter", input, mask)
    if modes.state.staging is not None:  # without a count of what there is for this mask alone
        places = (ops.cumsum(mask.reshape(-1).long(), dim=0) - 1).clamp(min=0)
        return ops.where(mask, source.reshape(-1)[places].reshape(mask.array.shape), input)
    count = int(mask.array.sum())
    if source.array.size < count:
        raise ShapeError(f"masked_scatter(): Number of elements of source < number of ones in mask, {count}")
    return _put(input, plain_index((mask,), input), source.reshape(-1)[:count])


@method
def argwhere(input):
    """The indices of all elements that are not 0, one in each row. Shapes: (count, axes)"""
    return ops.argwhere(input)


@method
def nonzero(input, *, as_tuple=False):
    """`argwhere`, or with as_tuple one line of indices for each axis: x[x.nonzero(as_tuple=True)]."""
    if not as_tuple:
        return ops.argwhere(input)
    return tuple(ops.argwhere(input if input.array.ndim else input.reshape(1)).T)
