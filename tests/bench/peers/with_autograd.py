"""HIPS autograd: NumPy's functions, traced; gradients come from a transformed function."""

import autograd.numpy as np
from autograd import make_vjp, value_and_grad

from ..workloads import BACKWARD

NAME = "autograd"


def read(value):
    """What a step returned, as a list of arrays."""
    return [np.asarray(v) for v in (value if isinstance(value, tuple) else (value,))]


def one_op(d):
    """Forward recorded is a vjp that nobody calls."""
    both = make_vjp(lambda pair: pair[0] * pair[1])

    def backward():
        vjp, y = both((d.x, d.w))
        return (*vjp(d.g), y)

    return {BACKWARD: backward, "no_grad": lambda: d.x * d.w}.get(d.mode, lambda: both((d.x, d.w))[1])


def _chain(d, x):
    for _ in range(d.rounds):
        x = np.tanh(x * d.w + d.b) - d.w
    return x


def chain(d):
    """100 ops; only x has a gradient."""
    both = make_vjp(lambda x: _chain(d, x))

    def backward():
        vjp, y = both(d.x)
        return vjp(d.g), y

    return {BACKWARD: backward, "no_grad": lambda: _chain(d, d.x)}.get(d.mode, lambda: both(d.x)[1])


def mlp(d):
    """Linear, ReLU, linear, cross-entropy, SGD."""
    p, rows = [v.copy() for v in d.params.values()], np.arange(len(d.y))

    def loss(p):
        scores = np.maximum(d.x @ p[0].T + p[1], 0) @ p[2].T + p[3]
        top = scores.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0] - scores[rows, d.y])

    both = value_and_grad(loss)

    def step():
        value, gradients = both(p)
        for v, gradient in zip(p, gradients, strict=True):
            v -= d.lr * gradient
        return value

    return step


BUILDERS = {"one_op": one_op, "chain": chain, "mlp": mlp}
