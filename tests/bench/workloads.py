"""What is measured, on which data, and the targets.

A workload names the builder that an adapter must have (`kind`), and makes the data: NumPy arrays, float32 and int64,
with initial parameters under PyTorch's names. `tiny=True` makes it small enough for a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace as Data

import numpy as np

CHAIN_ROUNDS = 25  # four ops each
MEMORY_LAYERS, MEMORY_WIDTH, MEMORY_BATCH = 20, 256, 2048


@dataclass(frozen=True)
class Workload:
    """One row of the table. Targets are upper limits of ratios; None where there is none."""

    name: str
    kind: str
    make: callable
    torch_at_most: float | None = None
    numpy_at_most: float | None = None


# Data


def _uniform(rng, bound, *shape):
    return rng.uniform(-bound, bound, shape).astype(np.float32)


def _linear(rng, name, n_in, n_out):
    bound = n_in**-0.5
    return {f"{name}.weight": _uniform(rng, bound, n_out, n_in), f"{name}.bias": _uniform(rng, bound, n_out)}


def _digits(count, size=8):
    """Real handwritten digits (scikit-learn's), (count, size * size) from 0 to 1; size 28 enlarges and frames them."""
    from sklearn.datasets import load_digits

    images, target = load_digits(return_X_y=True)
    images = (images[:count].reshape(-1, 8, 8) / 16).astype(np.float32)
    if size == 28:
        images = np.pad(np.kron(images, np.ones((3, 3), np.float32)), ((0, 0), (2, 2), (2, 2)))
    return images.reshape(len(images), -1), target[:count].astype(np.int64)


def _elementwise(shape, mode, tiny=False):
    rng = np.random.default_rng(0)
    x, w, b, g = (np.asarray(rng.uniform(0.5, 1.5, shape), np.float32) for _ in range(4))
    return Data(x=x, w=w, b=b, g=g, mode=mode, rounds=2 if tiny else CHAIN_ROUNDS)


def _mlp(batch, n_in=64, hidden=64, tiny=False):
    rng = np.random.default_rng(0)
    x, y = _digits(min(batch, 4) if tiny else batch, 28 if n_in == 784 else 8)
    return Data(x=x, y=y, lr=0.01, params={**_linear(rng, "0", n_in, hidden), **_linear(rng, "2", hidden, 10)})


def _two_branch(batch=32, tiny=False):
    """A bright and a dim batch in turn; the hidden layer's mean decides which branch is computed."""
    rng = np.random.default_rng(0)
    x, y = _digits(4 if tiny else batch)
    params = {**_linear(rng, "stem", 64, 64), **_linear(rng, "short", 64, 10)}
    params.update({**_linear(rng, "long.0", 64, 64), **_linear(rng, "long.2", 64, 10)})
    means = [np.maximum(part @ params["stem.weight"].T + params["stem.bias"], 0).mean() for part in (x, 0.25 * x)]
    return Data(xs=(x, (0.25 * x).astype(np.float32)), y=y, lr=0.01, limit=float(np.mean(means)), params=params)


def _lenet(batch=32, tiny=False):
    rng = np.random.default_rng(0)
    x, y = _digits(2 if tiny else batch, 28)
    params = {"conv1.weight": _uniform(rng, 0.2, 6, 1, 5, 5), "conv1.bias": _uniform(rng, 0.2, 6),
              "conv2.weight": _uniform(rng, 0.08, 16, 6, 5, 5), "conv2.bias": _uniform(rng, 0.08, 16)}  # fmt: skip
    params.update({**_linear(rng, "fc1", 400, 120), **_linear(rng, "fc2", 120, 84), **_linear(rng, "fc3", 84, 10)})
    return Data(x=x.reshape(-1, 1, 28, 28), y=y, lr=0.01, params=params)


def _sequences(count):
    """Japanese Vowels: `count` recordings (length, 12) of 7 to 29 frames, spread over the nine speakers."""
    from minigrad.datasets import japanese_vowels

    train, _ = japanese_vowels()
    chosen = train[:: len(train) // count][:count]
    return [np.array(frames.numpy()) for frames, _ in chosen], np.array([speaker for _, speaker in chosen])


def _gru(batch, hidden=32, tiny=False):
    """Batches of whole sequences; each step takes the next batch, so lengths change from step to step."""
    rng = np.random.default_rng(0)
    batch = min(batch, 3) if tiny else batch
    xs, y = _sequences(4 if tiny else 64)
    batches = [(xs[i : i + batch], y[i : i + batch]) for i in range(0, len(xs) - batch + 1, batch)]
    bound = hidden**-0.5
    shapes = {"weight_ih_l0": (3 * hidden, 12), "weight_hh_l0": (3 * hidden, hidden),
              "bias_ih_l0": (3 * hidden,), "bias_hh_l0": (3 * hidden,)}  # fmt: skip
    params = {f"gru.{name}": _uniform(rng, bound, *shape) for name, shape in shapes.items()}
    return Data(batches=batches, lr=0.01, hidden=hidden, params={**params, **_linear(rng, "head", hidden, 9)})


def _loop(batch, turns=20, hidden=64, tiny=False):
    """Sequences of one length for a loop that is written by hand."""
    rng = np.random.default_rng(0)
    batch = min(batch, 3) if tiny else batch
    x = rng.normal(size=(turns, batch, 12)).astype(np.float32)
    params = {**_linear(rng, "x", 12, hidden), "h.weight": _uniform(rng, hidden**-0.5, hidden, hidden),
              **_linear(rng, "head", hidden, 9)}  # fmt: skip
    return Data(x=x, y=rng.integers(0, 9, batch), lr=0.01, hidden=hidden, params=params)


# The table: at most so many times PyTorch's time, at most so many times hand-written NumPy's

FORWARD, BACKWARD, NO_GRAD = "forward recorded", "forward+backward", "no_grad"


def _rows(kind, label, shape, targets=((None, None),) * 3):
    for mode, limits in zip((FORWARD, BACKWARD, NO_GRAD), targets, strict=True):
        yield Workload(f"{label} {shape} {mode}".replace(", ", ","), kind, partial(_elementwise, shape, mode), *limits)


WORKLOADS = (
    *_rows("one_op", "one op", (8, 8), ((0.7, 3), (0.5, 2.2), (0.65, 2))),
    *_rows("chain", "chain", ()),
    *_rows("chain", "chain", (8, 8)),
    *_rows("chain", "chain", (256, 256), ((None, None), (0.85, 1.5), (1.5, 1.1))),
    Workload("mlp digits batch 1", "mlp", partial(_mlp, 1), 0.30, 1.5),
    Workload("mlp digits batch 32", "mlp", partial(_mlp, 32), 0.30, 1.5),
    Workload("mlp digits batch 256", "mlp", partial(_mlp, 256), 0.5, 1.3),
    Workload("mlp 784-256-10 batch 128", "mlp", partial(_mlp, 128, 784, 256), 0.85, 1.1),
    Workload("gru vowels batch 1", "gru", partial(_gru, 1), 0.40, 1.1),
    Workload("gru vowels batch 32", "gru", partial(_gru, 32), 0.6, 1.4),
    Workload("loop by hand batch 1", "loop", partial(_loop, 1)),
    Workload("loop by hand batch 32", "loop", partial(_loop, 32)),
    Workload("two-branch batch 32", "two_branch", _two_branch, 0.35, 1.4),
    Workload("lenet batch 32", "lenet", _lenet, 1.6, 1.2),
)
MEMORY_AT_MOST = 1.05  # of PyTorch's: its own, and what pages and allocators blur
