"""The watcher that turns the events of the core into a Graph."""

import sys
import threading
import weakref
from dataclasses import replace

import numpy as np

from minigrad import events, memory
from minigrad.device import device_of
from minigrad.nn import Module, Parameter
from minigrad.optim.optimizer import alive
from minigrad.tensor import AccumulateGrad, Tensor
from viz import branches, names
from viz.escapes import Escapes
from viz.followed import Followed
from viz.graph import MASK, Entry, Number, Step, Value
from viz.log import Log
from viz.modules import Modules, Weak, joined
from viz.notes import Note, copied, dtype_name, settled, storage_of, summary_of


class Recorder(Followed):
    """Fills a Graph from events and from a log. Tensors, nodes and modules are known by weak references only.

    Every op of the learner waits for the log, so that notes what may be otherwise in a moment, and `settle` makes a
    step of it later: before anybody looks at the graph, and before a number in some tensor is changed. Until then a
    note holds the array (never the tensor); the notes of one run hold at most about `viz.log.HELD` bytes.
    """

    def __init__(self, graph, changed=None):
        self._graph = graph
        self.relay = None
        self._changed = changed or (lambda: None)
        self._settling, self._busy = threading.RLock(), False  # another thread may look at the graph while ops run
        self._given = Weak()  # names from `name()`
        self._turns = {}
        self._lines = {}  # id of a site -> (the site, its line as it stands in this graph)
        self._guessed = {}  # value id -> (way of its site, turn) of a name read off the code
        self._modules, self._roots = Modules(), {}  # step id -> the outermost module it ran in
        self._entered = {}  # step id -> (root, path) of the modules that began to run just before
        self._escapes, self._decisions = Escapes(graph, weakref.WeakMethod(self._enter_alone)), []
        self._buffers = Weak()  # array that owns memory -> number of that memory
        self._memories = 0
        self._totals = Weak()  # a tensor's `.grad` -> value id of the tensor
        self._elsewhere = {}  # value id -> `.grad` after a backward that went through other graphs only
        self._gradients = {}  # value id of a `.grad` that was used as an input -> value id of its tensor
        self._last = 0  # the number of the backward that ended last, 0 when it did not touch this run
        self._called = None  # the learner's line that called the backward that runs
        self.log = Log(self, graph, names.sites(), self._modules, self._escapes.numbers)

    def __call__(self, event):
        kind = type(event)
        if kind in _NOTED:
            _NOTED[kind](self, event)
        elif kind in _HANDLERS:
            self.settle()
            _HANDLERS[kind](self, event)

    @property
    def graph(self):
        """The graph, with all that has happened in it."""
        self.settle()
        return self._graph

    def settle(self):
        """Make of the notes what they are about."""
        log = self.log
        with self._settling:
            if self._busy:  # what a note is about has asked for the graph, or the last node goes just now
                return
            self._busy = True
            try:
                while log.notes:
                    make, *what = log.notes.popleft()
                    make(self, *what)
            finally:
                self._busy, log.held = False, 0

    def name(self, tensors):
        """Names that win over those found in the code."""
        for name, tensor in tensors.items():
            if isinstance(tensor, Tensor):
                self._given.put(tensor, name)
                known = self.log.number(tensor)
                if known is not None:
                    self.graph.values[known].name = name

    def knows(self, what):
        """Whether this is a tensor of the run: one of its sources or results."""
        return isinstance(what, Tensor) and self.log.number(what) is not None

    # Forward

    def ran(self, event):
        """OpRan: one more step."""
        log, output, recorded = self.log, event.output, event.recorded
        way = log.sites.way(sys._getframe(1), log.met)
        if log.number(output) is not None:  # what takes part in a change in place may require grad now
            self.settle()
            log.doubt()
        given = [self._number(x, way, x is output) if isinstance(x, Tensor) else (x,) for x in event.inputs]
        before, name = log.number(output), None
        if before is not None:  # a tensor that was there before has other numbers now
            self.settle()
            log.doubt()
            name = self._given.get(output)
        node, kept = (weakref.ref(output.grad_fn), output.grad_fn.kept_arrays()) if recorded else (None, {})
        reason = event.reason
        if not recorded and output.requires_grad and event.op.name.endswith("_"):
            reason = "no_grad"
        log.put(event.op, given, event.attributes, output, reason, node, tuple(kept), tuple(kept.values()), way,
                event.inputs, before, name)

    def switched(self, event):
        """Switched: a source of this run may be a leaf from now on, or none any more."""
        if self.log.number(event.tensor) is not None:
            self.settle()
            self.log.doubt()

    def used(self, step, inputs):
        """A step has used these inputs, among which numbers may be that were read."""
        self._escapes.used(step, inputs)

    def make_step(self, *noted):
        """A Value and a Step of a note."""
        note, graph = Note(*noted), self._graph
        number, way, (root, path) = len(graph.steps), note.way, note.module
        site, recorded = self.log.sites.site(way, self.log.met), note.node is not None
        inputs = tuple([known if type(known) is int else Number(settled(*known)) for known in note.given])
        # Made here and not by graph.add_step, which takes longer.
        graph.values.append(value := Value(
            len(graph.values), "result", *note.looks(), recorded, note.name or (site and site.target),
            note.summary(), number, note.storage(self._buffer)))
        graph.steps.append(step := Step(
            number, note.op.name, note.op.kind, inputs, note.op.arguments, value.id, dict(note.attributes),
            note.op.commutes, recorded, note.reason, path, self._line_of(site),
            self._again(root, path, way, note.backward), note.backward, note.kept(self._buffer)))
        if root is not None:
            self._roots[number] = root
        if note.entered:
            self._entered[number] = note.entered
        if site is not None:
            self._name_from_code(site, way, note.op, step, value)
        if note.before in self.log.sources:
            value.name = graph.values[note.before].name
            self._enter_new_value(note.before, value.data, step.source)

    def _buffer(self, owner):
        """The number of the memory that an array owns."""
        number = self._buffers.get(owner)
        if number is None:
            number = self._memories
            self._memories += 1
            self._buffers.put(owner, number)
        return number

    def _number(self, tensor, way, changed):
        known = self.log.known.get(weakref.ref(tensor))
        return self.came_in(tensor, way, changed) if known is None else known

    def came_in(self, tensor, way, changed=False):
        """The number of a tensor that the log does not know, or has to look at again. way: from where it came.
        changed: whether it holds other numbers already."""
        known = self.log.again(tensor)
        if known is not None:
            value = self.graph.values[known]
            value.requires_grad, value.role = tensor.requires_grad, _role(tensor)
            return known
        known = self._made_from(tensor)
        return self._source(tensor, not changed, way) if known is None else known

    def _made_from(self, tensor):
        """Backward makes new tensors for what it had saved; their edge tells whose they are. Else None."""
        edge = tensor._edge
        if edge is None:
            return None
        if type(edge) is not AccumulateGrad:
            return self.log.number(edge)
        leaf = edge.variable
        return None if leaf is None or leaf is tensor else self.log.number(leaf)

    def _source(self, tensor, readable=True, way=()):
        """A tensor that no step made enters the graph."""
        name, log, array = self._given.get(tensor) or self._modules.path(tensor), self.log, tensor.array
        if name is None and log.backward is None:
            site = log.sites.site(way, log.met)
            name = names.name_of(tensor, site.operands if site is not None else ())
            name = name or (MASK if names.made_inside(tensor, "dropout") else None)
        elif name is None and log.backward == 0:
            name = "start of backward"
        number, role = log.enter(tensor), _role(tensor)
        data = copied(array) if readable else None
        log.notes.append((Recorder._make_source, role, tensor._edge is not None, name, array, data, memory.epoch))
        log.held += array.nbytes
        owner = self._totals.get(tensor)
        if owner is not None:
            self._gradients[number] = owner
        grad = getattr(tensor, "_grad", None)
        if grad is not None and role != "input" and tensor._edge is not None:
            log.notes.append((Recorder._enter_before, number, summary_of(grad.array)))
        self._escapes.came_in(tensor, number)
        return number

    def _make_source(self, role, requires_grad, name, array, data, epoch):
        graph = self._graph
        data = summary_of(data) if isinstance(data, np.ndarray) else data
        graph.values.append(Value(
            len(graph.values), role, tuple(array.shape), dtype_name(array.dtype), str(device_of(array)), requires_grad,
            name, data, None, storage_of(array, self._buffer, epoch)))

    def _enter_before(self, number, before):
        self._graph.gradients[number] = before
        self._enter(number, Entry("before", None, before))

    def _enter_alone(self, tensor):
        """A tensor that is there for its numbers only, since they came back."""
        if not isinstance(tensor, Parameter) or self._modules.path(tensor):
            self._source(tensor, way=self.log.sites.way(sys._getframe(1), self.log.met))

    def _again(self, root, path, way, backward):
        """How often this op of this line has run before, backward left out."""
        turn = root, path, way
        before = self._turns.get(turn, 0)
        self._turns[turn] = before + 1
        return before if backward is None else 0

    def _name_from_code(self, site, way, op, step, value):
        """Names as the code has them at this place: of the result, and of inputs that have none yet."""
        graph, inputs = self._graph, step.inputs
        if site.target and step.id:
            before = graph.steps[step.id - 1]
            if self._guessed.get(before.output) == (way[-2:], step.iteration):
                graph.values[before.output].name = None  # one call ran several ops; the last makes the result
        if site.target:
            self._guessed[value.id] = way[-2:], step.iteration
        operands = site.operands
        if site.call is not None:
            if site.call.rstrip("_") != op.name.rstrip("_"):
                return
            operands = operands[-len(inputs):] if len(operands) > len(inputs) else operands
        tensors = [known for known in inputs if not isinstance(known, Number)]
        called = [name for name in operands if name != names.LITERAL]
        if len(operands) == len(inputs) and len(called) == len(tensors):  # else some name may be that of a number
            for known, name in zip(tensors, called, strict=True):
                source = graph.values[known]
                if name and source.name is None and source.producer is None and known not in self._gradients:
                    source.name = name

    def entered(self, event):
        """ModuleEntered: ops that follow belong to it."""
        self._modules.enter(event.module)

    def left(self, event):
        """ModuleLeft."""
        self._modules.leave()

    def read(self, event):
        """ReadBack: a value left the graph."""
        site = self.log.sites.here(self.log.met)
        left = self._escapes.left(event.tensor, self.log.number(event.tensor), event.how, self._line_of(site),
                                  event.given)
        if event.how == "bool" and site is not None:
            self._decisions.append(branches.Decision(site.file, site.span, event.given, left))

    def gathered(self, event):
        """Gathered: numbers went into a new tensor."""
        self._escapes.gathered(event, self.log.number, self._line())

    def finish(self, variables):
        """The block has ended: names from the frame around it, and parameters that were never used."""
        variables = [pair for pair in variables if isinstance(pair[1], (Tensor, Module))]
        prefixes = self._modules.prefixes(variables)
        found = self._module_names()
        for name, what in variables:
            if isinstance(what, Tensor):
                known = self.log.number(what)
                if known is not None and not (self._given.get(what) or self._modules.path(what)):
                    self._given.put(what, name)  # the first name wins
                    found.append((known, None, name))
        self.log.notes.append((Recorder._finish, prefixes, list(self._modules.classes.items()), found))
        self._look_for_pins()
        self._note_untaken()

    def _note_untaken(self):
        """Arms that did not run, with the parameters that only they would have used. A run that goes on asks again."""
        for met in self.log.met.values():
            met.end()
        found, self._graph.untaken = branches.untaken(
            self.log.met.values(), self._where_ops_ran, self._modules, self._decisions), []
        used = {source for step in self.graph.steps for source in step.inputs} if found else ()
        for one in found:
            known = [self.log.number(tensor) for module in one.modules for tensor in module.parameters()]
            idle = (value for value in dict.fromkeys(known) if value is not None and value not in used)
            self._graph.untaken.append(one.arm(tuple(idle)))

    def _where_ops_ran(self):
        self.settle()
        return {(site.file, site.span) for site, _ in self._lines.values()}

    def _look_for_pins(self):
        """Which leaves the optimizers hold that exist at this moment."""
        pins, number, sources = {}, self.log.number, self.log.sources
        for optimizer in alive() if sources else ():
            for group in getattr(optimizer, "param_groups", ()):
                for known in map(number, group["params"]):
                    if known in sources:
                        pins.setdefault(known, {})[type(optimizer).__name__] = True
        self._graph.pins = {known: tuple(pins[known]) for known in sorted(pins)}

    def _module_names(self):
        """(value id, root, path) of parameters and buffers. Parameters that were not used enter the graph too: that no
        gradient reaches them is something to see."""
        found, log = [], self.log
        for root, tensors in self._modules.alive():
            for reference, path in tensors:
                known = log.find(reference)
                if known is None and isinstance(reference(), Parameter):
                    known = self._source(reference())
                if known is not None and self._given.get(reference()) is None:
                    found.append((known, root, path))
        return found

    def _finish(self, prefixes, classes, found):
        """Final names and module paths."""
        graph = self._graph
        for (root, path), kind in classes:
            graph.modules[joined(prefixes[root], path)] = kind
        for step, root in self._roots.items():
            graph.steps[step].module = joined(prefixes[root], graph.steps[step].module)
        for step, modules in self._entered.items():
            graph.steps[step].entered = tuple(joined(prefixes[root], path) for root, path in modules)
        for known, root, name in found:
            graph.values[known].name = name if root is None else joined(prefixes[root], name)
        for known, owner in self._gradients.items():
            if graph.values[known].name is None and graph.values[owner].name:
                graph.values[known].name = f"{graph.values[owner].name}.grad"
        for passing in (self._turns, self._guessed, self._roots, self._entered):
            passing.clear()

    def _line(self):
        """The learner's line that runs now."""
        site = self.log.sites.here(self.log.met)
        return self._line_of(site)

    def _line_of(self, site):
        """The line of a site, and the number of its cell or file among the texts of this graph."""
        if site is None:
            return None
        known = self._lines.get(id(site))
        if known is None:
            known = self._lines[id(site)] = site, self._with_script(site)
        return known[1]

    def _with_script(self, site):
        if site.script is None:
            return site.source
        scripts = self._graph.scripts
        if site.script not in scripts:
            scripts.append(site.script)
        return replace(site.source, script=scripts.index(site.script))


_NOTED = {events.OpRan: Recorder.ran, events.ModuleEntered: Recorder.entered, events.ModuleLeft: Recorder.left,
          events.Switched: Recorder.switched}
_HANDLERS = {  # of the others; by then the notes are settled
    events.Changing: lambda recorder, event: None,
 events.ReadBack: Recorder.read, events.Gathered: Recorder.gathered,
    events.BackwardStarted: Recorder.backward_started,
    events.BackwardEnded: Recorder.backward_ended, events.RuleRan: Recorder.rule_ran,
    events.Accumulated: Recorder.accumulated, events.Freed: Recorder.freed, events.Zeroed: Recorder.zeroed,
    events.Stepped: Recorder.stepped,
}


def _role(tensor):
    if isinstance(tensor, Parameter):
        return "parameter"
    return "leaf" if type(tensor._edge) is AccumulateGrad else "input"
