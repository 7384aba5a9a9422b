"""The steps of a GRU with every view and method made beforehand: in a small step half the time went into making them.

The numbers are those of ops/recurrent.py to rounding: there a gate is 1 / (1 + exp(-x)) and multiplied by, here what it
gates is divided by 1 + exp(-x), which saves a call in each step; the gates for backward are made at the end, together.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from .emit import emits
from .program import Buffer

_add, _exp, _tanh, _multiply, _subtract = np.add, np.exp, np.tanh, np.multiply, np.subtract
_reciprocal, _negative, _divide, _copyto = np.reciprocal, np.negative, np.true_divide, np.copyto


_NARROW = 64  # states of one sequence up to which a larger product takes less time than one more addition


def _rows(sizes):
    """(first row, row after the last, how many) of each step."""
    ends = list(accumulate(sizes))
    return [(end - n, end, n) for end, n in zip(ends, sizes, strict=True)]


def _line(array):
    """One row as a line: NumPy takes a shorter way for what has one axis."""
    return array[0] if array.ndim == 2 and len(array) == 1 else array


def prepare_gru(gi, h, weight, bias, out, soft, proposal, sizes):
    """A function that runs a GRU over these arrays, which stay where they are. Shapes: as for the op."""
    if max(sizes) == 1:
        return _prepare_one_gru(gi, h, weight, bias, out, soft, proposal)
    rows, width = out.shape
    both = 2 * width
    turned, given = np.empty((width, 3 * width), gi.dtype), np.empty((rows, both), gi.dtype)
    gh, biases = np.empty((sizes[0], 3 * width), gi.dtype), np.empty((sizes[0], width), gi.dtype)
    one, gates, steps = np.ones((), gi.dtype), turned[:, :both], []
    gi_rz, gi_n, bias_rz, bias_n, weight_t = gi[:, :both], gi[:, both:], bias[:both], bias[both:], weight.T
    for start, end, n in _rows(sizes):
        h, part, new = h[:n], slice(start, end), proposal[start:end]
        from_h, to_h = proposal[rows + start : rows + end], out[part]
        steps.append((h.dot, gh[:n], *map(_line, (
            given[part], gh[:n, :both], soft[part], gh[:n, both:], biases[:n], from_h, soft[part, :width], new,
            gi_n[part], h, to_h, soft[part, width:],
        ))))  # fmt: skip
        h = to_h

    def run():
        _copyto(turned, weight_t)
        _negative(gates, gates)  # sigmoid takes -x: turned round once here, not at each step
        _negative(_add(gi_rz, bias_rz, given), given)
        _copyto(biases, bias_n)
        for dot, all_gh, to_rz, gh_rz, rz, gh_n, b, from_h, r, new, to_n, h, to_h, z in steps:
            dot(turned, all_gh)
            _add(to_rz, gh_rz, rz)
            _exp(rz, rz)
            _add(rz, one, rz)
            _add(gh_n, b, from_h)
            _divide(from_h, r, new)
            _add(new, to_n, new)
            _tanh(new, new)
            _subtract(h, new, to_h)
            _divide(to_h, z, to_h)
            _add(to_h, new, to_h)
        _reciprocal(soft, soft)

    return run


def _prepare_one_gru(gi, h, weight, bias, out, soft, proposal):
    """The same for one sequence: what is added to the product of the state is one line for gates and proposal."""
    rows, width = out.shape
    both = 2 * width
    turned, given, every = (np.empty((n, 3 * width), gi.dtype) for n in (width, rows, rows))
    gates, gh, one, weight_t = turned[:, :both], np.empty((1, 3 * width), gi.dtype), np.ones((), gi.dtype), weight.T
    to_rz, gi_rz, gi_n, bias_rz = given[:, :both], gi[:, :both], gi[:, both:], bias[:both]
    bias_n, to_from_h, rz, all_from_h = bias[both:], given[:, both:], every[:, :both], every[:, both:]
    line, kept, steps = gh[0], proposal[rows:], []
    for to, here, new, to_n, to_h in zip(given, every, proposal, gi_n, out, strict=False):
        steps.append((h.reshape(1, width).dot, to, here, here[:both], here[both:], here[:width], new, to_n,
                      h.reshape(width), to_h, here[width:both]))  # fmt: skip
        h = to_h

    def run():
        _copyto(turned, weight_t)
        _negative(gates, gates)
        _negative(_add(gi_rz, bias_rz, to_rz), to_rz)
        _copyto(to_from_h, bias_n)
        for dot, to, here, gate, from_h, r, new, to_n, h, to_h, z in steps:
            dot(turned, gh)
            _add(line, to, here)
            _exp(gate, gate)
            _add(gate, one, gate)
            _divide(from_h, r, new)
            _add(new, to_n, new)
            _tanh(new, new)
            _subtract(h, new, to_h)
            _divide(to_h, z, to_h)
            _add(to_h, new, to_h)
        _reciprocal(rz, soft)
        _copyto(kept, all_from_h)

    return run


def prepare_gru_back(g, rz, proposal, y, h, weight, d_gi, d_h, d_weight, d_bias, sizes):
    """A function for the way back: from g, the gradient of all states, to those of gi, h, weight and bias."""
    rows, width = y.shape
    r, z, new, from_h = rz[:, :width], rz[:, width:], proposal[:rows], proposal[rows:]
    before, one = np.empty_like(y), np.ones((), g.dtype)
    factors, flow = np.empty((rows, 4, width), g.dtype), np.empty((rows, 1, width), g.dtype)
    carries, wides = np.empty((sizes[0], 1, width), g.dtype), np.empty((sizes[0], 4, width), g.dtype)
    to_r, to_z, to_nr, straight = (factors[:, i] for i in range(4))
    to_n, not_z, rest = np.empty_like(y), np.empty_like(y), np.empty_like(y)
    d_gh, ones = np.empty((rows, 3 * width), g.dtype), np.ones(rows, g.dtype)
    d_gh_3, d_gi_n, turned, gates = d_gh.reshape(rows, 3, width), d_gi[:, 2 * width :], d_gh.T, factors[:, :3]
    spans = _rows(sizes)
    moves = [(before[start:end], (y[spans[i - 1][0] :] if i else h)[:n]) for i, (start, end, n) in enumerate(spans)]
    joined = max(sizes) == 1 and width <= _NARROW  # then what goes straight on is a part of the product
    matrix = np.eye(4 * width, width, -3 * width, weight.dtype) if joined else weight
    steps, n = [], 0
    for start, end, size in reversed(spans):
        wide, carry = wides[:size], carries[:size]
        flat, back = wide.reshape(size, 4 * width), carry.reshape(size, width)
        steps.append((n if 0 < n < size else None if n == size else 0, g[start:end, None], carries[:n] if n else None,
                      flow[start:end], factors[start:end], wide, (flat if joined else flat[:, : 3 * width]).dot, back,
                      flat[:, 3 * width :], flow[start : start + n]))  # fmt: skip
        n = size
    first, upper = carries[:, 0], matrix[: 3 * width]

    def run():
        for to, of in moves:
            _copyto(to, of)
        if joined:
            _copyto(upper, weight)
        _copyto(straight, z)
        _subtract(one, z, not_z)
        _multiply(new, new, to_n)
        _multiply(_subtract(one, to_n, to_n), not_z, to_n)
        _multiply(to_n, r, to_nr)
        _multiply(_multiply(to_nr, from_h, to_r), _subtract(one, r, rest), to_r)
        _multiply(_subtract(before, new, to_z), z, to_z)
        _multiply(to_z, not_z, to_z)
        for grown, given, carry, d, factor, wide, dot, back, last, some in steps:
            if grown is None:
                _add(given, carry, d)
            else:  # from here on back more sequences are running
                _copyto(d, given)
                if grown:
                    _add(some, carry, some)
            _multiply(d, factor, wide)
            dot(matrix, back)
            if not joined:
                _add(back, last, back)
        _multiply(flow, gates, d_gh_3)
        _copyto(d_gi, d_gh)
        _multiply(flow[:, 0], to_n, d_gi_n)
        _copyto(d_h, first)
        turned.dot(before, d_weight)
        ones.dot(d_gh, d_bias)

    return run


def _all_floats(buffers):
    return all(b.dtype == buffers[0].dtype and b.dtype.kind == "f" and b.dtype.itemsize >= 4 for b in buffers)


@emits("gru")
def _gru(e, step):
    operands = [e.in_rows(e.of(x)) for x in step.inputs]
    if len(step.outputs) != 3 or not _all_floats(operands) or 0 in operands[0].shape or step.output in e.leaving:
        return False
    rows, width = step.output.shape
    outs = [e.new(shape, operands[0].dtype) for shape in ((rows, width), (rows, 2 * width), (2 * rows, width))]
    e.prepared(prepare_gru, operands, outs, sizes=tuple(step.attributes["sizes"]))
    for value, buffer in zip(step.outputs, outs, strict=True):
        e.set(value, buffer)
    return None


@emits(*(f"gru.vjp{mask}" for mask in range(1, 16)))
def _gru_back(e, step):
    """All four gradients are made, and those that nobody asks for are left in memory that is used again."""
    operands = [e.in_rows(e.of(x)) for x in step.inputs]
    by_name = dict(zip(step.op.arguments, operands, strict=True))
    needed = [by_name.get(name) for name in ("g", "rz", "proposal", "y", "h", "weight")]
    if None in needed or not _all_floats(operands) or any(v in e.leaving for v in step.outputs):
        return False
    *_, y, h, weight = needed
    width = weight.shape[1]
    shapes = (y.shape[0], 3 * width), h.shape, weight.shape, (3 * width,)
    outs = [Buffer("static", shape, y.dtype) for shape in shapes]
    e.prepared(prepare_gru_back, needed, outs, sizes=tuple(step.attributes["sizes"]))
    for value, i in zip(step.outputs, step.op.outputs, strict=True):
        e.set(value, outs[i])
    return None
