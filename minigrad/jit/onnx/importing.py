"""An ONNX model from anywhere as a graph of minigrad's records: each operator through a table, functions by their bodies.

What depends on constants alone (shapes, mostly) is worked out while reading, within limits. Everything else becomes
steps. Floating-point initializers become parameters, which can be trained.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import Any

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
from .limits import FormatError, demand, look_at, may_make
from .names import DTYPES, INTERNAL
from .needs import onnx

READ = {}
_FOLDED = 1 << 16  # how many numbers may go into a constant that is worked out
_GROWS = ("Expand", "Tile", "ConstantOfShape", "Range", "Pad", "OneHot", "EyeLike", "Resize", "Upsample", "Loop", "Scan",
          "If", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Dropout",
          "CenterCropPad")  # fmt: skip


class Unread(FormatError):
    """An operator that minigrad has no record for, or not for these attributes or types."""


def reads(*kinds):
    """Decorator: this is how operators of these names are read. It gets (reader, node, *inputs, **attributes)."""

    def enter(function):
        for kind in kinds:
            READ[kind] = function
        return function

    return enter


@dataclass(eq=False, slots=True)
class Var:
    """One of a model's results: a constant (`const`), or a value of the graph. dtype and shape as far as they are known."""

    value: Any = None
    const: Any = None
    dtype: Any = None
    shape: Any = None
    kind: str = "tensor"
    trained: bool = False

    @property
    def ndim(self):
        """The number of axes. Errors: Unread."""
        if self.shape is None:
            raise Unread("how many axes a result has is not known before the model runs")
        return len(self.shape)


def graph_of_model(model):
    """The graph. Errors: FormatError."""
    from . import read_control, read_math, read_nn, read_shape  # noqa: F401  they fill the table

    try:
        return check(Reader(model).graph_of(model.graph))
    except FormatError:
        raise
    except RecursionError:
        raise FormatError("its functions call one another in a circle, or too deep") from None
    except (ValueError, TypeError, RuntimeError, IndexError, KeyError, AttributeError, OverflowError, MemoryError,
            ArithmeticError, onnx().checker.ValidationError, onnx().shape_inference.InferenceError) as error:
        raise FormatError(f"it is no model that can be run: {type(error).__name__}: {error}") from None


class Reader:
    """Reads one model. `block` is what steps go into at the moment, `scope` the results by name, inner ones last."""

    def __init__(self, model):
        self.model, self.graph, self.names = model, Graph(name=model.graph.name or "graph"), Names()
        self.block, self.scope, self.held, self.depth = self.graph, [{}], {}, 0
        self.opsets = _opsets(model.opset_import)
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
                demand(x.const.dtype not in INTERNAL, f"a constant is {x.const.dtype}, which minigrad does not have")
                tensor = Tensor(np.array(x.const))
                value = Value(self.names.new("constant"), "tensor", tuple(x.const.shape), tensor.dtype)
                self.graph.constants[value] = tensor
                self.held[key] = value, x
            return self.held[key][0]
        return x.value

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
        raise FormatError(f"{name!r} is used before anything makes it: the nodes are not in order, or go round in a circle")

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
            x.trained = x.dtype.kind == "f" and name not in stats
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
        dtype, shape = dtype_of(info.type.tensor_type.elem_type), _shape(info.type.tensor_type)
        demand_type(dtype not in INTERNAL, f"the input {info.name!r} is {dtype}, which minigrad does not have")
        return Var(Value(self.names.new(info.name), "tensor", shape, as_dtype(dtype)), None, dtype, shape)

    def nodes(self, nodes):
        for node in nodes:
            self.node(node)

    def node(self, node):
        """One node: through the table, or by the body of its function."""
        inputs = [self.find(name) for name in node.input]
        domain = "" if node.domain == "ai.onnx" else node.domain
        key = (node.domain, node.op_type)
        attributes = {a.name: _attribute(a) for a in node.attribute}
        try:
            if key in self.functions:
                results = self.call(self.functions[key], inputs, attributes)
            elif domain == "" and node.op_type in READ:
                results = self.read(node, inputs, attributes)
            else:
                results = self.by_body(node, domain, inputs, attributes)
        except Unread as error:
            known = str(error)
            raise Unread(known if known.startswith("the operator") else f"the operator {node.op_type}: {known}") from None
        results = results if isinstance(results, (tuple, list)) else (results,)
        types = self.types(node, domain, inputs)
        for name, x in zip(node.output, results, strict=False):
            if not name:
                continue
            demand(name not in self.scope[-1], f"{name!r} is made twice")
            self.scope[-1][name] = _typed(x, types.get(name))

    def read(self, node, inputs, attributes):
        """Through the table; at once, where everything is constant."""
        function = READ[node.op_type]
        there = [x for x in inputs if x is not None]
        plain = all(x.const is not None and not x.trained for x in there)
        if not plain or node.op_type in _GROWS or sum(x.const.size for x in there) > _FOLDED:
            return function(self, node, *inputs, **attributes)
        if any(x.dtype in INTERNAL for x in there):
            raise Unread("it is about unsigned numbers that minigrad does not have")
        may_make([math.prod(max(x.const.size, 1) for x in there) if len(there) > 1 and node.op_type not in
                  ("Concat", "Slice", "Gather", "Reshape", "Squeeze", "Unsqueeze") else 0], node.op_type)  # fmt: skip
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
        graph = Graph([], self.block.steps, [self.held_value(x) for x in moved], "constant", constants=self.graph.constants)
        graph.form = [Leaf(i) for i in range(len(moved))]
        with np.errstate(all="ignore"):
            arrays = iter([tensor.detach().array for tensor in run(graph, ())])
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
                    given[name] = _type_proto(x)
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
            types = [_type_proto(x).SerializeToString() if x is not None else b"" for x in inputs]
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
        values = {name: _attribute(p) for name, p in given.items()} | attributes
        if schema is not None:
            for name, described in schema.attributes.items():
                if name not in values and described.default_value.name:
                    values[name] = _attribute(described.default_value)
        outer, self.opsets = self.opsets, {**self.opsets, **_opsets(function.opset_import)} if function.opset_import else \
            self.opsets
        inner = dict.fromkeys(function.input)
        inner.update(zip(function.input, inputs, strict=False))
        scope, self.scope, self.depth = self.scope, [inner], self.depth + 1
        try:
            for node in function.node:
                self.node(_with_attributes(node, values))
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

    def results(self, proto):
        """What a block's nodes give, read now."""
        self.nodes(proto.node)
        return [self.find(p.name) for p in proto.output]


def _opsets(imports):
    found = {}
    for entry in imports:
        domain = "" if entry.domain == "ai.onnx" else entry.domain
        newest = onnx().defs.onnx_opset_version()
        demand(domain != "" or 1 <= entry.version <= newest, f"its operators are version {entry.version}; versions 1 to "
               f"{newest} are known here")  # fmt: skip
        found[domain] = entry.version
    return found


def demand_type(true, words):
    """Refuse what minigrad has no type for."""
    if not true:
        raise Unread(words)


def dtype_of(code):
    """The dtype of ONNX's number for it. Errors: Unread."""
    if code not in DTYPES:
        names = {value.number: value.name for value in onnx().TensorProto.DataType.DESCRIPTOR.values}
        raise Unread(f"minigrad has no {names.get(code, 'such type').lower()}")
    return DTYPES[code]


def array_of(tensor):
    """The numbers of a TensorProto."""
    look_at(tensor)
    dtype = dtype_of(tensor.data_type)
    may_make(tensor.dims, tensor.name)
    array = onnx().numpy_helper.to_array(tensor)
    return np.array(array, dtype).reshape(tuple(tensor.dims))


def _shape(tensor_type):
    if not tensor_type.HasField("shape"):
        return None
    return tuple(d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in tensor_type.shape.dim)


def _attribute(proto):
    """An attribute as Python: numbers, texts, arrays, or a GraphProto."""
    if proto.ref_attr_name:
        return _Reference(proto.ref_attr_name)
    if proto.type == onnx().AttributeProto.GRAPH:
        return proto.g
    if proto.type == onnx().AttributeProto.TENSOR:
        return array_of(proto.t)
    value = onnx().helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if proto.type in (onnx().AttributeProto.INTS, onnx().AttributeProto.FLOATS):
        return list(value)
    if proto.type == onnx().AttributeProto.STRINGS:
        return [text.decode("utf-8", "replace") for text in value]
    return value


@dataclass(frozen=True)
class _Reference:
    name: str


def _with_attributes(node, values):
    """A node of a function's body, with the call's attributes in the place of references to them."""
    def filled(node):
        kept = []
        for a in node.attribute:
            if a.ref_attr_name:
                if a.ref_attr_name in values and values[a.ref_attr_name] is not None:
                    given = values[a.ref_attr_name]
                    made = onnx().AttributeProto()
                    if isinstance(given, np.ndarray):
                        made.CopyFrom(onnx().helper.make_attribute(a.name, onnx().numpy_helper.from_array(given)))
                    else:
                        made.CopyFrom(onnx().helper.make_attribute(a.name, given, attr_type=a.type or None))
                    kept.append(made)
                continue
            made = onnx().AttributeProto()
            made.CopyFrom(a)
            if a.HasField("g"):
                for inner in made.g.node:
                    inner.CopyFrom(_with_attributes(inner, values))
            kept.append(made)
        return kept

    if not any(a.ref_attr_name or a.HasField("g") for a in node.attribute):
        return node
    made = onnx().NodeProto()
    made.CopyFrom(node)
    kept = filled(node)
    del made.attribute[:]
    made.attribute.extend(kept)
    return made


def _type_proto(x):
    helper = onnx().helper
    code = onnx().helper.np_dtype_to_tensor_dtype(x.dtype) if x.dtype is not None else 0
    if x.kind == "list":
        return helper.make_sequence_type_proto(helper.make_tensor_type_proto(code, None))
    return helper.make_tensor_type_proto(code, x.shape)


def _typed(x, given):
    """A result with what ONNX says about it."""
    if x is None or x.const is not None:
        return x
    made = Var(x.value, None, x.dtype, x.shape, x.kind)
    if given is not None and given.WhichOneof("value") == "tensor_type":
        code = given.tensor_type.elem_type
        made.dtype = DTYPES.get(code, x.dtype) if code else x.dtype
        shape = _shape(given.tensor_type)
        made.shape = shape if x.shape is None or None in x.shape and shape is not None and None not in shape else x.shape
    elif given is not None and given.WhichOneof("value") == "sequence_type":
        made.dtype = DTYPES.get(given.sequence_type.elem_type.tensor_type.elem_type)
    if x.value is not None and x.kind == "tensor" and x.value.shape is None and x.value.dtype is None:
        if made.dtype is not None and made.dtype not in INTERNAL:
            x.value.shape, x.value.dtype = made.shape, as_dtype(made.dtype)
    return made


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


