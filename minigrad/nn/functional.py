"""What PyTorch calls `torch.nn.functional`: functions made of ops."""

from __future__ import annotations

from .. import ops
from ..creation import default_generator
from ..errors import ShapeError
from ..tensor import Tensor

relu, tanh, sigmoid = ops.relu, ops.tanh, ops.sigmoid


def linear(x, weight, bias=None):
    """x times the transposed weight, plus bias.

    Shapes: x (..., n), weight (m, n), bias (m,) -> (..., m)
    Errors: ShapeError when n differs; the message names both shapes.
    """
    if x.array.ndim < 1 or x.array.shape[-1] != weight.array.shape[-1]:
        raise ShapeError(
            f"linear(x: {tuple(x.shape)}, weight: {tuple(weight.shape)}): the last axis of x must have "
            f"{weight.array.shape[-1]} elements, the layer's in_features."
        )
    return x @ weight.T if bias is None else ops.linear(x, weight, bias)


def softmax(x, dim):
    """Positive numbers that add up to 1 along `dim`."""
    return ops.softmax(x, dim=dim)


def log_softmax(x, dim):
    """The logarithm of softmax along `dim`, without overflow."""
    return ops.log_softmax(x, dim=dim)


def nll_loss(log_probability, target, reduction="mean"):
    """Minus the log-probability of the right class. Shapes: (N, C), (N,) -> (), or (N,) for reduction="none"."""
    _check_reduction(reduction)
    return ops.nll_loss(log_probability, target, reduction=reduction)


def cross_entropy(logits, target, reduction="mean"):
    """The loss of a classifier, from raw scores (no softmax before it: this function has its own).

    Shapes: logits (N, C), target (N,) whole numbers from 0 to C-1 -> () or (N,) for reduction="none"
    Errors: DtypeError for targets that are not integers, IndexError for a class that is not there.

    >>> import minigrad as mg
    >>> cross_entropy(mg.zeros(2, 4), mg.tensor([0, 3]))
    tensor(1.3863)
    """
    _check_reduction(reduction)
    return ops.nll_loss(ops.log_softmax(logits, dim=-1), target, reduction=reduction)


def mse_loss(x, target, reduction="mean"):
    """The squared difference: averaged ("mean"), added ("sum") or element by element ("none").

    Errors: ShapeError when the shapes differ: broadcasting here is nearly always a mistake.
    """
    _check_reduction(reduction)
    if x.array.shape != target.array.shape:
        raise ShapeError(
            f"mse_loss(x: {tuple(x.shape)}, target: {tuple(target.shape)}): the shapes must be equal. "
            "Reshape one of them, e.g. target.reshape(x.shape) or x.squeeze(-1)."
        )
    squares = (x - target) ** 2
    return squares if reduction == "none" else squares.sum() if reduction == "sum" else squares.mean()


def dropout(x, p=0.5, training=True, generator=None):
    """While training, zero each element with probability p and scale the rest by 1/(1-p); else x itself."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return x
    kept = (generator or default_generator).numpy.random(x.array.shape) >= p
    scale = 0.0 if p == 1 else 1 / (1 - p)
    return x * Tensor((kept * scale).astype(x.array.dtype)).to(x.device)


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Each feature minus its mean, over its standard deviation: of this batch while training, else the running ones.

    Shapes: x (N, C), the rest (C,) -> (N, C). While training the running statistics are updated in place, also under
    no_grad. Errors: ShapeError for a single row while training: it has no spread.
    """
    if training:
        rows = x.array.shape[0]
        if rows < 2:
            raise ShapeError(f"Expected more than 1 value per channel when training, got input size {x.shape}")
        mean = x.mean(dim=0)
        variance = ((x - mean) ** 2).mean(dim=0)
        for running, new in ((running_mean, mean.array), (running_var, variance.array * (rows / (rows - 1)))):
            running.array += momentum * (new - running.array)
            running._version[0] += 1
    else:
        mean, variance = running_mean, running_var
    out = (x - mean) / (variance + eps).sqrt()
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


def _check_reduction(reduction):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction!r} is not a valid value for reduction: use 'mean', 'sum' or 'none'")
