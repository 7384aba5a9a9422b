"""Ops that move elements to other places. Most results are views: the same memory, seen with another shape."""

from ..axes import unbroadcast
from ..errors import ShapeError
from ..op import op

__all__ = ["broadcast_to", "permute", "reshape", "squeeze", "swapaxes", "unsqueeze"]


@op(kind="shape", onnx="Reshape", view=True)
def reshape(xp, x, /, shape):
    """The same elements in row order under another shape; one length may be -1. A view where memory allows.

    Errors: ShapeError when the number of elements differs.
    """
    if any(n < -1 for n in shape):
        raise ShapeError(f"reshape(): invalid shape {shape}: only -1 stands for a length to be worked out")
    return x.reshape(shape)


reshape.vjp(x=lambda g, x_shape: g.reshape(x_shape))


@op(kind="shape", onnx="Transpose", view=True)
def swapaxes(xp, x, /, dim0, dim1):
    """Two axes exchanged (PyTorch's `transpose`). A view."""
    return x.swapaxes(dim0, dim1)


swapaxes.vjp(x=lambda g, dim0, dim1: g.swapaxes(dim0, dim1))


def _inverse(dims):
    order = [d % len(dims) for d in dims]
    return tuple(order.index(axis) for axis in range(len(order)))


@op(kind="shape", onnx="Transpose", view=True)
def permute(xp, x, /, dims):
    """Axes in the order of `dims`. A view."""
    return x.transpose(dims)


permute.vjp(x=lambda g, dims, xp: permute.on(xp, g, dims=_inverse(dims)))


@op(kind="shape", onnx="Expand", view=True)
def broadcast_to(xp, x, /, shape):
    """Repeated along axes of length 1 and along new leading axes, without copying (PyTorch's `expand`)."""
    return xp.broadcast_to(x, shape)


broadcast_to.vjp(x=lambda g, x_shape: unbroadcast(g, x_shape))


@op(kind="shape", onnx="Unsqueeze", view=True)
def unsqueeze(xp, x, /, dim):
    """A new axis of length 1 at `dim`. A view."""
    return xp.expand_dims(x, dim)


unsqueeze.vjp(x=lambda g, x_shape: g.reshape(x_shape))


@op(kind="shape", onnx="Squeeze", view=True)
def squeeze(xp, x, /, dim=None):
    """Without the axes of length 1, or without axis `dim` if its length is 1. A view."""
    if dim is None:
        return x.reshape([n for n in x.shape if n != 1])
    shape = x.shape or (1,)  # a 0-d tensor has the dims 0 and -1, as in PyTorch
    dims = [d for d in (dim if isinstance(dim, (list, tuple)) else (dim,)) if shape[d] == 1]
    return xp.squeeze(x, tuple(dims)) if dims and x.ndim else x.reshape(x.shape)


squeeze.vjp(x=lambda g, x_shape: g.reshape(x_shape))
