"""tinygrad: lazy tensors; each step builds its graph, schedules and runs it."""

import os

os.environ.setdefault("DEV", "CPU")
from tinygrad import Tensor  # it reads the variable when it is imported

from ..workloads import BACKWARD, FORWARD

NAME = "tinygrad"


def read(value):
    """What a step returned, as a list of arrays."""
    return [v.numpy() for v in (value if isinstance(value, tuple) else (value,))]


def _steps(d, forward, leaves):
    """Every tensor can be differentiated later, so forward recorded and no_grad are the same."""
    g = Tensor(d.g).realize()

    def both():
        y = forward()
        for leaf in leaves:
            leaf.grad = None
        y.backward(g)
        found = (*(leaf.grad for leaf in leaves), y)
        Tensor.realize(*found)
        return found

    return both if d.mode == BACKWARD else None if d.mode == FORWARD else lambda: forward().realize()


def one_op(d):
    """y = x * w, and both gradients."""
    x, w = (Tensor(v).realize() for v in (d.x, d.w))
    return _steps(d, lambda: x * w, (x, w))


def mlp(d):
    """Linear, ReLU, linear, cross-entropy, SGD."""
    x, y, p = Tensor(d.x), Tensor(d.y), [Tensor(v).realize() for v in d.params.values()]

    def step():
        loss = ((x @ p[0].T + p[1]).relu() @ p[2].T + p[3]).sparse_categorical_crossentropy(y)
        for v in p:
            v.grad = None
        loss.backward()
        for v in p:
            v.assign(v.detach() - d.lr * v.grad)
        Tensor.realize(loss, *p)
        return loss

    return step


BUILDERS = {"one_op": one_op, "mlp": mlp}
