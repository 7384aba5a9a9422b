"""Which line of the user's own code is running, and what it is called there."""

from __future__ import annotations

import linecache
import sys
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

from .graph import Source

_LIBRARIES = str(Path(__file__).parents[1]), str(Path(np.__file__).parent)  # whose lines nobody is looking for
_known = {}  # (code, number of the instruction) -> Source
_MOST = 20_000


def user_frame(frame):
    """The nearest frame from here outward that is not minigrad's own, or NumPy's."""
    while frame is not None and _of_a_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@lru_cache(_MOST)
def _of_a_library(file):
    return file.startswith(_LIBRARIES)


def here():
    """The line of the user's that runs, as a Source; None where there is none."""
    frame = user_frame(sys._getframe(1))
    return None if frame is None else source_of(frame)


def source_of(frame):
    """The line that this frame is at."""
    key = frame.f_code, frame.f_lasti
    found = _known.get(key)
    if found is None:
        if len(_known) >= _MOST:
            _known.clear()
        code, line = frame.f_code, frame.f_lineno
        text = linecache.getline(code.co_filename, line, frame.f_globals).strip()
        found = _known[key] = Source(code.co_filename, line, text, code.co_name)
    return found


def file_name(path):
    """A file as people name it: without its folders; the cells of a notebook have no name."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return "a cell" if name.startswith("<ipython-input") or name.split(".")[0].isdigit() else name


def where(source):
    """A Source in words: `f, lesson.py line 3: y = x * 2`."""
    if source is None:
        return "an unknown line"
    text = f": {source.text}" if source.text else ""
    name = file_name(source.file)
    return f"{source.function}, {'a cell' if name.startswith('<') else name} line {source.line}{text}"


def way():
    """All calls that led here, each as (code, place in its text): the same in each turn of a loop."""
    frame, calls = sys._getframe(2), []
    while frame is not None:
        calls.append((frame.f_code, _spot(frame.f_code, frame.f_lasti)))
        frame = frame.f_back
    return tuple(calls)


@lru_cache(_MOST)
def _spot(code, instruction):
    """Lines and columns of the expression that runs: the number of the instruction changes once a loop is warm."""
    place = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    return instruction if None in place else place
