"""Functions that backward calls on its way: on tensors, on leaves after accumulation, on nodes."""

from __future__ import annotations

import weakref
from contextlib import contextmanager

import numpy as np

from .errors import DtypeError, GradError, ShapeError
from .modes import state
from .node import AfterNode, BeforeNode, Marked, add_hook
from .tensor import AccumulateGrad, Tensor


class Retain:
    """The hook behind `retain_grad()`; it runs after all others, and holds its tensor weakly."""

    def __init__(self, tensor):
        self.retains = weakref.ref(tensor)


class Packed:
    """A saved tensor as a user's pack hook left it."""

    __slots__ = ("unpack_hook", "value")

    def __init__(self, value, unpack_hook):
        self.value, self.unpack_hook = value, unpack_hook

    def unpack(self):
        """The tensor again, in whichever mode it is asked for."""
        tensor = self.unpack_hook(self.value)
        if not isinstance(tensor, Tensor):
            raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                            f"{type(tensor).__name__}")  # fmt: skip
        return tensor


class OnTheWay(Marked):
    """Runs on a gradient, and is told what the walk started from: that says which others it will come to."""


class AfterAccumulation(Marked):
    """Runs when a leaf's `.grad` has been brought up to date."""


def retain_grad(tensor):
    """Keep `.grad` on a non-leaf too. Nothing to do on a leaf.

    >>> import minigrad as mg
    >>> h = mg.tensor(2.0, requires_grad=True) * 3
    >>> h.retain_grad()
    >>> (h * h).backward()
    >>> h.grad
    tensor(12.)
    """
    if tensor._edge is None:
        raise GradError("can't retain_grad on Tensor that has requires_grad=False")
    if not tensor.is_leaf and not tensor.retains_grad:
        add_hook(tensor._edge, Retain(tensor))


def register_hook(tensor, hook):
    """Call `hook(gradient)` when the gradient of `tensor` is known; what it returns (if not None) replaces it.

    Returns a handle whose `remove()` takes the hook away.

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> handle = x.register_hook(lambda g: g * 10)
    >>> (x * 3).backward()
    >>> x.grad
    tensor(30.)
    """
    if tensor._edge is None:
        raise GradError("cannot register a hook on a tensor that doesn't require gradient")
    if state.staging is not None:
        state.staging.hooked("a hook")
    return add_hook(tensor._edge, hook)


def register_post_accumulate_grad_hook(tensor, hook):
    """Call `hook(tensor)` each time backward has brought this leaf's `.grad` up to date.

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> handle = x.register_post_accumulate_grad_hook(lambda x: print("now", x.grad.item()))
    >>> (x * 3).backward()
    now 3.0
    """
    if tensor._edge is None:
        raise GradError("cannot register a hook on a tensor that doesn't require gradient")
    if type(tensor._edge) is not AccumulateGrad:
        raise GradError("post accumulate grad hooks cannot be registered on non-leaf tensors; use register_hook")
    return add_hook(tensor._edge, AfterAccumulation(hook))


@contextmanager
def grad_mode(enabled):
    """Recording on or off, without news to watchers: hooks and custom backward functions run in this."""
    before, state.grad = state.grad, enabled
    try:
        yield
    finally:
        state.grad = before


def as_tensor(g):
    """A gradient on its way, an array or a tensor, as a tensor."""
    return g if isinstance(g, Tensor) else Tensor(np.asarray(g) if isinstance(g, np.generic) else g)


def run_hooks(node, g, create, landed, start):
    """Users' hooks in their order, then what retain_grad() asked for. Returns the gradient to go on with.

    `start` are the nodes that the walk began with, {node: gradient}, or, as a set, all that it may come to.
    """
    with grad_mode(create):
        for hook in list(node.hooks):
            if isinstance(hook, BeforeNode):
                answer = hook.function((as_tensor(g),))
                g = g if answer is None else _checked(answer[0], g)
            elif isinstance(hook, OnTheWay):
                hook.function(as_tensor(g), start)
            elif not isinstance(hook, (Retain, Marked)):
                answer = hook(as_tensor(g))
                g = g if answer is None else _checked(answer, g)
    for hook in node.hooks:
        if isinstance(hook, Retain) and hook.retains() is not None:
            landed.append((hook.retains(), g if isinstance(g, Tensor) else g.copy()))
    return g


def run_node_hooks(node, sent, g, create):
    """Hooks that look at what a node sends on; `sent` has a pair (parent, gradient) for each rule."""
    with grad_mode(create):
        for hook in [hook for hook in node.hooks if isinstance(hook, AfterNode)]:
            given = tuple(None if s is None else as_tensor(s) for _, s in sent)
            answer = hook.function(given, (as_tensor(g),))
            if answer is not None:
                sent = [(parent, old if new is None else _checked(new, old))
                        for new, (parent, old) in zip(answer, sent, strict=True)]  # fmt: skip
    return sent


def run_leaf_hooks(tensor, g, create):
    """Hooks that wait for `.grad`: those of the leaf, then those of its AccumulateGrad, which sends nothing on."""
    with grad_mode(create):
        for kind, given in ((AfterAccumulation, (tensor,)), (AfterNode, ((), (as_tensor(g),)))):
            for hook in [hook for hook in tensor._edge.hooks or () if isinstance(hook, kind)]:
                answer = hook.function(*given)
                if answer is not None and kind is AfterAccumulation:
                    raise GradError("Tensor post accumulate grad hooks should return None, but this one returned "
                                    f"{type(answer).__name__}")  # fmt: skip


def _checked(answer, g):
    if not isinstance(answer, Tensor):
        raise TypeError(f"a hook must return a Tensor or None, but this one returned {type(answer).__name__}")
    if answer.array.shape != tuple(g.shape):
        raise ShapeError(f"a hook has changed the size of the gradient from {tuple(g.shape)} to {answer.shape}")
    had = g.array.dtype if isinstance(g, Tensor) else g.dtype
    if answer.array.dtype != had:
        raise DtypeError(f"a hook has changed the dtype of the gradient from {had} to {answer.array.dtype}. Use .to().")
    return answer if isinstance(g, Tensor) else answer.array
