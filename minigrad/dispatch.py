"""Running an op: unwrap the operands, bring them together, call the formula, record, tell the watchers.

All work on speed happens here, in settled.py and in the backward walk. Each op gets a function of its own, made by
`unary`, `binary` or `general`. Its first lines are the common case: arrays of one kind (see kind.py), in the ordinary
mode. Whatever is not common goes the long way, through `_long_way`, which does everything.
"""

from __future__ import annotations

import traceback

import numpy as np

from . import memory, modes
from .creation import check_fit
from .device import module_of
from .errors import DtypeError, GradError
from .events import OpRan
from .explain import describe, explain, wrong_argument
from .kind import Inference, beyond_half
from .node import Node
from .operands import ON_CPU, alike, as_array, as_float, harmonise, known_kind, meet, number_or_refuse, sort_arguments
from .tensor import Tensor
from .views import note_view

_new = object.__new__
_ndarray = np.ndarray
_asarray = np.asarray
_PLAIN = (float, int)
_NUMBERS = (*_PLAIN, np.generic)
_INFINITE = float("inf")
_LARGE = 1e38  # numbers up to here every float but float16 has
_WRONG = (ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError)
state, OFF = modes.state, modes.OFF


def unary(op):
    """One operand and nothing else."""
    forward, kernel, to_float, keeps = op.forward, op.kernel, op.to_float, op.keeps
    plan = op.plan(1) if op.rules else None

    def run(input):
        try:
            array, kind = input.array, input._kind
        except AttributeError:
            raise wrong_argument(op, op.arguments[0], input) from None
        if to_float and (kind is None or not kind.is_float):
            array = as_float(op, input)
        xp = np if type(array) is _ndarray else module_of(array)
        try:
            y = kernel(array) if kernel is not None else forward(xp, array)
        except RuntimeWarning:
            y = _quietly(forward, xp, array)
        except _WRONG as error:
            raise explain(op, (input,), error) from None
        if type(y) is not _ndarray:
            y = as_array(y)
        out = _new(Tensor)
        out.array = y
        out._kind = kind if keeps and array is input.array else None
        out._edge = None
        log = modes.special and state.log
        if log is None:
            return _finish(op, (input,), (array,), {}, out)
        edge = input._edge
        if edge is not None and plan is not None and log is not OFF:
            out._edge = node = Node()
            node.plan = plan
            node.parents = (edge,)
            node.epoch = memory.epoch
            node.hooks = node.sources = None
            pattern = plan.pattern
            if pattern == 4:
                node.saved = (y,)
            elif pattern == 1:
                node.saved = (array,)
            else:
                node.saved = plan.keep((array,), y, op.attributes, ())
        if log:
            log.ran(op, (input,), op.attributes, out)
        return out

    return run


def binary(op):
    """Two operands that broadcast; either may be a plain number."""
    forward, to_float, keeps = op.forward, op.to_float, op.keeps
    kernel = op.kernel or (lambda x, y: forward(np, x, y))
    by_mask = [None] + [op.plan(mask) if op.rules else None for mask in (1, 2, 3)]
    to_first, to_second, to_both = by_mask[1:]
    plain = () if op.kind == "matmul" else _PLAIN  # which is no product with a number

    def run(input, other):
        if type(other) is float:
            return with_number(input, other)
        sources = None
        try:
            kind, others = input._kind, other._kind
        except AttributeError:
            kind = others = None
        if kind is not others or kind is None or (to_float and not kind.is_float):
            if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
                return with_number(input, other)
            met = meet(input, other)
            if met is None or (to_float and not met[0].is_float):
                return _long_way(op, (input, other), (), {})
            kind, sources = met
        x, y = input.array, other.array
        try:
            z = kernel(x, y)
        except RuntimeWarning:
            z = _quietly(kernel, x, y)
        except _WRONG as error:
            raise explain(op, (input, other), error) from None
        if type(z) is not _ndarray:
            z = _asarray(z)  # NumPy hands back scalars
        out = _new(Tensor)
        out.array = z
        out._kind = kind if keeps else None
        log = None
        if modes.special:
            out._edge, log = None, state.log
            if not log:
                return out if log is OFF else _finish(op, (input, other), (x, y), {}, out)
        left, right = input._edge, other._edge
        if left is None:
            plan = None if right is None else to_second
        elif right is None:
            plan = to_first
        else:
            plan = to_both
        if plan is None:
            out._edge = None
            if log:
                log.ran(op, (input, other), op.attributes, out)
            return out
        out._edge = node = Node()
        node.plan = plan
        node.parents = left, right
        node.epoch = memory.epoch
        node.hooks = None
        node.sources = sources
        pattern = plan.pattern
        if pattern == 3:
            node.saved = x, y
        elif pattern == 0:
            node.saved = ()
        else:
            node.saved = (x,) if pattern == 1 else (y,) if pattern == 2 else plan.keep((x, y), z, op.attributes, ())
        if log:
            log.ran(op, (input, other), op.attributes, out)
        return out

    def with_number(a, b):
        """A float tensor takes a number in its own dtype; everything else goes the long way."""
        first = type(b) is float or type(b) is int
        x, number = (a, b) if first else (b, a)
        try:
            kind = x._kind or known_kind(x)
        except AttributeError:
            kind = None
        log = modes.special and state.log
        if kind is None or not kind.is_float or log is None or type(number) not in plain:
            return _with_any_number(op, a, b)
        array = x.array
        try:
            scalar = kind.numbers.get(number)
            if scalar is None:
                scalar = kind.number(number)
                if scalar is None:
                    return _with_any_number(op, a, b)
            z = kernel(array, scalar) if first else kernel(scalar, array)
        except RuntimeWarning:
            z = _quietly(kernel, array, scalar) if first else _quietly(kernel, scalar, array)
        except _WRONG as error:
            raise explain(op, (a, b), error) from None
        if type(z) is not _ndarray:
            z = _asarray(z)
        out = _new(Tensor)
        out.array = z
        out._kind = kind if keeps else None
        edge, plan = x._edge, to_first if first else to_second
        if edge is None or plan is None or log is OFF:
            out._edge = None
            if log:
                log.ran(op, (a, b), op.attributes, out)
            return out
        out._edge = node = Node()
        if log:
            scalar = scalar[()]  # saved as a plain number, which has no memory to be watched
        node.plan, node.epoch, node.hooks, node.sources = plan, memory.epoch, None, None
        node.parents = (edge, None) if first else (None, edge)
        pattern = plan.pattern
        if not pattern:
            node.saved = ()
        elif pattern < 3:  # one of the two
            node.saved = (array if (pattern == 1) is first else scalar,)
        else:
            node.saved = plan.keep((array, scalar) if first else (scalar, array), z, op.attributes, ())
        if log:
            log.ran(op, (a, b), op.attributes, out)
        return out

    return run


def general(op):
    """Any number of array inputs, with attributes; plain numbers are welcome in the place of any but one."""
    forward, check, count, rules, view = op.forward, op.check, len(op.arguments), op.rules, op.view
    variadic, plans, hands_on = op.variadic, op.plans, bool(op.byproducts)
    only_floats = op.to_float == "required" and count == 1
    quick, broadcasts = only_floats or not (op.to_float or variadic), op.broadcasts
    places = [(1 << i if rules.get(name) else 0, name not in op.fixed) for i, name in enumerate(op.arguments)]

    def run(*args, **kwargs):
        inputs, attributes = (args, ()) if variadic else (args[:count], args[count:])
        if len(inputs) < count or (kwargs and not op.attributes.keys() >= kwargs.keys()):
            inputs, attributes, kwargs = sort_arguments(op, inputs, attributes, kwargs)
        log = modes.special and state.log
        if not quick or log is None:
            return _long_way(op, inputs, attributes, kwargs)
        mask, dtype, shape, numbers, arrays, edges = 0, None, None, (), [], []
        for x, (bit, mixed) in zip(inputs, places, strict=True):
            array = x.array if isinstance(x, Tensor) else None
            if type(array) is not _ndarray:
                if broadcasts and mixed and isinstance(x, _NUMBERS):
                    numbers += (len(arrays),)
                    arrays.append(x)
                    edges.append(None)
                    continue
                return _long_way(op, inputs, attributes, kwargs)
            if broadcasts and array.shape != shape:
                if shape is not None:
                    return _long_way(op, inputs, attributes, kwargs)
                shape = array.shape
            if mixed and array.dtype is not dtype:
                if dtype is not None:
                    return _long_way(op, inputs, attributes, kwargs)
                dtype = array.dtype
            arrays.append(array)
            edge = x._edge
            if edge is not None:
                if bit:
                    mask |= bit
                else:
                    edge = None
            edges.append(edge)
        if only_floats and dtype.kind != "f":
            return _long_way(op, inputs, attributes, kwargs)
        if numbers and not _brought(arrays, numbers, dtype):
            return _long_way(op, inputs, attributes, kwargs)
        try:
            if check is not None:
                check(*arrays)
            y = forward(np, *arrays, *attributes, **kwargs)
        except RuntimeWarning:
            y = _quietly(forward, np, *arrays, *attributes, **kwargs)
        except _WRONG as error:
            raise explain(op, inputs, error) from None
        byproducts = ()
        if hands_on:
            y, *byproducts = y
        if type(y) is not _ndarray:
            y = as_array(y)
        out = _new(Tensor)
        out.array, out._edge, out._kind = y, None, None
        plan = (plans.get(mask) or op.plan(mask)) if mask and log is not OFF else None
        values = op.bind(attributes, kwargs) if view or log or (plan is not None and plan.rest) else None
        if plan is not None:
            out._edge = node = Node()
            node.plan, node.parents, node.epoch, node.hooks, node.sources = plan, tuple(edges), memory.epoch, None, None
            node.saved = plan.keep(arrays, y, values, byproducts)
        if view:
            note_view(out, inputs[0], op, values)
        if log:
            log.ran(op, inputs, values, out)
        return out

    return run


def _brought(arrays, numbers, dtype):
    """Bring the plain numbers among the operands to the dtype of the tensors; False where there is more to it."""
    if dtype is None:
        return False
    for i in numbers:
        number = arrays[i]
        if type(number) is not dtype.type:
            if type(number) not in _PLAIN or _LARGE < abs(number) < _INFINITE or dtype.char not in "fd":
                return False
            arrays[i] = dtype.type(number)
    return True


def _with_any_number(op, a, b):
    """The long way; where float16 has no room for the number, in float32 and back, as PyTorch does it inside."""
    x, number = (a, b) if isinstance(a, Tensor) else (b, a)
    if op.name == "pow" and x is a and isinstance(number, (int, np.integer)):
        _check_exponent(op, x, number)
    half = op.kind != "compare" and isinstance(x, Tensor) and x.array.dtype == np.float16
    wide = half and isinstance(number, _PLAIN) and beyond_half(number)
    if wide and op.name == "pow":  # base and exponent are of the dtype
        if x is a and abs(number) > 1:
            raise DtypeError(f"{describe(op, (a, b))}: value cannot be converted to type float16 without overflow")
        wide = False
    return _long_way(op, (a, b), (), {}, np.float32 if wide else None)


def _check_exponent(op, x, number):
    """Refuse a whole number as exponent of integers below 0, or where their dtype has no room for it."""
    if x.array.dtype.kind != "f" and number < 0:
        raise DtypeError(f"{describe(op, (x, number))}: Integers to negative integer powers are not allowed. "
                         "Use .float() first.")  # fmt: skip
    if x.array.dtype.kind in "iu":
        check_fit(number, x.array.dtype)


def _long_way(op, inputs, attributes, kwargs, inside=None):
    """Everything that may have to be done, for any op. `inside`: the dtype to compute in, if not that of the result."""
    arrays = [x.array if isinstance(x, Tensor) else number_or_refuse(op, i, x) for i, x in enumerate(inputs)]
    if inside is not None:
        outside = next(a.dtype for a in arrays if hasattr(a, "shape"))
        arrays = [a.astype(inside) if hasattr(a, "shape") else a for a in arrays]
    if len(op.arguments) == 1 and not op.variadic:
        if op.to_float:
            arrays = [as_float(op, inputs[0])]
    elif not alike(op, arrays):
        arrays = harmonise(op, inputs, arrays)
    xp = next((module_of(a) for a in arrays if not isinstance(a, ON_CPU)), np)  # one on a GPU decides
    try:
        if op.check is not None:
            op.check(*arrays)
        y = op.forward(xp, *arrays, *attributes, **kwargs)
    except RuntimeWarning:
        y = _quietly(op.forward, xp, *arrays, *attributes, **kwargs)
    except _WRONG as error:
        raise explain(op, inputs, error) from None
    byproducts = ()
    if op.byproducts:
        y, *byproducts = y
    if inside is not None:
        y = _quietly(y.astype, outside)
    if type(y) is not _ndarray:
        y = as_array(y)
    out = _new(Tensor)
    out.array, out._edge, out._kind = y, None, None
    return _finish(op, inputs, arrays, op.bind(attributes, kwargs), out, byproducts)


def _finish(op, inputs, arrays, attributes, out, byproducts=()):
    """Record the op that made `out`, and tell the watchers."""
    if op.rules and state.grad and not state.inference:
        mask, edges = 0, []
        for i, name in enumerate(op.names_of(inputs)):
            edge = inputs[i]._edge if op.rules[name] is not None and isinstance(inputs[i], Tensor) else None
            mask |= 0 if edge is None else 1 << i
            edges.append(edge)
        if mask:
            out._edge = record(op, mask, inputs, arrays, tuple(edges), out, attributes, byproducts)
    if op.view:
        note_view(out, inputs[0], op, attributes)
    if state.inference:
        out._kind = Inference()
    if state.watchers:
        _tell(op, inputs, attributes, out)
    return out


def record(op, mask, inputs, arrays, edges, out, attributes, byproducts=()):
    """The node of an op that ran, with all that may have to be seen to."""
    node = Node()
    node.plan = plan = op.plans.get(mask) or op.plan(mask)
    for i in plan.inputs:
        if getattr(getattr(inputs[i], "_kind", None), "inference", False):
            raise GradError(
                f"{describe(op, inputs)}: Inference tensors cannot be saved for backward. Make a normal one of it "
                "with .clone() outside inference_mode()."
            )
    node.parents, node.epoch, node.hooks = edges, memory.epoch, None
    node.saved = plan.keep(arrays, out.array, attributes, byproducts)
    node.sources = _sources(inputs, arrays, out.array) if op.broadcasts else None
    if state.anomaly:
        node.made_at = "".join(traceback.format_list(traceback.extract_stack()[:-3]))
    return node if state.packing is None else state.packing.node(node, inputs)


def _sources(inputs, arrays, y):
    """Shape and dtype of each operand where broadcasting or promotion changed one, so that the engine can undo it."""
    shape, dtype = y.shape, y.dtype
    for x, array in zip(inputs, arrays, strict=True):
        if isinstance(x, Tensor) and (array.shape != shape or array.dtype is not dtype or x.array.dtype is not dtype):
            return tuple((x.array.shape, x.array.dtype) if isinstance(x, Tensor) else None for x in inputs)
    return None


def _quietly(function, *args, **kwargs):
    """Again, without NumPy's warnings of inf and nan: this thread has not switched them off yet (see modes.py)."""
    np.seterr(all="ignore")
    return function(*args, **kwargs)


# Telling


def _tell(op, inputs, attributes, out):
    if state.log is not None:
        state.log.ran(op, inputs, attributes, out)
        return
    recorded, reason = out._edge is not None, None
    if not recorded and not op.rules:
        reason = "cut"
    elif not recorded and not state.grad:
        reason = "no_grad"
    elif not recorded:  # a tracked input without a rule, such as the condition of where, is a cut as well
        tracked = any(isinstance(x, Tensor) and x._edge is not None for x in inputs)
        reason = "cut" if tracked else "no input requires grad"
    modes.notify(OpRan(op, inputs, attributes, out, recorded, reason))
