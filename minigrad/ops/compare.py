"""Questions whose answer is true or false, and arithmetic on bits. Truth has no derivative, so nothing flows back."""

from ..op import op
from .rounding import no_bool

__all__ = [
    "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "eq", "ge",
    "gt", "isclose", "isfinite", "isinf", "isnan", "le", "logical_and", "logical_not", "logical_or", "logical_xor",
    "lt", "ne", "signbit",
]  # fmt: skip


@op(kind="compare", onnx="Equal", commutes=True)
def eq(xp, a, b):
    """Where a equals b, as booleans. Shapes: broadcast."""
    return xp.equal(a, b)


@op(kind="compare", commutes=True)
def ne(xp, a, b):
    """Where a differs from b, as booleans. Shapes: broadcast."""
    return xp.not_equal(a, b)


@op(kind="compare", onnx="Less")
def lt(xp, a, b):
    """Where a < b, as booleans. Shapes: broadcast."""
    return xp.less(a, b)


@op(kind="compare", onnx="LessOrEqual")
def le(xp, a, b):
    """Where a <= b, as booleans. Shapes: broadcast."""
    return xp.less_equal(a, b)


@op(kind="compare", onnx="Greater")
def gt(xp, a, b):
    """Where a > b, as booleans. Shapes: broadcast."""
    return xp.greater(a, b)


@op(kind="compare", onnx="GreaterOrEqual")
def ge(xp, a, b):
    """Where a >= b, as booleans. Shapes: broadcast."""
    return xp.greater_equal(a, b)


@op(kind="compare", onnx="And", commutes=True)
def logical_and(xp, a, b):
    """Where both hold. Shapes: broadcast."""
    return xp.logical_and(a, b)


@op(kind="compare", onnx="Or", commutes=True)
def logical_or(xp, a, b):
    """Where at least one holds. Shapes: broadcast."""
    return xp.logical_or(a, b)


@op(kind="compare", commutes=True)
def logical_xor(xp, a, b):
    """Where exactly one holds. Shapes: broadcast."""
    return xp.logical_xor(a, b)


@op(kind="compare", onnx="Not")
def logical_not(xp, x):
    """Where it does not hold."""
    return xp.logical_not(x)


@op(kind="compare", onnx="BitwiseAnd", commutes=True)
def bitwise_and(xp, a, b):
    """a & b: both hold, for booleans; bit by bit, for integers. Shapes: broadcast."""
    return xp.bitwise_and(a, b)


@op(kind="compare", onnx="BitwiseOr", commutes=True)
def bitwise_or(xp, a, b):
    """a | b: at least one holds, for booleans; bit by bit, for integers. Shapes: broadcast."""
    return xp.bitwise_or(a, b)


@op(kind="compare", onnx="BitwiseXor", commutes=True)
def bitwise_xor(xp, a, b):
    """a ^ b: exactly one holds, for booleans; bit by bit, for integers. Shapes: broadcast."""
    return xp.bitwise_xor(a, b)


@op(kind="compare", onnx="BitwiseNot")
def bitwise_not(xp, x):
    """~x: it does not hold, for booleans; every bit turned round, for integers."""
    return xp.invert(x)


@op(kind="compare", onnx="BitShift")
def bitwise_left_shift(xp, a, b):
    """a << b, for integers: every bit b places up. Shapes: broadcast."""
    no_bool("bitwise_left_shift", a)
    return xp.left_shift(a, b)


@op(kind="compare", onnx="BitShift")
def bitwise_right_shift(xp, a, b):
    """a >> b, for integers: every bit b places down, the sign kept. Shapes: broadcast."""
    no_bool("bitwise_right_shift", a)
    return xp.right_shift(a, b)


# Numbers that are none


@op(kind="compare", onnx="IsNaN")
def isnan(xp, x):
    """Where x is nan, "not a number"; never for integers."""
    return xp.isnan(x)


@op(kind="compare", onnx="IsInf")
def isinf(xp, x):
    """Where x is inf or -inf; never for integers."""
    return xp.isinf(x)


@op(kind="compare")
def isfinite(xp, x):
    """Where x is neither nan nor infinite; everywhere for integers."""
    return xp.isfinite(x)


@op(kind="compare")
def signbit(xp, x):
    """Where x is below 0, or -0.0."""
    return xp.signbit(x) if x.dtype.kind == "f" else x < 0


@op(kind="compare")
def isclose(xp, a, b, /, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Where |a - b| <= atol + rtol |b|, or both are the same infinity, or (with equal_nan) both are nan."""
    same = (a == b) | ((a != a) & (b != b)) if equal_nan else a == b
    if a.dtype.kind == "b" or not (rtol or atol):
        return same
    far = xp.absolute(a - b)
    return same | (xp.isfinite(far) & (far <= atol + xp.absolute(rtol * b)))
