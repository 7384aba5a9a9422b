"""The module that takes CuPy's place: `standin.exp`, `standin.zeros`, `standin.linalg.norm`, and nothing CuPy lacks."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import numpy as np

from .array import (
    INTERFACE,
    SCATTERED,
    Place,
    StrictArray,
    call_ufunc,
    check_axis,
    is_number,
    operand,
    unwrap_index,
    wrap,
)

FROM_HOST = {"array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray"}  # these copy to the GPU
FROM_NOTHING = {"zeros", "ones", "empty", "full", "arange", "linspace", "logspace", "eye", "identity", "tri", "indices",
                "broadcast_shapes", "result_type", "can_cast", "where"}  # fmt: skip


class Ufunc:
    """One of CuPy's ufuncs."""

    def __init__(self, ufunc):
        self.ufunc, self.__name__ = ufunc, ufunc.__name__

    def __call__(self, *inputs, **kwargs):
        count = self.ufunc.nin
        if len(inputs) > count:
            inputs, kwargs = inputs[:count], {**kwargs, "out": inputs[count]}
        if not any(isinstance(x, StrictArray) for x in inputs) and not all(map(is_number, inputs)):
            raise TypeError(f"Unsupported type {type(inputs[0])}")
        return call_ufunc(self.ufunc, *inputs, **kwargs)

    def at(self, array, index, value=None):
        """Only for dtypes with atomic operations; indices wrap around."""
        if array.dtype.str[1:] not in SCATTERED.get(self.__name__, ()):
            raise TypeError(f"scatter_{self.__name__} does not support {array.dtype}")
        value = value._array if isinstance(value, StrictArray) else value
        self.ufunc.at(array._array, unwrap_index(index, array.shape), value)

    def reduce(self, array, axis=0, dtype=None, out=None, keepdims=False):
        """CuPy has these five arguments."""
        return wrap(self.ufunc.reduce(array._array, axis=axis, dtype=dtype, keepdims=keepdims))

    def accumulate(self, array, axis=0, dtype=None, out=None):
        """Only for sums and products."""
        if self.__name__ not in ("add", "multiply"):
            raise NotImplementedError(f"accumulate of {self.__name__} is not implemented in CuPy")
        return wrap(self.ufunc.accumulate(array._array, axis=axis, dtype=dtype))

    def outer(self, a, b):
        """Every pair."""
        return wrap(self.ufunc.outer(a._array, b._array))


def function(name, numpy_function, parameters):
    """CuPy's function of this name: it takes the arguments that CuPy's takes, and arrays of this kind only."""
    starred = any(p.startswith("*") and not p.startswith("**") for p in parameters)
    named = {p for p in parameters if not p.startswith("*")}
    loose = any(p.startswith("**") for p in parameters)

    def run(*args, **kwargs):
        if (not loose and set(kwargs) - named) or (not starred and len(args) > len(named)):
            raise TypeError(f"CuPy's {name}({', '.join(parameters)}) was called with {len(args)} and {kwargs}")
        first = args[0] if args else None
        bases = [x for x in (*args, *kwargs.values()) if isinstance(x, StrictArray)]
        if name not in FROM_HOST | FROM_NOTHING and not bases and not _holds_arrays(first) and name not in CONSTANT:
            raise TypeError(f"CuPy's {name} wants its own arrays, not {type(first)}")
        if name in FROM_HOST and isinstance(first, np.ndarray):
            args = (first.copy(order="K"), *args[1:])
        elif name in FROM_HOST and isinstance(first, StrictArray):
            return _already_there(name, numpy_function, first, *args[1:], **kwargs)
        kwargs.pop("blocking", None)
        if bases and first is bases[0]:
            check_axis(first, name, kwargs, args[1:])
        result = numpy_function(*map(_inner(name), args), **{k: _inner(name)(v) for k, v in kwargs.items()})
        return wrap(result, bases[0] if bases else None)

    run.__name__ = name
    return run


CONSTANT = {"finfo", "iinfo", "issubdtype", "broadcast_shapes", "get_array_module", "may_share_memory", "ix_"}


def _already_there(name, numpy_function, array, *args, **kwargs):
    kwargs.pop("blocking", None)
    return wrap(numpy_function(array._array, *args, **kwargs), array)


def _holds_arrays(x):
    return isinstance(x, (list, tuple)) and any(isinstance(i, StrictArray) or _holds_arrays(i) for i in x)


def _inner(name):
    def unwrap(x):
        if isinstance(x, StrictArray):
            return x._array
        if isinstance(x, np.ndarray) and name not in FROM_HOST:
            raise TypeError(f"Unsupported type {type(x)}")
        return type(x)(map(unwrap, x)) if _holds_arrays(x) else x

    return unwrap


class StandIn:
    """`standin.name` is CuPy's function of that name; AttributeError when CuPy has none."""

    __name__ = "cupy"
    ndarray = StrictArray

    def __init__(self, numpy_module, functions):
        self._numpy, self._functions = numpy_module, functions

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._numpy, name, None)
        if self._numpy is np and name in INTERFACE["ufuncs"]:
            made = Ufunc(found)
        elif name in self._functions:
            made = function(name, found, self._functions[name])
        elif isinstance(found, type) or is_number(found) or (found is None and name == "newaxis"):
            made = found  # dtypes and constants are NumPy's own
        else:
            raise AttributeError(f"module 'cupy' has no attribute {name!r} (CuPy {INTERFACE['version']})")
        setattr(self, name, made)
        return made


def asnumpy(array, stream=None, order="C", out=None, *, blocking=True):
    """The numbers back in NumPy, as a copy."""
    return array.get(order=order) if isinstance(array, StrictArray) else np.asarray(array)


def matmul(a, b, /, out=None, **kwargs):
    """A generalised ufunc in CuPy; it takes no scalars."""
    for x in (a, b):
        if not isinstance(x, StrictArray):
            raise TypeError(f"Unsupported type {type(x)}")
    return call_ufunc(np.matmul, a, b, **({"out": out} if out is not None else {}), **kwargs)


def where(condition, *pair):
    """It converts the condition, so that it has to be an array, or a number of NumPy's."""
    return wrap(np.where(*map(operand, (condition.astype("?", copy=False), *pair))))


def concatenate(tup, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """Its complaint about arrays without axes is a TypeError, and an axis may be any number."""
    if any(is_ours(x) and not x.ndim for x in tup):
        raise TypeError("zero-dimensional arrays cannot be concatenated")
    return plain["concatenate"](tup, int(axis))


def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **kwargs):
    """Along an axis it subtracts, which truth values refuse, and has its own order for nan."""
    if axis is not None and ar.dtype.kind in "bf":
        raise TypeError("this stand-in takes only whole numbers along an axis")
    return plain["unique"](ar, return_index, return_inverse, return_counts, axis)


def solve(a, b):
    """It takes stacks of one shape."""
    if a.shape[:-2] != b.shape[:-2]:
        raise ValueError("a and b must have the same stacks of matrices")
    return plain["solve"](a, b)


def as_strided(x, shape=None, strides=None):
    """An array at the address of x that does not know of x."""
    found = plain["as_strided"](x, shape, strides)
    found.base = None
    return found


def is_ours(x):
    """Whether this is an array of this kind."""
    return isinstance(x, StrictArray)


def take_along_axis(a, indices, axis):
    """It indexes, so indices out of range wrap around."""
    inside = indices._array % a.shape[axis] if a.shape[axis] else indices._array
    return wrap(np.take_along_axis(a._array, inside, axis))


standin = StandIn(np, INTERFACE["functions"])
standin.linalg = StandIn(np.linalg, INTERFACE["linalg"])
standin.lib = SimpleNamespace(stride_tricks=StandIn(np.lib.stride_tricks, INTERFACE["lib.stride_tricks"]))
plain = {"concatenate": standin.concatenate, "unique": standin.unique, "solve": standin.linalg.solve,
         "as_strided": standin.lib.stride_tricks.as_strided}  # fmt: skip
standin.asnumpy, standin.matmul, standin.take_along_axis = asnumpy, matmul, take_along_axis
standin.where, standin.concatenate, standin.unique = where, concatenate, unique
standin.linalg.solve, standin.lib.stride_tricks.as_strided = solve, as_strided
standin.cuda = SimpleNamespace(
    Device=Place, runtime=SimpleNamespace(getDeviceCount=lambda: 1, deviceSynchronize=lambda: None)
)
standin.errstate = contextlib.nullcontext
