"""Reading recurrent layers of kinds that minigrad has no record for: step by step, out of products and sums.

A GRU that resets before the product, an LSTM with peepholes, and sequences that end one after the other.
"""

from __future__ import annotations

import numpy as np


def step_by_step(r, kind, x, way, weight, back, bias, lengths, h, c, peephole, width, after, backwards):
    """(all states, last state, last cell of an LSTM), in one direction."""
    steps, n, _ = x.shape
    weight, back = (r.step("permute", r.step("index", w, index=way), dims=(1, 0)) for w in (weight, back))
    ours = theirs = None
    if bias is not None:
        both, half = r.step("index", bias, index=way), weight_rows(kind) * width
        ours, theirs = (r.step("index", both, index=slice(i * half, (i + 1) * half)) for i in (0, 1))
    zero = r.constant(np.zeros((n, width), x.dtype))
    state = [zero if s is None else r.step("index", s, index=way) for s in ((h, c) if kind == "LSTM" else (h,))]
    peeps = (
        None
        if peephole is None
        else [r.step("index", peephole, index=(way, slice(i * width, (i + 1) * width))) for i in range(3)]
    )  # i, o, f
    made, kept = [], state
    for turn in reversed(range(steps)) if backwards else range(steps):
        mine = plus(r, r.step("matmul", r.step("index", x, index=turn), weight), ours)
        new = CELLS[kind](r, mine, back, theirs, kept, width, peeps, after)
        out = new[0]
        if lengths is not None:
            on = r.step("unsqueeze", r.step("gt", lengths, turn), dim=1)
            new = [r.step("where", on, a, b) for a, b in zip(new, kept, strict=True)]
            out = r.step("where", on, out, 0)
        made.append(out)
        kept = new
    return r.step("stack", *(reversed(made) if backwards else made), dim=0), *kept


def weight_rows(kind):
    """How many gates there are."""
    return {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]


def plus(r, a, b):
    """A sum, where there is anything to add."""
    return a if b is None else r.step("add", a, b)


def _part(r, x, i, width):
    return r.step("index", x, index=(Ellipsis, slice(i * width, (i + 1) * width)))


def _gru(r, mine, back, theirs, state, width, peeps, after):
    (h,) = state
    z, reset = (r.step("sigmoid", r.step("add", _part(r, mine, i, width), plus(
        r, r.step("matmul", h, _part(r, back, i, width)), None if theirs is None else _part(r, theirs, i, width))))
        for i in (0, 1))  # fmt: skip
    last = None if theirs is None else _part(r, theirs, 2, width)
    if after:
        inner = r.step("mul", reset, plus(r, r.step("matmul", h, _part(r, back, 2, width)), last))
    else:
        inner = plus(r, r.step("matmul", r.step("mul", reset, h), _part(r, back, 2, width)), last)
    new = r.step("tanh", r.step("add", _part(r, mine, 2, width), inner))
    return [r.step("add", new, r.step("mul", z, r.step("sub", h, new)))]


def _lstm(r, mine, back, theirs, state, width, peeps, after):
    h, c = state
    gates = r.step("add", mine, plus(r, r.step("matmul", h, back), theirs))
    i, o, f, g = (_part(r, gates, k, width) for k in range(4))

    def seen(gate, cell, k):
        return r.step("sigmoid", gate if peeps is None else r.step("add", gate, r.step("mul", cell, peeps[k])))

    new = r.step("add", r.step("mul", seen(f, c, 2), c), r.step("mul", seen(i, c, 0), r.step("tanh", g)))
    return [r.step("mul", seen(o, new, 1), r.step("tanh", new)), new]


def _rnn(r, mine, back, theirs, state, width, peeps, after):
    (h,) = state
    return [r.step("tanh", r.step("add", mine, plus(r, r.step("matmul", h, back), theirs)))]


CELLS = {"GRU": _gru, "LSTM": _lstm, "RNN": _rnn}
