"""Random numbers as ONNX: a runtime draws its own, so they are of the same kind as minigrad's, and never the same."""

from __future__ import annotations

import inspect

import numpy as np

from ...dtype import as_dtype, get_default_dtype
from ..calls import call_named
from .build import Sym
from .emit_scan import order
from .formulas import XP, minimum, where
from .names import CODES
from .table import emits


def _drawn(into, kind, shape, dtype, **options):
    """`RandomUniform` or `RandomNormal` of this shape; runtimes draw single and double precision."""
    wide = np.dtype("float64") if np.dtype(dtype).kind != "f" or dtype == np.float64 else np.dtype("float32")
    if any(isinstance(n, Sym) for n in shape):
        like = into.op("Expand", into.constant(0.0, np.float32), list(shape))
        return into.op(f"{kind}Like", like, dtype=CODES[wide], **options)
    return into.op(kind, shape=[int(n) for n in shape], dtype=CODES[wide], **options)


def _uniform(into, shape, dtype, a=0.0, b=1.0):
    return _drawn(into, "RandomUniform", shape, dtype, low=float(a), high=float(b))


def _integers(into, shape, dtype, low, high):
    return minimum(XP.floor(_uniform(into, shape, np.dtype("float64"), low, high)), high - 1)


def _chances(into, shape, dtype, p):
    return _uniform(into, shape, np.dtype("float64")) < p


def _permutation(into, shape, dtype):
    return order(_uniform(into, shape, np.dtype("float32")), 0)[1]


HOW = {
    "uniform": _uniform, "integers": _integers, "permutation": _permutation, "chances": _chances,
    "normal": lambda into, shape, dtype, mean=0.0, std=1.0: _drawn(
        into, "RandomNormal", shape, dtype, mean=float(mean), scale=float(std)),
    "exponential": lambda into, shape, dtype, lambd: -XP.log(1 - _uniform(into, shape, dtype)) / lambd,
    "kept": lambda into, shape, dtype, p, scale: where(
        _uniform(into, shape, dtype) >= p, into.constant(scale, dtype), into.constant(0.0, dtype)),
}  # fmt: skip


@emits("random.draw")
def draw(into, what, shape, dtype, generator=None, options=None):
    """One of random.DRAWS."""
    return HOW[what](into, shape, np.dtype(dtype), **(options or {})).astype(dtype)


@emits("random.rand", "random.randn")
def rand(into, name, shape, dtype=None, generator=None):
    """Uniform on [0, 1), or normal."""
    dtype = np.dtype(as_dtype(dtype or get_default_dtype()).numpy)
    return draw(into, {"random.rand": "uniform", "random.randn": "normal"}[name], shape, dtype)


# Whole functions, which script leaves whole since they draw


def _given(name, operands, rest, named):
    """The arguments of a call by name, defaults filled in."""
    bound = inspect.signature(call_named(name).function).bind(*operands, *rest, **named)
    bound.apply_defaults()
    return bound.arguments


@emits("F.dropout")
def dropout(x, *operands, into, rest=(), named=None):
    """Zeros at random, while training."""
    given = _given("F.dropout", (x, *operands), rest, named or {})
    p, training = given["p"], given["training"]
    if training is False or p == 0:
        return x
    return x * draw(into, "kept", x.shape, x.dtype, options={"p": p, "scale": 0.0 if p == 1 else 1 / (1 - p)})


@emits("mg.bernoulli", "Tensor.bernoulli")
def bernoulli(x, *operands, into, rest=(), named=None):
    """1 with the probability that stands in x, or with p."""
    p = _given("mg.bernoulli", (x, *operands), rest, named or {})["p"]
    return draw(into, "chances", x.shape, x.dtype, options={"p": x.astype("float64") if p is None else p})


@emits("mg.rand_like", "mg.randn_like")
def like(x, into, name, rest=(), named=None):
    """As many as x has."""
    dtype = (named or {}).get("dtype")
    what = "uniform" if name == "mg.rand_like" else "normal"
    return draw(into, what, x.shape, x.dtype if dtype is None else as_dtype(dtype).numpy)


@emits("mg.rand", "mg.randn")
def of_shape(*operands, into, name, rest=(), named=None):
    """Of a shape that is given as numbers, or as one tuple."""
    named, given = dict(named or {}), (*operands, *rest)
    shape = named.get("size", given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given)
    return rand(into, name.replace("mg.", "random."), shape, named.get("dtype"))
