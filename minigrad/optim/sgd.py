"""Steps of a fixed length factor: stochastic gradient descent, with momentum."""

from __future__ import annotations

import numpy as np

from .. import memory
from ..device import module_of
from ..shortcuts import scalar
from ..tensor import Tensor
from .optimizer import Optimizer, check_options, number

multiply, subtract = np.multiply, np.subtract
_PIECE, _LARGE = 65536, 131072


class SGD(Optimizer):
    """Stochastic gradient descent: p -= lr * g, with momentum, Nesterov's variant and weight decay as in PyTorch.

    With momentum: v = momentum * v + (1 - dampening) * g, at first v = g, and v (Nesterov: g + momentum * v) takes
    the place of g. Weight decay adds weight_decay * p to g. `maximize` goes up instead of down.
    Source: Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep
    learning"; their v holds the learning rate, PyTorch's does not.

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> SGD([w], lr=0.1).step()
    >>> w
    tensor([0.7000], requires_grad=True)
    """

    kernels = ("foreach", "differentiable", "fused")

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False,
                 **kernel):  # fmt: skip
        check_options(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (not momentum or dampening):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, **self._kernel_options(kernel),
        })  # fmt: skip

    def _update_all(self, group):
        if group["momentum"] or group["weight_decay"] or group["maximize"]:
            super()._update_all(group)
            return
        # Nothing but p -= lr * g: all there is to know of a parameter beside its gradient is kept from step to step.
        params, lr, of, rate, changed = group["params"], number(group["lr"]), None, None, []
        known = self._known.get(id(group), ())
        if len(known) != len(params):
            known = self._known[id(group)] = [[None] * 5 for _ in params]
        try:
            for p, place in zip(params, known):  # noqa: B905  they are as many
                grad = getattr(p, "_grad", None)
                if grad is None:
                    continue
                (array, shape, dtype, scratch, record), g = place, grad.array
                if p.array is array and g.shape == shape:
                    if dtype is not of:
                        of, rate = dtype, scalar(lr, dtype)
                    multiply(g, rate, scratch)
                    subtract(array, scratch, array)
                else:
                    self._update(group, p, g)
                    record = memory.record(p.array)
                    if type(p.array) is np.ndarray and g.size <= _LARGE:
                        place[:] = p.array, p.array.shape, p.array.dtype, self._scratch(p, g), record
                changed.append(record)
        finally:
            memory.changed_together(changed)

    def _update(self, group, p, g):
        xp, scratch = module_of(g), self._scratch(p, g)
        if group["maximize"] or group["weight_decay"]:
            g = self._descent(group, p, g)
        momentum = group["momentum"]
        if momentum:
            velocity = self._velocity(group, p, g, scratch)
            if group["nesterov"]:
                xp.multiply(velocity, momentum, out=scratch)
                scratch += g
                g = scratch
            else:
                g = velocity
        _take_off(p.array, g, number(group["lr"]), scratch)

    def _velocity(self, group, p, g, scratch):
        """The running sum of gradients, brought up to date in place."""
        state = self.state[p]
        held = state.get("momentum_buffer")
        if held is None:
            state["momentum_buffer"] = Tensor(module_of(g).array(g))  # a copy, also where g is a 0-d scalar
            return state["momentum_buffer"].array
        velocity = held.array
        velocity *= group["momentum"]
        if group["dampening"]:
            g = module_of(g).multiply(g, 1 - group["dampening"], out=scratch)
        velocity += g
        return velocity


def _take_off(array, g, lr, scratch):
    """array -= lr * g. If they are large, in pieces that stay in the cache between the two steps: 0.65 to 0.9 of the
    time.
    """
    xp = module_of(g)
    if xp is not np or g.size <= _LARGE or not (array.flags.c_contiguous and g.flags.c_contiguous):
        xp.multiply(g, lr, out=scratch)
        xp.subtract(array, scratch, out=array)
        return
    array, g, scratch, rate = array.reshape(-1), g.reshape(-1), scratch.reshape(-1)[:_PIECE], scalar(lr, g.dtype)
    for start in range(0, g.size, _PIECE):
        part, step = array[start : start + _PIECE], g[start : start + _PIECE]
        subtract(part, multiply(step, rate, scratch[: step.size]), part)
