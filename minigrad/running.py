"""Running sums, products and extreme values along one axis, and differences of neighbours."""

from __future__ import annotations

from . import ops
from .errors import DtypeError, ShapeError
from .explain import tensors_only
from .indexing import gather
from .methods import method
from .pieces import cat, narrow
from .printing import return_type
from .reducing import with_dtype
from .shaping import axis_of, axis_too

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "diff", "logcumsumexp", "trapezoid"]

CummaxResult, CumminResult = (return_type(name, "values indices") for name in ("cummax", "cummin"))

cumsum = with_dtype("cumsum", hidden=("exclusive", "reverse"))
cumprod = with_dtype("cumprod", hidden=("exclusive", "reverse"))


@method
@axis_too
def logcumsumexp(input, dim):
    """log of the running sum of exp(x) along `dim`, without overflow. Errors: DtypeError for integers."""
    return ops.logcumsumexp(input, dim=axis_of(input, dim, "logcumsumexp"))


@method
@axis_too
def cummax(input, dim):
    """The pair (values, indices): the largest so far at each element along `dim`, and where it stands.

    Of equal ones the last counts, and gets the gradient; nan wins.

    >>> import minigrad as mg
    >>> mg.tensor([1, 3, 2]).cummax(0).values
    tensor([1, 3, 3])
    """
    return _extreme_so_far("cummax", input, dim, CummaxResult)


@method
@axis_too
def cummin(input, dim):
    """The pair (values, indices): the smallest so far at each element along `dim`, and where it stands."""
    return _extreme_so_far("cummin", input, dim, CumminResult)


def _extreme_so_far(name, input, dim, result):
    dim = axis_of(input, dim, name)
    indices = ops.running_place(input, dim=dim, largest=name == "cummax")
    return result(gather(input, dim, indices), indices)


# Differences and areas


def _neighbours(input, dim):
    """All elements along `dim` but the first, and all but the last; each empty where there are none."""
    few = max(input.size(dim) - 1, 0)
    return narrow(input, dim, min(1, input.size(dim)), few), narrow(input, dim, 0, few)


@method
@axis_too
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """Each element along `dim` less the one before it, done n times; of truth values, whether the two differ.

    Errors: RuntimeError for a 0-d tensor.

    >>> import minigrad as mg
    >>> mg.diff(mg.tensor([1, 4, 9, 16]), n=2)
    tensor([2, 2])
    """
    if not input.ndim:
        raise ShapeError(f"diff(): expects input to be at least one-dimensional, not of shape {tuple(input.shape)}")
    if n < 0:
        raise ShapeError(f"diff(): order must be non-negative but got {n}")
    dim = axis_of(input, dim, "diff")
    if prepend is not None or append is not None:
        input = cat([part for part in (prepend, input, append) if part is not None], dim)
    step = ops.ne if input.array.dtype.kind == "b" else ops.sub
    for _ in range(min(n, input.size(dim))):
        input = step(*_neighbours(input, dim))
    return input


@tensors_only
def trapezoid(y, x=None, *, dx=1, dim=-1):
    """The area under the points y along `dim` by the trapezoidal rule; they stand at x, or dx apart.

    >>> import minigrad as mg
    >>> mg.trapezoid(mg.tensor([0.0, 1.0, 4.0]))
    tensor(3.)
    """
    if y.array.dtype.kind == "b":
        raise DtypeError("trapezoid(): received a bool input, which has no area. Use .float() first.")
    dim = axis_of(y, dim, "trapezoid")
    if not y.ndim:
        raise IndexError("trapezoid(): expects points along an axis, but the tensor has none")
    later, earlier = _neighbours(y, dim)
    if x is None:
        return ops.sum(ops.add(later, earlier), dim=dim) * (dx / 2)
    width = diff(x, dim=-1 if x.ndim == 1 else dim)
    if x.ndim == 1:
        width = width.reshape([-1 if axis == dim else 1 for axis in range(y.ndim)])
    return ops.sum(ops.mul(ops.add(later, earlier), width), dim=dim) / 2
