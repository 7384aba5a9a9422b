"""Where the steps go: the graph that is being made, the block that is open, and the tensors that it holds."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from ...errors import Unknown
from ...nn import Parameter
from ...op import OPS
from ...operands import sort_arguments
from ...tensor import Tensor
from ..graph import Block, Graph, If, Loop, Names, Step, Value
from ..prims import PRIMS, number_kind
from ..tree import rebuilt
from .standins import Lengths, Number, Symbol, TensorList


class Builder:
    """Makes one graph. `place` and `path` say which line, and which module, steps are being made for."""

    def __init__(self, name, paths=()):
        self.graph = Graph(name=name)
        self.open, self.names = self.graph, Names()
        self.paths = dict(paths)  # id of a parameter or buffer -> its dotted name
        self.held, self.opposites, self.place, self.path = {}, {}, None, None
        self.compared = set()  # values of tensors that comparisons have given

    # Blocks

    @contextmanager
    def block(self, block=None):
        """Steps go into this block (a new one) for as long as the context lasts."""
        before, self.open = self.open, Block() if block is None else block
        try:
            yield self.open
        finally:
            self.open = before

    @contextmanager
    def attempt(self):
        """What is made within is forgotten when it ends in an exception."""
        block, count, names = self.open, len(self.open.steps), self.names.copy()
        try:
            yield
        except BaseException:
            del block.steps[count:]
            self.open = block
            self.go_back(names)
            raise

    def go_back(self, names):
        """Names that were given since are free again, but for those of what is held."""
        for value in self.graph.held():
            names.take(value.name)
        self.names = names

    # Values

    def wrap(self, value):
        """The stand-in of a value."""
        if value.kind == "tensor":
            return Symbol(value, self)
        return TensorList(value) if value.kind == "list" else Number(value)

    def new(self, name, kind="tensor"):
        """A value that something outside of the steps gives: an input, or what goes round in a loop."""
        return Value(self.names.new(name), kind)

    def value(self, what):
        """The graph's value for a stand-in, tensor or number; anything else with the values in it."""
        if isinstance(what, (Symbol, Number, TensorList)):
            return what.value
        if isinstance(what, Lengths):
            return self.prim("tensor.shape", what.of).value
        if isinstance(what, Tensor):
            return self.hold(what)
        if isinstance(what, np.generic):
            return what.item()
        return rebuilt(what, self.value)

    def hold(self, tensor):
        """The value of a tensor that is not handed in."""
        if id(tensor) not in self.held:
            name = self.paths.get(id(tensor))
            shape, dtype = tuple(tensor.shape), tensor.dtype
            value = Value(self.names.new(name or "constant"), "tensor", shape, dtype, str(tensor.device))
            table = self.graph.parameters if name or isinstance(tensor, Parameter) else self.graph.constants
            table[value] = tensor
            self.held[id(tensor)] = value
        return self.held[id(tensor)]

    # Steps

    def step(self, op, inputs, attributes, kind="tensor", name=None, fresh=True):
        """Put a step into the open block; returns the stand-in of its result."""
        name = name or op.name.rpartition(".")[2].strip("_")
        output = Value(self.names.new(name), kind)
        operands, attributes = tuple(map(self.value, inputs)), {key: self.value(x) for key, x in attributes.items()}
        self.open.steps.append(Step(op, operands, attributes, (output,), self.place, self.path))
        result = self.wrap(output)
        if op.name in ("eq", "ne", "lt", "le", "gt", "ge"):
            self.compared.add(output)
        if op.view or kind == "list":  # from now on another value leads to the memory of these
            for x in inputs:
                if isinstance(x, Symbol):
                    x.fresh = False
        if kind == "tensor":
            result.fresh = fresh and not op.view and not op.name.startswith("list.get")
        if op.name in ("cast", "to_integer"):
            self._may_be(result, inputs[0], attributes["dtype"])
        return result

    def _may_be(self, result, source, dtype):
        """Note that a cast gives its operand itself, where that has the dtype already."""
        if not isinstance(source, Symbol):
            result.fresh = not isinstance(source, Tensor)
        elif source.value not in self.compared or dtype == "bool":
            result.source, result.fresh = source, source.fresh
            source.fresh = False

    def prim(self, name, *inputs, **attributes):
        """A step of a primitive."""
        op = PRIMS[name]
        kind = op.makes or number_kind(*(self.kind(x) for x in inputs))
        return self.step(op, inputs, attributes, kind)

    def opposite(self, truth):
        """not truth; of what was itself made so, what it was made of."""
        if truth.value not in self.opposites:
            made = self.prim("number.not", truth)
            self.opposites[made.value] = truth
            return made
        return self.opposites[truth.value]

    def kind(self, what):
        """ "int", "float" or "bool" for an operand of number arithmetic."""
        return what.kind if isinstance(what, Number) else type(what).__name__

    def op(self, name, *inputs, **attributes):
        """A step of an op."""
        return self.step(OPS[name], inputs, attributes)

    def run_op(self, op, args, kwargs):
        """An op of minigrad is called with a stand-in. Errors: as the op's own, for what it does not take."""
        count = len(op.arguments)
        inputs, rest = (args, ()) if op.variadic else (args[:count], args[count:])
        inputs, rest, kwargs = sort_arguments(op, inputs, rest, kwargs)
        attributes = dict(zip(op.attributes, rest, strict=False)) | kwargs
        for x in inputs:
            if isinstance(x, Tensor) and not isinstance(x, Symbol) and not self.known(x):
                raise Unknown(self.wrap_any())  # made on the way, maybe from what is drawn: not for a graph to hold
            if not isinstance(x, (Tensor, Number, bool, int, float, np.generic)):
                raise TypeError(f"{op.name}() takes tensors and numbers, not {_named(x)}")
        return self.step(op, inputs, attributes)

    def known(self, tensor):
        """Whether a tensor is one that the program itself has handed to minigrad."""
        return id(tensor) in self.held or id(tensor) in self.paths

    def wrap_any(self):
        """A stand-in to blame."""
        return Symbol(Value("unknown"), self)

    def set_name(self, standin, name):
        """Call a value that a step of this block has just made after the variable it goes to."""
        value = getattr(standin, "value", None)
        last = self.open.steps[-1].outputs if self.open.steps else ()
        if len(last) == 1 and value is last[0] and value.name.partition(".")[0] != name:
            self.names.forget(value.name)
            value.name = self.names.new(name)

    def put_if(self, condition, then, orelse, outputs):
        """Two blocks, one of which runs."""
        self.open.steps.append(If(self.value(condition), then, orelse, tuple(outputs), self.place, self.path))

    def put_loop(self, count, condition, carried, body, outputs):
        """A block that runs again and again."""
        self.open.steps.append(Loop(self.value(count), self.value(condition), tuple(carried), body, tuple(outputs),
                                    self.place, self.path))  # fmt: skip


def _named(x):
    return {TensorList: "a list", type(None): "None"}.get(type(x), type(x).__name__)
