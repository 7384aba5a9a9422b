"""Ops that pick elements and put them back. Picking the same element twice adds its gradients."""

from functools import lru_cache

from ..axes import axis, count, unbroadcast
from ..device import device_of
from ..errors import DtypeError, PlaceError, ShapeError
from ..op import op
from ..shortcuts import any_outside

__all__ = [
    "argwhere", "embedding", "gather", "index", "index_put", "masked_fill", "put_along_dim", "scatter", "scatter_add",
    "take_along_dim", "unindex",
]  # fmt: skip

_FEW = 4096  # indices up to which it is remembered how they lie


def add_at(xp, out, places, values):
    """Add each value to its place in the flat array `out`, in place, however often a place comes up.

    Flat places are ten times as fast as NumPy's add.at along several axes.
    """
    if out.dtype.kind in "biu" and out.dtype.itemsize < 4:  # a GPU cannot add these
        wide = out.astype("int32")
        xp.add.at(wide, places.reshape(-1), values.reshape(-1).astype("int32"))
        out[...] = wide.astype(out.dtype)
        return
    if out.dtype.kind == "i" and out.dtype.itemsize == 8:  # adds as uint64 does, and a GPU can add only that
        out, values = out.view("uint64"), xp.ascontiguousarray(values).view("uint64")
    xp.add.at(out, places.reshape(-1), values.reshape(-1))


def located(x, index):
    """A view of x and an index into it in which NumPy's meaning is PyTorch's.

    They differ where numbers stand beside arrays: PyTorch applies the numbers first. The Ellipsis gives an array, and
    a view, also where one element is picked.
    """
    items = index if isinstance(index, tuple) else (index,)
    arrays = [item for item in items if hasattr(item, "ndim")]
    if not arrays:
        return x, items if any(item is Ellipsis for item in items) else (*items, Ellipsis)
    used = sum(map(_consumed, items))
    if used == x.ndim:  # then an Ellipsis stands for no axis, and parts no arrays
        items = tuple([item for item in items if item is not Ellipsis])
    if not any(isinstance(item, int) for item in items):
        return x, items if any(item is Ellipsis for item in items) else (*items, Ellipsis)
    first, then = [], []
    for item in items:
        if item is Ellipsis:
            first += [slice(None)] * (x.ndim - used)
            then += [slice(None)] * (x.ndim - used)
        elif hasattr(item, "ndim"):
            first += [slice(None)] * _consumed(item)
            then.append(item)
        else:
            first.append(item)
            then += [] if isinstance(item, int) else [slice(None)]
    return x[(*first, Ellipsis)], (*then, Ellipsis)


def _consumed(item):
    """How many axes this part of an index is about."""
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if hasattr(item, "ndim") and item.dtype.kind == "b" else 1


def _check_places(xp, x, items):
    """Refuse whole numbers beyond an axis of x where the array module does not: CuPy's arrays start again.

    Errors: IndexError, as NumPy's. It looks at the numbers, so it has to wait for a GPU to have them ready.
    """
    axis = 0
    if xp.__name__ == "numpy" or not any(hasattr(item, "ndim") for item in items):
        return
    rest = x.ndim - sum(map(_consumed, items))
    if rest < 0:
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")
    for item in items:
        if hasattr(item, "ndim") and item.dtype.kind != "b":
            length = x.shape[axis]
            if any_outside(item, length, -length):
                wrong = item[(item < -length) | (item >= length)].reshape(-1)[0]
                raise IndexError(f"index {int(wrong)} is out of bounds for axis {axis} with size {length}")
        axis += rest if item is Ellipsis else _consumed(item)


@op(kind="index", onnx="Gather", view=True)
def index(xp, x, /, index):
    """x[index] with every form of index that PyTorch has. Slices and numbers give a view, lists and masks a copy."""
    if type(index) is int:
        return x[index, ...]
    if type(index) is slice:
        return x[index]
    view, rest = located(x, index)
    _check_places(xp, view, rest)
    try:
        return view[rest]
    except ValueError as error:  # CuPy's kind for arrays of indices that do not go together
        raise IndexError(str(error)) from None


index.vjp(x=lambda g, x_shape, index, xp: unindex.on(xp, g, shape=x_shape, index=index))


@op(kind="index", onnx="ScatterND")
def unindex(xp, g, /, shape, index):
    """Zeros of `shape` with g added at `index`: how a gradient goes back through x[index]."""
    out = xp.zeros(shape, g.dtype)
    if type(index) is int or type(index) is slice:
        out[index] = g
        return out
    items = index if isinstance(index, tuple) else (index,)
    if not any(hasattr(item, "ndim") and item.dtype.kind != "b" and item.size > 1 for item in items):
        view, rest = located(out, index)
        view[rest] = g  # no element is picked twice
    elif len(items) == 1:  # whole rows: no need to number all elements of out
        row, rows = count(shape[1:], None), items[0]
        rows = xp.where(rows < 0, rows + shape[0], rows)
        add_at(xp, out.reshape(-1), rows[..., None] * row + xp.arange(row), g)
    else:
        view, rest = located(xp.arange(out.size).reshape(shape), index)
        add_at(xp, out.reshape(-1), view[rest], g)
    return out


unindex.vjp(g=lambda g, index, xp: _index.on(xp, g, index=index))
_index = index  # `index` in a rule is the attribute


@op(kind="index", onnx="ScatterND")
def index_put(xp, x, value, /, index, accumulate=False):
    """A copy of x in which `value` (broadcast) stands at `index`, or is added there: what x[index] = value records."""
    out = xp.array(x, order="C")
    view, rest = located(out, index)
    _check_places(xp, view, rest)
    if not accumulate:
        view[rest] = value
        return out
    view, rest = located(xp.arange(out.size).reshape(out.shape), index)
    places = view[rest]
    add_at(xp, out.reshape(-1), places, xp.broadcast_to(xp.asarray(value, x.dtype), places.shape))
    return out


def _kept(g, index, accumulate, xp):
    return g if accumulate else index_put.on(xp, g, 0, index=index)


index_put.vjp(
    x=lambda g, index, accumulate, xp: _kept(g, index, accumulate, xp),
    value=lambda g, index, value_shape, xp: unbroadcast(_index.on(xp, g, index=index), value_shape),
)


# Along one axis


def flat_places(xp, name, indices, shape, dim):
    """Where in the flat array of `shape` the elements stand that `indices` name along `dim`.

    Errors: DtypeError for indices that are not int32 or int64; ShapeError where the shapes do not fit; PlaceError for
    an index out of range.
    """
    at = axis(dim, len(shape))
    if not _are_places(indices):
        raise DtypeError(f"{name}(): Expected dtype int32/int64 for index, got {indices.dtype}. Use .long().")
    if not indices.size:
        return indices
    layout = _known_layout if indices.size <= _FEW else _layout
    length, step, first = layout(xp, name, tuple(indices.shape), tuple(shape), dim, device_of(indices))
    check_range(name, indices, length, at)
    if step != 1 or indices.dtype.itemsize < 8:
        indices = indices.astype("int64") * step
    return (indices + first).reshape(indices.shape)


def _layout(xp, name, wide, shape, dim, device):
    """How long `dim` is and how far apart two elements along it, and where in the flat array of `shape` the first of
    each such line stands. Shapes: wide, the indices' -> wide, but 1 at `dim`. Errors: as of `flat_places`."""
    shape, wide = shape or (1,), wide or (1,)
    dim = axis(dim, len(shape))
    if len(wide) != len(shape):
        raise ShapeError(f"{name}(): Index tensor must have the same number of dimensions as input tensor")
    if any(n > m for i, (n, m) in enumerate(zip(wide, shape, strict=True)) if i != dim):
        raise ShapeError(
            f"{name}(): Size does not match: expected index {list(wide)} to be no larger than self {list(shape)} "
            f"apart from dimension {dim}"
        )
    first, step = xp.zeros((1,) * len(shape), "int64"), 1
    for i in reversed(range(len(shape))):
        if i != dim:
            first = first + (xp.arange(wide[i]) * step).reshape((-1,) + (1,) * (len(shape) - 1 - i))
        step *= shape[i]
    return shape[dim], count(shape[dim + 1 :], None), first


_known_layout = lru_cache(256)(_layout)


def _are_places(indices):
    """Whether these are int32 or int64."""
    return indices.dtype.kind == "i" and indices.dtype.itemsize >= 4


def check_range(name, indices, length, dim):
    """Refuse indices below 0 or from `length` up: an array module would count from the end, start again, or read on.

    It looks at the numbers, so it has to wait for a GPU to have them ready.
    """
    if any_outside(indices, length):
        wrong = indices[(indices < 0) | (indices >= length)].reshape(-1)[0]
        raise PlaceError(f"{name}(): index {int(wrong)} is out of bounds for dimension {dim} with size {length}")


@op(kind="index", onnx="GatherElements", fixed=("indices",), broadcasts=False)
def gather(xp, x, indices, /, dim):
    """One element of x per index along `dim`, from the same place on the other axes.

    Shapes: x (..., n, ...), indices (..., m, ...), on the other axes no longer than x -> that of indices
    """
    return x.reshape(-1).take(flat_places(xp, "gather", indices, x.shape, dim))


gather.vjp(x=lambda g, indices, x_shape, dim, xp: put_along_dim.on(xp, g, indices, shape=x_shape, dim=dim),
           indices=None)  # fmt: skip


@op(kind="index", onnx="ScatterElements", fixed=("indices",), broadcasts=False)
def put_along_dim(xp, g, indices, /, shape, dim):
    """Zeros of `shape` with g added at the indices along `dim`: how a gradient goes back through gather."""
    out, places = xp.zeros(shape, g.dtype), flat_places(xp, "scatter_add", indices, shape, dim)
    if indices.ndim and indices.size and indices.shape[dim] == 1:  # no place comes up twice
        out.reshape(-1)[places.reshape(-1)] = g.reshape(-1)
    else:
        add_at(xp, out.reshape(-1), places, g)
    return out


put_along_dim.vjp(g=lambda g, indices, dim, xp: gather.on(xp, g, indices, dim=dim),
                  indices=None)  # fmt: skip


@op(kind="index", onnx="ScatterElements", fixed=("indices",))  # broadcasts, as src may be a number
def scatter(xp, x, indices, src, /, dim):
    """A copy of x in which src, a number or of the shape of indices, stands at the indices along `dim`.

    Which of several for the same place stays there is nobody's promise.
    """
    out = xp.array(x, order="C")
    out.reshape(-1)[flat_places(xp, "scatter", indices, x.shape, dim)] = src
    return out


scatter.vjp(x=lambda g, indices, dim, xp: scatter.on(xp, g, indices, 0, dim=dim),
            indices=None,
            src=lambda g, indices, dim, xp: gather.on(xp, g, indices, dim=dim))  # fmt: skip


@op(kind="index", onnx="ScatterElements", fixed=("indices",), broadcasts=False)
def scatter_add(xp, x, indices, src, /, dim):
    """A copy of x with src, of the shape of indices, added at the indices along `dim`."""
    out = xp.array(x, order="C")
    add_at(xp, out.reshape(-1), flat_places(xp, "scatter_add", indices, x.shape, dim), src)
    return out


scatter_add.vjp(x=lambda g: g,
                indices=None,
                src=lambda g, indices, dim, xp: gather.on(xp, g, indices, dim=dim))  # fmt: skip


@op(kind="index", onnx="GatherElements", fixed=("indices",), broadcasts=False)
def take_along_dim(xp, x, indices, /, dim):
    """One element of x per index along `dim`; negative indices count from the end. Made for argmax and argsort.

    Shapes: on the other axes x and indices broadcast.
    """
    if _fit_at_once(xp, x.shape, indices, dim):
        return gather.forward(xp, x, indices, dim)
    _check_places(xp, x, (slice(None),) * axis(dim, x.ndim) + (indices,))
    return xp.take_along_axis(x, indices, dim)


def _fit_at_once(xp, shape, indices, dim):
    """Whether nothing has to be broadcast or counted from the end, so that NumPy may go by flat places."""
    if xp.__name__ != "numpy" or indices.ndim != len(shape) or not _are_places(indices) or not indices.size:
        return False
    at = axis(dim, len(shape))
    return indices.shape[:at] + indices.shape[at + 1 :] == shape[:at] + shape[at + 1 :] and not any_outside(
        indices, shape[at])  # fmt: skip


take_along_dim.vjp(x=lambda g, indices, x_shape, dim, xp: _put_broadcast(xp, g, indices, x_shape, dim),
                   indices=None)  # fmt: skip


def _put_broadcast(xp, g, indices, shape, dim):
    """The rule of take_along_dim: both back to the shape they had been broadcast to, then added."""
    dim = axis(dim, len(shape))
    indices = xp.broadcast_to(xp.where(indices < 0, indices + shape[dim], indices), tuple(g.shape))
    whole = (*g.shape[:dim], shape[dim], *g.shape[dim + 1 :])
    return unbroadcast(put_along_dim.on(xp, g, indices, shape=whole, dim=dim), tuple(shape))


def _put_at_once(g, indices, shape, dim, xp):
    if _fit_at_once(xp, shape, indices, dim):
        return put_along_dim.forward(xp, g, indices, shape, dim)
    return _put_broadcast(xp, g, indices, shape, dim)


take_along_dim.quick(x=lambda g, indices, x_shape, dim, xp: _put_at_once(g, indices, x_shape, dim, xp))


# Rows, masks and places


@op(kind="index", onnx="Gather", fixed=("indices",), broadcasts=False)
def embedding(xp, weight, indices, /, padding_idx=None):
    """One row of weight per index; the row `padding_idx` gets no gradient.

    Shapes: weight (n, features), indices (...) -> (..., features)
    Errors: DtypeError for indices that are not int32 or int64; IndexError for those below 0 or from n up.
    """
    if not _are_places(indices):
        raise DtypeError(f"embedding(): expected indices of dtype int64 or int32, got {indices.dtype}. Use .long().")
    if weight.ndim != 2:
        raise ShapeError(f"embedding(): 'weight' must be 2-D, but its shape is {weight.shape}")
    check_range("embedding", indices, weight.shape[0], 0)
    return weight[indices]


def _rows_added(g, weight_shape, indices, padding_idx, xp):
    if padding_idx is not None:
        g = xp.where((indices != padding_idx)[..., None], g, 0)
    indices = getattr(indices, "array", indices)  # an attribute is never a tensor
    return unindex.on(xp, g, shape=weight_shape, index=indices)


embedding.vjp(weight=_rows_added, indices=None)


@op(kind="index", fixed=("mask",))
def masked_fill(xp, x, mask, value):
    """x with `value` where the mask is true. Shapes: broadcast."""
    if mask.dtype.kind != "b":
        raise DtypeError(f"masked_fill() only supports boolean masks, but got mask of dtype {mask.dtype}. Use .bool().")
    return xp.where(mask, value, x)


masked_fill.vjp(x=lambda g, mask, xp: xp.where(mask, 0, g),
                mask=None,
                value=lambda g, mask, xp: xp.where(mask, g, 0))  # fmt: skip


@op(kind="cut", onnx="NonZero")
def argwhere(xp, x):
    """The indices of all elements that are not 0, in row order. Shapes: (...) with k axes -> (count, k)"""
    return xp.argwhere(x)
