"""Who lies where: memory for the static buffers of a program, used again as soon as nobody needs what is in it."""

from __future__ import annotations

import numpy as np

_ALIGNED = 64


def lifetimes(program):
    """For each root buffer the number of the line that uses it last; what a fresh one may share memory with lives."""
    last = {}

    def used(buffer, number):
        root = buffer.root
        last[root] = number
        for other in root.aliases:
            used(other, number)

    for number, line in enumerate(program.lines):
        for buffer in (*line.operands, *((line.out,) if line.out is not None else ()), *line.extra):
            used(buffer, number)
    for buffer in program.results:
        used(buffer, len(program.lines))
    return last


def settle(program):
    """Give every static buffer a place: a list of sizes in bytes, and {root buffer: number of its place}.

    A line that works element by element writes over an operand that nobody needs after it. Otherwise a place is free
    again behind the last line that uses what is in it.
    """
    last, sizes, free, places = lifetimes(program), [], {}, {}

    def release(root):
        if root.kind == "static" and not root.pinned and root in places:
            free.setdefault(sizes[places[root]], []).append(places[root])

    for number, line in enumerate(program.lines):
        dying = dict.fromkeys(b.root for b in line.operands if last[b.root] == number)
        out = line.out
        if out is not None and out.kind == "static" and out not in places and line.elementwise and out.base is None:
            heir = None if out.pinned else _heir(line, dying, places)
            if heir is not None:
                places[out] = places[heir]
                del dying[heir]
        for buffer in (*line.operands, *(() if out is None else (out,)), *line.extra):
            root = buffer.root
            if root.kind == "static" and root not in places:
                places[root] = _place(root, sizes, free)
                dying.pop(root, None)  # written to here, by a line that says so in its own words
        for root in dying:
            release(root)
        for buffer in () if out is None else (out, *line.extra):
            if last.get(buffer.root) == number:  # nobody asks for it
                release(buffer.root)
    return sizes, places


def _heir(line, dying, places):
    """An operand whose memory the result may take over: it is not needed any more, and lies just as the result will."""
    for buffer in line.operands:
        root = buffer.root
        alike = buffer.rows and buffer.nbytes == line.out.nbytes == root.nbytes and buffer.dtype == line.out.dtype
        if root in dying and root.kind == "static" and not root.pinned and alike and buffer.shape == line.out.shape:
            return root
    return None


def _place(buffer, sizes, free):
    size = -(-max(buffer.nbytes, 1) // _ALIGNED) * _ALIGNED
    if not buffer.pinned and free.get(size):
        return free[size].pop()
    sizes.append(size)
    return len(sizes) - 1


def arrays(sizes, places):
    """The memory itself, and {root buffer: its array}."""
    memory = [_aligned(size) for size in sizes]
    return {buffer: memory[place][: buffer.nbytes].view(buffer.dtype).reshape(buffer.shape)
            for buffer, place in places.items()}  # fmt: skip


def _aligned(size):
    raw = np.empty(size + _ALIGNED, np.uint8)
    start = -raw.ctypes.data % _ALIGNED
    return raw[start : start + size]
