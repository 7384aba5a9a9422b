"""Arrays that are not there: they note what NumPy is asked to do with them.

Formulas and optimizers are written for arrays. Given a Symbol in an array's place, the same code tells what it would
do: each ufunc goes to a `builder`, which answers with what stands for the result. Nothing is computed.
"""

from __future__ import annotations

import operator

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .errors import CaptureError


class Symbol(NDArrayOperatorsMixin):
    """Stands for an array of this shape and dtype; `ref` is what the builder knows it by. Written to, it changes `ref`.

    A builder has `ufunc(ufunc, operands, like)`, where operands are refs and numbers, and gives back a ref.
    """

    __slots__ = ("builder", "dtype", "ref", "shape")
    __array_priority__ = 2000

    def __init__(self, builder, shape, dtype, ref):
        self.builder, self.shape, self.dtype, self.ref = builder, tuple(shape), np.dtype(dtype), ref

    @property
    def xp(self):
        """What stands for the array module."""
        return _Module(self.builder)

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def size(self):
        return int(np.prod(self.shape))

    @property
    def itemsize(self):
        return self.dtype.itemsize

    def __len__(self):
        return self.shape[0]

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        if method != "__call__" or options:
            raise CaptureError(f"np.{ufunc.__name__}.{method} with {sorted(options)} cannot be put down")
        shape = _shape_of(inputs)
        dtype = ufunc.resolve_dtypes((*(_type_of(x) for x in inputs), *(None,) * ufunc.nout))[ufunc.nin]
        target = out[0] if out else None
        if target is not None and (not isinstance(target, Symbol) or target.shape != shape):
            raise CaptureError(f"np.{ufunc.__name__} writes to an array that is not known here")
        dtype = dtype if target is None else target.dtype
        ref = self.builder.ufunc(ufunc, [_ref_of(x) for x in inputs], shape, dtype)
        if target is None:
            return type(self)(self.builder, shape, dtype, ref)
        target.ref = ref
        return target

    def __array_function__(self, function, types, args, kwargs):
        raise CaptureError(f"np.{function.__name__} cannot be put down")

    def __bool__(self):
        raise CaptureError("Python asks for the truth of an array here, which is not known beforehand")

    def __float__(self, *index):
        raise CaptureError("Python asks for the number in an array here, which is not known beforehand")

    __int__ = __index__ = __iter__ = __getitem__ = __setitem__ = __float__

    def item(self):
        """The number in it, where there is one."""
        return self.builder.item(self)

    def copy(self):
        """The same numbers; what is written to one does not change the other."""
        return type(self)(self.builder, self.shape, self.dtype, self.ref)


def _shape_of(operands):
    """What they broadcast to: mostly the one shape that those with axes have."""
    shapes = {x.shape for x in operands if getattr(x, "shape", ())}
    return np.broadcast_shapes(*shapes) if len(shapes) > 1 else shapes.pop() if shapes else ()


class Number:
    """Stands for a Python number that is known only when the graph runs.

    `ref` as in Symbol; `now` is what it is at this moment, None where that is not known.
    """

    __slots__ = ("builder", "now", "ref")

    def __init__(self, builder, ref, now):
        self.builder, self.ref, self.now = builder, ref, now

    def _with(self, name, a, b):
        ref = self.builder.number(name, _ref_of(a), _ref_of(b))
        return Number(self.builder, ref, _now(name, a, b))

    def __bool__(self):  # the way that Python takes depends on it
        return self.builder.decided(self)

    def _compared(self, name, other):
        ref = self.builder.compared(name, self.ref, _ref_of(other))
        return bool(Number(self.builder, ref, _now(name, self, other)))

    def __lt__(self, other):
        return self._compared("lt", other)

    def __le__(self, other):
        return self._compared("le", other)

    def __gt__(self, other):
        return self._compared("gt", other)

    def __ge__(self, other):
        return self._compared("ge", other)


def _now(name, *operands):
    """What comes of it with the numbers of this moment; None where one is not known."""
    operands = [x.now if isinstance(x, Number) else x for x in operands]
    return None if None in operands else getattr(operator, name)(*operands)


def _operator(name, turned):
    def run(self, other):
        if isinstance(other, Symbol):
            return NotImplemented
        return self._with(name, other, self) if turned else self._with(name, self, other)

    return run


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(Number, f"__{_name}__", _operator(_name, False))
    setattr(Number, f"__r{_name}__", _operator(_name, True))


def _type_of(x):
    return x.dtype if hasattr(x, "dtype") else float if isinstance(x, Number) else type(x)


def _ref_of(x):
    return x.ref if isinstance(x, (Symbol, Number)) else x


class _Module:
    """Stands for NumPy where a formula or an optimizer asks the array for its module."""

    def __init__(self, builder):
        self.builder = builder

    def __getattr__(self, name):
        found = getattr(np, name)
        if not isinstance(found, np.ufunc):
            raise CaptureError(f"np.{name} cannot be put down")
        return found

    def empty(self, shape, dtype):
        """Memory to write to."""
        return Symbol(self.builder, shape, dtype, None)

    def zeros(self, shape, dtype):
        """New zeros."""
        return Symbol(self.builder, shape, dtype, self.builder.zeros(shape, dtype))

    def zeros_like(self, x):
        """New zeros of the shape of x."""
        return self.zeros(x.shape, x.dtype)

    @staticmethod
    def array(x):
        """A copy."""
        return x.copy()
