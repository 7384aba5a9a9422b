"""Whole Jacobians and Hessians, and products with them."""

from __future__ import annotations

from .. import ops
from ..backward import grad
from ..creation import zeros_like
from ..errors import GradError
from ..tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _prepare(func, inputs):
    """(arguments as leaves of their own, whether there was one alone, outputs, whether there was one alone)."""
    alone = isinstance(inputs, Tensor)
    inputs = tuple(x.clone().requires_grad_() if x.requires_grad else x.detach().clone().requires_grad_()
                   for x in ((inputs,) if alone else inputs))  # fmt: skip
    outputs = func(*inputs)
    single = isinstance(outputs, Tensor)
    outputs = (outputs,) if single else outputs
    wrong = [y for y in outputs if not isinstance(y, Tensor)] if isinstance(outputs, (tuple, list)) else [outputs]
    if wrong:
        raise TypeError("The outputs of the user-provided function must be Tensors or a tuple of Tensors, but one of "
                        f"them has type {type(wrong[0]).__name__}")  # fmt: skip
    return inputs, alone, outputs, single


def _gradients(outputs, inputs, weights, create_graph, strict=False):
    """Gradients with zeros where there is no dependence; with `strict` that is an error."""
    reached = [(y, w) for y, w in zip(outputs, weights, strict=True) if y.requires_grad]
    found = [None] * len(inputs)
    if reached:
        ys, ws = zip(*reached, strict=True)
        found = grad(ys, inputs, ws, retain_graph=True, create_graph=create_graph, allow_unused=True)
    if strict and any(g is None for g in found):
        raise GradError("Output of the user-provided function is independent of an input. This is not allowed in "
                        "strict mode.")  # fmt: skip
    return [zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


def _packed(values, alone):
    return values[0] if alone else tuple(values)


def _stack(rows, shape):
    return ops.stack(*rows).reshape(shape) if rows else None


def jacobian(func, inputs, create_graph=False, strict=False):
    """d outputs / d inputs. Shape: output shape + input shape; tuples of them for several inputs or outputs.

    >>> import minigrad as mg
    >>> jacobian(lambda x: x * x, mg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    inputs, alone, outputs, single = _prepare(func, inputs)
    result = []
    for y in outputs:
        rows = []
        for i in range(y.numel()):
            weight = zeros_like(y)
            weight.array.reshape(-1)[i] = 1
            rows.append(_gradients((y,), inputs, (weight,), create_graph, strict))
        columns = [_stack([row[k] for row in rows], (*y.shape, *x.shape)) for k, x in enumerate(inputs)]
        columns = [zeros_like(x).reshape(*y.shape, *x.shape) if c is None else c
                   for c, x in zip(columns, inputs, strict=True)]  # fmt: skip
        result.append(_packed(columns, alone))
    return _packed(result, single)


def hessian(func, inputs, create_graph=False, strict=False):
    """Second derivatives of a scalar. Shape: input shape + input shape; tuples of tuples for several inputs.

    >>> import minigrad as mg
    >>> hessian(lambda x: (x**3).sum(), mg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def first(*inputs):
        return jacobian(func, inputs, create_graph=True, strict=strict)

    alone = isinstance(inputs, Tensor)
    value = func(*((inputs,) if alone else inputs))
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise GradError("The Tensor returned by the function given to hessian should contain a single element")
    found = jacobian(lambda *xs: _flat(first(*xs)), inputs, create_graph, strict)
    return found[0] if alone else found


def _flat(rows):
    return tuple(row.reshape(row.shape) for row in rows) if isinstance(rows, tuple) else rows


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, v @ Jacobian): what one backward computes. `v` has the shapes of the outputs; 1 for a scalar.

    >>> import minigrad as mg
    >>> vjp(lambda x: x * x, mg.tensor([1.0, 2.0]), mg.tensor([1.0, 10.0]))[1]
    tensor([ 2., 40.])
    """
    inputs, alone, outputs, single = _prepare(func, inputs)
    weights = _weights(v, outputs)
    found = _gradients(outputs, inputs, weights, create_graph, strict)
    done = [y if create_graph else y.detach() for y in outputs]
    return _packed(done, single), _packed(found, alone)


def _weights(v, outputs):
    if v is None:
        if len(outputs) != 1 or outputs[0].numel() != 1:
            raise GradError("The vector v can only be None if the user-provided function returns a single Tensor with "
                            "a single element.")  # fmt: skip
        weight = zeros_like(outputs[0])
        weight.array[...] = 1
        return (weight,)
    weights = (v,) if isinstance(v, Tensor) else tuple(v)
    for weight, y in zip(weights, outputs, strict=True):
        if weight.shape != y.shape:
            raise GradError(f"v has shape {weight.shape}, but the tensor that it goes with has shape {y.shape}")
    return weights


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, Jacobian @ v), by differentiating backward itself (twice backward is once forward).

    >>> import minigrad as mg
    >>> jvp(lambda x: x * x, mg.tensor([1.0, 2.0]), mg.tensor([1.0, 10.0]))[1]
    tensor([ 2., 40.])
    """
    inputs, _, outputs, single = _prepare(func, inputs)
    v = _weights(v, inputs)
    weights = tuple(zeros_like(y).requires_grad_() for y in outputs)
    first = _gradients(outputs, inputs, weights, True, strict)
    found = _gradients(first, weights, v, create_graph)
    done = [y if create_graph else y.detach() for y in outputs]
    return _packed(done, single), _packed(found, single)


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """(output, v @ Hessian) of a scalar function, without making the Hessian."""
    inputs, alone, outputs, _ = _prepare(func, inputs)
    if len(outputs) != 1 or outputs[0].numel() != 1:
        raise GradError("The function given to vhp should return a single Tensor with a single element")
    first = _gradients(outputs, inputs, _weights(None, outputs), True, strict)
    found = _gradients(first, inputs, _weights(v, inputs), create_graph)
    return outputs[0] if create_graph else outputs[0].detach(), _packed(found, alone)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """(output, Hessian @ v); the Hessian is symmetric, so this is `vhp`."""
    return vhp(func, inputs, v, create_graph, strict)
