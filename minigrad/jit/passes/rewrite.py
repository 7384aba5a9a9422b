"""What passes are made of: a copy of a graph in which some steps have been changed."""

from __future__ import annotations

from ..graph import Block, Graph, If, Loop, Step, replaced


def rewritten(graph, change):
    """A copy of the graph. `change(step, block)` is asked of each step, its inputs renewed already, and gives

    None to leave it as it is, a step to put in its place, or a list of what stands for its outputs (it then goes).
    `block` is the new block so far: steps may be appended to it. The graph itself stays as it was.
    """
    known = {}

    def block_of(old, new):
        new.inputs = list(old.inputs)
        for step in old.steps:
            step = _with(step, known, block_of)
            answer = change(step, new)
            if isinstance(answer, list):
                known.update(zip(step.outputs, answer, strict=True))
            else:
                new.steps.append(step if answer is None else answer)
        new.outputs = [replaced(value, known) for value in old.outputs]
        return new

    new = block_of(graph, Graph(name=graph.name, form=graph.form))
    new.parameters, new.constants = dict(graph.parameters), dict(graph.constants)
    new.updates = [(held, replaced(value, known)) for held, value in graph.updates]
    return new


def _with(step, known, block_of):
    """The step with its inputs renewed, and its blocks copied; the step itself where that changes nothing."""
    if isinstance(step, If):
        arms = block_of(step.then, Block()), block_of(step.orelse, Block())
        return If(replaced(step.condition, known), *arms, step.outputs, step.source, step.module)
    if isinstance(step, Loop):
        count, condition, carried = (replaced(x, known) for x in (step.count, step.condition, step.carried))
        return Loop(count, condition, carried, block_of(step.body, Block()), step.outputs, step.source, step.module)
    if not known or known.keys().isdisjoint(step.uses()):
        return step
    inputs, attributes = replaced(step.inputs, known), replaced(step.attributes, known)
    return Step(step.op, inputs, attributes, step.outputs, step.source, step.module)
