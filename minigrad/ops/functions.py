"""Functions of one number, and of two that belong there: exponentials, logarithms, trigonometry.

Integers and booleans become the default float first. Outside its domain a function is nan, and no warning is given.
"""

import math

from ..op import op
from .rounding import only_floats, zero

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "copysign", "cos", "cosh", "exp", "exp2", "expm1",
    "hypot", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2", "logit", "reciprocal", "rsqrt", "sin", "sinc",
    "sinh", "sqrt", "tan", "xlogy",
]  # fmt: skip

# Exponentials and logarithms


@op(kind="elementwise", onnx="Exp", to_float=True)
def exp(xp, x):
    """e to the power x."""
    return xp.exp(x)


exp.vjp(x=lambda g, y: g * y)


@op(kind="elementwise", to_float=True)
def exp2(xp, x):
    """2 to the power x."""
    return xp.exp2(x)


exp2.vjp(x=lambda g, y: g * y * math.log(2))


@op(kind="elementwise", to_float=True)
def expm1(xp, x):
    """exp(x) - 1, accurate near 0."""
    return xp.expm1(x)


expm1.vjp(x=lambda g, y: g * (y + 1))


@op(kind="elementwise", onnx="Log", to_float=True)
def log(xp, x):
    """Natural logarithm; -inf at 0, nan below."""
    return xp.log(x)


log.vjp(x=lambda g, x: g / x)


@op(kind="elementwise", to_float=True)
def log2(xp, x):
    """Logarithm to the base 2; -inf at 0, nan below."""
    return xp.log2(x)


log2.vjp(x=lambda g, x: g / (x * math.log(2)))


@op(kind="elementwise", to_float=True)
def log10(xp, x):
    """Logarithm to the base 10; -inf at 0, nan below."""
    return xp.log10(x)


log10.vjp(x=lambda g, x: g / (x * math.log(10)))


@op(kind="elementwise", to_float=True)
def log1p(xp, x):
    """log(1 + x), accurate near 0."""
    return xp.log1p(x)


log1p.vjp(x=lambda g, x: g / (x + 1))


@op(kind="elementwise", commutes=True)
def logaddexp(xp, a, b):
    """log(exp(a) + exp(b)) without overflow. Shapes: broadcast. Errors: DtypeError for integers."""
    only_floats("logaddexp", a)
    return xp.logaddexp(a, b)


logaddexp.vjp(a=lambda g, a, b, xp: g / (xp.exp(b - a) + 1),
              b=lambda g, a, b, xp: g / (xp.exp(a - b) + 1))  # fmt: skip


@op(kind="elementwise", commutes=True)
def logaddexp2(xp, a, b):
    """log2(2^a + 2^b) without overflow. Shapes: broadcast. Errors: DtypeError for integers."""
    only_floats("logaddexp2", a)
    return xp.logaddexp2(a, b)


logaddexp2.vjp(a=lambda g, a, b, xp: g / (xp.exp2(b - a) + 1),
               b=lambda g, a, b, xp: g / (xp.exp2(a - b) + 1))  # fmt: skip


@op(kind="elementwise", to_float=True)
def xlogy(xp, a, b):
    """a log(b), and 0 where a is 0 (but nan where b is nan): the terms of an entropy. Shapes: broadcast."""
    return xp.where((a == 0) & (b == b), 0, a * xp.log(b))


xlogy.vjp(a=lambda g, a, b, xp: xp.where((a == 0) & (b <= 0), 0, g * xp.log(b)),
          b=lambda g, a, b: g * a / b)  # fmt: skip


@op(kind="elementwise", to_float=True)
def logit(xp, x, /, eps=None):
    """log(x / (1 - x)), what sigmoid undoes; with eps, x is brought between eps and 1 - eps first.

    The derivative is nan outside 0 to 1; with eps it is 0 outside eps to 1 - eps.
    """
    x = x if eps is None else xp.clip(x, eps, 1 - eps)
    return xp.log(x / (1 - x))


def _logit_rule(g, x, eps, xp):
    low = eps or 0
    return xp.where((x < low) | (x > 1 - low), math.nan if eps is None else 0, g / xp.abs(x * (1 - x)))


logit.vjp(x=_logit_rule)

# Roots


@op(kind="elementwise", onnx="Sqrt", to_float=True)
def sqrt(xp, x):
    """Square root; nan below 0. The derivative at 0 is inf."""
    return xp.sqrt(x)


sqrt.vjp(x=lambda g, y: g / (2 * y))


@op(kind="elementwise", to_float=True)
def rsqrt(xp, x):
    """1 / sqrt(x); inf at 0, nan below."""
    return xp.true_divide(1, xp.sqrt(x))


rsqrt.vjp(x=lambda g, y: g * y * y * y * -0.5)


@op(kind="elementwise", onnx="Reciprocal", to_float=True)
def reciprocal(xp, x):
    """1 / x; inf at 0."""
    return xp.true_divide(1, x)


reciprocal.vjp(x=lambda g, y: -g * y * y)


@op(kind="elementwise", commutes=True)
def hypot(xp, a, b):
    """sqrt(a^2 + b^2) without overflow. Shapes: broadcast. Errors: DtypeError for integers."""
    only_floats("hypot", a)
    return xp.hypot(a, b)


hypot.vjp(a=lambda g, a, y: g * (a / y),
          b=lambda g, b, y: g * (b / y))  # fmt: skip


@op(kind="elementwise", to_float=True)
def copysign(xp, a, b):
    """The size of a with the sign of b, which -0.0 has, too. Shapes: broadcast. The derivative in b is 0."""
    return xp.copysign(a, b)


copysign.vjp(a=lambda g, a, y, xp: g * xp.where(a == 0, 0, y / a),
             b=lambda g, xp: zero(g, xp))  # fmt: skip

# Trigonometry, in radians


@op(kind="elementwise", onnx="Sin", to_float=True)
def sin(xp, x):
    """Sine of x in radians."""
    return xp.sin(x)


sin.vjp(x=lambda g, x, xp: g * xp.cos(x))


@op(kind="elementwise", onnx="Cos", to_float=True)
def cos(xp, x):
    """Cosine of x in radians."""
    return xp.cos(x)


cos.vjp(x=lambda g, x, xp: -g * xp.sin(x))


@op(kind="elementwise", onnx="Tan", to_float=True)
def tan(xp, x):
    """Tangent of x in radians."""
    return xp.tan(x)


tan.vjp(x=lambda g, y: g * (1 + y * y))


@op(kind="elementwise", to_float=True)
def sinc(xp, x):
    """sin(pi x) / (pi x), and 1 at 0."""
    turned = xp.where(x == 0, 1, x * math.pi)
    return xp.where(x == 0, 1, xp.sin(turned) / turned)


def _sinc_rule(g, x, xp):
    """(cos(pi x) - sinc(x)) / x, which near 0 is the difference of two ones: there, the start of its series."""
    near, turned = xp.abs(x) < 0.01, x * math.pi
    square = turned * turned
    series = turned * (-math.pi / 3) * (1 - square / 10 + square * square / 280)
    away = xp.where(near, 1, x)
    return g * xp.where(near, series, (xp.cos(turned) - xp.sin(turned) / (away * math.pi)) / away)


sinc.vjp(x=_sinc_rule)


@op(kind="elementwise", onnx="Asin", to_float=True)
def asin(xp, x):
    """The angle in radians, from -pi/2 to pi/2, whose sine is x; nan outside -1 to 1."""
    return xp.arcsin(x)


asin.vjp(x=lambda g, x, xp: g / xp.sqrt(1 - x * x))


@op(kind="elementwise", onnx="Acos", to_float=True)
def acos(xp, x):
    """The angle in radians, from 0 to pi, whose cosine is x; nan outside -1 to 1."""
    return xp.arccos(x)


acos.vjp(x=lambda g, x, xp: -g / xp.sqrt(1 - x * x))


@op(kind="elementwise", onnx="Atan", to_float=True)
def atan(xp, x):
    """The angle in radians, from -pi/2 to pi/2, whose tangent is x."""
    return xp.arctan(x)


atan.vjp(x=lambda g, x: g / (x * x + 1))


@op(kind="elementwise", to_float=True)
def atan2(xp, a, b):
    """The angle in radians, from -pi to pi, of the point with height a and width b. Shapes: broadcast."""
    return xp.arctan2(a, b)


def _over_square(g, a, b, xp):
    """g / (a^2 + b^2), finite at the origin, where both derivatives are 0."""
    square = a * a + b * b
    return g / xp.where(square == 0, 1, square)


atan2.vjp(a=lambda g, a, b, xp: b * _over_square(g, a, b, xp),
          b=lambda g, a, b, xp: -a * _over_square(g, a, b, xp))  # fmt: skip

# Hyperbolic functions (tanh is an activation)


@op(kind="elementwise", onnx="Sinh", to_float=True)
def sinh(xp, x):
    """Hyperbolic sine."""
    return xp.sinh(x)


sinh.vjp(x=lambda g, x, xp: g * xp.cosh(x))


@op(kind="elementwise", onnx="Cosh", to_float=True)
def cosh(xp, x):
    """Hyperbolic cosine."""
    return xp.cosh(x)


cosh.vjp(x=lambda g, x, xp: g * xp.sinh(x))


@op(kind="elementwise", onnx="Asinh", to_float=True)
def asinh(xp, x):
    """The number whose hyperbolic sine is x."""
    return xp.arcsinh(x)


asinh.vjp(x=lambda g, x, xp: g / xp.sqrt(x * x + 1))


@op(kind="elementwise", onnx="Acosh", to_float=True)
def acosh(xp, x):
    """The number from 0 up whose hyperbolic cosine is x; nan below 1."""
    return xp.arccosh(x)


acosh.vjp(x=lambda g, x, xp: g / xp.sqrt(x * x - 1))


@op(kind="elementwise", onnx="Atanh", to_float=True)
def atanh(xp, x):
    """The number whose hyperbolic tangent is x; nan outside -1 to 1."""
    return xp.arctanh(x)


atanh.vjp(x=lambda g, x: g / (1 - x * x))
