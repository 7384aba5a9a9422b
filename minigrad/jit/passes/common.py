"""What is computed twice from the same operands is computed once."""

from __future__ import annotations

import numpy as np

from ..graph import Step, Value
from .rewrite import rewritten


def common(graph):
    """Let one step stand for all that do the same: same op, same operands, same attributes. Random draws are never the
    same, and what a block has computed is not there outside.
    """
    seen = {}

    def change(step, block):
        if not isinstance(step, Step) or getattr(step.op, "draws", False) or getattr(step.op, "effects", False):
            return None
        key = _key(step)
        if key is None:
            return None
        same = seen.get((id(block), key))
        if same is None:
            seen[id(block), key] = step.outputs
            return None
        if len(same) < len(step.outputs):  # the first has no by-products
            return None
        return list(same[: len(step.outputs)])

    return rewritten(graph, change)


def _key(step):
    try:
        inputs = tuple([id(x) if x.__class__ is Value else _hashable(x) for x in step.inputs])
        attributes = _hashable(tuple(sorted(step.attributes.items()))) if step.attributes else ()
        key = step.op.name, inputs, attributes
        hash(key)
    except TypeError:
        return None
    return key


def _hashable(what):
    if isinstance(what, Value):
        return id(what)
    if isinstance(what, (tuple, list)):
        return type(what), tuple(_hashable(part) for part in what)
    if isinstance(what, dict):
        return dict, tuple((key, _hashable(part)) for key, part in what.items())
    if isinstance(what, slice):
        return slice, _hashable((what.start, what.stop, what.step))
    if isinstance(what, float):
        return float, what.hex()  # 0.0 and -0.0 are equal, and are not the same
    if isinstance(what, np.ndarray):
        raise TypeError
    return type(what), what
