"""Recurrent layers, each as one op over all steps of all sequences, as cuDNN has them.

Sequences are packed (see nn/utils/rnn.py): all first steps, then all second steps, and so on; `sizes` says how many
sequences are still running at each step, so it never grows. What depends on the input alone (gi = x W_ih^T + b_ih) was
computed before, for all steps at once. Going back, everything that needs no order is recomputed for all steps at once
as well, and the loop over steps is left with two products. One step alone (`sizes=(N,)`) is the op of a cell.

Shapes: gi (rows, gates * H), h (N, H) the first state, weight (gates * H, H), bias (gates * H,) -> (rows, H)
"""

from itertools import accumulate, pairwise

from ..op import op
from ..shortcuts import column_sums
from ..tensor import Tensor
from .shape import cat

__all__ = ["gru", "lstm", "rnn"]


def _sigmoid(xp, x):
    return 1 / (1 + xp.exp(-x))


def _steps(sizes):
    """(first row, row after the last, how many) of each step."""
    ends = list(accumulate(sizes))
    return [(end - n, end, n) for end, n in zip(ends, sizes, strict=True)]


def _by_step(array, sizes):
    """The rows of each step, as views: of steps that are alike half as dear by walking along an axis as by slices."""
    if sizes[0] == sizes[-1]:
        return list(array.reshape((len(sizes), sizes[0], *array.shape[1:])))
    return [array[start:end] for start, end, _ in _steps(sizes)]


def _before(xp, first, states, sizes):
    """The state that each row came from. Shapes: first (N, H), states (rows, H) -> (rows, H)"""
    if len(sizes) == 1:
        return first
    if sizes[0] == sizes[-1]:
        return cat.on(xp, first, states[: states.shape[0] - sizes[0]], dim=0)
    steps = _steps(sizes)
    parts = [states[start : start + n] for (start, _, _), (_, _, n) in pairwise(steps)]
    return cat.on(xp, first, *parts, dim=0)


def _with_carry(xp, g, carry):
    """g plus what comes back from the next step, where fewer sequences may be running."""
    if carry is None:
        return g
    n = carry.shape[0]
    return g + carry if n == g.shape[0] else cat.on(xp, g[:n] + carry, g[n:], dim=0)


def _back_in_time(xp, g, sizes, factors, weight):
    """The gradient of every state, from all later steps, and that of the first state.

    One step hands back (d * f_1, d * f_2, ...) W for its gradient d, where the f stand side by side in `factors`;
    the last of them, of the width of a state, goes straight back, without W.
    """
    width, carry, flow = g.shape[-1], None, []
    gates = factors.shape[-1] // width - 1
    for start, end, n in reversed(_steps(sizes)):
        d = _with_carry(xp, g[start:end], carry)
        flow.append(d)
        wide = (d[:, None, :] * factors[start:end].reshape((n, gates + 1, width))).reshape((n, (gates + 1) * width))
        carry = xp.dot(wide[:, : gates * width], weight) + wide[:, gates * width :]
    return cat.on(xp, *reversed(flow), dim=0), carry


# Plain


@op(kind="matmul", broadcasts=False)
def rnn(xp, gi, h, weight, bias, /, sizes, relu=False):
    """h' = tanh(gi + h W^T + b), or relu in place of tanh, step after step.

    Source: Elman (1990), "Finding structure in time".
    """
    out, turned = xp.empty_like(gi), weight.T
    for start, end, n in _steps(sizes):
        pre = gi[start:end] + (xp.dot(h[:n], turned) + bias)
        h = out[start:end] = xp.maximum(pre, 0) if relu else xp.tanh(pre)
    return out


def _rnn_back(g, y, h, weight, sizes, relu, xp):
    slope = xp.where(y > 0, 1, 0 * y) if relu else 1 - y * y
    flow, carry = [], None
    for start, end, _ in reversed(_steps(sizes)):
        flow.append(_with_carry(xp, g[start:end], carry) * slope[start:end])
        carry = xp.dot(flow[-1], weight)
    flow = cat.on(xp, *reversed(flow), dim=0)
    return flow, carry, xp.dot(flow.swapaxes(0, 1), _before(xp, h, y, sizes)), column_sums(flow)


rnn.vjp(shared=_rnn_back,
        gi=lambda g, shared: shared[0],
        h=lambda g, shared: shared[1],
        weight=lambda g, shared: shared[2],
        bias=lambda g, shared: shared[3])  # fmt: skip


# GRU


def _soft_gates(gi, y, h, weight, bias, sizes, xp):
    """What the op hands on, worked out again: r and z side by side, (rows, 2 H)."""
    width = 2 * y.shape[-1]
    gh = xp.dot(_before(xp, h, y, sizes), weight.T) + bias
    return _sigmoid(xp, gi[:, :width] + gh[:, :width])


def _proposal(gi, y, h, weight, bias, sizes, xp):
    """n and gh_n, one behind the other, (2 rows, H)."""
    width = y.shape[-1]
    r = _soft_gates(gi, y, h, weight, bias, sizes, xp)[:, :width]
    from_h = xp.dot(_before(xp, h, y, sizes), weight[2 * width :].T) + bias[2 * width :]
    return cat.on(xp, xp.tanh(gi[:, 2 * width :] + r * from_h), from_h, dim=0)


@op(kind="matmul", onnx="GRU", broadcasts=False,
    byproducts={"rz": _soft_gates, "proposal": _proposal})  # fmt: skip
def gru(xp, gi, h, weight, bias, /, sizes):
    """Gates r, z and proposal n, side by side in this order in gi and gh = h W^T + b, step after step.

    r = sigmoid(gi_r + gh_r), z = sigmoid(gi_z + gh_z), n = tanh(gi_n + r gh_n), h' = (1 - z) n + z h
    Source: Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder", with PyTorch's place of r.
    """
    rows, width, turned, one = len(gi), h.shape[-1], weight.T.copy(), xp.ones((), gi.dtype)
    both, n, add, multiply, exp, tanh = 2 * width, None, xp.add, xp.multiply, xp.exp, xp.tanh
    out, soft, proposal = (xp.empty(shape, gi.dtype) for shape in ((rows, width), (rows, both), (2 * rows, width)))
    turned[:, :both] *= -1  # sigmoid takes -x: turned round once here, not at each step
    given, last, biases = -(gi[:, :both] + bias[:both]), gi[:, both:], bias[both:] + xp.zeros_like(h)
    steps = [_by_step(array, sizes) for array in (
        given, last, soft, soft[:, :width], soft[:, width:], proposal[:rows], proposal[rows:], out
    )]  # fmt: skip
    for size, to_rz, to_n, rz, r, z, new, from_h, to_h in zip(sizes, *steps, strict=True):
        if size != n:
            n, h, gh, bias = size, h[:size], xp.empty((size, 3 * width), gi.dtype), biases[:size]
            gh_rz, gh_n = gh[:, :both], gh[:, both:]
        h.dot(turned, gh)  # and all else in place, too: half of a small step is making arrays
        add(to_rz, gh_rz, rz)
        exp(rz, rz)
        add(rz, one, rz)
        xp.reciprocal(rz, rz)
        add(gh_n, bias, from_h)
        multiply(from_h, r, new)
        add(new, to_n, new)
        tanh(new, new)
        xp.subtract(h, new, to_h)
        multiply(to_h, z, to_h)
        add(to_h, new, to_h)
        h = to_h
    return out, soft, proposal


def _gru_back(g, rz, proposal, y, h, weight, sizes, xp):
    if not isinstance(g, Tensor):
        return _gru_back_in_place(g, rz, proposal, y, h, weight, sizes, xp)
    rows, width = y.shape
    before = _before(xp, h, y, sizes)
    r, z, n, q = rz[:, :width], rz[:, width:], proposal[:rows], proposal[rows:]
    to_n = (1 - z) * (1 - n * n)
    to_r, to_z = to_n * q * r * (1 - r), (before - n) * z * (1 - z)
    flow, first = _back_in_time(xp, g, sizes, cat.on(xp, to_r, to_z, to_n * r, z, dim=1), weight)
    to_rz = cat.on(xp, flow * to_r, flow * to_z, dim=1)
    d_n = flow * to_n
    d_gh = cat.on(xp, to_rz, d_n * r, dim=1)
    return cat.on(xp, to_rz, d_n, dim=1), first, xp.dot(d_gh.swapaxes(0, 1), before), column_sums(d_gh)


def _gru_back_in_place(g, rz, proposal, y, h, weight, sizes, xp):
    """The same for bare arrays, with few calls for each step: they write to memory that is there."""
    rows, width = y.shape
    r, z, new, from_h = rz[:, :width], rz[:, width:], proposal[:rows], proposal[rows:]
    before, one, add, multiply = _before(xp, h, y, sizes), xp.ones((), g.dtype), xp.add, xp.multiply
    factors = xp.empty((rows, 4, width), g.dtype)
    to_r, to_z, to_nr, factors[:, 3] = factors[:, 0], factors[:, 1], factors[:, 2], z
    not_z, to_n = one - z, new * new
    multiply(xp.subtract(one, to_n, to_n), not_z, to_n)
    multiply(to_n, r, to_nr)
    multiply(multiply(to_nr, from_h, to_r), one - r, to_r)
    multiply(xp.subtract(before, new, to_z), z, to_z)
    multiply(to_z, not_z, to_z)
    flow, carries = xp.empty((rows, 1, width), g.dtype), xp.empty((sizes[0], 1, width), g.dtype)
    wides, n, carry = xp.empty((sizes[0], 4, width), g.dtype), 0, None
    steps = [_by_step(array, sizes) for array in (g.reshape((rows, 1, width)), flow, factors)]
    for size, given, d, factor in reversed(list(zip(sizes, *steps, strict=True))):
        if size == n and carry is not None:
            add(given, carry, d)
        else:  # from here on back more sequences are running
            d[...] = given
            d[:n] += carries[:n]
            n, carry, wide = size, carries[:size], wides[:size]
            flat, back = wide.reshape((n, 4 * width)), carry.reshape((n, width))
            through, straight = flat[:, : 3 * width], flat[:, 3 * width :]
        multiply(d, factor, wide)
        through.dot(weight, back)
        add(back, straight, back)
    d_gh = (flow * factors[:, :3]).reshape((rows, 3 * width))
    d_gi = d_gh.copy()
    multiply(flow[:, 0], to_n, d_gi[:, 2 * width :])
    return d_gi, carries[:, 0], xp.dot(d_gh.swapaxes(0, 1), before), column_sums(d_gh)


gru.vjp(shared=_gru_back,
        gi=lambda g, shared: shared[0],
        h=lambda g, shared: shared[1],
        weight=lambda g, shared: shared[2],
        bias=lambda g, shared: shared[3])  # fmt: skip


# LSTM


@op(kind="matmul", onnx="LSTM", broadcasts=False)
def lstm(xp, gi, h, c, weight, bias, /, sizes):
    """Gates i, f, proposal g and gate o, side by side in this order in gi + h W^T + b, step after step.

    c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'). Shapes: -> (2, rows, H), h' on top of c'
    Source: Hochreiter & Schmidhuber (1997), "Long short-term memory"; Gers et al. (2000) for the gate f.
    """
    width, turned = h.shape[-1], weight.T
    out = xp.empty((2, len(gi), width), gi.dtype)
    for start, end, n in _steps(sizes):
        gates = gi[start:end] + (xp.dot(h[:n], turned) + bias)
        soft = _sigmoid(xp, gates)
        new = xp.tanh(gates[:, 2 * width : 3 * width])
        c = out[1, start:end] = soft[:, width : 2 * width] * c[:n] + soft[:, :width] * new
        h = out[0, start:end] = soft[:, 3 * width :] * xp.tanh(c)
    return out


def _lstm_back(g, gi, y, h, c, weight, bias, sizes, xp):
    width = h.shape[-1]
    states, cells = y[0], y[1]
    before, cell = _before(xp, h, states, sizes), _before(xp, c, cells, sizes)
    gates = gi + (xp.dot(before, weight.T) + bias)
    soft, n, top = _sigmoid(xp, gates), xp.tanh(gates[:, 2 * width : 3 * width]), xp.tanh(cells)
    i, f, o = soft[:, :width], soft[:, width : 2 * width], soft[:, 3 * width :]
    to_gates = cat.on(xp, n * i * (1 - i), cell * f * (1 - f), i * (1 - n * n), top * o * (1 - o), dim=1)
    to_cell = o * (1 - top * top)
    flow, from_h, from_c = [], None, None
    for start, end, _ in reversed(_steps(sizes)):
        d_h = _with_carry(xp, g[0, start:end], from_h)
        d_c = _with_carry(xp, g[1, start:end], from_c) + d_h * to_cell[start:end]
        flow.append(cat.on(xp, d_c, d_c, d_c, d_h, dim=1) * to_gates[start:end])
        from_h, from_c = xp.dot(flow[-1], weight), d_c * f[start:end]
    flow = cat.on(xp, *reversed(flow), dim=0)
    return flow, from_h, from_c, xp.dot(flow.swapaxes(0, 1), before), column_sums(flow)


lstm.vjp(shared=_lstm_back,
         gi=lambda g, shared: shared[0],
         h=lambda g, shared: shared[1],
         c=lambda g, shared: shared[2],
         weight=lambda g, shared: shared[3],
         bias=lambda g, shared: shared[4])  # fmt: skip
