"""Attention, and the encoder layer of a transformer."""

from __future__ import annotations

import math
from copy import deepcopy

from .. import ops
from ..creation import zeros
from ..errors import ShapeError
from . import functional as F
from . import init
from .containers import ModuleList
from .functional.linear import attention
from .linear import Linear, new
from .module import Module
from .norm import Dropout, LayerNorm


class MultiheadAttention(Module):
    """Several attentions side by side, each on its own part of the features.

    Shapes: query (L, N, E), key and value (S, N, E) -> (output (L, N, E), weights (N, L, S)); (N, L, E) and (N, S, E)
    with `batch_first`; without N for one sequence. In masks True means "not to be looked at", unlike
    `scaled_dot_product_attention`. Names follow torch.nn, so state dicts are interchangeable; `add_bias_kv` and
    `add_zero_attn` are not in minigrad. Source: Vaswani et al. (2017).

    >>> import minigrad as mg
    >>> x = mg.ones(5, 1, 4)
    >>> output, weights = MultiheadAttention(embed_dim=4, num_heads=2)(x, x, x)
    >>> output.shape, weights.shape
    (Size([5, 1, 4]), Size([1, 5, 5]))
    """

    def __init__(
        self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None,
        vdim=None, batch_first=False, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        if add_bias_kv or add_zero_attn:
            raise NotImplementedError("MultiheadAttention: add_bias_kv and add_zero_attn are not in minigrad")
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"embed_dim and num_heads must be greater than 0, got {embed_dim} and {num_heads}")
        if embed_dim % num_heads:
            raise AssertionError("embed_dim must be divisible by num_heads")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.head_dim, kind = embed_dim // num_heads, {"device": device, "dtype": dtype}
        apart = self.kdim != embed_dim or self.vdim != embed_dim
        shapes = {
            "q_proj_weight": (embed_dim, embed_dim) if apart else None,
            "k_proj_weight": (embed_dim, self.kdim) if apart else None,
            "v_proj_weight": (embed_dim, self.vdim) if apart else None,
            "in_proj_weight": None if apart else (3 * embed_dim, embed_dim),
        }
        for name, shape in shapes.items():
            self.register_parameter(name, init.xavier_uniform_(new(*shape, **kind)) if shape else None)
        self.register_parameter("in_proj_bias", new(3 * embed_dim, **kind) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias, **kind)
        if bias:
            init.zeros_(self.out_proj.bias)

    def forward(
        self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True,
        is_causal=False,
    ):  # fmt: skip
        if query.dim() not in (2, 3):
            raise ShapeError(f"query should be unbatched 2D or batched 3D tensor but received {query.dim()}-D query")
        if is_causal and attn_mask is None:
            raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
        batch_axis = 0 if self.batch_first else 1
        has_batch = query.dim() == 3
        if not has_batch:
            query, key, value = (x.unsqueeze(batch_axis) for x in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        if not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        heads = [self._heads(self._projected(x, i)) for i, x in enumerate((query, key, value))]
        mask = self._mask(attn_mask, key_padding_mask, query, heads[1])
        out, weights = attention(*heads, mask, self.dropout if self.training else 0.0, forgiving=not need_weights)
        out = self.out_proj(out.transpose(1, 2).flatten(2))
        out = out if self.batch_first else out.transpose(0, 1)
        weights = weights.mean(dim=1) if average_attn_weights else weights
        if not has_batch:
            out, weights = out.squeeze(batch_axis), weights.squeeze(0)
        return out, (weights if need_weights else None)

    def _projected(self, x, i):
        """Query (i = 0), key or value, after its own linear map."""
        part = slice(i * self.embed_dim, (i + 1) * self.embed_dim)
        apart = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)[i]
        weight = self.in_proj_weight[part] if apart is None else apart
        return F.linear(x, weight, None if self.in_proj_bias is None else self.in_proj_bias[part])

    def _heads(self, x):
        """(N, L, E) as (N, heads, L, E / heads)."""
        return x.reshape(x.size(0), x.size(1), self.num_heads, self.head_dim).transpose(1, 2)

    def _mask(self, attn_mask, key_padding_mask, query, keys):
        """Both masks as numbers to be added to the scores (N, heads, L, S); None when there is neither."""
        total = None
        if attn_mask is not None:
            total = _as_numbers(attn_mask, query)
            shape = (query.size(1), keys.size(2))
            if total.dim() == 2 and tuple(total.shape) != shape:
                raise ShapeError(f"The shape of the 2D attn_mask is {total.shape}, but should be {shape}.")
            if total.dim() == 3:
                total = total.reshape(query.size(0), self.num_heads, query.size(1), keys.size(2))
        if key_padding_mask is not None:
            shape = (query.size(0), keys.size(2))
            if tuple(key_padding_mask.shape) != shape:
                raise ShapeError(f"Expected key_padding_mask of shape {shape}, but got {key_padding_mask.shape}.")
            padding = _as_numbers(key_padding_mask, query)[:, None, None, :]
            total = padding if total is None else total + padding
        return total


def _as_numbers(mask, like):
    """True as minus infinity, False as 0; numbers as they are."""
    if mask.array.dtype.kind != "b":
        return mask
    return ops.where(mask, -math.inf, zeros(mask.shape, dtype=like.dtype, device=like.device))


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers; each with a way around it, dropout and layer norm.

    Shapes: src (L, N, d_model), or (N, L, d_model) with `batch_first` -> the same. Source: Vaswani et al. (2017).
    """

    def __init__(
        self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=F.relu, layer_norm_eps=1e-5,
        batch_first=False, norm_first=False, bias=True, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        kind = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **kind)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **kind)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **kind)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **kind)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **kind)
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        if isinstance(activation, str) and activation not in ("relu", "gelu"):
            raise RuntimeError(f"activation should be relu/gelu, not {activation}")
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        def attend(x):
            return self.dropout1(self.self_attn(x, x, x, src_key_padding_mask, False, src_mask)[0])

        def feed_forward(x):
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            src = src + attend(self.norm1(src))
            return src + feed_forward(self.norm2(src))
        src = self.norm1(src + attend(src))
        return self.norm2(src + feed_forward(src))


class TransformerEncoder(Module):
    """Several copies of one encoder layer, each with parameters of its own, and a norm at the end if there is one."""

    def __init__(self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True):
        super().__init__()
        self.layers = ModuleList([deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask)
        return src if self.norm is None else self.norm(src)
