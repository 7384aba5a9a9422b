"""Rows of a table, looked up in bags and brought together."""

from __future__ import annotations

import math

import numpy as np

from ... import ops
from ...device import module_of
from ...errors import ShapeError
from ...tensor import Tensor
from .linear import embedding


def embedding_bag(
    input, weight, offsets=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode="mean", sparse=False,
    per_sample_weights=None, include_last_offset=False, padding_idx=None,
):  # fmt: skip
    """The mean, sum or max of the rows of `weight` that each bag names; zeros for an empty bag.

    Shapes: input (bags, n), or (total,) with the place in it where each bag begins in `offsets`; weight (rows, width)
    -> (bags, width). `padding_idx` does not count. `per_sample_weights` (as input) go with mode="sum".

    >>> import minigrad as mg
    >>> embedding_bag(mg.tensor([0, 2, 2]), mg.tensor([[1.0], [5.0], [3.0]]), offsets=mg.tensor([0, 2]))
    tensor([[2.],
            [3.]])
    """
    if mode not in ("mean", "sum", "max"):
        raise ValueError(f"mode has to be one of sum, mean or max, not {mode!r}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(f"embedding_bag(): per_sample_weights go with mode='sum' only, not {mode!r}")
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(f"per_sample_weights {per_sample_weights.shape} must have the input's shape {input.shape}")
    if input.dim() not in (1, 2) or (input.dim() == 2) != (offsets is None):
        raise ValueError(f"embedding_bag(): a 2D input goes without offsets, a 1D one with; it is {input.dim()}D")
    xp = module_of(input.array)
    there = xp.ones(input.array.shape, "bool")
    if offsets is not None:
        places, there = map(xp.asarray, _bags(input.numel(), offsets, include_last_offset))
        input = input[Tensor(places)]
        per_sample_weights = None if per_sample_weights is None else per_sample_weights[Tensor(places)]
    if padding_idx is not None:
        there = there & (input._numbers() != padding_idx % weight.size(0))
    rows = embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(-1)
    return _together(rows, there, mode)


def _bags(total, offsets, include_last_offset):
    """For each bag the places of its elements, filled up with 0 to one length, and which of them are real."""
    begins = offsets.tolist()
    if offsets.dim() != 1 or not begins or begins[0] != 0 or begins[-1] > total or sorted(begins) != begins:
        raise ShapeError(f"embedding_bag(): offsets must ascend from 0 to at most {total}, in one dimension: {begins}")
    if include_last_offset and begins[-1] != total:
        raise ShapeError(f"embedding_bag(): with include_last_offset offsets must end with {total}, the input's length")
    ends = begins[1:] if include_last_offset else [*begins[1:], total]
    lengths = np.array([end - begin for begin, end in zip(begins, ends, strict=False)], "int64")
    steps = np.arange(lengths.max(initial=0))
    there = steps < lengths[:, None]
    return np.where(there, np.array(begins[: len(ends)], "int64")[:, None] + steps, 0), there


def _together(rows, there, mode):
    """Shapes: rows (bags, n, width), there (bags, n) -> (bags, width)"""
    real = Tensor(there[..., None])
    if mode == "max":
        some = Tensor(there.any(axis=1)[:, None])
        if not rows.size(1):
            return rows.sum(dim=1)
        return ops.where(some, ops.where(real, rows, -math.inf).max(dim=1).values, 0)
    total = ops.where(real, rows, 0).sum(dim=1)
    if mode == "sum":
        return total
    counts = there.sum(axis=1)[:, None]
    return total / Tensor(module_of(counts).maximum(counts, 1).astype(rows.array.dtype))
