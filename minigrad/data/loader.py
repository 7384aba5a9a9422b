"""Batches of a data set, one after the other."""

from __future__ import annotations

from itertools import islice

from ..tensor import Tensor
from .collate import default_collate, default_convert
from .dataset import IterableDataset, Subset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

_SETTLED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}


class DataLoader:
    """Batches of a data set, in order or shuffled anew for each pass.

    `shuffle` draws with `generator` (or the default one); `drop_last` leaves out a last smaller batch; `sampler` or
    `batch_sampler` say the order themselves; `collate_fn` makes a batch of a list of items. `batch_size=None` gives
    the items as they are. `num_workers`, `pin_memory` and what belongs to them are accepted and checked, so that code
    for PyTorch runs; the batches are made here, in this process, when they are asked for.
    Errors: ValueError for options that exclude each other.

    >>> import minigrad as mg
    >>> [len(x) for (x,) in DataLoader(TensorDataset(mg.arange(5)), batch_size=2)]
    [2, 2, 1]
    """

    def __init__(self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0,
                 collate_fn=None, pin_memory=False, drop_last=False, timeout=0, worker_init_fn=None,
                 multiprocessing_context=None, generator=None, *, prefetch_factor=None, persistent_workers=False,
                 pin_memory_device="", in_order=True):  # fmt: skip
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        iterable = isinstance(dataset, IterableDataset)
        if iterable:
            _check_iterable(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                                 "drop_last")  # fmt: skip
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None and not iterable:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(() if iterable else sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last, self.generator = dataset, batch_size, drop_last, generator
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.num_workers, self.pin_memory, self.timeout = num_workers, pin_memory, timeout
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self._begun = True

    def __setattr__(self, name, value):
        if name in _SETTLED and "_begun" in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after DataLoader is initialized: make a new one")
        super().__setattr__(name, value)

    def __len__(self):
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        if self.batch_size is None:
            return len(self.dataset)
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + bool(rest and not self.drop_last)

    def __iter__(self):
        if isinstance(self.dataset, IterableDataset):
            return self._from_stream()
        if self.batch_sampler is None:
            return (self.collate_fn(self.dataset[index]) for index in self.sampler)
        return (self._batch(indices) for indices in self.batch_sampler)

    def _from_stream(self):
        items = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, items)
            return
        while batch := list(islice(items, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def _batch(self, indices):
        dataset = self.dataset
        while type(dataset) is Subset:
            dataset, indices = dataset.dataset, [dataset.indices[i] for i in indices]
        if hasattr(dataset, "__getitems__"):  # a data set that can look up many items at once
            return self.collate_fn(dataset.__getitems__(indices))
        if type(dataset) is TensorDataset and self.collate_fn is default_collate and not _recorded(dataset.tensors):
            return [Tensor(t.array[list(indices)]) for t in dataset.tensors]  # all rows in one look-up
        return self.collate_fn([dataset[i] for i in indices])


def _recorded(tensors):
    return any(t.requires_grad for t in tensors)


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers):
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if prefetch_factor is not None and (not num_workers or prefetch_factor < 0):
        raise ValueError("prefetch_factor option should be non-negative, and needs num_workers > 0")
    if persistent_workers and not num_workers:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_iterable(shuffle, sampler, batch_sampler):
    for name, given in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
        if given is not None:
            raise ValueError(f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                             f"{name}={given}. Its items come in the order of its __iter__.")  # fmt: skip
