"""One recorded run of a function whose tensors live on a GPU, as a function of its own: guards, and the program."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from ... import memory
from ...device import device_of
from ...tensor import Tensor
from ..compiling.draws import generators_of
from ..compiling.entry import Entry
from ..compiling.joint import joint, parted
from ..compiling.partial import Ways
from ..compiling.variant import Plan, made_smaller
from ..graph import Value
from .executor import Program
from .fuse import Fused


class DeviceEntry(Entry):
    """The function that a call runs. The lines of its program are one: run all of it on the GPU."""

    def _gradients_kept(self):
        """The program itself looks after what becomes of gradients."""

    def references(self):
        """Nothing is counted here."""
        return ()

    def _updates(self):
        if self.plan.changed:
            self.put("    memory.changed_together(changed)")
        for leaf in self.plan.gradients_after:
            made = f"program.gradients[{self.plan.kept[leaf]}]" if leaf in self.plan.kept else "None"
            self.put(f"    {self.name(leaf, 'held')}._grad = {made}")
        self._results()
        self._joined()
        self._seen()


class DeviceWayBack:
    """The way back from results that still want gradients, as a program. What `joint.WayBack` is for NumPy."""

    def __init__(self, graph):
        self.graph, self.program, self.lock = graph, Program(graph), threading.Lock()
        tensors = {f"h_{i}": tensor for i, tensor in enumerate(self.program.graph.held().values())}
        self.source, self.arrays = SimpleNamespace(tensors=lambda: tensors), self._arrays(tensors)

    @staticmethod
    def _arrays(tensors):
        return [tensor.array for tensor in tensors.values()]

    def run(self, arrays):
        """The gradients of the sources, None where none flows, for these arrays."""
        with self.lock:
            now = self._arrays(self.source.tensors())
            if any(a is not b for a, b in zip(now, self.arrays, strict=True)):
                self.arrays = now
                self.program.forget()
            self.program.run(arrays)
            made = iter(self.program.results)
            return [next(made).copy() if isinstance(value, Value) else None for value in self.graph.outputs]


class DeviceVariant:
    """One way through the function, on a GPU. What `variant.Variant` is for NumPy."""

    def __init__(self, capture):
        self.recorded = len(capture.graph.steps)
        graph, of_leaf, facts, back_to = made_smaller(capture)
        self.smaller, self.ways, saved = len(graph.steps), None, []
        if back_to:
            graph.outputs += back_to
            graph, back, saved = parted(graph, capture.back_from, len(capture.seen))
            graph.outputs = [*graph.outputs, *(value for value in saved if value not in graph.inputs)]
            self.ways = Ways(DeviceWayBack, back, capture.back_from)
        self.program = program = Program(graph, of_leaf, facts)
        self.graph = self.forward = graph = program.graph
        self.plan = plan = Plan(graph, capture.form, capture.specs, list(capture.options), capture.guards)
        held, names = graph.held(), self._names()
        plan.early_facts = [(names[value], expected) for value, several in capture.facts.items() if value in names
                            for expected in several]  # fmt: skip
        plan.gradients_before, plan.gradients_after = capture.gradients_before, list(capture.final_gradients)
        plan.kept = {leaf: i for i, leaf in enumerate(of_leaf)}
        plan.changed = [held[value] for value, _ in graph.updates if value in held]
        plan.writes_inputs = any(value in graph.inputs for value, _ in graph.updates)
        plan.sources, plan.wants = capture.sources, tuple(capture.wants)
        made = iter(range(len(graph.outputs)))
        plan.results = [self._result(value, seen, made)
                        for value, seen in zip(graph.outputs, capture.seen, strict=False)]  # fmt: skip
        plan.saved = [names[value] if value in names else f"program.results[{next(made)}].copy()" for value in saved]
        self._build(names)

    def _names(self):
        return {value: f"n_{i}" if value.kind != "tensor" else f"a_{i}" for i, value in enumerate(self.graph.inputs)}

    @staticmethod
    def _result(value, seen, made):
        """How one result is put together, see Variant."""
        if not isinstance(value, Value):
            return "name", repr(value)
        number = next(made)
        if seen is not None:
            return "seen", seen
        return "copy" if value.kind == "tensor" else "name", f"program.results[{number}]"

    def _build(self, names):
        tensors = {f"h_{i}": tensor for i, tensor in enumerate(self.graph.held().values())}
        lines = [f"if not program.run(({''.join(f'{name}, ' for name in names.values())})): return MISS"]
        program = SimpleNamespace(given=list(names.values()))
        self.source = SimpleNamespace(lines=lines, program=program, first_outside=0,
                                      first_draw=0 if generators_of(self.graph) else None, tensors=lambda: tensors,
                                      every_name=lambda: set(tensors),
                                      names={name: tensor.array for name, tensor in tensors.items()})  # fmt: skip
        self.entry = entry = DeviceEntry(self.plan, self.source)
        self.names = entry.names
        self.names.update(program=self.program, bind=self._bind, changed=(), joint=joint, ways=self.ways)
        self.run, text = entry.build()
        kernels = [step.op.kernel.text for step in self.graph.steps if isinstance(step.op, Fused)]
        self.text = "\n".join([text, *kernels])
        self._note()

    def _note(self):
        self.names["changed"] = tuple(memory.record(t.array) for t in self.plan.changed if isinstance(t, Tensor))

    def _bind(self):
        """Some held tensor has another array: go by that, if it is like the old one."""
        for name, tensor in self.source.tensors().items():
            old, new = self.names[name], tensor.array
            if new.shape != old.shape or new.dtype is not old.dtype or device_of(new) != device_of(old):
                return False
            if new.flags.c_contiguous != old.flags.c_contiguous:
                return False
        self.names.update((name, tensor.array) for name, tensor in self.source.tensors().items())
        self.program.forget()
        self._note()
        return True

    def describe(self):
        """Its size, and how it runs, in words."""
        kernels, program = sum(isinstance(step.op, Fused) for step in self.graph.steps), self.program
        how = "one CUDA Graph" if program.captured else "to be captured as one CUDA Graph"
        how = f"step by step, since {program.reason}" if program.reason else how
        return (f"{self.recorded} step{'s' * (self.recorded != 1)}, {self.smaller} after all passes, "
                f"{len(self.graph.steps)} on the GPU, {kernels} of them kernels made here; {how}")  # fmt: skip
