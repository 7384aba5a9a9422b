"""Normalisation over some axes: the one op behind batch, layer, group and instance norm."""

from ..axes import as_axis, count
from ..op import op
from ..shortcuts import back_through_standardized, standardized, total

__all__ = ["standardize"]


def _mean(x, dim):
    """The mean over `dim`, kept as axes of length 1; for arrays and tensors. NumPy's own takes three times as long."""
    return total(x, dim) / count(x.shape, dim)


def _scale_of(xp, centred, dim, eps):
    """One over the standard deviation of what has the mean 0."""
    return 1 / xp.sqrt(_mean(centred * centred, dim) + eps)


def _scale_again(x, dim, eps, xp):
    dim = as_axis(dim)
    return _scale_of(xp, x - _mean(x, dim), dim, eps)


@op(kind="reduce", onnx="MeanVarianceNormalization", to_float="required", byproducts={"scale": _scale_again})
def standardize(xp, x, /, dim, eps=1e-5):
    """(x - mean) / sqrt(variance + eps), both over `dim`, the variance without Bessel's correction.

    Source: Ioffe & Szegedy (2015), "Batch Normalization"; Ba, Kiros & Hinton (2016), "Layer Normalization".
    """
    if not x.size:
        return x.copy(), x
    dim = as_axis(dim)
    if (made := standardized(x, dim, eps)) is not None:
        return made
    centred = x - _mean(x, dim)
    scale = _scale_of(xp, centred, dim, eps)
    return (centred * scale).astype(x.dtype), scale


def _standardize_rule(g, y, scale, dim):
    """Mean and variance depend on x as well: what changes them takes away from g."""
    if 0 in g.shape:
        return g * 1
    dim = as_axis(dim)
    return scale * (g - _mean(g, dim) - y * _mean(g * y, dim))


def _standardize_quickly(g, y, scale, dim):
    """The same for arrays of NumPy, in one array."""
    found = back_through_standardized(g, y, scale, as_axis(dim))
    return _standardize_rule(g, y, scale, dim) if found is None else found


standardize.vjp(x=_standardize_rule)
standardize.quick(x=_standardize_quickly)
