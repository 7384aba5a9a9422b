"""Gradients side by side in one piece of memory, so that one line does for all what else takes a line for each."""

from __future__ import annotations

from math import prod

import numpy as np

from .program import Buffer, Line

LARGE, PIECE = 1 << 19, 1 << 14  # bytes from which on an array is gone through in pieces, and elements of a piece


def lay_out(program, buffers):
    """Put these buffers behind one another, where they are of one dtype: the flat buffer, or None.

    Lines that do the same to each of them, with the same second operand, become one line.
    """
    buffers = sorted(buffers, key=lambda buffer: buffer.nbytes > LARGE)
    roots = [buffer.root for buffer in buffers]
    if not roots or len({root.dtype for root in roots}) > 1:
        return None
    sizes = [prod(root.shape) for root in roots]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    flat = Buffer("static", (sum(sizes),), roots[0].dtype, pinned=True)
    last = max(i for i, line in enumerate(program.lines) if not _made_by(line).isdisjoint(roots))
    for root, start, size in zip(roots, starts, sizes, strict=True):
        _become_part(root, flat, start, size)
    small = [buffer for buffer in buffers if buffer.nbytes <= LARGE]
    if small:
        whole = sum(prod(buffer.shape) for buffer in small)
        part = Buffer("static", (whole,), flat.dtype, base=flat, derive=lambda array: array[:whole])
        _join_lines(program, small, starts, part, last)
    _by_pieces(program, [buffer for buffer in buffers if buffer.nbytes > LARGE])
    return flat


def _made_by(line):
    """The memory that a line writes to: for one without a result, any of its operands, as far as anybody knows."""
    written = () if line.guard else line.operands if line.out is None else (line.out, *line.extra)
    return {buffer.root for buffer in written}


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
        if {line.operands[0] for line in lines} == set(buffers):
            scratch = Buffer("static", flat.shape, flat.dtype)
            for line in lines:
                place = buffers.index(line.operands[0])
                _become_part(line.out, scratch, starts[place], prod(line.out.shape))
            lines[0].operands, lines[0].out = (flat, number), scratch
            rest = {id(line) for line in lines[1:]}
            program.lines[:] = [line for line in program.lines if id(line) not in rest]


def _by_pieces(program, buffers):
    """`scratch = f(gradient, number)` and `parameter = h(parameter, scratch)` in one, piece by piece.

    What the first has made of a piece is still in the cache when the second asks for it.
    """
    for buffer in buffers:
        pair = _pair(program, buffer)
        if pair is not None:
            first, second = pair
            function = prepare_pieces
            name = f"{function.__name__}_{len(program.prepared)}"
            (_, number), (held, _), target = first.operands, second.operands, second.out
            arrays = (buffer, number, held, target)
            options = {"first": program.names[_function_of(first)], "second": program.names[_function_of(second)]}
            program.prepared.append((name, function, arrays, options))
            program.lines[program.lines.index(second)] = Line(f"{name}()", (buffer, number, held), target)
            program.lines.remove(first)


def _pair(program, gradient):
    """The two lines, if this is all that is done to the gradient behind the one that makes it."""
    lines = program.lines
    at = max(i for i, line in enumerate(lines) if gradient.root in _made_by(line))
    users = [line for line in lines[at + 1 :] if gradient in line.operands]
    if len(users) != 1 or len(users[0].operands) != 2 or users[0].operands[0] is not gradient:
        return None
    first = users[0]
    seconds = [line for line in lines if line is not first and first.out in line.operands]
    plain = first.elementwise and first.operands[1].shape == () and first.out.kind == "static" and gradient.rows
    if not plain or len(seconds) != 1 or seconds[0].operands[1:] != (first.out,) or not seconds[0].elementwise:
        return None
    second = seconds[0]
    rows = second.operands[0].rows and second.out.rows and second.out.bound and second.operands[0].bound
    alike = first.out.shape == second.out.shape == gradient.shape == second.operands[0].shape
    return (first, second) if rows and alike else None


def _function_of(line):
    return line.template.partition("(")[0]


def prepare_pieces(gradient, number, held, target, first, second):
    """A function that goes through all pieces."""
    flat = [array.reshape(-1) for array in (gradient, held, target)]
    scratch, pieces = np.empty(PIECE, gradient.dtype), []
    for start in range(0, gradient.size, PIECE):
        g, p, out = (array[start : start + PIECE] for array in flat)
        pieces.append((g, scratch[: g.size], p, out))

    def run():
        for g, part, p, out in pieces:
            first(g, number, part)
            second(p, part, out)

    return run
