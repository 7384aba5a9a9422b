"""Running one case on one library. What comes out is an `Outcome`: a line of text, and the numbers that belong to it.

    float32[2]* | a: float32[2, 3], b: None

says: the program gave a float32 tensor of shape (2) that requires grad; after backward, with fixed weights on the
output, a.grad had this dtype and shape and b had none. The numbers stand beside it, in the same order. An error is its
kind: "IndexError", or "float32[2]* | RuntimeError" when it came from backward.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import math
import numbers
import warnings
from typing import NamedTuple

import numpy as np

from .cases import DTYPES, NAMES, draw

KINDS = (
    NotImplementedError, RuntimeError, IndexError, KeyError, AttributeError, AssertionError, ImportError, TypeError,
    ValueError, ZeroDivisionError, OverflowError, NameError, RecursionError, StopIteration, Warning,
)  # fmt: skip


class Outcome(NamedTuple):
    """What a case gave: text, its arrays, and the error behind it if there was one (not recorded)."""

    text: str
    arrays: tuple = ()
    error: BaseException | None = None


def run(case, m):
    """Run a case on library `m`; never raises but for a mistake in the program's syntax."""
    code, names = _compiled(case.program), _names(m)
    arrays = []
    try:
        for position, (name, spec) in enumerate(zip(NAMES, case.specs, strict=False)):
            array, wanted = draw(spec, position)
            names[name] = m.from_numpy(array).requires_grad_(wanted)
        exec(code, names)
        result = names.pop("_result")
        text = _describe(result, m, arrays)
    except Exception as error:
        _reset(m)
        return Outcome(_kind(error), (), error)
    forward = len(arrays)
    try:
        _backward(result, m)
        found = [f"{name}: {_describe(leaf.grad, m, arrays)}" for name, leaf in _leaves(names, m)]
    except Exception as error:
        return Outcome(f"{text} | {_kind(error)}", tuple(arrays[:forward]), error)
    finally:
        _reset(m)
    return Outcome(" | ".join([text, ", ".join(found)] if found else [text]), tuple(arrays))


@functools.cache
def _compiled(program):
    """Code that leaves the value of the program's last line in `_result`."""
    tree = ast.parse(program)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("_result", ast.Store())], last.value), last)
    else:
        tree.body.append(ast.parse("_result = None").body[0])
    return compile(ast.fix_missing_locations(tree), "<case>", "exec")


def _names(m):
    return {"m": m, "nn": m.nn, "F": m.nn.functional, "optim": m.optim, "np": np, "math": math,
            "fill": functools.partial(fill, m)}  # fmt: skip


def _reset(m):
    """Undo what a program may have switched."""
    m.set_grad_enabled(True)
    m.set_default_dtype(m.float32)


def fill(m, module):
    """Give a module fixed parameters, by a formula, in place of random ones."""
    with m.no_grad():
        for seed, parameter in enumerate(module.parameters()):
            parameter.copy_(m.from_numpy(pattern(tuple(parameter.shape), "float32", seed)))
    return module


def pattern(shape, dtype, seed=0):
    """Numbers between -1 and 1 with no structure to speak of: weights of modules and of outputs."""
    count = math.prod(shape)
    return np.sin(1.0 + 2.7 * np.arange(count) + 0.9 * seed).round(3).astype(dtype).reshape(shape)


def _kind(error):
    """The first of Python's own classes that this error is one of."""
    return next((kind.__name__ for kind in KINDS if isinstance(error, kind)), type(error).__name__)


# Describing what a program gave


def _describe(value, m, arrays):
    """One line for any value; its numbers are appended to `arrays`."""
    if isinstance(value, m.Tensor):
        if str(value.device) != "cpu":
            return f"{value.device} {_short(value.dtype)}{list(value.shape)}"
        array = value.detach().clone().numpy()
        if array.dtype.name not in DTYPES.values():
            return f"<{array.dtype}{list(array.shape)}>"
        arrays.append(array)
        return f"{arrays[-1].dtype}{list(value.shape)}" + "*" * value.requires_grad
    if isinstance(value, np.ndarray | np.generic):
        arrays.append(np.array(value))
        return f"numpy {arrays[-1].dtype}{list(arrays[-1].shape)}"
    if isinstance(value, float):
        arrays.append(np.array(value, np.float32))  # as precise as the tensors that it may come from
        return "float"
    if value is None or isinstance(value, bool | numbers.Integral | str):
        return _short(repr(value))
    if isinstance(value, dict):
        inside = ", ".join(f"{_short(k)}: {_describe(v, m, arrays)}" for k, v in value.items())
        return "{" + inside + "}"
    if isinstance(value, tuple | list) or hasattr(value, "__next__"):
        inside = ", ".join(_describe(v, m, arrays) for v in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return _short(value) if isinstance(value, m.dtype | m.device) else f"<{type(value).__name__}>"


def _short(value):
    return str(value).replace("torch.", "").replace("minigrad.", "")


def _backward(result, m):
    """Go back from every output that requires grad, each with fixed weights."""
    outputs = [t for t in _tensors(result, m) if t.requires_grad]
    if outputs:
        weights = [m.from_numpy(pattern(tuple(t.shape), _short(t.dtype), i)) for i, t in enumerate(outputs)]
        m.autograd.backward(outputs, weights)


def _tensors(value, m):
    if isinstance(value, m.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    return [t for v in value for t in _tensors(v, m)] if isinstance(value, tuple | list | type({}.values())) else []


def _leaves(names, m):
    """Everything in the program's variables that a gradient may have reached, with its name."""
    for name, value in names.items():
        if isinstance(value, m.Tensor):
            if value.requires_grad and value.is_leaf:
                yield name, value
        elif isinstance(value, m.nn.Module):
            yield from ((f"{name}.{inner}", p) for inner, p in value.named_parameters())


@contextlib.contextmanager
def quietly(strict):
    """For many runs. `strict`: a warning that NumPy lets through to the reader counts as a wrong answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "ignore")
        warnings.simplefilter("ignore", UserWarning)
        yield
