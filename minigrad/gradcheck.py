"""Is a derivative right? Compare it with central differences, in double precision."""

from __future__ import annotations

import numpy as np

from .backward import grad
from .errors import DtypeError, GradError
from .tensor import Tensor


def gradcheck(function, inputs, eps=1e-6, atol=1e-5, rtol=1e-3):
    """True when the gradients of `function` agree with central differences; GradError says where they do not.

    `inputs` are the arguments; those that require grad must be float64. The output may have any shape: it is weighed
    with fixed random numbers, so that a wrong entry cannot hide.

    >>> import minigrad as mg
    >>> gradcheck(lambda x: x * x, [mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)])
    True
    """
    tracked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if any(x.dtype.name != "float64" for x in tracked):
        raise DtypeError("gradcheck needs float64 inputs: single precision cannot show small errors")
    output = function(*inputs)
    weights = Tensor(np.random.default_rng(0).uniform(0.5, 1.5, output.array.shape))
    analytic = grad(output, tracked, grad_outputs=weights, allow_unused=True)
    for position, (x, found) in enumerate(zip(tracked, analytic, strict=True)):
        expected = _central_differences(function, inputs, x, weights.array, eps)
        actual = np.zeros_like(expected) if found is None else found.array
        if actual.shape != expected.shape or not np.allclose(actual, expected, rtol, atol):
            raise GradError(f"the gradient of input {position} is\n{actual}\nbut central differences give\n{expected}")
    return True


def _central_differences(function, inputs, x, weights, eps):
    expected = np.zeros(x.array.shape)
    for place in np.ndindex(*x.array.shape):
        here = x.array[place]
        values = []
        for moved in (here + eps, here - eps):
            x.array[place] = moved
            values.append((function(*inputs).array * weights).sum())
        x.array[place] = here
        expected[place] = (values[0] - values[1]) / (2 * eps)
    return expected
