"""The exercise of lesson 08: accumulation over parts of any size that equals the full batch.

    def accumulate(model, loss_fn, parts, optimizer) -> float

`loss_fn(model(x), y)` is a mean over the rows of x. Afterwards `.grad` holds the gradient of the mean over all rows of
all parts, the optimizer has made one step with it, and the mean loss over all rows is returned as a plain number.
"""

import sys

from exercises.graders.accumulation.cases import drawn, examples
from exercises.graders.accumulation.diagnosis import examine
from exercises.graders.grader import Grader

__all__ = ["check", "grade"]

GRADER = Grader(examine, examples, drawn)


def check(answer):
    """The Report on an answer: the function, or its name in the notebook.

    >>> def accumulate(model, loss_fn, parts, optimizer):
    ...     raise NotImplementedError
    >>> print(check(accumulate))
    not yet: still to be written
    """
    return GRADER.check([answer], sys._getframe(1).f_globals)


def grade(*given, seeds=(1, 2)):
    """`grade(function, "V")`, or "G" or "S": AssertionError where that does not hold."""
    GRADER.grade(given, seeds)
