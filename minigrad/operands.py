"""The operands of an op: put in their places, brought to one dtype and one device, or refused in words."""

from __future__ import annotations

import numpy as np

from . import dtype as dtypes
from . import modes
from .device import device_of, module_of
from .errors import DeviceError, DtypeError
from .explain import describe, wrong_argument
from .kind import kind_of

NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
ON_CPU = (np.ndarray, np.generic, bool, int, float)
_ndarray = np.ndarray
_ALIASES = {"axis": "dim", "keepdims": "keepdim"}  # PyTorch takes NumPy's words too


# Two kinds that meet

_met = {}


def meet(a, b):
    """(kind of the result of an elementwise op, sources) for operands of one dtype; None for the long way."""
    pair = a._kind or known_kind(a), b._kind or known_kind(b)
    try:
        return _met[pair]
    except KeyError:
        pass
    first, second = pair
    if first is None or second is None or first.inference or second.inference or first.dtype is not second.dtype:
        return None
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        return None
    if len(_met) > 4096:
        _met.clear()
    same = first.shape == second.shape
    sources = None if same else ((first.shape, first.dtype), (second.shape, second.dtype))
    made = _met[pair] = kind_of(np.empty(shape, first.dtype)), sources
    return made


def known_kind(x):
    """The kind of a tensor, looked up once."""
    x._kind = kind = kind_of(x.array)
    return kind


# Arguments


def sort_arguments(op, inputs, args, kwargs):
    """Put array inputs that came by keyword in their places."""
    kwargs = {_ALIASES.get(name, name): value for name, value in kwargs.items()}
    inputs = list(inputs)
    for name in () if op.variadic else op.arguments[len(inputs) :]:
        if name not in kwargs:
            raise TypeError(f"{op.name}() missing argument '{name}'; it takes {op.__signature__}")
        inputs.append(kwargs.pop(name))
    unknown = set(kwargs) - set(op.attributes)
    if unknown:
        raise TypeError(f"{op.name}() got an unexpected argument '{unknown.pop()}'; it takes {op.__signature__}")
    return tuple(inputs), args, kwargs


def number_or_refuse(op, position, x):
    """A plain number, where the op takes one."""
    if modes.state.staging is not None and hasattr(x, "plain"):  # a number that is being followed, see jit/compiling
        x = x.plain()
    if isinstance(x, NUMBERS) and (op.broadcasts or op.variadic):
        return x
    raise wrong_argument(op, op.names_of((None,) * (position + 1))[position], x)


def as_float(op, x):
    """The array of x, as floats where the op is defined for no others."""
    array = x.array
    if array.dtype.kind == "f":
        return array
    if op.to_float == "required":
        raise DtypeError(describe(op, (x,)) + ": needs a floating-point dtype. Use .float() first.")
    return array.astype(dtypes.get_default_dtype().numpy)


def _mixed(op, inputs):
    """The places of the operands that share one dtype."""
    return [i for i, name in enumerate(op.names_of(inputs)) if name not in op.fixed]


def harmonise(op, inputs, operands):
    """Bring operands to one dtype (PyTorch's rules) and one device; numbers become scalars of that dtype."""
    arrays = [x for x in operands if not isinstance(x, NUMBERS)]
    if not arrays:
        raise TypeError(f"{op.name}(): at least one argument must be a Tensor; {describe(op, inputs)}")
    placed = [a for a in arrays if a.ndim or not isinstance(a, ON_CPU)] or arrays[:1]  # CPU scalars may go anywhere
    home = placed[0]
    if any(device_of(a) != device_of(home) for a in placed[1:]):
        raise DeviceError(
            f"{describe(op, inputs)}: expected all tensors to be on the same device. Move one with .to(device)."
        )
    mixed = _mixed(op, inputs)
    if op.kind == "matmul":
        _check_product(op, inputs, [operands[i] for i in mixed])
    if not op.bools and any(isinstance(x, bool) or getattr(x, "dtype", None) == "bool" for x in operands):
        raise DtypeError(f"{describe(op, inputs)}: not defined for bool. Use ~ to turn a mask round, or .long() first.")
    wanted = dtypes.result_type([operands[i] for i in mixed])
    if op.to_float and wanted.kind != "f":
        wanted = dtypes.get_default_dtype().numpy
    return [_convert(x, wanted, home) if i in mixed else _place(x, home) for i, x in enumerate(operands)]


def _check_product(op, inputs, operands):
    """Products of matrices take tensors of one dtype: no numbers, and no silent widening."""
    for name, x in zip(op.arguments, operands, strict=True):
        if isinstance(x, NUMBERS):
            raise wrong_argument(op, name, x)
    if len({x.dtype for x in operands}) > 1:
        raise DtypeError(f"{describe(op, inputs)}: expected operands of the same dtype. Convert one with .to(dtype).")


def alike(op, arrays):
    """Whether there is nothing to bring together: NumPy arrays of one dtype."""
    mixed = _mixed(op, arrays)
    dtype = getattr(arrays[mixed[0]], "dtype", None) if mixed else None
    if op.to_float and (dtype is None or dtype.kind != "f"):
        return False
    return all(type(a) is _ndarray for a in arrays) and all(arrays[i].dtype is dtype for i in mixed)


def _place(operand, home):
    """A 0-d tensor of the CPU goes where the others are."""
    if isinstance(operand, ON_CPU) and not isinstance(home, ON_CPU):
        return module_of(home).asarray(operand)
    return operand


def _convert(operand, wanted, home):
    if isinstance(operand, NUMBERS):
        if type(operand) is float and wanted.kind == "f":
            return wanted.type(operand)
        return np.asarray(operand).astype(wanted)[()]  # whole numbers wrap around, as in PyTorch
    operand = _place(operand, home)
    return operand if operand.dtype is wanted else operand.astype(wanted)


def as_array(y):
    """NumPy hands back scalars for 0-d results; a tensor always holds an array."""
    return np.asarray(y) if isinstance(y, ON_CPU) else y
