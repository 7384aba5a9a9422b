"""An optimizer's step as steps of a graph.

The optimizer's own `_update` is run on Symbols in the place of parameters, gradients and state, so what is put down is
the very code that runs. Learning rates and other numbers of the groups are inputs of the graph: they may change from
one run to the next. Which way `_update` goes by them (is there momentum at all?) is a fact that the graph relies on.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from ..dtype import as_dtype
from ..op import OPS
from ..optim import Optimizer
from ..tensor import Tensor
from .errors import CaptureError
from .graph import Value
from .prims import PRIMS
from .symbols import Number, Symbol

_BY_UFUNC = {op.kernel: op for op in OPS.values() if op.kernel is not None}
_BY_UFUNC |= {np.square: OPS["mul"], np.true_divide: OPS["div"], np.power: OPS["pow"], np.absolute: OPS["abs"]}
_NUMBERS = (int, float)


def step_of(recording, optimizer):
    """Put down what `optimizer.step()` is about to do.

    Errors: CaptureError when its state is made in this very step (from the second step on it is there), and for an
    optimizer that does more in a step than update one parameter after the other.
    """
    if type(optimizer)._update is Optimizer._update or "step" in type(optimizer).__dict__:
        raise CaptureError(f"{type(optimizer).__name__} has a step() of its own, which cannot be put down")
    builder = _Builder(recording)
    twin = object.__new__(type(optimizer))  # a copy would be without what a class has added
    twin.__dict__.update(optimizer.__dict__)
    twin.state, twin._count, twin._scratch = {}, builder.count(twin), builder.scratch
    written = []
    for number, group in enumerate(optimizer.param_groups):
        options = {name: builder.option(optimizer, number, name, value) for name, value in group.items()}
        for p in group["params"]:
            grad = getattr(p, "_grad", None)
            if grad is not None:
                written.append((p, *_update(builder, twin, optimizer, options, p, grad)))
    for p, symbol, state in written:
        recording.put(p, symbol.ref)
        for tensor, part in state:
            recording.put(tensor, part.ref)


def _update(builder, twin, optimizer, options, p, grad):
    """Run `_update` for one parameter; it and its state, as they are afterwards."""
    shadow = SimpleNamespace(array=builder.symbol(p), name=p)
    key = _Key(shadow)
    before = optimizer.state.get(p, {})
    held = {name: SimpleNamespace(array=builder.symbol(value), of=value) if isinstance(value, Tensor) else value
            for name, value in before.items()}  # fmt: skip
    twin.state[key] = dict(held)
    try:
        twin._update(options, key, builder.symbol(grad))
    except CaptureError:
        raise
    except Exception as error:  # what it asks of an array, nothing that is not there can answer
        raise CaptureError(f"{type(optimizer).__name__} computes in a way that cannot be put down: {error}") from None
    if twin.state[key].keys() != held.keys():
        raise CaptureError(f"{type(optimizer).__name__} makes its state in this step; the next one can be put down")
    state = [(before[name], held[name].array) for name in held if isinstance(before[name], Tensor)]
    return key.array, state


class _Key:
    """What stands for a parameter: an array that may be replaced, and a key of the state."""

    def __init__(self, shadow):
        self.array = shadow.array


class _Builder:
    """What Symbols tell it, it adds to the recording."""

    def __init__(self, recording):
        self.recording = recording

    def symbol(self, tensor):
        return Symbol(self, tensor.array.shape, tensor.array.dtype, self.recording.of(tensor))

    def scratch(self, p, g):
        return Symbol(self, p.array.shape, p.array.dtype, None)

    def ufunc(self, ufunc, operands, shape, dtype):
        op = _BY_UFUNC.get(ufunc)
        if op is None:
            raise CaptureError(f"np.{ufunc.__name__} has no op that stands for it")
        operands = operands * 2 if ufunc is np.square else operands
        devices = [x.device for x in operands if isinstance(x, Value) and x.kind == "tensor" and x.shape == shape]
        value = Value(self.recording.names.new(op.name), "tensor", shape, as_dtype(dtype),
                      *devices[:1])  # fmt: skip
        self.recording.add(op, operands, {}, (value,))
        return value

    def zeros(self, shape, dtype):
        value = Value(self.recording.names.new("zeros"), "tensor", tuple(shape), as_dtype(dtype))
        self.recording.add(PRIMS["tensor.full"], (0,), {"shape": tuple(shape), "dtype": value.dtype}, (value,))
        return value

    def number(self, name, a, b):
        return self.recording.number(f"number.{name}", (a, b), "float")

    def item(self, symbol, now=None):
        """The number in an array of one element."""
        return Number(self, self.recording.number("tensor.float", (symbol.ref,), "float"), now)

    def compared(self, name, a, b):
        return self.recording.number(f"number.{name}", (a, b), "bool")

    def decided(self, number):
        if number.now is None:
            raise CaptureError("an optimizer goes by a number that is known only when the graph runs")
        truth = bool(number.now)
        self.recording.relies_on(number.ref, truth)
        return truth

    def option(self, optimizer, group, name, value):
        """An entry of a group: numbers become inputs, all else stays."""
        if name == "params" or isinstance(value, bool) or not isinstance(value, (*_NUMBERS, tuple, Tensor)):
            return value
        if isinstance(value, Tensor):
            return Number(self, self.recording.number("tensor.float", (self.recording.of(value),), "float"),
                          value.array.item())  # fmt: skip
        if isinstance(value, tuple):
            return tuple(self.option(optimizer, group, (name, i), part) for i, part in enumerate(value))
        return Number(self, self.recording.option(optimizer, group, name, value), value)

    def count(self, twin):
        """In the place of Optimizer._count: one more step, as a number of the graph."""

        def one_more(key):
            state = twin.state[key]
            if "step" not in state:
                raise CaptureError("an optimizer makes its state in this step; the next one can be put down")
            step = state["step"].array
            step += 1
            return self.item(step, float(state["step"].of.array) + 1)

        return one_more
