"""Losses that deserve a derivative of their own; all others are made of other ops, in `nn/functional`."""

from math import prod

from ..errors import DtypeError, ShapeError
from ..op import op

__all__ = ["binary_cross_entropy", "nll_loss", "one_hot_mask"]


@op(kind="compare", onnx="OneHot")
def one_hot_mask(xp, target, /, classes):
    """True in the column of each row's class. Shapes: target (...) -> (..., classes)."""
    return target[..., None] == xp.arange(classes)


def _check_classes(log_probability, target):
    """Refuse scores (N, C) or (C,) and whole-number targets (N,) or () that do not go together."""
    if log_probability.ndim not in (1, 2) or target.shape != log_probability.shape[:-1]:
        raise ShapeError(
            f"nll_loss(): expected input batch_size {log_probability.shape[:-1]} to match target batch_size "
            f"{target.shape}: scores (N, C) go with targets (N,); reshape other scores to two axes first."
        )
    if log_probability.dtype.kind != "f":
        raise DtypeError(f"nll_loss() is not defined for scores of dtype {log_probability.dtype}. Use .float() first.")
    if target.dtype.str[1:] not in ("i8", "u1"):  # `name` takes NumPy ten times as long
        raise DtypeError(f"nll_loss(): expected target of dtype int64, got {target.dtype}. Use target.long().")
    outside = target.astype("uint64") >= log_probability.shape[-1]  # a negative number becomes a huge one
    if outside.any():
        wrong = int(target[outside].reshape(-1)[0])
        raise IndexError(f"Target {wrong} is out of bounds: classes go from 0 to {log_probability.shape[-1] - 1}")


@op(kind="loss", onnx="NegativeLogLikelihoodLoss", fixed=("target",), broadcasts=False)
def nll_loss(xp, log_probability, target, /, reduction="mean"):
    """Minus the log-probability of the right class: averaged ("mean"), added ("sum"), or one per row ("none").

    Shapes: log_probability (N, C) or (C,), target (N,) or (): whole numbers from 0 to C-1.
    Errors: DtypeError for targets that are not integers, IndexError for a class that is not there.
    """
    _check_classes(log_probability, target)
    rows = () if log_probability.ndim == 1 else (xp.arange(len(target)),)
    picked = log_probability[(*rows, target)]
    if reduction == "none":
        return -picked
    return -picked.sum() if reduction == "sum" else xp.true_divide(picked.sum(), -picked.size)


def _nll_rule(g, log_probability_shape, target, reduction, xp):
    right = one_hot_mask.on(xp, target, classes=log_probability_shape[-1])
    share = -g[..., None] if reduction == "none" else g / -prod(target.shape) if reduction == "mean" else -g
    return xp.where(right, share, 0)


nll_loss.vjp(log_probability=_nll_rule,
             target=None)  # fmt: skip


@op(kind="loss")
def binary_cross_entropy(xp, p, target):
    """-(t log p + (1 - t) log(1 - p)), element by element; logarithms count as no less than -100. Shapes: broadcast."""
    return (target - 1) * xp.maximum(xp.log1p(-p), -100) - target * xp.maximum(xp.log(p), -100)


binary_cross_entropy.vjp(p=lambda g, p, target, xp: g * (p - target) / xp.maximum(p * (1 - p), 1e-12),
                         target=lambda g, p, xp: g * (xp.log1p(-p) - xp.log(p)))  # fmt: skip
