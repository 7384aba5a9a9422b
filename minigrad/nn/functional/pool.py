"""Pooling over windows: the largest, or the mean."""

from __future__ import annotations

from functools import lru_cache
from math import prod

from ... import ops
from ...device import module_of
from ...errors import DtypeError, ShapeError
from ...tensor import Tensor
from .conv import batched, numbers


@lru_cache(64)
def _pairs(name, sizes, kernel, stride, padding, dilation, ceil_mode):
    """Padding before and after each axis; with `ceil_mode` enough behind for a last window that hangs over."""
    if any(n < 1 for n in (*kernel, *stride, *dilation)):
        raise RuntimeError(f"{name}(): kernel size, stride and dilation should be greater than zero")
    if any(p < 0 for p in padding):
        raise RuntimeError(f"{name}(): pad must be non-negative, but got pad: {padding}")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise RuntimeError(f"{name}(): pad should be at most half of effective kernel size, but got {padding}")
    pairs = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        span = d * (k - 1) + 1
        count, left = divmod(n + 2 * p - span, s)
        one_more = bool(ceil_mode and left and (count + 1) * s < n + p)  # the last window has to begin inside
        pairs.append((p, p + (s - left) * one_more))
        if count + one_more < 0:
            raise ShapeError(f"{name}(): Given input size {tuple(sizes)}: calculated output size is too small")
    return tuple(pairs)


def _max_pool(axes, name):
    def run(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        kernel = numbers(kernel_size, axes, "kernel_size")
        stride = numbers(kernel if stride is None or stride == () else stride, axes, "stride")
        input, has_batch = batched(name, input, axes)
        padding, dilation = numbers(padding, axes, "padding"), numbers(dilation, axes, "dilation")
        pairs = _pairs(name, input.array.shape[2:], kernel, stride, padding, dilation, ceil_mode)
        geometry = {"kernel": kernel, "stride": stride, "padding": pairs, "dilation": dilation}
        y = ops.max_pool(input, **geometry)
        if not return_indices:
            return y if has_batch else y.squeeze(0)
        indices = ops.max_index(input, y, **geometry)
        return (y, indices) if has_batch else (y.squeeze(0), indices.squeeze(0))

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""The largest number of each window; with `return_indices` also where it stands.

    Shapes: input (N, C, {"H, W" if axes == 2 else "L"}) or without N. Of equal numbers the first gets the gradient.
    """
    return run


max_pool1d, max_pool2d = _max_pool(1, "max_pool1d"), _max_pool(2, "max_pool2d")


def _avg_pool(axes, name):
    def run(
        input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
    ):  # fmt: skip
        kernel = numbers(kernel_size, axes, "kernel_size")
        stride = numbers(kernel if stride is None or stride == () else stride, axes, "stride")
        input, has_batch = batched(name, input, axes)
        padding = numbers(padding, axes, "padding")
        pairs = _pairs(name, input.array.shape[2:], kernel, stride, padding, (1,) * axes, ceil_mode)
        counted = tuple((p, p) if count_include_pad else (0, 0) for p in padding)
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
        y = ops.avg_pool(
            input, kernel=kernel, stride=stride, padding=pairs, counted=counted, divisor=divisor_override
        )  # fmt: skip
        return y if has_batch else y.squeeze(0)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""The mean of each window; padding counts as zeros unless `count_include_pad` is False.

    Shapes: input (N, C, {"H, W" if axes == 2 else "L"}) or without N.
    """
    return run


avg_pool2d = _avg_pool(2, "avg_pool2d")
_avg_pool1d = _avg_pool(1, "avg_pool1d")


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window. Shapes: input (N, C, L) or without N.

    >>> import minigrad as mg
    >>> avg_pool1d(mg.tensor([[1.0, 3.0, 5.0, 7.0]]), 2)
    tensor([[2., 6.]])
    """
    return _avg_pool1d(input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _lp_pool(axes, name):
    def run(input, norm_type, kernel_size, stride=None, ceil_mode=False):
        pool = _avg_pool1d if axes == 1 else avg_pool2d
        means = pool(input**norm_type, kernel_size, stride, 0, ceil_mode)
        total = means * prod(numbers(kernel_size, axes, "kernel_size"))
        return (ops.sign(means) * ops.relu(ops.abs(total))) ** (1 / norm_type)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""The norm of each window: (sum x^p)^(1/p) with p = norm_type.

    Shapes: input (N, C, {"H, W" if axes == 2 else "L"}) or without N. A window of zeros has the gradient 0.
    """
    return run


lp_pool1d, lp_pool2d = _lp_pool(1, "lp_pool1d"), _lp_pool(2, "lp_pool2d")


# Adaptive: the output's size is given, the windows follow


def _sizes(name, output_size, input, axes):
    if output_size is None and axes == 1:
        raise TypeError(f"{name}(): output_size must be a whole number, not None")
    if not input.is_floating_point():
        raise DtypeError(f"{name}() is not defined for {input.dtype}. Use .float() first.")
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * axes
    if len(given) != axes or any(n is not None and n < 0 for n in given):
        raise RuntimeError(f"{name}(): output_size must be {axes} numbers from 0 up, not {tuple(given)}")
    return tuple(n if wanted is None else wanted for wanted, n in zip(given, input.shape[2:], strict=True))


def _even(given, sizes):
    """The kernel, where all windows have one size and do not overlap, else None."""
    if all(out and n % out == 0 for n, out in zip(given, sizes, strict=True)):
        return tuple(n // out for n, out in zip(given, sizes, strict=True))
    return None


def _uneven(input, sizes):
    """All windows with their elements in the last axis, and beside them, which of those count, and their positions.

    Windows have different lengths: the shorter ones are filled up with their last element, which then does not count.
    """
    xp, index, counts, position = module_of(input.array), [], True, 0
    for axis, (n, out) in enumerate(zip(input.shape[2:], sizes, strict=True)):
        edges = [(i * n // out, -(-(i + 1) * n // out)) for i in range(out)]
        longest = max((end - start for start, end in edges), default=1)
        shape = [1] * (2 * len(sizes))
        shape[axis], shape[len(sizes) + axis] = out, longest
        places = [[min(start + k, end - 1) for k in range(longest)] for start, end in edges]
        index.append(xp.asarray(places, "int64").reshape(shape))
        real = [[start + k < end for k in range(longest)] for start, end in edges]
        counts = counts & xp.asarray(real, "bool").reshape(shape)
        position = position * n + index[-1]
    windows = ops.index(input, index=(slice(None), slice(None), *index))
    lead = (*input.shape[:2], *sizes, prod(windows.shape[2 + len(sizes) :]))
    return windows.reshape(*lead), counts.reshape(*sizes, lead[-1]), position.reshape(*sizes, lead[-1])


def _adaptive_avg(axes, name):
    def run(input, output_size):
        input, has_batch = batched(name, input, axes)
        sizes = _sizes(name, output_size, input, axes)
        kernel, none = _even(input.shape[2:], sizes), ((0, 0),) * axes
        if kernel:
            y = ops.avg_pool(input, kernel=kernel, stride=kernel, padding=none, counted=none)
        else:
            windows, counts, _ = _uneven(input, sizes)
            y = ops.where(Tensor(counts), windows, 0).sum(-1) / Tensor(counts.sum(-1).astype(input.array.dtype))
        return y if has_batch else y.squeeze(0)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = "The mean over windows chosen so that the output has the given size; None keeps a size."
    return run


adaptive_avg_pool1d = _adaptive_avg(1, "adaptive_avg_pool1d")
adaptive_avg_pool2d = _adaptive_avg(2, "adaptive_avg_pool2d")


def _adaptive_max(axes, name):
    def run(input, output_size, return_indices=False):
        input, has_batch = batched(name, input, axes)
        sizes = _sizes(name, output_size, input, axes)
        kernel = _even(input.shape[2:], sizes)
        if kernel:
            y, index = (max_pool1d if axes == 1 else max_pool2d)(input, kernel, return_indices=True)
        else:
            windows, _, position = _uneven(input, sizes)
            y, best = windows.max(dim=-1)
            xp = module_of(position)
            position = xp.broadcast_to(position, windows.shape)
            index = Tensor(xp.take_along_axis(position, best._numbers()[..., None], -1)[..., 0])
        y, index = (y, index) if has_batch else (y.squeeze(0), index.squeeze(0))
        return (y, index) if return_indices else y

    run.__name__ = run.__qualname__ = name
    run.__doc__ = "The largest over windows chosen so that the output has the given size; None keeps a size."
    return run


adaptive_max_pool1d = _adaptive_max(1, "adaptive_max_pool1d")
adaptive_max_pool2d = _adaptive_max(2, "adaptive_max_pool2d")
