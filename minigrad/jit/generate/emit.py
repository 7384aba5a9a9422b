"""From a graph's steps to lines of NumPy.

Most records need no word of their own here: one that is a single ufunc becomes that ufunc, with memory to write to; one
whose formula is made of ufuncs is taken apart by running the formula on Symbols; a view is made beforehand where its
base is known; and any other runs its formula as it stands. `emits` adds better ways for a few that matter.
"""

from __future__ import annotations

import keyword
from functools import lru_cache
from math import prod

import numpy as np

from ...dtype import get_default_dtype, result_type
from ...op import Op
from ...operands import NUMBERS
from ..errors import CaptureError
from ..graph import If, Loop, Value, values_in
from ..parts import part_of
from .general import as_it_stands, elementwise
from .program import Buffer, Line, Program

TURNED = 3 << 14  # bytes up to which turning a matrix round costs less than it saves
SPREAD = 1 << 20  # bytes up to which a number is compared as an array; larger ones have to be fetched from far away
_RESERVED = {"args", "kwargs", "float", "int", "bool", "slice"}  # words that generated lines use
BETTER = {}  # name of a record -> function (emitter, step) that writes its lines; False to leave it to the general way


def emits(*names):
    """Decorator: a better way for these records."""

    def enter(function):
        BETTER.update(dict.fromkeys(names, function))
        return function

    return enter


class Emitter:
    """Writes the lines of one graph.

    `leaving` are values whose arrays will belong to somebody else, `pinned` those with memory of their own. `facts` are
    numbers that must be what they were: {value: [truth, or ("is", number)]}; a run where one is not ends there.
    """

    def __init__(self, graph, leaving=(), pinned=(), facts=None):
        self.graph, self.program, self.facts = graph, Program(), facts or {}
        self.leaving, self.pinned, self.buffers, self.scalars = set(leaving), set(pinned), {}, {}
        self.uses, self.users = {}, {}
        for step in graph.every_step():
            for value in step.uses():
                self.uses[value] = self.uses.get(value, 0) + 1
                self.users.setdefault(value, []).append(step)
        for value in values_in((graph.outputs, graph.updates)):
            self.uses[value] = self.uses.get(value, 0) + 1
        self.makers = {value: step for step in graph.steps for value in step.outputs}

    def run(self):
        """The program."""
        for value in self.graph.inputs:
            if value.kind == "tensor":
                self.buffers[value] = Buffer("given", value.shape, value.dtype.numpy, self.new_name(value))
                self.program.given.append(self.buffers[value].name)
            else:
                self.scalars[value] = self.new_name(value)
                self.program.given.append(self.scalars[value])
        for value, tensor in self.graph.held().items():
            array = tensor.array
            self.buffers[value] = Buffer("outside", array.shape, array.dtype, tensor=tensor,
                                         rows=array.flags.c_contiguous)  # fmt: skip
        for step in self.graph.steps:
            if step.outputs[0] not in self.buffers:  # else a step before has seen to it
                self.step(step)
            for value in step.outputs:
                for expected in self.facts.get(value, ()):
                    self._rely_on(self.scalars[value], expected)
        for held, new in self.graph.updates:
            self._update(self.of(held), self.of(new), new)
        return self.program

    def _rely_on(self, name, expected):
        if isinstance(expected, bool):
            self.line(f"if {'not ' if expected else ''}{name}: return MISS", guard=True)
        else:
            number = expected[1]
            known = self.program.constant(number, "n_was")
            test = "is not" if isinstance(number, bool) else "!="
            self.line(f"if {name} {test} {known}: return MISS", guard=True)

    def _update(self, held, new, value):
        """Numbers for a tensor that is held: written there by the very line that makes them, where nobody minds."""
        lines = self.program.lines
        at = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].out is new), None)
        safe = at is not None and lines[at].elementwise and new.kind == "static" and new.base is None
        if safe and self.uses[value] == 1 and not new.pinned and new.dtype == held.dtype and new.shape == held.shape:
            behind = lines[at + 1 :]
            if not any(line.guard or any(held in (b.root, *_lent(b.root)) for b in line.operands) for line in behind):
                new.base, new.derive = held, lambda array: array
                return
        copyto = self.program.constant(np.copyto, "copyto")
        self.line(f"{copyto}({{0}}, {{1}})", held, new)

    def new_name(self, value):
        name = "".join(c if c.isalnum() else "_" for c in value.name)
        while not name.isidentifier() or keyword.iskeyword(name) or name in self.program.given or name in _RESERVED:
            name = f"x_{name}"
        return name

    def new_number(self, key):
        """A name for a number that a line makes, which is known by this key from now on; no option has it already."""
        name = f"n{len(self.scalars)}"
        while name in self.program.given:
            name = f"n_{name}"
        self.scalars[key] = name
        return name

    def step(self, step):
        """The lines of one step."""
        if isinstance(step, (If, Loop)):
            raise CaptureError("a graph with branches or loops is run as it stands, not as lines of NumPy")
        better = BETTER.get(step.op.name)
        if better is not None and better(self, step) is not False:
            return
        if not isinstance(step.op, Op) or (step.attributes and values_in(step.attributes)):
            as_it_stands(self, step)
        elif step.op.view:
            self.set(step.output, self.formula_view(step))
        elif not elementwise(self, step):
            as_it_stands(self, step)

    # Buffers

    def of(self, value):
        """The buffer of a value."""
        return self.buffers[value]

    def set(self, value, buffer):
        """This buffer has the numbers of the value."""
        self.buffers[value] = buffer

    def new(self, shape, dtype, value=None):
        """A buffer to write to; one that leaves the program is made anew by its line."""
        kind = "fresh" if value is not None and value in self.leaving else "static"
        return Buffer(kind, tuple(shape), np.dtype(dtype), pinned=value is not None and value in self.pinned)

    def like(self, value):
        """A buffer for this value."""
        return self.new(value.shape, value.dtype.numpy, value)

    def goes_with(self, value, order):
        """Whether what stands beside this value where it is used, or what that is made of, lies in this order."""
        beside = [other for step in self.users.get(value, ()) for other in step.uses() if other is not value]
        beside += [x for other in beside if other in self.makers for x in self.makers[other].uses()]
        known = [other for other in beside if other in self.buffers and other.shape == value.shape]
        return any(self.of(other).order == order for other in known)

    def view(self, buffer, text, derive, shape, rows=True):
        """Another look at the memory of a buffer."""
        return Buffer(buffer.kind, tuple(shape), buffer.dtype, base=buffer, derive=derive, text=text, rows=rows)

    def turned(self, buffer):
        """A matrix, turned round."""
        if buffer.upright is not None:
            return buffer.upright
        made = self.view(buffer, "{}.T", lambda a: a.T, buffer.shape[::-1], rows=1 in buffer.shape)
        made.upright, made.order = buffer, (1, 0)
        return made

    def ordered(self, base, order):
        """A buffer in row order, seen with its axes in another order."""
        made = self.view(base, f"{{}}.transpose({order})", lambda a: a.transpose(order),
                         [base.shape[i] for i in order], rows=False)  # fmt: skip
        made.upright, made.order = base, order
        return made

    def in_order(self, buffer, order):
        """The buffer in row order of which this one is `ordered`: a copy, unless it lies so already."""
        if buffer.upright is not None and buffer.order == order:
            return buffer.upright
        back = tuple(order.index(i) for i in range(len(order)))
        other = self.view(buffer, f"{{}}.transpose({back})", lambda a: a.transpose(back),
                          [buffer.shape[i] for i in back], rows=False)  # fmt: skip
        return self.copied(other, self.new(other.shape, buffer.dtype))

    def reshaped(self, buffer, shape):
        """The same elements in another shape: a view where the rows lie one behind the other, else a copy."""
        shape = tuple(shape)
        if buffer.shape == shape:
            return buffer
        if buffer.rows:
            return self.view(buffer, f"{{}}.reshape({shape})", lambda a: a.reshape(shape), shape)
        out = self.new(buffer.shape, buffer.dtype)
        self.copied(buffer, out)
        return self.reshaped(out, shape)

    def in_rows(self, buffer):
        """The same numbers in row order without gaps."""
        if buffer.rows:
            return buffer
        out = self.new(buffer.shape, buffer.dtype)
        return self.copied(buffer, out)

    def copied(self, buffer, out):
        """The numbers of one buffer in another."""
        return self.line(f"{self.program.constant(np.copyto, 'copyto')}({{out}}, {{0}})", buffer, out=out)

    def number(self, number, dtype):
        """A number as an array without axes, which takes NumPy half the time of a Python number."""
        dtype = np.dtype(dtype)
        if isinstance(number, Value):
            buffer = self.buffers.get((number, dtype))
            if buffer is None:
                buffer = self.buffers[number, dtype] = Buffer("static", (), dtype, pinned=True)
                self.line(f"{{out}}.fill({self.scalars[number]})", out=buffer)
            return buffer
        key = "number", repr(number), dtype
        if key not in self.buffers:
            array = np.asarray(number, dtype) if isinstance(number, float) else np.asarray(number).astype(dtype)
            self.buffers[key] = self.table(array)
        return self.buffers[key]

    def table(self, array):
        """An array that never changes."""
        name = self.program.constant(array, "c")
        return Buffer("outside", array.shape, array.dtype, name, rows=array.flags.c_contiguous)

    # Lines

    def line(self, template, *operands, out=None, elementwise=False, extra=(), guard=False):
        """One more line; its result."""
        self.program.lines.append(Line(template, operands, out, elementwise, extra, guard))
        return out

    def prepared(self, function, operands, outs, **options):
        """A line that calls what `function(*arrays, **options)` has made of the arrays beforehand, as they lie."""
        operands = [b if b.bound else self.copied(b, self.new(b.shape, b.dtype)) for b in operands]
        name = f"{function.__name__}_{len(self.program.prepared)}"
        self.program.prepared.append((name, function, (*operands, *outs), options))
        return self.line(f"{name}()", *operands, out=outs[0], extra=tuple(outs[1:]))

    def ufunc(self, ufunc, operands, out):
        """`out = ufunc(*operands)`, element by element."""
        shape = out.shape
        order = self._common_order(operands, shape) if out.kind == "static" and not out.pinned else None
        if order:
            back = tuple(order.index(i) for i in range(len(order)))
            made = self.new([shape[i] for i in back], out.dtype)
            made = self.ufunc(ufunc, [self._back(b, back) for b in operands], made)
            return self.turned(made) if order == (1, 0) else self.ordered(made, order)
        if out.kind == "static" and out.base is None:
            operands, out = self._squeezed(operands, out)
        if ufunc in (np.maximum, np.minimum):
            operands = [self._spread(b, out) for b in operands]
        name = self.program.constant(ufunc, ufunc.__name__)
        places = ", ".join(f"{{{i}}}" for i in range(len(operands)))
        to = "out={out}" if ufunc in (np.maximum, np.minimum) else "{out}"  # which warn of a third operand, at length
        template = f"{name}({places}, {to})" if out.kind == "static" else f"{{out}} = {name}({places})"
        self.line(template, *operands, out=out, elementwise=True)
        return out if out.shape == shape else self.reshaped(out, shape)

    def _spread(self, buffer, out):
        """A constant number as an array of this many: NumPy compares two arrays in half the time, unless in vain."""
        known = self.program.names.get(buffer.name) if buffer.kind == "outside" and buffer.tensor is None else None
        if known is None or buffer.shape or not out.shape or not out.rows or not 0 < out.nbytes <= SPREAD:
            return buffer
        return self.table(_filled(known.tobytes(), buffer.dtype, prod(out.shape)).reshape(out.shape))

    @staticmethod
    def _common_order(operands, shape):
        """The order of axes in which all operands lie that are of this shape, so that the result may well, too."""
        orders = {b.order for b in operands if b.shape == shape}
        return orders.pop() if len(orders) == 1 and not (len(shape) == 2 and 1 in shape) else None

    def _back(self, buffer, back):
        """An operand as it goes with the others when their axes are put back in order."""
        if buffer.upright is not None and len(buffer.shape) == len(back):
            return buffer.upright
        if not buffer.shape:
            return buffer
        full = self.reshaped(buffer, (1,) * (len(back) - len(buffer.shape)) + tuple(buffer.shape))
        if sum(n != 1 for n in full.shape) <= 1:
            return self.reshaped(full, [full.shape[i] for i in back])
        return self.view(full, f"{{}}.transpose({back})", lambda a: a.transpose(back), [full.shape[i] for i in back],
                         rows=False)  # fmt: skip

    def _squeezed(self, operands, out):
        """The same without axes of length 1, where nothing is left to broadcast then: NumPy has a short way for it."""
        inner = tuple(n for n in out.shape if n != 1)
        sizes = [b.nbytes // b.dtype.itemsize for b in operands]
        whole = out.nbytes // out.dtype.itemsize
        if all(b.shape in (out.shape, ()) for b in operands) or not all(b.rows for b in (*operands, out)):
            return operands, out
        if not all(size in (1, whole) for size in sizes):
            return operands, out
        made = [self.reshaped(b, () if size == 1 and whole > 1 else inner)
                for b, size in zip(operands, sizes, strict=True)]  # fmt: skip
        flat = Buffer("static", inner, out.dtype, pinned=out.pinned)
        return made, flat

    def product(self, a, b, out):
        """The product of two matrices, or of a matrix and a line.

        A small second matrix that stands on its side is turned round first: else BLAS takes up to three times as long.
        """
        plain = out.kind == "static" and out.rows
        small = len(a.shape) == len(b.shape) == 2 and not b.rows and b.nbytes <= TURNED
        if small and (a.shape[0] >= 100 or (a.shape[0] >= 32 and b.shape[1] >= 32)):
            b = self.in_rows(b)
        elif b.upright is not None and 8 <= a.shape[0] <= 32 and b.shape[1] >= 128 <= b.shape[0] and plain:
            other = self.product(b.upright, self.in_rows(self.turned(a)), self.new(out.shape[::-1], out.dtype))
            return self.copied(self.turned(other), out)  # half the time that BLAS takes for a few long rows
        if plain:
            return self.line("{0}.dot({1}, {out})", a, b, out=out)
        out.kind = "fresh"
        return self.line("{out} = {0}.dot({1})", a, b, out=out)

    def cast(self, buffer, dtype):
        """The buffer in another dtype."""
        dtype = np.dtype(dtype)
        if buffer.dtype == dtype:
            return buffer
        name = self.program.constant(dtype, dtype.name)
        out = Buffer("fresh", buffer.shape, dtype)
        return self.line(f"{{out}} = {{0}}.astype({name})", buffer, out=out)

    def operands(self, step):
        """The operands of a step as an op's formula gets them: of one dtype, numbers as arrays without axes."""
        op = step.op
        if not isinstance(op, Op):
            return [self.of(x) if isinstance(x, Value) and x.kind == "tensor" else x for x in step.inputs]
        mixed, wanted = common_dtype(step)
        made = []
        for i, x in enumerate(step.inputs):
            if isinstance(x, Value) and x.kind == "tensor":
                made.append(self.cast(self.of(x), wanted) if i in mixed else self.of(x))
            else:
                made.append(self.number(x, wanted))
        return made

    def formula_view(self, step):
        """The result of an op that only looks at memory in another way."""
        base, op, attributes = self.of(step.inputs[0]), step.op, step.attributes
        name = self.program.constant(op.forward, op.name)
        given = "".join(f", {key}={self.literal(what)}" for key, what in attributes.items())
        np_name, out = self.program.constant(np, "np"), step.output
        part = part_of(step)
        whole = op.name in ("reshape", "unsqueeze", "squeeze", "detach") or (part is not None and part.axis == 0)
        rows = base.rows and whole
        if op.name == "reshape" and not base.rows:
            base = self.in_rows(base)
            rows = True
        return self.view(base, f"{name}({np_name}, {{}}{given})", lambda a: op.forward(np, a, **attributes), out.shape,
                         rows)  # fmt: skip

    def literal(self, what):
        """An attribute as source: a value by its buffer's place is not possible here, so constants only."""
        if isinstance(what, (bool, int, str, type(None))) or (isinstance(what, float) and what == what and
                                                              abs(what) != float("inf")):  # fmt: skip
            return repr(what)
        if isinstance(what, tuple) and all(isinstance(part, (int, type(None))) for part in what):
            return repr(what)
        return self.program.constant(what, "k")


@lru_cache(64)
def _filled(number, dtype, count):
    """So many times this number, given as its bytes (0.0 is not -0.0); never to be written to."""
    made = np.full(count, np.frombuffer(number, dtype))
    made.flags.writeable = False
    return made


def common_dtype(step):
    """The places of those operands of a step that share one dtype, and which that is."""
    op = step.op
    mixed = [i for i, name in enumerate(op.names_of(step.inputs)) if name not in op.fixed]
    plain = [x if isinstance(x, NUMBERS) else _stand_in(x) for x in (step.inputs[i] for i in mixed)]
    wanted = result_type(plain) if plain else None
    return mixed, get_default_dtype().numpy if op.to_float and wanted.kind != "f" else wanted


def _lent(buffer):
    """The buffers whose memory this one may share, to the end."""
    for other in buffer.aliases:
        yield other.root
        yield from _lent(other.root)


def _stand_in(x):
    """What result_type looks at: an array of this dtype and number of axes, or a number."""
    if x.kind != "tensor":
        return {"float": 0.0, "int": 0, "bool": False}[x.kind]
    return np.empty((0,) * len(x.shape) if x.shape else (), x.dtype.numpy)
