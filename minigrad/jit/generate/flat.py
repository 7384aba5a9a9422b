"""Gradients side by side in one piece of memory, so that one line does for all what else takes a line for each."""

from __future__ import annotations

from math import prod

from .program import Buffer


def lay_out(program, buffers):
    """Put these buffers behind one another, where they are of one dtype: the flat buffer, or None.

    Lines that do the same to each of them, with the same second operand, become one line.
    """
    roots = [buffer.root for buffer in buffers]
    if not roots or len({root.dtype for root in roots}) > 1:
        return None
    sizes = [prod(root.shape) for root in roots]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    flat = Buffer("static", (sum(sizes),), roots[0].dtype, pinned=True)
    last = max(i for i, line in enumerate(program.lines) if line.out is not None and line.out.root in roots)
    for root, start, size in zip(roots, starts, sizes, strict=True):
        _become_part(root, flat, start, size)
    _join_lines(program, buffers, starts, flat, last)
    return flat


def _become_part(buffer, flat, start, size):
    shape = buffer.shape
    buffer.base, buffer.pinned = flat, False
    buffer.derive = lambda array: array[start : start + size].reshape(shape)


def _join_lines(program, buffers, starts, flat, last):
    """One line in the place of `scratch = ufunc(gradient, number)` for each gradient, where all are there by then."""
    groups = {}
    for line in program.lines[last + 1 :]:
        ours = line.elementwise and len(line.operands) == 2 and line.operands[0] in buffers
        if ours and line.out.kind == "static" and line.out.base is None and line.operands[1].shape == ():
            groups.setdefault((line.template, line.operands[1]), []).append(line)
    for (_, number), lines in groups.items():
        if [line.operands[0] for line in lines] and {line.operands[0] for line in lines} == set(buffers):
            scratch = Buffer("static", flat.shape, flat.dtype)
            for line in lines:
                place = buffers.index(line.operands[0])
                _become_part(line.out, scratch, starts[place], prod(line.out.shape))
            lines[0].operands, lines[0].out = (flat, number), scratch
            rest = {id(line) for line in lines[1:]}
            program.lines[:] = [line for line in program.lines if id(line) not in rest]
