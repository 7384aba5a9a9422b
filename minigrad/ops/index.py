"""Ops that pick elements and put them back. Picking the same element twice adds its gradients."""

from ..axes import unbroadcast
from ..op import op

__all__ = ["index", "index_put", "put_along_dim", "take_along_dim", "unindex"]


def _full(index):
    """The index with an Ellipsis, which gives an array also where one element is picked."""
    items = index if isinstance(index, tuple) else (index,)
    return items if any(item is Ellipsis for item in items) else (*items, Ellipsis)


@op(kind="index", onnx="Gather", view=True)
def index(xp, x, /, index):
    """x[index] with every form of index that NumPy has. Slices and numbers give a view, lists and masks a copy."""
    return x[_full(index)]


index.vjp(x=lambda g, x_shape, index, xp: unindex.on(xp, g, shape=x_shape, index=index))


@op(kind="index", onnx="ScatterND")
def unindex(xp, g, /, shape, index):
    """Zeros of `shape` with g added at `index`: how a gradient goes back through x[index]."""
    out = xp.zeros(shape, g.dtype)
    items = index if isinstance(index, tuple) else (index,)
    if all(item is None or item is Ellipsis or isinstance(item, (int, slice)) for item in items):
        out[index] = g  # no element is picked twice
    else:
        xp.add.at(out, index, g)
    return out


unindex.vjp(g=lambda g, index: g[index])


@op(kind="index", onnx="ScatterND")
def index_put(xp, x, value, /, index):
    """A copy of x in which `value` (broadcast) stands at `index`: what x[index] = value records."""
    out = xp.array(x)
    out[_full(index)] = value
    return out


index_put.vjp(x=lambda g, index, xp: index_put.on(xp, g, 0, index=index),
              value=lambda g, index, value_shape: unbroadcast(g[index], value_shape))  # fmt: skip


@op(kind="index", onnx="GatherElements", fixed=("indices",), broadcasts=False)
def take_along_dim(xp, x, indices, /, dim):
    """One element of x per index along `dim`. Shapes: x and indices agree on the other axes."""
    return xp.take_along_axis(x, indices, dim)


take_along_dim.vjp(x=lambda g, indices, x_shape, dim, xp: put_along_dim.on(xp, g, indices, shape=x_shape, dim=dim),
                   indices=None)  # fmt: skip


@op(kind="index", onnx="ScatterElements", fixed=("indices",), broadcasts=False)
def put_along_dim(xp, g, indices, /, shape, dim):
    """Zeros of `shape` with g added at the indices along `dim`."""
    out = xp.zeros(shape, g.dtype)
    along = [xp.arange(n) if n == shape[i] else xp.zeros(n, "int64") for i, n in enumerate(g.shape)]
    places = list(xp.meshgrid(*along, indexing="ij", sparse=True))
    places[dim] = indices
    xp.add.at(out, tuple(places), g)
    return out


put_along_dim.vjp(g=lambda g, indices, dim, xp: take_along_dim.on(xp, g, indices, dim=dim),
                  indices=None)  # fmt: skip
