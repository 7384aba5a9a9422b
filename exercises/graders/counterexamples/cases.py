"""Three functions, the example that each was traced on, and how short an input can be at which the trace is wrong."""

from dataclasses import dataclass


def turn(x):
    if x[0] > x[-1]:
        return x * x
    return x + x


def fold(x):
    total = x[0]
    for i in range(1, len(x)):
        total = total * 0.5 + x[i]
    return total


def stretch(x):
    width = x.max().item() - x.min().item()
    return x * width


@dataclass(frozen=True, slots=True)
class Traced:
    """A function with the numbers it was traced on. fewest: no shorter input makes the trace give something else."""

    function: object
    example: tuple
    fewest: int


FUNCTIONS = {
    "turn": Traced(turn, (1.0, 2.0, 3.0), 2),
    "fold": Traced(fold, (1.0, 1.0, 1.0), 4),
    "stretch": Traced(stretch, (2.0, 2.0, 2.0), 2),
}
