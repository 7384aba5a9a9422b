"""The function that has to be rewritten and shipped, and the inputs that it is tried on: shown, and hidden ones."""

from dataclasses import dataclass

import numpy as np

import minigrad as mg


def damp(x):
    if sum(x.tolist()) > 1:
        y = x.tanh()
    else:
        y = 0.25 - x
    state = mg.tensor(0.0)
    for i in range(len(x.tolist())):
        state = 0.5 * state + y[i]
    return state


@dataclass(frozen=True, slots=True)
class Case:
    """The inputs of one trial, each a tuple of numbers."""

    inputs: tuple

    @property
    def title(self):
        """What the learner reads above a report."""
        lengths = sorted({len(row) for row in self.inputs})
        return f"damp, kept and shipped: {len(self.inputs)} inputs of {lengths[0]} to {lengths[-1]} numbers"


def examples():
    """What `check` runs in the learner's notebook: both arms, the edge between them, and three lengths."""
    return [Case(((1.0, 2.0, 0.5), (-1.0, 0.5), (0.5, 0.5), (3.0,)))]


def drawn(seed):
    """Hidden inputs from one seed: of each length from 1 to 9, one for each arm, well away from the edge."""
    rng, rows = np.random.default_rng(seed), [(0.25, 0.75), (1.0,)]
    for length in range(1, 10):
        for total in (1.0 + rng.uniform(0.1, 2), 1.0 - rng.uniform(0.1, 3)):
            row = rng.normal(size=length)
            rows.append(tuple((row + (total - row.sum()) / length).astype("float32").tolist()))
    return [Case(tuple(rows))]
