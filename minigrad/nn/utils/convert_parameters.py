"""All parameters as one vector, and back."""

from __future__ import annotations

from ... import memory, ops
from ...errors import ShapeError
from ...tensor import Tensor


def parameters_to_vector(parameters):
    """All parameters side by side as one vector; gradients flow through it.

    >>> import minigrad as mg
    >>> parameters_to_vector([mg.ones(2), mg.zeros(1, 1)])
    tensor([1., 1., 0.])
    """
    return ops.cat(*[p.reshape(-1) for p in parameters], dim=0)


def vector_to_parameters(vec, parameters):
    """Write a vector into the parameters, in place and out of any graph. Errors: RuntimeError if it is too short."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected a Tensor, but got: {type(vec).__name__}")
    start = 0
    for p in parameters:
        end = start + p.numel()
        if end > vec.numel():
            raise ShapeError(f"vector_to_parameters(): the parameters need more than the {vec.numel()} elements of vec")
        p.array[...] = vec.array[start:end].reshape(p.array.shape)
        memory.changed(p.array)
        start = end
