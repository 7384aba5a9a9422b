"""The exercise of lesson 08: accumulation over parts of any size that equals the full batch.

    def accumulate(model, loss_fn, parts, optimizer) -> float

`loss_fn(model(x), y)` is a mean over the rows of x. Afterwards `.grad` holds the gradient of the mean over all rows of
all parts, the optimizer has made one step with it, and the mean loss over all rows is returned as a plain number.
"""

import sys

from exercises.graders.accumulation.cases import drawn, examples
from exercises.graders.accumulation.diagnosis import examine
from exercises.graders.beliefs import mistake
from exercises.graders.report import Report

__all__ = ["check", "grade"]


def check(answer):
    """The Report on the first example that the answer gets wrong, else on the first example.

    answer: the function, or its name in the notebook: then an answer that has not run is reported, without a NameError.

    >>> def accumulate(model, loss_fn, parts, optimizer):
    ...     raise NotImplementedError
    >>> print(check(accumulate))
    not yet: still to be written
    """
    if isinstance(answer, str):
        names = sys._getframe(1).f_globals
        if answer not in names:
            return Report(answer, "not run")
        answer = names[answer]
    reports = []
    for case in examples():
        reports.append(examine(answer, case, quiet=bool(reports)))
        if reports[-1].status != "right":
            return reports[-1]
    return reports[0]


def grade(function, grade, seeds=(1, 2)):
    """What nbgrader runs. AssertionError with code, sentence and first hint when this grade ("V", "G" or "S") fails on
    an example or on a hidden case; the report is displayed too when all examples were right."""
    for case in examples():
        _require(examine(function, case, quiet=True), grade)
    for seed in seeds:
        for case in drawn(seed):
            report = examine(function, case, quiet=True)
            if not report.passed(grade):
                _display(report)
            _require(report, grade)


def _require(report, grade):
    if report.passed(grade):
        return
    if report.finding is None:
        raise AssertionError(report.verdict(grade))
    name = f"\n{mistake(report.finding.code)}" if report.finding.code else ""
    raise AssertionError(f"{report.finding.sentence}{name}\nHint: {report.hint(1)}")


def _display(report):
    from IPython.display import display

    display(report)
