"""Views: tensors on the memory of another. A change through one of them must reach the graph of all.

A view remembers its base and the ops that lead to it. When one of them, or the base, is changed in place and the change
is recorded, the base gets a new history and every view that is still alive gets its own anew, by doing its ops again.
"""

from __future__ import annotations

import weakref

from . import memory, modes
from .device import module_of

_reference = weakref.ref


class View:
    """How a tensor is seen in the memory of its base: the op, its attributes, and the view it was applied to.

    recorded: whether it was made where ops are recorded.
    """

    __slots__ = ("attributes", "base", "op", "previous", "recorded")

    def __init__(self, base, previous, op, attributes):
        self.base, self.previous, self.op, self.attributes = base, previous, op, attributes
        self.recorded = not modes.special or modes.state.grad

    def steps(self):
        """(op, attributes) from the base to here."""
        steps, view = [], self
        while view is not None:
            steps.append((view.op, view.attributes))
            view = view.previous
        return steps[::-1]


def note_view(out, x, op, attributes):
    """Note that `out` is a view of x, if its array is; `detach` is none, since no gradient goes through it."""
    y, array = out.array, x.array
    base = y.base
    if base is None:
        base = memory.base_of(y)
    if base is None or not op.rules or y is array:
        return
    if base is not array and base is not array.base and not module_of(y).may_share_memory(y, array):
        return
    previous = getattr(x, "_view", None)
    root = x if previous is None else previous.base
    out._view = View(root, previous, op, attributes)
    try:
        views = root._views
    except AttributeError:
        root._views = views = [64]  # first, how many there may be before the dead are forgotten
    if len(views) > views[0]:
        alive = [view for view in views[1:] if view() is not None]
        views[:] = [max(64, 2 * len(alive)), *alive]
    views.append(_reference(out))


def live_views(root):
    """The views of this base that are still in use."""
    found = [view() for view in getattr(root, "_views", ())[1:]]
    return [view for view in found if view is not None]
