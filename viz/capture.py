"""`viz.graph_of`: the graph that jit has captured, with every view of a recorded run."""

import contextlib
import dataclasses

import numpy as np

from minigrad import jit
from minigrad.creation import tensor
from minigrad.jit.graph import Graph
from minigrad.jit.run import run
from minigrad.nn import Module
from minigrad.tensor import Tensor
from viz.record import Run
from viz.translate import translated


class Capture(Run):
    """A captured graph, drawn as recorded runs are: a `Run` that was not watched. Ifs and loops are frames around their
    arms and bodies.

    captured: the graph, of `minigrad.jit`. inputs: what it ran on, by `on`; None where it has not run.
    """

    def __init__(self, captured, graph, modules=None, inputs=None, result=None):
        super().__init__(graph)
        self.captured, self.modules, self.inputs, self.result = captured, modules or {}, inputs, result

    def on(self, *inputs):
        """The same graph after one run on these inputs, tensors or numbers: with the arm that was taken, the turns of
        each loop, and the numbers. What the graph would change (parameters, buffers) stays as it is.

        Errors: those of the graph: TypeError for another number of inputs, ShapeError, ...

        >>> import minigrad as mg
        >>> from minigrad import jit
        >>> graph = jit.script(_example).graph
        >>> print(graph_of(graph).on(-1.0).ways())
        if x > 0: then not taken, else taken
        """
        given = tuple(_as_input(x, value) for x, value in zip(inputs, self.captured.inputs, strict=False))
        given += inputs[len(given):]
        known, trail = {}, []
        result = run(dataclasses.replace(self.captured, updates=[]), given, trail, known)
        graph = translated(self.captured, known, trail, self.modules)
        return Capture(self.captured, graph, self.modules, given, result)

    def ways(self):
        """Which way the run went, a line for each if and loop: `if x > 0: then taken, else not taken`."""
        lines = []
        for block in self.graph.blocks:
            if block.kind in ("then", "else"):
                lines[-1] += f"{',' if block.kind == 'else' else ':'} {block.kind} {block.ran or '?'}"
            else:
                lines.append(block.name + (f": {block.ran or '?'}" if block.kind == "loop" else ""))
        return "\n".join(lines)

    def __repr__(self):
        return f"<Capture of {self.captured.name}: {self.graph.counts()}; digest {self.digest()}>"

    def __reduce__(self):
        return Run, (self.graph, self.look_up)


def graph_of(what, inputs=None):
    """What jit has captured, to be seen: a `Capture`, which shows itself as a recorded run does, and has its outline,
    svg, save, digest and diff.

    what: a traced, scripted or compiled function or module, one that was loaded, or its `.graph`. inputs: a tuple of
    tensors or numbers to run it on once, as `Capture.on` does, so that the arm that is taken shows. Errors: TypeError
    for anything else, RuntimeError for what has no graph before it is called.

    >>> import minigrad as mg
    >>> from minigrad import jit
    >>> double = jit.trace(lambda x: x * 2, mg.ones(3))
    >>> graph_of(double)
    <Capture of <lambda>: captured: 1 op; 1 input; digest 5d34d12b3ad5>
    """
    graph = _graph(what)
    modules = {}
    if isinstance(what, Module):
        with contextlib.suppress(Exception):  # class names only make it nicer
            modules = {path: type(module).__name__ for path, module in _original(what).named_modules() if path}
    made = Capture(graph, translated(graph, modules=modules), modules)
    if inputs is None:
        return made
    return made.on(*(inputs if isinstance(inputs, tuple | list) else (inputs,)))


def _graph(what):
    found = what if isinstance(what, Graph) else getattr(what, "graph", None)
    if found is None and isinstance(what, jit.Compiled):
        raise RuntimeError("nothing is compiled yet, or it could not be: call it once, and see .report()")
    if not isinstance(found, Graph):
        raise TypeError("graph_of() takes what jit.trace, jit.script, jit.compile or jit.load gives, or its .graph, "
                        f"not an object of type {type(what).__name__}; watch a run of it with viz.watch()")
    return found


def _original(module):
    from minigrad.jit.script.marks import ORIGINAL

    return module.__dict__.get(ORIGINAL, module)


def _as_input(given, value):
    """A number or array as the tensor that an input is."""
    if value.kind != "tensor" or isinstance(given, Tensor):
        return given
    if isinstance(given, bool | int | float | list | np.ndarray):
        return tensor(given, dtype=value.dtype)
    return given
