"""Reductions as a learner types them: functions of `minigrad` and methods of Tensor, made of the ops.

`axis` and `keepdims`, NumPy's words for `dim` and `keepdim`, are understood too.
"""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple

import numpy as np

from . import ops
from .errors import DtypeError, ShapeError
from .explain import tensors_only
from .methods import method
from .op import OPS
from .ops import all, amax, amin, any, argmax, argmin, count_nonzero  # as they are
from .printing import return_type
from .shaping import axis_of, axis_too
from .tensor import Tensor

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "cdist", "count_nonzero", "dist", "log_softmax",
    "logsumexp", "max", "mean", "median", "min", "mode", "nanmean", "nanmedian", "nansum", "norm", "prod", "softmax",
    "std", "std_mean", "sum", "var", "var_mean",
]  # fmt: skip

MaxResult, MinResult = (return_type(name, "values indices") for name in ("max", "min"))
MedianResult = namedtuple("median", "values indices")
NanmedianResult = namedtuple("nanmedian", "values indices")
ModeResult = namedtuple("mode", "values indices")
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


def with_dtype(name, hidden=()):
    """The op with PyTorch's `dtype=`: the input is converted first, so that nothing overflows on the way."""
    made = OPS[name]

    def reduce(input, *args, dtype=None, **kwargs):
        if dtype is None:
            return made.run(input, *args, **kwargs)
        given = _in_dtype(input, dtype)
        return made.run(given, *args, **kwargs).to(given.dtype)  # whole numbers come back as int64

    reduce.__name__ = reduce.__qualname__ = name
    told = "`dtype`, if given, is what the input is converted to first, and what the result has."
    reduce.__doc__ = f"{made.__doc__}\n\n    {told}\n    "
    shown = [p for p in made.__signature__.parameters.values() if p.name not in hidden]
    shown[0] = inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    shown.append(inspect.Parameter("dtype", inspect.Parameter.KEYWORD_ONLY, default=None))
    reduce.__signature__ = inspect.Signature(shown)
    return method(reduce)


sum, mean, prod = with_dtype("sum"), with_dtype("mean"), with_dtype("prod")


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


# Softmax and its relatives; here `dim` must be given, as the sum of all elements is seldom meant


def _along(name, input, dim):
    """`dim` from the front. Errors: TypeError unless it is one number, IndexError where there is no such axis."""
    if isinstance(dim, bool) or not isinstance(dim, (int, np.integer)):
        raise TypeError(f"{name}(): argument 'dim' must be one whole number, not {dim!r}")
    return axis_of(input, dim, name)


@method
@axis_too
def softmax(input, dim, dtype=None):
    """exp(x) divided by its sum along `dim`: positive numbers that add up to 1. A `dtype` is converted to first.

    >>> import minigrad as mg
    >>> mg.zeros(2, 4).softmax(dim=1)[0]
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    dim = _along("softmax", input, dim)
    return ops.softmax(input if dtype is None else _in_dtype(input, dtype), dim=dim)


@method
@axis_too
def log_softmax(input, dim, dtype=None):
    """The logarithm of `softmax`, without overflow."""
    dim = _along("log_softmax", input, dim)
    return ops.log_softmax(input if dtype is None else _in_dtype(input, dtype), dim=dim)


@_numpy_words
def logsumexp(input, dim, keepdim=False):
    """log of the sum of exp(x) over `dim`, one axis or several, without overflow."""
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' must be a whole number or a tuple of them, not None")
    return ops.logsumexp(input, dim=dim, keepdim=keepdim)


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
def nanmedian(input, dim=None, keepdim=False):
    """`median` of what is not nan; nan where nothing is left."""
    if dim is None:
        return ops.median(input[ops.logical_not(ops.isnan(input))])
    if not input.array.ndim:
        return NanmedianResult(*nanmedian(input.reshape(1), dim))
    return _picked(input, ops.argmedian(input, dim=dim, skip_nan=True), dim, keepdim, NanmedianResult)


@_numpy_words
def mode(input, dim=-1, keepdim=False):
    """The pair (values, indices): the commonest value along `dim`, the smallest of several, and where it last stands.

    >>> import minigrad as mg
    >>> mg.tensor([3, 1, 3, 2]).mode().values
    tensor(3)
    """
    if not input.array.ndim:
        return ModeResult(*mode(input.reshape(1), dim))
    return _picked(input, ops.argmode(input, dim=dim), dim, keepdim, ModeResult)


@_numpy_words
def aminmax(input, *, dim=None, keepdim=False):
    """The pair (min, max). Errors: RuntimeError for no elements."""
    if dim is None and not input.array.size:
        raise ShapeError(f"aminmax(): an empty tensor has no extreme value; its shape is {input.shape}")
    return AminmaxResult(*(f(input, dim=dim, keepdim=keepdim) for f in (ops.amin, ops.amax)))


# Lengths


@method
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The p-norm (sum |x|^p)^(1/p) over `dim`; "fro" is p=2, p=inf the largest |x|. Its derivative at 0 is 0.

    Errors: DtypeError for integers; RuntimeError for "nuc", which needs singular values.

    >>> import minigrad as mg
    >>> mg.tensor([3.0, -4.0]).norm()
    tensor(5.)
    """
    if p == "nuc":
        raise ShapeError("norm(): minigrad has no singular values, so no nuclear norm; use p='fro' or a number.")
    if isinstance(p, str) and p != "fro":
        raise ShapeError(f"norm(): there is no norm with p={p!r}; use 'fro', a number or inf.")
    if not input.is_floating_point():
        raise DtypeError(f"norm(): expected a floating-point tensor, not {input.dtype}. Use .float() first.")
    x = input if dtype is None else _in_dtype(input, dtype)
    return ops.vector_norm(x, ord=2 if p in ("fro", None) else float(p), dim=dim, keepdim=keepdim)


@method
def dist(input, other, p=2):
    """The p-norm of input - other."""
    return norm(ops.sub(input, other), float(p))


@tensors_only
def cdist(x1, x2, p=2.0):
    """The p-norms of all differences of a row of x1 and a row of x2. Shapes: (..., n, k), (..., m, k) -> (..., n, m)

    >>> import minigrad as mg
    >>> mg.cdist(mg.tensor([[0.0, 0.0], [3.0, 0.0]]), mg.tensor([[0.0, 4.0]]))
    tensor([[4.],
            [5.]])
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"cdist(): needs rows of one length, (n, k) and (m, k), not {x1.shape} and {x2.shape}")
    return norm(ops.sub(ops.unsqueeze(x1, -2), ops.unsqueeze(x2, -3)), float(p), dim=-1)
