"""Ops that work element by element: arithmetic, functions of one number, activations, comparison, choice.

Operands broadcast; the engine sums gradients back over broadcast axes, so the rules need not.
"""

from ..errors import DtypeError
from ..op import op

__all__ = [
    "abs", "add", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "cast", "clone", "cos", "detach", "div",
    "eq", "exp", "floor", "ge", "gt", "le", "log", "logical_and", "logical_not", "logical_or", "lt", "maximum",
    "minimum", "mul", "ne", "neg", "pow", "relu", "round", "sigmoid", "sign", "sin", "sqrt", "sub", "tanh",
    "to_integer", "where",
]  # fmt: skip

# Arithmetic


@op(kind="elementwise", onnx="Add", commutes=True)
def add(xp, a, b):
    """Sum, a + b. Shapes: broadcast."""
    return xp.add(a, b)


add.vjp(a=lambda g: g,
        b=lambda g: g)  # fmt: skip


@op(kind="elementwise", onnx="Sub")
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
        b=lambda g, b, y: -g * y / b)  # fmt: skip


def _no_bool(name, x):
    if x.dtype.kind == "b":
        raise DtypeError(f"{name}() is not defined for bool. Use .float() or .long() first, or `~` to turn it round.")


@op(kind="elementwise", onnx="Pow")
def pow(xp, a, b):
    """Power, a ** b. Shapes: broadcast. Errors: DtypeError, as integers to negative powers are no integers."""
    _no_bool("pow", a)
    return a**b


def _base_rule(g, a, b, xp):
    """b a^(b-1), and 0 where b is 0; there the power is kept finite, so that further derivatives are 0 too."""
    return xp.where(b == 0, 0, g * b * a ** xp.where(b == 0, 1, b - 1))


def _exponent_rule(g, a, b, y, xp):
    """a^b log a, and 0 (its limit) at a = 0 unless b is negative."""
    flat = (a == 0) & (b >= 0)
    return xp.where(flat, 0, g * y * xp.log(xp.where(flat, 1, a)))


pow.vjp(a=_base_rule,
        b=_exponent_rule)  # fmt: skip


@op(kind="elementwise", onnx="Neg")
def neg(xp, x):
    """Negative, -x."""
    return xp.negative(x)


neg.vjp(x=lambda g: -g)


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

# Functions of one number


@op(kind="elementwise", onnx="Exp", to_float=True)
def exp(xp, x):
    """e to the power x."""
    return xp.exp(x)


exp.vjp(x=lambda g, y: g * y)


@op(kind="elementwise", onnx="Log", to_float=True)
def log(xp, x):
    """Natural logarithm; -inf at 0, nan below."""
    return xp.log(x)


log.vjp(x=lambda g, x: g / x)


@op(kind="elementwise", onnx="Sqrt", to_float=True)
def sqrt(xp, x):
    """Square root; nan below 0. The derivative at 0 is inf."""
    return xp.sqrt(x)


sqrt.vjp(x=lambda g, y: g / (2 * y))


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


@op(kind="elementwise", onnx="Abs")
def abs(xp, x):
    """Magnitude. The derivative at 0 is 0."""
    _no_bool("abs", x)
    return xp.absolute(x)


abs.vjp(x=lambda g, x, xp: g * sign.on(xp, x))

# Steps: the derivative is zero, which is not the same as none


@op(kind="elementwise", onnx="Sign")
def sign(xp, x):
    """-1, 0 or 1; 0 for nan. Its derivative is 0 everywhere: recorded, and of no use for training."""
    if x.dtype.kind == "f":
        return xp.where(x != x, 0, xp.sign(x))
    return x.copy() if x.dtype.kind == "b" else xp.sign(x)


sign.vjp(x=lambda g, xp: xp.where(False, g, 0))


@op(kind="elementwise", onnx="Round")
def round(xp, x):
    """Nearest whole number, halves to the even one. Its derivative is 0 everywhere."""
    _no_bool("round", x)
    return xp.rint(x) if x.dtype.kind == "f" else x.copy()


round.vjp(x=lambda g, xp: xp.where(False, g, 0))


@op(kind="elementwise", onnx="Floor")
def floor(xp, x):
    """The whole number below. Its derivative is 0 everywhere."""
    _no_bool("floor", x)
    return xp.floor(x) if x.dtype.kind == "f" else x.copy()


floor.vjp(x=lambda g, xp: xp.where(False, g, 0))

# Activations


@op(kind="activation", onnx="Tanh", to_float=True)
def tanh(xp, x):
    """Hyperbolic tangent."""
    return xp.tanh(x)


tanh.vjp(x=lambda g, y: g * (1 - y * y))


@op(kind="activation", onnx="Sigmoid", to_float=True)
def sigmoid(xp, x):
    """1 / (1 + exp(-x)), accurate in both tails."""
    return xp.true_divide(1, 1 + xp.exp(-x))  # exp(-x) may be inf, and then 0 is right


sigmoid.vjp(x=lambda g, y: g * y * (1 - y))


@op(kind="activation", onnx="Relu")
def relu(xp, x):
    """x above 0, else 0. The derivative at 0 is 0."""
    _no_bool("relu", x)
    return xp.maximum(x, 0)


relu.vjp(x=lambda g, y, xp: xp.where(y <= 0, 0, g))

# Comparison: truth values have no derivative, so nothing flows back


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


# Choice


@op(kind="elementwise", onnx="Where", fixed=("condition",))
def where(xp, condition, a, b):
    """a where the condition holds, else b. Shapes: broadcast.

    Both a and b have been computed by then, and both get a gradient: g where they were chosen and 0 elsewhere. If the
    other side is inf or nan, 0 times inf makes the gradient nan (choose its input first, then compute).
    Errors: DtypeError unless the condition is bool.
    """
    if getattr(condition, "dtype", None) is not None and condition.dtype.kind != "b":
        raise DtypeError(f"where() expected condition to be a boolean tensor, but got {condition.dtype}. Use .bool().")
    return xp.where(condition, a, b)


where.vjp(condition=None,
          a=lambda g, condition, xp: xp.where(condition, g, 0),
          b=lambda g, condition, xp: xp.where(condition, 0, g))  # fmt: skip

# Copies


@op(kind="copy", onnx="Identity")
def clone(xp, x):
    """A copy with memory of its own; gradients flow through it."""
    return x.copy()


clone.vjp(x=lambda g: g)


@op(kind="cut", view=True)
def detach(xp, x):
    """The same memory, cut off from the graph. Writing to one changes the other."""
    return x


@op(kind="copy", onnx="Cast")
def cast(xp, x, /, dtype):
    """Another floating-point dtype; the gradient comes back in the dtype of x."""
    return x.astype(dtype)


cast.vjp(x=lambda g, x_dtype: g.astype(x_dtype))


@op(kind="cut", onnx="Cast")
def to_integer(xp, x, /, dtype):
    """Whole numbers or booleans; no gradient flows back."""
    return x.astype(dtype)
