"""A graph's steps once more, around other values: inside of another graph, or with more known of them."""

from __future__ import annotations

from .graph import Block, If, Loop, Step, Value, replaced
from .tree import unflatten


class Copier:
    """Copies blocks. `known` says what stands for each value; those that are made get new ones, under free names."""

    def __init__(self, names, known=None):
        self.names, self.known = names, known or {}

    def new(self, value):
        """The value that stands for this one from now on."""
        self.known[value] = made = Value(self.names.new(value.name), value.kind, value.shape, value.dtype, value.device)
        return made

    def block(self, block, into):
        """All steps of a block, and its outputs."""
        for step in block.steps:
            self.step(step, into)
        into.outputs = replaced(list(block.outputs), self.known)

    def step(self, step, into):
        """One step, with the blocks that it owns."""
        place = step.source, step.module
        if type(step) is If:
            condition, arms = replaced(step.condition, self.known), (Block(), Block())
            for arm, other in zip(step.blocks, arms, strict=True):
                self.block(arm, other)
            into.steps.append(If(condition, *arms, tuple(map(self.new, step.outputs)), *place))
        elif type(step) is Loop:
            begin = replaced((step.count, step.condition, tuple(step.carried)), self.known)
            body = Block([self.new(value) for value in step.body.inputs])
            self.block(step.body, body)
            into.steps.append(Loop(*begin, body, tuple(map(self.new, step.outputs)), *place))
        else:
            inputs, attributes = replaced((step.inputs, step.attributes), self.known)
            into.steps.append(Step(step.op, inputs, attributes, tuple(map(self.new, step.outputs)), *place))


def spliced(graph, operands, builder):
    """What a graph gives for these stand-ins, by its steps in the open block of a builder (script/builder.py), and its
    updates as pairs of tensor and new value. Errors: TypeError for another number of operands."""
    if len(operands) != len(graph.inputs):
        names = ", ".join(value.name for value in graph.inputs)
        raise TypeError(f"{graph.name}() takes {len(graph.inputs)} inputs ({names}), got {len(operands)}")
    known = {value: builder.value(x) for value, x in zip(graph.inputs, operands, strict=True)}
    known.update((value, builder.hold(tensor)) for value, tensor in graph.held().items())
    copier, block = Copier(builder.names, known), Block()
    copier.block(graph, block)
    builder.open.steps += block.steps
    results = [builder.wrap(x) if isinstance(x, Value) else x for x in block.outputs]
    updates = [(graph.held()[held], copier.known[new]) for held, new in graph.updates]
    return (results[0] if graph.form is None else unflatten(graph.form, results)), updates
