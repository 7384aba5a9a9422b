"""`python -m tests.bench.captured FILE`: whole training steps on a GPU, run op by op and captured as one CUDA Graph.

Needs CuPy and a GPU; PyTorch, op by op and with its own CUDA Graphs, is measured beside minigrad in the same run where
it is installed. Every variant computes the same: losses of the first steps are compared with minigrad's on the CPU
before anything is timed. The file is small JSON with the machine's name, for readers without a GPU (lesson 12). Times
are microseconds of wall clock for one step, copying the batch to where a captured step reads it included: [call is
back, work is done].
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np

from .devices import libraries, machine, measure

CHECKED, LR, CLOSE = 5, 0.05, 1e-3  # steps that are compared, of what size, and how close their losses have to be
ROWS = [("mlp", 1), ("mlp", 32), ("mlp", 256), ("wide mlp", 128), ("gru", 1), ("gru", 32), ("lenet", 32)]
SHAPES = {"mlp": (64,), "wide mlp": (784,), "gru": (20, 12), "lenet": (1, 28, 28)}  # of one example


class Wrong(Exception):
    """A variant did not compute what the others compute."""


def model(m, kind):
    """The model, from the library `m`."""
    nn = m.nn
    if kind in ("mlp", "wide mlp"):
        width, hidden = (64, 64) if kind == "mlp" else (784, 256)
        return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 10))
    if kind == "lenet":
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.head = nn.GRU(12, 32, batch_first=True), nn.Linear(32, 10)

        def forward(self, x):
            return self.head(self.gru(x)[0][:, -1])

    return Recurrent()


def training(m, kind, batch, device):
    """(step, x, y, model): a training step and a batch for it. All libraries begin with the same numbers."""
    rng, made = np.random.default_rng(0), model(m, kind)
    state = {name: m.from_numpy(rng.uniform(-0.2, 0.2, tuple(p.shape)).astype("float32"))
             for name, p in sorted(made.state_dict().items())}  # fmt: skip
    made.load_state_dict(state)
    made = made.to(device)
    optimizer = m.optim.SGD(made.parameters(), lr=LR)

    def step(x, y):
        optimizer.zero_grad()
        loss = m.nn.functional.cross_entropy(made(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    x = m.from_numpy(rng.random((batch, *SHAPES[kind]), "float32")).to(device)
    return step, x, m.from_numpy(rng.integers(0, 10, batch)).to(device), made


def minigrad_captured(m, kind, batch, device):
    """minigrad's own, compiled."""
    step, x, y, _ = training(m, kind, batch, device)
    from minigrad import jit

    compiled = jit.compile(step)
    return (lambda: compiled(x, y)), compiled.report


def torch_captured(torch, kind, batch, device):
    """PyTorch's, as its manual captures a whole step: after a warm-up on a stream of its own, from fixed tensors.

    The warm-up trains, so the weights are put back before the graph runs.
    """
    step, x, y, made = training(torch, kind, batch, device)
    fixed_x, fixed_y = x.clone(), y.clone()
    before = {name: p.clone() for name, p in made.state_dict().items()}
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step(fixed_x, fixed_y)
    torch.cuda.current_stream().wait_stream(stream)
    for p in made.parameters():
        p.grad = None
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step(fixed_x, fixed_y)
    made.load_state_dict(before)

    def replay():
        fixed_x.copy_(x)
        fixed_y.copy_(y)
        graph.replay()
        return loss.clone()

    return replay


def variants(kind, batch, device="cuda"):
    """{name: step that gives its loss}, of all libraries that can be imported; and minigrad's report, a function."""
    found, report = {}, None
    for name, m in libraries():
        step, x, y, _ = training(m, kind, batch, device)
        found[f"{name} eager"] = lambda step=step, x=x, y=y: step(x, y)
        if name == "minigrad":
            found["minigrad captured"], report = minigrad_captured(m, kind, batch, device)
        elif device == "cuda":
            found["torch captured"] = torch_captured(m, kind, batch, device)
    return found, report


def check(kind, batch, steps):
    """Compare the losses of the first steps with those on the CPU. Errors: Wrong, with the variant's name."""
    import minigrad

    step, x, y, _ = training(minigrad, kind, batch, "cpu")
    wanted = [float(step(x, y)) for _ in range(CHECKED)]
    for name, run in steps.items():
        found = [float(run()) for _ in range(CHECKED)]
        if not np.allclose(found, wanted, CLOSE, CLOSE):
            raise Wrong(f"{kind} batch {batch}, {name}: losses {found}, not {wanted}")


def main(path):
    """Measure everything and write the file."""
    import cupy

    rows = []
    for kind, batch in ROWS:
        steps, report = variants(kind, batch)
        check(kind, batch, steps)
        rows.append({"model": kind, "batch": batch, "how": report().splitlines()[-1].strip(),
                     **measure(steps, cupy.cuda.runtime.deviceSynchronize)})  # fmt: skip
        print(rows[-1], flush=True)
    found = {"about": "microseconds per training step: [call is back, work is done]; made by "
                      "python -m tests.bench.captured", "machine": machine(), "rows": rows}  # fmt: skip
    pairs = re.compile(r"\[\n\s+([\d.]+),\n\s+([\d.]+)\n\s+\]")
    Path(path).write_text(pairs.sub(r"[\1, \2]", json.dumps(found, indent=1)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
