"""What stands in the brackets of `x[...]`, made into an index as ops take it."""

from __future__ import annotations

import operator

import numpy as np

from . import modes
from .creation import tensor
from .device import device_of, module_of
from .errors import DeviceError
from .operands import NUMBERS
from .tensor import Tensor

_INDEX_DTYPES = {np.dtype(name) for name in ("int64", "int32", "bool", "uint8")}


def plain_index(index, x):
    """An index of x as ops take it: numbers, slices, None, Ellipsis, and arrays where x lives.

    Arrays are copied, since backward may need them later. Errors: IndexError for anything else, and for negative steps
    a ValueError, as in PyTorch. A list inside a list is refused: PyTorch is about to change what it means.
    """
    if isinstance(index, tuple):
        return tuple([plain_item(item, x) for item in index])
    if isinstance(index, list) and any(not isinstance(item, NUMBERS) for item in index):
        raise IndexError("a list of anything but numbers is no index: write x[tuple(index)] or x[tensor(index)]")
    return plain_item(index, x)


def plain_item(item, x):
    """The same for one part of it, between two commas."""
    if item is None or item is Ellipsis or type(item) is int:
        return item
    if isinstance(item, slice):
        return plain_slice(item)
    if isinstance(item, (list, tuple, range)):
        item = tensor(list(item)) if len(item) else tensor([], dtype="int64")
    if isinstance(item, (bool, np.bool_)):
        return module_of(x.array).asarray(item)
    if isinstance(item, (np.integer, int)):
        return int(item)
    if not isinstance(item, (Tensor, np.ndarray)):
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None, and lists, arrays or tensors of integers or booleans "
            f"are valid as an index (got {type(item).__name__})"
        )
    array = item.array if isinstance(item, Tensor) else item
    if array.dtype not in _INDEX_DTYPES:
        if not array.ndim and array.dtype.kind == "i" and modes.state.staging is None:
            return int(array)  # one number may be of any size
        raise IndexError(f"tensors used as indices must be integers or booleans, not minigrad.{array.dtype}")
    if array.dtype.kind == "u":  # a mask, from before there was bool
        return where_x_is(array, x).astype("bool")
    if modes.state.staging is not None:  # which knows arrays by what they are
        return where_x_is(array, x)
    return int(array) if not array.ndim and array.dtype.kind == "i" else where_x_is(array, x).copy()


def plain_slice(item):
    """A slice of Python numbers. Errors: ValueError for a negative step, as in PyTorch."""
    start, stop, step = (None if n is None else operator.index(n) for n in (item.start, item.stop, item.step))
    if step is not None and step <= 0:
        raise ValueError("step must be greater than zero. Use x.flip(dim) for the opposite order.")
    return slice(start, stop, step)


def where_x_is(array, x):
    """Indices on the device of x. From main memory they may go anywhere, as in PyTorch."""
    if type(array) is type(x.array) is np.ndarray:
        return array
    if device_of(array) == x.device:
        return array
    if module_of(array) is not np:
        raise DeviceError(f"indices should be either on cpu or on the same device as the indexed tensor ({x.device})")
    return module_of(x.array).asarray(array)
