"""Numbers on their way through Python while code is recorded, which are values of the graph for as long as they are
only handed on."""

from __future__ import annotations


class Passed:
    """Stands for a number; whatever Python does with it, it turns into the plain one, and `plain` notes that."""

    __slots__ = ("capture", "number", "value")

    def __init__(self, capture, value, number):
        self.capture, self.value, self.number = capture, value, number

    def plain(self):
        """The number; from now on the graph is right for just this one."""
        self.capture.relies_on(self.value, ("is", self.number))
        return self.number

    def operand(self):
        """What a step has in its place, when an op is given it."""
        return self.plain()


def _asking(name):
    def ask(self, *others):
        others = [other.plain() if isinstance(other, Passed) else other for other in others]
        return getattr(self.plain(), name)(*others)

    return ask


_ASKING = """
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow divmod neg pos abs index
    eq ne lt le gt ge bool float int round trunc floor ceil format str repr hash
"""
for _name in (f"__{word}__" for word in _ASKING.split()):
    setattr(Passed, _name, _asking(_name))
