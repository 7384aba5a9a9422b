"""The same result by a way that NumPy is faster on. Formulas call these; on a GPU they take the plain way.

What they gain shows in `python -m tests.bench --only mlp lenet gru`. Each is for arrays that are small or have short
rows, but for `where_open`: NumPy's own `where` slows down where neighbours are treated differently.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from .axes import as_axis, count, rows

_ndarray, _max = np.ndarray, np.maximum.reduce
_UNSIGNED = {np.dtype(f"int{bits}"): np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)}
BITS = {np.dtype(f"float{bits}"): np.dtype(f"uint{bits}") for bits in (16, 32, 64)}
_SOME, _SPREAD = 1024, 1 << 18  # numbers between which a comparison with as many zeros pays
_CLASSES = 128  # at most, of which a table of ones and zeros is kept
_MANY, _NARROW, _TURNED = 100, 32, 3 << 14  # rows, columns and bytes for which turning a matrix round pays
_LONG, _SEVERAL, _TILE = 128, 48, 2048  # columns, rows at most, and numbers of a product that is made turned round
_FEW = 4096  # numbers that may be added up by BLAS, which keeps many sums going: the rounding error stays as it is
_SHORT = 16  # numbers in a row so short that its sum is made for each of them, of so many times so many rows


@lru_cache(64)
def _ones(count, dtype):
    made = np.ones(count, dtype)
    made.flags.writeable = False
    return made


@lru_cache(64)
def _all_ones(count, dtype):
    made = np.ones((count, count), dtype)
    made.flags.writeable = False
    return made


@lru_cache(16)
def _zeros(shape, dtype):
    made = np.zeros(shape, dtype)
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
    """A number (but -0.0) as an array without axes: as an operand it takes NumPy half the time of a Python number."""
    made = np.asarray(value, dtype)
    made.flags.writeable = False
    return made


@lru_cache(64)
def _scalars(numbers, dtype):
    return [scalar(number, dtype) for number in numbers]


def polynomial(x, coefficients):
    """The sum of coefficients[n] x^n for an array with axes, in half the time that Python numbers take.

    >>> polynomial(np.array([2.0]), (1.0, 0.5, 3.0)).tolist()
    [14.0]
    """
    *rest, last = _scalars(tuple(coefficients), x.dtype)
    y = np.full_like(x, last)
    for number in reversed(rest):
        np.multiply(y, x, y)
        np.add(y, number, y)
    return y


@lru_cache(64)
def _identity(count, dtype):
    made = np.eye(count, dtype=dtype)
    made.flags.writeable = False
    return made


def _rows_of_floats(x, dim):
    last = type(x) is _ndarray and x.ndim >= 2 and (dim == -1 or dim == x.ndim - 1) and x.itemsize >= 4
    return last and (x.ndim == 2 or (x.flags.c_contiguous and x.size > 0))


def largest(x, dim):
    """`x.max(axis=dim, keepdims=True)`. Of short rows, turned round: to begin a row costs NumPy more than ten numbers.

    >>> largest(np.array([[1, 3], [5, 2]]), -1).tolist()
    [[3], [5]]
    """
    if _rows_of_floats(x, dim):
        lines = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
        if lines.shape[1] <= len(lines):
            return _max(lines.T.copy(), 0).reshape(*x.shape[:-1], 1)
    return x.max(axis=as_axis(dim, x.shape), keepdims=True)


def total(x, dim):
    """`x.sum(axis=dim, keepdims=True)`. Of rows and of channels, as products with ones."""
    if _rows_of_floats(x, dim):
        lines = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
        return lines.dot(_ones(lines.shape[1], x.dtype)).reshape(*x.shape[:-1], 1)
    if type(dim) is tuple and dim == (0, *range(2, x.ndim)) and x.ndim > 2:
        return channel_sums(x).reshape((1, -1) + (1,) * (x.ndim - 2))
    return x.sum(axis=as_axis(dim, x.shape), keepdims=True)


def channel_sums(x):
    """The sum over all axes but the second, in a quarter to a half of the time that NumPy's takes.

    >>> channel_sums(np.ones((2, 3, 4))).tolist()
    [8.0, 8.0, 8.0]
    """
    if type(x) is _ndarray and x.ndim > 2 and x.itemsize >= 4 and x.flags.c_contiguous and x.size:
        lines = x.reshape(x.shape[0] * x.shape[1], -1)
        sums = lines.dot(_ones(lines.shape[1], x.dtype))
        return _ones(len(x), x.dtype).dot(sums.reshape(x.shape[:2]))
    return x.sum(axis=(0, *range(2, x.ndim)))


def softened(x, dim):
    """softmax along `dim` in one array; None for what is no array of NumPy, or has no axes.

    >>> softened(np.array([[0.0, 0.0]]), -1).tolist()
    [[0.5, 0.5]]
    """
    if type(x) is not _ndarray or not x.ndim:
        return None
    made = x - largest(x, dim)
    np.exp(made, made)
    return np.divide(made, total(made, dim), made)


def standardized(x, dim, eps):
    """(x - mean) / sqrt(variance + eps) over `dim`, and what it is multiplied by, in two arrays of the size of x.

    None for what is no array of floating-point numbers, or empty.

    >>> standardized(np.array([[1.0, 3.0]]), -1, 0.0)[0].tolist()
    [[-1.0, 1.0]]
    """
    if type(x) is not _ndarray or x.itemsize < 4 or not (x.ndim and x.size):
        return None
    many = scalar(count(x.shape, dim), x.dtype)
    made = x - np.divide(total(x, dim), many)
    scale = np.divide(total(made * made, dim), many)
    scale += scalar(eps, x.dtype)
    np.divide(scalar(1, x.dtype), np.sqrt(scale, scale), scale)
    made *= scale
    return made, scale


def back_through_standardized(g, y, scale, dim):
    """scale (g - mean of g - y times the mean of g y): the way back. None where there is no short way."""
    if type(g) is not _ndarray or g.dtype is not y.dtype or g.itemsize < 4 or not (g.ndim and g.size):
        return None
    many = scalar(count(g.shape, dim), g.dtype)
    made = y * np.divide(total(g * y, dim), many)
    made += np.divide(total(g, dim), many)
    np.subtract(g, made, made)
    made *= scale
    return made


def added(x):
    """`x.sum()` of floating-point numbers. Of a few, as a product with ones: 0.5 microseconds in place of 2.2 for 2048.

    >>> float(added(np.array([[1.0, 2.0], [3.0, 4.0]])))
    10.0
    """
    if type(x) is _ndarray and x.itemsize >= 4 and x.size <= _FEW and x.flags.c_contiguous:
        return x.ravel().dot(_ones(x.size, x.dtype))
    return x.sum()


def divided(x, count):
    """`x /= count`, a whole number, where count may well be 1. Returns x."""
    if count != 1:
        x /= scalar(count, x.dtype)
    return x


def at_least_0(x, xp):
    """`xp.maximum(x, 0)`. NumPy compares two arrays in half the time that it takes for an array and a number."""
    if xp is not np:
        return xp.maximum(x, 0)
    if _SOME <= x.size <= _SPREAD and x.flags.c_contiguous:
        return np.maximum(x, _zeros(x.shape, x.dtype))
    return np.maximum(x, scalar(0, x.dtype))


@lru_cache(8)
def zero_is_plain(dtype):
    """Whether relu makes 0.0 of -0.0 here: which of two equal numbers NumPy takes is left to the processor."""
    zeros = (np.asarray(0, dtype), np.zeros(67, dtype))
    return not any(np.signbit(np.maximum(np.full(n, -0.0, dtype), zero[:n] if zero.ndim else zero)).any()
                   for n in (1, 7, 67) for zero in zeros)  # fmt: skip


def where_open(g, y):
    """g, but 0 where y is; y is what `at_least_0` made. The bits of g times 1 or 0, whatever g is: inf or nan, too.

    >>> where_open(np.array([1.0, np.inf]), np.array([2.0, 0.0])).tolist()
    [1.0, 0.0]
    """
    bits = BITS.get(y.dtype)
    if bits is None or g.dtype is not y.dtype or not g.ndim or not zero_is_plain(y.dtype):
        return np.where(y <= 0, scalar(0, y.dtype), g)
    open_ = np.sign(y.view(bits))
    return np.multiply(open_, g.view(bits), open_).view(g.dtype)


def times_slope_of_tanh(g, y):
    """g (1 - y y), in one array in place of three: 0.97 of the time of a whole chain of 100 ops.

    >>> times_slope_of_tanh(np.array([2.0]), np.array([0.5])).tolist()
    [1.5]
    """
    if not y.ndim:
        return g * (1 - y * y)
    made = y * y
    return np.multiply(g, np.subtract(scalar(1, made.dtype), made, made), made)


def times_turned(x, weight):
    """x times the transposed weight, both matrices.

    BLAS takes up to twice as long for a weight that stands on its side. So for many rows a narrow one is turned round
    first, and for a few rows a large one comes first and the product is turned round: 0.55 to 0.95 of the time.

    >>> times_turned(np.ones((1, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[3.0, 7.0]]
    """
    if len(x) >= _MANY and len(weight) <= _NARROW and type(x) is _ndarray and weight.nbytes <= _TURNED:
        return x.dot(weight.T.copy())
    if x.shape[1] >= _LONG and len(x) <= _SEVERAL and len(x) * len(weight) >= _TILE and type(x) is _ndarray:
        return weight.dot(x.T).T.copy()
    return x.dot(weight.T)


# The way back through `linear`, one function for each operand. The method of two matrices is a third quicker than `@`
# and `dot` when they are small: it asks nobody else who might want to make the product.


def times(g, weight):
    """g times weight."""
    if g.ndim == 2:
        return g.dot(weight)
    return rows(g).dot(weight).reshape(*g.shape[:-1], weight.shape[1])


def turned_times(g, x):
    """The sum over all rows of g times x, each of g with each of x."""
    if g.ndim != 2:
        g, x = rows(g), rows(x)
    turned = g.T
    if len(x) >= 16 and len(turned) * x.shape[1] >= 16384:  # `dot` fills the result with zeros first; but one row
        return np.matmul(turned, x)  # times one column is what `matmul` is slow at
    return turned.dot(x)


def column_sums(g):
    """The sum of all rows: of a matrix, `g.sum(axis=0)` as a product with ones.

    >>> column_sums(np.array([[1.0, 3.0], [5.0, 2.0]])).tolist()
    [6.0, 5.0]
    """
    if type(g) is _ndarray and g.ndim == 2 and g.itemsize >= 4:
        return _ones(len(g), g.dtype).dot(g)
    return rows(g).sum(axis=0)


# The loss of classifiers


def losses_of_rows(scores, target, xp):
    """`cross_entropy` of each row and its softmax, in one function in place of six.

    None where that has to be looked at more closely: no rows, no such class, half precision, a GPU.

    >>> losses_of_rows(np.array([[0.0, 0.0]]), np.array([1]), np)[1].tolist()
    [[0.5, 0.5]]
    """
    if xp is not np or scores.ndim != 2 or scores.itemsize < 4 or not scores.size:
        return None
    count, width = scores.shape
    unsigned = target.view(_UNSIGNED.get(target.dtype, target.dtype))  # as in `any_outside`
    if unsigned.item(unsigned.argmax()) >= width:
        return None
    if count == 1:
        largest = scores.take(scores.argmax())
    else:
        largest = _max(scores.T.copy(), 0)[:, None] if width <= count else _max(scores, 1, None, None, True)
    shifted = scores - largest
    probability = np.exp(shifted)
    if 1 < width <= _SHORT and count <= _SHORT * _SHORT:  # dividing row by row takes longer than a larger product
        sums = probability.dot(_all_ones(width, scores.dtype))
        probability /= sums
        whole = sums[:, 0]
    else:
        whole = probability.dot(_ones(width, scores.dtype))
        probability /= whole[:, None]
    return np.log(whole) - shifted.take(_starts(count, width) + target), probability


def less_one_in_each_row(x, places):
    """x (N, C) less 1 at these places, one in each row, in memory of its own; None where there is no short way.

    >>> less_one_in_each_row(np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([1, 0])).tolist()
    [[0.25, -0.25], [-0.5, 0.5]]
    """
    if x.ndim != 2 or x.shape[1] > _CLASSES:
        return None
    made = _identity(x.shape[1], x.dtype).take(places, 0)
    return np.subtract(x, made, made)


class _Trust(threading.local):
    asked = None


_trust = _Trust()


@contextmanager
def trusting(asked):
    """Inside, whole numbers on a GPU count as within their limits; the list hears which: (numbers, count, first).

    For work that is put down while nothing runs (jit/cuda/executor.py): whoever runs it has to ask `any_outside` first.
    """
    before, _trust.asked = _trust.asked, asked
    try:
        yield
    finally:
        _trust.asked = before


def any_outside(numbers, count, first=0):
    """Whether any of these whole numbers is below `first` or not below `count`: seen without its sign, -1 is huge.

    >>> any_outside(np.array([0, 2]), 3), any_outside(np.array([-1]), 3)
    (False, True)
    """
    if not numbers.size:
        return False
    if type(numbers) is not _ndarray and _trust.asked is not None:
        _trust.asked.append((numbers, count, first))
        return False
    if first:
        numbers, count = numbers - first, count - first
    unsigned = numbers.view(_UNSIGNED.get(numbers.dtype, numbers.dtype))
    if type(numbers) is not _ndarray:
        return bool(unsigned.max() >= count)
    return unsigned.item(unsigned.argmax()) >= count  # where the largest is takes a third of the time of what it is
