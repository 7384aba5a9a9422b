"""`python -m tests.bench.ops [--only softmax] [--rounds 9]`: one line of code after the other, minigrad beside PyTorch.

Of each line the forward, and forward with backward, on (8, 8) float32: so little to compute that what is measured is
what a library does around it. Both compute the same, which is checked before anything is timed.
"""

from __future__ import annotations

import os

for name in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{name}_NUM_THREADS"] = "1"

import argparse  # noqa: E402  NumPy and PyTorch read these variables when they are imported
import platform  # noqa: E402
import statistics  # noqa: E402

import numpy as np  # noqa: E402

from . import measure  # noqa: E402

LINES = [line.strip() for line in """
    x + w | x + v | 1 - x | x * 2 | x / w | x ** 2 | -x | x.exp() | p.log() | p.sqrt() | x.abs() | x.tanh()
    x.sigmoid() | F.relu(x) | F.leaky_relu(x) | F.elu(x) | F.gelu(x) | F.silu(x) | F.softplus(x)
    x.sum() | x.sum(0) | x.mean() | x.mean(-1, keepdim=True) | x.var() | x.std(1) | x.prod() | x.max() | x.max(1)
    x.amax(1) | x.argmax(1) | x.cumsum(0) | x.norm() | x.logsumexp(1) | x.softmax(-1) | F.log_softmax(x, -1)
    m.cat([x, w]) | m.stack([x, w]) | x.split(4) | x.chunk(2) | x.unbind(0) | x[2] | x[1:3] | x[:, 1] | x[i] | x[mask]
    x[None] | x.reshape(64) | x.flatten() | x.T | x.transpose(0, 1) | b.permute(2, 0, 1) | x.unsqueeze(0)
    v.expand(8, 8) | v.repeat(8, 1) | x.flip(0) | m.roll(x, 1) | x.tril() | F.pad(x, (1, 1))
    m.where(mask, x, w) | x.clamp(0, 1) | m.maximum(x, w) | x.masked_fill(mask, 0.0) | x.gather(1, y[:, None])
    x.index_select(0, i) | F.embedding(i, w) | x.sort() | x.topk(2) | x > 0 | x.detach() | x.clone() | x.double()
    x @ w | x @ v | b @ b | m.einsum("ij,jk->ik", x, w) | F.linear(x, w, v) | m.outer(v, v)
    F.cross_entropy(x, y) | F.mse_loss(x, w) | F.l1_loss(x, w) | F.smooth_l1_loss(x, w) | F.nll_loss(x, y)
    F.binary_cross_entropy_with_logits(x, p) | F.conv2d(image, kernel) | F.max_pool2d(image, 2)
    F.avg_pool2d(image, 2) | F.layer_norm(x, (8,)) | F.batch_norm(x, None, None, training=True)
""".replace("\n", "|").split("|") if line.strip()]  # fmt: skip


def programs(m):
    """For each line of code what runs it, and what runs it forward and back; None where nothing flows."""
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((8, 8)).astype("float32")
    names = {"m": m, "F": m.nn.functional, "y": m.tensor([1, 3, 0, 2, 7, 5, 4, 6]), "i": m.tensor([1, 2, 3, 0, 5])}
    names |= {"p": m.tensor(np.abs(numbers) % 1 + 0.01), "mask": m.tensor(numbers > 0)}
    leaves = {"x": numbers, "w": numbers + 2.5, "v": numbers[0], "b": np.stack([numbers] * 4),
              "image": rng.standard_normal((2, 3, 8, 8)), "kernel": rng.standard_normal((4, 3, 3, 3))}  # fmt: skip
    for name, values in leaves.items():
        names[name] = m.tensor(np.array(values, "float32"), requires_grad=True)
    return {line: _pair(m, line, names) for line in LINES}


def _pair(m, line, names):
    forward = eval(f"lambda: {line}", dict(names))
    y = first(forward())
    if not y.requires_grad:
        return forward, None
    gradient = m.tensor(np.ones(tuple(y.shape), str(y.dtype).rpartition(".")[2]))
    tracked = [x for x in names.values() if getattr(x, "requires_grad", False)]

    def both():
        first(forward()).backward(gradient)
        grads = [x.grad for x in tracked if x.grad is not None]
        for x in tracked:
            x.grad = None
        return grads

    return forward, both


def first(result):
    """A result, or the first of several."""
    return result if hasattr(result, "requires_grad") else result[0]


def agree(ours, theirs):
    """Whether two lists of tensors have the same numbers."""
    return all(np.allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-5)
               for a, b in zip(ours, theirs, strict=True))  # fmt: skip


def main(arguments=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ops", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], help="lines that have one of these in them")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    import torch

    import minigrad

    torch.set_num_threads(1)
    print(f"{platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}, one thread; "
          "microseconds, and how many times PyTorch's")  # fmt: skip
    print(f"{'':42} {'forward':>8} {'torch':>7} {'x':>6}  {'and back':>8} {'torch':>7} {'x':>6}")
    ours, theirs, ratios = programs(minigrad), programs(torch), []
    for line in LINES:
        if any(part in line for part in options.only):
            cells = row(ours[line], theirs[line], options.rounds)
            ratios += cells[5:]
            shown = "  ".join(f"{a:8.2f} {b:7.2f} {ratio:6.2f}" for a, b, ratio in zip(*[iter(cells)] * 3, strict=True))
            print(f"{line:42} {shown}", flush=True)
    if ratios:
        print(f"forward and back: {sum(ratio <= 1 for ratio in ratios)} of {len(ratios)} lines take no longer than "
              f"PyTorch; median {statistics.median(ratios):.2f}")  # fmt: skip


def row(ours, theirs, rounds):
    """Of the forward, and of both ways where there are two: our microseconds, theirs, and the ratio."""
    cells = []
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        if mine is None:
            continue
        results = (mine(), other()) if number else ([first(mine())], [first(other())])
        if not agree(*results):
            raise measure.WrongAnswer("the two do not compute the same")
        found = measure.timings({"minigrad": mine, "torch": other}, rounds)
        cells += [statistics.median(found[name]) * 1e6 for name in found]
        cells.append(measure.ratio(found, "minigrad", "torch"))
    return cells


if __name__ == "__main__":
    main()
