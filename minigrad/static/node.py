"""A node: a value that is described and not there. Operators and functions on nodes describe more nodes."""

from __future__ import annotations

from ..brackets import plain_slice
from ..jit.places import here
from ..jit.prims import PRIMS
from ..jit.text import type_of
from ..op import OPS, Op
from ..operands import sort_arguments
from ..tensor import Tensor
from .errors import GraphError, NoValueError
from .graph import as_values, get_default_graph

_NUMBERS = ("int", "float", "bool")


class Node:
    """What an op will make when a session runs it. It has a name, perhaps a shape and dtype, and no value."""

    no_tensor = "It has no value yet: use the op of this name in minigrad.static, and static.constant(...) for tensors."
    __array_ufunc__ = None  # NumPy's arrays leave operators to the node

    def __init__(self, graph, value, source=None):
        self.graph, self.value = graph, value
        self.source = source if source is not None or value in graph.makers else here()
        graph.nodes[value.name] = self

    @property
    def name(self):
        """Its name, as TensorFlow has it: `mul:0`."""
        return f"{self.value.name}:0"

    @property
    def op(self):
        """The name of its op."""
        step = self.graph.makers.get(self.value)
        return self._origin if step is None else "cond" if len(step.blocks) == 2 else "while_loop" if step.blocks else (
            step.op.name)  # fmt: skip

    _origin = "constant"

    @property
    def shape(self):
        """The lengths of its axes, None for one that is not known before a run; None where nothing is known."""
        return self.value.shape

    @property
    def ndim(self):
        """The number of axes. Errors: NoValueError where it is not known before a run."""
        if self.value.shape is None:
            raise self._no_value("the number of its axes is known when it runs")
        return len(self.value.shape)

    @property
    def dtype(self):
        """The dtype, None where it is not known before a run."""
        return self.value.dtype

    def __repr__(self):
        return f"<node {self.name} = {self.op}, {type_of(self.value)}: no value before a session runs it>"

    # What only a value could answer

    def _no_value(self, remedy):
        return NoValueError(f"{self.name} ({self.op}, {type_of(self.value)}) has no value: the graph is only being "
                            f"described here. {remedy}")  # fmt: skip

    def __bool__(self):
        raise self._no_value("Python cannot take a branch on it: use static.cond or static.while_loop, or run it "
                             "first, Session().run(node)")  # fmt: skip

    def _refuse_number(self, *args, **kwargs):
        raise self._no_value("For a number or array run it first, Session().run(node)")

    __int__ = __float__ = __index__ = __complex__ = __array__ = item = numpy = tolist = _refuse_number

    def _refuse_items(self, *args):
        raise self._no_value("Python cannot go through it: use ops on all of it, static.while_loop, or run it first")

    __iter__ = __len__ = __contains__ = _refuse_items

    def __setitem__(self, index, value):
        raise NoValueError(f"{self.name} cannot be written to: a node never changes. Describe another one with "
                           "static.index_put(x, value, index=...) or static.where(...)")  # fmt: skip

    def __format__(self, spec):
        return self._refuse_number() if spec else str(self)

    def backward(self, *args):
        """Refused: there is nothing to go back from."""
        raise self._no_value("Describe gradients with static.gradients(loss, [w]), and run those")

    # What is described by methods and operators

    def __getitem__(self, index):
        return apply(OPS["index"], (self,), {"index": _index(index)})

    def reshape(self, *shape):
        """The elements in another shape; lengths may be nodes."""
        return apply(OPS["reshape"], (self,), {"shape": shape[0] if isinstance(shape[0], (tuple, list)) else shape})

    def astype(self, dtype):
        """In another dtype."""
        return cast(self, dtype)

    @property
    def T(self):
        """The axes in the opposite order."""
        return apply(OPS["permute"], (self,), {"dims": tuple(range(self.ndim))[::-1]})


def _index(index):
    if isinstance(index, tuple):
        return tuple(map(_index, index))
    if isinstance(index, slice) and not any(isinstance(n, Node) for n in (index.start, index.stop, index.step)):
        return plain_slice(index)
    return index


def apply(op, inputs, attributes=None, name=None):
    """Describe one op on nodes, numbers, tensors and arrays."""
    given = list(_nodes_in((inputs, attributes or {})))
    graph = given[0].graph if given else get_default_graph()
    if any(x.graph is not graph for x in given):
        raise GraphError(f"{op.name}: its operands belong to two graphs")
    inputs = tuple(as_values(x, graph) for x in inputs)
    for x in inputs:
        if not (hasattr(x, "kind") or isinstance(x, (bool, int, float))):
            raise TypeError(f"static.{op.name}(): an operand must be a node, tensor, array or number, not {x!r}")
    kind = RuleNode if any(isinstance(x, RuleNode) for x in given) else Node
    return kind(graph, graph.add(op, inputs, as_values(attributes or {}, graph), name))


class RuleNode(Node):
    """A node inside of a derivative rule, which was written for arrays: == compares elements there."""

    def __init__(self, graph, value):
        self.graph, self.value, self.source = graph, value, None
        graph.nodes.setdefault(value.name, self)

    def __eq__(self, x):
        return apply(OPS["eq"], (self, x))

    def __ne__(self, x):
        return apply(OPS["ne"], (self, x))

    __hash__ = Node.__hash__

    @property
    def shape(self):
        """The lengths, with nodes for those that are known when the graph runs."""
        known = (None,) * self.ndim if self.value.shape is None else self.value.shape
        return tuple(Length.of(self, axis) if n is None else n for axis, n in enumerate(known))

    @property
    def dtype(self):
        """NumPy's dtype, as an array has it."""
        return self.value.dtype and self.value.dtype.numpy

    def copy(self):
        """The same elements."""
        return apply(OPS["clone"], (self,))


class Length(Node):
    """The length of an axis as a number that is known when the graph runs. What depends on it cannot be decided now."""

    @classmethod
    def of(cls, node, axis):
        """The one Length of this axis."""
        key = node.value, axis
        if key not in node.graph.lengths:
            made = node.graph.add(PRIMS["tensor.size"], (node.value,), {"dim": axis})
            node.graph.lengths[key] = cls(node.graph, made)
        return node.graph.lengths[key]

    def __eq__(self, other):
        return True if other is self else bool(self)

    def __ne__(self, other):
        return not self == other

    __hash__ = Node.__hash__


def _nodes_in(what):
    if isinstance(what, Node):
        yield what
    elif isinstance(what, dict):
        for part in what.values():
            yield from _nodes_in(part)
    elif isinstance(what, (tuple, list)):
        for part in what:
            yield from _nodes_in(part)
    elif isinstance(what, slice):
        yield from _nodes_in((what.start, what.stop, what.step))


def function_of(op):
    """A function that describes this op: operands first, then attributes, as when the op itself is called."""

    def describe(*args, name=None, **kwargs):
        if op.variadic:
            inputs = tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
            attributes = ()
        else:
            inputs, attributes = args[: len(op.arguments)], args[len(op.arguments) :]
        inputs, attributes, kwargs = sort_arguments(op, inputs, attributes, kwargs)
        if len(attributes) > len(op.attributes):
            raise TypeError(f"static.{op.name}() takes {op.__signature__}; got {len(args)} arguments")
        return apply(op, inputs, {**dict(zip(op.attributes, attributes, strict=False)), **kwargs}, name)

    describe.__name__ = describe.__qualname__ = op.name
    describe.__doc__ = op.__doc__
    return describe


FUNCTIONS = {name: function_of(op) for name, op in OPS.items()}


def cast(x, dtype, name=None):
    """x in another dtype."""
    from ..dtype import as_dtype

    return apply(OPS["cast"], (x,), {"dtype": as_dtype(dtype).numpy}, name)


FUNCTIONS["cast"] = cast

_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow", "matmul": "matmul", "mod": "remainder",
    "floordiv": "floor_divide", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
}  # fmt: skip
_COMPARE = ("lt", "le", "gt", "ge")  # == asks whether two nodes are one, so that they can be keys; static.eq compares


def _either(name, tensors, left, right):
    """The op on tensors, or on two numbers (lengths) the primitive."""
    numbers = all(x.value.kind in _NUMBERS if isinstance(x, Node) else not isinstance(x, Tensor) for x in (left, right))
    prim = PRIMS.get(f"number.{name}") if numbers else None
    return apply(prim or OPS[tensors], (left, right))


def _hang_operators():
    for name, tensors in _OPERATORS.items():
        setattr(Node, f"__{name}__", lambda self, x, _n=name, _t=tensors: _either(_n, _t, self, x))
        setattr(Node, f"__r{name}__", lambda self, x, _n=name, _t=tensors: _either(_n, _t, x, self))
    for name in _COMPARE:
        setattr(Node, f"__{name}__", lambda self, x, _n=name: _either(_n, _n, self, x))
    Node.__neg__ = lambda self: apply(OPS["neg"], (self,))
    Node.__invert__ = lambda self: apply(OPS["bitwise_not"], (self,))
    Node.__abs__ = lambda self: apply(OPS["abs"], (self,))
    for name, op in OPS.items():
        if not op.variadic and not hasattr(Node, name):
            setattr(Node, name, FUNCTIONS[name])


_hang_operators()
__all__ = ["FUNCTIONS", "Node", "Op", "apply", "cast"]
