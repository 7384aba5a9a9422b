"""Normalisation layers, and dropout: the layers that know whether they are being trained."""

from __future__ import annotations

from .. import memory, modes
from ..creation import ones, tensor, zeros
from ..errors import ShapeError
from . import functional as F
from . import init
from .linear import new
from .module import Module


def _scale_and_shift(module, shape, affine, bias, device, dtype):
    """The parameters weight (ones) and bias (zeros), None where not wanted."""
    kind = {"device": device, "dtype": dtype}
    module.register_parameter("weight", init.ones_(new(*shape, **kind)) if affine else None)
    module.register_parameter("bias", new(*shape, **kind) if affine and bias else None)


class _BatchNorm(Module):
    """Normalises each channel over the batch, and keeps running statistics for use after eval().

    `momentum` is the weight of the newest batch in them; None averages all batches evenly.
    """

    ranks = ()  # numbers of axes that an input may have

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *,
        bias=True,
    ):  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        _scale_and_shift(self, (num_features,), affine, bias, device, dtype)
        tracked, kind = track_running_stats, {"device": device, "dtype": dtype}
        self.register_buffer("running_mean", zeros(num_features, **kind) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **kind) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, device=device) if tracked else None)

    def reset_running_stats(self):
        """Forget all batches."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self):
        """As at the beginning."""
        self.reset_running_stats()
        for p, fill in ((self.weight, init.ones_), (self.bias, init.zeros_)):
            if p is not None:
                fill(p)

    def forward(self, input):
        if input.dim() not in self.ranks:
            wanted = " or ".join(f"{n}D" for n in self.ranks)
            raise ShapeError(f"{type(self).__name__} expected {wanted} input (got {input.dim()}D input)")
        if input.size(1) != self.num_features:
            raise ShapeError(
                f"{type(self).__name__} expects {self.num_features} channels in axis 1, as (N, {self.num_features}) or "
                f"(N, {self.num_features}, ...), got {tuple(input.shape)}"
            )
        share = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            if modes.state.staging is None:
                self.num_batches_tracked.array += 1
                memory.changed(self.num_batches_tracked.array)
            else:  # as an op, so that it can be seen
                self.num_batches_tracked.add_(1)
            if self.momentum is None:
                count = self.num_batches_tracked
                share = 1 / (int(count) if modes.state.staging is None else count)
        use_batch = self.training or self.running_mean is None
        tracked = not self.training or self.track_running_stats
        return F.batch_norm(
            input, self.running_mean if tracked else None, self.running_var if tracked else None, self.weight,
            self.bias, use_batch, share, self.eps,
        )  # fmt: skip

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalises each feature over the batch. Shapes: input (N, C) or (N, C, L) -> the same.

    Training updates the running statistics, also under no_grad. Source: Ioffe & Szegedy (2015).
    """

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises each channel over batch and image. Shapes: input (N, C, H, W) -> the same.

    Training updates the running statistics, also under no_grad; after eval() they are used in place of the batch's.
    Source: Ioffe & Szegedy (2015).

    >>> import minigrad as mg
    >>> norm = BatchNorm2d(3)
    >>> norm(mg.ones(4, 3, 5, 5)).shape, norm.running_mean
    (Size([4, 3, 5, 5]), tensor([0.1000, 0.1000, 0.1000]))
    """

    ranks = (4,)


class _InstanceNorm(_BatchNorm):
    """Normalises each channel of each sample by itself; keeps running statistics only if asked to."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, device=None, dtype=None, *,
        bias=True,
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input):
        if input.dim() not in self.ranks:
            wanted = " or ".join(f"{n}D" for n in self.ranks)
            raise ShapeError(f"{type(self).__name__} expected {wanted} input (got {input.dim()}D input)")
        has_batch = input.dim() == self.ranks[1]
        y = F.instance_norm(
            input if has_batch else input.unsqueeze(0), self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, self.momentum or 0.0, self.eps,
        )  # fmt: skip
        return y if has_batch else y.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Normalises each channel of each sequence by itself. Shapes: input (N, C, L) or (C, L)."""

    ranks = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalises each channel of each image by itself. Shapes: input (N, C, H, W) or (C, H, W)."""

    ranks = (3, 4)


class LayerNorm(Module):
    """Normalises each row by itself, whatever else is in the batch. Shapes: input (..., *normalized_shape).

    Source: Ba, Kiros & Hinton (2016).

    >>> import minigrad as mg
    >>> LayerNorm(2)(mg.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    def __init__(
        self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None
    ):  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        _scale_and_shift(self, shape, elementwise_affine, bias, device, dtype)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        bias = self.bias is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, bias={bias}"


class LocalResponseNorm(Module):
    """Each element over a power of the mean square of the channels around it. Shapes: (N, C, ...) -> the same."""

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input):
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self):
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class RMSNorm(Module):
    """Divides each row by the root of its mean square. Source: Zhang & Sennrich (2019)."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None):
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        _scale_and_shift(self, shape, elementwise_affine, False, device, dtype)
        del self.bias

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalises groups of channels, each sample by itself. Shapes: input (N, C, ...). Source: Wu & He (2018)."""

    def __init__(
        self, num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True
    ):  # fmt: skip
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        _scale_and_shift(self, (num_channels,), affine, bias, device, dtype)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        bias = self.bias is not None
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={bias}"


class _Dropout(Module):
    function = None

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input):
        return type(self).function(input, self.p, self.training, self.inplace)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zeroes elements with probability p while training; lets everything through after eval()."""

    function = staticmethod(F.dropout)


class Dropout1d(_Dropout):
    """Zeroes whole channels of sequences while training. Shapes: input (N, C, L) or (C, L)."""

    function = staticmethod(F.dropout1d)


class Dropout2d(_Dropout):
    """Zeroes whole channels of images while training. Shapes: input (N, C, H, W) or (C, H, W)."""

    function = staticmethod(F.dropout2d)


class AlphaDropout(_Dropout):
    """Dropout for use with SELU: it keeps mean 0 and variance 1."""

    function = staticmethod(F.alpha_dropout)
