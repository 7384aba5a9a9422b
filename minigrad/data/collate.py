"""How items become a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .. import ops
from ..creation import from_numpy, tensor
from ..dtype import float64
from ..errors import ShapeError
from ..tensor import Tensor


def default_collate(batch):
    """Items as one batch: tensors, arrays and numbers stacked along a new first axis, lists and dicts place by place.

    Python floats give float64 and a tuple of columns comes as a list, as in PyTorch; texts stay texts, side by side.
    Errors: ShapeError when tensors or lists differ in length (pass a `collate_fn` that pads them), TypeError for items
    of any other kind.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        shapes = {tuple(t.shape) for t in batch}
        if len(shapes) > 1:
            raise ShapeError(f"stack expects each tensor to be equal size, but got {sorted(shapes)}: pass collate_fn")
        return ops.stack(*batch)
    if isinstance(first, np.ndarray) and first.dtype.kind not in "OSU":
        return default_collate([_tensor(item) for item in batch])
    if isinstance(first, float) and not isinstance(first, np.generic):
        return tensor(list(batch), dtype=float64)
    if isinstance(first, (int, np.bool_, np.number)):
        return tensor(np.array(batch)) if isinstance(first, np.generic) else tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like(first, {key: default_collate([item[key] for item in batch]) for key in first})
    if isinstance(first, Sequence):
        return _columns(first, batch)
    raise TypeError("default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
                    f"{type(first).__name__}. Pass a collate_fn that makes a batch of them.")  # fmt: skip


def _columns(first, batch):
    """One batch for each place in the items."""
    if len({len(item) for item in batch}) > 1:
        raise ShapeError("each element in list of batch should be of equal size: pass a collate_fn for lists of "
                         "unequal length")  # fmt: skip
    columns = [default_collate(column) for column in zip(*batch, strict=True)]
    if isinstance(first, tuple):
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    return _like(first, columns)


def _like(first, made):
    """`made` in the type of the items, where that can be made from it."""
    try:
        return type(first)(made)
    except TypeError:
        return made


def _tensor(array):
    return from_numpy(array) if array.ndim else tensor(array)


def default_convert(item):
    """One item with its arrays and NumPy's numbers as tensors: what a loader does that makes no batches."""
    if isinstance(item, np.ndarray) and item.dtype.kind not in "OSU":
        return _tensor(item)
    if isinstance(item, (np.bool_, np.number)):
        return tensor(np.array(item))
    if isinstance(item, Mapping):
        return _like(item, {key: default_convert(value) for key, value in item.items()})
    if isinstance(item, tuple):
        parts = [default_convert(part) for part in item]
        return type(item)(*parts) if hasattr(item, "_fields") else parts
    if isinstance(item, Sequence) and not isinstance(item, (str, bytes)):
        return _like(item, [default_convert(part) for part in item])
    return item
