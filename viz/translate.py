"""A graph of `minigrad.jit` -> viz.graph.Graph: what was captured, in the words of what is watched.

Ops are ops, with the names, kinds and lines that they have in a recorded run. An If and a Loop become steps of the kind
"control" around the steps of their blocks, so that every view can draw them:

    if      takes the condition           loop    takes what limits it, gives the number of the turn
    pass    hands on what an arm has      carry   takes what goes into the first turn, then what comes back
    choose  takes what both arms give     next    takes what a turn gives, and gives it to the next or behind the loop
"""

import numpy as np

from minigrad.device import device_of
from minigrad.jit import graph as ir
from minigrad.jit.text import plainly
from minigrad.nn import Parameter
from minigrad.tensor import Tensor
from viz import text
from viz.captured import Block, Captured
from viz.graph import Graph, Number, Source
from viz.notes import dtype_name, summary_of

CONDITION = ir.Value("", "bool")
NOWHERE = ir.Step(None, (), {}, ())  # no line, no module
MOST = 200  # characters of an attribute
KEYWORDS = {"if": ("if ", "elif ", "while ", "assert "), "loop": ("for ", "while ")}


def translated(graph, known=None, trail=(), modules=None):
    """The Graph of a captured one. known: what each value was when it ran last, and trail what `minigrad.jit.run` tells
    of the way; None where it has not run. modules: dotted path -> class name, as far as they are known."""
    return _Translation(graph, known, trail, modules or {}).whole()


class _Translation:
    def __init__(self, graph, known, trail, modules):
        self.source, self.known, self.modules = graph, known, modules
        self.made, self.blocks, self.ids, self.declared = Graph(), [], {}, {}
        self.used = {value for step in graph.every_step() for value in step.uses()}
        for block in [graph, *(block for step in graph.every_step() for block in step.blocks)]:
            self.used.update(ir.values_in(block.outputs))
        self.outcomes = {}  # id of an If or Loop -> what came of it each time
        for step, outcome in trail:
            self.outcomes.setdefault(id(step), []).append(outcome)

    def whole(self):
        graph, made = self.source, self.made
        for value in graph.inputs:
            self.given(value, "input", (self.known or {}).get(value))
        for value, tensor in graph.parameters.items():
            self.given(value, "parameter" if isinstance(tensor, Parameter) else "input", tensor)
        for value, tensor in graph.constants.items():
            self.given(value, "input", tensor)
        self.steps(graph)
        results = [self.ids[value] for value in graph.outputs if isinstance(value, ir.Value)]
        for held, new in graph.updates:
            self.place = NOWHERE
            results.append(self.add("update", "copy", [held, new], ("tensor", "by"), held, self.now(new)).id)
        paths = dict.fromkeys(step.module for step in made.steps if step.module is not None)
        made.modules = {path: self.modules.get(path, "Module") for path in paths}
        made.captured = Captured(graph.name, tuple(dict.fromkeys(results)), tuple(self.blocks), self.declared)
        return made

    # ---- values

    def given(self, value, role, tensor):
        """A source."""
        asks = isinstance(tensor, Tensor) and tensor.requires_grad and role == "parameter"
        looks = self.looks(value, tensor)
        self.ids[value] = self.made.add_value(role=role, name=value.name, requires_grad=asks, **looks).id

    def looks(self, value, now):
        """shape, dtype, device and data of the value that comes next: as they are now, else as far as they are known
        beforehand."""
        known = _declared(value)
        if value is CONDITION and isinstance(now, Tensor):
            now = bool(now.item())
        if isinstance(now, Tensor):
            array = now.array
            looks = {"shape": tuple(array.shape), "dtype": dtype_name(array.dtype), "device": str(device_of(array)),
                     "data": summary_of(array)}
            if known != (looks["shape"], looks["dtype"]):
                self.declared[len(self.made.values)] = known
            return looks
        data = summary_of(np.asarray(now)) if isinstance(now, bool | int | float) else None
        shape, dtype = known
        return {"shape": shape, "dtype": dtype, "data": data, "device": value.device if value else "cpu"}

    def now(self, what):
        """What a value was in the run, if there was one."""
        return (self.known or {}).get(what) if isinstance(what, ir.Value) else what

    def operand(self, what):
        """What stands among the inputs of a step."""
        if isinstance(what, ir.Value):
            return self.ids[what]
        return Number(what if isinstance(what, bool | int | float) else 0)

    # ---- steps

    def steps(self, block):
        """All steps of a block; gives the values made there."""
        for step in block.steps:
            self.place = step
            if isinstance(step, ir.If):
                self.branch(step)
            elif isinstance(step, ir.Loop):
                self.loop(step)
            else:
                self.op(step)
        return {value for step in block.steps for value in step.outputs}

    def op(self, step):
        """One op; what it makes beside its result are parts of that."""
        op, more = step.op, list(ir.values_in(step.attributes))
        arguments = list(op.arguments[:1] * len(step.inputs) if op.variadic else op.arguments)
        arguments += [name for name, what in step.attributes.items() for _ in ir.values_in(what)]
        attributes = {name: _attribute(what) for name, what in step.attributes.items()}
        first, *others = step.outputs or (None,)
        self.result(first, self.add(
            _name(op.name), op.kind, [*step.inputs, *more], arguments, first, self.now(first), attributes=attributes,
            commutes=bool(getattr(op, "commutes", False))))
        for number, value in enumerate(others, 1):
            if value in self.used:
                self.result(value, self.add("part", "index", [first], ("a",), value, self.now(value),
                                            attributes={"index": number}))

    def add(self, op, kind, inputs, arguments, value, now=None, **what):
        """A step and the value it makes, which may be None. now: what that was, if anything."""
        looks = self.looks(value, now if self.known is not None else None)
        tracked = looks["dtype"] in ("?", "float16", "float32", "float64")
        return self.made.add_step(
            op, kind, [self.operand(one) for one in inputs], tuple(arguments)[:len(inputs)], shape=looks.pop("shape"),
            dtype=looks.pop("dtype"), output={"name": _variable(value, op), "requires_grad": tracked, **looks},
            module=self.place.module, source=_line(self.place), **what)

    def result(self, value, made):
        """This step makes that value."""
        if value is not None:
            self.ids[value] = made.id
        return made

    def control(self, op, inputs, arguments, value=None):
        """A step that computes nothing."""
        return self.result(value, self.add(op, "control", inputs, arguments, value, self.now(value)))

    # ---- branches and loops

    def branch(self, step):
        """if, then both arms, then what each result is chosen from."""
        outer = self.opened("if", _words(step, "if", f"if {plainly(step.condition)}"), step)
        head = self.add("if", "control", [step.condition], ("condition",), CONDITION,
                        self.now(step.condition))
        outcomes, given = self.outcomes.get(id(step), []), []
        for kind, arm in (("then", step.then), ("else", step.orelse)):
            inner = self.opened(kind, kind, step)
            own, given_here, took = self.steps(arm), [], sum(taken == (kind == "then") for taken in outcomes)
            self.place = step
            for out, value in zip(arm.outputs, step.outputs, strict=True):
                made = out in own if isinstance(out, ir.Value) else False
                given_here.append(self.ids[out] if made else self.add(
                    "pass", "control", [out], ("a",), value, self.now(out) if took else None).id)
            if inner.start == len(self.made.steps):
                self.add("pass", "control", [], (), None)
            given.append(given_here)
            self.shut(inner, _taken(took, len(outcomes)), not took)
        for value, one, other in zip(step.outputs, *given, strict=True):
            self.chosen(value, (head.id, one, other))
        self.shut(outer, None if outcomes else "not reached", not outcomes)

    def chosen(self, value, ids):
        made = self.control("choose", [], (), value)
        step = self.made.steps[made.producer]
        step.inputs, step.arguments = tuple(ids), ("if", "then", "else")

    def loop(self, step):
        """loop, what is carried in, the body, and what is carried on."""
        turn, *inner = step.body.inputs
        go_on, *carried = step.body.outputs
        count = [] if step.count is None else [step.count]
        whiles = [step.condition] if isinstance(step.condition, ir.Value) else []
        block, back = self.opened("loop", _words(step, "loop", _limit(step)), step), []
        used = any(value is turn for one in step.body.every_step() for value in one.uses())
        if used or whiles or not carried or isinstance(go_on, ir.Value) or isinstance(step.count, ir.Value):
            head = self.control("loop", [*count, *whiles], ["times"] * len(count) + ["while"] * len(whiles), turn)
            if isinstance(go_on, ir.Value):
                back.append((go_on, head.producer, "again"))
        entries = [self.control("carry", [outer], ("first",), value)
                   for outer, value in zip(step.carried, inner, strict=True)]
        self.steps(step.body)
        self.place = step
        for entry, given, value in zip(entries, carried, step.outputs, strict=True):
            self.control("next", [given], ("a",), value)
            back.append((value, entry.producer, entry.name or ""))
        block.back = tuple((self.ids[value], entry, f"{name}, next turn" if name != "again" else "again?")
                           for value, entry, name in back)
        turns = self.outcomes.get(id(step), [])
        self.shut(block, _turns(turns), not any(turns))

    def opened(self, kind, name, step):
        """A block that begins here."""
        block = Block(kind, name, len(self.made.steps), 0, _line(step))
        self.blocks.append(block)
        return block

    def shut(self, block, ran, idle):
        """It ends here. ran, idle: as in Block, where the graph has run at all."""
        block.stop = len(self.made.steps)
        if self.known is not None:
            block.ran, block.idle = ran, idle


def _declared(value):
    """(shape, dtype) of a value as far as they are known before it runs."""
    if value is None:
        return (), "none"
    if value.kind == "tensor":
        return value.shape, value.dtype.name if value.dtype is not None else "?"
    return None if value.kind == "list" else (), value.kind


def _line(step):
    source = step.source
    return Source(max(0, source.line), source.text.strip()) if source is not None else None


def _words(step, kind, otherwise):
    """The line of a branch or loop without what stands behind the colon."""
    line = step.source.text.strip() if step.source is not None else ""
    if not line.startswith(KEYWORDS[kind]):
        return otherwise
    return line.rpartition(":")[0].strip() or line


def _limit(step):
    if step.count is not None and step.condition is True and step.body.outputs[0] is True:
        return f"loop {plainly(step.count)} times"
    return "loop" + (f" at most {plainly(step.count)} times" if step.count is not None else "") + (
        f" while {plainly(step.body.outputs[0])}")


def _taken(took, times):
    if not times:
        return "not reached"
    if times == 1 or took in (0, times):
        return ("taken" if took else "not taken") + (f", {times:,} times" if took and times > 1 else "")
    return f"taken {took:,} of {times:,} times"


def _turns(turns):
    if len(turns) < 2:
        return text.plural(turns[0], "turn") if turns else "not reached"
    low, high = min(turns), max(turns)
    each = text.plural(high, "turn") if low == high else f"{low:,} to {high:,} turns"
    return f"{len(turns):,} times {each}"


def _variable(value, op):
    """The name of a result, where it is more than that of its op; without the number that makes it the only one."""
    name = value.name if value is not None else ""
    plain, _, number = name.rpartition(".")
    name = plain if plain and number.isdigit() else name
    return None if name in ("", op, op.rpartition(".")[2], "turn", "tmp") else name


def _name(op):
    """The name of a record as a view can hold it."""
    return "".join(char if char.isalnum() or char in "_.:<>-" else "_" for char in op)[:80] or "op"


def _attribute(what):
    return text.clean(plainly(what), MOST) if list(ir.values_in(what)) else text.plain(what)
