"""Which values there are, and how often. Nothing is recorded: what is counted has no derivative."""

from __future__ import annotations

import math

import numpy as np

from .creation import tensor
from .device import module_of
from .errors import DtypeError, ShapeError
from .methods import method
from .shaping import axis_of
from .tensor import Tensor

__all__ = ["bincount", "histc", "isin", "unique", "unique_consecutive"]

# Each value once


@method
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """Each value once, in order (also with sorted=False); with `dim`, each slice once.

    With return_inverse also where each element went, with return_counts how often each value occurred.

    >>> import minigrad as mg
    >>> mg.unique(mg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    xp, array = module_of(input.array), input._numbers()
    if dim is None:
        values, inverse, counts = xp.unique(array, return_inverse=True, return_counts=True)
        return _wanted(values, inverse.reshape(input.array.shape), counts, return_inverse, return_counts)
    dim = axis_of(input, dim, "unique")
    rows = xp.moveaxis(array, dim, 0)
    order = _in_order(xp, rows)
    starts = _starts(xp, rows[order])
    inverse = xp.empty(len(rows), "int64")
    inverse[order] = run = xp.cumsum(starts) - 1
    values = xp.moveaxis(rows[order[starts]], 0, dim)
    return _wanted(values, inverse, xp.bincount(run), return_inverse, return_counts)


def _in_order(xp, rows):
    """Where the rows stand in their order: by the first number, of equals by the second, and so on."""
    numbers = rows.reshape(len(rows), math.prod(rows.shape[1:]))
    return xp.lexsort(numbers.T[::-1]) if numbers.size else xp.arange(len(rows))


def _starts(xp, rows):
    """Where a row differs from that before it."""
    starts = xp.ones(len(rows), dtype="bool")
    starts[1:] = (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))
    return starts


def _wanted(values, inverse, counts, return_inverse, return_counts):
    parts = (values, inverse if return_inverse else None, counts if return_counts else None)
    found = tuple(Tensor(part) for part in parts if part is not None)
    return found if len(found) > 1 else found[0]


@method
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The first of every run of equal values; with `dim`, of equal slices. The options are those of `unique`.

    >>> import minigrad as mg
    >>> mg.unique_consecutive(mg.tensor([1, 1, 3, 1]), return_counts=True)
    (tensor([1, 3, 1]), tensor([2, 1, 1]))
    """
    xp, array = module_of(input.array), input._numbers()
    rows = array.reshape(-1) if dim is None else xp.moveaxis(array, axis_of(input, dim, "unique_consecutive"), 0)
    starts = _starts(xp, rows)
    places, inverse = xp.nonzero(starts)[0], xp.cumsum(starts) - 1
    values = rows[places] if dim is None else xp.moveaxis(rows[places], 0, dim)
    counts = xp.bincount(inverse)
    return _wanted(values, inverse.reshape(array.shape if dim is None else -1), counts, return_inverse, return_counts)


def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Where each element (a tensor, or one number) is one of the others; with invert, where it is none of them.

    Errors: DtypeError for truth values.

    >>> import minigrad as mg
    >>> mg.isin(mg.tensor([1, 2, 3]), mg.tensor([2, 5]))
    tensor([False,  True, False])
    """
    elements, others = (x if isinstance(x, Tensor) else tensor(x) for x in (elements, test_elements))
    if "b" in (elements.array.dtype.kind, others.array.dtype.kind):
        raise DtypeError("isin(): Unsupported input type encountered: bool. Use .long() first.")
    return Tensor(module_of(elements.array).isin(elements._numbers(), others._numbers(), invert=invert))


# How often


@method
def bincount(input, weights=None, minlength=0):
    """How often 0, 1, 2, ... occur in a line of integers, or the sum of their weights.

    Errors: RuntimeError unless the numbers are integers from 0 up, in one dimension.
    """
    array = input._numbers()
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and array.min() < 0):
        raise DtypeError(f"bincount only supports 1-d non-negative integral inputs, not {input.dtype} {input.shape}.")
    if weights is None or not array.size:
        return Tensor(module_of(array).bincount(array, minlength=minlength).astype("int64"))
    wanted = weights.array.dtype if weights.array.dtype == np.float32 else np.dtype("float64")
    if weights.array.shape != array.shape:
        raise ShapeError(f"bincount(): weights should have the same length as input, not {weights.shape}")
    return Tensor(module_of(array).bincount(array, weights._numbers(), minlength).astype(wanted))


@method
def histc(input, bins=100, min=0, max=0):
    """How many elements fall into each of `bins` intervals of equal width from min to max, others left out.

    With min = max they go from the smallest element to the largest. Errors: DtypeError for integers, ShapeError for a
    range that is not finite.

    >>> import minigrad as mg
    >>> mg.histc(mg.tensor([1.0, 2.0, 2.0, 5.0]), bins=4)
    tensor([1., 2., 0., 1.])
    """
    array = input._numbers()
    if array.dtype.kind != "f":
        raise DtypeError(f"histc(): not implemented for {input.dtype}. Use .float() first.")
    if bins <= 0:
        raise ShapeError(f"histc(): bins must be > 0, but is {bins}")
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ShapeError(f"histc(): range of [{low}, {high}] is not finite, or its max is not larger than its min")
    return Tensor(module_of(array).histogram(array.astype("float64"), bins, (low, high))[0].astype(array.dtype))
