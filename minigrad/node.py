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

    `recipe` says what to save, `names` under which name; `rules` are triples of argument number, rule, and the places
    in `saved` of what the rule needs.
    """

    __slots__ = ("names", "op", "recipe", "rules", "tensors")

    def __init__(self, op, mask):
        self.op = op
        chosen = [(i, *op.rules[name]) for i, name in enumerate(op.arguments) if mask >> i & 1 and op.rules[name]]
        self.names = tuple(sorted({need for _, _, needs in chosen for need in needs}))
        self.tensors = tuple(name for name in self.names if name == "y" or name in op.arguments)
        self.recipe = tuple(_recipe(op, name) for name in self.names)
        self.rules = tuple((i, rule, tuple(map(self.names.index, needs))) for i, rule, needs in chosen)


def _recipe(op, name):
    """How to get what a rule calls `name`, once the op has run."""
    if name in ("y", "xp"):
        return {"y": "output", "xp": "module"}[name], None
    if name in op.arguments:
        return "input", op.arguments.index(name)
    if name in op.attributes:
        return "attribute", name
    argument, _, what = name.rpartition("_")
    return what, op.arguments.index(argument)
