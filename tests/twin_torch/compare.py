"""When two outcomes agree: the same text, and numbers equal to rounding. nan equals nan; 0 equals -0."""

from __future__ import annotations

import re

import numpy as np

from .run import KINDS

TOLERANCE = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-9}
SMALLEST = 0.05  # what cancels to less than this many times the tolerance counts as zero


def difference(expected, actual):
    """None when they agree; else one or two lines that say in what they do not."""
    if not same_text(expected, actual):
        return f"PyTorch: {show(expected)}\n   here: {show(actual)}"
    tolerance = max((TOLERANCE[a.dtype.name] for a in expected.arrays if a.dtype.kind == "f"), default=0)
    if not all(close(*pair, tolerance) for pair in zip(expected.arrays, actual.arrays, strict=True)):
        return f"PyTorch: {show(expected)}\n   here: {show(actual)}"
    silent = isinstance(actual.error, KeyError | StopIteration)  # Python's own say no more
    if actual.error is not None and len(str(actual.error).split()) < 4 and not silent:
        return f"the {type(actual.error).__name__} says too little: {str(actual.error)!r}"
    return None


ALSO = {  # what may answer an error that PyTorch has no better word for
    "NotImplementedError": (RuntimeError,),  # "... not implemented for 'Bool'"
    "AssertionError": (RuntimeError, ValueError),
}


def same_text(expected, actual):
    """Equal; or an error at the same stage that is of PyTorch's kind, a subclass included."""
    if expected.text == actual.text or actual.error is None:
        return expected.text == actual.text
    (*before, kind), (*reached, _) = expected.text.rsplit(" | ", 1), actual.text.rsplit(" | ", 1)
    named = [k for k in KINDS if k.__name__ == kind]
    return before == reached and isinstance(actual.error, (*named, *ALSO.get(kind, ())))


def close(expected, actual, tolerance):
    """Equal to rounding: that of the coarsest dtype in the case, on the scale of the whole array."""
    if expected.dtype.kind != "f":
        return np.array_equal(expected, actual)
    expected, actual = expected.astype(np.float64), actual.astype(np.float64)
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], actual[~finite], equal_nan=True):
        return False
    expected, actual = expected[finite], actual[finite]
    size = max(np.abs(expected).max(initial=0), SMALLEST)
    return bool((np.abs(expected - actual) <= tolerance * size).all())


def show(outcome):
    """An outcome on one line: its text, the first numbers, and the error's own words."""
    numbers = "; ".join(np.array2string(a.ravel()[:12], precision=5, separator=" ", max_line_width=10000).strip("[]")
                        for a in outcome.arrays[:5])  # fmt: skip
    said = re.sub(r"\s+", " ", f"{type(outcome.error).__name__}: {outcome.error}")[:200] if outcome.error else ""
    return "  ".join(filter(None, [outcome.text[:400], f"<{numbers}>" if outcome.arrays else "", said]))
