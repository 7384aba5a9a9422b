"""Putting down everything that happens while code runs, as a Graph: the ops, and the way back, too.

The code runs as ever, with real numbers. A Recording is a watcher (modes.watch) that hears of each op, and it is the
`staging` of the running mode: backward then runs its rules as ops, who draws random numbers says how, and it is told of
what leaves for Python. It knows tensors by identity, and arrays, too, since backward wraps saved arrays anew.

What is no input and was made by no op is held: a parameter, under its dotted name, or a constant.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from .. import modes
from ..device import is_array
from ..dtype import DTYPES
from ..events import Accumulated, BackwardEnded, Changing, Gathered, ModuleEntered, ModuleLeft, OpRan, Stepped
from ..hooks import grad_mode
from ..nn import Parameter
from ..op import OPS
from ..tensor import Tensor
from .custom import Custom
from .errors import CaptureError
from .graph import Graph, Names, Step, Value, used_in, values_in
from .histories import Histories
from .passed import Passed
from .places import here, way
from .prims import PRIMS
from .rewriting import Rewriting, owner_of
from .tree import Leaf, flatten, rebuilt
from .vjp import run_as_one, vjp


class Recording(Rewriting):
    """One run, as it is put down. `finish` gives the graph.

    `paths` are names by the id of a tensor, `prefixes` dotted names by the id of a module.
    """

    def __init__(self, name="graph", paths=None, prefixes=None):
        self.graph, self.names = Graph(name=name), Names()
        self.paths, self.prefixes = paths or {}, prefixes or {}
        self.tensors, self.arrays = {}, {}  # id -> Value
        self.shown = {}  # id of a tensor -> the array it had when its Value was put down
        self.promoted = {}  # id of an array that a node keeps in another dtype -> the Value of the operand
        self.histories = Histories()
        self.alive = []  # what these ids belong to
        self.owners = {}  # id of an array that owns memory -> the tensors seen in it
        self.held = {}  # Value -> the tensor that it stands for: inputs, parameters, constants
        self.entered = []  # dotted names of the modules that run just now
        self.modules = {}  # every module that ran
        self.facts = {}  # Value -> what was taken for granted: its truth, or ("is", number)
        self.reads = []  # (Source, how, Value, what Python got): numbers that left
        self.gathered = []  # (Source, tensor): tensors made of Python's numbers
        self.ways = None  # for who wants it: each step -> the calls that led to it, as a tuple
        self.local = set()  # ids of tensors that were made on the way, by no op
        self.spare = set()  # steps inside of custom functions: kept where something uses them
        self.own_reads = set()  # numbers of those `reads` that are a custom function's own business
        self.hooks = []  # (Source, what was hooked) of hooks that backward has not called
        self.relaid = set()  # ids of tensors that got another layout in place
        self.stale = {}  # id -> tensor: detached windows of memory that has changed since
        self.stepping = False  # whether one is about to
        self.stepped = False  # whether an optimizer has stepped
        self.landed = False  # whether a backward has reached a leaf
        self.outside = {}  # Value of a tensor that is handed in or held -> (edge, array) that it had then
        self.past = set()  # ids of nodes that have made one of these
        self.leaves = {}  # id of a leaf -> (leaf, what became of its .grad first: "cleared", "none", "grown")

    @contextmanager
    def on(self):
        """Put down what happens in this block."""
        if modes.state.staging is not None:
            raise CaptureError("one recording cannot begin inside another")
        modes.state.staging = self
        modes.add_watcher(self.told)
        self.histories.begin()
        try:
            yield self
        finally:
            modes.remove_watcher(self.told)
            modes.state.staging = None

    def enter_input(self, tensor, name):
        """A tensor that is handed in at each run."""
        value = self._value(tensor, name)
        self.graph.inputs.append(value)
        self.held[value] = tensor
        self.histories.enters(value, True)
        self._comes_in(tensor, value)
        self._know(tensor, value)
        return value

    def finish(self, outputs, form):
        """The graph, given the values that the run came to, and how they are nested in its result."""
        self.refuse_turned()
        self.graph.outputs = list(self._seen(list(outputs)))
        self.graph.form = None if isinstance(form, Leaf) else form
        self.graph.updates = [(value, self.tensors[id(tensor)]) for value, tensor in self.held.items()
                              if self.tensors[id(tensor)] is not value and id(tensor) not in self.local]  # fmt: skip
        if self.spare or self.own_reads:
            self._drop_spare_steps()
            self.reads = [read for i, read in enumerate(self.reads) if i not in self.own_reads]
        return self.graph

    def _drop_spare_steps(self):
        used = {*values_in(self.graph.outputs), *(new for _, new in self.graph.updates)}
        kept = []
        for step in reversed(self.graph.steps):
            if step not in self.spare or not used.isdisjoint(step.outputs):
                kept.append(step)
                used |= used_in([step])
        self.graph.steps = kept[::-1]

    # Values

    def _value(self, tensor, name):
        array = tensor.array
        place = "cpu" if type(array) is np.ndarray else str(tensor.device)
        return Value(self.names.new(name), "tensor", array.shape, DTYPES[array.dtype], place)

    def _know(self, tensor, value):
        self.tensors[id(tensor)] = self.arrays[id(tensor.array)] = value
        self._keep(tensor)

    def _keep(self, tensor):
        array = tensor.array
        self.shown[id(tensor)] = array
        self.alive += tensor, array
        if is_array(array):
            self.owners.setdefault(id(owner_of(array)), []).append(tensor)

    def of(self, tensor):
        """The value of a tensor; one that was not seen before is held from now on."""
        if id(tensor) in self.stale:
            raise CaptureError(
                f"a tensor of shape {tuple(tensor.shape)} is a detached part of one that was changed in place since: "
                "how it sees the change is not recorded. Take the part again after the change, or .clone() it before."
            )
        value = self.tensors.get(id(tensor))
        if value is None or self.shown[id(tensor)] is not tensor.array:  # t_() and its like give it another one
            if value is not None:
                self.relaid.add(id(tensor))
            value = self.arrays.get(id(tensor.array))
        if value is None:
            return self._hold(tensor)
        if self.tensors.get(id(tensor)) is not value:
            self.tensors[id(tensor)] = value
            self._keep(tensor)
        return value

    def _hold(self, tensor):
        self._refuse_shared(tensor)
        name = self.paths.get(id(tensor))
        lasting = name is not None or tensor.requires_grad or isinstance(tensor, Parameter)
        lasting = lasting and id(tensor) not in self.local
        value = self._value(tensor, name or ("parameter" if lasting else "constant"))
        (self.graph.parameters if lasting else self.graph.constants)[value] = tensor
        self.held[value] = tensor
        self.histories.enters(value, tensor.requires_grad)
        self._comes_in(tensor, value)
        self._know(tensor, value)
        return value

    def _refuse_shared(self, tensor):
        """A tensor nobody told of, on the memory of one that is known: `.data`, or a window made through NumPy."""
        if not is_array(tensor.array):
            return
        for other in self.owners.get(id(owner_of(tensor.array)), ()):
            if self.tensors[id(other)] not in self.graph.constants and np.may_share_memory(other.array, tensor.array):
                raise CaptureError(
                    f"a tensor of shape {tuple(tensor.shape)} shares memory with one that is recorded, and no op made "
                    "it: it came through .data or NumPy. Get at the same numbers by .detach(), or by ops."
                )

    def add(self, op, inputs, attributes, outputs):
        """One more step."""
        inputs = tuple(self._seen(inputs))
        self.histories.made(op, inputs, outputs)
        self._put_down(op, inputs, attributes, outputs)

    def _seen(self, inputs):
        """Operands as ops may see them that are recorded now, see histories.py."""
        inputs, steps = self.histories.operands(inputs)
        for op, operands, made in steps:
            made.name = self.names.new(made.name)
            self._put_down(op, operands, {}, (made,))
        return inputs

    def _put_down(self, op, inputs, attributes, outputs):
        module = self.entered[-1] if self.entered else None
        step = Step(op, tuple(inputs), attributes, tuple(outputs), here(), module)
        self.graph.steps.append(step)
        if self.ways is not None:
            self.ways[step] = way()

    def put(self, tensor, value):
        """From here on, `tensor` has this value."""
        self.of(tensor)
        self._put(tensor, value)

    def option(self, optimizer, group, name, number):
        """The value of a number in one of an optimizer's groups. Here the number stays; compile reads it anew."""
        return number

    def relies_on(self, value, truth):
        """The graph is right only where this number is true, or is not; or where it is just this: ("is", number)."""
        expected = self.facts.setdefault(value, [])
        if truth not in expected:
            expected.append(truth)

    def number(self, prim, inputs, kind, name=None):
        """A step that makes a Python number."""
        made = Value(self.names.new(name or prim.rpartition(".")[2]), kind)
        self.add(PRIMS[prim], inputs, {}, (made,))
        return made

    # What happens

    def told(self, event):
        """Every event of the core."""
        handler = HANDLERS.get(type(event))
        if handler is not None:
            getattr(self, handler)(event)

    def _ran(self, event):
        op, out = event.op, event.output
        base = OPS.get(getattr(op, "__name__", None))
        if base is None or (base.name == "view_put" and event.output is event.inputs[0]):
            return  # a custom function, or word of a change: already put down
        inputs = [self._operand(x) for x in event.inputs]
        attributes = self._plain(event.attributes) if event.attributes else {}
        name = op.name.rstrip("_")
        changed = op.name != base.name and out is event.inputs[0]
        value = self._value(out, name)
        if changed:
            self.written(base, inputs, attributes, value)
        else:
            self.add(base, inputs, attributes, (value, *self._byproducts(base, out)))
        self.note_promoted(event, out._edge)
        if changed:
            self.note_kept(inputs[0], out._edge)
            self._rewrite(out, value)
        elif base.name == "detach":  # whose array is that of its operand
            self.tensors[id(out)] = value
            self._keep(out)
        else:
            self._know(out, value)

    def _operand(self, x):
        if isinstance(x, Tensor):
            return self.of(x)
        if isinstance(x, Passed):
            return x.operand()
        return x.item() if isinstance(x, np.generic) else x

    def _plain(self, what):
        """Attributes, with values in the place of arrays: of tensors that are known, or constants."""
        if is_array(what):
            value = self.arrays.get(id(what))
            return self._hold(Tensor(what)) if value is None else value
        if isinstance(what, Tensor):
            return self.of(what)
        return rebuilt(what, self._plain)

    def _byproducts(self, op, out):
        """Values for what the formula hands on beside its result, where the node has kept it."""
        if not op.byproducts or out._edge is None:
            return ()
        kept, made = dict(zip(out._edge.plan.names, out._edge.saved, strict=True)), []
        for name in op.byproducts:
            value = Value(self.names.new(name), device=str(out.device))
            if name in kept:
                array = kept[name]
                value.shape, value.dtype = array.shape, Tensor(array).dtype
                self.arrays[id(array)] = value
                self.alive.append(array)
            made.append(value)
        return made

    # Backward and optimizers

    def goes_back(self, node):
        """For backward: the rules of a node are about to run."""
        if id(node) in self.past:
            raise CaptureError("backward() goes on into the history of a tensor from outside, which is another each "
                               "time, and not recorded. Hand it in as .detach()")  # fmt: skip

    def rules_as_one(self, node, g):
        """For backward: the contributions of a node whose way back is one step."""
        saved, sent = run_as_one(node, g)
        record = vjp(node.op, sum(1 << i for i, *_ in node.plan.rules))
        tensors = saved[: len(node.plan.tensors)]
        rest = dict(zip(record.attributes, self._plain(saved[len(tensors) :]), strict=True))
        made = [self._value(sent[i], f"d_{node.op.arguments[i]}") for i in record.outputs]
        self.add(record, [self.of(g), *map(self.of, tensors)], rest, made)
        for i, value in zip(record.outputs, made, strict=True):
            self._know(sent[i], value)
        return sent

    def _accumulated(self, event):
        leaf, total, self.landed = event.tensor, event.total, True
        self.leaves.setdefault(id(leaf), (leaf, "grown" if event.in_place else "none"))
        if event.in_place:
            value = self._value(total, "grad")
            self.add(OPS["add"], (self.of(total), self.of(event.gradient)), {}, (value,))
            self.put(total, value)

    def cleared(self, leaf, set_to_none):
        """The .grad of a leaf is cleared, or is about to be replaced."""
        grad = getattr(leaf, "_grad", None)
        if set_to_none:
            self.leaves.setdefault(id(leaf), (leaf, "cleared"))
        elif grad is None:
            self.leaves.setdefault(id(leaf), (leaf, "none"))
        else:
            self.leaves.setdefault(id(leaf), (leaf, "grown"))
            value = self._value(grad, "zeros")
            self.add(PRIMS["tensor.full"], (0,), {"shape": grad.array.shape, "dtype": grad.dtype}, (value,))
            self.put(grad, value)

    def born(self, tensor):
        """A tensor is made of an array. What it holds now belongs to this run: it is no state that lasts."""
        if not self.stepping:  # what an optimizer makes for its first step lasts
            self.local.add(id(tensor))
        self.alive.append(tensor)

    def _changing(self, event):
        if event.by is None:
            self.about_to_change(event.tensors)
        else:
            from .optimizing import step_of

            self.stepped = self.stepping = True
            with grad_mode(False):
                step_of(self, event.by)

    def _has_stepped(self, event):
        self.stepping = False

    # Modules, random numbers, and numbers for Python

    def _entered(self, event):
        self.entered.append(self.prefixes.get(id(event.module)) or None)
        self.modules[id(event.module)] = event.module

    def _left(self, event):
        self.entered.pop()

    def applying(self, args):
        """A custom function begins: what to hand to `applied` when it is done."""
        leaves, form = flatten(args)
        return len(self.graph.steps), len(self.reads), [self.of(x) for x in leaves], form

    def applied(self, begun, function, outputs, dirty):
        """It is done. Where a gradient may come back it is one step; the ops inside stay as far as others use them."""
        count, reads, inputs, form = begun
        if not self.histories.hot() or not any(map(self.histories.flows, inputs)):
            return
        self.spare.update(self.graph.steps[count:])
        self.own_reads.update(range(reads, len(self.reads)))
        tensors = [i for i, y in enumerate(outputs) if isinstance(y, Tensor)]
        made = [self._value(outputs[i], function.__name__.lower()) for i in tensors]
        self.add(Custom(function, form, len(inputs), tensors, bool(dirty)), inputs, {}, made)
        for i, value in zip(tensors, made, strict=True):
            self._know(outputs[i], value)

    def hooked(self, what):
        """A hook waits for a gradient: lost, unless backward comes by while this is recorded."""
        self.hooks.append((here(), what))

    def _went_back(self, event):
        self.hooks.clear()
        self.own_reads.clear()  # what a backward works with that is recorded, too

    def _gathered(self, event):
        if flatten(event.data)[0]:  # tensors among the numbers
            self.gathered.append((here(), event.output))

    def drew(self, made, what, shape, dtype, device, generator, options):
        """random.draw has drawn `made`."""
        value = self._value(made, what)
        attributes = {"what": what, "shape": shape, "dtype": dtype, "generator": generator,
                      "options": self._plain(options)}  # fmt: skip
        self.add(PRIMS["random.draw"], (), attributes, (value,))
        self._know(made, value)

    def read(self, tensor, how, given):
        """A value leaves for Python; what Python is to get."""
        self.reads.append((here(), how, self.of(tensor), given))
        return given


HANDLERS = {
    OpRan: "_ran", Accumulated: "_accumulated", Changing: "_changing", BackwardEnded: "_went_back",
    Gathered: "_gathered", ModuleEntered: "_entered", ModuleLeft: "_left",
    Stepped: "_has_stepped",
}  # fmt: skip
