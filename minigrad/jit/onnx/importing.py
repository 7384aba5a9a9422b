"""An ONNX model from anywhere as a graph of minigrad's records: operators through a table, functions by their bodies.

What depends on constants alone (shapes, mostly) is worked out while reading, within limits. Everything else becomes
steps. Floating-point initializers with axes become parameters, which can be trained.
"""

from __future__ import annotations

import contextlib
import math

import numpy as np

from ...dtype import as_dtype
from ...nn import Parameter
from ...op import OPS
from ...tensor import Tensor
from ..check import check
from ..graph import Block, Graph, Names, Step, Value, values_in
from ..prims import PRIMS
from ..run import run
from ..tree import Leaf
from .limits import MOST_MADE, MOST_NODES, FormatError, demand
from .needs import onnx
from .protos import (
    READ,
    Unread,
    Var,
    array_of,
    attribute_of,
    demand_type,
    dtype_of,
    opsets_of,
    shape_of,
    type_of,
    typed,
    with_attributes,
)  # fmt: skip

_FOLDED = 1 << 22  # how many numbers a constant that is worked out may come to
_MOVES = ("Concat", "Slice", "Gather", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Cast", "Identity", "Constant")
_GROWS = ("Expand", "Tile", "ConstantOfShape", "Range", "Pad", "OneHot", "EyeLike", "Resize", "Upsample", "Loop",
          "Scan", "If", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli",
          "Dropout", "CenterCropPad")  # fmt: skip


def graph_of_model(model):
    """The graph. Errors: FormatError."""
    from . import (  # noqa: F401  they fill the table
        read_control,
        read_math,
        read_new,
        read_nn,
        read_quantized,
        read_resize,
        read_sample,
        read_shape,
    )  # fmt: skip

    try:
        return check(Reader(model).graph_of(model.graph))
    except FormatError:
        raise
    except RecursionError:
        raise FormatError("its functions call one another in a circle, or too deep") from None
    except (
        ValueError,
        TypeError,
        RuntimeError,
        IndexError,
        KeyError,
        AttributeError,
        OverflowError,
        MemoryError,
        ArithmeticError,
        onnx().checker.ValidationError,
        onnx().shape_inference.InferenceError,
    ) as error:
        raise FormatError(f"it is no model that can be run: {type(error).__name__}: {error}") from None


class Reader:
    """Reads one model. `block` is what steps go into at the moment, `scope` the results by name, inner ones last."""

    def __init__(self, model):
        self.model, self.graph, self.names = model, Graph(name=model.graph.name or "graph"), Names()
        self.block, self.scope, self.held, self.depth = self.graph, [{}], {}, 0
        self.made = self.seen = 0
        self.opsets = opsets_of(model.opset_import)
        self.functions = {(f.domain, f.name): f for f in model.functions}

    # Values

    def step(self, name, *inputs, **attributes):
        """One step of this record; its result."""
        op = PRIMS.get(name) or OPS[name]
        kind = getattr(op, "makes", "tensor") or "int"
        made = Value(self.names.new(name), kind)
        inputs = tuple(self.held_value(x) if isinstance(x, Var) else x for x in inputs)
        self.block.steps.append(Step(op, inputs, _plain(attributes, self), (made,)))
        return Var(made, kind=kind)

    def held_value(self, x):
        """The graph's value of a result; constants are entered when they are first used."""
        if x.value is None:
            key = id(x)
            if key not in self.held:
                demand(x.const is not None, "a result is used that is not there")
                tensor = Tensor(np.array(x.const))
                value = Value(self.names.new("constant"), "tensor", tuple(x.const.shape), tensor.dtype)
                self.graph.constants[value] = tensor
                self.held[key] = value, x
            return self.held[key][0]
        return x.value

    def may_make(self, shape, what):
        """Refuse to work out more than so many numbers in all."""
        self.made += math.prod(max(int(n), 0) for n in shape)
        demand(self.made <= MOST_MADE, f"{what} would make more than {MOST_MADE} numbers out of a few")

    def constant(self, array, dtype=None):
        """A constant."""
        array = np.asarray(array, dtype)
        return Var(None, array, array.dtype, array.shape)

    def find(self, name):
        """The result of this name; None for an input that is left out."""
        if not name:
            return None
        for scope in reversed(self.scope):
            if name in scope:
                return scope[name]
        raise FormatError(
            f"{name!r} is used before anything makes it: the nodes are not in order, or go round in a circle"
        )

    def ints(self, x):
        """The whole numbers in a tensor of one axis (or none): numbers, or Vars that are worked out at run time."""
        if x is None:
            return None
        if x.const is not None:
            return [int(n) for n in x.const.reshape(-1)]
        if x.shape is None or None in x.shape:
            raise Unread("a list of axes or lengths has a length of its own that is not known")
        demand(math.prod(x.shape) <= 64, "a list of axes or lengths is too long")
        if x.shape == ():
            return [self.step("tensor.int", x)]
        return [self.step("tensor.int", self.step("index", x, index=i)) for i in range(x.shape[0])]

    def length(self, x, axis):
        """The length of an axis: a number, or a Var."""
        known = None if x.shape is None else x.shape[axis]
        return self.step("tensor.size", x, dim=axis) if known is None else known

    def lengths(self, x):
        """All of them."""
        return [self.length(x, axis) for axis in range(x.ndim)]

    def number(self, x, default=None):
        """The one number of a constant. Errors: Unread for what is not known."""
        if x is None:
            return default
        if x.const is None:
            raise Unread("a number has to be known before the model runs, and is not")
        demand(x.const.size == 1, "one number is expected where there are several")
        return x.const.reshape(-1)[0].item()

    # Graphs and nodes

    def graph_of(self, proto):
        graph, given = self.graph, {p.name for p in proto.input}
        for tensor in proto.initializer:
            self.scope[-1][tensor.name] = self.initializer(tensor, tensor.name in given)
        stats = {name for node in proto.node if node.op_type == "BatchNormalization" for name in node.input[3:5]}
        for name, x in self.scope[-1].items():
            number = not x.const.ndim  # as it stands in code: nothing that is learnt
            x.trained = x.dtype.kind == "f" and not number and name not in stats
        held = set(self.scope[-1])
        for info in proto.input:
            if info.name not in held:
                self.scope[-1][info.name] = x = self.declared(info)
                graph.inputs.append(x.value)
        self.enter_held(proto)
        self.nodes(proto.node)
        outputs = [self.find(p.name) for p in proto.output]
        graph.outputs = [self.held_value(x) for x in outputs]
        used = {v for step in graph.every_step() for v in step.uses()} | set(values_in(graph.outputs))
        used |= {v for step in graph.every_step() for block in step.blocks for v in values_in(block.outputs)}
        graph.constants = {value: tensor for value, tensor in graph.constants.items() if value in used}
        if len(outputs) != 1:
            graph.form = tuple(Leaf(i) for i in range(len(outputs)))
        return graph

    def initializer(self, tensor, given=False):
        array = array_of(tensor)
        return Var(None, array, array.dtype, array.shape)

    def enter_held(self, proto):
        """Parameters under their own names."""
        for name, x in self.scope[-1].items():
            if x.const is not None and x.trained:
                tensor = Parameter(Tensor(np.array(x.const)))
                x.value = Value(self.names.new(name), "tensor", tuple(x.const.shape), tensor.dtype)
                self.graph.parameters[x.value] = tensor

    def declared(self, info):
        """An input, with the type that it is declared with."""
        kind = info.type.WhichOneof("value")
        if kind == "sequence_type":
            element = info.type.sequence_type.elem_type.tensor_type.elem_type
            return Var(Value(self.names.new(info.name), "list"), dtype=dtype_of(element), kind="list")
        demand_type(kind == "tensor_type", f"the input {info.name!r} is no tensor")
        dtype, shape = dtype_of(info.type.tensor_type.elem_type), shape_of(info.type.tensor_type)
        demand(
            shape is None or len(shape) <= 64, f"the input {info.name!r} has {len(shape or ())} axes; 64 are the most"
        )
        return Var(Value(self.names.new(info.name), "tensor", shape, as_dtype(dtype)), None, dtype, shape)

    def nodes(self, nodes):
        for node in nodes:
            self.node(node)

    def node(self, node):
        """One node: through the table, or by the body of its function."""
        self.seen += 1
        demand(self.seen <= MOST_NODES, f"its functions come to more than {MOST_NODES} nodes")
        inputs = [self.find(name) for name in node.input]
        domain = "" if node.domain == "ai.onnx" else node.domain
        key = (node.domain, node.op_type)
        attributes = {a.name: attribute_of(a) for a in node.attribute}
        try:
            if key in self.functions:
                results = self.call(self.functions[key], inputs, attributes)
            elif domain == "" and node.op_type in READ:
                results = self.read(node, inputs, attributes)
            else:
                results = self.by_body(node, domain, inputs, attributes)
        except Unread as error:
            known = str(error)
            raise Unread(
                known if known.startswith("the operator") else f"the operator {node.op_type}: {known}"
            ) from None
        results = results if isinstance(results, (tuple, list)) else (results,)
        types = self.types(node, domain, inputs)
        for name, x in zip(node.output, results, strict=False):
            if not name:
                continue
            demand(name not in self.scope[-1], f"{name!r} is made twice")
            self.scope[-1][name] = typed(x, types.get(name))

    def read(self, node, inputs, attributes):
        """Through the table; at once, where everything is constant."""
        function = READ[node.op_type]
        there = [x for x in inputs if x is not None]
        plain = all(x.const is not None and not x.trained for x in there)
        most = (
            math.prod(max(x.const.size, 1) for x in there) if plain else 0
        )  # what operands that broadcast can come to
        if not plain or node.op_type in _GROWS or (most > _FOLDED and node.op_type not in _MOVES):
            return function(self, node, *inputs, **attributes)
        block, self.block = self.block, Block()
        try:
            results = function(self, node, *inputs, **attributes)
            return self.worked_out(results if isinstance(results, (tuple, list)) else (results,), block)
        finally:
            self.block = block

    def worked_out(self, results, block):
        """The steps in hand, run now: their results as constants. What gives a list goes into the block."""
        moved = [x for x in results if x is not None]
        if all(x.const is not None for x in moved) or any(x.kind != "tensor" for x in moved):
            block.steps += self.block.steps
            return results
        graph = Graph(
            [], self.block.steps, [self.held_value(x) for x in moved], "constant", constants=self.graph.constants
        )
        graph.form = [Leaf(i) for i in range(len(moved))]
        with np.errstate(all="ignore"):
            arrays = [tensor.detach().array for tensor in run(graph, ())]
        self.may_make([sum(array.size for array in arrays)], "what is constant")
        arrays = iter(arrays)
        return [None if x is None else self.constant(next(arrays)) for x in results]

    def types(self, node, domain, inputs):
        """What ONNX says about the results."""
        if any(a.HasField("g") for a in node.attribute) or (node.domain, node.op_type) in self.functions:
            return {}
        try:
            schema = onnx().defs.get_schema(node.op_type, self.opsets.get(domain, 1), domain)
            given, data = {}, {}
            for name, x in zip(node.input, inputs, strict=True):
                if x is not None:
                    given[name] = type_of(x)
                    if x.const is not None and x.const.size <= 64:
                        data[name] = onnx().numpy_helper.from_array(x.const, name)
            opsets = [onnx().helper.make_opsetid(d, v) for d, v in self.opsets.items()]
            return onnx().shape_inference.infer_node_outputs(schema, node, given, data, opset_imports=opsets)
        except (onnx().shape_inference.InferenceError, onnx().defs.SchemaError, RuntimeError, ValueError):
            return {}

    def by_body(self, node, domain, inputs, attributes):
        """By the function that ONNX defines the operator with."""
        version = self.opsets.get(domain)
        demand(version is not None, f"it says no version of {domain or 'ai.onnx'!r}, which {node.op_type} is of")
        try:
            schema = onnx().defs.get_schema(node.op_type, version, domain)
        except Exception:
            raise Unread(f"the operator {node.op_type} of {domain or 'ai.onnx'} is not known") from None
        body = None
        if schema.has_function:
            body = schema.function_body
        elif schema.has_context_dependent_function:
            types = [type_of(x).SerializeToString() if x is not None else b"" for x in inputs]
            text = schema.get_context_dependent_function(node.SerializeToString(), types)
            body = onnx().FunctionProto()
            body.ParseFromString(text)
        if body is None or not body.node:
            raise Unread(f"the operator {node.op_type} has no record in minigrad")
        return self.call(body, inputs, attributes, schema)

    def call(self, function, inputs, attributes, schema=None):
        """A function's body in place of the call."""
        demand(self.depth < 24, "its functions call one another too deep")
        demand(len(inputs) <= len(function.input), f"{function.name} takes {len(function.input)} inputs")
        given = {p.name: p for p in function.attribute_proto}
        values = {name: attribute_of(p) for name, p in given.items()} | attributes
        if schema is not None:
            for name, described in schema.attributes.items():
                if name not in values and described.default_value.name:
                    values[name] = attribute_of(described.default_value)
        outer, self.opsets = (
            self.opsets,
            {**self.opsets, **opsets_of(function.opset_import)} if function.opset_import else self.opsets,
        )
        inner = dict.fromkeys(function.input)
        inner.update(zip(function.input, inputs, strict=False))
        scope, self.scope, self.depth = self.scope, [inner], self.depth + 1
        try:
            for node in function.node:
                self.node(with_attributes(node, values))
            return [self.find(name) if name in self.scope[-1] else None for name in function.output]
        finally:
            self.scope, self.opsets, self.depth = scope, outer, self.depth - 1

    @contextlib.contextmanager
    def inside(self, proto, inputs):
        """Steps go into a block of its own, with these results for its inputs; it sees everything around it."""
        demand(self.depth < 24, "its blocks stand too deep in one another")
        outer, self.block, self.depth = self.block, Block([x.value for x in inputs]), self.depth + 1
        scope = {tensor.name: self.initializer(tensor) for tensor in proto.initializer}
        scope.update(zip((p.name for p in proto.input), inputs, strict=True))
        self.scope.append(scope)
        try:
            yield self.block
        finally:
            self.scope.pop()
            self.block, self.depth = outer, self.depth - 1

    def inline(self, proto):
        """A block's results, its steps among those around it."""
        demand(self.depth < 24, "its blocks stand too deep in one another")
        self.scope.append({tensor.name: self.initializer(tensor) for tensor in proto.initializer})
        self.depth += 1
        try:
            return self.results(proto)
        finally:
            self.scope.pop()
            self.depth -= 1

    def results(self, proto):
        """What a block's nodes give, read now."""
        self.nodes(proto.node)
        return [self.find(p.name) for p in proto.output]


def _plain(what, reader):
    """Attributes with graph values in the places of Vars."""
    if isinstance(what, Var):
        return reader.held_value(what)
    if isinstance(what, dict):
        return {key: _plain(part, reader) for key, part in what.items()}
    if isinstance(what, (tuple, list)):
        return type(what)(_plain(part, reader) for part in what)
    if isinstance(what, slice):
        return slice(*(_plain(part, reader) for part in (what.start, what.stop, what.step)))
    return what
