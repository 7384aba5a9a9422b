"""Questions about tensors and dtypes: what comes out when two meet, and what a dtype can hold."""

from __future__ import annotations

import numpy as np

from . import dtype as dtypes
from .memory import owner
from .methods import method
from .operands import NUMBERS
from .tensor import Tensor

__all__ = [
    "can_cast", "finfo", "iinfo", "is_complex", "is_floating_point", "is_nonzero", "is_same_size", "is_signed",
    "is_tensor", "numel", "promote_types", "result_type",
]  # fmt: skip

# Of tensors


def is_tensor(obj):
    """Whether this is a Tensor."""
    return isinstance(obj, Tensor)


def _tensor(name, input):
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    return input


def is_floating_point(input):
    """Whether the elements are float16, float32 or float64."""
    return _tensor("is_floating_point", input).is_floating_point()


def numel(input):
    """The number of elements."""
    return _tensor("numel", input).array.size


@method
def is_complex(input):
    """False: minigrad has no complex numbers."""
    _tensor("is_complex", input)
    return False


@method
def is_signed(input):
    """Whether the elements may be below 0: not so for uint8 and bool."""
    return _tensor("is_signed", input).dtype.is_signed


@method
def is_same_size(input, other):
    """Whether two tensors have the same shape."""
    return input.array.shape == other.array.shape


@method
def is_nonzero(input):
    """Whether the one element is not 0. Errors: ShapeError unless there is just one."""
    return bool(_tensor("is_nonzero", input))


@method
def get_device(self):
    """The number of the GPU that the tensor is on; -1 in main memory."""
    return -1 if self.device.index is None else self.device.index


@method
def storage_offset(self):
    """The place of the first element in the memory that the tensor looks at, counted in elements."""
    return (self.data_ptr() - Tensor(owner(self.array)).data_ptr()) // self.array.itemsize


Tensor.itemsize = property(Tensor.element_size, doc="Bytes per element.")
Tensor.nbytes = property(lambda self: self.array.nbytes, doc="Bytes of all elements.")
Tensor.is_sparse = property(lambda self: False, doc="False: minigrad has no sparse tensors.")
Tensor.real = property(lambda self: self, doc="The tensor itself: minigrad has no complex numbers.")

# Of dtypes


def result_type(tensor1, tensor2):
    """The dtype of the sum of two tensors or numbers.

    >>> import minigrad as mg
    >>> mg.result_type(mg.tensor([1]), 0.5)
    minigrad.float32
    """
    operands = [x.array if isinstance(x, Tensor) else x for x in (tensor1, tensor2)]
    for x in operands:
        if not isinstance(x, (*NUMBERS, np.ndarray)) and not hasattr(x, "dtype"):
            raise TypeError(f"result_type(): arguments must be Tensors or numbers, not {type(x).__name__}")
    return dtypes.as_dtype(dtypes.result_type(operands))


def promote_types(type1, type2):
    """The smallest dtype that both can be turned into.

    >>> promote_types("uint8", "int8")
    minigrad.int16
    """
    return dtypes.as_dtype(dtypes.result_type([np.empty(1, dtypes.as_dtype(t).numpy) for t in (type1, type2)]))


def can_cast(from_, to):
    """Whether a result of dtype from_ may be written into a tensor of dtype `to`: not from floats to integers or bool.

    >>> can_cast("float32", "int64")
    False
    """
    return dtypes.can_cast(dtypes.as_dtype(from_).numpy, dtypes.as_dtype(to).numpy)


class _Limits:
    def __repr__(self):
        words = (f"{name}={value if isinstance(value, str) else f'{value:g}'}" for name, value in self._shown())
        return f"{type(self).__name__}({', '.join(words)})"


class finfo(_Limits):
    """What a floating-point dtype (the default one) can hold: max, min, eps, tiny, smallest_normal, resolution, bits.

    >>> finfo("float32").eps
    1.1920928955078125e-07
    """

    def __init__(self, type=None):
        found = dtypes.get_default_dtype() if type is None else dtypes.as_dtype(type)
        if not found.is_floating_point:
            raise TypeError("finfo() requires a floating point input type. Use iinfo for integers.")
        limits = np.finfo(found.numpy)
        self.bits, self.dtype = limits.bits, found.name
        self.max, self.min, self.eps = float(limits.max), float(limits.min), float(limits.eps)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = 10.0**-limits.precision

    def _shown(self):
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny", "dtype")
        return [(name, getattr(self, name)) for name in names]


class iinfo(_Limits):
    """What an integer dtype can hold: max, min, bits.

    >>> iinfo("int8")
    iinfo(min=-128, max=127, dtype=int8)
    """

    def __init__(self, type):
        found = dtypes.as_dtype(type)
        if found.numpy.kind not in "iu":
            raise TypeError("iinfo() requires an integer input type. Use finfo for floating-point ones.")
        limits = np.iinfo(found.numpy)
        self.bits, self.dtype, self.max, self.min = limits.bits, found.name, int(limits.max), int(limits.min)

    def _shown(self):
        return [(name, getattr(self, name)) for name in ("min", "max", "dtype")]
