"""Element types, with PyTorch's names and PyTorch's rules for mixing them.

The rules differ from NumPy's: a number never widens a tensor of its own category, a 0-d tensor never widens one with
axes, and integers meeting floats take the float's type, whatever their sizes.
Source: "Type promotion", the `torch.Tensor attributes` page of the PyTorch manual.
"""

from __future__ import annotations

import numpy as np


class dtype:
    """An element type, e.g. `minigrad.float32`.

    >>> float32.itemsize, float32.is_floating_point
    (4, True)
    """

    __slots__ = ("is_floating_point", "is_signed", "itemsize", "name", "numpy")
    is_complex = False

    def __init__(self, name):
        self.name = name
        self.numpy = np.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.is_signed = self.numpy.kind in "if"

    def __repr__(self):
        return f"minigrad.{self.name}"

    def __reduce__(self):
        return as_dtype, (self.name,)


float16, float32, float64 = dtype("float16"), dtype("float32"), dtype("float64")
int8, int16, int32, int64, uint8 = dtype("int8"), dtype("int16"), dtype("int32"), dtype("int64"), dtype("uint8")
bool_ = dtype("bool")

DTYPES = {t.numpy: t for t in (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)}
_BY_NAME = {t.name: t for t in DTYPES.values()} | {float: float64, int: int64, bool: bool_}
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}
_default = float32


def as_dtype(given):
    """A dtype from itself, its name, `float`/`int`/`bool`, or a NumPy dtype; TypeError names the ones there are."""
    if isinstance(given, dtype):
        return given
    try:
        found = _BY_NAME.get(given) or (None if given is None else DTYPES.get(np.dtype(given)))
    except TypeError:
        found = None
    if found is None:
        names = ", ".join(t.name for t in DTYPES.values())
        raise TypeError(f"{given!r} is not a dtype of minigrad; there are {names}")
    return found


def get_default_dtype():
    """The dtype of floating-point tensors made from Python numbers; float32 unless set otherwise."""
    return _default


def set_default_dtype(new):
    """Make `new` (a floating-point dtype) the default.

    >>> set_default_dtype(float32)
    """
    global _default
    if not as_dtype(new).is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, not {new}")
    _default = as_dtype(new)


def number_dtype(value):
    """The NumPy dtype that a Python number stands for."""
    if isinstance(value, (bool, np.bool_)):
        return bool_.numpy
    return int64.numpy if isinstance(value, (int, np.integer)) else _default.numpy


def can_cast(given, wanted):
    """Whether a result of dtype `given` may be written into a tensor of dtype `wanted`: not down a category.

    >>> can_cast(np.dtype("float64"), np.dtype("float32")), can_cast(np.dtype("float32"), np.dtype("int64"))
    (True, False)
    """
    return _CATEGORY[given.kind] <= _CATEGORY[wanted.kind]


def _join(a, b):
    """The smallest dtype for two operands of equal standing."""
    if a is None or b is None or a == b:
        return b if a is None else a
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def result_type(operands):
    """The common NumPy dtype of arrays and Python numbers.

    >>> result_type([np.ones(2, "int64"), 0.5])
    dtype('float32')
    """
    ranks = [None, None, None]  # tensors with axes, 0-d tensors, numbers: each may only raise the category
    for operand in operands:
        if isinstance(operand, (bool, int, float, np.bool_, np.integer, np.floating)):
            ranks[2] = _join(ranks[2], number_dtype(operand))
        else:
            rank = 0 if operand.ndim else 1
            ranks[rank] = _join(ranks[rank], operand.dtype)
    result = None
    for found in ranks:
        if found is not None and (result is None or _CATEGORY[found.kind] > _CATEGORY[result.kind]):
            result = found
    return result
