"""Branches and loops that belong to the graph: both arms and the body are described once, and a run takes its way."""

from __future__ import annotations

from ..jit.graph import Block, If, Loop
from ..jit.places import here
from ..jit.tree import flatten, unflatten
from ..tensor import Tensor
from .errors import GraphError
from .graph import get_default_graph
from .node import Node


def _as_node(what, graph):
    return what if isinstance(what, Node) else Node(graph, graph.constant_value(what), here())


def _described(graph, function, arguments=(), inputs=()):
    """The block that `function` describes, and what it returned as nodes: (block, nodes, form)."""
    block = Block(list(inputs))
    graph.blocks.append(block)
    try:
        for value in inputs:
            graph.homes[value] = block
        leaves, form = flatten(function(*arguments), (Node, Tensor, int, float))
        nodes = [_as_node(leaf, graph) for leaf in leaves]
    finally:
        graph.blocks.pop()
    block.outputs = [node.value for node in nodes]
    return block, nodes, form


def cond(pred, true_fn, false_fn, name="cond"):
    """What true_fn() describes where `pred`, one truth value, is true when the graph runs; else what false_fn() does.

    Both return as many nodes, nested alike. Only the arm that is taken runs.
    Errors: GraphError where they do not, or assign inside.

    >>> from minigrad import static
    >>> with static.Graph().as_default():
    ...     x = static.placeholder("float32", [], name="x")
    ...     y = static.cond(x > 0, lambda: x * 2, lambda: -x)
    >>> session = static.Session(graph=x.graph)
    >>> session.run(y, {x: 3.0}), session.run(y, {x: -3.0})
    (tensor(6.), tensor(3.))
    """
    graph = pred.graph if isinstance(pred, Node) else get_default_graph()
    with graph.as_default():
        then, yes, form = _described(graph, true_fn)
        orelse, no, other = _described(graph, false_fn)
        if repr(form) != repr(other) or not yes:
            raise GraphError(f"{name}: both functions must return the same number of nodes, nested alike; got "
                             f"{len(yes)} and {len(no)}")  # fmt: skip
        outputs = tuple(_met(graph, name, a.value, b.value) for a, b in zip(yes, no, strict=True))
        condition = _as_node(pred, graph).value
        graph.put(If(condition, then, orelse, outputs, here(), "/".join(graph.scopes) or None))
        return unflatten(form, [Node(graph, value) for value in outputs])


def _met(graph, name, a, b):
    """A value that is one of two."""
    shape = None
    if a.shape is not None and b.shape is not None and len(a.shape) == len(b.shape):
        shape = tuple(n if n == m else None for n, m in zip(a.shape, b.shape, strict=True))
    value = graph.new_value(name, a.kind, shape, a.dtype if a.dtype is b.dtype else None)
    graph._trials[value] = graph._trials.get(a) if a.shape == b.shape else None
    return value


def while_loop(cond, body, loop_vars, maximum_iterations=None, name="while_loop"):
    """Runs `body` for as long as `cond` says, both functions of the loop variables; the body returns their new values.

    loop_vars is a list of nodes, tensors and numbers; so is what comes out. Errors: GraphError when the body returns
    another number of them.

    >>> from minigrad import static
    >>> with static.Graph().as_default() as graph:
    ...     i, power = static.while_loop(lambda i, p: p < 100.0, lambda i, p: (i + 1, p * 2), [0, 1.0])
    >>> static.Session(graph=graph).run([i, power])
    [tensor(7), tensor(128.)]
    """
    graph = next((x.graph for x in loop_vars if isinstance(x, Node)), None) or get_default_graph()
    with graph.as_default():
        carried = [_as_node(x, graph).value for x in loop_vars]
        begin = _one(cond(*[Node(graph, value) for value in carried]), graph)
        turn = graph.turn_value("turn", "int")
        inner = [graph.turn_value(value.name, value.kind, value) for value in carried]

        def turned():
            nodes = [Node(graph, value, here()) for value in inner]
            new = body(*nodes)
            new = list(new) if isinstance(new, (tuple, list)) else [new]
            if len(new) != len(inner):
                raise GraphError(f"{name}: the body must return {len(inner)} values, as loop_vars has, not {len(new)}")
            new = [_as_node(x, graph) for x in new]
            return [_as_node(_one(cond(*new), graph), graph), *new]

        block, _, _ = _described(graph, turned, inputs=(turn, *inner))
        outputs = tuple(_met(graph, name, a, b) for a, b in zip(carried, block.outputs[1:], strict=True))
        graph.put(Loop(maximum_iterations, begin if isinstance(begin, bool) else begin.value, tuple(carried), block,
                       outputs, here(), "/".join(graph.scopes) or None))  # fmt: skip
        return [Node(graph, value) for value in outputs]


def _one(truth, graph):
    if isinstance(truth, bool):
        return truth
    return _as_node(truth, graph)
