"""Scans: what has come together so far, at each element along `dim`. Sums, products, extreme values."""

from ..op import op

__all__ = ["cumprod", "cumsum", "fade_sum", "logcumsumexp", "running_place"]


def _running(xp, step, x, dim, exclusive, reverse, first):
    """One scan along `dim`: from the far end (reverse), of the elements before each one (exclusive)."""
    if dim is None:  # which NumPy takes for the flattened array
        raise TypeError(f"{step.__name__}(): argument 'dim' must be one whole number, not None. Use x.flatten() and 0.")
    if not x.ndim:
        return _running(xp, step, x.reshape(1), dim, exclusive, reverse, first).reshape(())
    x = xp.flip(x, dim) if reverse else x
    room = "int64" if x.dtype.kind in "iub" else "float32" if x.dtype.itemsize == 2 else None
    y = step(x, axis=dim, dtype=room)
    if exclusive and x.size:
        y = xp.roll(y, 1, dim)
        xp.moveaxis(y, dim, 0)[0] = first
    y = y if room in ("int64", None) else y.astype(x.dtype)
    return xp.flip(y, dim) if reverse else y


@op(kind="reduce", onnx="CumSum")
def cumsum(xp, x, /, dim, exclusive=False, reverse=False):
    """The sum of each element and all before it along `dim` (or of those before, exclusive). Integers give int64."""
    return _running(xp, xp.cumsum, x, dim, exclusive, reverse, 0)


cumsum.vjp(x=lambda g, dim, exclusive, reverse, xp: cumsum.on(
    xp, g, dim=dim, exclusive=exclusive, reverse=not reverse))  # fmt: skip


@op(kind="reduce")
def cumprod(xp, x, /, dim, exclusive=False, reverse=False):
    """The product of each element and all before it along `dim` (of those before: exclusive). Integers give int64."""
    return _running(xp, xp.cumprod, x, dim, exclusive, reverse, 1)


def _cumprod_rule(g, x, y, dim, exclusive, reverse, xp):
    """Each element's share of every product it is in: the product over the element, or, for the first 0, the product
    as if it were 1. After a 0 no element can change anything, not even nan."""

    def shares(products):
        return cumsum.on(xp, g * products, dim=dim, exclusive=exclusive, reverse=not reverse)

    zero = x == 0
    if x.shape and getattr(x, "requires_grad", False) and bool(zero.any()):  # it will be differentiated again
        return _by_pairs(g, x, dim, exclusive, reverse, xp)
    inside = cumsum.on(xp, zero, dim=dim, exclusive=exclusive, reverse=reverse)  # how many zeros each product has
    passed = cumsum.on(xp, zero, dim=dim, reverse=reverse)
    first = zero & (passed == 1)
    without = cumprod.on(xp, xp.where(first, 1, x), dim=dim, exclusive=exclusive, reverse=reverse)
    before = shares(xp.where(inside == 0, y, 0)) / xp.where(zero, 1, x)
    at_first = shares(xp.where(inside <= 1, without, 0))
    return xp.where(passed == 0, before, xp.where(first, at_first, 0))


def _by_pairs(g, x, dim, exclusive, reverse, xp):
    """The same as a sum over pairs of an element, k, and a product, j. So many take memory, but it is a polynomial,
    whose derivatives are right also where a factor is 0."""
    x, g = x.swapaxes(dim, -1), g.swapaxes(dim, -1)
    place = cumsum.on(xp, xp.where(False, x, 1), dim=-1)
    k, j = place[..., :, None], place[..., None, :]
    others = cumprod.on(xp, xp.where(k == j, 1, x[..., None, :]), dim=-1, exclusive=exclusive, reverse=reverse)
    has = (k > j if reverse else k < j) | ((k == j) & (not exclusive))
    return (xp.where(has, others, 0) * g[..., None, :]).sum(axis=-1).swapaxes(dim, -1)


cumprod.vjp(x=_cumprod_rule)


# Scans of what array modules can do for two arrays only


def scan(xp, step, x, dim):
    """step(... step(step(x0, x1), x2) ...) at every element, in log2(n) steps: each joins twice as many as the last.

    Source: Hillis, Steele (1986), "Data parallel algorithms".
    """
    y = xp.moveaxis(x.copy().reshape(x.shape or 1), dim, 0)
    reach = 1
    while reach < y.shape[0]:
        y[reach:] = step(y[:-reach], y[reach:])
        reach *= 2
    return xp.moveaxis(y, 0, dim).reshape(x.shape)


@op(kind="reduce", to_float="required")
def logcumsumexp(xp, x, /, dim):
    """log of the running sum of exp(x) along `dim`, without overflow."""
    return scan(xp, xp.logaddexp, x, dim)


@op(kind="reduce", broadcasts=False)
def fade_sum(xp, v, level, /, dim, reverse=False):
    """Running sum of v in which what came before fades as the level rises along `dim`: at j it is the sum of all
    v_i exp(level_i - level_j) up to j; with `reverse` that of v_i exp(level_j - level_i) from j on.

    It is the way back of logcumsumexp, whose results are the levels, and never overflows there.
    """
    if not v.ndim:
        return v.copy()
    if reverse:
        return xp.flip(fade_sum.forward(xp, xp.flip(v, dim), xp.flip(-level, dim), dim), dim)
    total, level = (xp.moveaxis(part, dim, 0) for part in (v.copy(), level))
    reach = 1
    while reach < total.shape[0]:
        low, high = level[:-reach], level[reach:]
        total[reach:] += total[:-reach] * xp.where(low == high, 1, xp.exp(low - high))  # also if both are infinite
        reach *= 2
    return xp.moveaxis(total, 0, dim)


def _level_rule(g, v, level, y, dim, reverse, xp):
    """What a higher level adds to its own sum, less what it takes from the others; or the other way round."""
    own, others = g * y, v * fade_sum.on(xp, g, level, dim=dim, reverse=not reverse)
    return own - others if reverse else others - own


fade_sum.vjp(v=lambda g, level, dim, reverse, xp: fade_sum.on(xp, g, level, dim=dim, reverse=not reverse),
             level=_level_rule)  # fmt: skip
logcumsumexp.vjp(x=lambda g, x, y, dim, xp: xp.exp(x - y) * fade_sum.on(
    xp, g, y, dim=dim, reverse=True))  # fmt: skip


@op(kind="cut")
def running_place(xp, x, /, dim, largest=True):
    """Where the largest (or smallest) element so far along `dim` stands: the last of equals, and of nan, which wins.

    A position has no derivative.
    """
    y = scan(xp, xp.maximum if largest else xp.minimum, x, dim)
    place = xp.arange(x.shape[dim] if x.ndim else 1)
    place = place.reshape([-1 if axis - dim in (0, x.ndim) else 1 for axis in range(x.ndim)])
    return scan(xp, xp.maximum, xp.where((x == y) | (x != x), place, 0), dim)
