"""Sequences of unequal length: side by side with padding, or packed without.

Packed means: the first steps of all sequences, then the second steps of those that have one, and so on; the longest
sequence comes first, so that the ones still running are always the first few. Nothing is computed for padding.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from ... import ops
from ...device import move
from ...tensor import Tensor


class PackedSequence(namedtuple("PackedSequence", "data batch_sizes sorted_indices unsorted_indices")):
    """Sequences without padding. Made by `pack_padded_sequence` and `pack_sequence`, and by recurrent layers.

    `data` has one row per step of a sequence, `batch_sizes` says how many sequences are running at each step (int64,
    always on the CPU); the indices say how sequences were sorted by length, and how to undo it.
    """

    __slots__ = ()

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if unsorted_indices is None and sorted_indices is not None:
            unsorted_indices = _inverse(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """The same on another device or in another dtype."""
        data = self.data.to(*args, **kwargs)
        order = (x if x is None else x.to(data.device) for x in (self.sorted_indices, self.unsorted_indices))
        return PackedSequence(data, self.batch_sizes, *order)

    def cpu(self):
        """The same in main memory."""
        return self.to("cpu")

    def cuda(self):
        """The same on a GPU."""
        return self.to("cuda")

    @property
    def is_cuda(self):
        """True on a GPU."""
        return self.data.is_cuda


def _inverse(order):
    return Tensor(order._numbers().argsort())


def _ints(numbers):
    """Plain NumPy integers of a tensor or a list."""
    return np.asarray(numbers.cpu()._numbers() if isinstance(numbers, Tensor) else numbers, "int64")


def _rows(lengths):
    """(step, sequence) of each packed row."""
    return np.nonzero(np.arange(lengths.max())[:, None] < lengths)


def _placed(indices, like):
    return tuple(move(i, like.device) for i in indices)


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Packed sequences from padded ones.

    Shapes: input (L, N, ...), or (N, L, ...) with `batch_first`; lengths N numbers, the longest first unless
    `enforce_sorted` is False. Errors: RuntimeError for a length that is not positive, or in the wrong order.

    >>> import minigrad as mg
    >>> pack_padded_sequence(mg.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True).data
    tensor([1, 3, 2])
    """
    input, lengths, order = (input.transpose(0, 1) if batch_first else input), _ints(lengths), None
    if lengths.shape != (input.size(1),):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {lengths.size} (batch_size={input.size(1)})"
        )
    if lengths.min(initial=1) <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if lengths.max(initial=0) > input.size(0):
        raise RuntimeError(f"Expected lengths up to {input.size(0)}, the padded length, but got {lengths.max()}")
    if not enforce_sorted:
        order = np.argsort(-lengths, kind="stable")
        lengths = lengths[order]
    elif (lengths[1:] > lengths[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement."
        )
    step, sequence = _rows(lengths)
    index = _placed((step, sequence if order is None else order[sequence]), input)
    sizes = Tensor(np.bincount(step).astype("int64"))
    return PackedSequence(
        ops.index(input, index=index), sizes, None if order is None else Tensor(move(order, input.device))
    )  # fmt: skip


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """Padded sequences from packed ones, and their lengths, in the order from before packing."""
    sizes = _ints(sequence.batch_sizes)
    lengths = (sizes[:, None] > np.arange(sizes[0])).sum(axis=0)
    if total_length is not None and total_length < len(sizes):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(sizes)}"
        )
    column = None if sequence.sorted_indices is None else _ints(sequence.sorted_indices)
    step, number = _rows(lengths)
    if column is not None:
        number, lengths = column[number], lengths[_ints(sequence.unsorted_indices)]
    padded = _put(sequence.data, step, number, (total_length or len(sizes), len(lengths)), padding_value)
    return (padded.transpose(0, 1) if batch_first else padded), Tensor(lengths)


def _put(data, step, number, shape, padding_value):
    """Rows at (step, number) of a tensor of this shape that is filled with the padding value."""
    empty = data.array.dtype.type(padding_value)
    full = Tensor(move(np.full((*shape, *data.shape[1:]), empty), data.device))
    return ops.index_put(full, data, index=_placed((step, number), data))


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Sequences of unequal length side by side. Shapes: N of (L_i, ...) -> (L, N, ...), or (N, L, ...).

    >>> import minigrad as mg
    >>> pad_sequence([mg.ones(2), mg.ones(1)], batch_first=True)
    tensor([[1., 1.],
            [1., 0.]])
    """
    if padding_side not in ("left", "right"):
        raise RuntimeError("Expected padding_side to be one of left or right, but got " + str(padding_side))
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    lengths = np.asarray([len(s) for s in sequences])
    step = np.concatenate([np.arange(n) + (lengths.max() - n) * (padding_side == "left") for n in lengths])
    number, shape = np.repeat(np.arange(len(lengths)), lengths), (lengths.max(), len(lengths))
    padded = _put(ops.cat(*sequences, dim=0), step, number, shape, padding_value)
    return padded.transpose(0, 1) if batch_first else padded


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The sequences of `pad_sequence`, one by one."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(n)] for row, n in zip(rows, _ints(lengths), strict=True)]


def pack_sequence(sequences, enforce_sorted=True):
    """Packed sequences from a list of them, the longest first unless `enforce_sorted` is False."""
    lengths = [len(s) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """The sequences of `pack_sequence`, one by one."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences))
