"""Whole numbers: division with a remainder, what two have in common, and rounding."""

import operator

from ..errors import DtypeError, GradError
from ..op import op

__all__ = [
    "ceil", "floor", "floor_divide", "fmod", "frac", "gcd", "lcm", "remainder", "round", "sign", "trunc",
]  # fmt: skip


def no_bool(name, x):
    """Refuse truth values. Errors: DtypeError."""
    if x.dtype.kind == "b":
        raise DtypeError(f"{name}() is not defined for bool. Use .float() or .long() first, or `~` to turn it round.")


def only_floats(name, x):
    """Refuse whole numbers and truth values. Errors: DtypeError."""
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}() is not defined for {x.dtype}. Use .float() first.")


def zero(g, xp):
    """0 where g is a number, and where it is nan: a derivative that is 0, of which a derivative can be taken again."""
    return xp.where(g < g, g, 0)  # not where(False, ...): CuPy wants an array to choose by


# Division


def _check_divisor(name, a, b):
    """Integers have no inf to answer a division by zero with."""
    no_bool(name, b)
    if b.dtype.kind != "f" and a.size and not b.all():
        raise RuntimeError(f"{name}(): ZeroDivisionError: an integer ({b.dtype}) divided by zero. Use .float() first.")


def _whole(xp, a, b):
    """The whole number below a / b."""
    if xp.__name__ == "numpy" or a.dtype.kind != "f":
        return xp.floor_divide(a, b)
    left, below = _taken_off(xp, a, b)
    return xp.where(b == 0, a / b, xp.rint((a - left) / b - below))


def _left(xp, a, b):
    """What is left of a when b is taken off so often, with the sign of b."""
    if xp.__name__ == "numpy" or a.dtype.kind != "f":
        return xp.remainder(a, b)
    left, below = _taken_off(xp, a, b)
    return xp.where(below, left + b, xp.where(left == 0, xp.copysign(left, b), left))


def _taken_off(xp, a, b):
    """C's fmod, from which Python gets both, and whether its sign is wrong. CuPy's own are wrong where one is inf."""
    left = xp.fmod(a, b)
    return left, (left != 0) & ((left < 0) != (b < 0))


@op(kind="elementwise")
def floor_divide(xp, a, b):
    """The whole number below a / b: the operator `//`. Shapes: broadcast. No derivative: backward raises GradError.

    Errors: RuntimeError (ZeroDivisionError) for an integer divided by 0, DtypeError for bool.
    """
    _check_divisor("floor_divide", a, b)
    return _whole(xp, a, b)


def _refuse(g):
    raise GradError(
        "the derivative for floor_divide is not implemented. It would be 0 everywhere and stop whatever learns behind "
        'it: write (a // b).detach(), or div(a, b, rounding_mode="floor") if 0 is what you want.'
    )


floor_divide.vjp(a=_refuse, b=_refuse)


@op(kind="elementwise")
def floor_quotient(xp, a, b):
    """The whole number below a / b, as `div(rounding_mode="floor")` gives it. Shapes: broadcast. Its derivative is 0.

    Errors: RuntimeError (ZeroDivisionError) for an integer divided by 0, DtypeError for bool.
    """
    _check_divisor("div", a, b)
    return _whole(xp, a, b)


floor_quotient.vjp(a=lambda g, xp: zero(g, xp),
                   b=lambda g, xp: zero(g, xp))  # fmt: skip


@op(kind="elementwise")
def trunc_quotient(xp, a, b):
    """a / b cut to the whole number towards 0, as C divides integers. Shapes: broadcast. Its derivative is 0.

    Errors: RuntimeError (ZeroDivisionError) for an integer divided by 0, DtypeError for bool.
    """
    _check_divisor("div", a, b)
    return xp.trunc(xp.true_divide(a, b)) if a.dtype.kind == "f" else xp.floor_divide(a - xp.fmod(a, b), b)


trunc_quotient.vjp(a=lambda g, xp: zero(g, xp),
                   b=lambda g, xp: zero(g, xp))  # fmt: skip


@op(kind="elementwise", onnx="Mod")
def remainder(xp, a, b):
    """a - b floor(a / b), with the sign of b, as Python's `%`. Shapes: broadcast.

    Errors: RuntimeError (ZeroDivisionError) for an integer divided by 0, DtypeError for bool.
    """
    _check_divisor("remainder", a, b)
    return _left(xp, a, b)


remainder.vjp(a=lambda g: g,
              b=lambda g, a, b, xp: -g * floor_quotient.on(xp, a, b))  # fmt: skip


@op(kind="elementwise", onnx="Mod")
def fmod(xp, a, b):
    """a - b trunc(a / b), with the sign of a, as C's fmod. Shapes: broadcast.

    Errors: RuntimeError (ZeroDivisionError) for an integer divided by 0, DtypeError for bool.
    """
    _check_divisor("fmod", a, b)
    return xp.fmod(a, b)


fmod.vjp(a=lambda g: g,
         b=lambda g, a, b, xp: -g * xp.trunc(a / b))  # fmt: skip


# What two have in common


def _only_integers(name, x):
    if x.dtype.kind not in "iu":
        raise DtypeError(f"{name}() is not defined for {x.dtype}, only for integers. Use .long() first.")


@op(kind="cut", commutes=True)
def gcd(xp, a, b):
    """The greatest whole number that divides both; 0 for two zeros. Shapes: broadcast. Errors: not for floats."""
    _only_integers("gcd", a)
    return xp.gcd(a, b)


@op(kind="cut", commutes=True)
def lcm(xp, a, b):
    """The least number from 0 up that both divide. Shapes: broadcast. Errors: not for floats."""
    _only_integers("lcm", a)
    return xp.lcm(a, b)


# Rounding: the derivative is zero, which is not the same as none


@op(kind="elementwise", onnx="Sign")
def sign(xp, x):
    """-1, 0 or 1; 0 for nan. Its derivative is 0 everywhere: recorded, and of no use for training."""
    if x.dtype.kind == "f":
        return xp.where(x != x, 0, xp.sign(x))
    return x.copy() if x.dtype.kind == "b" else xp.sign(x)


sign.vjp(x=lambda g, xp: zero(g, xp))


@op(kind="elementwise", onnx="Round")
def round(xp, x, /, decimals=0):
    """Nearest whole number, or with so many decimals; halves to the even one. Its derivative is 0 everywhere."""
    no_bool("round", x)
    if not decimals:
        return xp.rint(x) if x.dtype.kind == "f" else x.copy()
    only_floats("round", x)
    wide = x.astype("float32") if x.dtype.itemsize == 2 else x  # half precision has too few digits to scale
    unit = wide.dtype.type(10.0 ** operator.index(decimals if decimals > 0 else -decimals))
    return (xp.rint(wide * unit) / unit if decimals > 0 else xp.rint(wide / unit) * unit).astype(x.dtype)


round.vjp(x=lambda g, xp: zero(g, xp))


@op(kind="elementwise", onnx="Floor")
def floor(xp, x):
    """The whole number below. Its derivative is 0 everywhere."""
    no_bool("floor", x)
    return xp.floor(x) if x.dtype.kind == "f" else x.copy()


floor.vjp(x=lambda g, xp: zero(g, xp))


@op(kind="elementwise", onnx="Ceil")
def ceil(xp, x):
    """The whole number above. Its derivative is 0 everywhere."""
    no_bool("ceil", x)
    return xp.ceil(x) if x.dtype.kind == "f" else x.copy()


ceil.vjp(x=lambda g, xp: zero(g, xp))


@op(kind="elementwise")
def trunc(xp, x):
    """The whole number towards 0. Its derivative is 0 everywhere."""
    no_bool("trunc", x)
    return xp.trunc(x) if x.dtype.kind == "f" else x.copy()


trunc.vjp(x=lambda g, xp: zero(g, xp))


@op(kind="elementwise")
def frac(xp, x):
    """What `trunc` cuts off, x - trunc(x), with the sign of x. Errors: DtypeError for integers."""
    only_floats("frac", x)
    return x - xp.trunc(x)


frac.vjp(x=lambda g: g)
