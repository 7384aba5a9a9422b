"""Steps of a fixed length factor: stochastic gradient descent, with momentum."""

from __future__ import annotations

from ..device import module_of
from ..tensor import Tensor
from .optimizer import Optimizer, check_options, number


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

    def _update(self, group, p, g):
        multiply, scratch = module_of(g).multiply, self._scratch(p, g)
        if group["maximize"] or group["weight_decay"]:
            g = self._descent(group, p, g)
        momentum = group["momentum"]
        if momentum:
            velocity = self._velocity(group, p, g, scratch)
            if group["nesterov"]:
                multiply(velocity, momentum, out=scratch)
                scratch += g
                g = scratch
            else:
                g = velocity
        multiply(g, number(group["lr"]), out=scratch)
        p.array -= scratch

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
