"""What goes into a function and comes out, as a flat list and a form: tuples, lists and dicts, with leaves in them."""

from __future__ import annotations

from dataclasses import dataclass

from ..tensor import Tensor


@dataclass(frozen=True, slots=True)
class Leaf:
    """The place of one tensor in a form."""

    number: int


def flatten(what, leaf=Tensor):
    """The leaves of nested tuples, lists and dicts, in order, and the form that they were taken from.

    A form is the same nesting with a `Leaf` in each leaf's place; anything else stays in it as it is.

    >>> import minigrad as mg
    >>> leaves, form = flatten({"loss": mg.ones(1), "step": 3})
    >>> len(leaves), form
    (1, {'loss': Leaf(number=0), 'step': 3})
    """
    leaves = []

    def take(part):
        if isinstance(part, leaf):
            leaves.append(part)
            return Leaf(len(leaves) - 1)
        return rebuilt(part, take)

    return leaves, take(what)


def unflatten(form, leaves):
    """The nesting again, with these leaves in it."""
    return leaves[form.number] if isinstance(form, Leaf) else rebuilt(form, lambda part: unflatten(part, leaves))


def rebuilt(what, change):
    """A tuple (named or not), list, dict or slice with each part changed; anything else as it is."""
    if isinstance(what, tuple):
        parts = [change(part) for part in what]
        return type(what)(*parts) if hasattr(what, "_fields") else type(what)(parts)
    if isinstance(what, list):
        return [change(part) for part in what]
    if isinstance(what, dict):
        return {key: change(part) for key, part in what.items()}
    if isinstance(what, slice):
        return slice(change(what.start), change(what.stop), change(what.step))
    return what
