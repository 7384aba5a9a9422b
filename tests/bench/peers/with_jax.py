"""JAX, compiled: its natural form. The graph is built once, not at each step, so this is another kind of library."""

import jax
import jax.numpy as np
import numpy

from ..workloads import BACKWARD, FORWARD

NAME = "jax"


def read(value):
    """What a step returned, as a list of arrays."""
    return [numpy.asarray(v) for v in (value if isinstance(value, tuple) else (value,))]


def _steps(d, f, *leaves):
    """Nothing is recorded by a compiled forward: that row is left out."""
    if d.mode == FORWARD:
        return None

    def both(leaves, g):
        y, vjp = jax.vjp(f, *leaves)
        return (*vjp(g), y)

    run = jax.jit(both) if d.mode == BACKWARD else jax.jit(lambda leaves, g: f(*leaves))
    leaves, g = [np.asarray(v) for v in leaves], np.asarray(d.g)
    return lambda: jax.block_until_ready(run(leaves, g))


def one_op(d):
    """y = x * w, and both gradients."""
    return _steps(d, lambda x, w: x * w, d.x, d.w)


def chain(d):
    """100 ops; only x has a gradient."""

    def f(x):
        for _ in range(d.rounds):
            x = np.tanh(x * d.w + d.b) - d.w
        return x

    return _steps(d, f, d.x)


def mlp(d):
    """Linear, ReLU, linear, cross-entropy, SGD."""
    x, y, p = np.asarray(d.x), np.asarray(d.y), [np.asarray(v) for v in d.params.values()]

    def loss(p):
        logs = jax.nn.log_softmax(jax.nn.relu(x @ p[0].T + p[1]) @ p[2].T + p[3])
        return -logs[np.arange(len(y)), y].mean()

    @jax.jit
    def update(p):
        value, gradients = jax.value_and_grad(loss)(p)
        return value, [v - d.lr * gradient for v, gradient in zip(p, gradients, strict=True)]

    def step():
        nonlocal p
        value, p = jax.block_until_ready(update(p))
        return value

    return step


BUILDERS = {"one_op": one_op, "chain": chain, "mlp": mlp}
