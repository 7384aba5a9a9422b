"""Initial values, written into a tensor in place and out of any graph. Each function returns the tensor."""

from __future__ import annotations

import math
import warnings

import numpy as np

from .. import memory
from ..creation import check_fit
from ..device import move
from ..errors import DtypeError, ShapeError
from ..random import rand, randn

_GAINS = {"sigmoid": 1, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
_LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


def _write(tensor, values):
    tensor.array[...] = move(np.asarray(values), tensor.device)
    memory.changed(tensor.array)
    return tensor


def _draw(name, tensor, values):
    """_write, for what was drawn. Errors: DtypeError for integers, which would be cut to a few whole numbers."""
    if tensor.array.dtype.kind != "f":
        raise DtypeError(f"{name}(): not implemented for {tensor.dtype}. Give it a floating-point tensor.")
    return _write(tensor, values)


def calculate_gain(nonlinearity, param=None):
    """How much to scale initial weights by, for the nonlinearity that comes after them.

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "leaky_relu":
        if param is not None and (isinstance(param, bool) or not isinstance(param, (int, float))):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        known = ", ".join((*_LINEAR, "leaky_relu", *_GAINS))
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}: use one of {known}")
    return _GAINS[nonlinearity]


def fans(tensor):
    """How many numbers go into one output of a layer with these weights, and how many outputs one number goes to."""
    shape = tensor.array.shape
    if len(shape) < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Evenly from a to b."""
    if a > b:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    return _draw("uniform_", tensor, rand(*tensor.shape, generator=generator).array * (b - a) + a)


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """From the normal distribution."""
    if std < 0:
        raise ShapeError(f"normal_ expects std >= 0.0, but found std={std}")
    return _draw("normal_", tensor, randn(*tensor.shape, generator=generator).array * std + mean)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """From the normal distribution, drawn again where outside of a to b."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    likely = _normal_below((b - mean) / std) - _normal_below((a - mean) / std) > 0.3
    peak, drawn, count = (min(max(mean, a), b) - mean) / std, np.empty(0), tensor.numel()
    while len(drawn) < count:
        if likely:
            values = randn(count, generator=generator).array.astype("float64") * std + mean
            kept = (values >= a) & (values <= b)
        else:  # evenly, and kept in proportion to the density
            values = rand(count, generator=generator).array.astype("float64") * (b - a) + a
            density = np.exp((peak**2 - ((values - mean) / std) ** 2) / 2)
            kept = rand(count, generator=generator).array < density
        drawn = np.concatenate((drawn, values[kept]))
    return _draw("trunc_normal_", tensor, drawn[:count].reshape(tensor.shape))


def _normal_below(x):
    return (1 + math.erf(x / math.sqrt(2))) / 2


def constant_(tensor, val):
    """All `val`."""
    check_fit(val, tensor.array.dtype)
    return _write(tensor, np.asarray(val))


def ones_(tensor):
    """All 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor):
    """All 0."""
    return constant_(tensor, 0.0)


def eye_(tensor):
    """The identity matrix, as far as the shape allows. Errors: ValueError unless there are two axes."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _write(tensor, np.eye(*tensor.shape))


def dirac_(tensor, groups=1):
    """Kernels that let each channel through. Errors: ValueError for other than 3 to 5 axes."""
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.size(0) % groups:
        raise ValueError("dim 0 must be divisible by groups")
    values, per_group = np.zeros(tensor.shape), tensor.size(0) // groups
    kept = np.arange(min(per_group, tensor.size(1)))
    middle = tuple(n // 2 for n in tensor.shape[2:])
    for group in range(groups):
        values[(group * per_group + kept, kept, *middle)] = 1
    return _write(tensor, values)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Evenly within gain * sqrt(6 / (fan_in + fan_out)). Source: Glorot & Bengio (2010)."""
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)). Source: Glorot & Bengio (2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def _kaiming(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[mode == "fan_out"])


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Evenly within gain * sqrt(3 / fan). Source: He et al. (2015), "Delving deep into rectifiers"."""
    if not tensor.numel():
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3) * _kaiming(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Normal with standard deviation gain / sqrt(fan). Source: He et al. (2015)."""
    if not tensor.numel():
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    return normal_(tensor, 0.0, _kaiming(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor, gain=1, generator=None):
    """Rows (or columns, if there are fewer) at right angles to one another. Source: Saxe et al. (2013)."""
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows = tensor.size(0)
    drawn = randn(rows, tensor.numel() // rows, generator=generator).array.astype("float64")
    q, r = np.linalg.qr(drawn.T if rows < drawn.shape[1] else drawn)
    q = q * np.sign(np.diag(r))  # so that every orthogonal matrix is equally likely
    return _draw("orthogonal_", tensor, gain * (q.T if rows < drawn.shape[1] else q).reshape(tensor.shape))


def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Normal, with this share of each column 0. Source: Martens (2010)."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    order = np.argsort(rand(rows, columns, generator=generator).array, axis=0)
    values = randn(rows, columns, generator=generator).array * std
    np.put_along_axis(values, order[: math.ceil(sparsity * rows)], 0, axis=0)
    return _write(tensor, values)
