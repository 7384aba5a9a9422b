"""Running a graph as it stands: every record on tensors, in order. What eager mode would do, and the reference for all
executors. Ops are recorded for backward and told to watchers as those of any other code.
"""

from __future__ import annotations

from .. import memory, modes, ops
from ..errors import ShapeError
from ..op import Op
from ..tensor import Tensor
from . import control
from .graph import Graph, If, Loop, Value, replaced
from .passed import Passed
from .places import file_name
from .tree import rebuilt, unflatten


def run(graph, inputs, trail=None, known=None):
    """What the graph makes of these inputs, nested as the function's own result.

    `trail`, a list, is told of each If and Loop on the way: (step, whether `then` ran, or how many turns).
    `known`, a dict, is filled with what each value was: in a loop that of the last turn.
    Errors: TypeError for another number of inputs than the graph has, and for what is no tensor or number.
    """
    if len(inputs) != len(graph.inputs):
        names = ", ".join(value.name for value in graph.inputs)
        raise TypeError(f"{graph.name}() takes {len(graph.inputs)} inputs ({names}), got {len(inputs)}")
    if modes.state.staging is not None:
        if trail is None and control.capture.by is not None and any(step.blocks for step in graph.steps):
            return control.capture.by.graph(run, graph, inputs)
        inputs = [x.plain() if isinstance(x, Passed) else x for x in inputs]
    for value, given in zip(graph.inputs, inputs, strict=True):
        _check_input(graph, value, given)
    known = {} if known is None else known
    known.update({**graph.held(), **dict(zip(graph.inputs, inputs, strict=True))})
    _run_block(graph, known, trail)
    results = [known[value] if isinstance(value, Value) else value for value in graph.outputs]
    results = [x.clone() if value in graph.constants else x for value, x in zip(graph.outputs, results, strict=True)]
    for held, new in graph.updates:
        array = known[held].array
        array[...] = known[new].array
        memory.changed(array)
    return results[0] if graph.form is None else unflatten(graph.form, results)


def _check_input(graph, value, given):
    if value.kind == "tensor" and not isinstance(given, Tensor):
        raise TypeError(f"{graph.name}(): {value.name} must be a Tensor, not {type(given).__name__}")
    if value.kind == "tensor" and value.shape is not None and len(value.shape) != given.ndim:
        raise ShapeError(f"{graph.name}(): {value.name} was recorded with {len(value.shape)} axes {value.shape}, got "
                         f"shape {tuple(given.shape)}")  # fmt: skip


def _run_block(block, known, trail):
    for step in block.steps:
        kind = type(step)
        if kind is If:
            _run_if(step, known, trail)
        elif kind is Loop:
            _run_loop(step, known, trail)
        else:
            try:
                run_step(step, known)
            except Exception as error:
                _say_where(step, error)
                raise


def _say_where(step, error):
    """Add to an error the line that the step stands for: the traceback shows how graphs run, not what was written."""
    if step.source is not None:
        name = file_name(step.source.file)
        error.add_note(f"In {step.source.function or 'the graph'}, {name}:{step.source.line}: {step.source.text}")


def run_step(step, known):
    inputs = [known[x] if isinstance(x, Value) else x for x in step.inputs]
    attributes = replaced(step.attributes, known) if step.attributes else {}
    if attributes and isinstance(step.op, Op):
        attributes = _bare(attributes)
    result = step.op(*inputs, **attributes)
    if hasattr(step.op, "outputs") and isinstance(result, tuple):  # all rules of a node, say (vjp.py)
        known.update(zip(step.outputs, result, strict=True))
        return
    known[step.outputs[0]] = result
    if len(step.outputs) > 1:
        known.update(zip(step.outputs[1:], _byproducts(step, inputs, attributes, known), strict=True))


def _bare(what):
    """Arrays in the place of tensors, as records take them in attributes."""
    return what.array if isinstance(what, Tensor) else rebuilt(what, _bare)


def _byproducts(step, inputs, attributes, known):
    """What the formula hands on beside its result, worked out again: on tensors, a record says how (see op.py)."""
    op = step.op
    have = {**op.attributes, **attributes, **dict(zip(op.arguments, inputs, strict=True)), "xp": ops}
    have["y"] = known[step.outputs[0]]
    return [again(*[have[need] for need in needs]) for again, needs in op.byproducts.values()]


def _get(what, known):
    return known[what] if isinstance(what, Value) else what


def _run_if(step, known, trail):
    taken = bool(_get(step.condition, known))
    if trail is not None:
        trail.append((step, taken))
    block = step.then if taken else step.orelse
    _run_block(block, known, trail)
    for value, made in zip(step.outputs, block.outputs, strict=True):
        known[value] = _get(made, known)


def _run_loop(step, known, trail):
    count, go_on = _get(step.count, known), bool(_get(step.condition, known))
    carried, turn = [_get(x, known) for x in step.carried], 0
    while go_on and (count is None or turn < int(count)):
        known.update(zip(step.body.inputs, (turn, *carried), strict=True))
        _run_block(step.body, known, trail)
        go_on, *carried = [_get(x, known) for x in step.body.outputs]
        go_on, turn = bool(go_on), turn + 1
    if trail is not None:
        trail.append((step, turn))
    known.update(zip(step.outputs, carried, strict=True))


def _call(self, *inputs):
    """Run it on tensors, recorded as any code is."""
    return run(self, inputs)


Graph.__call__ = _call
