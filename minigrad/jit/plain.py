"""Graphs as plain data, and back. What is read is checked through: names of ops, kinds, places; nothing is run."""

from __future__ import annotations

import base64
import re

import numpy as np

from ..device import Device
from ..dtype import as_dtype
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
    described = described or numbers_of
    numbers, values = {}, []
    for value in _every_value(graph):
        numbers[value] = len(values)
        values.append([value.name, value.kind, _or_none(value.shape), value.dtype and value.dtype.name, value.device])

    def data(what):
        if isinstance(what, Value):
            return {"value": numbers[what]}
        if isinstance(what, Leaf):
            return {"leaf": what.number}
        if isinstance(what, (tuple, list)):
            return {type(what).__mro__[-2].__name__: [data(part) for part in what]}
        if isinstance(what, dict):
            return {"dict": [[data(key), data(part)] for key, part in what.items()]}
        if isinstance(what, slice):
            return {"slice": [data(part) for part in (what.start, what.stop, what.step)]}
        if what is Ellipsis:
            return {"ellipsis": True}
        if isinstance(what, Tensor):
            return {"tensor": numbers_of(what)}
        if isinstance(what, np.ndarray):
            return {"array": numbers_of(Tensor(what))}
        if isinstance(what, float) and (what != what or what in (float("inf"), float("-inf"))):
            return {"float": str(what)}
        if isinstance(what, (Op, Prim)):
            return {"op": what.name}
        if isinstance(what, Device):
            return {"device": str(what)}
        if hasattr(what, "numpy") and hasattr(what, "name"):
            return {"dtype": what.name}
        if isinstance(what, np.dtype):
            return {"dtype": what.name}
        if isinstance(what, Op):
            return {"op": what.name}
        if isinstance(what, Device):
            return {"device": str(what)}
        if isinstance(what, (bool, int, float, str, type(None))):
            return what
        if isinstance(what, np.generic):
            return what.item()
        raise ValueError(f"{graph.name}: {what!r} in an attribute cannot be written down")

    def step_of(step):
        plain = {"outputs": [numbers[v] for v in step.outputs], "module": step.module,
                 "source": step.source and [step.source.file.replace("\\", "/").rsplit("/", 1)[-1], step.source.line,
                                            step.source.text, step.source.function]}  # fmt: skip
        if type(step) is If:
            return plain | {"if": data(step.condition), "then": block(step.then), "else": block(step.orelse)}
        if type(step) is Loop:
            return plain | {"loop": block(step.body), "count": data(step.count), "condition": data(step.condition),
                            "carried": data(step.carried)}  # fmt: skip
        if not getattr(step.op, "portable", True):
            raise ValueError(f"{graph.name}: {step.op.name} is a Python function of its own, which no file can hold. "
                             "Say it with ops, or give the graph without it.")  # fmt: skip
        return plain | {"op": step.op.name, "inputs": data(step.inputs), "attributes": data(step.attributes)}

    def block(of):
        return {"inputs": [numbers[v] for v in of.inputs], "steps": [step_of(step) for step in of.steps],
                "outputs": data(list(of.outputs))}  # fmt: skip

    return {
        "format": FORMAT, "name": graph.name, "values": values, **block(graph), "form": data(graph.form),
        "parameters": [[numbers[v], described(t)] for v, t in graph.parameters.items()],
        "constants": [[numbers[v], described(t)] for v, t in graph.constants.items()],
        "updates": [[numbers[a], numbers[b]] for a, b in graph.updates],
    }  # fmt: skip


def _every_value(graph):
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
    return {"dtype": array.dtype.name, "shape": list(tensor.array.shape), "requires_grad": tensor.requires_grad,
            "base64": base64.b64encode(array.tobytes()).decode("ascii")}  # fmt: skip


# From data


def graph_of(data, held=None):
    """The graph in this data. `held` makes a tensor of what `described` wrote, or gives None for what is written as
    usual. Errors: ValueError that names what is wrong with it."""
    try:
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"this is not a graph: its format is not {FORMAT!r}")
        graph = _Reader(data, held).graph()
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
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
        if kind == "dict":
            return {self.what(key): self.what(part) for key, part in inside}
        if kind == "slice":
            return slice(*(self.what(part) for part in inside))
        if kind == "float" and inside in ("nan", "inf", "-inf"):
            return float(inside)
        if kind == "dtype" and inside in _DTYPES:
            return np.dtype(inside)
        if kind in ("tensor", "array"):
            return self.tensor(inside) if kind == "tensor" else self.tensor(inside).array
        if kind == "ellipsis":
            return Ellipsis
        if kind == "op":
            return record_of(inside)
        if kind == "device" and isinstance(inside, str) and re.fullmatch(r"cpu|cuda(:\d{1,3})?", inside):
            return Device(inside)
        raise ValueError(f"{kind!r} is nothing that can stand here")

    def tensor(self, data, parameter=False):
        if data["dtype"] not in _DTYPES:
            raise ValueError(f"no dtype is called {data['dtype']!r}")
        raw, dtype = base64.b64decode(data["base64"], validate=True), np.dtype(data["dtype"])
        array = np.frombuffer(raw, dtype).reshape([int(n) for n in data["shape"]]).copy()
        wants = data["requires_grad"] is True
        return Parameter(Tensor(array), wants) if parameter and dtype.kind == "f" else Tensor(array, wants)

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
