"""Losses as functions: how far a prediction is from its target, as one number or one per element."""

from __future__ import annotations

import math
import warnings

from ... import modes, ops
from ...errors import DtypeError, ShapeError
from ...tensor import Tensor
from .norm import pairwise_distance


def reduced(losses, reduction):
    """The mean, the sum, or the losses themselves."""
    if reduction == "mean":
        return losses.mean()
    return losses.sum() if check_reduction(reduction) == "sum" else losses


def check_reduction(reduction):
    """The reduction itself. Errors: ValueError for an unknown one."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction!r} is not a valid value for reduction: use 'mean', 'sum' or 'none'")
    return reduction


def legacy(size_average, reduce, reduction):
    """The reduction that PyTorch's old arguments `size_average` and `reduce` stand for, with its warning."""
    if size_average is None and reduce is None:
        return reduction
    warnings.warn("size_average and reduce args will be deprecated, please use reduction instead.", stacklevel=3)
    return "none" if reduce is False else "sum" if size_average is False else "mean"


def _check_tensors(name, **given):
    for argument, x in given.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): argument '{argument}' must be a Tensor, not {type(x).__name__}")


# Classes


def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):  # fmt: skip
    """Minus the log-probability of the right class, weighed by `weight[class]`; rows of `ignore_index` do not count.

    Shapes: input (N, C, ...) or (C,), target (N, ...) or () -> (), or as target for reduction="none"
    Errors: DtypeError for targets that are not integers, IndexError for a class that is not there.
    """
    reduction = check_reduction(legacy(size_average, reduce, reduction))
    scores, rows = _as_rows("nll_loss", input, target)
    return _of_classes(ops.nll_loss, scores, rows, weight, ignore_index, reduction, target)


def _of_classes(op, scores, rows, weight, ignore_index, reduction, target):
    """Either loss of rows. In the common case one op, which finds out by itself when a row is to be left out."""
    if weight is None and ignore_index < 0:
        try:
            losses = op.run(scores, rows) if reduction == "mean" else op.run(scores, rows, reduction)
            return losses.reshape(target.shape) if reduction == "none" and rows is not target else losses
        except IndexError:
            if not (rows.array == ignore_index).any():
                raise
    log_p = scores if op is ops.nll_loss else ops.log_softmax(scores, dim=-1)
    losses, shares = _class_losses(log_p, rows, weight, ignore_index)
    return _weighted(losses, shares, reduction, target.shape)


def cross_entropy(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean",
    label_smoothing=0.0,
):  # fmt: skip
    """The loss of a classifier, from raw scores (no softmax before it: this function has its own).

    Shapes: input (N, C, ...) or (C,); target (N, ...) or () whole numbers from 0 to C-1, or probabilities in the shape
    of the input -> (), or (N, ...) for reduction="none"
    `weight` has one number per class, `label_smoothing` mixes the target with equal shares for all classes.
    Errors: DtypeError for targets that are neither, IndexError for a class that is not there.

    >>> import minigrad as mg
    >>> cross_entropy(mg.zeros(2, 4), mg.tensor([0, 3]))
    tensor(1.3863)
    """
    if size_average is not None or reduce is not None or reduction != "mean":
        reduction = check_reduction(legacy(size_average, reduce, reduction))
    if not (isinstance(input, Tensor) and isinstance(target, Tensor)):
        _check_tensors("cross_entropy", input=input, target=target)
    if label_smoothing and not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if target.array.dtype.kind == "f" and target.array.shape == input.array.shape:
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    scores, rows = (input, target) if input.array.ndim == 2 else _as_rows("cross_entropy", input, target)
    if not label_smoothing:
        return _of_classes(ops.cross_entropy, scores, rows, weight, ignore_index, reduction, target)
    log_p = ops.log_softmax(scores, dim=-1)
    losses, shares = _class_losses(log_p, rows, weight, ignore_index)
    each = log_p if weight is None else log_p * weight
    smooth = ops.where(_kept(rows, ignore_index), -each.sum(dim=-1), 0)
    losses = (1 - label_smoothing) * losses + label_smoothing / log_p.size(-1) * smooth
    return _weighted(losses, shares, reduction, target.shape)


def _as_rows(name, input, target):
    """Scores (N, C, ...) as (N * ..., C) with targets (N * ...); what has no further axes stays as it is."""
    _check_tensors(name, input=input, target=target)
    shape = input.array.shape
    if len(shape) < 3:
        return input, target
    if target.array.shape != (shape[0], *shape[2:]):
        raise ShapeError(
            f"{name}(): Expected target size {[shape[0], *shape[2:]]}, got {list(target.shape)}: scores (N, C) "
            "go with targets (N,), scores (N, C, ...) with targets (N, ...)"
        )
    return input.movedim(1, -1).reshape(-1, shape[1]), target.reshape(-1)


def _kept(rows, ignore_index):
    """Which rows count. As ops where they are recorded: of long numbers, since -100 is 156 among bytes."""
    if modes.state.staging is None:
        return Tensor(rows.array != ignore_index)
    return (rows if rows.array.dtype.itemsize == 8 else rows.long()) != ignore_index


def _class_losses(log_p, rows, weight, ignore_index):
    """Weighed loss of each row, and its weight, which is 0 for a row that is ignored."""
    if rows.array.dtype.str[1:] not in ("i8", "u1"):
        raise DtypeError(f"expected target dtype to be int64 or uint8, but got {rows.dtype}. Use target.long().")
    kept = _kept(rows, ignore_index)
    seen = modes.state.staging is not None  # then it is to be ops
    classes = (rows * kept).long() if seen else Tensor((rows.array * kept.array).astype("int64"))
    losses = ops.nll_loss(log_p, classes, reduction="none")
    if weight is None:
        shares = kept.to(log_p.dtype)
    else:
        if tuple(weight.shape) != (log_p.size(-1),):
            raise ShapeError(
                f"weight tensor should be defined either for all {log_p.size(-1)} classes or no classes but "
                f"got weight tensor of shape: {list(weight.shape)}"
            )
        if weight.dtype is not log_p.dtype:
            raise DtypeError(f"expected scalar type {log_p.dtype} but found {weight.dtype}: use weight.to(input.dtype)")
        shares = ops.where(kept, weight.detach()[classes], 0)
    return ops.where(kept, losses * shares, 0), shares


def _weighted(losses, shares, reduction, shape):
    if reduction == "none":
        return losses.reshape(shape)
    return losses.sum() if reduction == "sum" else losses.sum() / shares.sum()


def _soft_cross_entropy(input, target, weight, reduction, label_smoothing):
    """Targets that are probabilities: the mean is over rows, whatever the weights."""
    dim = 1 if input.dim() > 1 else 0
    classes = input.size(dim)
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    each = ops.log_softmax(input, dim=dim) * target
    if weight is not None:
        each = each * (weight if dim == 0 else weight.reshape(-1, *(1,) * (input.dim() - 2)))
    losses = -each.sum(dim=dim)
    if reduction == "mean":
        return losses.sum() / (input.numel() // classes if classes else 1)
    return reduced(losses, reduction)


# Numbers


def _check_pair(name, input, target, reduction):
    """Refuse whole numbers, and shapes that differ: broadcasting here is nearly always a mistake."""
    if input.array.shape != target.array.shape:
        raise ShapeError(
            f"{name}(x: {tuple(input.shape)}, target: {tuple(target.shape)}): the shapes must be equal. "
            "Reshape one of them, e.g. target.reshape(x.shape) or x.squeeze(-1)."
        )
    check_reduction(reduction)
    if input.array.dtype.kind != "f" and target.array.dtype.kind != "f" and name != "l1_loss":
        raise DtypeError(f"{name}() is not defined for {input.dtype}. Use .float() first.")


def _weighed_mean(losses, weight, reduction):
    """As the `weight` argument of mse_loss and its kin has it: the mean divides by the sum of the weights."""
    if weight is None:
        return reduced(losses, reduction)
    losses = losses * weight
    if check_reduction(reduction) == "mean":
        return losses.sum() / weight.expand(losses.shape).sum()
    return reduced(losses, reduction)


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The squared difference: averaged ("mean"), added ("sum") or element by element ("none").

    Errors: ShapeError when the shapes differ; PyTorch warns and broadcasts, which is nearly always a mistake.

    >>> import minigrad as mg
    >>> mse_loss(mg.tensor([1.0, 2.0]), mg.tensor([3.0, 5.0]))
    tensor(6.5000)
    """
    reduction = legacy(size_average, reduce, reduction)
    _check_pair("mse_loss", input, target, reduction)
    return _weighed_mean((input - target) ** 2, weight, reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The absolute difference. Errors: ShapeError when the shapes differ (PyTorch warns and broadcasts)."""
    reduction = legacy(size_average, reduce, reduction)
    _check_pair("l1_loss", input, target, reduction)
    return _weighed_mean((input - target).abs(), weight, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """d^2 / (2 beta) for a difference d under beta, else |d| - beta / 2. Source: Girshick (2015), "Fast R-CNN"."""
    reduction = legacy(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    loss = huber_loss(input, target, reduction, beta)
    return loss if beta == 1 else loss / beta


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """d^2 / 2 for a difference d under delta, else delta * (|d| - delta / 2). Source: Huber (1964)."""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    _check_pair("huber_loss", input, target, reduction)
    return _weighed_mean(ops.huber(input, target, delta=delta), weight, reduction)


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """-(t log p + (1 - t) log(1 - p)) for probabilities p; logarithms are taken as no less than -100.

    Errors: ShapeError (a ValueError) when the shapes differ, RuntimeError for p outside of 0 to 1.
    """
    reduction = check_reduction(legacy(size_average, reduce, reduction))
    if input.dtype is not target.dtype or not input.is_floating_point():
        raise DtypeError(f"binary_cross_entropy(): found dtype {target.dtype} but expected {input.dtype}, a float")
    if input.array.shape != target.array.shape:
        raise ShapeError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if input.array.size and not bool(((input.array >= 0) & (input.array <= 1)).all()):
        raise RuntimeError("all elements of input should be between 0 and 1: use binary_cross_entropy_with_logits?")
    losses = ops.binary_cross_entropy(input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):  # fmt: skip
    """binary_cross_entropy of sigmoid(input), without overflow; `pos_weight` weighs the positive part of each class.

    Errors: ShapeError (a ValueError) when the shapes differ.
    """
    reduction = check_reduction(legacy(size_average, reduce, reduction))
    for what, x in (("target", target), ("input", input)):
        if not x.is_floating_point():
            raise DtypeError(f"binary_cross_entropy_with_logits(): the {what} must be floating-point, not {x.dtype}")
    if input.array.shape != target.array.shape:
        raise ShapeError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    if pos_weight is None:
        losses = ops.binary_cross_entropy_with_logits(input, target)
    else:
        losses = (1 - target) * input - ((pos_weight - 1) * target + 1) * ops.logsigmoid(input)
    return reduced(losses if weight is None else losses * weight, reduction)


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """t (log t - input) for log-probabilities `input`; "batchmean" divides the sum by N, as the definition has it.

    `target` are probabilities, or their logarithms with `log_target`. The mean over all elements is PyTorch's default
    and no divergence: it warns, and so do we.
    """
    reduction = legacy(size_average, reduce, reduction)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            stacklevel=2,
        )
    losses = target.exp() * (target - input) if log_target else ops.xlogy(target, target) - target * input
    if reduction == "batchmean":
        return losses.sum() / (input.size(0) if input.dim() else 1)
    return reduced(losses, reduction)


def poisson_nll_loss(
    input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction="mean"
):  # fmt: skip
    """Minus the log-likelihood of counts, up to a constant that `full` adds by Stirling's formula."""
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + ops.where(target > 1, stirling, 0)
    return reduced(losses, legacy(size_average, reduce, reduction))


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """Minus the log-likelihood of a normal distribution with mean `input` and variance `var` (at least eps)."""
    var = input * 0 + var if not isinstance(var, Tensor) else var
    if var.shape not in (input.shape, input.shape[:-1], (*input.shape[:-1], 1)):
        raise ValueError(f"var is of incorrect size: {list(var.shape)} for input {list(input.shape)}")
    if bool((var.array < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.dim() == input.dim() - 1 and var.shape == input.shape[:-1]:
        var = var.unsqueeze(-1)
    var = var + (var.detach().clamp(min=eps) - var.detach())  # the bound is out of the derivative's sight
    losses = 0.5 * (var.log() + (input - target) ** 2 / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


# Margins


def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"):
    """x where the target is 1, max(0, margin - x) where it is -1."""
    far = ops.where(target != 1, (margin - input).clamp(min=0), 0)
    return reduced(far + ops.where(target != -1, input, 0), legacy(size_average, reduce, reduction))


def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """max(0, -t (x1 - x2) + margin): x1 should be the larger where t = 1, the smaller where t = -1."""
    if not input1.dim() == input2.dim() == target.dim():
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {list(input1.shape)}, input2: {list(input2.shape)}, target: {list(target.shape)}"
        )
    losses = (-target * (input1 - input2) + margin).clamp(min=0)
    return reduced(losses, legacy(size_average, reduce, reduction))


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """log(1 + exp(-t x)) for t = 1 or -1."""
    reduction = check_reduction(legacy(size_average, reduce, reduction))
    if not input.is_floating_point():
        raise DtypeError(f"soft_margin_loss() is not defined for {input.dtype}. Use .float() first.")
    return reduced((-target * input).exp().log1p(), reduction)


def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1."""
    if target.dim() != input1.dim() - 1:
        raise ShapeError(f"cosine_embedding_loss(): {target.dim()}D target does not go with {input1.dim()}D inputs")
    lengths = [(x * x).sum(dim=-1) + 1e-12 for x in (input1, input2)]  # squared, and with a derivative at 0
    cos = (input1 * input2).sum(dim=-1) / (lengths[0] * lengths[1]).sqrt()
    losses = ops.where(target == 1, 1 - cos, (cos - margin).clamp(min=0))
    return reduced(losses, legacy(size_average, reduce, reduction))


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, size_average=None, reduce=None,
    reduction="mean",
):  # fmt: skip
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), with the p-norm as distance."""
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = ops.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced((near - far + margin).clamp(min=0), legacy(size_average, reduce, reduction))


def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
):  # fmt: skip
    """The mean over classes of max(0, margin - x_right + x_other)^p."""
    if p not in (1, 2):
        raise ValueError("multi_margin_loss: only p == 1 and p == 2 supported")
    rows = input.unsqueeze(0) if input.dim() == 1 else input
    target = target.reshape(-1)
    if target.numel() != rows.size(0):
        raise ShapeError(f"multi_margin_loss: expected a target of size [{rows.size(0)}], one class for each row, but "
                         f"got [{target.numel()}]")  # fmt: skip
    gaps = (margin - ops.take_along_dim(rows, target.unsqueeze(1), dim=1) + rows).clamp(min=0) ** p
    if weight is not None:
        gaps = gaps * weight[target].unsqueeze(1)
    right = ops.one_hot_mask(target, classes=rows.size(1))
    losses = ops.where(right, 0, gaps).sum(dim=1) / rows.size(1)
    return reduced(losses if input.dim() > 1 else losses[0], legacy(size_average, reduce, reduction))


def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """binary_cross_entropy_with_logits, averaged over the classes first."""
    losses = -(target * ops.logsigmoid(input) + (1 - target) * ops.logsigmoid(-input))
    losses = losses if weight is None else losses * weight
    return reduced(losses.mean(dim=-1), legacy(size_average, reduce, reduction))
