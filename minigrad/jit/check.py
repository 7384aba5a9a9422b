"""Is a graph well made? Asked of whatever a pass or a file gives."""

from __future__ import annotations

from .graph import If, Loop, Value, values_in


def check(graph):
    """Refuse a graph that cannot be run. Returns the graph.

    Errors: ValueError for a value that is made twice or used before it is made, and for a step with the wrong number
    of operands, attributes that its record does not know, or blocks that do not fit it.
    """
    made = set()
    for value in [*graph.inputs, *graph.parameters, *graph.constants]:
        _make(value, made, graph)
    _check_block(graph, made, graph)
    for held, new in graph.updates:
        if held not in graph.parameters and held not in graph.constants and held not in graph.inputs:
            raise ValueError(f"{graph.name}: {held} is updated, and is no tensor from outside")
        _use(new, made, graph)
    return graph


def _make(value, made, graph):
    if not isinstance(value, Value) or value in made:
        raise ValueError(f"{graph.name}: {value!r} is made twice")
    made.add(value)


def _use(what, made, graph):
    for value in values_in(what):
        if value not in made:
            raise ValueError(f"{graph.name}: {value} is used where nothing has made it yet")


def _check_block(block, made, graph):
    for step in block.steps:
        for value in step.uses():
            _use(value, made, graph)
        if type(step) is If:
            for arm in step.blocks:
                _check_inner(arm, (), len(step.outputs), made, graph)
        elif type(step) is Loop:
            if len(step.carried) != len(step.outputs):
                raise ValueError(f"{graph.name}: a loop carries {len(step.carried)} values and gives back "
                                 f"{len(step.outputs)}")  # fmt: skip
            if len(step.body.inputs) != 1 + len(step.carried):
                raise ValueError(f"{graph.name}: the body of a loop takes {len(step.body.inputs)} values, not the turn "
                                 f"and {len(step.carried)} more")  # fmt: skip
            _check_inner(step.body, step.body.inputs, 1 + len(step.outputs), made, graph)
        else:
            _check_step(step, graph)
        for value in step.outputs:
            _make(value, made, graph)
    _use(block.outputs, made, graph)


def _check_inner(block, inputs, count, made, graph):
    if len(block.outputs) != count:
        raise ValueError(f"{graph.name}: a block gives {len(block.outputs)} values where {count} are asked for")
    inside = set(made)
    for value in inputs:
        _make(value, inside, graph)
    _check_block(block, inside, graph)


def _check_step(step, graph):
    op = step.op
    if not op.variadic and len(step.inputs) != len(op.arguments):
        raise ValueError(f"{graph.name}: {op.name} takes {len(op.arguments)} operands ({', '.join(op.arguments)}), "
                         f"not {len(step.inputs)}")  # fmt: skip
    unknown = step.attributes.keys() - op.attributes.keys()
    if unknown:
        raise ValueError(f"{graph.name}: {op.name} has no attribute {sorted(unknown)[0]!r}")
    if len(step.outputs) not in (1, 1 + len(op.byproducts)) and len(step.outputs) != len(getattr(op, "outputs", ())):
        raise ValueError(f"{graph.name}: {op.name} makes {1 + len(op.byproducts)} values, not {len(step.outputs)}")
