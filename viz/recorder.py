"""The watcher that turns the events of the core into a Graph."""

import threading
import weakref
from collections import deque
from dataclasses import replace

import numpy as np

from minigrad import events, memory
from minigrad.nn import Parameter
from minigrad.optim.optimizer import alive
from minigrad.tensor import Tensor
from viz import branches, names, text
from viz.escapes import Escapes
from viz.followed import Followed
from viz.graph import Entry, Number, Step, Value
from viz.modules import Modules, Weak, joined
from viz.notes import Note, kept_of, storage_of, summary_of
from viz.words import MASK

HELD = 16 * 2**20  # bytes of arrays in the notes of a run, about


class Recorder(Followed):
    """Fills a Graph from events. Tensors, nodes and modules are known by weak references only.

    Every op of the learner waits for `ran`, so that takes a note of what may be otherwise in a moment, and `settle`
    makes a step of it later: before anybody looks at the graph, and before a number in some tensor is changed. Until
    then a note holds the array (never the tensor); the notes of one run hold at most about HELD bytes.
    """

    def __init__(self, graph, changed=None):
        self._graph = graph
        self.relay = None
        self._changed = changed or (lambda: None)
        self._notes, self._held = deque(), 0  # (method, what it is to be called with), in the order of the values
        self._settling, self._busy = threading.RLock(), False  # another thread may look at the graph while ops run
        self._count = len(graph.values)  # values, those in the notes with them
        self._ops = len(graph.steps)  # steps, likewise
        self._tensors, self._nodes = Weak(), Weak()  # tensor -> value id, grad_fn -> step id
        self._sources = {}  # value id -> the Value of what no step made
        self._given = Weak()  # names from `name()`
        self._sites, self._turns = names.sites(), {}
        self._lines = {}  # id of a site -> (the site, its line as it stands in this graph)
        self._met = {}  # id of a code -> the names.Met of it
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
        self._backward = None  # None outside of backward, 0 before it has touched this run, else its number

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
        with self._settling:
            if self._busy:  # what a note is about has asked for the graph, or the last node goes just now
                return
            self._busy = True
            try:
                while self._notes:
                    make, *what = self._notes.popleft()
                    make(self, *what)
            finally:
                self._busy, self._held = False, 0

    def name(self, tensors):
        """Names that win over those found in the code."""
        for name, tensor in tensors.items():
            if isinstance(tensor, Tensor):
                self._given.put(tensor, name)
                known = self._tensors.get(tensor)
                if known is not None:
                    self.graph.values[known].name = name

    def knows(self, what):
        """Whether this is a tensor of the run: one of its sources or results."""
        return isinstance(what, Tensor) and self._tensors.get(what) is not None

    # Forward

    def ran(self, event):
        """OpRan: one more step."""
        output, array, modules = event.output, event.output.array, self._modules
        place = site, _ = self._sites.here(inside=3, met=self._met)
        operands = site.operands if site is not None else ()
        inputs = tuple([self._input(source, operands, source is output) for source in event.inputs])
        known, name = self._tensors.get(output), None
        if known is not None:  # a tensor that was there before has other numbers now
            self.settle()
            name = self._given.get(output)
        kept, node, reason = {}, None, event.reason
        if event.recorded:
            kept, node = output.grad_fn.kept_arrays(), weakref.ref(output.grad_fn)
            self.relay().follow(node)
        elif output.requires_grad and event.op.name.endswith("_"):
            reason = "no_grad"
        attributes = event.attributes and {key: text.plain(what) for key, what in event.attributes.items()}
        self._notes.append((Recorder._step, Note(
            event.op, attributes, event.recorded, reason, inputs, known, name, array,
            kept_of(array, event.inputs), memory.epoch, kept, node, place, modules.current(), modules.entered,
            None if self._backward is None else self._count_backward())))
        modules.entered = []
        if known not in self._sources:  # a leaf that was changed in place stays itself
            self._tensors.put(output, self._count)
        self._count, self._ops = self._count + 1, self._ops + 1
        if self._escapes.numbers:
            self._escapes.used(self._ops - 1, event.inputs)
        self._held += array.nbytes
        if self._held > HELD:
            self.settle()

    def _step(self, note):
        """A Value and a Step of a note."""
        graph, number, (site, way), (root, path) = self._graph, len(self._graph.steps), note.place, note.module
        # Made here and not by graph.add_step, which takes longer.
        graph.values.append(value := Value(
            len(graph.values), "result", *note.looks(), note.recorded, note.name or (site and site.target),
            note.summary(), number, note.storage(self._buffer)))
        graph.steps.append(step := Step(
            number, note.op.name, note.op.kind, note.inputs, note.op.arguments, value.id, dict(note.attributes),
            note.op.commutes, note.recorded, note.reason, path, self._line_of(site),
            self._again(root, path, way, note.backward), note.backward, note.saved(self._buffer)))
        if root is not None:
            self._roots[number] = root
        if note.entered:
            self._entered[number] = note.entered
        if note.node is not None and note.node() is not None:
            self._nodes.put(note.node(), number)
        if site is not None:
            self._name_from_code(site, way, note.op, step, value)
        if note.before in self._sources:
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

    def _input(self, source, operands, changed):
        known = self._tensors.get(source)
        if known is None:
            if not isinstance(source, Tensor):
                return Number(source.item() if isinstance(source, np.generic) else source)
            known = self._made_from(source)
            if known is None:
                return self._source(source, None if changed else summary_of(source.array), operands)
        value = self._sources.get(known)
        if value is not None and value.requires_grad != source.requires_grad:
            value.requires_grad, value.role = source.requires_grad, _role(source)
        return known

    def _made_from(self, tensor):
        """Backward makes new tensors for what it had saved; their edge tells whose they are. Else None."""
        if tensor.grad_fn is not None:
            self.settle()
            step = self._nodes.get(tensor.grad_fn)
            return None if step is None else self._graph.steps[step].output
        leaf = getattr(tensor._edge, "variable", None)
        return None if leaf is None or leaf is tensor else self._tensors.get(leaf)

    def _source(self, tensor, data, operands=()):
        """A tensor that no step made enters the graph."""
        name = self._given.get(tensor) or self._modules.path(tensor)
        if name is None and self._backward is None:
            name = names.name_of(tensor, operands) or (MASK if names.made_inside(tensor, "dropout") else None)
        elif name is None and self._backward == 0:
            name = "start of backward"
        value = self._sources[self._count] = Value(
            self._count, _role(tensor), tuple(tensor.array.shape), tensor.dtype.name, str(tensor.device),
            tensor.requires_grad, name, data)
        self._count += 1
        self._notes.append((Recorder._enter_source, value, tensor.array, memory.epoch))
        self._tensors.put(tensor, value.id)
        owner = self._totals.get(tensor)
        if owner is not None:
            self._gradients[value.id] = owner
        if value.wants_gradient and tensor.grad is not None:
            before = summary_of(tensor.grad.array)
            self.graph.gradients[value.id] = before
            self._enter(value.id, Entry("before", None, before))
        self._escapes.came_in(tensor, value.id)
        return value.id

    def _enter_source(self, value, array, epoch):
        value.storage = storage_of(array, self._buffer, epoch)
        self._graph.values.append(value)

    def _enter_alone(self, tensor):
        """A tensor that is there for its numbers only, since they came back."""
        if not isinstance(tensor, Parameter) or self._modules.path(tensor):
            self._source(tensor, summary_of(tensor.array))

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
        site, _ = self._sites.here(met=self._met)
        left = self._escapes.left(event.tensor, self._tensors.get(event.tensor), event.how, self._line_of(site),
                                  event.given)
        if event.how == "bool" and site is not None:
            self._decisions.append(branches.Decision(site.file, site.span, event.given, left))

    def gathered(self, event):
        """Gathered: numbers went into a new tensor."""
        self._escapes.gathered(event, self._tensors.get, self._line())

    def finish(self, variables):
        """The block has ended: names from the frame around it, and parameters that were never used."""
        variables = list(variables)
        prefixes = self._modules.prefixes(variables)
        found = self._module_names(prefixes)
        for name, what in variables:
            if isinstance(what, Tensor):
                known = self._tensors.get(what)
                if known is not None and not (self._given.get(what) or self._modules.path(what)):
                    self._given.put(what, name)  # the first name wins
                    found.append((known, name))
        self._notes.append((Recorder._finish, prefixes, list(self._modules.classes.items()), found))
        self._look_for_pins()
        self._note_untaken()

    def _note_untaken(self):
        """Arms that did not run, with the parameters that only they would have used. A run that goes on asks again."""
        for met in self._met.values():
            met.end()
        sites = [site for site, _ in self._lines.values()]
        sites += [note.place[0] for method, note, *_ in self._notes if method is Recorder._step and note.place[0]]
        ran = {(site.file, site.span) for site in sites}
        found, self._graph.untaken = branches.untaken(self._met.values(), ran, self._modules, self._decisions), []
        used = {source for step in self.graph.steps for source in step.inputs} if found else ()
        for one in found:
            known = [self._tensors.get(tensor) for module in one.modules for tensor in module.parameters()]
            idle = (value for value in dict.fromkeys(known) if value is not None and value not in used)
            self._graph.untaken.append(one.arm(tuple(idle)))

    def _look_for_pins(self):
        """Which leaves the optimizers hold that exist at this moment."""
        pins = {}
        for optimizer in alive():
            for group in getattr(optimizer, "param_groups", ()):
                for known in map(self._tensors.get, group["params"]):
                    if known in self._sources:
                        pins.setdefault(known, {})[type(optimizer).__name__] = True
        self._graph.pins = {known: tuple(pins[known]) for known in sorted(pins)}

    def _module_names(self, prefixes):
        """Pairs (value id, final path) of parameters and buffers. Parameters that were not used enter the graph too:
        that no gradient reaches them is something to see."""
        found = []
        for root, path, tensor in self._modules.alive():
            known = self._tensors.get(tensor)
            if known is None and isinstance(tensor, Parameter):
                known = self._source(tensor, summary_of(tensor.array))
            if known is not None and self._given.get(tensor) is None:
                found.append((known, joined(prefixes[root], path)))
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
        for known, name in found:
            graph.values[known].name = name
        for known, owner in self._gradients.items():
            if graph.values[known].name is None and graph.values[owner].name:
                graph.values[known].name = f"{graph.values[owner].name}.grad"
        for passing in (self._turns, self._guessed, self._roots, self._entered):
            passing.clear()

    def _line(self):
        """The learner's line that runs now."""
        site, _ = self._sites.here(met=self._met)
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


_NOTED = {events.OpRan: Recorder.ran, events.ModuleEntered: Recorder.entered, events.ModuleLeft: Recorder.left}
_HANDLERS = {  # of the others; by then the notes are settled
    events.Changing: lambda recorder, event: None, events.ReadBack: Recorder.read, events.Gathered: Recorder.gathered,
    events.BackwardStarted: Recorder.backward_started,
    events.BackwardEnded: Recorder.backward_ended, events.RuleRan: Recorder.rule_ran,
    events.Accumulated: Recorder.accumulated, events.Freed: Recorder.freed, events.Zeroed: Recorder.zeroed,
    events.Stepped: Recorder.stepped,
}


def _role(tensor):
    if isinstance(tensor, Parameter):
        return "parameter"
    return "leaf" if tensor.requires_grad and tensor.is_leaf else "input"
