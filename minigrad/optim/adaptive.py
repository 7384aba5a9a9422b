"""Steps that each element scales for itself, by the size of the gradients it has seen.

All follow PyTorch's formulas, names of options and names of state. Written in place, in one scratch array `t`, because
these updates touch every parameter in every step.
"""

from __future__ import annotations

from ..creation import ones_like
from ..device import module_of
from .optimizer import Optimizer, check_betas, check_options, number


def _average(mean, new, rate, t):
    """mean += rate * (new - mean): a running average that forgets."""
    module_of(new).subtract(new, mean, out=t)
    t *= rate
    mean += t


def _average_square(mean, g, rate, t):
    """The running average of the squares: mean = (1 - rate) * mean + rate * g * g."""
    module_of(g).multiply(g, g, out=t)
    t *= rate
    mean *= 1 - rate
    mean += t


class Adam(Optimizer):
    """Running averages of g and g * g, both corrected for their start at zero: p -= lr * m / (sqrt(v) + eps).

    `amsgrad` divides by the largest v so far. Weight decay adds weight_decay * p to g, unless
    `decoupled_weight_decay` (then as in AdamW).
    Source: Kingma, Ba (2015), "Adam: a method for stochastic optimization"; Reddi, Kale, Kumar (2018) for amsgrad.

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0, 1.0], requires_grad=True)
    >>> (w * mg.tensor([5.0, 0.01])).sum().backward()
    >>> Adam([w], lr=0.1).step()
    >>> w  # a step of lr for both, whatever the size of the gradient
    tensor([0.9000, 0.9000], requires_grad=True)
    """

    kernels = ("foreach", "capturable", "differentiable", "fused")

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *,
                 maximize=False, decoupled_weight_decay=False, **kernel):  # fmt: skip
        check_options(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay, **self._kernel_options(kernel),
        })  # fmt: skip

    def _update(self, group, p, g):
        t, (beta1, beta2), lr = self._scratch(p, g), group["betas"], number(group["lr"])
        step = self._count(p)
        m, v = self._buffers(p, "exp_avg", "exp_avg_sq")
        g = _with_decay(self, group, p, g, lr)
        _average(m, g, 1 - beta1, t)
        _average_square(v, g, 1 - beta2, t)
        if group["amsgrad"]:
            (largest,) = self._buffers(p, "max_exp_avg_sq")
            v = module_of(g).maximum(largest, v, out=largest)
        module_of(g).sqrt(v, out=t)
        t /= (1 - beta2**step) ** 0.5
        t += group["eps"]
        module_of(g).divide(m, t, out=t)
        t *= lr / (1 - beta1**step)
        p.array -= t


def _with_decay(optimizer, group, p, g, lr):
    """The gradient with weight decay in it; or, decoupled, as it is, with the parameter itself made smaller."""
    if not group["decoupled_weight_decay"]:
        return optimizer._descent(group, p, g)
    if group["weight_decay"]:
        p.array *= 1 - lr * group["weight_decay"]
    return -g if group["maximize"] else g


class AdamW(Adam):
    """Adam with weight decay beside the gradient, not in it: p *= 1 - lr * weight_decay, then Adam's step.

    Source: Loshchilov, Hutter (2019), "Decoupled weight decay regularization".

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> w.grad = mg.zeros(1)
    >>> AdamW([w], lr=0.1, weight_decay=0.5).step()
    >>> w
    tensor([0.9500], requires_grad=True)
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *,
                 maximize=False, **kernel):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True,
                         **kernel)  # fmt: skip

    def load_state_dict(self, state_dict):
        """Go on from a saved state, Adam's or AdamW's; the weight decay stays decoupled."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


class NAdam(Optimizer):
    """Adam with Nesterov's look ahead: the step mixes m with the gradient at hand.

    Source: Dozat (2016), "Incorporating Nesterov momentum into Adam".

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> NAdam([w], lr=0.1).step()
    >>> w.item() < 1
    True
    """

    kernels = ("foreach", "capturable", "differentiable")

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
                 decoupled_weight_decay=False, *, maximize=False, **kernel):  # fmt: skip
        check_options(lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        check_betas(betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, **self._kernel_options(kernel),
        })  # fmt: skip

    def _update(self, group, p, g):
        t, (beta1, beta2), lr, state = self._scratch(p, g), group["betas"], number(group["lr"]), self.state[p]
        step = self._count(p)
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (n * group["momentum_decay"])) for n in (step, step + 1))
        if "mu_product" not in state:
            state["mu_product"] = ones_like(state["step"])
        state["mu_product"].array *= mu
        product = state["mu_product"].array.item()
        m, v = self._buffers(p, "exp_avg", "exp_avg_sq")
        g = _with_decay(self, group, p, g, lr)
        _average(m, g, 1 - beta1, t)
        _average_square(v, g, 1 - beta2, t)
        bottom = (v / (1 - beta2**step)) ** 0.5 + group["eps"]
        p.array -= lr * (1 - mu) / (1 - product) * (g / bottom)
        p.array -= lr * mu_next / (1 - product * mu_next) * (m / bottom)


class RAdam(Optimizer):
    """Adam that rectifies its first steps: while v rests on few gradients, plain momentum, and then ever more of Adam.

    Source: Liu et al. (2020), "On the variance of the adaptive learning rate and beyond".

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> RAdam([w], lr=0.1).step()
    >>> w
    tensor([0.7000], requires_grad=True)
    """

    kernels = ("foreach", "capturable", "differentiable")

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, *,
                 maximize=False, **kernel):  # fmt: skip
        check_options(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay, **self._kernel_options(kernel),
        })  # fmt: skip

    def _update(self, group, p, g):
        t, (beta1, beta2), lr = self._scratch(p, g), group["betas"], number(group["lr"])
        step = self._count(p)
        m, v = self._buffers(p, "exp_avg", "exp_avg_sq")
        g = _with_decay(self, group, p, g, lr)
        _average(m, g, 1 - beta1, t)
        _average_square(v, g, 1 - beta2, t)
        rate, share = lr / (1 - beta1**step), 1 - beta2**step
        most = 2 / (1 - beta2) - 1
        length = most - 2 * step * beta2**step / share  # of the average that v is, in gradients
        if length <= 5:
            p.array -= module_of(g).multiply(m, rate, out=t)
            return
        trust = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
        module_of(g).sqrt(v, out=t)
        t += group["eps"]
        module_of(g).divide(m, t, out=t)
        t *= rate * (share * trust) ** 0.5
        p.array -= t


class Adamax(Optimizer):
    """Adam with the largest gradient in place of the root mean square, where old ones fade: p -= lr * m / largest.

    Source: Kingma, Ba (2015), "Adam: a method for stochastic optimization", section 7.1.

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> Adamax([w], lr=0.1).step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    kernels = ("foreach", "capturable", "differentiable")

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, *, maximize=False, **kernel):
        check_options(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            **self._kernel_options(kernel),
        })  # fmt: skip

    def _update(self, group, p, g):
        xp, t, (beta1, beta2) = module_of(g), self._scratch(p, g), group["betas"]
        step = self._count(p)
        m, largest = self._buffers(p, "exp_avg", "exp_inf")
        g = self._descent(group, p, g)
        _average(m, g, 1 - beta1, t)
        xp.absolute(g, out=t)
        t += group["eps"]
        largest *= beta2
        xp.maximum(largest, t, out=largest)
        xp.divide(m, largest, out=t)
        t *= number(group["lr"]) / (1 - beta1**step)
        p.array -= t


class RMSprop(Optimizer):
    """Divide by a running root mean square: p -= lr * g / (sqrt(v) + eps).

    `centered` takes the running mean of g off (the variance in place of the mean square); `momentum` as in SGD.
    Source: Tieleman, Hinton (2012), lecture 6.5 of "Neural networks for machine learning"; Graves (2013) for centered.

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0, 1.0], requires_grad=True)
    >>> (w * mg.tensor([5.0, 0.01])).sum().backward()
    >>> RMSprop([w], lr=0.01).step()
    >>> w
    tensor([0.9000, 0.9000], requires_grad=True)
    """

    kernels = ("capturable", "foreach", "differentiable")

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, *,
                 maximize=False, **kernel):  # fmt: skip
        check_options(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "maximize": maximize, **self._kernel_options(kernel),
        })  # fmt: skip

    def _update(self, group, p, g):
        xp, t = module_of(g), self._scratch(p, g)
        self._count(p)
        (v,) = self._buffers(p, "square_avg")
        g = self._descent(group, p, g)
        _average_square(v, g, 1 - group["alpha"], t)
        if group["centered"]:
            (mean,) = self._buffers(p, "grad_avg")
            _average(mean, g, 1 - group["alpha"], t)
            v = v - xp.multiply(mean, mean, out=t)
        xp.sqrt(v, out=t)
        t += group["eps"]
        xp.divide(g, t, out=t)
        if group["momentum"]:
            (velocity,) = self._buffers(p, "momentum_buffer")
            velocity *= group["momentum"]
            velocity += t
            t = xp.multiply(velocity, number(group["lr"]), out=t)
        else:
            t *= number(group["lr"])
        p.array -= t


class Adagrad(Optimizer):
    """Divide by the root of the sum of all squares so far: p -= lr * g / (sqrt(sum) + eps).

    `lr_decay` makes the rate fall besides, as lr / (1 + (step - 1) * lr_decay).
    Source: Duchi, Hazan, Singer (2011), "Adaptive subgradient methods for online learning".

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> Adagrad([w], lr=0.1).step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    kernels = ("foreach", "differentiable", "fused")

    def __init__(self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, *,
                 maximize=False, **kernel):  # fmt: skip
        check_options(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
                      initial_accumulator_value=initial_accumulator_value, eps=eps)  # fmt: skip
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
            **self._kernel_options(kernel),
        })  # fmt: skip
        for p in self._all():
            self._count(p)
            self.state[p]["step"].array[...] = 0
            self._sum(p)

    def _sum(self, p):
        if "sum" not in self.state[p]:
            (total,) = self._buffers(p, "sum")
            total += self.defaults["initial_accumulator_value"]
        return self.state[p]["sum"].array

    def _update(self, group, p, g):
        xp, t, total = module_of(g), self._scratch(p, g), self._sum(p)
        rate = number(group["lr"]) / (1 + (self._count(p) - 1) * group["lr_decay"])
        g = self._descent(group, p, g)
        total += xp.multiply(g, g, out=t)
        xp.sqrt(total, out=t)
        t += group["eps"]
        xp.divide(g, t, out=t)
        t *= rate
        p.array -= t


class Adadelta(Optimizer):
    """The size of a step comes from the sizes of the steps before it: p -= lr * g * sqrt(d + eps) / sqrt(v + eps).

    Source: Zeiler (2012), "ADADELTA: an adaptive learning rate method".

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> Adadelta([w], lr=10).step()
    >>> w
    tensor([0.9684], requires_grad=True)
    """

    kernels = ("foreach", "capturable", "differentiable")

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, *, maximize=False, **kernel):
        check_options(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
        if rho > 1:
            raise ValueError(f"Invalid rho value: {rho}; it must be from 0 to 1")
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            **self._kernel_options(kernel),
        })  # fmt: skip

    def _update(self, group, p, g):
        t, rate, eps = self._scratch(p, g), 1 - group["rho"], group["eps"]
        self._count(p)
        squares, steps = self._buffers(p, "square_avg", "acc_delta")
        g = self._descent(group, p, g)
        _average_square(squares, g, rate, t)
        step = (steps + eps) ** 0.5 / (squares + eps) ** 0.5 * g
        _average_square(steps, step, rate, t)
        p.array -= module_of(g).multiply(step, number(group["lr"]), out=t)
