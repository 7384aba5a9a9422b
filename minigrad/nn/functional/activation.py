"""Activations as functions. The bends that deserve a derivative of their own are ops; the rest is made of those."""

from __future__ import annotations

import warnings

from ... import inplace as in_place
from ... import ops, reducing
from ...creation import check_factor, check_fit
from ...errors import DtypeError, ShapeError
from ...explain import tensors_only
from ...random import rand
from ...tensor import Tensor


def _made(input, inplace, name, function):
    """function(input), as a new tensor or written over the input."""
    if not inplace:
        return function(input)
    return in_place.change(input, name + "_", lambda x: function(ops.clone(x)))  # the copy is what backward may need


def _checked(input, *numbers):
    """The input, once its dtype has room for these numbers. Errors: DtypeError."""
    for number in numbers if isinstance(input, Tensor) else ():
        check_factor(number, input.array.dtype)
    return input


def _floats(name, x):
    if not x.is_floating_point():
        raise DtypeError(f"{name}(): is not defined for {x.dtype}. Use .float() first.")


def relu(input, inplace=False):
    """x above 0, else 0; the derivative at 0 is 0.

    >>> import minigrad as mg
    >>> relu(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return ops.relu(input) if not inplace else _made(input, inplace, "relu", ops.relu)


def tanh(input):
    """Hyperbolic tangent."""
    return ops.tanh(input)


def sigmoid(input):
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x above 0, else negative_slope * x."""
    input = _checked(input, negative_slope)
    return _made(input, inplace, "leaky_relu", lambda x: ops.leaky_relu(x, negative_slope=negative_slope))


def elu(input, alpha=1.0, inplace=False):
    """x above 0, else alpha * (exp(x) - 1)."""
    return _made(_checked(input, alpha), inplace, "elu", lambda x: ops.elu(x, alpha=alpha))


def selu(input, inplace=False):
    """elu with the alpha and the scale that keep mean 0 and variance 1. Source: Klambauer et al. (2017)."""
    constants = {"alpha": 1.6732632423543772848170429916717, "scale": 1.0507009873554804934193349852946}
    return _made(input, inplace, "selu", lambda x: ops.elu(x, **constants))


def celu(input, alpha=1.0, inplace=False):
    """x above 0, else alpha * (exp(x / alpha) - 1), whose slope has no jump."""
    return _made(_checked(input, alpha), inplace, "celu", lambda x: ops.elu(x, alpha=alpha, input_scale=1 / alpha))


def gelu(input, approximate="none"):
    """x times the normal distribution function of x; approximate="tanh" for the usual formula. Hendrycks (2016)."""
    return ops.gelu(input, approximate=approximate)


def silu(input, inplace=False):
    """x * sigmoid(x)."""
    return _made(input, inplace, "silu", ops.silu)


def mish(input, inplace=False):
    """x * tanh(softplus(x))."""
    return _made(input, inplace, "mish", ops.mish)


def softplus(input, beta=1.0, threshold=20.0):
    """log(1 + exp(beta * x)) / beta, and x itself above the threshold."""
    return ops.softplus(_checked(input, beta, threshold), beta=beta, threshold=threshold)


def logsigmoid(input):
    """log(sigmoid(x)), without overflow."""
    return ops.logsigmoid(input)


def softsign(input):
    """x / (1 + |x|)."""
    return input / (1 + ops.abs(input))


def tanhshrink(input):
    """x - tanh(x)."""
    return input - ops.tanh(input)


@tensors_only
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """x, but no less than min_val and no more than max_val; the derivative at both is 0."""
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val, as in {min_val}, {max_val}")
    check_fit([min_val, max_val], input.array.dtype)
    return _made(input, inplace, "hardtanh", lambda x: ops.hardtanh(x, min_val=min_val, max_val=max_val))


def relu6(input, inplace=False):
    """x between 0 and 6, else the nearer of the two."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input, inplace=False):
    """A sigmoid of three straight pieces: (x + 3) / 6 between -3 and 3."""
    return _made(input, inplace, "hardsigmoid", ops.hardsigmoid)


def hardswish(input, inplace=False):
    """x * hardsigmoid(x)."""
    return _made(input, inplace, "hardswish", ops.hardswish)


@tensors_only
def hardshrink(input, lambd=0.5):
    """x where |x| > lambd, else 0."""
    _floats("hardshrink", input)
    check_fit(lambd, input.array.dtype)
    return ops.where(ops.abs(input) <= lambd, 0, input)


@tensors_only
def softshrink(input, lambd=0.5):
    """x, nearer to 0 by lambd; 0 where |x| <= lambd."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}")
    _floats("softshrink", input)
    check_fit(lambd, input.array.dtype)
    return ops.where(ops.abs(input) <= lambd, 0, input - ops.sign(input) * lambd)


@tensors_only
def threshold(input, threshold, value, inplace=False):
    """x above the threshold, else `value`; among whole numbers both are cut to whole numbers."""
    if input.array.dtype.kind == "b":
        raise DtypeError("threshold(): is not defined for bool. Use .float() first.")
    check_factor(threshold, input.array.dtype)
    check_fit(value, input.array.dtype)
    if not input.is_floating_point():
        threshold, value = int(threshold), int(value)
    return _made(input, inplace, "threshold", lambda x: ops.where(x <= threshold, value, x))


@tensors_only
def prelu(input, weight):
    """x above 0, else weight * x; one learned weight, or one for each channel (axis 1)."""
    if input.dtype is not weight.dtype:
        raise DtypeError(f"prelu(): input ({input.dtype}) and weight ({weight.dtype}) must have one dtype. Use .to().")
    channels = input.size(1) if input.dim() > 1 else 1
    if weight.numel() not in (1, channels):
        raise ShapeError(f"Mismatch of parameter numbers and input channel size: {weight.numel()} and {channels}")
    weight = weight.reshape([-1 if i == 1 else 1 for i in range(input.dim())])
    return ops.where(input > 0, input, input * weight)


def rrelu(input, lower=1 / 8, upper=1 / 3, training=False, inplace=False):
    """leaky_relu with a slope drawn for each element while training, else with the mean slope."""
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slope = rand(*input.shape, dtype=input.dtype).to(input.device) * (upper - lower) + lower
    return _made(input, inplace, "rrelu", lambda x: ops.where(x >= 0, x, x * slope))


def glu(input, dim=-1):
    """The first half along `dim` times the sigmoid of the second half."""
    if not input.dim():
        raise RuntimeError("glu does not support 0-dimensional tensors")
    _floats("glu", input)
    if input.size(dim) % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.size(dim)}")
    before, half = (slice(None),) * (dim % input.dim()), input.size(dim) // 2
    return input[(*before, slice(half))] * ops.sigmoid(input[(*before, slice(half, None))])


def _implicit_dim(name, input, dim):
    """PyTorch's guess where no dim is given, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=4,
    )
    return 0 if input.dim() in (0, 1, 3) else 1


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Positive numbers that add up to 1 along `dim`.

    >>> import minigrad as mg
    >>> softmax(mg.zeros(1, 4), dim=1)
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """
    dim = _implicit_dim("softmax", input, dim)
    return reducing.softmax(input, dim, dtype)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax of -x."""
    dim = _implicit_dim("softmin", input, dim)
    return reducing.softmax(-input, dim, dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """The logarithm of softmax along `dim`, without overflow."""
    dim = _implicit_dim("log_softmax", input, dim)
    return reducing.log_softmax(input, dim, dtype)


@tensors_only
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A random choice that gradients flow through; `hard` gives one-hot values. Source: Jang, Gu & Poole (2017)."""
    noise = -ops.log(-ops.log(rand(logits.shape, dtype=logits.dtype) * (1 - 2e-7) + 1e-7)).to(logits.device)
    soft = ops.softmax((logits + noise) / tau, dim=dim)
    if not hard:
        return soft
    best = ops.argmax(soft, dim=dim, keepdim=True)
    chosen = Tensor((soft.array == ops.take_along_dim(soft, best, dim=dim).array).astype(soft.array.dtype))
    return chosen - soft.detach() + soft


def _overwriting(function):
    def run(input, *args, **kwargs):
        return function(input, *args, **kwargs, inplace=True)

    run.__name__, run.__doc__ = function.__name__ + "_", f"`{function.__name__}`, written over the input."
    return tensors_only(run)


relu_, leaky_relu_, elu_, selu_, celu_ = map(_overwriting, (relu, leaky_relu, elu, selu, celu))
hardtanh_, threshold_, rrelu_ = map(_overwriting, (hardtanh, threshold, rrelu))
