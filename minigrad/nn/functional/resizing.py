"""Images and sequences made larger or smaller."""

from __future__ import annotations

import math

from ... import ops
from ...device import module_of
from ...errors import DtypeError, ShapeError
from ...explain import tensors_only
from ...tensor import Tensor
from .pool import adaptive_avg_pool1d, adaptive_avg_pool2d

AXES = {"linear": 1, "bilinear": 2}


def interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
    antialias=False,
):  # fmt: skip
    """The input with another length for each axis after the channels: `size`, or `scale_factor` times what it was.

    Modes: "nearest" and "nearest-exact" (an element of the input each), "linear" for (N, C, L) and "bilinear" for
    (N, C, H, W) (a mean of neighbours; with `align_corners` the ends of both grids meet), "area" (means of windows).
    PyTorch's other modes and `antialias` are not in minigrad.

    >>> import minigrad as mg
    >>> interpolate(mg.tensor([[[1.0, 3.0]]]), scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    """
    axes = input.dim() - 2
    if axes < 1:
        raise ShapeError(f"interpolate(): the input must have axes after (N, C), but its shape is {list(input.shape)}")
    if not input.is_floating_point():
        raise DtypeError(f"interpolate(): is not defined for {input.dtype}. Use .float() first.")
    if antialias or mode not in ("nearest", "nearest-exact", "area", *AXES):
        raise NotImplementedError(f"interpolate(): mode {mode!r} with antialias={antialias} is not in minigrad")
    if AXES.get(mode, axes) != axes:
        raise NotImplementedError(f"interpolate(): {mode!r} takes {AXES[mode] + 2}D input, but got {axes + 2}D")
    if align_corners is not None and mode not in AXES:
        raise ValueError("align_corners option can only be set with the interpolating modes: linear | bilinear")
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate(): give either size or scale_factor, and not both")
    if size is not None and recompute_scale_factor:
        raise ValueError("interpolate(): recompute_scale_factor is not meaningful with an explicit size.")
    before, steps = input.shape[2:], [None] * axes
    if size is None:
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * axes
        if len(factors) != axes:
            raise ValueError(f"interpolate(): scale_factor must be one number or {axes}, got {scale_factor}")
        size = tuple(math.floor(n * factor) for n, factor in zip(before, factors, strict=True))
        steps = [None if recompute_scale_factor else 1 / factor for factor in factors]
    size = size if isinstance(size, (tuple, list)) else (size,) * axes
    if len(size) != axes:
        raise ValueError(f"interpolate(): size must be one number or {axes}, got {size}")
    if any(n < 1 for n in (*before, *size)):
        raise ShapeError(f"interpolate(): input and output sizes should be greater than 0, got {before} and {size}")
    if mode == "area":
        return (adaptive_avg_pool1d if axes == 1 else adaptive_avg_pool2d)(input, size if axes > 1 else size[0])
    for axis, (n, out, step) in enumerate(zip(before, size, steps, strict=True)):
        positions = _positions(module_of(input.array), n, out, step or n / out, mode, align_corners)
        input = _taken(input, axis + 2, n, positions, mode)
    return input


def _positions(xp, n, out, step, mode, align_corners):
    """Where each new element stands among the n old ones, as a fraction."""
    if mode == "nearest":
        return xp.arange(out) * step
    if align_corners:
        return xp.arange(out) * ((n - 1) / max(out - 1, 1))
    return (xp.arange(out) + 0.5) * step - (0.5 if mode in AXES else 0)


def _taken(x, axis, n, positions, mode):
    """The elements at these positions along the axis, or between the two around each."""
    xp = module_of(positions)
    positions = xp.clip(positions, 0, n - 1)
    low = xp.floor(positions).astype("int64")

    def at(rows):
        return x[(slice(None),) * axis + (Tensor(rows),)]

    if mode not in AXES:
        return at(low)
    weight = (positions - low).astype(x.array.dtype).reshape([-1] + [1] * (x.dim() - axis - 1))
    return ops.lerp(at(low), at(xp.minimum(low + 1, n - 1)), Tensor(weight))


@tensors_only
def pixel_shuffle(input, upscale_factor):
    """Channels laid out as pixels, in squares. Shapes: (..., C r r, H, W) -> (..., C, H r, W r). Shi et al. (2016)."""
    *lead, channels, height, width = _image("pixel_shuffle", input, upscale_factor)
    r = upscale_factor
    if channels % (r * r):
        raise ShapeError(f"pixel_shuffle(): {channels} channels cannot be divided by the square of {r}")
    apart = input.reshape(*lead, channels // (r * r), r, r, height, width)
    rows = apart.movedim((-4, -3), (-3, -1))  # (..., C, H, r, W, r)
    return rows.reshape(*lead, channels // (r * r), height * r, width * r)


@tensors_only
def pixel_unshuffle(input, downscale_factor):
    """`pixel_shuffle` undone. Shapes: (..., C, H r, W r) -> (..., C r r, H, W)"""
    *lead, channels, height, width = _image("pixel_unshuffle", input, downscale_factor)
    r = downscale_factor
    if height % r or width % r:
        raise ShapeError(f"pixel_unshuffle(): height {height} and width {width} must be divisible by {r}")
    squares = input.reshape(*lead, channels, height // r, r, width // r, r)
    return squares.movedim((-3, -1), (-4, -3)).reshape(*lead, channels * r * r, height // r, width // r)


def _image(name, input, factor):
    if input.dim() < 3:
        raise ShapeError(f"{name}(): expects (..., C, H, W), but got input with {input.dim()} axes")
    if factor < 1:
        raise ShapeError(f"{name}(): expects a factor from 1 up, but got {factor}")
    return input.shape
