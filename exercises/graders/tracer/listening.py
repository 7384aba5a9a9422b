"""`listen`: which ops run, as the learner's tracer is told of them."""

import contextlib
import functools

from minigrad import modes
from minigrad.events import OpRan


class Op(functools.partial):
    """An op as it ran, with its attributes: call it on inputs, to run it again on those.

    As a partial it has no frame of its own, so the line that an op is noted with is that of whoever calls it.
    """

    @property
    def name(self):
        """What the op is called, "mul"."""
        return self.func.name

    def __repr__(self):
        return self.name


@contextlib.contextmanager
def listen():
    """`with listen() as heard:` fills the list `heard` with what runs inside: (op, inputs, output), in order.

    >>> import minigrad as mg
    >>> with listen() as heard:
    ...     y = mg.ones(2) * 3
    >>> heard
    [(mul, (tensor([1., 1.]), 3), tensor([3., 3.]))]
    >>> op, inputs, output = heard[0]
    >>> output is y, op(mg.tensor(2.0), 5)
    (True, tensor(10.))
    """
    heard = []

    def note(event):
        if type(event) is OpRan:
            heard.append((Op(event.op, **event.attributes), event.inputs, event.output))

    with modes.watch(note):
        yield heard
