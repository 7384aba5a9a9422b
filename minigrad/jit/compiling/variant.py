"""One recorded run as a function of its own: its graph made smaller, written out, and with memory to work in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import memory
from ...tensor import Tensor
from .. import generate  # noqa: F401  its ways
from ..generate.emit import Emitter
from ..generate.flat import lay_out
from ..generate.source import Source
from ..graph import Graph, Value
from ..passes import dead, steps_of
from .entry import Entry
from .joint import WayBack, joint, parted
from .partial import Ways, mixes


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
    kept: dict = field(default_factory=dict)  # leaf -> the tensor that becomes its .grad
    owners: list = field(default_factory=list)  # names of the arrays that own the memory of those
    changed: list = field(default_factory=list)  # held tensors whose numbers change
    changed_inputs: list = field(default_factory=list)  # names of the arrays of inputs whose numbers change
    results: list = field(default_factory=list)
    saved: list = field(default_factory=list)  # names of arrays that the way back needs
    sources: tuple = ()  # tensors that gradients may be asked for
    wants: tuple = ()  # which results still want gradients


def made_smaller(capture):
    """The graph of a recording after all passes, and what beside its results is to be known of a run: ({leaf: value of
    its .grad}, {value: what must be true of it}, gradients of the sources).

    `capture.forward` becomes the way to the results alone, for a file: products are not put together in it, for a file
    may be run with other lengths.
    """
    private, whole, gradients = capture.let_go(), capture.graph, capture.final_gradients
    outputs, facts = list(whole.outputs), [value for value in capture.facts if value not in whole.inputs]
    wanted = [leaf for leaf, value in gradients.items() if value is not None]
    whole.outputs = [*outputs, *[gradients[leaf] for leaf in wanted], *facts, *capture.back_to]
    stages = dict(steps_of(whole, private))
    graph, plain = stages["dead"], stages["common"]
    if mixes(graph, capture.back_from):  # then nothing could be left out where gradients come from some results only
        graph = dead(plain)
    given = [value for value in plain.inputs if value not in capture.back_from]
    capture.forward = Graph(given, plain.steps, plain.outputs[: len(outputs)], plain.name, plain.parameters,
                            plain.constants, plain.form, plain.updates)  # fmt: skip
    made = iter(graph.outputs)
    graph.outputs = [next(made) for _ in outputs]
    of_leaf, by_value = {leaf: next(made) for leaf in wanted}, {}
    for value in facts:
        by_value.setdefault(next(made), []).extend(capture.facts[value])
    return graph, of_leaf, by_value, list(made)


class Variant:
    """One way through the function, with memory of its own."""

    def __init__(self, capture):
        self.recorded, self.seen = len(capture.graph.steps), capture.seen
        graph, of_leaf, facts, back_to = made_smaller(capture)
        self.ways, self.saved, self.facts = None, [], list(facts)  # facts: numbers that decided which way it went
        self.forward = capture.forward
        if back_to:
            count = len(graph.outputs)
            graph.outputs += back_to
            graph, back, self.saved = parted(graph, capture.back_from, count)
            self.ways = Ways(WayBack, back, capture.back_from)
        self.graph = graph
        self.plan = Plan(graph, capture.form, capture.specs, list(capture.options), capture.guards)
        self.plan.sources, self.plan.wants = capture.sources, tuple(capture.wants)
        self._write(capture, of_leaf, facts)

    def _write(self, capture, of_leaf, facts):
        plan, graph = self.plan, self.graph
        held = graph.held()
        leaving = [v for v, seen in zip(graph.outputs, self.seen, strict=True)
                   if seen is None and isinstance(v, Value) and v not in held and v not in graph.inputs]  # fmt: skip
        kept = [v for v in self.saved if v not in graph.inputs]
        emitter = Emitter(graph, {*leaving, *kept}, of_leaf.values(), facts)
        self.emitter, program = emitter, emitter.run()
        buffers = self._gradient_buffers(emitter, of_leaf)
        plan.results = [self._result(emitter, value, seen)
                        for value, seen in zip(graph.outputs, self.seen, strict=True)]  # fmt: skip
        for i, (kind, what) in enumerate(plan.results):  # one array is handed out once
            if kind == "array" and plan.results.index((kind, what)) < i:
                plan.results[i] = "copy", what
        program.results = [emitter.of(v) for v in (*leaving, *kept) if v.kind == "tensor"] + list(buffers.values())
        lay_out(program, list(buffers.values()))
        self.source = source = Source(program)
        for value, expected in capture.facts.items():
            if value in emitter.scalars and value in graph.inputs:
                plan.early_facts += [(emitter.scalars[value], one) for one in expected]
        plan.gradients_before, plan.gradients_after = capture.gradients_before, list(capture.final_gradients)
        plan.changed = [held[v] for v, _ in graph.updates if v in held]
        plan.changed_inputs = [emitter.of(v).name for v, _ in graph.updates if v not in held]
        plan.owners = [f"owner_{i}" for i, _ in enumerate({b.root for b in buffers.values()})]
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

    def _result(self, emitter, value, seen):
        """How one result is put together: (kind, what)."""
        if seen is not None:
            return "seen", seen
        if not isinstance(value, Value):
            return "name", repr(value)
        if value.kind != "tensor":
            return "name", emitter.scalars[value]
        buffer = emitter.of(value)
        return ("array" if buffer.root.kind == "fresh" and not buffer.aliases else "copy"), buffer

    def _build(self, source):
        plan = self.plan
        bare = {line.out for line in source.program.lines if not line.template.startswith("{out} = asarray(")}
        for i, (kind, what) in enumerate(plan.results):
            if kind in ("array", "copy"):
                name = source.name(what)  # NumPy gives a number where an array would have no axes
                plan.results[i] = kind, f"array_of({name})" if not what.shape and what in bare else name
        plan.saved = [self._handed_on(source, self.emitter.of(v)) for v in self.saved]
        self.entry = entry = Entry(plan, source)
        self.names = names = entry.names
        names.update(joint=joint, ways=self.ways, bind=self._bind, renew=self._renew, changed=())
        self.run, self.text = entry.build()
        names["array_of"] = np.asarray
        self._bound()
        self._count()

    @staticmethod
    def _handed_on(source, buffer):
        """An array for the way back: a copy where it lies in memory that the next run uses again."""
        name = source.name(buffer)
        return f"{name}.copy()" if buffer.root.kind == "static" else name

    def describe(self):
        """Its size, in words."""
        lines, count = len(self.source.lines), self.source.nbytes
        steps = f"{self.recorded} step{'s' * (self.recorded != 1)}"
        return (f"{steps}, {len(self.graph.steps)} after all passes, {lines} line{'s' * (lines != 1)} of "
                f"NumPy, {count} bytes of memory")  # fmt: skip

    def _count(self):
        """How often each gradient and its memory are held when nobody else holds them."""
        before = {leaf: getattr(leaf, "_grad", None) for leaf in self.plan.kept}
        for leaf in before:
            leaf._grad = None
        names, expressions = zip(*self.entry.references(), strict=True) if before else ((), ())
        self.names.update(zip(names, eval(f"[{', '.join(expressions)}]", self.names), strict=True))
        for leaf, grad in before.items():
            leaf._grad = grad

    def _bound(self):
        """Look everything up in memory as it lies now."""
        self.source.bind()
        self.names.update(self.source.names)
        self.names["changed"] = tuple(memory.record(t.array) for t in self.plan.changed)
        roots = dict.fromkeys(buffer.root for buffer in self.gradients.values())
        for name, root in zip(self.plan.owners, roots, strict=True):
            array = self.source.memory[root]
            self.names[name] = array if array.base is None else array.base

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
