"""Products of vectors and matrices as a learner types them: functions of `minigrad` and methods of Tensor."""

from __future__ import annotations

import math

from . import ops
from .creation import check_factor
from .errors import DtypeError, ShapeError
from .explain import tensors_only
from .methods import method
from .shaping import axis_of, broadcast_shapes
from .tensor import Tensor

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "chain_matmul", "cross", "dot", "ger", "inner", "kron",
    "mm", "mv", "outer", "tensordot", "trace", "vdot",
]  # fmt: skip


def _check_axes(name, **wanted):
    """Each operand has its number of axes; PyTorch's named products never broadcast."""
    for argument, (x, _) in wanted.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): argument {argument!r} must be Tensor, not {type(x).__name__}")
    for argument, (x, axes) in wanted.items():
        if x.array.ndim != axes:
            kind = {1: "a vector", 2: "a matrix", 3: "a batch of matrices"}[axes]
            raise ShapeError(f"{name}(): {argument} must be {kind} ({axes}-D), but has shape {tuple(x.shape)}. Use @.")


@method
def mm(input, mat2):
    """Product of two matrices. Shapes: (n, k), (k, m) -> (n, m). Errors: ShapeError for other numbers of axes."""
    _check_axes("mm", input=(input, 2), mat2=(mat2, 2))
    return ops.matmul(input, mat2)


@method
def mv(input, vec):
    """A matrix times a vector. Shapes: (n, k), (k,) -> (n,)"""
    _check_axes("mv", input=(input, 2), vec=(vec, 1))
    return ops.matmul(input, vec)


@method
def bmm(input, mat2):
    """Products of matrices, pair by pair. Shapes: (b, n, k), (b, k, m) -> (b, n, m)"""
    _check_axes("bmm", input=(input, 3), mat2=(mat2, 3))
    if input.array.shape[0] != mat2.array.shape[0]:
        raise ShapeError(f"bmm(): Expected as many matrices on both sides, not {input.shape} and {mat2.shape}. Use @.")
    return ops.matmul(input, mat2)


@method
def dot(input, tensor):
    """Scalar product of two vectors of one length. Shapes: (n,), (n,) -> ()

    >>> import minigrad as mg
    >>> mg.dot(mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _check_axes("dot", input=(input, 1), tensor=(tensor, 1))
    return ops.matmul(input, tensor)


vdot = dot  # they differ for complex numbers only


@method
def inner(input, other):
    """Scalar products along the last axes; with a 0-d operand, the product. Shapes: (..., k), (*, k) -> (..., *)"""
    if not input.array.ndim or not other.array.ndim:
        return ops.mul(input, other)
    return tensordot(input, other, ([-1], [-1]))


@method
def outer(input, vec2):
    """Every product of an element of one vector with one of the other. Shapes: (n,), (m,) -> (n, m)

    >>> import minigrad as mg
    >>> mg.outer(mg.tensor([1, 2]), mg.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    _check_axes("outer", input=(input, 1), vec2=(vec2, 1))
    return ops.mul(ops.unsqueeze(input, 1), vec2)


ger = Tensor.ger = outer


# Products added to something


def _added(name, input, product, beta, alpha):
    """beta * input + alpha * product; with beta 0 the input is left out, even if it is nan."""
    if (isinstance(beta, float) or isinstance(alpha, float)) and not product.is_floating_point():
        raise DtypeError(f"{name}(): among integers, beta and alpha must be whole numbers (PyTorch cuts them).")
    for factor in (beta, alpha):
        check_factor(factor, product.array.dtype)
    if broadcast_shapes(input.shape, product.shape) != product.shape:
        raise ShapeError(f"{name}(): the product has shape {product.shape}, and {input.shape} does not expand to it.")
    product = product if alpha == 1 else ops.mul(product, alpha)
    if beta == 0:
        return product
    return ops.add(input if beta == 1 else ops.mul(input, beta), product)


@method
def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """beta * input + alpha * (mat1 @ mat2). Shapes: (n, m) or what broadcasts to it, (n, k), (k, m) -> (n, m)"""
    return _added("addmm", input, mm(mat1, mat2), beta, alpha)


@method
def addmv(input, mat, vec, *, beta=1, alpha=1):
    """beta * input + alpha * (mat @ vec). Shapes: (n,), (n, k), (k,) -> (n,)"""
    return _added("addmv", input, mv(mat, vec), beta, alpha)


@method
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """beta * input + alpha * outer(vec1, vec2). Shapes: (n, m), (n,), (m,) -> (n, m)"""
    return _added("addr", input, outer(vec1, vec2), beta, alpha)


@method
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta * input + alpha * bmm(batch1, batch2). Shapes: (b, n, m), (b, n, k), (b, k, m) -> (b, n, m)"""
    return _added("baddbmm", input, bmm(batch1, batch2), beta, alpha)


@method
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta * input + alpha * the sum of bmm(batch1, batch2). Shapes: (n, m), (b, n, k), (b, k, m) -> (n, m)"""
    return _added("addbmm", input, ops.sum(bmm(batch1, batch2), dim=0).to(batch1.dtype), beta, alpha)


def chain_matmul(*matrices):
    """The product of all matrices, from left to right (PyTorch looks for the cheapest order)."""
    product = matrices[0]
    for matrix in matrices[1:]:
        product = mm(product, matrix)
    return product


# Axes of one's choice


@tensors_only
def tensordot(a, b, dims=2):
    """Sums over pairs of axes: the last `dims` of a with the first of b, or the two lists dims = (axes of a, of b).

    Shapes: what is left of a, then what is left of b. Errors: ShapeError when the lengths in a pair differ.
    """
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ShapeError(f"tensordot(): dims={dims} axes are too many for shapes {a.shape} and {b.shape}")
        dims = (list(range(a.ndim - dims, a.ndim)), list(range(dims)))
    if not (a.ndim and b.ndim) and any(given if isinstance(given, list | tuple) else (given,) for given in dims):
        raise ShapeError(f"tensordot(): a tensor without axes has none to sum over; dims is {dims}")
    ours, theirs = ([axis_of(x, d, "tensordot") for d in ([given] if isinstance(given, int) else given)]
                    for given, x in zip(dims, (a, b), strict=True))  # fmt: skip
    lengths = [a.shape[d] for d in ours]
    if lengths != [b.shape[d] for d in theirs]:
        raise ShapeError(f"tensordot(): the axes {ours} of {a.shape} and {theirs} of {b.shape} differ in length.")
    left = [d for d in range(a.ndim) if d not in ours]
    right = [d for d in range(b.ndim) if d not in theirs]
    shape = [a.shape[d] for d in left] + [b.shape[d] for d in right]
    total = math.prod(lengths)
    rows = a.permute(left + ours).reshape(math.prod(a.shape[d] for d in left), total)
    columns = b.permute(theirs + right).reshape(total, math.prod(b.shape[d] for d in right))
    return ops.matmul(rows, columns).reshape(shape)


@method
def kron(input, other):
    """Kronecker's product: every element of input, times all of other. Shapes: (n, m), (p, q) -> (n p, m q)"""
    axes = max(input.ndim, other.ndim)
    left = (1,) * (axes - input.ndim) + input.shape
    right = (1,) * (axes - other.ndim) + other.shape
    spread = input.reshape([n for length in left for n in (length, 1)])
    tiled = other.reshape([n for length in right for n in (1, length)])
    return ops.mul(spread, tiled).reshape([n * m for n, m in zip(left, right, strict=True)])


@method
def trace(input):
    """The sum of the diagonal of a matrix. Shapes: (n, m) -> ()"""
    _check_axes("trace", input=(input, 2))
    return ops.sum(input.diagonal())


@method
def cross(input, other, dim=None):
    """Product of vectors in space, perpendicular to both, along `dim` (the first axis of length 3 unless given)."""
    if input.ndim != other.ndim:
        raise ShapeError(f"cross(): inputs must have as many axes, but have shapes {input.shape} and {other.shape}")
    if dim is None:
        dim = next((d for d, n in enumerate(input.shape) if n == 3), -1)
    if not input.ndim or input.shape[dim] != 3 or other.shape[dim] != 3:
        raise ShapeError(f"cross(): inputs dimension {dim} must have length 3. Got {input.shape} and {other.shape}")

    def turned(x, by):
        """x with its elements along dim moved up by so many places."""
        return x[(slice(None),) * (dim % x.ndim) + ([(place + by) % 3 for place in range(3)],)]

    return ops.sub(ops.mul(turned(input, 1), turned(other, 2)), ops.mul(turned(input, 2), turned(other, 1)))
