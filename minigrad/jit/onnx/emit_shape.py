"""What moves elements, picks them and puts them back, as ONNX.

To put something back where a view picked it, the view is taken of the numbers 0, 1, 2 ... first: that tells the places.
"""

from __future__ import annotations

import math

import numpy as np

from ...axes import axis
from .build import Sym, Untold
from .emit_scan import turned
from .formulas import XP, where
from .table import EMIT, emits

# Views


@emits("reshape")
def reshape(x, shape):
    """Another shape."""
    return x.reshape(tuple(shape))


@emits("swapaxes")
def swapaxes(x, dim0, dim1):
    """Two axes exchanged."""
    order = list(range(x.ndim))
    if order:
        order[dim0], order[dim1] = order[dim1], order[dim0]
    return x.transpose(order)


@emits("permute")
def permute(x, dims):
    """Axes in another order."""
    return x.transpose(dims)


@emits("broadcast_to")
def expand(x, shape):
    """Repeated along axes of length 1."""
    fixed = all(type(n) is int for n in shape)  # else lengths that the model itself will work out
    return x if fixed and x.known == tuple(shape) else x.b.op("Expand", x, list(shape))


@emits("unsqueeze")
def unsqueeze(x, dim):
    """A new axis."""
    return x.expand(dim)


@emits("squeeze")
def squeeze(x, dim=None):
    """Without axes of length 1, those named that have it."""
    dims = (
        range(x.ndim) if dim is None else [axis(d, x.ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    )
    if any(x.known[d] is None for d in dims if x.ndim):
        raise Untold("squeeze: whether an axis has the length 1 is not known. Use reshape")
    dims = [d for d in dims if x.ndim and x.known[d] == 1]
    return x.without(dims) if dims else x


def looked_up(x, places, dims):
    """Elements of `dims` (the last axes of x in that order, as one) at constant places, whose axes come last."""
    flat = x.transpose([d for d in range(x.ndim) if d not in dims] + list(dims))
    lead = flat.shape[: x.ndim - len(dims)]
    flat = flat.reshape((*lead, math.prod(known(x, dims))))
    return x.b.op("Gather", flat, x.b.constant(np.asarray(places, np.int64)), axis=len(lead))


def known(x, dims):
    """The lengths of these axes. Errors: Untold where one is not known."""
    lengths = [x.known[d] for d in dims] if x.known is not None else [None]
    if None in lengths:
        raise Untold(f"a length of {x.name} has to be known here, and is open. Leave it out of dynamic_axes, "
                     "or save with inputs=(...)")  # fmt: skip
    return lengths


@emits("diagonal")
def diagonal(x, offset=0, dim1=0, dim2=1):
    """The diagonal, last."""
    dims = axis(dim1, x.ndim), axis(dim2, x.ndim)
    n, m = known(x, dims)
    return looked_up(x, np.arange(n * m).reshape(n, m).diagonal(offset), dims)


@emits("unfold")
def unfold(x, dimension, size, step):
    """Windows as a new last axis."""
    if x.known == ():
        return unfold(x.reshape(1), 0, size, step).reshape((size,))
    dim = axis(dimension, x.ndim)
    (n,) = known(x, (dim,))
    places = np.arange(0, n - size + 1, step)[:, None] + np.arange(size)
    return x.b.op("Gather", x, x.b.constant(places, np.int64), axis=dim).moved(dim + 1, -1)


# Copies


@emits("tril", "triu")
def triangle(x, name, diagonal=0):
    """Triangles of matrices."""
    kept = x.dtype
    x = x.astype(np.int64) if kept.kind in "bui" else x
    return x.b.op("Trilu", x, x.b.constant(int(diagonal)), upper=int(name == "triu")).astype(kept)


@emits("flip")
def flip(x, dims):
    """The other way round."""
    for d in dims if isinstance(dims, (tuple, list)) else (dims,):
        x = turned(x, axis(d, x.ndim)) if x.ndim else x
    return x


@emits("roll")
def roll(x, shifts, dims=None):
    """Moved on, round the end."""
    if dims is None:
        back = x.reshape(x.shape) if x.ndim == 1 else None
        row = roll(x.reshape(-1), shifts, 0)
        return row if back is not None else row.reshape(x.shape)
    pairs = zip(shifts, dims, strict=True) if isinstance(dims, (tuple, list)) else [(shifts, dims)]
    for shift, dim in pairs:
        n = x.shape[axis(dim, x.ndim)]
        if n == 0 and not isinstance(n, Sym):
            continue
        if isinstance(n, Sym) or isinstance(shift, Sym):
            places = XP.remainder(x.b.op("Range", 0, n, 1) - shift, n)
        else:
            places = x.b.constant((np.arange(n) - shift) % n, np.int64)
        x = x.b.op("Gather", x, places, axis=axis(dim, x.ndim))
    return x


@emits("repeat")
def repeat(x, repeats):
    """All over again."""
    x = x.expand(range(len(repeats) - x.ndim)) if len(repeats) > x.ndim else x
    return x.b.op("Tile", x, list(repeats)) if repeats else x


@emits("pad")
def pad(x, pad, value=0):
    """A border, or less of the edge."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2], strict=True))
    for d, (before, after) in enumerate(pairs):  # what is cut off first: runtimes differ in how they do it
        if before < 0 or after < 0:
            x = x.part(d, max(-before, 0), after if after < 0 else 2**62)
    rest = [max(before, 0) for before, _ in pairs] + [max(after, 0) for _, after in pairs]
    return x.b.op("Pad", x, rest, x.b.constant(value, x.dtype)) if any(rest) else x


@emits("cat")
def cat(*tensors, dim=0):
    """One behind the other."""
    tensors = [x for x in tensors if x.known != (0,)] or tensors
    return tensors[0].b.op("Concat", *tensors, axis=axis(dim, tensors[0].ndim))


@emits("stack")
def stack(*tensors, dim=0):
    """Side by side."""
    dim = axis(dim, tensors[0].ndim + 1)
    return tensors[0].b.op("Concat", *[x.expand(dim) for x in tensors], axis=dim)


# Picking by index


def _arrays(b, part):
    """An index of arrays: as whole numbers, and how many axes it is about."""
    if not isinstance(part, Sym):
        part = b.constant(part if isinstance(part, np.ndarray) else part.array)
    if part.dtype.kind != "b":
        return [part.astype(np.int64)], 1
    found = b.op("NonZero", part)
    rows = [b.op("Gather", found, d, axis=0) for d in range(part.ndim)]
    return rows, part.ndim


def _is_array(part):
    return (isinstance(part, Sym) and not part.weak) or (hasattr(part, "ndim") and not isinstance(part, Sym))


@emits("index")
def index(x, index):
    """Numbers, slices, None, ... and tensors, as PyTorch reads them: numbers first, then tensors."""
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(_is_array(part) and part.ndim == 0 and part.dtype.kind == "b" for part in parts):
        return _by_one_truth(x, parts)
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    dim, arrays = 0, []  # arrays: (axis, index), once all else is done
    for part in parts:
        if part is Ellipsis:
            dim = x.ndim - _rest(parts)
        elif part is None:
            x, dim = x.expand(dim), dim + 1
        elif _is_array(part):
            rows, axes = _arrays(x.b, part)
            arrays += [(dim + d, row) for d, row in enumerate(rows)]
            dim += axes
        elif isinstance(part, slice):
            x, dim = _sliced(x, dim, part), dim + 1
        else:
            x = x.b.op("Gather", x, part if isinstance(part, Sym) else int(part), axis=dim)
    return _picked(x, arrays) if arrays else x


def _rest(parts):
    """How many axes the parts behind the dots are about."""
    behind = parts[next(i for i, part in enumerate(parts) if part is Ellipsis) + 1 :]
    return sum(0 if p is None else p.ndim if _is_array(p) and p.dtype.kind == "b" else 1 for p in behind)


def _by_one_truth(x, parts):
    """A 0-d truth value asks for all or nothing, along a new axis."""
    if len(parts) != 1:
        raise Untold("index: a single truth value beside others is nothing that ONNX can say. Use where")
    part = parts[0] if isinstance(parts[0], Sym) else x.b.constant(np.asarray(getattr(parts[0], "array", parts[0])))
    return index(x.expand(0), part.reshape(1))


def _sliced(x, dim, part):
    if part.start is part.stop is part.step is None:
        return x
    step = 1 if part.step is None else part.step
    backwards = step < 0 if not isinstance(step, Sym) else False
    start = (2**62 if backwards else 0) if part.start is None else part.start
    stop = (-(2**62) if backwards else 2**62) if part.stop is None else part.stop
    return x.part(dim, start, stop, step)


def _picked(x, arrays):
    if len(arrays) == 1:
        return x.b.op("Gather", x, arrays[0][1], axis=arrays[0][0])
    dims, rows = [d for d, _ in arrays], [row for _, row in arrays]
    others = [d for d in range(x.ndim) if d not in dims]
    whole = rows[0] * 0
    for row in rows[1:]:
        whole = whole + row * 0
    rows = x.b.op("Concat", *[(row + whole).expand(-1) for row in rows], axis=-1)
    found = x.b.op("GatherND", x.transpose(dims + others), rows)
    if dims != list(range(dims[0], dims[0] + len(dims))) or not dims[0]:
        return found
    shared, first = whole.ndim, dims[0]  # neighbours: what they picked stands where they stood
    return found.transpose([*range(shared, shared + first), *range(shared), *range(shared + first, found.ndim)])


# Putting back


def numbered(b, shape):
    """0, 1, 2 ... in this shape."""
    if any(isinstance(n, Sym) for n in shape):
        count = 1
        for n in shape:
            count = n * count
        return b.op("Range", 0, count, 1).reshape(tuple(shape))
    return b.constant(np.arange(math.prod(shape)).reshape(shape), np.int64)


def put(x, places, value, add=False):
    """x with `value` (it broadcasts) at these places of it in row order, or added there."""
    value = where(places == places, value, value) if value.known != places.known else value
    kept = x.dtype
    if add and kept.kind != "f":
        x, value = x.astype(np.int64), value.astype(np.int64)
    flat = x.b.op("ScatterElements", x.flat(), places.flat(), value.flat(), axis=0, reduction="add" if add else None)
    return flat.astype(kept).reshape(x.shape) if x.known is None or len(x.known) != 1 else flat.astype(kept)


def zeros(b, shape, dtype):
    """Zeros of a shape."""
    return b.op("Expand", b.constant(0, dtype), list(shape))


@emits("index_put")
def index_put(x, value, index, accumulate=False):
    """What x[index] = value makes of x."""
    return put(x, EMIT["index"](numbered(x.b, x.shape), index), value, accumulate)


@emits("view_put")
def view_put(base, value, steps):
    """What a change through a view makes of the base."""
    places = numbered(base.b, base.shape)
    for op, attributes in steps:
        places = EMIT[op.name](places, **attributes)
    return put(base, places, value)


def undoes(name, view, operand="x"):
    """Enter the way back of a view: zeros with the operand added where the view would have picked it."""

    def emit(x, shape, **attributes):
        places = EMIT[view](numbered(x.b, shape), **attributes)
        return put(zeros(x.b, shape, x.dtype), places, x, add=True)

    emits(name)(emit)


for _name, _view in (("unindex", "index"), ("undiagonal", "diagonal"), ("unfold_add", "unfold")):
    undoes(_name, _view)


# Along one axis


def _with_axes(x, *others):
    """0-d operands get an axis, which is taken away from the result."""
    return [y.reshape(1) for y in (x, *others)] if x.known == () else [x, *others]


@emits("gather")
def gather(x, indices, dim):
    """One element per index."""
    kept = indices.known
    x, indices = _with_axes(x, indices)
    found = x.b.op("GatherElements", x, indices.astype(np.int64), axis=axis(dim, x.ndim))
    return found.reshape(()) if kept == () else found


@emits("take_along_dim")
def take_along_dim(x, indices, dim):
    """One element per index; on the other axes both broadcast."""
    dim = axis(dim, x.ndim)
    if x.known != indices.known:
        lengths = [1 if d == dim else n for d, n in enumerate(x.shape)]
        theirs = [1 if d == dim else n for d, n in enumerate(indices.shape)]
        mine, its = list(theirs), list(lengths)
        mine[dim], its[dim] = x.shape[dim], indices.shape[dim]
        x, indices = x.b.op("Expand", x, mine), x.b.op("Expand", indices, its)
    return x.b.op("GatherElements", x, indices.astype(np.int64), axis=dim)


@emits("scatter", "scatter_add")
def scatter(x, indices, src, name, dim):
    """Put, or added, at the indices."""
    whole = x.known
    src = where(indices == indices, src, src) if src.known != indices.known else src
    x, indices, src = _with_axes(x, indices, src)
    made = x.b.op("ScatterElements", x, indices.astype(np.int64), src, axis=axis(dim, x.ndim),
                  reduction="add" if name == "scatter_add" else None)  # fmt: skip
    return made.reshape(()) if whole == () else made


@emits("put_along_dim")
def put_along_dim(g, indices, shape, dim):
    """Zeros with g added at the indices."""
    return scatter(zeros(g.b, shape, g.dtype), indices, g, "scatter_add", dim)


@emits("embedding")
def embedding(weight, indices, padding_idx=None):
    """Rows."""
    return weight.b.op("Gather", weight, indices, axis=0)


@emits("argwhere")
def argwhere(x):
    """Indices of what is not 0."""
    return x.b.op("NonZero", x).transpose((1, 0))


@emits("one_hot_mask")
def one_hot_mask(target, classes):
    """True in the column of the class."""
    columns = target.b.op("Range", 0, classes, 1) if isinstance(classes, Sym) else target.b.constant(
        np.arange(classes), np.int64)  # fmt: skip
    return target.expand(-1) == columns


@emits("less_one_hot")
def less_one_hot(x, target):
    """Less 1 in the column of the class."""
    return x - one_hot_mask(target, x.shape[-1]).astype(x.dtype)
