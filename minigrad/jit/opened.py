"""Which lengths in a graph hang on those of its inputs that are open: what was recorded of them holds for one example.

A graph that is to run for other lengths must not say that a value is as long as it was in the example: passes go by it.
"""

from __future__ import annotations

from .graph import Loop, Value, used_in, values_in

_WITH_AXES = ("all", "any", "count_nonzero", "one_hot_mask")  # which compare, and give another shape


def opened(graph, shapes):
    """{value: its shape, with None for each length that may hang on an open one}, for values of which that is new.

    `shapes` are those of the inputs, with None for the open lengths; an input that has none is as the graph has it.
    """
    looked = _Opened({value: shapes.get(value, value.shape) for value in graph.inputs})
    looked.block(graph)
    return {value: shape for value, shape in looked.shapes.items() if shape != value.shape}


class _Opened:
    """Goes through a graph once, in order. `loose` are numbers and lists that hang on an open length."""

    def __init__(self, shapes):
        self.shapes, self.loose = shapes, set()

    def of(self, value):
        return self.shapes.get(value, value.shape)

    def hangs(self, value):
        """Whether something about this value, a length or a number, hangs on an open length."""
        if value.kind != "tensor":
            return value in self.loose
        shape = self.of(value)
        return value in self.shapes if shape is None else None in shape

    def block(self, block):
        """All steps of a block."""
        for step in block.steps:
            if step.blocks:
                self.inner(step)
            elif any(map(self.hangs, step.uses())):
                known = self.shape(step)
                self.open(step.outputs if known is None else step.outputs[1:])
                if known is not None:
                    self.shapes[step.output] = known

    def inner(self, step):
        """An If or a Loop: whatever it carries is open, if anything is that it reads."""
        if not any(map(self.hangs, used_in([step]))):
            return
        for block in step.blocks:
            self.open(block.inputs)
            self.block(block)
        if isinstance(step, Loop) or any(map(self.hangs, values_in([b.outputs for b in step.blocks] + [step.uses()]))):
            self.open(step.outputs)

    def open(self, values):
        """Nothing is known of these but how many axes they have."""
        for value in values:
            if value.kind != "tensor":
                self.loose.add(value)
            else:
                shape = self.of(value)
                self.shapes[value] = shape and (None,) * len(shape)

    def shape(self, step):
        """The shape of the first output, where it is plain which lengths it has from where; else None."""
        kind, out = getattr(step.op, "kind", None), self.of(step.output)
        attributes = values_in(step.attributes) if step.attributes else ()
        given = [self.of(x) for x in step.inputs if isinstance(x, Value) and x.kind == "tensor"]
        if out is None or None in given or any(map(self.hangs, attributes)):
            return None
        if kind in ("elementwise", "activation", "copy") or (kind == "compare" and step.op.name not in _WITH_AXES):
            return _broadcast(given, out)
        if step.op.name == "linear" and given:
            return (*given[0][:-1], out[-1])
        return None


def _broadcast(given, out):
    """`out`, but for the axes that are open in one of these."""
    if max(map(len, given), default=0) != len(out):
        return None
    for shape in given:
        behind = len(out) - len(shape)
        out = tuple(None if i >= behind and shape[i - behind] is None else n for i, n in enumerate(out))
    return out
