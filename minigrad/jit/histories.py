"""What a replay may let gradients flow through: nothing more than the run that was recorded.

Under `no_grad` (and while backward runs its rules) ops leave no history. A graph has no such modes. So a value that was
made like that, and is used where ops are recorded again, goes through a `detach`, which is put into the graph there;
what nobody uses so costs nothing. A tensor that was changed under `no_grad` keeps the history it had, and gets the new
numbers: that is the primitive `tensor.rewritten`.
"""

from __future__ import annotations

from ..modes import state
from ..op import OPS, Op
from .graph import Value, replaced, values_in
from .prims import PRIMS
from .vjp import Vjp


class Histories:
    """Which values of a recording have a history when the graph is run, and which had none in the run recorded."""

    def __init__(self):
        self.recorded_at_first = True
        self._live = set()  # values that may have a history
        self._cold = set()  # of these, the ones that had none
        self._before = {}  # value -> the one whose history it has, though an op without history made it
        self._cut = {}  # value of these two kinds -> how it is used where ops are recorded

    def begin(self):
        """Remember whether ops are recorded where the run begins; a replay takes that from where it is called."""
        self.recorded_at_first = state.grad

    def hot(self):
        """Whether ops leave a history just now, as at the beginning."""
        return not self.recorded_at_first or (state.grad and not state.inference)

    def enters(self, value, tracked):
        """A value from outside: an input, a parameter or a constant."""
        if tracked and (value.dtype is None or value.dtype.is_floating_point):
            self._live.add(value)

    def flows(self, value):
        """Whether a gradient may come back to this value in a replay."""
        return value in self._before or (value in self._live and value not in self._cold)

    def operands(self, inputs):
        """The operands as a recorded op may see them, and the steps for that."""
        steps, known = [], {}
        if (self._cold or self._before) and self.hot():
            for value in values_in(inputs):
                if value in self._cold or value in self._before:
                    known[value] = self._without_history(value, steps)
        return (replaced(inputs, known) if known else inputs), steps

    def _without_history(self, value, steps):
        if value not in self._cut:
            made = Value(f"{value.name}_", "tensor", value.shape, value.dtype, value.device)
            if value in self._before:
                past = self._before[value]
                past = self._without_history(past, steps) if past in self._cold or past in self._before else past
                steps.append((PRIMS["tensor.rewritten"], (past, value), made))
                self._live.add(made)
            else:
                steps.append((OPS["detach"], (value,), made))
            self._cut[value] = made
        return self._cut[value]

    def made(self, op, inputs, outputs):
        """A step has made these values."""
        flows = isinstance(op, Vjp) or getattr(op, "flows", False) or bool(isinstance(op, Op) and op.rules)
        if not flows or not any(value in self._live for value in values_in(inputs)):
            return
        for value in outputs:
            if value.kind == "tensor" and (value.dtype is None or value.dtype.is_floating_point):
                self._live.add(value)
                if not self.hot():
                    self._cold.add(value)

    def parted(self, used, outputs):
        """An If or Loop that reads these values has made those: whether gradients flow is not known of each."""
        if any(value in self._live for value in used):
            tensors = [value for value in outputs if value.kind == "tensor"]
            self._live.update(tensors)
            self._cold.update(() if self.hot() else tensors)

    def keeps_history(self, new, old):
        """A tensor that was `old` is `new` from now on. Where ops leave no history, its own stays as it was."""
        if not self.hot() and old is not new and self.flows(old):
            self._before[new] = old

    def carries(self, new, old):
        """The same, wherever it happens."""
        if old is not new and self.flows(old):
            self._before[new] = old
