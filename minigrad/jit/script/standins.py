"""What stands for values that nobody knows before the graph runs.

A `Symbol` is a Tensor without numbers. It notes the ops that are run on it, so minigrad's own functions can be called
with it; one that asks for its shape gets `Unknown` in place of an answer, and becomes a step of its own (see calls.py).
"""

from __future__ import annotations

import types

from ...errors import Unknown
from ...methods import METHODS, OPERATORS, TURNED
from ...op import OPS
from ...tensor import Size, Tensor


class Standin:
    """Something with a graph Value behind it."""

    __slots__ = ()

    def __repr__(self):
        return f"<{type(self).__name__} {self.value}>"


class Symbol(Tensor):
    """Stands for a tensor. `fresh`: no other name, argument or view can know the memory it will have.

    source: the Symbol that it was cast from, which is this very tensor if that has the dtype already; None for others.
    """

    __slots__ = ("builder", "fresh", "source", "value")

    def __new__(cls, value, builder, fresh=False):
        self = object.__new__(cls)
        self.value, self.builder, self.fresh, self.source = value, builder, fresh, None
        return self

    def _ask(self):
        raise Unknown(self)

    array = _kind = _edge = property(_ask)

    def note(self, op, args, kwargs):
        """An op is run on it: a step."""
        return self.builder.run_op(op, args, kwargs)

    def __repr__(self):
        return f"<Symbol {self.value}>"

    __hash__ = Tensor.__hash__


def _noted(name):
    record = OPS[name]

    def method(self, *args, **kwargs):
        return self.builder.run_op(record, (self, *args), kwargs)

    return method


def _noted_turned(name):
    record = OPS[name]
    return lambda self, other: self.builder.run_op(record, (other, self), {})


_RUNS = {id(record.run): name for name, record in OPS.items()}
for _name in dir(Tensor):
    _found = _RUNS.get(id(getattr(Tensor, _name)))
    if _found:
        setattr(Symbol, _name, _noted(_found))
for _name, _dunder in TURNED.items():
    setattr(Symbol, _dunder, _noted_turned(_name))
assert set(METHODS) <= set(OPS) and set(OPERATORS) <= set(OPS)


class Number(Standin):
    """Stands for a number: an int, a float or a bool."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    @property
    def kind(self):
        """ "int", "float" or "bool"."""
        return self.value.kind


class TensorList(Standin):
    """Stands for a list of tensors, however long it will be."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Lengths(Standin):
    """The shape of a tensor, of which each length can be asked."""

    __slots__ = ("of",)

    def __init__(self, of):
        self.of = of

    def __repr__(self):
        return f"<shape of {self.of.value}>"


class Missing:
    """What a name stands for that has no value on every way that leads here."""

    def __init__(self, why):
        self.why = why


class Nothing:
    """The result of a function on the ways that do not get as far: it is never looked at."""


NOTHING = Nothing()


class Local:
    """A def or lambda inside a function that is being compiled, with the names it can see."""

    def __init__(self, node, frame):
        self.node, self.frame = node, frame
        self.name = getattr(node, "name", "lambda")


class Method:
    """A method of a stand-in, a list or a dict, before it is called."""

    def __init__(self, owner, name, node):
        self.owner, self.name, self.node = owner, name, node


def is_fresh(what):
    """Whether this is a tensor of whose memory nothing else can know."""
    return isinstance(what, Symbol) and what.fresh and what.source is None


def kind_of(what):
    """The kind of a graph value that this is or could be; None for what a graph has no values for."""
    if isinstance(what, Tensor):
        return "tensor"
    if isinstance(what, Number):
        return what.kind
    if isinstance(what, TensorList):
        return "list"
    return {bool: "bool", int: "int", float: "float"}.get(type(what))


def class_of(what):
    """The class that it has when the graph runs."""
    if isinstance(what, (Number, TensorList)):
        return {"int": int, "float": float, "bool": bool, "list": list}[kind_of(what)]
    known = {Symbol: Tensor, Lengths: Size, Local: types.FunctionType, Method: types.MethodType}
    return known.get(type(what), type(what))


def is_unknown(what):
    """Whether there is a stand-in anywhere in it."""
    if isinstance(what, (Symbol, Standin)):
        return True
    if isinstance(what, (tuple, list)):
        return any(map(is_unknown, what))
    if isinstance(what, dict):
        return any(map(is_unknown, what.values()))
    return isinstance(what, slice) and any(map(is_unknown, (what.start, what.stop, what.step)))


def only_tensors(what):
    """Whether no stand-in in it is anything but a tensor."""
    if isinstance(what, Standin):
        return False
    if isinstance(what, (tuple, list)):
        return all(map(only_tensors, what))
    if isinstance(what, dict):
        return all(map(only_tensors, what.values()))
    return not isinstance(what, slice) or all(map(only_tensors, (what.start, what.stop, what.step)))


def parts_of(what):
    """Everything that could be changed in its place, at any depth."""
    if isinstance(what, (Symbol, TensorList, list, dict)):
        yield what
    if isinstance(what, (tuple, list)):
        for part in what:
            yield from parts_of(part)
    elif isinstance(what, dict):
        yield from parts_of(list(what.values()))
