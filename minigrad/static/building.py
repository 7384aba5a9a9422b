"""What a graph begins with: placeholders, Variables, constants, random numbers; and what puts nodes in order."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from ..creation import ones as _ones
from ..creation import tensor
from ..creation import zeros as _zeros
from ..dtype import as_dtype
from ..jit.places import here
from ..jit.prims import PRIMS, prim
from ..tensor import Tensor
from .errors import GraphError
from .graph import get_default_graph
from .node import Node, apply


class Placeholder(Node):
    """A node that gets its value when a run is begun, from feed_dict."""

    _origin = "placeholder"


def placeholder(dtype, shape=None, name="placeholder"):
    """A tensor that is fed at each run. None in `shape` is a length that may differ from run to run.

    >>> from minigrad import static
    >>> with static.Graph().as_default():
    ...     placeholder("float32", [None, 3], name="images")
    <node images:0 = placeholder, float32[?, 3]: no value before a session runs it>
    """
    graph = get_default_graph()
    if shape is None:
        raise GraphError("placeholder(): give a shape, with None for each length that is not known: [None, 3]")
    made = Placeholder(graph, graph.source_value(name, tuple(shape), as_dtype(dtype)), here())
    graph.placeholders[made.value] = made
    return made


def constant(value, dtype=None, name="constant"):
    """Numbers that are the same in each run."""
    graph = get_default_graph()
    held = value if isinstance(value, Tensor) else tensor(value, dtype=dtype)
    return Node(graph, graph.constant_value(held, name), here())


def zeros(shape, dtype="float32", name="zeros"):
    """A constant, all 0."""
    return constant(_zeros(tuple(shape), dtype=dtype), name=name)


def ones(shape, dtype="float32", name="ones"):
    """A constant, all 1."""
    return constant(_ones(tuple(shape), dtype=dtype), name=name)


@prim("static.assign", "tensor")
def _assign(new, /, shape=(), dtype=None, variable=""):
    """What a Variable takes over after the run: a copy, once it is clear that it fits."""
    if tuple(new.shape) != tuple(shape):
        raise ValueError(f"Variable {variable} has shape {tuple(shape)}, and was to get a value of shape "
                         f"{tuple(new.shape)}")  # fmt: skip
    return new.detach().to(as_dtype(dtype)).clone()


class Variable(Node):
    """A tensor that each session keeps from run to run. It has no value in a session before its initializer ran.

    All that a run reads of it is what it held before the run; assignments come into force at the end of it.

    >>> from minigrad import static
    >>> with static.Graph().as_default():
    ...     w = static.Variable([1.0, 2.0], name="w")
    ...     double = w.assign(w * 2)
    ...     start = static.global_variables_initializer()
    >>> with static.Session(graph=w.graph) as session:
    ...     session.run(start)
    ...     session.run(double)
    ...     session.run(w)
    tensor([2., 4.])
    tensor([2., 4.])
    """

    _origin = "variable"

    def __init__(self, initial_value, trainable=True, name="Variable", dtype=None):
        graph = get_default_graph()
        initial_value = initial_value() if callable(initial_value) else initial_value
        first = initial_value if isinstance(initial_value, Node) else constant(initial_value, dtype, f"{name}/initial")
        if first.value.shape is None or None in first.value.shape:
            raise GraphError(f"Variable {name}: the shape of its initial value must be known, not {first.value.shape}")
        super().__init__(graph, graph.source_value(name, first.value.shape, first.value.dtype), here())
        self.trainable = trainable
        graph.variables[self.value] = self
        self.initial_value = first
        self.initializer = self.assign(first, name=f"{name}/Assign")

    def assign(self, value, name="assign"):
        """A node that is the new value; where a run makes it, the Variable holds it from the end of that run on."""
        if len(self.graph.blocks) > 1:
            raise GraphError(f"{self.name}: assign outside of cond and while_loop, and let them say which value")
        attributes = {"shape": self.value.shape, "dtype": self.value.dtype.numpy, "variable": self.value.name}
        value = value if isinstance(value, Node) else constant(value, self.value.dtype)
        made = apply(PRIMS["static.assign"], (value,), attributes, name)
        self.graph.assigned[made.value] = self
        return made

    def assign_add(self, value):
        """assign(self + value)"""
        return self.assign(self + value)

    def assign_sub(self, value):
        """assign(self - value)"""
        return self.assign(self - value)


class Operation:
    """Something to run that gives nothing back: several nodes, for what they do."""

    def __init__(self, graph, nodes, name):
        self.graph, self.nodes = graph, tuple(nodes)
        self.name = graph.names.new("/".join([*graph.scopes, name]))
        graph.nodes[self.name] = self

    def __repr__(self):
        return f"<operation {self.name}: runs {', '.join(node.name for node in self.nodes) or 'nothing'}>"


def group(*operations, name="group"):
    """One operation that runs all of these."""
    graph = operations[0].graph if operations else get_default_graph()
    return Operation(graph, _flat(operations), name)


def no_op(name="no_op"):
    """An operation that does nothing."""
    return Operation(get_default_graph(), (), name)


def _flat(operations):
    return [node for given in operations for node in (given.nodes if isinstance(given, Operation) else (given,))]


@contextmanager
def control_dependencies(operations):
    """Whatever of the nodes described inside runs, these run, too."""
    graph, asked = get_default_graph(), [node.value for node in _flat(operations)]
    graph.asked += asked
    try:
        yield
    finally:
        del graph.asked[len(graph.asked) - len(asked) :]


def global_variables(graph=None):
    """All Variables of a graph, the default one unless given."""
    return list((graph or get_default_graph()).variables.values())


def trainable_variables(graph=None):
    """Those that optimizers change."""
    return [variable for variable in global_variables(graph) if variable.trainable]


def global_variables_initializer():
    """An operation that gives all Variables described so far their initial values."""
    return group(*(variable.initializer for variable in global_variables()), name="init")


def _drawn(what, shape, dtype, name, **options):
    shape = tuple(shape)
    attributes = {"what": what, "shape": shape, "dtype": np.dtype(as_dtype(dtype).numpy), "options": options}
    return apply(PRIMS["random.draw"], (), attributes, name)


def randn(shape, dtype="float32", mean=0.0, std=1.0, name="randn"):
    """Normal random numbers, new ones at each run."""
    return _drawn("normal", shape, dtype, name, mean=mean, std=std)


def rand(shape, dtype="float32", low=0.0, high=1.0, name="rand"):
    """Uniform random numbers on [low, high), new ones at each run."""
    return _drawn("uniform", shape, dtype, name, a=low, b=high)


def size(x, dim, name=None):
    """The length of an axis, as a number that is known when the graph runs."""
    return apply(PRIMS["tensor.size"], (x,), {"dim": dim}, name)
