"""`gradients(ys, xs)`: the way back, described as more nodes of the same graph.

Each op's own rules (see minigrad/op.py) run on nodes, as they do on arrays and tensors elsewhere, and so describe what
they would compute. A rule that wants to look at numbers cannot; then, and for a cond or while_loop, the whole way back
of the step is one node, which runs the step again and differentiates that.
"""

from __future__ import annotations

import numpy as np

from .. import autograd, modes, ops
from ..axes import unbroadcast
from ..jit.graph import Block, Value, values_in
from ..jit.prims import PRIMS, prim
from ..jit.run import _run_block
from ..op import Op
from ..tensor import Tensor
from .errors import GraphError
from .node import FUNCTIONS, Node, RuleNode, apply

_CANNOT = (TypeError, ValueError, AttributeError, NotImplementedError, IndexError, KeyError, RuntimeError)


def gradients(ys, xs, grad_ys=None):
    """Nodes for the derivatives of the sum of `ys` (a node or several) with respect to each of `xs`, as a list.

    `grad_ys` weighs the elements of each y. None stands for an x that the ys do not depend on. They are nodes as any
    other: gradients of gradients can be described, too. Errors: GraphError inside of cond and while_loop.

    >>> from minigrad import static
    >>> with static.Graph().as_default() as graph:
    ...     x = static.placeholder("float32", [None], name="x")
    ...     (dx,) = static.gradients(static.sum(x * x), [x])
    ...     (ddx,) = static.gradients(static.sum(dx), [x])
    >>> static.Session(graph=graph).run([dx, ddx], {x: [1.0, 5.0]})
    [tensor([ 2., 10.]), tensor([2., 2.])]
    """
    ys, xs = (list(given) if isinstance(given, (tuple, list)) else [given] for given in (ys, xs))
    grad_ys = list(grad_ys) if isinstance(grad_ys, (tuple, list)) else [grad_ys] * len(ys)
    if not ys or len(grad_ys) != len(ys):
        raise GraphError(f"gradients(): got {len(ys)} ys and {len(grad_ys)} grad_ys: give one for each")
    graph = ys[0].graph
    if len(graph.blocks) > 1:
        raise GraphError("gradients(): describe them outside of cond and while_loop")
    with graph.as_default():
        graph.scopes.append("gradients")
        try:
            return _Walk(graph, ys, xs, grad_ys).found(xs)
        finally:
            graph.scopes.pop()


class _Walk:
    def __init__(self, graph, ys, xs, grad_ys):
        self.graph, self.arrived = graph, {}
        steps = list(graph.blocks[0].steps)
        self.live = {x.value for x in xs}
        for step in steps:
            if any(value in self.live for value in read_by(step)):
                self.live.update(step.outputs)
        for y, g in zip(ys, grad_ys, strict=True):
            self.reach(y.value, apply(PRIMS["static.ones_like"], (y,)) if g is None else g)
        for step in reversed(steps):
            given = [self.arrived.get(value) for value in step.outputs]
            if any(g is not None for g in given) and any(value in self.live for value in read_by(step)):
                self.back(step, given)

    def found(self, xs):
        """What has reached each x."""
        return [self.arrived.get(x.value) for x in xs]

    def reach(self, value, g):
        """One more contribution."""
        self.arrived[value] = g if value not in self.arrived else self.arrived[value] + g

    def back(self, step, given):
        """Send on what has reached this step."""
        if step.blocks or not isinstance(step.op, Op):
            if step.blocks or getattr(step.op, "flows", False) or step.op.name in _PASSED:
                self.as_one(step, given)
            return
        if not step.op.rules:
            return
        steps = self.graph.blocks[0].steps
        count = len(steps)
        try:
            sent = self.by_rules(step, RuleNode(self.graph, given[0].value))
        except _CANNOT:
            self.graph.forget(count)
            self.as_one(step, given)
            return
        for made in steps[count:]:
            Node(self.graph, made.output)  # ordinary ones from now on
        for value, g in sent:
            self.reach(value, self.node(g.value))

    def by_rules(self, step, g):
        """Pairs (operand, contribution), by the rules of the op run on nodes."""
        op, names = step.op, step.op.names_of(step.inputs)
        mask = sum(1 << i for i, (x, name) in enumerate(zip(step.inputs, names, strict=True))
                   if isinstance(x, Value) and x in self.live and op.rules[name] is not None)  # fmt: skip
        if not mask:
            return []
        plan = op.plan(mask)
        saved = [self.saved(step, name) for name in plan.names]
        shared = plan.shared(g, saved, _symbols)[0] if plan.shared is not None else None
        sent = plan.contributions(g, saved, _symbols, shared)
        pairs = []
        for x, part in zip(step.inputs, sent, strict=False):
            if part is not None:
                if not isinstance(part, Node):
                    raise TypeError("the rule made something that is no node")
                pairs.append((x, self.summed_back(part, x, len(step.inputs) == 1)))
        return pairs

    def summed_back(self, part, x, alone):
        """The contribution in the shape and dtype of the operand."""
        shape = part.value.shape
        known = shape is not None and None not in shape and shape == x.shape
        if (known or alone) and part.value.dtype is x.dtype:
            return part
        return apply(PRIMS["static.unbroadcast"], (part, self.node(x)))

    def saved(self, step, name):
        """What a rule calls by this name, as a node, a number or a shape."""
        op = step.op
        if name == "y":
            return RuleNode(self.graph, step.outputs[0])
        if name in op.byproducts:
            again, needs = op.byproducts[name]
            return again(*[_symbols if need == "xp" else self.saved(step, need) for need in needs])
        if name in op.attributes:
            return self.nodes(step.attributes.get(name, op.attributes[name]))
        if op.variadic:
            return int(name[2:]) if name.startswith("i=") else tuple(self.shape(x) for x in step.inputs)
        argument, _, what = name.rpartition("_")
        if name in op.arguments:
            x = step.inputs[op.arguments.index(name)]
            return RuleNode(self.graph, x) if isinstance(x, Value) else self.number(x, step.outputs[0])
        x = step.inputs[op.arguments.index(argument)]
        return self.shape(x) if what == "shape" else x.dtype.numpy

    @staticmethod
    def number(x, result):
        """A number as rules know it: a 0-d array in the dtype of the tensor that it met."""
        dtype = result.dtype.numpy if result.dtype is not None and result.dtype.name != "bool" else None
        return np.asarray(x) if dtype is None else np.asarray(x).astype(dtype)

    def shape(self, x):
        """The lengths of an operand: numbers where they are known, else nodes that are numbers when the graph runs."""
        if not isinstance(x, Value):
            return ()
        return RuleNode(self.graph, x).shape

    def node(self, value):
        """The node of a value."""
        found = self.graph.nodes.get(value.name)
        return Node(self.graph, value) if found is None else found

    def nodes(self, what):
        """Attributes with nodes in the place of Values."""
        from ..jit.tree import rebuilt

        return self.node(what) if isinstance(what, Value) else rebuilt(what, self.nodes)

    def as_one(self, step, given):
        """The whole way back of a step as one node for each operand."""
        read = list(dict.fromkeys(read_by(step)))
        wanted = [value for value in read if value in self.live and value.kind == "tensor"
                  and (value.dtype is None or value.dtype.is_floating_point)]  # fmt: skip
        gs = [(i, g) for i, g in enumerate(given) if g is not None]
        for value in wanted:
            op = Pullback(step, read, [i for i, _ in gs], value)
            self.reach(value, apply(op, (*(g for _, g in gs), *map(self.node, read)), None, op.name.replace(".", "_")))


# What of the primitives lets a gradient through
_PASSED = {"static.assign", "static.ones_like", "static.unbroadcast"}


class Pullback:
    """The record of the way back of one step, to one of its operands: runs the step again, and differentiates that."""

    kind, onnx, rules, byproducts, attributes = "matmul", None, {}, {}, {}
    view, variadic, draws, flows, python, makes = False, False, False, True, True, "tensor"

    def __init__(self, step, read, outputs, wanted):
        self.step, self.read, self.outputs_of, self.wanted = step, read, outputs, wanted
        what = {0: "", 1: "while_loop", 2: "cond"}[len(step.blocks)] or step.op.name
        self.name = f"{what}.grad"
        self.arguments = (*(f"g{i}" for i in outputs), *(value.name for value in read))
        self.__doc__ = f"The gradient that {what} sends to {wanted.name}."

    def __call__(self, *inputs):
        gs, operands = inputs[: len(self.outputs_of)], inputs[len(self.outputs_of) :]
        further = modes.is_grad_enabled()
        with modes.enable_grad():
            known = dict(zip(self.read, operands, strict=True))
            x = known[self.wanted]
            leaf = x if further and x.requires_grad else x.detach().requires_grad_()
            known[self.wanted] = leaf
            _run_block(Block([], [self.step]), known, None)
            pairs = [(known[self.step.outputs[i]], g) for i, g in zip(self.outputs_of, gs, strict=True)]
            pairs = [(y, g) for y, g in pairs if isinstance(y, Tensor) and y.requires_grad]
            found = None
            if pairs:
                ys, weights = zip(*pairs, strict=True)
                (found,) = autograd.grad(ys, leaf, weights, create_graph=further, allow_unused=True)
        return leaf.detach() * 0 if found is None else found

    def __repr__(self):
        return f"<way back {self.name}>"


def read_by(step):
    """Every value from outside that a step, or anything in its blocks, reads."""
    yield from step.uses()
    for block in step.blocks:
        inside = set(block.inputs)
        for inner in block.every_step():
            inside.update(inner.outputs)
            for deeper in inner.blocks:
                inside.update(deeper.inputs)
        for inner in block.every_step():
            yield from (value for value in inner.uses() if value not in inside)
            for deeper in inner.blocks:
                yield from (value for value in values_in(deeper.outputs) if value not in inside)
        yield from (value for value in values_in(block.outputs) if value not in inside)


class _Symbols:
    """Stands for the array module when a rule runs on nodes."""

    def __getattr__(self, name):
        found = getattr(ops, name)
        if not isinstance(found, Op):
            return found
        return lambda *args, **kwargs: self.apply_op(found, args, kwargs)

    @staticmethod
    def apply_op(op, args, kwargs):
        """What an op makes inside of a rule; of numbers alone it makes a number."""
        if not any(isinstance(x, Node) for x in (*args, *kwargs.values())):
            return op.on(np, *map(np.asarray, args), **kwargs)
        return FUNCTIONS[op.name](*args, **kwargs)


_symbols = _Symbols()


@prim("static.unbroadcast", "tensor")
def _unbroadcast(g, like):
    """g, summed over the axes along which `like` was repeated, and in its dtype."""
    return unbroadcast(g, tuple(like.shape)).to(like.dtype)


@prim("static.ones_like", "tensor")
def _ones_like(x):
    """1 in each place of x."""
    return ops.where(ops.eq(x, x), 1.0, 1.0).to(x.dtype)
