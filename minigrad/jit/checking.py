"""Is a trace what it seems? The function runs again: with the same input, with other numbers, and with other lengths.

Each run begins with what modules, parameters and the random numbers were after the first, and so they are left.
"""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import memory, modes, random
from ..device import module_of
from ..nn import Module
from ..tensor import Tensor
from .capture import attempt, seen_by
from .errors import TracingCheckError
from .parting import first_parting, told
from .run import run
from .tree import flatten

_MOST_LENGTHS = 4  # so many runs with other lengths are tried


@dataclass
class Again:
    """One more run: `what` is "numbers" or "lengths", `axes` are those (input, axis) that are one longer.

    silently: whether the graph gives something else for this input, and no error.
    """

    what: str
    recording: Any
    axes: tuple
    silently: bool


def check_against_more_runs(func, inputs, recording, tolerance):
    """Run func again in several ways. Returns the runs with other inputs, for who says what is lost.

    Errors: TracingCheckError when the same input goes another way, or the graph gives other numbers.
    """
    with as_after_one_run(func, recording) as start:
        with silence():
            again, result, error = attempt(func, inputs)
        if error is not None:
            raise TracingCheckError(f"{recording.graph.name} was recorded, and failed when it ran a second time: "
                                    f"{type(error).__name__}: {error}") from error  # fmt: skip
        _compare_ways(recording.graph, again.graph)
        changed = [(value, tensor.array.copy()) for value, tensor in recording.held.items()]
        start()
        _compare_numbers(recording, inputs, result, dict(changed), tolerance)
        runs = []
        for what, other, axes in other_inputs(inputs):
            start()
            with silence():
                more, result, error = attempt(func, other)
            if error is None:
                start()
                runs.append(Again(what, more, axes, _silently_wrong(recording.graph, other, result)))
        return runs


def _compare_ways(graph, other):
    parts = first_parting(graph, other, shapes=True)
    if parts is not None:
        raise TracingCheckError(
            f"{graph.name} was recorded twice with the same input, and went two ways: {told(*parts)}. It depends on "
            "more than its inputs (a counter, random numbers in Python, the clock): a trace would not do the same."
        )


def _compare_numbers(recording, inputs, result, changed, tolerance):
    graph = recording.graph
    with modes.no_grad():
        replayed, _ = flatten(run(graph, tuple(Tensor(x.array.copy()) for x in inputs)))
    for i, (got, wanted) in enumerate(zip(replayed, flatten(result)[0], strict=True)):
        if not alike(got.array, wanted.array, tolerance):
            raise TracingCheckError(f"{graph.name}: output {i} of the graph differs from that of the function")
    for value, _ in graph.updates:
        held = recording.held[value]
        if value not in graph.inputs and not alike(held.array, changed[value], tolerance):
            raise TracingCheckError(f"{graph.name}: the graph leaves other numbers in {value.name} than the function")


def alike(got, wanted, tolerance=1e-5):
    """Whether two arrays are one but for rounding."""
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return False
    if got.dtype.kind != "f":
        return bool((got == wanted).all())
    return np.allclose(_here(got), _here(wanted), rtol=tolerance, atol=tolerance, equal_nan=True)


def _here(array):
    return array if isinstance(array, np.ndarray) else array.get()


def _silently_wrong(graph, inputs, result):
    """Whether the graph runs on these inputs without an error, and gives something else."""
    try:
        with modes.no_grad():
            got, _ = flatten(run(graph, inputs))
    except Exception:
        return False
    wanted, _ = flatten(result)
    return len(got) != len(wanted) or not all(alike(a.array, b.array) for a, b in zip(got, wanted, strict=True))


# Inputs like the examples


def other_inputs(inputs):
    """(what, inputs, axes longer): other numbers in the same shapes, then lengths that are one more."""
    for other in (_other_order, _lowest):  # NumPy makes numbers of arrays without axes
        yield "numbers", tuple(Tensor(module_of(x.array).asarray(other(x.array))) for x in inputs), ()
    lengths = {n for x in inputs for n in x.array.shape}
    together = [[(i, axis) for i, x in enumerate(inputs) for axis, m in enumerate(x.array.shape) if m == n]
                for n in sorted(lengths)]  # fmt: skip
    alone = [[place] for places in together if len(places) > 1 for place in places]
    for places in [*together, *alone][:_MOST_LENGTHS]:
        made = [x.array for x in inputs]
        for i, axis in places:
            made[i] = _longer(made[i], axis)
        yield "lengths", tuple(map(Tensor, made)), tuple(places)


def _other_order(array):
    """The elements from the last to the first, floats made somewhat smaller: what was valid mostly still is."""
    turned = array.reshape(-1)[::-1].reshape(array.shape)
    return (turned * array.dtype.type(0.75)) if array.dtype.kind == "f" else turned.copy()


def _lowest(array):
    """The smallest element in every place; floats turned round."""
    if array.dtype.kind == "f" or not array.size:
        return -array if array.dtype.kind == "f" else array.copy()
    return (~array) if array.dtype.kind == "b" else (array * 0 + array.min())


def _longer(array, axis):
    """One more slice along the axis, like the first."""
    xp = module_of(array)
    if not array.shape[axis]:
        shape = list(array.shape)
        shape[axis] = 1
        return xp.ones(shape, array.dtype)
    return xp.concatenate([array, array[(slice(None),) * axis + (slice(0, 1),)]], axis=axis)


# Everything as it was


@contextmanager
def silence():
    """What a run for checking prints or warns of has been seen already."""
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def as_after_one_run(func, recording):
    """For runs that are to leave nothing behind. Gives a function that puts everything back for the next run.

    What there is: all tensors that were held, parameters and buffers of modules that func sees, their .grad, and the
    random generators. A .grad that the recorded run found missing is missing again at the start of each.
    """
    tensors = {id(t): t for t in tensors_around(func)}
    tensors.update((id(t), t) for value, t in recording.held.items() if value not in recording.graph.inputs)
    steps = [step for step in recording.graph.every_step() if not step.blocks]
    draws = [step.attributes.get("generator") for step in steps if getattr(step.op, "draws", False)]
    kept = Kept(tensors.values(), [generator for generator in draws if generator is not None])
    missing = [t for key, t in tensors.items() if recording.leaves.get(key, (t, ""))[1] == "none"]

    def start():
        kept.restore()
        for t in missing:
            t._grad = None

    start()
    try:
        yield start
    finally:
        kept.restore()


def tensors_around(func):
    """All tensors of the modules that a function sees, and those that it sees by themselves."""
    for _, module in [("", func)] if isinstance(func, Module) else seen_by(func, Module):
        yield from module.parameters()
        yield from module.buffers()
    for _, tensor in seen_by(func, Tensor):
        yield tensor


class Kept:
    """What some tensors hold, with their .grad, and where random generators are; `restore` puts it back."""

    def __init__(self, tensors, generators=()):
        self.tensors = [(t, t.array, t.array.copy(), *_grad_of(t)) for t in tensors]
        self.random = [(each, each.get_state()) for each in (random.default_generator, *generators)]

    def restore(self):
        """All as it was."""
        for generator, state in self.random:
            generator.set_state(state)
        for t, array, numbers, grad, grads in self.tensors:
            if t.array is not array:
                t._put_array(array)
            _write(array, numbers)
            if grad is not None:
                _write(grad.array, grads)
            if getattr(t, "_grad", None) is not grad:
                t._grad = grad


def _grad_of(t):
    grad = getattr(t, "_grad", None)
    return grad, None if grad is None else grad.array.copy()


def _write(array, numbers):
    if not bool(((array == numbers) | ((array != array) & (numbers != numbers))).all()):
        array[...] = numbers
        memory.changed(array)
