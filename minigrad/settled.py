"""Running ops of one to three operands that are never brought together: `sum`, `linear`, `cross_entropy`, ...

One operand has nothing to fit to. Whether more of them fit depends on their kinds (shape, dtype, device; see kind.py)
and on the attributes alone, and so does the kind of the result. The first time, `general` looks at everything; kinds
that have gone well together once need not be looked at again. What depends on the numbers themselves, the formula has
to check each time.
"""

from __future__ import annotations

import numpy as np

from . import memory, modes
from .dispatch import _WRONG, _quietly, general
from .explain import explain
from .kind import kind_of
from .node import Node
from .operands import as_array, known_kind
from .tensor import Tensor
from .views import note_view

state, OFF = modes.state, modes.OFF
_new, _ndarray = object.__new__, np.ndarray
_MOST = 4096  # combinations that are remembered for one op
_MISSING = object()


def single(op):
    """One operand, which may have to be floating-point, and attributes."""
    forward, view, hands_on = op.forward, op.view, bool(op.byproducts)
    floats, carefully, names = op.to_float == "required", general(op), op.attributes.keys()
    plan = op.plan(1) if op.rules.get(op.arguments[0]) else None

    def run(*args, **kwargs):
        try:
            x, *attributes = args
            array = x.array
        except (ValueError, AttributeError):
            array = None
        log = modes.special and state.log
        if (
            log is None or type(array) is not _ndarray or (floats and array.dtype.kind != "f")
            or (kwargs and not names >= kwargs.keys()) or not isinstance(x, Tensor)
        ):  # fmt: skip
            return carefully(*args, **kwargs)
        try:
            y = forward(np, array, *attributes, **kwargs)
        except RuntimeWarning:
            y = _quietly(forward, np, array, *attributes, **kwargs)
        except _WRONG as error:
            raise explain(op, (x,), error) from None
        byproducts, edge = (), x._edge
        if hands_on:
            y, *byproducts = y
        out = _new(Tensor)
        out.array = y = y if type(y) is _ndarray else as_array(y)
        out._kind = out._edge = None
        values = op.bind(attributes, kwargs) if view or log or (plan is not None and plan.rest) else None
        if edge is not None and plan is not None and log is not OFF:
            out._edge = node = Node()
            node.plan = plan
            node.parents = (edge,)
            node.epoch = memory.epoch
            node.hooks = node.sources = None
            node.saved = plan.keep((array,), y, values, byproducts)
        if view:
            note_view(out, x, op, values)
        if log:
            log.ran(op, (x,), values, out)
        return out

    return run


def pair(op):
    """Two operands, and attributes; operands that are given by keyword take the longer way."""
    forward, carefully, together, hands_on = op.forward, general(op), {}, bool(op.byproducts)
    names = tuple(op.attributes)
    by_mask = [op.plan(mask) if mask and op.rules else None for mask in range(4)]

    def run(a=_MISSING, b=_MISSING, /, *attributes, **kwargs):
        if kwargs:
            for name in names[len(attributes) :]:
                if name not in kwargs:
                    break
                attributes += (kwargs.pop(name),)
        try:
            kind, values = together[a._kind, b._kind, attributes]
        except (KeyError, AttributeError, TypeError):
            kind = None
        if kind is None:
            known = _known((a, b), attributes, together)
            if known is None:
                return _learn(op, carefully, together, (a, b), attributes, kwargs)
            kind, values = known
        log = modes.special and state.log
        if log is None or kwargs:
            return carefully(a, b, *attributes, **kwargs)
        x, y = a.array, b.array
        try:
            z = forward(np, x, y, *attributes) if attributes else forward(np, x, y)
        except RuntimeWarning:
            z = _quietly(forward, np, x, y, *attributes)
        except _WRONG as error:
            raise explain(op, (a, b), error) from None
        byproducts = ()
        if hands_on:
            z, *byproducts = z
        out = _new(Tensor)
        out.array = z = z if type(z) is _ndarray else as_array(z)
        out._kind = kind
        out._edge = None
        if log is OFF:
            return out
        first, second = parents = a._edge, b._edge
        plan = by_mask[(first is not None) + 2 * (second is not None)]
        if plan is not None:
            out._edge = node = Node()
            node.plan = plan
            node.parents = parents
            node.epoch = memory.epoch
            node.hooks = node.sources = None
            node.saved = plan.keep((x, y), z, values, byproducts)
        if log:
            log.ran(op, (a, b), values, out)
        return out

    return run


def triple(op):
    """Three operands, without attributes."""
    forward, carefully, together = op.forward, general(op), {}
    by_mask = [op.plan(mask) if mask and op.rules else None for mask in range(8)]

    def run(a=_MISSING, b=_MISSING, c=_MISSING, /, *more, **kwargs):
        try:
            kind, _ = together[a._kind, b._kind, c._kind, more]
        except (KeyError, AttributeError, TypeError):
            kind = None
        if kind is None:
            known = _known((a, b, c), more, together)
            if known is None:
                return _learn(op, carefully, together, (a, b, c), more, kwargs)
            kind, _ = known
        log = modes.special and state.log
        if log is None or kwargs:
            return carefully(a, b, c, **kwargs)
        arrays = x, y, z = a.array, b.array, c.array
        out = _new(Tensor)
        out._kind = kind
        out._edge = None
        try:
            out.array = forward(np, x, y, z)
        except RuntimeWarning:
            out.array = _quietly(forward, np, x, y, z)
        if log is OFF:
            return out
        first, second, third = parents = a._edge, b._edge, c._edge
        plan = by_mask[(first is not None) + 2 * (second is not None) + 4 * (third is not None)]
        if plan is not None:
            out._edge = node = Node()
            node.plan = plan
            node.parents = parents
            node.epoch = memory.epoch
            node.hooks = node.sources = None
            node.saved = plan.keep(arrays, None, None, None)
        if log:
            log.ran(op, (a, b, c), op.attributes, out)
        return out

    return run


def _known(operands, attributes, together):
    """What is remembered of these operands when some have not been asked for their kind yet; None if nothing is."""
    try:
        return together.get((*[x._kind or known_kind(x) for x in operands], attributes))
    except (AttributeError, TypeError):
        return None


def _learn(op, carefully, together, operands, attributes, kwargs):
    """Run with a look at everything, and remember which kinds went together: the result's kind, and all attributes."""
    out = carefully(*[x for x in operands if x is not _MISSING], *attributes, **kwargs)
    if not kwargs and all(isinstance(x, Tensor) for x in operands):
        kinds = [x._kind or known_kind(x) for x in operands]
        if all(kind is not None and not kind.inference for kind in kinds) and _hashable(attributes):
            if len(together) >= _MOST:
                together.clear()
            together[*kinds, attributes] = kind_of(out.array), op.bind(attributes, {})
    return out


def _hashable(attributes):
    try:
        return hash(attributes) is not None
    except TypeError:  # a list, say: not remembered
        return False
