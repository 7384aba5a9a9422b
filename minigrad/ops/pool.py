"""Pooling: the largest number of each window, or the mean."""

from functools import lru_cache, reduce
from math import prod

from ..device import device_of
from ..op import op
from ..shortcuts import BITS
from .index import put_along_dim
from .windows import inside, out_sizes, padded, places

__all__ = ["avg_pool", "avg_unpool", "max_index", "max_pool"]


def _slices(x, kernel, stride, dilation, counts):
    """For each place in the kernel, what all windows have there."""
    return (x[index] for _, index in places(kernel, stride, dilation, counts))


def _counts(x, kernel, stride, padding, dilation):
    return out_sizes(x.shape[2:], kernel, stride, padding, dilation)


@op(kind="reduce", onnx="MaxPool", to_float="required")
def max_pool(xp, x, /, kernel, stride, padding, dilation):
    """The largest number of each window; nan wins, padding never does. The first of equals gets the gradient.

    Shapes: x (N, C, *sizes) -> (N, C, *windows)
    """
    full = padded(xp, x, padding, -xp.inf)
    first, *rest = _slices(full, kernel, stride, dilation, _counts(x, kernel, stride, padding, dilation))
    return reduce(xp.maximum, rest, first) if rest else first.copy()


@lru_cache(64)
def _table(xp, numbers, device):
    """These whole numbers where they are wanted, sent there once."""
    return xp.asarray(numbers)


@op(kind="cut", broadcasts=False)
def max_index(xp, x, largest, /, kernel, stride, padding, dilation):
    """Where the largest number of each window stands: its position in the plane of x, in row order.

    The first of equals counts. A position has no derivative.
    Shapes: x (N, C, *sizes), largest (N, C, *windows) as max_pool gives it -> (N, C, *windows)
    """
    counts, sizes = largest.shape[2:], x.shape[2:]
    seen = list(_slices(padded(xp, x, padding, xp.nan), kernel, stride, dilation, counts))  # padding equals nothing
    place = xp.zeros(largest.shape, "uint8" if len(seen) <= 256 else "int64")
    for x_k in reversed(seen[:-1]):  # how many places come before the first that is equal
        place = (x_k != largest) * (place + 1)
    if xp.__name__ != "numpy" or (largest != largest).any():  # nan equals nothing: the last one counts, as in PyTorch
        for k, x_k in enumerate(_slices(padded(xp, x, padding), kernel, stride, dilation, counts)):
            place = xp.where(x_k != x_k, k, place)
    within, steps = [0], [prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    for k, d, step in zip(kernel, dilation, steps, strict=True):
        within = [before + i * d * step for before in within for i in range(k)]
    index = _table(xp, tuple(within), device_of(place))[place]
    for axis, (n, s, (before, _), step) in enumerate(zip(counts, stride, padding, steps, strict=True)):
        index += ((xp.arange(n) * s - before) * step).reshape([-1 if i == axis else 1 for i in range(len(counts))])
    return index


def _max_rule(g, x, y, kernel, stride, padding, dilation, xp):
    """g goes to where the largest stand. Planes are rows here."""
    index = max_index.on(xp, x, y, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    planes, windows, sizes = x.shape[0] * x.shape[1], prod(g.shape[2:]), prod(x.shape[2:])
    g, index = g.reshape((planes, windows)), index.reshape((planes, windows))
    return put_along_dim.on(xp, g, index, shape=(planes, sizes), dim=1).reshape(tuple(x.shape))


def _max_rule_apart(g, x, y, kernel, stride, padding, dilation, xp):
    """The same where no two windows overlap: each place of the kernel in turn takes what is left for it."""
    bits, plain = BITS.get(x.dtype), dilation == (1,) * len(kernel) and not any(map(any, padding))
    if bits is None or stride != kernel or not plain or g.dtype is not x.dtype or (y != y).any():
        return _max_rule(g, x, y, kernel, stride, padding, dilation, xp)
    made, left, sent, counts = xp.zeros(x.shape, x.dtype), True, g.view(bits), g.shape[2:]
    for target, x_k in zip(_slices(made.view(bits), kernel, stride, dilation, counts),
                           _slices(x, kernel, stride, dilation, counts), strict=True):  # fmt: skip
        largest = (x_k == y) & left  # the first of equals
        xp.multiply(sent, largest, target)  # the bits times 1 or 0: what is not sent leaves nothing, inf and nan, too
        left = largest ^ left
    return made


max_pool.vjp(x=_max_rule)
max_pool.quick(x=_max_rule_apart)


def _shares(xp, dtype, sizes, kernel, stride, padding, counted, divisor):
    """What the sum of each window is divided by: a number, or one per window where some padding does not count."""
    if divisor is not None:
        return divisor
    if counted == padding:
        return prod(kernel)
    ones = xp.ones((1, 1, *(n + before + after for n, (before, after) in zip(sizes, counted, strict=True))), dtype)
    rest = tuple((b - c, a - d) for (b, a), (c, d) in zip(padding, counted, strict=True))
    plain = (1,) * len(kernel)
    counts = out_sizes(sizes, kernel, stride, padding, plain)
    return sum(_slices(padded(xp, ones, rest), kernel, stride, plain, counts))


@op(kind="reduce", onnx="AveragePool", to_float="required")
def avg_pool(xp, x, /, kernel, stride, padding, counted, divisor=None):
    """The mean of each window. `counted` is the part of the padding that counts as elements.

    Shapes: x (N, C, *sizes) -> (N, C, *windows)
    """
    plain, full = (1,) * len(kernel), padded(xp, x, padding)
    counts = out_sizes(x.shape[2:], kernel, stride, padding, plain)
    total = reduce(xp.add, _slices(full, kernel, stride, plain, counts))
    return xp.true_divide(total, _shares(xp, x.dtype, x.shape[2:], kernel, stride, padding, counted, divisor))


@op(kind="reduce")
def avg_unpool(xp, g, /, sizes, kernel, stride, padding, counted, divisor=None):
    """Each number divided among the elements of its window, added where windows overlap."""
    g = xp.true_divide(g, _shares(xp, g.dtype, sizes, kernel, stride, padding, counted, divisor))
    full = tuple(n + before + after for n, (before, after) in zip(sizes, padding, strict=True))
    out = xp.zeros((*g.shape[:2], *full), g.dtype)
    apart = all(s >= k for s, k in zip(stride, kernel, strict=True))
    for _, index in places(kernel, stride, (1,) * len(kernel), g.shape[2:]):
        if apart:
            out[index] = g
        else:
            out[index] += g
    return out[inside(padding, sizes)]


avg_pool.vjp(x=lambda g, x_shape, kernel, stride, padding, counted, divisor, xp: avg_unpool.on(
    xp, g, sizes=tuple(x_shape[2:]), kernel=kernel, stride=stride, padding=padding, counted=counted,
    divisor=divisor))  # fmt: skip
avg_unpool.vjp(g=lambda g, kernel, stride, padding, counted, divisor, xp: avg_pool.on(
    xp, g, kernel=kernel, stride=stride, padding=padding, counted=counted, divisor=divisor))  # fmt: skip
