"""What a watcher is told. Every picture of a graph is drawn from these events and from nothing else.

In normal use nobody watches and no event is made. `modes.watch(watcher)` adds any callable of one argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class OpRan:
    """An op has run. `recorded` says whether backward can come back through it, `reason` why not.

    `inputs` stand in the order of `op.arguments`: Tensors, or plain numbers as the caller wrote them. `reason` is
    None, "no_grad" (recording was off), "cut" (the op has no derivative) or "no input requires grad".
    """

    op: Any
    inputs: tuple
    attributes: dict
    output: Any
    recorded: bool
    reason: str | None


@dataclass(slots=True)
class ModeChanged:
    """Recording was switched. `by` is "no_grad", "enable_grad", "set_grad_enabled", or "exit" on the way back."""

    enabled: bool
    by: str


@dataclass(slots=True)
class ModuleEntered:
    """A module's forward begins."""

    module: Any


@dataclass(slots=True)
class ModuleLeft:
    """A module's forward has ended; `output` is None when it raised."""

    module: Any
    output: Any


@dataclass(slots=True)
class BackwardStarted:
    """A backward pass begins at these tensors."""

    roots: tuple


@dataclass(slots=True)
class BackwardEnded:
    """The backward pass is over, also when it raised."""

    roots: tuple


@dataclass(slots=True)
class RuleRan:
    """One backward step: the gradient that reached `node`, and what it sends to each argument of its op.

    `contributions` stand in the order of `node.op.arguments`, None where nothing flows, already summed back over
    broadcast axes.
    """

    node: Any
    gradient: Any
    contributions: tuple


@dataclass(slots=True)
class Accumulated:
    """`gradient` was added to `tensor.grad`, now `total`: the very tensor that it was, if `in_place`."""

    tensor: Any
    gradient: Any
    total: Any
    in_place: bool = False


@dataclass(slots=True)
class Freed:
    """The tensors that this node had saved for backward were released."""

    node: Any


@dataclass(slots=True)
class Zeroed:
    """`tensor.grad` was cleared: to None, or to zeros."""

    tensor: Any
    set_to_none: bool


@dataclass(slots=True)
class Stepped:
    """An optimizer has updated these parameters."""

    optimizer: Any
    parameters: tuple


@dataclass(slots=True)
class Changing:
    """The numbers of these tensors are about to change in place, or may from now on without word of it (`.data`).

    `by` is the optimizer that is about to step, if one is.
    """

    tensors: tuple
    by: Any = None


@dataclass(slots=True)
class Switched:
    """Whether this tensor requires grad is about to change, by `requires_grad_` or `detach_`."""

    tensor: Any


@dataclass(slots=True)
class ReadBack:
    """A value left for Python: `how` is "item", "tolist", "numpy", "bool", "int" or "float", `given` what it got."""

    tensor: Any
    how: str
    given: Any = None


@dataclass(slots=True)
class Gathered:
    """`tensor(...)` has made a new tensor of `data`, in which there may be tensors; of their history it has nothing."""

    data: Any
    output: Any
