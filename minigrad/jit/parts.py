"""What steps see of a tensor: one stretch along one axis, or a matrix turned round."""

from __future__ import annotations

from .graph import Value


class Part:
    """What a step `index` sees of a tensor, where it is one stretch along one axis."""

    def __init__(self, base, axis, start, length):
        self.base, self.axis, self.start, self.length = base, axis, start, length
        self.alike = base, axis, length  # the same for all parts of one row of parts


def part_of(step):
    """The Part that this step gives; None where it is more than that."""
    if step is None or step.blocks or step.op.name != "index" or not known(step.inputs[0]):
        return None
    base, items = step.inputs[0], step.attributes["index"]
    items = list(items) if isinstance(items, tuple) else [items]
    for at in [i for i, item in enumerate(items) if item is ...]:
        items[at : at + 1] = [slice(None)] * (len(base.shape) - len(items) + 1)
    cuts = [(axis, item) for axis, item in enumerate(items) if not (isinstance(item, slice) and item == slice(None))]
    if len(cuts) != 1 or len(items) > len(base.shape):
        return None
    (axis, item), = cuts
    count = base.shape[axis]
    if type(item) is int and -count <= item < count:
        return Part(base, axis, item % count, 1)
    if type(item) is slice and all(type(x) in (int, type(None)) for x in (item.start, item.stop, item.step)):
        start, stop, stride = item.indices(count)
        if stride == 1 and stop > start and (axis == 0 or stop == start + 1):
            return Part(base, axis, start, stop - start)
    return None


def known(value):
    """Whether this is a tensor of which every length is known."""
    return isinstance(value, Value) and value.kind == "tensor" and None not in (value.shape or (None,))


def turns(step):
    """Whether this turns a matrix round."""
    if step.blocks or step.op.name not in ("swapaxes", "permute") or len(step.output.shape or ()) != 2:
        return False
    given = step.attributes
    return (given["dims"][0] if step.op.name == "permute" else given["dim0"] - given["dim1"]) % 2 == 1
