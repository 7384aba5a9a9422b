"""`viz.watch`: record one block, or keep a view of a module or a function that shows every later forward.

A forward stays open after it has ended, so that the loss and the backward that follow belong to its picture. It is
complete when a backward has gone through it, when the next forward begins, or when the notebook cell ends.
"""

import contextlib
import functools
import sys
import time
import weakref

import ipywidgets

from minigrad import events, modes
from minigrad.nn import Module
from viz import names
from viz.backwards import check as check_direction
from viz.fold import check
from viz.modules import Weak
from viz.record import Run
from viz.widget import GraphWidget, waiting_scene

PAUSE = 0.1  # seconds between two pictures while a loop is running ...
SHARE = 10  # ... or this many times as long as the last picture took, so that drawing stays a tenth of the time

_views = Weak()  # module -> weak reference to its view


def watch(target=None):
    """Record what runs and see its graph.

    `with viz.watch() as run:` records one block: a `Run`. `view = viz.watch(model)` records every later forward of a
    module, with the loss and the backward that follow it; show `view` once and it stays up to date. `@viz.watch` on a
    function does the same for each call; the view is the function's `view`. Errors: TypeError for anything else.

    >>> import minigrad as mg
    >>> model = mg.nn.Linear(2, 1)
    >>> view = watch(model)
    >>> model(mg.ones(4, 2)).sum().backward()
    >>> print(view.run.graph.counts())
    2 ops, 2 recorded; 1 input, 2 parameters, 2 with a gradient
    >>> view.close()
    """
    if target is None:
        return Run()
    if isinstance(target, Module):
        return _watch_module(target)
    if callable(target):
        return _watch_function(target)
    raise TypeError("watch() takes a module, a function, or nothing for a `with` block, "
                    f"not an object of type {type(target).__name__}")


def show(thing, fold="auto", direction="forward"):
    """The widget of a recorded run, a view, a panel or a difference, to be put wherever widgets go. For a run it stays
    up to date with the gradients that come later. Errors: TypeError for anything else.

    fold: "modules" draws each call of a module as one box, "loops" what is done over and over, "all" both, None
    nothing; "auto" leaves the picture as it is until a graph is too large. direction: "forward", "backward" or "both",
    for the start; the buttons turn it. Errors: ValueError for another one.

    >>> import minigrad as mg
    >>> with watch() as run:
    ...     y = mg.ones(2) * 3
    >>> show(run)
    GraphWidget(1 op, 0 recorded; 1 input)
    """
    check(fold)
    check_direction(direction)
    if isinstance(thing, Run):
        view = Live()
        view.widget.fold, view.widget.direction = fold, direction
        view.follow(thing)
        view.widget.view = view  # alive as long as its widget
        return view.widget
    widget = getattr(thing, "widget", None)
    if isinstance(widget, ipywidgets.Widget):
        graph = getattr(thing, "graph", widget)
        if fold != "auto":
            graph.fold_by(fold)
        if direction != "forward":
            graph.direction = direction
        return widget
    raise TypeError("show() takes a run, as in `with viz.watch() as run:`, a view, a panel or a diff, "
                    f"not an object of type {type(thing).__name__}")


def _watch_module(module):
    old = _views.get(module)
    if old is not None and old() is not None:
        old().close()  # one view per module: a cell that is run again replaces its view
    view = Live(module).listen()
    _views.put(module, weakref.ref(view))
    return view


def _watch_function(function):
    view = Live().listen()

    @functools.wraps(function)
    def watched(*args, **kwargs):
        with view.forward():
            return function(*args, **kwargs)

    watched.view = view
    return watched


class OpenRun(Run):
    """A run that can go on after it has ended, as long as nothing has gone backward through it."""

    @contextlib.contextmanager
    def recording(self):
        """A block that is recorded; nothing is kept of one that raises. `end` has to follow."""
        self.__enter__()
        try:
            yield self
        except BaseException:
            self.close()
            raise

    def knows(self, event):
        """Whether an op uses anything of this run."""
        return any(self._recorder.knows(source) for source in event.inputs)

    def tell(self, event):
        """Record one event that came before this run was listening."""
        self._recorder(event)

    def listen(self, on):
        """Whether the next op is recorded."""
        self._relay.listen(on)

    def can_go_on(self):
        """Whether a later op may still be added."""
        return self._relay is not None and not self._relay.done and not self._graph.backwards

    def end(self, variables=None):
        """Stop recording ops; `variables`: pairs of name and object to name things by, by default the learner's."""
        self._end(names.visible() if variables is None else variables)


class Live:
    """A view that follows a module or function: shown once in a notebook, it always has the newest graph.

    run: the newest run, None before the first. widget: the GraphWidget that is shown.
    """

    def __init__(self, module=None, widget=None):
        self.widget = widget or GraphWidget(scene=waiting_scene(
            "Nothing has run yet. Call what is watched once, and its graph appears here."))
        self._module = None if module is None else weakref.ref(module)
        self._run = self._unfollow = None
        self._is_open = False
        self._depth = 0
        self._late = False  # the picture is older than the run
        self._drawn_at, self._cost = -1e9, 0.0
        self._watcher = self._hear  # one object, so that it can be removed again
        self._forget_shell = self._at_cell_end()

    def listen(self):
        """Begin to watch."""
        modes.add_watcher(self._watcher)
        return self

    # ---- what the learner uses

    @property
    def run(self):
        """The newest run, complete as far as it has come; None before the first."""
        self._settle()
        return self._run

    def outline(self):
        """The outline of the newest run."""
        self._settle()
        return self.widget.text() if self._run is None else self._run.outline()

    def digest(self):
        """The digest of the newest run, "" before the first."""
        self._settle()
        return "" if self._run is None else self._run.digest()

    def close(self):
        """Stop watching. What is shown stays."""
        self._settle()
        modes.remove_watcher(self._watcher)
        self._forget_shell()

    def forward(self):
        """A `with` block that is one forward; one inside another is part of it."""
        return _Forward(self)

    def follow(self, run):
        """Show this run, and what happens to its gradients later."""
        if self._unfollow is not None:
            self._unfollow()
        self._run = run
        self._unfollow = run.on_change(self._changed)
        self._changed(run, "forward")

    def __repr__(self):
        return f"Live({self._run.graph.counts() if self._run is not None else 'nothing has run yet'})"

    def _repr_mimebundle_(self, **options):
        self._settle()
        return self.widget._repr_mimebundle_(**options)

    # ---- when a forward begins and ends

    def _hear(self, event):
        kind = type(event)
        if kind is events.ModuleEntered or kind is events.ModuleLeft:
            if self._module is not None and event.module is self._module():
                self._begin(event) if kind is events.ModuleEntered else self._leave()
        elif kind is events.OpRan and self._run is not None and not self._depth:
            self._op_after_forward(event)
        elif kind is events.BackwardEnded and self._is_open and self._run.graph.backwards:
            self._end()
        if self._is_open and kind is not events.OpRan:
            self._run.listen(True)

    def _begin(self, event=None):
        if not self._depth:
            self._end()
            if self._unfollow is not None:
                self._unfollow()
            self._run = OpenRun()
            self._unfollow = self._run.on_change(self._changed)
            self._run.__enter__()
            if event is not None:
                self._run.tell(event)
            self._is_open = True
        self._depth += 1

    def _leave(self):
        self._depth = max(0, self._depth - 1)

    def _op_after_forward(self, event):
        """An op behind the forward belongs to it when it uses something of it."""
        if not self._is_open and isinstance(self._run, OpenRun) and self._run.can_go_on() and self._run.knows(event):
            self._is_open = True
            self._run.listen(True)
        elif self._is_open:
            self._run.listen(self._run.knows(event))

    def _end(self, variables=None):
        if self._is_open:
            self._is_open = False
            self._run.end(variables)

    # ---- drawing

    def _changed(self, run, what):
        self._late = True
        if not self._is_open and time.perf_counter() - self._drawn_at > max(PAUSE, SHARE * self._cost):
            self._draw()

    def _draw(self):
        started = time.perf_counter()
        self._late = False
        self.widget.show(self._run)
        self._drawn_at = time.perf_counter()
        self._cost = self._drawn_at - started

    def _settle(self, variables=None):
        if not self._depth:
            self._end(variables)
        if self._late and not self._is_open:
            self._draw()

    def _at_cell_end(self):
        """Have the last picture of each notebook cell drawn; returns a function that ends it."""
        shell = current_shell()
        if shell is None:
            return lambda: None
        view = weakref.ref(self)

        def settle(result=None):
            if view() is None:
                forget()
            else:
                view()._settle(shell_variables(shell))

        def forget():
            if settle in shell.events.callbacks["post_run_cell"]:
                shell.events.unregister("post_run_cell", settle)

        shell.events.register("post_run_cell", settle)
        return forget


class _Forward:
    """The `with` block of one call of a watched function."""

    def __init__(self, view):
        self._view = view

    def __enter__(self):
        self._view._begin()

    def __exit__(self, *exception):
        self._view._leave()


def current_shell():
    """The running IPython shell, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def shell_variables(shell):
    """Names and objects of the notebook, without IPython's own."""
    return [(name, value) for name, value in list(shell.user_ns.items()) if not name.startswith("_")]
