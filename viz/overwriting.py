"""What happens when a value is overwritten in place between forward and backward? Tried out, not looked up.

An `Experiment` runs a function honestly once. Each trial runs it anew on copies, overwrites one value, goes backward,
and compares the gradients with the honest ones. The reason is read off the nodes that are alive then.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

import minigrad as mg
from minigrad import memory, modes
from minigrad.autograd import grad
from minigrad.events import OpRan
from viz import text, words
from viz.graph import Number
from viz.live import OpenRun
from viz.panel import variables_of
from viz.recorder import summary_of
from viz.stepping import rule_text

WAYS = {"in place": "{}.mul_(2)", "no_grad": "with no_grad(): {}.mul_(2)", "data": "{}.data.mul_(2)"}
OUTCOMES = "fine", "error", "silently wrong"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a trial has shown. value: what was overwritten; way: how, one of WAYS; outcome: one of OUTCOMES."""

    value: str
    way: str
    outcome: str
    reason: str
    guess: str | None = None

    @property
    def right(self):
        """Whether that is what was predicted."""
        return self.guess == self.outcome

    @property
    def code(self):
        """What was done, as it is written."""
        return WAYS[self.way].format(self.value.split()[-1])

    def __str__(self):
        told = f"{self.code}: {self.outcome}"
        if self.guess:
            told += f" (predicted: {self.guess}, {'right' if self.right else 'wrong'})"
        return f"{told}. {self.reason}"


@dataclass(slots=True)
class _Forward:
    """One run of the function. tensors: value id -> the tensor itself; nodes: of the steps, None where not recorded.
    ops: their names. ends: what the function returned. given: ids of the objects that it was given."""

    run: object
    tensors: dict
    nodes: list
    ops: list
    ends: list
    given: set


class Experiment:
    """A function, its arguments, and the gradients of its honest run.

    graph: that run. values: the ids of what can be overwritten, floats only. Errors: ValueError when nothing that the
    function returns requires a gradient.
    """

    def __init__(self, function, args, kwargs):
        self.function, self.args, self.kwargs = function, args, kwargs
        self.random = mg.get_rng_state()
        honest = self._forward()
        self.run, self.graph, self.ops = honest.run, honest.run.graph, honest.ops
        self.values = [value.id for value in self.graph.values
                       if value.id in honest.tensors and value.dtype.startswith("float")]
        self.leaves = [value.id for value in self.graph.values if value.wants_gradient and value.id in honest.tensors]
        self.outside = [tensor for value, tensor in honest.tensors.items()
                        if self.graph.values[value].producer is None and id(tensor) not in honest.given]
        if not honest.ends or not self.leaves:
            raise ValueError("nothing to go backward from: the function has to return a tensor that requires a "
                             "gradient, made of leaves that do, such as mg.tensor([1.0, 2.0], requires_grad=True)")
        self.gradients = self._backward(honest)

    def trial(self, value, way, guess=None):
        """Run anew, overwrite this value in this way, go backward: an Answer. Errors: ValueError when the function
        does other work than before."""
        return replace(self._tried(value, way), guess=guess)

    def _tried(self, value, way):
        name = words.value_name(self.graph, value)
        with _swapped(self.outside):
            forward = self._forward()
            if forward.ops != self.ops:
                raise ValueError("the function did not run the same ops as before; give it the same work every time")
            keepers = self._keepers(forward, forward.tensors[value])
            ends = forward.ends  # alive: what is overwritten may be one of them
            forward.ends = [end + 0 for end in ends]  # a sum keeps nothing
            try:
                _overwrite(forward.tensors[value], way)
            except mg.GradError as error:
                return Answer(name, way, "error", f"Refused at once: {_first(error)}")
            try:
                found = self._backward(forward)
            except Exception as error:
                return Answer(name, way, "error", self._why_error(keepers, error))
        wrong = [number for number, (mine, honest) in enumerate(zip(found, self.gradients, strict=True))
                 if not _same(mine, honest)]
        if wrong:
            return Answer(name, way, "silently wrong", self._why_wrong(keepers, way, wrong[0], found))
        return Answer(name, way, "fine", self._why_fine(keepers))

    # ---- running

    def _forward(self):
        events, nodes, run = [], [], OpenRun()

        def hear(event):
            if type(event) is OpRan:
                events.append(event)
                nodes.append(event.output.grad_fn if event.recorded else None)

        args = [_fresh(arg) for arg in self.args]
        kwargs = {name: _fresh(arg) for name, arg in self.kwargs.items()}
        with _seeded(self.random), run.recording():
            modes.add_watcher(hear)
            try:
                returned = self.function(*args, **kwargs)
            finally:
                modes.remove_watcher(hear)
        run.end(variables_of(self.function))
        run.close()
        tensors, given = {}, {id(arg) for arg in (*args, *kwargs.values())}
        for step, event in zip(run.graph.steps, events, strict=True):
            for known, source in zip(step.inputs, event.inputs, strict=True):
                if not isinstance(known, Number):
                    tensors.setdefault(known, source)
            tensors[step.output] = event.output
        ends = [end for end in _several(returned) if isinstance(end, mg.Tensor) and end.requires_grad]
        return _Forward(run, tensors, nodes, [step.op for step in run.graph.steps], ends, given)

    def _backward(self, forward):
        """The gradient of each leaf: of the results, weighted so that no two elements stand for each other."""
        weights = [mg.arange(1, end.numel() + 1, dtype=end.dtype).reshape(end.shape) / end.numel()
                   for end in forward.ends]
        leaves = [forward.tensors[leaf] for leaf in self.leaves]
        found = grad(forward.ends, leaves, grad_outputs=weights, allow_unused=True)
        return [None if one is None else one.array.copy() for one in found]

    # ---- reasons

    def _keepers(self, forward, tensor):
        """Everything that nodes keep in the memory of this tensor."""
        owner = memory.owner(tensor.array)
        return [_Keeper(self.graph.steps[number], name, memory.version(array),
                        array.shape == tensor.array.shape and np.shares_memory(array, tensor.array),
                        np.shares_memory(array, tensor.array))
                for number, node in enumerate(forward.nodes) if node is not None
                for name, array in node.kept_arrays().items()
                if isinstance(array, np.ndarray) and memory.owner(array) is owner]

    def _kept(self, keepers):
        """`It is kept by exp (#1), whose rule is g * y`."""
        told = {}
        for keeper in keepers:
            step = keeper.step
            names, rules = told.setdefault(f"{step.op} (#{step.id + 1})", ({}, {}))
            if not keeper.itself:
                names |= {words.saved_name(self.graph, step, item): None
                          for item in step.saved if item.name == keeper.name}
            rules |= {rule: None for argument in step.arguments
                      if keeper.name in re.findall(r"[a-z_]\w*", rule := rule_text(step.op, argument))}
        parts = [by + (f" as {', '.join(names)}" if names else "")
                 + (f", whose rule{'s are' if len(rules) > 1 else ' is'} {' and '.join(rules)}" if rules else "")
                 for by, (names, rules) in told.items()]
        more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
        whole = all(keeper.itself for keeper in keepers)
        return f"{'It' if whole else 'Its memory'} is kept by {'; '.join(parts[:3])}{more}"

    def _why_error(self, keepers, error):
        if not keepers:
            return _first(error)
        version = keepers[0].version
        elsewhere = "" if any(keeper.touched for keeper in keepers) else ", which counts for the memory as a whole"
        return f"{self._kept(keepers)}: backward finds version {version + 1} where {version} was kept{elsewhere}."

    def _why_wrong(self, keepers, way, leaf, found):
        name = words.value_name(self.graph, self.leaves[leaf])
        mine, honest = (None if one is None else summary_of(one).short() for one in (found[leaf], self.gradients[leaf]))
        unseen = ", as .data has no version that would tell" if way == "data" else ""
        kept = f"{self._kept(keepers)}: backward uses the new numbers{unseen}. " if keepers else ""
        return f"{kept}{name}.grad is {mine} where {honest} is right."

    def _why_fine(self, keepers):
        if not keepers:
            return "No op keeps it: backward has no use for these numbers."
        if not any(keeper.touched for keeper in keepers):
            return f"{self._kept(keepers)}: that part of it was not overwritten."
        return f"{self._kept(keepers)}, but with the new numbers the gradients come out the same."


@dataclass(frozen=True, slots=True)
class _Keeper:
    """A node's step keeps an array under this name, at this version. itself: it is the very value that is overwritten;
    touched: some of its numbers are."""

    step: object
    name: str
    version: int
    itself: bool
    touched: bool


def _overwrite(tensor, way):
    if way == "data":
        tensor.data.mul_(2)
    elif way == "no_grad":
        with mg.no_grad():
            tensor.mul_(2)
    else:
        tensor.mul_(2)


def _fresh(arg):
    return arg.detach().clone().requires_grad_(arg.requires_grad) if isinstance(arg, mg.Tensor) else arg


def _several(returned):
    if isinstance(returned, dict):
        returned = list(returned.values())
    return returned if isinstance(returned, list | tuple) else [returned]


def _same(mine, honest):
    if mine is None or honest is None:
        return mine is honest
    return np.array_equal(mine, honest, equal_nan=True)


@contextmanager
def _seeded(state):
    """The same random numbers as at first, and afterwards those that would have come."""
    before = mg.get_rng_state()
    mg.set_rng_state(state)
    try:
        yield
    finally:
        mg.set_rng_state(before)


@contextmanager
def _swapped(tensors):
    """Parameters and other tensors that the function finds outside stand on a copy of their numbers meanwhile."""
    arrays = [tensor.array for tensor in tensors]
    try:
        for tensor, array in zip(tensors, arrays, strict=True):
            tensor.array = array.copy()
        yield
    finally:
        for tensor, array in zip(tensors, arrays, strict=True):
            tensor.array = array


def _first(error):
    return text.clean(str(error).split(". ")[0], 200) + "."
