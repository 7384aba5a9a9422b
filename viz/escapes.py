"""What leaves the graph while a run is recorded, and whether it is known to come back.

A number has no history, but it is an object: what `item()` gave and what an op is given later can be the very same
one. Only then is it said that the one came from the other. An equal number proves nothing, nor does one that Python
keeps for all to share, as it does with small integers and truth values.
"""

import weakref
from dataclasses import dataclass

import numpy as np

from minigrad.tensor import Tensor
from viz.graph import Read, Return
from viz.modules import Weak

MOST = 1000  # numbers of one list that are remembered
SHARED = range(-5, 257)  # integers that are one object everywhere


@dataclass(slots=True)
class Left:
    """One read: of which tensor, what is known of it, and its place among the reads once the tensor is in the graph."""

    tensor: object
    how: str
    source: object
    given: object = None
    place: int | None = None


class Escapes:
    """Keeps `graph.reads` and `graph.returns`. A tensor that is read before any op has used it is not in the graph yet;
    its reads wait until it is. `enter` is a weak reference to what brings a tensor in that only its numbers tie to the
    graph."""

    def __init__(self, graph, enter):
        self.graph, self.enter = graph, enter
        self._waiting = Weak()  # tensor -> its reads
        self.numbers = {}  # id of a number -> (the number, so that the id stays its own, and its read)
        self._arrays, self._made = Weak(), Weak()  # array -> its read; new tensor -> reads of what it was made from

    def left(self, tensor, known, how, source, given=None):
        """A tensor was read; returns the Left."""
        plain = given if isinstance(given, bool | int | float) else None
        left = Left(weakref.ref(tensor), how, source, plain)
        if known is not None:
            self._put(left, known)
        else:
            self._waiting.put(tensor, [*self._waiting.get(tensor, ()), left])
        if isinstance(given, np.ndarray):
            self._arrays.put(given, left)
        for number in _numbers(given):
            self.numbers[id(number)] = number, left
        return left

    def came_in(self, tensor, value):
        """A tensor is in the graph now, as this value."""
        waiting = self._waiting.get(tensor, ())
        for left in waiting:
            self._put(left, value)
        if waiting:
            self._waiting.put(tensor, ())
        for left in self._made.get(tensor, ()):
            self._came_back(left, value=value)

    def used(self, step, given):
        """A step has used these inputs."""
        for position, number in enumerate(given):
            found = self.numbers.get(id(number))
            if found is not None and found[0] is number:
                self._came_back(found[1], step=step, position=position)

    def gathered(self, event, known, source):
        """A tensor was made of data in which there may be tensors, numbers that were read, or an array that was."""
        lefts = {}
        for part in _parts(event.data):
            if isinstance(part, Tensor):
                left = self.left(part, known(part), "tensor", source)
            else:
                number, left = self.numbers.get(id(part), (None, None))
                left = left if number is part else self._arrays.get(part)
            lefts[id(left)] = left
        if any(lefts.values()):
            self._made.put(event.output, [left for left in lefts.values() if left])

    def _came_back(self, left, **where):
        tensor = left.tensor()
        if left.place is None and tensor is not None:
            self.enter()(tensor)
        if left.place is not None:
            self.graph.returns.append(Return(left.place, **where))

    def _put(self, left, value):
        left.place = len(self.graph.reads)
        self.graph.reads.append(Read(value, left.how, left.source, left.given))


def _numbers(given):
    return [part for part in _parts(given) if type(part) is float or (type(part) is int and part not in SHARED)]


def _parts(data):
    """What nested lists hold, up to MOST of it."""
    if not isinstance(data, list | tuple):
        return [data]
    found = []
    for part in data[:MOST]:
        found += _parts(part)
        if len(found) >= MOST:
            break
    return found
