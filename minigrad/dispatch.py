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
_ON_CPU = (np.ndarray, np.generic)
_UNCHANGING = (0,)  # the version of a plain number
_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
_ALIASES = {"axis": "dim", "keepdims": "keepdim"}  # PyTorch takes NumPy's words too


def unary(op):
    forward, kernel, to_float, view = op.forward, op.kernel, op.to_float, op.view
    only_floats = op.to_float == "required"

    def run(x, *args, **kwargs):
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
            if kernel is not None and type(array) is _ndarray:
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
        if edge is not None and state.grad and op.rules:
            attributes = op.bind(args, kwargs) if op.attributes else op.attributes
            out._edge = _record(op, 1, (x,), (array,), (edge,), out, attributes)
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
        try:
            first, second = a.array, b.array
            numbers = False
            if first.dtype is not second.dtype or type(first) is not type(second) or to_float:
                first, second = _harmonise(op, (a, b), (first, second))
        except AttributeError:
            first, second = _with_number(op, a, b)
            numbers = True
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
        if state.grad and op.rules:
            left = a._edge if not numbers or isinstance(a, Tensor) else None
            right = b._edge if not numbers or isinstance(b, Tensor) else None
            if left is not None or right is not None:
                mask = (left is not None) + 2 * (right is not None)
                out._edge = _record(op, mask, (a, b), (first, second), (left, right), out, None)
        if state.watchers:
            _tell(op, (a, b), {}, out)
        return out

    return run


def general(op):
    """Any number of array inputs, with attributes; plain numbers are welcome in the place of any but one."""
    forward, count = op.forward, len(op.arguments)

    def run(*args, **kwargs):
        inputs, args = args[:count], args[count:]
        if len(inputs) < count or kwargs:
            inputs, args, kwargs = _sort_arguments(op, inputs, args, kwargs)
        arrays = _harmonise(op, inputs, [_array_or_number(op, i, x) for i, x in enumerate(inputs)])
        xp = next((module_of(a) for a in arrays if not isinstance(a, _ON_CPU)), np)
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
        if op.rules and state.grad:
            edges = tuple(
                x._edge if isinstance(x, Tensor) and op.rules[name] is not None else None
                for x, name in zip(inputs, op.arguments, strict=True)
            )
            mask = sum(1 << i for i, edge in enumerate(edges) if edge is not None)
            if mask:
                out._edge = _record(op, mask, inputs, arrays, edges, out, attributes)
        if state.watchers:
            _tell(op, inputs, attributes, out)
        return out

    return run


def _record(op, mask, inputs, arrays, edges, out, attributes):
    """Make the node: parents, what the rules that will run have asked for, and which operands were stretched."""
    node = _new(Node)
    node.plan = plan = op.plans.get(mask) or op.plan(mask)
    node.parents = edges
    node.hooks = None
    node.sources = _sources(inputs, arrays, out.array) if op.stretches else None
    if not plan.recipe:
        node.saved = node.versions = ()
        return node
    saved, versions = [], []
    for what, key in plan.recipe:
        if what == "input":
            saved.append(arrays[key])
            version = inputs[key]._version if isinstance(inputs[key], Tensor) else _UNCHANGING
            versions.append((version, version[0]))
        elif what == "output":
            saved.append(out.array)
            versions.append((out._version, 0))
        elif what == "attribute":
            saved.append(attributes[key])
        elif what == "module":
            saved.append(module_of(out.array))
        else:
            saved.append(getattr(arrays[key], what))  # its shape or dtype
    node.saved, node.versions = tuple(saved), tuple(versions)
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
    if isinstance(x, _NUMBERS):
        return x
    raise wrong_argument(op, op.arguments[position], x)


def _with_number(op, a, b):
    """Operands of which one is a plain number. A float array takes any number in its own dtype: the common case."""
    if type(b) in (int, float) and isinstance(a, Tensor) and a.array.dtype.kind == "f" and type(a.array) is _ndarray:
        return a.array, a.array.dtype.type(b)
    if type(a) in (int, float) and isinstance(b, Tensor) and b.array.dtype.kind == "f" and type(b.array) is _ndarray:
        return b.array.dtype.type(a), b.array
    return _harmonise(op, (a, b), (_array_or_number(op, 0, a), _array_or_number(op, 1, b)))


def _harmonise(op, inputs, operands):
    """Bring operands to one dtype (PyTorch's rules) and one device; numbers become scalars of that dtype."""
    arrays = [x for x in operands if not isinstance(x, _NUMBERS)]
    if not arrays:
        raise TypeError(f"{op.name}(): at least one argument must be a Tensor; {describe(op, inputs)}")
    home = next((a for a in arrays if a.ndim), arrays[0])
    if any(device_of(a) != device_of(home) and a.ndim for a in arrays):
        raise DeviceError(
            f"{describe(op, inputs)}: expected all tensors to be on the same device. Move one with .to(device)."
        )
    mixed = [i for i, name in enumerate(op.arguments) if name not in op.fixed]
    wanted = dtypes.result_type([operands[i] for i in mixed])
    if op.to_float and wanted.kind != "f":
        if op.to_float == "required":
            raise DtypeError(describe(op, inputs) + ": needs a floating-point dtype. Use .float() first.")
        wanted = dtypes.get_default_dtype().numpy
    if op.kind == "matmul" and len({operands[i].dtype for i in mixed if not isinstance(operands[i], _NUMBERS)}) > 1:
        raise DtypeError(f"{describe(op, inputs)}: expected operands of the same dtype. Convert one with .to(dtype).")
    return [_convert(x, wanted, home) if i in mixed else x for i, x in enumerate(operands)]


def _convert(operand, wanted, home):
    if isinstance(operand, _NUMBERS):
        return wanted.type(operand) if type(home) is _ndarray else module_of(home).asarray(operand, wanted)
    if isinstance(operand, _ndarray) and not isinstance(home, _ON_CPU):
        operand = module_of(home).asarray(operand)  # a 0-d CPU tensor may meet a GPU tensor
    return operand if operand.dtype is wanted else operand.astype(wanted)


def _as_array(y, like):
    """NumPy hands back scalars for 0-d results; a tensor always holds an array."""
    return np.asarray(y) if isinstance(like, _ON_CPU) else y


def _share_memory(out, x, is_view):
    """A view has its base's version counter, whose second entry lists the views (weakly)."""
    if out.array is not x.array and not module_of(out.array).may_share_memory(out.array, x.array):
        return
    out._version = version = x._version
    if len(version) == 1:
        version.append([])
    if len(version[1]) >= 64:
        version[1][:] = [view for view in version[1] if view() is not None]
    if is_view:
        version[1].append(weakref.ref(out))


def live_views(x):
    """True when some view of this memory is still in use (x itself may be one)."""
    return len(x._version) > 1 and any(view() is not None for view in x._version[1])


# Telling


def _tell(op, inputs, attributes, out):
    tracked = any(isinstance(x, Tensor) and x._edge is not None for x in inputs)
    recorded, reason = out._edge is not None, None
    if not recorded:
        reason = "cut" if not op.rules else "no_grad" if tracked else "no input requires grad"
        if op.rules and tracked and state.grad:
            reason = "cut"  # only an input without a rule was tracked, e.g. the condition of where
    notify(OpRan(op, inputs, attributes, out, recorded, reason))
