"""`python -m tests.leak_views [10000]`: what so many recordings and pictures leave behind, in memory and objects.

They leave nothing: at most 100 bytes for each, so less than 1 MB for 10,000 (what is left are a few caches that fill).
"""

import gc
import sys
import tracemalloc

import minigrad as mg
import viz
from viz.widget import GraphWidget

SETTLED = 60  # rounds until the caches are full
LEAST, SLACK = 100, 50_000  # bytes for each round, and for what fills slowly


def recording():
    """A run with everything in it: modules, a backward, a step."""
    x = mg.ones(2, 3)
    with viz.watch() as run:
        NET(x).sum().backward()
        OPT.step()
        OPT.zero_grad()
    return run


NET = mg.nn.Linear(3, 2)
OPT = mg.optim.SGD(NET.parameters(), lr=0.1)
RUN, WIDGET = recording(), GraphWidget()
WIDGET.show(RUN)
ROUNDS = {
    "recording": lambda: recording().graph.counts(),
    "a run that nobody looks at": recording,
    "svg": lambda: RUN.svg(),
    "outline and digest": lambda: (RUN.outline(), RUN.digest()),
    "scene of a widget": lambda: WIDGET.show(RUN),
}


def left_by(once, rounds):
    """(bytes, objects) that are there after so many rounds and were not before."""
    for _ in range(SETTLED):
        once()
    gc.collect()
    tracemalloc.start()
    once()
    gc.collect()
    start, objects = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
    for _ in range(rounds):
        once()
    gc.collect()
    found = tracemalloc.get_traced_memory()[0] - start, len(gc.get_objects()) - objects
    tracemalloc.stop()
    return found


def main(rounds):
    """Print a line for each; returns whether all are clean."""
    clean = True
    for name, once in ROUNDS.items():
        size, objects = left_by(once, rounds)
        right = size < SLACK + LEAST * rounds and objects < max(10, rounds // 100)
        clean = clean and right
        print(f"{name}: {rounds:,} rounds leave {size:,} bytes and {objects:,} objects{'' if right else '  LEAK'}")
    return clean


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
