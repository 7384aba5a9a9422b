"""Arithmetic, comparisons, activations, reductions and scans as ONNX."""

from __future__ import annotations

import math

import numpy as np

from ...axes import as_axis
from ...ops.rounding import _left, _whole
from .build import Sym
from .formulas import XP, bool_of, isnan, log, maximum, where
from .table import by_formula, emits

# Arithmetic


@emits("add", "mul")
def sum_or_product(a, b, name):
    """Of truth values: "or" and "and", as NumPy has them."""
    kinds = {"add": ("Add", "Or"), "mul": ("Mul", "And")}[name]
    return a.b.op(kinds[a.dtype.kind == "b"], a, b)


@emits("floor_divide", "floor_quotient")
def whole(a, b):
    """The whole number below the quotient."""
    return _whole(XP, a, b)


@emits("remainder")
def left(a, b):
    """What is left, with the sign of b."""
    return _left(XP, a, b)


@emits("fmod")
def c_remainder(a, b):
    """What is left, with the sign of a."""
    return XP.fmod(a, b)


@emits("trunc_quotient")
def cut_quotient(a, b):
    """ONNX divides whole numbers so."""
    return XP.trunc(a / b) if a.dtype.kind == "f" else a.b.op("Div", a, b)


@emits("pow")
def power(a, b):
    """The usual exponents without a power."""
    given = b.const.item() if b.const is not None and b.const.size == 1 else None
    short = {2: lambda: a * a, 3: lambda: a * a * a, 1: lambda: a, 0.5: lambda: XP.sqrt(a),
             -1: lambda: 1 / a, -0.5: lambda: 1 / XP.sqrt(a)}  # fmt: skip
    if given in short and b.ndim <= a.ndim and (a.dtype.kind == "f" or given in (1, 2, 3)):
        return short[given]()
    if a.dtype.kind == "f":
        return a.b.op("Pow", a, b)
    if a.dtype != np.int64:
        return power(a.astype(np.int64), b.astype(np.int64)).astype(a.dtype)
    if given is not None and given >= 0:
        return a.b.op("Pow", a, b)
    negative = b < 0
    raised = a.b.op("Pow", a, where(negative, -b, b))
    return where(negative & (XP.absolute(a) != 1), 0, raised)


@emits("sign")
def sign(x):
    """0 for nan; truth values are their own sign."""
    return x if x.dtype.kind == "b" else where(isnan(x), 0, XP.sign(x)) if x.dtype.kind == "f" else XP.sign(x)


@emits("nan_to_num")
def finite(x, nan=0.0, posinf=None, neginf=None):
    """Numbers in place of what is none."""
    if x.dtype.kind != "f":
        return x
    ends = np.finfo(x.dtype)
    x = where(isnan(x), 0.0 if nan is None else nan, x)
    x = where(x == math.inf, float(ends.max) if posinf is None else posinf, x)
    return where(x == -math.inf, float(ends.min) if neginf is None else neginf, x)


@emits("where")
def choice(condition, a, b):
    """One or the other."""
    return where(condition, a, b)


@emits("masked_fill")
def filled(x, mask, value):
    """The number where the mask is true."""
    return where(mask, value, x)


def _powers(b):
    """2 ** b as two factors, neither of which is beyond int64; no number has more than 64 bits to be shifted by."""
    b = XP.minimum(b.astype(np.int64), 64)
    half = b.b.op("Div", b, b.b.constant(2))
    return 2**half, 2 ** (b - half)


@emits("bitwise_left_shift")
def up(a, b):
    """Times a power of two: ONNX shifts unsigned numbers only."""
    one, other = _powers(b)
    return (a.astype(np.int64) * one * other).astype(a.dtype)


@emits("bitwise_right_shift")
def down(a, b):
    """Divided by a power of two, and the whole number below, which keeps the sign."""
    one, other = _powers(b)
    return XP.floor_divide(XP.floor_divide(a.astype(np.int64), one), other).astype(a.dtype)


# Copies


@emits("clone", "detach", "backward_hook_function", "to_device")
def same(x, **_):
    """Nothing to do: no value is ever changed."""
    return x


@emits("cast", "to_integer")
def cast(x, dtype):
    """Another dtype."""
    return x.astype(getattr(dtype, "numpy", dtype))


# Activations that ONNX has an operator for, in single precision; in double, runtimes do not: then the formula


@emits("relu")
def relu(x):
    """x above 0."""
    return x.b.op("Relu", x) if x.dtype.kind == "f" else maximum(x, 0)


@emits("sigmoid")
def sigmoid(x):
    """The logistic function."""
    return x.b.op("Sigmoid", x)


def single(kind, when=lambda **_: True, **names):
    """An emitter: ONNX's operator for float32 where `when` says that it means the same, else the record's formula."""

    def enter(name):
        formula = by_formula(name)

        def emit(x, **attributes):
            if x.dtype != np.float32 or not when(**attributes):
                return formula(x, **attributes)
            given = {theirs: attributes.get(ours, usual) for theirs, (ours, usual) in names.items()}
            return x.b.op(kind, x, **given)

        emits(name)(emit)

    return enter


single("LeakyRelu", alpha=("negative_slope", 0.01))("leaky_relu")
single("Elu", lambda scale=1.0, input_scale=1.0, **_: scale == input_scale == 1, alpha=("alpha", 1.0))("elu")
single("Gelu", approximate=("approximate", "none"))("gelu")
single("Softplus", lambda beta=1.0, threshold=20.0: beta == 1 and threshold >= 20)("softplus")
single("Mish")("mish")
single("HardSwish")("hardswish")
single("Erf")("erf")


@emits("softmax", "log_softmax")
def softmax(x, name, dim=-1):
    """Also of a single number."""
    kind = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}[name]
    if x.known == ():
        return x.b.op(kind, x.reshape(1), axis=0).reshape(())
    return x.b.op(kind, x, axis=dim)


# Reductions


def total(x, dim, keepdim):
    """The sum, in a dtype that has room for it."""
    room = "int64" if x.dtype.kind in "iub" else "float32" if x.dtype.itemsize == 2 else None
    return x.sum(axis=as_axis(dim, x.known or (1,)), keepdims=keepdim, dtype=room)


def how_many(x, dim):
    """How many elements go into each result: a number, or a Sym where that is not known."""
    dim = as_axis(dim, x.known or (1,))
    axes = (
        range(x.ndim)
        if dim is None or not x.ndim
        else [d % x.ndim for d in (dim if isinstance(dim, tuple) else (dim,))]
    )
    found = 1
    for d in axes:
        found = x.shape[d] * found
    return found


@emits("sum")
def add_up(x, dim=None, keepdim=False):
    """Whole numbers give int64."""
    return total(x, dim, keepdim).astype("float16" if x.dtype.char == "e" else
                                         x.dtype if x.dtype.kind == "f" else "int64")  # fmt: skip


@emits("mean")
def mean(x, dim=None, keepdim=False):
    """The sum over the number of elements, so that nothing gives nan."""
    return (total(x, dim, keepdim) / how_many(x, dim)).astype(x.dtype)


@emits("var", "std")
def spread(x, name, dim=None, correction=1, keepdim=False):
    """Squared distances from the mean."""
    far = x - mean(x, dim, True)
    freedom = how_many(x, dim) - correction
    freedom = maximum(freedom, 0) if isinstance(freedom, Sym) else max(freedom, 0)
    found = (total(far * far, dim, keepdim) / freedom).astype(x.dtype)
    return XP.sqrt(found) if name == "std" else found


@emits("standardize")
def standardize(x, dim, eps=1e-5):
    """Mean 0, variance 1."""
    centred = x - mean(x, dim, True)
    return centred / XP.sqrt(mean(centred * centred, dim, True) + eps)


@emits("logsumexp")
def logsumexp(x, dim, keepdim=False):
    """Less the largest, so that nothing overflows."""
    dim = as_axis(dim, x.known or (1,))
    if 0 in (x.known or ()):
        return log(XP.exp(x).sum(axis=dim, keepdims=keepdim))
    top = x.max(axis=dim, keepdims=True)
    top = where(XP.isfinite(top), top, 0)
    rest = log(XP.exp(x - top).sum(axis=dim, keepdims=keepdim))
    axes = range(x.ndim) if dim is None else dim
    return rest + (top if keepdim or not x.ndim else top.without(axes))


@emits("vector_norm")
def norm(x, ord=2, dim=None, keepdim=False):
    """By the orders that have a way of their own, and by powers."""
    size, dim = XP.absolute(x), as_axis(dim, x.known or (1,))
    if ord in (math.inf, -math.inf):
        return (size.max if ord > 0 else size.min)(axis=dim, keepdims=keepdim)
    if ord == 0:
        return (x != 0).sum(axis=dim, keepdims=keepdim).astype(x.dtype)
    powers = size if ord == 1 else size * size if ord == 2 else size ** float(ord)
    found = total(powers, dim, keepdim)
    return (found if ord == 1 else XP.sqrt(found) if ord == 2 else found ** (1 / ord)).astype(x.dtype)


@emits("prod")
def prod(x, dim=None, keepdim=False):
    """Whole numbers give int64."""
    return x.prod(
        axis=as_axis(dim, x.known or (1,)), keepdims=keepdim, dtype="int64" if x.dtype.kind in "iub" else None
    )


@emits("max", "min", "amax", "amin")
def extreme(x, name, dim=None, keepdim=False):
    """The largest or smallest; runtimes lose nan, which wins here."""
    dim = as_axis(dim, x.known or (1,))
    found = (x.max if name.endswith("max") else x.min)(axis=dim, keepdims=keepdim)
    return where(isnan(x).sum(axis=dim, keepdims=keepdim) != 0, math.nan, found) if x.dtype.kind == "f" else found


@emits("argmax", "argmin")
def where_extreme(x, name, dim=None, keepdim=False):
    """The first of equals."""
    kind, dim = {"argmax": "ArgMax", "argmin": "ArgMin"}[name], as_axis(dim, x.known or (1,))
    if dim is None:
        found = where_extreme(x.flat(), name, 0)
        return found.reshape((1,) * x.ndim) if keepdim else found
    if x.dtype.kind in "iu":
        return x.b.op(kind, x.astype(np.int32) if x.dtype.itemsize < 4 else x, axis=dim, keepdims=int(keepdim))
    found, lost = x.b.op(kind, x, axis=dim, keepdims=int(keepdim)), isnan(x)
    first = x.b.op("ArgMax", lost.astype(np.int32), axis=dim, keepdims=int(keepdim))
    return where(lost.sum(axis=dim, keepdims=keepdim) != 0, first, found)


@emits("all", "any")
def truth(x, name, dim=None, keepdim=False):
    """By counting, so that nothing at all is answered as well."""
    yes = bool_of(x)
    if isinstance(dim, (tuple, list)) and not dim:
        found = yes
    else:
        marks = yes if name == "any" else ~yes
        hits = marks.sum(axis=as_axis(dim, x.known or (1,)), keepdims=keepdim)
        found = hits != 0 if name == "any" else hits == 0
    return found.astype(x.dtype) if x.dtype.kind == "u" else found


@emits("count_nonzero")
def nonzero(x, dim=None):
    """How many are not 0."""
    return bool_of(x).sum(axis=as_axis(dim, x.known or (1,)))
