"""From three inputs to a report: each is given to the function and to its trace, and the numbers are compared."""

from dataclasses import dataclass
from functools import cache

import numpy as np

import minigrad as mg
from exercises.graders import plain
from exercises.graders.counterexamples.cases import FUNCTIONS
from exercises.graders.counterexamples.words import FINDINGS
from exercises.graders.report import Finding, Property, Report
from exercises.graders.traced import outcome, quietly
from exercises.graders.witness import attempt
from minigrad.tensor import Tensor
from viz import text
from viz.graph import Graph

CLOSE = 1e-5
TITLE = "the traces of turn, fold and stretch"


def examine(answer, case=None, quiet=False):
    """Ask for the three inputs, try them, and report on the first that is not right."""
    tried = attempt(answer, (), quiet=quiet)
    if isinstance(tried.error, NotImplementedError) or (tried.error is None and plain.nothing(tried.result)):
        return Report(TITLE, "not yet")
    if tried.error is not None:
        found = f"it raised {plain.error(tried.error)}"
        properties = [Property(grade, "the function runs to its end", found, False) for grade in "VS"]
        finding = _finding("raised", None, plain.error(tried.error), source=tried.stopped)
        return Report(TITLE, "wrong", properties, finding)
    given = tried.result if type(tried.result) is dict else {}
    trials = [Trial.of(name, given.get(name)) for name in FUNCTIONS]
    wrong = next((trial for trial in trials if trial.reason), None)
    finding = wrong and _finding(wrong.reason, wrong.name, wrong.said, wrong.marks())
    properties = [row for trial in trials for row in trial.properties()]
    return Report(TITLE, "wrong" if wrong else "right", properties, finding, (wrong or trials[0]).graph)


@cache
def trace(name):
    """The trace that the inputs have to expose."""
    return quietly(FUNCTIONS[name].function, mg.tensor(FUNCTIONS[name].example))


def numbers(result):
    """An input as a list of floats; None where it is no tensor with one axis, or where some number is not finite."""
    if type(result) is not Tensor or result.array.ndim != 1:
        return None
    row = np.array(result.array, "float64")
    return row.tolist() if np.all(np.isfinite(row)) else None


@dataclass(slots=True)
class Trial:
    """One function at the learner's input. reason: what is wrong with it, None for nothing; said: words about that."""

    name: str
    row: list | None
    graph: Graph
    reason: str | None = None
    said: str = ""

    @classmethod
    def of(cls, name, given):
        row = numbers(given)
        if row is None:
            return cls(name, None, Graph(), "missing" if plain.nothing(given) else "no-row", plain.kind(given))
        x, function = mg.tensor(row), FUNCTIONS[name].function
        eager = attempt(function, (x,), {"x": x}, quiet=True)
        trial = cls(name, row, eager.graph)
        recorded = outcome(trace(name), mg.tensor(row))
        if eager.error is not None or isinstance(recorded, Exception):
            trial.reason = "function-stops" if eager.error is not None else "trace-stops"
            trial.said = plain.error(eager.error or recorded)
        elif plain.close(plain.array(recorded), plain.array(eager.result), CLOSE):
            trial.reason, trial.said = f"agree-{name}", _told(eager.result)
        elif len(row) > FUNCTIONS[name].fewest:
            trial.reason, trial.said = f"long-{name}", text.plural(len(row), "number")
        return trial

    @property
    def parts(self):
        """Whether function and trace both run, and give different numbers."""
        return self.reason is None or self.reason.startswith("long")

    def properties(self):
        """They part, and no shorter input would do."""
        where = "" if self.row is None else f" at {text.numbers(self.row)}"
        found = {"trace-stops": "the trace stops", "function-stops": "the function stops", "missing": "no input",
                 "no-row": self.said}.get(self.reason, f"both give {self.said}")  # fmt: skip
        yield Property("V", f"{self.name}: function and trace both run{where}, and part", found, self.parts)
        found = self.said if self.parts else "no counterexample yet"
        yield Property("S", f"{self.name}: no shorter input would show it", found, self.reason is None)

    def marks(self):
        """What Python read, of which the trace knows nothing; else the results."""
        if not self.graph.steps:
            return ()
        read = tuple(dict.fromkeys(read.value for read in self.graph.reads))
        return read or tuple(value.id for value in self.graph.results_unused())


def _told(result):
    return text.numbers(result.tolist())


def _finding(reason, name, said, marks=(), source=None):
    code, sentence, hints = FINDINGS[reason]
    return Finding(code, reason, sentence.format(name=name, said=said), hints, marks, source)
