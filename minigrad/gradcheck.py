"""Is a derivative right? Compare it with central differences, in double precision."""

from __future__ import annotations

import numpy as np

from .backward import grad
from .errors import DtypeError, GradError
from .tensor import Tensor


def gradcheck(function, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    """True when the gradients of `function` agree with central differences; GradError says where they do not.

    `inputs` are the arguments; those that require grad must be float64. The output may have any shape: it is weighed
    with fixed random numbers, so that a wrong entry cannot hide.

    >>> import minigrad as mg
    >>> gradcheck(lambda x: x * x, [mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)])
    True
    """
    inputs, tracked = _tracked(inputs)
    if any(x.dtype.name != "float64" for x in tracked):
        raise DtypeError("gradcheck needs float64 inputs: single precision cannot show small errors")
    output = function(*inputs)
    weights = Tensor(np.random.default_rng(0).uniform(0.5, 1.5, output.array.shape)).to(output.device)
    analytic = grad(output, tracked, grad_outputs=weights, allow_unused=True)
    for position, (x, found) in enumerate(zip(tracked, analytic, strict=True)):
        expected = _central_differences(function, inputs, x, weights.array, eps)
        actual = np.zeros_like(expected) if found is None else found.cpu().array
        if actual.shape != expected.shape or not np.allclose(actual, expected, rtol, atol):
            if not raise_exception:
                return False
            raise GradError(f"the gradient of input {position} is\n{actual}\nbut central differences give\n{expected}")
    return True


def _tracked(inputs):
    """The inputs as a tuple, and those that are asked for."""
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    tracked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not tracked:
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of them has "
                         "requires_grad=True.")  # fmt: skip
    return inputs, tracked


def gradgradcheck(function, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    """`gradcheck` of the gradients themselves: are second derivatives right?

    >>> import minigrad as mg
    >>> gradgradcheck(lambda x: x**3, [mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)])
    True
    """
    inputs, tracked = _tracked(inputs)

    def gradients(*inputs):
        output = function(*inputs)
        rng = np.random.default_rng(1)
        weights = Tensor(rng.uniform(0.5, 1.5, output.array.shape)).to(output.device)
        found = grad(output, tracked, grad_outputs=weights, create_graph=True, allow_unused=True)
        total = sum((x * 0).sum() for x in tracked)  # so that a constant gradient, which has no graph, is no error
        for g in found:
            if g is not None:  # weighed, so that a wrong entry cannot hide
                total = total + (g * Tensor(rng.uniform(0.5, 1.5, g.array.shape)).to(g.device)).sum()
        return total

    return gradcheck(gradients, inputs, eps, atol, rtol, raise_exception)


def _central_differences(function, inputs, x, weights, eps):
    expected = np.zeros(x.array.shape)
    for place in np.ndindex(*x.array.shape):
        here = x.array[place]
        values = []
        for moved in (here + eps, here - eps):
            x.array[place] = moved
            values.append(float((function(*inputs).array * weights).sum()))
        x.array[place] = here
        expected[place] = (values[0] - values[1]) / (2 * eps)
    return expected
