"""How a tensor prints: as in PyTorch, with four digits, aligned columns, and what is recorded at the end."""

from __future__ import annotations

import math
from collections import namedtuple

from . import dtype as dtypes

__all__ = ["get_printoptions", "set_printoptions"]

PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options = {**PROFILES["default"], "sci_mode": None}


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None):
    """How tensors print from now on: `profile` is "default", "short" or "full", and single options go before it.

    Digits after the point, the number of elements above which a tensor is cut short, how many are then left at each
    end, and the characters in a line; sci_mode says whether to use powers of ten (None: where they are needed).

    >>> import minigrad as mg
    >>> set_printoptions(precision=2)
    >>> mg.tensor(1 / 3)
    tensor(0.33)
    >>> set_printoptions(profile="default")
    """
    if profile is not None:
        _options.update(PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None}, sci_mode=sci_mode)


def get_printoptions():
    """The options that `set_printoptions` sets."""
    return dict(_options)


def return_type(name, fields):
    """A named tuple for functions that return several tensors; prints each on lines of its own, as PyTorch's do."""
    made = namedtuple(name, fields)

    def text(self):
        lines = [f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True)]
        return f"minigrad.return_types.{name}(\n" + ",\n".join(lines) + ")"

    made.__repr__ = text
    return made


def text_of(tensor):
    """The text of a tensor: numbers, then dtype, device and recording where they are not the usual ones."""
    array = tensor.array if tensor.device.type == "cpu" else tensor.array.get()
    body, indent = "tensor(", len("tensor(")
    if array.size:
        cut = array.size > _options["threshold"]
        body += _rows(array, _format(_shown(array) if cut else array), indent, cut)
    else:
        body += "[]"
    return _wrap(body, _suffixes(tensor, array), indent)


def _suffixes(tensor, array):
    found, default = [], dtypes.get_default_dtype()
    if tensor.device.type != "cpu":
        found.append(f"device='{tensor.device}'")
    if array.ndim != 1 if not array.size else not _options["edgeitems"]:
        found.append(f"size={tuple(array.shape)}")
    if tensor.dtype is not default and (not array.size or tensor.dtype.name not in ("int64", "bool")):
        found.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        found.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        found.append("requires_grad=True")
    return found


def _wrap(text, suffixes, indent):
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > _options["linewidth"]:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def _shown(array):
    """What is left of an array that is cut short: the ends of each axis, without the middle."""
    edge = _options["edgeitems"]
    for axis, length in enumerate(array.shape):
        if length > 2 * edge:
            array = array.take([*range(edge), *range(length - edge, length)], axis)
    return array


def _format(array):
    """One way of writing for all numbers, and its width: that of the widest (of floats, finite and nonzero)."""
    if array.dtype.kind != "f":
        return str, max([1, *(len(str(value)) for value in array.reshape(-1).tolist())])
    numbers = [value for value in array.reshape(-1).tolist() if math.isfinite(value) and value]
    write = _float_format(numbers)
    return write, max([1, *(len(write(value)) for value in numbers)])


def _float_format(numbers):
    """Whole numbers as "3.", others with four digits, in powers of ten where they are far apart, large or small."""
    digits, powers = _options["precision"], _options["sci_mode"]
    sizes = [abs(value) for value in numbers]
    if powers is None and sizes:
        powers = max(sizes) / min(sizes) > 1000 or max(sizes) > 1e8 or min(sizes) < 1e-4
    if powers and sizes:
        return lambda value: f"{value:.{digits}e}"
    if all(value == math.floor(value) for value in numbers):
        return lambda value: f"{value:.0f}." if math.isfinite(value) else str(value)
    return lambda value: f"{value:.{digits}f}"


def _rows(array, form, indent, cut):
    """The numbers in brackets; lines go on under the first number, and axes are set apart by empty lines."""
    write, width = form
    if not array.ndim:
        return write(array.item()).rjust(width)
    edge = _options["edgeitems"]
    cut_here = cut and (len(array) > 2 * edge or not edge)
    parts = [*array[:edge], *array[len(array) - edge :]] if cut_here else list(array)
    if array.ndim > 1:
        words, gap = [_rows(part, form, indent + 1, cut) for part in parts], "\n" * (array.ndim - 1)
        per_line, middle = 1, "..."
    else:
        words, gap = [write(value.item()).rjust(width) for value in parts], "\n"
        per_line, middle = max(1, (_options["linewidth"] - indent) // (width + len(", "))), " ..." if edge else "..."
    if cut_here:
        words.insert(edge, middle)
    lines = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
    return "[" + ("," + gap + " " * (indent + 1)).join(lines) + "]"
