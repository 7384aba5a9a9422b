"""Reading Resize and Upsample: one axis after the other, each a weighted sum of a few neighbours."""

from __future__ import annotations

import numpy as np

from ...dtype import as_dtype
from ..prims import PRIMS
from .limits import demand
from .protos import Unread, Var, reads
from .read_math import cast_to


class Numbers:
    """Arithmetic on numbers, some of which are worked out only at run time."""

    def __init__(self, r):
        self.r = r

    def __getattr__(self, name):
        function = PRIMS[f"number.{name}"]

        def run(*given):
            late = any(isinstance(x, Var) for x in given)
            return self.r.step(f"number.{name}", *given) if late else function(*given)

        return run

    def whole(self, x):
        """The whole number below."""
        return self.floor(x)


@reads("Upsample")
def upsample(r, node, x, scales_in=None, scales=None, mode="nearest"):
    """Resize, as it was called before."""
    given = r.constant(np.array(scales, np.float32)) if scales_in is None else scales_in
    return resize(r, node, x, None, given, mode=mode, coordinate_transformation_mode="asymmetric", nearest_mode="floor")


@reads("Resize")
def resize(r, node, x, roi=None, scales=None, sizes=None, axes=None, mode="nearest", antialias=0, cubic_coeff_a=-0.75,
           coordinate_transformation_mode="half_pixel", exclude_outside=0, extrapolation_value=0.0,
           keep_aspect_ratio_policy="stretch", nearest_mode="round_prefer_floor"):  # fmt: skip
    """Every axis that changes."""
    if r.opsets[""] < 11 and scales is None and roi is not None:
        roi, scales = None, roi
        coordinate_transformation_mode, nearest_mode = "asymmetric", "floor"
    if antialias:
        raise Unread("with a filter against aliasing")
    demand(x.shape is not None and None not in x.shape, "the lengths have to be known before the model runs")
    n, rank = Numbers(r), x.ndim
    axes = [d % rank for d in axes] if axes else list(range(rank))
    scaled = _scales(r, n, x, axes, scales, sizes, keep_aspect_ratio_policy)
    regions = None if roi is None or coordinate_transformation_mode != "tf_crop_and_resize" else _floats(r, roi)
    lost, kept = None, x.dtype
    for i, (d, (scale, out)) in enumerate(zip(axes, scaled, strict=True)):
        if not isinstance(scale, Var) and scale == 1 and regions is None:
            continue
        region = None if regions is None else (regions[i], regions[i + len(axes)])
        place = _places(r, n, coordinate_transformation_mode, x.shape[d], scale, out, region)
        if regions is not None:
            beyond = r.step("logical_or", r.step("lt", place, 0.0), r.step("gt", place, float(x.shape[d] - 1)))
            beyond = _along(r, beyond, d, rank)
            lost = beyond if lost is None else r.step("logical_or", lost, beyond)
        shape = x.shape
        x = _mixed(r, x, d, place, mode, nearest_mode, cubic_coeff_a, exclude_outside)
        x.shape = (*shape[:d], None if isinstance(out, Var) else out, *shape[d + 1 :])
    if lost is not None:
        x = r.step("where", lost, float(extrapolation_value), x)
    return cast_to(r, x, kept) if mode != "nearest" else x


def _floats(r, x):
    if x.const is not None:
        return [float(v) for v in x.const.reshape(-1)]
    demand(x.shape is not None and None not in x.shape, "how many factors there are is not known")
    return [r.step("tensor.float", r.step("index", x, index=i)) for i in range(x.shape[0])]


def _scales(r, n, x, axes, scales, sizes, policy):
    """(factor, new length) of each axis."""
    lengths = [x.shape[d] for d in axes]
    if sizes is None or sizes.shape == (0,):
        return [(s, n.whole(n.mul(s, old))) for s, old in zip(_floats(r, scales), lengths, strict=True)]
    wanted = r.ints(sizes)
    ratios = [n.truediv(new, old) for new, old in zip(wanted, lengths, strict=True)]
    if policy == "stretch":
        return list(zip(ratios, wanted, strict=True))
    shared = ratios[0]
    for ratio in ratios[1:]:
        shared = (n.min if policy == "not_larger" else n.max)(shared, ratio)
    return [(shared, n.whole(n.add(n.mul(shared, old), 0.5))) for old in lengths]


def _places(r, n, mode, old, scale, new, region):
    """Where each new element lies among the old ones."""
    i = r.step("tensor.arange", 0, new, 1, dtype=as_dtype("float64"))
    half = r.step("sub", r.step("div", r.step("add", i, 0.5), scale), 0.5)
    if mode == "asymmetric":
        return r.step("div", i, scale)
    if mode == "half_pixel":
        return half
    if mode == "pytorch_half_pixel":
        return r.step("mul", half, n.gt(new, 1))
    if mode == "half_pixel_symmetric":
        rest = n.sub(1, n.truediv(new, n.mul(scale, old)))
        return r.step("add", half, n.mul(rest, old / 2))
    last = n.max(n.sub(n.mul(scale, old), 1), 1e-9)  # not of the length that came of it: so ONNX has it
    if mode == "align_corners":
        return r.step("mul", i, n.truediv(old - 1, last))
    if mode == "tf_crop_and_resize" and region is not None:
        start, end = region
        step = n.truediv(n.mul(n.sub(end, start), old - 1), last)
        return r.step("add", r.step("mul", i, step), n.mul(start, old - 1))
    raise Unread(f"places by {mode!r}")


def _along(r, x, d, rank):
    return r.step("reshape", x, shape=(*[1] * d, -1, *[1] * (rank - d - 1)))


def _mixed(r, x, d, place, mode, nearest, a, exclude):
    """The old elements around each place, weighed."""
    n, rank = x.shape[d], x.ndim

    def taken(index):
        whole = cast_to(r, r.step("clamp", index, min=0, max=n - 1), np.int64)
        return r.step("index", x, index=(*[slice(None)] * d, whole))

    if mode == "nearest":
        shifted = {"round_prefer_floor": lambda: r.step("ceil", r.step("sub", place, 0.5)),
                   "round_prefer_ceil": lambda: r.step("floor", r.step("add", place, 0.5)),
                   "floor": lambda: r.step("floor", place), "ceil": lambda: r.step("ceil", place)}  # fmt: skip
        return taken(shifted[nearest]())
    low = r.step("floor", place)
    share = r.step("sub", place, low)
    if mode == "linear":
        taps = [(0, r.step("sub", 1, share)), (1, share)]
    elif mode == "cubic":
        taps = [(k, cubic(r, r.step("abs", r.step("sub", share, k)), a, k in (0, 1))) for k in (-1, 0, 1, 2)]
    else:
        raise Unread(f"the way {mode!r}")
    total = None
    if exclude:
        there = [r.step("add", low, k) for k, _ in taps]
        inside = [r.step("eq", at, r.step("clamp", at, min=0, max=n - 1)) for at in there]
        taps = [(k, r.step("where", ok, w, 0.0)) for (k, w), ok in zip(taps, inside, strict=True)]
        for _, w in taps:
            total = w if total is None else r.step("add", total, w)
    found = None
    for k, weight in taps:
        weight = weight if total is None else r.step("div", weight, total)
        part = r.step("mul", taken(r.step("add", low, k)), _along(r, weight, d, rank))
        found = part if found is None else r.step("add", found, part)
    return found


def cubic(r, t, a, near):
    """The weight of a neighbour at the distance t. Source: Keys (1981), "Cubic convolution interpolation"."""
    powers = (a + 2, -(a + 3), 0, 1) if near else (a, -5 * a, 8 * a, -4 * a)
    found = powers[0]
    for coefficient in powers[1:]:
        found = r.step("add", r.step("mul", t, found), coefficient)
    return found
