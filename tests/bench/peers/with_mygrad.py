"""MyGrad: NumPy-like tensors that record."""

import mygrad as mg
from mygrad.nnet.activations import relu
from mygrad.nnet.losses import softmax_crossentropy

from ..workloads import BACKWARD

NAME = "mygrad"


def read(value):
    """What a step returned, as a list of arrays."""
    return [mg.asarray(v) for v in (value if isinstance(value, tuple) else (value,))]


def _steps(d, forward, leaves):
    def both():
        y = forward()
        y.backward(d.g)
        return (*(leaf.grad for leaf in leaves), y)

    if d.mode == BACKWARD:
        return both
    if d.mode == "no_grad":
        forward.around = lambda: mg.no_autodiff
    return forward


def one_op(d):
    """y = x * w, and both gradients."""
    x, w = mg.tensor(d.x), mg.tensor(d.w)
    return _steps(d, lambda: x * w, (x, w))


def chain(d):
    """100 ops; only x has a gradient."""
    x = mg.tensor(d.x)

    def forward():
        y = x
        for _ in range(d.rounds):
            y = mg.tanh(y * d.w + d.b) - d.w
        return y

    return _steps(d, forward, (x,))


def mlp(d):
    """Linear, ReLU, linear, cross-entropy, SGD."""
    p = [mg.tensor(v.copy()) for v in d.params.values()]

    def step():
        loss = softmax_crossentropy(relu(d.x @ p[0].T + p[1]) @ p[2].T + p[3], d.y)
        loss.backward()
        for v in p:
            v.data -= d.lr * v.grad
        return loss

    return step


BUILDERS = {"one_op": one_op, "chain": chain, "mlp": mlp}
