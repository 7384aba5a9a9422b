"""jit.cond, jit.while_loop and jit.scan in compiled source: If and Loop."""

from __future__ import annotations

import ast

from .. import control
from . import merge
from .standins import Number, kind_of


def _given(c, names, defaults, args, named, node, what):
    given = {**defaults, **dict(zip(names, args, strict=False)), **named}
    if given.keys() != set(names) or len(args) > len(names):
        raise c.error(node, f"{what} takes ({', '.join(names)})")
    return [given[name] for name in names]


def cond(c, args, named, node):
    """An If; its functions in the arms."""
    pred, then, orelse, operands = _given(c, ("pred", "true_fn", "false_fn", "operands"), {"operands": ()}, args, named,
                                          node, "cond")  # fmt: skip
    test = c.truth(pred, node)
    if not isinstance(test, Number):
        return c.call(then if test else orelse, tuple(operands), {}, node)
    try:
        return c.choose(test, lambda: c.call(then, tuple(operands), {}, node),
                        lambda: c.call(orelse, tuple(operands), {}, node))  # fmt: skip
    except merge.Differs as differs:
        raise _apart(c, node, differs, "both functions of cond have to give the same") from None


def while_loop(c, args, named, node):
    """A Loop without a limit."""
    test, body, carried = _given(c, ("cond_fn", "body_fn", "carried"), {}, args, named, node, "while_loop")
    names = _names(body, len(carried))

    def go_on(values):
        return c.truth(c.call(test, tuple(values), {}, node), node)

    def turn(number, state):
        new = c.call(body, tuple(state.values()), {}, node)
        new = new if isinstance(new, (tuple, list)) else (new,)
        if len(new) != len(names):
            raise c.error(node, f"a turn takes {len(names)} values and gives {len(new)}", "Hand on as many as you get.")
        after = dict(zip(names, new, strict=True))
        return go_on(new), after, True

    first = go_on(carried)
    if first is False:
        return tuple(carried)
    return tuple(_loop(c, node, dict(zip(names, carried, strict=True)), turn, condition=first).values())


def scan(c, args, named, node):
    """A Loop over the first axis."""
    f, init, xs, length = _given(c, ("f", "init", "xs", "length"), {"length": None}, args, named, node, "scan")
    lengths, message = [], "scan() takes xs, and a length, that agree on the number of turns"
    counted = _turns(c, length, node, message) if xs is None else _over(c, xs, node, lengths)
    c.check_equal([*lengths, *([] if length is None or xs is None else [length])], node, message, "ShapeError")
    probe = {}

    def turn(number, state):
        got = c.call(f, (state["carry"], None if xs is None else counted.item(number)), {}, node)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            raise c.error(node, "the function of scan gives two things: carry and y")
        probe["form"], parts = got[1], _leaves(got[1])
        if any(kind_of(part) != "tensor" for part in parts):
            raise c.error(node, "scan stacks tensors", "Return tensors, or None, as y.")
        grown = {name: c.builder.prim("list.append", state[name], part)
                 for name, part in zip([name for name in state if name != "carry"], parts, strict=False)}  # fmt: skip
        return True, {"carry": got[0]} | grown, True

    state = {"carry": init}
    with c.builder.block():  # once, to see what it gives
        names = c.builder.names.copy()
        turn(Number(c.builder.new("turn", "int")), {"carry": init})
        c.builder.go_back(names)
    state |= {f"ys{i}": c.builder.prim("list.new") for i in range(len(_leaves(probe["form"])))}
    after = _loop(c, node, state, turn, count=counted.count)
    stacked = iter([c.builder.prim("list.stack", after[name], dim=0) for name in after if name != "carry"])
    return after["carry"], _filled(probe["form"], stacked)


def _turns(c, length, node, message):
    if length is None:
        raise c.error(node, message, "Give xs, or a length.")
    return c.items(c.call(range, (length,), {}, node), node)


def _over(c, xs, node, lengths):
    """What scan goes over: tensors side by side. Their lengths go into the list."""
    if isinstance(xs, (tuple, list)) and xs:
        parts = [_over(c, part, node, lengths) for part in xs]
        count = parts[0].count
        return type("Parts", (), {"count": count, "item": staticmethod(lambda i: type(xs)(p.item(i) for p in parts))})
    if isinstance(xs, dict):
        inside = _over(c, tuple(xs.values()), node, lengths)
        named = {"count": inside.count, "item": staticmethod(lambda i: dict(zip(xs, inside.item(i), strict=True)))}
        return type("Parts", (), named)
    if kind_of(xs) not in ("tensor", "list"):
        raise c.error(node, f"scan goes over tensors, not {c.words(xs)}", "Hand in one tensor, or a tuple of them.")
    items = c.items(xs, node)
    lengths.append(items.count)
    return items


def _loop(c, node, state, turn, **options):
    try:
        return merge.loop(c.builder, state, turn, turn="turn", **options)
    except merge.Differs as differs:
        raise _apart(c, node, differs, "a turn has to hand on what it gets") from None


def _apart(c, node, differs, rule):
    name = f"{differs.name} is " if differs.name else ""
    return c.error(node, f"{rule}: {name}{merge.words(differs.a)} here and {merge.words(differs.b)} there",
                   "Make both of one form, kind and dtype.")  # fmt: skip


def _names(function, count):
    tree = getattr(function, "node", None)
    code = getattr(function, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code else []
    names = [a.arg for a in tree.args.args] if isinstance(tree, (ast.Lambda, ast.FunctionDef)) else names
    return names if len(names) == count else [f"carried{i}" for i in range(count)]


def _leaves(form):
    if isinstance(form, (tuple, list)):
        return [leaf for part in form for leaf in _leaves(part)]
    if isinstance(form, dict):
        return [leaf for part in form.values() for leaf in _leaves(part)]
    return [] if form is None else [form]


def _filled(form, parts):
    if isinstance(form, (tuple, list)):
        return type(form)(_filled(part, parts) for part in form)
    if isinstance(form, dict):
        return {key: _filled(part, parts) for key, part in form.items()}
    return None if form is None else next(parts)


CONTROLS = {control.cond: cond, control.while_loop: while_loop, control.scan: scan}
