"""The rules of one node as one record, for ops whose way back is a loop of its own (the recurrent layers)."""

from __future__ import annotations

import numpy as np

from .. import ops
from ..device import module_of
from ..op import OPS
from ..tensor import Tensor


class Vjp:
    """The record of "all rules of this op, for these arguments": from g and what was saved to the contributions.

    `mask` has a bit for each argument that wants a gradient, as in node.Plan.
    """

    kind, onnx, rules, byproducts, attributes, view, variadic, draws = "matmul", None, {}, {}, {}, False, False, False
    broadcasts, fixed, to_float, check = False, (), False, None

    def __init__(self, op, mask):
        self.op, self.mask, self.plan = op, mask, op.plan(mask)
        self.name = f"{op.name}.vjp{mask}"
        self.arguments = ("g", *self.plan.tensors)
        self.attributes = {name: None for name in self.plan.names[len(self.plan.tensors) :]}
        self.outputs = tuple(i for i, *_ in self.plan.rules)  # the arguments that contributions go to, in their order

    def forward(self, xp, g, *saved, **rest):
        """The contributions, as arrays."""
        plan = self.plan
        saved = (*saved, *(rest[name] for name in self.attributes))
        shared = plan.shared(g, saved, xp)[0] if plan.shared else None
        sent = (plan.quick if xp is np else plan.contributions)(g, saved, xp, shared)
        return tuple(sent[i] for i in self.outputs)

    def __call__(self, g, *saved, **rest):
        saved = (*saved, *(rest[name] for name in self.attributes))
        plan = self.plan
        shared = plan.shared(g, saved, ops)[0] if plan.shared else None
        sent = plan.contributions(g, saved, ops, shared)
        return tuple(sent[i] for i in self.outputs)

    def __repr__(self):
        return f"<rules {self.name}>"

    def __reduce__(self):
        return vjp_of, (self.name,)


_made = {}


def vjp(op, mask):
    """The one record for this op and these arguments."""
    if (op, mask) not in _made:
        _made[op, mask] = Vjp(op, mask)
    return _made[op, mask]


def vjp_of(name):
    """The record called "gru.vjp15"; None where there is none."""
    base, dot, mask = name.partition(".vjp")
    op = OPS.get(base)
    if not dot or op is None or not mask.isdigit() or not 0 < int(mask) < 1 << len(op.arguments) or not op.rules:
        return None
    return vjp(op, int(mask))


def run_as_one(node, g):
    """All rules of this node at once, on tensors without history: the contributions, None where there is none."""
    xp = module_of(g.array)
    saved = tuple(Tensor(xp.asarray(array)) if i < len(node.plan.tensors) else array
                  for i, array in enumerate(node.saved))  # fmt: skip
    arrays = tuple(t.array if isinstance(t, Tensor) else t for t in saved)
    plan = node.plan
    shared = plan.shared(g.array, arrays, xp)[0] if plan.shared else None
    sent = (plan.quick if xp is np else plan.contributions)(g.array, arrays, xp, shared)
    return saved, tuple(None if part is None else Tensor(part) for part in sent)
