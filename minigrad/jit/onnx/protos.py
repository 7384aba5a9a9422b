"""What stands in an ONNX file, as Python has it: types, numbers, attributes; and what is known of a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...dtype import as_dtype
from .limits import FormatError, demand, look_at
from .names import DTYPES
from .needs import onnx

READ = {}


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
    """One of a model's results: a constant (`const`), or a value of the graph. dtype and shape as far as known."""

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


def opsets_of(imports):
    found = {}
    for entry in imports:
        domain = "" if entry.domain == "ai.onnx" else entry.domain
        newest = onnx().defs.onnx_opset_version()
        demand(domain != "" or 1 <= entry.version <= newest, f"its operators are version {entry.version}; "
               f"versions 1 to {newest} are known here")  # fmt: skip
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
    array = onnx().numpy_helper.to_array(tensor)
    return np.array(array, dtype).reshape(tuple(tensor.dims))


def shape_of(tensor_type):
    if not tensor_type.HasField("shape"):
        return None
    return tuple(d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in tensor_type.shape.dim)


def attribute_of(proto):
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


def with_attributes(node, values):
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
                    inner.CopyFrom(with_attributes(inner, values))
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


def type_of(x):
    helper = onnx().helper
    code = onnx().helper.np_dtype_to_tensor_dtype(x.dtype) if x.dtype is not None else 0
    if x.kind == "list":
        return helper.make_sequence_type_proto(helper.make_tensor_type_proto(code, None))
    return helper.make_tensor_type_proto(code, x.shape)


def typed(x, given):
    """A result with what ONNX says about it."""
    if x is None or x.const is not None:
        return x
    made = Var(x.value, None, x.dtype, x.shape, x.kind)
    if given is not None and given.WhichOneof("value") == "tensor_type":
        code = given.tensor_type.elem_type
        made.dtype = DTYPES.get(code, x.dtype) if code else x.dtype
        shape = shape_of(given.tensor_type)
        better = x.shape is None or (None in x.shape and shape is not None and None not in shape)
        made.shape = shape if better else x.shape
    elif given is not None and given.WhichOneof("value") == "sequence_type":
        made.dtype = DTYPES.get(given.sequence_type.elem_type.tensor_type.elem_type)
    fresh = x.value is not None and x.kind == "tensor" and x.value.shape is None and x.value.dtype is None
    if fresh and made.dtype is not None:
        x.value.shape, x.value.dtype = made.shape, as_dtype(made.dtype)
    return made
