"""`python -m tests.bench.devices FILE`: where a GPU begins to pay, what a launch costs, and what reading a value back
costs. Needs CuPy and a GPU; PyTorch is measured beside minigrad where it is installed.

It writes a small JSON file with the machine's name, for readers without a GPU to look at (lesson 12). Times are
microseconds of wall clock, medians of rounds in which all variants take turns: unlike on a processor alone, waiting
counts here, and the machine is otherwise idle.
"""

from __future__ import annotations

import json
import platform
import re
import statistics
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

SIZES = [2**power for power in range(4, 25, 2)]  # elements of an elementwise chain
BATCHES = [2**power for power in range(0, 17, 2)]  # rows of a batch for a 64-64-10 network
READS = [0, 1, 4, 16, 64]  # `item()` calls in one step
ROUNDS, BLOCK = 15, 0.004  # rounds, and seconds that one block takes at least


def libraries():
    """(name, library) of what can be imported."""
    import minigrad

    found = [("minigrad", minigrad)]
    try:
        import torch

        torch.set_num_threads(1)
        found.append(("torch", torch))
    except ImportError:
        pass
    return found


def chain(m, device, size):
    """One step of a chain of four elementwise ops, forward and backward."""
    x = m.from_numpy(np.linspace(-1, 1, size, dtype="float32")).to(device).requires_grad_()

    def step():
        x.grad = None
        (x.tanh() * x + x).sum().backward()

    return step


def network(m, device, batch, reads=0):
    """One training step of a 64-64-10 network; `reads` times a value is read back on the way."""
    m.manual_seed(0)
    generator = np.random.default_rng(0)
    model = m.nn.Sequential(m.nn.Linear(64, 64), m.nn.ReLU(), m.nn.Linear(64, 10)).to(device)
    optimizer = m.optim.SGD(model.parameters(), lr=0.01)
    x = m.from_numpy(generator.random((batch, 64), "float32")).to(device)
    target = m.from_numpy(generator.integers(0, 10, batch)).to(device)

    def step():
        optimizer.zero_grad()
        loss = m.nn.functional.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        for _ in range(reads):
            loss.item()

    return step


def measure(steps, wait):
    """{name: (microseconds until the call is back, microseconds until the work is done)}, medians over the rounds."""
    counts, found = {}, {name: ([], []) for name in steps}
    for name, step in steps.items():
        for _ in range(3):
            step()
        wait()
        started = perf_counter()
        step()
        wait()
        counts[name] = max(1, round(BLOCK / max(perf_counter() - started, 1e-6)))
    for _ in range(ROUNDS):
        for name, step in steps.items():
            started = perf_counter()
            for _ in range(counts[name]):
                step()
            back = perf_counter()
            wait()
            done = perf_counter()
            for times, end in zip(found[name], (back, done), strict=True):
                times.append((end - started) / counts[name] * 1e6)
    return {name: tuple(round(statistics.median(times), 2) for times in pair) for name, pair in found.items()}


def rows(make, values, wait, **more):
    """One row for each value: what every library needs on each device."""
    found = []
    for value in values:
        steps = {f"{name} {device}": make(m, device, value) for name, m in libraries() for device in ("cpu", "cuda")}
        found.append({"value": value, **measure(steps, wait)})
        print(make.__name__, found[-1], flush=True)
    return found


def machine():
    """What it was measured on."""
    import cupy

    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.processor())  # fmt: skip
    versions = {"numpy": np.__version__, "cupy": cupy.__version__, "python": platform.python_version()}
    versions |= {name: m.__version__ for name, m in libraries()}
    return {"gpu": cupy.cuda.runtime.getDeviceProperties(0)["name"].decode(), "cpu": cpu, "threads": 1, **versions}


def reading(m, device, reads):
    """A training step at batch 256 with so many values read back."""
    return network(m, device, 256, reads)


def main(path):
    """Measure everything and write the file."""
    import cupy

    wait = cupy.cuda.runtime.deviceSynchronize
    found = {
        "about": "microseconds per step: [call is back, work is done]; made by python -m tests.bench.devices",
        "machine": machine(),
        "chain": rows(chain, SIZES, wait),
        "network": rows(network, BATCHES, wait),
        "reading": rows(reading, READS, wait),
    }
    pairs = re.compile(r"\[\n\s+([\d.]+),\n\s+([\d.]+)\n\s+\]")
    Path(path).write_text(pairs.sub(r"[\1, \2]", json.dumps(found, indent=1)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
