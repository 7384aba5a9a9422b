"""Where ways meet: what both arms of an If have made, and what a turn of a Loop hands to the next, under one name.

What a program knows is nested tuples, lists and dicts of stand-ins and constants. Two of these are joined leaf by leaf:
where they differ, the If or Loop gets an output. Anything of which a graph has no values has to be the same on both
ways.
"""

from __future__ import annotations

from ..graph import Value
from .standins import NOTHING, Missing, Number, Symbol, TensorList, is_fresh, kind_of

WORDS = {"tensor": "a tensor", "int": "an int", "float": "a float", "bool": "a bool", "list": "a list of tensors"}
BLANKS = {"int": 0, "float": 0.0, "bool": False}
START = {"tensor": "a tensor, mg.tensor(0.0) say", "float": "a float, 0.0 say", "list": "a list", "int": "an int",
         "bool": "a bool"}  # fmt: skip


class Differs(Exception):
    """Two ways give a name values that nothing stands for together."""

    def __init__(self, name, a, b):
        self.name, self.a, self.b = name, a, b

    def said(self, in_loop):
        """What is wrong, in words: at a loop, or at an if."""
        name, a, b = self.name, words(self.a), words(self.b)
        if name in ("$result", "$return") or name is None:
            return f"the result is {a} on one way and {b} on the other"
        if name == "$list":
            return "the length of this list is known only when the graph runs, and it holds more than tensors"
        if in_loop:
            return f"{name} is {a} before the loop and {b} after a turn"
        return f"{name} is {a} in one arm and {b} in the other"

    def remedy(self):
        """What to write instead."""
        both = {words(self.a), words(self.b)}
        if "a tensor" in both and both & {"an int", "a float", "a bool"}:
            return "Begin with a tensor: mg.tensor(0.0) in place of 0."
        if isinstance(self.a, list) and isinstance(self.b, list):
            return "A list that grows in a loop holds tensors: append mg.tensor(n), or keep the numbers in a tensor."
        if both == {"an int", "a float"}:
            return "Begin with a float: 0.0 in place of 0."
        if "None" in both:
            return "Begin with a value of the same kind, and keep a bool that says whether it counts."
        return "A variable keeps its kind: give it a name of its own where it changes."


def words(what):
    """What it is, for an error."""
    kind = kind_of(what)
    if kind and not isinstance(what, list):
        return WORDS[kind]
    if what is None or isinstance(what, str):
        return repr(what)
    if isinstance(what, (tuple, list)):
        return f"a {type(what).__name__} of {len(what)}"
    return f"a {type(what).__name__}"


def of_tensors(what):
    """Whether it is a list that a graph can have a value for."""
    return isinstance(what, TensorList) or (type(what) is list and all(kind_of(x) == "tensor" for x in what))


def as_list(builder, what):
    """The TensorList of a list of tensors."""
    return what if isinstance(what, TensorList) else builder.prim("list.new", *what)


def blank(builder, like):
    """Something of the kind of `like` that is never looked at."""
    kind = kind_of(like)
    if kind == "tensor":
        return builder.prim("undefined")
    if kind == "list":
        return builder.prim("list.new")
    if kind:
        return BLANKS[kind]
    if isinstance(like, (tuple, list)):
        parts = [blank(builder, part) for part in like]
        return type(like)(*parts) if hasattr(like, "_fields") else type(like)(parts)
    if isinstance(like, dict):
        return {key: blank(builder, part) for key, part in like.items()}
    return like


# If


def joined(builder, condition, arms, returned=(False, False)):
    """Put the If of two arms, each (block, what it has made); `returned` says which of them has left the function."""
    join = _Join(builder, condition, [block for block, _ in arms], returned)
    result = join(arms[0][1], arms[1][1], None)
    builder.put_if(condition, *join.blocks, join.outputs)
    return result


class _Join:
    def __init__(self, builder, condition, blocks, returned):
        self.builder, self.condition, self.blocks, self.returned = builder, condition, blocks, returned
        self.outputs, self.known = [], {}

    def __call__(self, a, b, name):
        if a is b:
            return a
        key = id(a), id(b), name if name and name.startswith("$") else None
        if key not in self.known:
            self.known[key] = (self.join(a, b, name), a, b)
        return self.known[key][0]

    def join(self, a, b, name):
        if type(a) is dict and type(b) is dict and name is None:
            return self.variables(a, b)
        for arm, left in enumerate(self.returned):
            if left and not (name or "").startswith("$") and not self.alike((a, b)[arm], (a, b)[1 - arm]):
                a, b = (NOTHING, b) if arm == 0 else (a, NOTHING)
        if isinstance(a, Missing) or isinstance(b, Missing):
            return a if isinstance(a, Missing) else b
        if a is NOTHING or b is NOTHING:
            with self.builder.block(self.blocks[0 if a is NOTHING else 1]):
                made = blank(self.builder, b if a is NOTHING else a)
            a, b = (made, b) if a is NOTHING else (a, made)
        return self.values(a, b, name)

    def alike(self, a, b):
        kind = kind_of(a)
        return kind == kind_of(b) and (kind is not None or a is b)

    def variables(self, a, b):
        made = {}
        for name in {**a, **b}:
            where = "first" if name in a else "second"
            only = Missing(f"{name} gets a value in the {where} arm of an if only")
            made[name] = self(a.get(name, only), b.get(name, only), name)
        return made

    def values(self, a, b, name):
        one, two = kind_of(a), kind_of(b)
        if of_tensors(a) and of_tensors(b) and not (type(a) is type(b) is list and len(a) == len(b)):
            return self.output("list", *(self.in_arm(i, x) for i, x in enumerate((a, b))), name)
        if one and one == two:
            if one != "tensor" and not isinstance(a, (Number, TensorList)) and type(a) is type(b) and a == b:
                return a
            return self.output(one, a, b, name)
        if type(a) is type(b) and isinstance(a, (tuple, list)) and len(a) == len(b):
            parts = [self(x, y, name or "part") for x, y in zip(a, b, strict=True)]
            return type(a)(*parts) if hasattr(a, "_fields") else type(a)(parts)
        if type(a) is type(b) is dict and a.keys() == b.keys():
            return {key: self(a[key], b[key], str(key)) for key in a}
        if one is None and two is None and type(a) is type(b) and not isinstance(a, (tuple, list, dict)) and a == b:
            return a
        raise Differs(name, a, b)

    def in_arm(self, arm, items):
        with self.builder.block(self.blocks[arm]):
            return as_list(self.builder, items)

    def output(self, kind, a, b, name):
        builder, name = self.builder, (name or "either").lstrip("$")
        if kind == "bool" and isinstance(a, bool) and isinstance(b, bool):  # the condition itself, or its opposite
            return self.condition if a else builder.opposite(self.condition)
        for block, x in zip(self.blocks, (a, b), strict=True):
            block.outputs.append(builder.value(x))
        made = Value(builder.names.new(name), kind)
        self.outputs.append(made)
        result = builder.wrap(made)
        if kind == "tensor":
            result.fresh = is_fresh(a) and is_fresh(b)
        return result


# Loop


def loop(builder, state, run, count=None, condition=True, turn="i"):
    """A Loop that carries `state`, a dict of variables. Returns the state at the end.

    `run(number of the turn, state)` compiles a turn: (go on?, new state, False to be asked once more). Errors: Differs
    where a turn leaves a variable as something else than it was.
    """
    place = builder.place
    while True:
        names = builder.names.copy()
        with builder.block() as body:
            number = builder.new(turn, "int")
            body.inputs.append(number)
            carried, inner = [], {}
            inner = {name: _inside(builder, value, name, carried) for name, value in state.items()}
            go_on, after, steady = run(Number(number), dict(inner))
        wider = {name: _wider(builder, value, after.get(name), name) for name, value in state.items()}
        if steady and all(wider[name] is value for name, value in state.items()):
            break
        state = wider
        builder.go_back(names)
    body.inputs += [value for _, value in carried]
    outputs = []
    with builder.block(body):
        body.outputs.append(builder.value(go_on))
        for name, value in inner.items():
            _handed_on(builder, value, after[name], name, body.outputs)
    result = {name: _outside(builder, value, name, outputs) for name, value in inner.items()}
    builder.place = place  # its own line, not the last one of the body
    builder.put_loop(count, condition, [builder.value(x) for x, _ in carried], body, outputs)
    return result


def _parts(what, change):
    """Containers with each part changed; None for what is none."""
    if isinstance(what, (tuple, list)):
        parts = [change(part) for part in what]
        return type(what)(*parts) if hasattr(what, "_fields") else type(what)(parts)
    return {key: change(part) for key, part in what.items()} if isinstance(what, dict) else None


def _inside(builder, what, name, carried):
    kind = kind_of(what)
    if kind is None:
        made = _parts(what, lambda part: _inside(builder, part, name, carried))
        return what if made is None else made
    value = builder.new(name.lstrip("$"), kind)
    carried.append((what, value))
    made = builder.wrap(value)
    if kind == "tensor":
        made.fresh = is_fresh(what)
    return made


def _outside(builder, inner, name, outputs):
    kind = kind_of(inner)
    if kind is None:
        made = _parts(inner, lambda part: _outside(builder, part, name, outputs))
        return inner if made is None else made
    outputs.append(Value(builder.names.new(name.lstrip("$")), kind))
    made = builder.wrap(outputs[-1])
    if kind == "tensor":
        made.fresh = inner.fresh
    return made


def _wider(builder, before, after, name):
    """`before`, or what has to be carried in its place for `after` to be of the same form."""
    if before is after or isinstance(before, Missing):
        return before
    if isinstance(after, Missing):
        raise Differs(name, before, after)
    if before is NOTHING:
        return blank(builder, after)
    if of_tensors(before) and of_tensors(after):
        same = isinstance(before, TensorList) or (type(after) is list and len(before) == len(after))
        return before if same else as_list(builder, before)
    if kind_of(before) == kind_of(after) == "tensor":
        if is_fresh(before) and not is_fresh(after):
            return Symbol(builder.value(before), builder)
        return before
    if type(before) is type(after) and isinstance(before, (tuple, list)) and len(before) == len(after):
        parts = [_wider(builder, a, b, name) for a, b in zip(before, after, strict=True)]
        return before if all(a is b for a, b in zip(parts, before, strict=True)) else type(before)(parts)
    if type(before) is type(after) is dict and before.keys() == after.keys():
        parts = {key: _wider(builder, before[key], after[key], name) for key in before}
        return before if all(parts[key] is before[key] for key in before) else parts
    one, two = kind_of(before), kind_of(after)
    if one != two or (one is None and not _same(before, after)):
        raise Differs(name, before, after)
    return before


def _same(a, b):
    return type(a) is type(b) and not isinstance(a, (tuple, list, dict)) and a == b


def _handed_on(builder, inner, after, name, outputs):
    if isinstance(inner, TensorList):
        after = as_list(builder, after)
    kind = kind_of(inner)
    if kind is not None:
        outputs.append(builder.value(after))
    elif isinstance(inner, (tuple, list)):
        for a, b in zip(inner, after, strict=True):
            _handed_on(builder, a, b, name, outputs)
    elif isinstance(inner, dict):
        for key in inner:
            _handed_on(builder, inner[key], after[key], name, outputs)
