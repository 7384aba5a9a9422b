"""`jit.trace`: run once, keep the graph, run the graph from then on.

A trace keeps what ran: the arm that the example took, as many turns as it made, the numbers that left for Python. Each
of these is told, with its line. `divergence` looks for an input that shows the difference.
"""

from __future__ import annotations

import inspect
import warnings

from ..nn import Module
from ..tensor import Tensor
from .capture import input_names, name_of, names_of, record  # noqa: F401  other ways to capture look for them here
from .checking import check_against_more_runs
from .errors import TracerWarning
from .lost import lost
from .module import GraphModule
from .places import user_frame
from .run import run


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

    `example_inputs` is a tensor or a tuple of tensors. With `check_trace` it is run and recorded again: with the same
    input, with other numbers, and with other lengths (see checking.py). Modules and random numbers are then as after
    one run, and what it prints is shown once; a list that func appends to has got longer.
    Warnings: TracerWarning for each line where a value leaves for Python, each loop that was unrolled, and whatever
    else a trace will not do again.
    Errors: TracingCheckError when a second run goes another way or the graph gives other numbers, CaptureError for what
    cannot be recorded, TypeError for inputs or results that are no tensors.

    >>> import minigrad as mg
    >>> doubled = trace(lambda x: x * 2, mg.ones(3))
    >>> doubled(mg.tensor([1.0, 5.0]))
    tensor([ 2., 10.])
    """
    inputs = as_inputs(example_inputs)
    recording, _ = record(func, inputs)
    others = []
    if check_trace and not recording.stepped:
        others = check_against_more_runs(func, inputs, recording, check_tolerance)
    for message in lost(recording, others):
        _say(message)
    graph = recording.graph
    return GraphModule(graph) if isinstance(func, Module) else TracedFunction(graph, func)


def as_inputs(given, who="trace"):
    """Example inputs as a tuple. Errors: TypeError for what is no tensor, with what to do about it."""
    inputs = (given,) if isinstance(given, Tensor) or not isinstance(given, (tuple, list)) else tuple(given)
    for i, x in enumerate(inputs):
        if isinstance(x, (list, tuple, dict)):
            raise TypeError(f"{who}(): input {i} is a {type(x).__name__}: give each tensor by itself, "
                            "lambda a, b: f([a, b])")  # fmt: skip
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{who}(): input {i} is {x!r}, a {type(x).__name__}, and inputs are tensors. Fix what is no tensor "
                f"in the function, lambda x: f(x, {x!r}), or make a tensor of it."
            )
    return inputs


def _say(message):
    """Warn of it, at the line that called trace."""
    depth, walk = 1, inspect.currentframe()
    frame = user_frame(walk)
    while walk is not None and walk is not frame:
        walk, depth = walk.f_back, depth + 1
    warnings.warn(message, TracerWarning, stacklevel=depth)
