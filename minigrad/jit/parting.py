"""Where two recordings part: the first step that is another op, or has other operands or numbers."""

from __future__ import annotations

import numpy as np

from .graph import Value
from .places import where


def signatures(graph, shapes=False):
    """What each step is, so that those of two recordings can be compared: op, operands, attributes.

    Values are numbered, parameters called by their names, and constants are what is in them. With `shapes`, the shapes
    of results count as well.
    """
    return _steps_of(graph, _keys(graph), shapes, ())


def _keys(graph):
    keys = {value: ("input", i) for i, value in enumerate(graph.inputs)}
    keys.update((value, ("parameter", value.name)) for value in graph.parameters)
    keys.update((value, ("constant", *_numbers(tensor.array))) for value, tensor in graph.constants.items())
    return keys


def _steps_of(block, keys, shapes, where):
    """A signature for each step of a block; that of an If or Loop holds those of its blocks."""
    keys.update((value, ("inner", *where, i)) for i, value in enumerate(block.inputs) if where)
    made = []
    for i, step in enumerate(block.steps):
        keys.update((value, ("step", *where, i, k)) for k, value in enumerate(step.outputs))
        lengths = tuple(value.shape for value in step.outputs) if shapes else ()
        if step.blocks:
            inner = tuple(tuple(_steps_of(b, keys, False, (*where, i, j))) for j, b in enumerate(step.blocks))
            results = tuple(key_of(b.outputs, keys) for b in step.blocks)
            made.append((name_of(step), tuple(key_of(v, keys) for v in step.uses()), inner, results, lengths))
        else:
            made.append((step.op.name, key_of(step.inputs, keys), key_of(step.attributes, keys), lengths))
    return made


def name_of(step):
    """The op of a step, or "if" or "loop"."""
    return ("if" if len(step.blocks) == 2 else "loop") if step.blocks else step.op.name


def key_of(what, keys):
    """Operands, attributes or a form as something that can be compared."""
    if isinstance(what, Value):
        return keys.get(what, ("unknown", what.name))
    if hasattr(what, "array"):
        return _numbers(what.array)
    if isinstance(what, np.ndarray):
        return _numbers(what)
    if isinstance(what, dict):
        return tuple((name, key_of(part, keys)) for name, part in sorted(what.items(), key=lambda pair: str(pair[0])))
    if isinstance(what, float) and what != what:
        return "nan"
    if isinstance(what, slice):
        return "slice", key_of((what.start, what.stop, what.step), keys)
    if isinstance(what, (tuple, list)):
        return tuple(key_of(part, keys) for part in what)
    return type(what).__name__, what if getattr(type(what), "__hash__", None) else repr(what)


def _numbers(array):
    array = np.ascontiguousarray(array) if isinstance(array, np.ndarray) else np.asarray(array.tolist())
    return array.dtype.name, array.shape, array.tobytes()


def first_parting(graph, other, shapes=False):
    """The first steps in which two recordings differ, (step, step); None for one that has ended; None if nothing does.

    Results count as the last step: then both steps are None, if the same steps give other results.
    """
    mine, theirs = signatures(graph, shapes), signatures(other, shapes)
    for i, (a, b) in enumerate(zip(mine, theirs, strict=False)):
        if a != b:
            return graph.steps[i], other.steps[i]
    if len(mine) != len(theirs):
        end = min(len(mine), len(theirs))
        return (graph.steps[end], None) if len(mine) > len(theirs) else (None, other.steps[end])
    return None if _results(graph) == _results(other) else (None, None)


def _results(graph):
    """How the results are nested, and which they are."""
    keys = _keys(graph)
    _steps_of(graph, keys, False, ())
    return key_of(graph.form, {}), _nesting(graph.form), key_of(graph.outputs, keys)


def _nesting(form):
    """What the containers of a form are."""
    parts = form.values() if isinstance(form, dict) else form if isinstance(form, (tuple, list)) else ()
    return type(form).__name__, *map(_nesting, parts)


def same_but_for_numbers(step, other):
    """Whether two steps are one op, so that it is in its operands or attributes that they differ."""
    return step is not None and other is not None and name_of(step) == name_of(other)


def told(step, other):
    """Where two recordings part, in words."""
    if step is None and other is None:
        return "the same steps give other results, or results in another form"
    if step is None or other is None:
        last = step or other
        return f"one of them goes on with {name_of(last)}, at {where(last.source)}"
    if same_but_for_numbers(step, other):
        return f"at {where(step.source)} {name_of(step)} has other operands or numbers"
    return f"at {where(step.source)} it ran {name_of(step)}, then {name_of(other)}"
