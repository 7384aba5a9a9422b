"""Products of matrices, and what undoes them.

Source of the rules: Giles (2008), "Collected matrix derivative results for forward and reverse mode AD".
"""

from numpy.linalg import LinAlgError as NumpyLinAlgError

from ..axes import rows
from ..errors import DtypeError, LinAlgError, ShapeError
from ..op import op
from ..shortcuts import column_sums, times, times_turned, turned_times
from .rounding import zero

__all__ = ["det", "detsign", "dot", "inv", "linear", "logabsdet", "matmul", "solve"]


@op(kind="matmul", onnx="MatMul")
def matmul(xp, a, b):
    """Matrix product, batched over the leading axes; a vector counts as a row on the left, a column on the right.

    Shapes: a (..., n, k), b (..., k, m) -> (..., n, m); (k,) with (k,) -> ()
    Errors: ShapeError when k differs; DtypeError when the dtypes differ; DeviceError when a and b live apart.
    """
    if a.dtype.kind == "b":
        raise DtypeError("matmul(): there is no product of bool matrices. Use .float() or .long() first.")
    product = xp.matmul(a, b)
    return product if product.ndim else xp.asarray(product)  # NumPy gives a scalar for two vectors

dot = matmul  # NumPy's other name, for rules: of two matrices its `dot` makes the product with half the overhead


def _left(g, a_shape, b):
    if len(b.shape) == 1:
        return g[..., None] * b  # (..., n) and (k,), or () and (k,)
    if len(a_shape) == 1:
        g = g[..., None, :]
    left = g @ b.swapaxes(-1, -2)
    return left[..., 0, :] if len(a_shape) == 1 else left


def _right(g, a, b_shape):
    if len(a.shape) == 1:
        return a[:, None] * g[..., None, :] if len(b_shape) > 1 else a * g
    if len(b_shape) == 1:
        return rows(a * g[..., None]).sum(axis=0)
    return a.swapaxes(-1, -2) @ g


matmul.vjp(a=lambda g, a_shape, b: _left(g, a_shape, b),
           b=lambda g, a, b_shape: _right(g, a, b_shape))  # fmt: skip


def _check_bias(x, weight, bias):
    if bias.shape != weight.shape[:1]:
        raise ShapeError(f"linear(): bias has shape {bias.shape}, but weight {weight.shape} needs {weight.shape[:1]}")


@op(kind="matmul", onnx="Gemm", broadcasts=False, check=_check_bias)
def linear(xp, x, weight, bias):
    """x times the transposed weight, plus bias: one op, as it is the commonest of all.

    Shapes: x (..., n), weight (m, n), bias (m,) -> (..., m)
    Errors: ShapeError when n or m differs; DtypeError when the dtypes differ; DeviceError when they live apart.
    """
    if x.ndim == 2:
        y = times_turned(x, weight)
        y += bias
        return y
    if x.ndim < 2:
        return xp.matmul(x, weight.T) + bias
    y = times_turned(rows(x), weight)  # of a stack of matrices, too, one product
    y += bias
    return y.reshape(*x.shape[:-1], len(weight))


linear.vjp(x=lambda g, weight: g @ weight,
           weight=lambda g, x: rows(g).swapaxes(0, 1) @ rows(x),
           bias=lambda g: rows(g).sum(axis=0))  # fmt: skip
linear.quick(x=times, weight=turned_times, bias=column_sums)


# Square matrices, in the last two axes


def _squares(name, x):
    """Refuse what is not a square matrix, or a stack of them; half precision is worked out in single."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name}(): needs square matrices, but the shape is {tuple(x.shape)}")
    return x.astype("float32") if x.dtype.itemsize == 2 else x


def _regular(name, function, *arrays):
    """function(*arrays), unless a matrix has no inverse. (Where the array module does not say so, inf comes out.)"""
    try:
        return function(*arrays)
    except NumpyLinAlgError:
        raise LinAlgError(f"{name}(): a matrix is singular: its columns depend on each other.") from None


def _turned(x):
    return x.swapaxes(-1, -2)


@op(kind="matmul", to_float="required")
def inv(xp, x):
    """The inverse of square matrices. Errors: LinAlgError where there is none. Prefer `solve` to inv(a) @ b."""
    return _regular("inv", xp.linalg.inv, _squares("inv", x)).astype(x.dtype)


inv.vjp(x=lambda g, y: -(_turned(y) @ g @ _turned(y)))


@op(kind="matmul")
def solve(xp, a, b):
    """The x with a @ x = b. Shapes: (..., n, n), (..., n, k) -> (..., n, k). Errors: LinAlgError."""
    if a.dtype.kind != "f":
        raise DtypeError(f"solve(): needs a floating-point dtype, not {a.dtype}. Use .float() first.")
    matrices = _squares("solve", a)
    stacks = xp.broadcast_shapes(a.shape[:-2], b.shape[:-2])  # CuPy's solve leaves that to others
    matrices, sides = (xp.broadcast_to(x, stacks + x.shape[-2:]) for x in (matrices, b.astype(matrices.dtype)))
    return _regular("solve", xp.linalg.solve, matrices, sides).astype(a.dtype)


solve.vjp(shared=lambda g, a, xp: solve.on(xp, _turned(a), g),
          a=lambda g, y, shared: -(shared @ _turned(y)),
          b=lambda g, shared: shared)  # fmt: skip


@op(kind="matmul", onnx="Det", to_float="required")
def det(xp, x):
    """The determinant of square matrices. Its derivative needs the inverse: LinAlgError where it is 0."""
    return xp.linalg.det(_squares("det", x)).astype(x.dtype)


det.vjp(x=lambda g, x, y, xp: (g * y)[..., None, None] * _turned(inv.on(xp, x)))


@op(kind="matmul", to_float="required")
def logabsdet(xp, x):
    """log |det x|, also where the determinant itself would be too large or too small for its dtype."""
    return xp.linalg.slogdet(_squares("slogdet", x))[1].astype(x.dtype)


logabsdet.vjp(x=lambda g, x, xp: g[..., None, None] * _turned(inv.on(xp, x)))


@op(kind="matmul", to_float="required")
def detsign(xp, x):
    """The sign of the determinant. Its derivative is 0."""
    return xp.linalg.slogdet(_squares("slogdet", x))[0].astype(x.dtype)


detsign.vjp(x=lambda g, x, xp: zero(x, xp))
