"""What PyTorch calls `torch.linalg`: lengths of vectors and matrices, and products."""

from __future__ import annotations

import math

from . import ops
from .errors import ShapeError
from .products import cross as _cross

__all__ = ["cross", "matmul", "matrix_norm", "multi_dot", "norm", "vecdot", "vector_norm"]

matmul = ops.matmul


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(sum |x|^ord)^(1/ord) over `dim`, all axes unless given; ord inf, -inf: the largest, smallest |x|.

    >>> import minigrad as mg
    >>> vector_norm(mg.tensor([3.0, -4.0]), ord=1)
    tensor(7.)
    """
    return ops.vector_norm(x if dtype is None else x.to(dtype), ord=ord, dim=dim, keepdim=keepdim)


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Norm of matrices: "fro" the root of all squares; 1 (-1) the largest (smallest) sum of |x| over a column;
    inf (-inf) the same over a row. Errors: ShapeError for 2, -2 and "nuc", which need singular values.
    """
    A = A if dtype is None else A.to(dtype)
    if len(dim) != 2 or A.ndim < 2:
        raise ShapeError(f"linalg.matrix_norm(): needs two axes; dim is {dim}, the shape {tuple(A.shape)}")
    if ord == "fro":
        return ops.vector_norm(A, dim=dim, keepdim=keepdim)
    if ord not in (1, -1, math.inf, -math.inf):
        raise ShapeError(f"linalg.matrix_norm(): ord {ord!r} needs singular values, which minigrad does not have.")
    summed, kept = dim if abs(ord) == 1 else reversed(dim)
    sizes = ops.vector_norm(A, ord=1, dim=summed, keepdim=True)
    found = (ops.amax if ord > 0 else ops.amin)(sizes, dim=kept, keepdim=True)
    return found if keepdim else ops.squeeze(found, tuple(dim))


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """`vector_norm` of all elements or along one axis, `matrix_norm` of a matrix or along two.

    >>> import minigrad as mg
    >>> norm(mg.tensor([[1.0, -2.0], [3.0, 4.0]]), ord=1)
    tensor(6.)
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and A.ndim > 2:
        raise ShapeError(f"linalg.norm(): the input must be 1D or 2D where only ord is given; it is {A.ndim}D.")
    matrix = len(dim) == 2 if isinstance(dim, (tuple, list)) else dim is None and (A.ndim == 2 or isinstance(ord, str))
    if matrix:
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


def cross(input, other, *, dim=-1):
    """Product of vectors in space, perpendicular to both, along `dim`."""
    return _cross(input, other, dim)


def vecdot(x, y, *, dim=-1):
    """Scalar products along `dim`; the other axes broadcast."""
    return ops.sum(ops.mul(x, y), dim=dim)


def multi_dot(tensors):
    """The product of all matrices; the first and the last may be vectors."""
    if len(tensors) < 2:
        raise ShapeError(f"linalg.multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    product = tensors[0]
    for matrix in tensors[1:]:
        product = ops.matmul(product, matrix)
    return product
