"""Where minigrad differs from PyTorch on purpose. The table in the docs is made from this list.

Each row: the family, a pattern that is searched in the case's text, and the reason. Every case that a pattern finds has
to differ; one that no longer does fails the suite, and so does a pattern that finds nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

OPEN = Path(__file__).with_name("open.txt")


class Difference(NamedTuple):
    """One intended difference: where, and why."""

    family: str
    pattern: str
    reason: str

    def covers(self, case):
        return case.family == self.family and re.search(self.pattern, case.text) is not None


DIFFERENCES = [
    Difference("devices", r"^(?!a \+ a).*'meta'", "no device without memory: PyTorch's 'meta' knows shapes only"),
    Difference("from_data", r"1j(?!\], dtype=m\.(float|u?int)\d)", "no complex numbers"),
]


def still_open():
    """Cases that differ and are not meant to, a line each in open.txt ("family: case"): work to be done.

    The suite fails when a case differs that does not stand there, and when one that stands there agrees, so the list
    can only get shorter. `python -m tests.twin_torch --open` writes it anew.
    """
    return set(OPEN.read_text(encoding="utf-8").splitlines()) if OPEN.exists() else set()
