"""Clears away what the compiler has put in and nobody uses. What the program itself does stays, used or not."""

from __future__ import annotations

from ..graph import Graph, If, Loop, Value

_OURS = ("undefined", "list.new", "list.get", "tensor.size", "tensor.dim", "tensor.shape", "list.len")


def tidy(graph: Graph):
    """The graph without outputs of If and Loop that nobody uses, and numbers that nobody asks for."""
    while _clear(graph, _used(graph)):
        pass
    return graph


def _used(graph):
    used = {}

    def use(values):
        for value in values:
            used[value] = used.get(value, 0) + 1

    def visit(block):
        use(x for x in block.outputs if isinstance(x, Value))
        for step in block.steps:
            use(step.uses())
            for inner in step.blocks:
                visit(inner)

    visit(graph)
    use(value for pair in graph.updates for value in pair)
    return used


def _clear(block, used):
    changed, kept = False, []
    for step in block.steps:
        if type(step) is If:
            keep = [i for i, value in enumerate(step.outputs) if value in used]
            if len(keep) < len(step.outputs):
                changed = True
                step.outputs = tuple(step.outputs[i] for i in keep)
                for arm in step.blocks:
                    arm.outputs = [arm.outputs[i] for i in keep]
        elif type(step) is Loop:
            changed |= _clear_loop(step, used)
        elif not any(value in used for value in step.outputs) and _ours(step.op):
            changed = True
            continue
        for inner in step.blocks:
            changed |= _clear(inner, used)
        if type(step) is If and not step.outputs and not any(arm.steps for arm in step.blocks):
            changed = True
            continue
        kept.append(step)
    block.steps = kept
    return changed


def _clear_loop(step, used):
    """Leave out what is carried round and neither read in a turn nor used behind."""
    own = {}
    for i, value in enumerate(step.body.inputs[1:]):
        own[i] = used.get(value, 0) - (step.body.outputs[i + 1] is value)
    keep = [i for i, value in enumerate(step.outputs) if value in used or own[i] > 0]
    if len(keep) == len(step.outputs):
        return False
    step.outputs = tuple(step.outputs[i] for i in keep)
    step.carried = tuple(step.carried[i] for i in keep)
    step.body.inputs = [step.body.inputs[0], *(step.body.inputs[i + 1] for i in keep)]
    step.body.outputs = [step.body.outputs[0], *(step.body.outputs[i + 1] for i in keep)]
    return True


def _ours(op):
    return op.name in _OURS or op.name.startswith("number.")
