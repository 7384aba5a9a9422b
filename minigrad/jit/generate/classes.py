"""Better ways for softmax and the loss of classifiers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .emit import emits
from .program import Buffer


def _largest(e, x):
    """The largest element of each row, (rows, 1). Of many short rows, turned round first; one row is asked where."""
    rows, width = x.shape
    made = e.new((rows, 1), x.dtype)
    if rows == 1:
        return e.line("{out}.fill({0}.item({0}.argmax()))", x, out=made)
    name = e.program.constant(np.maximum.reduce, "maximum_reduce")
    if width <= rows:
        other = x.upright or e.copied(e.turned(x), e.new((width, rows), x.dtype))
        e.line(f"{name}({{0}}, 0, None, {{1}})", other, e.reshaped(made, (rows,)), out=None)
        return made
    return e.line(f"{name}({{0}}, 1, None, {{out}}, True)", x, out=made)


def _softened(e, x):
    """(x less the largest of each row, and its exp)."""
    shifted = e.ufunc(np.subtract, [x, _largest(e, x)], e.new(x.shape, x.dtype))
    return shifted, e.ufunc(np.exp, [shifted], e.new(x.shape, x.dtype))


def _summed(e, grown):
    """The sum of each row, a line: a product with ones."""
    ones = e.table(np.ones(grown.shape[1], grown.dtype))
    pair = (grown, ones) if grown.upright is None else (ones, grown.upright)
    return e.product(*pair, e.new((grown.shape[0],), grown.dtype))


def _shares(e, grown, out):
    """(each number's share of its row, and the sum of each row, a line).

    Of few short rows each sum is made as often as it is asked for: dividing row by row takes longer than that.
    """
    rows, width = grown.shape
    upright = grown.upright
    if not (1 < rows <= _SHORT * _SHORT and 1 < width <= _SHORT):
        whole = _summed(e, grown)
        return e.ufunc(np.true_divide, [grown, e.reshaped(whole, (rows, 1))], out), whole
    ones = e.table(np.ones((width, width), grown.dtype))
    pair = (grown, ones) if upright is None else (ones, upright)
    sums = e.product(*pair, e.new(pair[0].shape if upright is None else upright.shape, grown.dtype))
    if upright is None:
        whole = e.view(sums, "{}[:, 0]", lambda a: a[:, 0], (rows,), rows=False)
    else:
        whole = e.view(sums, "{}[0]", lambda a: a[0], (rows,))
        sums = e.turned(sums)
    return e.ufunc(np.true_divide, [grown, sums], out), whole


_SHORT = 16  # columns of rows so short


def _matrix_of_floats(x):
    return len(x.shape) == 2 and x.dtype.kind == "f" and x.dtype.itemsize >= 4 and 0 not in x.shape


@emits("softmax")
def _softmax(e, step):
    x, out = e.of(step.inputs[0]), step.output
    if not _matrix_of_floats(x) or step.attributes["dim"] % 2 != 1:
        return False
    return e.set(out, _shares(e, _softened(e, x)[1], e.like(out))[0])


@emits("log_softmax")
def _log_softmax(e, step):
    x, out = e.of(step.inputs[0]), step.output
    if not _matrix_of_floats(x) or step.attributes["dim"] % 2 != 1:
        return False
    shifted, grown = _softened(e, x)
    whole = e.ufunc(np.log, [_summed(e, grown)], e.new((x.shape[0],), x.dtype))
    return e.set(out, e.ufunc(np.subtract, [shifted, e.reshaped(whole, (x.shape[0], 1))], e.like(out)))


@emits("cross_entropy")
def _cross_entropy(e, step):
    x, target = map(e.of, step.inputs)
    reduction = step.attributes.get("reduction", "mean")
    if not _matrix_of_floats(x) or target.dtype != np.int64 or reduction == "none":
        return False
    count, width = x.shape
    shifted, grown = _softened(e, x)
    places = _places(e, step.inputs[1], target, width, shifted.upright is not None)
    picked = _picked(e, shifted.upright or shifted, places, e.new((count,), x.dtype))
    if len(step.outputs) > 1:
        shares, whole = _shares(e, grown, e.new(x.shape, x.dtype, step.outputs[1]))
        e.set(step.outputs[1], shares)
    else:
        whole = _summed(e, grown)
    losses = e.ufunc(np.subtract, [e.ufunc(np.log, [whole], e.new((count,), x.dtype)), picked],
                     e.new((count,), x.dtype))  # fmt: skip
    share = 1.0 if reduction == "sum" else 1 / count
    return e.set(step.output, _weighed(e, losses, e.table(np.full(count, share, x.dtype))))


def _weighed(e, losses, weights):
    """The sum of the losses, each with its weight, as an array without axes."""
    out = Buffer("fresh", (), losses.dtype)
    if losses.shape == (1,):
        return e.line("{out} = {0}.copy()", e.reshaped(losses, ()), out=out)
    asarray = e.program.constant(np.asarray, "asarray")
    return e.line(f"{{out}} = {asarray}({{0}}.dot({{1}}))", losses, weights, out=out)


def _places(e, value, target, width, turned=False):
    """Where each row's right class lies, all rows (or, turned, all classes) one behind the other; of one row, a number.

    A run with a class that is not there is left to the function: it may be one to be ignored, or an error.
    """
    key, count = ("places", value, width, turned), target.shape[0]
    if count == 1:
        if key not in e.scalars:
            name = e.new_number(key)
            e.line(f"if not 0 <= ({name} := {{0}}.item()) < {width}: return MISS", target, guard=True)
        return e.scalars[key]
    if key not in e.buffers:
        unsigned = e.view(target, "{}.view(uint64)", lambda a: a.view(np.uint64), target.shape)
        e.program.constant(np.uint64, "uint64")
        e.line(f"if {{0}}.item({{0}}.argmax()) >= {width}: return MISS", unsigned, guard=True)
        starts = e.table(np.arange(count) * (1 if turned else width))
        if turned:
            target = e.ufunc(np.multiply, [target, e.number(count, np.int64)], e.new((count,), np.int64))
        e.buffers[key] = e.ufunc(np.add, [starts, target], e.new((count,), np.int64))
        e.buffers[key].root.pinned = True
    return e.buffers[key]


def _picked(e, flat, places, out):
    """The numbers at the places, which are known to be there: so NumPy need not prepare for an error."""
    if isinstance(places, str):
        return e.line(f"{{out}}.fill({{0}}.item({places}))", flat, out=out)
    return e.line("{0}.take({1}, None, {out}, 'clip')", flat, places, out=out)


@emits("less_one_hot")
def _less_one_hot(e, step):
    x, target, out = e.of(step.inputs[0]), e.of(step.inputs[1]), step.output
    if not _matrix_of_floats(x) or target.dtype != np.int64 or out in e.leaving:
        return False
    rows, width = x.shape
    flat, turned = x.upright or x, x.upright is not None
    places = _places(e, step.inputs[1], target, width, turned)
    if 1 < rows <= _FEW and width <= _WIDE:
        table = e.table(_identity(width, x.dtype))
        ones = e.new(flat.shape, x.dtype)
        e.line(f"{{0}}.take({{1}}, {int(turned)}, {{out}}, 'clip')", table, target, out=ones)
        made = e.ufunc(np.subtract, [flat, ones], e.new(flat.shape, x.dtype, out))
        return e.set(out, e.turned(made) if turned else made)
    if not (_only_for(e, step.inputs[0]) and x.root.kind == "static" and flat.rows):
        flat = e.copied(flat, e.new(flat.shape, flat.dtype))
    line = e.reshaped(flat, (rows * width,))
    if isinstance(places, str):
        e.line(f"{{0}}[{places}] -= 1", line)
    else:
        e.line("{0}[{1}] -= 1", line, places)
    return e.set(out, e.turned(flat) if turned else flat)


def _only_for(e, value):
    """Whether a softmax is asked for once, in memory that no other value looks at."""
    maker = e.makers.get(value)
    softmax = maker is not None and maker.op.name in ("softmax", "cross_entropy")
    return softmax and e.uses.get(value) == 1 and value not in e.pinned


_FEW, _WIDE = 64, 128  # rows and columns up to which a table of ones and zeros is quicker


@lru_cache(64)
def _identity(count, dtype):
    return np.eye(count, dtype=dtype)
