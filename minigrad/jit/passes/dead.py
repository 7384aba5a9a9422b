"""What nobody asks for is not computed."""

from __future__ import annotations

from ..graph import Block, Graph, If, Loop, Step, values_in


def dead(graph):
    """Leave out the steps whose results nobody uses. Random draws stay: each moves the generator on."""
    wanted = {*values_in(graph.outputs), *(new for _, new in graph.updates)}
    new = _alive(graph, wanted, Graph(name=graph.name, form=graph.form))
    used = wanted | {held for held, _ in graph.updates}
    new.parameters = dict(graph.parameters)
    new.constants = {value: tensor for value, tensor in graph.constants.items() if value in used}
    new.updates = list(graph.updates)
    return new


def _alive(old, wanted, new):
    """The steps of a block that lead to the wanted values; what they use is wanted, too."""
    kept = []
    for step in reversed(old.steps):
        if wanted.isdisjoint(step.outputs) and not _has_effect(step):
            continue
        if isinstance(step, If):
            arms = [_arm(arm, wanted) for arm in step.blocks]
            step = If(step.condition, *arms, step.outputs, step.source, step.module)
        elif isinstance(step, Loop):
            step = Loop(step.count, step.condition, step.carried, _arm(step.body, wanted), step.outputs, step.source,
                        step.module)  # fmt: skip
        wanted.update(step.uses())
        kept.append(step)
    new.inputs, new.steps, new.outputs = list(old.inputs), kept[::-1], list(old.outputs)
    return new


def _arm(block, wanted):
    wanted.update(values_in(block.outputs))
    return _alive(block, wanted, Block())


def _has_effect(step):
    if isinstance(step, Step):
        return getattr(step.op, "draws", False) or getattr(step.op, "effects", False)
    return any(_has_effect(inner) for block in step.blocks for inner in block.steps)
