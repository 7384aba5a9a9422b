"""What a scripted function takes: a plan by its annotations, and what a call hands in, sorted by that plan.

Tensors, numbers and lists of tensors become inputs of the graph. Text, None, keys of dicts, and lists of anything else
are part of what the graph was compiled for: each combination has a graph of its own.
"""

from __future__ import annotations

import inspect
import types
import typing

from ...creation import zeros
from ...tensor import Tensor
from .standins import kind_of

LATER = object()  # not given yet, and the graph depends on it
_WORDS = {"tensor": "Tensor", "int": "int", "float": "float", "bool": "bool", "list": "list[Tensor]"}


class Signature:
    """The parameters of a function, with their types."""

    def __init__(self, function, bound):
        self.name = function.__name__
        self.signature = inspect.signature(function, follow_wrapped=False)
        parameters = list(self.signature.parameters.values())[1 if bound else 0 :]
        self.signature = self.signature.replace(parameters=parameters)
        try:
            hints = typing.get_type_hints(function)
        except Exception:  # annotations that mean nothing here: as they stand
            hints = function.__annotations__
        self.types = {p.name: _type_of(p, hints) for p in parameters}

    def bind(self, args, kwargs):
        """Arguments by name, defaults filled in. Errors: TypeError, as for any function."""
        try:
            given = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}() {error}") from None
        given.apply_defaults()
        return given.arguments

    def never_given(self, count, named):
        """Defaults of the parameters that are beyond `count` and not among those `named`."""
        return {name: p.default for name, p in list(self.signature.parameters.items())[count:]
                if name not in named and p.default is not p.empty}  # fmt: skip

    def usual(self):
        """Arguments as they are when nobody has given any: a default where only that tells what to compile."""
        made = {}
        for name, parameter in self.signature.parameters.items():
            kind, empty = self.types[name], parameter.default is parameter.empty
            made[name] = _example(kind, LATER if empty else parameter.default)
        return made

    def sort(self, given):
        """(key, inputs): what of it the graph depends on, and what goes into it. Errors: TypeError for a wrong kind."""
        inputs, key = [], []
        for name, value in given.items():
            key.append(self._sort(value, self.types[name], name, inputs))
        return tuple(key), inputs

    def _sort(self, value, wanted, name, inputs):
        kind = kind_of(value)
        if isinstance(value, tuple) and _is(wanted, tuple):
            return ("tuple", *(self._sort(part, "any", name, inputs) for part in value))
        if isinstance(value, list) and all(isinstance(x, Tensor) for x in value) and (value or wanted == "list"):
            inputs.append(value)
            return "list"
        if isinstance(value, dict):
            return ("dict", *((k, self._sort(part, "any", name, inputs)) for k, part in value.items()))
        if wanted in ("tensor", "int", "float", "bool") and kind != wanted:
            if wanted == "float" and kind == "int":
                value, kind = float(value), "float"
            else:
                raise TypeError(
                    f"{self.name}() expected a value of type {_WORDS[wanted]!r} for argument {name!r}, but got "
                    f"{type(value).__name__}. Annotate the argument if it is no tensor: {name}: {type(value).__name__}"
                )
        if kind in ("tensor", "int", "float", "bool"):
            inputs.append(value)
            return kind
        return ("constant", _frozen(value))

    def standins(self, key, given):
        """A function (builder) -> what the parameters stand for, for arguments of this key."""

        def make(builder):
            return {
                name: _standin(builder, k, value, name) for (name, value), k in zip(given.items(), key, strict=True)
            }

        return make


def _standin(builder, key, value, name):
    if key in ("tensor", "int", "float", "bool", "list"):
        made = builder.new(name, key)
        builder.graph.inputs.append(made)
        return builder.wrap(made)
    if key[0] == "tuple":
        parts = [_standin(builder, k, part, name) for k, part in zip(key[1:], value, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if key[0] == "dict":
        return {k: _standin(builder, inner, value[k], f"{name}.{k}" if isinstance(k, str) else name)
                for k, inner in key[1:]}  # fmt: skip
    return value


def _type_of(parameter, hints):
    if parameter.name in hints:
        hint = hints[parameter.name]
        if isinstance(hint, str):
            return {"Tensor": "tensor", "int": "int", "float": "float", "bool": "bool"}.get(hint, "any")
        if hint is Tensor or (isinstance(hint, type) and issubclass(hint, Tensor)):
            return "tensor"
        if hint in (int, float, bool):
            return hint.__name__
        origin, inside = typing.get_origin(hint), typing.get_args(hint)
        if origin is list and inside == (Tensor,):
            return "list"
        if origin is tuple and Ellipsis not in inside:
            return (tuple, tuple(_type_of(_Hinted(part), {"": part}) for part in inside))
        if origin in (typing.Union, types.UnionType) and type(None) in inside:
            return "optional"
        return "any"
    default = parameter.default
    if default is parameter.empty:
        return "tensor"
    return kind_of(default) if kind_of(default) in ("int", "float", "bool") else "any"


class _Hinted:
    """A part of a tuple, as a parameter without name and default."""

    name, empty, default = "", inspect.Parameter.empty, inspect.Parameter.empty

    def __init__(self, hint):
        self.hint = hint


def _is(wanted, kind):
    return wanted == "any" or (isinstance(wanted, tuple) and wanted[0] is kind)


_BLANK = {"int": 0, "float": 0.0, "bool": False}


def _example(kind, default):
    """Something of this type, to compile for before there is a call."""
    if kind == "tensor":
        return zeros(())
    if kind in _BLANK:
        return _BLANK[kind]
    if kind == "list":
        return []
    if isinstance(kind, tuple):
        parts = [_example(part, LATER) for part in kind[1]]
        return LATER if any(part is LATER for part in parts) else tuple(parts)
    return default


def _frozen(value):
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, *map(_frozen, value))
    try:
        hash(value)
    except TypeError:
        raise TypeError(
            f"a scripted function cannot take {type(value).__name__}: hand in tensors, numbers and text"
        ) from None
    return type(value).__name__, value
