"""Products of matrices.

Source of the rules: Giles (2008), "Collected matrix derivative results for forward and reverse mode AD".
"""

from ..axes import rows
from ..errors import DtypeError, ShapeError
from ..op import op
from ..shortcuts import column_sums

__all__ = ["dot", "linear", "matmul"]


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


@op(kind="matmul", onnx="Gemm", broadcasts=False)
def linear(xp, x, weight, bias):
    """x times the transposed weight, plus bias: one op, as it is the commonest of all.

    Shapes: x (..., n), weight (m, n), bias (m,) -> (..., m)
    Errors: ShapeError when n or m differs; DtypeError when the dtypes differ; DeviceError when they live apart.
    """
    if bias.shape != weight.shape[:1]:
        raise ShapeError(f"linear(): bias has shape {bias.shape}, but weight {weight.shape} needs {weight.shape[:1]}")
    if len(x.shape) != 2:
        return xp.matmul(x, weight.T) + bias
    y = xp.dot(x, weight.T)
    y += bias
    return y


linear.vjp(x=lambda g, weight, xp: xp.dot(g, weight) if len(g.shape) == 2 else g @ weight,
           weight=lambda g, x, xp: xp.dot(rows(g).swapaxes(0, 1), rows(x)),
           bias=lambda g: column_sums(rows(g)))  # fmt: skip
