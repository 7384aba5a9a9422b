"""Normalisation over some axes: the one op behind batch, layer, group and instance norm."""

from ..axes import as_axis
from ..op import op

__all__ = ["standardize"]


def _spread_of(xp, x, dim, eps):
    """x minus its mean over `dim`, and one over its standard deviation; for arrays and tensors."""
    centred = x - x.mean(axis=dim, keepdims=True)
    variance = (centred * centred).mean(axis=dim, keepdims=True)
    return centred, 1 / xp.sqrt(variance + eps)


@op(kind="reduce", onnx="MeanVarianceNormalization", to_float="required")
def standardize(xp, x, /, dim, eps=1e-5):
    """(x - mean) / sqrt(variance + eps), both over `dim`, the variance without Bessel's correction.

    Source: Ioffe & Szegedy (2015), "Batch Normalization"; Ba, Kiros & Hinton (2016), "Layer Normalization".
    """
    if not x.size:
        return x.copy()
    centred, scale = _spread_of(xp, x, as_axis(dim), eps)
    return (centred * scale).astype(x.dtype)


def _standardize_rule(g, x, y, dim, eps, xp):
    """Mean and variance depend on x as well: what changes them takes away from g."""
    if 0 in x.shape:
        return g * 1
    dim = as_axis(dim)
    _, scale = _spread_of(xp, x, dim, eps)
    return scale * (g - g.mean(axis=dim, keepdims=True) - y * (g * y).mean(axis=dim, keepdims=True))


standardize.vjp(x=_standardize_rule)
