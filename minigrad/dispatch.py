"""Running an op: unwrap the operands, bring them together, call the formula, record, tell the watchers.

All work on speed happens here: each op gets a function of its own, made once by `unary`, `binary` or `general`.
"""

from __future__ import annotations

import weakref

import numpy as np

from . import dtype as dtypes
from .device import device_of, module_of
from .errors import DeviceError, DtypeError
from .events import OpRan
from .explain import describe, explain, wrong_argument
from .mode import notify, state
from .node import Node
from .tensor import Tensor

_new = object.__new__
_ndarray = np.ndarray
NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
_ON_CPU = (np.ndarray, np.generic, bool, int, float)
_PLAIN = (float, int)
_UNCHANGING = (0,)  # the version of a plain number
_ALIASES = {"axis": "dim", "keepdims": "keepdim"}  # PyTorch takes NumPy's words too


def unary(op):
    forward, kernel, to_float, view = op.forward, op.kernel, op.to_float, op.view
    only_floats = op.to_float == "required"

    def run(x, *args, **kwargs):
        recording = state.grad
        try:
            array = x.array
        except AttributeError:
            raise wrong_argument(op, op.arguments[0], x) from None
        if kwargs:
            kwargs = {_ALIASES.get(name, name): value for name, value in kwargs.items()}
        if to_float and array.dtype.kind != "f":
            if only_floats:
                raise DtypeError(describe(op, (x,)) + ": needs a floating-point dtype. Use .float() first.")
            array = array.astype(dtypes.get_default_dtype().numpy)
        try:
            if kernel is not None and type(array) is _ndarray and not args and not kwargs:
                y = kernel(array)
            else:
                y = forward(module_of(array), array, *args, **kwargs)
        except (ValueError, TypeError, IndexError, ZeroDivisionError) as error:
            raise explain(op, (x,), error) from None
        if type(y) is not _ndarray:
            y = _as_array(y, array)
        out = _new(Tensor)
        out.array = y
        out._version = [0]
        edge = x._edge
        if edge is not None and recording and op.rules:
            attributes = op.bind(args, kwargs) if op.attributes else op.attributes
            plan = op.plans.get(1) or op.plan(1)
            out._edge = _record(plan, (x,), (array,), (edge,), out, attributes)
        else:
            out._edge = None
        if view:
            _share_memory(out, x, bool(op.rules))
        if state.watchers:
            _tell(op, (x,), op.bind(args, kwargs), out)
        return out

    return run


def binary(op):
    """Two operands that broadcast; either may be a plain number."""
    forward, kernel, to_float = op.forward, op.kernel, op.to_float

    def run(a, b):
        recording, same, number = state.grad, False, None
        try:
            if type(b) in _PLAIN:  # a float array takes any number in its own dtype: the common case
                first = a.array
                second, number = _in_dtype_of(first, b), "b"
            elif type(a) in _PLAIN:
                second = b.array
                first, number = _in_dtype_of(second, a), "a"
            else:
                first, second = a.array, b.array
                same = first.dtype is second.dtype and type(first) is type(second)
                same = same and not (to_float and first.dtype.kind != "f")
        except AttributeError:
            first = second = None
        if not same and (number is None or first is None or second is None):
            number = None
            first, second = _harmonise(op, (a, b), (_array_or_number(op, 0, a), _array_or_number(op, 1, b)))
        try:
            if kernel is not None and type(first) is _ndarray:
                y = kernel(first, second)
            else:
                y = forward(np if isinstance(first, _ON_CPU) else module_of(first), first, second)
        except (ValueError, TypeError, IndexError) as error:
            raise explain(op, (a, b), error) from None
        if type(y) is not _ndarray:
            y = _as_array(y, first)
        out = _new(Tensor)
        out.array = y
        out._version = [0]
        out._edge = None
        if recording and op.rules:
            left = a._edge if same or number == "b" or isinstance(a, Tensor) else None
            right = b._edge if same or number == "a" or isinstance(b, Tensor) else None
            if left is not None or right is not None:
                mask = (left is not None) + 2 * (right is not None)
                plan = op.plans.get(mask) or op.plan(mask)
                out._edge = node = _record(plan, (a, b), (first, second), (left, right), out, None)
                if number is None and (not same or first.shape != second.shape):
                    node.sources = _sources((a, b), (first, second), y)
        if state.watchers:
            _tell(op, (a, b), {}, out)
        return out

    return run


def general(op):
    """Any number of array inputs, with attributes; plain numbers are welcome in the place of any but one."""
    forward, count = op.forward, len(op.arguments)
    mixed = [i for i, name in enumerate(op.arguments) if name not in op.fixed]

    def run(*args, **kwargs):
        recording = state.grad
        inputs, args = args[:count], args[count:]
        if len(inputs) < count or kwargs:
            inputs, args, kwargs = _sort_arguments(op, inputs, args, kwargs)
        arrays = [x.array if isinstance(x, Tensor) else _array_or_number(op, i, x) for i, x in enumerate(inputs)]
        if not _alike(arrays, mixed):
            arrays = _harmonise(op, inputs, arrays)
        xp = next((module_of(a) for a in arrays if not isinstance(a, _ON_CPU)), np)  # one on a GPU decides
        try:
            y = forward(xp, *arrays, *args, **kwargs)
        except (ValueError, TypeError, IndexError) as error:
            raise explain(op, inputs, error) from None
        if type(y) is not _ndarray:
            y = _as_array(y, arrays[0])
        out = _new(Tensor)
        out.array = y
        out._version = [0]
        out._edge = None
        attributes = op.bind(args, kwargs) if op.attributes else op.attributes
        if recording and op.rules:
            edges = tuple(
                x._edge if isinstance(x, Tensor) and op.rules[name] is not None else None
                for x, name in zip(inputs, op.arguments, strict=True)
            )
            mask = sum(1 << i for i, edge in enumerate(edges) if edge is not None)
            if mask:
                plan = op.plans.get(mask) or op.plan(mask)
                out._edge = _record(plan, inputs, arrays, edges, out, attributes)
                if op.broadcasts:
                    out._edge.sources = _sources(inputs, arrays, y)
        if state.watchers:
            _tell(op, inputs, attributes, out)
        return out

    return run


def _record(plan, inputs, arrays, edges, out, attributes):
    """Make the node: its parents, and what the rules that will run have asked for."""
    node = _new(Node)
    node.plan = plan
    node.parents = edges
    node.hooks = node.sources = None
    saved = versions = ()
    for i in plan.inputs:
        version = getattr(inputs[i], "_version", _UNCHANGING)
        saved += (arrays[i],)
        versions += ((version, version[0]),)
    if plan.output:
        saved += (out.array,)
        versions += ((out._version, 0),)
    for key, argument in plan.rest:
        saved += (attributes[key] if argument is None else getattr(arrays[argument], key),)  # or its shape or dtype
    node.saved, node.versions = saved, versions
    return node


def _sources(inputs, arrays, y):
    """Shape and dtype of each operand where broadcasting or promotion changed one, so that the engine can undo it."""
    shape, dtype = y.shape, y.dtype
    for x, array in zip(inputs, arrays, strict=True):
        if isinstance(x, Tensor) and (array.shape != shape or x.array.dtype is not dtype):
            return tuple((x.array.shape, x.array.dtype) if isinstance(x, Tensor) else None for x in inputs)
    return None


# Arguments


def _sort_arguments(op, inputs, args, kwargs):
    """Put array inputs that came by keyword in their places."""
    kwargs = {_ALIASES.get(name, name): value for name, value in kwargs.items()}
    inputs = list(inputs)
    for name in op.arguments[len(inputs) :]:
        if name not in kwargs:
            raise TypeError(f"{op.name}() missing argument '{name}'; it takes {op.__signature__}")
        inputs.append(kwargs.pop(name))
    unknown = set(kwargs) - set(op.attributes)
    if unknown:
        raise TypeError(f"{op.name}() got an unexpected argument '{unknown.pop()}'; it takes {op.__signature__}")
    return tuple(inputs), args, kwargs


def _array_or_number(op, position, x):
    if isinstance(x, Tensor):
        return x.array
    if isinstance(x, NUMBERS):
        return x
    raise wrong_argument(op, op.arguments[position], x)


def _harmonise(op, inputs, operands):
    """Bring operands to one dtype (PyTorch's rules) and one device; numbers become scalars of that dtype."""
    arrays = [x for x in operands if not isinstance(x, NUMBERS)]
    if not arrays:
        raise TypeError(f"{op.name}(): at least one argument must be a Tensor; {describe(op, inputs)}")
    placed = [a for a in arrays if a.ndim or not isinstance(a, _ON_CPU)] or arrays[:1]  # CPU scalars may go anywhere
    home = placed[0]
    if any(device_of(a) != device_of(home) for a in placed[1:]):
        raise DeviceError(
            f"{describe(op, inputs)}: expected all tensors to be on the same device. Move one with .to(device)."
        )
    mixed = [i for i, name in enumerate(op.arguments) if name not in op.fixed]
    if op.kind == "matmul":
        _check_product(op, inputs, [operands[i] for i in mixed])
    wanted = dtypes.result_type([operands[i] for i in mixed])
    if op.to_float and wanted.kind != "f":
        wanted = dtypes.get_default_dtype().numpy
    return [_convert(x, wanted, home) if i in mixed else x for i, x in enumerate(operands)]


def _check_product(op, inputs, operands):
    """Products of matrices take tensors of one dtype: no numbers, and no silent widening."""
    for name, x in zip(op.arguments, operands, strict=True):
        if isinstance(x, NUMBERS):
            raise wrong_argument(op, name, x)
    if len({x.dtype for x in operands}) > 1:
        raise DtypeError(f"{describe(op, inputs)}: expected operands of the same dtype. Convert one with .to(dtype).")


def _alike(arrays, mixed):
    """Whether there is nothing to bring together: NumPy arrays of one dtype."""
    dtype = getattr(arrays[mixed[0]], "dtype", None)
    return all(type(a) is _ndarray for a in arrays) and all(arrays[i].dtype is dtype for i in mixed)


def _in_dtype_of(array, number):
    """The number as a scalar in the dtype of a float array; None where the rules for mixing have to decide."""
    dtype = array.dtype
    return dtype.type(number) if dtype.kind == "f" and type(array) is _ndarray else None


def _convert(operand, wanted, home):
    if isinstance(operand, NUMBERS):
        if not isinstance(home, _ON_CPU):
            return module_of(home).asarray(operand, wanted)
        if type(operand) is float and wanted.kind == "f":
            return wanted.type(operand)
        return np.asarray(operand).astype(wanted)[()]  # whole numbers wrap around, as in PyTorch
    if isinstance(operand, _ON_CPU) and not isinstance(home, _ON_CPU):
        operand = module_of(home).asarray(operand)
    return operand if operand.dtype is wanted else operand.astype(wanted)


def _as_array(y, like):
    """NumPy hands back scalars for 0-d results; a tensor always holds an array."""
    return np.asarray(y) if isinstance(like, _ON_CPU) else y


def _share_memory(out, x, is_view):
    """A view has its base's version counter; behind the number stand the views (weakly) and when to tidy them."""
    y, base = out.array, out.array.base
    if y is not x.array and (base is None or not (base is x.array or module_of(y).may_share_memory(y, x.array))):
        return
    out._version = version = x._version
    if not is_view:
        return
    if len(version) == 1:
        version.extend(([], 64))
    views = version[1]
    if len(views) >= version[2]:  # forget the dead, and look again when there are twice as many as are alive now
        views[:] = [view for view in views if view() is not None]
        version[2] = max(64, 2 * len(views))
    views.append(weakref.ref(out))


def live_views(x):
    """True when some view of this memory is still in use (x itself may be one)."""
    return len(x._version) > 1 and any(view() is not None for view in x._version[1])


# Telling


def _tell(op, inputs, attributes, out):
    tracked = any(isinstance(x, Tensor) and x._edge is not None for x in inputs)
    recorded, reason = out._edge is not None, None
    if not recorded and not op.rules:
        reason = "cut"
    elif not recorded and not state.grad:
        reason = "no_grad"
    elif not recorded:  # a tracked input without a rule, such as the condition of where, is a cut as well
        reason = "cut" if tracked else "no input requires grad"
    notify(OpRan(op, inputs, attributes, out, recorded, reason))
