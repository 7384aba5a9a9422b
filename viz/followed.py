"""What becomes of gradients while a run is followed: the half of the recorder that goes on after the block."""

from dataclasses import replace

from viz.graph import Booking, Entry, Visit
from viz.notes import summary_of


class Followed:
    """Keeps ledger, history and gradients of a recorded graph, from the events of a backward, of clearing and stepping.
    `viz.recorder.Recorder` is this, and records what runs as well; the fields are its own."""

    def backward_started(self, event):
        """BackwardStarted: it counts only when it touches this run."""
        self.log.backward = 0
        self._called = self._line()

    def backward_ended(self, event):
        """BackwardEnded."""
        self._last, self.log.backward = self.log.backward or 0, None
        self._look_for_pins()
        if self._last:
            self._tell("backward")

    def rule_ran(self, event):
        """RuleRan: a gradient came to a step and went on to its inputs."""
        known = self._step_of(event.node)
        if known is not None:
            number, graph = self.log.count_backward(), self.graph
            step = graph.steps[known]
            graph.gradients[step.output] = gradient = summary_of(event.gradient.array)
            step.contributions = tuple(sent if sent is None else summary_of(sent.array)
                                       for sent in event.contributions)
            graph.history.append(Visit(known, number, gradient, step.contributions, len(graph.steps),
                                       source=self._called))

    def accumulated(self, event):
        """Accumulated: `.grad` of a tensor of this run has grown."""
        known = self.log.number(event.tensor)
        if known is None:
            return
        total = summary_of(event.total.array)
        self._totals.put(event.total, known)
        # backward(inputs=...) fills `.grad` when its pass is already over
        number = self._last if self.log.backward is None else self.log.backward
        if number or self.relay().forward:
            if known in self._elsewhere:
                self._enter(known, Entry("elsewhere", None, self._elsewhere.pop(known)))
            self.graph.gradients[known] = total
            self._enter(known, Entry("add", summary_of(event.gradient.array), total,
                                     number or self.log.count_backward(), self._called))
            if self.log.backward is None:
                self._tell("backward")
        else:  # a backward through another graph, which only shares this leaf
            self._elsewhere[known] = total

    def freed(self, event):
        """Freed: what the step had saved is gone."""
        known = self._step_of(event.node)
        if known is not None:
            self.graph.steps[known].freed = True
            last = self.graph.history[-1] if self.graph.history else None
            if isinstance(last, Visit) and last.step == known:
                self.graph.history[-1] = replace(last, freed=True)

    def zeroed(self, event):
        """Zeroed: `.grad` was cleared. Clearing what was empty changes nothing and is not entered."""
        known = self.log.number(event.tensor)
        if known is None or known not in self.graph.gradients:
            return
        self._elsewhere.pop(known, None)
        total = None
        if event.set_to_none:
            del self.graph.gradients[known]
        else:
            total = self.graph.gradients[known] = summary_of(event.tensor.grad.array)
        self._enter(known, Entry("zero", None, total, source=self._line()))
        self._tell("zero")

    def stepped(self, event):
        """Stepped: an optimizer has changed parameters of this run."""
        ours = [(self.log.number(parameter), parameter) for parameter in event.parameters]
        line, by = self._line(), type(event.optimizer).__name__
        self._look_for_pins()
        for known, parameter in ours:
            if known is not None:
                self._enter_new_value(known, summary_of(parameter.array), line, by)
        if any(known is not None for known, _ in ours):
            self._tell("step")

    def _step_of(self, node):
        """The id of the step that made this node; None for a node of another graph."""
        known = self.log.number(node)
        return None if known is None else self._graph.values[known].producer

    def _enter(self, value_id, entry):
        entries = self.graph.ledger.setdefault(value_id, [])
        self.graph.history.append(Booking(value_id, len(entries), len(self.graph.steps)))
        entries.append(entry)

    def _enter_new_value(self, value_id, data, source, by=None):
        steps = [entry.total for entry in self.graph.ledger.get(value_id, ()) if entry.what == "step"]
        if data != (steps[-1] if steps else self.graph.values[value_id].data):
            self._enter(value_id, Entry("step", None, data, None, source, by))

    def _tell(self, what):
        if self.relay().forward:
            return  # one notice when the block ends
        changed = self._changed()
        if changed is not None:
            changed(what)
