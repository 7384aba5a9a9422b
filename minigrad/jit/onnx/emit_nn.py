"""Products, convolutions, pooling, recurrent layers and losses as ONNX."""

from __future__ import annotations

import math

import numpy as np

from ...ops.pool import _shares
from ...ops.windows import out_sizes
from ..lengths import Repeated
from .blocks import loop
from .emit_shape import known, numbered, put, zeros
from .formulas import XP, log1p, maximum
from .table import emits


@emits("matmul")
def matmul(a, b):
    """The product of matrices."""
    return a.b.op("MatMul", a, b)


@emits("linear")
def linear(x, weight, bias):
    """One Gemm for rows; else a product and a sum."""
    if x.ndim == 2 and x.dtype.kind == "f":
        return x.b.op("Gemm", x, weight, bias, transB=1)
    return x.b.op("MatMul", x, weight.transpose((1, 0))) + bias


@emits("det")
def det(x):
    """ONNX has it."""
    return x.b.op("Det", x)


@emits("detsign")
def detsign(x):
    """The sign of it."""
    return XP.sign(x.b.op("Det", x))


# Windows


def pads(padding):
    """((before, after), ...) as ONNX wants it: all befores, then all afters."""
    return [before for before, _ in padding] + [after for _, after in padding]


@emits("convolution")
def convolution(x, weight, stride, padding, dilation, groups):
    """Conv."""
    if 0 in x.known:
        sizes = out_sizes(known(x, range(2, x.ndim)), weight.known[2:], stride, padding, dilation)
        return zeros(x.b, (x.shape[0], weight.shape[0], *sizes), x.dtype)
    return x.b.op("Conv", x, weight, strides=stride, pads=pads(padding), dilations=dilation, group=groups,
                  kernel_shape=known(weight, range(2, weight.ndim)))  # fmt: skip


@emits("convolution_input")
def convolution_input(seen, weight, sizes, stride, padding, dilation, groups):
    """ConvTranspose, told how long the result is."""
    kernel, out = known(weight, range(2, weight.ndim)), known(seen, range(2, seen.ndim))
    if 0 in seen.known:
        return zeros(seen.b, (seen.shape[0], weight.known[1] * groups, *sizes), seen.dtype)
    more = [n - ((m - 1) * s + d * (k - 1) + 1 - before - after) for n, m, s, d, k, (before, after) in
            zip(sizes, out, stride, dilation, kernel, padding, strict=True)]  # fmt: skip
    return seen.b.op("ConvTranspose", seen, weight, strides=stride, pads=pads(padding), dilations=dilation,
                     group=groups, kernel_shape=kernel, output_padding=more)  # fmt: skip


def bordered(x, padding, value=0):
    """x with a border on all axes but the first two."""
    if not any(map(any, padding)):
        return x
    return x.b.op(
        "Pad", x, [0, 0, *[b for b, _ in padding], 0, 0, *[a for _, a in padding]], x.b.constant(value, x.dtype)
    )


@emits("im2col")
def im2col(x, kernel, stride, padding, dilation):
    """Windows as columns: one look-up in the padded plane."""
    sizes = known(x, range(2, x.ndim))
    counts = out_sizes(sizes, kernel, stride, padding, dilation)
    full = [n + before + after for n, (before, after) in zip(sizes, padding, strict=True)]
    places = np.zeros((1,) * (2 * len(kernel)), np.int64)
    for i, (k, n, s, d) in enumerate(zip(kernel, counts, stride, dilation, strict=True)):
        step, axes = math.prod(full[i + 1 :]), [1] * (2 * len(kernel))
        axes[i] = k
        places = places + (np.arange(k) * d * step).reshape(axes)
        axes[i], axes[i + len(kernel)] = 1, n
        places = places + (np.arange(n) * s * step).reshape(axes)
    flat = bordered(x, padding).reshape((x.shape[0], x.shape[1], math.prod(full)))
    places = places.reshape(math.prod(kernel), math.prod(counts))
    found = x.b.op("Gather", flat, x.b.constant(places), axis=2)
    return found.reshape((x.shape[0], known(x, (1,))[0] * math.prod(kernel), math.prod(counts)))


@emits("col2im")
def col2im(x, sizes, kernel, stride, padding, dilation):
    """ONNX has it for planes. Else: to the places that windows of 0, 1, 2 ... name, then the border goes."""
    if len(sizes) != 2 or any(before != after for before, after in padding):
        full = [n + before + after for n, (before, after) in zip(sizes, padding, strict=True)]
        shape = (x.shape[0], known(x, (1,))[0] // math.prod(kernel), *full)
        places = im2col(numbered(x.b, shape), kernel, stride, ((0, 0),) * len(kernel), dilation)
        made = put(zeros(x.b, shape, x.dtype), places, x, add=True)
        for d, (n, (before, _)) in enumerate(zip(sizes, padding, strict=True)):
            made = made.part(d + 2, before, before + n)
        return made
    return x.b.op("Col2Im", x, list(sizes), list(kernel), strides=stride, pads=pads(padding), dilations=dilation)


@emits("convolution_weight")
def convolution_weight(seen, x, kernel, stride, padding, dilation, groups):
    """What was seen times the windows, added over all samples."""
    n, outputs, inputs = seen.shape[0], *known(seen, (1,)), *known(x, (1,))
    windows = math.prod(known(seen, range(2, seen.ndim)))
    columns = im2col(x, kernel, stride, padding, dilation)
    columns = columns.reshape((n, groups, inputs // groups * math.prod(kernel), windows))
    rows = seen.reshape((n, groups, outputs // groups, windows))
    found = x.b.op("MatMul", rows, columns.transpose((0, 1, 3, 2))).sum(axis=0)
    return found.reshape((outputs, inputs // groups, *kernel))


@emits("max_pool")
def max_pool(x, kernel, stride, padding, dilation):
    """MaxPool."""
    return x.b.op("MaxPool", x, kernel_shape=kernel, strides=stride, pads=pads(padding), dilations=dilation)


@emits("max_index")
def max_index(x, largest, kernel, stride, padding, dilation):
    """MaxPool's other result counts through all planes; here each has places of its own."""
    _, places = x.b.op("MaxPool", x, outputs=2, kernel_shape=kernel, strides=stride, pads=pads(padding),
                       dilations=dilation)  # fmt: skip
    return XP.remainder(places, math.prod(known(x, range(2, x.ndim))))


@emits("avg_pool")
def avg_pool(x, kernel, stride, padding, counted, divisor=None):
    """AveragePool, where it counts as here; else sums over what is to be divided by."""
    none = ((0, 0),) * len(kernel)
    if divisor is None and counted in (padding, none):
        return x.b.op("AveragePool", x, kernel_shape=kernel, strides=stride, pads=pads(padding),
                      count_include_pad=int(counted == padding))  # fmt: skip
    sums = x.b.op("AveragePool", bordered(x, padding), kernel_shape=kernel, strides=stride) * math.prod(kernel)
    shares = _shares(np, x.dtype, known(x, range(2, x.ndim)), kernel, stride, padding, counted, divisor)
    return sums / (shares if divisor is not None else x.b.sym(shares, x.dtype))


@emits("avg_unpool")
def avg_unpool(g, sizes, kernel, stride, padding, counted, divisor=None):
    """The way back: a transposed convolution with a kernel of ones, plane by plane."""
    shares = _shares(np, g.dtype, sizes, kernel, stride, padding, counted, divisor)
    g = g / (shares if divisor is not None else g.b.sym(shares, g.dtype))
    planes = g.reshape((-1, 1, *known(g, range(2, g.ndim))))
    ones = g.b.constant(np.ones((1, 1, *kernel)), g.dtype)
    made = convolution_input(planes, ones, sizes, stride, padding, (1,) * len(kernel), 1)
    return made.reshape((g.shape[0], g.shape[1], *sizes))


# Recurrent layers: a Loop over the steps where all are alike, else one step behind the other


def _steps(given, sizes, step, states):
    """step(rows of this step, *states) -> states; each kind of state of all steps, one behind the other."""
    if isinstance(sizes, Repeated):
        shape = sizes.count, sizes.number, given.shape[1]
        rows = given.reshape(shape)
        rows.known = tuple(n if isinstance(n, int) else None for n in shape)
        return loop(given.b, rows, step, states)
    b, n = given.b, sizes[0]
    if len(sizes) > 1 and sizes[-1] == n:
        return loop(b, given.reshape((len(sizes), n, given.shape[1])), step, states)
    made, start = [], 0
    for n in sizes:
        states = step(given.part(0, start, start + n), *[s.part(0, 0, n) if s.known[0] != n else s for s in states])
        made.append(states)
        start += n
    return [b.op("Concat", *each, axis=0) if len(each) > 1 else each[0] for each in zip(*made, strict=True)]


def _gates(x, count):
    width = known(x, (1,))[0] // count
    return [x.part(1, i * width, (i + 1) * width) for i in range(count)]


def _sigmoid(x):
    return x.b.op("Sigmoid", x)


@emits("rnn")
def rnn(gi, h, weight, bias, sizes, relu=False):
    """h' = tanh(gi + h W^T + b)."""

    def step(given, h):
        return [
            XP.maximum(pre, 0) if relu else XP.tanh(pre)
            for pre in [given + given.b.op("Gemm", h, weight, bias, transB=1)]
        ]

    return _steps(gi, sizes, step, [h])[0]


@emits("gru")
def gru(gi, h, weight, bias, sizes):
    """Gates r, z and proposal n."""

    def step(given, h):
        mine, theirs = _gates(given, 3), _gates(given.b.op("Gemm", h, weight, bias, transB=1), 3)
        r, z = (_sigmoid(a + b) for a, b in zip(mine[:2], theirs[:2], strict=True))
        n = XP.tanh(mine[2] + r * theirs[2])
        return [(h - n) * z + n]

    return _steps(gi, sizes, step, [h])[0]


@emits("lstm")
def lstm(gi, h, c, weight, bias, sizes):
    """Gates i, f, proposal g and gate o."""

    def step(given, h, c):
        i, f, g, o = _gates(given + given.b.op("Gemm", h, weight, bias, transB=1), 4)
        c = _sigmoid(f) * c + _sigmoid(i) * XP.tanh(g)
        return [_sigmoid(o) * XP.tanh(c), c]

    h, c = _steps(gi, sizes, step, [h, c])
    return h.b.op("Concat", h.expand(0), c.expand(0), axis=0)


# Losses


def _reduced(losses, reduction):
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / losses.shape[0] if losses.ndim else losses


@emits("nll_loss")
def nll_loss(log_probability, target, reduction="mean"):
    """Minus the logarithm that stands at the right class."""
    found = log_probability.b.op("GatherElements", log_probability, target.astype(np.int64).expand(-1), axis=-1)
    return _reduced(-found.without(-1), reduction)


@emits("cross_entropy")
def cross_entropy(scores, target, reduction="mean"):
    """nll_loss of log_softmax."""
    return nll_loss(scores.b.op("LogSoftmax", scores, axis=-1), target, reduction)


@emits("binary_cross_entropy")
def binary_cross_entropy(p, target):
    """Logarithms count as no less than -100."""
    return (target - 1) * maximum(log1p(-p), -100) - target * maximum(XP.log(p), -100)
