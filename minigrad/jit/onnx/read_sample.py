"""Reading GridSample: each place of the result looks where the grid says, between its neighbours."""

from __future__ import annotations

import itertools

import numpy as np

from .limits import demand
from .protos import Unread, reads
from .read_math import cast_to
from .read_resize import cubic


@reads("GridSample")
def grid_sample(r, node, x, grid, align_corners=0, mode="linear", padding_mode="zeros"):
    """Weighted sums of neighbours along every axis behind the first two."""
    demand(x.shape is not None and None not in x.shape, "the lengths have to be known before the model runs")
    sizes, axes = x.shape[2:], x.ndim - 2
    r.may_make(x.shape[:1], "GridSample")
    batch = r.constant(np.arange(x.shape[0]).reshape(-1, *[1] * axes), np.int64)
    taps = []
    for k, n in enumerate(sizes):  # the grid names the last axis first
        place = cast_to(r, r.step("index", grid, index=(Ellipsis, axes - 1 - k)), np.float64)
        taps.append(_taps(r, _placed(r, place, n, align_corners, padding_mode), n, mode, padding_mode, align_corners))
    found = None
    for chosen in itertools.product(*taps):
        where = [index for index, _ in chosen]
        part = r.step("index", x, index=(batch, slice(None), *where))
        for _, weight in chosen:
            part = part if weight is None else r.step("mul", part, r.step("unsqueeze", weight, dim=-1))
        found = part if found is None else r.step("add", found, part)
    return cast_to(r, r.step("permute", found, dims=(0, axes + 1, *range(1, axes + 1))), x.dtype)


def _placed(r, place, n, align, padding):
    """From -1 ... 1 to places among n elements; beyond the edge as the border is."""
    if align:
        place = r.step("mul", r.step("add", place, 1), (n - 1) / 2)
    else:
        place = r.step("sub", r.step("mul", r.step("add", place, 1), n / 2), 0.5)
    if padding == "border":
        return r.step("clamp", place, min=0, max=n - 1)
    return _reflected(r, place, n, align) if padding == "reflection" else place


def _reflected(r, place, n, align):
    """Thrown back at the edges: of the outer elements' middle, or of their rim."""
    low, high = (0.0, float(n - 1)) if align else (-0.5, n - 0.5)
    span = high - low
    if not span:
        return r.step("mul", place, 0)
    turned = r.step("remainder", r.step("sub", place, low), 2 * span)
    back = r.step("add", r.step("neg", r.step("abs", r.step("sub", turned, span))), span)
    return r.step("add", back, low)


def _taps(r, place, n, mode, padding, align):
    """(index, weight) of the neighbours that count along one axis; the weight None is 1."""
    if mode == "nearest":
        near, shares = r.step("round", place), [(0, None)]
    else:
        near = r.step("floor", place)
        share = r.step("sub", place, near)
        if mode in ("linear", "bilinear"):
            shares = [(0, r.step("add", r.step("neg", share), 1)), (1, share)]
        elif mode in ("cubic", "bicubic"):
            shares = [(k, cubic(r, r.step("abs", r.step("sub", share, k)), -0.75, k in (0, 1))) for k in (-1, 0, 1, 2)]
        else:
            raise Unread(f"the way {mode!r}")
    found = []
    for k, weight in shares:
        at = r.step("add", near, k) if k else near
        if padding == "reflection":
            at = _reflected(r, at, n, align)
        inside = r.step("clamp", at, min=0, max=n - 1)
        if padding == "zeros":
            there = r.step("cast", r.step("eq", inside, at), dtype=np.dtype("float64"))
            weight = there if weight is None else r.step("mul", weight, there)
        found.append((cast_to(r, inside, np.int64), weight))
    return found
