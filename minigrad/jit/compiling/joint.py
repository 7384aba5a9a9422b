"""A compiled function whose result still wants gradients: one program for the way there, one for the way back.

The way back is recorded with the way there, for gradients of the results that are handed in. What it needs of the way
there is handed on, in memory of its own, so several calls may wait for their backward at once.
"""

from __future__ import annotations

import threading

import numpy as np

from ... import memory
from ...autograd import Function
from ...autograd.function import once_differentiable
from ...device import module_of
from ...errors import GradError
from ...tensor import Tensor
from ..errors import CaptureError
from ..generate.emit import Emitter
from ..generate.source import Source
from ..graph import Graph, Value, values_in


def parted(graph, gradients, outputs):
    """The graph as two: there, and back from `gradients`; and the values that the first hands on to the second.

    `outputs` says how many results there are; behind them stand the gradients that come of the way back.
    """
    behind, there, back = set(gradients), [], []
    for step in graph.steps:
        later = any(value in behind for value in step.uses())
        behind.update(step.outputs if later else ())
        (back if later else there).append(step)
    held = graph.held()
    made = {value for step in back for value in step.outputs} | set(gradients)
    wanted = dict.fromkeys(value for step in back for value in step.uses() if value not in made and value not in held)
    wanted.update(dict.fromkeys(v for v in values_in(graph.outputs[outputs:]) if v not in made and v not in held))
    if any(value.kind != "tensor" for value in wanted):
        raise CaptureError("the way back needs a number that the way there has read from a tensor")
    first = Graph([v for v in graph.inputs if v not in gradients], there, graph.outputs[:outputs], name=graph.name,
                  form=graph.form, updates=graph.updates)  # fmt: skip
    second = Graph([*wanted, *gradients], back, graph.outputs[outputs:], name=f"{graph.name}_backward")
    for one in (first, second):
        one.parameters, one.constants = graph.parameters, graph.constants
    return first, second, list(wanted)


class WayBack:
    """The program of a way back: `run(arrays)` gives the gradients of the sources, None where none flows."""

    def __init__(self, graph):
        self.graph, self.lock = graph, threading.Lock()
        outputs = [v for v in graph.outputs if isinstance(v, Value)]
        emitter = Emitter(graph, leaving=[v for v in outputs if v not in graph.inputs])
        program = emitter.run()
        program.results = [emitter.of(v) for v in outputs]
        self.source = Source(program)
        self.source.bind()
        names = iter(self.source.results)
        made = ", ".join(f"{next(names)}" if isinstance(v, Value) else "None" for v in graph.outputs)
        text = f"def run({', '.join(program.given)}):\n" + "".join(f"    {line}\n" for line in self.source.lines)
        self.text = f"{text}    return ({made},)\n"
        exec(compile(self.text, f"<compiled {graph.name}>", "exec"), self.source.names)

    def run(self, arrays):
        """The gradients, for these arrays: what was handed on, and the gradients of the results."""
        for name, tensor in self.source.tensors().items():
            if self.source.names[name] is not tensor.array:
                self.source.bind()
                break
        with self.lock:
            found = self.source.names["run"](*arrays)
            return [None if g is None else np.array(g) for g in found]


class Replayed(Function):
    """One call of a compiled function, as a node of the graph around it."""

    @staticmethod
    def forward(ctx, call, *sources):
        """The results, which are there already."""
        ctx.call = call
        ctx.set_materialize_grads(False)
        return tuple(call.results)

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        """What the way back makes of these gradients."""
        return None, *ctx.call.back(gradients)


class Call:
    """What one call keeps for its backward."""

    def __init__(self, ways, results, saved):
        self.ways, self.results, self.saved, self.epoch = ways, results, saved, memory.epoch

    def back(self, gradients):
        """The gradients of the sources. Errors: GradError where a tensor that is needed was changed since."""
        way, places = self.ways.of(frozenset(i for i, g in enumerate(gradients) if g is not None))
        given = [*self.saved, *gradients]
        used = [given[i] if i < len(self.saved) else _in_rows(given[i]) for i in places]
        if memory.epoch != self.epoch:
            saved = [array for i, array in zip(places, used, strict=True) if i < len(self.saved)]
            arrays = [*saved, *(t.array for t in way.source.tensors().values())]
            if any(memory.changed_since(array, self.epoch) for array in arrays):
                raise GradError("one of the variables needed for gradient computation has been modified by an inplace "
                                "operation since the compiled function ran. Call backward() first.")  # fmt: skip
        return [None if g is None else Tensor(g) for g in way.run(used)]


def _in_rows(gradient):
    """The array of a gradient, in rows."""
    array = gradient.array
    return module_of(array).ascontiguousarray(array).reshape(array.shape)


def joint(ways, results, saved, sources):
    """The results of a call as tensors that backward can come back through."""
    call = Call(ways, results, saved)
    made = Replayed.apply(call, *sources)
    call.results = ()
    return made
