"""Records for whole layers of minigrad (nn.GRU, nn.MultiheadAttention ...) whose forward has to see shapes.

A step has the layer's operands, its parameters and buffers by name, and what else it was made with; the run puts the
layer together around those tensors and runs its own forward. Only classes of minigrad.nn can be named.
"""

from __future__ import annotations

import functools

from .. import nn
from ..nn import Module
from .tree import flatten, unflatten

# How the results are nested, where there is more than one; a number for each tensor.
RESULTS = {"RNN": (0, 1), "GRU": (0, 1), "LSTM": (0, (1, 2)), "LSTMCell": (0, 1), "MultiheadAttention": (0, 1)}
_PLAIN = (bool, int, float, str, type(None))


class Layer:
    """The record of one class of layer. Its result is a list of the tensors that the layer gives."""

    rules, byproducts, view, variadic, onnx, kind = {}, {}, False, True, None, "layer"
    arguments, attributes = ("operands",), {"rest": (), "named": {}, "made_with": {}}
    draws, effects = True, False  # an LSTM may drop out

    def __init__(self, cls):
        self.cls, self.name, self.short = cls, f"nn.{cls.__name__}", cls.__name__
        self.form = RESULTS.get(self.short, 0)
        self.__doc__ = cls.__doc__

    def __call__(self, *operands, rest=(), named=None, made_with):
        given = self.nested(operands, rest)
        return flatten(built(self.cls, made_with)(*given, **(named or {})))[0]

    def nested(self, operands, rest):
        """The operands as the layer takes them: `rest` says so, where one is no tensor."""
        return unflatten(list(rest), list(operands))

    def written(self, operands, rest, named):
        """As Python."""
        given = [*operands, *(f"{key}={value}" for key, value in named.items())]
        return f"{self.name}({', '.join(given)})"

    def __repr__(self):
        return f"<layer {self.name}>"

    def __reduce__(self):
        return layer_named, (self.name,)


def made_with(module):
    """What a layer is made of, as plain things and tensors: the attributes that are plain, the tensors, the parts.

    Errors: ValueError for a layer with an attribute that is neither.
    """
    other = [key for key, value in vars(module).items() if not _is_plain(value) and not key.startswith("_")]
    if other:
        raise ValueError(f"{type(module).__name__} holds {other[0]}, which is neither plain nor a tensor")
    own = {key: value for key, value in vars(module).items() if _is_plain(value) and not key.startswith("__")}
    return {
        "class": type(module).__name__, "plain": own,
        "parameters": dict(module._parameters), "buffers": dict(module._buffers),
        "parts": {name: made_with(part) for name, part in module._modules.items() if part is not None},
    }  # fmt: skip


def _is_plain(value):
    return all(map(_is_plain, value)) if isinstance(value, tuple) else isinstance(value, _PLAIN)


def built(cls, made):
    """The layer again, around these tensors."""
    module = object.__new__(cls)
    Module.__init__(module)
    for key, value in made["plain"].items():
        object.__setattr__(module, key, value)
    module._parameters.update(made["parameters"])
    module._buffers.update(made["buffers"])
    for name, part in made["parts"].items():
        module._modules[name] = built(classes()[part["class"]], part)
    return module


@functools.cache
def classes():
    """The layers of minigrad by name."""
    found = {name: getattr(nn, name) for name in dir(nn)}
    return {name: cls for name, cls in found.items() if isinstance(cls, type) and issubclass(cls, Module)}


@functools.cache
def layer_named(name):
    """The record of this name ("nn.GRU"), or None."""
    cls = classes().get(name.removeprefix("nn.")) if name.startswith("nn.") else None
    return None if cls is None else Layer(cls)
