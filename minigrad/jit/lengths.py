"""Numbers that hang on lengths. What several examples showed of one place is compared: where the numbers differ, they
are those of an axis of an operand (or of two of them, times or plus a number), or nobody knows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ..tensor import Tensor
from .graph import Step, Value
from .prims import PRIMS


class Unsolved(Exception):
    """Examples differ, and no length says how."""


@dataclass(frozen=True)
class Length:
    """The product of some lengths, each (operand, axis) or (operand, None) for a number, times `factor`, plus `more`,
    minus the length `less`."""

    axes: tuple
    factor: int = 1
    more: int = 0
    less: tuple | None = None


@dataclass(frozen=True)
class Repeated:
    """A tuple of one number, `count` times."""

    number: object
    count: object


@dataclass(frozen=True)
class Filled:
    """A tensor with one number everywhere, whose shape has `Length`s in it."""

    number: object
    shape: tuple
    dtype: object


def sizes_of(given):
    """All that a number may be made of: (operand, axis) -> length."""
    sizes = {}
    for i, what in enumerate(given):
        if isinstance(what, Tensor):
            sizes.update(((i, axis), n) for axis, n in enumerate(what.array.shape))
        elif type(what) is int:
            sizes[i, None] = what
    return sizes


def solved(seen, sizes):
    """One thing that stands for all that was `seen`, one for each example. Errors: Unsolved."""
    first = seen[0]
    if any(type(one) is not type(first) for one in seen):
        raise Unsolved
    if isinstance(first, Tensor):
        return _tensor(seen, sizes)
    if isinstance(first, (tuple, list)) and all(len(one) == len(first) for one in seen):
        parts = [solved(parts, sizes) for parts in zip(*seen, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if isinstance(first, tuple) and all(one and len(set(one)) == 1 for one in seen):
        return Repeated(*(solved(part, sizes) for part in ([one[0] for one in seen], list(map(len, seen)))))
    if isinstance(first, slice):
        return slice(*[solved([getattr(one, end) for one in seen], sizes) for end in ("start", "stop", "step")])
    if all(one == first for one in seen):
        return first
    if type(first) is not int:
        raise Unsolved
    return number(seen, sizes)


def number(seen, sizes):
    """The simplest Length that is `seen`. Errors: Unsolved."""
    seen, axes = list(seen), [axis for axis in sizes[0] if all(axis in one for one in sizes)]
    products = [*[(axis,) for axis in axes], *itertools.combinations(axes, 2)]
    values = {axes: [_product(one, axes) for one in sizes] for axes in products}
    for axes, found in values.items():
        if found == seen:
            return Length(axes)
    for axes, found in values.items():
        place = next((i for i, n in enumerate(found) if n), None)
        factor = seen[place] // found[place] if place is not None else 0
        if factor and [n * factor for n in found] == seen:
            return Length(axes, factor)
    for axis in axes:
        more = seen[0] - sizes[0][axis]
        if [one[axis] + more for one in sizes] == seen:
            return Length((axis,), 1, more)
    for axes, less in itertools.product(products, values):
        if len(less) == 1 and [n - m for n, m in zip(values[axes], values[less], strict=True)] == seen:
            return Length(axes, less=less[0])
    raise Unsolved


def _product(sizes, axes):
    made = 1
    for axis in axes:
        made *= sizes[axis]
    return made


def _tensor(seen, sizes):
    """Numbers that came from nowhere: the same each time, or one number in a shape that hangs on lengths."""
    first = seen[0].array
    if all(one.array.shape == first.shape and one.array.dtype == first.dtype and bool((one.array == first).all())
           for one in seen):  # fmt: skip
        return seen[0]
    numbers = {n for one in seen for n in set(one.array.reshape(-1).tolist())}
    if len(numbers) != 1 or any(one.array.dtype != first.dtype for one in seen):
        raise Unsolved
    return Filled(numbers.pop(), solved([tuple(one.array.shape) for one in seen], sizes), seen[0].dtype)


class Written:
    """Puts steps into a block for each Length, Filled and Repeated, once for each of them. `given` are the operands."""

    def __init__(self, given, into, names, place):
        self.given, self.into, self.names, self.place, self.made = given, into, names, place, {}

    def step(self, prim, inputs, kind="int", **attributes):
        """One step of a primitive; its value."""
        out = Value(self.names.new(prim.rpartition(".")[2]), kind)
        self.into.steps.append(Step(PRIMS[prim], tuple(inputs), attributes, (out,), *self.place))
        return out

    def __call__(self, what):
        if what not in self.made:
            write = {Filled: self.filled, Repeated: self.repeated, Length: self.length}[type(what)]
            self.made[what] = write(what)
        return self.made[what]

    def repeated(self, what):
        """The tuple."""
        parts = [self(part) if isinstance(part, Length) else part for part in (what.number, what.count)]
        return self.step("list.repeated", parts, "list")

    def filled(self, what):
        """The tensor."""
        shape = tuple(self(n) if isinstance(n, Length) else n for n in what.shape)
        out = self.step("tensor.full", (what.number,), "tensor", shape=shape, dtype=what.dtype)
        out.shape = tuple(None if isinstance(n, Value) else n for n in shape)
        out.dtype = what.dtype
        return out

    def length(self, what):
        """The number."""
        parts = [self.given[i] if axis is None else self.size(i, axis) for i, axis in what.axes]
        made = parts[0]
        for part in [*parts[1:], *([what.factor] if what.factor != 1 else [])]:
            made = self.step("number.mul", (made, part))
        if what.less is not None:
            return self.step("number.sub", (made, self(Length((what.less,)))))
        return self.step("number.add", (made, what.more)) if what.more else made

    def size(self, i, axis):
        """The length of one axis of an operand."""
        key = i, axis
        if key not in self.made:
            self.made[key] = self.step("tensor.size", (self.given[i],), dim=axis)
        return self.made[key]
