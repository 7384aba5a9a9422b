"""Operators and methods of Tensor, from one table of ops. The only file where tensors and ops meet both ways."""

from __future__ import annotations

import inspect

import numpy as np

from . import hooks, modes, ops
from .backward import backward
from .device import Device, module_of, move
from .dtype import as_dtype, float16, float32, float64, int8, int16, int32, int64, uint8
from .errors import DtypeError, GradError
from .events import Changing, Switched
from .explain import tensors_only
from .op import OPS, op
from .operands import NUMBERS
from .tensor import Tensor

# Operators and methods that are ops

METHODS = """
    abs ceil floor frac maximum minimum mul neg pow round sign trunc floor_divide remainder fmod fmax fmin clamp_min
    clamp_max nan_to_num acos acosh asin asinh atan atan2 atanh cos cosh digamma erf erfc erfinv exp exp2 expm1 hypot
    lgamma log log10 log1p log2 logaddexp logaddexp2 logit copysign sinc gcd lcm reciprocal rsqrt sin sinh sqrt tan
    xlogy sigmoid tanh relu eq ne lt le gt ge isnan isinf isfinite signbit logical_and logical_or logical_not
    logical_xor bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift amax amin argmax
    argmin all any count_nonzero matmul clone detach unsqueeze squeeze
""".split()  # noqa: SIM905  a list of strings would be five times as long

# One op under several names, as in PyTorch.
ALIASES = {
    "abs": "absolute", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "neg": "negative", "mul": "multiply", "trunc": "fix", "sign": "sgn",
    "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
}  # fmt: skip

OPERATORS = {
    "add": "__add__ __radd__", "mul": "__mul__ __rmul__", "sub": "__sub__", "div": "__truediv__", "pow": "__pow__",
    "floor_divide": "__floordiv__", "remainder": "__mod__", "matmul": "__matmul__", "neg": "__neg__", "abs": "__abs__",
    "lt": "__lt__", "le": "__le__", "gt": "__gt__", "ge": "__ge__", "bitwise_and": "__and__ __rand__",
    "bitwise_or": "__or__ __ror__", "bitwise_xor": "__xor__ __rxor__", "bitwise_not": "__invert__",
    "bitwise_left_shift": "__lshift__", "bitwise_right_shift": "__rshift__",
}  # fmt: skip
TURNED = {
    "sub": "__rsub__", "div": "__rtruediv__", "pow": "__rpow__", "floor_divide": "__rfloordiv__",
    "remainder": "__rmod__", "matmul": "__rmatmul__", "bitwise_left_shift": "__rlshift__",
    "bitwise_right_shift": "__rrshift__",
}  # fmt: skip

for _name in METHODS:
    for _alias in (_name, *ALIASES.get(_name, "").split()):
        setattr(Tensor, _alias, OPS[_name].run)
    OPS[_name].run.__doc__, OPS[_name].run.__name__ = OPS[_name].__doc__, _name
for _name, _dunders in OPERATORS.items():
    for _dunder in _dunders.split():
        setattr(Tensor, _dunder, OPS[_name].run)
for _name, _dunder in TURNED.items():
    setattr(Tensor, _dunder, lambda self, other, _run=OPS[_name].run: _run(other, self))


_OPERANDS = {
    "boundaries", "end", "index", "indices", "mask", "mat", "mat1", "mat2", "other", "source", "src", "tensor1",
    "tensor2", "value", "vec", "vec2",
}  # fmt: skip


def method(function):
    """Hang a function on Tensor under its own name, and return it as a function of its own.

    Whichever is called, what is no tensor where one belongs is named. The first operand of a method always is one.
    """
    careful = tensors_only(function)
    others = _OPERANDS.intersection(inspect.signature(function).parameters)
    setattr(Tensor, function.__name__, careful if others else function)
    return careful


@method
def __eq__(self, other):
    comparable = isinstance(other, (Tensor, np.ndarray, *NUMBERS))
    return ops.eq(self, other) if comparable else NotImplemented  # so that x == None is False


@method
def __ne__(self, other):
    comparable = isinstance(other, (Tensor, np.ndarray, *NUMBERS))
    return ops.ne(self, other) if comparable else NotImplemented


@method
def __pos__(self):
    if self.array.dtype.kind == "b":
        raise DtypeError("The `+` operator, on a bool tensor is not supported. Use .long() first.")
    return self


@method
def __iter__(self):
    if not self.array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return (self[i] for i in range(len(self.array)))


@method
def __contains__(self, value):
    if not isinstance(value, (Tensor, *NUMBERS)):
        raise DtypeError(f"`in` looks for a number or a tensor among the elements, not for {value.__class__.__name__}")
    return bool(ops.eq(self, value)._numbers().any())


# Dtype and device


@method
def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False):
    """Another dtype, another device, or both: `x.to("cuda")`, `x.to(1)`, `x.to(mg.float64)`, `x.to(other)`.

    Returns a new tensor; the very same one when nothing changes. Gradients flow back through it. `non_blocking` is a
    wish that nothing hangs on.
    """
    for given in args:
        if isinstance(given, Tensor):
            dtype, device = given.dtype, given.device
        elif isinstance(given, (str, int, Device)) and given not in ("float", "int"):
            device = given
        else:
            dtype = given
    out = self if device is None else _to_device(self, Device(device))
    if dtype is not None and as_dtype(dtype).numpy != out.array.dtype:
        out = Tensor.astype(out, as_dtype(dtype).numpy)
    return ops.clone(out) if copy and out is self else out


@method
def astype(self, wanted):
    """NumPy's word for a change of dtype, so that rules can say it to arrays and tensors alike."""
    wanted = as_dtype(wanted).numpy
    if wanted == self.array.dtype:
        return self
    return ops.cast(self, dtype=wanted) if wanted.kind == "f" else ops.to_integer(self, dtype=wanted)


@method
def type(self, dtype):
    """`to(dtype)`, under an older name."""
    return self.to(dtype=dtype)


@method
def type_as(self, other):
    """`to` the dtype of another tensor."""
    return self.to(dtype=other.dtype)


@op(kind="copy")
def to_device(xp, x, /, device, home):
    """A copy on another device; the gradient is copied back."""
    return move(x, device)


to_device.vjp(x=lambda g, device, home, xp: to_device.on(xp, g, device=home, home=device))


def _to_device(self, device):
    return self if move(self.array, device) is self.array else to_device(self, device=device, home=self.device)


@method
def cpu(self):
    """The same values in the computer's main memory."""
    return self.to(device="cpu")


@method
def cuda(self, device=None):
    """The same values on a GPU. Errors: DeviceError, with the remedy, where there is none."""
    return self.to(device="cuda" if device is None else Device("cuda", device))


for _name, _wanted in {
    "float": float32, "double": float64, "half": float16, "long": int64, "int": int32, "short": int16, "char": int8,
    "byte": uint8, "bool": as_dtype(bool),
}.items():  # fmt: skip
    setattr(Tensor, _name, lambda self, _wanted=_wanted: self.astype(_wanted))
    getattr(Tensor, _name).__doc__ = f"The same values as `{_wanted}`."


# Autograd

Tensor.backward = backward
Tensor.retain_grad = hooks.retain_grad
Tensor.register_hook = hooks.register_hook
Tensor.register_post_accumulate_grad_hook = hooks.register_post_accumulate_grad_hook


@method
def detach_(self):
    """Cut this tensor itself off from its graph. Errors: GradError on a view, whose base would still be in it."""
    if self._base is not None:
        raise GradError("Can't detach views in-place. Use detach() instead.")
    if modes.state.staging is not None:
        modes.state.staging.given_data(self, self.detach())
    if modes.state.watchers:
        modes.notify(Switched(self))
    self._edge = None
    return self


def _data_of(self):
    array = self.array
    if modes.state.staging is not None:  # which could not follow it
        return self.detach()
    if modes.state.watchers:
        modes.notify(Changing((self,)))
    # An array of a buffer, or at an address, owns its memory as far as memory.py can see: a change is not noticed.
    if not isinstance(array, np.ndarray):
        return Tensor(module_of(array).ndarray(array.shape, array.dtype, array.data, array.strides))
    apart = np.asarray(memoryview(array))
    return Tensor(apart.view(array.dtype) if apart.dtype is not array.dtype else apart)


def _put_data(self, new):
    if not isinstance(new, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
    if self._edge is not None and new.array.dtype.kind != "f":
        raise GradError(f"data set to a tensor that requires gradients must be floating point, not {new.dtype}")
    if modes.state.staging is not None:
        modes.state.staging.given_data(self, new)
    self._put_array(new.array)


Tensor.data = property(
    _data_of,
    _put_data,
    doc="The same memory, out of sight of autograd: unlike detach(), changes are not noticed. Prefer detach().",
)
