"""Convolution, and the windows behind it."""

from __future__ import annotations

from ... import ops
from ...errors import DtypeError, ShapeError
from ...explain import tensors_only
from ...ops.windows import out_sizes
from ...tensor import Tensor


def numbers(given, axes, name):
    """One number per axis, from one number or a sequence."""
    if type(given) is int:
        return (given,) * axes
    if type(given) is tuple and len(given) == axes and all([type(n) is int for n in given]):
        return given
    given = (given,) * axes if not isinstance(given, (tuple, list)) else tuple(given)
    if not all(hasattr(n, "__index__") for n in given):
        raise TypeError(f"{name} must be a whole number or one for each of {axes} axes, not {given}")
    given = tuple(int(n) for n in given)
    if len(given) == 1:
        given *= axes
    if len(given) != axes:
        raise RuntimeError(f"expected {name} to be a single integer value or a list of {axes} values, but got {given}")
    return given


def batched(name, input, axes):
    """The input with an axis for the batch, and whether it had one. Errors: ShapeError for other numbers of axes."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be a Tensor, not {type(input).__name__}")
    if input.dim() not in (axes + 1, axes + 2):
        raise ShapeError(
            f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {name}, but got input of size: "
            f"{list(input.shape)}"
        )
    has_batch = input.dim() == axes + 2
    return (input if has_batch else input.unsqueeze(0)), has_batch


def _check(name, input, weight, bias, groups, channels, outputs):
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    if input.dtype is not weight.dtype:
        raise DtypeError(f"{name}(): Input type ({input.dtype}) and weight type ({weight.dtype}) should be the same")
    if weight.size(0) % groups or weight.size(0) < groups:
        raise ShapeError(f"{name}(): weight of size {list(weight.shape)} cannot be divided into {groups} groups")
    if input.size(1) != channels:
        raise ShapeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{channels} channels, but got {input.size(1)} channels instead"
        )
    if not isinstance(bias, Tensor | None):
        raise TypeError(f"{name}(): argument 'bias' must be a Tensor or None, not {type(bias).__name__}")
    if bias is not None and tuple(bias.shape) != (outputs,):
        raise ShapeError(f"{name}(): expected bias to be 1-dimensional with {outputs} elements, not {list(bias.shape)}")


def _positive(name, what, values):
    if any(n <= 0 for n in values):
        raise RuntimeError(f"{name}(): non-positive {what} is not supported: {values}")
    return values


def _with_bias(y, bias):
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.dim() - 2))


def _pairs(name, padding, kernel, stride, dilation):
    """Padding before and after each axis. "same" puts the odd one behind, as in PyTorch."""
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(f"Invalid padding string: {padding!r}; use 'same' or 'valid'")
        if padding == "same" and any(s != 1 for s in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        total = [d * (k - 1) if padding == "same" else 0 for k, d in zip(kernel, dilation, strict=True)]
        return tuple((n // 2, n - n // 2) for n in total)
    padding = numbers(padding, len(kernel), "padding")
    if any(n < 0 for n in padding):
        raise RuntimeError("negative padding is not supported")
    return tuple((n, n) for n in padding)


def _conv(axes, name):
    def run(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        input, has_batch = batched(name, input, axes)
        if not isinstance(weight, Tensor):
            raise TypeError(f"{name}(): argument 'weight' must be a Tensor, not {type(weight).__name__}")
        if weight.dim() != axes + 2:
            raise ShapeError(f"{name}(): expected weight with {axes + 2} axes, got {list(weight.shape)}")
        _check(name, input, weight, bias, groups, weight.size(1) * groups, weight.size(0))
        stride = _positive(name, "stride", numbers(stride, axes, "stride"))
        dilation = _positive(name, "dilation", numbers(dilation, axes, "dilation"))
        padding = _pairs(name, padding, weight.array.shape[2:], stride, dilation)
        y = ops.convolution(input, weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
        y = _with_bias(y, bias)
        return y if has_batch else y.squeeze(0)

    lengths = "H, W" if axes == 2 else "L"
    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""Kernels that slide over the input (a cross-correlation), plus bias.

    Shapes: input (N, C, {lengths}) or without N, weight (O, C / groups, kernel), bias (O,) -> (N, O, {lengths} out)
    Padding is a number, one per axis, "valid" (none) or "same" (the output is as large as the input).
    Errors: ShapeError when the channels or the groups do not fit, or the kernel is larger than the input.
    """
    return run


conv1d, conv2d = _conv(1, "conv1d"), _conv(2, "conv2d")


def _conv_transpose(axes, name):
    def run(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        input, has_batch = batched(name, input, axes)
        _check(name, input, weight, bias, groups, weight.size(0), weight.size(1) * groups)
        stride = _positive(name, "stride", numbers(stride, axes, "stride"))
        dilation = _positive(name, "dilation", numbers(dilation, axes, "dilation"))
        padding = numbers(padding, axes, "padding")
        extra = numbers(output_padding, axes, "output_padding")
        if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
            raise RuntimeError("output padding must be smaller than either stride or dilation")
        kernel = weight.array.shape[2:]
        sizes = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + e + 1
            for n, s, p, d, k, e in zip(input.shape[2:], stride, padding, dilation, kernel, extra, strict=True)
        )
        if any(n < 1 for n in sizes):
            raise ShapeError(f"{name}(): output size {sizes} is too small: less padding, or a larger input")
        y = ops.convolution_input(
            input, weight, sizes=sizes, stride=stride, padding=tuple((p, p) for p in padding), dilation=dilation,
            groups=groups,
        )  # fmt: skip
        y = _with_bias(y, bias)
        return y if has_batch else y.squeeze(0)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = """Each input element times the kernel, added where kernels overlap: conv's gradient, as a layer.

    Shapes: input (N, C, sizes), weight (C, O / groups, kernel), bias (O,) -> (N, O, larger sizes)
    """
    return run


conv_transpose1d, conv_transpose2d = (tensors_only(_conv_transpose(n, f"conv_transpose{n}d")) for n in (1, 2))


def _geometry(kernel_size, dilation, padding, stride):
    padding = numbers(padding, 2, "padding")
    return {
        "kernel": numbers(kernel_size, 2, "kernel_size"), "stride": numbers(stride, 2, "stride"),
        "padding": tuple((p, p) for p in padding), "dilation": numbers(dilation, 2, "dilation"),
    }  # fmt: skip


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """All windows, each as a column. Shapes: input (N, C, H, W) or without N -> (N, C * kernel, windows)"""
    input, has_batch = batched("unfold", input, 2)
    columns = ops.im2col(input, **_geometry(kernel_size, dilation, padding, stride))
    return columns if has_batch else columns.squeeze(0)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns back to where `unfold` took them from, added where windows overlap.

    Shapes: input (N, C * kernel, windows) or without N -> (N, C, *output_size)
    """
    input, has_batch = batched("fold", input, 1)
    geometry, sizes = _geometry(kernel_size, dilation, padding, stride), numbers(output_size, 2, "output_size")
    area = geometry["kernel"][0] * geometry["kernel"][1]
    down, across = out_sizes(sizes, **geometry)
    if input.size(1) % area or input.size(2) != down * across:
        raise ShapeError(
            f"fold(): input {list(input.shape)} does not fit output_size {sizes}: expected (N, C * {area}, "
            f"{down * across})"
        )
    image = ops.col2im(input, sizes=sizes, **geometry)
    return image if has_batch else image.squeeze(0)
