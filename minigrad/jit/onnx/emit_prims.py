"""Numbers, lengths, lists and new tensors as ONNX.

A number of Python's is a tensor without axes: int64, float64 or bool. What is known beforehand is worked out at once.
"""

from __future__ import annotations

import math

import numpy as np

from ...dtype import as_dtype, get_default_dtype
from ..lengths import Repeated
from ..prims import PRIMS
from .blocks import graph_of, node_with_blocks, wider
from .build import EMPTY, Sym, Untold
from .formulas import XP, maximum, minimum, where
from .names import CODES
from .needs import onnx
from .table import emits

NUMBER = {"int": np.dtype("int64"), "float": np.dtype("float64"), "bool": np.dtype("bool")}


def as_number(x, kind):
    """A tensor of one element as a number."""
    return x.astype(NUMBER[kind]).as_kind(kind)


def _floor_divided(a, b):
    if a.kind == b.kind == "int":
        return XP.floor_divide(a, b)
    a, b = as_number(a, "float"), as_number(b, "float")
    left = XP.fmod(a, b)
    return XP.rint((a - left) / b - ((left != 0) & ((left < 0) != (b < 0))).astype(np.float64))


def _remainder(a, b):
    if a.kind == b.kind == "int":
        return XP.remainder(a, b)
    a, b = as_number(a, "float"), as_number(b, "float")
    left = XP.fmod(a, b)
    return where((left != 0) & ((left < 0) != (b < 0)), left + b, left)


NUMBERS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "truediv": lambda a, b: a / b,
    "floordiv": _floor_divided, "mod": _remainder, "pow": lambda a, b: a ** b, "eq": lambda a, b: a == b,
    "ne": lambda a, b: ~(a == b), "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b, "neg": lambda x: -x, "abs": XP.absolute, "not": XP.logical_not,
    "int": lambda x: as_number(x, "int"), "float": lambda x: as_number(x, "float"),
    "bool": lambda x: as_number(x, "bool"),
    "sqrt": lambda x: XP.sqrt(as_number(x, "float")), "exp": lambda x: XP.exp(as_number(x, "float")),
    "log": lambda x: XP.log(as_number(x, "float")), "floor": lambda x: XP.floor(as_number(x, "float")),
    "ceil": lambda x: XP.ceil(as_number(x, "float")), "round": lambda x: XP.rint(as_number(x, "float")),
    "min": minimum, "max": maximum, "and": XP.logical_and, "or": XP.logical_or,
}  # fmt: skip


def number(name):
    """The emitter of one `number.` primitive."""
    write, makes = NUMBERS[name], PRIMS[f"number.{name}"].makes

    def emit(*operands):
        if not any(isinstance(x, Sym) for x in operands):
            return PRIMS[f"number.{name}"](*operands)
        b = next(x.b for x in operands if isinstance(x, Sym))
        operands = [x if isinstance(x, Sym) else b.sym(x).as_kind(type(x).__name__) for x in operands]
        if makes is None or makes == "float":  # truth values are counted with
            operands = [as_number(x, "int") if x.kind == "bool" else x for x in operands]
        kinds = {x.kind for x in operands}
        made = makes or ("float" if "float" in kinds else "int")
        return as_number(write(*operands), made)

    emits(f"number.{name}")(emit)


for _name in NUMBERS:
    number(_name)


@emits("tensor.bool", "tensor.int", "tensor.float")
def to_number(x, name):
    """The one element."""
    if not isinstance(x, Sym):
        return PRIMS[f"number.{name[7:]}"](x)
    return as_number(x if x.known == () else x.reshape(()), name[7:])


@emits("tensor.size")
def size(x, dim):
    """A number where it is known."""
    if isinstance(dim, Sym):
        return x.b.op("Gather", x.b.op("Shape", x), dim, axis=0).as_kind("int")
    return x.shape[dim]


@emits("tensor.dim")
def dim(x):
    """The number of axes."""
    return x.ndim if x.known is not None else x.b.op("Size", x.b.op("Shape", x)).as_kind("int")


@emits("tensor.numel")
def numel(x):
    """The number of elements."""
    fixed = x.known is not None and None not in x.known
    return math.prod(x.known) if fixed else x.b.op("Size", x).as_kind("int")


# New tensors


def _kind(*values):
    kinds = {x.kind if isinstance(x, Sym) else type(x).__name__ for x in values}
    return "float" if "float" in kinds else "int" if "int" in kinds else "bool"


def _dtype(given, *values):
    if given is not None:
        return np.dtype(as_dtype(given).numpy)
    return get_default_dtype().numpy if _kind(*values) == "float" else NUMBER[_kind(*values)]


@emits("tensor.full")
def full(value, into, shape=(), dtype=None):
    """One number everywhere."""
    dtype = _dtype(dtype, value)
    x = value.astype(dtype) if isinstance(value, Sym) else into.constant(value, dtype)
    return into.op("Expand", x, list(shape)) if shape != () else x.as_kind("tensor")


@emits("tensor.arange")
def arange(start, end, step, into, dtype=None):
    """Counted in double, so that the length is right."""
    values, dtype = (start, end, step), _dtype(dtype, start, end, step)
    if not any(isinstance(x, Sym) for x in values):
        from ... import creation

        return into.constant(creation.arange(*values, dtype=dtype).array)
    kind = NUMBER["int" if _kind(*values) != "float" else "float"]
    return into.op("Range", *[into.sym(x).astype(kind) for x in values]).astype(dtype)


# Lists


def agree(items, dtype):
    """Say what a list that began empty holds: to the node that began it as well."""
    while items is not None:
        if items.dtype is None:
            items.dtype = np.dtype(dtype)
            for node in items.b.nodes:
                if node.op_type == "SequenceEmpty" and items.name in node.output:
                    del node.attribute[:]
                    node.attribute.append(onnx().helper.make_attribute("dtype", CODES[items.dtype]))
        items = items.origin


def _list(items, name, known):
    return Sym(items.b, name, items.dtype, known, "list", None, items if items.dtype is None else None)


@emits("list.new")
def new_list(*tensors, into):
    """A sequence; where there is none of such tensors, what their places are known for: a tuple."""
    if len({x.dtype for x in tensors}) > 1:
        return tensors
    if not tensors:
        return Sym(into, into.op("SequenceEmpty").name, None, EMPTY, "list")
    known = tensors[0].known
    for x in tensors[1:]:
        known = wider(known, x.known)
    return Sym(into, into.op("SequenceConstruct", *tensors).name, tensors[0].dtype, known, "list")


@emits("list.append")
def append(items, x):
    """One more."""
    agree(items, x.dtype)
    return _list(items, items.b.op("SequenceInsert", items, x).name, wider(items.known, x.known))


@emits("list.get")
def get(items, index):
    """One of them."""
    if isinstance(items, tuple):
        if type(index) is not int:
            raise Untold("list.get: the list holds tensors of several dtypes, and which is meant is not known")
        return items[index]
    if items.dtype is None:
        raise Untold("list.get: what the list holds is not known")
    found = items.b.op("SequenceAt", items, index)
    found.known = None if items.known == EMPTY else items.known
    return found


@emits("list.len")
def length(items):
    """How many."""
    return items.b.op("SequenceLength", items).as_kind("int")


@emits("list.set")
def set_one(items, x, index):
    """Taken out, and the other put in its place."""
    if not isinstance(index, int) or index < 0:
        index = index + where(items.b.sym(index) < 0, length(items), 0)
    less = items.b.op("SequenceErase", items, index)
    return _list(items, items.b.op("SequenceInsert", less, x, index).name, wider(items.known, x.known))


@emits("list.concat")
def concat(a, other, into):
    """One after the other is put behind."""
    for one, another in ((a, other), (other, a)):
        if another.dtype is not None:
            agree(one, another.dtype)
    return collected(into, other, length(other), lambda turn: turn, a)


def _joined_up(items, dim, new_axis):
    made = items.b.op("ConcatFromSequence", items, axis=dim, new_axis=new_axis)
    if items.known not in (None, EMPTY):
        known = list(items.known)
        dim = dim % (len(known) + new_axis)
        known[dim : dim + 1 - new_axis] = [None]
        made.known = tuple(known)
    return made


@emits("list.stack")
def list_stack(items, dim=0):
    """All of them along a new axis."""
    return _joined_up(items, dim, 1)


@emits("list.cat")
def list_cat(items, dim=0):
    """All of them, one behind the other."""
    return _joined_up(items, dim, 0)


@emits("list.repeated")
def repeated(number, count):
    """As it is said: the op that is told so knows what to make of it."""
    return Repeated(number, count)


@emits("list.slice")
def list_slice(items, into, start=None, end=None, step=None):
    """Those that the slice names, put one after the other into a new sequence."""
    step, n = 1 if step is None else step, length(items)
    if isinstance(step, Sym):
        raise Untold("list.slice: whether its step goes forwards or backwards is not known")
    low, high = (0, n) if step > 0 else (-1, n - 1)

    def place(given, usual):
        given = usual if given is None else given + where(into.sym(given) < 0, n, 0)
        return minimum(maximum(into.sym(given), low), high)

    first, last = (place(start, low), place(end, high)) if step > 0 else (place(start, high), place(end, low))
    count = maximum(_floor_divided((last - first + (step - (1 if step > 0 else -1))).as_kind("int"), into.sym(step)
                                   .as_kind("int")), 0)  # fmt: skip
    return collected(into, items, count, lambda turn: turn * step + first)


def collected(into, items, count, place, begin=None):
    """A sequence: `begin`, or an empty one, with so many of `items` behind, those at these places."""
    begin = new_list(into=into) if begin is None else begin
    if items.dtype is not None:
        agree(begin, items.dtype)
    known = wider(begin.known, items.known)
    inner = into.inner()
    turn, go_on = (inner.typed_as(name, dtype, ()) for name, dtype in (("turn", "int64"), ("again", "bool")))
    carried = inner.typed_as("items", items.dtype, known, "list")
    more = inner.op("SequenceInsert", carried, inner.op("SequenceAt", items, place(turn)))
    more = Sym(inner, more.name, items.dtype, known, "list")
    body = graph_of(inner, [turn, go_on, carried], [go_on, more], "one_more")
    return node_with_blocks(into, "Loop", [count, None, begin], [more], body=body)[0]


# What only Python does


@emits("tensor.item")
def item(x):
    """A number of the tensor's own kind."""
    return to_number(x, {"f": "tensor.float", "b": "tensor.bool"}.get(x.dtype.kind, "tensor.int"))


@emits("tensor.shape")
def all_lengths(x):
    """Numbers, where they are known."""
    return x.shape


@emits("tensor.rewritten")
def rewritten(x, new):
    """What it holds; a file has no histories."""
    return new


@emits("tensor.written")
def written(x, new, how):
    """In the dtype of what it is written over; shapes that do not fit have ended the run that this was looked up in."""
    return new.astype(x.dtype)


@emits("undefined")
def undefined(into):
    """A zero, of whatever type the other arm gives."""
    made = into.constant(0.0, get_default_dtype().numpy)
    made.blank = True
    return made


@emits("assert", "print", "raise")
def left_out(*_, **__):
    """ONNX has no way to stop or to print: it goes on, and the model's description says so (see export.py)."""
    return True
