"""Graphs as plain data, and back. What is read is checked through: names of ops, kinds, places; nothing is run."""

from __future__ import annotations

import base64
import collections
import functools
import keyword
import re

import numpy as np

from ..device import Device
from ..dtype import as_dtype, dtype
from ..nn import Parameter
from ..op import OPS, Op
from ..tensor import Tensor
from .calls import call_named
from .check import check
from .graph import KINDS, Block, Graph, If, Loop, Source, Step, Value
from .layers import layer_named
from .prims import PRIMS, Prim
from .tree import Leaf
from .vjp import vjp_of

FORMAT = "minigrad graph 1"
_LONGEST = 100  # letters in the name of a part of a named tuple
_DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")


def record_of(name):
    """The record of an op or primitive by its name. Errors: ValueError where there is none."""
    found = PRIMS.get(name) or OPS.get(name) or vjp_of(name) or call_named(name) or layer_named(name)
    if found is None:
        raise ValueError(f"there is no op {name!r}")
    return found


# To data


def plain_of(graph, described=None):
    """The graph as dicts, lists, numbers and text. `described` says what is written of a tensor that it holds."""
    return _Writer(graph).plain(described or numbers_of)


class _Writer:
    """Writes one graph down; values are numbered in the order in which they are met."""

    def __init__(self, graph):
        self.graph, self.numbers = graph, {value: i for i, value in enumerate(every_value(graph))}

    def plain(self, described):
        """All of it."""
        graph, number = self.graph, self.numbers
        return {
            "format": FORMAT, "name": graph.name, "values": [_described(value) for value in number],
            **self.block(graph), "form": self.data(graph.form),
            "parameters": [[number[v], described(t)] for v, t in graph.parameters.items()],
            "constants": [[number[v], described(t)] for v, t in graph.constants.items()],
            "updates": [[number[a], number[b]] for a, b in graph.updates],
        }  # fmt: skip

    def block(self, block):
        """A block: what it takes, its steps, and what it gives."""
        return {"inputs": [self.numbers[v] for v in block.inputs], "steps": [self.step(step) for step in block.steps],
                "outputs": self.data(list(block.outputs))}  # fmt: skip

    def step(self, step):
        """A step, an If or a Loop."""
        plain, source, data = {"outputs": [self.numbers[v] for v in step.outputs]}, step.source, self.data
        file = source and source.file.replace("\\", "/").rsplit("/", 1)[-1]
        plain |= {"module": step.module, "source": source and [file, source.line, source.text, source.function]}
        if type(step) is If:
            arms = self.block(step.then), self.block(step.orelse)
            return plain | {"if": data(step.condition), "then": arms[0], "else": arms[1]}
        if type(step) is Loop:
            return plain | {"loop": self.block(step.body), "count": data(step.count),
                            "condition": data(step.condition), "carried": data(step.carried)}  # fmt: skip
        if not getattr(step.op, "portable", True):
            raise ValueError(f"{self.graph.name}: {step.op.name} is a Python function of its own, which no file can "
                             "hold. Say it with ops, or give the graph without it.")  # fmt: skip
        return plain | {"op": step.op.name, "inputs": data(step.inputs), "attributes": data(step.attributes)}

    def data(self, what):
        """An operand, attribute or form: numbers and text as they are, all else by its kind."""
        if isinstance(what, float) and (what != what or what in (float("inf"), float("-inf"))):
            return {"float": str(what)}
        if isinstance(what, (bool, int, float, str, type(None))):
            return what
        if isinstance(what, np.generic):
            return what.item()
        if isinstance(what, tuple) and hasattr(what, "_fields"):
            parts = [self.data(part) for part in what]
            return {"named": [type(what).__name__, list(what._fields), parts]}
        if isinstance(what, (tuple, list)):
            return {type(what).__mro__[-2].__name__: [self.data(part) for part in what]}
        if isinstance(what, dict):
            return {"dict": [[self.data(key), self.data(part)] for key, part in what.items()]}
        if isinstance(what, slice):
            return {"slice": [self.data(part) for part in (what.start, what.stop, what.step)]}
        for kind, tell in self.kinds.items():
            if isinstance(what, kind):
                return tell(self, what)
        raise ValueError(f"{self.graph.name}: {what!r} in an attribute cannot be written down")

    kinds = {
        Value: lambda self, value: {"value": self.numbers[value]}, Leaf: lambda _, leaf: {"leaf": leaf.number},
        Tensor: lambda _, tensor: {"tensor": numbers_of(tensor)}, (Op, Prim): lambda _, op: {"op": op.name},
        np.ndarray: lambda _, array: {"array": numbers_of(Tensor(array))}, Device: lambda _, d: {"device": str(d)},
        (np.dtype, dtype): lambda _, kind: {"dtype": kind.name}, type(...): lambda _, __: {"ellipsis": True},
    }  # fmt: skip


def _described(value):
    return [value.name, value.kind, _or_none(value.shape), value.dtype and value.dtype.name, value.device]


def every_value(graph):
    """All values of a graph, in the order in which they are numbered."""
    found = dict.fromkeys([*graph.inputs, *graph.parameters, *graph.constants])
    for step in graph.every_step():
        for block in step.blocks:
            found.update(dict.fromkeys(block.inputs))
        found.update(dict.fromkeys(step.outputs))
    return found


def _or_none(shape):
    return None if shape is None else list(shape)


def numbers_of(tensor):
    """A tensor as data."""
    array = np.ascontiguousarray(tensor.detach().cpu().array)
    return {"dtype": array.dtype.name, "shape": list(tensor.array.shape), **traits_of(tensor),
            "base64": base64.b64encode(array.tobytes()).decode("ascii")}  # fmt: skip


def traits_of(tensor):
    """What a tensor is beside its numbers: whether it wants gradients, and whether it is state that is not trained."""
    buffer = not isinstance(tensor, Parameter) and not tensor.requires_grad
    return {"requires_grad": tensor.requires_grad, **({"buffer": True} if buffer else {})}


def tensor_of(array, data, parameter):
    """The tensor with these numbers, and the traits that stand in `data`."""
    wants = data["requires_grad"] is True
    trained = parameter and array.dtype.kind == "f" and data.get("buffer") is not True
    return Parameter(Tensor(array), wants) if trained else Tensor(array, wants)


# From data


@functools.lru_cache(256)
def named_tuple(name, *fields):
    """The type of a named tuple with these names: one of its own, for where the class is defined nobody looks.

    Errors: ValueError for what is no plain name.
    """
    for word in (name, *fields):
        right = isinstance(word, str) and word.isascii() and word.isidentifier() and not keyword.iskeyword(word)
        if not right or len(word) > _LONGEST or (word is not name and word.startswith("_")):
            raise ValueError(f"{word!r} is no name for a named tuple or a part of one")
    return collections.namedtuple(name, fields, module=__name__)


def graph_of(data, held=None):
    """The graph in this data. `held` makes a tensor of what `described` wrote, or gives None for what is written as
    usual. Errors: ValueError that names what is wrong with it."""
    try:
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"this is not a graph: its format is not {FORMAT!r}")
        graph = _Reader(data, held).graph()
    except (KeyError, TypeError, IndexError, AttributeError, RuntimeError) as error:
        raise ValueError(f"this is not a graph that to_json() gave: {type(error).__name__}: {error}") from None
    check(graph)
    return graph


class _Reader:
    def __init__(self, data, held=None):
        self.data, self.elsewhere = data, held or (lambda data, parameter: None)
        self.values = [self.value(*given) for given in data["values"]]

    def value(self, name, kind, shape, dtype, device):
        lengths = None if shape is None else tuple(shape)
        right = isinstance(name, str) and kind in KINDS and isinstance(device, str) and (dtype is None or
                                                                                       dtype in _DTYPES)
        if not right or not all(n is None or (type(n) is int and n >= 0) for n in lengths or ()):
            raise ValueError(f"no value is described by {name!r}, {kind!r}, {shape!r}, {dtype!r}, {device!r}")
        return Value(name, kind, lengths, None if dtype is None else as_dtype(dtype), device)

    def at(self, number):
        if type(number) is not int or number < 0:
            raise ValueError(f"{number!r} is no number of a value")
        return self.values[number]

    def what(self, data):
        """An operand, attribute or form."""
        if data is None or isinstance(data, (bool, int, float, str)):
            return data
        (kind, inside), = data.items()
        if kind == "value":
            return self.at(inside)
        if kind == "leaf":
            return Leaf(int(inside))
        if kind in ("tuple", "list"):
            return {"tuple": tuple, "list": list}[kind](self.what(part) for part in inside)
        if kind == "named":
            name, names, parts = inside
            return named_tuple(name, *names)(*(self.what(part) for part in parts))
        if kind == "dict":
            return {self.what(key): self.what(part) for key, part in inside}
        if kind == "slice":
            return slice(*(self.what(part) for part in inside))
        if kind == "float" and inside in ("nan", "inf", "-inf"):
            return float(inside)
        if kind == "dtype" and inside in _DTYPES:
            return np.dtype(inside)
        if kind == "op":
            return record_of(inside)
        if kind == "device" and isinstance(inside, str) and re.fullmatch(r"cpu|cuda(:\d{1,3})?", inside):
            return Device(inside)
        if kind in ("tensor", "array"):
            return self.tensor(inside) if kind == "tensor" else self.tensor(inside).array
        if kind == "ellipsis":
            return Ellipsis
        raise ValueError(f"{kind!r} is nothing that can stand here")

    def tensor(self, data, parameter=False):
        if data["dtype"] not in _DTYPES:
            raise ValueError(f"no dtype is called {data['dtype']!r}")
        raw, dtype = base64.b64decode(data["base64"], validate=True), np.dtype(data["dtype"])
        return tensor_of(np.frombuffer(raw, dtype).reshape([int(n) for n in data["shape"]]).copy(), data, parameter)

    def held(self, data, parameter):
        found = self.elsewhere(data, parameter)
        return self.tensor(data, parameter) if found is None else found

    def block(self, data, into):
        into.inputs = [self.at(n) for n in data["inputs"]]
        into.steps = [self.step(step) for step in data["steps"]]
        into.outputs = self.what(data["outputs"])
        return into

    def step(self, data):
        outputs, source = tuple(self.at(n) for n in data["outputs"]), data["source"]
        source = source and Source(str(source[0]), int(source[1]), str(source[2]), str(source[3]))
        place = {"source": source, "module": data["module"] and str(data["module"])}
        if "if" in data:
            arms = self.block(data["then"], Block()), self.block(data["else"], Block())
            return If(self.what(data["if"]), *arms, outputs, **place)
        if "loop" in data:
            body = self.block(data["loop"], Block())
            return Loop(self.what(data["count"]), self.what(data["condition"]), self.what(data["carried"]), body,
                        outputs, **place)  # fmt: skip
        return Step(record_of(data["op"]), self.what(data["inputs"]), self.what(data["attributes"]), outputs, **place)

    def graph(self):
        data = self.data
        graph = self.block(data, Graph(name=str(data["name"])))
        graph.parameters = {self.at(n): self.held(held, True) for n, held in data["parameters"]}
        graph.constants = {self.at(n): self.held(held, False) for n, held in data["constants"]}
        graph.updates = [(self.at(a), self.at(b)) for a, b in data["updates"]]
        graph.form = self.what(data["form"])
        return graph


Graph.to_json = plain_of
Graph.from_json = staticmethod(graph_of)
