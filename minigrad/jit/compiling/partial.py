"""The way back where gradients come from some of the results only.

What never comes is no zero: a rule that is infinite makes nan of a zero, and backward of the function as it is written
would not have run it. So its steps are left out, and a sum with it is the other part of the sum.
"""

from __future__ import annotations

import threading

from ..graph import Graph, Names, Step, Value, replaced, values_in
from ..prims import PRIMS


def led_from(steps, gradients):
    """For each value the numbers of those `gradients`, values that are handed in, that it is made of, if any."""
    numbers = {value: frozenset([i]) for i, value in enumerate(gradients)}
    for step in steps:
        found = frozenset().union(*(numbers.get(value, ()) for value in step.uses()))
        if found:
            numbers.update(dict.fromkeys(step.outputs, found))
    return numbers


def mixes(graph, gradients):
    """Whether a step other than a plain sum has what comes from some results beside what comes from others."""
    numbers = led_from(graph.steps, gradients)
    return any(len({numbers[value] for value in step.uses() if value in numbers}) > 1
               for step in graph.steps if not _adds(step))  # fmt: skip


def _adds(step):
    """Whether this adds two tensors that are alike, as backward does where two gradients meet."""
    if step.op.name != "add" or step.attributes or not all(isinstance(x, Value) for x in step.inputs):
        return False
    return all((x.shape, x.dtype) == (step.output.shape, step.output.dtype) for x in step.inputs)


def partial(graph, gradients, there):
    """The graph of a way back without the steps that no gradient reaches; `there` are the numbers of those that come.

    Its inputs are those of the graph that it still needs. Where a step needs a gradient that comes beside one that does
    not, in what is written for several results at once, zeros stand for the other.
    """
    numbers, known, steps = led_from(graph.steps, gradients), {}, []
    names = Names(value.name for step in graph.steps for value in (*step.uses(), *step.outputs))

    def missing(value):
        return value in numbers and numbers[value].isdisjoint(there)

    def zeros(value):
        made = Value(names.new("zeros"), "tensor", value.shape, value.dtype, value.device)
        steps.append(Step(PRIMS["tensor.full"], (0,), {"shape": value.shape, "dtype": value.dtype}, (made,)))
        known[value] = made

    for step in graph.steps:
        if missing(step.output):
            continue
        absent = [value for value in dict.fromkeys(step.uses()) if missing(value) and value not in known]
        if absent and _adds(step):
            other = next(x for x in step.inputs if x not in absent)
            known[step.output] = known.get(other, other)
            continue
        for value in absent:
            zeros(value)
        inputs, attributes = replaced(step.inputs, known), replaced(step.attributes, known)
        steps.append(Step(step.op, inputs, attributes, step.outputs, step.source, step.module))
    outputs = [None if isinstance(v, Value) and missing(v) else known.get(v, v) for v in graph.outputs]
    needed = {value for step in steps for value in step.uses()} | set(values_in(outputs))
    new = Graph([value for value in graph.inputs if value in needed], steps, outputs, name=graph.name)
    new.parameters, new.constants = graph.parameters, graph.constants
    return new


class Ways:
    """The ways back of one recording, one for each set of results that gradients have come from.

    `program(graph)` makes what runs a graph. The one for all results is made at once, others when they are needed.
    """

    def __init__(self, program, graph, gradients):
        self.program, self.graph, self.gradients, self.lock = program, graph, gradients, threading.Lock()
        self.whole = program(graph)
        self._made = {}

    def of(self, there):
        """(the program, the places of its inputs among those of the graph) for gradients of these numbers."""
        with self.lock:
            if there not in self._made:
                whole = len(there) == len(self.gradients)
                graph = self.graph if whole else partial(self.graph, self.gradients, there)
                places = {value: i for i, value in enumerate(self.graph.inputs)}
                made = self.whole if whole else self.program(graph)
                self._made[there] = made, [places[value] for value in graph.inputs]
            return self._made[there]
