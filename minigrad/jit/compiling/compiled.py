"""`jit.compile`: a function that runs as recorded NumPy for as long as all that the recording relied on still holds.

The first call runs the function as it is written and records it: forward, and, if the function has them in it,
backward and the optimizer's step. Passes make the graph smaller, and `generate` makes one Python function of it, which
first looks at everything that must be as it was. When something is not, the call is recorded anew, and both ways are
kept; what cannot be recorded runs as it is written. `report()` tells what happened and why.

Where tensors live on a GPU the graph becomes kernels and CuPy's functions in place of NumPy's, and from the third call
on one CUDA Graph: see jit/cuda.
"""

from __future__ import annotations

import functools

from ... import modes
from ...nn import Module
from ..errors import CaptureError
from .capture import Capture
from .entry import BUSY, MISS
from .guards import why_not
from .variant import Variant

MOST = 32  # recordings of one function; one that needs more runs as it is written from then on


def _variant(capture):
    """The recording as lines of NumPy, or as work for a GPU where some of its tensors live there."""
    graph = capture.graph
    values = [*graph.inputs, *graph.held(), *(value for step in graph.every_step() for value in step.outputs)]
    if all(value.device == "cpu" for value in values):
        return Variant(capture)
    from ..cuda.variant import DeviceVariant

    return DeviceVariant(capture)


class Compiled:
    """A function that runs as recorded NumPy where it can, and as it is written elsewhere.

    What stays different from the function: what it prints or appends happens only while it is recorded; a loss whose
    backward has run inside comes without its graph. A result that is a view of an input, of a tensor from outside or of
    another result is one again, at each run; one that shares memory with them in another way is not compiled.
    `.grad` of the leaves, parameters, buffers and the optimizer's state are as the function leaves them.

    ran: the recording that the last call ran, or that was made of it; None where it ran as it is written.
    """

    def __init__(self, function):
        if not isinstance(function, Module):
            functools.update_wrapper(self, function)
        self.function = function
        self.reset()

    def __call__(self, *args, **kwargs):
        self.calls += 1
        self.ran = None
        special = modes.special
        if special and modes.state.log is not modes.OFF:
            return self.function(*args, **kwargs)
        variants = self.unrecorded if special else self.variants
        for variant in variants:
            result = variant.run(args, kwargs)
            if result is not MISS:
                if result is BUSY:
                    return self.function(*args, **kwargs)
                self.replayed += 1
                self.ran = variant
                return result
        if len(self.history) < MOST:
            return self._record(args, kwargs, variants)
        return self.function(*args, **kwargs)

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __getattr__(self, name):
        return getattr(self.__dict__["function"], name)  # a module's parameters(), train(), ...

    def _record(self, args, kwargs, variants):
        why = why_not(variants[0], args, kwargs) if variants else None
        capture = Capture(self.function)
        result = capture.take(args, kwargs)
        outcome = capture.failed
        if outcome is None:
            try:
                variants.insert(0, _variant(capture))
            except CaptureError as error:
                outcome = str(error)
        self.ran = None if outcome else variants[0]
        self.history.append((self.calls, why, outcome, self.ran))
        return result

    def reset(self):
        """Forget all recordings; the next call is recorded anew."""
        self.variants, self.unrecorded = [], []  # the second for calls under no_grad
        self.history, self.calls, self.replayed, self.ran = [], 0, 0, None

    def source(self):
        """The Python function that was written last; None where nothing could be recorded."""
        return self.variants[0].text if self.variants else None

    @property
    def graph(self):
        """The graph of the last recording, after all passes; None where nothing could be recorded."""
        return self.variants[0].graph if self.variants else None

    def report(self):
        """What was recorded, how often it ran, and what ran as it is written, with the reasons.

        >>> import minigrad as mg
        >>> double = compile(lambda x: x * 2)
        >>> for length in (3, 3, 3, 4):
        ...     y = double(mg.ones(length))
        >>> print(double.report())
        <lambda>: 4 calls, 2 recorded, 2 replayed, 0 as written
          call 1: recorded: 1 step, 1 after all passes, 1 line of NumPy, 0 bytes of memory
          call 4: recorded: 1 step, 1 after all passes, 1 line of NumPy, 0 bytes of memory; x has shape (4,), not (3,)
        """
        recorded = sum(1 for *_, variant in self.history if variant is not None)
        written = self.calls - self.replayed - recorded
        name = type(self.function).__name__ if isinstance(self.function, Module) else self.__name__
        lines = [f"{name}: {self.calls} calls, {recorded} recorded, {self.replayed} replayed, {written} as written"]
        for call, why, outcome, variant in self.history:
            told = f"as written: {outcome}" if variant is None else f"recorded: {variant.describe()}"
            lines.append(f"  call {call}: {told}" + (f"; {why}" if why else ""))
        if len(self.history) >= MOST:
            lines.append(f"  {MOST} recordings are kept at most: what differs from all of them runs as it is written")
        return "\n".join(lines)

    def __repr__(self):
        return f"<compiled {self.function!r}>"


def compile(function):
    """Record `function` (or a module) at its first call, and run lines of NumPy in its place from then on.

    A whole training step compiles: forward, loss, backward(), the optimizer's step(). Works as a decorator. The
    recording is for these shapes, dtypes, modes and branches: at another one it is made anew. While somebody watches
    (viz.watch) or another mode is on, the function runs as it is written. `report()` of what comes back says more.

    >>> import minigrad as mg
    >>> model = mg.nn.Linear(2, 1)
    >>> optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    >>> @compile
    ... def step(x, y):
    ...     optimizer.zero_grad()
    ...     loss = mg.nn.functional.mse_loss(model(x), y)
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> losses = [step(mg.ones(4, 2), mg.zeros(4, 1)).item() for _ in range(3)]
    >>> losses[2] < losses[0], step.replayed
    (True, 2)
    """
    if not callable(function):
        raise TypeError(f"compile() takes a function or a module, not {type(function).__name__}")
    return Compiled(function)

