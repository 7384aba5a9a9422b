"""The array: NumPy's numbers behind the doors that CuPy's array has, and no others."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np

INTERFACE = json.loads((Path(__file__).parent / "interface.json").read_text("utf-8"))
SCALARS = (bool, int, float, complex, np.generic)
REFUSAL = (
    "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly."
)
SCATTERED = {"add": ("i4", "f2", "f4", "f8", "u4", "u8"), "maximum": ("i4", "f4", "f8", "u4", "u8")}
SCATTERED["minimum"] = SCATTERED["maximum"]  # the dtypes that the GPU has atomic operations for


class Place:
    """What `array.device` is, and the context `cuda.Device(0)`. There is one GPU here."""

    def __init__(self, id=0):
        self.id = id

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


class StrictArray:
    """Looks like cupy.ndarray. It has no attributes of one's own, cannot be hashed, and is never a NumPy scalar."""

    __slots__ = ("__weakref__", "_array", "base")
    __array_priority__ = 100
    __hash__ = None

    def __init__(self, shape, dtype=float, memptr=None, strides=None, order="C"):
        """An array in new memory, or at a pointer; that one is nobody's view."""
        if memptr is None:
            self._array = np.empty(shape, dtype, order)
        else:
            assert memptr.first.dtype == dtype, "this stand-in reads memory only as what it is"
            self._array = np.lib.stride_tricks.as_strided(memptr.first, shape, strides)
        self.base = None

    data = property(lambda self: Pointer(self._array))
    device = property(lambda self: Place())
    shape = property(lambda self: self._array.shape, lambda self, new: setattr(self._array, "shape", new))
    T = property(lambda self: wrap(self._array.T, self))
    mT = property(lambda self: wrap(self._array.mT, self))
    dtype = property(lambda self: self._array.dtype)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    nbytes = property(lambda self: self._array.nbytes)
    itemsize = property(lambda self: self._array.itemsize)
    strides = property(lambda self: self._array.strides)
    flags = property(lambda self: Flags(self._array.flags))

    # What NumPy asks for behind one's back

    def __array__(self, *args, **kwargs):
        raise TypeError(REFUSAL)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        """NumPy's ufuncs hand their arrays over to CuPy's, which then look at the others."""
        if method != "__call__" or ufunc.__name__ not in {*INTERFACE["ufuncs"], "matmul"}:
            return NotImplemented
        known = (StrictArray, np.ndarray, *SCALARS)
        if not all(isinstance(x, known) for x in (*inputs, *(out or ()))):
            return NotImplemented
        return call_ufunc(ufunc, *inputs, **({"out": out[0]} if out else {}), **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        from .module import standin

        found = standin
        for part in function.__module__.split(".")[1:]:
            found = getattr(found, part, None)
        found = getattr(found, function.__name__, None)
        if found is None or found is function or not all(issubclass(t, (StrictArray, np.ndarray)) for t in types):
            return NotImplemented
        return found(*args, **kwargs)

    # Python's own protocols

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self._array)

    def __int__(self):
        return int(self._array)

    def __float__(self):
        return float(self._array)

    def __complex__(self):
        return complex(self._array)

    def __repr__(self):
        return repr(self._array)

    def __format__(self, spec):
        return format(self._array, spec)

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        return wrap, (self.get(),)

    # Elements

    def __getitem__(self, index):
        index = unwrap_index(index, self.shape)
        if not any(item is Ellipsis for item in index):
            index += (...,)  # so that one element is an array as well
        try:
            return wrap(self._array[index], self)
        except IndexError as error:
            if "broadcast" in str(error):
                raise ValueError(str(error)) from None
            raise

    def __setitem__(self, index, value):
        index = unwrap_index(index, self.shape)
        if isinstance(value, np.ndarray) and value.ndim and all(not isinstance(i, (np.ndarray, list)) for i in index):
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        self._array[index] = value._array if isinstance(value, StrictArray) else value

    def get(self, stream=None, order="C", out=None, blocking=True):
        """A copy in NumPy."""
        return self._array.copy(order=order)

    def item(self, *position):
        """The one element; CuPy takes no position."""
        if position:
            raise TypeError("item() takes no arguments")
        return self._array.item()

    def tolist(self):
        """Nested lists."""
        return self._array.tolist()


class Pointer:
    """What `array.data` is: an address, and the hold on the memory there."""

    def __init__(self, array):
        self.first, self.ptr = array, array.ctypes.data


class Flags:
    """The three flags that CuPy has."""

    def __init__(self, flags):
        self.c_contiguous, self.f_contiguous, self.owndata = flags.c_contiguous, flags.f_contiguous, flags.owndata


# In and out


def wrap(result, base=None):
    """A NumPy result as an array of this kind; a view of `base` says so. Other results pass."""
    if isinstance(result, (tuple, list)):
        wrapped = [wrap(r, base) for r in result]
        return wrapped if isinstance(result, list) else tuple(wrapped)
    if not isinstance(result, (np.ndarray, np.generic)):
        return result
    if base is not None and result is base._array:
        return base
    shared = base is not None and isinstance(result, np.ndarray) and np.may_share_memory(result, base._array)
    made = object.__new__(StrictArray)
    made._array = np.asarray(result)
    made.base = None if not shared else base if base.base is None else base.base
    if not made._array.flags.writeable:  # CuPy has no read-only views
        with contextlib.suppress(ValueError):
            made._array.flags.writeable = True
    return made


def is_number(x):
    """A scalar of Python or NumPy: what CuPy's ufuncs take beside arrays."""
    return isinstance(x, SCALARS)


def operand(x):
    """NumPy's array behind an operand; TypeError for what CuPy does not take."""
    if isinstance(x, StrictArray):
        return x._array
    if is_number(x):
        return x
    raise TypeError(f"Unsupported type {type(x)}")


BITWISE = (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift)


def call_ufunc(ufunc, *inputs, **kwargs):
    """A ufunc on arrays of this kind and scalars."""
    unknown = set(kwargs) - {"out", "dtype", "casting"}
    if unknown:
        raise TypeError(f"CuPy's {ufunc.__name__} has no argument {unknown}")
    out = kwargs.get("out")
    inputs = [operand(x) for x in inputs]
    if ufunc in BITWISE and any(np.asarray(x).dtype.kind == "f" for x in inputs):
        raise TypeError(f"Wrong type ({[np.asarray(x).dtype for x in inputs]}) of arguments for cupy_{ufunc.__name__}")
    if out is not None:
        if not isinstance(out, StrictArray):
            raise TypeError(f"Unsupported type {type(out)}")
        kwargs["out"] = out._array
        ufunc(*inputs, **kwargs)
        return out
    return wrap(ufunc(*inputs, **kwargs))


# Indexing


def unwrap_index(index, shape):
    """A tuple for NumPy. Arrays of whole numbers wrap around at the end of their axis, as on a GPU."""
    items = index if isinstance(index, tuple) else (index,)
    items = [
        i._array if isinstance(i, StrictArray) else _listed(i) if isinstance(i, (list, tuple)) else i for i in items
    ]
    used = sum(i.ndim if _is_mask(i) else 0 if i is None or i is Ellipsis else 1 for i in items)
    axis, made = 0, []
    for i in items:
        if isinstance(i, np.ndarray) and i.dtype.kind in "iu" and axis < len(shape) and shape[axis]:
            i = i % shape[axis]
        made.append(i)
        axis += i.ndim if _is_mask(i) else 0 if i is None else len(shape) - used if i is Ellipsis else 1
    return tuple(made)


def _listed(items):
    """A list in an index; CuPy copies it to the GPU, arrays of one element in it as well."""
    return np.array([i.item() if isinstance(i, StrictArray) else i for i in items], None if len(items) else int)


def _is_mask(i):
    return isinstance(i, (np.ndarray, bool, np.bool_)) and np.asarray(i).dtype.kind == "b"


# Methods and operators


def check_axis(array, name, named, args):
    """An array without axes has no axis 0 either, which NumPy's reductions take."""
    axis = named.get("axis", args[0] if args and name in REDUCTIONS else None)
    if not array.ndim and axis != () and isinstance(axis, (int, tuple)):
        raise np.exceptions.AxisError(axis if isinstance(axis, int) else axis[0], 0)


REDUCTIONS = {"all", "any", "argmax", "argmin", "max", "mean", "min", "prod", "std", "sum", "var"}


def _method(name, parameters):
    def method(self, *args, **kwargs):
        unknown = set(kwargs) - {p.lstrip("*") for p in parameters}
        if unknown or (len(args) > len(parameters) and not any(p[0] == "*" for p in parameters)):
            raise TypeError(f"CuPy's ndarray.{name}({', '.join(parameters)}) was called with {len(args)} and {kwargs}")
        out = kwargs.get("out")
        given = {k: operand(v) if isinstance(v, (StrictArray, np.ndarray)) else v for k, v in kwargs.items()}
        args = [operand(v) if isinstance(v, (StrictArray, np.ndarray)) else v for v in args]
        check_axis(self, name, given, args)
        result = getattr(self._array, name)(*args, **given)
        return out if out is not None else wrap(result, self)

    method.__name__ = name
    return method


def _operator(ufunc, swapped=False, inplace=False):
    def operator(self, other):
        if isinstance(other, np.ndarray):
            raise TypeError(f"Unsupported type {type(other)}")
        if not isinstance(other, (StrictArray, *SCALARS)):
            return NotImplemented
        pair = (other, self) if swapped else (self, other)
        return call_ufunc(ufunc, *pair, **({"out": self} if inplace else {}))

    return operator


PAIRS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "pow": np.power,
         "floordiv": np.floor_divide, "mod": np.remainder, "and": np.bitwise_and, "or": np.bitwise_or,
         "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift, "matmul": np.matmul}  # fmt: skip
COMPARED = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
            "ge": np.greater_equal}  # fmt: skip
SINGLE = {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}

for _name, _parameters in INTERFACE["methods"].items():
    if _name not in vars(StrictArray):
        setattr(StrictArray, _name, _method(_name, _parameters))
for _name, _ufunc in {**PAIRS, **COMPARED}.items():
    setattr(StrictArray, f"__{_name}__", _operator(_ufunc))
for _name, _ufunc in PAIRS.items():
    setattr(StrictArray, f"__r{_name}__", _operator(_ufunc, swapped=True))
    if _name != "matmul":  # CuPy has no @=
        setattr(StrictArray, f"__i{_name}__", _operator(_ufunc, inplace=True))
for _name, _ufunc in SINGLE.items():
    setattr(StrictArray, f"__{_name}__", lambda self, ufunc=_ufunc: call_ufunc(ufunc, self))
