"""Where arrays live. NumPy is always there; CuPy is imported when somebody first asks for "cuda".

An array knows its own module, so a tensor needs no device field: `device_of(array)` reads it from the array's type.
"""

from __future__ import annotations

import numpy as np

from .errors import DeviceError


class Device:
    """A place for arrays: `device("cpu")`, `device("cuda")`, `device("cuda:1")`, `device("cuda", 1)`, `device(1)`.

    >>> Device("cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    def __new__(cls, type, index=None):
        if isinstance(type, Device):
            return type
        if isinstance(type, int) and not isinstance(type, bool):
            type = f"cuda:{type}"
        if not isinstance(type, str):
            raise TypeError(f"device(): expected a name such as 'cpu' or 'cuda:0', not {type!r}")
        kind, colon, number = type.partition(":")
        if kind not in ("cpu", "cuda") or (colon and not number.isdigit()):
            raise RuntimeError(f"device(): expected 'cpu', 'cuda' or 'cuda:<number>', not {type!r}")
        self = object.__new__(cls)
        self.type, self.index = kind, int(number) if number else index
        return self

    @property
    def xp(self):
        """The array module of this device: `numpy` or `cupy`."""
        return np if self.type == "cpu" else cupy()

    def __eq__(self, other):
        return isinstance(other, Device) and (self.type, self.index or 0) == (other.type, other.index or 0)

    def __hash__(self):
        return hash((self.type, self.index or 0))

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self):
        return f"device(type='{self.type}'" + ("" if self.index is None else f", index={self.index}") + ")"

    def __reduce__(self):
        return Device, (str(self),)


CPU = Device("cpu")
_cupy = None


def cupy():
    """The CuPy module, imported once; DeviceError with the remedy where it or its GPU is missing."""
    global _cupy
    if _cupy is None:
        try:
            import cupy as module

            count = module.cuda.runtime.getDeviceCount()
        except Exception as error:  # an absent package and a broken driver raise different things
            raise DeviceError(
                "device 'cuda' is not available: it needs an NVIDIA GPU and the package cupy "
                f"({type(error).__name__}: {error}). Use device='cpu', or ask minigrad.cuda.is_available() first."
            ) from None
        if not count:
            raise DeviceError("device 'cuda' is not available: CuPy finds no GPU. Use device='cpu'.")
        _cupy = module
    return _cupy


def module_of(array):
    """The array module that made this array; one that only stands for an array (jit/symbols.py) brings its own."""
    return np if isinstance(array, (np.ndarray, np.generic)) else getattr(array, "xp", None) or cupy()


def is_array(x):
    """Whether x is an array, of NumPy or of CuPy."""
    return type(x) is np.ndarray or (_cupy is not None and isinstance(x, _cupy.ndarray))


def device_of(array):
    """The device that this array lives on."""
    if isinstance(array, (np.ndarray, np.generic)):
        return CPU
    return Device("cuda", array.device.id)


def move(array, device):
    """The same numbers on `device`: the array itself when it is there already, else a copy."""
    if device_of(array) == device or (device.type == "cuda" and device.index is None and module_of(array) is not np):
        return array
    if device.type == "cpu":
        return cupy().asnumpy(array)
    with cupy().cuda.Device(device.index or 0):
        return cupy().asarray(array)


class cuda:
    """What PyTorch calls `torch.cuda`: is there a GPU, and wait for it."""

    @staticmethod
    def is_available():
        """True where CuPy is installed and finds a GPU; never raises."""
        try:
            return bool(cupy())
        except DeviceError:
            return False

    @staticmethod
    def device_count():
        """How many GPUs there are; 0 without CuPy."""
        return cupy().cuda.runtime.getDeviceCount() if cuda.is_available() else 0

    @staticmethod
    def synchronize():
        """Wait until the GPU has finished; launches return early."""
        cupy().cuda.runtime.deviceSynchronize()
