"""Tensors from Python data, from NumPy, from nothing, and from a seeded random generator."""

from __future__ import annotations

import numpy as np

from . import dtype as dtypes
from .device import CPU, Device, move
from .errors import DtypeError, ShapeError
from .tensor import Tensor


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
    else:
        array = _from_python(data, wanted)
    if wanted is not None:
        array = array.astype(wanted)
    if array.dtype not in dtypes.DTYPES:
        raise TypeError(f"can't make a tensor of dtype {array.dtype}; use one of {', '.join(map(str, dtypes.DTYPES))}")
    return Tensor(_place(array, device), requires_grad)


def _from_python(data, wanted):
    first = data
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    try:
        array = np.array(_without_tensors(data))
    except ValueError as error:
        raise ValueError(f"tensor(): rows must have equal lengths at every depth ({error})") from None
    if array.dtype.kind not in "biuf" and array.size:
        raise TypeError(f"tensor(): needs numbers, nested lists of numbers or an array, not {type(data).__name__}")
    if array.dtype.kind == "u":
        raise ValueError(f"tensor(): {array.max()} does not fit into int64, the widest of the whole numbers")
    if isinstance(first, (np.generic, np.ndarray)) and array.dtype in dtypes.DTYPES:
        return array  # a list of NumPy's numbers keeps their dtype
    if array.dtype.kind == "f" or not array.size:
        return array.astype(wanted or dtypes.get_default_dtype().numpy)
    return array.astype(np.int64) if array.dtype.kind == "i" else array


def _without_tensors(data):
    if isinstance(data, Tensor):
        return data.item() if data.array.size == 1 else data.detach().cpu().tolist()
    return [_without_tensors(item) for item in data] if isinstance(data, (list, tuple)) else data


def _place(array, device):
    return array if device is None else move(array, Device(device))


def from_numpy(array):
    """A tensor on the memory of a NumPy array: writing to one changes the other."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if array.dtype not in dtypes.DTYPES:
        raise TypeError(f"can't convert np.ndarray of type {array.dtype}; convert it to float32 or int64 first")
    return Tensor(array)


def _shape(size):
    size = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    if any(not isinstance(n, (int, np.integer)) for n in size):
        raise TypeError(f"a size must be whole numbers, not {size!r}")
    if any(n < 0 for n in size):
        raise ShapeError(f"Trying to create tensor with negative dimension: {list(size)}")
    return tuple(size)


def _filled(shape, value, dtype, device, requires_grad):
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return Tensor(_place(np.full(shape, value, wanted.numpy), device), requires_grad)


def zeros(*size, dtype=None, device=None, requires_grad=False):
    """All 0. `zeros(2, 3)` or `zeros((2, 3))`."""
    return _filled(_shape(size), 0, dtype, device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False):
    """All 1. `ones(2, 3)` or `ones((2, 3))`."""
    return _filled(_shape(size), 1, dtype, device, requires_grad)


def full(size, fill_value, dtype=None, device=None, requires_grad=False):
    """All `fill_value`, in the dtype of that number unless given."""
    wanted = dtypes.number_dtype(fill_value) if dtype is None else dtype
    return _filled(_shape((size,)), fill_value, wanted, device, requires_grad)


def zeros_like(like, dtype=None, requires_grad=False):
    """All 0, with the shape, dtype and device of another tensor."""
    return zeros(like.array.shape, dtype=dtype or like.dtype, device=like.device, requires_grad=requires_grad)


def ones_like(like, dtype=None, requires_grad=False):
    """All 1, with the shape, dtype and device of another tensor."""
    return ones(like.array.shape, dtype=dtype or like.dtype, device=like.device, requires_grad=requires_grad)


def arange(start, end=None, step=1, dtype=None, device=None, requires_grad=False):
    """Numbers from start (0 when only one is given) up to, not including, end."""
    start, end = (0, start) if end is None else (start, end)
    if not step or (end - start) / step < 0:
        raise ShapeError(f"arange({start}, {end}, {step}): step must be nonzero and lead from start to end")
    array = np.arange(start, end, step)
    wanted = dtypes.as_dtype(dtype).numpy if dtype else np.int64 if array.dtype.kind == "i" else None
    return Tensor(_place(array.astype(wanted or dtypes.get_default_dtype().numpy), device), requires_grad)


def linspace(start, end, steps, dtype=None, device=None, requires_grad=False):
    """`steps` numbers evenly spaced from start to end, both included."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return Tensor(_place(np.linspace(start, end, steps).astype(wanted.numpy), device), requires_grad)


def eye(n, m=None, dtype=None, device=None, requires_grad=False):
    """The identity matrix (n, n), or (n, m)."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return Tensor(_place(np.eye(n, m, dtype=wanted.numpy), device), requires_grad)


# Random numbers


class Generator:
    """A source of random numbers of its own: `Generator().manual_seed(0)`.

    The numbers are NumPy's (PCG64), the same on every platform; they are not PyTorch's numbers for the same seed.
    """

    def __init__(self, device="cpu"):
        if Device(device) != CPU:
            raise TypeError("a Generator draws on the CPU; move the tensor with .to(device)")
        self.manual_seed(int(np.random.SeedSequence().entropy % 2**63))

    def manual_seed(self, seed):
        """Start again from `seed`; returns the generator itself."""
        if seed != int(seed) or seed < 0:
            raise DtypeError(f"a seed must be a whole number from 0 up, not {seed!r}")
        self._seed = int(seed)
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def initial_seed(self):
        """The seed that the numbers started from."""
        return self._seed


default_generator = Generator()


def manual_seed(seed):
    """Seed the generator that all random functions use unless given another.

    >>> manual_seed(0).initial_seed()
    0
    """
    return default_generator.manual_seed(seed)


def _drawn(array, dtype, device, requires_grad):
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return Tensor(_place(np.asarray(array).astype(wanted.numpy), device), requires_grad)


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform on [0, 1)."""
    return _drawn((generator or default_generator).numpy.random(_shape(size)), dtype, device, requires_grad)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Standard normal."""
    return _drawn((generator or default_generator).numpy.standard_normal(_shape(size)), dtype, device, requires_grad)


def randint(low, high=None, size=None, generator=None, dtype=None, device=None):
    """Whole numbers from low (0 when left out) up to, not including, high: `randint(10, (3,))`."""
    if size is None:
        low, high, size = 0, low, high
    drawn = (generator or default_generator).numpy.integers(low, high, _shape((size,)))
    return _drawn(drawn, dtype or dtypes.int64, device, False)


def randperm(n, generator=None):
    """The numbers 0 to n-1 in random order."""
    return Tensor((generator or default_generator).numpy.permutation(n).astype(np.int64))
