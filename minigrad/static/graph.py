"""The graph that is being described: steps of the one intermediate representation (see minigrad/jit/graph.py).

Nothing is computed here. What shape a node will have is found out by running its op on zeros, twice, with 5 and with 7
in the place of each length that is not known; a length that then differs stays unknown.
"""

from __future__ import annotations

import difflib
import threading
from contextlib import contextmanager

import numpy as np

from .. import modes
from ..creation import tensor as make_tensor
from ..dtype import as_dtype
from ..jit.graph import Block, Names, Step, Value, replaced, values_in
from ..jit.graph import Graph as Steps
from ..jit.places import here, where
from ..jit.prims import PRIMS
from ..jit.run import _bare
from ..jit.tree import Leaf, rebuilt
from ..op import Op
from ..tensor import Tensor
from .errors import GraphError

_TRIED = (5, 7)
_local = threading.local()


class Graph:
    """Nodes, in the order in which they were described. `with graph.as_default():` adds to this one.

    >>> from minigrad import static
    >>> with static.Graph().as_default() as graph:
    ...     x = static.placeholder("float32", [None, 2], name="x")
    ...     y = static.sum(x * 3, dim=1)
    >>> print(graph)
    graph(%x : float32[?, 2]):
      %mul : float32[?, 2] = mul(%x, 3)  # <doctest minigrad.static.graph.Graph[1]>:3
      %sum : float32[?] = sum(%mul, dim=1)  # <doctest minigrad.static.graph.Graph[1]>:3
      return %sum
    """

    def __init__(self):
        self.blocks = [Block()]  # the graph's own, then the arms and bodies that are being described
        self.names, self.scopes = Names(), []
        self.nodes = {}  # name -> Node
        self.placeholders, self.variables, self.constants = {}, {}, {}  # Value -> Node, Variable, Tensor
        self.assigned = {}  # Value -> the Variable that takes it over after a run in which it is made
        self.makers, self.homes = {}, {}  # Value -> Step, and the Block that it was made in
        self.after = {}  # Step -> Values that a run of it asks for as well
        self.lengths = {}  # (Value, axis) -> the node of its length
        self.asked = []  # Values of the control_dependencies around
        self._trials = {}  # Value -> what it is on zeros, one for each of _TRIED

    @contextmanager
    def as_default(self):
        """Nodes go into this graph inside the block."""
        stack = _stack()
        stack.append(self)
        try:
            yield self
        finally:
            stack.remove(self)

    def get_tensor_by_name(self, name):
        """The node called `name`, or `name:0` as in TensorFlow. Errors: GraphError where there is none."""
        found = self.nodes.get(name.removesuffix(":0"))
        if found is None:
            fed = [value.name for value in self.placeholders]
            near = difflib.get_close_matches(name, self.nodes, 3) or fed
            raise GraphError(f"the graph has no node {name!r}; it has {', '.join([*near, '...'])}")
        return found

    def as_graph_def(self):
        """All steps as a `jit.Graph`, to print, draw, or write as JSON; what nobody uses comes out of it.

        Variables have no values in it, but zeros: those are in sessions.
        """
        steps = Steps([*self.placeholders], list(self.blocks[0].steps))
        used = {value for step in steps.every_step() for value in step.uses()}
        used.update(value for step in steps.every_step() for block in step.blocks for value in values_in(block.outputs))
        steps.outputs = [value for step in steps.steps for value in step.outputs if value not in used]
        steps.parameters = {value: zeros_like(value) for value in self.variables}
        steps.constants, steps.form = dict(self.constants), [Leaf(i) for i in range(len(steps.outputs))]
        return steps

    def __str__(self):
        return str(self.as_graph_def())

    def __repr__(self):
        return f"<static graph of {sum(1 for _ in self.blocks[0].every_step())} steps, nothing of it has run>"

    # Adding

    def new_value(self, name, kind="tensor", shape=None, dtype=None):
        """A Value of a name of its own, in the scopes around."""
        value = Value(self.names.new("/".join([*self.scopes, name])), kind, shape, dtype)
        self.homes[value] = self.blocks[-1]
        return value

    def source_value(self, name, shape, dtype):
        """A value from outside: what is fed, or held by a Variable."""
        if len(self.blocks) > 1:
            raise GraphError(f"{name}: make placeholders and Variables outside of cond and while_loop")
        value = self.new_value(name, shape=shape, dtype=dtype)
        self._trials[value] = tuple(Tensor(_zeros(value, n)) for n in _TRIED)
        return value

    def constant_value(self, given, name="constant"):
        """The value of numbers that stay as they are."""
        held = given.detach() if isinstance(given, Tensor) else make_tensor(given)
        value = self.new_value(name, shape=tuple(held.shape), dtype=held.dtype)
        self.constants[value], self._trials[value] = held, (held, held)
        self.homes[value] = self.blocks[0]
        return value

    def turn_value(self, name, kind, like=None):
        """A value that a loop hands to its body; `like` is what is carried into the first turn."""
        value = self.new_value(name, kind, like and like.shape, like and like.dtype)
        self._trials[value] = self._trials.get(like) if like else (0, 0)
        return value

    def add(self, op, inputs, attributes, name=None):
        """One more step; the Value that it will make."""
        for value in values_in((inputs, attributes)):
            self._check_at_hand(value, op)
        trials = self._tried(op, inputs, attributes)
        value = self.new_value(name or op.name.rpartition(".")[2], *_described(trials))
        self._trials[value] = trials
        if trials is None and getattr(op, "makes", "tensor") in ("int", "float", "bool"):
            value.kind = op.makes
        self.put(Step(op, inputs, attributes, (value,), here(), "/".join(self.scopes) or None))
        return value

    def put(self, step):
        """Enter a step that is made."""
        self.blocks[-1].steps.append(step)
        self.makers.update(dict.fromkeys(step.outputs, step))
        if self.asked:
            self.after[step] = tuple(self.asked)

    def _check_at_hand(self, value, op):
        home = self.homes.get(value)
        if home is None:
            raise GraphError(f"{op.name}: {value.name} belongs to another graph than the one that is described here")
        if not any(home is block for block in self.blocks):
            raise GraphError(f"{op.name}: {value.name} was made inside of a cond or while_loop, and is not known "
                             "outside: let the function return it")  # fmt: skip

    def _tried(self, op, inputs, attributes):
        """What the op makes of zeros of two sizes; None where that says nothing."""
        if _depends_on_data(op, attributes):
            return None
        if getattr(op, "wanted", None) is not None:  # a way back: what comes is like what it goes to
            return self._trials.get(op.wanted)
        if getattr(op, "draws", False):
            return (Tensor(np.zeros(attributes["shape"], attributes["dtype"])),) * len(_TRIED)
        made, vague = [], any(self._trials.get(value) is None for value in values_in((inputs, attributes)))
        for i in () if vague else range(len(_TRIED)):
            known = {value: self._trials[value][i] for value in values_in((inputs, attributes))}
            options = replaced(attributes, known)
            try:
                with modes.no_grad():
                    made.append(op(*replaced(inputs, known), **(_bare(options) if isinstance(op, Op) else options)))
            except Exception:  # it will fail when it runs, with the real numbers, or only zeros are wrong
                return None
        return tuple(made) or None

    def forget(self, count):
        """Take back all steps of the block behind the first `count`."""
        for step in self.blocks[-1].steps[count:]:
            for value in step.outputs:
                self.nodes.pop(value.name, None)
                self.lengths = {key: length for key, length in self.lengths.items() if length.value is not value}
        del self.blocks[-1].steps[count:]


def _zeros(value, n):
    """Zeros for a value, with n in the place of lengths that are not known."""
    shape = tuple(n if length is None else length for length in value.shape or ())
    return np.zeros(shape, value.dtype.numpy)


def zeros_like(value):
    """A tensor of zeros in the place of a Variable's value."""
    return Tensor(_zeros(value, 1))


def _depends_on_data(op, attributes):
    """Whether the shape depends on the numbers: masks as indices, places of what is not zero."""
    index = [value for value in values_in(attributes) if value.dtype is not None and value.dtype.name == "bool"]
    return op.name == "argwhere" or bool(index)


def _described(trials):
    """(kind, shape, dtype) of what came out for zeros."""
    if trials is None:
        return "tensor", None, None
    first, last = trials[0], trials[-1]
    if not isinstance(first, Tensor):
        return {bool: "bool", float: "float"}.get(type(first), "int"), None, None
    if first.ndim != last.ndim:
        return "tensor", None, first.dtype
    lengths = zip(first.array.shape, last.array.shape, strict=True)
    return "tensor", tuple(n if n == m else None for n, m in lengths), first.dtype


# Which graph


def _stack():
    if not hasattr(_local, "stack"):
        _local.stack = [Graph()]
    return _local.stack


def get_default_graph():
    """The graph that nodes go into: that of the innermost `as_default`, or one that is always there."""
    return _stack()[-1]


def reset_default_graph():
    """Begin a new default graph."""
    if len(_stack()) > 1:
        raise GraphError("reset_default_graph(): not inside of as_default()")
    _stack()[:] = [Graph()]


@contextmanager
def name_scope(name):
    """Names of nodes described inside begin with `name/`."""
    graph = get_default_graph()
    graph.scopes.append(name)
    try:
        yield "/".join(graph.scopes)
    finally:
        graph.scopes.pop()


def built(value, graph):
    """Where a value was described, in words."""
    step = graph.makers.get(value)
    source = step.source if step is not None else getattr(graph.nodes.get(value.name), "source", None)
    return f"built in {where(source)}"


def as_values(what, graph):
    """Nodes in nested operands and attributes changed for their Values; arrays and tensors become constants."""
    if hasattr(what, "value") and hasattr(what, "graph"):
        return what.value
    if isinstance(what, np.ndarray) and not what.ndim:
        return what.item()
    if isinstance(what, (Tensor, np.ndarray)):
        return graph.constant_value(what)
    if isinstance(what, np.generic):
        return what.item()
    return rebuilt(what, lambda part: as_values(part, graph))


def dtype_of(given):
    """A minigrad dtype of its name or itself."""
    return as_dtype(given)


__all__ = ["PRIMS", "Graph", "get_default_graph", "name_scope", "reset_default_graph"]
