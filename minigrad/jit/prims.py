"""Records for what a graph does beside running ops on tensors: numbers, lengths, lists, new tensors, random numbers.

They have the fields of an op record that readers ask for (name, arguments, attributes, kind, onnx), and no derivative.
What they do to tensors they do with ops, so that derivatives flow through a list of tensors as well.
"""

from __future__ import annotations

import inspect
import math
import operator

from .. import creation, modes, pieces, random
from ..errors import DeviceError, DtypeError, ShapeError
from ..inplace import check_result

PRIMS = {}


class Prim:
    """The record of one primitive. `makes` says which kind of value comes out (see graph.KINDS).

    draws: it makes random numbers. effects: it does more than making its result, so no pass may leave it out.
    """

    rules, byproducts, view, variadic, onnx, draws, effects = {}, {}, False, False, None, False, False

    def __init__(self, name, function, makes, kind):
        self.name, self.function, self.makes, self.kind = name, function, makes, kind
        parameters = list(inspect.signature(function).parameters.values())
        self.variadic = bool(parameters) and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL
        marked = any(p.kind is p.POSITIONAL_ONLY for p in parameters)
        inputs = [p for p in parameters if p.kind is p.POSITIONAL_ONLY or not (marked or p.kind is p.KEYWORD_ONLY)]
        self.arguments = (parameters[0].name,) if self.variadic else tuple(p.name for p in inputs)
        self.attributes = {p.name: p.default for p in parameters if p.name not in self.arguments}
        self.__doc__ = function.__doc__

    def __call__(self, *inputs, **attributes):
        return self.function(*inputs, **attributes)

    def __repr__(self):
        return f"<prim {self.name}>"

    def __reduce__(self):
        return PRIMS.__getitem__, (self.name,)


def prim(name, makes, kind="number"):
    """Decorator: make the record of this function and enter it into PRIMS."""

    def enter(function):
        if name in PRIMS:
            raise TypeError(f"prim {name} is defined twice")
        PRIMS[name] = Prim(name, function, makes, kind)
        return function

    return enter


def number_kind(*operands):
    """The kind of a sum of numbers of these kinds."""
    return "float" if "float" in operands else "int"


# Python's numbers. `makes` None: the kind follows from the operands, as number_kind has it.

for _name, _function, _makes in [
    ("add", operator.add, None), ("sub", operator.sub, None), ("mul", operator.mul, None),
    ("truediv", operator.truediv, "float"), ("floordiv", operator.floordiv, None), ("mod", operator.mod, None),
    ("pow", operator.pow, None), ("eq", operator.eq, "bool"), ("ne", operator.ne, "bool"),
    ("lt", operator.lt, "bool"), ("le", operator.le, "bool"), ("gt", operator.gt, "bool"), ("ge", operator.ge, "bool"),
]:  # fmt: skip
    prim(f"number.{_name}", _makes)(lambda a, b, _function=_function: _function(a, b))
    PRIMS[f"number.{_name}"].arguments, PRIMS[f"number.{_name}"].attributes = ("a", "b"), {}
for _name, _function, _makes in [
    ("neg", operator.neg, None), ("abs", abs, None), ("not", operator.not_, "bool"), ("int", int, "int"),
    ("float", float, "float"), ("bool", bool, "bool"), ("sqrt", math.sqrt, "float"), ("exp", math.exp, "float"),
    ("log", math.log, "float"), ("floor", math.floor, "int"), ("ceil", math.ceil, "int"), ("round", round, "int"),
]:  # fmt: skip
    prim(f"number.{_name}", _makes)(lambda x, _function=_function: _function(x))
    PRIMS[f"number.{_name}"].arguments, PRIMS[f"number.{_name}"].attributes = ("x",), {}


@prim("number.min", None)
def _min(a, b):
    """The smaller of two numbers."""
    return min(a, b)


@prim("number.max", None)
def _max(a, b):
    """The larger of two numbers."""
    return max(a, b)


@prim("number.and", "bool")
def _and(a, b):
    """Both. Neither is left out: what must not run goes into an If."""
    return bool(a) and bool(b)


@prim("number.or", "bool")
def _or(a, b):
    """Either."""
    return bool(a) or bool(b)


# From tensors to numbers and back


@prim("tensor.bool", "bool")
def _tensor_bool(x):
    """The truth of a tensor of one element."""
    return bool(x)


@prim("tensor.int", "int")
def _tensor_int(x):
    """A tensor of one element as a whole number."""
    return int(x)


@prim("tensor.float", "float")
def _tensor_float(x):
    """A tensor of one element as a number."""
    return float(x)


@prim("tensor.tolist", "number")
def _tensor_tolist(x):
    """The elements as nested lists of numbers."""
    return x.tolist()


@prim("tensor.size", "int")
def _size(x, /, dim):
    """The length of one axis."""
    return x.array.shape[dim]


@prim("tensor.dim", "int")
def _dim(x):
    """The number of axes."""
    return x.array.ndim


@prim("tensor.numel", "int")
def _numel(x):
    """The number of elements."""
    return x.array.size


@prim("tensor.full", "tensor")
def _full(value, /, shape=(), dtype=None):
    """A new tensor with this number in every place; of shape (), just the number."""
    return creation.full(shape, value, dtype=dtype)


@prim("tensor.arange", "tensor")
def _arange(start, end, step, /, dtype=None):
    """start, start + step, ... below end."""
    return creation.arange(start, end, step, dtype=dtype)


@prim("tensor.rewritten", "tensor")
def _rewritten(x, new):
    """The numbers of `new` with the history of `x`: what a change in place under no_grad leaves behind."""
    made = new.detach()
    made._edge = x._edge if modes.state.grad else None
    return made


@prim("tensor.written", "tensor")
def _written(x, new, /, how=""):
    """`new` as it is once written over x: in the dtype of x. Errors: as a change in place of this name, `add_` say."""
    check_result(x, new, how)
    return new.astype(x.dtype)


# Lists of tensors: never changed, always made anew


@prim("list.new", "list")
def _list_new(*tensors):
    """A list of these tensors."""
    return list(tensors)


@prim("list.append", "list")
def _list_append(items, x):
    """The list with one more tensor behind."""
    return [*items, x]


@prim("list.set", "list")
def _list_set(items, x, /, index):
    """The list with another tensor in one place."""
    items = list(items)
    items[index] = x
    return items


@prim("list.get", "tensor")
def _list_get(items, /, index):
    """One tensor of the list."""
    return items[index]


@prim("list.len", "int")
def _list_len(items):
    """How many there are."""
    return len(items)


@prim("list.concat", "list")
def _list_concat(a, b):
    """One list behind the other."""
    return [*a, *b]


@prim("list.stack", "tensor")
def _list_stack(items, /, dim=0):
    """All tensors of the list along a new axis."""
    return pieces.stack(items, dim)


@prim("list.cat", "tensor")
def _list_cat(items, /, dim=0):
    """All tensors of the list, one behind the other."""
    return pieces.cat(items, dim)


# Random numbers: a run draws anew


@prim("random.rand", "tensor", kind="random")
def _rand(*, shape, dtype=None, generator=None):
    """Uniform on [0, 1)."""
    return random.rand(*shape, dtype=dtype, generator=generator)


@prim("random.randn", "tensor", kind="random")
def _randn(*, shape, dtype=None, generator=None):
    """Standard normal."""
    return random.randn(*shape, dtype=dtype, generator=generator)


@prim("random.draw", "tensor", kind="random")
def _draw(*, what, shape, dtype, generator=None, options=None):
    """Random numbers of any kind in random.DRAWS."""
    options = {name: getattr(given, "array", given) for name, given in (options or {}).items()}
    return random.draw(what, shape, dtype, None, generator, **options)


for _prim in PRIMS.values():
    _prim.draws = _prim.kind == "random"


@prim("assert", "bool")
def _assert(condition, /, message="", error="AssertionError"):
    """The condition, which must be true. Errors: the one of this name, with the message."""
    if not condition:
        raise ERRORS.get(error, RuntimeError)(message)
    return True


# What only compiled source needs


@prim("undefined", "tensor")
def _undefined():
    """A tensor that is never looked at: what a variable is on the ways that have left it. Any will do."""
    return creation.zeros(())


@prim("tensor.item", "float")
def _item(x):
    """A tensor of one element as a Python number of its own kind."""
    return x.item()


@prim("tensor.shape", "list")
def _shape(x):
    """All lengths of a tensor, to be handed to a function: the one list that is of numbers."""
    return x.shape


@prim("list.repeated", "list")
def _list_repeated(number, count):
    """One number so many times, for an op that is told the length of each of its steps."""
    return (number,) * count


@prim("list.slice", "list")
def _list_slice(items, /, start=None, end=None, step=None):
    """A part of the list."""
    return list(items[start:end:step])


@prim("print", "bool", kind="effect")
def _print(*, parts=(), sep=" ", end="\n"):
    """Show something, at every run. Errors: none."""
    print(*parts, sep=sep, end=end)
    return True


@prim("raise", "bool", kind="effect")
def _raise(*, error="RuntimeError", message=""):
    """Give up. Errors: the one of this name."""
    raise ERRORS.get(error, RuntimeError)(*([message] if message else []))


ERRORS = {kind.__name__: kind for kind in (
    RuntimeError, ValueError, TypeError, IndexError, KeyError, AssertionError, NotImplementedError, ZeroDivisionError,
    OverflowError, ShapeError, DtypeError, DeviceError,
)}  # fmt: skip
for _prim in PRIMS.values():
    _prim.effects = _prim.kind == "effect" or _prim.name == "assert"  # no pass may leave it out or pass it by
