"""What a file may be: looked at before anything is made of it, so that no file costs more than it weighs."""

from __future__ import annotations

import math

from .names import CODES, DTYPES
from .needs import onnx

MOST_BYTES = 2**31 - 1  # of a file; what protobuf allows
MOST_NODES = 100_000
DEEPEST = 16  # blocks inside blocks
MOST_MADE = 2**25  # numbers, of all constants together that are worked out while reading
_BYTES = {code: dtype.itemsize for dtype, code in CODES.items()}
_FIELDS = {1: "float_data", 11: "double_data", 7: "int64_data", 12: "uint64_data", 13: "uint64_data"}  # else int32_data


class FormatError(ValueError):
    """A file that is no model, or one that cannot be trusted; the message says what is wrong."""


def demand(true, words):
    """Refuse the file with these words."""
    if not true:
        raise FormatError(words)


def parsed(content):
    """The ModelProto in these bytes, looked through. Errors: FormatError."""
    demand(len(content) <= MOST_BYTES, f"it has {len(content)} bytes; a model may have {MOST_BYTES}")
    demand(content, "it is empty (saving was cut off?)")
    model = onnx().ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:
        raise FormatError(f"it is no ONNX model, or is damaged: {error}") from None
    demand(model.HasField("graph") and model.ir_version > 0 and model.opset_import, "it is no ONNX model: it has no "
           "graph, or says no version")  # fmt: skip
    count = [0]
    look_through(model.graph, 0, count)
    for function in model.functions:
        for node in function.node:
            _node(node, 1, count)
    return model


def look_through(graph, depth, count):
    """Refuse what is too much, lies about its size, or lives elsewhere."""
    demand(depth <= DEEPEST, f"its blocks stand {depth} deep in one another; {DEEPEST} is the most")
    demand(not graph.sparse_initializer, "it has sparse tensors, which minigrad does not")
    for tensor in graph.initializer:
        look_at(tensor)
    for node in graph.node:
        _node(node, depth, count)


def _node(node, depth, count):
    count[0] += 1
    demand(count[0] <= MOST_NODES, f"it has more than {MOST_NODES} nodes")
    for attribute in node.attribute:
        for tensor in [attribute.t] * attribute.HasField("t") + list(attribute.tensors):
            look_at(tensor)
        for graph in [attribute.g] * attribute.HasField("g") + list(attribute.graphs):
            look_through(graph, depth + 1, count)
        demand(not attribute.HasField("sparse_tensor") and not attribute.sparse_tensors, "it has sparse tensors, which "
               "minigrad does not")  # fmt: skip


def look_at(tensor):
    """Refuse a tensor whose numbers are not here, or are not as many as its shape says."""
    demand(tensor.data_location == 0 and not tensor.external_data, f"the numbers of {tensor.name!r} are in another "
           "file. Save the model in one: onnx.save(model, path, save_as_external_data=False)")  # fmt: skip
    demand(all(0 <= n < 2**40 for n in tensor.dims) and len(tensor.dims) <= 64, f"the shape of {tensor.name!r} is none")
    if tensor.data_type not in DTYPES:
        return  # refused where it is used, with the name of its type
    wanted = math.prod(tensor.dims)
    if tensor.HasField("raw_data"):
        there = len(tensor.raw_data) / _BYTES[tensor.data_type]
    else:
        there = len(getattr(tensor, _FIELDS.get(tensor.data_type, "int32_data")))
    demand(there == wanted, f"{tensor.name!r} holds {there:g} numbers where its shape says {wanted}")
