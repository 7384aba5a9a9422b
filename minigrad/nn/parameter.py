"""What a module owns: parameters, which an optimizer changes, and buffers, which go along."""

from __future__ import annotations

from ..creation import zeros
from ..tensor import Tensor


class Parameter(Tensor):
    """A leaf that a module owns and an optimizer may change. Made from a tensor; shares its memory.

    Set as an attribute of a module it is registered: `parameters()` and `state_dict()` find it.

    >>> import minigrad as mg
    >>> Parameter(mg.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data=None, requires_grad=True):
        data = zeros(0) if data is None else data
        return super().__new__(cls, data.array if isinstance(data, Tensor) else data, requires_grad)

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """State that is not trained. Set as an attribute of a module it is registered as `register_buffer` does."""

    __slots__ = ("persistent",)

    def __new__(cls, data=None, requires_grad=False, *, persistent=True):
        data = zeros(0) if data is None else data
        self = super().__new__(cls, data.array if isinstance(data, Tensor) else data, requires_grad)
        self.persistent = persistent
        return self
