"""Padding: more elements around the last axes."""

from __future__ import annotations

import operator

from ... import ops
from ...creation import check_fit
from ...device import module_of
from ...errors import ShapeError
from ...tensor import Tensor


def pad(input, pad, mode="constant", value=None):
    """More elements around the last axes: `pad` is (before, after) for the last axis, then for the one before it.

    Modes: "constant" (`value`, 0 if left out; negative numbers cut off), "reflect" (mirrored at the last element),
    "replicate" (the last element again), "circular" (from the other end); these three take x (N, C, ...) or (C, ...).

    >>> import minigrad as mg
    >>> pad(mg.tensor([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect")
    tensor([[3., 2., 1., 2., 3., 2.]])
    """
    pad = tuple(map(operator.index, pad))
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) // 2 > input.dim():
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.dim()}"
        )
    for n, before, after in zip(reversed(input.shape), pad[::2], pad[1::2], strict=False):
        left = n + before + after - 1 if mode in ("reflect", "replicate") else n + min(before, 0) + min(after, 0)
        if left < 0:
            raise ShapeError(f"pad(): ({before}, {after}) leaves too little of the {n} elements that there are")
    if mode == "constant":
        check_fit(value or 0, input.array.dtype)
        return ops.pad(input, pad=pad, value=0 if value is None else value)
    if value not in (None, 0):
        raise ShapeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _POSITIONS:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    axes = len(pad) // 2
    if input.dim() not in (axes + 1, axes + 2):
        raise NotImplementedError(f"pad(): {mode!r} with {len(pad)} numbers takes {axes + 1}D or {axes + 2}D input")
    for axis in range(axes):
        input = _padded(input, -1 - axis, *pad[2 * axis : 2 * axis + 2], mode)
    return input


def _reflect(xp, k, n):
    k = xp.abs(k)
    return xp.where(k < n, k, 2 * (n - 1) - k)


_POSITIONS = {
    "reflect": _reflect,
    "replicate": lambda xp, k, n: xp.clip(k, 0, n - 1),
    "circular": lambda xp, k, n: k % n,
}


def _padded(x, axis, before, after, mode):
    """One axis made longer: its elements by number, some of them several times."""
    if mode == "circular" and min(before, after) < 0:  # what is cut off does not come back at the other end
        x = ops.pad(x, pad=(0, 0) * (-1 - axis) + (min(before, 0), min(after, 0)))
        before, after = max(before, 0), max(after, 0)
    n, xp = x.size(axis), module_of(x.array)
    most = {"reflect": n - 1, "circular": n}.get(mode)
    if most is not None and max(before, after) > most:
        raise ShapeError(f"pad(): padding ({before}, {after}) is too large for length {n} in mode {mode!r}")
    rows = _POSITIONS[mode](xp, xp.arange(-before, n + after), n)
    return x[(..., Tensor(rows), *(slice(None),) * (-1 - axis))]
