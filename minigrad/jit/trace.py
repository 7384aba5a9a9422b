"""`jit.trace`: run once, keep the graph, run the graph from then on.

A trace keeps what ran: the arm that the example took, as many turns as it made, the numbers that left for Python. Each
of these is told, with its line. `divergence` looks for an input that shows the difference.
"""

from __future__ import annotations

import inspect
import warnings

import numpy as np

from .. import modes
from ..nn import Module
from ..tensor import Tensor
from .errors import TracerWarning, TracingCheckError
from .module import GraphModule
from .places import user_frame, where
from .recording import Recording
from .run import run
from .tree import flatten

_LEFT = {
    "bool": "a tensor decides which way Python goes, and only this way is in the trace. Use jit.script or jit.cond",
    "int": "a tensor became a Python int here, and the trace will have this number for ever. Keep it a tensor",
    "float": "a tensor became a Python float here, and the trace will have this number for ever. Keep it a tensor",
    "item": "a tensor became a Python number here, and the trace will have this number for ever. Keep it a tensor",
    "tolist": "a tensor became a list of Python numbers here, and the trace does not follow them. Keep it a tensor",
    "numpy": "a tensor became a NumPy array here, and the trace does not follow it. Use ops of minigrad",
}


class TracedFunction:
    """A function's graph; calling it runs the graph. `graph` and `code` show it."""

    def __init__(self, graph, original):
        self.graph, self.original = graph, original
        self.__name__, self.__doc__ = graph.name, getattr(original, "__doc__", None)

    @property
    def code(self):
        """The graph as a Python function."""
        return self.graph.code

    def __call__(self, *inputs):
        return run(self.graph, inputs)

    def __repr__(self):
        return f"<traced {self.__name__}, {len(self.graph.steps)} steps>"


def trace(func, example_inputs, *, check_trace=True, check_tolerance=1e-5):
    """Run `func`, a function or module, once on example inputs, and return its graph as something to call.

    `example_inputs` is a tensor or a tuple of tensors. With `check_trace` it is run and recorded once more, and the
    graph's results are compared with the function's.
    Warnings: TracerWarning for each line where a value leaves for Python, and for each loop that was unrolled.
    Errors: TracingCheckError when a second run goes another way or the graph gives other numbers, CaptureError for what
    cannot be recorded, TypeError for inputs that are no tensors.

    >>> import minigrad as mg
    >>> doubled = trace(lambda x: x * 2, mg.ones(3))
    >>> doubled(mg.tensor([1.0, 5.0]))
    tensor([ 2., 10.])
    """
    inputs = (example_inputs,) if isinstance(example_inputs, Tensor) else tuple(example_inputs)
    if not all(isinstance(x, Tensor) for x in inputs):
        raise TypeError("trace(): example_inputs must be a Tensor or a tuple of Tensors")
    recording, result = record(func, inputs)
    _warn(recording)
    if check_trace:
        _check(func, inputs, recording, result, check_tolerance)
    graph = recording.graph
    return GraphModule(graph) if isinstance(func, Module) else TracedFunction(graph, func)


def record(func, inputs):
    """One run of func as a Recording, and what it gave. Inputs that are one tensor twice are two inputs."""
    recording = Recording(name_of(func), *names_of(func))
    recording.ways = {}
    fresh = [Tensor(x.array) for x in inputs]
    for mine, x in zip(fresh, inputs, strict=True):
        mine._edge = x._edge
    with recording.on():
        for name, x in zip(input_names(func, len(fresh)), fresh, strict=True):
            recording.enter_input(x, name)
        result = func(*fresh)
    _only_tensors(recording.graph.name, result)
    leaves, form = flatten(result)
    recording.finish(map(recording.of, leaves), form)
    return recording, result


def _only_tensors(name, result):
    leaves, _ = flatten(result)
    if not leaves:
        raise TypeError(f"trace(): {name} must return tensors, alone or in tuples, lists and dicts, not {result!r}")


def name_of(func):
    """What a graph of this function is called."""
    return type(func).__name__ if isinstance(func, Module) else getattr(func, "__name__", "graph").strip("<>")


def input_names(func, count):
    """The names of the first `count` parameters, as the function's signature has them."""
    try:
        parameters = inspect.signature(func.forward if isinstance(func, Module) else func).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names + [f"input{i}" for i in range(len(names), count)]


def names_of(func):
    """Dotted names of all tensors, and of all modules, that a function may come across: {id: name} twice.

    A module's own are named as in its state_dict; of modules and tensors that a function sees around it (in its
    closure, or as globals) the name begins with theirs.
    """
    tensors, modules = {}, {}
    for prefix, module in [("", func)] if isinstance(func, Module) else _seen_by(func, Module):
        for path, part in module.named_modules(prefix=prefix):
            modules.setdefault(id(part), path)
        for path, tensor in (*module.named_parameters(prefix), *module.named_buffers(prefix)):
            tensors.setdefault(id(tensor), path)
    for name, tensor in _seen_by(func, Tensor):
        tensors.setdefault(id(tensor), name)
    return tensors, modules


def _seen_by(func, kind):
    """What a function sees around it that is of this kind: pairs of name and object."""
    func = inspect.unwrap(func) if callable(func) else func
    owner = getattr(func, "__self__", None)
    found = [("", owner)] if isinstance(owner, kind) else []
    code = getattr(func, "__code__", None)
    if code is None:
        return found
    cells = zip(code.co_freevars, func.__closure__ or (), strict=False)
    for name, cell in cells:
        try:
            found.append((name, cell.cell_contents))
        except ValueError:  # not set yet
            continue
    found += [(name, func.__globals__[name]) for name in code.co_names if name in func.__globals__]
    return [(name, what) for name, what in found if isinstance(what, kind)]


# Telling what a trace has lost


def _warn(recording):
    told = set()
    for source, how, _, _ in recording.reads:
        if (source, how) not in told:
            told.add((source, how))
            _say(f"{where(source)}: {_LEFT[how]}.")
    for source, _ in recording.gathered:
        if source not in told:
            told.add(source)
            _say(f"{where(source)}: this tensor is made of Python's numbers, and is a constant in the trace.")
    for source, turns, axes in unrolled(recording):
        _say(f"{where(source)}: a loop was unrolled: its {turns} turns are {turns} copies in the trace, as many as "
             f"{axes} is long. Inputs of another length get {turns} turns. Use jit.script or jit.scan.")


def _say(message):
    frame, depth = user_frame(inspect.currentframe()), 1
    walk = inspect.currentframe()
    while walk is not None and walk is not frame:
        walk, depth = walk.f_back, depth + 1
    warnings.warn(message, TracerWarning, stacklevel=depth)


def unrolled(recording):
    """Lines that ran as often as some axis of an input is long: (Source, how often, which axis)."""
    lengths, turns, found = {}, {}, {}
    for value in recording.graph.inputs:
        for axis, n in enumerate(value.shape):
            lengths.setdefault(n, f"axis {axis} of {value.name}")
    for step, calls in recording.ways.items():
        if step.source is not None:
            turns.setdefault(calls, []).append(step)
    for steps in turns.values():
        one_place = len({step.module for step in steps}) == 1  # not one layer after the other
        if len(steps) > 1 and len(steps) in lengths and one_place:
            found.setdefault(steps[0].source, (steps[0].source, len(steps), lengths[len(steps)]))
    return list(found.values())


# Checking


def _check(func, inputs, recording, result, tolerance):
    again, _ = record(func, inputs)
    graph, other = recording.graph, again.graph
    if shape_of(graph) != shape_of(other):
        first = first_difference(graph, other)
        raise TracingCheckError(
            f"{graph.name} was recorded twice with the same input, and went two ways: {first}. It depends on more "
            "than its inputs (a counter, random numbers in Python, the clock), and a trace of it would not do the same."
        )
    if any(step.op.draws for step in graph.steps if hasattr(step.op, "draws")):
        return
    if graph.updates:  # a second run begins from other numbers
        return
    with modes.no_grad():
        replayed, _ = flatten(run(graph, inputs))
    for i, (got, wanted) in enumerate(zip(replayed, flatten(result)[0], strict=True)):
        if got.array.shape != wanted.array.shape or not np.allclose(
            got.array, wanted.array, rtol=tolerance, atol=tolerance, equal_nan=True
        ):
            raise TracingCheckError(f"{graph.name}: output {i} of the graph differs from that of the function")


def shape_of(graph):
    """What two recordings of the same way have in common: ops, how they hang together, attributes without values."""
    numbers = {value: i for i, value in enumerate([*graph.inputs, *graph.parameters, *graph.constants])}
    lines = []
    for step in graph.steps:
        for value in step.outputs:
            numbers[value] = len(numbers)
        inputs = tuple(("value", numbers.get(x, -1)) if x in numbers else x for x in step.inputs
                       ) if all(_hashable(x) for x in step.inputs) else ()  # fmt: skip
        lines.append((step.op.name, inputs, tuple(value.shape for value in step.outputs)))
    return lines


def _hashable(x):
    return getattr(type(x), "__hash__", None) is not None


def first_difference(graph, other):
    """Where two recordings part, in words."""
    for mine, theirs, a, b in zip(shape_of(graph), shape_of(other), graph.steps, other.steps, strict=False):
        if mine != theirs:
            return f"at {where(a.source)} it ran {a.op.name}, then {b.op.name}"
    longer = graph if len(graph.steps) > len(other.steps) else other
    step = longer.steps[min(len(graph.steps), len(other.steps))]
    return f"one of them went on with {step.op.name}, at {where(step.source)}"
