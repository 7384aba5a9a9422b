"""From what happened to a report: first the properties, measured; then the one finding that explains what is missing.

The numbers decide what is right. What ran, and which wrong formula gives the numbers found, decides only what is said.
"""

from functools import lru_cache

import numpy as np

from exercises.graders import plain
from exercises.graders.accumulation.cases import gradients, parameters, reference
from exercises.graders.accumulation.words import FINDINGS
from exercises.graders.report import Finding, Property, Report
from exercises.graders.witness import witness
from minigrad.tensor import Tensor
from viz import text

CLOSE = 1e-10
_truth = lru_cache(maxsize=64)(reference)


def examine(function, case, quiet=False):
    """Run the learner's function on one case and report on it."""
    arguments = case.arguments()
    model = arguments[0]
    leaves = list(model.parameters())
    start = parameters(model)
    names = {f"{side}, part {number}": tensor for number, part in enumerate(arguments[2], 1)
             for side, tensor in zip("xy", part, strict=True)}
    evidence = witness(function, arguments, model, names, quiet)
    if isinstance(evidence.error, NotImplementedError) or _untouched(evidence):
        return Report(case.title, "not yet")
    outcome = _Outcome(case, evidence, model, start, leaves)
    properties = outcome.properties()
    finding = None if all(item.ok for item in properties) else outcome.finding()
    return Report(case.title, "wrong" if finding else "right", properties, finding, evidence.graph, evidence.order())


def _untouched(evidence):
    return evidence.error is None and plain.nothing(evidence.result) and not evidence.timeline


class _Outcome:
    """What one call left behind, beside the truth."""

    def __init__(self, case, evidence, model, start, leaves):
        self.case, self.evidence, self.truth = case, evidence, _truth(case)
        same = [a is b for a, b in zip(leaves, model.parameters(), strict=False)]
        self.gradient, self.parameters = gradients(model), parameters(model)
        self.replaced = not all(same) or len(leaves) != len(self.parameters)
        self.moved = any(not np.array_equal(start[name], self.parameters[name]) for name in start)
        self.parts = len(case.sizes)

    # Measured

    def properties(self):
        """Every expected property, and whether it holds."""
        evidence = self.evidence
        if evidence.error is not None:
            return [Property(grade, "the function runs to its end", f"it raised {plain.error(evidence.error)}", False)
                    for grade in "VGS"]
        return [*self._values(), *self._gradients(), *self._structure()]

    def _values(self):
        close = not self.replaced and _close(self.parameters, self.truth.parameters)
        found = "other parameters" if self.replaced else "they differ" if self.moved else "they did not move"
        yield Property("V", "the weights after the step are those of the full batch", found, close)
        number = plain.number(self.evidence.result)
        right = number is not None and abs(number - self.truth.loss) <= CLOSE
        found = plain.kind(self.evidence.result) if number is None else "another number"
        yield Property("V", "returned: the mean loss over all rows, as a plain number", found, right)

    def _gradients(self):
        held = [name for name, g in self.gradient.items() if g is not None]
        close = _close(self.gradient, self.truth.gradient)
        found = "another gradient" if len(held) == len(self.gradient) else "None"
        yield Property("G", "`.grad` is the gradient of the mean over all rows", found, close)

    def _structure(self):
        evidence, parts = self.evidence, self.parts
        forwards, backwards = evidence.count("forward"), evidence.count("backward")
        found = f"{text.plural(forwards, 'forward')}, {text.plural(backwards, 'backward')}"
        expected = "one forward and one backward for each part"
        yield Property("S", expected, found, forwards == backwards == parts and self._reached())
        alive = max(evidence.saving, evidence.kept)
        yield Property("S", "never more than one graph alive", f"{alive} at once", alive <= 1)
        wanted, late = int(self.case.stale), self._late_clear()
        cleared = evidence.count("zero")
        found = "never" if not cleared else "after a backward" if late and cleared == 1 else f"{cleared} times"
        yield Property("S", "zero_grad once, before the first backward", found, cleared == wanted and not late)
        steps, early = evidence.places("step"), self._early_step()
        found = "before a backward" if early and len(steps) == 1 else text.plural(len(steps), "step")
        yield Property("S", "one optimizer step, after the last backward", found, len(steps) == 1 and not early)

    def _reached(self):
        held = {name for name, g in self.gradient.items() if g is not None}
        return self.evidence.reached | held == set(self.truth.gradient)

    def _late_clear(self):
        backwards = self.evidence.places("backward")
        return [place for place in self.evidence.places("zero") if backwards and place > backwards[0]]

    def _early_step(self):
        backwards = self.evidence.places("backward")
        return [place for place in self.evidence.places("step") if not backwards or place < backwards[-1]]

    # Explained

    def finding(self):
        """The first explanation that fits, from what stops everything to what only the report lacks."""
        for explain in (self._stopped, self._no_gradient, self._clears, self._steps, self._joined, self._numbers,
                        self._held, self._report):
            reason = explain()
            if reason is not None:
                return self._say(reason)
        return self._say("other-gradient")

    def _stopped(self):
        error = self.evidence.error
        if error is None:
            return None
        if "second time" in str(error):
            return "twice"
        if type(error).__name__ == "GradError" and "does not require grad" in str(error):
            return self._why_cut() or "raised"
        return "raised"

    def _no_gradient(self):
        if self.evidence.count("backward") == 0:
            return "no-backward"
        return None if self._reached() else self._why_cut()

    def _why_cut(self):
        if any(step.reason in ("cut", "no_grad") for step in self.evidence.graph.steps):
            return "cut"
        return "read-back" if self.evidence.count("read back") else None

    def _clears(self):
        evidence, late, steps = self.evidence, self._late_clear(), self.evidence.places("step")
        if len(steps) > 1:
            return "small-steps" if late else "step-per-part"
        if late:
            last = evidence.places("backward")[-1]
            if late[0] < last:
                return "cleared-between-parts"
            return "cleared-after-step" if steps and late[0] > steps[0] else "cleared-before-step"
        if self.case.stale and not evidence.count("zero") and not _close(self.gradient, self.truth.gradient):
            return "overwritten" if self._last_part_only() else "never-cleared"
        return None

    def _steps(self):
        if not self.evidence.count("step"):
            return "no-step"
        return "step-too-early" if self._early_step() else None

    def _joined(self):
        forwards, backwards = self.evidence.count("forward"), self.evidence.count("backward")
        if forwards == 1 < self.parts and backwards == 1:
            return "one-big-batch"
        if backwards < forwards == self.parts and self.evidence.saving > 1:
            return "one-big-graph"
        return None

    def _numbers(self):
        """Which wrong formula gives the gradient that was found?"""
        if _close(self.gradient, self.truth.gradient):
            return None
        formulas = {"means-added": [1] * self.parts, "divided-by-parts": [1 / self.parts] * self.parts,
                    "rows-added": self.case.sizes}
        for reason, weights in formulas.items():
            if _close(self.gradient, self._weighed(weights)):
                return reason
        return "overwritten" if self._last_part_only() else "other-gradient"

    def _last_part_only(self):
        last = len(self.truth.parts) - 1
        rows, total = self.case.sizes[-1], sum(self.case.sizes)
        return last > 0 and any(_close(self.gradient, self._weighed([0] * last + [weight]))
                                for weight in (1, 1 / self.parts, rows / total, rows))

    def _weighed(self, weights):
        return {name: sum(weight * part[name] for weight, part in zip(weights, self.truth.parts, strict=True))
                for name in self.truth.gradient}

    def _held(self):
        evidence = self.evidence
        if max(evidence.saving, evidence.kept) > 1:
            if evidence.joined:
                return "total-kept"
            return "graphs-held" if evidence.kept > 1 else "retained"
        return None if evidence.count("forward") == evidence.count("backward") == self.parts else "graphs-missing"

    def _report(self):
        result = self.evidence.result
        if isinstance(result, Tensor) and result.requires_grad:
            return "loss-kept"
        return "no-report" if plain.number(result) is None else "wrong-report"

    # Said

    def _say(self, reason):
        code, sentence, hints = FINDINGS[reason]
        if self.evidence.error is not None:
            sentence = sentence.format(error=plain.error(self.evidence.error))
        marks = self._marks(reason)
        return Finding(code, reason, sentence, hints, marks, self._line(reason, marks))

    def _marks(self, reason):
        """The values to mark: cuts, roots of backward, what was recorded beside every backward, or the parameters."""
        graph = self.evidence.graph
        if reason == "cut":
            return tuple(step.output for step in graph.steps if step.reason in ("cut", "no_grad"))
        if reason == "read-back":
            return tuple(dict.fromkeys(read.value for read in graph.reads))
        if reason == "total-kept":
            return tuple(step.output for step in graph.steps if step.recorded and step.output not in graph.gradients)
        if reason in ("means-added", "divided-by-parts", "rows-added", "other-gradient", "one-big-graph",
                      "graphs-held", "retained", "loss-kept", "wrong-report", "one-big-batch"):
            return self._roots()
        if reason == "no-backward":
            return tuple(value.id for value in graph.results_unused())
        if reason in ("raised", "twice", "no-report", "graphs-missing"):
            return ()
        return tuple(value.id for value in graph.values if value.role == "parameter")

    def _roots(self):
        graph = self.evidence.graph
        inner = {source for step in graph.steps if step.output in graph.gradients
                 for source in step.inputs if isinstance(source, int)}
        return tuple(step.output for step in graph.steps if step.output in graph.gradients and step.output not in inner)

    def _line(self, reason, marks):
        """The learner's line: of the event that is at fault, else of the first marked op."""
        late, steps = self._late_clear(), self.evidence.places("step")
        if reason.startswith("cleared") and late:
            return self.evidence.timeline[late[0]].source
        if reason in ("small-steps", "step-per-part", "step-too-early") and steps:
            return self.evidence.timeline[steps[0]].source
        if reason == "read-back":
            return next((item.source for item in self.evidence.timeline if item.what == "read back"), None)
        if reason in ("raised", "twice"):
            return self.evidence.stopped
        if reason in ("never-cleared", "overwritten", "retained"):
            places = self.evidence.places("backward")
            return self.evidence.timeline[places[0]].source if places else None
        producers = [self.evidence.graph.values[mark].producer for mark in marks]
        return next((self.evidence.graph.steps[step].source for step in producers if step is not None), None)


def _close(found, true):
    """Whether two dictionaries of arrays agree; None agrees with nothing."""
    return all(found.get(name) is not None and plain.close(found[name], array, CLOSE) for name, array in true.items())
