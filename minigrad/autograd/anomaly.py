"""Finding the line of forward whose derivative became nan."""

from __future__ import annotations

from ..modes import state


class set_detect_anomaly:
    """Switch anomaly mode on or off; as a context manager, until the block ends."""

    def __init__(self, mode, check_nan=True):
        self._before = state.anomaly
        state.anomaly = bool(mode and check_nan)

    def __enter__(self):
        return None

    def __exit__(self, *exception):
        state.anomaly = self._before


class detect_anomaly(set_detect_anomaly):
    """Remember where each op is called, and stop backward at the first gradient that is nan, naming that line.

    Ops get several times slower. Errors: GradError (a RuntimeError) with the op and the lines that called it.

    >>> import minigrad as mg
    >>> x = mg.tensor(0.0, requires_grad=True)
    >>> with detect_anomaly():
    ...     (x.sqrt() * 0).backward()
    Traceback (most recent call last):
    ...
    minigrad.errors.GradError: Function 'SqrtBackward0' returned nan values in its 0th output...
    """

    def __init__(self, check_nan=True):
        super().__init__(True, check_nan)
