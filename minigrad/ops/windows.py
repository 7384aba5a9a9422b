"""What convolution and pooling have in common: windows that slide over the axes after the first two.

`kernel`, `stride`, `dilation` have one number per axis, `padding` one pair (before, after). A window is never copied to
be looked at: `windows` is a view with other strides. The way back, where windows overlap and add, is one slice per
place in the kernel (25 for 5 x 5), each for all windows at once.
"""

import itertools
from functools import lru_cache

from ..errors import ShapeError
from ..op import op

__all__ = ["col2im", "im2col"]

_MANY = 1 << 15  # numbers in windows from which two copies pay


def out_sizes(sizes, kernel, stride, padding, dilation):
    """How many windows there are along each axis.

    >>> out_sizes((5, 6), (3, 3), (1, 2), ((0, 0), (1, 1)), (1, 1))
    (3, 3)
    """
    return tuple(
        (n + before + after - d * (k - 1) - 1) // s + 1
        for n, k, s, (before, after), d in zip(sizes, kernel, stride, padding, dilation, strict=True)
    )


def _full(sizes, padding):
    return tuple(n + before + after for n, (before, after) in zip(sizes, padding, strict=True))


def padded(xp, x, padding, value=0):
    """x with `value` around it; x itself when there is no padding."""
    if not any(before or after for before, after in padding):
        return x
    out = xp.full((*x.shape[:2], *_full(x.shape[2:], padding)), value, x.dtype)
    out[inside(padding, x.shape[2:])] = x
    return out


def inside(padding, sizes):
    """The index of what is not padding."""
    return (..., *(slice(before, before + n) for (before, _), n in zip(padding, sizes, strict=True)))


def windows(xp, x, kernel, stride, padding, dilation):
    """A view of shape (N, C, *kernel, *how many windows). Errors: ShapeError when the kernel does not fit."""
    sizes = out_sizes(x.shape[2:], kernel, stride, padding, dilation)
    if any(n < 1 for n in sizes):
        full = _full(x.shape[2:], padding)
        span = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        raise ShapeError(
            f"Calculated padded input size per channel: {full}. Kernel size: {span}. Kernel size can't be greater than "
            "actual input size. Use a smaller kernel, or more padding."
        )
    x = padded(xp, x, padding)
    steps = x.strides[2:]
    within = tuple(step * d for step, d in zip(steps, dilation, strict=True))
    between = tuple(step * s for step, s in zip(steps, stride, strict=True))
    return xp.lib.stride_tricks.as_strided(x, (*x.shape[:2], *kernel, *sizes), (*x.strides[:2], *within, *between))


def copied_windows(xp, x, kernel, stride, padding, dilation):
    """`windows` in memory of its own. Of many with two axes, first what each row of windows sees, side by side.

    Then NumPy copies whole planes in place of rows: 0.7 to 0.95 of the time.
    """
    seen = windows(xp, x, kernel, stride, padding, dilation)
    if len(kernel) != 2 or 1 in kernel or stride[0] != dilation[0] or seen.size < _MANY or xp.__name__ != "numpy":
        return xp.ascontiguousarray(seen)
    (n, c, high, wide, rows, run), at = seen.shape, seen.strides
    view = xp.lib.stride_tricks.as_strided
    beside = xp.ascontiguousarray(view(seen, (n, c, wide, high + rows - 1, run), (*at[:2], at[3], at[2], at[5])))
    at = beside.strides
    return xp.ascontiguousarray(view(beside, seen.shape, (*at[:2], at[3], at[2], *at[3:])))


def places(kernel, stride, dilation, sizes):
    """(place in the kernel, index of what all windows have there), in row order; `sizes` is how many windows."""
    return _known_places(tuple(kernel), tuple(stride), tuple(dilation), tuple(sizes))


@lru_cache(64)
def _known_places(kernel, stride, dilation, sizes):
    return [
        (place, (..., *(slice(p * d, p * d + s * (n - 1) + 1, s)
                        for p, d, s, n in zip(place, dilation, stride, sizes, strict=True))))
        for place in itertools.product(*map(range, kernel))
    ]  # fmt: skip


def add_windows(xp, columns, sizes, stride, padding, dilation):
    """The adjoint of `windows`: (N, C, *kernel, *windows) back to (N, C, *sizes), adding where windows overlap."""
    axes = len(sizes)
    kernel, counts = columns.shape[2 : 2 + axes], columns.shape[2 + axes :]
    out = xp.zeros((*columns.shape[:2], *_full(sizes, padding)), columns.dtype)
    for place, index in places(kernel, stride, dilation, counts):
        out[index] += columns[(slice(None), slice(None), *place)]
    return out[inside(padding, sizes)]


def add_wide_windows(xp, columns, sizes, padding, dilation):
    """`add_windows` of windows one apart whose last axis has as many places as the padded input, zeros behind the rest.

    Then the last two axes are one, and NumPy adds long runs of numbers: shape (N, C, *kernel, *windows, full width).
    """
    axes = len(sizes)
    kernel, (*outer, high, wide) = columns.shape[2 : 2 + axes], columns.shape[2 + axes :]
    full, run = _full(sizes, padding), high * wide
    columns = columns.reshape(*columns.shape[: 2 + axes], *outer, run)
    behind = (kernel[-1] - 1) * dilation[-1]  # places of the zeros of the last row
    out = xp.zeros((*columns.shape[:2], *full[:-2], full[-2] * wide + behind), columns.dtype)
    for place in itertools.product(*map(range, kernel)):
        start = place[-2] * dilation[-2] * wide + place[-1] * dilation[-1]
        first = [slice(p * d, p * d + n) for p, d, n in zip(place, dilation, outer, strict=False)]
        part = out[(slice(None), slice(None), *first, slice(start, start + run))]
        part += columns[(slice(None), slice(None), *place)]
    return out[..., : full[-2] * wide].reshape(*out.shape[:2], *full)[inside(padding, sizes)]


@op(kind="shape")
def im2col(xp, x, /, kernel, stride, padding, dilation):
    """All windows, each as a column: PyTorch's `unfold`. Shapes: x (N, C, *sizes) -> (N, C * kernel, windows)."""
    seen = copied_windows(xp, x, kernel, stride, padding, dilation)
    rows = 1
    for n in (x.shape[1], *kernel):
        rows *= n
    columns = 1
    for n in seen.shape[2 + len(kernel) :]:
        columns *= n
    return seen.reshape(len(x), rows, columns)


im2col.vjp(x=lambda g, x_shape, kernel, stride, padding, dilation, xp: col2im.on(
    xp, g, sizes=tuple(x_shape[2:]), kernel=kernel, stride=stride, padding=padding, dilation=dilation))  # fmt: skip


@op(kind="shape", onnx="Col2Im")
def col2im(xp, x, /, sizes, kernel, stride, padding, dilation):
    """Columns back to where they came from, added where windows overlap: PyTorch's `fold`.

    Shapes: x (N, C * kernel, windows) -> (N, C, *sizes)
    """
    counts, area = out_sizes(sizes, kernel, stride, padding, dilation), 1
    for n in kernel:
        area *= n
    x = x.reshape(len(x), x.shape[1] // area, *kernel, *counts)
    return add_windows(xp, x, sizes, stride, padding, dilation)


col2im.vjp(x=lambda g, kernel, stride, padding, dilation, xp: im2col.on(
    xp, g, kernel=kernel, stride=stride, padding=padding, dilation=dilation))  # fmt: skip
