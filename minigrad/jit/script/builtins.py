"""Python's own functions, where their arguments may be stand-ins. Each takes (compiler, args, named, node)."""

from __future__ import annotations

import builtins
import math
import typing

from ...nn import Module
from ...tensor import Tensor
from .errors import NO_TEXT
from .iterate import Items, Numbered, Range, Zipped
from .standins import Lengths, Local, Method, Number, Standin, Symbol, TensorList, class_of, is_unknown, kind_of

BUILTINS = {}


def builtin(function):
    """Decorator: what a function of Python does, by its name less the `_` behind it."""

    def enter(make):
        BUILTINS[id(function)] = make
        return make

    return enter


def _one(c, args, named, node, name):
    if len(args) != 1 or named:
        raise c.error(node, f"{name}() takes one value in jit.script")
    return args[0]


@builtin(len)
def _len(c, args, named, node):
    what = _one(c, args, named, node, "len")
    if isinstance(what, Tensor):
        return c.builder.prim("tensor.size", c.symbol(what), dim=0)
    if isinstance(what, TensorList):
        return c.builder.prim("list.len", what)
    if isinstance(what, Lengths):
        return c.builder.prim("tensor.dim", what.of)
    if isinstance(what, Range):
        items = c.items(what, node)
        return 0 if isinstance(items, Items) else c.builder.prim("number.max", items.count, 0)
    if isinstance(what, (Number, Zipped, Numbered, Method, Local)):
        raise c.error(node, f"{c.words(what)} has no len()")
    return c.at_once(len, args, named, node)


@builtin(range)
def _range(c, args, named, node):
    if not 1 <= len(args) <= 3 or named:
        raise c.error(node, "range() takes one to three ints")
    start, end, step = {1: (0, *args, 1), 2: (*args, 1), 3: args}[len(args)]
    if not is_unknown([start, end, step]) and not any(isinstance(x, Tensor) for x in args):
        return c.at_once(range, args, named, node)
    return Range(start, end, step)


@builtin(enumerate)
def _enumerate(c, args, named, node):
    return Numbered(*args) if len(args) > 1 else Numbered(args[0], 0)


@builtin(zip)
def _zip(c, args, named, node):
    if named.keys() - {"strict"}:
        raise c.error(node, "zip() takes strict alone by its name")
    return Zipped(args, bool(named.get("strict")))


@builtin(reversed)
def _reversed(c, args, named, node):
    what = _one(c, args, named, node, "reversed")
    if isinstance(what, TensorList):
        return c.builder.prim("list.slice", what, step=-1)
    if isinstance(what, range):
        return what[::-1]
    if isinstance(what, Range):
        if what.step != 1:
            raise c.error(node, "only a range with step 1 is turned round", "Write range(n - 1, -1, -1).")
        return Range(c.binary("Sub", what.end, 1, node), c.binary("Sub", what.start, 1, node), -1)
    items = c.items(what, node)
    if isinstance(items, Items):
        return items.parts[::-1]
    raise c.error(node, f"reversed() does not take {c.words(what)} in jit.script", "Write x.flip(0).")


@builtin(list)
def _list(c, args, named, node):
    if not args:
        return []
    return c.listed(args[0], node, "list")


@builtin(tuple)
def _tuple(c, args, named, node):
    parts = c.listed(args[0], node, "tuple") if args else ()
    if isinstance(parts, TensorList):
        raise c.error(node, "tuple() takes what has a known length in jit.script", "Use a list.")
    return tuple(parts)


@builtin(dict)
def _dict(c, args, named, node):
    if len(args) > 1:
        raise c.error(node, "dict() takes one value in jit.script, and names")
    if args and not isinstance(args[0], dict):
        pairs = c.listed(args[0], node, "dict")
        if isinstance(pairs, TensorList) or any(not isinstance(x, (tuple, list)) or len(x) != 2 for x in pairs):
            raise c.error(node, f"dict() does not take {c.words(args[0])} of anything but pairs in jit.script")
        return {c.key(key, node): value for key, value in pairs} | named
    return (args[0] if args else {}) | named


def _conversion(name, function):
    @builtin(function)
    def convert(c, args, named, node):
        if not args:
            return function()
        what = _one(c, args, named, node, name)
        if name == "bool":
            return c.truth(what, node)
        if isinstance(what, Tensor):
            return c.builder.prim(f"tensor.{name}", c.symbol(what))
        if isinstance(what, Number):
            return what if what.kind == name else c.builder.prim(f"number.{name}", what)
        if is_unknown(what):
            raise c.error(node, f"{name}() does not take {c.words(what)}")
        return c.at_once(function, args, named, node)

    return convert


for _name, _function in (("int", int), ("float", float), ("bool", bool)):
    _conversion(_name, _function)


def _of_number(function, prim, op=None):
    @builtin(function)
    def apply(c, args, named, node):
        what = args[0] if args else None
        if isinstance(what, Tensor) and op:
            return c.builder.op(op, c.symbol(what))
        if isinstance(what, Tensor):
            raise c.error(node, f"{function.__name__} of math takes a number", f"Write mg.{function.__name__}(x).")
        if isinstance(what, Number) and len(args) == 1:
            return c.builder.prim(f"number.{prim}", what)
        if function is math.log and len(args) == 2 and all(kind_of(x) in ("int", "float", "bool") for x in args):
            above, below = (apply(c, (x,), {}, node) for x in args)
            return c.binary("Div", above, below, node)
        if is_unknown(args):
            raise c.error(node, f"{function.__name__}() does not take {c.words(what)} here")
        return c.at_once(function, args, named, node)

    return apply


_of_number(abs, "abs", "abs")
for _name in ("sqrt", "exp", "log", "floor", "ceil"):
    _of_number(getattr(math, _name), _name)


def _extreme(function, prim):
    @builtin(function)
    def extreme(c, args, named, node):
        if _known(args, named):
            return c.at_once(function, args, named, node)
        parts = list(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else list(args)
        if named or any(kind_of(x) not in ("int", "float", "bool") for x in parts) or not parts:
            word = f"mg.{function.__name__}imum(a, b)" if len(parts) == 2 else f"x.{function.__name__}()"
            raise c.error(node, f"{function.__name__}() takes numbers in jit.script", f"Write {word} for tensors.")
        result = parts[0]
        for other in parts[1:]:
            known = not is_unknown([result, other])
            result = function(result, other) if known else c.builder.prim(f"number.{prim}", result, other)
        return result

    return extreme


_extreme(min, "min"), _extreme(max, "max")


def _known(args, named):
    """Whether Python can be asked at once."""
    given = (*args, *named.values())
    return not is_unknown(given) and not any(isinstance(x, (Tensor, Local, Method, Zipped, Numbered)) for x in given)


@builtin(sum)
def _sum(c, args, named, node):
    what, result = (*args, 0)[:2]
    if isinstance(what, (Tensor, TensorList, Range)):
        remedy = {TensorList: "Write mg.stack(xs).sum(0).", Range: "Add them up in a for."}
        raise c.error(node, f"sum() does not take {c.words(what)} in jit.script",
                      remedy.get(type(what), "Write x.sum(0)."))  # fmt: skip
    for part in c.listed(what, node, "sum"):
        result = c.binary("Add", result, part, node)
    return result


@builtin(pow)
def _pow(c, args, named, node):
    result = c.binary("Pow", args[0], args[1], node)
    return result if len(args) < 3 or args[2] is None else c.binary("Mod", result, args[2], node)


@builtin(round)
def _round(c, args, named, node):
    what = args[0]
    if isinstance(what, Number) and len(args) == 1:
        return c.builder.prim("number.round", what)
    if not _known(args, named):
        remedy = "Write mg.round(x)." if isinstance(what, Tensor) else "Round to whole numbers: round(r * 100) / 100."
        raise c.error(node, "round() takes one number in jit.script", remedy)
    return c.at_once(round, args, named, node)


@builtin(divmod)
def _divmod(c, args, named, node):
    return c.binary("FloorDiv", *args, node), c.binary("Mod", *args, node)


def _of_truths(function, join):
    @builtin(function)
    def of_truths(c, args, named, node):
        what, result = args[0], function is all
        if isinstance(what, (Tensor, TensorList, Range)):
            raise c.error(node, f"{function.__name__}() does not take {c.words(what)} in jit.script",
                          f"Write x.{function.__name__}() for a tensor.")  # fmt: skip
        for part in c.listed(what, node, function.__name__):
            result = join(c)(result, lambda part=part: c.truth(part, node), node)
        return result

    return of_truths


_of_truths(any, lambda c: c.either), _of_truths(all, lambda c: c.both)


@builtin(sorted)
def _sorted(c, args, named, node):
    if not _known(args, named) or any(isinstance(x, Tensor) for x in args[0]):
        raise c.error(node, "sorted() takes what is known while compiling", "Write x.sort() for a tensor.")
    return c.at_once(sorted, args, named, node)


@builtin(isinstance)
def _isinstance(c, args, named, node):
    return c.at_once(issubclass, (class_of(args[0]), args[1]), {}, node)


@builtin(getattr)
def _getattr(c, args, named, node):
    if not 2 <= len(args) <= 3 or not isinstance(args[1], str):
        raise c.error(node, "getattr() takes a thing, a name, and maybe a default")
    if len(args) == 3 and not _hasattr(c, args[:2], named, node):
        return args[2]
    return c.attribute(args[0], args[1], node)


@builtin(hasattr)
def _hasattr(c, args, named, node):
    what = args[0]
    return c.at_once(hasattr, (class_of(what) if isinstance(what, (Symbol, Standin)) else what, args[1]), {}, node)


@builtin(callable)
def _callable(c, args, named, node):
    return isinstance(args[0], (Local, Method)) or callable(args[0])


@builtin(str)
def _str(c, args, named, node):
    if is_unknown(args) or any(isinstance(x, Tensor) for x in args):
        raise c.error(node, *NO_TEXT)
    return c.at_once(str, args, named, node)


@builtin(print)
def _print(c, args, named, node):
    if named.keys() - {"sep", "end"} or is_unknown(named):
        raise c.error(node, "print() takes sep and end alone in jit.script")
    for x in args:
        c.check_operand(x, node)
    c.builder.step(c.prims["print"], (), {"parts": tuple(args), **named}, "bool")


@builtin(typing.cast)
def _cast(c, args, named, node):
    return args[1]


@builtin(super)
def _super(c, args, named, node):
    frame = next((f for f in reversed(c.frames) if "self" in f.env and isinstance(f.env["self"], Module)), None)
    cells = {} if frame is None else dict(zip(frame.function.__code__.co_freevars, frame.function.__closure__ or (),
                                              strict=False))  # fmt: skip
    if args or "__class__" not in cells:
        raise c.error(
            node, "super() stands in methods of modules alone in jit.script", "Name the class: Base.forward(self)."
        )
    return builtins.super(cells["__class__"].cell_contents, frame.env["self"])


@builtin(type)
def _type(c, args, named, node):
    return class_of(_one(c, args, named, node, "type"))
