"""`Run`: what is recorded in a `with` block, and every view of it."""

import threading
import weakref

from minigrad import events, modes
from minigrad.nn import Module
from minigrad.tensor import Tensor
from viz import canonical, names, serial
from viz.graph import Graph
from viz.recorder import Recorder


class Run:
    """One recorded run. Operations inside the `with` block are recorded; what happens to their gradients is followed
    for as long as the run and its results are in use.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0], requires_grad=True)
    >>> with Run() as run:
    ...     y = x * x + x
    >>> print(run.graph.counts())
    2 ops, 2 recorded; 1 leaf requiring grad, 0 with a gradient
    >>> y.backward()
    >>> print(run.graph.counts())
    2 ops, 2 recorded; 1 leaf requiring grad, 1 with a gradient

    `look_up`: whether names are looked up in the frame around the block when it ends.
    Entering a run again records anew, into the same object.
    """

    def __init__(self, graph=None, look_up=True):
        self._graph = Graph() if graph is None else graph
        self.look_up = look_up
        self._recorder = self._relay = None
        self._callbacks = []

    @property
    def graph(self):
        """What was recorded until now, a `viz.graph.Graph`."""
        return self._graph if self._recorder is None else self._recorder.graph

    def __enter__(self):
        self.close()
        self._graph = Graph()
        self._recorder = Recorder(self._graph, weakref.WeakMethod(self._changed))
        self._relay = _Relay(self._recorder)
        modes.add_watcher(self._relay)
        return self

    def __exit__(self, *exception):
        self._end(names.visible((Tensor, Module)) if self.look_up else ())

    def _end(self, variables):
        """No op is recorded from now on; `variables` are pairs of name and object to name things by."""
        try:
            self._recorder.finish(variables)
        finally:
            self._relay.only_gradients()
        self._changed("forward")

    def close(self):
        """Stop following gradients. The graph stays as it is."""
        if self._relay is not None:
            self._relay.close()
            self._recorder.settle()
        self._recorder = self._relay = None

    def name(self, tensors):
        """Call tensors by these names in the picture, in preference to what the code calls them: {"x": x, ...}."""
        if self._recorder is not None:
            self._recorder.name(tensors)

    def on_change(self, callback):
        """Call `callback(run, what)` after each change; what is "forward", "backward", "zero" or "step".

        "zero" and "step" come once for each tensor or optimizer. Returns a function that ends it.
        """
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback) if callback in self._callbacks else None

    def _changed(self, what):
        for callback in list(self._callbacks):
            callback(self, what)

    def saved_bytes(self):
        """How many bytes the recorded steps keep until a backward frees them; memory kept by several counts once.

        >>> import minigrad as mg
        >>> x = mg.ones(5, requires_grad=True)
        >>> with Run() as run:
        ...     y = x * x + x * x
        >>> run.saved_bytes()
        20
        """
        return self.graph.saved_bytes()

    # Views: each a pure function of the graph

    def outline(self, fold=None, direction="forward"):
        """Everything in the picture as aligned text; with `fold` the boxes that `svg` would fold it into. direction:
        "forward", "backward" or "both", as there."""
        from viz.backwards import outline
        from viz.folds import outline as folded

        return outline(self.graph, direction) if fold is None else folded(self.graph, fold)

    def digest(self):
        """Twelve characters that are equal for equal graphs, whatever things are named; see `viz.canonical`."""
        return canonical.digest(self.graph)

    def dot(self, fold=None):
        """The graph as a `graphviz.Digraph`, folded as `svg` does it.

        Errors: ValueError when nothing is recorded, or for another fold.
        """
        from viz.dot import to_dot

        return to_dot(self.graph, fold)

    def scene(self, fold="auto", direction="forward"):
        """The picture as plain data for the widget; never raises, `notice` says what is wrong."""
        from viz.scene import scene

        return scene(self.graph, fold=fold, direction=direction)

    def svg(self, below="", fold="auto", opened=None, direction="forward"):
        """The picture as SVG text, with one line of words `below` it.

        fold: "modules" draws each call of a module as one box, "loops" what is done over and over, "all" both, None
        nothing; "auto" folds a graph that is too large to be read otherwise. opened: keys of the boxes that are open,
        as in `scene()["folds"]`; None opens a module that is alone. direction: "forward", "backward" (the graph that
        backward walks, with what each node keeps), or "both", one under the other.
        Errors: ValueError when nothing is recorded or for another fold or direction, LayoutError when it is too large.
        """
        from viz.scene import drawn
        from viz.svg import svg

        return svg(drawn(self.graph, fold=fold, opened=opened, direction=direction), below)

    def html(self):
        """The picture as one HTML page to be explored in any browser: no kernel, no server, no network.

        A graph that is too large to draw is there in words.
        """
        from viz.page import html

        return html(self.graph)

    def steps_svg(self, seconds=1.4):
        """The run as an SVG film for slides: forward one op after another, then backward, again and again.

        seconds: how long each step is on view. Errors: as for `svg`.
        """
        from viz.film import steps_svg

        return steps_svg(self.graph, seconds)

    def save(self, path):
        """Write the run to a file; its ending says as what: .svg, .png, .pdf, .html, .dot; .steps.svg or .gif for
        the film.

        The file is written whole or not at all. Errors: ValueError for another ending and when nothing is recorded,
        LayoutError when a picture is too large.

        >>> import minigrad as mg
        >>> with Run() as run:
        ...     y = mg.ones(2) * 3
        >>> run.save("a.bmp")
        Traceback (most recent call last):
        ValueError: cannot save as 'a.bmp': its ending has to be one of .steps.svg, .svg, .png, .pdf, .gif, .html, .dot
        """
        from viz.export import save

        save(self.graph, path)

    def ledger(self):
        """What happened to each leaf's `.grad` and value, and by which line, as a table; see `viz.ledger`."""
        from viz.ledger import ledger

        return ledger(self.graph)

    def diff(self, other):
        """What is added, gone and changed on the way from this run's graph to that of `other`; see `viz.compare`."""
        from viz.compare import diff

        return diff(self, other)

    def to_json(self):
        """The whole recorded graph as JSON text; `viz.from_json` reads it back. `viz.serial` says what stands in it."""
        return serial.to_json(self.graph)

    def __repr__(self):
        return f"<Run: {self.graph.counts()}; digest {self.digest()}>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        from viz.still import by_night, still

        bundle = {"text/plain": self.outline()}
        try:
            picture = self.svg()
            told = still(picture, self.graph.counts(), bundle["text/plain"])
            bundle |= {"image/svg+xml": by_night(picture), "text/html": told}
        except ValueError as error:
            bundle["text/plain"] += f"\n\nNo picture: {error}." if self.graph.steps else ""
        return bundle

    def __reduce__(self):
        return Run, (self.graph, self.look_up)


def from_json(text):
    """The Run of a text from `run.to_json()`: every view of it is the same. Errors: ValueError, in one sentence, for
    any other text.

    >>> from_json(Run().to_json())
    <Run: 0 ops, 0 recorded; digest 718575762574>
    """
    return Run(serial.from_json(text))


class _Relay:
    """What the core holds while a run is followed. It refers to the recorder weakly, so that a dropped run is gone,
    and takes itself out when the run or the last of its nodes is gone."""

    def __init__(self, recorder):
        self.recorder = weakref.ref(recorder, self._gone)
        self._log = recorder.log
        self.thread = threading.get_ident()
        self.newest = None  # a reference to the last of the nodes, which tells when it goes
        self.done = False
        self.listen(True)
        recorder.relay = weakref.ref(self)

    def __call__(self, event):
        recorder = self.recorder()
        if self.done or recorder is None:
            self.close()
        elif self.forward or type(event) in _GRADIENTS:
            recorder(event)
        elif type(event) is events.ReadBack:  # NumPy may change what it was given
            recorder.settle()

    def listen(self, forward):
        """Whether the next op is recorded."""
        self.forward, log = forward, self._log
        self._hear(log.ran, log.modules.enter, log.modules.leave) if forward else self._hear(*[_nothing] * 3)

    @property
    def log(self):
        """What the core tells in place of events, where it can: this has the methods of a log."""
        return self

    def _hear(self, ran, entered, left):
        self.ran, self.entered, self.left = ran, entered, left

    def only_gradients(self):
        """The block has ended: no op is recorded from now on."""
        self.listen(False)
        self._follow_newest()

    def close(self):
        """Take this out of the core's list; in another thread than its own that happens at its next op or event."""
        self.done, self.newest = True, None
        self._log.nodes.clear()
        if threading.get_ident() == self.thread:
            self.listen(False)
            modes.remove_watcher(self)
        else:
            this = weakref.ref(self)
            self._hear(*[lambda *told: this().close()] * 3)

    def _follow_newest(self):
        """Of all nodes the last one to be made goes first, as a rule. One reference that tells is enough."""
        nodes = self._log.nodes
        while nodes:
            node = nodes[-1]()
            if node is not None:
                self.newest = weakref.ref(node, self._gone)
                return
            nodes.pop()
        recorder = self.recorder()
        if recorder is not None:
            recorder.settle()  # nobody will tell it of changes any more
        self.close()

    def _gone(self, reference):
        if reference is self.recorder:
            self.close()
        elif not (self.forward or self.done):
            self._follow_newest()


def _nothing(*told):
    """What a log does that takes no notice."""


_GRADIENTS = (events.BackwardStarted, events.BackwardEnded, events.RuleRan, events.Accumulated, events.Zeroed,
              events.Stepped, events.Freed, events.Changing)
