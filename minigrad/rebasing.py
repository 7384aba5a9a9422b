"""New histories after a change in place: of the tensor itself, of its base, and of every view that is still in use.

A view remembers its base and the ops that lead to it (see views.py). Once memory was written to, the base's history
says so, and each view gets its own anew from the base, by its ops.
"""

from __future__ import annotations

import numpy as np

from . import memory, modes
from .dispatch import record
from .events import OpRan
from .hooks import Packed, grad_mode
from .op import OPS
from .tensor import Tensor
from .views import View, live_views


def take_over(self, new):
    """`self` becomes the output of the node that made `new`: in the graph, for retain_grad, and as the saved result."""
    node, before = new._edge, self._edge
    self._edge = node
    _go_on_retaining(before, node)
    if not any(memory.changed_since(kept, node.epoch) for kept in _arrays(node)):  # x *= x: backward has to refuse it
        node.epoch = memory.epoch
        node.saved = tuple(self.array if kept is new.array else kept for kept in node.saved)


def _go_on_retaining(before, node):
    """What retain_grad() asked for goes along to the new node; other hooks stay with the old numbers."""
    hooks = getattr(before, "hooks", None)
    for hook in [h for h in hooks or () if getattr(h, "retains", None) is not None]:
        hooks.remove(hook)
        node.hooks = [*(node.hooks or ()), hook]


def _arrays(node):
    return [kept for kept in node.saved[: len(node.plan.tensors)] if not isinstance(kept, (np.generic, Packed))]


def watched_apart(compute, old):
    """Run `compute` and keep its events back: watchers are to see an in-place op on the tensor itself."""
    watchers, events = modes.state.watchers, []
    if not watchers:
        return compute(old), events
    modes.state.watchers = (events.append,)
    try:
        return compute(old), events
    finally:
        modes.state.watchers = watchers


# Everybody else who looks at this memory


def spread_the_news(self, edge):
    """The base gets a history in which this view was written to, and all living views get theirs from the base."""
    base, view = self._base, getattr(self, "_view", None)
    if base is None:
        base = self
    elif edge is not None or base._edge is not None:
        _write_into(base, self, view.steps())
    for other in live_views(base):
        _see_again(other)


def _write_into(base, written, steps):
    """base = base with `written` at the place that the steps lead to; the numbers are there already. One is tracked."""
    op, attributes = OPS["view_put"], {"steps": tuple(steps)}
    edges = base._edge, written._edge
    arrays = base.array, written.array
    mask = (edges[0] is not None) + 2 * (edges[1] is not None)
    made = Tensor(base.array)
    made._edge = record(op, mask, (base, written), arrays, edges, made, attributes)
    take_over(base, made)
    if modes.state.watchers:
        modes.notify(OpRan(op, (base, written), attributes, base, True, None))


def _see_again(view):
    """Do the ops that lead to this view once more, for the node that comes with them. Nobody called them: no event."""
    before = view._edge
    if before is not None and view.is_leaf:  # asked for a gradient of its own
        return
    view._edge = None
    if view._base._edge is None or not view._view.recorded:
        return

    def steps(seen):
        seen._edge = view._base._edge
        for op, attributes in view._view.steps():
            seen = op.run(seen, **attributes)
        return seen

    with grad_mode(True):
        view._edge = watched_apart(steps, Tensor(view._base.array))[0]._edge
    _go_on_retaining(before, view._edge)


def look_back(base, seen):
    """Views of a base that is about to look otherwise: from now on their steps begin with the way back."""
    back = seen.op, seen.attributes  # exchanging axes once more exchanges them back
    if seen.op.name in ("squeeze", "unsqueeze"):
        back = OPS["reshape"], {"shape": base.array.shape}
    begun = []
    for other in live_views(base):
        first = other._view
        while first.previous is not None:
            first = first.previous
        if first not in (seen, *begun):
            begun.append(first)
    for first in begun:
        first.previous = View(base, None, *back)
