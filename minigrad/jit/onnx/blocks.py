"""Blocks of If and Loop: graphs inside a node, whose results all have to be made in them."""

from __future__ import annotations

from .build import EMPTY, Sym, type_proto
from .needs import onnx


def info(x, name=None, axes=None):
    """How an input or result of a graph is declared. axes: names for lengths that are open."""
    helper = onnx().helper
    proto = type_proto(x)
    if axes and x.known is not None:
        for d, dim in enumerate(proto.tensor_type.shape.dim):
            if x.known[d] is None and axes.get(d):
                dim.dim_param = axes[d]
    return helper.make_value_info(name or x.name, proto)


def graph_of(b, inputs, outputs, name):
    """The nodes of a builder as a graph that takes and gives these Syms; what comes from outside gets a copy."""
    own = [b.op("Identity", x) for x in outputs]
    return onnx().helper.make_graph(b.nodes, name, [info(x) for x in inputs], [info(x) for x in own])


def loop(b, rows, step, states):
    """step(row, *states) -> states, along the first axis of `rows`: the states of all turns, one behind the other."""
    inner = b.inner()
    turn, go_on = (inner.typed_as(name, dtype, ()) for name, dtype in (("turn", "int64"), ("again", "bool")))
    carried = [inner.typed_as("state", x.dtype, x.known) for x in states]
    made = step(inner.op("Gather", rows, turn, axis=0), *carried)
    body = graph_of(inner, [turn, go_on, *carried], [go_on, *made, *made], "step")
    results = node_with_blocks(
        b,
        "Loop",
        [rows.shape[0], None, *states],
        [*states, *[Sym(b, "", x.dtype, (rows.known[0], *x.known)) for x in made]],
        body=body,
    )
    return [x.reshape((rows.shape[0] * rows.shape[1], x.known[2])) for x in results[len(states) :]]


def node_with_blocks(b, kind, inputs, like, **blocks):
    """An If or Loop whose results have the types of the Syms `like`."""
    inputs = ["" if x is None else b.sym(x).name for x in inputs]
    names = [b.names.new(b.prefix + kind.lower()) for _ in like]
    node = onnx().helper.make_node(kind, inputs, names, **blocks)
    node.doc_string, data = b.note
    for name, value in data.items():
        node.metadata_props.add(key=name, value=value)
    b.nodes.append(node)
    made = [Sym(b, name, x.dtype, x.known, x.kind, None, x.origin) for name, x in zip(names, like, strict=True)]
    for x, one in zip(made, like, strict=True):
        x.blank = one.blank
    return made


def wider(a, b):
    """What is known of a shape that is one of two."""
    if EMPTY in (a, b):
        return b if a == EMPTY else a
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(n if n == m else None for n, m in zip(a, b, strict=True))


def joined(a, b, what):
    """The type of what is one of two. Errors: ValueError where they have no common one."""
    if (a.kind == "list") != (b.kind == "list") or (a.kind != "list" and a.dtype != b.dtype):
        raise ValueError(f"{what} is {_type(a)} one time and {_type(b)} another: ONNX wants one type. Bring both "
                         "to one with .to(dtype), or float(...)")  # fmt: skip
    known = wider(a.known, b.known)
    return Sym(a.b, a.name, a.dtype if a.dtype is not None else b.dtype, known, a.kind, None, a.origin)


def _type(x):
    return "a list" if x.kind == "list" else x.dtype.name
