"""Activations: the bends between linear layers, and softmax.

Each rule says where PyTorch puts the gradient at a kink; the derivative of `relu` at 0 is 0, of `leaky_relu` the slope.
"""

import math

from ..axes import as_axis
from ..errors import DtypeError
from ..op import op
from ..shortcuts import at_least_0, largest, softened, times_slope_of_tanh, total, where_open
from .special import erfc

__all__ = [
    "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "mish", "relu",
    "sigmoid", "silu", "softmax", "softplus", "tanh",
]  # fmt: skip


@op(kind="activation", onnx="Tanh", to_float=True)
def tanh(xp, x):
    """Hyperbolic tangent."""
    return xp.tanh(x)


tanh.vjp(x=lambda g, y: g * (1 - y * y))
tanh.quick(x=times_slope_of_tanh)


@op(kind="activation", onnx="Sigmoid", to_float=True)
def sigmoid(xp, x):
    """1 / (1 + exp(-x)), accurate in both tails."""
    return xp.true_divide(1, 1 + xp.exp(-x))  # exp(-x) may be inf, and then 0 is right


sigmoid.vjp(x=lambda g, y: g * y * (1 - y))


@op(kind="activation", onnx="Relu")
def relu(xp, x):
    """x above 0, else 0. The derivative at 0 is 0."""
    if x.dtype.kind == "b":
        raise DtypeError("relu(): Boolean inputs not supported. Use .float() first.")
    return at_least_0(x, xp)


relu.vjp(x=lambda g, y, xp: xp.where(y <= 0, 0, g))
relu.quick(x=where_open)


@op(kind="activation", onnx="LeakyRelu", to_float="required")
def leaky_relu(xp, x, /, negative_slope=0.01):
    """x above 0, else negative_slope times x, which is also the derivative at 0."""
    return xp.where(x > 0, x, x * negative_slope)


leaky_relu.vjp(x=lambda g, x, negative_slope, xp: xp.where(x > 0, g, g * negative_slope))


@op(kind="activation", onnx="Elu", to_float="required")
def elu(xp, x, /, alpha=1.0, scale=1.0, input_scale=1.0):
    """x above 0, else alpha (exp(x input_scale) - 1); all times scale, which makes SELU of it. CELU has an input_scale.

    Source: Clevert, Unterthiner, Hochreiter (2016), "Fast and accurate deep network learning by ELUs".
    """
    return xp.where(x <= 0, xp.expm1(x * input_scale) * (alpha * scale), x * scale)


elu.vjp(x=lambda g, x, alpha, scale, input_scale, xp: xp.where(
    x <= 0, g * xp.exp(x * input_scale) * (alpha * scale * input_scale), g * scale))  # fmt: skip


def _normal_below(xp, x, approximate):
    if approximate == "none":
        return erfc.on(xp, x * -math.sqrt(0.5)) * 0.5
    if approximate == "tanh":
        return (xp.tanh((x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)) + 1) * 0.5
    raise RuntimeError(f"gelu(): approximate argument must be either none or tanh, not {approximate!r}")


@op(kind="activation", onnx="Gelu", to_float="required")
def gelu(xp, x, /, approximate="none"):
    """x times the chance that a standard normal number is below x; "tanh" gives the common approximation of it.

    Source: Hendrycks, Gimpel (2016), "Gaussian error linear units".
    """
    return x * _normal_below(xp, x, approximate)


def _gelu_rule(g, x, approximate, xp):
    below = _normal_below(xp, x, approximate)
    if approximate == "none":
        return g * (below + x * xp.exp(x * x * -0.5) * math.sqrt(0.5 / math.pi))
    slope = (x * x * (3 * 0.044715) + 1) * (2 * math.sqrt(2 / math.pi))
    return g * (below + x * below * (1 - below) * slope)  # below is sigmoid(2 z), as 1 + tanh z is 2 sigmoid(2 z)


gelu.vjp(x=_gelu_rule)


@op(kind="activation", onnx="Swish", to_float="required")
def silu(xp, x):
    """x times its sigmoid; also called swish."""
    return x / (1 + xp.exp(-x))


def _silu_rule(g, x, xp):
    s = sigmoid.on(xp, x)
    return g * s * (1 + x * (1 - s))


silu.vjp(x=_silu_rule)


@op(kind="activation", onnx="Softplus", to_float="required")
def softplus(xp, x, /, beta=1.0, threshold=20.0):
    """log(1 + exp(beta x)) / beta, a smooth relu; x itself where beta x is over the threshold."""
    scaled = x * beta
    return xp.where(scaled > threshold, x, xp.log1p(xp.exp(scaled)) / beta)


softplus.vjp(x=lambda g, x, beta, threshold, xp: xp.where(
    x * beta > threshold, g, g * sigmoid.on(xp, x * beta)))  # fmt: skip


@op(kind="activation", onnx="Mish", to_float="required")
def mish(xp, x):
    """x tanh(softplus(x)). Source: Misra (2019), "Mish: a self regularized non-monotonic activation function"."""
    return x * xp.tanh(softplus.forward(xp, x))


def _mish_rule(g, x, xp):
    t = xp.tanh(softplus.on(xp, x))
    return g * (t + x * sigmoid.on(xp, x) * (1 - t * t))


mish.vjp(x=_mish_rule)


@op(kind="activation", to_float="required")
def logsigmoid(xp, x):
    """Logarithm of the sigmoid, accurate in both tails."""
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.absolute(x)))


logsigmoid.vjp(x=lambda g, x, xp: g * sigmoid.on(xp, -x))


@op(kind="activation", onnx="Clip")
def hardtanh(xp, x, /, min_val=-1.0, max_val=1.0):
    """x between min_val and max_val, which are its values outside. The derivative at both is 0."""
    if x.dtype.kind == "b":
        raise DtypeError("hardtanh(): Boolean inputs not supported. Use .float() first.")
    return xp.clip(x, x.dtype.type(min_val), x.dtype.type(max_val))


hardtanh.vjp(x=lambda g, x, min_val, max_val, xp: xp.where((x <= min_val) | (x >= max_val), 0, g))



@op(kind="activation", onnx="HardSigmoid", to_float="required")
def hardsigmoid(xp, x):
    """A sigmoid of three straight pieces: (x + 3) / 6 between -3 and 3. The derivative at both is 0."""
    return xp.clip(x + 3, 0, 6) / 6


hardsigmoid.vjp(x=lambda g, x, xp: xp.where((x > -3) & (x < 3), g / 6, 0))


@op(kind="activation", onnx="HardSwish", to_float="required")
def hardswish(xp, x):
    """x times its hardsigmoid. Source: Howard et al. (2019), "Searching for MobileNetV3"."""
    return x * xp.clip(x + 3, 0, 6) / 6


hardswish.vjp(x=lambda g, x, xp: xp.where(x <= -3, 0, xp.where(x < 3, g * (x / 3 + 0.5), g)))

# Softmax


@op(kind="activation", onnx="Softmax", to_float="required")
def softmax(xp, x, /, dim=-1):
    """exp(x) divided by its sum along `dim`, computed from x minus its largest, so that nothing overflows."""
    if not x.size:
        return x - x.sum(axis=as_axis(dim, x.shape), keepdims=True)  # as empty as x, but a wrong dim is found
    if (made := softened(x, dim)) is not None:
        return made
    shifted = xp.exp(x - largest(x, dim))
    return shifted / total(shifted, dim)


softmax.vjp(x=lambda g, y, dim: y * (g - total(g * y, dim)))


@op(kind="activation", onnx="LogSoftmax", to_float="required")
def log_softmax(xp, x, /, dim=-1):
    """Logarithm of softmax along `dim`, computed without overflow."""
    if not x.size:
        return x - x.sum(axis=as_axis(dim, x.shape), keepdims=True)  # as empty as x, but a wrong dim is found
    shifted = x - largest(x, dim)
    return shifted - xp.log(total(xp.exp(shifted), dim))


log_softmax.vjp(x=lambda g, y, dim, xp: g - xp.exp(y) * total(g, dim))
