"""`python -m tests.bench_views [--rounds 9]`: what recording costs beside the same lines unrecorded, and how long large
graphs take to become a picture."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from time import process_time

for name in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{name}_NUM_THREADS"] = "1"

import minigrad as mg  # noqa: E402  NumPy reads these variables when it is imported
import viz  # noqa: E402
from minigrad import nn  # noqa: E402
from tests.bench import measure  # noqa: E402

F = nn.functional
TWICE, STEP = 2.0, {60: 0.15, 1_000: 0.5, 10_000: 2.0}  # issue 4: at most so many times; seconds from graph to scene


# What is recorded: each gives a function to be timed


def chain(ops=100, size=8):
    """Small ops one after the other: the worst there is."""
    x, w = mg.ones(size, size, requires_grad=True), mg.ones(size, size)

    def forward():
        y = x
        for _ in range(ops // 4):
            y = mg.tanh(y * w + w) - w
        return y
    return forward


def mlp(batch, step=False):
    """Linear, ReLU, linear, cross-entropy; with `step` the whole training step."""
    net, x = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)), mg.randn(batch, 64)
    y, opt = mg.zeros(batch, dtype=mg.int64), mg.optim.SGD(net.parameters(), lr=0.01)

    def forward():
        loss = F.cross_entropy(net(x), y)
        if step:
            opt.zero_grad()
            loss.backward()
            opt.step()
        return loss
    return forward


def gru(steps=30, batch=32):
    """A cell, once for each step."""
    cell, xs = nn.GRUCell(12, 32), mg.randn(steps, batch, 12)

    def forward():
        h = mg.zeros(batch, 32)
        for x in xs:
            h = cell(x, h)
        return h.sum()
    return forward


def lenet(batch=32):
    """Two convolutions with pooling, three linear layers."""
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    x = mg.randn(batch, 1, 28, 28)
    return lambda: net(x).sum()


WORKLOADS = {
    "100 ops on (8, 8)": chain, "mlp batch 32": lambda: mlp(32), "mlp batch 256": lambda: mlp(256),
    "mlp batch 32, whole step": lambda: mlp(32, True), "mlp batch 256, whole step": lambda: mlp(256, True),
    "gru of 30 steps": gru, "lenet batch 32": lenet,
}


def recorded(forward, looked_at):
    """The same inside a watched block; `looked_at`: and then its graph is asked for."""
    def both():
        with viz.watch() as run:
            kept = forward()
        return kept, (run.graph.steps if looked_at else run)  # dropped from the end: an unseen run before its results
    return both


def recording(rounds):
    """Rows: microseconds unrecorded, and how many times as long it takes recorded, and looked at."""
    for name, make in WORKLOADS.items():
        forward = make()
        found = measure.timings({"plain": forward, "recorded": recorded(forward, False),
                                 "seen": recorded(forward, True)}, rounds)
        yield [name, f"{statistics.median(found['plain']) * 1e6:,.0f}",
               *(f"{measure.ratio(found, way, 'plain'):.2f}" for way in ("recorded", "seen")),
               "yes" if measure.ratio(found, "recorded", "plain") < TWICE else "NO"]


# How long a picture takes


def unrolled(nodes):
    """The run of a recurrent network with shared weights, of about so many nodes, and of a backward through it."""
    cell, h, xs = nn.RNNCell(3, 4), mg.zeros(2, 4), mg.randn(nodes // 6 + 1, 2, 3)
    weights = cell.weight_ih, cell.weight_hh, cell.bias_ih
    with viz.watch() as run:
        for x in xs[: (nodes - 5) // 6]:
            h = mg.tanh(x @ weights[0].T + h @ weights[1].T + weights[2])
        h.sum().backward()
    return run


def pictures():
    """Rows: nodes, and seconds until the scene of the graph is there, folded by itself, and until an open box is."""
    for nodes, limit in STEP.items():
        run = unrolled(nodes)
        run.graph  # noqa: B018  what is recorded has become a graph
        widget = viz.GraphWidget()
        shown, opened = [], []
        for _ in range(3):
            start = process_time()
            widget.show(run)
            shown.append(process_time() - start)
            start = process_time()
            shut = widget.scene["folds"]["shut"]
            if shut:
                widget.unfold(shut[0])
            opened.append(process_time() - start)
            widget.fold_by("auto")
        count = len(run.graph.steps) + len(run.graph.sources())
        yield [f"{count:,} nodes", f"{len(widget.scene['nodes']):,}", f"{min(shown):.3f}", f"{min(opened):.3f}",
               f"{limit:g}", "yes" if max(min(shown), min(opened)) < limit else "NO"]


def main(arguments=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_views", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    print(f"{platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}, one thread")
    print_table(["forward", "us plain", "x recorded", "x and looked at", "under 2"], recording(options.rounds))
    print_table(["graph to scene", "drawn", "s", "s to open a box", "at most", ""], pictures())


def print_table(head, rows):
    """Rows of text in columns."""
    rows = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) if not place else cell.rjust(width)
                        for place, (cell, width) in enumerate(zip(row, widths, strict=True))))


if __name__ == "__main__":
    main()
