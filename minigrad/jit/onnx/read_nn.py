"""Reading products, convolutions, pooling, normalisation and recurrent layers."""

from __future__ import annotations

import math

import numpy as np

from ...ops.windows import out_sizes
from .limits import demand
from .protos import Unread, Var, reads
from .read_cells import step_by_step
from .read_math import cast_to

# Products


@reads("Gemm")
def gemm(r, node, a, b, c=None, alpha=1.0, beta=1.0, transA=0, transB=0, **_):
    """A linear layer where it is one; else a product, with factors."""
    a = r.step("permute", a, dims=(1, 0)) if transA else a
    if transB and c is not None and alpha == beta == 1 and c.ndim == 1 and b.shape and c.shape == b.shape[:1]:
        return r.step("linear", a, b, c)
    product = r.step("matmul", a, r.step("permute", b, dims=(1, 0)) if transB else b)
    product = product if alpha == 1 else r.step("mul", product, alpha)
    if c is None or beta == 0:
        return product
    return r.step("add", product, c if beta == 1 else r.step("mul", c, beta))


@reads("Einsum")
def einsum(r, node, *inputs, equation):
    """Both operands to the same axes in order, a product, and a sum; one after the other."""
    left, _, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    demand(len(terms) == len(inputs), "Einsum has another number of terms than of operands")
    dots = max(x.ndim - len(t.replace("...", "")) for t, x in zip(terms, inputs, strict=True))
    letters = [chr(0x3B1 + i) for i in range(dots)]  # Greek ones stand for the dots

    def spelled(term, axes=None):
        count = dots if axes is None else axes - len(term.replace("...", ""))
        return term.replace("...", "".join(letters[dots - count :]))

    terms = [spelled(t, x.ndim) for t, x in zip(terms, inputs, strict=True)]
    if "->" not in equation:
        once = sorted(c for c in set("".join(terms)) if "".join(terms).count(c) == 1 and c not in letters)
        right = "".join(letters) + "".join(once)
    else:
        right = spelled(right)
    every = right + "".join(sorted(set("".join(terms)) - set(right)))
    found = None
    for x, term in zip(inputs, terms, strict=True):
        for c in [c for c in set(term) if term.count(c) > 1]:  # a letter twice: the diagonal
            i, j = term.index(c), term.rindex(c)
            x = r.step("diagonal", x, offset=0, dim1=i, dim2=j)
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + c
            if c in term[:-1]:
                raise Unread("an axis three times in one operand")
        order = [term.index(c) for c in every if c in term]
        x = r.step("permute", x, dims=tuple(order))
        for i, c in enumerate(every):
            x = x if c in term else r.step("unsqueeze", x, dim=i)
        found = x if found is None else r.step("mul", found, x)
    summed = tuple(range(len(right), len(every)))
    return cast_to(r, r.step("sum", found, dim=summed), inputs[0].dtype) if summed else found


# Windows


def geometry(x, kernel, strides=None, pads=None, dilations=None, auto_pad="NOTSET", ceil_mode=0):
    """(stride, padding, dilation, what is to be added behind for windows that reach over the edge)."""
    n = len(kernel)
    stride, dilation = tuple(strides or [1] * n), tuple(dilations or [1] * n)
    sizes = x.shape[2:] if x.shape is not None else (None,) * n
    span = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        demand(None not in sizes, "the sizes have to be known for auto_pad")
        padding = []
        for size, s, k in zip(sizes, stride, span, strict=True):
            more = max((-(-size // s) - 1) * s + k - size, 0)
            padding.append((more // 2, more - more // 2) if auto_pad == "SAME_UPPER" else (more - more // 2, more // 2))
        padding = tuple(padding)
    else:
        pads = pads or [0] * (2 * n)
        padding = tuple(zip(pads[:n], pads[n:], strict=True))
    over = [0] * n
    if ceil_mode:
        demand(None not in sizes, "the sizes have to be known for ceil_mode")
        for i, (size, s, k, (b, a)) in enumerate(zip(sizes, stride, span, padding, strict=True)):
            count = -(-(size + b + a - k) // s) + 1
            if (count - 1) * s >= size + b:  # a window that would begin behind the edge
                count -= 1
            over[i] = max((count - 1) * s + k - size - b - a, 0)
    wide = tuple((b, a + o) for (b, a), o in zip(padding, over, strict=True))
    return stride, padding, dilation, wide


def border(r, x, padding):
    """As limits want to know: no padding out of all proportion."""
    r.may_make([b + a + (n or 1) for n, (b, a) in zip(x.shape[2:], padding, strict=True)], "a border")


@reads("Conv")
def conv(r, node, x, weight, bias=None, kernel_shape=None, strides=None, pads=None, dilations=None, auto_pad="NOTSET",
         group=1):  # fmt: skip
    """A convolution, and a sum."""
    kernel = kernel_shape or weight.shape[2:]
    stride, padding, dilation, _ = geometry(x, kernel, strides, pads, dilations, auto_pad)
    border(r, x, padding)
    y = r.step("convolution", x, weight, stride=stride, padding=padding, dilation=dilation, groups=group)
    return y if bias is None else r.step("add", y, r.step("reshape", bias, shape=(-1, *[1] * len(kernel))))


@reads("ConvTranspose")
def conv_transpose(r, node, x, weight, bias=None, kernel_shape=None, strides=None, pads=None, dilations=None, group=1,
                   auto_pad="NOTSET", output_padding=None, output_shape=None):  # fmt: skip
    """The way back of a convolution: the sizes follow, or say what the padding is."""
    kernel = tuple(kernel_shape or weight.shape[2:])
    n = len(kernel)
    stride, dilation = tuple(strides or [1] * n), tuple(dilations or [1] * n)
    more, pads = output_padding or [0] * n, pads or [0] * (2 * n)
    demand(x.shape is not None and None not in x.shape[2:], "the sizes have to be known")
    whole = [(m - 1) * s + d * (k - 1) + 1 + o for m, s, d, k, o in
             zip(x.shape[2:], stride, dilation, kernel, more, strict=True)]  # fmt: skip
    if output_shape or auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        sizes = (
            tuple(output_shape[-n:]) if output_shape else tuple(m * s for m, s in zip(x.shape[2:], stride, strict=True))
        )
        cut = [w - size for w, size in zip(whole, sizes, strict=True)]
        upper = auto_pad == "SAME_UPPER"
        padding = tuple((c // 2, c - c // 2) if upper else (c - c // 2, c // 2) for c in cut)
    else:
        padding = tuple(zip(pads[:n], pads[n:], strict=True))
        sizes = tuple(w - b - a for w, (b, a) in zip(whole, padding, strict=True))
    r.may_make(sizes, "ConvTranspose")
    beyond = [max(-p, 0) for pair in reversed(padding) for p in pair]  # where the output goes on and no window reaches
    padding = tuple((max(b, 0), max(a, 0)) for b, a in padding)
    reached = tuple(w - b - a for w, (b, a) in zip(whole, padding, strict=True))
    y = r.step(
        "convolution_input", x, weight, sizes=reached, stride=stride, padding=padding, dilation=dilation, groups=group
    )
    y = r.step("pad", y, pad=tuple(beyond)) if any(beyond) else y
    return y if bias is None else r.step("add", y, r.step("reshape", bias, shape=(-1, *[1] * n)))


@reads("MaxPool")
def max_pool(r, node, x, kernel_shape=None, strides=None, pads=None, dilations=None, auto_pad="NOTSET", ceil_mode=0,
             storage_order=0):  # fmt: skip
    """The largest of each window; where it stands counts through all planes."""
    kernel = tuple(kernel_shape)
    stride, _, dilation, padding = geometry(x, kernel, strides, pads, dilations, auto_pad, ceil_mode)
    border(r, x, padding)
    if x.dtype.kind != "f":
        found = max_pool(r, None, _as(r, x, "float64"), kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
        return cast_to(r, found, x.dtype)
    how = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    y = r.step("max_pool", x, **how)
    if node is None or len(node.output) < 2:
        return y
    demand(None not in x.shape, "the sizes have to be known")
    r.may_make(x.shape[:2], "MaxPool")
    places = r.step("max_index", x, y, **how)
    area, planes = math.prod(x.shape[2:]), math.prod(x.shape[:2])
    if storage_order:  # columns first
        h, w = x.shape[2], math.prod(x.shape[3:])
        places = r.step("add", r.step("mul", r.step("remainder", places, w), h), r.step("floor_quotient", places, w))
    first = (np.arange(planes) * area).reshape(x.shape[0], x.shape[1], *[1] * len(kernel))
    return [y, r.step("add", places, r.constant(first, np.int64))]


def _as(r, x, dtype):
    made = cast_to(r, x, dtype)
    made.dtype, made.shape = np.dtype(dtype), x.shape
    return made


@reads("AveragePool")
def avg_pool(r, node, x, kernel_shape=None, strides=None, pads=None, dilations=None, auto_pad="NOTSET", ceil_mode=0,
             count_include_pad=0):  # fmt: skip
    """The mean of each window; with dilation by a sum over the kernel."""
    kernel = tuple(kernel_shape)
    stride, padding, dilation, wide = geometry(x, kernel, strides, pads, dilations, auto_pad, ceil_mode)
    border(r, x, wide)
    if any(d != 1 for d in dilation):
        return _dilated_mean(r, x, kernel, stride, padding, dilation, wide, count_include_pad)
    counted = padding if count_include_pad else ((0, 0),) * len(kernel)
    return r.step("avg_pool", x, kernel=kernel, stride=stride, padding=wide, counted=counted)


def _dilated_mean(r, x, kernel, stride, padding, dilation, wide, include):
    demand(None not in x.shape, "the sizes have to be known")
    r.may_make([math.prod(x.shape[2:]) + math.prod(kernel) + sum(map(sum, padding))], "AveragePool")
    planes = r.step("reshape", x, shape=(-1, 1, *x.shape[2:]))
    ones = np.ones((1, 1, *kernel), x.dtype)
    how = {"stride": stride, "padding": wide, "dilation": dilation, "groups": 1}
    sums = r.step("convolution", planes, r.constant(ones), **how)
    there = np.ones((1, 1, *x.shape[2:]), x.dtype)
    if include:
        there = np.pad(there, ((0, 0), (0, 0), *padding), constant_values=1)
        how["padding"] = tuple((b - c, a - d) for (b, a), (c, d) in zip(wide, padding, strict=True))
    counts = r.step("convolution", r.constant(there), r.constant(ones), **how)
    out = out_sizes(x.shape[2:], kernel, stride, wide, dilation)
    return r.step("reshape", r.step("div", sums, counts), shape=(*x.shape[:2], *out))


@reads("GlobalAveragePool", "GlobalMaxPool")
def global_pool(r, node, x):
    """Over all places."""
    return r.step("mean" if "Average" in node.op_type else "amax", x, dim=tuple(range(2, x.ndim)), keepdim=True)


@reads("GlobalLpPool", "LpPool")
def lp_pool(
    r, node, x, p=2, kernel_shape=None, strides=None, pads=None, dilations=None, auto_pad="NOTSET", ceil_mode=0
):
    """Powers, added up in each window, and the root."""
    powers = r.step("pow", r.step("abs", x), float(p))
    powers.dtype, powers.shape = x.dtype, x.shape
    if node.op_type == "GlobalLpPool":
        return r.step("pow", r.step("sum", powers, dim=tuple(range(2, x.ndim)), keepdim=True), 1 / p)
    kernel = tuple(kernel_shape)
    stride, _, dilation, wide = geometry(x, kernel, strides, pads, dilations, auto_pad, ceil_mode)
    r.may_make(kernel, "LpPool")
    planes = r.step("reshape", powers, shape=(-1, 1, *x.shape[2:]))
    ones = r.constant(np.ones((1, 1, *kernel), x.dtype))
    sums = r.step("convolution", planes, ones, stride=stride, padding=wide, dilation=dilation, groups=1)
    out = out_sizes(x.shape[2:], kernel, stride, wide, dilation)
    return r.step("pow", r.step("reshape", sums, shape=(*x.shape[:2], *out)), 1 / p)


@reads("Col2Im")
def col2im(r, node, x, image, block, dilations=None, pads=None, strides=None):
    """The record has it."""
    sizes, kernel = r.ints(image), r.ints(block)
    n = len(sizes)
    if not any(isinstance(n, Var) for n in sizes):
        r.may_make(sizes, "Col2Im")
    pads = pads or [0] * (2 * n)
    return r.step("col2im", x, sizes=tuple(sizes), kernel=tuple(kernel), stride=tuple(strides or [1] * n),
                  padding=tuple(zip(pads[:n], pads[n:], strict=True)),
                  dilation=tuple(dilations or [1] * n))  # fmt: skip


# Normalisation


def _channels(r, x, of):
    return r.step("reshape", x, shape=(-1, *[1] * (of.ndim - 2))) if of.ndim > 2 else x


@reads("BatchNormalization")
def batch_norm(r, node, x, scale, bias, mean, var, epsilon=1e-5, momentum=0.9, training_mode=0, **_):
    """With the mean and variance that were learnt, or those of the batch."""
    dims = (0, *range(2, x.ndim))
    if not training_mode:
        far = r.step("sub", x, _channels(r, mean, x))
        spread = r.step("sqrt", r.step("add", _channels(r, var, x), epsilon))
        y = r.step("div", r.step("mul", far, _channels(r, scale, x)), spread)
        return r.step("add", y, _channels(r, bias, x))
    y = r.step("standardize", x, dim=dims, eps=epsilon)
    y = r.step("add", r.step("mul", y, _channels(r, scale, x)), _channels(r, bias, x))
    news = [r.step("mean", x, dim=dims), r.step("var", x, dim=dims, correction=0)]
    mixed = [r.step("add", r.step("mul", old, momentum), r.step("mul", new, 1 - momentum))
             for old, new in zip((mean, var), news, strict=True)]  # fmt: skip
    return [y, *mixed]


@reads("InstanceNormalization")
def instance_norm(r, node, x, scale, bias, epsilon=1e-5):
    """Each channel of each sample by itself."""
    y = r.step("standardize", x, dim=tuple(range(2, x.ndim)), eps=epsilon)
    return r.step("add", r.step("mul", y, _channels(r, scale, x)), _channels(r, bias, x))


@reads("LayerNormalization")
def layer_norm(r, node, x, scale, bias=None, axis=-1, epsilon=1e-5, stash_type=1):
    """Over the axes from `axis` on."""
    dims = tuple(range(axis % x.ndim, x.ndim))
    y = r.step("mul", r.step("standardize", x, dim=dims, eps=epsilon), scale)
    y = y if bias is None else r.step("add", y, bias)
    if len(node.output) < 2:
        return y
    mean = r.step("mean", x, dim=dims, keepdim=True)
    var = r.step("var", x, dim=dims, correction=0, keepdim=True)
    return [y, mean, r.step("rsqrt", r.step("add", var, epsilon))][: len(node.output)]


@reads("LpNormalization")
def lp_norm(r, node, x, axis=-1, p=2):
    """Divided by the length; what is 0 stays."""
    size = r.step("vector_norm", x, ord=p, dim=axis, keepdim=True)
    return r.step("div", x, r.step("where", r.step("eq", size, 0), 1, size))


@reads("LRN")
def lrn(r, node, x, size, alpha=1e-4, beta=0.75, bias=1.0):
    """Divided by what the neighbouring channels are."""
    before, rest = (size - 1) // 2, size - 1 - (size - 1) // 2
    squares = r.step("mul", x, x)
    pad = [0, 0] * (x.ndim - 2) + [before, rest]
    windows = r.step("unfold", r.step("pad", squares, pad=tuple(pad)), dimension=1, size=size, step=1)
    scale = r.step("add", r.step("mul", r.step("sum", windows, dim=-1), alpha / size), bias)
    return r.step("div", x, r.step("pow", scale, beta))


# Recurrent layers

ORDER = {"GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1), "RNN": (0,)}  # minigrad's gates in ONNX's order of them
USUAL = {"GRU": ["sigmoid", "tanh"], "LSTM": ["sigmoid", "tanh", "tanh"], "RNN": ["tanh"]}


@reads("RNN", "GRU", "LSTM")
def recurrent(r, node, x, weight, back, bias=None, lengths=None, h=None, c=None, peephole=None, hidden_size=None,
              direction="forward", layout=0, activations=None, linear_before_reset=0, clip=None, input_forget=0,
              **_):  # fmt: skip
    """Each direction by the record over all steps."""
    kind = node.op_type
    given = [a.lower() for a in activations or USUAL[kind] * 2]
    relu = kind == "RNN" and set(given) == {"relu"}
    if clip is not None or input_forget or (not relu and set(given) != set(USUAL[kind])):
        raise Unread("a way of it that minigrad's layers have not (clip, other activations)")
    plain = peephole is None and (kind != "GRU" or linear_before_reset)
    if layout:
        x = _swapped(r, x)
        h, c = (None if s is None else _swapped(r, s) for s in (h, c))
    demand(None not in x.shape, "the number of steps and sequences has to be known")
    steps, n, _ = x.shape
    if lengths is not None and lengths.const is not None and (lengths.const == steps).all():
        lengths = None
    plain = plain and lengths is None
    demand(steps <= 10_000, f"a recurrent layer over {steps} steps; 10000 are the most")
    width, ways = hidden_size or back.shape[-1], 2 if direction == "bidirectional" else 1
    r.may_make([n, 4 * width + steps], kind)
    backwards = [direction == "reverse" or i == 1 for i in range(ways)]
    if plain:
        outs = [_one_way(r, kind, x, i, weight, back, bias, h, c, width, relu, backwards[i]) for i in range(ways)]
    else:
        demand(steps <= 1000, f"this recurrent layer over {steps} steps; 1000 are the most")
        if relu or (any(backwards) and lengths is not None):
            raise Unread("sequences of different lengths, backwards, or with another activation")
        outs = [
            step_by_step(
                r, kind, x, i, weight, back, bias, lengths, h, c, peephole, width, linear_before_reset, backwards[i]
            )
            for i in range(ways)
        ]
    y = r.step("stack", *[out[0] for out in outs], dim=1)  # (steps, ways, n, width)
    ends = [r.step("stack", *each, dim=0) for each in zip(*[out[1:] for out in outs], strict=True)]
    if layout:
        y = r.step("permute", y, dims=(2, 0, 1, 3))
        ends = [r.step("permute", end, dims=(1, 0, 2)) for end in ends]
    return [y, *ends]


def _swapped(r, x):
    made = r.step("permute", x, dims=(1, 0, 2))
    made.dtype, made.shape = x.dtype, (x.shape[1], x.shape[0], x.shape[2])
    return made


def _one_way(r, kind, x, way, weight, back, bias, h, c, width, relu, backwards):
    steps, n, size = x.shape
    order = ORDER[kind]

    def gates(w):
        """One direction's, in minigrad's order."""
        w = r.step("index", w, index=way)
        parts = [r.step("index", w, index=slice(g * width, (g + 1) * width)) for g in order]
        return parts[0] if len(parts) == 1 else r.step("cat", *parts, dim=0)

    weight, back = gates(weight), gates(back)
    if bias is None:
        ours = theirs = r.constant(np.zeros(len(order) * width, x.dtype))
    else:
        both = r.step("index", bias, index=way)
        ours, theirs = (_reordered(r, both, order, width, i * len(order) * width) for i in (0, 1))
    state = [r.constant(np.zeros((n, width), x.dtype)) if s is None else r.step("index", s, index=way)
             for s in ((h, c) if kind == "LSTM" else (h,))]  # fmt: skip
    x = r.step("flip", x, dims=(0,)) if backwards else x
    rows = r.step("linear", r.step("reshape", x, shape=(steps * n, size)), weight, ours)
    more = {"relu": True} if relu else {}
    y = r.step(kind.lower(), rows, *state, back, theirs, sizes=(n,) * steps, **more)
    cells = None
    if kind == "LSTM":
        y, cells = r.step("index", y, index=0), r.step("index", y, index=1)
    y = r.step("reshape", y, shape=(steps, n, width))
    ends = [r.step("index", y, index=-1)]
    if cells is not None:
        ends.append(r.step("index", r.step("reshape", cells, shape=(steps, n, width)), index=-1))
    return r.step("flip", y, dims=(0,)) if backwards else y, *ends


def _reordered(r, both, order, width, start):
    parts = [r.step("index", both, index=slice(start + g * width, start + (g + 1) * width)) for g in order]
    return parts[0] if len(parts) == 1 else r.step("cat", *parts, dim=0)
