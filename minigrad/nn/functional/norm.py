"""Normalisation, and distances."""

from __future__ import annotations

import operator
from math import prod

from ... import axes, memory, modes, ops
from ...errors import DtypeError, PlaceError, ShapeError
from ...explain import tensors_only
from ...shaping import broadcast_tensors
from ...shortcuts import channel_sums
from .padding import pad


def _check_dtypes(name, input, *others):
    """Refuse whole numbers, and parameters of another dtype."""
    for x in (input, *others):
        if x is not None and (x.dtype is not input.dtype or not x.is_floating_point()):
            raise DtypeError(
                f"{name}(): expected input and parameters of one floating-point dtype, got {input.dtype} and {x.dtype}"
            )


def _affine(x, weight, bias, shape=None):
    """x * weight + bias, each seen in `shape`."""
    if weight is not None:
        x = x * (weight if shape is None or len(shape) == 1 else weight.reshape(shape))
    return x if bias is None else x + (bias if shape is None or len(shape) == 1 else bias.reshape(shape))


def _check_running(input, running_mean, running_var):
    for name, running in (("running_mean", running_mean), ("running_var", running_var)):
        if running is not None and running.array.shape != input.array.shape[1:2]:
            raise ShapeError(f"{name} should contain {input.size(1)} elements not {running.numel()}")


def _follow(input, dims, running_mean, running_var, momentum, correction, rows=False):
    """Let the running statistics, where given, move towards those of this batch, in place and out of the graph.

    rows: whether there are statistics of each example, of which the mean counts.
    """
    if running_mean is None and running_var is None:
        return
    if modes.state.staging is not None:  # as ops, so that they can be seen
        with modes.no_grad():
            for running, new in (
                (running_mean, lambda: input.mean(axis=dims)),
                (running_var, lambda: ops.var(input, dim=dims, correction=0) * correction),
            ):
                if running is not None:
                    new = new().mean(axis=0) if rows else new()
                    running.add_(((new - running) * momentum).astype(running.dtype))
        return
    x = input.array
    mean = _average(x, dims)
    if running_mean is not None:
        _move(running_mean, mean.mean(axis=0) if rows else mean, momentum)
    if running_var is not None:
        far = x - mean.reshape(axes.kept_shape(x.shape, dims))
        variance = _average(far * far, dims) * correction
        _move(running_var, variance.mean(axis=0) if rows else variance, momentum)


def _move(running, new, momentum):
    array = running.array
    array += (momentum * (new - array)).astype(array.dtype, copy=False)
    memory.changed(array)


def _average(x, dims):
    """The mean over these axes of an array. Added and divided: NumPy's own takes three times as long."""
    if x.itemsize < 4:
        return x.mean(axis=dims)
    total = channel_sums(x) if dims == (0, *range(2, x.ndim)) else x.sum(axis=dims)
    return total / axes.count(x.shape, dims)


@tensors_only
def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Each channel minus its mean, over its standard deviation: of this batch while training, else the running ones.

    Shapes: input (N, C, ...), the rest (C,) -> as input. While training the running statistics, where given, are
    updated in place, also under no_grad: the variance with Bessel's correction, though the batch is normalised without.
    Errors, while training: ShapeError for a single value per channel, which has no spread; ValueError unless eps > 0.
    Source: Ioffe & Szegedy (2015), "Batch Normalization".
    """
    if input.dim() < 2:
        raise PlaceError(f"batch_norm(): expected at least 2 axes (N, C, ...), got {tuple(input.shape)}")
    _check_dtypes("batch_norm", input, running_mean, running_var, weight, bias)
    _check_running(input, running_mean, running_var)
    per_channel = (1, -1, *(1,) * (input.dim() - 2)) if input.dim() > 2 else (-1,)
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
        scale = (running_var + eps).rsqrt().reshape(per_channel)
        return _affine((input - running_mean.reshape(per_channel)) * scale, weight, bias, per_channel)
    dims = (0, *range(2, input.dim()))
    count = input.numel() // max(input.size(1), 1)
    if count == 1:
        raise ShapeError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    if eps <= 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if count and (running_mean is not None or running_var is not None):
        _follow(input, dims, running_mean, running_var, momentum, count / max(count - 1, 1))
    return _affine(ops.standardize(input, dim=dims, eps=eps), weight, bias, per_channel)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Each element minus the mean of its row, over the row's standard deviation; rows are the last axes.

    Shapes: input (..., *normalized_shape), weight and bias normalized_shape -> as input.
    Source: Ba, Kiros & Hinton (2016), "Layer Normalization".

    >>> import minigrad as mg
    >>> layer_norm(mg.tensor([[1.0, 3.0]]), (2,), eps=0)
    tensor([[-1.,  1.]])
    """
    dims = _last_axes("layer_norm", input, normalized_shape, weight, bias)
    _check_dtypes("layer_norm", input, weight, bias)
    return _affine(ops.standardize(input, dim=dims, eps=eps), weight, bias)


def _last_axes(name, input, normalized_shape, *given):
    shape = tuple(map(operator.index, normalized_shape))
    if not shape:
        raise RuntimeError(f"{name}: expected normalized_shape to be at least 1-dimensional")
    for x in given:
        if x is not None and x.array.shape != shape:
            raise ShapeError(
                f"Expected weight to be of same shape as normalized_shape, but got {tuple(x.shape)} and {shape}"
            )
    if input.array.shape[-len(shape) :] != shape:
        raise ShapeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], but "
            f"got input of size {list(input.shape)}"
        )
    return tuple(range(-len(shape), 0))


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Each element over the root of the mean square of its row. Source: Zhang & Sennrich (2019)."""
    dims = _last_axes("rms_norm", input, normalized_shape, weight)
    eps = _machine_epsilon(input) if eps is None else eps
    scaled = input * ((input * input).mean(dim=dims, keepdim=True) + eps).rsqrt()
    return scaled if weight is None else scaled * weight


def _machine_epsilon(x):
    """The distance from 1 to the next number of this dtype."""
    return {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}[x.element_size()]


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """layer_norm over groups of channels. Shapes: input (N, C, ...), weight and bias (C,). Source: Wu & He (2018)."""
    if input.dim() < 2 or num_groups < 1 or input.size(1) % num_groups:
        raise ShapeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    if input.size(0) * input.size(1) // num_groups * prod(input.shape[2:]) == 1:
        raise ShapeError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    grouped = input.reshape(input.size(0), num_groups, input.size(1) // num_groups * prod(input.shape[2:]))
    y = ops.standardize(grouped, dim=(-1,), eps=eps).reshape(*input.shape)
    return _affine(y, weight, bias, (1, -1, *(1,) * (input.dim() - 2)))


def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):  # fmt: skip
    """Each channel of each sample normalised by itself. Shapes: input (N, C, ...)."""
    if input.dim() < 2:
        raise ShapeError(f"instance_norm(): expected at least 2 axes (N, C, ...), got {tuple(input.shape)}")
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    _check_running(input, running_mean, running_var)
    dims = tuple(range(2, input.dim()))
    count = prod(input.shape[2:])
    if count == 1:
        raise ShapeError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    _follow(input, dims, running_mean, running_var, momentum, count / max(count - 1, 1), rows=True)
    return _affine(ops.standardize(input, dim=dims, eps=eps), weight, bias, (1, -1, *(1,) * len(dims)))


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Each element over (k + alpha m)^beta, with m the mean square of the `size` channels around it, zeros included.

    Shapes: input (N, C, ...) -> as input. Source: Krizhevsky, Sutskever & Hinton (2012), "ImageNet classification".
    """
    if input.dim() < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.dim()} dimensions)")
    pads = (0, 0) * (input.dim() - 2) + (size // 2, (size - 1) // 2)
    around = pad(input * input, pads).unfold(1, size, 1).mean(dim=-1) if input.numel() else 0.0
    return input / (around * alpha + k) ** beta


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Rows along `dim` divided by their p-norm, or by eps where that is larger."""
    return input / input.norm(p, dim, keepdim=True).clamp(min=eps)


def _check_floats(name, *tensors):
    for x in tensors:
        if not x.is_floating_point():
            raise DtypeError(f"{name}(): expected floating-point tensors, got {x.dtype}. Use .float() first.")


@tensors_only
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between rows along `dim`; norms count as no less than eps."""
    _check_floats("cosine_similarity", x1, x2)
    x1, x2 = broadcast_tensors(x1, x2)
    first, second = (x.norm(2, dim).clamp(min=eps) for x in (x1, x2))
    return (x1 * x2).sum(dim=dim) / (first * second)


@tensors_only
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of x1 - x2 + eps along the last axis."""
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)
