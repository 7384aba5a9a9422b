"""Tensors one behind the other in one: because they are its parts, or because they are put together."""

from __future__ import annotations

from math import prod

from ....op import OPS
from ...graph import Value
from ...parts import part_of
from .order import like

# When one product is quicker than several. A training step of a loop with 64 hidden units took 0.42 to 0.84 of the time
# it takes without for 4 turns, and 0.93 to 1.08 for 2 or 3. Of 8 turns it took 0.84 to 1.0 with 64 rows each and 256
# hidden units, and 1.01 to 1.19 with 128 rows and more: BLAS gains nothing there, and all that waits for the end leaves
# the cache.
FEWEST, MOST_ROWS, LARGEST = 4, 64, 1 << 22  # tensors, rows in each, and numbers in all together


def pays(values):
    """Whether tensors with these rows are worth putting together.

    >>> from minigrad.dtype import float32
    >>> [pays([Value("x", "tensor", (rows, 8), float32)] * 10) for rows in (32, 128)]
    [True, False]
    """
    few = max(map(rows_in, values)) <= MOST_ROWS and sum(map(prod, (v.shape for v in values))) <= LARGEST
    return len(values) >= FEWEST and few


class Stacks:
    """Finds or makes, for tensors whose last axes are equally long, one matrix of all their rows."""

    def __init__(self, steps, names):
        self.names = names
        self.made = []  # (tensors, matrix of their rows): what was put together before, none of them twice
        self.look_at(steps)

    def look_at(self, steps):
        """From now on these are the steps."""
        self.makers = {value: step for step in steps for value in step.outputs}
        self.places = {value: i for i, step in enumerate(steps) for value in step.outputs}

    def parts(self, values):
        """Parts of one tensor that follow each other without a gap, in that order; None where they are not that."""
        found = [part_of(self.makers.get(value)) for value in values]
        if None in found or len({part.alike for part in found}) > 1:
            return None
        pairs = sorted(zip(found, range(len(values)), strict=True), key=lambda pair: pair[0].start)
        first, step = pairs[0][0], pairs[0][0].length
        if any(part.start != first.start + i * step for i, (part, _) in enumerate(pairs)):
            return None
        return [(part, values[i]) for part, i in pairs]

    def run(self, values, before=None):
        """(matrix, first of its tensors that is meant) where these, in some order, stand in a row in one that was made.

        `before`: a place; all else in that matrix has been made before it, too. Without one it holds nothing else.
        """
        wanted = set(values)
        for tensors, matrix in self.made:
            places = [i for i, value in enumerate(tensors) if value in wanted]
            if len(wanted) != len(values) or len(places) != len(values) or places[-1] - places[0] >= len(values):
                continue
            extra = len(tensors) > len(values)
            if not extra or (before is not None and all(self.places.get(v, -1) < before for v in tensors)):
                return tensors, matrix, places[0]
        return None

    def order(self, values, before=None):
        """The order in which they are there already, as places in `values`; None where they are not."""
        found = self.parts(values)
        ready = [value for _, value in found] if found else None
        if ready is None:
            run = self.run(values, before)
            ready = run and run[0][run[2] : run[2] + len(values)]
        return ready and [values.index(value) for value in ready]

    def rows(self, values, step, added, before=None):
        """The matrix of all rows of these tensors, in this order. Steps that make it go behind those in `added`."""
        run = self.run(values, before)
        if run is not None and run[0][run[2] : run[2] + len(values)] == values:
            return self._cut(run, values, step, added)
        found = self.parts(values)
        if found is not None and [value for _, value in found] == values:
            whole = self._spread(found, step, added)
        else:
            first, rank = values[0], len(values[0].shape)
            shape = (len(values), *first.shape) if rank == 1 else (sum(v.shape[0] for v in values), *first.shape[1:])
            whole = self.new("stack" if rank == 1 else "cat", shape, first)
            added.append(like(step, OPS["stack" if rank == 1 else "cat"], tuple(values), {"dim": 0}, whole))
        matrix = self.reshaped(whole, (prod(whole.shape[:-1]), whole.shape[-1]), step, added)
        if len(set(values)) == len(values):
            self.made.append((values, matrix))
        return matrix

    def _cut(self, run, values, step, added):
        """A part of a matrix that is there."""
        tensors, matrix, first = run
        if len(tensors) == len(values):
            return matrix
        start = sum(map(rows_in, tensors[:first]))
        stop = start + sum(map(rows_in, values))
        part = self.new("index", (stop - start, matrix.shape[1]), matrix)
        added.append(like(step, OPS["index"], (matrix,), {"index": slice(start, stop)}, part))
        return part

    def _spread(self, found, step, added):
        """The tensor that these are the parts of, cut down to them, with the axis along which they follow in front."""
        first, last = found[0][0], found[-1][0]
        value, axis, start, stop = first.base, first.axis, first.start, last.start + last.length
        if stop - start < value.shape[axis]:
            cut = (slice(None),) * axis + (slice(start, stop),)
            part = self.new("index", (*value.shape[:axis], stop - start, *value.shape[axis + 1 :]), value)
            added.append(like(step, OPS["index"], (value,), {"index": cut}, part))
            value = part
        if axis:
            dims = (axis, *(i for i in range(len(value.shape)) if i != axis))
            turned = self.new("permute", tuple(value.shape[i] for i in dims), value)
            added.append(like(step, OPS["permute"], (value,), {"dims": dims}, turned))
            value = turned
        return value

    def reshaped(self, value, shape, step, added):
        """The value in this shape; the step that makes it goes behind those in `added`."""
        maker = self.makers.get(value)
        if maker is not None and not maker.blocks and maker.op.name == "reshape":
            value = maker.inputs[0]
        if value.shape == shape:
            return value
        made = self.new("reshape", shape, value)
        added.append(like(step, OPS["reshape"], (value,), {"shape": shape}, made))
        return made

    def added(self, total, rest, root):
        """The steps that add these values to `total`, the last of them in the place of `root`; none for none."""
        steps = []
        for i, x in enumerate(rest):
            made = root.output if i == len(rest) - 1 else self.new("add", root.output.shape, root.output)
            steps.append(like(root, OPS["add"], (total, x), {}, made))
            total = made
        return steps

    def new(self, name, shape, alike):
        """A new value with the dtype and device of another."""
        return Value(self.names.new(name), "tensor", shape, alike.dtype, alike.device)


def rows_in(value):
    """How many rows a tensor has."""
    return prod(value.shape[:-1])
