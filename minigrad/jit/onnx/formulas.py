"""An array module that writes ONNX: give it to a record's own formula with Syms, and the formula becomes nodes.

Where ONNX has no operator, the function is put together of those it has, as accurate as NumPy's near 0 and far out.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np

from .build import Sym, _settled

LN2 = math.log(2)


def _unary(kind):
    return lambda x: x.b.op(kind, x)


def _pairwise(kind):
    def run(a, b):
        a, b = _settled(a, b)
        return a.b.op(kind, a, b)

    return run


def _extreme(kind, logical):
    def run(a, b):
        a, b = _settled(a, b)
        if a.dtype.kind in "iu" and a.dtype.itemsize < 4:  # runtimes have no others
            return a.b.op(kind, a.astype(np.int32), b.astype(np.int32)).astype(a.dtype)
        return a.b.op(logical if a.dtype.kind == "b" else kind, a, b)

    return run


maximum, minimum = _extreme("Max", "Or"), _extreme("Min", "And")


def where(condition, a, b):
    """a or b, element by element."""
    if not isinstance(a, Sym) and not isinstance(b, Sym):
        a = condition.b.constant(a)
    a, b = _settled(a, b)
    condition = condition if condition.dtype.kind == "b" else condition.astype(bool)
    if a.dtype.kind == "b":  # runtimes have no Where of truth values
        return (condition & a) | (~condition & b)
    return condition.b.op("Where", condition, a, b)


def log1p(x):
    """log(1 + x): the rounding error of 1 + x is taken out again by a quotient. Source: Kahan, HP-15C (1982)."""
    u = x + 1
    exact = log(u) * (x / where(u == 1, 1, u - 1))
    return where(u == 1, x, where(x > 1e3, log(u), exact))


def expm1(x):
    """exp(x) - 1, in the same way."""
    u = exp(x)
    less = u - 1
    plain = (u == 1) | (u == 0) | (x > 10)
    exact = less * (x / where(plain, 1, log(where(plain, 2, u))))
    return where(u == 1, x, where(plain, less, exact))


def logaddexp(a, b):
    """log(exp(a) + exp(b)) without overflow."""
    far = where(a == b, 0, a - b)  # equal infinities have no difference
    return maximum(a, b) + log1p(exp(-absolute(far)))


def logaddexp2(a, b):
    """The same to the base 2."""
    far = where(a == b, 0, a - b)
    return maximum(a, b) + log1p(exp(-absolute(far) * LN2)) / LN2


def hypot(a, b):
    """sqrt(a^2 + b^2): the larger one comes out of the root."""
    a, b = absolute(a), absolute(b)
    high, low = maximum(a, b), minimum(a, b)
    share = low / where(high == 0, 1, high)
    found = where(high == 0, high, high * sqrt(share * share + 1))
    return where((a == math.inf) | (b == math.inf), math.inf, found)


def arctan2(a, b):
    """The angle of a point: atan of the quotient, half a turn on where b is negative."""
    far = isinf(a) & isinf(b)
    a, b = where(far, sign(a), a), where(far, sign(b), b)
    base = arctan(a / where((a == 0) & (b == 0), 1, b))
    turned = where(signbit(a), base - math.pi, base + math.pi)
    at_zero = where(signbit(b), copysign(math.pi + 0 * a, a), a)
    return where((a == 0) & (b == 0), at_zero, where(signbit(b), turned, base))


def tan(x):
    """ONNX's, or by sine and cosine: runtimes have no Tan in double precision."""
    return sin(x) / cos(x) if x.dtype == np.float64 else x.b.op("Tan", x)


def signbit(x):
    """Below 0, or -0.0."""
    return where(x == 0, 1 / x < 0, x < 0) if x.dtype.kind == "f" else x < 0


def copysign(a, b):
    """The size of a with the sign of b."""
    size = absolute(a) if isinstance(a, Sym) else abs(a)
    return where(signbit(b), -size, size)


def isinf(x):
    """inf or -inf."""
    return absolute(x) == math.inf if x.dtype.kind == "f" else x != x


def isnan(x):
    """What does not equal itself."""
    return x != x


def isfinite(x):
    """Neither nan nor infinite."""
    return absolute(x) < math.inf if x.dtype.kind == "f" else x == x


def trunc(x):
    """Towards 0."""
    return where(x < 0, x.b.op("Ceil", x), x.b.op("Floor", x))


def clip(x, low=None, high=None):
    """Between two numbers."""
    x = x if low is None else maximum(x, low)
    return x if high is None else minimum(x, high)


def floor_divide(a, b):
    """Whole numbers: ONNX cuts towards 0, so one less where a remainder has the other sign."""
    a, b = _settled(a, b)
    quotient, left = a.b.op("Div", a, b), a.b.op("Mod", a, b, fmod=1)
    down = (left != 0) & ((left < 0) != (b < 0)) if a.dtype.kind == "i" else None
    return quotient if down is None else quotient - down.astype(a.dtype)


def remainder(a, b):
    """Whole numbers: ONNX's Mod has the sign of the divisor, as Python's."""
    return _pairwise("Mod")(a, b)


def fmod(a, b):
    """What is left, with the sign of a."""
    a, b = _settled(a, b)
    return a.b.op("Mod", a, b, fmod=1)


def full_like(x, value):
    """A number with the dtype of x; it broadcasts."""
    return x.b.constant(value, x.dtype)


def ones_like(x):
    """The same for 1."""
    return full_like(x, 1)


def bool_of(x):
    """x as truth values."""
    return x if x.dtype.kind == "b" else x.astype(bool)


def _truth(kind):
    def run(a, b):
        a, b = bool_of(a), bool_of(b)
        return a.b.op(kind, a, b)

    return run


def fmax(a, b):
    """The larger; nan loses."""
    return where(isnan(a), b, where(isnan(b), a, maximum(a, b)))


def fmin(a, b):
    """The smaller; nan loses."""
    return where(isnan(a), b, where(isnan(b), a, minimum(a, b)))


def expand_dims(x, axis):
    """A new axis."""
    return x.expand(axis)


def moveaxis(x, source, target):
    """One axis at another place."""
    return x.moved(source, target)


add, subtract, multiply, power = (_pairwise(kind) for kind in ("Add", "Sub", "Mul", "Pow"))
exp, log, sqrt, tanh, sin, cos = (_unary(kind) for kind in ("Exp", "Log", "Sqrt", "Tanh", "Sin", "Cos"))
arcsin, arccos, arctan, sinh, cosh, arcsinh, arccosh, arctanh = (
    _unary(kind) for kind in ("Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh")
)
absolute, sign, rint, floor, ceil = (_unary(kind) for kind in ("Abs", "Sign", "Round", "Floor", "Ceil"))
logical_and, logical_or, logical_xor = _truth("And"), _truth("Or"), _truth("Xor")

XP = SimpleNamespace(
    __name__="onnx", ndarray=Sym, inf=math.inf, abs=absolute, negative=lambda x: -x, matmul=_pairwise("MatMul"),
    true_divide=lambda a, b: a / b, equal=lambda a, b: a == b, not_equal=lambda a, b: a != b, less=lambda a, b: a < b,
    less_equal=lambda a, b: a <= b, greater=lambda a, b: a > b, greater_equal=lambda a, b: a >= b,
    logical_not=lambda x: ~bool_of(x), bitwise_and=lambda a, b: a & b, bitwise_or=lambda a, b: a | b,
    bitwise_xor=lambda a, b: a ^ b, invert=lambda x: ~x, exp2=lambda x: 2 ** x, log2=lambda x: log(x) / LN2,
    log10=lambda x: log(x) / math.log(10), asarray=lambda x, dtype=None: x,
    **{name: value for name, value in globals().items() if callable(value) and not name.startswith("_")},
)  # fmt: skip
XP.__dict__.update({name: np.dtype(name).type for name in ("float32",)})
