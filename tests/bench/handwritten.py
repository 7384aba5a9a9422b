"""Every workload as a competent person writes it in NumPy, without autograd: float32, forward, backward, update."""

from __future__ import annotations

import numpy as np

from .workloads import BACKWARD

NAME = "numpy"


def read(value):
    """What a step returned, as a list of arrays."""
    return [np.asarray(v) for v in (value if isinstance(value, tuple) else (value,))]


def one_op(d):
    """y = x * w, and both gradients."""
    x, w, g = d.x, d.w, d.g
    return (lambda: (g * w, g * x, x * w)) if d.mode == BACKWARD else (lambda: x * w)


def chain(d):
    """100 ops; only x has a gradient."""
    x, w, b, g, rounds = d.x, d.w, d.b, d.g, d.rounds

    def forward():
        y = x
        for _ in range(rounds):
            y = np.tanh(y * w + b) - w
        return y

    def both():
        y, kept = x, []
        for _ in range(rounds):
            t = np.tanh(y * w + b)
            kept.append(t)
            y = t - w
        back = g
        for t in reversed(kept):
            back = back * (1 - t * t) * w
        return back, y

    return both if d.mode == BACKWARD else forward


def _softmax_loss(scores, y):
    """Mean cross-entropy, and its gradient with respect to the scores."""
    rows = np.arange(len(y))
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    p /= len(y)
    return loss, p


def mlp(d):
    """Linear, ReLU, linear, cross-entropy, SGD."""
    x, y, lr = d.x, d.y, d.lr
    w1, b1, w2, b2 = (p.copy() for p in d.params.values())

    def step():
        h = np.maximum(x @ w1.T + b1, 0)
        loss, g = _softmax_loss(h @ w2.T + b2, y)
        gh = (g @ w2) * (h > 0)
        for p, gradient in ((w2, g.T @ h), (b2, g.sum(axis=0)), (w1, gh.T @ x), (b1, gh.sum(axis=0))):
            p -= lr * gradient
        return loss

    return step


def two_branch(d):
    """A stem, then one linear layer or two, as the mean of the hidden layer says."""
    y, lr, turn = d.y, d.lr, [0]
    p = {name: value.copy() for name, value in d.params.items()}

    def step():
        turn[0] ^= 1
        x = d.xs[turn[0]]
        h = np.maximum(x @ p["stem.weight"].T + p["stem.bias"], 0)
        grads = {}
        if h.mean() > d.limit:
            loss, g = _softmax_loss(h @ p["short.weight"].T + p["short.bias"], y)
            grads["short.weight"], grads["short.bias"], gh = g.T @ h, g.sum(axis=0), g @ p["short.weight"]
        else:
            k = np.maximum(h @ p["long.0.weight"].T + p["long.0.bias"], 0)
            loss, g = _softmax_loss(k @ p["long.2.weight"].T + p["long.2.bias"], y)
            grads["long.2.weight"], grads["long.2.bias"] = g.T @ k, g.sum(axis=0)
            gk = (g @ p["long.2.weight"]) * (k > 0)
            grads["long.0.weight"], grads["long.0.bias"], gh = gk.T @ h, gk.sum(axis=0), gk @ p["long.0.weight"]
        gh = gh * (h > 0)
        grads["stem.weight"], grads["stem.bias"] = gh.T @ x, gh.sum(axis=0)
        for name, gradient in grads.items():
            p[name] -= lr * gradient
        return loss

    return step


# GRU


def pack(xs):
    """Sequences, longest first, as one array of all first frames, all second frames, ...: (array, sizes, order)."""
    order = sorted(range(len(xs)), key=lambda i: -len(xs[i]))
    sizes = [sum(len(x) > t for x in xs) for t in range(len(xs[order[0]]))]
    return np.stack([xs[i][t] for t, n in enumerate(sizes) for i in order[:n]]), sizes, order


def _gru_forward(gates_x, sizes, w_hh, b_hh):
    """Final states (N, H), and what backward needs of each time step. `gates_x` is the input product of all steps."""
    hidden = w_hh.shape[1]
    h, kept, start = np.zeros((sizes[0], hidden), np.float32), [], 0
    for n in sizes:
        before, gx = h[:n], gates_x[start : start + n]
        gh = before @ w_hh.T + b_hh
        rz = 1 / (1 + np.exp(-(gx[:, : 2 * hidden] + gh[:, : 2 * hidden])))
        r, z, from_h = rz[:, :hidden], rz[:, hidden:], gh[:, 2 * hidden :]
        c = np.tanh(gx[:, 2 * hidden :] + r * from_h)
        new = c + z * (before - c)
        h = new if n == len(h) else np.concatenate([new, h[n:]])
        kept.append((start, n, before, r, z, c, from_h))
        start += n
    return h, kept


def _gru_backward(g, kept, w_hh, total):
    """Gradients of the gates, (total, 3H) as the input and as the state sees them, and the states before each step."""
    hidden = w_hh.shape[1]
    g_x, g_h = np.empty((2, total, 3 * hidden), np.float32)
    states = np.empty((total, hidden), np.float32)
    for start, n, before, r, z, c, from_h in reversed(kept):
        part = slice(start, start + n)
        d = g[:n]
        dc = d * (1 - z) * (1 - c * c)
        g_x[part, :hidden] = dc * from_h * r * (1 - r)
        g_x[part, hidden : 2 * hidden] = d * (before - c) * z * (1 - z)
        g_x[part, 2 * hidden :] = dc
        g_h[part, : 2 * hidden] = g_x[part, : 2 * hidden]
        g_h[part, 2 * hidden :] = dc * r
        states[part] = before
        g[:n] = d * z + g_h[part] @ w_hh
    return g_x, g_h, states


def gru(d):
    """A GRU over sequences of unequal length; its last states are classified. Time runs over what is still alive."""
    batches = [(pack(xs), y) for xs, y in d.batches]
    w_ih, w_hh, b_ih, b_hh, w, b = (p.copy() for p in d.params.values())
    turn = [-1]

    def step():
        turn[0] = (turn[0] + 1) % len(batches)
        (x, sizes, order), y = batches[turn[0]]
        h, kept = _gru_forward(x @ w_ih.T + b_ih, sizes, w_hh, b_hh)
        loss, g = _softmax_loss(h @ w.T + b, y[order])
        g_x, g_h, states = _gru_backward(g @ w, kept, w_hh, len(x))
        for p, gradient in (
            (w, g.T @ h), (b, g.sum(axis=0)), (w_ih, g_x.T @ x), (b_ih, g_x.sum(axis=0)),
            (w_hh, g_h.T @ states), (b_hh, g_h.sum(axis=0)),
        ):  # fmt: skip
            p -= d.lr * gradient
        return loss

    return step


# A loop over time


def loop(d):
    """A plain recurrent network as it is written for speed: one product for all inputs, one for each gradient."""
    w_x, b_x, w_h, w, b = (p.copy() for p in d.params.values())
    turns, rows, inputs = d.x.shape
    flat, hidden = d.x.reshape(turns * rows, inputs), w_h.shape[0]

    def step():
        given = (flat @ w_x.T + b_x).reshape(turns, rows, hidden)
        states = np.zeros((turns + 1, rows, hidden), np.float32)
        for t in range(turns):
            np.tanh(given[t] + states[t] @ w_h.T, out=states[t + 1])
        loss, g = _softmax_loss(states[turns] @ w.T + b, d.y)
        d_z, d_h = np.empty_like(given), g @ w
        for t in reversed(range(turns)):
            d_z[t] = d_h * (1 - states[t + 1] * states[t + 1])
            d_h = d_z[t] @ w_h
        d_z, before = d_z.reshape(-1, hidden), states[:turns].reshape(-1, hidden)
        for p, gradient in ((w, g.T @ states[turns]), (b, g.sum(axis=0)), (w_x, d_z.T @ flat), (b_x, d_z.sum(axis=0)),
                            (w_h, d_z.T @ before)):  # fmt: skip
            p -= d.lr * gradient
        return loss

    return step


# LeNet


def _conv(x, w, b):
    """Convolution as one product with the windows laid out as columns: (output, columns)."""
    n, channels, height, width = x.shape
    out, _, k, _ = w.shape
    high, wide = height - k + 1, width - k + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3)).transpose(0, 1, 4, 5, 2, 3)
    columns = windows.reshape(n, channels * k * k, high * wide)
    return (w.reshape(out, -1) @ columns + b[:, None]).reshape(n, out, high, wide), columns


def _conv_grads(g, columns, w):
    g = g.reshape(*g.shape[:2], -1)
    return (g @ columns.swapaxes(1, 2)).sum(axis=0).reshape(w.shape), g.sum(axis=(0, 2))


def _conv_back(g, w, shape):
    """The gradient of the input: the columns' gradients, added where the windows were."""
    n, channels, height, width = shape
    out, _, k, _ = w.shape
    high, wide = height - k + 1, width - k + 1
    columns = (w.reshape(out, -1).T @ g.reshape(n, out, -1)).reshape(n, channels, k, k, high, wide)
    back = np.zeros(shape, np.float32)
    for i in range(k):
        for j in range(k):
            back[:, :, i : i + high, j : j + wide] += columns[:, :, i, j]
    return back


def _corners(x):
    return [x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]


def _pool(x):
    a, b, c, d = _corners(x)
    return np.maximum(np.maximum(a, b), np.maximum(c, d))


def _pool_back(g, x, y):
    """To the largest of each four; to the first of equals."""
    back = np.empty_like(x)
    free = np.ones(y.shape, bool)
    for target, corner in zip(_corners(back), _corners(x), strict=True):
        hit = (corner == y) & free
        target[...] = g * hit
        free &= ~hit
    return back


def lenet(d):
    """Two convolutions with ReLU and max-pooling, three linear layers, cross-entropy, SGD."""
    y, p = d.y, [v.copy() for v in d.params.values()]
    x = np.pad(d.x, ((0, 0), (0, 0), (2, 2), (2, 2)))

    def step():
        k1, c1, k2, c2, w1, b1, w2, b2, w3, b3 = p
        z1, columns1 = _conv(x, k1, c1)
        z1 = np.maximum(z1, 0)
        p1 = _pool(z1)
        z2, columns2 = _conv(p1, k2, c2)
        z2 = np.maximum(z2, 0)
        p2 = _pool(z2)
        flat = p2.reshape(len(x), -1)
        h1 = np.maximum(flat @ w1.T + b1, 0)
        h2 = np.maximum(h1 @ w2.T + b2, 0)
        loss, g3 = _softmax_loss(h2 @ w3.T + b3, y)
        g2 = (g3 @ w3) * (h2 > 0)
        g1 = (g2 @ w2) * (h1 > 0)
        gz2 = _pool_back((g1 @ w1).reshape(p2.shape), z2, p2) * (z2 > 0)
        gz1 = _pool_back(_conv_back(gz2, k2, p1.shape), z1, p1) * (z1 > 0)
        grads = [*_conv_grads(gz1, columns1, k1), *_conv_grads(gz2, columns2, k2), g1.T @ flat, g1.sum(axis=0),
                 g2.T @ h1, g2.sum(axis=0), g3.T @ h2, g3.sum(axis=0)]  # fmt: skip
        for value, gradient in zip(p, grads, strict=True):
            value -= d.lr * gradient
        return loss

    return step


BUILDERS = {build.__name__: build for build in (one_op, chain, mlp, two_branch, gru, loop, lenet)}
