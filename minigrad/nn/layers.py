"""Layers and containers. Names, arguments and initial ranges follow torch.nn."""

from __future__ import annotations

from ..creation import ones, rand, zeros
from ..errors import ShapeError
from . import functional as F
from .module import Module, Parameter


def _uniform(bound, *shape):
    return rand(*shape).array * (2 * bound) - bound  # no ops: making a layer is no part of the graph


class Linear(Module):
    """y = x W^T + b.

    Shapes: x (..., in_features) -> (..., out_features)
    Initial values are uniform on +-1/sqrt(in_features), as torch.nn.Linear's are.

    >>> import minigrad as mg
    >>> Linear(3, 2)(mg.ones(5, 3)).shape
    Size([5, 2])
    """

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = in_features**-0.5 if in_features else 0.0
        self.weight = Parameter(_uniform(bound, out_features, in_features))
        self.bias = Parameter(_uniform(bound, out_features)) if bias else None

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self):
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x):
        return F.relu(x)


class Tanh(Module):
    """Hyperbolic tangent."""

    def forward(self, x):
        return F.tanh(x)


class Sigmoid(Module):
    """1 / (1 + exp(-x))."""

    def forward(self, x):
        return F.sigmoid(x)


class Dropout(Module):
    """Zeroes elements with probability p while training; lets everything through after eval()."""

    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p

    def forward(self, x):
        return F.dropout(x, self.p, self.training)

    def extra_repr(self):
        return f"p={self.p}"


class BatchNorm1d(Module):
    """Normalises each feature over the batch, and keeps running statistics for use after eval().

    Shapes: x (N, num_features) -> the same. Training updates the running statistics, also under no_grad.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight, self.bias = Parameter(ones(num_features)), Parameter(zeros(num_features))
        self.register_buffer("running_mean", zeros(num_features))
        self.register_buffer("running_var", ones(num_features))

    def forward(self, x):
        if x.dim() != 2 or x.size(1) != self.num_features:
            raise ShapeError(f"BatchNorm1d expects input of shape (N, {self.num_features}), got {tuple(x.shape)}")
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps
        )

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class Sequential(Module):
    """Modules one after the other, given one by one or as a dict of names.

    >>> import minigrad as mg
    >>> Sequential(Linear(2, 3), Tanh())(mg.ones(1, 2)).shape
    Size([1, 3])
    """

    def __init__(self, *modules):
        super().__init__()
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], dict) else dict(enumerate(modules))
        for name, module in named.items():
            self.add_module(str(name), module)

    def forward(self, x):
        for module in self._modules.values():
            x = module(x)
        return x

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, index):
        chosen = list(self._modules.items())[index]
        return Sequential(dict(chosen)) if isinstance(index, slice) else chosen[1]

    def __setitem__(self, index, module):
        self.add_module(list(self._modules)[index], module)


class ModuleList(Module):
    """A list whose modules are registered, so that parameters() finds them. It has no forward: loop over it."""

    def __init__(self, modules=()):
        super().__init__()
        self.extend(modules)

    def append(self, module):
        """Add one module at the end; returns the list."""
        self.add_module(str(len(self._modules)), module)
        return self

    def extend(self, modules):
        """Add several modules at the end; returns the list."""
        for module in modules:
            self.append(module)
        return self

    def forward(self, *inputs):
        raise NotImplementedError(
            "Module [ModuleList] is missing the required \"forward\" function: a ModuleList only holds modules. "
            "Write `for layer in layers: x = layer(x)`, or use Sequential."
        )

    __len__ = Sequential.__len__
    __iter__ = Sequential.__iter__
    __setitem__ = Sequential.__setitem__

    def __getitem__(self, index):
        chosen = list(self._modules.values())[index]
        return ModuleList(chosen) if isinstance(index, slice) else chosen


class MSELoss(Module):
    """Squared difference: averaged, or as `reduction` says."""

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, x, target):
        return F.mse_loss(x, target, self.reduction)


class CrossEntropyLoss(Module):
    """The loss of a classifier, from raw scores: averaged, or as `reduction` says."""

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, logits, target):
        return F.cross_entropy(logits, target, self.reduction)
