"""What `check` and `grade` do, whatever the exercise: that brings cases, and examines an answer to one."""

from collections.abc import Callable
from dataclasses import dataclass

from exercises.graders.beliefs import mistake
from exercises.graders.report import Report


@dataclass(frozen=True, slots=True)
class Grader:
    """examine(*answers, case, quiet=...) gives a Report, examples() the cases that learners see, drawn(seed) hidden
    ones. An answer is a function; some exercises ask for two."""

    examine: Callable
    examples: Callable
    drawn: Callable = lambda seed: []

    def check(self, answers, names):
        """The Report on the first example that the answers get wrong, else on the first example.

        answers: functions, or their names among `names`, those of the notebook: then an answer that has not run is
        reported, without a NameError.
        """
        missing = [answer for answer in answers if isinstance(answer, str) and answer not in names]
        if missing:
            return Report(missing[0], "not run")
        answers = [names[answer] if isinstance(answer, str) else answer for answer in answers]
        reports = []
        for case in self.examples():
            reports.append(self.examine(*answers, case, quiet=bool(reports)))
            if reports[-1].status != "right":
                return reports[-1]
        return reports[0]

    def grade(self, given, seeds):
        """What nbgrader runs; `given` holds the answers and then "V", "G" or "S".

        AssertionError with code, sentence and first hint when this grade fails on an example or on a hidden case; the
        report is displayed too when all examples were right.
        """
        *answers, letter = given
        for case in self.examples():
            _require(self.examine(*answers, case, quiet=True), letter)
        for case in (case for seed in seeds for case in self.drawn(seed)):
            report = self.examine(*answers, case, quiet=True)
            if not report.passed(letter):
                _display(report)
            _require(report, letter)


def _require(report, letter):
    if report.passed(letter):
        return
    if report.finding is None:
        raise AssertionError(report.verdict(letter))
    name = f"\n{mistake(report.finding.code)}" if report.finding.code else ""
    raise AssertionError(f"{report.finding.sentence}{name}\nHint: {report.hint(1)}")


def _display(report):
    from IPython.display import display

    display(report)
