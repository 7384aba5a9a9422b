"""What backward needs of one op that ran: a node, and the plan that says what it keeps and which rules it runs."""

from __future__ import annotations


class Node:
    """One recorded op: what backward needs, and nothing else. `tensor.grad_fn` is one.

    It knows its parents and never its output, so a graph has no reference cycle and goes when its last tensor goes.
    """

    __slots__ = ("__weakref__", "hooks", "parents", "plan", "saved", "sources", "versions")

    @property
    def op(self):
        """The record of the op that ran."""
        return self.plan.op

    def name(self):
        """PyTorch's kind of name, e.g. "MulBackward0"."""
        return "".join(part.capitalize() for part in self.op.name.split("_")) + "Backward0"

    @property
    def next_functions(self):
        """The nodes that backward goes to, in the order of the arguments; (None, 0) where nothing flows."""
        return tuple((parent, 0) for parent in self.parents)

    def __repr__(self):
        return f"<{self.name()}>"

    @property
    def saved_tensors(self):
        """Names and arrays that are kept for backward; empty once they are freed."""
        if self.saved is None:
            return {}
        return {name: kept for name, kept in zip(self.plan.names, self.saved, strict=True) if name in self.plan.tensors}


class Plan:
    """What to save and what to run when these inputs (a bit mask) want gradients. Made once per op and mask.

    Saved are some inputs (by number), perhaps the output, and the rest: an attribute (key, None), or the shape or dtype
    of an argument (key, number); `names` says how rules call them. `rules` are triples of argument number, rule, and
    places in what was saved of what the rule needs, one past the end being `xp`.
    """

    __slots__ = ("inputs", "names", "op", "output", "rest", "rules", "tensors", "wants_xp")

    def __init__(self, op, mask):
        self.op = op
        chosen = [(i, *op.rules[name]) for i, name in enumerate(op.arguments) if mask >> i & 1 and op.rules[name]]
        wanted = {need for _, _, needs in chosen for need in needs}
        self.inputs = tuple(i for i, name in enumerate(op.arguments) if name in wanted)
        self.output, self.wants_xp = "y" in wanted, "xp" in wanted
        self.tensors = tuple(op.arguments[i] for i in self.inputs) + ("y",) * self.output
        others = tuple(sorted(wanted.difference(self.tensors, ["xp"])))
        self.rest = tuple(_source(op, name) for name in others)
        self.names = self.tensors + others
        places = {name: place for place, name in enumerate((*self.names, "xp"))}
        self.rules = tuple((i, rule, tuple(places[need] for need in needs)) for i, rule, needs in chosen)


def _source(op, name):
    """Where a rule's parameter comes from that is neither a tensor nor xp."""
    if name in op.attributes:
        return name, None
    argument, _, what = name.rpartition("_")
    return what, op.arguments.index(argument)
