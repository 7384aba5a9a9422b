"""Ops that reduce axes. `dim` is None (all), a number or a tuple; `keepdim` keeps axes as length 1.

Half precision is added up in single precision, as PyTorch does it.
"""

import math

from ..axes import as_axis, count, kept_shape, spread
from ..errors import DtypeError, ShapeError
from ..op import op
from ..shortcuts import added
from .elementwise import sign
from .rounding import zero
from .scan import cumprod, scan

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmedian", "argmin", "argmode", "count_nonzero", "logsumexp", "max",
    "mean", "median", "min", "prod", "std", "sum", "var", "vector_norm",
]  # fmt: skip


def _one(name, x, dim):
    """`dim` as an axis, where it cannot be several."""
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"{name}(): dim must be one number or None, not {dim}")
    return as_axis(dim, x.shape)


# Sums


def _total(x, dim, keepdim):
    """The sum in a dtype that has room for it."""
    if dim is None and not keepdim and x.dtype.kind == "f" and x.dtype.itemsize >= 4:
        return added(x)
    room = "int64" if x.dtype.kind in "iub" else "float32" if x.dtype.itemsize == 2 else None
    return x.sum(axis=as_axis(dim, x.shape), keepdims=keepdim, dtype=room)


@op(kind="reduce", onnx="ReduceSum")
def sum(xp, x, /, dim=None, keepdim=False):
    """Sum over `dim`. Integers and booleans give int64."""
    total = _total(x, dim, keepdim)
    return total.astype("float16") if x.dtype.char == "e" else total


sum.vjp(x=lambda g, x_shape, dim, xp: spread(g, x_shape, dim, xp))


@op(kind="reduce", onnx="ReduceMean", to_float="required")
def mean(xp, x, /, dim=None, keepdim=False):
    """Arithmetic mean over `dim`; nan over no elements. Errors: DtypeError for integers, as in PyTorch."""
    found = _total(x, dim, keepdim) / count(x.shape, dim)
    return found.astype("float16") if x.dtype.char == "e" else found


mean.vjp(x=lambda g, x_shape, dim, xp: spread(g / count(x_shape, dim), x_shape, dim, xp))


def _squares(xp, x, dim, correction, keepdim):
    """The sum of squared distances from the mean, over the number of elements less `correction`."""
    far = x - mean.forward(xp, x, dim, True)
    return xp.true_divide(_total(far * far, dim, keepdim), _freedom(x.shape, dim, correction)).astype(x.dtype)


def _freedom(shape, dim, correction):
    left = count(shape, dim) - correction
    return left if left > 0 else 0


def _var_rule(g, x, dim, correction, xp):
    left, whole = count(x.shape, dim) - correction, dim is None or not x.shape
    lost = left <= 0 and (whole or not left)  # as PyTorch has it: nan at the mean, inf elsewhere; over all, of one sign
    share = g / zero(g, xp) if lost else g * 2 / left
    far = x - (x / count(x.shape, dim)).sum(axis=as_axis(dim, x.shape), keepdims=True)
    return spread(share, x.shape, dim, xp) * (abs(far) if lost and whole else far)


@op(kind="reduce", to_float="required")
def var(xp, x, /, dim=None, correction=1, keepdim=False):
    """Variance over `dim`: squared distances from the mean, added up and divided by their number less `correction`.

    nan where there is no more than one element, unless correction is 0. Errors: DtypeError for integers.
    """
    return _squares(xp, x, dim, correction, keepdim)


var.vjp(x=_var_rule)


@op(kind="reduce", to_float="required")
def std(xp, x, /, dim=None, correction=1, keepdim=False):
    """Standard deviation over `dim`, the square root of `var`. Where it is 0 its derivative is 0, as in PyTorch."""
    return xp.sqrt(_squares(xp, x, dim, correction, keepdim))


std.vjp(x=lambda g, x, y, dim, correction, xp: _var_rule(
    xp.where(y == 0, 0, g / (y * 2)), x, dim, correction, xp))  # fmt: skip


@op(kind="reduce", onnx="ReduceLogSumExp", to_float=True)
def logsumexp(xp, x, /, dim, keepdim=False):
    """log of the sum of exp(x) over `dim`, computed from x minus its largest, so that nothing overflows."""
    top = x.max(axis=as_axis(dim, x.shape), keepdims=True) if count(x.shape, dim) else x.dtype.type(0)
    top = xp.where(xp.isfinite(top), top, 0)  # inf - inf would be nan
    found = xp.log(xp.exp(x - top).sum(axis=as_axis(dim, x.shape), keepdims=True)) + top
    return found if keepdim else found.squeeze(as_axis(dim, x.shape))


def _logsumexp_rule(g, x, y, dim, xp):
    shape = kept_shape(x.shape, dim)
    return g.reshape(shape) * xp.exp(x - y.reshape(shape))


logsumexp.vjp(x=_logsumexp_rule)


@op(kind="reduce", to_float="required")
def vector_norm(xp, x, /, ord=2, dim=None, keepdim=False):
    """(sum |x|^ord)^(1/ord) over `dim`: the length of a vector. ord inf or -inf: the largest or smallest |x|; 0: how
    many are not 0. Where the norm is 0 its derivative is 0.

    Errors: DtypeError for integers, ShapeError for the largest or smallest of nothing.
    """
    size, axis = xp.absolute(x), as_axis(dim, x.shape)
    if ord < 0 or ord == math.inf:
        _some("vector_norm", x, dim, ShapeError)
    if ord in (math.inf, -math.inf):
        return (size.max if ord > 0 else size.min)(axis=axis, keepdims=keepdim)
    if ord == 0:
        return (x != 0).sum(axis=axis, keepdims=keepdim).astype(x.dtype)
    powers = size if ord == 1 else size * size if ord == 2 else size**ord
    total = _total(powers, dim, keepdim)
    return (total if ord == 1 else xp.sqrt(total) if ord == 2 else total ** (1 / ord)).astype(x.dtype)


def _norm_rule(g, x, y, ord, dim, xp):
    shape = kept_shape(x.shape, dim)
    g, y = g.reshape(shape), y.reshape(shape)
    if ord == 0:
        return zero(g, xp) + zero(x, xp)
    if ord == 1:
        return g * sign.on(xp, x)
    if ord == 2:
        return x * xp.where(y == 0, 0, g / xp.where(y == 0, 1, y))
    if ord in (math.inf, -math.inf):
        chosen = abs(x) == y
        ways = chosen.sum(axis=as_axis(dim, x.shape), keepdims=True).astype(g.dtype)
        return xp.where(chosen, g / ways * sign.on(xp, x), 0)
    scale = xp.where(y == 0, 0, g * xp.where(y == 0, 1, y) ** (1 - ord))
    return sign.on(xp, x) * xp.where(x == 0, 1, abs(x)) ** (ord - 1) * scale


vector_norm.vjp(x=_norm_rule)

# Products


@op(kind="reduce", onnx="ReduceProd")
def prod(xp, x, /, dim=None, keepdim=False):
    """Product over `dim`, one axis or all. Integers and booleans give int64; over no elements it is 1."""
    return x.prod(axis=_one("prod", x, dim), keepdims=keepdim, dtype="int64" if x.dtype.kind in "iub" else None)


def _prod_rule(g, x, y, dim, xp):
    """y / x, or, where some element is 0, the product of all others: those to the left times those to the right."""
    shape = kept_shape(x.shape, dim)
    if not (x == 0).any():
        return g.reshape(shape) * y.reshape(shape) / x
    line, axis = (x.reshape((-1,)), 0) if dim is None or not x.shape else (x, dim)
    left = cumprod.on(xp, line, dim=axis, exclusive=True)
    right = cumprod.on(xp, line, dim=axis, exclusive=True, reverse=True)
    return g.reshape(shape) * (left * right).reshape(x.shape)


prod.vjp(x=_prod_rule)

# Extreme values


def _some(name, x, dim=None, kind=IndexError):
    """Refuse to look for an extreme value among no elements."""
    dims = as_axis(dim)
    if x.size:
        return
    if dims is None:
        kind = IndexError if name.startswith("arg") else ShapeError
        raise kind(f"{name}(): a tensor without elements has no extreme value; its shape is {tuple(x.shape)}")
    for d in dims if isinstance(dims, tuple) else (dims,):
        if not x.shape[d]:
            raise kind(f"{name}(): Expected reduction dim {d} to have non-zero size; the shape is {x.shape}")


def _share(g, x, y, xp):
    """The gradient of the one extreme value goes to every element that attains it, in equal parts."""
    chosen = (x == y) | ((x != x) & (y != y))  # nan equals nothing, not even itself
    return xp.where(chosen, g / chosen.sum().astype(g.dtype), 0)


def _share_along(g, x, y, dim, xp):
    """The same along `dim`. Where the extreme value is nan, so is every gradient, as in PyTorch."""
    shape = kept_shape(x.shape, dim)
    chosen = (x == y.reshape(shape)).astype(g.dtype)
    return g.reshape(shape) * chosen / chosen.sum(axis=as_axis(dim, x.shape), keepdims=True)


@op(kind="reduce", onnx="ReduceMax")
def max(xp, x):
    """The largest of all elements; nan wins. Equal ones share the gradient."""
    _some("max", x)
    return x.max()


max.vjp(x=lambda g, x, y, xp: _share(g, x, y, xp))


@op(kind="reduce", onnx="ReduceMin")
def min(xp, x):
    """The smallest of all elements; nan wins. Equal ones share the gradient."""
    _some("min", x)
    return x.min()


min.vjp(x=lambda g, x, y, xp: _share(g, x, y, xp))


@op(kind="reduce", onnx="ReduceMax")
def amax(xp, x, /, dim=None, keepdim=False):
    """The largest along `dim`; nan wins. Equal ones share the gradient."""
    _some("amax", x, dim)
    return x.max(axis=as_axis(dim, x.shape), keepdims=keepdim)


amax.vjp(x=lambda g, x, y, dim, xp: _share_along(g, x, y, dim, xp))


@op(kind="reduce", onnx="ReduceMin")
def amin(xp, x, /, dim=None, keepdim=False):
    """The smallest along `dim`; nan wins. Equal ones share the gradient."""
    _some("amin", x, dim)
    return x.min(axis=as_axis(dim, x.shape), keepdims=keepdim)


amin.vjp(x=lambda g, x, y, dim, xp: _share_along(g, x, y, dim, xp))


def _no_bool(name, x):
    if x.dtype.kind == "b":
        raise DtypeError(f"{name}(): does not support bool input. Use .long() first.")


@op(kind="reduce")
def median(xp, x):
    """The middle one of all elements in order, the lower of two; nan wins, also among no floats. Equal ones share."""
    _no_bool("median", x)
    if x.dtype.kind == "f" and (not x.size or xp.isnan(x).any()):
        return xp.asarray(math.nan, x.dtype)
    _some("median", x)
    return xp.sort(x.reshape(-1))[(x.size - 1) // 2]


median.vjp(x=lambda g, x, y, xp: _share(g, x, y, xp))


# Positions and truth: nothing flows back


@op(kind="cut", onnx="ArgMax")
def argmax(xp, x, /, dim=None, keepdim=False):
    """Where the largest stands (the first of equals). An index has no derivative: nothing flows back."""
    _no_bool("argmax", x)
    _some("argmax", x, dim)
    return xp.argmax(x, axis=_one("argmax", x, dim), keepdims=keepdim)


@op(kind="cut", onnx="ArgMin")
def argmin(xp, x, /, dim=None, keepdim=False):
    """Where the smallest stands (the first of equals). An index has no derivative: nothing flows back."""
    _no_bool("argmin", x)
    _some("argmin", x, dim)
    return xp.argmin(x, axis=_one("argmin", x, dim), keepdims=keepdim)


@op(kind="cut")
def argmedian(xp, x, /, dim, skip_nan=False):
    """Where the middle one along `dim` stands, the lower of two; the first nan where there is one, unless skip_nan.

    The axis is kept.
    """
    _no_bool("median", x)
    _some("median", x, dim)
    order, lost = xp.argsort(x, axis=dim, kind="stable"), x != x  # nan comes last in order
    there = x.shape[dim] - skip_nan * lost.sum(axis=dim, keepdims=True)
    middle = xp.take_along_axis(order, xp.maximum(there - 1, 0) // 2, dim)
    return middle if skip_nan else xp.where(lost.any(axis=dim, keepdims=True), _first(xp, lost, dim), middle)


def _first(xp, mask, dim):
    return xp.argmax(mask, axis=dim, keepdims=True)


@op(kind="cut")
def argmode(xp, x, /, dim):
    """Where the commonest value along `dim` stands, the smallest of several; the last of its equals. The axis is kept.

    nan equals nothing, not even nan.
    """
    _some("mode", x, dim)
    order = xp.argsort(x, axis=dim, kind="stable")
    line = xp.moveaxis(xp.take_along_axis(x, order, dim), dim, 0)
    place = xp.arange(line.shape[0]).reshape([-1] + [1] * (x.ndim - 1))
    start = xp.zeros(line.shape, "int64")
    start[1:] = xp.where(line[1:] != line[:-1], place[1:], 0)
    run = xp.moveaxis(place - scan(xp, xp.maximum, start, 0), 0, dim)  # how many equals stand before each
    return xp.take_along_axis(order, _first(xp, run, dim), dim)


def _truth(function, x, dim, keepdim):
    """Here dim=() reduces nothing, unlike everywhere else, and uint8 is answered with uint8: both as in PyTorch."""
    none = isinstance(dim, (tuple, list)) and not dim
    found = x != 0 if none else function(x, axis=as_axis(dim, x.shape), keepdims=keepdim)
    return found.astype(x.dtype) if x.dtype.kind == "u" else found


@op(kind="compare")
def all(xp, x, /, dim=None, keepdim=False):
    """Whether every element along `dim` is true."""
    return _truth(xp.all, x, dim, keepdim)


@op(kind="compare")
def any(xp, x, /, dim=None, keepdim=False):
    """Whether some element along `dim` is true."""
    return _truth(xp.any, x, dim, keepdim)


@op(kind="compare")
def count_nonzero(xp, x, /, dim=None):
    """How many elements along `dim` are not 0."""
    return (x != 0).sum(axis=as_axis(dim, x.shape))
