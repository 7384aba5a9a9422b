"""Reading what makes new tensors: constants, numbers in a row, ones in a row."""

from __future__ import annotations

import math

import numpy as np

from ...dtype import as_dtype
from .limits import demand
from .protos import Var, dtype_of, reads
from .read_math import cast_to


@reads("ConstantOfShape")
def constant_of_shape(r, node, shape, value=None):
    """One number everywhere."""
    lengths = r.ints(shape)
    value = np.zeros(1, np.float32) if value is None else value
    if any(isinstance(n, Var) for n in lengths):
        return r.step("tensor.full", value.reshape(-1)[0].item(), shape=tuple(lengths), dtype=as_dtype(value.dtype))
    r.may_make(lengths, "ConstantOfShape")
    return r.constant(np.full(lengths, value.reshape(-1)[0], value.dtype))


@reads("Range")
def arange(r, node, start, limit, delta, **_):
    """Numbers in a row."""
    if all(x.const is not None for x in (start, limit, delta)):
        a, b, c = (r.number(x) for x in (start, limit, delta))
        demand(c != 0, "Range has a step of 0")
        r.may_make([max(0, math.ceil((b - a) / c)) if math.isfinite((b - a) / c) else 2**62], "Range")
        return r.constant(np.arange(a, b, c, start.dtype))
    kind = "tensor.float" if start.dtype.kind == "f" else "tensor.int"
    return r.step("tensor.arange", *[r.step(kind, x) for x in (start, limit, delta)], dtype=as_dtype(start.dtype))


@reads("EyeLike")
def eye_like(r, node, x, dtype=None, k=0):
    """Ones on a diagonal."""
    wanted = x.dtype if dtype is None else dtype_of(dtype)
    demand(x.shape is not None and None not in x.shape, "its shape is not known")
    r.may_make(x.shape, "EyeLike")
    return r.constant(np.eye(*x.shape, k=k, dtype=wanted))


@reads("OneHot")
def one_hot(r, node, indices, depth, values, axis=-1):
    """One value where the index is, another elsewhere."""
    n = r.ints(depth)[0] if depth.dtype.kind in "iu" else r.step("tensor.int", depth)
    if isinstance(n, int):
        r.may_make([n], "OneHot")
    places = indices if indices.dtype == np.int64 else cast_to(r, indices, "int64")
    places = r.step("where", r.step("lt", places, 0), r.step("add", places, n), places)
    mask = r.step("one_hot_mask", places, classes=n)
    off, on = (r.step("index", values, index=i) for i in (0, 1))
    made = r.step("where", mask, on, off)
    count = indices.ndim + 1
    order = list(range(count - 1))
    order.insert(axis % count, count - 1)
    return r.step("permute", made, dims=tuple(order))
