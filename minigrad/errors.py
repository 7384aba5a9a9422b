"""The errors of the core. Each is a RuntimeError, the kind that PyTorch raises in the same place.

Try: `mg.ones(2, 3) @ mg.ones(2, 3)` and read what the message tells you to do.
"""


class ShapeError(RuntimeError, ValueError):
    """Operands whose shapes do not fit together; also a ValueError, which PyTorch raises for some of them."""


class PlaceError(ShapeError, IndexError):
    """An index out of range: an IndexError, and the RuntimeError that PyTorch raises in its place for some ops."""


class LinAlgError(RuntimeError):
    """A matrix without an inverse, where one is needed."""


class DtypeError(RuntimeError, TypeError):
    """Operands of a dtype that the op cannot take; also a TypeError, which PyTorch raises for some of them."""


class DeviceError(RuntimeError):
    """Operands on different devices, or a device that is not there."""


class GradError(RuntimeError):
    """A backward pass that cannot be right: nothing recorded, buffers freed, a saved tensor overwritten."""


class Unknown(BaseException):
    """What stands in for a tensor (see jit/script/standins.py) was asked for its numbers, shape or dtype.

    No Exception: no `except` between the one who asks and the one who put the stand-in there may take it for an error.
    """

    def __init__(self, standin):
        self.standin = standin
