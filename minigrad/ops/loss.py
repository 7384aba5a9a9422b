"""Losses that deserve a derivative of their own; all others are made of other ops, in `nn/functional`."""

from math import prod

from ..errors import DtypeError, ShapeError
from ..op import op
from ..shortcuts import added, any_outside, divided, largest, less_one_in_each_row, losses_of_rows, starts, total
from .activation import logsigmoid, sigmoid, softmax
from .elementwise import clamp

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "huber", "less_one_hot", "nll_loss",
    "one_hot_mask",
]  # fmt: skip


@op(kind="compare", onnx="OneHot")
def one_hot_mask(xp, target, /, classes):
    """True in the column of each row's class. Shapes: target (...) -> (..., classes)."""
    return target[..., None] == xp.arange(classes)


@op(kind="index", broadcasts=False, fixed=("target",))
def less_one_hot(xp, x, target):
    """x, less 1 in the column of each row's class. Shapes: x (..., classes), target (...) -> (..., classes)."""
    return x - one_hot_mask.forward(xp, target, x.shape[-1])


less_one_hot.vjp(x=lambda g: g,
                 target=None)  # fmt: skip


def _check_pair(scores, target):
    """Refuse scores (N, C) or (C,) and whole-number targets (N,) or () that do not go together."""
    shape = scores.shape
    if len(shape) not in (1, 2) or target.shape != shape[:-1]:
        raise ShapeError(
            f"expected input batch_size {shape[:-1]} to match target batch_size {target.shape}: scores (N, C) go with "
            "targets (N,); reshape other scores to two axes first."
        )
    if scores.dtype.kind != "f":
        raise DtypeError(f"the loss is not defined for scores of dtype {scores.dtype}. Use .float() first.")
    if target.dtype.name not in ("int64", "uint8"):
        raise DtypeError(f"expected target of dtype int64, got {target.dtype}. Use target.long().")


def _places(xp, target, classes):
    """The place of each row's right class, all rows one behind the other. Errors: IndexError for no such class."""
    if any_outside(target, classes):
        wrong = int(target[(target < 0) | (target >= classes)].reshape(-1)[0])
        raise IndexError(f"Target {wrong} is out of bounds: classes go from 0 to {classes - 1}")
    return starts(len(target), classes, xp) + target if target.ndim else target


def _reduced(losses, reduction):
    if reduction == "none":
        return losses
    whole = added(losses)
    return whole if reduction == "sum" else whole / losses.size


def _share(g, target_shape, reduction):
    """The gradient of each row's loss."""
    return g[..., None] if reduction == "none" else g / prod(target_shape) if reduction == "mean" else g


@op(kind="loss", onnx="NegativeLogLikelihoodLoss", fixed=("target",), broadcasts=False, check=_check_pair)
def nll_loss(xp, log_probability, target, /, reduction="mean"):
    """Minus the log-probability of the right class: averaged ("mean"), added ("sum"), or one per row ("none").

    Shapes: log_probability (N, C) or (C,), target (N,) or (): whole numbers from 0 to C-1.
    Errors: DtypeError for targets that are not integers, IndexError for a class that is not there.
    """
    return _reduced(-log_probability.take(_places(xp, target, log_probability.shape[-1])), reduction)


def _nll_rule(g, log_probability_shape, target, reduction, xp):
    right = one_hot_mask.on(xp, target, classes=log_probability_shape[-1])
    return xp.where(right, -_share(g, target.shape, reduction), 0)


nll_loss.vjp(log_probability=_nll_rule,
             target=None)  # fmt: skip


@op(kind="loss", onnx="SoftmaxCrossEntropyLoss", fixed=("target",), broadcasts=False, check=_check_pair,
    byproducts={"probability": lambda scores, xp: softmax.on(xp, scores, dim=-1)})  # fmt: skip
def cross_entropy(xp, scores, target, /, reduction="mean"):
    """nll_loss of log_softmax in one op: the loss of nearly every classifier, so it has the short way back.

    Shapes and errors: as for nll_loss, with raw scores in the place of log-probabilities.
    """
    found = losses_of_rows(scores, target, xp)
    if found is not None:
        return _reduced(found[0], reduction), found[1]
    places = _places(xp, target, scores.shape[-1])
    if not scores.size:
        return _reduced(scores.sum(axis=-1), reduction), scores
    shifted = scores - largest(scores, -1)
    probability = xp.exp(shifted)
    whole = total(probability, -1)
    losses = xp.log(whole[..., 0]) - shifted.take(places)
    return _reduced(losses, reduction), probability / whole


def _cross_entropy_rule(g, probability, target, reduction, xp):
    return less_one_hot.on(xp, probability, target) * _share(g, target.shape, reduction)


def _cross_entropy_quickly(g, probability, target, reduction, xp):
    back = None if reduction == "none" else less_one_in_each_row(probability, target)
    if back is None:
        return _cross_entropy_rule(g, probability, target, reduction, xp)
    back *= g
    return divided(back, len(back)) if reduction == "mean" else back


cross_entropy.vjp(scores=_cross_entropy_rule,
                  target=None)  # fmt: skip
cross_entropy.quick(scores=_cross_entropy_quickly)


@op(kind="loss")
def binary_cross_entropy(xp, p, target):
    """-(t log p + (1 - t) log(1 - p)), element by element; logarithms count as no less than -100. Shapes: broadcast."""
    return (target - 1) * xp.maximum(xp.log1p(-p), -100) - target * xp.maximum(xp.log(p), -100)


binary_cross_entropy.vjp(p=lambda g, p, target, xp: g * (p - target) / xp.maximum(p * (1 - p), 1e-12),
                         target=lambda g, p, xp: g * (xp.log1p(-p) - xp.log(p)))  # fmt: skip


@op(kind="loss", to_float="required")
def binary_cross_entropy_with_logits(xp, x, target):
    """binary_cross_entropy of sigmoid(x), element by element and without overflow. Shapes: broadcast."""
    return (1 - target) * x - logsigmoid.forward(xp, x)


binary_cross_entropy_with_logits.vjp(x=lambda g, x, target, xp: g * (sigmoid.on(xp, x) - target),
                                     target=lambda g, x: -g * x)  # fmt: skip


@op(kind="loss")
def huber(xp, x, target, /, delta=1.0):
    """d^2 / 2 for a difference d = x - target up to delta, else delta (|d| - delta / 2), element by element.

    Shapes: broadcast. Source: Huber (1964), "Robust Estimation of a Location Parameter".
    """
    d = x - target
    near = xp.minimum(xp.maximum(d, -delta), delta)  # no square of d: where it is infinite, it would leave nan
    return near * (d - 0.5 * near)


huber.vjp(x=lambda g, x, target, delta, xp: g * clamp.on(xp, x - target, -delta, delta),
          target=lambda g, x, target, delta, xp: g * clamp.on(xp, target - x, -delta, delta))  # fmt: skip
