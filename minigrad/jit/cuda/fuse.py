"""The pass that makes one step of each run of elementwise steps.

Two steps go together when their results have one shape and one feeds the other, unless the way from one to the other
also leads through a third: that one would have to run in the middle. What nobody outside uses is never written to
memory.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ... import modes
from ...tensor import Tensor
from ..errors import CaptureError
from ..graph import Graph, Step, values_in
from ..run import run_step
from .elements import Term, Writer
from .kernels import kernel, written


class Fused:
    """The record of several elementwise steps as one. Run on tensors it gives what the steps give, one by one."""

    kind, onnx, rules, byproducts, attributes = "elementwise", None, {}, {}, {}
    view, variadic, draws, broadcasts, fixed, to_float, check = False, False, False, True, (), False, None
    portable = False

    def __init__(self, steps, inputs, outputs):
        self.steps, self.inputs, self.outputs = steps, inputs, outputs
        self.kernel = kernel(steps, inputs, outputs)
        self.name = self.kernel.name.replace("_", ".", 1)
        self.arguments = tuple(value.name for value in inputs)

    def __call__(self, *inputs):
        known = dict(zip(self.inputs, inputs, strict=True))
        for step in self.steps:
            run_step(step, known)
        return tuple(known[value] for value in self.outputs)

    def forward(self, xp, *arrays):
        """The same on arrays."""
        with modes.no_grad():
            made = self(*[Tensor(x) if hasattr(x, "dtype") else x for x in arrays])
        return tuple(x.array for x in made)

    def __repr__(self):
        return f"<{self.name}: {len(self.steps)} steps>"


def fuse(graph, among=None):
    """The graph with each run of elementwise steps as one step. `among`: the steps that may go together, if not all.

    A lone step that is one function of the array module already stays as it is. Blocks of If and Loop stay, too.
    """
    units = _Units(graph, among)
    for step in graph.steps:
        units.join(step)
    wanted = {*values_in(graph.outputs), *values_in(graph.updates)}
    new = Graph(list(graph.inputs), [], list(graph.outputs), graph.name, dict(graph.parameters),
                dict(graph.constants), graph.form, list(graph.updates))  # fmt: skip
    for steps in units.in_order():
        new.steps += _as_one(steps, graph, wanted) if units.fusible(steps[0]) else steps
    return new


def _as_one(steps, graph, wanted):
    """These steps as one, where that gains something."""
    inside = {step.output for step in steps}
    inputs = list(dict.fromkeys(v for step in steps for v in step.uses() if v not in inside))
    if len(steps) == 1 and steps[0].op.kernel is not None and all(v.kind == "tensor" for v in inputs):
        return steps
    outside = {v for step in graph.steps if not inside.issuperset(step.outputs) for v in _uses(step)}
    outputs = [step.output for step in steps if step.output in outside or step.output in wanted]
    last = steps[-1]
    return [Step(Fused(steps, inputs, outputs), tuple(inputs), {}, tuple(outputs), last.source, last.module)]


def _uses(step):
    """All values that a step reads, those inside its blocks as well."""
    yield from step.uses()
    for block in step.blocks:
        yield from values_in(block.outputs)
        for inner in block.steps:
            yield from _uses(inner)


class _Units:
    """The steps of a graph in groups, each of which is to run at once, and which group waits for which."""

    def __init__(self, graph, among):
        self.steps, self.among = graph.steps, None if among is None else set(among)
        self.unit = {step: [step] for step in graph.steps}  # of each step: the list of steps that it is in
        self.maker = {value: step for step in graph.steps for value in step.outputs}
        self.waits = {step: {self.maker[v] for v in _uses(step) if v in self.maker} for step in graph.steps}
        ordered = [step for step in graph.steps if _in_turn(step)]
        for before, after in pairwise(ordered):
            self.waits[after].add(before)
        self.can = {step: self._can(step) for step in graph.steps}

    def fusible(self, step):
        """Whether a kernel can do this step."""
        return self.can[step]

    def _can(self, step):
        mine = self.among is None or step in self.among
        if not mine or not isinstance(step, Step) or len(step.outputs) != 1:
            return False
        values = [*step.uses(), step.output]
        if any(v.kind not in ("tensor", "float") or (v.kind == "tensor" and not _plain(v)) for v in values):
            return False
        tensors = [v for v in step.uses() if v.kind == "tensor"]
        if not tensors or step.output.kind != "tensor" or _broadcast(tensors) != step.output.shape:
            return False
        known = {v: Term("x", v.dtype.numpy if v.kind == "tensor" else np.dtype(float)) for v in values}
        try:
            written(step, known, Writer())
        except CaptureError:
            return False
        return True

    def join(self, step):
        """Bring a step together with those that it takes its operands from, where it can be."""
        if not self.can[step]:
            return
        for value in step.uses():
            other = self.maker.get(value)
            if other is None or not self.can[other] or other.output.shape != step.output.shape:
                continue
            a, b = self.unit[other], self.unit[step]
            if a is not b and not self._between(a, b):
                a += b
                for moved in b:
                    self.unit[moved] = a

    def _between(self, a, b):
        """Whether some other unit stands between these two, so that together they would wait for themselves."""
        return self._reaches(a, b) or self._reaches(b, a)

    def _reaches(self, start, goal):
        """Whether `start` waits for something outside of both that waits for `goal`."""
        todo, seen = [self.unit[s] for step in start for s in self.waits[step]], {id(start), id(goal)}
        while todo:
            unit = todo.pop()
            if id(unit) in seen:
                continue
            seen.add(id(unit))
            for step in unit:
                for before in self.waits[step]:
                    if self.unit[before] is goal:
                        return True
                    todo.append(self.unit[before])
        return False

    def in_order(self):
        """The units, each after those that it waits for, and else in the order of their last steps."""
        place = {step: i for i, step in enumerate(self.steps)}
        units = {id(unit): unit for unit in self.unit.values()}.values()
        done, found = set(), []
        for unit in sorted(units, key=lambda unit: max(place[step] for step in unit)):
            todo = [unit]
            while todo:
                now = todo[-1]
                before = [self.unit[s] for step in now for s in self.waits[step] if self.unit[s] is not now]
                first = next((other for other in before if id(other) not in done), None)
                if first is not None and id(now) not in done:
                    todo.append(first)
                    continue
                todo.pop()
                if id(now) not in done:
                    done.add(id(now))
                    now.sort(key=place.get)
                    found.append(now)
        return found


def _in_turn(step):
    """Whether a step must stay in order with others of its kind: it draws random numbers, or does more than compute."""
    steps = [step, *(inner for block in step.blocks for inner in block.every_step())]
    ops = [inner.op for inner in steps if isinstance(inner, Step)]
    return any(getattr(op, "draws", False) or getattr(op, "effects", False) for op in ops)


def _plain(value):
    return value.shape is not None and None not in value.shape and value.dtype is not None


def _broadcast(tensors):
    try:
        return np.broadcast_shapes(*(v.shape for v in tensors))
    except ValueError:
        return None
