"""Convolution layers."""

from __future__ import annotations

import math

from . import functional as F
from .functional.conv import numbers
from .linear import uniform
from .module import Module


class _Conv(Module):
    """What convolution layers have in common. `axes` is how many the kernel slides over."""

    axes, transposed, function = 0, False, None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
        padding_mode, device, dtype,
    ):  # fmt: skip
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups or out_channels % groups:
            which = "in_channels" if in_channels % groups else "out_channels"
            raise ValueError(f"{which} must be divisible by groups")
        if padding_mode != "zeros" and (self.transposed or padding_mode not in ("reflect", "replicate", "circular")):
            raise ValueError(f"padding_mode {padding_mode!r} is not supported here")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of 'valid', 'same'")
        if padding == "same" and any(s != 1 for s in numbers(stride, self.axes, "stride")):
            raise ValueError("padding='same' is not supported for strided convolutions")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = numbers(kernel_size, self.axes, "kernel_size")
        self.stride = numbers(stride, self.axes, "stride")
        self.padding = padding if isinstance(padding, str) else numbers(padding, self.axes, "padding")
        self.dilation = numbers(dilation, self.axes, "dilation")
        self.output_padding = numbers(output_padding, self.axes, "output_padding")
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape, kind = (first, second // groups, *self.kernel_size), {"device": device, "dtype": dtype}
        fan_in = math.prod(shape[1:])
        bound = fan_in**-0.5 if fan_in else 0.0
        self.weight = uniform(bound, *shape, **kind)
        self.register_parameter("bias", uniform(bound, out_channels, **kind) if bias else None)

    def extra_repr(self):
        words = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * self.axes:
                words += f", {name}={value}"
        words += "" if self.groups == 1 else f", groups={self.groups}"
        words += "" if self.bias is not None else ", bias=False"
        return words if self.padding_mode == "zeros" else words + f", padding_mode={self.padding_mode}"


class _Forward(_Conv):
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros", device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device,
            dtype,
        )  # fmt: skip

    def forward(self, input):
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._around(), mode=self.padding_mode), 0
        return type(self).function(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )  # fmt: skip

    def _around(self):
        """The padding as `F.pad` takes it: before and after each axis, the last axis first."""
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(n // 2, n - n // 2) for n in total]
        else:
            pairs = [(p, p) for p in ((0,) * self.axes if self.padding == "valid" else self.padding)]
        return [n for pair in reversed(pairs) for n in pair]


class Conv1d(_Forward):
    """Kernels that slide along a sequence.

    Shapes: input (N, in_channels, L) or without N -> (N, out_channels, L out)
    Initial values are uniform on +-1/sqrt(in_channels / groups * kernel), as torch.nn.Conv1d's are.
    """

    axes, function = 1, staticmethod(F.conv1d)


class Conv2d(_Forward):
    """Kernels that slide over an image.

    Shapes: input (N, in_channels, H, W) or without N -> (N, out_channels, H out, W out)
    Initial values are uniform on +-1/sqrt(in_channels / groups * kernel), as torch.nn.Conv2d's are.

    >>> import minigrad as mg
    >>> Conv2d(1, 6, 5, padding="same")(mg.ones(2, 1, 8, 8)).shape
    Size([2, 6, 8, 8])
    """

    axes, function = 2, staticmethod(F.conv2d)


class _Transposed(_Conv):
    transposed = True

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True,
        dilation=1, padding_mode="zeros", device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input, output_size=None):
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return type(self).function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )  # fmt: skip

    def _extra(self, input, output_size):
        """The output padding that gives this output size."""
        given = zip(
            output_size[-self.axes :], input.shape[-self.axes :], self.stride, self.padding, self.dilation,
            self.kernel_size, strict=True,
        )  # fmt: skip
        extra = tuple(out - ((n - 1) * s - 2 * p + d * (k - 1) + 1) for out, n, s, p, d, k in given)
        if any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            raise ValueError(f"requested an output size of {tuple(output_size)}, which no padding of this layer gives")
        return extra


class ConvTranspose1d(_Transposed):
    """The gradient of Conv1d as a layer: a longer sequence. Shapes: (N, in_channels, L) -> (N, out_channels, ...)"""

    axes, function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """The gradient of Conv2d as a layer: a larger image. Shapes: (N, in_channels, H, W) -> (N, out_channels, ...)"""

    axes, function = 2, staticmethod(F.conv_transpose2d)


class Unfold(Module):
    """All windows of an image as columns. Shapes: input (N, C, H, W) -> (N, C * kernel, windows)"""

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input):
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )


class Fold(Module):
    """Columns back to an image, added where they overlap. Shapes: (N, C * kernel, windows) -> (N, C, *output_size)"""

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input):
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
