"""`viz.graph_of`: the graph that jit has captured, with every view of a recorded run."""

import dataclasses

import numpy as np

from minigrad import jit
from minigrad.creation import tensor
from minigrad.jit.graph import Graph
from minigrad.jit.run import run
from minigrad.jit.script.marks import ORIGINAL
from minigrad.nn import Module
from minigrad.tensor import Tensor
from viz import blocks, compare
from viz.absent import absent
from viz.record import Run
from viz.translate import translated


class Capture(Run):
    """A captured graph, drawn as recorded runs are: a `Run` that was not watched. Ifs and loops are frames around their
    arms and bodies.

    captured: the graph, of `minigrad.jit`. result: what it gave, by `on`; None where it has not run.
    """

    def __init__(self, captured, original=None):
        self.captured, self.result = captured, None
        self._modules = _classes(original) if isinstance(original, Module) else {}
        self._absent = absent(captured, original)
        super().__init__(self._translated())

    def _translated(self, known=None, trail=()):
        graph = translated(self.captured, known, trail, self._modules)
        graph.untaken = list(self._absent)
        return graph

    def on(self, *inputs):
        """The same graph after one run on these inputs, tensors or numbers: with the arm that was taken, the turns of
        each loop, and the numbers. What the graph would change (parameters, buffers) stays as it is.

        Errors: those of the graph: TypeError for another number of inputs, ShapeError, ...

        >>> import minigrad as mg
        >>> from minigrad import jit
        >>> @jit.script
        ... def bent(x):
        ...     if x > 0:
        ...         return x * 2
        ...     return x - 1
        >>> print(graph_of(bent).on(-3.0).ways())
        if x > 0: then not taken, else taken
        """
        given = [_as_input(x, value) for x, value in zip(inputs, self.captured.inputs, strict=False)]
        given += inputs[len(given):]
        known, trail = {}, []
        result = run(dataclasses.replace(self.captured, updates=[]), given, trail, known)
        made = object.__new__(type(self))
        vars(made).update(vars(self) | {"result": result, "_graph": self._translated(known, trail), "_callbacks": []})
        return made

    def ways(self):
        """Which way the run went, a line for each if and loop: `if x > 0: then not taken, else taken`."""
        return blocks.ways(self.graph)

    def __repr__(self):
        return f"<Capture of {self.captured.name}: {self.graph.counts()}; digest {self.digest()}>"

    def __reduce__(self):
        return Run, (self.graph, self.look_up)


def graph_of(what, inputs=None, of=None):
    """What jit has captured, to be seen: a `Capture`, which shows itself as a recorded run does, and has its outline,
    svg, save, digest and diff.

    what: a traced, scripted or compiled function or module, one that was loaded, or its `.graph`. inputs: a tuple of
    tensors or numbers to run it on once, as `Capture.on` does, so that the arm that is taken shows. of: the function or
    module it was made of, where it does not say so itself (a traced module does not): names classes and finds arms that
    a trace has lost. Of what was compiled several times, it is the recording that such a call runs, unless that would
    change something: then, and without inputs, the last one. Errors: TypeError for anything else, RuntimeError for what
    has no graph before it is called, and where no recording fits the inputs.

    >>> import minigrad as mg
    >>> from minigrad import jit
    >>> double = jit.trace(lambda x: x * 2, mg.ones(3))
    >>> graph_of(double)
    <Capture of lambda: captured: 1 op; 1 input; digest 838dd25b028e>
    """
    made = Capture(_graph(what), _original(what) if of is None else of)
    if inputs is None:
        return made
    given = inputs if isinstance(inputs, tuple | list) else (inputs,)
    if not isinstance(what, jit.Compiled) or _changes_something(what):
        return made.on(*given)
    found, _ = called(what, [_as_input(x, value) for x, value in zip(given, made.captured.inputs, strict=True)]
                      if len(given) == len(made.captured.inputs) else given, of)
    if found is None:
        raise RuntimeError(f"no recording fits these inputs: {as_written(what)}")
    return found


def called(compiled, inputs, of=None):
    """Call a compiled function: (a Capture of the recording that the call ran, on these inputs; what it gave). The
    Capture is None where the call ran as it is written."""
    result = compiled(*inputs)
    if compiled.ran is None:
        return None, result
    made = Capture(compiled.ran.graph, _original(compiled) if of is None else of)
    tensors = [one for one in inputs if isinstance(one, Tensor)]
    return made.on(*(inputs if len(made.captured.inputs) == len(inputs) else tensors)), result


def as_written(compiled):
    """Why the last call of a compiled function ran no recording."""
    call, _, outcome, _ = compiled.history[-1] if compiled.history else (0, None, None, None)
    if call == compiled.calls and outcome:
        return f"it ran as written: {outcome}"
    return f"none of its {len(compiled.history)} recordings fits, and it ran as written"


def _changes_something(compiled):
    """Whether a run of it would change parameters, buffers or gradients."""
    return any(variant.graph.updates or variant.plan.gradients_after for variant in compiled.variants)


def diff(before, after):
    """What is added, gone and changed on the way from one graph to another: a `viz.Diff`, as `viz.compare.diff` makes
    it. Takes recorded runs, views, panels, and whatever `graph_of` takes: a graph before and after a pass, or a
    captured graph and a run. Errors: TypeError for anything else.

    >>> import minigrad as mg, viz
    >>> from minigrad import jit
    >>> def f(x):
    ...     return (x * 2).exp()
    >>> with viz.watch() as run:
    ...     y = f(mg.ones(3))
    >>> diff(run, jit.trace(f, mg.ones(3)))
    <Diff: same graph>
    >>> diff(jit.trace(lambda x: x.exp(), mg.ones(3)), run)
    <Diff: another graph: 1 added, 1 changed>
    """
    return compare.diff(*(graph_of(what) if is_captured(what) else what for what in (before, after)))


def is_captured(what):
    """Whether `graph_of` takes this."""
    if isinstance(what, Run):
        return False
    kinds = Graph | jit.Compiled | jit.ScriptFunction | jit.ScriptModule
    return isinstance(what, kinds) or isinstance(getattr(what, "graph", None), Graph)


def _graph(what):
    found = what if isinstance(what, Graph) else getattr(what, "graph", None)
    if found is None and isinstance(what, jit.Compiled):
        raise RuntimeError("nothing is compiled yet, or it could not be: call it once, and see .report()")
    if not isinstance(found, Graph):
        raise TypeError("graph_of() takes what jit.trace, jit.script, jit.compile or jit.load gives, or its .graph, "
                        f"not an object of type {type(what).__name__}; watch a run of it with viz.watch()")
    return found


def _original(what):
    """The function or module that something was captured from, as far as it says."""
    if isinstance(what, jit.Compiled):  # what one recording lacks, another one has: nothing is lost
        return what.function if isinstance(what.function, Module) else None
    found = vars(what).get(ORIGINAL) if hasattr(what, "__dict__") else None
    return getattr(what, "original", None) if found is None else found


def _classes(module):
    """Dotted path -> class name of everything in a module."""
    return {path: type(part).__name__ for path, part in module.named_modules()}


def _as_input(given, value):
    """A number or array as the tensor that an input is."""
    if value.kind != "tensor" or isinstance(given, Tensor):
        return given
    if isinstance(given, bool | int | float | list | np.ndarray):
        return tensor(given, dtype=value.dtype)
    return given
