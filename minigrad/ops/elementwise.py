"""Arithmetic, limits and choice, element by element; what has to do with whole numbers is in rounding.py.

Operands broadcast; the engine sums gradients back over broadcast axes, so the rules need not.
"""

import math

from ..errors import DtypeError
from ..op import op
from ..operands import ON_CPU
from .rounding import no_bool, only_floats, sign

__all__ = [
    "abs", "add", "clamp", "clamp_max", "clamp_min", "div", "fmax", "fmin", "lerp", "maximum", "minimum", "mul",
    "nan_to_num", "neg", "pow", "sub", "where",
]  # fmt: skip


# Arithmetic


@op(kind="elementwise", onnx="Add", commutes=True)
def add(xp, a, b):
    """Sum, a + b. Shapes: broadcast."""
    return xp.add(a, b)


add.vjp(a=lambda g: g,
        b=lambda g: g)  # fmt: skip


@op(kind="elementwise", onnx="Sub", bools=False)
def sub(xp, a, b):
    """Difference, a - b. Shapes: broadcast."""
    return xp.subtract(a, b)


sub.vjp(a=lambda g: g,
        b=lambda g: -g)  # fmt: skip


@op(kind="elementwise", onnx="Mul", commutes=True)
def mul(xp, a, b):
    """Product, a * b. Shapes: broadcast."""
    return xp.multiply(a, b)


mul.vjp(a=lambda g, b: g * b,
        b=lambda g, a: g * a)  # fmt: skip


@op(kind="elementwise", onnx="Div", to_float=True)
def div(xp, a, b):
    """True quotient, a / b; integers give floats. Shapes: broadcast. 1/0 is inf and 0/0 is nan, without a warning."""
    return xp.true_divide(a, b)


div.vjp(a=lambda g, b: g / b,
        b=lambda g, a, b: -g * (a / b / b))  # fmt: skip


_MANY = 4096


def _at_hand(b):
    """Whether b is one number in main memory, so that a look at it costs nothing."""
    return not b.ndim and isinstance(b, ON_CPU)


# Powers with one exponent: many times faster than the general way, and PyTorch's answers for -inf and -0.0
_SHORT_POWERS = {
    2: lambda xp, a: a * a, 3: lambda xp, a: a * a * a, 1: lambda xp, a: a.copy(), 0.5: lambda xp, a: xp.sqrt(a),
    -1: lambda xp, a: xp.true_divide(1, a), -0.5: lambda xp, a: xp.true_divide(1, xp.sqrt(a)),
}  # fmt: skip


@op(kind="elementwise", onnx="Pow")
def pow(xp, a, b):
    """Power, a ** b. Shapes: broadcast. An integer to the power of a negative integer tensor is 1/(a ** -b) cut to int.

    Errors: DtypeError for a negative whole number as exponent of integers, and for bool ** bool.
    """
    no_bool("pow", a)
    if a.dtype.kind == "f":
        short = _SHORT_POWERS.get(b.item()) if _at_hand(b) else None
        return a**b if short is None else short(xp, a)
    negative = b < 0
    if not negative.any():
        return a**b
    whole = a ** xp.where(negative, -b, b)
    return xp.where(negative & (abs.forward(xp, a) != 1), 0, whole)


def _base_rule(g, a, b, xp):
    """b a^(b-1), and 0 where b is 0; there the power is kept finite, so that further derivatives are 0 too."""
    if _at_hand(b) and b != 0:
        return g * (b * pow.forward(xp, a, b - b.dtype.type(1)))
    return xp.where(b == 0, 0, g * b * a ** xp.where(b == 0, 1, b - 1))


def _exponent_rule(g, a, b, y, xp):
    """a^b log a, and 0 (its limit) at a = 0 unless b is negative, and for a number a beyond the dtype if b is."""
    flat = (b < 0) if _at_hand(a) and a == math.inf else (a == 0) & (b >= 0)
    return xp.where(flat, 0, g * y * xp.log(xp.where(flat, 1, a)))


def _base_rule_of_squares(g, a, b, xp):
    """The same, for squares at once."""
    return g * (a + a) if _at_hand(b) and b == 2 else _base_rule(g, a, b, xp)


pow.vjp(a=_base_rule,
        b=_exponent_rule)  # fmt: skip
pow.quick(a=_base_rule_of_squares)


@op(kind="elementwise", onnx="Neg")
def neg(xp, x):
    """Negative, -x."""
    return xp.negative(x)


neg.vjp(x=lambda g: -g)


@op(kind="elementwise", onnx="Abs")
def abs(xp, x):
    """Magnitude. The derivative at 0 is 0."""
    no_bool("abs", x)
    return xp.absolute(x)


abs.vjp(x=lambda g, x, xp: g * sign.on(xp, x))


@op(kind="elementwise")
def lerp(xp, start, end, weight):
    """start + weight (end - start), which is exactly `end` at weight 1. Shapes: broadcast. Errors: not for integers."""
    only_floats("lerp", start)
    way = end - start
    return xp.where(xp.absolute(weight) < 0.5, start + weight * way, end - way * (1 - weight))


lerp.vjp(start=lambda g, weight: g * (1 - weight),
         end=lambda g, weight: g * weight,
         weight=lambda g, start, end: g * (end - start))  # fmt: skip

# Limits


@op(kind="elementwise", onnx="Max", commutes=True)
def maximum(xp, a, b):
    """The larger of a and b; nan wins. Shapes: broadcast. Equal operands share the gradient, half each."""
    return xp.maximum(a, b)


maximum.vjp(a=lambda g, a, b, xp: xp.where(a == b, g / 2, xp.where(a < b, 0, g)),
            b=lambda g, a, b, xp: xp.where(a == b, g / 2, xp.where(a > b, 0, g)))  # fmt: skip


@op(kind="elementwise", onnx="Min", commutes=True)
def minimum(xp, a, b):
    """The smaller of a and b; nan wins. Shapes: broadcast. Equal operands share the gradient, half each."""
    return xp.minimum(a, b)


minimum.vjp(a=lambda g, a, b, xp: xp.where(a == b, g / 2, xp.where(a > b, 0, g)),
            b=lambda g, a, b, xp: xp.where(a == b, g / 2, xp.where(a < b, 0, g)))  # fmt: skip


@op(kind="elementwise")
def fmax(xp, a, b):
    """The larger of a and b; nan loses. Shapes: broadcast. Of equal operands, a gets the gradient."""
    return xp.fmax(a, b)


fmax.vjp(a=lambda g, a, b, xp: xp.where((a >= b) | (b != b), g, 0),
         b=lambda g, a, b, xp: xp.where((a >= b) | (b != b), 0, g))  # fmt: skip


@op(kind="elementwise")
def fmin(xp, a, b):
    """The smaller of a and b; nan loses. Shapes: broadcast. Of equal operands, a gets the gradient."""
    return xp.fmin(a, b)


fmin.vjp(a=lambda g, a, b, xp: xp.where((a <= b) | (b != b), g, 0),
         b=lambda g, a, b, xp: xp.where((a <= b) | (b != b), 0, g))  # fmt: skip


@op(kind="elementwise", onnx="Clip")
def clamp(xp, x, /, min=None, max=None):
    """x between two numbers, either of which may be None. The derivative is 1 from one to the other, 0 outside."""
    if xp.__name__ == "numpy" and x.size > _MANY:  # once over the numbers, but slow to begin
        return xp.clip(x, min, max)
    x = x if min is None else xp.maximum(x, min)  # CuPy's clip loses nan: where a bound is nan, and where they cross
    return x if max is None else xp.minimum(x, max)


def _clamp_rule(g, x, min, max, xp):
    above = True if min is None else x >= min
    return xp.where(above if max is None else above & (x <= max), g, 0)


clamp.vjp(x=_clamp_rule)


@op(kind="elementwise", onnx="Max")
def clamp_min(xp, x, low):
    """x, but at least `low`, a tensor or a number. Where they are equal the gradient goes to x. Shapes: broadcast."""
    return xp.maximum(x, low)


clamp_min.vjp(x=lambda g, x, low, xp: xp.where(x >= low, g, 0),
              low=lambda g, x, low, xp: xp.where(x < low, g, 0))  # fmt: skip


@op(kind="elementwise", onnx="Min")
def clamp_max(xp, x, high):
    """x, but at most `high`, a tensor or a number. Where they are equal the gradient goes to x. Shapes: broadcast."""
    return xp.minimum(x, high)


clamp_max.vjp(x=lambda g, x, high, xp: xp.where(x <= high, g, 0),
              high=lambda g, x, high, xp: xp.where(x > high, g, 0))  # fmt: skip


@op(kind="elementwise", onnx="Clip")
def clamp_between(xp, x, low, high):
    """x between two tensors; `high` where they cross. Where x equals one, the gradient goes to x. Shapes: broadcast."""
    no_bool("clamp", x)
    return xp.minimum(xp.maximum(x, low), high)


clamp_between.vjp(
    x=lambda g, x, low, high, xp: xp.where((x >= low) & (x <= high), g, 0),
    low=lambda g, x, low, high, xp: xp.where((x < low) & (low < high), g, 0),
    high=lambda g, x, low, high, xp: xp.where((x > high) | (low > high), g, 0))  # fmt: skip


@op(kind="elementwise")
def nan_to_num(xp, x, /, nan=0.0, posinf=None, neginf=None):
    """Numbers in place of nan (0) and of the infinities (the largest and the smallest there are). No gradient there."""
    if x.dtype.kind != "f":
        return x.copy()
    return xp.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


nan_to_num.vjp(x=lambda g, x, xp: xp.where(xp.isfinite(x), g, 0))

# Choice


@op(kind="elementwise", onnx="Where", fixed=("condition",))
def where(xp, condition, a, b):
    """a where the condition holds, else b. Shapes: broadcast.

    Both a and b have been computed by then, and both get a gradient: g where they were chosen and 0 elsewhere. If the
    other side is inf or nan, 0 times inf makes the gradient nan (choose its input first, then compute).
    Errors: DtypeError unless the condition is bool, or uint8.
    """
    if getattr(condition, "dtype", None) is not None and condition.dtype.char not in "?B":
        raise DtypeError(f"where() expected condition to be a boolean tensor, but got {condition.dtype}. Use .bool().")
    return xp.where(condition, a, b)


where.vjp(condition=None,
          a=lambda g, condition, xp: xp.where(condition, g, 0),
          b=lambda g, condition, xp: xp.where(condition, 0, g))  # fmt: skip
