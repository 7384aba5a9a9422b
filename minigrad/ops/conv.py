"""Convolution, and the two ops that are its derivatives: windows of the input against the kernel, as a matrix product.

Each of the three is linear in both operands, and each one's derivatives are the other two. So there is no fourth.
Shapes: x (N, C, *sizes), weight (O, C / groups, *kernel), y (N, O, *out); any number of axes.
"""

from math import prod

from ..op import op
from .index import index
from .windows import add_wide_windows, add_windows, copied_windows

__all__ = ["convolution", "convolution_input", "convolution_weight"]

_SMALL = 1000  # numbers in the gradient of a kernel up to which BLAS minds little which of its two operands comes first


def _columns(xp, x, kernel, stride, padding, dilation, groups):
    """(N, groups, C / groups * kernel, windows), and how many windows there are along each axis."""
    seen = copied_windows(xp, x, kernel, stride, padding, dilation)
    out = seen.shape[2 + len(kernel) :]
    return seen.reshape(len(x), groups, x.shape[1] // groups * prod(kernel), prod(out)), out


def _matrix(weight, groups):
    return weight.reshape(groups, weight.shape[0] // groups, prod(weight.shape[1:]))


@op(kind="matmul", onnx="Conv", broadcasts=False)
def convolution(xp, x, weight, /, stride, padding, dilation, groups):
    """Each window of x times each kernel: what conv1d and conv2d compute (a cross-correlation, as everywhere).

    Shapes: x (N, C, *sizes), weight (O, C / groups, *kernel) -> (N, O, *out)
    Errors: ShapeError when the kernel is larger than the padded input.
    Source: Dumoulin & Visin (2016), "A guide to convolution arithmetic for deep learning".
    """
    columns, out = _columns(xp, x, weight.shape[2:], stride, padding, dilation, groups)
    return xp.matmul(_matrix(weight, groups), columns).reshape(len(x), len(weight), *out)


@op(kind="matmul", onnx="ConvTranspose", broadcasts=False)
def convolution_input(xp, seen, weight, /, sizes, stride, padding, dilation, groups):
    """From windows back to the input, added where they overlap: what conv_transpose computes.

    Shapes: seen (N, O, *out), weight (O, C / groups, *kernel) -> (N, C, *sizes)
    """
    out, kernel = seen.shape[2:], weight.shape[2:]
    wide = stride == (1,) * len(out) != (1,) and xp.__name__ == "numpy" and xp.isfinite(weight).all()  # times 0 is 0
    if wide:  # 0.65 to 0.95 of the time
        seen = _widened(xp, seen, sizes[-1] + sum(padding[-1]))
    rows = seen.reshape(len(seen), groups, seen.shape[1] // groups, prod(seen.shape[2:]))
    columns = xp.matmul(_matrix(weight, groups).swapaxes(-1, -2), rows)
    columns = columns.reshape(len(seen), groups * weight.shape[1], *kernel, *seen.shape[2:])
    if wide:
        return add_wide_windows(xp, columns, sizes, padding, dilation)
    return add_windows(xp, columns, sizes, stride, padding, dilation)


def _widened(xp, seen, width):
    """With zeros behind the last axis, up to this width."""
    if seen.shape[-1] == width:
        return seen
    made = xp.zeros((*seen.shape[:-1], width), seen.dtype)
    made[..., : seen.shape[-1]] = seen
    return made


@op(kind="matmul", broadcasts=False)
def convolution_weight(xp, seen, x, /, kernel, stride, padding, dilation, groups):
    """Each window of x weighed by what was seen there, and added: the gradient of a kernel.

    Shapes: seen (N, O, *out), x (N, C, *sizes) -> (O, C / groups, *kernel)
    """
    columns, out = _columns(xp, x, kernel, stride, padding, dilation, groups)
    rows = seen.reshape(len(seen), groups, seen.shape[1] // groups, prod(out))
    if rows.shape[-2] * columns.shape[-2] > _SMALL:
        each = xp.matmul(columns, rows.swapaxes(2, 3)).sum(axis=0).swapaxes(1, 2)
    else:
        each = xp.matmul(rows, columns.swapaxes(2, 3)).sum(axis=0)
    return each.reshape(seen.shape[1], x.shape[1] // groups, *kernel)


convolution.vjp(
    x=lambda g, weight, x_shape, stride, padding, dilation, groups, xp: convolution_input.on(
        xp, g, weight, sizes=tuple(x_shape[2:]), stride=stride, padding=padding, dilation=dilation, groups=groups),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups, xp: convolution_weight.on(
        xp, g, x, kernel=tuple(weight_shape[2:]), stride=stride, padding=padding, dilation=dilation, groups=groups),
)  # fmt: skip


def _without_rest(xp, g, out, kernel, stride, padding, dilation):
    """g, and its padding, cut to `out` windows: more of them fit where output_padding is as large as the stride."""
    if all(d <= s for d, s in zip(dilation, stride, strict=True)):  # output_padding is less than the larger of them
        return g, padding
    ends, pairs = [], []
    for n, count, k, s, (before, after), d in zip(g.shape[2:], out, kernel, stride, padding, dilation, strict=True):
        rest = n + before + after - (count - 1) * s - d * (k - 1) - 1
        ends.append(n - max(rest - after, 0))
        pairs.append((before, max(after - rest, 0)))
    if tuple(ends) != tuple(g.shape[2:]):
        g = index.on(xp, g, index=(slice(None), slice(None), *(slice(0, end) for end in ends)))
    return g, tuple(pairs)


def _seen_rule(g, weight, seen_shape, stride, padding, dilation, groups, xp):
    g, padding = _without_rest(xp, g, seen_shape[2:], weight.shape[2:], stride, padding, dilation)
    return convolution.on(xp, g, weight, stride=stride, padding=padding, dilation=dilation, groups=groups)


def _kernel_rule(g, seen, weight_shape, stride, padding, dilation, groups, xp):
    kernel = tuple(weight_shape[2:])
    g, padding = _without_rest(xp, g, seen.shape[2:], kernel, stride, padding, dilation)
    return convolution_weight.on(xp, seen, g, kernel=kernel, stride=stride, padding=padding, dilation=dilation,
                                 groups=groups)  # fmt: skip


convolution_input.vjp(seen=_seen_rule, weight=_kernel_rule)
convolution_weight.vjp(
    seen=lambda g, x, stride, padding, dilation, groups, xp: convolution.on(
        xp, x, g, stride=stride, padding=padding, dilation=dilation, groups=groups),
    x=lambda g, seen, x_shape, stride, padding, dilation, groups, xp: convolution_input.on(
        xp, seen, g, sizes=tuple(x_shape[2:]), stride=stride, padding=padding, dilation=dilation, groups=groups),
)  # fmt: skip
