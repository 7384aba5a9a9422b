"""One run of a function or module as a Recording, with the names that things have in it."""

from __future__ import annotations

import inspect

from .. import memory, modes
from ..nn import Module
from ..tensor import Tensor
from .recording import Recording
from .tree import flatten


def record(func, inputs):
    """One run of func as a Recording, and what it gave. Errors: TypeError for a result without a tensor."""
    recording, result, error = attempt(func, inputs)
    if error is not None:
        raise error
    return recording, result


def attempt(func, inputs):
    """One run of func as a Recording, what it gave, and the exception that ended it; one of the last two is None.

    It runs on copies of the inputs, each an input of its own, also of one tensor that is given twice.
    """
    recording, result, error = Recording(name_of(func), *names_of(func)), None, None
    recording.ways = {}
    fresh = [_copy(x) for x in inputs]
    try:
        with recording.on():
            for name, x in zip(input_names(func, len(fresh)), fresh, strict=True):
                recording.enter_input(x, name)
            before = list(_buffers(func))
            result = func(*fresh)
            _put_back(recording, before)
        _check_result(recording.graph.name, result)
        leaves, form = flatten(result)
        recording.finish(map(recording.of, leaves), form)
    except Exception as caught:
        error, result = caught, None
    return recording, result, error


def _buffers(func):
    """(module, name, buffer) of all modules that a function sees."""
    for _, module in [("", func)] if isinstance(func, Module) else seen_by(func, Module):
        for part in module.modules():
            yield from ((part, name, buffer) for name, buffer in part._buffers.items() if buffer is not None)


def _put_back(recording, buffers):
    """Where a module was given another tensor as a buffer, let it be the one that it was, with the new numbers."""
    for module, name, buffer in buffers:
        new = module._buffers.get(name)
        if new is not None and new is not buffer and (new.shape, new.dtype) == (buffer.shape, buffer.dtype):
            recording.given_numbers(buffer, new)
            with modes.no_grad():
                buffer.array[...] = new.array
            memory.changed(buffer.array)
            module._buffers[name] = buffer


def _copy(x):
    copy = Tensor(x.array.copy())
    copy._edge = x._edge
    return copy


def _check_result(name, result):
    leaves, _ = flatten(result)
    if not leaves:
        raise TypeError(f"trace(): {name} must return tensors, alone or in tuples, lists and dicts, not {result!r}")


def name_of(func):
    """What a graph of this function is called."""
    return type(func).__name__ if isinstance(func, Module) else getattr(func, "__name__", "graph").strip("<>")


def input_names(func, count):
    """The names of the first `count` parameters, as the function's signature has them."""
    try:
        parameters = inspect.signature(func.forward if isinstance(func, Module) else func).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names + [f"input{i}" for i in range(len(names), count)]


def names_of(func):
    """Dotted names of all tensors, and of all modules, that a function may come across: {id: name} twice.

    A module's own are named as in its state_dict; of modules and tensors that a function sees around it (in its
    closure, or as globals) the name begins with theirs.
    """
    tensors, modules = {}, {}
    for prefix, module in [("", func)] if isinstance(func, Module) else seen_by(func, Module):
        for path, part in module.named_modules(prefix=prefix):
            modules.setdefault(id(part), path)
        for path, tensor in (*module.named_parameters(prefix), *module.named_buffers(prefix)):
            tensors.setdefault(id(tensor), path)
    for name, tensor in seen_by(func, Tensor):
        tensors.setdefault(id(tensor), name)
    return tensors, modules


def seen_by(func, kind):
    """What a function sees around it that is of this kind: pairs of name and object."""
    func = inspect.unwrap(func) if callable(func) else func
    owner = getattr(func, "__self__", None)
    found = [("", owner)] if isinstance(owner, kind) else []
    code = getattr(func, "__code__", None)
    if code is None:
        return found
    cells = zip(code.co_freevars, func.__closure__ or (), strict=False)
    for name, cell in cells:
        try:
            found.append((name, cell.cell_contents))
        except ValueError:  # not set yet
            continue
    found += [(name, func.__globals__[name]) for name in code.co_names if name in func.__globals__]
    return [(name, what) for name, what in found if isinstance(what, kind)]


