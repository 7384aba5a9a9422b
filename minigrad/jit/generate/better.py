"""Better ways for the records that matter: products, sums, softmax, the loss of classifiers, the way back of relu."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...axes import as_axis
from ...dtype import as_dtype
from ..graph import Value
from ..text import INFIX
from .emit import emits
from .program import Buffer


def _of_numbers(step):
    return any(not isinstance(x, Value) or x.kind != "tensor" for x in step.inputs)


# Products


@emits("matmul")
def _matmul(e, step):
    if _of_numbers(step):
        return False
    a, b, out = e.of(step.inputs[0]), e.of(step.inputs[1]), step.output
    if a.dtype != b.dtype or a.dtype.kind != "f" or a.dtype.itemsize < 4:
        return False
    if len(a.shape) == len(b.shape) == 2:
        turned = a.order == (1, 0) and not b.order and e.goes_with(out, (1, 0))
        if turned and out not in e.leaving | e.pinned:
            return e.set(out, e.turned(e.product(e.turned(b), a.upright, e.new(out.shape[::-1], a.dtype))))
        return e.set(out, e.product(a, b, e.like(out)))
    if len(a.shape) < 2 or len(b.shape) < 2 or not out.shape:
        return False
    made, name = e.like(out), e.program.constant(np.matmul, "matmul")
    template = f"{name}({{0}}, {{1}}, {{out}})" if made.kind == "static" else f"{{out}} = {name}({{0}}, {{1}})"
    return e.set(out, e.line(template, a, b, out=made))


_NARROW = 16  # columns of a product that is better worked out on its side, since what follows has longer rows then
_LARGE = 1 << 23  # and multiplications of one for which it pays to turn the input, too


@emits("linear")
def _linear(e, step):
    x, weight, bias = map(e.of, step.inputs)
    out = step.output
    if x.dtype != weight.dtype or x.dtype.itemsize < 4 or len(x.shape) < 2:
        return False
    flat = x if len(x.shape) == 2 else e.reshaped(x, (int(np.prod(x.shape[:-1])), x.shape[-1]))
    shape = flat.shape[0], weight.shape[0]
    narrow = shape[1] <= _NARROW and shape[1] <= shape[0] <= 4 * _NARROW
    wide = shape[0] >= 4 * _NARROW and shape[0] * shape[1] * flat.shape[1] >= _LARGE
    if (narrow or wide or flat.order == (1, 0)) and out not in e.leaving | e.pinned:
        other = e.in_rows(e.turned(flat)) if wide else e.turned(flat)
        made = e.turned(e.product(weight, other, e.new(shape[::-1], x.dtype)))
    else:
        made = e.product(flat, e.turned(weight), e.new(shape, x.dtype))
    return e.set(out, e.reshaped(e.ufunc(np.add, [made, bias], e.new(shape, x.dtype, out)), out.shape))


@emits("swapaxes", "permute")
def _turned(e, step):
    x = e.of(step.inputs[0])
    if len(x.shape) != 2 or step.output.shape != x.shape[::-1] or not (x.rows or x.order):
        return False
    return e.set(step.output, e.turned(x))


# Sums and largest elements


@emits("sum", "mean")
def _sum(e, step):
    x, out, dim = e.of(step.inputs[0]), step.output, step.attributes.get("dim")
    mean, keep = step.op.name == "mean", step.attributes.get("keepdim", False)
    if x.dtype.kind != "f" or x.dtype.itemsize < 4 or x.dtype != out.dtype.numpy or 0 in x.shape or not x.shape:
        return False
    axes = tuple(range(len(x.shape))) if dim is None else as_axis(dim, x.shape)
    axes = tuple(a % len(x.shape) for a in ((axes,) if isinstance(axes, int) else axes))
    if x.upright is not None and len(x.shape) == 4:
        made = _added_in_order(e, x, axes, out)
        if made is not None and not mean:
            return e.set(out, made)
    count = int(np.prod([x.shape[a] for a in axes]))
    made = _added(e, x, axes, out, keep)
    if mean:
        exact = count & (count - 1) == 0  # a power of 2
        made = e.ufunc(np.multiply if exact else np.true_divide,
                       [made, e.number(1 / count if exact else float(count), x.dtype)], e.like(out))  # fmt: skip
    return e.set(out, made)


def _added_in_order(e, x, axes, out):
    """The sum over all axes but the first one in memory, as a product with ones; None for other axes."""
    base = x.upright
    if {x.order[i] for i in axes} != set(range(1, len(base.shape))):
        return None
    rows = e.reshaped(base, (base.shape[0], int(np.prod(base.shape[1:]))))
    made = e.product(rows, e.table(np.ones(rows.shape[1], x.dtype)), e.new(base.shape[:1], x.dtype, out))
    return e.reshaped(made, out.shape)


def _added(e, x, axes, out, keep):
    """The sum over these axes; of matrices, as a product with ones."""
    dtype, left = x.dtype, tuple(1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes)
    if all(x.shape[i] == 1 for i in axes) and x.rows and out not in e.leaving:
        return e.reshaped(x, left)
    if axes in ((0,), (1,)) and len(x.shape) == 2:
        ones = e.table(np.ones(x.shape[axes[0]], dtype))
        made = e.new((x.shape[1 - axes[0]],), dtype, out)
        return e.reshaped(e.product(*((ones, x) if axes == (0,) else (x, ones)), made), left)
    made, name = e.new(left, dtype, out), e.program.constant(np.add.reduce, "add_reduce")
    along = repr(axes if len(axes) < len(x.shape) else None)
    if made.kind == "static":
        return e.line(f"{name}({{0}}, {along}, None, {{out}}, {keep})", x, out=made)
    array = e.program.constant(np.asarray, "asarray")
    return e.line(f"{{out}} = {array}({name}({{0}}, {along}, None, None, {keep}))", x, out=made)


# Softmax and the loss of classifiers


def _largest(e, x):
    """The largest element of each row, (rows, 1). Of many short rows, turned round first."""
    rows, width = x.shape
    made, name = e.new((rows, 1), x.dtype), e.program.constant(np.maximum.reduce, "maximum_reduce")
    if width <= rows:
        other = x.upright or e.copied(e.turned(x), e.new((width, rows), x.dtype))
        e.line(f"{name}({{0}}, 0, None, {{1}})", other, e.reshaped(made, (rows,)), out=None)
        return made
    return e.line(f"{name}({{0}}, 1, None, {{out}}, True)", x, out=made)


def _softened(e, x, out=None):
    """(x less the largest of each row, its exp, and the sum of that, a line)."""
    shifted = e.ufunc(np.subtract, [x, _largest(e, x)], e.new(x.shape, x.dtype))
    grown = e.ufunc(np.exp, [shifted], e.new(x.shape, x.dtype) if out is None else e.new(x.shape, x.dtype, out))
    ones = e.table(np.ones(x.shape[1], x.dtype))
    pair = (grown, ones) if grown.upright is None else (ones, grown.upright)
    whole = e.product(*pair, e.new((x.shape[0],), x.dtype))
    return shifted, grown, whole


def _matrix_of_floats(x):
    return len(x.shape) == 2 and x.dtype.kind == "f" and x.dtype.itemsize >= 4 and 0 not in x.shape


@emits("softmax")
def _softmax(e, step):
    x, out = e.of(step.inputs[0]), step.output
    if not _matrix_of_floats(x) or step.attributes["dim"] % 2 != 1:
        return False
    _, grown, whole = _softened(e, x)
    return e.set(out, e.ufunc(np.true_divide, [grown, e.reshaped(whole, (x.shape[0], 1))], e.like(out)))


@emits("log_softmax")
def _log_softmax(e, step):
    x, out = e.of(step.inputs[0]), step.output
    if not _matrix_of_floats(x) or step.attributes["dim"] % 2 != 1:
        return False
    shifted, _, whole = _softened(e, x)
    whole = e.ufunc(np.log, [whole], e.new(whole.shape, whole.dtype))
    return e.set(out, e.ufunc(np.subtract, [shifted, e.reshaped(whole, (x.shape[0], 1))], e.like(out)))


@emits("cross_entropy")
def _cross_entropy(e, step):
    x, target = map(e.of, step.inputs)
    reduction = step.attributes.get("reduction", "mean")
    if not _matrix_of_floats(x) or target.dtype != np.int64 or reduction == "none":
        return False
    count, width = x.shape
    shifted, grown, whole = _softened(e, x)
    places = _places(e, step.inputs[1], target, width, shifted.upright is not None)
    picked = e.line("{0}.take({1}, None, {out})", shifted.upright or shifted, places, out=e.new((count,), x.dtype))
    if len(step.outputs) > 1:
        e.set(step.outputs[1], e.ufunc(np.true_divide, [grown, e.reshaped(whole, (count, 1))],
                                       e.new(x.shape, x.dtype, step.outputs[1])))  # fmt: skip
    losses = e.ufunc(np.subtract, [e.ufunc(np.log, [whole], e.new((count,), x.dtype)), picked],
                     e.new((count,), x.dtype))  # fmt: skip
    share = 1.0 if reduction == "sum" else 1 / count
    return e.set(step.output, _weighed(e, losses, e.table(np.full(count, share, x.dtype))))


def _weighed(e, losses, weights):
    """The sum of the losses, each with its weight, as an array without axes."""
    asarray = e.program.constant(np.asarray, "asarray")
    return e.line(f"{{out}} = {asarray}({{0}}.dot({{1}}))", losses, weights, out=Buffer("fresh", (), losses.dtype))


def _places(e, value, target, width, turned=False):
    """Where each row's right class lies, all rows (or, turned, all classes) one behind the other.

    A run with a class that is not there is left to the function: it may be one to be ignored, or an error.
    """
    key = "places", value, width, turned
    if key not in e.buffers:
        count = target.shape[0]
        if count == 1:
            e.line(f"if not 0 <= {{0}}.item() < {width}: return MISS", target, guard=True)
            e.buffers[key] = target
            return target
        unsigned = e.view(target, "{}.view(uint64)", lambda a: a.view(np.uint64), target.shape)
        e.program.constant(np.uint64, "uint64")
        e.line(f"if {{0}}.item({{0}}.argmax()) >= {width}: return MISS", unsigned, guard=True)
        starts = e.table(np.arange(count) * (1 if turned else width))
        if turned:
            target = e.ufunc(np.multiply, [target, e.number(count, np.int64)], e.new((count,), np.int64))
        e.buffers[key] = e.ufunc(np.add, [starts, target], e.new((count,), np.int64))
        e.buffers[key].root.pinned = True
    return e.buffers[key]


@emits("less_one_hot")
def _less_one_hot(e, step):
    x, target, out = e.of(step.inputs[0]), e.of(step.inputs[1]), step.output
    if not _matrix_of_floats(x) or target.dtype != np.int64 or out in e.leaving:
        return False
    rows, width = x.shape
    if rows <= _FEW and width <= _WIDE:
        table = e.table(_identity(width, x.dtype))
        ones = e.line("{0}.take({1}, 0, {out})", table, target, out=e.new(x.shape, x.dtype))
        return e.set(out, e.ufunc(np.subtract, [x, ones], e.like(out)))
    flat = x.upright or x
    if not (e.uses.get(step.inputs[0]) == 1 and x.root.kind == "static" and flat.rows):
        flat = e.copied(flat, e.new(flat.shape, flat.dtype))
    places = _places(e, step.inputs[1], target, width, x.upright is not None)
    e.line("{0}[{1}] -= 1", e.reshaped(flat, (rows * width,)), places)
    return e.set(out, flat if x.upright is None else e.turned(flat))


_FEW, _WIDE = 16, 128  # rows and columns up to which a table of ones and zeros is quicker


@lru_cache(64)
def _identity(count, dtype):
    return np.eye(count, dtype=dtype)


# The way back of relu


@lru_cache(8)
def _zero_is_plain(dtype):
    """Whether relu makes 0.0 of -0.0 here: which of two equal numbers NumPy takes is left to the processor."""
    return not any(np.signbit(np.maximum(np.full(n, -0.0, dtype), np.asarray(0, dtype))).any() for n in (1, 7, 67))


@emits("where")
def _where(e, step):
    """where(y <= 0, 0, g) with y from relu, never below 0: the bits of g times 1 or 0, whatever g is."""
    condition, zero, g = step.inputs
    maker = e.makers.get(condition) if isinstance(condition, Value) else None
    if maker is None or maker.op.name != "le" or maker.inputs[1] != 0 or zero != 0 or not isinstance(g, Value):
        return False
    y = maker.inputs[0]
    source, out = e.makers.get(y), step.output
    if source is None or source.op.name != "relu" or g.shape != y.shape or y.dtype is not g.dtype or not y.shape:
        return False
    y, g, unsigned = e.of(y), e.of(g), {4: np.uint32, 8: np.uint64}.get(y.dtype.numpy.itemsize)
    order = y.order or g.order
    if order:
        y, g = e.in_order(y, order), e.in_order(g, order)
    if unsigned is None or not (y.rows and g.rows and _zero_is_plain(y.dtype)):
        return False
    name = e.program.constant(unsigned, unsigned.__name__)

    def bits(buffer):
        return e.view(buffer, f"{{}}.view({name})", lambda a: a.view(unsigned), buffer.shape)

    def as_bits(buffer):
        made = bits(buffer)
        made.dtype = np.dtype(unsigned)
        return made

    made = e.new(y.shape, g.dtype, out)
    if made.kind != "static" or (order and made.pinned):
        return False
    mask = e.ufunc(np.minimum, [as_bits(y), e.number(1, unsigned)], e.new(y.shape, unsigned))
    e.ufunc(np.multiply, [as_bits(g), mask], as_bits(made))
    return e.set(out, made if not order else e.turned(made) if order == (1, 0) else e.ordered(made, order))


# Numbers


@emits(*(name for name in INFIX if name.startswith("number.")))
def _number(e, step):
    a, b = (e.scalars[x] if isinstance(x, Value) else repr(x) for x in step.inputs)
    return _put_number(e, step, f"{a} {INFIX[step.op.name]} {b}")


@emits("tensor.float", "tensor.int", "tensor.bool")
def _from_tensor(e, step):
    kind = step.op.name.partition(".")[2]
    return _put_number(e, step, f"{kind}({{0}}.item())", e.of(step.inputs[0]))


def _put_number(e, step, text, *operands):
    name = e.scalars[step.output] = f"n{len(e.scalars)}"
    e.line(f"{name} = {text}", *operands)
    return None


@emits("tensor.tolist")
def _tolist(e, step):
    return _put_number(e, step, "{0}.tolist()", e.of(step.inputs[0]))


@emits("tensor.full")
def _full(e, step):
    out = step.output
    value, dtype = step.inputs[0], as_dtype(step.attributes["dtype"]).numpy if step.attributes.get("dtype") else None
    if out.shape is None or dtype is None or isinstance(value, Value) or out in e.leaving:
        return False
    return e.set(out, e.line(f"{{out}}.fill({value!r})", out=e.like(out)))
