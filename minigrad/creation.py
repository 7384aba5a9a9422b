"""Tensors from Python data, from NumPy, and from nothing. Random ones are in `random.py`.

All take `dtype`, `device` and `requires_grad`. The numbers are worked out by NumPy and then moved to the device.
"""

from __future__ import annotations

import math
import operator

import numpy as np

from . import dtype as dtypes
from . import modes
from .device import Device, move
from .errors import DtypeError, ShapeError
from .events import Gathered
from .explain import tensors_only
from .tensor import Tensor

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_numpy", "full", "full_like", "linspace",
    "logspace", "ones", "ones_like", "scalar_tensor", "tensor", "tril_indices", "triu_indices", "zeros", "zeros_like",
]  # fmt: skip


# From data


def tensor(data, dtype=None, device=None, requires_grad=False):
    """A new leaf from numbers, nested lists or an array; the data is copied and no history is kept.

    Python floats give the default dtype (float32), whole numbers int64, truth values bool; arrays keep theirs.
    Errors: ValueError for ragged lists, TypeError for things that are not numbers.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).numpy
    if isinstance(data, Tensor):
        array = data.array.copy()
    elif hasattr(data, "__array__") and not isinstance(data, (list, tuple)):
        array = np.array(data)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"can't convert np.ndarray of type {array.dtype} to a tensor: it must hold real numbers")
    else:
        array = _from_python(data, wanted)
    if wanted is not None:
        array = array.astype(wanted)
    if array.dtype not in dtypes.DTYPES:
        raise TypeError(f"can't make a tensor of dtype {array.dtype}; use one of {', '.join(map(str, dtypes.DTYPES))}")
    return _told(data, Tensor(placed(array, device), requires_grad))


def as_tensor(data, dtype=None, device=None):
    """`tensor`, without a copy where none is needed: a Tensor comes back itself, an array shares its memory."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    if not isinstance(data, np.ndarray):
        return tensor(data, dtype, device)
    return from_numpy(data).to(dtype=dtype, device=device)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """`as_tensor`, or with copy=True `tensor`; as_tensor's result is cut off from the graph where it was in one."""
    made = tensor(obj, dtype, device) if copy else as_tensor(obj, dtype, device)
    return (made.detach() if made.requires_grad else made).requires_grad_(requires_grad)


def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False):
    """A number as a 0-d tensor of the default dtype unless given."""
    return full((), s, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad)


def from_numpy(array):
    """A tensor on the memory of a NumPy array: writing to one changes the other. Its dtype stays (`tensor` copies).

    Errors: TypeError for what is no array, and for a dtype that minigrad does not have.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if array.dtype not in dtypes.DTYPES:
        raise TypeError(f"can't convert np.ndarray of type {array.dtype}; convert it to float32 or int64 first")
    return _told(array, Tensor(array))


def _told(data, made):
    """The new tensor, and word to the watchers of what it was made from."""
    if modes.state.watchers:
        modes.notify(Gathered(data, made))
    return made


def _from_python(data, wanted):
    data = _without_tensors(data)
    try:
        array = np.array(data)
    except ValueError as error:
        kind = TypeError if _uneven(data) else ValueError
        raise kind(f"tensor(): rows must have equal lengths at every depth ({error})") from None
    if array.dtype.kind in "US" and isinstance(data, list):
        raise ValueError("tensor(): needs numbers, and found a text in the list")
    if array.dtype.kind == "O" and all(isinstance(leaf, (int, float)) for leaf in _leaves(data)):
        if wanted is None or wanted.kind in "iu":
            raise ValueError("tensor(): a number does not fit into int64, the widest of the whole numbers")
        array = array.astype(wanted)
    if array.dtype.kind not in "biuf" and array.size:
        raise DtypeError(f"tensor(): needs numbers, nested lists of numbers or an array, not {type(data).__name__}")
    if array.dtype.kind == "u" and array.dtype not in dtypes.DTYPES:
        raise ValueError(f"tensor(): {array.max()} does not fit into int64, the widest of the whole numbers")
    if wanted is not None:
        if wanted.kind != "f":  # a cast: what is too large becomes inf
            check_fit(array, wanted)
        return array
    if not array.size:
        return array.astype(dtypes.get_default_dtype().numpy)
    return array.astype(_common_dtype(_leaves(data), array))


def _uneven(data):
    """Whether a number stands beside a list somewhere."""
    lists = [item for item in data if isinstance(item, (list, tuple))]
    return 0 < len(lists) < len(data) or any(map(_uneven, lists))


def _common_dtype(leaves, array):
    """The dtype of a list: Python's numbers by PyTorch's defaults, NumPy's (and tensors) keep theirs."""
    typed = {leaf.dtype for leaf in leaves if hasattr(leaf, "dtype")}
    if not typed:
        return dtypes.get_default_dtype().numpy if array.dtype.kind == "f" else array.dtype
    plain = [leaf for leaf in leaves if not hasattr(leaf, "dtype")]
    typed |= {dtypes.result_type(plain)} if plain else set()
    return dtypes.result_type([np.empty(1, found) for found in typed])


def _leaves(data):
    if isinstance(data, (list, tuple, range)):
        return [leaf for item in data for leaf in _leaves(item)]
    return [data]


def _without_tensors(data):
    """The data with NumPy's scalars in place of tensors of one element."""
    if isinstance(data, Tensor):
        if data.array.size != 1:
            raise ShapeError(f"only one element tensors can be converted to Python scalars, not shape {data.shape}. "
                             "Use minigrad.stack([...]) to put tensors together.")  # fmt: skip
        return move(data.array, Device("cpu")).reshape(())[()]
    return [_without_tensors(item) for item in data] if isinstance(data, (list, tuple)) else data


def check_factor(value, wanted):
    """`check_fit` of a number that is computed with: for half precision that is done in single."""
    check_fit(value, dtypes.float32.numpy if wanted == "float16" else wanted)


def check_fit(values, wanted):
    """Refuse Python numbers that a dtype cannot hold; negative ones wrap around in unsigned, as in PyTorch.

    Errors: DtypeError, but never for inf and nan among floats; OverflowError for whole numbers beyond int64.
    """
    if wanted.kind == "f" and isinstance(values, (int, float)) and abs(values) <= 65504:
        return
    values = np.asarray(values)
    if values.dtype.kind in "Ou":
        raise OverflowError(f"int too big to convert: {values.max()} is beyond int64. Write it with a point, as 1e30.")
    if wanted.kind == "f":
        values = values.astype("float64")
        values = values[np.isfinite(values)]
    if wanted.kind == "b" or not values.size or values.dtype.kind == "b":
        return
    limits = np.finfo(wanted) if wanted.kind == "f" else np.iinfo(wanted)
    low = -limits.max if wanted.kind == "u" else limits.min
    if not (values.min() >= low and values.max() <= limits.max):  # nan is neither
        raise DtypeError(f"value cannot be converted to type {wanted} without overflow: it holds {low} to {limits.max}")


def placed(array, device):
    """The array on this device; None is main memory."""
    return array if device is None else move(array, Device(device))


# Filled


def as_size(given, size=None, name="full"):
    """Lengths given one by one, as one sequence, or by the keyword `size`; checked."""
    if not given and size is None:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    size = given if size is None else (size,)
    size = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    size = tuple(n.item() if isinstance(n, Tensor) and n.array.dtype.kind == "i" else n for n in size)
    if any(not isinstance(n, (int, np.integer)) for n in size):
        raise TypeError(f"a size must be whole numbers, not {size!r}")
    if any(n < 0 for n in size):
        raise ShapeError(f"Trying to create tensor with negative dimension: {list(size)}")
    return size


def float_dtype(dtype):
    """The NumPy dtype that is asked for, or the default one."""
    return (dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)).numpy


def _factory(name, value, doc):
    """zeros, ones and empty with their _like and new_ forms: (function, function_like)."""

    def make(*given, size=None, dtype=None, device=None, requires_grad=False):
        shape = as_size(given, size, name)
        return Tensor(placed(value(shape, float_dtype(dtype)), device), requires_grad)

    def make_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None):
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}_like(): argument 'input' must be Tensor, not {type(input).__name__}")
        dtype, device = input.dtype if dtype is None else dtype, input.device if device is None else device
        return make(input.array.shape, dtype=dtype, device=device, requires_grad=requires_grad)

    def make_new(self, *given, size=None, dtype=None, device=None, requires_grad=False):
        dtype, device = self.dtype if dtype is None else dtype, self.device if device is None else device
        return make(*given, size=size, dtype=dtype, device=device, requires_grad=requires_grad)

    for function, title, text in (
        (make, name, f"{doc} `{name}(2, 3)` or `{name}((2, 3))`."),
        (make_like, f"{name}_like", f"{doc} With the shape, dtype and device of another tensor."),
        (make_new, f"new_{name}", f"{doc} With the dtype and device of this tensor."),
    ):
        function.__name__, function.__qualname__, function.__doc__ = title, title, text
    setattr(Tensor, f"new_{name}", make_new)
    return make, make_like


def _room(shape, dtype):
    """An array that nothing was written to; in a recording, the same one in each run."""
    return np.empty(shape, dtype) if modes.state.staging is None else np.zeros(shape, dtype)


zeros, zeros_like = _factory("zeros", np.zeros, "All 0.")
ones, ones_like = _factory("ones", np.ones, "All 1.")
empty, empty_like = _factory("empty", _room, "Whatever the memory holds; write to it before you read.")


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """All `fill_value`, in the dtype of that number unless given. Errors: TypeError for a size that is no tuple.

    >>> full((2,), 7)
    tensor([7, 7])
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' must be tuple of ints, not {type(size).__name__}")
    if not isinstance(fill_value, (bool, int, float, np.generic, Tensor)):
        raise TypeError(f"full(): argument 'fill_value' must be a number, not {type(fill_value).__name__}")
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    wanted = dtypes.number_dtype(fill_value) if dtype is None else dtypes.as_dtype(dtype).numpy
    check_fit(fill_value, wanted)
    array = np.full(as_size((size,)), np.asarray(fill_value).astype(wanted))
    return Tensor(placed(array, device), requires_grad)


@tensors_only
def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """All `fill_value`, with the shape, dtype and device of another tensor."""
    dtype, device = input.dtype if dtype is None else dtype, input.device if device is None else device
    return full(input.array.shape, fill_value, dtype=dtype, device=device, requires_grad=requires_grad)


def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """All `fill_value`, with the dtype and device of this tensor."""
    dtype, device = self.dtype if dtype is None else dtype, self.device if device is None else device
    return full(size, fill_value, dtype=dtype, device=device, requires_grad=requires_grad)


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
    """`tensor(data)` with the dtype and device of this tensor."""
    dtype, device = self.dtype if dtype is None else dtype, self.device if device is None else device
    return tensor(data, dtype, device, requires_grad)


Tensor.new_full, Tensor.new_tensor = new_full, new_tensor


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """The identity matrix (n, n), or (n, m)."""
    if min(n, n if m is None else m) < 0:
        raise ShapeError(f"n must be greater or equal to 0, got {(n, m)}")
    return Tensor(placed(np.eye(n, m, dtype=float_dtype(dtype)), device), requires_grad)


# In steps


def _number(value):
    return value.item() if isinstance(value, Tensor) else value


def arange(start=None, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """Numbers from start (0 when only one is given) up to, not including, end. Whole ones unless one is a float.

    Errors: ShapeError unless the step leads from start to end.

    >>> arange(3), arange(1, 0, -0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 0.5000]))
    """
    if start is None and end is None:
        raise TypeError("arange(): missing the number to stop at, as in arange(3)")
    start, end, step = map(_number, (0, start, step) if end is None else (start or 0, end, step))
    if not all(map(math.isfinite, (start, end))):
        raise ShapeError(f"unsupported range: {start} -> {end}")
    if not step or (end - start) / step < 0:
        raise ShapeError(f"arange({start}, {end}, {step}): step must be nonzero and lead from start to end")
    if dtype is None and all(isinstance(n, (int, np.integer)) for n in (start, end, step)):
        dtype = dtypes.int64
    array = start + np.arange(math.ceil((end - start) / step)) * step
    return Tensor(placed(array.astype(_number_dtype("arange", dtype)), device), requires_grad)


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """`steps` numbers evenly spaced from start to end, both included.

    >>> linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    wanted = _number_dtype("linspace", dtype)
    return Tensor(placed(_evenly(start, end, steps, wanted).astype(wanted), device), requires_grad)


def logspace(start, end, steps, base=10.0, *, dtype=None, device=None, requires_grad=False):
    """Powers of `base`, the exponents evenly spaced from start to end, both included."""
    wanted = _number_dtype("logspace", dtype)
    exponents = _evenly(start, end, steps, wanted).astype("float64")
    return Tensor(placed(np.power(float(base), exponents).astype(wanted), device), requires_grad)


def _number_dtype(name, dtype):
    wanted = float_dtype(dtype)
    if wanted.kind == "b":
        raise DtypeError(f"{name}(): not implemented for bool. Use a dtype of numbers.")
    return wanted


def _evenly(start, end, steps, wanted):
    """Counted from whichever end is nearer, so that both are exact."""
    if operator.index(steps) < 0:
        raise ShapeError("number of steps must be non-negative")
    start, end = _number(start), _number(end)
    check_fit([start, end], wanted)
    exact = wanted.type
    if wanted.kind != "f":
        start, end, exact = int(start), int(end), np.float64
    places = np.arange(steps)
    step = (exact(end) - exact(start)) / exact(max(steps - 1, 1))
    lower = exact(start) + step * places.astype(exact)
    upper = exact(end) - step * (steps - 1 - places).astype(exact)
    return np.where(places < max(steps // 2, steps == 1), lower, upper)


def tril_indices(row, col, offset=0, *, dtype=None, device=None):
    """The indices of the lower triangle of a (row, col) matrix. Shapes: (2, count)"""
    return _triangle(np.tril_indices, row, col, offset, dtype, device)


def triu_indices(row, col, offset=0, *, dtype=None, device=None):
    """The indices of the upper triangle of a (row, col) matrix. Shapes: (2, count)"""
    return _triangle(np.triu_indices, row, col, offset, dtype, device)


def _triangle(indices, row, col, offset, dtype, device):
    if min(row, col) < 0:
        raise ShapeError(f"row and col must be non-negative, got {row}, {col}")
    found = np.stack(indices(row, offset, col)).astype(dtypes.as_dtype(dtype or dtypes.int64).numpy)
    return Tensor(placed(found, device))
