"""What a tensor is apart from its numbers: shape, dtype and device, as one object shared by all tensors alike.

Two operands with the same kind need nothing brought together: no promotion, no broadcasting, no move. So the commonest
question that an op has to ask is answered by one `is`.
"""

from __future__ import annotations

import math

import numpy as np

_kinds = {}
_MOST = 4096  # a program that makes more different shapes than this asks the long way


def beyond_half(value):
    """Whether a number, but for inf and nan, is too large for float16, or so small that it would be 0 there.

    >>> beyond_half(1e6), beyond_half(-1e-9), beyond_half(65504.0), beyond_half(0)
    (True, True, False, False)
    """
    size = abs(value)
    return 65520 <= size < math.inf or 0 < size <= 2**-25


class Kind:
    """Shape and dtype of arrays in the computer's main memory."""

    __slots__ = ("axes", "dtype", "is_float", "numbers", "shape")
    inference = False

    def __init__(self, shape, dtype):
        self.shape, self.dtype, self.axes = shape, dtype, len(shape)
        self.is_float = dtype.kind == "f"
        self.numbers = {}

    def number(self, value):
        """A Python number as an array of this dtype without axes: NumPy is twice as fast with one that is there.

        None where float16 has no room for it.
        """
        if self.dtype.itemsize == 2 and beyond_half(value):
            return None
        made = np.asarray(self.dtype.type(value))
        if value and len(self.numbers) < 256:  # 0.0 and -0.0 are equal, and would be taken for each other
            self.numbers[value] = made
        return made


class Inference:
    """The kind of one tensor that was made in inference mode; it equals no other, so ops look at it more closely."""

    __slots__ = ()
    axes, is_float, inference = 0, False, True


def kind_of(array):
    """The kind of a NumPy array; None for arrays of other modules, which have their own ways to be fast."""
    if type(array) is not np.ndarray:
        return None
    key = array.shape, array.dtype
    kind = _kinds.get(key)
    if kind is None:
        if len(_kinds) >= _MOST:
            _kinds.clear()
        kind = _kinds[key] = Kind(*key)
    return kind
