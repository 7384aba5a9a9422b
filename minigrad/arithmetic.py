"""Element by element, as a learner types it: functions of `minigrad` and methods of Tensor, made of the ops."""

from __future__ import annotations

import math

import numpy as np

from . import ops
from .creation import check_factor, check_fit
from .dtype import result_type
from .errors import DtypeError, ShapeError
from .explain import tensors_only
from .methods import ALIASES, method
from .op import OPS
from .operands import NUMBERS
from .ops import compare, elementwise, functions, rounding, special
from .ops.compare import *  # noqa: F403
from .ops.elementwise import *  # noqa: F403
from .ops.functions import *  # noqa: F403
from .ops.rounding import *  # noqa: F403
from .ops.special import *  # noqa: F403
from .tensor import Tensor

# Most ops are what a learner types; those that take more options than their op are defined here, under its name.
__all__ = [*compare.__all__, *elementwise.__all__, *functions.__all__, *rounding.__all__, *special.__all__]
__all__ += [
    "addcdiv", "addcmul", "allclose", "deg2rad", "equal", "float_power", "isneginf", "isposinf", "positive",
    "rad2deg", "rsub", "square",
]  # fmt: skip

# Arithmetic with PyTorch's options


def _scaled(name, input, other, alpha):
    """alpha * other in the dtype of the result, which alpha has no say in."""
    if isinstance(alpha, (bool, int)) and alpha == 1:
        return other
    wanted = result_type([x.array if isinstance(x, Tensor) else x for x in (input, other)])
    if isinstance(alpha, float) and wanted.kind != "f":
        raise DtypeError(f"{name}(): For integral input tensors, argument alpha must not be a floating point number.")
    check_fit(alpha, wanted)
    other = other.astype(wanted) if isinstance(other, Tensor) else other
    return other * (bool(alpha) if wanted.kind == "b" else alpha)


def _no_truth_values(name, *operands):
    """Refuse bool, which alpha would make a number of."""
    for x in operands:
        if isinstance(x, bool) or (isinstance(x, Tensor) and x.array.dtype.kind == "b"):
            raise DtypeError(f"{name}(): not defined for bool. Use ~ to turn a mask round, or .long() first.")


@method
def add(input, other, *, alpha=1):
    """input + alpha * other.

    >>> import minigrad as mg
    >>> mg.add(mg.tensor([1.0, 2.0]), mg.tensor([10.0, 20.0]), alpha=0.1)
    tensor([2., 4.])
    """
    return ops.add(input, _scaled("add", input, other, alpha))


@method
def sub(input, other, *, alpha=1):
    """input - alpha * other."""
    _no_truth_values("sub", input, other)
    return ops.sub(input, _scaled("sub", input, other, alpha))


@method
def div(input, other, *, rounding_mode=None):
    """input / other; rounding_mode "floor" rounds down, as `//` does, "trunc" towards 0, as C does. Either keeps
    integers integers, and has the derivative 0.

    Errors: RuntimeError (ZeroDivisionError) for rounding an integer divided by 0.

    >>> import minigrad as mg
    >>> mg.div(mg.tensor([-7, 7]), 2, rounding_mode="trunc")
    tensor([-3,  3])
    """
    if rounding_mode is None:
        return ops.div(input, other)
    if rounding_mode == "floor":
        return ops.floor_quotient(input, other)
    if rounding_mode == "trunc":
        return ops.trunc_quotient(input, other)
    raise ShapeError(f"div(): rounding_mode has to be None, 'trunc' or 'floor', not {rounding_mode!r}")


@method
def rsub(input, other, *, alpha=1):
    """other - alpha * input."""
    _no_truth_values("rsub", input, other)
    return ops.sub(other, _scaled("rsub", other, input, alpha))


@method
def positive(input):
    """The tensor itself, as `+x` is. Errors: DtypeError for bool."""
    return +input


@method
def float_power(input, exponent):
    """input ** exponent, worked out in float64."""
    return ops.pow(*(x.double() if isinstance(x, Tensor) else float(x) for x in (input, exponent)))


def polygamma(n, input):
    """`digamma`, n times differentiated; n is a whole number from 0 up.

    >>> import minigrad as mg
    >>> mg.polygamma(1, mg.tensor(1.0))  # pi^2 / 6
    tensor(1.6449)
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"polygamma(): argument 'n' must be int, not {type(n).__name__}")
    return ops.polygamma(input, n=n)


def _polygamma_of(self, n):
    """`digamma`, n times differentiated."""
    return polygamma(n, self)


Tensor.polygamma = _polygamma_of


@method
def pow(input, exponent):
    """input ** exponent."""
    return ops.pow(input, exponent)


@method
def square(input):
    """input ** 2."""
    return ops.pow(input, 2)


def _whole(value, *tensors):
    """The number as it enters arithmetic with these: among integers it is cut to a whole one. Errors: as check_fit."""
    wanted = result_type([x.array for x in tensors])
    check_factor(value, wanted)
    return value if wanted.kind == "f" else int(value)


@method
def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 * tensor2."""
    product = ops.mul(tensor1, tensor2)
    return ops.add(input, product if value == 1 else ops.mul(product, _whole(value, input, product)))


@method
def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 / tensor2. Errors: DtypeError for two tensors of integers."""
    if not (tensor1.is_floating_point() or tensor2.is_floating_point()):
        raise DtypeError("addcdiv(): Integer division with addcdiv is no longer supported. Use .float() first.")
    quotient = ops.div(tensor1, tensor2)
    return ops.add(input, quotient if value == 1 else ops.mul(quotient, _whole(value, input, quotient)))


@method
def lerp(input, end, weight):
    """input + weight * (end - input), which is exactly `end` at weight 1. Shapes: broadcast.

    Errors: DtypeError for integers, or where the dtypes differ.
    """
    dtypes = {x.dtype for x in (input, end, weight) if isinstance(x, Tensor)}
    if len(dtypes) > 1 or not input.is_floating_point():
        raise DtypeError(f"lerp(): needs tensors of one floating-point dtype, not {' and '.join(map(repr, dtypes))}.")
    if isinstance(weight, NUMBERS):
        check_factor(weight, input.array.dtype)
    return ops.lerp(input, end, weight)


@method
def deg2rad(input):
    """Degrees to radians."""
    return ops.mul(input, math.pi / 180)


@method
def rad2deg(input):
    """Radians to degrees."""
    return ops.mul(input, 180 / math.pi)


# Limits and choice


def _limit(limit, x):
    """The number as the tensor's dtype has it. Errors: DtypeError where it has no room for that."""
    if limit is None:
        return None
    if not isinstance(limit, NUMBERS):
        raise TypeError(f"clamp(): min and max must be numbers or tensors, not {type(limit).__name__}")
    check_fit(limit, x.array.dtype)
    return float(limit) if x.is_floating_point() else np.asarray(limit).astype(x.array.dtype).item()


@method
def clamp(input, min=None, max=None):
    """input, but not below min nor above max: numbers or tensors, one of which may be None.

    The gradient passes where min <= input <= max, also at the limits themselves. nan stays nan.
    Errors: RuntimeError when both are None.

    >>> import minigrad as mg
    >>> mg.tensor([-2.0, 0.5, 3.0]).clamp(0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ShapeError("clamp(): At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        if min is None or max is None:
            return ops.clamp_max(input, max) if min is None else ops.clamp_min(input, min)
        return ops.clamp_between(input, min, max)
    if isinstance(min, (float, np.floating)) or isinstance(max, (float, np.floating)):
        input = input if input.is_floating_point() else input.float()
    elif input.array.dtype.kind == "b":
        input = input.long()
    return ops.clamp(input, min=_limit(min, input), max=_limit(max, input))


def _fitting(limit, x):
    """The limit, if the dtype of the result has room for it. Errors: DtypeError."""
    if isinstance(limit, NUMBERS):
        check_fit(limit, result_type([x.array, limit]))
    return limit


@method
def clamp_min(input, min):
    """input, but not below min, a number or a tensor. See clamp."""
    return ops.clamp_min(input, _fitting(min, input))


@method
def clamp_max(input, max):
    """input, but not above max, a number or a tensor. See clamp."""
    return ops.clamp_max(input, _fitting(max, input))


@tensors_only
def where(condition, input=None, other=None):
    """input where the condition holds, else other; without the two, the places where it holds, one tensor per axis.

    Both sides are computed before the choice, and 0 times inf makes the gradient nan: choose first, then compute.
    Errors: DtypeError unless the condition is bool (or uint8, which truth values once were).

    >>> import minigrad as mg
    >>> mg.where(mg.tensor([True, False]), mg.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' must be a Tensor, not {type(condition).__name__}: x > 0, say")
    if input is None and other is None:
        return tuple(map(Tensor, condition.array.reshape(condition.array.shape or (1,)).nonzero()))
    if input is None or other is None:
        raise TypeError("where(): takes a condition alone, or with both an input and an other")
    for number, x in ((input, other), (other, input)):
        if isinstance(number, NUMBERS) and (wanted := result_type([getattr(x, "array", x), number])) != "float16":
            check_fit(number, wanted)  # in float16 it is infinite, as in PyTorch
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        kind = "float" if isinstance(input, float) or isinstance(other, float) else "long"
        input = getattr(Tensor(np.asarray(input)), kind)().to(condition.device)  # an op needs a tensor
    return ops.where(condition, input, other)


def _chosen(self, condition, other):
    """self where the condition holds, else other."""
    return where(condition, self, other)


Tensor.where = _chosen  # the one method whose first operand is not the function's

# Are they the same?


@method
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Where |input - other| <= atol + rtol * |other|, or both are the same infinity, or (with equal_nan) both are nan.

    Errors: DtypeError when the dtypes differ.
    """
    if input.dtype is not other.dtype:
        raise DtypeError(f"isclose(): {input.dtype} did not match {other.dtype}. Convert one with .to(dtype).")
    if rtol < 0 or atol < 0:
        raise ShapeError(f"isclose(): rtol and atol must be greater than or equal to zero, but got {rtol} and {atol}")
    return ops.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@method
def isposinf(input):
    """Where input is inf."""
    return ops.eq(input, math.inf)


@method
def isneginf(input):
    """Where input is -inf."""
    return ops.eq(input, -math.inf)


@method
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close, see `isclose`; a Python bool.

    >>> import minigrad as mg
    >>> mg.allclose(mg.tensor([1.0]), mg.tensor([1.000001]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._numbers().all())


@method
def equal(input, other):
    """Whether shapes and all elements are the same; a Python bool. nan equals nothing."""
    return input.array.shape == other.array.shape and bool(ops.eq(input, other)._numbers().all())


# Other names for the same

subtract, divide, true_divide, clip = sub, div, div, clamp
for _alias in ("subtract", "divide", "true_divide", "clip"):
    setattr(Tensor, _alias, globals()[_alias])
    __all__ += [_alias]
for _name, _aliases in ALIASES.items():
    globals().update(dict.fromkeys(_aliases.split(), OPS[_name]))
    __all__ += _aliases.split()
