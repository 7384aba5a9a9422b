"""One measurement of memory, in a process of its own: `python -m tests.bench.memory torch no_grad` prints bytes."""

import contextlib
import sys
from pathlib import Path

import numpy as np

from . import eager
from .workloads import MEMORY_BATCH, MEMORY_WIDTH, NO_GRAD


def _status(key):
    line = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith(key))
    return int(line.split()[1]) * 1024


def extra(library, mode):
    """By how much the resident memory's high-water mark rises in one forward."""
    model, torch = library.layers(), library.torch
    x = torch.tensor(np.ones((MEMORY_BATCH, MEMORY_WIDTH), np.float32))
    with torch.no_grad() if mode == NO_GRAD else contextlib.nullcontext():
        model(x[:2])  # what a first call sets up is not what we look for
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark is now what is resident
        before = _status("VmRSS")
        result = model(x)
        after = _status("VmHWM")
    del result
    return after - before


if __name__ == "__main__":
    print(extra(getattr(eager, sys.argv[1])(), sys.argv[2]))
