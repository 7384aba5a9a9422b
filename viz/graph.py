"""The recorded graph: plain data that every view reads. Nothing in here refers to a tensor or needs minigrad.

A `Graph` can be pickled, copied and compared; `viz.serial` writes it as JSON:

>>> graph = Graph()
>>> x = graph.add_value(role="leaf", shape=(1,), dtype="float32", name="x", requires_grad=True)
>>> y = graph.add_step("mul", "elementwise", [x.id, x.id], ("a", "b"), shape=(1,), dtype="float32", commutes=True)
>>> graph.counts()
'1 op, 1 recorded; 1 leaf requiring grad, 0 with a gradient'
"""

from collections import Counter
from dataclasses import dataclass, field

from viz import text
from viz.captured import Captured, counted
from viz.summary import Summary

MASK = "random mask"  # the name of what dropout multiplies with; it is made inside the call
GIVEN = {"input": "input", "mask": "random mask", "leaf": "leaf", "parameter": "parameter"}  # roles as nouns


@dataclass(slots=True)
class Storage:
    """Where the numbers of a tensor lie: `buffer` and `span` as in Saved, and the `strides` in bytes.

    version: how often that memory had been changed in place when the tensor came into the run.
    """

    buffer: int | None
    span: tuple
    strides: tuple
    version: int


@dataclass(slots=True)
class Value:
    """A tensor at one moment. `producer` is the step that made it, None for what the run was given.

    shape: in a captured graph None when it is not known beforehand, and None for each length that is not.
    role: "parameter" (an nn.Parameter), "leaf" (wants a gradient, made by no op), "input" (the other tensors
    that no op of this run made; one with requires_grad was made by an op before the run), or "result".
    """

    id: int
    role: str
    shape: tuple
    dtype: str
    device: str = "cpu"
    requires_grad: bool = False
    name: str | None = None
    data: Summary | None = None
    producer: int | None = None
    storage: Storage | None = None

    @property
    def wants_gradient(self):
        """Whether backward would fill this tensor's `.grad`: a leaf or parameter that requires it."""
        return self.requires_grad and self.role in ("leaf", "parameter")

    @property
    def called(self):
        """The role as it is told: what dropout has made itself is a "mask", and no input."""
        return "mask" if self.role == "input" and self.name == MASK else self.role


@dataclass(frozen=True, slots=True)
class Number:
    """A Python number among the inputs of a step."""

    value: float | int | bool


@dataclass(slots=True)  # not frozen: making a frozen record takes five times as long, and every op makes some
class Saved:
    """An array that a step keeps for its derivative.

    buffer: the number of the memory in this run, shared by all views of it; None for a plain number, which has none.
    span: where in that memory the array begins and ends, in bytes.
    """

    name: str
    shape: tuple
    nbytes: int
    version: int
    buffer: int | None = None
    span: tuple = (0, 0)


@dataclass(frozen=True, slots=True)
class Source:
    """The learner's line that ran an op: its number in the cell or file, and its text ("" when unknown).

    script: the number of the whole cell or file in `Graph.scripts`; None when that is not kept.
    """

    line: int
    text: str
    script: int | None = None


@dataclass(slots=True)
class Step:
    """One op that ran. `inputs` holds value ids and Numbers, in the order of `arguments`.

    reason: None when recorded, else "no_grad", "cut" or "no input requires grad".
    iteration: how often the same op of the same line had run before. backward: the backward pass that ran it, if any.
    contributions: the gradients last sent to each input, None where nothing flows.
    entered: the modules that began to run between the step before and this one.
    """

    id: int
    op: str
    kind: str
    inputs: tuple
    arguments: tuple
    output: int
    attributes: dict = field(default_factory=dict)
    commutes: bool = False
    recorded: bool = True
    reason: str | None = None
    module: str | None = None
    source: Source | None = None
    iteration: int = 0
    backward: int | None = None
    saved: tuple = ()
    freed: bool = False
    contributions: tuple = ()
    entered: tuple = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a leaf's ledger.

    what: "before" (a gradient it had when the run began), "add" (a backward added `change`), "zero" (it was cleared),
    "elsewhere" (a backward through another graph changed it), or "step" (the leaf's own value was changed; `total` is
    the new value). `total`: what stands there now. source: the learner's line that did it. by: the class of the
    optimizer that made the step.
    """

    what: str
    change: Summary | None = None
    total: Summary | None = None
    backward: int | None = None
    source: Source | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A backward came to a step: the gradient that reached it and what it sent to each input, None where nothing flows.

    after: how many steps had run by then. freed: whether the step then let go of what it had saved.
    source: the learner's line that called backward.
    """

    step: int
    backward: int
    gradient: Summary
    contributions: tuple
    after: int
    freed: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """Line `entry` of the ledger of this value was written when `after` steps had run."""

    value: int
    entry: int
    after: int


@dataclass(frozen=True, slots=True)
class Read:
    """A value that left the graph as a plain Python or NumPy object, by `item`, `numpy`, `tolist`, `bool`, ..., or into
    a new tensor by `tensor([...])`. given: the number that Python got, where it was one."""

    value: int
    how: str
    source: Source | None = None
    given: float | int | bool | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """What a read had given came back, the very same object: as the number at `position` among the inputs of `step`, or
    in a new tensor, the source `value`. read: its place among the reads."""

    read: int
    step: int | None = None
    position: int = 0
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of an `if` that is known not to have run. source: its first line, with the text to show for the arm.

    test: the line of the `if`. read: the place among the reads of the truth value that decided, where there is one.
    parameters: the values it would have used, and nothing did.
    """

    source: Source
    test: Source
    read: int | None = None
    parameters: tuple = ()


@dataclass(slots=True)
class Graph:
    """Everything that was recorded of one run. `values[i].id == i`, `steps[i].id == i`, in the order they appeared.

    gradients: value id -> `.grad` of a leaf, or the gradient that last passed through a result.
    ledger: value id -> its entries. modules: dotted path -> class name. backwards: passes that touched this run.
    history: every Visit and Booking in the order they happened. pins: value id -> classes of optimizers that hold it.
    scripts: the cells and files that Sources point into. returns: of reads. untaken: arms of branches.
    captured: what is known of a graph that was not watched while it ran, but captured; else None.
    """

    values: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    gradients: dict = field(default_factory=dict)
    ledger: dict = field(default_factory=dict)
    reads: list = field(default_factory=list)
    modules: dict = field(default_factory=dict)
    backwards: int = 0
    history: list = field(default_factory=list)
    pins: dict = field(default_factory=dict)
    scripts: list = field(default_factory=list)
    returns: list = field(default_factory=list)
    untaken: list = field(default_factory=list)
    captured: Captured | None = None

    @property
    def blocks(self):
        """The branches and loops that the graph itself has: only one that was captured does."""
        return self.captured.blocks if self.captured else ()

    def add_value(self, **what):
        """Append a Value with the next id and return it."""
        value = Value(id=len(self.values), **what)
        self.values.append(value)
        return value

    def add_step(self, op, kind, inputs, arguments, *, shape, dtype, output=None, **what):
        """Append a Step and the Value it makes (its fields in `output`); return that Value."""
        recorded = what.get("recorded", True)
        fields_ = {"requires_grad": recorded} | (output or {})
        value = self.add_value(role="result", shape=shape, dtype=dtype, producer=len(self.steps), **fields_)
        step = Step(len(self.steps), op, kind, tuple(inputs), tuple(arguments), value.id, **what)
        self.steps.append(step)
        return value

    def consumers(self):
        """For each value the list of (step, position) where it is used."""
        used = [[] for _ in self.values]
        for step in self.steps:
            for position, source in enumerate(step.inputs):
                if not isinstance(source, Number):
                    used[source].append((step, position))
        return used

    def sources(self):
        """The values that no step made: parameters, leaves and inputs."""
        return [value for value in self.values if value.producer is None]

    def results_unused(self):
        """The results that no step used: what the run was for. Of a captured graph, what it gives back."""
        if self.captured:
            return [self.values[number] for number in self.captured.results if self.values[number].producer is not None]
        return [value for value, uses in zip(self.values, self.consumers(), strict=True)
                if value.producer is not None and not uses]

    def adds(self, value_id):
        """How often a backward added to what this value's `.grad` holds now, that is, since it was last cleared."""
        count = 0
        for entry in self.ledger.get(value_id, ()):
            count = 0 if entry.what == "zero" else count + (entry.what == "add")
        return count

    def lacks_gradient(self, value):
        """Whether a backward went through the run, this leaf wants a gradient, and none ever came."""
        return (self.backwards > 0 and value.wants_gradient
                and value.id not in self.gradients
                and not any(entry.what == "add" for entry in self.ledger.get(value.id, ())))

    def lacks_pin(self, value):
        """Whether gradients come to this leaf, optimizers hold others, and none holds this one: it will not learn."""
        return (bool(self.pins) and value.wants_gradient and value.id not in self.pins
                and (value.id in self.gradients or any(entry.what == "add" for entry in self.ledger.get(value.id, ()))))

    def saved_bytes(self, start=0, stop=None):
        """How many bytes the recorded steps (those from `start` to `stop`) keep until a backward frees them. Memory
        that several of them keep counts once; that of a graph that was dropped without a backward counts as well."""
        return memory_of(item for step in self.steps[start:stop] if step.recorded and not step.freed
                         for item in step.saved)

    def counts(self):
        """One sentence: "5 ops, 4 recorded; 1 input, 2 parameters, 2 with a gradient". It counts what the picture
        draws: each box that was given is an input, a random mask, a leaf requiring grad or a parameter."""
        sources = self.sources()
        roles = Counter(value.called for value in sources)
        given = [text.plural(roles[role], noun) + " requiring grad" * (role == "leaf")
                 for role, noun in GIVEN.items() if roles[role]]
        wanting = [value for value in sources if value.wants_gradient and not self.captured]
        given += [f"{sum(value.id in self.gradients for value in wanting)} with a gradient"] if wanting else []
        recorded = sum(step.recorded for step in self.steps)
        ops = f"{text.plural(len(self.steps), 'op')}, {recorded} recorded"
        if self.captured:
            ops = counted(self)
        return f"{ops}; {', '.join(given)}" if given else ops


def union(kept):
    """How many bytes these pieces of memory, triples (buffer, start, stop), cover together.

    >>> union({(0, 0, 8), (0, 4, 12), (1, 0, 8)})
    20
    """
    spans = {}
    for buffer, start, stop in kept:
        spans.setdefault(buffer, []).append((start, stop))
    return sum(map(covered, spans.values()))


def memory_of(saved):
    """How many bytes these Saved take together; memory that several of them look at counts once."""
    return union({(item.buffer, *item.span) for item in saved if item.buffer is not None})


def covered(spans):
    """How many bytes lie in at least one of these pairs of begin and end."""
    total = end = 0
    for start, stop in sorted(spans):
        total += max(0, stop - max(start, end))
        end = max(end, stop)
    return total
