"""The exercises as their tests know them: what is graded in each, with which answers, and what nbgrader makes of it."""

import inspect
import textwrap
from dataclasses import dataclass, field
from types import ModuleType

from exercises.graders import accumulation, counterexamples, shipping, tracer
from exercises.graders.accumulation.cases import drawn as drawn_parts
from exercises.graders.accumulation.words import FINDINGS as OF_ACCUMULATION
from exercises.graders.counterexamples.words import FINDINGS as OF_COUNTEREXAMPLES
from exercises.graders.shipping.cases import drawn as drawn_inputs
from exercises.graders.shipping.words import FINDINGS as OF_SHIPPING
from exercises.graders.tracer.cases import drawn as drawn_functions
from exercises.graders.tracer.words import FINDINGS as OF_TRACER
from tests.exercises_08 import right as right_08
from tests.exercises_08 import wrong as wrong_08
from tests.exercises_13 import right as right_13
from tests.exercises_13 import wrong as wrong_13
from tests.exercises_14 import right as right_14
from tests.exercises_14 import wrong as wrong_14


@dataclass(frozen=True)
class Part:
    """What one grader grades. names: of the functions that make an answer; an answer of several is a class that holds
    them. wrong: rows (answer, code, reason, grades that hold all the same). hidden: cases that these are tried on,
    beside the examples. rest: reasons that no sane answer brings about. secrets: words of the solution, which no
    report may say."""

    grader: ModuleType
    names: tuple
    right: list
    wrong: list
    findings: dict
    letters: str = "VGS"
    hidden: list = field(default_factory=list)
    rest: frozenset = frozenset()
    secrets: tuple = ()

    def functions(self, answer):
        """The functions of an answer."""
        return [answer] if len(self.names) == 1 else [getattr(answer, name) for name in self.names]

    def check(self, answer):
        """Its report."""
        return self.grader.check(*self.functions(answer))

    def grade(self, answer, letter, seeds=(1,)):
        """AssertionError where a grade does not hold."""
        self.grader.grade(*self.functions(answer), letter, seeds=seeds)

    def holds(self, answer):
        """The grades that hold in every case, as a text like "VGS"."""
        grader = self.grader.GRADER
        reports = [grader.examine(*self.functions(answer), case, quiet=True)
                   for case in [*grader.examples(), *self.hidden]]  # fmt: skip
        return "".join(letter for letter in self.letters if all(report.passed(letter) for report in reports))

    def source(self, answer):
        """The code of an answer, as a learner would write it into the free cell."""
        text = inspect.getsource(answer)
        lines = [line for line in text.split("\n") if not line.startswith("@")]
        if len(self.names) == 1:
            return "\n".join(lines).replace(f"def {answer.__name__}(", f"def {self.names[0]}(")
        return textwrap.dedent("\n".join(lines[1:]))


ACCUMULATION = Part(
    accumulation, ("accumulate",), right_08.ANSWERS, wrong_08.ANSWERS, OF_ACCUMULATION, hidden=drawn_parts(1)[:3],
    rest=frozenset({"no-backward", "graphs-missing"}), secrets=("len(x) / total", "sum(len(x)"))  # fmt: skip
TRACER = Part(
    tracer, ("record", "replay"), right_13.TRACERS, wrong_13.TRACERS, OF_TRACER, hidden=drawn_functions(1),
    secrets=("id(x)", "enumerate", ".get("))  # fmt: skip
COUNTEREXAMPLES = Part(
    counterexamples, ("counterexamples",), right_13.COUNTEREXAMPLES, wrong_13.COUNTEREXAMPLES, OF_COUNTEREXAMPLES,
    letters="VS", secrets=("ones(4)", "[1.0, 0.0]"))  # fmt: skip
SHIPPING = Part(
    shipping, ("keep", "ship"), right_14.ANSWERS, wrong_14.ANSWERS, OF_SHIPPING, hidden=drawn_inputs(1),
    secrets=("jit.cond(", "jit.scan(", "dynamic_axes"))  # fmt: skip
PARTS = {"08": ACCUMULATION, "13-tracer": TRACER, "13-counterexamples": COUNTEREXAMPLES, "14": SHIPPING}


@dataclass(frozen=True)
class Exercise:
    """An exercise as nbgrader has it. name: of its folder. cells: the grade_id of each free cell, and what is graded
    there. handed: what each student has written, in the order of the cells (None: nothing); points: what they get.
    secrets: words that are in the source and must not be in the release."""

    name: str
    cells: dict
    handed: dict
    points: dict
    secrets: tuple

    @property
    def number(self):
        """"08"."""
        return self.name.split("_")[0]

    @property
    def notebook(self):
        """The name of its notebook, without the ending."""
        return self.name.partition("_")[2]

    def answers(self, student):
        """grade_id -> the code of the free cell."""
        return {cell: part.source(answer) for (cell, part), answer
                in zip(self.cells.items(), self.handed[student], strict=True) if answer is not None}  # fmt: skip


EXERCISES = [
    Exercise(
        "08_accumulation", {"accumulate": ACCUMULATION},
        {"right": [right_08.scaled_loss], "wrong": [wrong_08.divided_by_number_of_parts], "raising": [wrong_08.raises],
         "unanswered": [None]},
        {"right": {"values": 2, "gradients": 3, "structure": 3}, "wrong": {"structure": 3}},
        ("grade(accumulate", "optimizer.step()", ".backward()")),
    Exercise(
        "13_tracer", {"tracer": TRACER, "counterexamples": COUNTEREXAMPLES},
        {"right": [right_13.from_the_result, right_13.shortest],
         "wrong": [wrong_13.only_inputs_replaced, wrong_13.equal_numbers], "unanswered": [None, None]},
        {"right": {"values": 2, "gradients": 2, "structure": 3, "parting": 2, "shortest": 1}, "wrong": {}},
        ("grade(record", "grade(counterexamples", "place[id", "mg.ones(4)")),
    Exercise(
        "14_shipping", {"shipping": SHIPPING},
        {"right": [right_14.scripted], "wrong": [wrong_14.traced_as_it_is], "unanswered": [None]},
        {"right": {"values": 3, "gradients": 2, "structure": 3}, "wrong": {"gradients": 2}},
        ("grade(keep", "jit.cond", "jit.save")),
]  # fmt: skip
