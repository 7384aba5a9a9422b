"""Ops of the learner's own: a class with `forward` and `backward`, for what no formula of ops can say."""

from __future__ import annotations

import functools
import weakref

from .. import memory, modes
from ..axes import unbroadcast
from ..creation import zeros
from ..errors import GradError, ShapeError
from ..events import OpRan
from ..hooks import Packed, as_tensor, grad_mode
from ..node import Node
from ..tensor import Tensor


class _Plan:
    """Stands where an op's plan stands: a custom function keeps what its context keeps."""

    def __init__(self, op):
        self.op, self.tensors, self.names, self.rules = op, ("saved",), ("saved",), ()


class _Record:
    """What watchers and names read of an op, for a custom function."""

    kind, onnx, commutes, variadic, attributes = "elementwise", None, False, False, {}

    def __init__(self, cls, count):
        self.name = cls.__name__
        self.arguments = tuple(f"input{i}" for i in range(count))
        self.rules = dict.fromkeys(self.arguments)
        self.__doc__ = cls.__doc__


class Context:
    """The `ctx` of one call of a custom function: what its methods put here, and a few words to the engine.

    An object of its own and not the node, whose fields a learner's `ctx.saved` or `ctx.op` would overwrite.
    """

    def __init__(self, node, needs_input_grad):
        self._node = weakref.ref(node)  # the node holds the context: two strong ways would be a cycle
        self._to_save = self._without_gradient = self._dirty = self._places = ()
        self._materialize = True
        self.needs_input_grad = needs_input_grad

    def save_for_backward(self, *tensors):
        """Keep tensors for backward. They are freed after it, and a change in place in between is noticed."""
        if any(t is not None and not isinstance(t, Tensor) for t in tensors):
            raise TypeError("save_for_backward can only save tensors; keep anything else as an attribute, ctx.n = n")
        self._to_save = tensors

    @property
    def saved_tensors(self):
        """What `save_for_backward` kept. Errors: GradError when it was freed or changed since."""
        node = self._node()
        if node is None or node.saved is None:
            name = "this function" if node is None else node.name()
            raise GradError(
                f"Trying to backward through the graph a second time: the tensors that {name} had saved are "
                "freed. Run the forward again, or pass retain_graph=True to the first backward."
            )
        for tensor in node.saved:
            if isinstance(tensor, Tensor) and memory.changed_since(tensor.array, node.epoch):
                raise GradError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation "
                    f"after {node.name()} had saved it. Write the change out of place, or change a .clone()."
                )
        return tuple(
            t if place is None else _as_output(node, t, place)
            for t, place in zip(map(_unpacked, node.saved), self._places, strict=True)
        )

    def mark_non_differentiable(self, *tensors):
        """These outputs have no gradient."""
        self._without_gradient = tensors

    def mark_dirty(self, *tensors):
        """These inputs were changed in place, and are outputs."""
        self._dirty = tensors

    def set_materialize_grads(self, value):
        """Whether backward gets zeros (True, the default) or None for outputs that nothing came back to."""
        self._materialize = value


class FunctionNode(Node):
    """The node of one call of a custom function. What its `ctx` holds can be read here too, as in PyTorch."""

    __slots__ = ("context", "function", "given", "made")

    def __getattr__(self, name):
        if name in Node.__slots__ or name in FunctionNode.__slots__ or name.startswith("__"):
            raise AttributeError(name)  # not set yet
        return getattr(self.context, name)

    def name(self):
        """E.g. "SquareBackward"."""
        return f"{self.function.__name__}Backward"

    @property
    def next_functions(self):
        """The nodes that backward goes to, for the arguments that are tensors."""
        return tuple((parent, 0) for parent, given in zip(self.parents, self.given, strict=True) if given)

    @property
    def saved_tensors(self):
        """What `save_for_backward` kept, as tensors."""
        return self.context.saved_tensors

    def kept_arrays(self):
        """Names and arrays, as for other nodes."""
        return {f"saved{i}": t.array for i, t in enumerate(self.saved or ()) if isinstance(t, Tensor)}

    # What the backward walk asks

    def run_backward(self, g, create):
        """The user's backward, its answers checked and paired with the parents they go to."""
        gradients = g.parts if isinstance(g, _Parts) else (g,)
        if self.context._materialize:
            gradients = [made.zeros() if one is None and made is not None else one
                         for made, one in zip(self.made, gradients, strict=True)]  # fmt: skip
        with grad_mode(create):
            gradients = [None if one is None else as_tensor(one) for one in gradients]
            answers = self.function.backward(self.context, *gradients)
        answers = answers if isinstance(answers, tuple) else (answers,)
        count = len(self.parents)
        if len(answers) < count or any(extra is not None for extra in answers[count:]):
            raise GradError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got "
                f"{len(answers)}): one for each argument of forward, None where there is none"
            )
        for i, (given, answer) in enumerate(zip(self.given, answers, strict=False)):
            if given is None and answer is not None:
                raise GradError(
                    f"function {self.name()} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Tensor. Return None there."
                )
        on_tensors = create or modes.state.staging is not None
        return [(parent, self._checked(i, answer, on_tensors))
                for i, (parent, answer) in enumerate(zip(self.parents, answers, strict=False))
                if parent is not None]  # fmt: skip

    def _checked(self, i, answer, on_tensors):
        if answer is None:
            return None
        shape, dtype = self.given[i]
        if not isinstance(answer, Tensor):
            raise GradError(f"{self.name()}: expected a Tensor or None as gradient {i}, not {type(answer).__name__}")
        if answer.array.shape != shape and not _stretches_to(shape, answer.array.shape):
            raise ShapeError(f"Function {self.name()} returned an invalid gradient at index {i} - got "
                             f"{list(answer.shape)} but expected shape compatible with {list(shape)}")  # fmt: skip
        answer = answer.astype(dtype)
        return unbroadcast(answer if on_tensors else answer.array, shape)


def _stretches_to(shape, larger):
    """Whether broadcasting makes `larger` of `shape`: a gradient of that shape is summed back."""
    ends = zip(reversed(shape), reversed(larger), strict=False)
    return len(shape) <= len(larger) and all(n in (1, m) for n, m in ends)


def once_differentiable(backward):
    """Decorator for a `backward` that may not be differentiated again: what it computes is not recorded."""

    @functools.wraps(backward)
    def once(ctx, *grads):
        with grad_mode(False):
            return backward(ctx, *(None if g is None else g.detach() for g in grads))

    return once


class _Parts:
    """Gradients of several outputs of one node on their way to it: they add up place by place."""

    def __init__(self, parts):
        self.parts = parts

    def __add__(self, other):
        return _Parts([b if a is None else a if b is None else a + b
                       for a, b in zip(self.parts, other.parts, strict=True)])  # fmt: skip


class _Part(Node):
    """The edge of one of several outputs: hands its gradient on to the function's node, in its place."""

    __slots__ = ("count", "index")

    def run_backward(self, g, create):
        """Wrap the gradient."""
        parts = [None] * self.count
        parts[self.index] = g
        return [(self.parents[0], _Parts(parts))]

    def kept_arrays(self):
        """Nothing of its own."""
        return {}

    def name(self):
        """The function's name."""
        return self.parents[0].name()


class _Made:
    """Shape, dtype and device of an output, for the zeros of one that nothing came back to."""

    def __init__(self, tensor):
        self.like = tensor.shape, tensor.dtype, tensor.device

    def zeros(self):
        shape, dtype, device = self.like
        return zeros(tuple(shape), dtype=dtype, device=device)


class Function:
    """Base of ops with a derivative of your own. Subclass it, write two static methods, call `apply`.

    `forward(ctx, *args)` computes on tensors, unrecorded; `backward(ctx, *grads)` gets one gradient for each output
    and returns one for each argument of forward, None where there is none. What it computes is recorded under
    `create_graph=True`, so higher derivatives work when it uses ops only. `setup_context(ctx, inputs, output)` may
    take over the keeping, and forward then has no ctx.

    >>> import minigrad as mg
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x**2
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    setup_context = None

    def __call__(self, *args):
        raise GradError("Legacy autograd function with non-static forward method: call the class, Name.apply(x)")

    @staticmethod
    def forward(ctx, *args):
        """Override: the values."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx, *grads):
        """Override: the gradients of the arguments."""
        raise NotImplementedError("You must implement the backward function for your custom autograd.Function.")

    @classmethod
    def apply(cls, *args):
        """Run forward and record one node for it."""
        node = FunctionNode()
        node.function, node.hooks, node.sources, node.plan = cls, None, None, _Plan(_Record(cls, len(args)))
        node.saved, node.epoch = (), memory.epoch
        node.context = ctx = Context(node, tuple(isinstance(x, Tensor) and x.requires_grad for x in args))
        edges = tuple(x._edge if isinstance(x, Tensor) else None for x in args)
        staging = modes.state.staging
        begun = None if staging is None else staging.applying(args)
        with grad_mode(False):
            if cls.setup_context is None:
                result = cls.forward(ctx, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
        outputs = result if isinstance(result, tuple) else (result,)
        if ctx._dirty:
            _check_dirty(ctx._dirty, outputs)
        recorded = any(edge is not None for edge in edges) and modes.state.grad and not modes.state.inference
        outputs, dirty = [_own_tensor(y, args, ctx._dirty) for y in outputs], ctx._dirty
        if recorded:
            _record(node, edges, args, outputs, result if isinstance(result, tuple) else (result,))
        if modes.special and modes.state.watchers:
            _tell(cls, args, outputs, recorded)
        if staging is not None:
            staging.applied(begun, cls, outputs, dirty)
        return tuple(outputs) if isinstance(result, tuple) else outputs[0]


def _check_dirty(dirty, outputs):
    """Inputs changed in place have to be outputs, which get the new history; a leaf cannot have one."""
    if not all(any(x is y for y in outputs) for x in dirty):
        raise GradError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
            "modified inplace must all be outputs of the Function."
        )
    if modes.state.grad and any(x.requires_grad and x.is_leaf for x in dirty):
        raise GradError("a leaf Variable that requires grad has been used in an in-place operation. Change a .clone().")


def _own_tensor(y, args, dirty):
    """An output that is an input is a view of it, unless it was changed in place."""
    if isinstance(y, Tensor) and any(y is x for x in args) and not any(y is x for x in dirty):
        return Tensor(y.array)
    return y


def _record(node, edges, args, outputs, results):
    ctx = node.context
    node.parents, node.epoch = edges, memory.epoch
    node.given = [(x.array.shape, x.array.dtype) if isinstance(x, Tensor) else None for x in args]
    node.made = [_Made(y) if isinstance(y, Tensor) else None for y in outputs]
    for i, (y, result) in enumerate(zip(outputs, results, strict=True)):
        if isinstance(y, Tensor) and y.array.dtype.kind == "f" and not any(result is t for t in ctx._without_gradient):
            y._edge = _edge_of_output(node, i)
    # An output that was saved is kept without its edge, which would be a cycle; `saved_tensors` gives it back.
    ctx._places = [next((i for i, y in enumerate(results) if y is t), None) for t in ctx._to_save]
    node.saved = tuple(t if place is None else Tensor(t.array)
                       for t, place in zip(ctx._to_save, ctx._places, strict=True))  # fmt: skip
    if modes.state.packing is not None:
        node.saved = tuple(None if t is None else modes.state.packing.pack(t) for t in node.saved)
    ctx._to_save = ctx._without_gradient = ctx._dirty = ()


def _unpacked(kept):
    return kept.unpack() if type(kept) is Packed else kept


def _edge_of_output(node, i):
    """The node itself, or for one of several outputs a small node before it."""
    if len(node.made) == 1:
        return node
    part = _Part()
    part.plan, part.parents, part.saved, part.epoch = node.plan, (node,), (), node.epoch
    part.hooks = part.sources = None
    part.index, part.count = i, len(node.made)
    return part


def _as_output(node, t, place):
    tensor = Tensor(t.array)
    tensor._edge = _edge_of_output(node, place)
    return tensor


def _tell(function, args, outputs, recorded):
    inputs = tuple(x for x in args if isinstance(x, (Tensor, bool, int, float)))
    reason = None if recorded else "no_grad" if not modes.state.grad else "no input requires grad"
    for y in outputs:
        if isinstance(y, Tensor):
            record = _Record(function, len(inputs))
            modes.notify(OpRan(record, inputs, {}, y, recorded and y._edge is not None, reason))
