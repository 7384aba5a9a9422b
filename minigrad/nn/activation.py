"""Activations as modules, for use in a Sequential. What they compute stands in `nn/functional/activation.py`.

They differ only in a function and its arguments, so there is one class for each row of a table.
"""

from __future__ import annotations

from inspect import Parameter as Argument
from inspect import Signature

from . import functional as F
from . import init
from .linear import new
from .module import Module

REQUIRED = Argument.empty


class Activation(Module):
    """Calls `function(input, ...)` with the arguments that the module was made with."""

    function, shown = None, "{name}={value!r}"  # how an argument is printed
    __signature__ = Signature()

    def __init__(self, *args, **kwargs):
        super().__init__()
        given = type(self).__signature__.bind(*args, **kwargs)
        given.apply_defaults()
        self._names = tuple(given.arguments)
        for name, value in given.arguments.items():
            setattr(self, name, value)

    def extra_repr(self):
        names = [n for n in self._names if self.shown and (n != "inplace" or self.inplace)]
        return ", ".join(self.shown.format(name=n, value=getattr(self, n)) for n in names)


def _layer(name, function, **arguments):
    """The class of modules that call this function. The values given here are the arguments' defaults.

    `forward` is put together as source, so that it does not have to go through the names of the arguments. It belongs
    to this file: who looks for the line that called an op must not take it for one of the user's.
    """
    given = ", ".join(["input", *[f"self.{n}" for n in arguments]])
    source = compile(f"lambda self, input: function({given})", f"{__file__}:{name}", "eval")
    parameters = [Argument(n, Argument.POSITIONAL_OR_KEYWORD, default=value) for n, value in arguments.items()]
    return type(name, (Activation,), {
        "__doc__": f"`nn.functional.{function.__name__}` as a module: {function.__doc__.partition('>>>')[0].strip()}",
        "__module__": __name__,
        "__signature__": Signature(parameters), "function": staticmethod(function),
        "forward": eval(source, {"function": function}),
    })  # fmt: skip


ReLU = _layer("ReLU", F.relu, inplace=False)
ReLU6 = _layer("ReLU6", F.relu6, inplace=False)
LeakyReLU = _layer("LeakyReLU", F.leaky_relu, negative_slope=0.01, inplace=False)
ELU = _layer("ELU", F.elu, alpha=1.0, inplace=False)
SELU = _layer("SELU", F.selu, inplace=False)
CELU = _layer("CELU", F.celu, alpha=1.0, inplace=False)
GELU = _layer("GELU", F.gelu, approximate="none")
SiLU = _layer("SiLU", F.silu, inplace=False)
Mish = _layer("Mish", F.mish, inplace=False)
GLU = _layer("GLU", F.glu, dim=-1)
Sigmoid = _layer("Sigmoid", F.sigmoid)
LogSigmoid = _layer("LogSigmoid", F.logsigmoid)
Tanh = _layer("Tanh", F.tanh)
Tanhshrink = _layer("Tanhshrink", F.tanhshrink)
Softplus = _layer("Softplus", F.softplus, beta=1.0, threshold=20.0)
Softsign = _layer("Softsign", F.softsign)
Softshrink = _layer("Softshrink", F.softshrink, lambd=0.5)
Hardshrink = _layer("Hardshrink", F.hardshrink, lambd=0.5)
Hardtanh = _layer("Hardtanh", F.hardtanh, min_val=-1.0, max_val=1.0, inplace=False)
Hardsigmoid = _layer("Hardsigmoid", F.hardsigmoid, inplace=False)
Hardswish = _layer("Hardswish", F.hardswish, inplace=False)
Softshrink.shown = Hardshrink.shown = "{value!r}"
Hardsigmoid.shown = Hardswish.shown = ""
Threshold = _layer("Threshold", F.threshold, threshold=REQUIRED, value=REQUIRED, inplace=False)
Softmax = _layer("Softmax", F.softmax, dim=None)
Softmin = _layer("Softmin", F.softmin, dim=None)
LogSoftmax = _layer("LogSoftmax", F.log_softmax, dim=None)


class Softmax2d(Module):
    """Softmax over the channels, at each place of an image. Shapes: (N, C, H, W) or (C, H, W)"""

    def forward(self, input):
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)


class PReLU(Module):
    """max(0, x) + weight * min(0, x), with one learned weight, or one per channel (axis 1)."""

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = new(num_parameters, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self):
        """All weights `init`."""
        init.constant_(self.weight, self.init)

    def forward(self, input):
        return F.prelu(input, self.weight)

    def extra_repr(self):
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """leaky_relu with slopes drawn between lower and upper while training. Source: Xu et al. (2015)."""

    def __init__(self, lower=1 / 8, upper=1 / 3, inplace=False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input):
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self):
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")
