"""Reading what is stored in whole numbers with a factor: back to what they stand for, and to whole numbers again."""

from __future__ import annotations

import numpy as np

from .limits import demand
from .protos import Unread, dtype_of, reads
from .read_math import cast_to


def _beside(r, x, of, axis):
    """A factor for each place of one axis, shaped to broadcast; a single one as it is."""
    if x is None or x.shape == () or of.ndim == 1:
        return x
    if x.ndim != 1:
        raise Unread("factors block by block")
    if x.shape == (1,):
        return r.step("reshape", x, shape=())
    axis %= of.ndim
    made = r.step("reshape", x, shape=(*[1] * axis, -1, *[1] * (of.ndim - axis - 1)))
    made.dtype = x.dtype
    return made


def real(r, x, scale, zero, axis=1):
    """(x - zero) scale."""
    far = cast_to(r, x, np.float32)
    if zero is not None:
        far = r.step("sub", far, cast_to(r, _beside(r, zero, x, axis), np.float32))
    return r.step("mul", far, cast_to(r, _beside(r, scale, x, axis), np.float32))


def whole(r, x, scale, zero, dtype, axis=1, of=None):
    """x / scale + zero, rounded, and no further than the dtype goes."""
    ends, of = np.iinfo(dtype), x if of is None else of
    y = r.step("round", r.step("div", x, _beside(r, scale, of, axis)))
    if zero is not None:
        y = r.step("add", y, cast_to(r, _beside(r, zero, of, axis), np.float32))
    return cast_to(r, r.step("clamp", y, min=float(ends.min), max=float(ends.max)), dtype)


@reads("DequantizeLinear")
def dequantize(r, node, x, scale, zero=None, axis=1, block_size=0, output_dtype=0):
    """To real numbers."""
    if block_size:
        raise Unread("factors block by block")
    return cast_to(r, real(r, x, scale, zero, axis), dtype_of(output_dtype) if output_dtype else scale.dtype)


@reads("QuantizeLinear")
def quantize(r, node, x, scale, zero=None, axis=1, block_size=0, output_dtype=0, saturate=1, precision=0):
    """To whole numbers."""
    if block_size or precision:
        raise Unread("factors block by block, or of another precision")
    dtype = dtype_of(output_dtype) if output_dtype else np.dtype("uint8") if zero is None else zero.dtype
    demand(dtype.kind in "iu", "a dtype that is not whole")
    return whole(r, x, scale, zero, dtype, axis)


def _less(r, x, zero, axis):
    far = cast_to(r, x, np.int32)
    return far if zero is None else r.step("sub", far, cast_to(r, _beside(r, zero, x, axis), np.int32))


@reads("MatMulInteger")
def matmul_integer(r, node, a, b, zero_a=None, zero_b=None):
    """A product of whole numbers."""
    return r.step("matmul", _less(r, a, zero_a, -2), _less(r, b, zero_b, -1))


@reads("QLinearMatMul")
def matmul_quantized(r, node, a, scale_a, zero_a, b, scale_b, zero_b, scale, zero):
    """A product of what they stand for."""
    product = r.step("matmul", real(r, a, scale_a, zero_a, -2), real(r, b, scale_b, zero_b, -1))
    return whole(r, product, cast_to(r, scale, np.float32), zero, zero.dtype, of=a)
