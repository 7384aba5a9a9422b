"""Reading If, Loop, Scan and sequences."""

from __future__ import annotations

import itertools

import numpy as np

from ...dtype import as_dtype
from ..graph import If, Loop, Value
from .limits import demand
from .names import DTYPES
from .protos import Unread, Var, dtype_of, reads, shape_of
from .read_shape import plus


def _like(r, x, name, info=None):
    """A value with the type of a result, as the input of a block or what comes out of one."""
    dtype, shape, kind = x.dtype, x.shape, x.kind
    if info is not None and info.type.WhichOneof("value") == "tensor_type":
        dtype = DTYPES.get(info.type.tensor_type.elem_type, dtype)
        shape = shape_of(info.type.tensor_type) if shape is None else shape
    known = dtype if dtype in set(DTYPES.values()) and kind == "tensor" else None
    try:
        known = None if known is None else as_dtype(known)
    except TypeError:
        known = None
    return Var(Value(r.names.new(name), kind, shape if kind == "tensor" else None, known), None, dtype, shape, kind)


def _wider(x, y):
    """A result that is one of two."""
    shape = None
    if x.shape is not None and y.shape is not None and len(x.shape) == len(y.shape):
        shape = tuple(n if n == m else None for n, m in zip(x.shape, y.shape, strict=True))
    return Var(None, None, x.dtype if x.dtype is not None else y.dtype, shape, x.kind)


@reads("If")
def branch(r, node, condition, then_branch=None, else_branch=None):
    """Both blocks; where the condition is constant, the one that runs, as if it stood here."""
    if condition.const is not None and not condition.trained:
        return r.inline(then_branch if r.number(condition) else else_branch)
    arms, results = [], []
    for proto in (then_branch, else_branch):
        with r.inside(proto, []) as block:
            made = r.results(proto)
            block.outputs = [r.held_value(x) for x in made]
        arms.append(block)
        results.append(made)
    demand(len(results[0]) == len(results[1]), "the blocks of an If give different numbers of results")
    for x, y in zip(*results, strict=True):
        demand(x.kind == y.kind, "the blocks of an If give a tensor and a list")
    outputs = [_like(r, _wider(x, y), name or "if") for x, y, name in zip(*results, node.output, strict=False)]
    r.block.steps.append(If(r.held_value(condition), *arms, tuple(x.value for x in outputs)))
    return outputs


@reads("Loop")
def loop(r, node, count, condition, *carried, body=None):
    """A Loop; what is collected turn by turn goes into lists."""
    demand(len(body.input) == 2 + len(carried), "the body of a Loop does not take what the Loop carries")
    scans = len(body.output) - 1 - len(carried)
    demand(scans >= 0, "the body of a Loop gives too little")
    turn = Value(r.names.new("turn"), "int")
    inner = [_like(r, _open(x), info.name, info) for x, info in zip(carried, body.input[2:], strict=True)]
    lists = _lists(r, scans)
    go_on = Var(Value(r.names.new("again")), None, np.dtype(bool), ())
    number = Var(Value(r.names.new("turn"), "tensor", (), as_dtype("int64")), None, np.dtype("int64"), ())
    with r.inside(body, [number, go_on, *inner]) as block:
        block.inputs = [turn, *[x.value for x in [*inner, *lists]]]
        first = r.step("tensor.full", Var(turn, kind="int"), shape=(), dtype=as_dtype("int64"))
        r.scope[-1][body.input[0].name] = Var(first.value, None, np.dtype("int64"), ())
        r.scope[-1][body.input[1].name] = r.constant(True)  # that it runs says that
        again, *made = r.results(body)
        collected = [r.step("list.append", items, x) for items, x in zip(lists, made[len(carried) :], strict=True)]
        block.outputs = [r.held_value(x) for x in [again, *made[: len(carried)], *collected]]
    outputs = [_like(r, _wider(_open(x), y), name or "loop") for x, y, name in
               zip(carried, made, [*node.output, *[""] * len(carried)], strict=False)]  # fmt: skip
    limit = None if count is None else r.held_value(r.step("tensor.int", count))
    begin = True if condition is None else r.held_value(condition)
    ends = _put(r, limit, begin, carried, block, outputs, scans)
    return [*outputs, *[_stacked(r, items, x) for items, x in zip(ends, made[len(carried) :], strict=True)]]


def _lists(r, count):
    return [Var(Value(r.names.new("collected"), "list"), kind="list") for _ in range(count)]


def _put(r, limit, begin, carried, block, outputs, scans):
    """Append the Loop of this block, which carries `scans` lists as well: what these are at its end."""
    ends, starts = _lists(r, scans), [r.step("list.new") for _ in range(scans)]
    r.block.steps.append(Loop(limit, begin, tuple(r.held_value(x) for x in [*carried, *starts]), block,
                              tuple(x.value for x in [*outputs, *ends])))  # fmt: skip
    return ends


def _stacked(r, items, one, dim=0):
    """A list of such elements as one tensor."""
    made = r.step("list.stack", items, dim=dim)
    made.dtype = one.dtype
    if one.shape is not None:
        dim %= len(one.shape) + 1
        made.shape = (*one.shape[:dim], None, *one.shape[dim:])
    return made


def _open(x):
    """A carried result: its lengths may change, its dtype not."""
    return Var(None, None, x.dtype, None if x.shape is None else (None,) * len(x.shape), x.kind)


@reads("Scan")
def scan(r, node, *inputs, body=None, num_scan_inputs=None, scan_input_axes=None, scan_input_directions=None,
         scan_output_axes=None, scan_output_directions=None, directions=None):  # fmt: skip
    """A Loop over the elements of an axis."""
    if r.opsets[""] < 9:
        raise Unread("Scan of version 8, which runs over batches")
    states, rows = inputs[: len(inputs) - num_scan_inputs], inputs[len(inputs) - num_scan_inputs :]
    demand(rows and len(body.input) == len(inputs), "the body of a Scan does not take what the Scan is given")
    axes = [d % x.ndim for d, x in zip(scan_input_axes or [0] * len(rows), rows, strict=True)]
    backwards = scan_input_directions or [0] * len(rows)
    turn = Value(r.names.new("turn"), "int")
    inner = [_like(r, x, info.name, info) for x, info in zip(states, body.input, strict=False)]
    outs = len(body.output) - len(states)
    lists = _lists(r, outs)
    count = r.length(rows[0], axes[0])
    with r.inside(body, [*inner, *[_like(r, _open(x), "row") for x in rows]]) as block:
        block.inputs = [turn, *[x.value for x in [*inner, *lists]]]
        for x, d, back, info in zip(rows, axes, backwards, body.input[len(states) :], strict=True):
            r.scope[-1][info.name] = _element(r, x, d, Var(turn, kind="int"), count if back else None)
        made = r.results(body)
        collected = []
        for i, (items, x) in enumerate(zip(lists, made[len(states) :], strict=True)):
            front = (scan_output_directions or [0] * outs)[i]
            collected.append(
                r.step("list.concat", r.step("list.new", x), items) if front else r.step("list.append", items, x)
            )
        block.outputs = [True, *[r.held_value(x) for x in [*made[: len(states)], *collected]]]
    outputs = [_like(r, _wider(x, y), name or "scan") for x, y, name in zip(states, made, node.output, strict=False)]
    ends = _put(r, r.held_value(count) if isinstance(count, Var) else count, True, states, block, outputs, outs)
    stacks = zip(ends, made[len(states) :], scan_output_axes or [0] * outs, strict=True)
    return [*outputs, *[_stacked(r, items, x, dim) for items, x, dim in stacks]]


def _element(r, x, axis, turn, count=None):
    """What stands at this turn along an axis; with the count of turns, from the other end."""
    place = turn if count is None else r.step("number.sub", r.step("number.sub", count, 1), turn)
    one = r.step("index", x, index=(*[slice(None)] * axis, place))
    one.dtype, one.shape = x.dtype, (*x.shape[:axis], *x.shape[axis + 1 :])
    return one


# Sequences


@reads("SequenceConstruct")
def construct(r, node, *inputs):
    """A list of these."""
    made = r.step("list.new", *inputs)
    made.dtype = inputs[0].dtype
    return made


@reads("SequenceEmpty")
def empty(r, node, dtype=1):
    """An empty list."""
    made = r.step("list.new")
    made.dtype = dtype_of(dtype)
    return made


@reads("SequenceInsert")
def insert(r, node, items, x, position=None):
    """Behind all, or before all."""
    if position is None:
        return r.step("list.append", items, x)
    if position.const is None or position.const.item() != 0:
        raise Unread("a place in the middle of a list")
    return r.step("list.concat", r.step("list.new", x), items)


@reads("SequenceAt")
def at(r, node, items, position):
    """One of them."""
    return r.step("list.get", items, index=r.ints(position)[0])


@reads("SequenceLength")
def length(r, node, items):
    """How many."""
    return r.step("tensor.full", r.step("list.len", items), shape=(), dtype=as_dtype("int64"))


@reads("ConcatFromSequence")
def concat(r, node, items, axis, new_axis=0):
    """One behind the other, or side by side."""
    return r.step("list.stack" if new_axis else "list.cat", items, dim=axis)


@reads("SplitToSequence")
def split(r, node, x, given=None, axis=0, keepdims=1):
    """Pieces along an axis, as a list."""
    n, axis = x.shape[axis], axis % x.ndim
    demand(n is not None, "the length to be split is not known")
    demand(n <= 10_000, "a list of so many pieces")
    lead = [slice(None)] * axis
    if given is None:
        parts = [slice(i, i + 1) if keepdims else i for i in range(n)]
    else:
        sizes = r.ints(given)
        if given.shape == ():
            demand(not isinstance(sizes[0], Var), "the size of the pieces has to be known before the model runs")
            demand(sizes[0] > 0, "pieces of no length")
            sizes = [min(sizes[0], n - i) for i in range(0, n, sizes[0])]
        ends = list(itertools.accumulate(sizes, lambda a, b: plus(r, a, b)))
        parts = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    return r.step("list.new", *[r.step("index", x, index=(*lead, part)) for part in parts])


@reads("Dropout")
def dropout(r, node, x, ratio=None, training=None, **_):
    """Nothing, when the model is used."""
    if training is not None and (training.const is None or training.const.item()) and (
            ratio is None or ratio.const is None or ratio.const.item()):  # fmt: skip
        raise Unread("while it trains, whose numbers nobody can tell")
    ones = r.step("ge", r.step("mul", x, 0), -1) if len(node.output) > 1 else None
    return [x, ones]
