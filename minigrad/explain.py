"""Error messages of ops: the op, its operands with shapes, dtypes and devices, what is wrong, and the remedy."""

from __future__ import annotations

import functools
import inspect

from .errors import DeviceError, DtypeError, GradError, ShapeError
from .tensor import Tensor


def describe(op, inputs):
    """E.g. "mul(a: (2, 3) float32 on cpu, b: 2)", the head of every error message."""
    words = []
    for name, x in zip(op.names_of(inputs), inputs, strict=False):
        if isinstance(x, Tensor):
            words.append(f"{name}: {tuple(x.array.shape)} {x.dtype.name} on {x.device}")
        else:
            words.append(f"{name}: {x!r}")
    return f"{op.name}({', '.join(words)})"


def wrong_argument(op, name, x):
    hint = "Make it a tensor with minigrad.tensor(...) or minigrad.from_numpy(...)."
    hint = getattr(x, "no_tensor", hint)  # what a node of minigrad.static says
    return TypeError(f"{op.__name__}(): argument '{name}' must be a Tensor, not {type(x).__name__}. {hint}")


def tensors_only(function):
    """The same function, but what stands in it where a tensor belongs is named in a TypeError.

    It is looked for when something is found not to be a tensor, and not before: good arguments are not slowed down.
    """

    @functools.wraps(function)
    def run(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except AttributeError as error:
            given, wrong = inspect.signature(function).bind(*args, **kwargs).arguments, error.obj
            names = [name for name, x in given.items() if _holds(x, wrong)]
            if not names or isinstance(wrong, Tensor) or not hasattr(Tensor, error.name):
                raise
        raise wrong_argument(function, names[0], wrong)

    return run


def _holds(given, wrong):
    """Whether it is that, or stands in that list; to ask with `in` would compare tensors."""
    return given is wrong or (type(given) in (tuple, list) and any(_holds(x, wrong) for x in given))


def explain(op, inputs, error):
    """An array module's complaint as the kind of error that PyTorch raises, with op, shapes, dtypes and devices."""
    if isinstance(error, (ShapeError, DtypeError, DeviceError, GradError)):
        return error
    text = f"{describe(op, inputs)}: {error}"
    if isinstance(error, IndexError) or type(error).__name__ == "AxisError":
        return IndexError(text)
    if isinstance(error, TypeError):
        about_dtypes = any(words in str(error) for words in ("not supported", "did not contain a loop", "Wrong type"))
        return DtypeError(text) if about_dtypes else TypeError(text)
    if op.kind == "matmul":
        for x in inputs:
            if not x.array.ndim:
                return ShapeError(f"{describe(op, inputs)}: operands need at least one axis. Use * for plain numbers.")
    if op.broadcasts and op.kind != "matmul":
        text = (
            f"{describe(op, inputs)}: the shapes do not broadcast. From the last axis back, lengths must be "
            "equal or 1; reshape one operand, or add an axis with x[:, None] or x.unsqueeze(dim)."
        )
    elif op.kind == "matmul":
        text = f"{describe(op, inputs)}: the inner lengths must agree, (..., n, k) with (..., k, m). Transpose one?"
    return ShapeError(text)
