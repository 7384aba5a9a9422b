"""What a for goes over: things that are known while compiling, or as many as it turns out when the graph runs."""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, ValuesView
from dataclasses import dataclass

from ...nn import Module, ModuleDict, ModuleList, ParameterList, Sequential
from .standins import Lengths, Number, Symbol, TensorList, is_unknown, kind_of


class Items:
    """Things that are known one by one."""

    def __init__(self, parts):
        self.parts = list(parts)


class Counted:
    """`count` things, of which `item(i)` gives one. plain: it is the number of the turn itself."""

    def __init__(self, count, item, plain=False):
        self.count, self.item, self.plain = count, item, plain


@dataclass
class Range:
    """range(start, end, step), any of which may be known only when the graph runs."""

    start: object
    end: object
    step: object


@dataclass
class Zipped:
    """zip of several. strict: they have to be equally long."""

    parts: tuple
    strict: bool = False


@dataclass
class Numbered:
    """enumerate of one."""

    what: object
    start: object


class Iterate:
    """The part of the compiler that finds out what a for goes over."""

    def items(self, what, node):
        """Items or Counted."""
        if isinstance(what, (ModuleList, ParameterList, Sequential)):
            return Items(what)
        if isinstance(what, ModuleDict):
            return Items(list(what.keys()))
        if isinstance(what, (tuple, list, dict, str, KeysView, ValuesView, ItemsView)):
            return Items(what)
        if isinstance(what, (range, Range)):
            return self.ranged(what if isinstance(what, Range) else Range(what.start, what.stop, what.step), node)
        if isinstance(what, Symbol) or kind_of(what) == "tensor":
            what = self.symbol(what)
            count = self.builder.prim("tensor.size", what, dim=0)
            return Counted(count, lambda i: self.builder.op("index", what, index=i))
        if isinstance(what, TensorList):
            return Counted(self.builder.prim("list.len", what), lambda i: self.builder.prim("list.get", what, index=i))
        if isinstance(what, Numbered):
            return self.enumerated(self.items(what.what, node), what.start)
        if isinstance(what, Zipped):
            return self.zipped([self.items(part, node) for part in what.parts], node, what.strict)
        if isinstance(what, Lengths):
            raise self.error(node, "a for cannot go over a shape in jit.script",
                             "Write rows, columns = x.shape, or go over range(x.dim()) with x.size(i).")  # fmt: skip
        if isinstance(what, (Module, Number)) or not hasattr(what, "__iter__"):
            raise self.error(node, f"a for cannot go over {self.words(what)} in jit.script",
                             "Go over range(n), a tensor, a list, or a ModuleList.")  # fmt: skip
        raise self.error(node, f"a for cannot go over a {type(what).__name__} in jit.script",
                         "Make a list or a tuple of it outside.")  # fmt: skip

    def listed(self, what, node, name):
        """What can be gone over, as a list or a TensorList of its own. `name`: the function that asks."""
        if isinstance(what, TensorList):
            return TensorList(what.value)
        if isinstance(what, Lengths):
            raise self.error(node, f"{name}() does not take a shape in jit.script", "Write rows, columns = x.shape.")
        items = self.items(what, node)
        if isinstance(items, Items):
            return list(items.parts)
        if type(items.count) is int:
            return [items.item(i) for i in range(items.count)]
        raise self.error(node, f"{name}() does not take {self.words(what)} in jit.script", "Write [x for x in xs].")

    def ranged(self, given, node):
        """A range: the turns are counted, and what they stand for is worked out from their number."""
        prim, start, end, step = self.builder.prim, given.start, given.end, given.step
        for part in (start, end, step):
            if kind_of(part) not in ("int", "bool"):
                raise self.error(node, f"range() takes ints, not {self.words(part)}", "Convert it with int().")
        if isinstance(step, Number) or step < 0 or step > 1:
            if isinstance(step, Number):
                raise self.error(
                    node, "the step of a range has to be known while compiling", "Write the number itself."
                )
            if not is_unknown([start, end]):
                count = len(range(start, end, step))
            elif step > 0:  # rounded up
                count = prim("number.floordiv", prim("number.add", prim("number.sub", end, start), step - 1), step)
            else:
                count = prim("number.floordiv", prim("number.add", prim("number.sub", start, end), -step - 1), -step)
        elif not is_unknown([start, end]):
            count = max(0, end - start)
        else:
            count = end if start == 0 and not isinstance(start, Number) else prim("number.sub", end, start)
        if not is_unknown([start, end]) and count <= 0:
            return Items([])

        def item(i):
            if not isinstance(i, Number) and not isinstance(start, Number):
                return start + i * step
            turn = i if step == 1 else prim("number.mul", i, step)
            return turn if not isinstance(start, Number) and start == 0 else prim("number.add", start, turn)

        return Counted(count, item, plain=not isinstance(start, Number) and start == 0 and step == 1)

    def zipped(self, parts, node, strict=False):
        """Several at once, for as long as the shortest lasts."""
        if not parts:
            return Items([])
        lengths = [len(part.parts) if isinstance(part, Items) else part.count for part in parts]
        if strict:
            self.check_equal(lengths, node, "zip() with strict=True takes as many things of each", "ValueError")
        if all(type(n) is int for n in lengths) and any(isinstance(part, Items) for part in parts):
            return Items(tuple(self.at_turn(part, i) for part in parts) for i in range(min(lengths)))
        parts = [self.as_counted(part, node) if isinstance(part, Items) else part for part in parts]
        count = parts[0].count
        for part in parts[1:]:
            count = self.builder.prim("number.min", count, part.count)
        return Counted(count, lambda i: tuple(part.item(i) for part in parts))

    def check_equal(self, lengths, node, message, error):
        """Refuse things to go over side by side that are not equally long, now or when the graph runs."""
        for n in lengths[1:]:
            same = self.binary("Eq", lengths[0], n, node)
            if same is False:
                raise self.error(node, f"{error}: {message}, not {lengths[0]} and {n}")
            if same is not True:
                self.builder.prim("assert", same, message=message, error=error)

    def enumerated(self, items, start):
        """Pairs of number and thing."""
        if isinstance(items, Items):
            return Items((self.binary("Add", start, i), part) for i, part in enumerate(items.parts))
        shifted = not isinstance(start, Number) and start == 0
        return Counted(items.count, lambda i: (i if shifted else self.binary("Add", start, i), items.item(i)))

    def at_turn(self, part, i):
        """The i-th of what a known number of turns gives."""
        return part.parts[i] if isinstance(part, Items) else part.item(i)

    def as_counted(self, items, node):
        """A list of tensors whose length is known, to go over beside something whose length is not."""
        if not items.parts or any(kind_of(x) != "tensor" for x in items.parts):
            raise self.error(node, "a tensor of unknown length and a list of anything but tensors go side by side",
                             "Go over range(n) for an n that is known, and pick from both.")  # fmt: skip
        made = self.builder.prim("list.new", *items.parts)
        return Counted(len(items.parts), lambda i: self.builder.prim("list.get", made, index=i))
