"""Sums of products, as gradients of a matrix that each turn of a loop has used, as one product.

a_1^T b_1 + a_2^T b_2 + ... is A^T B, where A has the rows of all a, and B those of all b.
"""

from __future__ import annotations

from ....op import OPS
from ...graph import used_in, values_in
from ...parts import known, turns
from .order import in_order, like
from .stacks import FEWEST, pays, rows_in


def sums(steps, outputs, stacks):
    """The steps with each sum of enough products as one product, and each sum of columns as one sum.

    `outputs` are values that are wanted beside what the steps read of each other.
    """
    found = Sums(steps, outputs, stacks)
    ready = [(root, terms) for root, terms in found.roots if len(terms) >= FEWEST]
    changed = {}
    for one in (found.product, found.columns):  # the second asks what the first has put together
        for first in (True, False):  # those first whose order is given
            for root, terms in ready:
                if id(root) not in changed:
                    made = one(root, terms, first)
                    changed |= {id(root): made} if made else {}
    if not changed:
        return steps
    new = []
    for step in steps:
        new += changed.get(id(step), [step])
    return in_order(new)


class Sums:
    """The sums among some steps, and what is to be known of their terms."""

    def __init__(self, steps, outputs, stacks):
        self.steps, self.stacks, self.makers, self.places = steps, stacks, stacks.makers, stacks.places
        self.uses = {}
        for step in steps:
            for value in used_in([step]) if step.blocks else step.uses():
                self.uses[value] = self.uses.get(value, 0) + (2 if step.blocks else 1)
        for value in values_in(outputs):
            self.uses[value] = self.uses.get(value, 0) + 2

        self.terms, inside = {}, set()  # sum -> what is added up, as it stands
        for step in steps:
            if _adds(step):
                self.terms[step.output] = []
                for x in step.inputs:
                    part = self.terms.get(x) if self.uses[x] == 1 else None
                    inside |= set() if part is None else {x}
                    self.terms[step.output] += [x] if part is None else part
        # Sums that are no part of another: what is asked for elsewhere, too, is none.
        self.roots = [(self.makers[value], found) for value, found in self.terms.items()
                      if value not in inside]  # fmt: skip

    def product(self, root, terms, first):
        """What stands for the root: one product. None where there are not enough products in it."""
        pairs = [(self.factors(x), x) for x in terms]
        pairs = _of_one_rank([(*pair, x) for pair, x in pairs if pair is not None])
        if not pairs or not all(pays([pair[i] for pair in pairs]) for i in (0, 1)):
            return None
        before = self.places[root.output]
        order = next(filter(None, (self.stacks.order([pair[i] for pair in pairs], before) for i in (0, 1))), None)
        if order is None and first:
            return None
        pairs = [pairs[i] for i in order or range(len(pairs))]
        added = []
        a, b = (self.stacks.rows([pair[i] for pair in pairs], root, added, before) for i in (0, 1))
        turned = self.stacks.new("swapaxes", a.shape[::-1], a)
        added.append(like(root, OPS["swapaxes"], (a,), {"dim0": 0, "dim1": 1}, turned))
        return self._finished(root, terms, {x for _, _, x in pairs}, OPS["matmul"], (turned, b), {}, added)

    def columns(self, root, terms, first):
        """What stands for the root: one sum over the rows of all. None where there are not enough in it."""
        pairs = [(self.summed(x), x) for x in terms]
        pairs = _of_one_rank([pair for pair in pairs if pair[0] is not None])
        if len(pairs) < FEWEST:
            return None
        before = self.places[root.output]
        given = [g for g, _ in pairs]
        order = self.stacks.order(given, before)
        if order is None and (first or rows_in(given[0]) == 1 or not pays(given)):
            return None  # lines alone are added up as quickly as they are copied
        pairs, added = [pairs[i] for i in order or range(len(pairs))], []
        rows = self.stacks.rows([g for g, _ in pairs], root, added, before)
        return self._finished(root, terms, {x for _, x in pairs}, OPS["sum"], (rows,), {"dim": 0}, added)

    def _finished(self, root, terms, gone, op, inputs, attributes, added):
        """The step that makes the sum, and the additions of what is not in it."""
        rest = [x for x in terms if x not in gone]
        total = self.stacks.new(op.name, root.output.shape, root.output) if rest else root.output
        added.append(like(root, op, inputs, attributes, total))
        return added + self.stacks.added(total, rest, root)

    def factors(self, x):
        """(a, b) where x, which nobody else reads, is a^T b, for matrices or for lines; else None."""
        step = self.makers.get(x)
        if step is None or self.uses[x] != 1 or step.blocks:
            return None
        if turns(step):
            found = self.factors(step.inputs[0])
            return found and found[::-1]
        return _outer(self.makers, step) if step.op.name == "mul" else self._matrices(step)

    def _matrices(self, step):
        if step.op.name != "matmul" or not all(map(known, step.inputs)) or not _alike(*step.inputs, step.output):
            return None
        left, right = step.inputs
        turn = self.makers.get(left)
        if turn is None or not turns(turn) or not known(turn.inputs[0]) or len(right.shape) != 2:
            return None
        return turn.inputs[0], right

    def summed(self, x):
        """The matrix of which the line x is the sum over all rows, if nobody else reads it; else x itself."""
        step = self.makers.get(x)
        if len(x.shape) != 1 or step is None or step.blocks or self.uses[x] != 1:
            return x if len(x.shape) == 1 else None
        total = self.makers.get(step.inputs[0]) if step.op.name == "reshape" else step
        if total is None or total.blocks or total.op.name != "sum" or total.attributes.get("dim") not in (0, (0,)):
            return x
        g = total.inputs[0]
        return g if known(g) and len(g.shape) == 2 and _alike(g, x) else x


def _of_one_rank(pairs):
    """Of pairs with lines and pairs with matrices, those of which there are more."""
    lines = [pair for pair in pairs if len(pair[0].shape) == 1]
    return lines if 2 * len(lines) > len(pairs) else [pair for pair in pairs if len(pair[0].shape) == 2]


def _adds(step):
    """Whether this adds two tensors of one shape and dtype."""
    if step.blocks or step.op.name != "add" or step.attributes or not all(map(known, (*step.inputs, step.output))):
        return False
    a, b = step.inputs
    return a.shape == b.shape == step.output.shape and _alike(a, b, step.output)


def _alike(*values):
    """Whether these live in one place and are of one dtype, fine enough that the order of a sum matters little."""
    dtype, device = values[0].dtype, values[0].device
    fine = dtype.numpy.kind == "f" and dtype.numpy.itemsize >= 4
    return fine and all(v.dtype is dtype and v.device == device for v in values)


def _outer(makers, step):
    """(a, b) where the step makes all products of an element of a with one of b: a column times a line."""
    if len(step.inputs) != 2 or not all(map(known, (*step.inputs, step.output))):
        return None
    column, line = (_line(makers, x, axis) for x, axis in zip(step.inputs, (1, 0), strict=True))
    if column is None or line is None:
        line, column = (_line(makers, x, axis) for x, axis in zip(step.inputs, (0, 1), strict=True))
    if column is None or line is None or not _alike(column, line, step.output):
        return None
    return (column, line) if step.output.shape == column.shape + line.shape else None


def _line(makers, x, axis):
    """The line that x is with a new axis in this place; a line as it is goes as one with a first axis."""
    if axis == 0 and len(x.shape) == 1:
        return x
    step = makers.get(x)
    if step is None or step.blocks or step.op.name not in ("unsqueeze", "index") or not known(step.inputs[0]):
        return None
    if len(x.shape) != 2 or x.shape[axis] != 1 or len(step.inputs[0].shape) != 1:
        return None
    if step.op.name == "unsqueeze":
        return step.inputs[0]
    items = step.attributes["index"]
    picked = [item for item in items if item is not ...] if isinstance(items, tuple) else []
    return step.inputs[0] if picked in ([None], [None, slice(None)], [slice(None), None]) else None
