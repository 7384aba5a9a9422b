"""Sorting, and finding places in what is sorted."""

from __future__ import annotations

import operator

from . import ops
from .axes import kept_shape
from .creation import tensor
from .device import module_of
from .errors import DtypeError, ShapeError
from .explain import tensors_only
from .indexing import gather
from .methods import method
from .printing import return_type
from .shaping import axis_of, axis_too
from .tensor import Tensor

__all__ = [
    "argsort", "bucketize", "kthvalue", "msort", "nanquantile", "quantile", "searchsorted", "sort", "topk",
]  # fmt: skip

SortResult, TopkResult, KthvalueResult = (return_type(name, "values indices") for name in ("sort", "topk", "kthvalue"))


@method
@axis_too
def argsort(input, dim=-1, descending=False, stable=False):
    """The indices that sort input along `dim`. Equal elements keep their order, stable or not; nan is the largest."""
    return ops.argsort(input, dim=dim, descending=descending)


@method
@axis_too
def sort(input, dim=-1, descending=False, stable=False):
    """The pair (values, indices): sorted along `dim`, and where each value was.

    >>> import minigrad as mg
    >>> mg.tensor([3, 1, 2]).sort().values
    tensor([1, 2, 3])
    """
    indices = ops.argsort(input, dim=dim, descending=descending)
    return SortResult(gather(input, dim, indices), indices)


@method
def msort(input):
    """Sorted along the first axis."""
    return sort(input, dim=0).values


def _no_bool(name, input):
    if input.array.dtype.kind == "b":
        raise DtypeError(f"{name}() does not support bool: there is little to rank. Use .long() first.")


@method
@axis_too
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The pair (values, indices) of the k largest (or smallest) along `dim`, in order; of equal ones, the first.

    >>> import minigrad as mg
    >>> mg.topk(mg.tensor([1.0, 5.0, 3.0]), 2).indices
    tensor([1, 2])
    """
    _no_bool("topk", input)
    dim, k = axis_of(input, dim, "topk"), operator.index(k)
    length = (input.array.shape or (1,))[dim]
    if not 0 <= k <= length:
        raise ShapeError(f"topk(): selected index k out of range: k is {k}, the axis has {length}")
    indices = ops.argsort(input, dim=dim, descending=largest)
    indices = indices.narrow(dim, 0, k) if input.array.ndim else indices
    return TopkResult(gather(input, dim, indices), indices)


@method
def kthvalue(input, k, dim=-1, keepdim=False):
    """The pair (values, indices) of the k-th smallest along `dim`; k counts from 1. nan counts as the largest."""
    _no_bool("kthvalue", input)
    dim = axis_of(input, dim, "kthvalue")
    length = (input.array.shape or (1,))[dim]
    if not length:
        raise IndexError(f"kthvalue(): Expected reduction dim {dim} to have non-zero size.")
    if not 1 <= k <= length:
        raise ShapeError(f"kthvalue(): selected number k out of range for dimension {dim}: k is {k} of {length}")
    indices = ops.argsort(input, dim=dim)
    indices = indices.narrow(dim, k - 1, 1) if input.array.ndim else indices
    values = gather(input, dim, indices)
    return KthvalueResult(values, indices) if keepdim else KthvalueResult(values.squeeze(dim), indices.squeeze(dim))


@method
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The value that the part q (a number, or several in a line) of all elements along `dim` does not exceed.

    Between two elements it is `interpolation`: "linear", "lower", "higher", "midpoint" or "nearest". nan wins.
    Shapes: those of a reduction; with several q, an axis for them in front. Errors: RuntimeError unless input and q are
    of one dtype, float32 or float64, and q is from 0 to 1.

    >>> import minigrad as mg
    >>> mg.quantile(mg.tensor([1.0, 2.0, 4.0]), 0.75)
    tensor(3.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@method
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """`quantile` of what is not nan; nan where nothing is left."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _quantile(name, input, q, dim, keepdim, interpolation):
    q = q if isinstance(q, Tensor) else tensor(q, dtype=input.dtype, device=input.device)
    if input.dtype.name not in ("float32", "float64") or q.dtype is not input.dtype:
        raise DtypeError(f"{name}(): input and q must both be float32 or both float64, not {input.dtype}, {q.dtype}.")
    if q.array.ndim > 1 or not ((q.array >= 0) & (q.array <= 1)).all():
        raise ShapeError(f"{name}(): q must be one number from 0 to 1, or a line of them")
    if not input.array.size:
        raise ShapeError(f"{name}(): input tensor must be non-empty, but its shape is {input.shape}")
    place = axis_of(input, dim or 0, name)
    rows = input.reshape(-1) if dim is None or not input.array.ndim else input.movedim(place, -1)
    ordered = sort(rows, dim=-1).values
    ranks = _ranks(ordered.array, q._numbers().reshape(-1), name == "nanquantile")
    found = _at_ranks(ordered, ranks, interpolation).movedim(-1, 0)
    if keepdim:
        kept = (1,) * input.array.ndim if dim is None else kept_shape(input.array.shape, place)
        found = found.reshape(-1, *kept)
    return found if q.array.ndim else found.squeeze(0)


def _ranks(ordered, q, skip_nan):
    """Where in each sorted row the part q is reached. nan stands last: it is left out, or the answer."""
    xp, last = module_of(ordered), ordered.shape[-1] - 1
    if not skip_nan:
        return xp.where(xp.isnan(ordered[..., -1:]), last, q * last)
    count = (ordered == ordered).sum(axis=-1, keepdims=True)
    return q * xp.where(count > 0, count - 1, 0).astype(q.dtype)


def _at_ranks(ordered, ranks, interpolation):
    """The elements at these ranks of each row; a rank between two of them is a matter of interpolation."""
    xp = module_of(ranks)

    def element(rounded):
        return gather(ordered, -1, Tensor(rounded.astype("int64")))

    if interpolation in ("lower", "higher", "nearest"):
        return element({"lower": xp.floor, "higher": xp.ceil, "nearest": xp.rint}[interpolation](ranks))
    if interpolation not in ("linear", "midpoint"):
        raise ShapeError(
            f"quantile(): interpolation must be linear, lower, higher, midpoint or nearest, not {interpolation!r}"
        )
    low, high = xp.floor(ranks), xp.ceil(ranks)
    share = ranks - low if interpolation == "linear" else (high - low) / 2
    return ops.lerp(element(low), element(high), Tensor(share))


def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None):
    """Where to insert each element so that the sequence stays sorted: before equal ones, or after them (right).

    Shapes: sorted_sequence (n,) and input of any shape, or both with the same leading axes -> that of input
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ShapeError(f"searchsorted(): side can only be 'left' or 'right', and not disagree with right; got {side}")
    if not isinstance(sorted_sequence, Tensor):
        given = type(sorted_sequence).__name__
        raise TypeError(f"searchsorted(): argument 'sorted_sequence' must be a Tensor, not {given}. Use tensor(...).")
    values = input if isinstance(input, Tensor) else tensor(input, device=sorted_sequence.device)
    if sorted_sequence.array.ndim != 1 and sorted_sequence.array.shape[:-1] != values.array.shape[:-1]:
        raise ShapeError(
            "searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            f"and input value tensor must match, but we got {sorted_sequence.shape} and {values.shape}"
        )
    if not sorted_sequence.array.ndim:
        raise ShapeError("searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension")
    found = ops.searchsorted(sorted_sequence, values, right=right or side == "right")
    return found.int() if out_int32 else found


@tensors_only
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The number of the interval between boundaries, sorted and one-dimensional, into which each element falls."""
    if boundaries.array.ndim != 1:
        raise ShapeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
