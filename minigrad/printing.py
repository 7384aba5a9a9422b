"""How a tensor prints: as in PyTorch, with four digits, aligned columns, and what is recorded at the end."""

from __future__ import annotations

import math

EDGE_ITEMS, SUMMARISE_OVER, LINE_WIDTH, DIGITS = 3, 1000, 80, 4


def text_of(tensor):
    """The text of a tensor: numbers, then dtype, device and recording where they are not the usual ones."""
    array = tensor.array if tensor.device.type == "cpu" else tensor.array.get()
    suffixes = []
    if tensor.device.type != "cpu":
        suffixes.append(f"device='{tensor.device}'")
    if not array.size and array.ndim > 1:
        suffixes.append(f"size={tuple(array.shape)}")
    if tensor.dtype.name not in ("float32", "int64", "bool") or (not array.size and tensor.dtype.name != "float32"):
        suffixes.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    body = _rows(_summary(array), _formatter(_shown(array)), indent=len("tensor(")) if array.size else "[]"
    return _wrap("tensor(" + body, suffixes)


def _wrap(text, suffixes):
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > LINE_WIDTH:
            text += ",\n" + " " * len("tensor(") + suffix
            used = len("tensor(") + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def _summary(array):
    """Nested lists, with None where a long axis is cut out."""
    cut = array.size > SUMMARISE_OVER

    def walk(part):
        if not part.ndim:
            return part.item()
        if cut and len(part) > 2 * EDGE_ITEMS:
            return [walk(p) for p in part[:EDGE_ITEMS]] + [None] + [walk(p) for p in part[-EDGE_ITEMS:]]
        return [walk(p) for p in part]

    return walk(array)


def _shown(array):
    flat, stack = [], [_summary(array)]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif item is not None:
            flat.append(item)
    return flat


def _formatter(values):
    """One format for all numbers that are shown, and its width: that of the widest (of floats, finite and nonzero)."""
    if isinstance(values[0], int):
        write, measured = str, values
    else:
        measured = [v for v in values if math.isfinite(v) and v]
        write = _float_format([abs(v) for v in measured])
    width = max([1, *(len(write(v)) for v in measured)])
    return lambda value: write(value).rjust(width), width


def _float_format(sizes):
    """Whole numbers as "3.", others with four digits, in powers of ten where they are far apart, large or small."""
    whole = all(size == math.floor(size) for size in sizes)
    if sizes and (max(sizes) / min(sizes) > 1000 or max(sizes) > 1e8 or min(sizes) < 1e-4):
        return lambda v: f"{v:.{DIGITS}e}"
    if whole:
        return lambda v: f"{v:.0f}." if math.isfinite(v) else str(v)
    return lambda v: f"{v:.{DIGITS}f}"


def _rows(nested, form, indent):
    write, width = form
    if not isinstance(nested, list):
        return write(nested)
    if nested and isinstance(nested[0], list):
        gap = "," + "\n" * (_depth(nested) - 1) + " " * (indent + 1)
        return "[" + gap.join("..." if part is None else _rows(part, form, indent + 1) for part in nested) + "]"
    words = [" ..." if number is None else write(number) for number in nested]
    per_line = max(1, (LINE_WIDTH - indent) // (width + len(", ")))
    lines = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _depth(nested):
    depth = 0
    while isinstance(nested, list):
        depth, nested = depth + 1, nested[0]
    return depth
