"""What PyTorch calls `torch.linalg`: lengths of vectors and matrices, products, and what undoes them."""

from __future__ import annotations

import math
import operator

from . import ops
from .creation import eye
from .errors import DtypeError, LinAlgError, ShapeError
from .explain import tensors_only
from .methods import method
from .printing import return_type
from .products import cross as _cross
from .shaping import broadcast_to
from .tensor import Tensor

__all__ = [
    "LinAlgError", "cross", "det", "diagonal", "inv", "matmul", "matrix_norm", "matrix_power", "multi_dot", "norm",
    "slogdet", "solve", "vecdot", "vector_norm",
]  # fmt: skip

matmul, inv, det = ops.matmul, ops.inv, ops.det
SlogdetResult = return_type("linalg_slogdet", "sign logabsdet")


def __getattr__(name):
    if name in ("cholesky", "eig", "eigh", "eigvals", "eigvalsh", "lstsq", "pinv", "qr", "svd", "svdvals"):
        raise AttributeError(f"linalg.{name} is not in minigrad; numpy.linalg works on x.detach().numpy().")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Lengths


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(sum |x|^ord)^(1/ord) over `dim`, all axes unless given; ord inf, -inf: the largest, smallest |x|.

    >>> import minigrad as mg
    >>> vector_norm(mg.tensor([3.0, -4.0]), ord=1)
    tensor(7.)
    """
    return ops.vector_norm(x if dtype is None else x.to(dtype), ord=ord, dim=dim, keepdim=keepdim)


@tensors_only
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


# Products


def cross(input, other, *, dim=-1):
    """Product of vectors in space, perpendicular to both, along `dim`."""
    return _cross(input, other, dim)


@tensors_only
def vecdot(x, y, *, dim=-1):
    """Scalar products along `dim`; the other axes broadcast. Errors: DtypeError for integers."""
    if not x.is_floating_point():
        raise DtypeError(f"linalg.vecdot(): expected floating-point tensors, not {x.dtype}. Use .float() first.")
    return ops.sum(ops.mul(x, y), dim=dim)


def multi_dot(tensors):
    """The product of all matrices; the first and the last may be vectors."""
    if len(tensors) < 2:
        raise ShapeError(f"linalg.multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    for place, x in enumerate(tensors):
        if x.ndim != 2 and (x.ndim != 1 or 0 < place < len(tensors) - 1):
            raise ShapeError(f"linalg.multi_dot(): tensor {place} has shape {tuple(x.shape)}, but matrices are wanted")
    product = tensors[0]
    for matrix in tensors[1:]:
        product = ops.matmul(product, matrix)
    return product


@method
def matrix_power(A, n):
    """A @ A @ ... @ A, n times; n = 0 gives the identity, and n < 0 powers of the inverse. Shapes: (..., m, m)

    >>> import minigrad as mg
    >>> matrix_power(mg.tensor([[1, 1], [1, 0]]), 10)[0, 1]  # a Fibonacci number
    tensor(55)
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(f"linalg.matrix_power(): needs square matrices, but the shape is {tuple(A.shape)}")
    if operator.index(n) < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        return ops.clone(broadcast_to(eye(A.shape[-1], dtype=A.dtype, device=A.device), A.shape))
    half = matrix_power(A, n // 2) if n > 1 else None
    square = A if half is None else matmul(half, half)
    return matmul(square, A) if half is not None and n % 2 else square


def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonals of matrices, here of the last two axes. Shapes: (..., n, m) -> (..., min(n, m))"""
    return ops.diagonal(A, offset=offset, dim1=dim1, dim2=dim2)


# What undoes a product


@tensors_only
def solve(A, B, *, left=True):
    """The X with A @ X = B; with left=False the one with X @ A = B. It is faster and more exact than inv(A) @ B.

    Shapes: A (..., n, n), B (..., n, k) or (n,) or (..., n) -> as B. Errors: LinAlgError when A has no inverse.

    >>> import minigrad as mg
    >>> solve(mg.tensor([[2.0, 0.0], [1.0, 1.0]]), mg.tensor([4.0, 3.0]))
    tensor([2., 1.])
    """
    if B.ndim == 1 or B.shape == A.shape[:-1]:
        return ops.squeeze(ops.solve(A, ops.unsqueeze(B, -1)), -1)
    return ops.solve(A, B) if left else ops.solve(A.mT, B.mT).mT


@method
def slogdet(A):
    """The pair (sign, logabsdet): the determinant's sign and the logarithm of its size, where det itself overflows."""
    return SlogdetResult(ops.detsign(A), ops.logabsdet(A))


@method
def logdet(A):
    """log det A: nan where the determinant is negative."""
    sign, size = slogdet(A)
    return ops.where(sign < 0, math.nan, size)


Tensor.det, Tensor.inverse = det.run, inv.run
