"""Marks on functions: left to Python, never to be called, or to be compiled beside forward."""

from __future__ import annotations

MARK, ORIGINAL = "_minigrad_jit", "_minigrad_script_of"


def ignore(function):
    """Leave a function to Python: a scripted graph calls it as it is, and cannot be saved.

    >>> @ignore
    ... def show(x):
    ...     print(x.shape)
    ...     return x
    """
    setattr(function, MARK, "ignore")
    return function


def unused(function):
    """A function that is not compiled: calling it in a scripted graph is a RuntimeError."""
    setattr(function, MARK, "unused")
    return function


def export(function):
    """A method of a module to be compiled, and callable on the scripted module, beside `forward`.

    With `@jit.export` above `def encode(self, x)`, `jit.script(net).encode(x)` runs its graph.
    """
    setattr(function, MARK, "export")
    return function


def mark_of(function):
    """ "ignore", "unused", "export" or None."""
    return getattr(function, MARK, None)


def original_of(function):
    """What a scripted function or module was made of; anything else is itself."""
    return getattr(function, "__dict__", {}).get(ORIGINAL, function)


class Ignored:
    """The record of a function that is left to Python."""

    rules, byproducts, view, variadic, onnx, kind = {}, {}, False, True, None, "python"
    arguments, attributes = ("operands",), {"rest": (), "named": {}}
    draws, effects, portable = False, True, False

    def __init__(self, function):
        self.function, self.short = function, function.__name__
        self.name, self.__doc__ = f"python.{self.short}", function.__doc__

    def __call__(self, *operands, rest=(), named=None):
        return self.function(*operands, *rest, **(named or {}))

    def makes(self, operands, rest, named):
        """What its annotation says; a tensor when it says nothing."""
        kind = self.function.__annotations__.get("return", "Tensor")
        word = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
        return word if word in ("int", "float", "bool") else "list" if word.lower().startswith("list") else "tensor"

    def written(self, operands, rest, named):
        """As Python."""
        return f"{self.short}({', '.join([*operands, *rest, *(f'{key}={value}' for key, value in named.items())])})"
