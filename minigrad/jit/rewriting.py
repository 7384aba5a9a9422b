"""Changes in place, in a graph whose values never change: the tensor gets another value, and so do all that share its
memory.
"""

from __future__ import annotations

import numpy as np

from .. import memory
from ..dtype import as_dtype
from ..hooks import grad_mode
from ..modes import state
from ..op import OPS
from ..tensor import Tensor
from ..views import live_views
from .errors import CaptureError
from .graph import Step, Value


class Rewriting:
    """The part of a Recording that follows changes in place, and what nodes keep in memory of their own."""

    def about_to_change(self, tensors):
        """Keep what constants hold that were made on the way and are about to be overwritten."""
        for tensor in tensors:
            self.of(tensor)
            for other in self.owners.get(id(owner_of(tensor.array)), ()):
                value = self.tensors[id(other)]
                kept = self.graph.constants.get(value)
                if kept is not None and kept.array is other.array and id(other) in self.local:
                    self.graph.constants[value] = Tensor(other.array.copy())

    def written(self, op, inputs, attributes, value):
        """The step of a change in place that makes this value, and where the op promotes, one back to its dtype."""
        from .generate.emit import common_dtype

        made = np.dtype("bool") if op.kind == "compare" else common_dtype(Step(op, tuple(inputs), attributes, ()))[1]
        if made is None or made == value.dtype.numpy:
            self.add(op, inputs, attributes, (value,))
            return
        other = Value(self.names.new(op.name), "tensor", value.shape, as_dtype(made), value.device)
        self.add(op, inputs, attributes, (other,))
        cast = OPS["cast" if value.dtype.is_floating_point else "to_integer"]
        self.add(cast, (other,), {"dtype": value.dtype.numpy}, (value,))

    def note_promoted(self, event, node):
        """Operands that the op brought to another dtype, and that the node keeps as they are then."""
        if getattr(node, "sources", None) is None or not node.saved:
            return
        for i, array in zip(node.plan.inputs, node.saved, strict=False):
            x = event.inputs[i]
            if isinstance(x, Tensor) and array is not x.array and type(array) is type(x.array):
                value = Value(self.names.new("cast"), "tensor", array.shape, Tensor(array).dtype, str(x.device))
                self.add(OPS["cast"], (self.of(x),), {"dtype": array.dtype}, (value,))
                self.arrays[id(array)] = value
                self.promoted[id(array)] = self.of(x)
                self.alive.append(array)

    def put_back(self, tensor, array):
        """For backward: `tensor` is the operand that a node keeps as `array`, in the dtype that it had."""
        if id(array) in self.promoted:
            self.arrays[id(tensor.array)] = self.promoted[id(array)]
            self.alive.append(tensor.array)

    def note_kept(self, before, node):
        """The node of a change in place keeps a copy of the numbers of before, if its rules ask for them."""
        if not getattr(node, "saved", None) or node.op.arguments[0] not in node.plan.tensors:
            return
        array = node.saved[node.plan.tensors.index(node.op.arguments[0])]
        if id(array) not in self.arrays:
            self.arrays[id(array)] = before
            self.alive.append(array)

    def _rewrite(self, tensor, value):
        """`tensor` has other numbers now: `value`. So have all that share its memory."""
        view = getattr(tensor, "_view", None)
        base = tensor if view is None else view.base
        self._refuse_relaid(base, view)
        if view is not None:
            whole = self._value(base, "view_put")
            self.add(OPS["view_put"], (self.of(base), value), {"steps": self._plain(tuple(view.steps()))}, (whole,))
            self._put(base, whole)
        self._put(tensor, value)
        alike = [base, *(x for x in self.owners.get(id(owner_of(base.array)), ()) if x.array is base.array)]
        whole = self.tensors[id(base)]
        for root in {id(x): x for x in alike}.values():  # and those cut off from it by detach(), or it from them
            if root is not base and root._is_view():
                raise CaptureError(
                    f"a view of shape {tuple(root.shape)} was cut off by detach(), and then changed in place: what "
                    "becomes of what it was a view of is not recorded. Change the view itself under no_grad."
                )
            if root is not base:
                old = self.tensors[id(root)]
                self.tensors[id(root)] = self._with_history(whole, old) if root is not tensor else whole
            for other in live_views(root):
                if other is not tensor and id(other) in self.tensors:
                    self._put(other, self._viewed(self.tensors[id(root)], other))
                    self._tell_cut_off(other)
        if view is not None:
            self._tell_cut_off(tensor)
        self._look_for_windows(base, tensor)

    def _tell_cut_off(self, view):
        """Those that detach() made of a view have its new numbers, too, and no history."""
        for other in self.owners.get(id(owner_of(view.array)), ()):
            if other is not view and other.array is view.array and other._edge is None:
                self.tensors[id(other)] = self._with_history(self.tensors[id(view)], self.tensors[id(other)])

    def _refuse_relaid(self, base, view):
        """Refuse a change of what views were taken of, if its own layout was changed since: they no longer say how."""
        self.of(base)
        if id(base) in self.relaid and (view is not None or live_views(base)):
            raise CaptureError(
                f"a tensor of shape {tuple(base.shape)} was turned in place (t_(), squeeze_() and their like) or given "
                "other .data, and is changed through a view. Write y = y.t() for y.t_(), or take the view after it."
            )

    def _with_history(self, value, old):
        """The numbers of one value, for a tensor that keeps the history of another, or none."""
        if not self.histories.flows(value) and not self.histories.flows(old):
            return value
        made = Value(self.names.new(value.name), "tensor", value.shape, value.dtype, value.device)
        self._put_down(OPS["detach"], (value,), {}, (made,))
        self.histories.carries(made, old)
        return made

    def _look_for_windows(self, base, tensor):
        """Refuse to go on with a detached window of what has just changed: nothing says how it is seen."""
        views = {id(x) for root in (base, tensor) for x in live_views(root)}
        for other in self.owners.get(id(owner_of(base.array)), ()):
            apart = other.array is not base.array and other.array is not tensor.array and id(other) not in views
            if apart and getattr(other, "_view", None) is None and np.may_share_memory(other.array, tensor.array):
                self.stale[id(other)] = other

    def _comes_in(self, tensor, value):
        """A tensor from outside, as it is now. What has made it is no part of the recording."""
        self.outside[value] = tensor._edge, tensor.array
        if not tensor.is_leaf:
            self.past.add(id(tensor._edge))
            self.alive.append(tensor._edge)

    def refuse_turned(self):
        """Refuse to end with a tensor from outside in another layout: a graph gives it other numbers, and no more."""
        for value, tensor in self.held.items():
            before, now = self.outside[value][1], tensor.array
            if id(tensor) in self.local or before is now:
                continue
            if before.shape != now.shape or owner_of(before) is owner_of(now):
                raise CaptureError(
                    f"{value.name}, which comes from outside, is turned in its place, with t_() or its like, and a "
                    "graph would not do that. Turn another view of it: y = x.t()"
                )

    def _viewed(self, value, other):
        """The value of a view of the tensor that has this value now."""
        steps = other._view.steps()
        for i, (op, attributes) in enumerate(steps):
            made = self._value(other, op.name)
            if i < len(steps) - 1:
                there = np.broadcast_to(np.empty((), made.dtype.numpy), value.shape)
                made.shape = op.forward(np, there, **attributes).shape
            with grad_mode(state.grad and other._view.recorded):  # a view made under no_grad gets no history
                self.add(op, (value,), self._plain(attributes), (made,))
            value = made
        return value

    def _put(self, tensor, value):
        old = self.tensors.get(id(tensor))
        if old is not None:
            self.histories.keeps_history(value, old)
        self.tensors[id(tensor)] = self.arrays[id(tensor.array)] = value
        self._keep(tensor)

    def given_numbers(self, tensor, new):
        """`tensor` gets the numbers that `new` has."""
        value = self.of(new)
        self.of(tensor)
        self.tensors[id(tensor)] = value

    def given_data(self, tensor, new):
        """`tensor.data = new`, or detach_(): other numbers, and the history that it has."""
        old, value = self.of(tensor), self.of(new)
        if getattr(tensor, "_view", None) is not None or live_views(tensor):
            self.relaid.update((id(tensor), id(tensor._view.base) if tensor._is_view() else id(tensor)))
        self.tensors[id(tensor)] = value if new.array is tensor.array else self._with_history(value, old)
        self.shown[id(tensor)] = new.array
        self.owners.setdefault(id(owner_of(new.array)), []).append(tensor)
        self.alive.append(tensor)


def owner_of(array):
    """The array that owns this memory, as far as the array itself knows."""
    base = memory.base_of(array)
    return array if base is None else base
