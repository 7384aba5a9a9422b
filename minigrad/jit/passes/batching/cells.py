"""A cell that is called turn after turn (nn.GRUCell, nn.RNNCell) as the layer that it is: one record for all turns.

The record of a cell is that of a layer with one step, see ops/recurrent.py. What the layer works out for all steps at
once, going back above all, is worked out once then, and the gradients of its matrices are one product each.
"""

from __future__ import annotations

from ....op import OPS
from ...graph import Step
from ...parts import known
from ...prims import PRIMS
from ...vjp import Vjp, vjp
from .order import in_order, levels, like
from .stacks import LARGEST
from .sums import Sums

# Rows of one call up to which it pays, for the records that are looked for. A training step with calls of a GRU cell
# took 0.54 (2 calls, 1 row), 0.80 (8 calls, 128 rows) and 0.82 to 0.98 (256 rows) of the time it takes without; with
# calls of a plain cell 0.80 (3 calls, 32 rows) and 1.07 to 1.22 (128 rows and more).
MOST_ROWS = {"gru": 256, "rnn": 64}
FEWEST = 2
_GI, _H, _WEIGHT, _BIAS = range(4)  # places of the arguments, and of their gradients


def layers(steps, outputs, stacks):
    """The steps with each row of calls of one cell as one record, where no call needs what another has given but h."""
    for chain in _chains(steps):
        way_back = _way_back(steps, chain, Sums(steps, outputs, stacks))
        if way_back is None or not _is_free(steps, chain):
            continue
        new = _Layer(chain, stacks)
        changed = new.forward() | (new.back(*way_back) if way_back else {})
        steps = in_order([one for step in steps for one in changed.get(id(step), [step])])
        stacks.look_at(steps)
    return steps


def _chains(steps):
    """Rows of calls of one cell, each with the state that the last one has left."""
    last, chains = {}, []
    for step in steps:
        if step.blocks or step.op.name not in MOST_ROWS or not all(map(known, (*step.inputs, *step.outputs))):
            continue
        before = last.get(step.inputs[_H])
        if before is None or _alike(before[-1]) != _alike(step) or len(step.attributes["sizes"]) != 1:
            before = []
            chains.append(before)
        last.pop(step.inputs[_H], None)
        before.append(step)
        last[step.output] = before
    return [chain for chain in chains if _pays(chain)]


def _pays(chain):
    first = chain[0]
    if first.output.device != "cpu" or len(first.attributes["sizes"]) != 1 or len(chain) < FEWEST:
        return False
    rows, width = first.inputs[_GI].shape
    return rows <= MOST_ROWS[first.op.name] and len(chain) * rows * width <= LARGEST


def _alike(step):
    return step.op, *step.inputs[_WEIGHT:], sorted(step.attributes.items()), [v.shape for v in step.outputs]


def _is_free(steps, members, named=lambda step: (step.inputs[_GI], *step.inputs[_WEIGHT:])):
    """Whether what `named` says of each member can be there before the first of them runs."""
    depth = levels(steps, {i for i, step in enumerate(steps) if any(step is one for one in members)})
    makers = {value: i for i, step in enumerate(steps) for value in step.outputs}
    return all(depth[makers[v]] == 0 and not any(v in one.outputs for one in members)
               for step in members for v in named(step) if v in makers)  # fmt: skip


def _way_back(steps, chain, sums):
    """(steps of the way back, what else reaches each state, (sum, its terms) for both parameters).

    () where there is no way back; None where it is not one of calls that follow each other.
    """
    states = {step.output: i for i, step in enumerate(chain)}
    found = [step for step in steps if not step.blocks and isinstance(step.op, Vjp) and step.op.op is chain[0].op
             and _named(step).get("y") in states]  # fmt: skip
    if not found:
        return ()
    found.sort(key=lambda step: states[_named(step)["y"]])
    given = [_gradients(step) for step in found]
    if [states[_named(step)["y"]] for step in found] != list(range(len(chain))) or not all(
        {_GI, _WEIGHT, _BIAS} | ({_H} if i else set()) <= one.keys() for i, one in enumerate(given)
    ):
        return None
    carries = [one[_H] for one in given[1:]] + [None]
    others = [_others(_named(step)["g"], carry, sums) for step, carry in zip(found, carries, strict=True)]
    added = [_sum_of([one[place] for one in given], sums) for place in (_WEIGHT, _BIAS)]
    if None in others or None in added:
        return None
    rest = {id(step): [v for name, v in _named(step).items() if name != "g"] + other
            for step, other in zip(found, others, strict=True)}  # fmt: skip
    return (found, others, added) if _is_free(steps, found, lambda step: rest[id(step)]) else None


def _named(step):
    return dict(zip(step.op.arguments, step.inputs, strict=True))


def _gradients(step):
    """Place of the argument -> the value of its gradient."""
    return dict(zip(step.op.outputs, step.outputs, strict=True))


def _others(g, carry, sums):
    """What is added to `carry` in the sum g, and nobody else asks for the sum; None where this is not so."""
    if carry is None:
        return [g]
    if sums.uses[g] != 1:
        return None
    if g is carry:
        return []
    terms = sums.terms.get(g, ())
    return [x for x in terms if x is not carry] if list(terms).count(carry) == 1 and sums.uses[carry] == 1 else None


def _sum_of(values, sums):
    """The one sum that has all these among its terms, and its other terms; None where something else uses them."""
    for root, terms in sums.roots:
        if values[0] in terms:
            whole = all(terms.count(value) == 1 and sums.uses[value] == 1 for value in values)
            return (root, [x for x in terms if x not in values]) if whole else None
    return None


class _Layer:
    """What stands in the place of a chain of calls."""

    def __init__(self, chain, stacks):
        self.chain, self.stacks, self.first = chain, stacks, chain[0]
        self.turns, self.rows = len(chain), chain[0].output.shape[0]

    def forward(self):
        """{id of a step: steps in its place} for the calls."""
        stacks, first, added = self.stacks, self.first, []
        self.gi = stacks.rows([step.inputs[_GI] for step in self.chain], first, added)
        inputs, attributes = (self.gi, *first.inputs[_H:]), first.attributes | {"sizes": (self.rows,) * self.turns}
        self.outputs = tuple(stacks.new(v.name.partition(".")[0], (v.shape[0] * self.turns, *v.shape[1:]), v)
                             for v in first.outputs)  # fmt: skip
        added.append(Step(first.op, inputs, attributes, self.outputs, first.source, first.module))
        for i, whole in enumerate(self.outputs):
            self._parts(whole, [step.outputs[i] for step in self.chain], added)
        return {id(step): [] for step in self.chain} | {id(first): added}

    def _parts(self, whole, values, added):
        """Steps that make the values of each turn of what the layer gives: rows of all turns, once or several times."""
        first, stacks, shape = self.first, self.stacks, values[0].shape
        times = shape[0] // self.rows
        if times == 1:
            apart = stacks.reshaped(whole, (self.turns, *shape), first, added)
            added += [like(first, OPS["index"], (apart,), {"index": i}, v) for i, v in enumerate(values)]
            return
        apart = stacks.reshaped(whole, (times, self.turns, self.rows, *shape[1:]), first, added)
        for i, value in enumerate(values):
            part = stacks.new("index", (times, self.rows, *shape[1:]), value)
            added.append(like(first, OPS["index"], (apart,), {"index": (slice(None), i)}, part))
            added.append(like(first, OPS["reshape"], (part,), {"shape": shape}, value))

    def back(self, found, others, added_up):
        """{id of a step: steps in its place} for the way back, and for the sums of gradients."""
        stacks, first, last, new = self.stacks, found[0], found[-1], []
        gradients = self._gradients(others, last, new)
        named = {"g": gradients, "gi": self.gi, "h": self.first.inputs[_H]}
        for value, whole in zip(self.first.outputs, self.outputs, strict=True):
            named |= {name: whole for name, v in _named(first).items() if v is value}
        inputs = [named.get(name, v) for name, v in _named(first).items()]
        given = _gradients(first)
        d_gi = stacks.new("d_gi", (given[_GI].shape[0] * self.turns, *given[_GI].shape[1:]), given[_GI])
        d_h = given.get(_H) or stacks.new("d_h", self.first.inputs[_H].shape, given[_GI])
        totals = [root.output if not rest else stacks.new("total", root.output.shape, root.output)
                  for root, rest in added_up]  # fmt: skip
        attributes = first.attributes | {"sizes": (self.rows,) * self.turns}
        new.append(Step(vjp(self.first.op, 15), tuple(inputs), attributes, (d_gi, d_h, *totals), last.source,
                        last.module))  # fmt: skip
        self._parts(d_gi, [_gradients(step)[_GI] for step in found], new)
        changed = {id(step): [] for step in found} | {id(first): new}
        for (root, rest), total in zip(added_up, totals, strict=True):
            changed[id(root)] = stacks.added(total, rest, root)
        return changed

    def _gradients(self, others, step, new):
        """The gradients of all states, from elsewhere, one behind the other; zeros where there is none."""
        stacks, made = self.stacks, []
        for terms in others:
            value = terms[0] if terms else None
            for x in terms[1:]:
                total = stacks.new("add", value.shape, value)
                new.append(like(step, OPS["add"], (value, x), {}, total))
                value = total
            made.append(value)
        if None not in made:
            return stacks.rows(made, step, new)
        parts, alike = [], self.first.output
        for value in made:
            if value is None and parts and isinstance(parts[-1], int):
                parts[-1] += self.rows
            else:
                parts.append(self.rows if value is None else value)
        for i, part in enumerate(parts):
            if isinstance(part, int):
                parts[i] = stacks.new("zeros", (part, alike.shape[1]), alike)
                given = {"shape": parts[i].shape, "dtype": alike.dtype}
                new.append(like(step, PRIMS["tensor.full"], (0,), given, parts[i]))
        whole = stacks.new("cat", (self.rows * self.turns, alike.shape[1]), alike)
        new.append(like(step, OPS["cat"], tuple(parts), {"dim": 0}, whole))
        return whole
