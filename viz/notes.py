"""What a recorder notes of an op while the learner waits, and what is kept of an array."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds

from minigrad import memory
from minigrad.device import device_of
from minigrad.tensor import Tensor
from viz.graph import Saved, Storage
from viz.summary import KEEP, Summary

COPIED = 2**20  # bytes of an array that is copied; to sum up a larger one at once takes no longer


class Note(NamedTuple):
    """One op that ran. Here is all that may be otherwise a moment later; what follows from it waits.

    given: numbers of values, and plain numbers in tuples. array: that of the output; data: the numbers of a small one,
    of another what `kept_of` makes of it. epoch: the count of all changes in place. node: a weak reference, None where
    nothing was recorded. names, saved: what the node keeps. way: as in `Sites.way`. module, entered: (root, path) of
    the module that runs, and of those that have begun since the last op. before: the value that stood in the output
    tensor before, if it was changed in place; name: what `name()` called it.
    """

    op: object
    attributes: dict
    given: list
    array: object
    data: object
    epoch: int
    reason: str | None
    node: object
    names: tuple
    saved: tuple
    way: tuple
    module: tuple
    entered: list
    backward: int | None
    before: int | None
    name: str | None

    def summary(self):
        """The numbers of the result; None when they have changed since and nobody said so in time."""
        if isinstance(self.data, Summary):
            return self.data
        if isinstance(self.data, bytes):
            return summary_of(np.frombuffer(self.data, self.array.dtype).reshape(self.array.shape))
        return None if memory.changed_since(self.data, self.epoch) else summary_of(self.data)

    def looks(self):
        """Shape, dtype and device of the result."""
        return self.array.shape, dtype_name(self.array.dtype), str(device_of(self.array))

    def kept(self, buffer):
        """What the node keeps, as in Step; `buffer` numbers the arrays that own memory."""
        return tuple([Saved(name, array.shape, array.nbytes, _version(array, self.epoch), *_where(array, buffer))
                      for name, array in zip(self.names, self.saved)])  # noqa: B905  behind the tensors comes the rest

    def storage(self, buffer):
        """Where the numbers of the result lie."""
        return storage_of(self.array, buffer, self.epoch)


def kept_of(array, inputs):
    """What a note holds of a large result until there is time: the array itself, if its memory is new; of one that
    looks at older memory, to which NumPy may write at any time, the summary."""
    owner = array if array.base is None else memory.owner(array)
    for x in inputs:
        if isinstance(x, Tensor):
            given = x.array
            if given is owner or (given.base is not None and memory.owner(given) is owner):
                return summary_of(array)
    return array


def copied(array):
    """What is held of an array whose memory may be anybody's: a copy if there is room for it, else the summary."""
    return array.copy() if array.nbytes <= COPIED else summary_of(array)


def settled(number):
    """A plain number as Python has it."""
    return number.item() if isinstance(number, np.generic) else number


def storage_of(array, buffer, epoch):
    """Where the numbers of an array lie, at that epoch; `buffer` numbers the arrays that own memory."""
    return Storage(*_where(array, buffer), array.strides, _version(array, epoch))


def _version(array, epoch):
    return 0 if isinstance(array, np.generic) else memory.version(array, epoch)


def _where(array, buffer):
    """(number of the memory that an array stands in, where in it); a plain number has none."""
    if isinstance(array, np.generic) or not array.nbytes:
        return None, (0, 0)
    if type(array) is np.ndarray and array.base is None:  # most arrays are new and own their memory
        return buffer(array), (0, array.nbytes)
    owner = memory.owner(array)
    return buffer(owner), span(array, owner)


def span(array, owner):
    """Where an array begins and ends in the memory of its owner, in bytes."""
    if array is owner or not isinstance(array, np.ndarray):
        return 0, owner.nbytes
    (start, stop), (first, _) = byte_bounds(array), byte_bounds(owner)
    return start - first, stop - first


@functools.cache
def dtype_name(dtype):
    """The name of a NumPy dtype, which NumPy works out anew each time."""
    return dtype.name


def summary_of(array):
    """What is kept of an array: a copy of up to KEEP numbers, else smallest, mean, largest, and a sample."""
    shape, dtype = array.shape, dtype_name(array.dtype)
    if array.size <= KEEP:
        return Summary(shape, dtype, array.tolist())
    step = array.size // KEEP | 1  # odd, so that it does not stay in one column
    sample = tuple(array.ravel(order="K")[::step].tolist())
    with np.errstate(all="ignore"):
        mean = float(array.sum(dtype=np.float64)) / array.size
        return Summary(shape, dtype, None, float(array.min()), mean, float(array.max()), sample)
