"""Order and scans as ONNX: what sorts, and what has come together so far at each element."""

from __future__ import annotations

import math
import operator

import numpy as np

from ...axes import axis
from .formulas import XP, isnan, maximum, minimum, where
from .table import emits

# Order


def order(x, dim, descending=False):
    """Indices that sort, and the sorted values."""
    n, x = x.shape[dim], x.astype(np.int32) if x.dtype.kind in "bui" and x.dtype.itemsize < 4 else x
    values, places = x.b.op("TopK", x, [n], outputs=2, axis=dim % x.ndim, largest=int(descending), sorted=1)
    return values, places


@emits("argsort")
def argsort(x, dim=-1, descending=False, stable=False):
    """ONNX's TopK of all keeps the order of equals."""
    return order(x, dim, descending)[1] if x.ndim else x.b.constant(0)


@emits("median")
def median(x):
    """The lower of two."""
    row = x.flat()
    middle = (row.shape[0] - 1) // 2 if isinstance(row.shape[0], int) else XP.floor_divide(row.shape[0] - 1, 2)
    found = x.b.op("Gather", order(row, 0)[0], middle, axis=0)
    return where(isnan(x).sum() != 0, math.nan, found) if x.dtype.kind == "f" else found.astype(x.dtype)


def _taken(x, places, dim):
    return x.b.op("GatherElements", x, places, axis=dim)


@emits("argmedian")
def argmedian(x, dim, skip_nan=False):
    """The lower of two; the first nan, unless nan is skipped."""
    if not x.ndim:
        return x.b.constant(0)
    places, lost = order(x, dim)[1], isnan(x)
    there = x.shape[dim] - lost.sum(axis=dim, keepdims=True) if skip_nan else isnan(x).sum(
        axis=dim, keepdims=True) * 0 + x.shape[dim]  # fmt: skip
    middle = _taken(places, XP.floor_divide(maximum(there - 1, 0), 2), dim)
    if skip_nan:
        return middle
    first = x.b.op("ArgMax", lost.astype(np.int32), axis=dim, keepdims=1)
    return where(lost.sum(axis=dim, keepdims=True) != 0, first, middle)


@emits("argmode")
def argmode(x, dim):
    """In order equals are neighbours: how many stand before each says where the longest run is."""
    if not x.ndim:
        return x.b.constant(0)
    dim, places = axis(dim, x.ndim), order(x, dim)[1]
    line, n = _taken(x, places, dim), operator.index(x.known[dim])
    place = x.b.constant(np.arange(n).reshape([-1 if d == dim else 1 for d in range(x.ndim)]), np.int64)
    fresh = ~(line.part(dim, 1, n) == line.part(dim, 0, n - 1))
    start = where(fresh, place.part(dim, 1, n), 0)
    start = x.b.op("Concat", isnan(line.part(dim, 0, 1)).astype(np.int64) * 0, start, axis=dim)
    run = place - scan(start, maximum, dim)
    return _taken(places, x.b.op("ArgMax", run, axis=dim, keepdims=1), dim)


@emits("searchsorted")
def searchsorted(sorted_sequence, values, right=False):
    """By counting what is below."""
    row = sorted_sequence
    row, value = (row, values.expand(-1)) if row.ndim == 1 else (row.expand(-2), values.expand(-1))
    below = row <= value if right else row < value
    return (below | isnan(value)).sum(axis=-1)


# Scans


@emits("cumsum")
def cumsum(x, dim, exclusive=False, reverse=False):
    """ONNX has it."""
    kept = x.dtype
    x = x.astype("int64" if kept.kind in "iub" else "float32" if kept.itemsize == 2 else kept)
    flat = x.reshape(1) if x.known == () else x
    y = x.b.op(
        "CumSum", flat, x.b.constant(dim if x.known != () else 0), exclusive=int(exclusive), reverse=int(reverse)
    )
    y = y.reshape(()) if x.known == () else y
    return y.astype(kept) if kept.kind == "f" else y


def scan(x, step, dim):
    """step(... step(step(x0, x1), x2) ...) at every element, in log2(n) steps. The length has to be known."""
    n, reach = operator.index(x.known[dim] if x.known[dim] is not None else x.shape[dim]), 1
    while reach < n:
        first, rest = x.part(dim, 0, reach), step(x.part(dim, 0, n - reach), x.part(dim, reach, n))
        x = x.b.op("Concat", first, rest, axis=dim)
        reach *= 2
    return x


def along(x, dim, function):
    """A scan on what may have no axes."""
    if x.ndim:
        return function(x, axis(dim, x.ndim))
    return function(x.reshape(1), 0).reshape(())


@emits("cumprod")
def cumprod(x, dim, exclusive=False, reverse=False):
    """By a scan."""
    x = x.astype("int64") if x.dtype.kind in "iub" else x

    def run(x, dim):
        n = x.known[dim]
        x = turned(x, dim) if reverse else x
        y = scan(x, lambda a, b: a * b, dim)
        if exclusive and x.size:
            ones = isnan(x.part(dim, 0, 1)).astype(x.dtype) * 0 + 1
            y = y.b.op("Concat", ones, y.part(dim, 0, n - 1), axis=dim)
        return turned(y, dim) if reverse else y

    return along(x, dim, run)


def turned(x, dim):
    """The other way round along an axis."""
    return x.part(dim, -1, -(2**62), -1)


@emits("logcumsumexp")
def logcumsumexp(x, dim):
    """By a scan."""
    return along(x, dim, lambda x, dim: scan(x, XP.logaddexp, dim))


@emits("fade_sum")
def fade_sum(v, level, dim, reverse=False):
    """By a scan of sums, each step of which fades what comes from before."""
    if reverse and v.ndim:
        dim = axis(dim, v.ndim)
        return turned(fade_sum(turned(v, dim), turned(-level, dim), dim), dim)

    def run(x, dim):
        flat, n, reach = level.reshape(x.shape), x.known[dim], 1
        while reach < n:
            low, high = flat.part(dim, 0, n - reach), flat.part(dim, reach, n)
            faded = x.part(dim, 0, n - reach) * XP.exp(where(low == high, 0, low - high))
            x = x.b.op("Concat", x.part(dim, 0, reach), x.part(dim, reach, n) + faded, axis=dim)
            reach *= 2
        return x

    return along(v, dim, run)


@emits("running_place")
def running_place(x, dim, largest=True):
    """Where the largest so far stands."""

    def run(x, dim):
        y = scan(x, maximum if largest else minimum, dim)
        place = np.arange(x.known[dim]).reshape([-1 if a == dim else 1 for a in range(x.ndim)])
        found = where((x == y) | isnan(x), x.b.constant(place, np.int64), 0)
        return scan(found, maximum, dim)

    return along(x, dim, run)
