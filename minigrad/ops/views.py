"""The op behind a change through a view: the base as it is afterwards."""

from ..op import op

__all__ = ["view_put"]


def _seen(xp, x, steps):
    for step, attributes in steps:
        x = step.on(xp, x, **attributes)
    return x


@op(kind="index", onnx="ScatterND")
def view_put(xp, base, value, /, steps):
    """A copy of base in which `value` stands where the view ops `steps`, (op, attributes) each, lead to.

    What x[0].mul_(2) records for x. Source: PyTorch's CopySlices node does this.
    """
    out = xp.array(base, order="C")  # so that no step has to copy
    part = _seen(xp, out, steps)
    if not getattr(part.flags, "writeable", True):  # as NumPy has it with what it broadcast, and with parts of that
        part = part.view()
        part.flags.writeable = True
    part[...] = value
    return out


view_put.vjp(base=lambda g, steps, xp: view_put.on(xp, g, 0, steps=steps),
             value=lambda g, steps, xp: _seen(xp, g, steps))  # fmt: skip
