"""Optimizers. They hold the leaves they were given, and change their values in place, outside any graph."""

from __future__ import annotations

import numpy as np

from . import mode
from .errors import GradError
from .events import Stepped, Zeroed
from .tensor import Tensor


class Optimizer:
    """Holds parameters, clears their gradients, and keeps state per parameter."""

    def __init__(self, params, defaults):
        if isinstance(params, Tensor):
            raise TypeError("params argument given to the optimizer should be an iterable of Tensors, not one Tensor")
        params = list(params)
        if not params:
            raise ValueError("optimizer got an empty parameter list: does the model register its layers?")
        groups = params if isinstance(params[0], dict) else [{"params": params}]
        self.defaults = defaults
        self.param_groups = [{**defaults, **group, "params": _as_list(group["params"])} for group in groups]
        self.state = {}
        seen = set()
        for p in self._all():
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor: an op made it. Give the leaf that it came from.")
            if p in seen:
                raise ValueError("some parameters appear in more than one place of the optimizer's list")
            seen.add(p)

    def _all(self):
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self, set_to_none=True):
        """Clear the gradients: to None, or to zeros where there is one."""
        for p in self._all():
            clear_grad(p, set_to_none)

    def step(self):
        """Update every parameter that has a gradient; one whose gradient is None is skipped, state and all."""
        for group in self.param_groups:
            for p in group["params"]:
                g = getattr(p, "_grad", None)
                if g is not None:
                    self._update(p, g.array, group)
                    p._version[0] += 1
        if mode.state.watchers:
            mode.notify(Stepped(self, tuple(self._all())))

    def _update(self, p, g, group):
        raise TypeError(f"{type(self).__name__} does not say how to update a parameter")


def _as_list(params):
    return [params] if isinstance(params, Tensor) else list(params)


def clear_grad(p, set_to_none=True):
    """Clear one tensor's gradient, and tell the watchers if there was one."""
    old = getattr(p, "_grad", None)
    if old is None:
        return
    if set_to_none:
        p._grad = None
    else:
        if old._edge is not None:
            p._grad = old = Tensor(old.array.copy())
        old.array[...] = 0
        old._version[0] += 1
    if mode.state.watchers:
        mode.notify(Zeroed(p, set_to_none))


class SGD(Optimizer):
    """Stochastic gradient descent: p -= lr * g, with momentum, Nesterov's variant and weight decay as in PyTorch.

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> SGD([w], lr=0.1).step()
    >>> w
    tensor([0.7000], requires_grad=True)
    """

    def __init__(self, params, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        for name, value in (("learning rate", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not value >= 0 or np.isinf(value):
                raise ValueError(f"Invalid {name}: {value}; it must be a finite number from 0 up")
        if nesterov and (not momentum or dampening):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
        })  # fmt: skip

    def _update(self, p, g, group):
        if g.shape != p.array.shape:
            raise GradError(f"the gradient has shape {g.shape}, its parameter {p.array.shape}: was .grad replaced?")
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p.array
        if group["momentum"]:
            state = self.state.setdefault(p, {})
            velocity = state.get("momentum_buffer")
            velocity = g.copy() if velocity is None else group["momentum"] * velocity + (1 - group["dampening"]) * g
            state["momentum_buffer"] = velocity
            g = g + group["momentum"] * velocity if group["nesterov"] else velocity
        p.array -= group["lr"] * g
