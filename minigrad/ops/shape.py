"""Ops that move elements to other places. Most results are views: the same memory, seen with another shape."""

import operator

from ..axes import axis, count, unbroadcast
from ..errors import ShapeError
from ..memory import window
from ..op import op
from .index import add_at
from .index import index as index_op

__all__ = [
    "broadcast_to", "cat", "diagonal", "flip", "pad", "permute", "repeat", "reshape", "roll", "squeeze", "stack",
    "swapaxes", "tril", "triu", "undiagonal", "unfold", "unfold_add", "unsqueeze", "view_dtype",
]  # fmt: skip


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
    return x.swapaxes(axis(dim0, x.ndim), axis(dim1, x.ndim)) if x.ndim else _zero_axes(x, dim0, dim1)


swapaxes.vjp(x=lambda g, dim0, dim1, xp: swapaxes.on(xp, g, dim0=dim0, dim1=dim1))


def _zero_axes(x, *dims):
    """x itself, as a view, once it is clear that the dims are those of a 0-d tensor."""
    for dim in dims:
        axis(dim, 0)
    return x[...]


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
    return x[...] if x.shape == tuple(shape) else xp.broadcast_to(x, shape)


broadcast_to.vjp(x=lambda g, x_shape: unbroadcast(g, x_shape))


@op(kind="shape", onnx="Unsqueeze", view=True)
def unsqueeze(xp, x, /, dim):
    """A new axis of length 1 at `dim`. A view."""
    return xp.expand_dims(x, dim)


unsqueeze.vjp(x=lambda g, x_shape: g.reshape(x_shape))


@op(kind="shape", onnx="Squeeze", view=True)
def squeeze(xp, x, /, dim=None):
    """Without the axes of length 1, or without those among `dim` (a number or a tuple) whose length is 1. A view."""
    if dim is None:
        return x.reshape([n for n in x.shape if n != 1])
    if type(dim) is int and -x.ndim <= dim < x.ndim:
        at = dim % x.ndim
        return x.reshape(x.shape[:at] + x.shape[at + 1 :]) if x.shape[at] == 1 else x[...]
    dims = [axis(d, x.ndim) for d in (dim if isinstance(dim, (list, tuple)) else (dim,))]
    if len(set(dims)) < len(dims):
        raise ShapeError(f"squeeze(): a dim appears multiple times in {dim}")
    return x.reshape([n for i, n in enumerate(x.shape) if n != 1 or i not in dims])


squeeze.vjp(x=lambda g, x_shape: g.reshape(x_shape))


# Diagonals and triangles


@op(kind="shape", view=True)
def diagonal(xp, x, /, offset=0, dim1=0, dim2=1):
    """The elements whose places along dim1 and dim2 differ by `offset`, as the last axis. A view."""
    dim1, dim2 = axis(dim1, x.ndim), axis(dim2, x.ndim)
    if dim1 == dim2:
        raise ShapeError(f"diagonal(): diagonal dimensions cannot be identical: {dim1}, {dim2}")
    y = x.diagonal(offset, dim1, dim2)
    if getattr(x.flags, "writeable", False):  # NumPy makes y read-only, PyTorch does not
        y.flags.writeable = True
    return y


diagonal.vjp(x=lambda g, x_shape, offset, dim1, dim2, xp: undiagonal.on(
    xp, g, shape=x_shape, offset=offset, dim1=dim1, dim2=dim2))  # fmt: skip


@op(kind="shape")
def undiagonal(xp, x, /, shape, offset, dim1, dim2):
    """Zeros of `shape` with x on the diagonal: how a gradient goes back through diagonal, and what diag_embed is."""
    out = xp.zeros(shape, x.dtype)
    diagonal.forward(xp, out, offset, dim1, dim2)[...] = x
    return out


undiagonal.vjp(x=lambda g, offset, dim1, dim2, xp: diagonal.on(xp, g, offset=offset, dim1=dim1, dim2=dim2))


def _triangle(function, name, x, diagonal):
    if x.ndim < 2:
        raise ShapeError(f"{name}(): input tensor must have at least 2 dimensions; its shape is {tuple(x.shape)}")
    return function(x, operator.index(diagonal))


@op(kind="shape", onnx="Trilu")
def tril(xp, x, /, diagonal=0):
    """The lower triangles of matrices, the rest 0; `diagonal` says how far above the main one they reach."""
    return _triangle(xp.tril, "tril", x, diagonal)


tril.vjp(x=lambda g, diagonal, xp: tril.on(xp, g, diagonal=diagonal))


@op(kind="shape", onnx="Trilu")
def triu(xp, x, /, diagonal=0):
    """The upper triangles of matrices, the rest 0; `diagonal` says how far above the main one they begin."""
    return _triangle(xp.triu, "triu", x, diagonal)


triu.vjp(x=lambda g, diagonal, xp: triu.on(xp, g, diagonal=diagonal))


# Copies in another order


@op(kind="shape")
def flip(xp, x, /, dims):
    """The elements in the opposite order along `dims`. A copy."""
    return xp.flip(x, dims).copy() if x.ndim else x.copy()


flip.vjp(x=lambda g, dims, xp: flip.on(xp, g, dims=dims))


@op(kind="shape")
def roll(xp, x, /, shifts, dims=None):
    """Every element moved on by `shifts` places along `dims`; those that fall off the end come in at the start."""
    return xp.roll(x, shifts, dims)


def _back(shifts):
    return tuple(-n for n in shifts) if isinstance(shifts, tuple) else -shifts


roll.vjp(x=lambda g, shifts, dims, xp: roll.on(xp, g, shifts=_back(shifts), dims=dims))


@op(kind="shape", onnx="Tile")
def repeat(xp, x, /, repeats):
    """The whole tensor over again, `repeats` times along each axis; further numbers make new leading axes."""
    if len(repeats) < x.ndim:
        raise ShapeError(
            f"repeat(): Number of dimensions of repeat dims {repeats} can not be smaller than number of dimensions of "
            f"tensor, {x.ndim}"
        )
    if any(n < 0 for n in repeats):
        raise ShapeError(f"repeat(): Trying to create tensor with negative dimension: {repeats}")
    return xp.tile(x, repeats)


def _add_repeats(g, shape, repeats):
    new = len(repeats) - len(shape)
    pairs = [n for i, times in enumerate(repeats) for n in (times, 1 if i < new else shape[i - new])]
    return g.reshape(tuple(pairs)).sum(axis=tuple(range(0, len(pairs), 2))).reshape(shape) if pairs else g


repeat.vjp(x=lambda g, x_shape, repeats: _add_repeats(g, x_shape, repeats))


@op(kind="shape", onnx="Pad")
def pad(xp, x, /, pad, value=0):
    """`value` around x: numbers (before, after) for the last axis, then the one before it ... Negative ones cut off."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2], strict=True))
    shape = tuple(n + before + after for n, (before, after) in zip(x.shape, pairs, strict=True))
    out = xp.full(shape, value, x.dtype)
    kept = [(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, pairs, strict=True)]
    inner = tuple(slice(first, max(first, last)) for first, last in kept)
    there = tuple(
        slice(first + before, max(first, last) + before)
        for (first, last), (before, _) in zip(kept, pairs, strict=True)
    )
    out[there] = x[inner]
    return out


_pad = pad  # `pad` in a rule is the attribute
pad.vjp(x=lambda g, pad, xp: _pad.on(xp, g, pad=_back(pad)))


# Several tensors to one


def _joined(tensors):
    """Without the tensors of shape (0,), which PyTorch lets stand anywhere."""
    return [x for x in tensors if x.shape != (0,)] or list(tensors)


def _cat_with_care(xp, tensors, dim):
    if not tensors:
        raise ShapeError("cat(): expected a non-empty list of Tensors")
    if not all(x.ndim for x in tensors):
        raise ShapeError("cat(): zero-dimensional tensor cannot be concatenated. Use stack().")
    tensors = _joined(tensors)
    dim = axis(dim, tensors[0].ndim)
    if len({(*x.shape[:dim], *x.shape[dim + 1 :], x.ndim) for x in tensors}) > 1:
        shapes = ", ".join(str(tuple(x.shape)) for x in tensors)
        raise ShapeError(f"cat(): Sizes of tensors must match except in dimension {dim}, but got {shapes}")
    return xp.concatenate(tensors, dim)


@op(kind="shape", onnx="Concat", broadcasts=True)  # so that gradients come back in the dtype of each tensor
def cat(xp, *tensors, dim=0):
    """Tensors one after the other along `dim`. Shapes: equal on all other axes; (0,) may stand anywhere."""
    try:
        return xp.concatenate(tensors, operator.index(dim))
    except (ValueError, TypeError):  # no tensors, some that may not stand together, or that only PyTorch lets do so
        return _cat_with_care(xp, tensors, dim)


def _part(g, i, shapes, dim, xp):
    if shapes[i] == (0,):
        return g.reshape(-1)[:0]
    dim = axis(dim, len(g.shape))
    first = sum(shape[dim] for shape in shapes[:i] if shape != (0,))
    return index_op.on(xp, g, index=(slice(None),) * dim + (slice(first, first + shapes[i][dim]),))


def _part_at_once(g, i, shapes, dim, xp):
    """The same for arrays of NumPy."""
    if type(dim) is not int or (0,) in shapes:
        return _part(g, i, shapes, dim, xp)
    first = sum([shape[dim] for shape in shapes[:i]])
    return g[(*_ALL[: dim % g.ndim], slice(first, first + shapes[i][dim]))]


_ALL = (slice(None),) * 64  # the most axes that NumPy has

cat.vjp(tensors=lambda g, i, tensors_shapes, dim, xp: _part(g, i, tensors_shapes, dim, xp))
cat.quick(tensors=lambda g, i, tensors_shapes, dim, xp: _part_at_once(g, i, tensors_shapes, dim, xp))


@op(kind="shape", broadcasts=True)
def stack(xp, *tensors, dim=0):
    """Tensors of one shape side by side along a new axis `dim`."""
    if not tensors:
        raise ShapeError("stack(): expects a non-empty TensorList")
    dim = axis(dim, tensors[0].ndim + 1)
    if any(x.shape != tensors[0].shape for x in tensors):
        shapes = ", ".join(str(tuple(x.shape)) for x in tensors)
        raise ShapeError(f"stack(): expects each tensor to be equal size, but got {shapes}")
    return xp.stack(tensors, dim)


stack.vjp(tensors=lambda g, i, dim, xp: index_op.on(xp, g, index=(slice(None),) * axis(dim, len(g.shape)) + (i,)))
stack.quick(tensors=lambda g, i, dim: g[(*_ALL[: axis(dim, g.ndim)], i, ...)])


# Windows


@op(kind="shape", view=True)
def unfold(xp, x, /, dimension, size, step):
    """All windows of `size` elements along one axis, `step` apart, as a new last axis. A view."""
    dim = axis(dimension, x.ndim)
    if not 0 <= size <= (x.shape or (1,))[dim]:
        raise ShapeError(f"unfold(): maximum size for dimension {dim} of {x.shape} is its length, but size is {size}")
    if step <= 0:
        raise ShapeError(f"unfold(): step is {step} but must be > 0")
    if not x.ndim:
        return unfold.forward(xp, x.reshape(1), 0, size, step)[0]
    shape, strides = list(x.shape), list(x.strides)
    shape[dim] = (shape[dim] - size) // step + 1
    strides[dim] *= step
    return window(xp.lib.stride_tricks.as_strided(x, (*shape, size), (*strides, x.strides[dim])), x)


unfold.vjp(x=lambda g, x_shape, dimension, size, step, xp: unfold_add.on(
    xp, g, shape=x_shape, dimension=dimension, size=size, step=step))  # fmt: skip


@op(kind="shape")
def unfold_add(xp, g, /, shape, dimension, size, step):
    """Windows back to where they came from, added where they overlap: how a gradient goes back through unfold."""
    out = xp.zeros(count(shape, None), g.dtype)
    places = unfold.forward(xp, xp.arange(out.size).reshape(shape), dimension, size, step)
    add_at(xp, out, places, g)
    return out.reshape(shape)


unfold_add.vjp(g=lambda g, dimension, size, step, xp: unfold.on(xp, g, dimension=dimension, size=size, step=step))


@op(kind="cut", view=True)
def view_dtype(xp, x, /, dtype):
    """The same bytes read as another dtype; the last axis grows or shrinks with the size of an element. A view."""
    return x.view(dtype)
