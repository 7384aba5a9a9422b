"""Reading ONNX's arithmetic, activations and reductions."""

from __future__ import annotations

import math

import numpy as np

from .limits import demand
from .protos import Unread, Var, dtype_of, reads

ONE = {
    "Abs": "abs", "Neg": "neg", "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Sin": "sin", "Cos": "cos", "Tan": "tan",
    "Asin": "asin", "Acos": "acos", "Atan": "atan", "Sinh": "sinh", "Cosh": "cosh", "Asinh": "asinh", "Acosh": "acosh",
    "Atanh": "atanh", "Erf": "erf", "Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu", "Floor": "floor",
    "Ceil": "ceil", "Round": "round", "Sign": "sign", "Reciprocal": "reciprocal", "Not": "logical_not",
    "IsNaN": "isnan",
    "BitwiseNot": "bitwise_not", "Softplus": "softplus", "Mish": "mish", "HardSwish": "hardswish", "Identity": "clone",
    "Det": "det",
}  # fmt: skip
TWO = {
    "Add": "add", "Sub": "sub", "Mul": "mul", "And": "logical_and", "Or": "logical_or", "Xor": "logical_xor",
    "Equal": "eq", "Less": "lt", "LessOrEqual": "le", "Greater": "gt", "GreaterOrEqual": "ge", "MatMul": "matmul",
    "BitwiseAnd": "bitwise_and", "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor",
}  # fmt: skip


def same(record):
    """A reader for an operator that is a record."""
    return lambda r, node, *inputs, **_: r.step(record, *inputs)


for _kind, _record in {**ONE, **TWO}.items():
    reads(_kind)(same(_record))


@reads("Identity")
def identity(r, node, x):
    """The result itself."""
    return x


@reads("Add", "Sub", "Mul", "And", "Or", "Equal", "Less", "Greater")
def aligned(r, node, a, b, axis=None, broadcast=None):
    """Old versions say along which axis b stands."""
    if broadcast and axis is not None and b.ndim:
        more = a.ndim - axis - b.ndim
        b = r.step("reshape", b, shape=(*r.lengths(b), *[1] * more)) if more > 0 else b
    return r.step(TWO[node.op_type], a, b)


@reads("Div")
def div(r, node, a, b, **_):
    """Whole numbers are cut towards 0."""
    return r.step("div" if a.dtype.kind == "f" else "trunc_quotient", a, b)


@reads("Mod")
def mod(r, node, a, b, fmod=0):
    """Python's remainder or C's."""
    return r.step("fmod" if fmod else "remainder", a, b)


@reads("Pow")
def power(r, node, a, b, **_):
    """The result has the dtype of the base."""
    if a.dtype == b.dtype:
        return r.step("pow", a, b)
    if a.dtype.kind == "f":
        return r.step("pow", a, cast_to(r, b, a.dtype))
    return cast_to(r, r.step("pow", cast_to(r, a, np.float64), cast_to(r, b, np.float64)), a.dtype)


def cast_to(r, x, dtype):
    """Another dtype."""
    if dtype is None:
        raise Unread("the type that numbers are to be brought to is not known")
    dtype = np.dtype(dtype)
    made = r.step("cast" if dtype.kind == "f" else "to_integer", x, dtype=dtype)
    made.dtype, made.shape = dtype, x.shape
    return made


@reads("Cast")
def cast(r, node, x, to, **_):
    """To the type of this number."""
    dtype = dtype_of(to)
    return x if x.dtype == dtype and x.value is None else cast_to(r, x, dtype)


@reads("CastLike")
def cast_like(r, node, x, target, **_):
    """To the type of another tensor."""
    return cast_to(r, x, target.dtype)


@reads("BitShift")
def shift(r, node, a, b, direction):
    """Up or down."""
    return r.step("bitwise_left_shift" if direction == "LEFT" else "bitwise_right_shift", a, b)


@reads("Max", "Min", "Sum", "Mean")
def many(r, node, *inputs, **_):
    """Any number of operands, two by two."""
    record, found = {"Max": "maximum", "Min": "minimum", "Sum": "add", "Mean": "add"}[node.op_type], inputs[0]
    for x in inputs[1:]:
        found = r.step(record, found, x)
    return r.step("div", found, len(inputs)) if node.op_type == "Mean" else found


@reads("Where")
def where(r, node, condition, a, b):
    """One or the other."""
    return r.step("where", condition, a, b)


@reads("IsInf")
def is_inf(r, node, x, detect_negative=1, detect_positive=1):
    """Of one sign or both."""
    if detect_negative and detect_positive:
        return r.step("isinf", x)
    wanted = math.inf if detect_positive else -math.inf
    return r.step("eq", x, wanted) if detect_positive or detect_negative else r.step("lt", r.step("abs", x), 0)


@reads("Clip")
def clip(r, node, x, low=None, high=None, min=None, max=None):
    """Bounds are attributes or inputs; either may be left out."""
    low, high = min if low is None else low, max if high is None else high
    x = x if low is None else r.step("clamp_min", x, low)
    return x if high is None else r.step("clamp_max", x, high)


# Activations


@reads("LeakyRelu")
def leaky(r, node, x, alpha=0.01):
    """A slope below 0."""
    return r.step("leaky_relu", x, negative_slope=alpha)


@reads("Elu")
def elu(r, node, x, alpha=1.0):
    """The record has it."""
    return r.step("elu", x, alpha=alpha)


@reads("Selu")
def selu(r, node, x, alpha=1.6732632423543772, gamma=1.0507009873554805):
    """Elu with a scale."""
    return r.step("elu", x, alpha=alpha, scale=gamma)


@reads("Celu")
def celu(r, node, x, alpha=1.0):
    """Elu with a scale inside."""
    return r.step("elu", x, alpha=alpha, input_scale=1 / alpha)


@reads("Gelu")
def gelu(r, node, x, approximate="none"):
    """The record has both."""
    return r.step("gelu", x, approximate=approximate)


@reads("Swish")
def swish(r, node, x, alpha=1.0):
    """x sigmoid(alpha x)."""
    return r.step("silu", x) if alpha == 1 else r.step("mul", x, r.step("sigmoid", r.step("mul", x, alpha)))


@reads("HardSigmoid")
def hard_sigmoid(r, node, x, alpha=0.2, beta=0.5):
    """A straight line between 0 and 1."""
    return r.step("clamp", r.step("add", r.step("mul", x, alpha), beta), min=0, max=1)


@reads("ThresholdedRelu")
def thresholded(r, node, x, alpha=1.0):
    """x above alpha."""
    return r.step("where", r.step("gt", x, alpha), x, 0)


@reads("Softsign")
def softsign(r, node, x):
    """x / (1 + |x|)."""
    return r.step("div", x, r.step("add", r.step("abs", x), 1))


@reads("PRelu")
def prelu(r, node, x, slope):
    """A slope below 0 that is learnt."""
    return r.step("where", r.step("gt", x, 0), x, r.step("mul", x, slope))


@reads("Softmax", "LogSoftmax", "Hardmax")
def softmax(r, node, x, axis=None):
    """Before version 13, of all axes from `axis` on, as one."""
    old, kind = r.opsets[""] < 13, node.op_type
    axis = (1 if old else -1) if axis is None else axis
    shape = None
    if old and axis not in (-1, x.ndim - 1):
        axis %= x.ndim
        shape, lead = r.lengths(x), r.lengths(x)[:axis]
        x, axis = r.step("reshape", x, shape=(*lead, -1)), -1
    if kind == "Hardmax":
        top = r.step("argmax", x, dim=axis, keepdim=True)
        place = r.step("cumsum", cast_to(r, r.step("eq", x, x), "int64"), dim=axis)
        y = cast_to(r, r.step("eq", r.step("sub", place, 1), top), x.dtype)
    else:
        y = r.step("softmax" if kind == "Softmax" else "log_softmax", x, dim=axis)
    return y if shape is None else r.step("reshape", y, shape=tuple(shape))


# Reductions


def axes_of(r, x, axes, given):
    """The axes of a reduction, from an input or an attribute; None for all."""
    if given is not None:
        found = r.ints(given)
        return tuple(found) if found else None
    return tuple(axes) if axes else None


REDUCED = {"ReduceSum": "sum", "ReduceMean": "mean", "ReduceMax": "amax", "ReduceMin": "amin", "ReduceProd": "prod",
           "ReduceLogSumExp": "logsumexp", "ReduceL1": "L1", "ReduceL2": "L2", "ReduceLogSum": "LogSum",
           "ReduceSumSquare": "SumSquare"}  # fmt: skip


@reads(*REDUCED)
def reduce(r, node, x, given=None, axes=None, keepdims=1, noop_with_empty_axes=0):
    """Over some axes, or all."""
    record, keep = REDUCED[node.op_type], bool(keepdims)
    before = {"L1": "abs", "L2": "square", "SumSquare": "square"}.get(record)
    after = {"LogSum": "log", "L2": "sqrt"}.get(record)
    dims = axes_of(r, x, axes, given)
    kept = x.dtype
    y = {None: lambda: x, "abs": lambda: r.step("abs", x), "square": lambda: r.step("mul", x, x)}[before]()
    if not (dims is None and noop_with_empty_axes):
        y = _reduced(r, node, record, y, x, dims, keep)
    elif record == "logsumexp":
        y = r.step("log", r.step("exp", y))
    y = r.step(after, y) if after else y
    return cast_to(r, y, kept)


def _reduced(r, node, record, y, x, dims, keep):
    record = "sum" if record[0].isupper() else record
    if x.shape is not None and 0 in x.shape and record in ("amax", "amin"):
        return _extreme_of_nothing(r, record, x, dims, keep)
    if record == "prod":
        if dims is None and not keep:
            return r.step("prod", y)
        if any(isinstance(d, Var) for d in dims or ()) and len(dims) > 1:
            raise Unread("the axes of a product have to be known before the model runs")
        order = (
            range(x.ndim)
            if dims is None
            else dims
            if len(dims) == 1
            else sorted((d % x.ndim for d in dims), reverse=True)
        )
        for d in order if keep else sorted(order, reverse=True) if len(dims or ()) != 1 else order:
            y = r.step("prod", y, dim=d, keepdim=keep)
        return y
    if record == "mean" and x.dtype.kind != "f":
        return r.step("mean", cast_to(r, y, np.float64), dim=dims, keepdim=keep)
    if record == "logsumexp":
        return r.step("logsumexp", y, dim=dims, keepdim=keep)
    if x.dtype.kind == "b":
        y = cast_to(r, y, "int32")
    return r.step(record, y, dim=dims, keepdim=keep)


def _ends(dtype):
    return [np.iinfo(dtype).min, np.iinfo(dtype).max]


def _extreme_of_nothing(r, record, x, dims, keep):
    demand(not any(isinstance(d, Var) for d in dims or ()), "the axes have to be known before the model runs")
    dims = range(x.ndim) if dims is None else [d % x.ndim for d in dims]
    shape = [1 if d in dims else n for d, n in enumerate(x.shape) if keep or d not in dims]
    demand(None not in shape, "a length is not known")
    ends = np.array([False, True]) if x.dtype.kind == "b" else np.array(
        [-np.inf, np.inf] if x.dtype.kind == "f" else _ends(x.dtype), x.dtype)  # fmt: skip
    return r.constant(np.full(shape, ends[int(record == "amin")]))


@reads("ArgMax", "ArgMin")
def arg(r, node, x, axis=0, keepdims=1, select_last_index=0):
    """The first of equals, or the last."""
    record = node.op_type.lower()
    if not select_last_index:
        return r.step(record, x, dim=axis, keepdim=bool(keepdims))
    turned = r.step("flip", x, dims=(axis,))
    found = r.step(record, turned, dim=axis, keepdim=bool(keepdims))
    return r.step("add", r.step("neg", found), r.length(x, axis) - 1)


@reads("CumSum", "CumProd")
def cumulated(r, node, x, axis, exclusive=0, reverse=0):
    """The axis is an input."""
    (dim,) = r.ints(axis)
    record = node.op_type.lower()
    y = r.step(record, x, dim=dim, exclusive=bool(exclusive), reverse=bool(reverse))
    return cast_to(r, y, x.dtype)
