"""Data sets and batches."""

from __future__ import annotations

import numpy as np

from .creation import default_generator, tensor
from .device import module_of
from .errors import ShapeError
from .tensor import Tensor


class Dataset:
    """Anything with a length and an item per index."""

    def __getitem__(self, index):
        raise TypeError(f"{type(self).__name__} does not say what item {index} is: define __getitem__")

    def __len__(self):
        raise TypeError(f"{type(self).__name__} does not say how many items it has: define __len__")


class TensorDataset(Dataset):
    """Tensors of equal length; item i is the tuple of their rows i.

    >>> import minigrad as mg
    >>> TensorDataset(mg.arange(3), mg.arange(3) * 10)[1]
    (tensor(1), tensor(10))
    """

    def __init__(self, *tensors):
        lengths = {len(t) for t in tensors}
        if len(lengths) != 1:
            raise ShapeError(f"Size mismatch between tensors: their lengths are {[len(t) for t in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def __len__(self):
        return len(self.tensors[0])


class Subset(Dataset):
    """The items of a data set at these indices."""

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, list(indices)

    def __getitem__(self, index):
        return self.dataset[self.indices[index]]

    def __len__(self):
        return len(self.indices)


def random_split(dataset, lengths, generator=None):
    """Subsets of these lengths (whole numbers that add up, or fractions of 1), drawn at random without overlap."""
    total = len(dataset)
    if all(0 < n <= 1 for n in lengths) and abs(sum(lengths) - 1) < 1e-9:
        lengths = [int(n * total) for n in lengths]
        for i in range(total - sum(lengths)):
            lengths[i % len(lengths)] += 1
    if sum(lengths) != total:
        raise ValueError(f"Sum of input lengths {list(lengths)} does not equal the length of the dataset, {total}")
    order = (generator or default_generator).numpy.permutation(total).tolist()
    ends = np.cumsum(lengths).tolist()
    return [Subset(dataset, order[end - n : end]) for n, end in zip(lengths, ends, strict=True)]


def default_collate(items):
    """Items as one batch: tensors and numbers stacked along a new first axis, tuples and dicts place by place.

    Python floats give float64, as in PyTorch; texts stay a list.
    """
    first = items[0]
    if isinstance(first, dict):
        return {key: default_collate([item[key] for item in items]) for key in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(list(column)) for column in zip(*items, strict=True)))
    if isinstance(first, (tuple, list)):
        return type(first)(default_collate(list(column)) for column in zip(*items, strict=True))
    if isinstance(first, (str, bytes)):
        return list(items)
    if isinstance(first, Tensor):
        shapes = {tuple(t.shape) for t in items}
        if len(shapes) > 1:
            raise ShapeError(f"stack expects each tensor to be equal size, but got {sorted(shapes)}: pass collate_fn")
        return Tensor(module_of(first.array).stack([t.array for t in items]))
    return tensor(np.asarray(items))


class DataLoader:
    """Batches of a data set, in order or shuffled anew for each pass.

    `shuffle` draws with `generator` (or the default one); `drop_last` leaves out a last smaller batch; `collate_fn`
    makes a batch of a list of items.

    >>> import minigrad as mg
    >>> [len(x) for (x,) in DataLoader(TensorDataset(mg.arange(5)), batch_size=2)]
    [2, 2, 1]
    """

    def __init__(self, dataset, batch_size=1, shuffle=False, drop_last=False, collate_fn=None, generator=None):
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        self.dataset, self.batch_size, self.shuffle, self.drop_last = dataset, batch_size, shuffle, drop_last
        self.collate_fn, self.generator = collate_fn, generator

    def __len__(self):
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (1 if rest and not self.drop_last else 0)

    def __iter__(self):
        total = len(self.dataset)
        order = (self.generator or default_generator).numpy.permutation(total) if self.shuffle else np.arange(total)
        for batch in range(len(self)):
            rows = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            if self.collate_fn is None and isinstance(self.dataset, TensorDataset):
                yield tuple(Tensor(t.array[rows]) for t in self.dataset.tensors)  # all rows in one look-up
            else:
                yield (self.collate_fn or default_collate)([self.dataset[i] for i in rows.tolist()])
