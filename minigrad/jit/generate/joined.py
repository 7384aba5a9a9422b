"""Tensors put one behind the other: where it can be, each is made in its place at once, and nothing is left to copy."""

from __future__ import annotations

import numpy as np

from .emit import emits


@emits("cat", "stack")
def _joined(e, step):
    out, given = step.output, [e.of(x) for x in step.inputs]
    rank = len(out.shape or ())
    if not rank or step.attributes.get("dim", 0) not in (0, -rank) or out in e.leaving or 0 in out.shape:
        return False
    if any(b.dtype != out.dtype.numpy or (b.shape[1:] != out.shape[1:] and step.op.name == "cat") for b in given):
        return False
    whole, start, waiting = e.like(out), 0, []
    for buffer in given:
        count = buffer.shape[0] if step.op.name == "cat" else 1
        if _becomes_part(buffer, whole, start, count):
            _copy(e, whole, waiting)
            waiting = []
        else:
            waiting.append((start, start + count, buffer if step.op.name == "cat" else _lifted(e, buffer)))
        start += count
    _copy(e, whole, waiting)
    return e.set(out, whole)


def _becomes_part(buffer, whole, start, count):
    """Let the line that makes this buffer write to its place in the whole; False where it has another place already."""
    free = buffer.kind == "static" and buffer.base is None and not buffer.pinned
    if not free:
        return False
    shape = buffer.shape
    buffer.base, buffer.derive = whole, lambda array: array[start : start + count].reshape(shape)
    return True


def _lifted(e, buffer):
    """The buffer with a first axis."""
    return e.view(buffer, "{}[None]", lambda a: a[None], (1, *buffer.shape), buffer.rows)


def _copy(e, whole, waiting):
    """Lines that copy neighbours to their places, all at once."""
    if not waiting:
        return
    start, stop = waiting[0][0], waiting[-1][1]
    part = e.view(whole, f"{{}}[{start}:{stop}]", lambda a: a[start:stop], (stop - start, *whole.shape[1:]))
    if len(waiting) == 1:
        e.copied(waiting[0][2], part)
        return
    concatenate = e.program.constant(np.concatenate, "concatenate")
    places = "".join(f"{{{i}}}, " for i in range(len(waiting)))
    e.line(f"{concatenate}(({places}), 0, {{out}})", *(buffer for *_, buffer in waiting), out=part)
