"""Expressions: what each is worth, as a constant or a stand-in."""

from __future__ import annotations

import ast
import operator

from ...nn import Module
from ...tensor import Tensor
from . import merge
from .errors import NO_TEXT
from .iterate import Numbered, Range, Zipped
from .standins import Lengths, Local, Method, Missing, Number, Symbol, TensorList, is_unknown, kind_of

OPERATORS = {  # class of the node: (of Python, name of the op, name of the primitive)
    "Add": (operator.add, "add", "add"), "Sub": (operator.sub, "sub", "sub"), "Mult": (operator.mul, "mul", "mul"),
    "Div": (operator.truediv, "div", "truediv"), "FloorDiv": (operator.floordiv, "floor_divide", "floordiv"),
    "Mod": (operator.mod, "remainder", "mod"), "Pow": (operator.pow, "pow", "pow"),
    "MatMult": (operator.matmul, "matmul", None), "BitAnd": (operator.and_, "bitwise_and", None),
    "BitOr": (operator.or_, "bitwise_or", None), "BitXor": (operator.xor, "bitwise_xor", None),
    "LShift": (operator.lshift, "bitwise_left_shift", None), "RShift": (operator.rshift, "bitwise_right_shift", None),
    "Eq": (operator.eq, "eq", "eq"), "NotEq": (operator.ne, "ne", "ne"), "Lt": (operator.lt, "lt", "lt"),
    "LtE": (operator.le, "le", "le"), "Gt": (operator.gt, "gt", "gt"), "GtE": (operator.ge, "ge", "ge"),
}  # fmt: skip
UNARY = {"USub": (operator.neg, "neg", "neg"), "UAdd": (operator.pos, None, None),
         "Invert": (operator.invert, "bitwise_not", None)}  # fmt: skip
_SIGNS = {"USub": "unary -", "UAdd": "unary +", "Invert": "~"}
_OF_BOOLS = {"BitAnd": "and", "BitOr": "or", "BitXor": "ne"}
PLAIN_ATTRIBUTES = {"ndim": "tensor.dim"}


class Expressions:
    """The part of the compiler that works out expressions."""

    def expression(self, node):
        """The value of an expression."""
        found = getattr(self, f"e_{type(node).__name__}", None)
        if found is None:
            self.refuse(node)
        if hasattr(node, "lineno"):
            self.at(node)
        return found(node)

    def e_Constant(self, node):
        if isinstance(node.value, (complex, bytes)):
            raise self.error(node, f"{type(node.value).__name__} is not supported in jit.script", "Use a float.")
        return node.value

    def e_JoinedStr(self, node):
        """An f-string of what is known; of anything else there is no text before the graph runs."""
        values = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        plain = all(isinstance(x, ast.Constant) for part in values if part.format_spec for x in part.format_spec.values)
        parts = [self.expression(part.value) if part in values else part.value for part in node.values]
        if not plain or any(isinstance(part, Tensor) or is_unknown(part) for part in parts):
            self.refuse(node)
        given = iter(parts)
        try:
            return "".join(_formatted(part, next(given)) for part in node.values)
        except (TypeError, ValueError) as error:
            raise self.error(node, f"{type(error).__name__}: {error}") from None

    def e_Name(self, node):
        try:
            value = self.frame.look_up(node.id)
        except KeyError:
            remedy = "Define it before the function, or hand it in as an argument."
            raise self.error(node, f"nothing is called {node.id} here", remedy) from None
        if isinstance(value, Missing):
            raise self.error(node, value.why, f"Give {node.id} a value on every way: before the if or the loop, say.")
        return value if self.ways_to(value) else self.from_outside(value)

    def e_Tuple(self, node):
        return tuple(self.parts(node.elts))

    def e_List(self, node):
        return self.parts(node.elts)

    def parts(self, nodes):
        """The values of several expressions, of which some may have a star."""
        made = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                inside = self.expression(node.value)
                if isinstance(inside, (Tensor, TensorList, Lengths, Number, Range)) or not hasattr(inside, "__iter__"):
                    remedy = "Write the values one by one, or use + for lists."
                    if isinstance(inside, Lengths):
                        remedy = "Hand over the shape itself: mg.zeros(x.shape)."
                    raise self.error(node, f"* takes a tuple or list of known length, not {self.words(inside)}", remedy)
                made += self.listed(inside, node, "*")
            else:
                made.append(self.expression(node))
        return made

    def e_Dict(self, node):
        made = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inside = self.expression(value)
                if not isinstance(inside, dict):
                    raise self.error(value, f"** takes a dict, not {self.words(inside)}")
                made.update(inside)
                continue
            made[self.key(self.expression(key), key)] = self.expression(value)
        return made

    def key(self, key, node):
        """A key of a dict, which has to be known."""
        if is_unknown(key) or isinstance(key, Tensor):
            raise self.error(
                node, "a key of a dict has to be known while compiling", "Use text, or a list and a number."
            )
        try:
            hash(key)
        except TypeError as error:
            raise self.error(node, f"TypeError: {error}") from None
        return key

    # Arithmetic

    def e_BinOp(self, node):
        return self.binary(type(node.op).__name__, self.expression(node.left), self.expression(node.right), node)

    def binary(self, name, a, b, node=None):
        """`a + b` and its like, for whatever a and b are."""
        python, op, prim = OPERATORS[name]
        one, two = kind_of(a), kind_of(b)
        if "tensor" in (one, two) and one not in (None, "list") and two not in (None, "list"):
            if not isinstance(a, Symbol) and not isinstance(b, Symbol) and not isinstance(a, Number) and not isinstance(
                b, Number) and not (isinstance(a, Tensor) and isinstance(b, Tensor)):  # fmt: skip
                a, b = (self.symbol(a), b) if isinstance(a, Tensor) else (a, self.symbol(b))
            return self.builder.op(op, a, b)
        if name == "Add" and merge.of_tensors(a) and merge.of_tensors(b) and (one == "list" or two == "list"):
            return self.builder.prim("list.concat", merge.as_list(self.builder, a), merge.as_list(self.builder, b))
        if is_unknown([a, b]) and not _of_containers(name, a, b):
            prim = _OF_BOOLS.get(name, prim) if one == two == "bool" else prim
            if one in merge.BLANKS and two in merge.BLANKS and prim:
                if name == "Pow" and type(b) is int and b < 0:  # which gives no int
                    a = self.builder.prim("number.float", a)
                return self.builder.prim(f"number.{prim}", a, b)
            if isinstance(a, str) or isinstance(b, str):
                raise self.error(node, *NO_TEXT)
            remedy = "Convert one: float(x), int(x), or mg.tensor(n)."
            if isinstance(a, (list, TensorList)) or isinstance(b, (list, TensorList)):
                remedy = "Append in a for, or write [*xs, *ys] with lists of known length."
            raise self.error(
                node, f"{self.words(a)} and {self.words(b)} cannot be put together with this operator", remedy
            )
        try:
            return python(a, b)
        except Exception as error:
            raise self.error(node, f"{type(error).__name__}: {error}") from None

    def e_UnaryOp(self, node):
        name = type(node.op).__name__
        if name == "Not":
            truth = self.condition(node.operand)
            return self.builder.opposite(truth) if isinstance(truth, Number) else not truth
        value = self.expression(node.operand)
        python, op, prim = UNARY[name]
        if isinstance(value, Symbol) and name != "UAdd":
            return self.builder.op(op, value)
        if isinstance(value, Number) and name != "UAdd":
            if prim is None:
                raise self.error(node, f"{self.words(value)} has no ~", "Write not, or -x - 1.")
            return self.builder.prim(f"number.{prim}", value)
        if isinstance(value, (Symbol, Number)):
            return value
        try:
            return python(self.symbol(value) if isinstance(value, Tensor) else value)
        except TypeError:
            raise self.error(node, f"{self.words(value)} has no {_SIGNS[name]}") from None

    # Parts

    def e_Attribute(self, node):
        owner = self.expression(node.value)
        return self.attribute(owner, node.attr, node)

    def attribute(self, owner, name, node):
        """`owner.name`."""
        if isinstance(owner, Tensor):
            return self.tensor_attribute(owner, name, node)
        if isinstance(owner, (TensorList, Number, Lengths)) or type(owner) in (list, dict, str):
            return Method(owner, name, node)
        found = getattr(type(owner), name, None)
        if (
            isinstance(found, property)
            and isinstance(owner, Module)
            and not type(owner).__module__.startswith("minigrad.")
        ):
            return self.call_function(found.fget, (owner,), {}, node)
        try:
            return self.from_outside(getattr(owner, name))
        except AttributeError:
            raise self.error(node, f"{self.words(owner)} has no attribute {name!r}") from None

    def tensor_attribute(self, owner, name, node):
        owner = self.symbol(owner)
        if name == "shape":
            return Lengths(owner)
        if name in PLAIN_ATTRIBUTES:
            return self.builder.prim(PLAIN_ATTRIBUTES[name], owner)
        if f"Tensor.{name}" in self.table and name in ("T", "mT", "H", "mH"):
            return self.library(self.table[f"Tensor.{name}"], (owner,), {}, node)
        if name in _LATER:
            raise self.error(node, f"x.{name} is not known in jit.script", _LATER[name])
        return Method(owner, name, node)

    def e_Subscript(self, node):
        return self.subscript(self.expression(node.value), self.expression(node.slice), node)

    def subscript(self, owner, index, node):
        """`owner[index]`."""
        if isinstance(owner, Tensor):
            return self.index(self.symbol(owner), index, node)
        if isinstance(owner, Lengths):
            if not isinstance(index, int) and not _is_int(index):
                raise self.error(node, "a shape is asked for one length in jit.script", "Write x.shape[0].")
            return self.builder.prim("tensor.size", owner.of, dim=index)
        if isinstance(owner, TensorList):
            return self.list_item(owner, index)
        if is_unknown(index):
            return self.pick(owner, index, node)
        try:
            return owner[index]
        except Exception as error:
            raise self.error(node, f"{type(error).__name__}: {error}") from None

    def pick(self, owner, index, node):
        """One of a list whose length is known, by a number that is not."""
        if merge.of_tensors(owner) and isinstance(index, (Number, slice)):
            return self.list_item(merge.as_list(self.builder, owner), index)
        raise self.error(node, f"the index into {self.words(owner)} has to be known while compiling",
                         "Go over it with for x in xs, or enumerate(xs).")  # fmt: skip

    def list_item(self, items, index):
        """One tensor of a list, or several."""
        if isinstance(index, slice):
            return self.builder.prim("list.slice", items, start=index.start, end=index.stop, step=index.step)
        return self.builder.prim("list.get", items, index=index)

    def e_Slice(self, node):
        return slice(*(None if part is None else self.expression(part) for part in (node.lower, node.upper, node.step)))

    def index(self, x, index, node):
        """x[index]: an op where only numbers and slices stand in the brackets."""
        parts = index if isinstance(index, tuple) else (index,)
        if all(part is None or part is Ellipsis or type(part) is int or _is_int(part) or (
               isinstance(part, slice) and (part.step is None or (type(part.step) is int and part.step > 0)))
               for part in parts):  # fmt: skip
            return self.builder.op("index", x, index=index)
        return self.library(self.table["Tensor.__getitem__"], (x, index), {}, node)

    def e_ListComp(self, node):
        return self.comprehension(node)

    def words(self, what):
        """What it is, for an error."""
        names = {Lengths: "a shape", Range: "a range", Zipped: "a zip", Numbered: "an enumerate", Local: "a function"}
        if isinstance(what, Method):
            return f"a method that is not called ({what.name})"
        return names.get(type(what)) or merge.words(what)


_LATER = {
    "dtype": "Use y.to(x) or mg.zeros_like(x), which follow x.", "device": "Use y.to(x) or mg.zeros_like(x).",
    "grad": "Ask for gradients outside, behind backward().", "grad_fn": "Ask outside.", "requires_grad": "Ask outside.",
    "is_leaf": "Ask outside.", "is_cuda": "Ask outside.", "data": "Use x.detach().", "array": "Keep to tensors.",
}  # fmt: skip


def _of_containers(name, a, b):
    """Whether Python itself does this with containers, whatever is in them."""
    if name == "Mult":
        return any(isinstance(x, (tuple, list)) and isinstance(n, int) for x, n in ((a, b), (b, a)))
    kinds = {"Add": (tuple, list), "BitOr": dict}.get(name, ())
    return isinstance(a, kinds) and isinstance(b, kinds)


def _formatted(node, value):
    """One part of an f-string."""
    if not isinstance(node, ast.FormattedValue):
        return value
    value = {ord("r"): repr, ord("s"): str, ord("a"): ascii}.get(node.conversion, lambda x: x)(value)
    return format(value, "".join(part.value for part in node.format_spec.values) if node.format_spec else "")


def _is_int(part):
    return isinstance(part, Number) and part.kind == "int"
