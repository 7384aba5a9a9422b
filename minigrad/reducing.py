"""Reductions as a learner types them: functions of `minigrad` and methods of Tensor, made of the ops.

`axis` and `keepdims`, NumPy's words for `dim` and `keepdim`, are understood too.
"""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple

from . import ops
from .errors import DtypeError, ShapeError
from .methods import method
from .op import OPS
from .ops import all, amax, amin, any, argmax, argmin, count_nonzero, logsumexp  # as they are
from .printing import return_type
from .tensor import Tensor

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "count_nonzero", "cumprod", "cumsum",
    "dist", "log_softmax", "logsumexp", "max", "mean", "median", "min", "nanmean", "nansum", "norm", "prod", "softmax",
    "std", "std_mean", "sum", "var", "var_mean",
]  # fmt: skip

MaxResult, MinResult = (return_type(name, "values indices") for name in ("max", "min"))
MedianResult = namedtuple("median", "values indices")
AminmaxResult = namedtuple("aminmax", "min max")


def _numpy_words(function):
    """Let `axis` and `keepdims` stand for `dim` and `keepdim`, and hang the function on Tensor."""

    @method
    @functools.wraps(function)
    def reduce(input, *args, axis=None, keepdims=None, **kwargs):
        if axis is not None:
            kwargs["dim"] = axis
        if keepdims is not None:
            kwargs["keepdim"] = keepdims
        return function(input, *args, **kwargs)

    return reduce


# Reductions that take a dtype


def _in_dtype(input, dtype):
    """The input in another dtype, but not out of the graph."""
    made = input.to(dtype)
    if input.requires_grad and not made.is_floating_point():
        raise DtypeError(f"dtype={made.dtype}: Autograd does not support integers. Use .detach() first.")
    return made


def _with_dtype(name, hidden=()):
    """The op with PyTorch's `dtype=`: the input is converted first, so that nothing overflows on the way."""
    made = OPS[name]

    def reduce(input, *args, dtype=None, **kwargs):
        return made.run(input if dtype is None else _in_dtype(input, dtype), *args, **kwargs)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = made.__doc__ + "\n\n    `dtype`, if given, is what the input is converted to first.\n    "
    shown = [p for p in made.__signature__.parameters.values() if p.name not in hidden]
    shown[0] = inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    shown.append(inspect.Parameter("dtype", inspect.Parameter.KEYWORD_ONLY, default=None))
    reduce.__signature__ = inspect.Signature(shown)
    return method(reduce)


sum, mean, prod = _with_dtype("sum"), _with_dtype("mean"), _with_dtype("prod")
softmax, log_softmax = _with_dtype("softmax"), _with_dtype("log_softmax")
cumsum = _with_dtype("cumsum", hidden=("exclusive", "reverse"))
cumprod = _with_dtype("cumprod", hidden=("exclusive", "reverse"))


@_numpy_words
def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over `dim` in which nan counts as 0."""
    return sum(ops.where(ops.isnan(input), 0, input), dim, keepdim, dtype=dtype)


@_numpy_words
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over `dim` of what is not nan; nan where nothing is left. Errors: DtypeError for integers."""
    if not input.is_floating_point():
        raise DtypeError(f"nanmean(): expected input to have floating point dtype but got {input.dtype}. Use .float().")
    there = sum(ops.logical_not(ops.isnan(input)), dim, keepdim)
    return ops.div(nansum(input, dim, keepdim, dtype=dtype), there)


# The spread


def _arguments(dim, unbiased, correction):
    """PyTorch's two ways to say it: unbiased True or False, or a correction; x.var(False) is the first."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    return {"dim": dim, "correction": 1 if correction is None else correction}


@_numpy_words
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Variance over `dim`: squared distances from the mean, over their number less `correction` (1 unless given).

    unbiased=False is correction=0. Errors: DtypeError for integers.

    >>> import minigrad as mg
    >>> mg.tensor([1.0, 3.0]).var(), mg.tensor([1.0, 3.0]).var(correction=0)
    (tensor(2.), tensor(1.))
    """
    return ops.var(input, **_arguments(dim, unbiased, correction), keepdim=keepdim)


@_numpy_words
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Standard deviation over `dim`, the square root of `var`."""
    return ops.std(input, **_arguments(dim, unbiased, correction), keepdim=keepdim)


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The pair (variance, mean)."""
    given = _arguments(dim, unbiased, correction)
    return ops.var(input, **given, keepdim=keepdim), ops.mean(input, dim=given["dim"], keepdim=keepdim)


def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The pair (standard deviation, mean)."""
    given = _arguments(dim, unbiased, correction)
    return ops.std(input, **given, keepdim=keepdim), ops.mean(input, dim=given["dim"], keepdim=keepdim)


# Extreme values that say where they stand


def _picked(input, indices, dim, keepdim, result):
    """The elements at `indices`, whose axis `dim` has length 1: so the gradient goes to one element each."""
    values = ops.take_along_dim(input, indices, dim=dim)
    return result(values, indices) if keepdim else result(ops.squeeze(values, dim), ops.squeeze(indices, dim))


def _extreme(input, dim, keepdim, other, whole, position, pairwise, result):
    if isinstance(dim, Tensor) or other is not None:
        return pairwise(input, dim if other is None else other)
    if dim is None:
        return whole(input)
    if not input.array.ndim:
        return result(*_extreme(input.reshape(1), dim, False, None, whole, position, pairwise, result))
    numbers = input if input.array.dtype.kind != "b" else input.astype("uint8")
    return _picked(input, position(numbers, dim=dim, keepdim=True), dim, keepdim, result)


@_numpy_words
def max(input, dim=None, keepdim=False, *, other=None):
    """The largest element; with `dim` the pair (values, indices); with another tensor the larger of each pair.

    Without `dim` equal elements share the gradient, with `dim` the first of them gets it all. nan wins.
    Errors: RuntimeError for no elements, IndexError for an axis without any.

    >>> import minigrad as mg
    >>> mg.tensor([[1.0, 5.0], [4.0, 2.0]]).max(dim=1).indices
    tensor([1, 0])
    """
    return _extreme(input, dim, keepdim, other, ops.max, ops.argmax, ops.maximum, MaxResult)


@_numpy_words
def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest element; with `dim` the pair (values, indices); with another tensor the smaller of each pair.

    Without `dim` equal elements share the gradient, with `dim` the first of them gets it all. nan wins.
    """
    return _extreme(input, dim, keepdim, other, ops.min, ops.argmin, ops.minimum, MinResult)


@_numpy_words
def median(input, dim=None, keepdim=False):
    """The middle element in order, the lower of two; with `dim` the pair (values, indices). nan wins.

    Of equal elements along `dim` the index of the first in a stable order is given; PyTorch may give another.
    """
    if dim is None:
        return ops.median(input)
    if not input.array.ndim:
        return MedianResult(*median(input.reshape(1), dim))
    return _picked(input, ops.argmedian(input, dim=dim), dim, keepdim, MedianResult)


@_numpy_words
def aminmax(input, *, dim=None, keepdim=False):
    """The pair (min, max). Errors: RuntimeError for no elements."""
    if not input.array.size:
        raise ShapeError(f"aminmax(): cannot compute aminmax over an empty dimension; the shape is {input.shape}")
    return AminmaxResult(*(f(input, dim=dim, keepdim=keepdim) for f in (ops.amin, ops.amax)))


# Lengths


@_numpy_words
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The p-norm (sum |x|^p)^(1/p) over `dim`; "fro" is p=2, p=inf the largest |x|. Its derivative at 0 is 0.

    Errors: DtypeError for integers; RuntimeError for "nuc", which needs singular values.

    >>> import minigrad as mg
    >>> mg.tensor([3.0, -4.0]).norm()
    tensor(5.)
    """
    if p == "nuc":
        raise ShapeError("norm(): minigrad has no singular values, so no nuclear norm; use p='fro' or a number.")
    x = input if dtype is None else _in_dtype(input, dtype)
    return ops.vector_norm(x, ord=2 if p in ("fro", None) else float(p), dim=dim, keepdim=keepdim)


@method
def dist(input, other, p=2):
    """The p-norm of input - other."""
    return norm(ops.sub(input, other), float(p))
