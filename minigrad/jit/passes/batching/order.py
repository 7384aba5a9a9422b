"""What has to run before what: the order that is left when steps are taken together."""

from __future__ import annotations

from ...graph import Block, If, Loop, Step, used_in

_NUMBERS = ("int", "float", "bool")


def needs(steps):
    """For each step the places of those that have to run before it.

    They are the makers of what it reads. Beside that, steps that draw random numbers, do something, or read a number
    out of a tensor (which way to go may hang on it) stay in the order in which they are.
    """
    makers = {value: i for i, step in enumerate(steps) for value in step.outputs}
    found, last = [], None
    for i, step in enumerate(steps):
        reads = used_in([step]) if step.blocks else step.uses()
        before = {makers[value] for value in reads if value in makers}
        if _keeps_its_place(step):
            before |= set() if last is None else {last}
            last = i
        found.append(before)
    return found


def _keeps_its_place(step):
    if step.blocks:
        return any(_keeps_its_place(inner) for block in step.blocks for inner in block.steps)
    if getattr(step.op, "draws", False) or getattr(step.op, "effects", False):
        return True
    return any(v.kind in _NUMBERS for v in step.outputs) and any(v.kind == "tensor" for v in step.uses())


def in_order(steps):
    """The same steps, each behind all that it needs: earlier than it was where another asks for it, else as they are.

    Errors: RuntimeError where two need each other.
    """
    before, asked, done, made = needs(steps), set(), set(), []
    for first in range(len(steps)):
        waiting = [first]
        while waiting:
            here = waiting[-1]
            missing = before[here] - done
            if not missing:
                waiting.pop()
                made += [] if here in done else [steps[here]]
                done.add(here)
            elif here in asked:
                raise RuntimeError(f"step {here} needs itself")
            else:
                asked.add(here)
                waiting += sorted(missing, reverse=True)
    return made


def levels(steps, members):
    """How many of `members` (a set of places) lie one behind the other on the way to each step, itself not counted.

    Two members of one level never need each other. `steps` are in an order in which they can run.
    """
    found = []
    for before in needs(steps):
        found.append(max((found[i] + (i in members) for i in before), default=0))
    return found


def in_blocks(change, block, into):
    """A copy of `block` in `into`: `change(steps, outputs)` gives the new steps, of it and of all blocks inside it."""
    steps = []
    for step in block.steps:
        if isinstance(step, If):
            arms = in_blocks(change, step.then, Block()), in_blocks(change, step.orelse, Block())
            step = If(step.condition, *arms, step.outputs, step.source, step.module)
        elif isinstance(step, Loop):
            body = in_blocks(change, step.body, Block())
            step = Loop(step.count, step.condition, step.carried, body, step.outputs, step.source, step.module)
        steps.append(step)
    into.inputs, into.outputs = list(block.inputs), list(block.outputs)
    into.steps = change(steps, block.outputs)
    return into


def like(step, op, inputs, attributes, output):
    """A step that stands for the same line of code as `step`."""
    return Step(op, inputs, attributes, (output,), step.source, step.module)
