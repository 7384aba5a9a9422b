"""`jit.save` and `jit.load`: a graph in a file that runs without minigrad, and back.

The file is an ONNX model (onnx.ai): any runtime runs it, and Netron shows it. Beside the nodes it holds, as metadata,
the records that they were written from, so that what comes back into minigrad is the very graph that was saved; a
checksum over both says whether they still belong together. Nothing in a file is ever run while it is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings

import numpy as np

from ..serialization import write_whole
from .module import GraphModule
from .onnx.limits import MOST_BYTES, FormatError, demand, parsed
from .onnx.names import DTYPES, IR_VERSION, OPSET
from .onnx.needs import onnx
from .opened import opened
from .plain import every_value, graph_of, numbers_of, plain_of, tensor_of, traits_of
from .shippable import for_saving

PRODUCER, VERSION = "minigrad", "0.1.0"
_RECORDS, _SUM, _AXES = "minigrad.graph", "minigrad.sha256", "minigrad.axes"


# Writing


def save(m, f, inputs=None, dynamic_axes=None):
    """Write what trace, script or compile has made, a graph, or what `load` gave, as an ONNX model.

    f: a path, or a file open for writing in binary mode; a path is written beside and put in place in one move.
    inputs: an example input, a tuple of them, or a list of such tuples. Where whole functions and types in a graph
    hang on its inputs, as in what `script` gives, they are looked up in these, else in the shapes of the calls that
    there were; a length that is not the same in all of them is open. dynamic_axes: more axes whose length may differ
    when the model runs, as {"x": [0]} or, with names, {"x": {0: "batch"}}. The same graph gives the same bytes, and so
    does what `load` makes of it.
    Warnings: UserWarning for what a file leaves out (print, raise), with its line.
    Errors: ValueError that names the step, its line and the remedy, for what ONNX cannot express; ImportError without
    the package onnx.
    """
    content = to_bytes(m, inputs, dynamic_axes)
    if hasattr(f, "write"):
        f.write(content)
    else:
        write_whole(os.fspath(f), [content])


def to_bytes(m, inputs=None, dynamic_axes=None):
    """The bytes of the file that `save` writes."""
    from .onnx.export import nodes_of  # the table of all ops is only built where something is saved

    chosen = dynamic_axes if dynamic_axes is not None else getattr(m, "axes", None) or {}
    graph, examples = for_saving(m, inputs, _by_axis(chosen))
    onnx()
    size = sum(tensor.array.nbytes for tensor in graph.held().values())
    if size > MOST_BYTES:
        raise ValueError(f"jit.save(): {graph.name} holds {size} bytes of numbers; an ONNX model in one file may have "
                         f"{MOST_BYTES}. Bring it to half precision with .half()")  # fmt: skip
    axes = _named_axes(graph, chosen)
    made, notes, names = nodes_of(graph, axes, examples)
    for note in notes:
        if not note.startswith("left out: assert"):
            warnings.warn(f"jit.save(): {note}. A model has no way to do that, and goes on", stacklevel=3)
    model = onnx().helper.make_model(made, opset_imports=[onnx().helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    model.producer_name, model.producer_version = PRODUCER, VERSION
    model.doc_string = "\n".join([f"{graph.name}, saved by minigrad", *notes])
    properties = {_RECORDS: _records(graph, made, names), _AXES: _text(axes)}
    for name, value in properties.items():
        model.metadata_props.add(key=name, value=value)
    _check(model)
    model.metadata_props.add(key=_SUM, value=_checksum(model))
    return model.SerializeToString(deterministic=True)


def _check(model):
    """ONNX's own opinion. Errors: ValueError."""
    try:
        onnx().checker.check_model(model, full_check=True)
    except Exception as error:
        raise ValueError(f"jit.save(): ONNX's checker does not take what came out: {error}") from None


def _named_axes(graph, given):
    names = {value.name for value in graph.inputs}
    for name in given:
        if name not in names:
            raise ValueError(f"jit.save(): dynamic_axes names {name!r}; the inputs are {', '.join(sorted(names))}")
    return _by_axis(given)


def _by_axis(given):
    """{input: {axis: name}}"""
    pairs = {name: chosen.items() if isinstance(chosen, dict) else [(d, f"{name}_{d}") for d in chosen]
             for name, chosen in given.items()}  # fmt: skip
    return {name: {int(d): str(text) for d, text in chosen} for name, chosen in pairs.items()}


def _records(graph, made, names):
    """The graph's records as text; tensors that a node uses are where ONNX has them, under these names."""
    tensors = {id(tensor): names[value] for value, tensor in graph.held().items() if value in names}

    def described(tensor):
        name = tensors.get(id(tensor))
        return numbers_of(tensor) if name is None else {"name": name, **traits_of(tensor)}

    data, shapes = plain_of(graph, described), {}
    for number, value, info in zip(data["inputs"], graph.inputs, made.input, strict=True):
        tensor = info.type.tensor_type
        if value.kind == "tensor":
            data["values"][number][3] = DTYPES[tensor.elem_type].name
            if tensor.HasField("shape"):
                shapes[value] = tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
    numbers = {value: number for number, value in enumerate(every_value(graph))}
    for value, shape in opened(graph, shapes).items():
        data["values"][numbers[value]][2] = shape and list(shape)
    _without_folders(data)
    return _text(data)


def _without_folders(block):
    """Lines keep the name of their file, not where it lay: that is nobody's business."""
    for step in block["steps"]:
        if step["source"]:
            step["source"][0] = step["source"][0].replace("\\", "/").rsplit("/", 1)[-1]
        for inner in ("then", "else", "loop"):
            if inner in step:
                _without_folders(step[inner])


def _text(data):
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _checksum(model):
    """Over everything but the checksum."""
    copy = onnx().ModelProto()
    copy.CopyFrom(model)
    for i in reversed(range(len(copy.metadata_props))):
        if copy.metadata_props[i].key == _SUM:
            del copy.metadata_props[i]
    return hashlib.sha256(copy.SerializeToString(deterministic=True)).hexdigest()


# Reading


def load(f, records=True):
    """The model in an ONNX file, as a `GraphModule`, whose parameters can be trained on.

    f: a path, or a file open for reading in binary mode. What `save` wrote comes back as the very records that were
    saved; of a file from elsewhere, or with records=False, every ONNX operator is brought back to records of minigrad.
    Named tuples among the results come back with their names, as types of their own.
    Errors: FormatError (a ValueError) that says what is wrong, for what is damaged, cut short, no ONNX model, or uses
    what minigrad has no record for. No file is followed to another, and nothing in it is run.
    """
    if hasattr(f, "read"):
        content, name = f.read(MOST_BYTES + 1), repr(getattr(f, "name", "the file object"))
    else:
        name = repr(os.fspath(f))
        with open(f, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    if isinstance(content, str):
        raise TypeError(f"jit.load(): {name} is opened as text; open it with mode 'rb'")
    try:
        return from_bytes(content, records)
    except FormatError as error:
        words = str(error)
        words = words if len(words) < 1000 else words[:1000] + " ..."  # names in a file may be as long as it is
        raise FormatError(f"jit.load(): {name} cannot be read: {words}") from None


def from_bytes(content, records=True):
    """The model in these bytes. Errors: FormatError."""
    model = parsed(content)
    properties = {p.key: p.value for p in model.metadata_props}
    demand(len(properties) == len(model.metadata_props), "a name stands twice in its metadata")
    if not records or _RECORDS not in properties:
        from .onnx.importing import graph_of_model

        return GraphModule(graph_of_model(model))
    demand(properties.get(_SUM) == _checksum(model), "it was changed after minigrad had saved it: its checksum does "
           "not fit. jit.load(path, records=False) reads what is there now, as a model from elsewhere")  # fmt: skip
    tensors, kept = {p.name: p for p in model.graph.initializer}, {}
    try:
        graph = graph_of(
            json.loads(properties[_RECORDS]), lambda data, parameter: _held(data, parameter, tensors, kept)
        )
        for value, shape in opened(graph, {}).items():  # files written before this was looked at
            value.shape = shape
        axes = {
            name: {int(d): text for d, text in given.items()} for name, given in json.loads(properties[_AXES]).items()
        }
        return GraphModule(graph, axes)
    except FormatError:
        raise
    except (
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
        RuntimeError,
        OverflowError,
    ) as error:  # RecursionError, too
        raise FormatError(f"its records are damaged: {error}") from None


def _held(data, parameter, tensors, kept):
    """A tensor by its name; what was one tensor is one again."""
    if "name" not in data:
        return None
    name, proto = data["name"], tensors.get(data["name"])
    demand(
        proto is not None and proto.data_type in DTYPES and proto.HasField("raw_data"),
        f"it holds no numbers for {name!r}",
    )
    if name not in kept:
        dtype = DTYPES[proto.data_type]
        array = np.frombuffer(proto.raw_data, dtype.newbyteorder("<")).reshape(list(proto.dims)).astype(dtype)
        kept[name] = tensor_of(array, data, parameter)
    return kept[name]
