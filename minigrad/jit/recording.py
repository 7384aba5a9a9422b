"""Putting down everything that happens while code runs, as a Graph: the ops, and the way back, too.

The code runs as ever, with real numbers. A Recording is a watcher (modes.watch) that hears of each op, and it is the
`staging` of the running mode: backward then runs its rules as ops, who draws random numbers says how, and it is told of
what leaves for Python. It knows tensors by identity, and arrays, too, since backward wraps saved arrays anew.

What is no input and was made by no op is held: a parameter, under its dotted name, or a constant.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from .. import memory, modes
from ..events import Accumulated, Changing, Gathered, ModuleEntered, ModuleLeft, OpRan
from ..nn import Parameter
from ..op import OPS
from ..tensor import Tensor
from ..views import live_views
from .errors import CaptureError
from .graph import Graph, Names, Step, Value
from .places import here, way
from .prims import PRIMS
from .tree import Leaf, rebuilt
from .vjp import run_as_one, vjp

_ndarray = np.ndarray


class Recording:
    """One run, as it is put down. `finish` gives the graph.

    `paths` are names by the id of a tensor, `prefixes` dotted names by the id of a module.
    """

    def __init__(self, name="graph", paths=None, prefixes=None):
        self.graph, self.names = Graph(name=name), Names()
        self.paths, self.prefixes = paths or {}, prefixes or {}
        self.tensors, self.arrays = {}, {}  # id -> Value
        self.alive = []  # what these ids belong to
        self.owners = {}  # id of an array that owns memory -> the tensors seen in it
        self.held = {}  # Value -> the tensor that it stands for: inputs, parameters, constants
        self.entered = []  # dotted names of the modules that run just now
        self.modules = {}  # every module that ran
        self.options = {}  # (optimizer, group, name) -> (Value, the number just now): read anew at each run
        self.facts = {}  # Value -> what was taken for granted: its truth, or ("is", number)
        self.reads = []  # (Source, how, Value, what Python got): numbers that left
        self.gathered = []  # (Source, tensor): tensors made of Python's numbers
        self.ways = None  # for who wants it: each step -> the calls that led to it, as a tuple
        self.leaves = {}  # id of a leaf -> (leaf, what became of its .grad first: "cleared", "none", "grown")

    @contextmanager
    def on(self):
        """Put down what happens in this block."""
        if modes.state.staging is not None:
            raise CaptureError("one recording cannot begin inside another")
        modes.state.staging = self
        modes.add_watcher(self.told)
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
        self._know(tensor, value)
        return value

    def finish(self, outputs, form):
        """The graph, given the values that the run came to, and how they are nested in its result."""
        self.graph.outputs, self.graph.form = list(outputs), None if isinstance(form, Leaf) else form
        self.graph.updates = [(value, self.tensors[id(tensor)]) for value, tensor in self.held.items()
                              if self.tensors[id(tensor)] is not value]  # fmt: skip
        return self.graph

    # Values

    def _value(self, tensor, name):
        array = tensor.array
        return Value(self.names.new(name), "tensor", array.shape, tensor.dtype, str(tensor.device))

    def _know(self, tensor, value):
        self.tensors[id(tensor)] = self.arrays[id(tensor.array)] = value
        self._keep(tensor)

    def _keep(self, tensor):
        self.alive += tensor, tensor.array
        if type(tensor.array) is _ndarray:
            self.owners.setdefault(id(_owner(tensor.array)), []).append(tensor)

    def of(self, tensor):
        """The value of a tensor; one that was not seen before is held from now on."""
        value = self.tensors.get(id(tensor)) or self.arrays.get(id(tensor.array))
        if value is None:
            return self._hold(tensor)
        if id(tensor) not in self.tensors:
            self.tensors[id(tensor)] = value
            self._keep(tensor)
        return value

    def _hold(self, tensor):
        self._refuse_shared(tensor)
        name = self.paths.get(id(tensor))
        lasting = name is not None or tensor.requires_grad or isinstance(tensor, Parameter)
        value = self._value(tensor, name or ("parameter" if lasting else "constant"))
        (self.graph.parameters if lasting else self.graph.constants)[value] = tensor
        self.held[value] = tensor
        self._know(tensor, value)
        return value

    def _refuse_shared(self, tensor):
        """A tensor nobody told of, on the memory of one that is known: `.data`, or a window made through NumPy."""
        if type(tensor.array) is not _ndarray:
            return
        for other in self.owners.get(id(_owner(tensor.array)), ()):
            if np.may_share_memory(other.array, tensor.array):
                raise CaptureError(
                    f"a tensor of shape {tuple(tensor.shape)} shares memory with one that is recorded, and no op made "
                    "it: it came through .data or NumPy. Get at the same numbers by .detach(), or by ops."
                )

    def add(self, op, inputs, attributes, outputs):
        """One more step."""
        module = self.entered[-1] if self.entered else None
        step = Step(op, tuple(inputs), attributes, tuple(outputs), here(), module)
        self.graph.steps.append(step)
        if self.ways is not None:
            self.ways[step] = way()

    def put(self, tensor, value):
        """From here on, `tensor` has this value."""
        self.of(tensor)
        self.tensors[id(tensor)] = self.arrays[id(tensor.array)] = value

    def option(self, optimizer, group, name, number):
        """The value of a number in one of an optimizer's groups, which each run reads anew."""
        key = optimizer, group, name
        if key not in self.options:
            label = "_".join(map(str, name)) if isinstance(name, tuple) else name
            self.options[key] = Value(self.names.new(label), "float"), number
            self.graph.inputs.append(self.options[key][0])
        return self.options[key][0]

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
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            getattr(self, handler)(event)

    def _ran(self, event):
        op, out = event.op, event.output
        base = OPS.get(getattr(op, "__name__", None))
        if base is None or base.name == "view_put":  # a custom function, or word of a change: already put down
            return
        inputs = [self._operand(x) for x in event.inputs]
        attributes = self._plain(event.attributes) if event.attributes else {}
        name = op.name.rstrip("_")
        changed = op.name != base.name and out is event.inputs[0]
        value = self._value(out, name)
        self.add(base, inputs, attributes, (value, *(() if changed else self._byproducts(base, out))))
        if changed:
            self._rewrite(out, value)
        elif base.name == "detach":  # whose array is that of its operand
            self.tensors[id(out)] = value
            self._keep(out)
        else:
            self._know(out, value)

    def _operand(self, x):
        if isinstance(x, Tensor):
            return self.of(x)
        return x.item() if isinstance(x, np.generic) else x

    def _plain(self, what):
        """Attributes, with values in the place of arrays: of tensors that are known, or constants."""
        if type(what) is _ndarray:
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
            value = Value(self.names.new(name))
            if name in kept:
                array = kept[name]
                value.shape, value.dtype = array.shape, Tensor(array).dtype
                self.arrays[id(array)] = value
                self.alive.append(array)
            made.append(value)
        return made

    # Changes in place

    def _rewrite(self, tensor, value):
        """`tensor` has other numbers now: `value`. So have all that share its memory."""
        view = getattr(tensor, "_view", None)
        base = tensor if view is None else view.base
        if view is not None:
            whole = self._value(base, "view_put")
            self.add(OPS["view_put"], (self.of(base), value), {"steps": self._plain(tuple(view.steps()))}, (whole,))
            self.put(base, whole)
        self.put(tensor, value)
        for other in live_views(base):
            if other is not tensor and id(other) in self.tensors:
                self.put(other, self._viewed(self.tensors[id(base)], other))
        for other in self.owners.get(id(_owner(tensor.array)), ()):  # those cut off by detach()
            if other.array is tensor.array and other is not tensor:
                self.tensors[id(other)] = value

    def _viewed(self, value, other):
        """The value of a view of the tensor that has this value now."""
        steps = other._view.steps()
        for i, (op, attributes) in enumerate(steps):
            made = self._value(other, op.name)
            made.shape = made.shape if i == len(steps) - 1 else None
            self.add(op, (value,), self._plain(attributes), (made,))
            value = made
        return value

    # Backward and optimizers

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
        leaf, total = event.tensor, event.total
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
        elif grad is not None:
            self.leaves.setdefault(id(leaf), (leaf, "grown"))
            value = self._value(grad, "zeros")
            self.add(PRIMS["tensor.full"], (0,), {"shape": grad.array.shape, "dtype": grad.dtype}, (value,))
            self.put(grad, value)

    def _changing(self, event):
        if event.by is not None:
            from .optimizing import step_of

            step_of(self, event.by)

    # Modules, random numbers, and numbers for Python

    def _entered(self, event):
        self.entered.append(self.prefixes.get(id(event.module)) or None)
        self.modules[id(event.module)] = event.module

    def _left(self, event):
        self.entered.pop()

    def _gathered(self, event):
        self.gathered.append((here(), event.output))

    def drew(self, made, what, shape, dtype, device, generator, options):
        """random.draw has drawn `made`."""
        value = self._value(made, what)
        attributes = {"what": what, "shape": shape, "dtype": dtype, "generator": generator, "options": options}
        self.add(PRIMS["random.draw"], (), attributes, (value,))
        self._know(made, value)

    def read(self, tensor, how, given):
        """A value leaves for Python; what Python is to get."""
        self.reads.append((here(), how, self.of(tensor), given))
        return given


def _owner(array):
    base = memory.base_of(array)
    return array if base is None else base


_HANDLERS = {
    OpRan: "_ran", Accumulated: "_accumulated", Changing: "_changing", Gathered: "_gathered", ModuleEntered: "_entered",
    ModuleLeft: "_left",
}  # fmt: skip
