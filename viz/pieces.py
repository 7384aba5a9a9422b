"""Ready-made controls for a model, placed on it from outside: what each does while the model runs. Nothing of it stays:
hooks, frozen parameters, gradients, buffers and random numbers are put back afterwards."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from minigrad import memory, no_grad, random
from minigrad.nn import Module
from minigrad.tensor import Tensor
from viz.controls import Control


@dataclass(frozen=True)
class Piece:
    """A control on one part of a model. words: what it does when it is on. path: the module or parameter.

    place(part, value, called): a `with` block in which it does so; it says `called()` when the part runs.
    arms: what may stand in its place, by name; without any the control is a switch. passes: of forward and backward.
    """

    words: str
    path: str | None = None
    place: Callable | None = None
    arms: dict | None = None
    passes: int = 1

    def control(self, name, part):
        """The control of this name on this part."""
        if self.arms is None:
            return Control(name, "switch", False, hint=self.words)
        own = type(part).__name__
        if own in self.arms:
            own += " of the model"
        return Control(name, "choice", own, options=(own, *self.arms), hint=self.words)


def detach_after(path):
    """A switch for `viz.playground(model, ...)`: what the module at `path` returns is detached.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.Linear(2, 1))
    >>> from viz.panel import playground
    >>> panel = playground(net, mg.ones(1, 2), loss=mg.sum, cut=detach_after("0"))
    >>> print(panel.set(cut=True).run.graph.counts())
    4 ops, 3 recorded; 1 input, 4 parameters, 2 with a gradient
    """
    return Piece(f"detach after {_said(path)}", path, _detached)


def no_grad_around(path):
    """A switch for `viz.playground(model, ...)`: the module at `path` runs inside `no_grad`."""
    return Piece(f"no_grad around {_said(path)}", path, _unrecorded)


def freeze(path):
    """A switch for `viz.playground(model, ...)`: the parameters at `path` do not require grad.

    path: of a module, or of a single parameter.
    """
    return Piece(f"freeze {_said(path)}", path, frozen)


def branch_at(path, **arms):
    """A choice for `viz.playground(model, ...)`: what runs at `path`, the module itself or one of these functions.

    `branch_at("act", tanh=mg.tanh, skip=lambda x: x)`. Errors: TypeError when there is none, or one is no function.
    """
    if not arms or not all(map(callable, arms.values())):
        raise TypeError('branch_at() needs the other arms as functions, as in branch_at("act", tanh=mg.tanh)')
    return Piece(f"what runs at {_said(path)}", path, _instead, arms=arms)


def accumulate(passes=2):
    """A switch for `viz.playground(model, ..., loss=...)`: several passes, whose gradients add up when it is on.

    When it is off, `zero_grad()` comes before each pass. Errors: ValueError for less than two passes.
    """
    if not isinstance(passes, int) or passes < 2:
        raise ValueError(f"accumulate() needs two passes or more, not {passes!r}")
    return Piece(f"{passes} passes add up", passes=passes)


def _said(path):
    return path if path != "" else "the model"


# ---------------------------------------------------------------- what each does


@contextlib.contextmanager
def _detached(module, value, called):
    def hook(module, arguments, output):
        called()
        return _each(output, Tensor.detach)

    with module.register_forward_hook(hook):
        yield


def _each(output, change):
    """The same, with every tensor in it changed."""
    if isinstance(output, Tensor):
        return change(output)
    if isinstance(output, dict):
        return type(output)((key, _each(part, change)) for key, part in output.items())
    if isinstance(output, tuple | list):
        parts = [_each(part, change) for part in output]
        return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)
    return output


def _unrecorded(module, value, called):
    return _in_place_of(module, no_grad(module.forward), called)


def _instead(module, value, called):
    return _in_place_of(module, value, called)


@contextlib.contextmanager
def _in_place_of(module, forward, called):
    """The module runs `forward` in place of its own; a call is a call of the module as before."""
    def run(*args, **kwargs):
        called()
        return forward(*args, **kwargs)

    own = module.__dict__.get("forward")
    object.__setattr__(module, "forward", run)
    try:
        yield
    finally:
        if own is None:
            object.__delattr__(module, "forward")
        else:
            object.__setattr__(module, "forward", own)


@contextlib.contextmanager
def frozen(part, value, called):
    parameters = list(part.parameters()) if isinstance(part, Module) else [part]
    before = [parameter.requires_grad for parameter in parameters]
    called()
    try:
        for parameter in parameters:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter, wanted in zip(parameters, before, strict=True):
            parameter.requires_grad_(wanted)


@contextlib.contextmanager
def untouched(model, start):
    """A block after which the model is as before. In it no parameter has a gradient yet, and random numbers go on
    from the state `start`, so that one switch is all that differs between two runs."""
    gradients = [(tensor, getattr(tensor, "_grad", None)) for tensor in model.parameters()]
    tables = [(module._buffers, dict(module._buffers)) for module in model.modules()]
    buffers = [(buffer.array, buffer.array.copy()) for buffer in model.buffers()]
    generator = random.get_rng_state()
    try:
        random.set_rng_state(start)
        for tensor, _ in gradients:
            tensor._grad = None  # not by `grad = None`: who watches the model is not told of a clearing that is none
        yield
    finally:
        random.set_rng_state(generator)
        for tensor, gradient in gradients:
            tensor._grad = gradient
        for table, held in tables:
            table.update(held)
        for array, before in buffers:
            if (array != before).any():
                array[...] = before
                memory.changed(array)
