"""Short errors: when a cell fails inside the library, the reader sees the cell's own lines and the message.

The frames in between are counted, and `%tb` shows them all. Any other error looks as it always does. What a trace warns of
is one line too, as often as its cell runs.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import warnings
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = tuple(str(ROOT / name) + os.sep for name in ("minigrad", "viz", "notebooks", "exercises"))
BENEATH = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib"))  # Python's own, NumPy ...


def shorten(shell):
    """From now on, errors in this IPython shell are short."""
    shell.set_custom_exc((Exception, KeyboardInterrupt), _show)
    from minigrad.jit import TracerWarning

    warnings.simplefilter("always", TracerWarning)
    warnings.showwarning = functools.partial(_warn, warnings.showwarning, TracerWarning)


def _warn(otherwise, brief, message, category, *place, **more):
    """A warning of a trace without the path of its cell, which it names itself."""
    if issubclass(category, brief):
        print(f"{category.__name__}: {message}", file=sys.stderr)
    else:
        otherwise(message, category, *place, **more)


def _show(shell, kind, error, traceback, tb_offset=None):
    """IPython's handler for an error in a cell."""
    chain = _chain(error)
    whole = [one.__traceback__ for one in chain]
    own = [_own(one) for one in whole]
    hidden = sum(_count(one, LIBRARY) for one in whole)
    if not hidden or own[0] is None or isinstance(error, SyntaxError):
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
        return
    try:
        for one, short in zip(chain, own, strict=True):
            one.__traceback__ = short
        lines = shell.InteractiveTB.structured_traceback(kind, error, own[0], tb_offset=0)
    finally:
        for one, full in zip(chain, whole, strict=True):
            one.__traceback__ = full
    frames = "1 frame" if hidden == 1 else f"{hidden} frames"
    lines.insert(-1, f"({frames} inside minigrad hidden; %tb shows all)\n")
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, traceback  # what %tb and %debug read
    shell._showtraceback(kind, error, lines)


def _chain(error):
    """The error, what it came from, and so on."""
    chain = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def _frames(traceback):
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _count(traceback, folders):
    return sum(frame.tb_frame.f_code.co_filename.startswith(folders) for frame in _frames(traceback))


def _own(traceback):
    """The traceback with the reader's frames alone; None when there are none."""
    short = None
    for frame in reversed(list(_frames(traceback))):
        if not frame.tb_frame.f_code.co_filename.startswith(LIBRARY + BENEATH):
            short = TracebackType(short, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return short
