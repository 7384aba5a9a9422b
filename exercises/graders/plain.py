"""What comes from a learner as plain numbers and plain words, since an object can claim to equal anything."""

import numpy as np

from minigrad.tensor import Tensor
from viz import text


def number(result):
    """A result as a float when it is a plain number, else None. Its type is looked at, not what it says of itself."""
    if type(result) in (int, float):
        return float(result)
    return float(result) if isinstance(result, np.floating) and type(result).__module__ == "numpy" else None


def nothing(result):
    """Whether a function has given nothing back, or only the dots of an unwritten one."""
    return result is None or result is ...


def array(result):
    """A tensor as an array of its own in double precision; None for anything else."""
    return np.array(result.array, "float64") if type(result) is Tensor else None


def close(found, true, within):
    """Whether two arrays agree. Of None both must be None."""
    if found is None or true is None:
        return found is true
    return found.shape == true.shape and bool(np.all(np.abs(found - true) <= within))


def kind(result):
    """What kind of thing it is, in words."""
    if result is None:
        return "None"
    name = type(result).__name__
    return f"an {name}" if name[0] in "AEIOUaeiou" else f"a {name}"


def error(raised):
    """An exception in one line."""
    words = str(raised).strip().split("\n")[0]
    return f"{type(raised).__name__}: {text.clean(words, 160).rstrip('.')}" if words else type(raised).__name__
