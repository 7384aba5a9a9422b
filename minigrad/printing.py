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
    for suffix in suffixes:
        last = text.rsplit("\n", 1)[-1]
        joint = ", " if len(last) + len(suffix) + 3 <= LINE_WIDTH else ",\n       "
        text += joint + suffix
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
    """One format for all numbers that are shown, as wide as the widest of them."""
    if isinstance(values[0], int):
        texts = [str(v) for v in values]
        write = str
    else:
        write = _float_format([abs(v) for v in values if math.isfinite(v) and v])
        texts = [write(v) for v in values]
    width = max(map(len, texts))
    return lambda value: write(value).rjust(width)


def _float_format(sizes):
    if not sizes:
        return lambda v: f"{v:.0f}." if math.isfinite(v) else str(v)
    largest, smallest = max(sizes), min(sizes)
    whole = all(size == math.floor(size) for size in sizes)
    if whole and largest / smallest <= 1000 * 1e5 and largest <= 1e8:
        return lambda v: f"{v:.0f}." if math.isfinite(v) else str(v)
    if largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4:
        return lambda v: f"{v:.{DIGITS}e}"
    return lambda v: f"{v:.{DIGITS}f}"


def _rows(nested, write, indent):
    if not isinstance(nested, list):
        return write(nested).strip()
    if not nested or not isinstance(nested[0], list):
        return "[" + _fill(["..." if n is None else write(n) for n in nested], indent + 1) + "]"
    gap = "\n" * (_depth(nested) - 1) + " " * (indent + 1)
    return "[" + ("," + gap).join(" ..." if n is None else _rows(n, write, indent + 1) for n in nested) + "]"


def _depth(nested):
    depth = 0
    while isinstance(nested, list):
        depth, nested = depth + 1, next((n for n in nested if n is not None), None)
    return depth


def _fill(words, indent):
    """Words separated by commas, broken into lines that fit."""
    if not words:
        return ""
    per_line = max(1, (LINE_WIDTH - indent) // (max(map(len, words)) + 2))
    lines = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
    return (",\n" + " " * indent).join(lines)
