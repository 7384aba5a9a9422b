"""Statements. What leaves a block early (return, break, continue) is a flag among the variables, see frame.py.

A flag is False or True where that is known while compiling. Behind an if of which one arm leaves for sure, the rest of
the block is compiled into the other arm; only where neither is sure does an If ask the flag.
"""

from __future__ import annotations

import ast

from ...tensor import Tensor
from ..prims import ERRORS
from . import merge
from .errors import REMEDIES
from .frame import FLAGS, mentions, names_changed
from .iterate import Items, Numbered, Zipped
from .standins import Lengths, Local, Missing, Number, Symbol, TensorList, kind_of

UNROLLED = 64  # turns at most, of a loop whose body has to know the number of its turn


class Statements:
    """The part of the compiler (see compiler.py) that goes through statements. `self.frame` is the function."""

    def block(self, statements):
        """Compile statements one after the other."""
        for place, statement in enumerate(statements):
            rest = statements[place + 1 :]
            if self.statement(statement, rest):
                return
            gone = self.gone()
            if gone is True:
                return
            if gone is not False and rest:
                self.unless(gone, lambda rest=rest: self.block(rest), rest[0])
                return

    def statement(self, node, rest):
        """One statement; True when it has taken the rest of the block with it."""
        self.at(node)
        found = getattr(self, f"s_{type(node).__name__}", None)
        if found is None:
            self.refuse(node)
        return found(node, rest) if type(node) is ast.If else found(node)

    def refuse(self, node):
        """Raise the error for a construct that is no part of the language."""
        what, remedy = REMEDIES.get(type(node), (type(node).__name__, "Compute it outside, or use jit.trace."))
        raise self.error(node, f"{what} is not supported in jit.script", remedy)

    # Ways out

    def gone(self):
        """Whether the block has been left: False, True, or a Number that says so when the graph runs."""
        flags = [flag for flag in (self.frame.env[name] for name in FLAGS) if flag is not False]
        if any(flag is True for flag in flags):
            return True
        left = flags[0] if flags else False
        for flag in flags[1:]:
            left = self.builder.prim("number.or", left, flag)
        return left

    def unless(self, gone, run, node, turning=()):
        """Run this where the block has not been left. `turning`: names of a loop that has not come to its end there."""

        env = self.frame.env
        flags = [flag for flag in FLAGS if env[flag] is not False]

        def left():
            if len(flags) == 1:  # it is this one
                self.frame.env[flags[0]] = True
            for name in turning:
                if kind_of(self.frame.env[name]) is None:  # text, a module: no graph can say which
                    self.frame.env[name] = Missing(f"where the loop has left {name} is known only when the graph runs")

        def still_here():
            self.frame.env.update(dict.fromkeys(FLAGS, False))
            run()

        self.fork(node, gone, left, still_here)

    def s_Return(self, node):
        env = self.frame.env
        env["$result"] = None if node.value is None else self.expression(node.value)
        env["$return"] = True

    def s_Break(self, node):
        self.frame.env["$break"] = True

    def s_Continue(self, node):
        self.frame.env["$continue"] = True

    def s_Raise(self, node):
        name = "RuntimeError"
        if node.exc is None or (node.cause is not None and not self.is_none(node.cause)):
            raise self.error(node, "this form of raise is not supported in jit.script", 'Raise ValueError("why").')
        made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        kind = self.expression(made)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            name = next((c.__name__ for c in kind.__mro__ if ERRORS.get(c.__name__) is c), "RuntimeError")
        words = node.exc.args if isinstance(node.exc, ast.Call) else []
        message = self.text_of(words[0]) if words else ""
        self.builder.step(self.prims["raise"], (), {"error": name, "message": message}, "bool")
        self.frame.env["$return"] = True

    def is_none(self, node):
        """Whether it is the constant None."""
        return isinstance(node, ast.Constant) and node.value is None

    def text_of(self, node):
        """The text of a message; of one that is made of what is not known, what stands in the source."""
        names = self.builder.names.copy()
        try:
            with self.builder.block():  # that nobody keeps
                text = self.expression(node)
        except self.unsupported:
            text = None
        self.builder.go_back(names)
        return str(text) if isinstance(text, (str, int, float)) else ast.unparse(node)

    # If

    def s_If(self, node, rest):
        test = self.condition(node.test)
        if not isinstance(test, Number):
            self.block(node.body if test else node.orelse)
            return False
        return self.fork(node, test, lambda: self.block(node.body), lambda: self.block(node.orelse), rest)

    def fork(self, node, test, then, orelse, rest=()):
        """Two arms; True when the rest of the block went into one of them."""
        before, arms, place = self.frame.env, [], self.builder.place
        for run in (then, orelse):
            self.frame.env = dict(before)
            with self.builder.block() as block:
                run()
                arms.append((block, self.frame.env, self.gone()))
        self.frame.env = before
        leaves = [left is True for _, _, left in arms]
        taken = sum(leaves) == 1 and bool(rest)
        if taken:
            open_arm = leaves.index(False)
            block, self.frame.env, left = arms[open_arm]
            with self.builder.block(block):
                if left is False:
                    self.block(rest)
                else:
                    self.unless(left, lambda: self.block(rest), rest[0])
            arms[open_arm] = (block, self.frame.env, None)
        self.builder.place = place
        returned = [env["$return"] is True for _, env, _ in arms]
        (_, one, _), (_, two, _) = arms
        for env in (one, two):
            self.frame.env = env
            self.keep_apart([value for name, value in env.items() if one.get(name) is not two.get(name)])
        try:
            self.frame.env = merge.joined(self.builder, test, [(block, env) for block, env, _ in arms], returned)
        except merge.Differs as differs:
            self.frame.env = before
            raise self.differing(node, differs) from None
        for _, env, _ in arms:
            for name, value in self.frame.env.items():
                self.keep_apart_as(env.get(name), value)
        return taken

    def differing(self, node, differs):
        """The error for a variable that is one thing on one way, and another on the other."""
        return self.error(node, differs.said(in_loop=isinstance(node, (ast.For, ast.While))), differs.remedy())

    # Assignment

    def s_Assign(self, node):
        value = self.expression(node.value)
        for target in node.targets:
            self.assign(target, value)

    def s_AnnAssign(self, node):
        if node.value is not None:
            self.assign(node.target, self.expression(node.value))

    def s_AugAssign(self, node):
        target, index = node.target, None
        if isinstance(target, ast.Attribute):
            self.assign(target, None)
        if isinstance(target, ast.Subscript):  # what stands in the brackets is worked out once
            index = self.expression(target.slice)
            value = self.subscript(self.expression(target.value), index, target)
        else:
            value = self.expression(ast.copy_location(ast.Name(target.id, ast.Load()), target))
        other = self.expression(node.value)
        if isinstance(value, (list, dict, TensorList)):
            self.check_alone(value, node)
        if isinstance(value, (list, TensorList)) and isinstance(node.op, ast.Add):
            value, _ = self.extended(value, (other,), node)
        elif isinstance(value, Tensor):
            value = self.written_over(value, other, node)
        else:
            value = self.binary(type(node.op).__name__, value, other, node)
        if index is None:
            self.assign(target, value)
        else:
            self.put(target, value, index)

    def assign(self, target, value):
        """Give a value to a name, to several, or to a place in a list or dict."""
        if isinstance(target, ast.Name):
            self.builder.set_name(value, target.id)
            if isinstance(value, Symbol) and value.source is not None and not self.ways_to(value.source):
                value.source = None  # which nobody can get at any more
            self.frame.env[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part, x in zip(target.elts, self.unpacked(value, target), strict=True):
                self.assign(part, x)
        elif isinstance(target, ast.Subscript):
            self.put(target, value)
        elif isinstance(target, ast.Attribute):
            raise self.error(target, "an attribute cannot be written to in jit.script",
                             "Return the new value, and assign it outside.")  # fmt: skip
        else:
            self.refuse(target)

    def unpacked(self, value, target):
        """As many values as the target has names."""
        count = len(target.elts)
        if any(isinstance(part, ast.Starred) for part in target.elts):
            self.refuse(next(part for part in target.elts if isinstance(part, ast.Starred)))
        if isinstance(value, (Lengths, TensorList, Symbol)):
            return self.taken_apart(value, count)
        if isinstance(value, (dict, str, range, Zipped, Numbered)):
            value = self.listed(value, target, "unpacking")
        if not isinstance(value, (tuple, list)):
            raise self.error(target, f"{self.words(value)} is not unpacked")
        if len(value) != count:
            raise self.error(target, f"{len(value)} values for {count} names")
        return value

    def taken_apart(self, value, count):
        """The same for what has its length when the graph runs: whether it is this one is seen only then."""
        prim = self.builder.prim
        if isinstance(value, Lengths):
            there = prim("tensor.dim", value.of)
        else:
            there = prim("list.len", value) if isinstance(value, TensorList) else prim("tensor.size", value, dim=0)
        message = f"unpacking takes {count} values here, and there are more or less"
        prim("assert", prim("number.eq", there, count), message=message, error="ValueError")
        if isinstance(value, Lengths):
            return [prim("tensor.size", value.of, dim=i) for i in range(count)]
        if isinstance(value, TensorList):
            return [prim("list.get", value, index=i) for i in range(count)]
        return [self.builder.op("index", value, index=i) for i in range(count)]

    # Loops

    def s_While(self, node):
        if node.orelse:
            raise self.error(node.orelse[0], "else behind a loop is not supported in jit.script",
                             "Keep a bool that says whether the loop was left with break.")  # fmt: skip
        first = self.condition(node.test)
        if first is False:
            return

        def turn(number):
            self.block(node.body)
            self.frame.env["$continue"] = False
            return lambda: self.condition(node.test)

        self.repeat(node, node.body, turn, condition=first)
        if isinstance(node.test, ast.Constant) and not mentions(node.body, (ast.Break,)):
            self.frame.env["$return"] = True  # nothing comes behind a loop that only return can leave

    def s_For(self, node):
        if node.orelse:
            raise self.error(node.orelse[0], "else behind a loop is not supported in jit.script",
                             "Keep a bool that says whether the loop was left with break.")  # fmt: skip
        items = self.items(self.expression(node.iter), node.iter)
        if isinstance(items, Items):
            self.unroll(node, items.parts)
            return
        names = self.builder.names.copy()
        env = dict(self.frame.env)
        try:
            with self.builder.attempt():
                self.counted(node, items)
        except self.unsupported:
            if type(items.count) is not int or items.count > UNROLLED:
                raise
            self.frame.env = env
            self.builder.go_back(names)
            self.unroll(node, [items.item(i) for i in range(items.count)])

    def counted(self, node, items):
        """A for whose number of turns is known when the graph runs."""

        def turn(number):
            self.assign(node.target, items.item(number))
            self.block(node.body)
            self.frame.env["$continue"] = False
            return lambda: True

        name = node.target.id if isinstance(node.target, ast.Name) and items.plain else "turn"
        self.repeat(node, [node.target, *node.body], turn, count=items.count, name=name)

    def repeat(self, node, changing, turn, count=None, condition=True, name="turn"):
        """A Loop. `turn(number)` compiles one turn and returns how to find out whether there is another."""
        outer = self.frame.env
        changed = [x for x in names_changed(changing) if not isinstance(outer.get(x, Missing("")), (Missing, Local))]
        changed += [] if not mentions(node.body, (ast.Return, ast.Raise)) else ["$return", "$result"]
        outer = outer | {"$break": False, "$continue": False}
        self.keep_apart([outer[x] for x in changed])
        apart = self.shared_names(outer, changed)

        def run(number, inner):
            self.frame.env = outer | inner | dict.fromkeys(FLAGS, False)  # or there would be no turn
            self.not_to_change([inner[name] for name in apart])
            again = turn(number)
            go_on = self.go_on(self.gone(), again)
            env = self.frame.env
            self.keep_apart([env[name] for name in inner])
            found = self.shared_names(env, inner)
            steady = found <= apart  # else the next turn would begin with something that this one did not look out for
            apart.update(found)
            return go_on, env, steady

        try:
            state = merge.loop(self.builder, {x: outer[x] for x in changed}, run, count, condition, name)
        except merge.Differs as differs:
            raise self.differing(node, differs) from None
        self.not_to_change([state[name] for name in apart])
        lost = {x: Missing(f"{x} gets its value in the loop, which may not run at all") for x in names_changed(changing)
                if x not in state and not isinstance(outer.get(x), Local)}  # fmt: skip
        # That a loop around has not been left is known here: nothing stands behind a break but in an If that asks.
        self.frame.env = outer | lost | state | dict.fromkeys(FLAGS[1:], False)

    def go_on(self, left, again):
        """Whether there is another turn, where a block may have been left."""
        if left is True:
            return False
        return again() if left is False else self.choose(left, lambda: False, again)

    def unroll(self, node, items):
        """A for over what is known while compiling: its body once for each."""
        outer = dict.fromkeys(FLAGS[1:], False)

        def turns(items):
            for place, item in enumerate(items):
                self.assign(node.target, item)
                self.block(node.body)
                self.frame.env["$continue"] = False
                left = self.gone()
                if left is True:
                    return
                if left is not False and items[place + 1 :]:
                    self.unless(left, lambda rest=items[place + 1 :]: turns(rest), node, names_changed([node.target]))
                    return

        self.frame.env.update(outer)
        turns(list(items))
        self.frame.env.update(outer)

    # The rest

    def s_Expr(self, node):
        if not isinstance(node.value, ast.Constant):
            self.expression(node.value)

    def s_Pass(self, node):
        pass

    def s_Assert(self, node):
        message = ""
        if node.msg is not None:
            message = self.expression(node.msg)
            if not isinstance(message, str):
                raise self.error(node.msg, "the message of an assert has to be plain text", 'Write "what is wrong".')
        test = self.condition(node.test)
        if test is not True:
            self.builder.prim("assert", test, message=message)

    def s_FunctionDef(self, node):
        if node.decorator_list:
            raise self.error(node.decorator_list[0], "a decorator on a function within a function is not supported",
                             "Define the function at the top of the file.")  # fmt: skip
        self.frame.env[node.name] = Local(node, self.frame)
