"""From what a tracer recorded and replayed to a report: properties first, then the one finding that explains them.

The replayed graph is compared with the one that eager mode records at the same inputs; how the tape is made is nobody's
business.
"""

from collections import Counter
from dataclasses import dataclass

import minigrad as mg
from exercises.graders import plain
from exercises.graders.report import Finding, Property, Report
from exercises.graders.tracer.cases import tensors
from exercises.graders.tracer.words import FINDINGS
from exercises.graders.witness import Attempt, attempt
from minigrad.errors import GradError
from minigrad.tensor import Tensor
from viz import text
from viz.difference import compared

CLOSE = 1e-10
RESULT = "result"


def examine(record, replay, case, quiet=False):
    """Let the learner's tracer record one function and replay it, and report on it."""
    function, recorded, weights = case.make()
    counted = _Counted(function)
    example = tensors(case.example)
    recording = attempt(record, (counted, example), case.named(weights, example), quiet)
    if isinstance(recording.error, NotImplementedError) or (recording.error is None and not counted.calls
                                                            and recording.result is None):  # fmt: skip
        return Report(case.title, "not yet")
    outcome = _Outcome(case, recorded, weights, recording, counted, quiet)
    if recording.error is None:
        outcome.replay(function, replay)
        if outcome.replays and isinstance(outcome.replays[0].run.error, NotImplementedError):
            return Report(case.title, "not yet")
    properties = outcome.properties()
    finding = None if all(item.ok for item in properties) else outcome.finding()
    return Report(case.title, "wrong" if finding else "right", properties, finding, outcome.graph())


class _Counted:
    """The function, and how often it was called."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *inputs):
        self.calls += 1
        return self.function(*inputs)


@dataclass(slots=True)
class _Replay:
    """One replay beside the truth: arrays, and gradients by name."""

    run: Attempt
    found: object
    true: object
    slopes: dict
    true_slopes: dict

    @property
    def right(self):
        return self.run.error is None and plain.close(self.found, self.true, CLOSE)

    @property
    def right_slopes(self):
        return self.run.error is None and all(
            plain.close(self.slopes[name], true, CLOSE) for name, true in self.true_slopes.items())


class _Outcome:
    def __init__(self, case, recorded, weights, recording, counted, quiet):
        self.case, self.recorded, self.weights = case, recorded, weights
        self.recording, self.counted, self.quiet = recording, counted, quiet
        self.calls_recording = counted.calls  # the rest are calls while replaying
        self.replays, self.changed, self.facts = [], None, None

    def replay(self, function, replay):
        """On the example, on the other inputs, and on the example again after the weights were changed."""
        for inputs in (self.case.example, *self.case.others):
            self.replays.append(self._once(replay, inputs))
        example = tensors(self.case.example)
        eager = attempt(function, example, self.case.named(self.weights, example), True, called=RESULT)
        self.facts = compared(eager.graph, self.replays[0].run.graph)
        if self.weights:
            with mg.no_grad():
                for weight in self.weights.values():
                    weight.mul_(2)
            self.changed = self._once(replay, self.case.example)

    def _once(self, replay, inputs):
        quiet, given = self.quiet or bool(self.replays), tensors(inputs)
        names = self.case.named(self.weights, given)
        run = attempt(replay, (self.recording.result, given), names, quiet, called=RESULT)
        other = tensors(inputs)
        true = self.recorded(*other)
        return _Replay(run, plain.array(run.result), plain.array(true),
                       self._slopes(run.result, given), self._slopes(true, other))

    def _slopes(self, result, inputs):
        """The gradient of the sum of the result's squares for each input and weight, by its name in the picture."""
        wanted = self.case.named(self.weights, inputs)
        if type(result) is not Tensor or not result.requires_grad:
            return dict.fromkeys(wanted)
        try:
            found = mg.autograd.grad(result.square().sum(), list(wanted.values()), allow_unused=True, retain_graph=True)
        except GradError:  # a graph of an earlier run, whose weight has changed since
            return dict.fromkeys(wanted)
        return dict(zip(wanted, map(plain.array, found), strict=True))

    def graph(self):
        """What is drawn: the replayed graph; where steps are only missing, the one that eager mode records."""
        if self.facts is None:
            return self.recording.graph
        return self.facts.before if self._gone() and not self._here() else self.facts.after

    # Measured

    def properties(self):
        """Every expected property, and whether it holds."""
        if self.recording.error is not None:
            found = f"it raised {plain.error(self.recording.error)}"
            return [Property(grade, "recording runs to its end", found, False) for grade in "VGS"]
        return [*self._values(), *self._gradients(), *self._structure()]

    def _values(self):
        first, *others = self.replays
        expected = "replayed on the example, the tape gives what the function gave"
        yield Property("V", expected, _found(first), first.right)
        wrong = [other for other in others if not other.right]
        yield Property("V", "replayed on other inputs, it gives what the recorded ops give",
                       _found(wrong[0]) if wrong else "", not wrong)
        if self.changed is not None:
            yield Property("V", "a weight that has changed since counts with its new numbers", _found(self.changed),
                           self.changed.right)

    def _gradients(self):
        inputs = len(self.case.example)
        for who, pick in (("inputs", slice(inputs)), ("weights", slice(inputs, None))):
            names = [*self.case.named({}, self.case.example), *self.weights][pick]
            if names:
                missed = [name for name in names if any(
                    not plain.close(one.slopes[name], one.true_slopes[name], CLOSE) for one in self.replays)]
                none = any(one.slopes[name] is None for one in self.replays for name in missed)
                yield Property("G", f"through the replay, gradients reach the {who}",
                               f"{'None' if none else 'another gradient'} for {', '.join(missed)}", not missed)

    def _structure(self):
        again = self.counted.calls - self.calls_recording
        found = f"{text.plural(self.calls_recording, 'call')} while recording, {again} while replaying"
        yield Property("S", "the function is called once, while recording, and never again", found,
                       (self.calls_recording, again) == (1, 0))
        wrong = [what for what, nodes in (("missing", self._gone() or self._lost()), ("too many", self.facts.added),
                                          ("other", self.facts.changed)) if nodes]  # fmt: skip
        expected, found = "the replayed graph is the one that eager mode records", f"nodes that are {', '.join(wrong)}"
        yield Property("S", expected, found, not wrong)

    def _lost(self):
        """Names of inputs and weights that eager mode's ops use and those of the replay do not."""
        before, after = ({graph.values[source].name for source in _foreign(graph)}
                         for graph in (self.facts.before, self.facts.after))
        return before - after - {None}

    def _gone(self):
        """Ids of eager mode's nodes that the replay lacks and that the result hangs on."""
        graph = self.facts.before
        needed = {value.id for value in graph.values if value.name == RESULT}
        for step in reversed(graph.steps):
            if step.output in needed:
                needed.update(source for source in step.inputs if isinstance(source, int))
        return [node for node in self.facts.gone if node in needed]

    def _here(self):
        """Ids of the replay's nodes that are not eager mode's."""
        return [*self.facts.added, *(new for _, new in self.facts.changed)]

    # Explained

    def finding(self):
        """The first explanation that fits."""
        for explain in (self._stopped, self._calls, self._sources, self._wiring, self._stopped_later, self._numbers):
            reason = explain()
            if reason is not None:
                return self._say(reason)
        return self._say("other-result")

    def _failed(self):
        """The first run that raised."""
        tried = [self.recording, *(one.run for one in self.replays), *([self.changed.run] if self.changed else [])]
        return next((run for run in tried if run.error is not None), None)

    def _stopped(self):
        return "raised" if self.recording.error or self.replays[0].run.error else None

    def _stopped_later(self):
        return "raised" if self._failed() else None

    def _calls(self):
        if self.counted.calls > self.calls_recording:
            return "called-again"
        if self.calls_recording != 1:
            return "called-twice" if self.calls_recording else "never-called"
        return "no-tensor" if self.replays[0].found is None else None

    def _sources(self):
        """What the replay took its numbers from, beside what eager mode takes them from."""
        graph, lost = self.facts.after, self._lost()
        if not graph.steps:
            return "result-kept"
        if lost & set(self.weights):
            return "weight-copied"
        if any(graph.values[source].requires_grad and not graph.values[source].name for source in _foreign(graph)):
            return "input-kept" if lost else "results-kept"
        return None

    def _wiring(self):
        rows = [what for changed in self.facts.changed.values() for what, *_ in changed]
        if "recorded" in rows:
            return "cut"
        eager, here = (Counter(step.op for step in graph.steps) for graph in (self.facts.before, self.facts.after))
        if eager < here and all(one.right for one in self.replays):
            return "computed-again"
        if self._gone() and not self._here():
            return "ops-missing"
        return "mixed-up" if self._here() else None

    def _numbers(self):
        if not self.replays[0].right:
            return None
        if not all(one.right for one in self.replays):
            return "remembers"
        return "cut" if not all(one.right_slopes for one in self.replays) else None

    # Said

    def _say(self, reason):
        code, sentence, hints = FINDINGS[reason]
        failed = self._failed() if reason == "raised" else None
        if failed is not None:
            sentence = sentence.format(error=plain.error(failed.error))
        marks = self._marks(reason)
        return Finding(code, reason, sentence, hints, marks, failed.stopped if failed else self._line(marks))

    def _marks(self, reason):
        if self.facts is None or reason in ("raised", "called-again", "called-twice", "never-called", "no-tensor"):
            return ()
        graph = self.graph()
        found = self._gone() if graph is self.facts.before else self._here()
        if reason in ("input-kept", "results-kept", "weight-copied"):
            found = [source for source in dict.fromkeys(_foreign(graph)) if not graph.values[source].name]
        if not found:
            found = [value.id for value in graph.values if value.name == RESULT]
        return tuple(found)

    def _line(self, marks):
        """The learner's line that ran the first op in a replay that is marked, or that used what is marked."""
        if self.facts is None or self.graph() is self.facts.before:
            return None
        return next((step.source for step in self.facts.after.steps
                     if step.output in marks or set(marks).intersection(step.inputs)), None)  # fmt: skip


def _foreign(graph):
    """Ids of the values that steps use and that no step made."""
    return [source for step in graph.steps for source in step.inputs
            if isinstance(source, int) and graph.values[source].producer is None]


def _found(replay):
    if replay.run.error is not None:
        return f"it raised {plain.error(replay.run.error)}"
    return "another result" if replay.found is not None else plain.kind(replay.run.result)
