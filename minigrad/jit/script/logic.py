"""Comparisons, `in`, and what is true: and, or, not, if."""

from __future__ import annotations

import ast

from ...tensor import Tensor
from ..graph import Block
from . import merge
from .iterate import Range
from .standins import Lengths, Local, Number, TensorList, is_unknown, kind_of, parts_of


class Logic:
    """The part of the compiler that compares, and decides."""

    def e_Compare(self, node):
        return self.chain(self.expression(node.left), list(zip(node.ops, node.comparators, strict=True)), node)

    def chain(self, left, rest, node, seen=lambda result, node: result):
        """`left < b < c`: the right part is worked out only where the left one holds. `seen`: what to take of each."""
        (op, right), *rest = rest
        right = self.expression(right)
        first = seen(self.compare(op, left, right, node), node)
        return self.both(first, lambda: self.chain(right, rest, node, seen), node) if rest else first

    def compare(self, op, a, b, node):
        """One comparison."""
        name = type(op).__name__
        if name in ("Is", "IsNot"):
            same = a is b or (type(a) is type(b) and isinstance(a, (bool, str)) and a == b)
            return same is (name == "Is")
        if name in ("In", "NotIn"):
            found = self.contains(a, b, node)
            if name == "In":
                return found
            return self.builder.opposite(found) if isinstance(found, Number) else not found
        if isinstance(a, Lengths) or isinstance(b, Lengths):
            raise self.error(node, "whole shapes cannot be compared in jit.script", "Compare x.size(0) and so on.")
        if is_unknown([a, b]) and (kind_of(a) is None or kind_of(b) is None):
            if (a is None or b is None or isinstance(a, str) or isinstance(b, str)) and name in ("Eq", "NotEq"):
                return name == "NotEq"
            raise self.error(node, f"{self.words(a)} and {self.words(b)} cannot be compared in jit.script",
                             "Compare numbers or tensors.")  # fmt: skip
        return self.binary(name, a, b, node)

    def contains(self, a, b, node):
        """`a in b`."""
        if isinstance(b, Range) and b.step == 1 and kind_of(a) in ("int", "bool"):
            above, below = self.compare(ast.GtE(), a, b.start, node), self.compare(ast.Lt(), a, b.end, node)
            return self.both(above, lambda: below, node)
        if not isinstance(b, (tuple, list, dict, str, range)):
            if hasattr(b, "__contains__") and not is_unknown(b) and not isinstance(b, Tensor):
                return a in b
            remedies = {Range: "Compare: start <= n and n < end.", TensorList: "Go over it with a for."}
            raise self.error(node, f"in does not look into {self.words(b)} in jit.script",
                             remedies.get(type(b), "Use (x == n).any()."))  # fmt: skip
        if not is_unknown(a) and not isinstance(a, Tensor):
            parts = list(b)
            if not is_unknown(parts):
                return a in b
        found = False
        for part in b:
            same = self.compare(ast.Eq(), a, part, node)
            found = self.builder.prim("number.or", found, self.truth(same, node)) if found is not False else self.truth(
                same, node)  # fmt: skip
        return found

    # Truth

    def truth(self, what, node):
        """True, False, or a Number of kind bool."""
        if isinstance(what, Number):
            return what if what.kind == "bool" else self.builder.prim("number.bool", what)
        if isinstance(what, Tensor):
            return self.builder.prim("tensor.bool", what)
        if isinstance(what, TensorList):
            return self.builder.prim("number.bool", self.builder.prim("list.len", what))
        if isinstance(what, (Lengths, Local)):
            raise self.error(node, f"{self.words(what)} is neither true nor false", "Compare a number.")
        return bool(what)

    def condition(self, node):
        """The truth of an expression, which is all that an if or a while asks for: True, False, or a Number."""
        if isinstance(node, ast.BoolOp):
            return self.joint(node, self.condition)
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            rest = list(zip(node.ops, node.comparators, strict=True))
            return self.chain(self.expression(node.left), rest, node, self.truth)
        return self.truth(self.expression(node), node)

    def e_BoolOp(self, node):
        return self.joint(node, self.expression)

    def joint(self, node, work_out):
        """`a and b and c`, each worked out by this method."""
        result = work_out(node.values[0])
        for value in node.values[1:]:
            self.at(node)
            join = self.both if isinstance(node.op, ast.And) else self.either
            result = join(result, lambda value=value: work_out(value), node)
        return result

    def both(self, a, b, node):
        """`a and b()`, where b is worked out only if a is true."""
        truth = self.truth(a, node)
        if not isinstance(truth, Number):
            return b() if truth else a
        return self.logical("and", a, truth, b, node)

    def either(self, a, b, node):
        """`a or b()`."""
        truth = self.truth(a, node)
        if not isinstance(truth, Number):
            return a if truth else b()
        return self.logical("or", a, truth, b, node)

    def logical(self, word, a, truth, b, node):
        """One of both sides, as Python has it. Where the right one cannot go wrong it is worked out at once, else in
        an If. Of a bool and a tensor that says yes or no, their truth: it is what they have in common."""
        with self.builder.block() as block:
            value = self.one_way(b, node)
            bools = self.is_bool(a) and self.is_bool(value) and "bool" in (kind_of(a), kind_of(value))
            value = self.truth(value, node) if bools else value
        if not bools:
            return self.one_of(word, truth, (block, value), a, node)
        if all(step.op.name in _SAFE for step in block.steps if not step.blocks) and not any(
            step.blocks for step in block.steps
        ):
            self.builder.open.steps += block.steps
            if not isinstance(value, Number) and value is (word == "and"):
                return truth
            return self.builder.prim(f"number.{word}", truth, value)
        arms = [(block, value), (Block(), word == "or")]
        return merge.joined(self.builder, truth, arms if word == "and" else arms[::-1])

    def is_bool(self, what):
        """Whether it is a bool, or a tensor that a comparison has given."""
        return kind_of(what) == "bool" or getattr(what, "value", None) in self.builder.compared

    def one_of(self, word, truth, right, a, node):
        """The right side (block, value) or a itself."""
        arms = [right, (Block(), self.one_way(lambda: a, node))]
        try:
            result = merge.joined(self.builder, truth, arms if word == "and" else arms[::-1])
        except merge.Differs:
            raise self.error(node, f"this is {self.words(a)} or {self.words(right[1])}",
                             "Both sides have to be of one kind.") from None  # fmt: skip
        for _, value in arms:
            self.keep_apart_as(value, result)
        return result

    def choose(self, condition, then, orelse):
        """The value of one of two expressions."""
        node, arms = self.node, []
        for run in (then, orelse):
            with self.builder.block() as block:
                arms.append((block, self.one_way(run, node)))
        result = merge.joined(self.builder, condition, arms)
        for _, value in arms:
            self.keep_apart_as(value, result)
        return result

    def one_way(self, run, node):
        """What is worked out on one way of an expression, where nothing may be changed."""
        before = dict(self.frame.env)
        value = run()
        if any(self.frame.env[name] is not x for name, x in before.items()):
            raise self.error(node, "a list is not changed within a condition", "Change it in a line of its own.")
        for part in parts_of(value):
            if self.ways_to(part):  # the result will be another way to it
                self.not_to_change(part)
        return value

    def e_IfExp(self, node):
        test = self.condition(node.test)
        if not isinstance(test, Number):
            return self.expression(node.body if test else node.orelse)
        try:
            return self.choose(test, lambda: self.expression(node.body), lambda: self.expression(node.orelse))
        except merge.Differs as differs:
            raise self.error(node, f"this is {self.words(differs.a)} or {self.words(differs.b)}",
                             "Both sides have to be of one kind.") from None  # fmt: skip


_SAFE = {f"number.{word}" for word in "eq ne lt le gt ge and or not add sub mul neg bool".split()}  # noqa: SIM905
