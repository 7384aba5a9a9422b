"""The one intermediate representation: what was recorded, or compiled from source, before and after every pass.

A `Graph` is a list of steps. A step names an op record (the very record that eager mode runs, see op.py, or one of
prims.py for what is not computed on tensors), its operands and attributes, and the values it makes. Every value is made
once and never changes. Where ways part there is an `If`, where one is walked again a `Loop`; both own blocks, and what
stands in a block may use all values around it. Tensors that are not handed in are held: parameters (whose numbers may
change between two runs), and constants.

    graph(%x : float32[2]):
      %y : float32[2] = mul(%x, 2)     # in f, lesson.py:3
      return %y

Running a graph (`graph(*inputs)`, run.py) runs its records on tensors, so a graph is recorded and differentiated as any
code is. Passes make new graphs of graphs, and executors make code of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .tree import rebuilt

KINDS = ("tensor", "int", "float", "bool", "list")  # list: of tensors


@dataclass(eq=False, slots=True)
class Value:
    """One value: the result of a step, an input, or something held. It is itself and equal to no other.

    kind: "tensor", a Python number ("int", "float", "bool"), or "list" (of tensors). shape: None when it is not known
    beforehand; in it, None for an axis whose length is not. dtype: a minigrad dtype, None when not known.
    """

    name: str
    kind: str = "tensor"
    shape: tuple | None = None
    dtype: Any = None
    device: str = "cpu"

    def __repr__(self):
        return f"%{self.name}"


@dataclass(frozen=True, slots=True)
class Source:
    """The line of code that a step stands for."""

    file: str
    line: int
    text: str = ""
    function: str = ""


@dataclass(eq=False, slots=True)
class Step:
    """One op: `outputs = op(*inputs, **attributes)`.

    An input is a Value or a plain number; so is anything inside an attribute (the new shape of a `reshape`, say). There
    is more than one output where the record hands on by-products. module: the dotted path of the module it ran in.
    """

    op: Any
    inputs: tuple
    attributes: dict
    outputs: tuple
    source: Source | None = None
    module: str | None = None

    blocks = ()

    @property
    def output(self):
        """The first output; most steps have no other."""
        return self.outputs[0]

    def uses(self):
        """Every Value that it reads, in order, as often as it reads it."""
        found = [x for x in self.inputs if type(x) is Value]
        return [*found, *values_in(self.attributes)] if self.attributes else found


@dataclass(eq=False, slots=True)
class Block:
    """Steps in order, with values of its own that whoever runs it hands in (`inputs`) and gets back (`outputs`)."""

    inputs: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    outputs: list = field(default_factory=list)

    def every_step(self):
        """All steps, those in the blocks of If and Loop after the one that owns them."""
        for step in self.steps:
            yield step
            for block in step.blocks:
                yield from block.every_step()


@dataclass(eq=False, slots=True)
class If:
    """One of two blocks runs, as `condition` says: a bool, or a tensor of one element. They have no inputs."""

    condition: Any
    then: Block
    orelse: Block
    outputs: tuple
    source: Source | None = None
    module: str | None = None

    @property
    def blocks(self):
        """Both arms."""
        return self.then, self.orelse

    def uses(self):
        """The condition."""
        yield from values_in((self.condition,))


@dataclass(eq=False, slots=True)
class Loop:
    """`body` runs at most `count` times (None: no limit) for as long as it is told to go on.

    `condition` says whether it begins at all. The body takes (number of the turn, carried ...) and gives back
    (go on?, carried ...); at the end, `outputs` are what is carried.
    """

    count: Any
    condition: Any
    carried: tuple
    body: Block
    outputs: tuple
    source: Source | None = None
    module: str | None = None

    @property
    def blocks(self):
        """The body."""
        return (self.body,)

    def uses(self):
        """The limit, the first condition, and what is carried into the first turn."""
        yield from values_in((self.count, self.condition, *self.carried))


@dataclass(eq=False, slots=True)
class Graph(Block):
    """A block that can be run by itself.

    parameters, constants: Value -> the tensor that it stands for; names of parameters are dotted paths ("fc1.weight").
    form: how results are nested, with a `tree.Leaf` for each output; None for the one output as it is.
    updates: pairs (Value, Value): after a run the tensor held under the first takes the numbers of the second.
    """

    name: str = "graph"
    parameters: dict = field(default_factory=dict)
    constants: dict = field(default_factory=dict)
    form: Any = None
    updates: list = field(default_factory=list)

    def held(self):
        """Everything that is not handed in: Value -> tensor."""
        return {**self.parameters, **self.constants}


_PLAIN = {int, float, bool, str, type(None)}  # in which no Value can be


def values_in(what):
    """Every Value in nested tuples, lists, dicts and slices, in order."""
    found = []
    _gather(what, found)
    return found


def _gather(what, found):
    if isinstance(what, dict):
        what = what.values()
    elif isinstance(what, slice):
        what = what.start, what.stop, what.step
    elif not isinstance(what, (tuple, list)):
        if isinstance(what, Value):
            found.append(what)
        return
    for part in what:
        kind = part.__class__
        if kind is Value:
            found.append(part)
        elif kind not in _PLAIN:
            _gather(part, found)


def replaced(what, known):
    """Nested tuples, lists, dicts and slices with each Value changed for what `known` has for it, if anything."""
    if isinstance(what, Value):
        return known.get(what, what)
    return rebuilt(what, lambda part: replaced(part, known))


def used_in(steps):
    """Every Value that these steps read, and those in their blocks."""
    used = set()
    for step in steps:
        used.update(step.uses())
        for block in step.blocks:
            used |= used_in(block.steps) | set(values_in(block.outputs))
    return used


def ops_in(step):
    """The record of a step, or those in its blocks."""
    if not step.blocks:
        return [step.op]
    return [inner.op for block in step.blocks for inner in block.every_step() if not inner.blocks]


class Names:
    """Names for values: each is given once, and one that is taken gets a number behind it."""

    def __init__(self, taken=()):
        self._last = dict.fromkeys(taken, 0)

    def new(self, wanted):
        """`wanted`, or `wanted.1`, `wanted.2`, ... when it is taken."""
        name = wanted
        while name in self._last:
            self._last[wanted] += 1
            name = f"{wanted}.{self._last[wanted]}"
        self._last[name] = 0
        return name

    def take(self, name):
        """This one is given."""
        self._last.setdefault(name, 0)

    def copy(self):
        """The same names, taken."""
        other = Names()
        other._last = dict(self._last)
        return other

    def forget(self, name):
        """Take back the name that was given last."""
        self._last.pop(name, None)
