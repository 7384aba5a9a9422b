"""Samplers: the order in which a loader asks a data set for its items."""

from __future__ import annotations

from itertools import islice

import numpy as np

from ..random import default_generator
from ..tensor import Tensor


def _positive(name, value):
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


class Sampler:
    """Gives indices: define `__iter__`, and `__len__` if the loader's length is asked for."""

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} does not say which indices come: define __iter__")


class SequentialSampler(Sampler):
    """0, 1, 2, ... in order."""

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler):
    """All indices in random order; or `num_samples` of them, with `replacement` drawn each for itself.

    Without replacement and with more samples than items, it goes round again in a new order.
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        _positive("num_samples", self.num_samples)

    @property
    def num_samples(self):
        """How many indices one pass gives; the length of the data set, as it is by then, unless said."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        numbers, n, wanted = (self.generator or default_generator).numpy, len(self.data_source), self.num_samples
        if self.replacement:
            yield from numbers.integers(n, size=wanted).tolist()
            return
        for start in range(0, wanted, n):
            yield from numbers.permutation(n)[: wanted - start].tolist()

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """These indices, in random order."""

    def __init__(self, indices, generator=None):
        self.indices, self.generator = indices, generator

    def __iter__(self):
        order = (self.generator or default_generator).numpy.permutation(len(self.indices))
        return (self.indices[i] for i in order.tolist())

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """`num_samples` indices, each with a probability in proportion to its weight: rare classes can be drawn as often.

    Errors: RuntimeError for weights that are negative, not finite or all 0, or without replacement too few above 0
    (there PyTorch gives indices of weight 0).

    >>> list(WeightedRandomSampler([0.0, 1.0], 3))
    [1, 1, 1]
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        _positive("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        array = weights.detach().cpu().array if isinstance(weights, Tensor) else weights
        self.weights = np.array(array, np.float64)
        if self.weights.ndim != 1:
            raise ValueError(f"weights should be a 1d sequence but given weights have shape {self.weights.shape}")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self):
        total = self.weights.sum()
        if not (self.weights >= 0).all() or not np.isfinite(total):
            raise RuntimeError("weights contain inf, nan or an element below 0")
        if not total:
            raise RuntimeError("invalid weights: their sum is 0")
        if not self.replacement and (self.weights > 0).sum() < self.num_samples:
            raise RuntimeError(f"cannot sample {self.num_samples} without replacement: "
                               f"{(self.weights > 0).sum()} weights are above 0")  # fmt: skip
        numbers = (self.generator or default_generator).numpy
        drawn = numbers.choice(len(self.weights), self.num_samples, self.replacement, self.weights / total)
        return iter(drawn.tolist())

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler):
    """The indices of another sampler in lists of `batch_size`; the last one shorter, or left out with `drop_last`.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler, batch_size, drop_last):
        _positive("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self):
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + bool(rest and not self.drop_last)
