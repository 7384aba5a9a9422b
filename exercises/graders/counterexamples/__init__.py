"""The second half of the exercise of lesson 13: for three traced functions, the smallest input that shows what is lost.

    def counterexamples() -> {"turn": Tensor, "fold": Tensor, "stretch": Tensor}

Function and trace have to run on the input, and to give different numbers; no shorter input may do the same.
"""

import sys

from exercises.graders.counterexamples.diagnosis import examine
from exercises.graders.grader import Grader

__all__ = ["check", "grade"]

GRADER = Grader(examine, lambda: [None])


def check(answer):
    """The Report on an answer: the function, or its name in the notebook."""
    return GRADER.check([answer], sys._getframe(1).f_globals)


def grade(*given, seeds=()):
    """`grade(function, "V")`, or "S": AssertionError where that does not hold."""
    GRADER.grade(given, seeds)
