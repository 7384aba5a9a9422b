"""Looking for an input where a recorded graph and the function part, and for the op at which they do."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import modes
from ..tensor import Tensor
from .capture import attempt
from .checking import Kept, alike, silence, tensors_around
from .parting import first_parting
from .places import where
from .text import call_of
from .trace import as_inputs
from .tree import flatten

_MOST = 2000  # inputs of an iterable that are tried
_KINDS = ("zeros", "ones", "minus ones", "signs", "ramp", "halves")


@dataclass
class Divergence:
    """The smallest input that was tried where the recorded graph and the function part; false where there is none.

    inputs: the tensors. recorded, eager: what each gave, a result or the exception it raised. step, other: the first
    steps that differ, of the graph and of the function's own run at this input; None where one of them has ended.
    source: the line of the function. tried: how many inputs were.
    """

    inputs: tuple = ()
    recorded: Any = None
    eager: Any = None
    step: Any = None
    other: Any = None
    source: Any = None
    tried: int = 0
    names: tuple = field(default=(), repr=False)

    def __bool__(self):
        return bool(self.names)

    def __repr__(self):
        if not self:
            return f"no divergence: the recorded graph and the function agree on all {self.tried} inputs tried"
        lines = [f"they part; the smallest of {self.tried} inputs tried is"]
        lines += [f"  {name} = {_brief(x)}" for name, x in zip(self.names, self.inputs, strict=True)]
        lines += [f"recorded gives {_brief(self.recorded)}", f"eager gives {_brief(self.eager)}"]
        if self.step is None and self.other is None:
            return "\n".join([*lines, "with the same steps: what differs is no op"])
        lines += [f"the trace has {_told(self.step)}", f"the run has {_told(self.other)}"]
        return "\n".join(lines)


def divergence(traced, func, inputs=None):
    """Run a traced graph and its function on many inputs. Returns a `Divergence`: the smallest where they part.

    `inputs` is an iterable (or a function that gives one) of tensors, or of tuples of them; a whole number n stands for
    inputs like the example's that are n long on axis 0, so `range(6)` sweeps lengths. Without it: zeros, ones, signs,
    whole and half numbers, in the shapes of the example, and with each length from 0 to two more than that.
    Two results agree when shapes and dtypes do and numbers are close; two errors agree. The smallest has the fewest
    elements, then the smallest numbers. Modules and random numbers are left as they were; nothing is printed.

    >>> import warnings
    >>> import minigrad as mg
    >>> def f(x):
    ...     return x * 2 if x.sum() > 0 else -x
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     traced = mg.jit.trace(f, mg.ones(2))
    >>> found = divergence(traced, f, [mg.tensor([1.0, 2.0]), mg.tensor([-3.0, 0.0]), mg.tensor([-1.0, 0.0])])
    >>> found.inputs, found.step.op.name, found.other.op.name
    ((tensor([-1.,  0.]),), 'mul', 'neg')
    """
    graph = traced.graph
    kept, found, size, tried = Kept([*tensors_around(func), *graph.held().values()]), None, None, 0
    try:
        for given in _sweep(graph, inputs):
            tried += 1
            recorded, eager = _outcome(kept, traced, given), _outcome(kept, func, given)
            if not _agree(recorded, eager) and (found is None or _size(given) < size):
                found, size = (given, recorded, eager), _size(given)
        if found is None:
            return Divergence(tried=tried)
        kept.restore()
        return _explained(graph, func, *found, tried)
    finally:
        kept.restore()


def _explained(graph, func, given, recorded, eager, tried):
    with silence():
        recording, _, _ = attempt(func, given)
    step, other = first_parting(graph, recording.graph) or (None, None)
    last = other or step
    names = tuple(value.name for value in graph.inputs)
    return Divergence(given, recorded, eager, step, other, last and last.source, tried, names)


def _outcome(kept, run, given):
    """What it gives, or the exception."""
    kept.restore()
    with silence(), modes.no_grad():
        try:
            return run(*(Tensor(x.array.copy()) for x in given))
        except Exception as error:
            return error


def _agree(recorded, eager):
    if isinstance(recorded, Exception) or isinstance(eager, Exception):
        return isinstance(recorded, Exception) and isinstance(eager, Exception)
    (mine, form), (theirs, other) = flatten(recorded), flatten(eager)
    return len(mine) == len(theirs) and repr(form) == repr(other) and all(
        alike(a.array, b.array) for a, b in zip(mine, theirs, strict=True))  # fmt: skip


def _size(given):
    """What makes one input smaller than another."""
    numbers = np.concatenate([np.asarray(x.cpu().array, "float64").reshape(-1) for x in given] or [np.zeros(0)])
    sum_of_all = float(np.abs(numbers).sum())
    return numbers.size, sum_of_all if sum_of_all == sum_of_all else float("inf"), int((numbers < 0).sum())


# Inputs to try


def _sweep(graph, inputs):
    """Each input as a tuple of tensors."""
    if inputs is None:
        yield from _default(graph)
        return
    for given in itertools.islice(inputs() if callable(inputs) else inputs, _MOST):
        if type(given) is int:
            shapes = [(given, *value.shape[1:]) if value.shape else value.shape for value in graph.inputs]
            yield from (_filled(graph, shapes, kind) for kind in ("ones", "ramp"))
        else:
            yield as_inputs(given, "divergence")


def _default(graph):
    """Numbers of several kinds in the shapes of the example, and in those that one length changed makes of them."""
    usual = [tuple(1 if n is None else n for n in value.shape) for value in graph.inputs]
    for shapes in dict.fromkeys([tuple(usual), *_other_lengths(usual)]):
        for kind in _KINDS:
            yield _filled(graph, shapes, kind)


def _other_lengths(shapes):
    for n in sorted({n for shape in shapes for n in shape}):
        for m in sorted({*range(min(n + 3, 9)), *range(max(n - 1, 0), n + 3)}):
            yield tuple(tuple(m if k == n else k for k in shape) for shape in shapes)
            for i, shape in enumerate(shapes):
                for axis in (axis for axis, k in enumerate(shape) if k == n):
                    yield (*shapes[:i], (*shape[:axis], m, *shape[axis + 1 :]), *shapes[i + 1 :])


def _filled(graph, shapes, kind):
    dtypes = [value.dtype.numpy if value.dtype else np.dtype("float32") for value in graph.inputs]
    return tuple(Tensor(_numbers(kind, shape, dtype)).to(value.device)
                 for value, shape, dtype in zip(graph.inputs, shapes, dtypes, strict=True))  # fmt: skip


def _numbers(kind, shape, dtype):
    """An array of one kind of numbers; whole numbers are never negative, since they are mostly indices."""
    count = int(np.prod(shape))
    ramp = np.arange(count)
    values = {
        "zeros": ramp * 0, "ones": ramp * 0 + 1, "minus ones": ramp * 0 - 1, "signs": 1 - 2 * (ramp % 2),
        "ramp": ramp - count // 2, "halves": ramp * 0 + 0.5,
    }[kind]  # fmt: skip
    return (values if dtype.kind == "f" else np.abs(values) % 3).astype(dtype).reshape(shape)


# In words


def _told(step):
    return "nothing more" if step is None else f"{_called(step)}, {where(step.source)}"


def _called(step):
    return "a branch or loop" if step.blocks else call_of(step)


def _brief(what):
    """A result in one line."""
    if isinstance(what, Exception):
        return f"{type(what).__name__}: {str(what).splitlines()[0] if str(what) else ''}"
    if isinstance(what, Tensor) and what.numel() > 12:
        return f"{what.dtype.name} of shape {tuple(what.shape)}"
    return " ".join(repr(what).split())
