"""A tensor is an array and the place where its gradient goes. No arithmetic here: `methods.py` hangs it on.

`_edge` says everything about recording. It is None (not recorded), an `AccumulateGrad` (a leaf: backward ends here and
adds to `.grad`), or the `Node` of the op that made the tensor. So `requires_grad`, `is_leaf` and `grad_fn` are
questions to one field, and an op records its parents by copying it.
"""

from __future__ import annotations

import copy
import warnings
import weakref

import numpy as np

from . import memory, modes
from .device import device_of, module_of
from .dtype import DTYPES
from .errors import DtypeError, GradError, ShapeError
from .events import ReadBack, Switched, Zeroed
from .kind import Inference
from .node import Node
from .printing import text_of


class Size(tuple):
    """A shape; prints as PyTorch's does.

    >>> Size((2, 3))
    Size([2, 3])
    """

    __slots__ = ()

    def __getitem__(self, index):
        found = tuple.__getitem__(self, index)
        return Size(found) if type(found) is tuple else found

    def __add__(self, other):
        return Size(tuple.__add__(self, other))

    def numel(self):
        """The number of elements."""
        count = 1
        for length in self:
            count *= length
        return count

    def __repr__(self):
        return f"Size({list(self)})"


class AccumulateGrad(Node):
    """The end of a backward path: adds what arrives to the leaf's `.grad`. Made when a leaf asks for gradients.

    It holds its leaf weakly, so a leaf and its edge are no reference cycle.
    """

    __slots__ = ("_leaf",)
    parents = saved = versions = ()

    def __init__(self, leaf):
        self._leaf = weakref.ref(leaf)
        self.hooks = None

    @property
    def variable(self):
        """The leaf, or None when nobody else holds it any more."""
        return self._leaf()

    def name(self):
        """What PyTorch prints for it."""
        return "AccumulateGrad"


class Tensor:
    """An n-dimensional array that can be recorded and differentiated. Make one with `minigrad.tensor(...)`.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0], requires_grad=True)
    >>> y = x * x + x
    >>> y.backward()
    >>> x.grad
    tensor([7.])
    """

    # _kind may be None (not asked for yet, see kind.py). Unset until needed: _grad, _view of a view, _views of a base.
    __slots__ = ("__weakref__", "_edge", "_grad", "_kind", "_view", "_views", "array")

    __array_priority__ = 1000  # NumPy's arrays and scalars leave operators to the tensor

    def __new__(cls, array, requires_grad=False):
        if type(array) is not np.ndarray and (not hasattr(array, "dtype") or isinstance(array, Tensor)):
            raise TypeError(f"Tensor() wraps an array, not {type(array).__name__}: make one with minigrad.tensor(...)")
        self = object.__new__(cls)
        self.array = array
        self._edge = None
        state = modes.state
        state.grad  # noqa: B018  a thread's first look at its state also quiets its NumPy
        self._kind = None
        if modes.special:
            self._kind = Inference() if state.inference else None
            if state.staging is not None:
                state.staging.born(self)
        if requires_grad:
            self._require_grad()
        return self

    # What it is

    @property
    def shape(self):
        """The lengths of the axes."""
        return Size(self.array.shape)

    @property
    def ndim(self):
        """The number of axes."""
        return self.array.ndim

    @property
    def dtype(self):
        """The element type."""
        return DTYPES[self.array.dtype]

    @property
    def device(self):
        """Where the array lives."""
        return device_of(self.array)

    @property
    def is_cuda(self):
        """True on a GPU."""
        return self.device.type == "cuda"

    def size(self, dim=None):
        """The shape, or the length of one axis."""
        return self.shape if dim is None else self.array.shape[dim]

    def dim(self):
        """The number of axes."""
        return self.array.ndim

    def numel(self):
        """The number of elements."""
        return self.array.size

    def nelement(self):
        """The number of elements."""
        return self.array.size

    def element_size(self):
        """Bytes per element."""
        return self.array.itemsize

    def stride(self, dim=None):
        """Steps between neighbours along each axis, or along one, in elements."""
        steps = tuple(step // self.array.itemsize for step in self.array.strides)
        return steps if dim is None else steps[dim]

    def is_contiguous(self):
        """True when the elements lie in row order without gaps."""
        return bool(self.array.flags.c_contiguous)

    def data_ptr(self):
        """The address of the first element; equal addresses mean shared memory."""
        return self.array.ctypes.data if hasattr(self.array, "ctypes") else self.array.data.ptr

    def is_floating_point(self):
        """True for float16, float32 and float64."""
        return self.array.dtype.kind == "f"

    # What is recorded

    @property
    def grad_fn(self):
        """The node of the op that made this tensor; None for leaves and for what was not recorded."""
        return None if type(self._edge) is AccumulateGrad else self._edge

    @property
    def output_nr(self):
        """Which of its node's outputs this is: 0, as every node has one."""
        return 0

    @property
    def is_leaf(self):
        """True for tensors that no recorded op made."""
        return self._edge is None or type(self._edge) is AccumulateGrad

    @property
    def requires_grad(self):
        """Whether ops on this tensor are recorded."""
        return self._edge is not None

    @requires_grad.setter
    def requires_grad(self, wanted):
        if not isinstance(wanted, bool):
            raise GradError(f"requires_grad must be a bool, not {type(wanted).__name__}")
        if not self.is_leaf:
            self._refuse_to_switch()
        self.requires_grad_(wanted)

    def _refuse_to_switch(self):
        raise GradError(
            "you can only change requires_grad flags of leaf variables. "
            f"This tensor was made by {self._edge.name()}; use y = y.detach() to get one that is cut off from it."
        )

    def requires_grad_(self, requires_grad=True):
        """Start or stop recording on a leaf, in place.

        Errors: GradError on a tensor that a recorded op made (use `detach()`), DtypeError unless floating-point.
        """
        if not isinstance(requires_grad, bool):
            given = type(requires_grad).__name__
            raise TypeError(f"requires_grad_(): argument 'requires_grad' must be bool, not {given}")
        if not self.is_leaf:
            if requires_grad:
                return self
            self._refuse_to_switch()
        if requires_grad and self.is_inference() and not modes.state.inference:
            raise GradError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed. Use "
                            ".clone() first.")  # fmt: skip
        if modes.special and modes.state.watchers and requires_grad is not (self._edge is not None):
            modes.notify(Switched(self))
        if not requires_grad:
            self._edge = None
        elif self._edge is None:
            self._require_grad()
        return self

    def _require_grad(self):
        if self._edge is None:
            if self.array.dtype.kind != "f":
                raise DtypeError(
                    f"only Tensors of floating point dtype can require gradients, not {self.dtype}. "
                    "Write 3.0 in place of 3, or convert with .float() first."
                )
            self._edge = AccumulateGrad(self)
        return self

    @property
    def grad(self):
        """The accumulated gradient of a leaf (or after `retain_grad()`), None before the first backward."""
        found = getattr(self, "_grad", None)
        if found is None and not self.is_leaf and not self.retains_grad:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. It stays None: backward "
                "keeps gradients of leaves only. Call .retain_grad() on this tensor before backward to keep its own.",
                stacklevel=2,
            )
        return found

    @grad.setter
    def grad(self, new):
        if new is not None:
            if not isinstance(new, Tensor):
                raise TypeError(f"assigned grad must be a Tensor or None, not {type(new).__name__}")
            if new.array.shape != self.array.shape:
                raise ShapeError(f"assigned grad has shape {new.shape}, but the tensor has shape {self.shape}")
            if new.array.dtype != self.array.dtype:
                raise DtypeError(f"assigned grad has dtype {new.dtype}, but the tensor has dtype {self.dtype}")
        if modes.special and modes.state.staging is not None:
            modes.state.staging.cleared(self, True)
        had, self._grad = getattr(self, "_grad", None), new
        if new is None and had is not None and modes.special and modes.state.watchers:
            modes.notify(Zeroed(self, True))

    @grad.deleter
    def grad(self):
        self.grad = None

    @property
    def retains_grad(self):
        """True for a non-leaf after `retain_grad()`."""
        hooks = None if self.is_leaf else self._edge.hooks
        return bool(hooks) and any(getattr(hook, "retains", None) is not None for hook in hooks)

    @property
    def _version(self):
        """How often the memory of this tensor was changed in place; views and detach() share it."""
        return memory.version(self.array)

    @property
    def _base(self):
        """The tensor that this one is a view of, or None."""
        view = getattr(self, "_view", None)
        return None if view is None else view.base

    def _is_view(self):
        """True when this tensor shares the memory of another that autograd knows of."""
        return getattr(self, "_view", None) is not None

    def is_inference(self):
        """True when it was made under `inference_mode`."""
        return self._kind is not None and self._kind.inference

    def _put_array(self, array):
        """Hold another array from now on: what is known of the old one is forgotten."""
        self.array, self._kind = array, None

    # Values for Python

    def _numbers(self):
        """The array, for code that looks at its numbers and makes new ones of them without ops."""
        staging = modes.state.staging
        return self.array if staging is None else staging.read(self, "looked", self.array)

    def _read_back(self, how, given):
        """`given`, and word of it to the watchers."""
        if not modes.special:
            return given
        if modes.state.watchers:
            modes.notify(ReadBack(self, how, given))
        staging = modes.state.staging
        return given if staging is None else staging.read(self, how, given)

    def item(self):
        """The one element as a Python number. The graph does not follow it."""
        if self.array.size != 1:
            raise ShapeError(
                f"a Tensor with {self.array.size} elements cannot be converted to Scalar (shape {self.shape}). "
                "Reduce it first (.sum(), .mean()), pick an element (x[0].item()), or use .tolist()."
            )
        return self._read_back("item", self.array.item())

    def tolist(self):
        """Nested lists of Python numbers; one number for a 0-d tensor."""
        return self._read_back("tolist", self.array.tolist())

    def numpy(self):
        """The NumPy array itself: the memory is shared, and the graph does not follow it."""
        if self._edge is not None:
            raise GradError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if module_of(self.array).__name__ != "numpy":
            raise TypeError(f"can't convert a {self.device} tensor to numpy. Use tensor.cpu() to copy it first.")
        return self._read_back("numpy", self.array)

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        if copy is False and dtype is not None and array.dtype != dtype:
            raise ValueError("a change of dtype needs a copy")
        return array.astype(dtype or array.dtype, copy=bool(copy))

    def __bool__(self):
        if self.array.size != 1:
            raise ShapeError(
                f"Boolean value of Tensor with {'no values' if not self.array.size else 'more than one value'} is "
                f"ambiguous (shape {self.shape}). Use .any() or .all(), or compare one element."
            )
        return self._read_back("bool", bool(self.array.item()))

    def __float__(self):
        return self._read_back("float", float(self._only_element("float")))

    def __int__(self):
        return self._read_back("int", int(self._only_element("int")))

    def __index__(self):
        if self.array.dtype.kind not in "iub" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return self._read_back("int", int(self.array.item()))

    def _only_element(self, how):
        if self.array.size != 1:
            raise ShapeError(f"only tensors of one element can be converted to {how}, not one of shape {self.shape}")
        return self.array.item()

    def __len__(self):
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.array.shape[0]

    def __repr__(self):
        return text_of(self)

    def __format__(self, spec):
        if self.array.ndim or type(self) is not Tensor:
            return object.__format__(self, spec)
        return format(self._read_back("item", self.array.item()), spec)

    __hash__ = object.__hash__  # tensors compare element by element, but sets and dicts go by identity

    def __reduce__(self):
        return _rebuild, (type(self), self.array.copy(), self._edge is not None)

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise GradError("Only Tensors created explicitly by the user (graph leaves) can be deep-copied. Use "
                            "y.detach() first: a copy of the numbers cannot be part of the graph.")  # fmt: skip
        made = _rebuild(*self.__reduce__()[1])
        memo[id(self)] = made
        if getattr(self, "_grad", None) is not None:
            made._grad = copy.deepcopy(self._grad.detach(), memo)
        return made


def _rebuild(cls, array, requires_grad):
    return cls(array, requires_grad)
