"""Better ways for the records that matter: products, sums, the way back of relu, numbers."""

from __future__ import annotations

import numpy as np

from ...axes import as_axis
from ...dtype import as_dtype
from ...shortcuts import zero_is_plain
from ..graph import Value
from ..parts import turns
from ..text import INFIX
from .emit import emits


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
_LARGE = 1 << 23  # and multiplications of one with rows so long that BLAS likes it better on its side


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
        made = e.turned(e.product(weight, e.turned(flat), e.new(shape[::-1], x.dtype)))
    else:
        made = e.product(flat, e.turned(weight), e.new(shape, x.dtype))
    return e.set(out, e.reshaped(e.ufunc(np.add, [made, bias], e.new(shape, x.dtype, out)), out.shape))


@emits("swapaxes", "permute")
def _turned(e, step):
    x = e.of(step.inputs[0])
    if not turns(step) or step.output.shape != x.shape[::-1] or not (x.rows or x.order):
        return False
    return e.set(step.output, e.turned(x))


# Into zeros


def _plain_places(index):
    """An index of whole numbers and slices alone as a tuple that gives a view; None for another one."""
    items = index if isinstance(index, tuple) else (index,)
    for item in items:
        parts = (item.start, item.stop, item.step) if type(item) is slice else (item,)
        if not all(part is None or part is Ellipsis or type(part) is int for part in parts):
            return None
    return items if any(item is Ellipsis for item in items) else (*items, Ellipsis)


@emits("unindex")
def _unindex(e, step):
    g, index, out = e.of(step.inputs[0]), _plain_places(step.attributes["index"]), step.output
    if index is None or out in e.leaving:
        return False
    made = e.like(out)
    e.line("{out}.fill(0)", out=made)
    e.copied(g, e.view(made, "{}[...]", lambda array: array[index], g.shape, rows=False))
    return e.set(out, made)


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


# The way back of relu


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
    if unsigned is None or not (y.rows and g.rows and zero_is_plain(y.dtype)):
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
    mask = e.ufunc(np.sign, [as_bits(y)], e.new(y.shape, unsigned))
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
    name = e.new_number(step.output)
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
