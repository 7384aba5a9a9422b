"""DeZero: a function class per op. Its last release needs a name that NumPy has dropped, while it is imported."""

import numpy

numpy.int = int
import dezero  # noqa: E402
import dezero.functions as F  # noqa: E402
from dezero import Variable  # noqa: E402

del numpy.int

from ..workloads import BACKWARD  # noqa: E402

NAME = "dezero"


def read(value):
    """What a step returned, as a list of arrays."""
    return [v.data for v in (value if isinstance(value, tuple) else (value,))]


def _steps(d, forward, leaves):
    def both():
        for leaf in leaves:
            leaf.cleargrad()
        y = forward()
        y.grad = Variable(d.g)
        y.backward()
        return (*(leaf.grad for leaf in leaves), y)

    if d.mode == BACKWARD:
        return both
    if d.mode == "no_grad":
        forward.around = dezero.no_grad
    return forward


def one_op(d):
    """y = x * w, and both gradients."""
    x, w = Variable(d.x), Variable(d.w)
    return _steps(d, lambda: x * w, (x, w))


def chain(d):
    """100 ops; numbers and arrays become variables, so w and b are differentiated as well."""
    x = Variable(d.x)

    def forward():
        y = x
        for _ in range(d.rounds):
            y = F.tanh(y * d.w + d.b) - d.w
        return y

    return _steps(d, forward, (x,))


def mlp(d):
    """Linear (weights lie the other way round here), ReLU, linear, cross-entropy, SGD."""
    p = [Variable(v.T.copy()) for v in d.params.values()]

    def step():
        loss = F.softmax_cross_entropy(F.linear(F.relu(F.linear(d.x, p[0], p[1])), p[2], p[3]), d.y)
        loss.backward()
        for v in p:
            v.data -= d.lr * v.grad.data
            v.cleargrad()
        return loss

    return step


BUILDERS = {"one_op": one_op, "chain": chain, "mlp": mlp}
