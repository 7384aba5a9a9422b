"""The same result by a way that NumPy is faster on. Formulas call these; on a GPU they take the plain way.

What they gain shows in `python -m tests.bench --only mlp lenet gru`. Each is for arrays that are small or have short
rows, but for `where_open`: NumPy's own `where` slows down where neighbours are treated differently.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from .axes import as_axis

_UNSIGNED = {np.dtype(f"int{bits}"): np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)}


@lru_cache(64)
def _ones(count, dtype):
    made = np.ones(count, dtype)
    made.flags.writeable = False
    return made


@lru_cache(64)
def _starts(count, step):
    made = np.arange(count) * step
    made.flags.writeable = False
    return made


def starts(count, step, xp):
    """0, step, 2 step, ...: where rows begin that lie one behind the other. Not to be written to."""
    return _starts(count, step) if xp is np else xp.arange(count) * step


@lru_cache(256)
def scalar(value, dtype):
    """A number other than 0 as an array without axes: as an operand it takes NumPy half the time of a Python number."""
    made = np.asarray(value, dtype)
    made.flags.writeable = False
    return made


def _rows_of_floats(x, dim):
    return type(x) is np.ndarray and x.ndim == 2 and dim in (-1, 1) and x.dtype.itemsize >= 4


def largest(x, dim):
    """`x.max(axis=dim, keepdims=True)`. Of short rows, turned round: to begin a row costs NumPy more than ten numbers.

    >>> largest(np.array([[1, 3], [5, 2]]), -1).tolist()
    [[3], [5]]
    """
    if _rows_of_floats(x, dim) and x.shape[1] <= len(x):
        return x.T.copy().max(axis=0)[:, None]
    return x.max(axis=as_axis(dim, x.shape), keepdims=True)


def total(x, dim):
    """`x.sum(axis=dim, keepdims=True)`. Of rows, as a product with ones."""
    if _rows_of_floats(x, dim):
        return x.dot(_ones(x.shape[1], x.dtype))[:, None]
    return x.sum(axis=as_axis(dim, x.shape), keepdims=True)


def column_sums(x):
    """`x.sum(axis=0)` of a matrix, as a product with ones.

    >>> column_sums(np.array([[1.0, 3.0], [5.0, 2.0]])).tolist()
    [6.0, 5.0]
    """
    if _rows_of_floats(x, -1):
        return _ones(len(x), x.dtype).dot(x)
    return x.sum(axis=0)


def where_open(g, y, xp):
    """g, but 0 where y is; y is never below 0. As a product with a mask, which would be nan where g is inf or nan.

    >>> where_open(np.array([1.0, np.inf]), np.array([2.0, 0.0]), np).tolist()
    [1.0, 0.0]
    """
    if xp is np:
        kept = g * y.astype(bool)
        if math.isfinite(np.vdot(kept, kept)):
            return kept
    return xp.where(y <= 0, 0, g)


def any_outside(numbers, count):
    """Whether any of these whole numbers is below 0 or not below `count`: seen without its sign, -1 is huge.

    >>> any_outside(np.array([0, 2]), 3), any_outside(np.array([-1]), 3)
    (False, True)
    """
    if not numbers.size:
        return False
    return bool(numbers.view(_UNSIGNED.get(numbers.dtype, numbers.dtype)).max() >= count)
