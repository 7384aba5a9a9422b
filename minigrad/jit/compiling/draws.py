"""Random numbers that a run has drawn before something turned out not to hold: they are put back.

The function then runs as it is written, or as another recording, and draws the very same numbers.
"""

from __future__ import annotations

from ... import random


def generators_of(graph):
    """The generators that the steps of a graph draw from; () for a graph that draws nothing."""
    steps = [step for step in graph.every_step() if not step.blocks and getattr(step.op, "draws", False)]
    given = [step.attributes.get("generator", _named(step)) for step in steps]
    return tuple(dict.fromkeys(random.default_generator if one is None else one for one in given))


def _named(step):
    return step.attributes.get("named", {}).get("generator")


class Positions:
    """Where some generators are: `note()` before a run draws, `back(answer)` when it ends early."""

    def __init__(self, generators):
        self.generators = generators

    def note(self):
        """What to give to `back`."""
        return [(one.numpy.bit_generator, one.numpy.bit_generator.state) for one in self.generators]

    @staticmethod
    def back(noted, answer):
        """Put them back, if something was noted. Gives the answer."""
        for source, state in noted or ():
            source.state = state
        return answer
