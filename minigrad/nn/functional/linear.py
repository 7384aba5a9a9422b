"""Linear maps, lookup, dropout, attention."""

from __future__ import annotations

import math
import operator

from ... import inplace as in_place
from ... import memory, modes, ops
from ...creation import arange
from ...device import module_of
from ...errors import DtypeError, ShapeError
from ...explain import tensors_only, wrong_argument
from ...random import draw

_linear = ops.linear.run


def linear(input, weight, bias=None):
    """x times the transposed weight, plus bias.

    Shapes: input (..., n), weight (m, n) or (n,), bias (m,) or () -> (..., m) or (...)
    Errors: ShapeError when n differs; the message names both shapes.

    >>> import minigrad as mg
    >>> linear(mg.ones(5, 3), mg.ones(2, 3), mg.zeros(2)).shape
    Size([5, 2])
    """
    try:
        if bias is not None and weight.array.ndim == 2:
            return _linear(input, weight, bias)
        product = ops.matmul(input, weight.T if weight.array.ndim > 1 else weight)
        return product if bias is None else product + bias
    except AttributeError:
        raise wrong_argument(linear, "weight", weight) from None
    except ShapeError:
        if input.array.ndim and input.array.shape[-1] == weight.array.shape[-1]:
            raise
        raise ShapeError(
            f"linear(x: {tuple(input.shape)}, weight: {tuple(weight.shape)}): the last axis of x must have "
            f"{weight.array.shape[-1]} elements, the layer's in_features."
        ) from None


@tensors_only
def bilinear(input1, input2, weight, bias=None):
    """x1^T W_k x2 for each output k.

    Shapes: input1 (..., n), input2 (..., m), weight (out, n, m), bias (out,) -> (..., out)
    """
    if input1.shape[:-1] != input2.shape[:-1]:
        raise ShapeError(
            f"bilinear(): input batch dimensions do not match: got {tuple(input1.shape)} and {tuple(input2.shape)}"
        )
    for x, n, which in ((input1, weight.size(1), "input1"), (input2, weight.size(2), "input2")):
        if x.size(-1) != n:
            raise ShapeError(f"bilinear(): {which} size does not match weight size: got {x.size(-1)} but expected {n}")
    pairs = input1.unsqueeze(-1) * input2.unsqueeze(-2)
    return linear(pairs.flatten(-2), weight.flatten(1), bias)


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):  # fmt: skip
    """Rows of `weight` by number; the row `padding_idx` gets no gradient.

    Shapes: input (...) of whole numbers, weight (rows, width) -> (..., width)
    With `max_norm`, rows that are looked up and longer (in the `norm_type` norm) are shortened first, in place.
    Errors: IndexError for a row that is not there. `scale_grad_by_freq` and `sparse` are not in minigrad.
    """
    if scale_grad_by_freq or sparse:
        raise NotImplementedError("embedding(): scale_grad_by_freq and sparse are not in minigrad")
    if padding_idx is not None:
        if not -weight.size(0) <= padding_idx < weight.size(0):
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= weight.size(0)
    if max_norm is not None and input.numel():
        ops.embedding(weight.detach(), input)  # refuses rows that are not there before anything is changed
        _shorten(weight, input, max_norm, norm_type)
    return ops.embedding(weight, input, padding_idx=padding_idx)


def _shorten(weight, input, max_norm, norm_type):
    """Rows that are looked up and longer than max_norm, shortened in place and out of the graph."""
    if modes.state.staging is None:
        xp, rows = module_of(weight.array), module_of(input.array).unique(input.array)
        norms = xp.linalg.norm(weight.array[rows], norm_type, axis=1, keepdims=True)
        weight.array[rows] *= xp.where(norms > max_norm, max_norm / (norms + 1e-7), 1).astype(weight.array.dtype)
        memory.changed(weight.array)
        return
    with modes.no_grad():  # as ops, so that they can be seen
        used = ops.one_hot_mask(input.reshape(-1), classes=weight.size(0)).any(dim=0).unsqueeze(1)
        norms = weight.norm(norm_type, 1, keepdim=True)
        weight.mul_(ops.where(ops.logical_and(used, norms > max_norm), max_norm / (norms + 1e-7), 1))


@tensors_only
def one_hot(tensor, num_classes=-1):
    """1 in the column of each class, else 0, as whole numbers. Shapes: (...) -> (..., num_classes)

    >>> import minigrad as mg
    >>> one_hot(mg.tensor([0, 2])).tolist()
    [[1, 0, 0], [0, 0, 1]]
    """
    array = tensor.array
    if array.dtype != "int64":
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, not {tensor.dtype}")
    if array.size and array.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if not array.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if operator.index(num_classes) == -1:
        num_classes = int(tensor._numbers().max()) + 1
    elif num_classes < 1 or (array.size and array.max() >= num_classes):
        raise RuntimeError("Class values must be smaller than num_classes.")
    return ops.one_hot_mask(tensor, classes=num_classes).long()


# Dropout


def _kept(shape, p, like, generator=None):
    """0 with probability p, else 1 / (1 - p), as a tensor outside of any graph. Errors: DtypeError for integers."""
    if p < 1 and not like.is_floating_point():
        raise DtypeError(f"dropout: 1 / (1 - p) can't be cast to the desired output type {like.dtype}. Use .float().")
    return draw("kept", shape, like.array.dtype, like.device, generator, p=p, scale=0.0 if p == 1 else 1 / (1 - p))


def _check_p(p):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


@tensors_only
def dropout(input, p=0.5, training=True, inplace=False, generator=None):
    """While training, zero each element with probability p and scale the rest by 1/(1-p); else the input itself.

    Source: Srivastava et al. (2014), "Dropout". `generator` is minigrad's own addition. Errors: ValueError unless
    0 <= p <= 1.
    """
    _check_p(p)
    if not training or p == 0:
        return input
    shape = input.array.shape
    if inplace:
        return in_place.change(input, "mul_", lambda x: x * _kept(shape, p, x, generator))
    return input * _kept(shape, p, input, generator)


def _channel_dropout(axes, name):
    """Dropout of whole channels: one number is drawn for all elements of the last `axes` axes."""

    def run(input, p=0.5, training=True, inplace=False):
        _check_p(p)
        acts = training and p != 0
        if (acts or axes == 1) and input.dim() not in (axes + 1, axes + 2):  # with one axis PyTorch asks always
            raise RuntimeError(f"{name}: Expected {axes + 1}D or {axes + 2}D input, but received {input.dim()}D input")
        if not acts:
            return input
        kept = _kept((*input.shape[: input.dim() - axes], *(1,) * axes), p, input)
        return in_place.change(input, "mul_", lambda x: x * kept) if inplace else input * kept

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"Zero whole channels with probability p. Shapes: (N, C, {'...' if axes > 1 else 'L'}) or without N."
    return run


dropout1d, dropout2d = _channel_dropout(1, "dropout1d"), _channel_dropout(2, "dropout2d")


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout that keeps mean 0 and variance 1 after selu. Source: Klambauer et al. (2017)."""
    _check_p(p)
    if not training or p == 0:
        return input
    low = -1.7580993408473766  # selu(-inf)
    scale = 0.0 if p == 1 else (1 - p + p * (1 - p) * low * low) ** -0.5
    kept = draw("kept", input.array.shape, input.array.dtype, input.device, p=p, scale=1.0)
    made = (input * kept + low * (1 - kept)) * scale - low * p * scale
    return in_place.change(input, "alpha_dropout_", lambda x: made) if inplace else made


# Attention


@tensors_only
def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):  # fmt: skip
    """softmax(query key^T / sqrt(E)) value: a mean of values, weighed by how well keys fit the query.

    Shapes: query (..., L, E), key (..., S, E), value (..., S, V) -> (..., L, V). `attn_mask` broadcasts to (..., L, S):
    True where attention is allowed, or numbers to be added. Source: Vaswani et al. (2017), "Attention Is All You Need".

    >>> import minigrad as mg
    >>> query, key, value = mg.zeros(1, 2), mg.zeros(2, 2), mg.tensor([[0.0, 2.0], [4.0, 6.0]])
    >>> scaled_dot_product_attention(query, key, value)
    tensor([[2., 4.]])
    """
    return attention(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)[0]


def attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False,
              forgiving=True):  # fmt: skip
    """`scaled_dot_product_attention`, and the weights too. A query that may look at nothing gets zeros (`forgiving`)
    or nan.
    """
    if enable_gqa:
        key, value = (x.repeat_interleave(query.size(-3) // x.size(-3), -3) for x in (key, value))
    scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.size(-1)) if scale is None else scale)
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError("Explicit attn_mask should not be set when is_causal=True")
        steps = (arange(x.size(-2), device=query.device) for x in (query, key))
        attn_mask = next(steps).unsqueeze(1) >= next(steps)
    if attn_mask is None:
        weights = ops.softmax(scores, dim=-1)
    elif attn_mask.array.dtype.kind != "b":
        weights = _softmax_with(attn_mask, scores, forgiving)
    else:
        some = ops.any(attn_mask, dim=-1, keepdim=True)
        scores = ops.where(ops.logical_or(attn_mask, ops.logical_not(some)), scores, -math.inf)
        weights = ops.where(some, ops.softmax(scores, dim=-1), 0)
    weights = dropout(weights, dropout_p)
    return weights @ value, weights


def _softmax_with(mask, scores, forgiving):
    """The weights under a mask of numbers, of which minus infinity forbids to look."""
    if not forgiving or (modes.state.staging is None and not _some_forbid_all(mask.array)):
        return ops.softmax(scores + mask, dim=-1)
    none = ops.all(ops.eq(mask, -math.inf), dim=-1, keepdim=True)
    return ops.where(none, 0, ops.softmax(scores + ops.where(none, 0, mask), dim=-1))


def _some_forbid_all(mask):
    """Whether a row of the mask is minus infinity all along. A GPU is not waited for: there it may be so."""
    return module_of(mask).__name__ != "numpy" or bool(mask.size and (mask.max(axis=-1) == -math.inf).any())
