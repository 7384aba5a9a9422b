"""Small arithmetic on shapes and axes, shared by ops and by the backward walk."""

from __future__ import annotations

import math
import operator
from functools import lru_cache

import numpy as np


def as_axis(dim, shape=(1,)):
    """`dim` as an array module wants it for an array of this shape: None (also for no axes, as in PyTorch), a number or
    a tuple. The dims 0 and -1 of what has no axes are None: NumPy would take them, CuPy does not. Errors: TypeError for
    True and False, which CuPy would take.

    >>> as_axis([0, 1]), as_axis(-1, ())
    ((0, 1), None)
    """
    if isinstance(dim, (list, tuple)):
        dim = dim[0] if len(dim) == 1 else tuple(dim) or None
    if dim is True or dim is False:
        raise TypeError("dim: an integer is required, not a truth value")
    return None if not shape and (dim == 0 or dim == -1) else dim


def kept_shape(shape, dim):
    """The shape after a reduction that keeps reduced axes as length 1.

    >>> kept_shape((2, 3, 4), 1), kept_shape((2, 3), None)
    ((2, 1, 4), (1, 1))
    """
    return _known(tuple(shape), tuple(dim) if type(dim) is list else dim)[0]


def _reduced(shape, dim):
    """The axes that a reduction over `dim` takes away."""
    dim = as_axis(dim)
    if dim is None:
        return range(len(shape))
    return {d % len(shape) if shape else 0 for d in (dim if isinstance(dim, tuple) else (dim,))}


def spread(g, shape, dim, xp):
    """Repeat the gradient of a reduction over the axes that were reduced, for arrays and tensors."""
    if xp is np and (not g.ndim or type(dim) is int):
        return _repeated(g, shape, dim)
    return xp.broadcast_to(g.reshape(kept_shape(shape, dim)), shape)


def _repeated(g, shape, dim):
    """The same for arrays of NumPy, over all axes or one: a view made directly, which nobody may write to."""
    steps = (0,) * len(shape)
    if g.ndim:
        g, first = np.ascontiguousarray(g), dim % len(shape)
        kept = g.strides if g.ndim < len(shape) else g.strides[:first] + g.strides[first + 1 :]
        steps = (*kept[:first], 0, *kept[first:])
    made = np.ndarray(shape, g.dtype, g, 0, steps)
    made.flags.writeable = False
    return made


def count(shape, dim):
    """How many elements go into each result of a reduction.

    >>> count((2, 3, 4), (0, 2))
    8
    """
    if dim is None:
        return math.prod(shape)
    return _known(tuple(shape), tuple(dim) if type(dim) is list else dim)[1]


@lru_cache(512, typed=True)  # True is no axis, though it equals 1
def _known(shape, dim):
    """`kept_shape` and `count`."""
    dims = _reduced(shape, dim)
    kept = tuple(1 if axis in dims else length for axis, length in enumerate(shape))
    return kept, math.prod(shape[axis] for axis in dims if shape)


def rows(x):
    """All axes but the last as one, for arrays and tensors.

    >>> import numpy as np
    >>> rows(np.ones((2, 3, 4))).shape, rows(np.ones(4)).shape
    ((6, 4), (1, 4))
    """
    if x.ndim == 2:
        return x
    return x.reshape((count(x.shape[:-1], None), x.shape[-1]))


def unbroadcast(g, shape):
    """Sum `g` over the axes along which an operand of `shape` was repeated. Works for arrays and tensors.

    >>> import numpy as np
    >>> unbroadcast(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    if tuple(g.shape) == shape:
        return g
    extra = len(g.shape) - len(shape)
    if extra < 0:  # x[0] = value also takes a value with more axes than x[0] has, if their length is 1
        return unbroadcast(g, shape[-extra:]).reshape(shape)
    axes = [*range(extra)] + [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1]
    return g.sum(axis=tuple(axes), keepdims=True).reshape(shape) if axes else g.reshape(shape)


def axis(dim, axes):
    """`dim` counted from the front; a 0-d tensor has the dims 0 and -1. Errors: IndexError when there is no such axis.

    >>> axis(-1, 3)
    2
    """
    dim, axes = operator.index(dim), max(axes, 1)
    if not -axes <= dim < axes:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-axes}, {axes - 1}], but got {dim})")
    return dim % axes
