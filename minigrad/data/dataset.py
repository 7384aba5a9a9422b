"""Data sets: anything with a length and an item per index, or, iterable, anything that gives items in a row."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from itertools import accumulate

from ..random import default_generator


class Dataset:
    """Anything with an item per index: define `__getitem__`, and `__len__` for samplers to know where it ends.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, i):
    ...         return i, i * i
    >>> from minigrad.data import DataLoader
    >>> [list(batch) for batch in DataLoader(Squares(), batch_size=2)]
    [[tensor([0, 1]), tensor([0, 1])], [tensor([2, 3]), tensor([4, 9])]]
    """

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} does not say what item {index} is: define __getitem__")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Items in a row, of which nobody need know the number: define `__iter__`. It cannot be shuffled or sampled."""

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} does not say what its items are: define __iter__")

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Tensors of equal length; item i is the tuple of their rows i.

    >>> import minigrad as mg
    >>> TensorDataset(mg.arange(3), mg.arange(3) * 10)[1]
    (tensor(1), tensor(10))
    """

    def __init__(self, *tensors):
        if len({t.shape[0] for t in tensors}) != 1:
            raise AssertionError(f"Size mismatch between tensors: their lengths are {[t.shape[0] for t in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def __len__(self):
        return self.tensors[0].shape[0]


class StackDataset(Dataset):
    """Data sets of equal length side by side; item i is the tuple (by keyword: the dict) of their items i."""

    def __init__(self, *datasets, **named):
        if bool(datasets) == bool(named):
            raise ValueError("give data sets one by one, or all by name" if named else "At least one dataset should be "
                             "passed")  # fmt: skip
        self.datasets = datasets or named
        lengths = [len(dataset) for dataset in datasets or named.values()]
        if len(set(lengths)) != 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")

    def __getitem__(self, index):
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self):
        datasets = self.datasets
        return len(next(iter(datasets.values())) if isinstance(datasets, dict) else datasets[0])


class ConcatDataset(Dataset):
    """Data sets one after the other; `a + b` makes one.

    >>> len(ConcatDataset([range(3), range(4)])), ConcatDataset([range(3), range(4)])[4]
    (7, 1)
    """

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset: use ChainDataset")
        self.cumulative_sizes = list(accumulate(map(len, self.datasets)))

    def __getitem__(self, index):
        if index < 0:
            if -index > len(self):
                raise ValueError(f"absolute value of index should not exceed dataset length: {index}, {len(self)}")
            index += len(self)
        if index >= len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} items")
        place = bisect_right(self.cumulative_sizes, index)
        return self.datasets[place][index - (self.cumulative_sizes[place - 1] if place else 0)]

    def __len__(self):
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset):
    """Iterable data sets one after the other."""

    def __init__(self, datasets):
        self.datasets = datasets

    def _checked(self):
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self):
        for dataset in self._checked():
            yield from dataset

    def __len__(self):
        return sum(map(len, self._checked()))


class Subset(Dataset):
    """The items of a data set at these indices.

    >>> list(Subset("abcdef", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self):
        return len(self.indices)


def random_split(dataset, lengths, generator=None):
    """Subsets of these lengths (whole numbers that add up, or fractions of 1), drawn at random without overlap.

    What fractions leave over goes to the first subsets, one item each. Errors: ValueError when lengths do not add up.

    >>> [len(part) for part in random_split(range(10), [0.5, 0.25, 0.25])]
    [6, 2, 2]
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1):
        lengths = _shares(lengths, total)
    if sum(lengths) != total:
        raise ValueError(f"Sum of input lengths {list(lengths)} does not equal the length of the dataset, {total}")
    order = (generator or default_generator).numpy.permutation(total).tolist()
    return [Subset(dataset, order[end - n : end]) for n, end in zip(lengths, accumulate(lengths), strict=True)]


def _shares(fractions, total):
    """How many of `total` items each fraction gets."""
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
    lengths = [math.floor(total * fraction) for fraction in fractions]
    for i in range(total - sum(lengths)):
        lengths[i % len(lengths)] += 1
    for i, length in enumerate(lengths):
        if not length:
            warnings.warn(f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=3)
    return lengths
