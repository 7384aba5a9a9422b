"""Runs a learner's function and keeps what happened, from the core's events alone.

Tensors and nodes are held by weak references only: a witness that kept graphs alive would report its own doing.
"""

import contextlib
import io
import linecache
import sys
import weakref
from dataclasses import dataclass, field
from pathlib import Path

from minigrad import events, modes
from viz import Run
from viz.graph import Graph, Source

_ROOT = Path(__file__).resolve().parents[2]
# Frames of these packages are the machinery; the learner's line is in the first frame outside.
_INSIDE = tuple(str(_ROOT / name) + sep for name in ("minigrad", "viz", "exercises/graders") for sep in ("/", "\\"))


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened, and the learner's line. what: "zero", "forward", "backward", "step" or "read back"."""

    what: str
    source: Source | None = None


@dataclass(slots=True)
class Attempt:
    """One run of a learner's function: the graph that it recorded, what it returned, what it raised (else None), and
    the learner's line where it did."""

    graph: Graph
    result: object = None
    error: Exception | None = None
    stopped: Source | None = None


@dataclass(slots=True)
class Evidence(Attempt):
    """What is known after a function that trains a model has run.

    timeline: what happened, in order. Its graph has a ledger for each parameter. saving: the largest number of graphs
    that held saved tensors at once. kept: the largest number of earlier graphs that were still there, saved tensors or
    not, when the model was called again, or when the function had returned (then every graph is an earlier one).
    joined: some op combined results of different graphs. reached: names of the parameters that a backward added to.
    """

    timeline: list = field(default_factory=list)
    saving: int = 0
    kept: int = 0
    joined: bool = False
    reached: set = field(default_factory=set)

    def count(self, what):
        """How often this happened."""
        return sum(item.what == what for item in self.timeline)

    def places(self, what):
        """The positions in the timeline at which this happened."""
        return [place for place, item in enumerate(self.timeline) if item.what == what]

    def order(self):
        """The timeline as one line, repeats folded: `zero_grad, (forward, backward) x 3, step`."""
        return folded([{"zero": "zero_grad"}.get(item.what, item.what) for item in self.timeline])


def attempt(function, arguments, names=None, quiet=False, watcher=None, called=None):
    """Run `function(*arguments)`, recorded, and return the Attempt; what it raises is caught and kept.

    `names`: what tensors are called in the picture, {"x": tensor, ...}; `called`: the name of what it returns.
    `quiet` swallows what it prints. `watcher` is told of every event.
    """
    run = Run(look_up=False)
    spoken = contextlib.redirect_stdout(io.StringIO()) if quiet else contextlib.nullcontext()
    watched = modes.watch(watcher) if watcher is not None else contextlib.nullcontext()
    result = error = stopped = None
    with spoken, modes.enable_grad(), run, watched:
        run.name(names or {})
        try:
            result = function(*arguments)
            run.name({called: result} if called else {})
        except Exception as raised:
            stopped = _stopped_at(raised.__traceback__)
            error = raised.with_traceback(None)  # its frames would keep the learner's graphs alive
    run.close()
    return Attempt(run.graph, result, error, stopped)


def witness(function, arguments, model, names=None, quiet=False):
    """Run `function(*arguments)` under watch and return the Evidence. `names` and `quiet` are those of `attempt`.

    One graph is what is recorded from one call of `model` up to the next.
    """
    watcher = _Witness(model)
    tried = attempt(function, arguments, names, quiet, watcher)
    watcher.look_at_graphs(before=None)
    found = watcher.evidence
    found.graph, found.result, found.error, found.stopped = tried.graph, tried.result, tried.error, tried.stopped
    return found


class _Witness:
    def __init__(self, model):
        self.evidence = Evidence(Graph())
        self._model, self._inside = model, 0
        self._parameters = {id(p): name for name, p in model.named_parameters()}
        self._filled = {id(p) for p in model.parameters() if getattr(p, "grad", None) is not None}
        self._cleared = set()
        self._graphs = []  # for each call of the model, weak references to the nodes recorded since
        self._whose = weakref.WeakKeyDictionary()  # node -> number of its graph
        self._in_backward = False

    def __call__(self, event):
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def entered(self, event):
        if event.module is self._model:
            self._inside += 1
            if self._inside == 1:
                self.look_at_graphs(before=len(self._graphs))
                self._graphs.append([])
                self._note("forward")

    def left(self, event):
        self._inside -= event.module is self._model

    def ran(self, event):
        node = event.output.grad_fn if event.recorded else None
        if node is None or self._in_backward or not self._graphs:
            return
        parents = {self._whose[parent] for parent in node.parents if parent in self._whose}
        self.evidence.joined |= len(parents) > 1
        self._whose[node] = len(self._graphs)
        self._graphs[-1].append(weakref.ref(node))
        saving = sum(any(_saves(node()) for node in graph) for graph in self._graphs)
        self.evidence.saving = max(self.evidence.saving, saving)

    def look_at_graphs(self, before):
        """Count the earlier graphs of which anything is left."""
        kept = sum(any(node() is not None for node in graph) for graph in self._graphs[:before])
        self.evidence.kept = max(self.evidence.kept, kept)

    def backward_started(self, event):
        self._in_backward = True
        self._note("backward")

    def backward_ended(self, event):
        self._in_backward = False

    def accumulated(self, event):
        known = id(event.tensor)
        if known in self._parameters:
            self._filled.add(known)
            self.evidence.reached.add(self._parameters[known])

    def zeroed(self, event):
        """Clearing what holds nothing is harmless and not counted; one call clears each parameter once."""
        known = id(event.tensor)
        if known not in self._parameters or known not in self._filled:
            return
        self._filled.discard(known)
        last = self.evidence.timeline[-1].what if self.evidence.timeline else None
        if last != "zero" or known in self._cleared:
            self._cleared = set()
            self._note("zero")
        self._cleared.add(known)

    def stepped(self, event):
        self._note("step")

    def read(self, event):
        if event.tensor.requires_grad:
            self.evidence.timeline.append(Happened("read back", learner_line()))

    def _note(self, what):
        self.evidence.timeline.append(Happened(what, learner_line()))


_HANDLERS = {
    events.ModuleEntered: _Witness.entered, events.ModuleLeft: _Witness.left, events.OpRan: _Witness.ran,
    events.BackwardStarted: _Witness.backward_started, events.BackwardEnded: _Witness.backward_ended,
    events.Accumulated: _Witness.accumulated, events.Zeroed: _Witness.zeroed, events.Stepped: _Witness.stepped,
    events.ReadBack: _Witness.read,
}


def _saves(node):
    """Whether a node is alive and holds tensors for backward."""
    return node is not None and bool(node.saved_tensors)


def learner_line():
    """The line of the learner's code that is running: its number and text; None outside of it."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame = frame.f_back
    if frame is None:
        return None
    return _source(frame.f_code.co_filename, frame.f_lineno)


def _stopped_at(traceback):
    """The learner's innermost line in a traceback."""
    found = None
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not name.startswith(_INSIDE):
            found = _source(name, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def _source(filename, line):
    return Source(line, linecache.getline(filename, line).strip())


def folded(words):
    """`a, b, b, b` as `a, b x 3`; pairs and longer groups that repeat are folded in the same way."""
    parts, place = [], 0
    while place < len(words):
        size, times = _repeat(words, place)
        group = ", ".join(words[place:place + size])
        parts.append(group if times == 1 else f"{group} x {times}" if size == 1 else f"({group}) x {times}")
        place += size * times
    return ", ".join(parts)


def _repeat(words, place):
    """The group at `place` that covers most by repeating: (its size, how often)."""
    best = 1, 1
    for size in range(1, (len(words) - place) // 2 + 1):
        group, times = words[place:place + size], 1
        while words[place + size * times:place + size * (times + 1)] == group:
            times += 1
        if times > 1 and size * times > best[0] * best[1]:
            best = size, times
    return best
