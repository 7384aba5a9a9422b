"""Convolution and pooling with the batch as the last axis in memory.

Whatever slides over an image then works on long runs of numbers that lie side by side: all windows at one place of the
kernel, for all images. Elementwise ops keep the order of axes that they find, so a chain of layers is turned twice, at
its two ends. The windows that the way forward has laid out as columns serve the way back, too.
"""

from __future__ import annotations

import itertools
from math import prod

import numpy as np

from ...ops.windows import out_sizes
from .emit import emits


def _order(axes):
    """The order in which (C, *sizes, N) in memory is seen as (N, C, *sizes)."""
    return (axes - 1, *range(axes - 1))


def _fits(e, step, groups=True):
    x = e.of(step.inputs[0])
    alike = all(e.of(v).dtype == x.dtype for v in step.inputs)
    lengths = x.shape[0] > 1 and 0 not in x.shape
    return lengths and alike and x.dtype.itemsize >= 4 and (not groups or step.attributes["groups"] == 1)


def _laid(e, value):
    """The buffer of a value with the batch last, in row order."""
    key = "laid", value
    if key not in e.buffers:
        buffer = e.of(value)
        e.buffers[key] = e.in_order(buffer, _order(len(buffer.shape)))
    return e.buffers[key]


def _columns(e, value, kernel, stride, padding, dilation):
    """All windows of x, laid out as (C * kernel, windows * N), and how many there are along each axis."""
    key = "columns", value, kernel, stride, padding, dilation
    if key not in e.buffers:
        x = _laid(e, value)
        counts = out_sizes(x.shape[1:-1], kernel, stride, padding, dilation)
        full = _padded(e, x, padding)
        shape = (x.shape[0], *kernel, *counts, x.shape[-1])
        seen = e.view(full, "{}", lambda a: _windows(a, kernel, stride, dilation, counts), shape, rows=False)
        copy = e.copied(seen, e.new(shape, x.dtype))
        e.buffers[key] = e.reshaped(copy, (x.shape[0] * prod(kernel), prod(counts) * x.shape[-1])), counts
    return e.buffers[key]


def _windows(a, kernel, stride, dilation, counts):
    steps = a.strides[1:-1]
    within = [step * d for step, d in zip(steps, dilation, strict=True)]
    between = [step * s for step, s in zip(steps, stride, strict=True)]
    return np.lib.stride_tricks.as_strided(a, (a.shape[0], *kernel, *counts, a.shape[-1]),
                                           (a.strides[0], *within, *between, a.strides[-1]))  # fmt: skip


def _padded(e, x, padding):
    """x in the middle of zeros, which were written once and for all."""
    if not any(before or after for before, after in padding):
        return x
    sizes = [n + b + a for n, (b, a) in zip(x.shape[1:-1], padding, strict=True)]
    frame = e.table(np.zeros((x.shape[0], *sizes, x.shape[-1]), x.dtype))
    inner = _middle(e, frame, padding, x.shape)
    e.line(f"{e.program.constant(np.copyto, 'copyto')}({{0}}, {{1}})", inner, x)
    return frame


def _middle(e, frame, padding, shape):
    index = (slice(None), *(slice(b, b + n) for (b, _), n in zip(padding, shape[1:-1], strict=True)))
    return e.view(frame, "{}", lambda a: a[index], shape, rows=False)


@emits("convolution")
def _convolution(e, step):
    attributes = {key: step.attributes[key] for key in ("stride", "padding", "dilation")}
    if not _fits(e, step) or step.output in e.leaving:
        return False
    weight = e.of(step.inputs[1])
    columns, counts = _columns(e, step.inputs[0], weight.shape[2:], **attributes)
    matrix = e.reshaped(weight, (weight.shape[0], prod(weight.shape[1:])))
    made = e.product(matrix, columns, e.new((weight.shape[0], columns.shape[1]), weight.dtype))
    batch = e.of(step.inputs[0]).shape[0]
    return e.set(step.output, e.ordered(e.reshaped(made, (weight.shape[0], *counts, batch)), _order(len(weight.shape))))


@emits("convolution_weight")
def _convolution_weight(e, step):
    seen, attributes = e.of(step.inputs[0]), step.attributes
    if not _fits(e, step) or step.output in e.leaving:
        return False
    columns, _ = _columns(e, step.inputs[1], attributes["kernel"], attributes["stride"], attributes["padding"],
                          attributes["dilation"])  # fmt: skip
    seen = _laid(e, step.inputs[0])
    rows = e.reshaped(seen, (seen.shape[0], prod(seen.shape[1:])))
    made = e.product(rows, e.turned(columns), e.new((rows.shape[0], columns.shape[0]), rows.dtype))
    return e.set(step.output, e.reshaped(made, step.output.shape))


@emits("convolution_input")
def _convolution_input(e, step):
    attributes = step.attributes
    if not _fits(e, step) or step.output in e.leaving:
        return False
    seen, weight = _laid(e, step.inputs[0]), e.of(step.inputs[1])
    rows = e.reshaped(seen, (seen.shape[0], prod(seen.shape[1:])))
    matrix = e.reshaped(weight, (weight.shape[0], prod(weight.shape[1:])))
    columns = e.product(e.turned(matrix), rows, e.new((matrix.shape[1], rows.shape[1]), rows.dtype))
    channels, kernel = weight.shape[1], weight.shape[2:]
    columns = e.reshaped(columns, (channels, *kernel, *seen.shape[1:]))
    made = _added_up(e, columns, attributes, kernel, seen.shape)
    return e.set(step.output, e.ordered(made, _order(len(weight.shape))))


def _added_up(e, columns, attributes, kernel, seen):
    """The columns back where their windows were, added where those overlap: (C, *sizes, N)."""
    sizes, padding = attributes["sizes"], attributes["padding"]
    full = [n + b + a for n, (b, a) in zip(sizes, padding, strict=True)]
    shape = (columns.shape[0], *sizes, seen[-1])
    frame = e.new((columns.shape[0], *full, seen[-1]), columns.dtype)
    e.line("{out}.fill(0)", out=frame)
    add = e.program.constant(np.add, "add")
    for place, index in _places(kernel, attributes["stride"], attributes["dilation"], seen[1:-1]):
        target = e.view(frame, "{}", _picked(index), (columns.shape[0], *seen[1:]), rows=False)
        source = e.view(columns, "{}", _picked((slice(None), *place)), target.shape, rows=False)
        e.line(f"{add}({{0}}, {{1}}, {{0}})", target, source)
    if tuple(full) == tuple(sizes):
        return frame
    return e.copied(_middle(e, frame, padding, shape), e.new(shape, columns.dtype))


def _picked(index):
    return lambda a: a[index]


def _places(kernel, stride, dilation, counts):
    """(place in the kernel, index of what all windows have there), in row order."""
    for place in itertools.product(*map(range, kernel)):
        yield place, (slice(None), *(slice(p * d, p * d + s * (n - 1) + 1, s)
                                     for p, d, s, n in zip(place, dilation, stride, counts, strict=True)))  # fmt: skip


# Pooling


def _plain_pool(attributes):
    return not any(b or a for b, a in attributes["padding"])


@emits("max_pool")
def _max_pool(e, step):
    attributes = step.attributes
    if not _fits(e, step, groups=False) or not _plain_pool(attributes) or step.output in e.leaving:
        return False
    x = _laid(e, step.inputs[0])
    counts = step.output.shape[2:]
    shape = (x.shape[0], *counts, x.shape[-1])
    parts = [e.view(x, "{}", _picked(index), shape, rows=False)
             for _, index in _places(attributes["kernel"], attributes["stride"], attributes["dilation"], counts)]
    if len(parts) == 1:
        made = e.copied(parts[0], e.new(shape, x.dtype))
    else:
        made = e.ufunc(np.maximum, parts[:2], e.new(shape, x.dtype))
        for part in parts[2:]:
            made = e.ufunc(np.maximum, [made, part], e.new(shape, x.dtype))
    return e.set(step.output, e.ordered(made, _order(len(step.output.shape))))


@emits("put_along_dim")
def _max_unpool(e, step):
    """The way back of max_pool, whose rule puts each gradient where the largest of its window stands.

    Only where windows lie side by side, so that each place of the kernel can be dealt with by itself. Nan equals
    nothing: a run with one in it is left to the formulas.
    """
    found = _pool_behind(e, step)
    if found is None:
        return False
    x, y, g, attributes, last = found
    x, y, g = _laid(e, x), _laid(e, y), _laid(e, g)
    asum = e.table(np.ones(prod(y.shape), y.dtype))
    finite = e.program.constant(np.isfinite, "isfinite")
    e.line(f"if not {finite}({{0}}.dot({{1}})): return MISS", e.reshaped(y, (prod(y.shape),)), asum, guard=True)
    made = e.new(x.shape, x.dtype)
    if any(n * k != m for n, k, m in zip(y.shape[1:-1], attributes["kernel"], x.shape[1:-1], strict=True)):
        e.line("{out}.fill(0)", out=made)
    free = None
    for _, index in _places(attributes["kernel"], attributes["stride"], attributes["dilation"], y.shape[1:-1]):
        part = e.view(x, "{}", _picked(index), y.shape, rows=False)
        here = e.ufunc(np.equal, [part, y], e.new(y.shape, bool))
        if free is not None:
            here = e.ufunc(np.greater, [here, free], e.new(y.shape, bool))  # equal, and none before was
        free = here if free is None else e.ufunc(np.logical_or, [free, here], e.new(y.shape, bool))
        target = e.view(made, "{}", _picked(index), y.shape, rows=False)
        e.line(f"{e.program.constant(np.multiply, 'multiply')}({{0}}, {{1}}, {{2}})", g, here, target)
    return e.set(last.output, e.ordered(made, _order(len(last.output.shape))))


def _pool_behind(e, step):
    """(x, y, gradient, attributes of the pooling, the step that brings the planes back in shape), if this is one."""
    g, index = step.inputs
    makers = [e.makers.get(v) for v in (g, index)]
    users = e.users.get(step.output, [])
    if any(m is None or m.op.name != "reshape" for m in makers) or [u.op.name for u in users] != ["reshape"]:
        return None
    pool = e.makers.get(makers[1].inputs[0])
    if pool is None or pool.op.name != "max_index" or not _plain_pool(pool.attributes):
        return None
    x, y = pool.inputs
    attributes, last = pool.attributes, users[0]
    apart = attributes["kernel"] == attributes["stride"] and set(attributes["dilation"]) == {1}
    shapes = last.output.shape == x.shape and makers[0].inputs[0].shape == y.shape
    if not apart or not shapes or not _fits(e, pool, groups=False) or last.output in e.leaving | e.pinned:
        return None
    return x, y, makers[0].inputs[0], attributes, last
