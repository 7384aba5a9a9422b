"""Padding layers: `nn.functional.pad` as modules."""

from __future__ import annotations

from . import functional as F
from .functional.conv import numbers
from .module import Module


class _Pad(Module):
    axes, mode = 0, "constant"

    def __init__(self, padding, value=0.0):
        super().__init__()
        self.padding, self.value = numbers(padding, 2 * self.axes, "padding"), value

    def forward(self, input):
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self):
        return f"{self.padding}"


def _layer(name, axes, mode, words):
    told = f"{words}, around the last {axes} axes: `padding` is a number, or (before, after) for each, last one first."
    given = {"__doc__": told, "__module__": __name__, "axes": axes, "mode": mode}
    if name.startswith("Constant"):
        given["__init__"] = lambda self, padding, value: _Pad.__init__(self, padding, value)
        given["extra_repr"] = lambda self: f"padding={self.padding}, value={self.value}"
    return type(name, (_Pad,), given)


ZeroPad1d, ZeroPad2d = (_layer(f"ZeroPad{n}d", n, "constant", "Zeros") for n in (1, 2))
ConstantPad1d, ConstantPad2d = (_layer(f"ConstantPad{n}d", n, "constant", "One number") for n in (1, 2))
ReflectionPad1d, ReflectionPad2d = (_layer(f"ReflectionPad{n}d", n, "reflect", "The elements mirrored") for n in (1, 2))
ReplicationPad1d, ReplicationPad2d = (
    _layer(f"ReplicationPad{n}d", n, "replicate", "The last element again") for n in (1, 2)
)
CircularPad1d, CircularPad2d = (_layer(f"CircularPad{n}d", n, "circular", "Elements of the other end") for n in (1, 2))
