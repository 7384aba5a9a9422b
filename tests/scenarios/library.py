"""What every scenario starts from: the library it is about, and three ways to say what happened in one line.

`torch` is minigrad, or PyTorch itself when SCENARIO_LIBRARY says so, as it does when the answers are recorded.
"""

import gc
import importlib
import itertools
import os
import tracemalloc
import warnings
from contextlib import contextmanager

torch = importlib.import_module(os.environ.get("SCENARIO_LIBRARY", "minigrad"))
if torch.__name__ == "torch":  # -W error is for us: PyTorch's own import does not get through it
    warnings.simplefilter("error")

KINDS = (NotImplementedError, RuntimeError, IndexError, TypeError, ValueError, UserWarning)


@contextmanager
def refused(words):
    """The block has to raise. Prints the built-in kind of the error, and that it says `words`: they are PyTorch's."""
    try:
        yield
    except Exception as error:
        kind = next((kind for kind in KINDS if isinstance(error, kind)), type(error)).__name__
        print(f"{kind}: ... {words} ..." if words in str(error) else f"{kind}: {error}")
    else:
        print("nothing was refused")


@contextmanager
def by_reference_counting():
    """Without the cycle collector: what goes in this block goes because nobody refers to it."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def megabytes_left_by(step, times=300, rounds=2):
    """Megabytes that `times` calls of `step` leave behind, in the best of some rounds: a leak is in each of them."""
    for _ in range(2_000):  # until CPython's own lists of tuples to use again are full, as long as nothing collects
        step()
    tracemalloc.start()
    step()
    marks = [tracemalloc.get_traced_memory()[0]]
    for _ in range(rounds):
        for _ in range(times):
            step()
        marks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return min(after - before for before, after in itertools.pairwise(marks)) / 2**20
