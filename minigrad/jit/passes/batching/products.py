"""Products with one matrix that do not need each other, as one product."""

from __future__ import annotations

from ....op import OPS
from ...parts import known
from .order import in_order, levels, like
from .stacks import FEWEST, pays


def products(steps, stacks):
    """The steps with products that can run at once put together. None of them needs the result of another."""
    for key in keys(steps):
        places = [i for i, step in enumerate(steps) if _key(step) == key]
        depth, groups = levels(steps, set(places)), {}
        for i in places:
            groups.setdefault(depth[i], []).append(steps[i])
        paying = [together for together in groups.values() if _pays(together)]
        for together in paying:
            steps = _joined(steps, together, stacks)
        if paying:
            steps = in_order(steps)
            stacks.look_at(steps)
    return steps


def keys(steps):
    """What products have in common of which there are enough."""
    count = {}
    for step in steps:
        key = _key(step)
        if key is not None:
            count[key] = count.get(key, 0) + 1
    return [key for key, number in count.items() if number >= FEWEST]


def _key(step):
    """What has to be the same for two products to go together; None where this is none, or not all is known."""
    if step.blocks or step.op.name not in ("matmul", "linear"):
        return None
    x, *others = step.inputs
    y = step.output
    if not all(map(known, (*step.inputs, y))) or len({v.dtype for v in (*step.inputs, y)}) > 1:
        return None
    if y.dtype.numpy.kind != "f" or len({v.device for v in step.inputs}) > 1 or 0 in y.shape:
        return None
    if step.op.name == "matmul" and len(x.shape) == 2 and len(others[0].shape) == 1:
        return step.op, "left", x, others[0].shape  # a matrix times one column
    return (step.op, "right", *others, x.shape) if len(others[0].shape) == 2 else None


def _given(step):
    """The operand that differs."""
    return step.inputs[1 if _key(step)[1] == "left" else 0]


def _pays(together):
    """Whether one product is quicker than these."""
    given = [_given(step) for step in together]
    return pays(given) and pays([step.output for step in together])


def _joined(steps, together, stacks):
    """One product in the place of the first, and each result as a part of it."""
    place, given, added = together[0], [_given(step) for step in together], []
    order = stacks.order(given) or range(len(given))
    together, given = [together[i] for i in order], [given[i] for i in order]
    rows = stacks.rows(given, place, added)
    others = place.inputs[1:]
    if _key(place)[1] == "left":
        turned = stacks.new("swapaxes", place.inputs[0].shape[::-1], place.inputs[0])
        added.append(like(place, OPS["swapaxes"], place.inputs[:1], {"dim0": 0, "dim1": 1}, turned))
        others = (turned,)
    width = place.output.shape[-1]
    whole = stacks.new(place.op.name, (rows.shape[0], width), place.output)
    added.append(like(place, place.op, (rows, *others), dict(place.attributes), whole))
    whole = stacks.reshaped(whole, (len(together), *given[0].shape[:-1], width), place, added)
    parts = [like(step, OPS["index"], (whole,), {"index": i}, step.output) for i, step in enumerate(together)]
    gone, made = set(map(id, together)), []
    for step in steps:
        made += [*added, *parts] if step is place else [] if id(step) in gone else [step]
    return made
