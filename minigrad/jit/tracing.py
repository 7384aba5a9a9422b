"""What a trace makes of `jit.cond`, `while_loop` and `scan`, and of a graph with branches that is called: If and Loop,
with both arms, whichever way the example goes.

The functions handed in are compiled from their source, as `jit.script` would, with the tensors that the recording knows
around them. Then they run as they are, unseen, on the example: what comes out goes on through the recording as the
values that the If or Loop gives.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager

from .. import modes
from ..autograd import Function
from ..nn import Parameter
from ..tensor import Tensor
from . import control
from .errors import CaptureError
from .graph import used_in
from .passed import Passed
from .places import here, way
from .script import controls
from .script.builder import Builder
from .script.compiler import Compiler
from .script.errors import written
from .script.frame import Frame
from .script.standins import Number, Symbol, TensorList
from .splicing import spliced
from .tree import rebuilt


class Carried(Passed):
    """A number that comes out of a loop. What Python makes of it is told to the user, as of any number that leaves."""

    __slots__ = ()

    def plain(self):
        """The number of the example."""
        self.capture.reads.append((here(), "carried", self.value, self.number))
        return self.number

    def operand(self):
        """The value: it was for the op itself that its number was looked at."""
        self.capture.reads.remove((here(), "carried", self.value, self.number))
        return self.value


class Tracer:
    """What a Recording sets as `control.capture.by`."""

    def __init__(self, recording):
        self.recording = recording

    @contextmanager
    def on(self):
        """Be handed what parts, in this thread."""
        before, control.capture.by = control.capture.by, self
        try:
            yield self
        finally:
            control.capture.by = before

    @contextmanager
    def off(self):
        """What happens in this block is not put down."""
        before, control.capture.by = control.capture.by, None
        modes.remove_watcher(self.recording.told)
        staging, modes.state.staging = modes.state.staging, None
        try:
            yield
        finally:
            modes.state.staging = staging
            modes.add_watcher(self.recording.told)
            control.capture.by = before

    # The four of them

    def cond(self, pred, true_fn, false_fn, operands):
        """Both arms, where a tensor decides; Python's own bool is no matter of the graph."""
        if isinstance(pred, bool):
            return (true_fn if pred else false_fn)(*operands)
        return self.parted(controls.cond, control.cond, (pred, true_fn, false_fn, operands))

    def while_loop(self, cond_fn, body_fn, carried):
        """Any number of turns."""
        return self.parted(controls.while_loop, control.while_loop, (cond_fn, body_fn, carried))

    def scan(self, f, init, xs, length):
        """Any length."""
        return self.parted(controls.scan, control.scan, (f, init, xs, length))

    def graph(self, run, graph, inputs):
        """A graph that is called with branches in it: its steps."""

        def splice(c, operands, named, node):
            made, c.updates = spliced(graph, operands, c.builder)
            return made

        return self.parted(splice, lambda *given: run(graph, given), tuple(inputs))

    def parted(self, compiled, run, args):
        """Put down what `compiled` makes of these arguments; what `run` gives, as its values."""
        recording = self.recording
        with self.off():
            c = _FromTrace(recording, here())
            with c.builder.block() as block:
                made = compiled(c, c.standins(args), {}, c.node)
            for tensor, _ in c.updates:
                recording.of(tensor)
            result = run(*rebuilt(args, _plain))
        recording.graph.steps += block.steps
        if recording.ways is not None:  # by its number a step is told from the others of this one call
            recording.ways.update((step, ((None, number), *way())) for number, step in enumerate(block.steps))
        outputs = dict.fromkeys(v for step in block.steps for v in step.outputs)
        recording.histories.parted(used_in(block.steps), outputs)
        for tensor, value in c.updates:
            value.shape, value.dtype = tuple(tensor.array.shape), tensor.dtype
            recording.put(tensor, value)
        return self.bound(made, result)

    def bound(self, made, result):
        """The result of the example, known by the values that stand-ins stand for."""
        if isinstance(made, (tuple, list)) and isinstance(result, (tuple, list)) and len(made) == len(result):
            parts = [self.bound(a, b) for a, b in zip(made, result, strict=True)]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        if isinstance(made, dict) and isinstance(result, dict) and made.keys() == result.keys():
            return {key: self.bound(made[key], result[key]) for key in result}
        if isinstance(made, Tensor) and isinstance(result, Tensor):
            return self.tensor(made, result)
        if isinstance(made, Number) and isinstance(result, (bool, int, float)):
            return Carried(self.recording, made.value, result)
        if isinstance(made, TensorList):
            raise CaptureError("a list that grows cannot leave a loop that is traced: nobody knows how long it will "
                               "be. Stack it within, or let jit.scan collect")  # fmt: skip
        if type(made) is type(result) and not isinstance(made, (tuple, list, dict)):
            return result
        raise CaptureError(f"a loop without a single turn gives {type(result).__name__} here, where others give "
                           f"{type(made).__name__}: trace with an example that has a turn")  # fmt: skip

    def tensor(self, made, result):
        """The tensor of the example under its value; backward does not go past it."""
        recording, value = self.recording, made.value if isinstance(made, Symbol) else self.recording.of(made)
        with self.off():
            out = Fence.apply(result) if result.requires_grad and modes.state.grad else Tensor(result.array.copy())
        if value.dtype is None:
            value.shape, value.dtype, value.device = tuple(out.array.shape), out.dtype, str(out.device)
        recording._know(out, value)
        return out


def _plain(what):
    """Arguments as functions take them that run unseen."""
    return what.number if isinstance(what, Passed) else rebuilt(what, _plain)


class Fence(Function):
    """The numbers themselves; backward would go on through steps that are inside of arms."""

    @staticmethod
    def forward(ctx, x):
        """A copy."""
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        """Errors: CaptureError."""
        raise CaptureError(
            "a trace does not record backward through cond, while_loop and scan. Trace the way forward, and take "
            "gradients of what comes out: a traced function is differentiated as any other"
        )


class _FromTrace(Compiler):
    """The compiler, at work for one call in a recording."""

    lambdas_too = True

    def __init__(self, recording, source):
        super().__init__(recording.graph.name)
        self.builder, self.updates = _Into(recording, source), ()
        self.module_paths = recording.prefixes
        self.frame = Frame(_Line(source), None, {}, tree=ast.parse("None").body[0])
        self.frames, self.node = [self.frame], self.frame.tree

    def standins(self, what):
        """Arguments, with stand-ins for what the recording knows."""
        if isinstance(what, Tensor):
            return self.symbol(what)
        if isinstance(what, Passed):
            return Number(what.value)
        return rebuilt(what, self.standins)


class _Into(Builder):
    """Makes steps for a recording: what is held, and what things are called, is the recording's."""

    def __init__(self, recording, source):
        self.recording, names = recording, recording.names
        super().__init__(recording.graph.name, recording.paths)
        self.names = names  # Builder has begun new ones
        self.graph, self.open = recording.graph, recording.graph
        self.place, self.path = source, recording.entered[-1] if recording.entered else None

    @property
    def names(self):
        """Those of the recording."""
        return self.recording.names

    @names.setter
    def names(self, names):
        self.recording.names = names

    def hold(self, tensor):
        """The value that the recording has for a tensor."""
        return self.recording._seen([self.recording.of(tensor)])[0]

    def known(self, tensor):
        """Whether the program has handed it over, or the recording has met it."""
        return id(tensor) in self.recording.tensors or id(tensor) in self.paths or isinstance(tensor, Parameter)


class _Line:
    """The line of a call, as the place of what is made for it."""

    def __init__(self, source):
        self.source = source
        self.name, self.file = (source.function, source.file) if source else ("", "?")
        self.short = self.file.replace("\\", "/").rsplit("/", 1)[-1]

    def line(self, node):
        """Its number."""
        return self.source.line if self.source else 0

    def place(self, node):
        """Itself."""
        return self.source

    def error(self, node, what, remedy=""):
        """An UnsupportedError that points at it."""
        return written((self.short, self.line(node), self.source.text if self.source else "", 0, None), what, remedy)
