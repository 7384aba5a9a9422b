"""Sorting, and finding places in what is sorted."""

from __future__ import annotations

from . import ops
from .creation import tensor
from .errors import DtypeError, ShapeError
from .indexing import gather
from .methods import method
from .printing import return_type
from .shaping import axis_of, axis_too
from .tensor import Tensor

__all__ = [
    "argsort", "bucketize", "kthvalue", "msort", "searchsorted", "sort", "topk",
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
    dim = axis_of(input, dim, "topk")
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


def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None):
    """Where to insert each element so that the sequence stays sorted: before equal ones, or after them (right).

    Shapes: sorted_sequence (n,) and input of any shape, or both with the same leading axes -> that of input
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ShapeError(f"searchsorted(): side can only be 'left' or 'right', and not disagree with right; got {side}")
    values = input if isinstance(input, Tensor) else tensor(input, device=sorted_sequence.device)
    if sorted_sequence.array.ndim != 1 and sorted_sequence.array.shape[:-1] != values.array.shape[:-1]:
        raise ShapeError(
            "searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            f"and input value tensor must match, but we got {sorted_sequence.shape} and {values.shape}"
        )
    found = ops.searchsorted(sorted_sequence, values, right=right or side == "right")
    return found.int() if out_int32 else found


def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The number of the interval between boundaries, sorted and one-dimensional, into which each element falls."""
    if boundaries.array.ndim != 1:
        raise ShapeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
