"""Reading what moves, picks and makes elements."""

from __future__ import annotations

import itertools
import math

import numpy as np

from ...dtype import as_dtype
from .limits import demand
from .protos import Unread, Var, dtype_of, reads
from .read_math import cast_to

# Shapes


@reads("Constant")
def constant(r, node, value=None, value_int=None, value_ints=None, value_float=None, value_floats=None, **other):
    """One of the ways to write a constant."""
    for given, dtype in ((value, None), (value_int, np.int64), (value_ints, np.int64), (value_float, np.float32),
                         (value_floats, np.float32)):  # fmt: skip
        if given is not None:
            return r.constant(given, dtype)
    raise Unread(f"a constant of the kind {', '.join(other) or 'none'}")


def as_tensor(r, numbers):
    """Whole numbers, some worked out at run time, as a tensor."""
    if not any(isinstance(n, Var) for n in numbers):
        return r.constant(np.array(numbers, np.int64))
    parts = [r.step("tensor.full", n, shape=(), dtype=as_dtype("int64")) for n in numbers]
    made = r.step("stack", *parts, dim=0)
    made.shape, made.dtype = (len(numbers),), np.dtype("int64")
    return made


@reads("Shape")
def shape(r, node, x, start=0, end=None):
    """The lengths."""
    return as_tensor(r, [r.length(x, axis) for axis in range(x.ndim)[start:end]])


@reads("Size")
def size(r, node, x):
    """How many elements there are."""
    if x.shape is not None and None not in x.shape:
        return r.constant(np.int64(math.prod(x.shape)))
    return r.step("tensor.full", r.step("tensor.numel", x), shape=(), dtype=as_dtype("int64"))


@reads("Reshape")
def reshape(r, node, x, given=None, shape=None, allowzero=0):
    """0 stands for the length that is there, unless told otherwise."""
    lengths = list(shape) if given is None else r.ints(given)
    if not allowzero:
        for i, n in enumerate(lengths):
            if isinstance(n, Var):
                if i < x.ndim:
                    lengths[i] = r.step(
                        "number.add", n, r.step("number.mul", r.step("number.eq", n, 0), r.length(x, i))
                    )
            elif n == 0:
                lengths[i] = r.length(x, i)
    return r.step("reshape", x, shape=tuple(lengths))


@reads("Transpose")
def transpose(r, node, x, perm=None):
    """All axes turned round, or in this order."""
    return r.step("permute", x, dims=tuple(perm if perm is not None else reversed(range(x.ndim))))


@reads("Flatten")
def flatten(r, node, x, axis=1):
    """Two axes out of many."""
    axis = axis + x.ndim if axis < 0 else axis
    known = x.shape if None not in x.shape else None
    if known:
        return r.step("reshape", x, shape=(math.prod(known[:axis]), math.prod(known[axis:])))
    if None not in x.shape[axis:]:
        return r.step("reshape", x, shape=(-1, math.prod(x.shape[axis:])))
    return r.step("reshape", x, shape=(math.prod(x.shape[:axis]), -1))


@reads("Squeeze")
def squeeze(r, node, x, given=None, axes=None):
    """Without axes of length 1."""
    dims = axes if given is None else r.ints(given)
    return r.step("squeeze", x, dim=None if dims is None else tuple(dims))


@reads("Unsqueeze")
def unsqueeze(r, node, x, given=None, axes=None):
    """New axes, by their places in the result."""
    dims = axes if given is None else r.ints(given)
    if any(isinstance(d, Var) for d in dims):
        return r.step("unsqueeze", x, dim=dims[0]) if len(dims) == 1 else _new_axes(r, x, dims)
    demand(x.shape is not None or len(dims) == 1, "the number of axes is not known")
    if len(dims) == 1:
        return r.step("unsqueeze", x, dim=dims[0])
    for d in sorted(d % (x.ndim + len(dims)) for d in dims):
        x = r.step("unsqueeze", x, dim=d)
    return x


def _new_axes(r, x, dims):
    """New axes whose places the model says only as it runs: for each place of the result, whether it is new."""
    rank, taken, shape = x.ndim + len(dims), 0, []
    for place in range(rank):
        new = 0
        for d in dims:
            new = plus(r, new, plus(r, r.step("number.eq", d, place), r.step("number.eq", d, place - rank)))
        old = plus(r, place, r.step("number.neg", taken)) if isinstance(taken, Var) else place - taken
        old = r.step("number.min", old, x.ndim - 1)
        there = r.step("number.mul", r.step("tensor.size", x, dim=old), r.step("number.sub", 1, new))
        shape.append(plus(r, new, there))
        taken = plus(r, taken, new)
    return r.step("reshape", x, shape=tuple(shape))


@reads("Expand")
def expand(r, node, x, given):
    """Both broadcast."""
    lengths = r.ints(given)
    if any(isinstance(n, Var) for n in lengths) or None in (x.shape or (None,)):
        demand(x.shape is not None, "the number of axes is not known")
        more = [1] * (len(x.shape) - len(lengths))
        lengths = more + lengths
        for i, n in enumerate(reversed(x.shape)):
            j = len(lengths) - 1 - i
            if n != 1:
                lengths[j] = _both(r, n, r.length(x, len(x.shape) - 1 - i), lengths[j])
        return r.step("broadcast_to", x, shape=tuple(lengths))
    wide = np.broadcast_shapes(x.shape, tuple(lengths))
    r.may_make(wide, "Expand")
    return r.step("broadcast_to", x, shape=wide)


def _both(r, known, mine, other):
    """The length that two broadcast to. `known` is the first where it is known; it is not 1."""
    if not isinstance(other, Var):
        return mine if other == 1 else other
    if known is not None:
        return mine
    alone = r.step("number.int", r.step("number.eq", other, 1))  # then it is the first one
    return plus(r, other, r.step("number.mul", r.step("number.sub", mine, other), alone))


@reads("Tile")
def tile(r, node, x, repeats):
    """All over again."""
    times = r.ints(repeats)
    if x.const is not None:
        r.may_make([x.const.size, *times], "Tile")
    return r.step("repeat", x, repeats=tuple(times))


@reads("Concat")
def concat(r, node, *inputs, axis=1):
    """One behind the other."""
    return r.step("cat", *inputs, dim=axis)


def plus(r, a, b):
    """A sum of numbers, some of them worked out at run time."""
    return r.step("number.add", a, b) if isinstance(a, Var) or isinstance(b, Var) else a + b


@reads("Split")
def split(r, node, x, given=None, split=None, axis=0, num_outputs=None):
    """Pieces along an axis."""
    sizes, n = split if given is None else r.ints(given), x.shape[axis] if x.shape is not None else None
    if sizes is None:
        demand(n is not None, "the length to be split is not known")
        count = num_outputs or len(node.output)
        demand(count == len(node.output), "Split makes another number of pieces than it has results")
        piece = -(-n // count)
        sizes = [max(min(piece, n - i * piece), 0) for i in range(count)]
    starts = [0, *itertools.accumulate(sizes, lambda a, b: plus(r, a, b))]
    axis %= x.ndim
    return [r.step("index", x, index=(*[slice(None)] * axis, slice(a, b))) for a, b in itertools.pairwise(starts)]


@reads("Slice")
def slices(r, node, x, starts_in=None, ends_in=None, axes_in=None, steps_in=None, starts=None, ends=None, axes=None):
    """Slices of some axes."""
    starts = starts if starts_in is None else r.ints(starts_in)
    ends = ends if ends_in is None else r.ints(ends_in)
    axes = axes if axes_in is None else r.ints(axes_in)
    steps = [1] * len(starts) if steps_in is None else r.ints(steps_in)
    axes = range(len(starts)) if axes is None else axes
    if any(isinstance(d, Var) for d in axes):
        return r.step("index", x, index=_any_axes(r, x.ndim, starts, ends, axes, steps))
    parts = [slice(None)] * x.ndim
    for start, end, d, step in zip(starts, ends, axes, steps, strict=True):
        demand(isinstance(step, Var) or step, "a slice has the step 0")
        parts[d] = slice(start, end, step)
    return r.step("index", x, index=tuple(parts))


def _spread(r, rank, axes, values, other=0):
    """A number for every axis, where only the run tells which axes the values are for; `other` for the rest."""
    found = []
    for d in range(rank):
        total = other
        for axis, value in zip(axes, values, strict=True):
            mine = plus(r, r.step("number.eq", axis, d), r.step("number.eq", axis, d - rank))
            total = plus(r, total, r.step("number.mul", plus(r, value, -other), mine))
        found.append(total)
    return found


def _any_axes(r, rank, starts, ends, axes, steps):
    """A slice for every axis."""
    given = ((starts, 0), (ends, 2**62), (steps, 1))
    return tuple(slice(*parts) for parts in zip(*(_spread(r, rank, axes, v, other) for v, other in given), strict=True))


@reads("Gather")
def gather(r, node, x, indices, axis=0):
    """Whole slices by number."""
    axis %= x.ndim
    if indices.const is not None and indices.const.ndim == 0 and indices.value is None:
        return r.step("index", x, index=(*[slice(None)] * axis, int(indices.const)))
    return r.step("index", x, index=(*[slice(None)] * axis, cast_to(r, indices, np.int64)))


def from_the_front(r, indices, n):
    """Places that count from the end, counted from the front."""
    return r.step("where", r.step("lt", indices, 0), r.step("add", indices, n), indices)


@reads("GatherElements")
def gather_elements(r, node, x, indices, axis=0):
    """One element per index."""
    return r.step("gather", x, from_the_front(r, indices, r.length(x, axis)), dim=axis)


def columns(r, indices):
    """The last axis of places, one tensor for each."""
    count = indices.shape[-1]
    demand(count is not None and count <= 64, "how many axes places are about is not known")
    return [r.step("index", indices, index=(Ellipsis, i)) for i in range(count)]


def batch_places(r, x, indices, batch):
    """Numbers of the batch, shaped to stand beside the other places."""
    lead = indices.ndim - 1
    demand(None not in x.shape[:batch], "the lengths of the batch have to be known")
    r.may_make([sum(x.shape[:batch])], "GatherND")
    return [r.constant(np.arange(x.shape[d]).reshape([-1 if i == d else 1 for i in range(lead)]), np.int64)
            for d in range(batch)]  # fmt: skip


@reads("GatherND")
def gather_nd(r, node, x, indices, batch_dims=0):
    """Elements or slices by places."""
    places = [*batch_places(r, x, indices, batch_dims), *columns(r, indices)]
    return r.step("index", x, index=tuple(places))


@reads("ScatterElements", "Scatter")
def scatter(r, node, x, indices, updates, axis=0, reduction="none"):
    """Put or added at the places."""
    if reduction not in ("none", "add"):
        raise Unread(f"the reduction {reduction!r}")
    places = from_the_front(r, indices, r.length(x, axis))
    return r.step("scatter" if reduction == "none" else "scatter_add", x, places, updates, dim=axis)


@reads("ScatterND")
def scatter_nd(r, node, x, indices, updates, reduction="none"):
    """Put or added at the places."""
    if reduction not in ("none", "add"):
        raise Unread(f"the reduction {reduction!r}")
    return r.step("index_put", x, updates, index=tuple(columns(r, indices)), accumulate=reduction == "add")


@reads("Compress")
def compress(r, node, x, condition, axis=None):
    """Where it holds; what is beyond the condition is left out."""
    if axis is None:
        x, axis = r.step("reshape", x, shape=(-1,)), 0
    places = r.step("index", r.step("argwhere", condition), index=(slice(None), 0))
    return r.step("index", x, index=(*[slice(None)] * (axis % x.ndim if axis else 0), places))


@reads("BitCast")
def bit_cast(r, node, x, to):
    """The same bytes as another dtype."""
    return r.step("view_dtype", x, dtype=dtype_of(to))


@reads("NonZero")
def nonzero(r, node, x):
    """Places, one row for each axis."""
    return r.step("permute", r.step("argwhere", x), dims=(1, 0))


@reads("Trilu")
def trilu(r, node, x, k=None, upper=1):
    """A triangle."""
    diagonal = 0 if k is None else r.ints(k)[0]
    return r.step("triu" if upper else "tril", x, diagonal=diagonal)


@reads("Pad")
def pad(r, node, x, pads_in=None, value_in=None, axes_in=None, pads=None, paddings=None, value=0.0, mode="constant"):
    """A border."""
    pads = (pads or paddings) if pads_in is None else r.ints(pads_in)
    axes = list(range(x.ndim)) if axes_in is None else r.ints(axes_in)
    if any(isinstance(d, Var) for d in axes):
        befores, afters = _spread(r, x.ndim, axes, pads[: len(axes)]), _spread(r, x.ndim, axes, pads[len(axes) :])
        pairs = dict(enumerate(zip(befores, afters, strict=True)))
    else:
        pairs = {d % x.ndim: (pads[i], pads[i + len(axes)]) for i, d in enumerate(axes)}
    if mode != "constant":
        return _repeated(r, x, pairs, mode)
    if value_in is not None:
        value = r.step("tensor.float", value_in) if value_in.const is None else value_in.const.reshape(-1)[0].item()
    if x.const is not None and not any(isinstance(n, Var) for n in pads):
        r.may_make([n + sum(pairs.get(d, (0, 0))) for d, n in enumerate(x.const.shape)], "Pad")
    flat = [n for d in reversed(range(x.ndim)) for n in pairs.get(d, (0, 0))]
    return r.step("pad", x, pad=tuple(flat), value=value)


def _repeated(r, x, pairs, mode):
    """Borders made of what is there: numbers of elements, along one axis after the other."""
    shape = list(x.shape)
    for d, (before, after) in pairs.items():
        n = shape[d]
        demand(n is not None, "this border needs lengths that are known before the model runs")
        if before == after == 0 and not isinstance(before, Var) and not isinstance(after, Var):
            continue
        first = r.step("number.neg", before) if isinstance(before, Var) else -before
        places = r.step("tensor.arange", first, plus(r, n, after), 1, dtype=as_dtype("int64"))
        if mode == "edge":
            places = r.step("clamp", places, min=0, max=n - 1)
        elif mode == "wrap":
            places = r.step("remainder", places, max(n, 1))
        elif mode == "reflect":
            far = r.step("remainder", r.step("add", places, n - 1), max(2 * (n - 1), 1))
            places = r.step("abs", r.step("sub", far, n - 1))
        else:
            raise Unread(f"a border of the kind {mode!r}")
        x = r.step("index", x, index=(*[slice(None)] * d, places))
    return x


@reads("DepthToSpace")
def depth_to_space(r, node, x, blocksize, mode="DCR"):
    """Channels become places."""
    n, c, h, w = r.lengths(x)
    b = blocksize
    demand(not isinstance(c, Var) and not isinstance(h, Var) and not isinstance(w, Var), "its lengths are not known")
    if mode == "DCR":
        x = r.step("permute", r.step("reshape", x, shape=(n, b, b, c // (b * b), h, w)), dims=(0, 3, 4, 1, 5, 2))
    else:
        x = r.step("permute", r.step("reshape", x, shape=(n, c // (b * b), b, b, h, w)), dims=(0, 1, 4, 2, 5, 3))
    return r.step("reshape", x, shape=(n, c // (b * b), h * b, w * b))


@reads("SpaceToDepth")
def space_to_depth(r, node, x, blocksize, mode="DCR"):
    """Places become channels."""
    n, c, h, w = r.lengths(x)
    b = blocksize
    demand(not isinstance(c, Var) and not isinstance(h, Var) and not isinstance(w, Var), "its lengths are not known")
    x = r.step("reshape", x, shape=(n, c, h // b, b, w // b, b))
    x = r.step("permute", x, dims=(0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4))
    return r.step("reshape", x, shape=(n, c * b * b, h // b, w // b))


# Order


@reads("TopK")
def top_k(r, node, x, k_in=None, k=None, axis=-1, largest=1, sorted=1):
    """The first of all in order."""
    k = k if k_in is None else r.ints(k_in)[0]
    axis %= x.ndim
    places = r.step("argsort", x, dim=axis, descending=bool(largest), stable=True)
    places = r.step("index", places, index=(*[slice(None)] * axis, slice(0, k)))
    return [r.step("gather", x, places, dim=axis), places]


@reads("ReverseSequence")
def reverse_sequence(r, node, x, lengths, time_axis=0, batch_axis=1):
    """Each sequence turned round, as far as it reaches."""
    n, rank = x.shape[time_axis], x.ndim
    demand(n is not None, "the number of steps is not known")
    r.may_make([n], "ReverseSequence")
    step = r.constant(np.arange(n).reshape([-1 if d == time_axis else 1 for d in range(rank)]), np.int64)
    shape = [-1 if d == batch_axis else 1 for d in range(rank)]
    ends = r.step("reshape", lengths, shape=tuple(shape))
    back = r.step("sub", r.step("sub", ends, step), 1)
    return r.step("take_along_dim", x, r.step("where", r.step("lt", step, ends), back, step), dim=time_axis)
