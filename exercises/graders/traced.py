"""What lessons and graders ask of a trace: to be made without its warnings, and to be run whatever comes of it."""

import warnings

from minigrad import jit


def quietly(function, *example):
    """`jit.trace` without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jit.trace(function, example, check_trace=False)


def outcome(function, x):
    """What it gives, or the exception."""
    try:
        return function(x)
    except Exception as error:
        return error
