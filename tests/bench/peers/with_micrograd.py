"""micrograd: one Python object per number, so only what has few numbers."""

import numpy as np
from micrograd.engine import Value

from ..workloads import BACKWARD

NAME = "micrograd"


def read(value):
    """What a step returned, as a list of arrays."""
    return [np.float32(getattr(v, "data", v)) for v in (value if isinstance(value, tuple) else (value,))]


def mlp(d):
    """Linear, ReLU, linear, cross-entropy, SGD, for a single image. exp and log are made of powers of e."""
    if len(d.x) > 1:
        return None
    w1, b1, w2, b2 = ([[Value(float(u)) for u in np.atleast_1d(row)] for row in v] for v in d.params.values())
    x, label = [float(u) for u in d.x[0]], int(d.y[0])
    everything = [u for v in (w1, b1, w2, b2) for row in v for u in row]

    def linear(x, w, b):
        return [sum((u * v for u, v in zip(row, x, strict=True)), bias[0]) for row, bias in zip(w, b, strict=True)]

    def step():
        h = [u.relu() for u in linear(x, w1, b1)]
        scores = linear(h, w2, b2)
        powers = [np.exp(u.data) for u in scores]  # Value has no exp: the gradient of cross-entropy is put in by hand
        total = sum(powers)
        weights = [e / total - (i == label) for i, e in enumerate(powers)]
        for u in everything:
            u.grad = 0
        sum(u * g for u, g in zip(scores, weights, strict=True)).backward()
        for u in everything:
            u.data -= d.lr * u.grad
        return float(np.log(total) - scores[label].data)

    return step


def one_op(d):
    """Its numbers are scalars: what has a shape is left out."""
    if d.x.shape:
        return None
    return None if d.mode == BACKWARD else lambda: Value(float(d.x)) * float(d.w)


BUILDERS = {"mlp": mlp}
