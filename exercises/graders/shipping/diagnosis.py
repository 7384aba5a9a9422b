"""From two functions and a file to a report: what `keep` gives, what is in the file, and what that gives elsewhere."""

import tempfile
import warnings
from functools import lru_cache
from pathlib import Path

import minigrad as mg
from exercises.graders import plain
from exercises.graders.report import Finding, Property, Report
from exercises.graders.shipping.cases import damp
from exercises.graders.shipping.shipped import NAME, read
from exercises.graders.shipping.words import FINDINGS
from exercises.graders.witness import attempt
from minigrad.tensor import Tensor
from viz import text

CLOSE = 1e-5


def examine(keep, ship, case, quiet=False):
    """Run `keep` on all inputs of a case, let `ship` write the file, and report on both."""
    outcome = _Outcome(case, keep, ship, quiet)
    if outcome.unwritten():
        return Report(case.title, "not yet")
    properties = list(outcome.properties())
    finding = None if all(item.ok for item in properties) else outcome.finding()
    return Report(case.title, "wrong" if finding else "right", properties, finding, outcome.graph())


@lru_cache(maxsize=256)
def _true(row):
    """The original's number and gradient at an input."""
    x = mg.tensor(row, requires_grad=True)
    result = damp(x)
    result.backward()
    return result.item(), plain.array(x.grad)


def _is(found, true):
    return isinstance(found, int | float) and abs(found - true) <= CLOSE


class _Outcome:
    def __init__(self, case, keep, ship, quiet):
        self.case, self.shipped, self.refused = case, None, None
        self.tries = [self._kept(keep, row, quiet or number) for number, row in enumerate(case.inputs)]
        self.values = [_number(run.result) for run, _ in self.tries]
        self.writing, self.content = self._written(keep, ship, quiet)
        if self.content:
            try:
                self.shipped = read(self.content)
            except Exception as error:
                self.refused = error
        self.elsewhere = self.shipped.results(case.inputs) if self.shipped else [None] * len(case.inputs)

    def _kept(self, keep, row, quiet):
        """(the run, the gradient or None) of the learner's function at one input."""
        x = mg.tensor(row, requires_grad=True)
        run = attempt(keep, (x,), {"x": x}, bool(quiet))
        if _number(run.result) is not None and run.result.requires_grad:
            run.result.sum().backward()
        return run, plain.array(x.grad)

    def _written(self, keep, ship, quiet):
        """(the run, the bytes of the file or None) of the learner's `ship`."""
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            if quiet:
                warnings.simplefilter("ignore")
            path = Path(folder, NAME)
            run = attempt(ship, (keep, str(path)), quiet=quiet)
            return run, path.read_bytes() if path.exists() else None

    def unwritten(self):
        """Whether one of the two functions is still to be written."""
        first = self.tries[0][0]
        return (any(isinstance(run.error, NotImplementedError) for run in (first, self.writing))
                or (first.error is None and plain.nothing(first.result) and self.content is None))

    def graph(self):
        """What is drawn: the file's graph, or what `keep` recorded where there is none or where it is wrong itself."""
        wrong = next((row for row in (self._wrong_row(), self._wrong_slope()) if row is not None), None)
        return self.shipped.graph if self.shipped is not None and wrong is None else self.tries[wrong or 0][0].graph

    # Measured

    def properties(self):
        """Every expected property, and whether it holds."""
        row, slope = self._wrong_row(), self._wrong_slope()
        found = "" if row is None else f"{self._told(row)} at {text.numbers(self.case.inputs[row])}"
        yield Property("V", "keep gives what damp gives, on both arms", found, row is None)
        away = self._wrong_elsewhere()
        found = "no file to run" if self.shipped is None else "" if away is None else (
            f"{_answer(self.elsewhere[away])} at {text.numbers(self.case.inputs[away])}")
        yield Property("V", "without minigrad, the file gives the same at each length", found, away is None)
        found = "" if slope is None else f"{'None' if self.tries[slope][1] is None else 'another one'} at " + (
            text.numbers(self.case.inputs[slope]))
        yield Property("G", "the gradient through keep is that of damp", found, slope is None)
        yield from self._structure()

    def _structure(self):
        file, none = self.shipped, "no file that could be read"
        arms, loops = (file.arms, file.loops) if file else ([], [])
        yield Property("S", "in the file: an if, with ops in both arms", none if not file else
                       "an arm without ops" if arms else "no if", any(all(arm) for arm in arms))
        yield Property("S", "in the file: a loop, with ops in its body", "no loop" if file else none, any(loops))
        yield Property("S", "the length of the input is open", "the example's length is fixed" if file else none,
                       bool(file) and file.open)
        yield Property("S", "loaded and saved again, the file is the same, byte for byte",
                       "other bytes" if file else none, bool(file) and file.same)

    def _told(self, row):
        run = self.tries[row][0]
        if run.error is not None:
            return f"it raised {plain.error(run.error)}"
        if self.values[row] is not None:
            return text.number(self.values[row])
        shape = f" of shape {text.shape(run.result.shape)}" if type(run.result) is Tensor else ""
        return plain.kind(run.result) + shape

    def _wrong_row(self):
        """The first input at which `keep` gives something else; None for none."""
        return next((n for n, row in enumerate(self.case.inputs) if not _is(self.values[n], _true(row)[0])), None)

    def _wrong_slope(self):
        return next((n for n, row in enumerate(self.case.inputs)
                     if not plain.close(self.tries[n][1], _true(row)[1], CLOSE)), None)

    def _wrong_elsewhere(self):
        return next((n for n, row in enumerate(self.case.inputs) if not _is(self.elsewhere[n], _true(row)[0])), None)

    # Explained

    def finding(self):
        """The first explanation that fits."""
        for explain in (self._stopped, self._keep, self._file, self._nodes):
            reason = explain()
            if reason is not None:
                return self._say(reason)
        return self._say("other-program")

    def _failed(self):
        runs = [*(run for run, _ in self.tries), self.writing]
        return next((run for run in runs if run.error is not None), None)

    def _stopped(self):
        return "raised" if self._failed() else None

    def _keep(self):
        wrong = [n for n, row in enumerate(self.case.inputs) if not _is(self.values[n], _true(row)[0])]
        if wrong:
            if self.values[wrong[0]] is None:
                return "no-tensor"
            return "edge" if all(sum(self.case.inputs[n]) == 1 for n in wrong) else "other-values"
        if self._wrong_slope() is None:
            return None
        read = any(read.how != "bool" for read in self.tries[self._wrong_slope()][0].graph.reads)
        return "read-back" if read else "cut"

    def _file(self):
        if self.content is None:
            return "no-file"
        if self.refused is not None:
            return "changed" if "was changed after" in str(self.refused) else "no-model"
        return None

    def _nodes(self):
        """What became of the branch and of the loop, by what stands in the file and by what it gives."""
        file, away = self.shipped, self._wrong_elsewhere()
        if not file.arms and not file.loops and away is not None and not file.ops["where"]:
            return "traced"
        if not file.arms:
            return "no-branch" if away is None or file.ops["where"] else "one-arm"
        if not any(all(arm) for arm in file.arms):
            return "empty-arm"
        if not file.loops:
            return "no-loop" if away is None else "unrolled"
        if not file.open:
            return "fixed-length"
        return None if file.same else "changed"

    # Said

    def _say(self, reason):
        code, sentence, hints = FINDINGS[reason]
        failed = self._failed()
        if failed is not None:
            sentence = sentence.format(error=plain.error(failed.error))
        elif self.refused is not None:
            sentence = sentence.format(error=text.clean(str(self.refused), 160).rstrip("."))
        marks = self._marks(reason)
        return Finding(code, reason, sentence, hints, marks, failed.stopped if failed else self._line(marks))

    def _marks(self, reason):
        """What shows it: the branch, what each turn has left behind, the cut; else the result."""
        graph = self.graph()
        ops = [step.op for step in graph.steps]
        if reason in ("raised", "no-file", "no-model", "changed"):
            return ()
        if reason == "fixed-length":
            return tuple(value.id for value in graph.sources() if value.name == "x")
        if reason == "read-back":
            return tuple(dict.fromkeys(read.value for read in graph.reads if read.how != "bool"))
        shows = {
            "unrolled": lambda step: ops.count(step.op) > 2 and step.op == max(ops, key=ops.count),
            "empty-arm": lambda step: step.op == "if",
            "cut": lambda step: step.reason in ("cut", "no_grad") and step.kind != "compare",
        } | dict.fromkeys(("traced", "one-arm", "no-branch", "edge"), lambda step: step.kind == "compare")
        found = tuple(step.output for step in graph.steps if reason in shows and shows[reason](step))
        return found or tuple(value.id for value in graph.results_unused() if value.dtype != "bool")

    def _line(self, marks):
        """The learner's line of the first marked op."""
        graph = self.graph()
        producers = [graph.values[mark].producer for mark in marks]
        return next((graph.steps[step].source for step in producers if step is not None), None)


def _number(result):
    """A tensor without axes as a float; None for anything else."""
    return float(result.array) if type(result) is Tensor and result.array.ndim == 0 else None


def _answer(found):
    if isinstance(found, str):  # the runtime's own words, which change with its version
        return "it stops with an error"
    return text.numbers(found) if isinstance(found, list) else text.number(found)
