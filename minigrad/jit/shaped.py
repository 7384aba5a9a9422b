"""What examples show of a graph that was compiled from source: dtypes and shapes of its values, and the ops inside
whole functions (calls.py) and layers (layers.py), which take themselves apart only when they see tensors.

    shaped(scripted.graph, (mg.ones(2, 3),), (mg.ones(5, 3),))

runs the graph on each tuple of inputs, both arms of every If, and all turns of its loops. Lengths that differ are
unknown (None) in the result. A function that ran the same ops each time is replaced by them; numbers among their
attributes that differ have to be lengths (lengths.py). Any other stays as it is. Passes, and a file, want ops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import modes
from ..device import device_of
from ..events import Changing, OpRan, ReadBack
from ..op import OPS
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from . import check
from .calls import Call
from .graph import Graph, If, Loop, Names, Step, Value, values_in
from .layers import Layer
from .lengths import Filled, Length, Repeated, Unsolved, Written, sizes_of, solved
from .prims import PRIMS
from .run import _get, run_step
from .splicing import Copier
from .tree import flatten, rebuilt

# What these run hangs on the numbers that they are given, not on shapes alone: they stay whole.
_BY_NUMBERS = frozenset("""
    one_hot repeat_interleave bincount histc unique unique_consecutive nonzero argwhere masked_select masked_scatter
    embedding_bag index_put tensor_split isin combinations tensor where
""".split())  # noqa: SIM905  as a list it would be twice as long


def shaped(graph, *examples):
    """A graph that does the same, with the dtypes and shapes that these tuples of inputs have shown, and more ops in
    it.

    It holds for inputs like the examples: give two that differ wherever a length may differ. Errors: those of a run.

    >>> import minigrad as mg
    >>> from minigrad import jit
    >>> @jit.script
    ... def f(x):
    ...     return x.sum() * 2
    >>> shaped(f.graph, (mg.ones(2),), (mg.ones(3),)).inputs[0].shape
    (None,)
    """
    return looked_at(graph, [(inputs, False) for inputs in examples])


def looked_at(graph, examples):
    """`shaped`, for pairs (inputs, made up?): of numbers that are made up only the types count. What goes wrong with
    them in an arm is passed over, asserts hold, and a loop that nothing counts ends."""
    looked, state = _Look(), get_rng_state()
    try:
        with modes.no_grad(), np.errstate(all="ignore"):
            for inputs, looked.made_up in examples:
                looked.graph(graph, inputs)
    finally:
        set_rng_state(state)
    return check.check(_Copy(graph, looked).made)


@dataclass
class _Ran:
    """One op inside a function: its operands are ("given", i), ("made", i), a tensor from nowhere, or a number."""

    op: object
    inputs: tuple
    attributes: dict
    seen: tuple


def _alike(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and _same(a.array, b.array)
    if isinstance(a, _Ran):
        return isinstance(b, _Ran) and a.op is b.op and _alike((a.inputs, a.attributes), (b.inputs, b.attributes))
    if hasattr(a, "tobytes") and hasattr(b, "tobytes"):
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return type(a) is type(b) and bool(a == b)


def _same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())


def type_of(tensor):
    """(shape, dtype, device)."""
    return tuple(tensor.array.shape), tensor.dtype, str(device_of(tensor.array))


def joined(one, two):
    """The type of what has been seen as both."""
    shape, dtype, device = one
    if shape is not None:
        same = two[0] is not None and len(shape) == len(two[0])
        shape = tuple(n if n == m else None for n, m in zip(shape, two[0], strict=True)) if same else None
    return shape, dtype if dtype is two[1] else None, device


class _Look:
    """Runs a graph, and remembers: for each value its dtype and shape, for each function the ops of every run (None:
    it has to stay whole)."""

    def __init__(self):
        self.types, self.parts, self.blanks, self.made_up = {}, {}, {}, False

    def graph(self, graph, inputs):
        known = {**graph.held(), **dict(zip(graph.inputs, inputs, strict=True))}
        for value in known:
            self.saw(value, known[value])
        self.block(graph, known)

    def saw(self, value, what):
        """Note the dtype and shape of a tensor."""
        if isinstance(what, Tensor) and id(what) not in self.blanks:
            self.types[value] = joined(self.types.get(value, type_of(what)), type_of(what))

    def block(self, block, known):
        for step in block.steps:
            if type(step) is If:
                self.branch(step, known)
            elif type(step) is Loop:
                self.loop(step, known)
            elif step.op.name in ("print", "assert", "raise") if self.made_up else step.op.name == "print":
                known[step.output] = True
            else:
                self.step(step, known)
            for value in step.outputs:
                self.saw(value, known.get(value))

    def branch(self, step, known):
        """Both arms, the one that is not taken for its types alone: there it may go wrong."""
        taken, results, failed = bool(_get(step.condition, known)), {}, None
        for arm in (taken, not taken):
            block, inner = (step.then if arm else step.orelse), dict(known)
            try:
                self.block(block, inner)
                results[arm] = [_get(made, inner) for made in block.outputs]
            except Exception as error:
                if arm == taken and not self.made_up:
                    raise
                failed = error
        if not results:
            raise failed
        for made in results.values():
            for value, what in zip(step.outputs, made, strict=True):
                self.saw(value, what)
        chosen = results[taken if taken in results else not taken]
        if self.made_up and len(results) == 2:  # what an arm has that leaves the function is no good to go on with
            other = results[not taken]
            chosen = [b if id(a) in self.blanks else a for a, b in zip(chosen, other, strict=True)]
        known.update(zip(step.outputs, chosen, strict=True))

    def loop(self, step, known):
        count, go_on = _get(step.count, known), bool(_get(step.condition, known))
        carried, turn = [_get(x, known) for x in step.carried], 0
        if count is None and self.made_up:
            count = _MOST_TURNS
        while go_on and (count is None or turn < int(count)):
            self.enter(step, turn, carried, known)
            self.block(step.body, known)
            go_on, *carried = [_get(x, known) for x in step.body.outputs]
            go_on, turn = bool(go_on), turn + 1
        if not turn:  # once, for its types alone
            try:
                inner = dict(known)
                self.enter(step, 0, carried, inner)
                self.block(step.body, inner)
                for value, made in zip(step.outputs, step.body.outputs[1:], strict=True):
                    self.saw(value, _get(made, inner))
            except Exception:
                pass
        known.update(zip(step.outputs, carried, strict=True))

    def enter(self, step, turn, carried, known):
        known.update(zip(step.body.inputs, (turn, *carried), strict=True))
        for value, what in zip(step.body.inputs[1:], carried, strict=True):
            self.saw(value, what)

    def step(self, step, known):
        inner = known
        if getattr(step.op, "effects", False):  # on copies: looking changes nothing
            inner = {**known, **{value: _copied(known[value]) for value in step.uses()}}
        given, events, state = [inner[value] for value in step.uses()], [], get_rng_state()
        if not isinstance(step.op, (Call, Layer)):
            run_step(step, inner)
        else:
            with modes.watch(events.append):
                run_step(step, inner)
        known.update((value, inner[value]) for value in step.outputs)
        if step.op.name == "undefined":
            self.blanks[id(known[step.output])] = known[step.output]
        if not isinstance(step.op, (Call, Layer)):
            return
        drawn = not _alike(state, get_rng_state())
        changed = inner is not known and not all(_alike(inner[value], known[value]) for value in step.uses())
        whole = drawn or changed or (given and step.op.short in _BY_NUMBERS)
        parts = None if whole else taken_apart(given, events, known[step.output])
        runs = self.parts.setdefault(id(step), [])
        if parts is None:
            self.parts[id(step)] = None
        elif runs is not None and not any(_alike(parts, run) and sizes == sizes_of(given) for run, sizes in runs):
            runs.append((parts, sizes_of(given)))


_MOST_TURNS = 20  # of a loop that nothing counts, where numbers are made up


def _copied(what):
    return what.detach().clone() if isinstance(what, Tensor) else what


def together(runs):
    """(ops, where results come from) that stand for all these runs of one function; None where they went two ways."""
    (first, _), _ = runs[0]
    sizes = [one for _, one in runs]
    if any(len(ran) != len(first) for (ran, _), _ in runs):
        return None
    joint = []
    try:
        leaves = _operands([made for (_, made), _ in runs], sizes)
        for same in zip(*(ran for (ran, _), _ in runs), strict=True):
            one, seen = same[0], same[0].seen
            if any(part.op is not one.op for part in same):
                return None
            for part in same[1:]:
                seen = joined(seen, part.seen)
            keys = dict.fromkeys(key for part in same for key in part.attributes)
            attributes = {key: _attribute([part.attributes.get(key, one.op.attributes[key]) for part in same],
                                          sizes, one.op, key) for key in keys}  # fmt: skip
            joint.append(_Ran(one.op, _operands([part.inputs for part in same], sizes), attributes, seen))
    except Unsolved:
        return None
    return joint, leaves


def _operands(seen, sizes):
    """What an op was given: from the same places each time, or numbers."""
    if len({len(one) for one in seen}) > 1:
        raise Unsolved
    made = []
    for places in zip(*seen, strict=True):
        if isinstance(places[0], tuple) and any(place != places[0] for place in places[1:]):
            raise Unsolved
        made.append(places[0] if isinstance(places[0], tuple) else solved(places, sizes))
    return tuple(made)


def _attribute(seen, sizes, op, key):
    """An attribute; of a new shape one length may be left to the rest."""
    if op.name == "reshape" and key == "shape" and len({len(shape) for shape in seen}) == 1:
        differ = [axis for axis, lengths in enumerate(zip(*seen, strict=True)) if len(set(lengths)) > 1]
        if len(differ) == 1 and 0 not in (n for axis, n in enumerate(seen[0]) if axis not in differ):
            return tuple(-1 if axis in differ else n for axis, n in enumerate(seen[0]))
    return solved(seen, sizes)


def taken_apart(given, events, result):
    """(ops that ran, where the result's tensors come from), or None where more happened than that."""
    places, held, ran = {}, [], []
    for i, what in enumerate(given):
        for j, tensor in enumerate(flatten(what)[0]):
            places.setdefault(id(tensor), ("given", i) if tensor is what else ("given", i, j))

    def place(x):
        if not isinstance(x, Tensor):
            return x
        held.append(x)  # so that no other tensor gets its id
        return places.get(id(x), x)

    for event in events:
        if isinstance(event, (Changing, ReadBack)):
            return None
        if isinstance(event, OpRan):
            if OPS.get(event.op.name) is not event.op or any(map(_is_array, _flat(event.attributes))):
                return None
            usual = event.op.attributes
            attributes = {key: x for key, x in event.attributes.items() if not _alike(x, usual.get(key, usual))}
            ran.append(_Ran(event.op, tuple(map(place, event.inputs)), attributes, type_of(event.output)))
            if not all(map(_is_plain, ran[-1].inputs)):
                return None
            places[id(event.output)] = ("made", len(ran) - 1)
            held.append(event.output)
    leaves = [place(x) for x in (flatten(result)[0] if isinstance(result, (tuple, list)) else [result])]
    known = all(isinstance(leaf, tuple) or (isinstance(leaf, Tensor) and (not given or _is_plain(leaf)))
                for leaf in leaves)  # fmt: skip
    return (ran, leaves) if leaves and known else None


def _flat(what):
    """The parts of nested tuples, lists, dicts and slices."""
    if not isinstance(what, (tuple, list, dict, slice)):
        return [what]
    found = []
    rebuilt(what, lambda part: found.extend(_flat(part)))
    return found


def _is_array(what):
    return isinstance(what, (np.ndarray, Tensor))


def _is_plain(what):
    """A tensor that came from nowhere may hold what was read from others, unless it is zeros or ones."""
    if not isinstance(what, Tensor):
        return True
    array = what.cpu().array
    return not array.size or (array.min() == array.max() and array.flat[0] in (0, 1))


def _each(what, written):
    """Attributes with a value for each Length in them."""
    return written(what) if isinstance(what, (Length, Repeated)) else rebuilt(what, lambda part: _each(part, written))


class _Copy(Copier):
    """A graph like the given one, with values of its own, that has what was seen."""

    def __init__(self, graph, looked):
        super().__init__(Names())
        self.looked, self.made = looked, Graph(name=graph.name, form=graph.form)
        self.made.inputs = [self.new(value) for value in graph.inputs]
        self.made.parameters = {self.new(value): tensor for value, tensor in graph.parameters.items()}
        self.made.constants = {self.new(value): tensor for value, tensor in graph.constants.items()}
        self.block(graph, self.made)
        self.made.updates = [(self.known[a], self.known[b]) for a, b in graph.updates]

    def new(self, value):
        made = super().new(value)
        made.shape, made.dtype, made.device = self.looked.types.get(value, (value.shape, value.dtype, value.device))
        return made

    def step(self, step, into):
        parts = self.looked.parts.get(id(step))
        parts = together(parts) if parts else None
        if parts is None:
            super().step(step, into)
        else:
            self.apart(step, into, *parts)

    def apart(self, step, into, ran, leaves):
        """The ops of a function in its place."""
        given, made = [self.known[value] for value in values_in((step.inputs, step.attributes))], []
        written = Written(given, into, self.names, (step.source, step.module))

        def value(where):
            if isinstance(where, Tensor):
                held = Value(self.names.new("constant"), "tensor", tuple(where.shape), where.dtype, str(where.device))
                self.made.constants[held] = where.detach()
                return held
            if isinstance(where, (Length, Filled)):
                return written(where)
            if not isinstance(where, tuple):
                return where
            return made[where[1]] if where[0] == "made" else given[where[1]] if len(where) == 2 else self.item(
                given[where[1]], where[2], step, into)  # fmt: skip

        for part in ran:
            inputs = tuple(map(value, part.inputs))
            attributes = _each(part.attributes, written)
            made.append(Value(self.names.new(part.op.name), "tensor", *part.seen))
            into.steps.append(Step(part.op, inputs, attributes, (made[-1],), step.source, step.module))
        results = [value(leaf) for leaf in leaves]
        if step.output.kind == "list":
            out = self.new(step.output)
            into.steps.append(Step(PRIMS["list.new"], tuple(results), {}, (out,), step.source, step.module))
        else:
            self.known[step.output] = results[0]

    def item(self, items, i, step, into):
        """One tensor of a list."""
        out = Value(self.names.new("get"), "tensor")
        into.steps.append(Step(PRIMS["list.get"], (items,), {"index": i}, (out,), step.source, step.module))
        return out
