"""Recording one run of a function so that it can be run again without Python: what `jit.compile` keeps of it."""

from __future__ import annotations

import copy
import sys
import weakref
from dataclasses import dataclass
from typing import Any

from ... import modes
from ...backward import grad_between
from ...creation import ones_like
from ...errors import GradError
from ...tensor import Tensor
from ..capture import name_of, names_of
from ..errors import CaptureError
from ..graph import Value
from ..passed import Passed
from ..places import here, where
from ..recording import HANDLERS, Recording
from ..rewriting import owner_of
from ..tree import flatten, unflatten
from ..vjp import run_as_one
from .aliases import aliases
from .guards import Around, Guards, snapshot_of

_FEW = 256  # whole numbers of a tensor that may be taken for granted, one by one


class Capture(Recording):
    """A recording that also notes what it relies on.

    What cannot be put down does not stop the run, which goes on as it is written: `failed` then says why.
    """

    def __init__(self, function):
        super().__init__(name_of(function), *names_of(function))
        self.function, self.around = function, Around(function)
        self.failed = None
        self.seen = []  # for each result how it is seen in something else that the caller has, see aliases.py
        self.options = {}  # (optimizer, group, name) -> (Value, the number just now): read anew at each run
        self.back_from = self.back_to = self.sources = self.wants = ()  # of a result that still wants gradients
        self.gone_back = False  # whether backward has run inside
        self.before = {}  # module -> what mattered of it when it began to run
        self.structure = modes.structure

    def option(self, optimizer, group, name, number):
        """The value of a number in one of an optimizer's groups, which each run reads anew."""
        key = optimizer, group, name
        if key not in self.options:
            label = "_".join(map(str, name)) if isinstance(name, tuple) else name
            self.options[key] = Value(self.names.new(label), "float"), number
            self.graph.inputs.append(self.options[key][0])
        return self.options[key][0]

    def take(self, args, kwargs):
        """Run the function. Gives its result, as whoever called it is to get it."""
        inputs, self.form = flatten((args, kwargs))
        if len({id(x) for x in inputs}) < len(inputs):
            self.failed = "one tensor is handed in twice"
        self.given = inputs
        self.specs = [Spec(type(x), x.array.shape, x.array.dtype, x.requires_grad, type(x.array), x.device)
                      for x in inputs]  # fmt: skip
        with self.on():
            for i, x in enumerate(inputs):
                self.enter_input(x, f"x{i}" if len(inputs) > 1 else "x")
            result = self.function(*args, **kwargs)
        leaves, form = flatten(result, (Tensor, Passed))
        if self.failed is None:
            self._attempt(self._conclude, leaves, form)
        return unflatten(form, [x.number if isinstance(x, Passed) else x for x in leaves])

    def _attempt(self, what, *args):
        try:
            return what(*args)
        except CaptureError as error:
            self.failed = str(error)
        return None

    def _conclude(self, leaves, form):
        """The run is over: what came of it, and is it one that can be done again?"""
        self._look_back()
        if self.gone_back:
            self._ask_for_leaves()
        results = [x for x in leaves if isinstance(x, Tensor)]
        for x in results:
            self.of(x)
        self.seen = aliases(leaves, self.given, [t for t in self.held.values() if id(t) not in self.local])
        self._keep_constants_from(results)
        if any(leaf is x for leaf, _ in self.leaves.values() for x in self.given):
            raise CaptureError("backward() reaches a tensor that was handed in, whose .grad is not kept track of here. "
                               "Use autograd.grad()")  # fmt: skip
        kept = set(map(id, self.held.values()))
        local = {leaf for leaf, _ in self.leaves.values() if id(leaf) in self.tensors and id(leaf) not in kept}
        leaf_made = any(seen is None and isinstance(x, Tensor) and x.requires_grad and x.is_leaf
                        for x, seen in zip(leaves, self.seen, strict=True))  # fmt: skip
        if leaf_made or not local.isdisjoint(results):
            raise CaptureError("a result is a tensor with a .grad of its own, which a replay would not give")
        wants = [seen is None and isinstance(x, Tensor) and x.requires_grad
                 for x, seen in zip(leaves, self.seen, strict=True)]  # fmt: skip
        if any(wants) and not self.landed:
            self._way_back(leaves, wants)
        self.finish([x.value if isinstance(x, Passed) else self.of(x) for x in leaves], form)
        held = set(map(id, self.held.values()))
        self.gradients_before, self.final_gradients = {}, {}
        for leaf, first in self.leaves.values():
            if leaf in local:
                continue
            grad = getattr(leaf, "_grad", None)
            self.gradients_before[leaf] = first, grad
            if grad is None or id(grad) not in held:
                self.final_gradients[leaf] = None if grad is None else self.of(grad)
        self.guards = Guards(self.modules.values(), self.around, self.structure, self.before)

    def _ask_for_leaves(self):
        """backward() inside may reach what is handed in; what lies behind that, and its hooks, are new each time."""
        for spec, x in zip(self.specs, self.given, strict=True):
            spec.leaf = spec.requires_grad
            if spec.leaf and (not x.is_leaf or x._edge.hooks):
                raise CaptureError("a tensor with a history or hooks is handed in, and backward() or autograd.grad() "
                                   "is called inside. Hand it in as .detach().requires_grad_()")  # fmt: skip

    def _keep_constants_from(self, results):
        """What was made on the way and is handed out may be changed by whoever gets it: the graph keeps a copy."""
        owners = {id(owner_of(x.array)) for x in results}
        for value, tensor in self.graph.constants.items():
            if id(tensor) in self.local and id(owner_of(tensor.array)) in owners:
                self.graph.constants[value] = Tensor(tensor.array.copy())

    def _way_back(self, leaves, wants):
        """Put down the way back from these results, too, for gradients that are handed in."""
        self.wants = wants
        outputs = [x for x, wanted in zip(leaves, wants, strict=True) if wanted]
        self.sources = [x for x in (*self.given, *self.graph.parameters.values()) if x.requires_grad]
        gradients = [ones_like(x) for x in outputs]
        self.back_from = [self.enter_input(g, f"g{i}") for i, g in enumerate(gradients)]
        with self.on():
            try:
                found = grad_between(outputs, self.sources, gradients)
            except GradError as error:  # which is for whoever calls backward(), and perhaps nobody does
                raise CaptureError(f"backward() from its results would end in an error: {error}") from None
        self.back_to = [None if g is None else self.of(g) for g in found]

    def _look_back(self):
        """Refuse a run that has changed what it goes by: a replay would not do that."""
        name = self.around.changed() or self._changed_module()
        if name is not None:
            raise CaptureError(f"the function changes {name}, which lies outside; a replay would not. Hand it in, and "
                               "return what it is to be")  # fmt: skip
        for value, tensor in self.held.items():
            edge = tensor._edge if id(tensor) in self.local else self.outside[value][0]
            if edge is not tensor._edge:
                raise CaptureError(f"the function gives {value.name}, which comes from outside, another history, by a "
                                   "change in place or requires_grad_(); a replay would not. Change it under no_grad, "
                                   "or change a .clone()")  # fmt: skip
        if self.gathered:
            raise CaptureError("a tensor is made of Python's numbers, of which nobody knows whether they will be the "
                               "same next time; make it outside" + _at(self.gathered[0][0]))  # fmt: skip
        for (optimizer, group, name), (_, number) in self.options.items():
            options = optimizer.param_groups[group]
            if (options[name[0]][name[1]] if isinstance(name, tuple) else options[name]) != number:
                raise CaptureError(f"the function changes {name} of an optimizer, as a scheduler does; a replay would "
                                   "not. Let the scheduler step outside")  # fmt: skip

    def _changed_module(self):
        for module, before in self.before.items():
            if snapshot_of([module]) != before:
                return f"an attribute of {type(module).__name__}"
        return None

    # What happens, as far as it can be put down

    def told(self, event):
        """Every event of the core."""
        if self.failed is None and type(event) in HANDLERS:
            self._attempt(super().told, event)

    def rules_as_one(self, node, g):
        """For backward: the contributions of a node whose way back is one step."""
        sent = None if self.failed else self._attempt(super().rules_as_one, node, g)
        return run_as_one(node, g)[1] if sent is None else sent

    def goes_back(self, node):
        """For backward: the rules of a node are about to run."""
        if self.failed is None:
            self._attempt(super().goes_back, node)

    def cleared(self, leaf, set_to_none):
        """The .grad of a leaf is cleared."""
        if self.failed is None:
            self._attempt(super().cleared, leaf, set_to_none)

    def drew(self, *what):
        """random.draw has drawn a tensor."""
        if self.failed is None:
            self._attempt(super().drew, *what)

    def read(self, tensor, how, given):
        """A value leaves for Python: the graph relies on it, unless it is only handed on."""
        if self.failed is not None:
            return given
        if how == "looked":
            self.failed = "a function of the library goes by the numbers in a tensor" + _at(here())
            return given
        few = how == "tolist" and tensor.array.dtype.kind in "ib" and tensor.array.size <= _FEW
        if how in ("numpy", "tolist") and not few:
            self.failed = f"a tensor leaves for Python by {how}(), where it cannot be followed" + _at(here())
            return given
        if few:  # lengths, say: the graph is for these
            self.relies_on(self.number("tensor.tolist", (self.of(tensor),), "int"), ("is", copy.deepcopy(given)))
            return given
        kind = "bool" if isinstance(given, bool) else "int" if isinstance(given, int) else "float"
        number = self.number(f"tensor.{kind}", (self.of(tensor),), kind)
        if how == "item" and kind == "float":
            return Passed(self, number, given)
        self.relies_on(number, ("is", given))
        return given

    def _gathered(self, event):
        self.gathered.append((here(), event.output))  # of plain numbers, too: a replay would not ask for them again

    def _went_back(self, event):
        self.gone_back = True
        super()._went_back(event)

    def _entered(self, event):
        if id(event.module) not in self.modules:
            self.before[event.module] = snapshot_of([event.module])
        super()._entered(event)

    def let_go(self):
        """Forget the tensors that only the recording keeps alive, and find out which constants nobody else can reach.

        What remains of those is the array, which will never change: the set of such Values.
        """
        constants, private = self.graph.constants, set()
        for kept in (self.alive, self.owners, self.tensors, self.arrays, self.held, self.outside, self.leaves,
                     self.before):  # fmt: skip
            kept.clear()
        self.given = []
        for value in list(constants):
            tensor = constants.pop(value)
            array, watch = tensor.array, weakref.ref(tensor)
            del tensor
            tensor = watch()
            alone = sys.getrefcount(array) == 2 or not getattr(array.flags, "writeable", True)
            if tensor is None and alone and array.base is None:
                private.add(value)
            constants[value] = Tensor(array) if tensor is None else tensor
        return private


def _at(source):
    return "" if source is None else f", at {where(source)}"


@dataclass(eq=False)
class Spec:
    """What an input has to look like."""

    cls: type
    shape: tuple
    dtype: Any
    requires_grad: bool
    array: type
    device: Any
    leaf: bool = False  # without history and hooks
