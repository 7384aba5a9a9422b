"""How it is measured: libraries in turns, in short blocks, and ratios taken within each turn.

The machine's speed drifts; a ratio of two blocks that ran one after the other hardly does. So each round times one
block of every library, each round starts with another library, and the median of the rounds' ratios is reported.
Time is the processor's, so that a neighbour who takes the core for a while does not count.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import process_time

import numpy as np

BLOCK_SECONDS = 0.02
TOLERANCE = 1e-4
PEERS = ("autograd", "mygrad", "dezero", "micrograd", "jax", "tinygrad")


class WrongAnswer(Exception):
    """A library did not compute what hand-written NumPy computes."""


def adapters(without=()):
    """Hand-written NumPy, minigrad, and each other library that can be imported, by name; and why the rest cannot."""
    from . import eager, handwritten

    found, missing = {"minigrad": eager.minigrad(), "numpy": handwritten}, {}
    makers = {"torch": eager.torch, **{name: lambda name=name: _peer(name) for name in PEERS}}
    for name, make in makers.items():
        try:
            if name not in without:
                found[name] = make()
        except Exception as error:  # not installed, or not for this NumPy: each library has its own way to say so
            missing[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return found, missing


def _peer(name):
    return importlib.import_module(f".peers.with_{name}", __package__)


def steps(workload, libraries, tiny=False):
    """The step of each library that has this workload, after a check that all compute the same; and who failed how.

    Errors: WrongAnswer when the results of one differ from hand-written NumPy's.
    """
    from . import handwritten

    data = workload.make(tiny=tiny)
    reference, built, failed = handwritten.BUILDERS[workload.kind](data), {}, {}
    expected = [handwritten.read(reference()) for _ in range(3)]
    for name, library in libraries.items():
        build = library.BUILDERS.get(workload.kind)
        if build is None:
            continue
        try:
            step = build(data)
            if step is not None:
                check(name, workload.name, library, step, expected)
                built[name] = step
        except WrongAnswer:
            raise
        except Exception as error:  # not in this version of the library
            failed[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return built, failed


def check(name, workload, library, step, expected):
    """The first steps give the same numbers: losses of a training that updates, or gradients and outputs."""
    for number, answer in enumerate(expected):
        for got, wanted in zip(library.read(step()), answer, strict=True):
            if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE):
                said = f"{got.shape} {got} is not {wanted.shape} {wanted}"
                raise WrongAnswer(f"{name}, {workload}, step {number}: {said}")


def _block(step, count):
    around = getattr(step, "around", contextlib.nullcontext)
    with around():
        start = process_time()
        for _ in range(count):
            step()
        return (process_time() - start) / count


def timings(built, rounds):
    """Seconds per step: {library: one number per round}, rounds in the same order for all."""
    counts = {}
    for name, step in built.items():
        once = _block(step, 3)
        counts[name] = max(1, round(BLOCK_SECONDS / once))
        if once > 1:  # no need to know a very slow one precisely
            counts[name] = 0
    found, names = {name: [] for name in built}, list(built)
    gc.collect()
    gc.freeze()  # what the libraries brought along is not collected again and again
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            count = counts[name]
            if count or number == 0:
                found[name].append(_block(built[name], count or 1))
            else:
                found[name].append(found[name][0])
    gc.unfreeze()
    return found


def ratio(found, name, other):
    """The median over rounds of how many times longer `name` took than `other`; None where one did not run."""
    if name not in found or other not in found:
        return None
    return statistics.median(a / b for a, b in zip(found[name], found[other], strict=True))


def memory(name, mode):
    """Bytes by which a forward of many layers raises the process's peak, in a process of its own; None where unknown.

    The same measure for all libraries: the kernel's high-water mark of resident memory, reset just before (Linux).
    """
    if not Path("/proc/self/clear_refs").exists():
        return None
    command = [sys.executable, "-m", "tests.bench.memory", name, mode]
    steady = {"MALLOC_MMAP_THRESHOLD_": "131072", "NUMPY_MADVISE_HUGEPAGE": "0"}  # what is freed goes back at once
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | steady)
    return int(done.stdout) if done.returncode == 0 else None
