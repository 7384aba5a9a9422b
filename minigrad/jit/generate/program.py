"""A graph as lines of NumPy on buffers: what is written out as source, once memory has been given to it.

A Buffer is an array that the program works with. Some are `static`: they lie in memory that the program keeps from run
to run, and of those every view can be made beforehand. `outside` ones are arrays of tensors that the graph holds,
`given` those of a run's inputs, and `fresh` ones are made anew by the line itself, because they leave the program or
because nobody knows beforehand how large they will be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any


@dataclass(eq=False, slots=True)
class Buffer:
    """An array in a program. A view has a `base` and `derive`, which makes it of the base's array; `text` says how."""

    kind: str  # "static", "outside", "given", "fresh"
    shape: tuple
    dtype: Any
    name: str = ""
    base: Any = None
    derive: Any = None
    text: str = "{}"
    rows: bool = True  # whether the elements lie in row order without gaps
    tensor: Any = None  # of an outside one
    pinned: bool = False  # memory that nothing else may use
    upright: Any = None  # of one that is another in row order, seen with its axes in another order: that one
    order: tuple = ()  # and the order: this is upright.transpose(order)
    aliases: tuple = ()  # buffers whose memory this fresh one may share

    @property
    def root(self):
        """The buffer whose memory this is."""
        buffer = self
        while (base := buffer.base) is not None:
            buffer = base
        return buffer

    @property
    def bound(self):
        """Whether its array is there before the program runs."""
        kind = (self if self.base is None else self.root).kind
        return kind == "static" or kind == "outside"

    @property
    def nbytes(self):
        return prod(self.shape) * self.dtype.itemsize


@dataclass(eq=False, slots=True)
class Line:
    """One line: `template` with {0}, {1}, ... for the operands and {out} for the result.

    elementwise: whether the result may lie where an operand lies. out: None where nothing is made.
    """

    template: str
    operands: tuple
    out: Any = None
    elementwise: bool = False
    extra: tuple = ()  # further results of the same line
    guard: bool = False
    draws: bool = False  # random numbers


@dataclass(eq=False, slots=True)
class Program:
    """Lines, and the names that they use: functions and constants. `results` are what the program hands out."""

    lines: list = field(default_factory=list)
    names: dict = field(default_factory=dict)
    given: list = field(default_factory=list)  # names of the arguments, in order
    prepared: list = field(default_factory=list)  # (name, function, buffers, options), see Emitter.prepared
    results: list = field(default_factory=list)

    def constant(self, what, label="k"):
        """A name for an object; the same object has one name."""
        for name, known in self.names.items():
            if known is what and not isinstance(what, (int, float)):
                return name
        name = label
        while name in self.names or name in self.given:
            name = f"{name}_{len(self.names)}"
        self.names[name] = what
        return name
