"""The ways that do for most records: ufuncs with memory to write to, formulas taken apart, formulas as they stand."""

from __future__ import annotations

import numpy as np

from ...op import Op
from ...tensor import Tensor
from ..errors import CaptureError
from ..graph import Value, values_in
from ..symbols import Symbol
from .program import Buffer


def elementwise(emitter, step):
    """A formula made of ufuncs; False where it is not."""
    op, out = step.op, step.output
    if op.variadic or op.byproducts or out.shape is None or op.kind not in ("elementwise", "activation", "compare"):
        return False
    operands = emitter.operands(step)
    if isinstance(op.kernel, np.ufunc):
        emitter.set(out, emitter.ufunc(op.kernel, operands, emitter.like(out)))
        return True
    builder, mark = _Builder(emitter), len(emitter.program.lines)
    symbols = [Symbol(builder, b.shape, b.dtype, b) for b in operands]
    try:
        result = op.forward(symbols[0].xp, *symbols, **step.attributes)
    except Exception:  # it does more than ufuncs do
        del emitter.program.lines[mark:]
        return False
    right = isinstance(result, Symbol) and result.shape == out.shape and result.dtype == out.dtype.numpy
    if not right or result.ref in operands:
        del emitter.program.lines[mark:]
        return False
    emitter.set(out, builder.finish(result.ref, emitter, out))
    return True


class _Builder:
    """What Symbols say, as lines."""

    def __init__(self, emitter):
        self.emitter = emitter

    def ufunc(self, ufunc, operands, shape, dtype):
        buffers = [x if isinstance(x, Buffer) else self.emitter.number(x, dtype) for x in operands]
        if any(b.dtype != dtype and b.dtype.kind != "b" for b in buffers) and dtype.kind != "b":
            raise CaptureError("operands of several dtypes")
        return self.emitter.ufunc(ufunc, buffers, self.emitter.new(shape, dtype))

    def finish(self, buffer, emitter, value):
        """The last line's result is that of the step: it may have to be memory of its own."""
        last = emitter.program.lines[-1]
        if last.out is buffer and value in emitter.leaving:
            last.template = "{out} = " + last.template.replace(", out={out})", ")").replace(", {out})", ")")
            buffer.kind = "fresh"
        buffer.pinned = buffer.pinned or value in emitter.pinned
        return buffer


def as_it_stands(emitter, step):
    """The record's own formula, which makes its results anew."""
    op, operands = step.op, emitter.operands(step)
    outs = [Buffer("fresh", value.shape, value.dtype.numpy if value.dtype else None) for value in step.outputs]
    bare = isinstance(op, Op) or hasattr(op, "forward")
    name = emitter.program.constant(op.forward if bare else _on_arrays(op, step), op.name.replace(".", "_"))
    places, used = [], []
    for x in operands:
        if isinstance(x, Buffer):
            places.append(f"{{{len(used)}}}")
            used.append(x)
        else:
            places.append(_plain(emitter, x))
    attributes = []
    for key, what in step.attributes.items():
        attributes.append(f"{key}={_written(emitter, what, used)}")
    if bare:
        places.insert(0, emitter.program.constant(np, "np"))
    call = f"{name}({', '.join([*places, *attributes])})"
    made = "{out}" if len(outs) == 1 and not op.byproducts else ", ".join(
        ["{out}", *(f"{{extra{i}}}" for i in range(len(outs) - 1))])  # fmt: skip
    if op.byproducts and len(outs) == 1:
        call = f"{call}[0]"
    if not step.outputs[0].shape and step.outputs[0].kind == "tensor" and len(outs) == 1:
        call = f"{emitter.program.constant(np.asarray, 'asarray')}({call})"
    emitter.line(f"{made} = {call}", *used, out=outs[0], extra=tuple(outs[1:]))
    emitter.program.lines[-1].draws = getattr(op, "draws", False)
    for value, buffer in zip(step.outputs, outs, strict=True):
        buffer.aliases = tuple(used)
        buffer.rows = False
        if value.kind == "tensor":
            emitter.set(value, buffer)
        else:
            buffer.name = emitter.new_number(value)


def _plain(emitter, x):
    return emitter.scalars[x] if isinstance(x, Value) else emitter.literal(x)


def _written(emitter, what, used):
    """An attribute as source; values in it become operands."""
    if isinstance(what, Value):
        if what.kind != "tensor":
            return emitter.scalars[what]
        used.append(emitter.of(what))
        return f"{{{len(used) - 1}}}"
    if not values_in(what):
        return emitter.literal(what)
    if isinstance(what, tuple):
        return "(" + "".join(_written(emitter, part, used) + ", " for part in what) + ")"
    if isinstance(what, list):
        return "[" + ", ".join(_written(emitter, part, used) for part in what) + "]"
    if isinstance(what, slice):
        return f"slice({', '.join(_written(emitter, p, used) for p in (what.start, what.stop, what.step))})"
    raise CaptureError(f"an attribute of type {type(what).__name__} with values in it")


def _on_arrays(op, step):
    """A primitive as a function of arrays."""
    def run(*inputs, **attributes):
        result = op(*[Tensor(x) if isinstance(x, np.ndarray) else x for x in inputs], **attributes)
        return result.array if isinstance(result, Tensor) else result

    return run
