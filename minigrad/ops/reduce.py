"""Ops that reduce axes. `dim` is None (all), a number or a tuple; `keepdim` keeps reduced axes with length 1."""

from ..axes import as_axis, count, kept_shape, spread
from ..errors import DtypeError, ShapeError
from ..op import op

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "log_softmax", "max", "mean", "min", "nll_loss",
    "one_hot_mask", "softmax", "sum",
]  # fmt: skip


@op(kind="reduce", onnx="ReduceSum")
def sum(xp, x, /, dim=None, keepdim=False):
    """Sum over `dim`. Integers and booleans give int64."""
    return x.sum(axis=as_axis(dim), keepdims=keepdim, dtype="int64" if x.dtype.kind in "iub" else None)


sum.vjp(x=lambda g, x_shape, dim, xp: spread(g, x_shape, dim, xp))


@op(kind="reduce", onnx="ReduceMean", to_float="required")
def mean(xp, x, /, dim=None, keepdim=False):
    """Arithmetic mean over `dim`; nan over no elements. Errors: DtypeError for integers, as in PyTorch."""
    return xp.true_divide(x.sum(axis=as_axis(dim), keepdims=keepdim), count(x.shape, dim))


mean.vjp(x=lambda g, x_shape, dim, xp: spread(g / count(x_shape, dim), x_shape, dim, xp))


def _share(g, x, y, dim, xp):
    """The gradient of an extreme value goes to every element that attains it, in equal parts."""
    shape = kept_shape(x.shape, dim)
    chosen = (x == y.reshape(shape)) | (x != x)  # where there is a nan it is the extreme value, and equals nothing
    ways = chosen.sum(axis=as_axis(dim), keepdims=True).astype(g.dtype)
    return xp.where(chosen, g.reshape(shape) / ways, 0)


def _some(name, x, dim=None):
    """Refuse to look for an extreme value among no elements."""
    dims = as_axis(dim)
    if x.size:
        return
    if dims is None:
        kind = IndexError if name.startswith("arg") else ShapeError
        raise kind(f"{name}(): a tensor without elements has no extreme value; its shape is {tuple(x.shape)}")
    for d in dims if isinstance(dims, tuple) else (dims,):
        if not x.shape[d]:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size; the shape is {x.shape}")


@op(kind="reduce", onnx="ReduceMax")
def max(xp, x):
    """The largest of all elements; nan wins. Equal ones share the gradient."""
    _some("max", x)
    return x.max()


max.vjp(x=lambda g, x, y, xp: _share(g, x, y, None, xp))


@op(kind="reduce", onnx="ReduceMin")
def min(xp, x):
    """The smallest of all elements; nan wins. Equal ones share the gradient."""
    _some("min", x)
    return x.min()


min.vjp(x=lambda g, x, y, xp: _share(g, x, y, None, xp))


@op(kind="reduce", onnx="ReduceMax")
def amax(xp, x, /, dim=None, keepdim=False):
    """The largest along `dim`; nan wins. Equal ones share the gradient."""
    _some("amax", x, dim)
    return x.max(axis=as_axis(dim), keepdims=keepdim)


amax.vjp(x=lambda g, x, y, dim, xp: _share(g, x, y, dim, xp))


@op(kind="reduce", onnx="ReduceMin")
def amin(xp, x, /, dim=None, keepdim=False):
    """The smallest along `dim`; nan wins. Equal ones share the gradient."""
    _some("amin", x, dim)
    return x.min(axis=as_axis(dim), keepdims=keepdim)


amin.vjp(x=lambda g, x, y, dim, xp: _share(g, x, y, dim, xp))


@op(kind="cut", onnx="ArgMax")
def argmax(xp, x, /, dim=None, keepdim=False):
    """Where the largest stands (the first of equals). An index has no derivative: nothing flows back."""
    _some("argmax", x, dim)
    return xp.argmax(x, axis=dim, keepdims=keepdim)


@op(kind="cut", onnx="ArgMin")
def argmin(xp, x, /, dim=None, keepdim=False):
    """Where the smallest stands (the first of equals). An index has no derivative: nothing flows back."""
    _some("argmin", x, dim)
    return xp.argmin(x, axis=dim, keepdims=keepdim)


@op(kind="compare")
def all(xp, x, /, dim=None, keepdim=False):
    """Whether every element along `dim` is true."""
    return xp.all(x, axis=as_axis(dim), keepdims=keepdim)


@op(kind="compare")
def any(xp, x, /, dim=None, keepdim=False):
    """Whether some element along `dim` is true."""
    return xp.any(x, axis=as_axis(dim), keepdims=keepdim)


@op(kind="activation", onnx="Softmax", to_float="required")
def softmax(xp, x, /, dim=-1):
    """exp(x) divided by its sum along `dim`, computed from x minus its largest, so that nothing overflows."""
    if not x.size:
        return x.copy()
    shifted = xp.exp(x - x.max(axis=dim, keepdims=True))
    return shifted / shifted.sum(axis=dim, keepdims=True)


softmax.vjp(x=lambda g, y, dim: y * (g - (g * y).sum(axis=dim, keepdims=True)))


@op(kind="activation", onnx="LogSoftmax", to_float="required")
def log_softmax(xp, x, /, dim=-1):
    """Logarithm of softmax along `dim`, computed without overflow."""
    if not x.size:
        return x.copy()
    shifted = x - x.max(axis=dim, keepdims=True)
    return shifted - xp.log(xp.exp(shifted).sum(axis=dim, keepdims=True))


log_softmax.vjp(x=lambda g, y, dim, xp: g - xp.exp(y) * g.sum(axis=dim, keepdims=True))


@op(kind="compare", onnx="OneHot")
def one_hot_mask(xp, target, /, classes):
    """True in the column of each row's class. Shapes: target (...) -> (..., classes)."""
    return target[..., None] == xp.arange(classes)


def _check_target(xp, log_probability, target):
    if log_probability.ndim not in (1, 2) or target.shape != log_probability.shape[:-1]:
        raise ShapeError(
            f"nll_loss(): expected input batch_size {log_probability.shape[:-1]} to match target batch_size "
            f"{target.shape}: scores (N, C) go with targets (N,); reshape other scores to two axes first."
        )
    if target.dtype.name not in ("int64", "uint8"):
        raise DtypeError(f"nll_loss(): expected target of dtype int64, got {target.dtype}. Use target.long().")
    if target.size and (target.min() < 0 or target.max() >= log_probability.shape[-1]):
        wrong = target[(target < 0) | (target >= log_probability.shape[-1])].reshape(-1)[0]
        raise IndexError(f"Target {int(wrong)} is out of bounds: classes go from 0 to {log_probability.shape[-1] - 1}")


@op(kind="loss", onnx="NegativeLogLikelihoodLoss", fixed=("target",), broadcasts=False)
def nll_loss(xp, log_probability, target, /, reduction="mean"):
    """Minus the log-probability of the right class: averaged ("mean"), added ("sum"), or one per row ("none").

    Shapes: log_probability (N, C) or (C,), target (N,) or (): whole numbers from 0 to C-1.
    Errors: DtypeError for targets that are not integers, IndexError for a class that is not there.
    """
    _check_target(xp, log_probability, target)
    picked = -xp.where(one_hot_mask.forward(xp, target, log_probability.shape[-1]), log_probability, 0).sum(axis=-1)
    if reduction == "none":
        return picked
    return picked.sum() if reduction == "sum" else xp.true_divide(picked.sum(), target.size)


def _nll_rule(g, log_probability_shape, target, reduction, xp):
    share = g / count(target.shape, None) if reduction == "mean" else g
    return xp.where(one_hot_mask.on(xp, target, classes=log_probability_shape[-1]), -share[..., None], 0)


nll_loss.vjp(log_probability=_nll_rule,
             target=None)  # fmt: skip
