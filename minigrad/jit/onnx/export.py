"""A graph as an ONNX model: every step through the table, If and Loop as nodes that own graphs."""

from __future__ import annotations

import copy
import inspect

import numpy as np

from ...dtype import as_dtype, get_default_dtype, result_type
from ...errors import DtypeError
from ...op import Op
from ..graph import If, Loop, Names, Value, replaced, values_in
from ..passes import folding
from . import emit_math, emit_nn, emit_prims, emit_random, emit_scan, emit_shape  # noqa: F401  they fill the table
from .blocks import graph_of, info, joined, node_with_blocks
from .build import Builder, Sym, Untold, tensor_proto
from .emit_prims import NUMBER, agree
from .needs import onnx
from .table import emitter, reason


class ExportError(ValueError):
    """A step that ONNX cannot express; the message names it, its line, and what to do."""


def nodes_of(graph, axes, examples):
    """(GraphProto, notes, names of what it holds). axes: names of open lengths by input; examples: tensors for them."""
    # Which way an If goes that hangs on what is held alone is settled here: onnxruntime (1.32) may crash when it does.
    graph = folding(graph, graph.held(), numbers_only=True)
    return _Exporter(graph, axes, examples).run()


class _Exporter:
    def __init__(self, graph, axes, examples):
        self.graph, self.axes, self.examples, self.notes = graph, axes, examples, []
        self.names = Names()
        self.known, self.renamed = {}, {}
        self.b = Builder(self.names)

    def run(self):
        graph, b, helper = self.graph, self.b, onnx().helper
        inputs = [self.take(value) for value in graph.inputs]
        for value, tensor in graph.held().items():
            self.hold(value, tensor)
        taken = {x.name for x in inputs}
        wanted = [self.names.new(f"{x.name}.out" if x.name in taken else x.name) if isinstance(x, Value) else
                  self.names.new("output") for x in graph.outputs]  # fmt: skip
        self.block(graph.steps, b)
        results = [self.result(b, x, name) for x, name in zip(graph.outputs, wanted, strict=True)]
        used = {name for node in _every_node(b.nodes) for name in node.input}
        held = [p for p in b.initializers if p.name in used]
        made = helper.make_graph(b.nodes, graph.name or "graph", [info(x, axes=self.axes.get(x.name)) for x in inputs],
                                 [info(x, axes=None) for x in results], held)  # fmt: skip
        names = {value: self.known[value].name for value in graph.held()}
        return made, self.notes, {value: name for value, name in names.items() if name in used}

    def hold(self, value, tensor):
        """A parameter or constant as an initializer under its own name."""
        array = np.asarray(tensor.detach().cpu().array, order="C")
        name = self.names.new(value.name)
        self.b.initializers.append(tensor_proto(name, array))
        fixed = value in self.graph.constants and array.size <= 64
        self.known[value] = Sym(self.b, name, array.dtype, array.shape, const=array if fixed else None)

    def take(self, value):
        """An input, with the type that the graph or an example knows."""
        if value.kind in NUMBER:
            made = Sym(self.b, self.names.new(value.name), NUMBER[value.kind], (), value.kind)
        elif value.kind == "list":
            dtype = value.dtype and as_dtype(value.dtype).numpy
            made = Sym(self.b, self.names.new(value.name), dtype, value.shape, "list")
        else:
            example = self.examples.get(value)
            dtype = value.dtype if example is None else example.dtype
            shape = value.shape if value.shape is not None or example is None else tuple(example.shape)
            if dtype is None:
                raise ExportError(f"{self.graph.name}: the dtype of its input {value.name!r} is not known. Give an "
                                  "example: jit.save(m, path, inputs=(x, ...))")  # fmt: skip
            open_axes = self.axes.get(value.name, {})
            known = None if shape is None else tuple(None if d in open_axes else n for d, n in enumerate(shape))
            made = Sym(self.b, self.names.new(value.name), as_dtype(dtype).numpy, known)
        if made.known and None in made.known:
            names = self.axes.setdefault(value.name, {})
            for d, n in enumerate(made.known):
                if n is None:
                    names.setdefault(d, f"{value.name}_{d}")
        self.known[value] = made
        return made

    def result(self, b, x, name):
        """A result under its name: that of the node that makes it, unless it is wanted twice; then of a copy."""
        x = self.look(x)
        x = b.sym(x) if isinstance(x, (Sym, tuple)) else b.constant(x, NUMBER[type(x).__name__])
        if x.known is None and x.kind == "tensor":
            raise ExportError(
                f"{self.graph.name}: how many axes its result {name!r} has is not known, and a model has to say. "
                "Give example inputs: jit.save(m, path, inputs=(x, ...)); both arms of an if must agree"
            )
        now = self.renamed.get(x.name, x.name)
        if now != x.name or not any(now in node.output for node in b.nodes):
            b.nodes.append(onnx().helper.make_node("Identity", [now], [name]))
        else:
            self.renamed[now] = name
            _rename(b.nodes, now, name)
        return Sym(b, name, x.dtype, x.known, x.kind)

    def look(self, what):
        """A Value's Sym or number; numbers as they are."""
        return self.known[what] if isinstance(what, Value) else what

    # Steps

    def block(self, steps, b):
        for step in steps:
            try:
                b.note, b.prefix = self.about(step), _prefix(step)
                write = {If: self.branch, Loop: self.loop}.get(type(step), self.step)
                write(step, b)
            except Untold as error:
                raise ExportError(f"{_called(step)}{_place(step)}: {error}. Shapes become known with example inputs: "
                                  "jit.save(m, path, inputs=(x, ...))") from None  # fmt: skip
            except ExportError:
                raise
            except (
                AttributeError,
                ValueError,
                TypeError,
                RuntimeError,
                IndexError,
                KeyError,
                NotImplementedError,
            ) as error:
                raise ExportError(f"{_called(step)}{_place(step)} cannot be written as ONNX: {error}") from error
            b.note, b.prefix = ("", {}), ""

    def about(self, step):
        """What Netron shows beside a node: the record, the module, the line."""
        data = {"minigrad.op": _called(step)}
        if step.module:
            data["minigrad.module"] = step.module
        source = step.source
        text = "" if source is None else f"{_base(source.file)}:{source.line}: {source.text.strip()}"
        return text, data

    def step(self, step, b):
        op, write = step.op, emitter(step.op.name)
        if write is None:
            raise ExportError(f"{op.name}{_place(step)} cannot be written as ONNX: {reason(op)}")
        if len(step.outputs) > 1 and any(v in self.used for v in step.outputs[1:]):
            raise ExportError(f"{op.name}{_place(step)}: what it hands on beside its result has no place in ONNX. Save "
                              "the model alone, not its training step")  # fmt: skip
        inputs = [self.onwards(self.look(x), b) for x in step.inputs]
        if op.name in ("assert", "print", "raise") and not (inputs and inputs[0] is True):  # known to hold
            self.notes.append(f"left out: {op.name}{_place(step)}")
        attributes = {**op.attributes, **replaced(step.attributes, self.known)}
        attributes = _onwards(attributes, b)
        if isinstance(op, Op):
            inputs = harmonised(op, inputs, b)
        given = inspect.signature(write).parameters
        more = {"name": op.name} if "name" in given and "name" not in attributes else {}
        more |= {"into": b} if "into" in given else {}
        missing = {name for name, default in attributes.items() if default is inspect.Parameter.empty}
        if missing:
            raise ExportError(f"{op.name}{_place(step)}: no {sorted(missing)[0]} is given")
        start = len(b.nodes)
        made = write(*inputs, **attributes, **more)
        self.known[step.outputs[0]] = self.named(made, step.outputs[0], b, start)

    def onwards(self, x, b):
        return x.by(b) if isinstance(x, Sym) and x.b is not b else x

    def named(self, x, value, b, start):
        """What a step made, under the value's name where a node of this step made it."""
        if not isinstance(x, Sym):
            return x
        if x.known is None and value.shape is not None and x.kind == "tensor":
            x.known = value.shape
        mine = [node for node in b.nodes[start:] if x.name in node.output]
        if mine:
            old, x.name = x.name, self.names.new(value.name)
            _rename(b.nodes[start:], old, x.name)
        return x

    @property
    def used(self):
        """Every value that something reads."""
        if not hasattr(self, "_used"):
            steps = list(self.graph.every_step())
            blocks = [self.graph, *(block for step in steps for block in step.blocks)]
            self._used = {v for step in steps for v in step.uses()} | {v for b in blocks for v in values_in(b.outputs)}
        return self._used

    # Ways that part, and ways that are walked again

    def inside(self, block, b, values):
        """A block in a builder of its own: (builder, what it gives back for these values)."""
        inner = b.inner()
        note = b.note, b.prefix
        self.block(block.steps, inner)
        b.note, b.prefix = note
        inner.note, inner.prefix = note
        return inner, [self.sym_of(x, inner, value) for x, value in zip(block.outputs, values, strict=True)]

    def sym_of(self, x, b, value=None):
        """An operand as a Sym; a number that becomes a tensor (`value`) has the dtype that such tensors have."""
        x = self.look(x)
        x = x.by(b) if isinstance(x, Sym) else b.sym(x).as_kind(type(x).__name__)
        if value is not None and value.kind == "tensor" and x.kind == "float":
            x = x.astype(get_default_dtype().numpy)
        elif value is not None and value.kind in NUMBER and x.kind != value.kind:  # the number of a tensor, say
            x = emit_prims.as_number(x, value.kind)
        return x

    def branch(self, step, b):
        condition = self.look(step.condition)
        if not isinstance(condition, Sym):  # known beforehand
            arm = step.then if condition else step.orelse
            self.block(arm.steps, b)
            for value, x in zip(step.outputs, arm.outputs, strict=True):
                self.known[value] = self.look(x)
            return
        if not step.outputs:
            return
        condition = self.onwards(condition, b)
        condition = emit_prims.to_number(condition, "tensor.bool")
        arms = [self.inside(arm, b, step.outputs) for arm in step.blocks]
        types = []
        for made, others in (arms, arms[::-1]):
            for i, other in enumerate(others[1]):
                made[1][i] = zero_like(other, made[1][i]) if made[1][i].blank and not other.blank else made[1][i]
        for value, x, y in zip(step.outputs, arms[0][1], arms[1][1], strict=True):
            if x.kind == "list":
                agree(x, y.dtype) if y.dtype is not None else agree(y, x.dtype) if x.dtype is not None else None
            types.append(_as_value(joined(x, y, f"what both arms give as {value.name!r}"), value))
            types[-1].blank = x.blank and y.blank
        then, orelse = (
            graph_of(inner, [], made, name) for (inner, made), name in zip(arms, ("then", "else"), strict=True)
        )
        start = len(b.nodes)
        made = node_with_blocks(b, "If", [condition], types, then_branch=then, else_branch=orelse)
        for value, x in zip(step.outputs, made, strict=True):
            self.known[value] = self.named(x, value, b, start)

    def loop(self, step, b):
        if not step.outputs:
            return
        count, condition = (self.onwards(self.look(x), b) for x in (step.count, step.condition))
        condition = (
            emit_prims.to_number(condition, "tensor.bool")
            if isinstance(condition, Sym)
            else b.constant(bool(condition))
        )
        carried = [self.sym_of(x, b, value) for x, value in zip(step.carried, step.outputs, strict=True)]
        types = [_as_value(x, value) for x, value in zip(carried, step.outputs, strict=True)]
        for _ in range(8):  # until what comes back is what went in; lengths are forgotten where they change
            names, constants = copy.deepcopy(self.names), (len(b.initializers), dict(b.constants), list(self.notes))
            inner = b.inner()
            turn, go_on = inner.typed_as("turn", "int64", (), "int"), inner.typed_as("again", "bool", ())
            into = [inner.typed_as(v.name, x.dtype, x.known, v.kind) for v, x in
                    zip(step.body.inputs[1:], types, strict=True)]  # fmt: skip
            for x, outer in zip(into, carried, strict=True):
                x.origin, x.blank = outer if x.kind == "list" else None, outer.blank
            body, made = self.body(step, b, inner, [turn, *into])
            told = [i for i, (x, y) in enumerate(zip(carried, made[1:], strict=True)) if x.blank and not y.blank]
            wider = [x if i in told else _joined(x, y, v) for i, (x, y, v) in
                     enumerate(zip(types, made[1:], step.outputs, strict=True))]  # fmt: skip
            if not told and all(x.known == y.known and x.dtype == y.dtype for x, y in zip(types, wider, strict=True)):
                break
            types = wider
            self.names.__dict__.update(names.__dict__)
            del b.initializers[constants[0] :]
            b.constants.clear()
            b.constants.update(constants[1])
            self.notes[:] = constants[2]
            for i in told:  # what was carried in as anything at all is a zero of the type that comes back
                carried[i] = zero_like(made[1 + i], carried[i])
                types[i] = _as_value(carried[i], step.outputs[i])
        again = emit_prims.to_number(made[0], "tensor.bool")
        graph = graph_of(body, [turn, go_on, *into], [again, *made[1:]], "body")
        start = len(b.nodes)
        results = node_with_blocks(b, "Loop", [count, condition, *carried], types, body=graph)
        for value, x in zip(step.outputs, results, strict=True):
            self.known[value] = self.named(x, value, b, start)

    def body(self, step, b, inner, into):
        note = b.note, b.prefix
        for value, x in zip(step.body.inputs, into, strict=True):
            self.known[value] = x
        self.block(step.body.steps, inner)
        b.note, b.prefix = inner.note, inner.prefix = note
        go_on, *rest = step.body.outputs
        rest = [self.sym_of(x, inner, value) for x, value in zip(rest, step.outputs, strict=True)]
        return inner, [self.sym_of(go_on, inner), *rest]


def _joined(x, y, value):
    if value.kind in NUMBER:
        y = y.astype(NUMBER[value.kind])
    if x.kind == "list" and x.dtype is None and y.dtype is not None:
        agree(x, y.dtype)
    return joined(x, y, f"what the loop carries as {value.name!r}")


def _as_value(x, value):
    """A Sym with the kind of the value that it becomes."""
    kind = value.kind
    return Sym(x.b, x.name, NUMBER.get(kind, x.dtype), x.known, kind, None, x.origin)


def zero_like(x, blank):
    """A zero of the type of another arm, in the place of a value that nobody looks at."""
    return blank.b.constant(np.zeros([n or 1 for n in x.known or ()], x.dtype))


def harmonised(op, inputs, b):
    """Operands in one dtype, as minigrad has them (see operands.py): ONNX promotes nothing."""
    names = op.names_of(inputs)
    mixed = [i for i, name in enumerate(names) if name not in op.fixed]
    dtype = result_type([_stand_in(inputs[i]) for i in mixed]) if mixed else None
    if op.to_float and dtype is not None and dtype.kind != "f":
        if op.to_float == "required":
            raise DtypeError(f"{op.name} needs a floating-point dtype, not {dtype}. Use .float() first.")
        dtype = get_default_dtype().numpy
    made = []
    for i, x in enumerate(inputs):
        if i not in mixed:
            made.append(x if isinstance(x, Sym) else b.sym(x))
        elif isinstance(x, Sym):
            made.append(Sym(x.b, x.name, x.dtype, x.known, "tensor", x.const).astype(dtype))
        else:
            made.append(b.constant(np.asarray(x).astype(dtype)))
    return made


def _stand_in(x):
    """A number, or an array with the dtype and the rank of a Sym: what result_type wants to see."""
    if not isinstance(x, Sym):
        return x
    if x.weak:
        return {"int": 0, "float": 0.0, "bool": False}[x.kind]
    return np.empty((0,) if x.known is None or x.known else (), x.dtype)


def _onwards(what, b):
    if isinstance(what, Sym):
        return what.by(b) if what.b is not b else what
    if isinstance(what, dict):
        return {key: _onwards(part, b) for key, part in what.items()}
    if isinstance(what, (tuple, list)):
        return type(what)(_onwards(part, b) for part in what)
    if isinstance(what, slice):
        return slice(*(_onwards(part, b) for part in (what.start, what.stop, what.step)))
    return what


def _every_node(nodes):
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _every_node(attribute.g.node)


def _rename(nodes, old, new):
    for node in _every_node(nodes):
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = new


def _called(step):
    return {If: "if", Loop: "loop"}.get(type(step)) or step.op.name


def _prefix(step):
    return "" if not step.outputs else f"{step.outputs[0].name}/"


def _base(file):
    return file.replace("\\", "/").rsplit("/", 1)[-1]


def _place(step):
    return "" if step.source is None else f" ({_base(step.source.file)}:{step.source.line})"
