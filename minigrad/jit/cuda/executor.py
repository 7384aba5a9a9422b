"""A recorded graph as it runs on a GPU: first step by step, then as one CUDA Graph that is launched as a whole.

What a CUDA Graph replays reads and writes the same memory each time. So inputs and numbers are copied into memory that
stays, and all that comes about lies in a pool of memory that nobody else uses. Where Python has to look at something on
the way, nothing is captured, and the steps run one by one.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager

import numpy as np

from ... import memory, modes
from ...device import cupy
from ...shortcuts import any_outside, trusting
from ...tensor import Tensor
from ..errors import CaptureError
from ..graph import values_in
from .fuse import Fused, fuse
from .places import Phases, limits, on_gpu, placed
from .steps import Steps, in_place, numbers_of


class Program:
    """A graph that is run on a GPU again and again: `run(given)` with one array or number for each input.

    After a run `results` has what the graph's outputs are, good until the next one, and `gradients` the tensors that
    become the .grad of leaves. `of_leaf`: {leaf: value of its .grad}. `facts`: {value: [what must be true of it]}.
    """

    def __init__(self, graph, of_leaf=None, facts=None):
        self.of_leaf, self.facts, outputs = dict(of_leaf or {}), facts or {}, graph.outputs
        self.wanted = list(self.of_leaf.values())
        device, self.brought = placed(graph)
        graph.outputs = [*outputs, *self.wanted, *self.facts]  # which all are to be known
        self.graph = fuse(graph, device)
        self.graph.outputs = graph.outputs = outputs
        self.outside = {*graph.inputs, *graph.held(), *self.brought}
        mine = {value for step in device for value in step.outputs}
        device = {step for step in self.graph.steps if not mine.isdisjoint(step.outputs)}
        self.phases = Phases(self.graph, device, self.facts)
        self.reason = self.phases.reason
        on = mine | {v for v, t in graph.held().items() if on_gpu(t)} | {v for v in graph.inputs if v.device != "cpu"}
        moved = [value for value in self.brought if value.device != "cpu"]  # the others are wanted here as well
        self.there = [(held, new) for held, new in graph.updates if held in on and held not in graph.inputs]
        self.here = [pair for pair in graph.updates if pair not in self.there]  # in main memory, or what was handed in
        later = [outputs, [new for _, new in self.here], [list(step.uses()) for step in self.phases.after]]
        self.later = [value for value in dict.fromkeys(values_in(later)) if value in on or value in moved]
        self.sent, self.moved = [v for v in graph.inputs if v in on] + self.brought, moved
        self.counted = [step for step in self.graph.steps if isinstance(step.op, Fused) and self._numbers(step)]
        self.steps = Steps({} if self.reason else in_place(self.graph, self.there, {*values_in(outputs), *self.wanted}))
        self.forget()

    def forget(self):
        """Capture it anew the next time, in other memory."""
        self.captured, self.stream, self.pool, self.warm = None, None, None, False
        self.places, self.made, self.asked = {}, {}, []
        self.results, self.gradients, self.arrays, self.usual, self.steps.numbers = [], [], [], [], {}

    def run(self, given):
        """Run it. False, and nothing has changed, where a fact does not hold."""
        known = dict(self.graph.held())
        for value, x in zip(self.graph.inputs, given, strict=True):
            known[value] = Tensor(x) if value.kind == "tensor" else x
        targets = [known[held] for held, _ in self.here]
        with modes.no_grad():
            if not (self._in_order(known) if self.reason else self._in_phases(known)):
                return False
        for target, array in zip(targets, [known[new].array for _, new in self.here], strict=True):
            target.array[...] = array
            memory.changed(target.array)
        self.results = [known[v].array if v.kind == "tensor" else known[v] for v in values_in(self.graph.outputs)]
        return True

    def _run(self, steps, known, bring=False):
        """Run these steps. False where what is taken for granted of a value is not true."""
        for step in steps:
            self.now = step
            self.steps.run(step, known)
            for value in step.outputs:
                for expected in self.facts.get(value, ()):
                    found = known[value]
                    if (bool(found) is not expected) if isinstance(expected, bool) else found != expected[1]:
                        return False
                if bring and value in self.moved:
                    known[value] = Tensor(cupy().asarray(known[value].array))
        return True

    def _settle(self, known):
        """See to it that what is handed out has memory of its own, and write what changes on the GPU."""
        changed, self.arrays = {held for held, _ in self.there}, []
        for i, value in enumerate(self.wanted):
            array = known[value].array
            shared = value in self.outside or value in self.wanted[:i] or array.base is not None
            self.arrays.append(array.copy() if shared else array)
        for value in self.later:
            if value in changed:
                known[value] = Tensor(known[value].array.copy())
        made = [(held, new, known[new].array) for held, new in self.there if new not in self.steps.in_place]
        made = [(held, array.copy() if new in self.outside or array.base is not None else array)
                for held, new, array in made]  # fmt: skip  # which may be about to change itself
        for held, array in made:
            known[held].array[...] = array

    # One step after the other

    def _in_order(self, known):
        for value in self.moved:
            if value in known:
                known[value] = Tensor(cupy().asarray(known[value].array))
        if not self._run(self.graph.steps, known, bring=True):
            return False
        self._settle(known)
        self.gradients = [Tensor(array) for array in self.arrays]
        return True

    # All at once

    def _in_phases(self, known):
        if not self._run(self.phases.before, known):
            return False
        self._make_room()
        self._send(known)
        if any(any_outside(*asked) for asked in self.asked):
            return False  # the function as it is written will say what is wrong
        if self.captured is None and self.warm:
            self._capture({**known, **self.places})
        if self.captured is not None:
            self.captured.launch()
        elif self.reason:  # which the attempt has found
            self._device({**known, **self.places})
            self.gradients = [Tensor(array) for array in self.arrays]
        else:
            self._once({**known, **self.places})
        known.update(self.made)
        return self._run(self.phases.after, known)

    def _send(self, known):
        """Copy inputs and numbers to where they stay."""
        xp = cupy()
        for value in self.sent:
            array = known[value].array
            if value not in self.places:
                self.places[value] = Tensor(xp.empty(array.shape, array.dtype))
            self.places[value].array[...] = array if isinstance(array, xp.ndarray) else xp.asarray(array)
        numbers = [numbers_of(step, known) for step in self.counted]
        if numbers:
            if "numbers" not in self.places:
                self.places["numbers"] = room = xp.zeros(sum(map(len, numbers)))
                ends = np.cumsum([len(part) for part in numbers])
                self.steps.numbers = {step: room[end - len(part) : end]
                                      for step, part, end in zip(self.counted, numbers, ends, strict=True)}  # fmt: skip
            self.places["numbers"][...] = xp.asarray(np.concatenate(numbers))

    @staticmethod
    def _numbers(step):
        return any(value.kind != "tensor" for value in step.inputs)

    def _device(self, known):
        """The part that runs on the GPU alone."""
        self._run(self.phases.device, known)
        self._settle(known)
        self.made = {value: known[value] for value in self.later}

    def _once(self, known):
        """Run it for once as it will be captured, so that kernels are compiled and the pool has memory.

        On a stream of its own, which nobody else's work gets into while it is captured.
        """
        cuda = cupy().cuda
        self.stream, self.pool = cuda.Stream(non_blocking=True), cuda.MemoryPool()
        cuda.get_current_stream().synchronize()
        with cuda.using_allocator(self.pool.malloc), self.stream:
            self._device(known)
        self.stream.synchronize()
        self.warm, self.gradients = True, [Tensor(array.copy()) for array in self.arrays]

    def _capture(self, known):
        """Put everything down as a CUDA Graph; where that cannot be done, say why."""
        cuda = cupy().cuda
        with cuda.using_allocator(self.pool.malloc), self.stream, trusting(self.asked), _nothing_is_sent():
            self.stream.begin_capture()
            try:
                self._device(known)
            except Exception as error:
                self.reason = f"{self.now.op.name} cannot be captured ({type(error).__name__}: {error})"
            try:
                captured = self.stream.end_capture()
            except Exception as error:  # so it is after a step that waits for the GPU
                self.reason = self.reason or f"{type(error).__name__} at the end of its capture"
        self.asked = self._questions(known)
        if self.reason:
            self.forget()
            return
        self.captured, self.gradients = captured, [Tensor(array) for array in self.arrays]
        known.clear()  # which holds arrays, too
        self.usual = [self._held(i, leaf) for i, leaf in enumerate(self.of_leaf)]

    def _questions(self, known):
        """What has to be asked before each launch: whether whole numbers that come from outside are within limits.

        Of those that are worked out on the way it must be clear from what they are.
        """
        given = [known[value].array for value in (*self.sent, *self.graph.held())]
        sure = [(known[value].array, most) for value, most in limits(self.graph).items() if value in known]
        questions = []
        for array, count, first in self.asked:
            if any(other is array or other is array.base for other in given):
                questions.append((array, count, first))
            elif not any((other is array or other is array.base) and first <= 0 and most <= count
                         for other, most in sure):  # fmt: skip
                self.reason = self.reason or "whole numbers that must be within limits are worked out on the way"
        return questions

    # Gradients of the last run, which somebody may have kept

    def _held(self, i, leaf):
        """How often the tensor of a gradient is held, and how often its array, beside by the leaf."""
        tensor = self.gradients[i]
        return sys.getrefcount(tensor) - (getattr(leaf, "_grad", None) is tensor), sys.getrefcount(tensor.array)

    def _make_room(self):
        """Leave to others what they hold of the last gradients, before they are overwritten."""
        if self.captured is None:
            return
        for i, leaf in enumerate(self.of_leaf):
            (tensor, array), (usually, its_array) = self._held(i, leaf), self.usual[i]
            if array > its_array:  # somebody has the memory itself
                self.forget()
                return
            if tensor > usually:
                self.gradients[i].array, self.gradients[i] = self.arrays[i].copy(), Tensor(self.arrays[i])


@contextmanager
def _nothing_is_sent():
    """Refuse numbers that go from main memory to the GPU inside: a graph would send whatever lies there later."""
    xp = cupy()

    def refuse(size):
        raise CaptureError("it sends numbers from main memory")

    xp.cuda.set_pinned_memory_allocator(refuse)  # where CuPy puts what it is about to send
    try:
        yield
    finally:
        xp.cuda.set_pinned_memory_allocator(xp.get_default_pinned_memory_pool().malloc)
