"""Making ONNX nodes one by one, with the type of every result known at once: ONNX's own rules say what comes out.

A `Sym` stands for a result. It has an array's dtype, shape, operators and methods, so that a formula written for arrays
writes nodes when it is given Syms (see formulas.py). Its shape holds a whole number where the length is known, and a
Sym, the length worked out when the model runs, where it is not.
"""

from __future__ import annotations

import math

import numpy as np

from .names import CODES, DTYPES, IR_VERSION, OPSET
from .needs import onnx

EMPTY = "empty"  # the shape of what a list holds that holds nothing yet


class Untold(ValueError):
    """Something about a value has to be known beforehand, and is not."""


class Builder:
    """The nodes of one graph or block. Blocks (`inner`) share names and constants with the graph around them."""

    def __init__(self, names, outer=None):
        self.names, self.nodes, self.lengths = names, [], {}
        self.constants = {} if outer is None else outer.constants
        self.initializers = [] if outer is None else outer.initializers
        self.prefix, self.note = "" if outer is None else outer.prefix, ("", {})
        if outer is not None:
            self.note = outer.note

    def inner(self):
        """A builder for a block inside."""
        return Builder(self.names, self)

    def op(self, kind, *inputs, outputs=1, like=None, **attributes):
        """Write a node; its first result, or a list of all when there are several."""
        inputs = [None if x is None else self.sym(x, like) for x in inputs]
        made = [self.names.new(self.prefix + kind.lower()) for _ in range(outputs)]
        attributes = {name: value for name, value in attributes.items() if value is not None}
        node = onnx().helper.make_node(kind, ["" if x is None else x.name for x in inputs], made, **attributes)
        node.doc_string, data = self.note
        for name, value in data.items():
            node.metadata_props.add(key=name, value=value)
        types = _inferred(node, [x for x in inputs if x is not None])
        self.nodes.append(node)
        results = [self.typed(name, types.get(name)) for name in made]
        return results[0] if outputs == 1 else results

    def typed(self, name, given):
        """The Sym of a type as ONNX writes it."""
        if given is None:
            raise Untold(f"ONNX cannot tell the type of {name}")
        if given.WhichOneof("value") == "sequence_type":
            code = given.sequence_type.elem_type.tensor_type.elem_type
            return Sym(self, name, DTYPES.get(code), None, "list")  # whoever asked knows more
        tensor = given.tensor_type
        known = None
        if tensor.HasField("shape"):
            known = tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
        return Sym(self, name, DTYPES.get(tensor.elem_type), known)

    def typed_as(self, wanted, dtype, known, kind="tensor"):
        """An input of a block."""
        return Sym(self, self.names.new(self.prefix + wanted), dtype, known, kind)

    def constant(self, value, dtype=None):
        """A constant of this dtype, each only once in the whole model."""
        array = np.asarray(value, dtype, order="C")
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.constants:
            name = self.names.new("constant")
            self.initializers.append(tensor_proto(name, array))
            self.constants[key] = Sym(self, name, array.dtype, array.shape, const=array)
        return self.constants[key].by(self)

    def sym(self, x, like=None):
        """x as a Sym; a number takes the dtype `like`, a list of numbers and lengths is a list of int64."""
        if isinstance(x, Sym):
            return x if x.b is self else x.by(self)
        if isinstance(x, (list, tuple)):
            return self.vector(x)
        if like is None:
            like = {bool: np.bool_, int: np.int64, float: np.float64}.get(type(x))
        return self.constant(x, like)

    def vector(self, parts):
        """Whole numbers, some of them perhaps worked out at run time, side by side."""
        if not any(isinstance(part, Sym) for part in parts):
            return self.constant([int(part) for part in parts], np.int64)
        rows = [self.op("Reshape", self.sym(part).astype(np.int64), [1]) if isinstance(part, Sym) else
                self.constant([int(part)], np.int64) for part in parts]  # fmt: skip
        return rows[0] if len(rows) == 1 else self.op("Concat", *rows, axis=0)

    def length(self, x, axis):
        """The length of an axis: a number where it is known, else a Sym of kind int."""
        if x.known is None:
            raise Untold(f"the number of axes of {x.name} is not known")
        if x.known[axis] is not None:
            return x.known[axis]
        key = x.name, axis % len(x.known)
        if key not in self.lengths:
            row = self.op("Shape", x, start=key[1], end=key[1] + 1)
            self.lengths[key] = self.op("Reshape", row, self.constant([], np.int64)).as_kind("int")
        return self.lengths[key]


def tensor_proto(name, array):
    """An array as ONNX holds it: raw bytes, little end first."""
    array = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    made = onnx().TensorProto(name=name, data_type=CODES[array.dtype.newbyteorder("=")], dims=array.shape)
    made.raw_data = array.tobytes()
    return made


def type_proto(x):
    """The type of a Sym as ONNX writes it."""
    helper = onnx().helper
    code = 0 if x.dtype is None else CODES[x.dtype]
    if x.kind == "list":
        return helper.make_sequence_type_proto(
            helper.make_tensor_type_proto(code or CODES[np.dtype("float32")], None if x.known == EMPTY else x.known)
        )
    return helper.make_tensor_type_proto(code, x.known)


def _inferred(node, inputs):
    schema = onnx().defs.get_schema(node.op_type, OPSET, "")
    data = {x.name: tensor_proto(x.name, x.const) for x in inputs if x.const is not None and x.const.size <= 64}
    opset = [onnx().helper.make_opsetid("", OPSET)]
    given = {x.name: type_proto(x) for x in inputs}
    try:
        return onnx().shape_inference.infer_node_outputs(
            schema, node, given, data, opset_imports=opset, ir_version=IR_VERSION
        )
    except (onnx().shape_inference.InferenceError, onnx().checker.ValidationError) as error:
        raise ValueError(f"{node.op_type}: {error}") from None


class Sym:
    """One result in the making. `known`: its shape with None for lengths that are not known, or None altogether; of a
    list, the shape of what it holds.
    """

    __slots__ = ("b", "blank", "const", "dtype", "kind", "known", "name", "origin")
    __array_ufunc__ = None  # NumPy's scalars leave operators to it

    def __init__(self, b, name, dtype, known, kind="tensor", const=None, origin=None):
        self.b, self.name, self.kind, self.const, self.origin = b, name, kind, const, origin
        self.dtype, self.known = None if dtype is None else np.dtype(dtype), known
        self.blank = False  # a value that nobody looks at, of any type

    def by(self, b):
        """The same, written on by another builder."""
        made = Sym(b, self.name, self.dtype, self.known, self.kind, self.const, self if self.kind == "list" else None)
        made.blank = self.blank
        return made

    def as_kind(self, kind):
        """The same as a number of Python, which gives way to a tensor's dtype."""
        return Sym(self.b, self.name, self.dtype, self.known, kind, self.const)

    @property
    def weak(self):
        """Whether it stands for a Python number."""
        return self.kind in ("int", "float", "bool")

    @property
    def ndim(self):
        """The number of axes. Errors: Untold."""
        if self.known is None:
            raise Untold(f"the number of axes of {self.name} is not known")
        return len(self.known)

    @property
    def shape(self):
        """Its lengths: numbers, or Syms where they are not known."""
        return tuple(self.b.length(self, axis) for axis in range(self.ndim))

    @property
    def size(self):
        """The number of elements; 1 if that is not known, as it may be any but is asked for to find what is empty."""
        return math.prod(n for n in self.known or () if n is not None)

    def __len__(self):
        if not self.ndim or self.known[0] is None:
            raise Untold(f"the length of {self.name} is not known")
        return self.known[0]

    def __bool__(self):
        raise Untold(f"what to write would depend on {self.name}, which is not known before the model runs")

    # What arrays can do

    def astype(self, dtype):
        """Another dtype."""
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        if self.const is not None and self.const.size <= 64:
            return self.b.constant(self.const.astype(dtype))
        return self.b.op("Cast", self, to=CODES[dtype])

    def copy(self):
        """Itself: nothing is ever changed."""
        return self

    def reshape(self, *shape):
        """The same elements under another shape."""
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        fixed = [n for n in shape if not isinstance(n, Sym)]
        if 0 in fixed and -1 in fixed:
            if None in (self.known or (None,)):
                raise Untold(f"the shape of {self.name} is not known")
            others = math.prod(n for n in shape if n != -1)
            shape = [self.size // others if n == -1 and others else 0 if n == -1 else n for n in shape]
            fixed = shape
        return self.b.op("Reshape", self, list(shape), allowzero=1 if -1 not in fixed else None)

    def flat(self):
        """All elements in one row."""
        return self if self.known and len(self.known) == 1 else self.b.op("Reshape", self, [-1])

    def transpose(self, dims):
        """Axes in another order."""
        dims = [d % self.ndim for d in dims]
        return self if dims == list(range(self.ndim)) else self.b.op("Transpose", self, perm=dims)

    def moved(self, source, target):
        """One axis at another place."""
        order = [axis for axis in range(self.ndim) if axis != source % self.ndim]
        order.insert(target % self.ndim, source % self.ndim)
        return self.transpose(order)

    def part(self, axis, start, stop, step=1):
        """A slice of one axis."""
        return self.b.op("Slice", self, [start], [stop], [axis], [step])

    def expand(self, axis):
        """With an axis of length 1 more."""
        return self.b.op("Unsqueeze", self, [axis] if isinstance(axis, int) else list(axis))

    def without(self, axis):
        """Without an axis of length 1."""
        return self.b.op("Squeeze", self, [axis] if isinstance(axis, int) else list(axis))

    def squeeze(self, axis=None):
        """NumPy's name for it."""
        axes = range(self.ndim) if axis is None else axis
        return self.without(axes) if self.ndim else self

    def sum(self, axis=None, keepdims=False, dtype=None):
        """The sum over some axes."""
        return self.reduced("ReduceSum", axis, keepdims, dtype)

    def max(self, axis=None, keepdims=False):
        """The largest over some axes."""
        return self.reduced("ReduceMax", axis, keepdims)

    def min(self, axis=None, keepdims=False):
        """The smallest over some axes."""
        return self.reduced("ReduceMin", axis, keepdims)

    def prod(self, axis=None, keepdims=False, dtype=None):
        """The product over some axes."""
        return self.reduced("ReduceProd", axis, keepdims, dtype)

    def reduced(self, kind, axis, keepdims, dtype=None):
        """One of ONNX's reductions. No axes at all leave everything as it is, as for NumPy."""
        x = self if dtype is None else self.astype(dtype)
        if x.dtype.kind == "b":
            x = x.astype(np.int64 if kind == "ReduceSum" else np.uint8)
        if x.dtype == np.int16:
            return x.astype(np.int32).reduced(kind, axis, keepdims).astype(np.int16)
        if axis is None:
            y = self.b.op(kind, x, keepdims=int(keepdims)) if self.known != () else x
        else:
            axes = [a % max(self.ndim, 1) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))]
            y = self.b.op(kind, x, axes, keepdims=int(keepdims)) if axes and self.known != () else x
        return y.astype(bool) if self.dtype.kind == "b" and kind in ("ReduceMax", "ReduceMin") else y


def _settled(a, b):
    """Two operands of an operator in one dtype: numbers give way, as Python's do to arrays."""
    weak_a, weak_b = (not isinstance(x, Sym) or x.weak for x in (a, b))
    if weak_a == weak_b and isinstance(a, Sym) and isinstance(b, Sym):
        dtype = np.promote_types(a.dtype, b.dtype)
    else:
        strong, other = (b, a) if weak_a and ((isinstance(b, Sym) and not weak_b) or not isinstance(a, Sym)) else (a, b)
        dtype = strong.dtype
        float_number = isinstance(other, float) or getattr(other, "kind", None) == "float"
        if dtype.kind in "biu" and float_number:
            dtype = np.dtype("float64" if strong.weak else "float32")
        elif dtype.kind == "b" and not isinstance(other, bool):
            dtype = np.dtype("int64")
    one = next(x.b for x in (a, b) if isinstance(x, Sym))
    return [x.astype(dtype) if isinstance(x, Sym) else one.constant(x, dtype) for x in (a, b)]


def _kind_of(a, b):
    """The kind of what two operands give: a tensor unless both are numbers."""
    kinds = [x.kind if isinstance(x, Sym) else type(x).__name__ for x in (a, b)]
    return "tensor" if not set(kinds) <= {"int", "float", "bool"} else "float" if "float" in kinds else "int"


def _binary(kind, swapped=False, bools=None, answer=None):
    def operate(self, other):
        a, b = _settled(*((other, self) if swapped else (self, other)))
        if a.dtype.kind == "b" and bools is None and kind != "Equal":  # ONNX does not put truth values in order
            a, b = a.astype(np.int32), b.astype(np.int32)
        found = self.b.op(kind if a.dtype.kind != "b" or bools is None else bools, a, b)
        made = _kind_of(self, other)
        return found if made == "tensor" else found.as_kind(answer or made)

    return operate


for _name, _kind in {"add": "Add", "sub": "Sub", "mul": "Mul", "pow": "Pow"}.items():
    setattr(Sym, f"__{_name}__", _binary(_kind))
    setattr(Sym, f"__r{_name}__", _binary(_kind, swapped=True))
for _name, _kind in {"lt": "Less", "le": "LessOrEqual", "gt": "Greater", "ge": "GreaterOrEqual", "eq": "Equal"}.items():
    setattr(Sym, f"__{_name}__", _binary(_kind, answer="bool"))
Sym.__hash__ = object.__hash__
Sym.__and__ = _binary("BitwiseAnd", bools="And")
Sym.__or__ = _binary("BitwiseOr", bools="Or")
Sym.__xor__ = _binary("BitwiseXor", bools="Xor")
Sym.__ror__, Sym.__rand__ = Sym.__or__, Sym.__and__


def _divided(a, b):
    """A true quotient; whole numbers become floats first."""
    one = a if isinstance(a, Sym) else b
    a, b = _settled(a, b)
    if a.dtype.kind != "f":
        kind = np.float64 if one.weak else np.float32
        a, b = a.astype(kind), b.astype(kind)
    found = one.b.op("Div", a, b)
    return found.as_kind("float") if one.weak else found


Sym.__truediv__ = lambda self, other: _divided(self, other)
Sym.__rtruediv__ = lambda self, other: _divided(other, self)
Sym.__ne__ = lambda self, other: ~(self == other)
Sym.__neg__ = lambda self: 0 - self if self.dtype.kind == "u" else self.b.op("Neg", self).as_kind(self.kind)
Sym.__invert__ = lambda self: self.b.op("Not" if self.dtype.kind == "b" else "BitwiseNot", self).as_kind(self.kind)
