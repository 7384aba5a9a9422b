"""The exercise of lesson 14: a branch and a loop over the length that stay in the graph, in a file that runs elsewhere.

    def keep(x) -> Tensor
    def ship(keep, path)

`keep` gives what `cases.damp` gives, written so that it can be captured whole; `ship` captures it and writes the file.
"""

import sys

from exercises.graders.grader import Grader
from exercises.graders.shipping.cases import drawn, examples
from exercises.graders.shipping.diagnosis import examine

__all__ = ["check", "grade"]

GRADER = Grader(examine, examples, drawn)


def check(keep, ship):
    """The Report on an answer: its two functions, or their names in the notebook."""
    return GRADER.check([keep, ship], sys._getframe(1).f_globals)


def grade(*given, seeds=(1, 2)):
    """`grade(keep, ship, "V")`, or "G" or "S": AssertionError where that does not hold."""
    GRADER.grade(given, seeds)
