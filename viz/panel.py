"""`viz.playground`: a function's arguments become switches and sliders, and every change shows the new graph."""

import contextlib
import functools
import inspect
import io
import re
import traceback

import ipywidgets

from minigrad.nn import Module
from minigrad.tensor import Tensor
from viz.code import Code
from viz.controls import Controls, all_states, format_number, read_controls
from viz.lines import behaviour, block, changed, marked, told
from viz.live import OpenRun
from viz.notes import summary_of
from viz.outside import on_model, own_forwards
from viz.still import still as as_html
from viz.widget import GraphWidget

NO_OP = "No op ran, so there is no graph."
LONGEST = 600  # characters of what a function returned or printed that stand below the graph


def playground(function=None, /, *inputs, **controls):
    """Turn a function into a panel: its arguments as controls, and the graph of its last run below them.

    What a control is follows from the keyword given here, else from the argument's annotation or default:
    a bool is a switch, `(low, high)` or `(low, high, step)` or a range a slider, a list or `Literal` a choice, a str
    a text, a number a number, and an ipywidgets widget is taken as it is. What the function returns or prints stands
    below the graph. Errors: TypeError when an argument cannot become a control.

    Of a model it makes a panel without touching its code: `viz.playground(model, x, loss=..., cut=detach_after("0"))`
    runs `model(x)` and the backward from `loss(output)`, with ready-made pieces as controls: `viz.detach_after`,
    `no_grad_around`, `freeze`, `branch_at` and `accumulate`. Other keywords are controls handed to its forward.
    The model is left as it was. Errors: ValueError for a path that it does not have.

    >>> import minigrad as mg
    >>> @playground(x=(-3.0, 3.0))
    ... def slope(x=2.0, no_grad=False):
    ...     x = mg.tensor(x, requires_grad=True)
    ...     with mg.set_grad_enabled(not no_grad):
    ...         y = x * x
    ...     return f"recorded: {y.requires_grad}"
    >>> slope.set(no_grad=True)
    Panel(slope: x=2, no_grad=on)
    >>> slope.text
    'recorded: False'
    """
    if function is None:
        return functools.partial(playground, **controls)
    if isinstance(function, Module):
        model = on_model(function, inputs, **controls)
        return Panel(model.run, model.controls, model.around, model.forwards)
    if inputs:
        raise TypeError("playground(): inputs stand behind a model, as in viz.playground(model, x)")
    if not callable(function):
        raise TypeError("playground() decorates a function: write @viz.playground or @viz.playground(x=(-3.0, 3.0))")
    return Panel(function, controls, parts=own_forwards(
        *(what for _, what in variables_of(function) if isinstance(what, Module))))


class Panel:
    """What `viz.playground` makes of a function. Show it by naming it on the last line of a cell; calling it calls
    the function itself.

    run: the last run. text: what the function returned or printed then. values: where the controls stand.
    widget: controls, graph and code as one ipywidgets box, with something to see in it.

    around: what is done around a run, a `with` block made of the values. parts: other functions whose code is shown.
    """

    def __init__(self, function, given, around=None, parts=()):
        functools.update_wrapper(self, function)
        self._function, self._around = function, around
        self._blocks = [one for one in map(block, (inspect.unwrap(function), *parts)) if one is not None]
        self._controls = {control.name: control for control in read_controls(function, given)}
        self._run = None
        self._quiet = False
        self.text = ""
        self.values = {name: control.value for name, control in self._controls.items()}
        self.graph = GraphWidget()
        drawn = [control for control in self._controls.values() if control.kind != "widget"]
        self.controls = Controls(controls=[control.spec() for control in drawn], values=self._drawn_values())
        self.controls.observe(self._reader_changed, "asked")
        self.graph.observe(self._size_changed, "size")
        own = [control.widget for control in self._controls.values() if control.kind == "widget"]
        for widget in own:
            widget.observe(self._widget_changed, "value")
        self.code = Code(blocks=marked(self._blocks, {}))
        self._box = ipywidgets.VBox([*([self.controls] if drawn else []), *own, self.graph, self.code])
        self._box.add_class("vg-around")

    def __call__(self, *args, **kwargs):
        return self._function(*args, **kwargs)

    # ---- from Python

    @property
    def run(self):
        """The last run that did not raise; the first one is made when it is asked for. None when that one raised."""
        self._ensure()
        return self._run

    @property
    def widget(self):
        """Controls and graph as one ipywidgets box. Whoever asks for it shows it: the first run is made by then."""
        self._ensure()
        return self._box

    def outline(self):
        """The outline of the last run."""
        self._ensure()
        return self._run.outline() if self._run is not None and self._run.graph.steps else self.graph.text()

    def digest(self):
        """The digest of the last run, "" when there is none."""
        self._ensure()
        return "" if self._run is None else self._run.digest()

    def lines(self):
        """The code as text, with a mark and a few words on each line that did something else in the last run than in
        the one before."""
        self._ensure()
        return told(self.code.blocks)

    def set(self, **values):
        """Move controls and run: `panel.set(no_grad=True)`. Returns the panel.

        Errors: TypeError or ValueError for a control that is not there or a value that it does not take; then nothing
        is changed.
        """
        self.values = self.values | self._checked(values)
        self._show_values()
        self._refresh()
        return self

    def states(self):
        """Run the function in every state of its switches and choices and print one line for each.

        Sliders take both ends and where they stand, as long as that makes at most 24 states; texts, numbers and
        widgets stay as they are. The panel itself is left as it was.
        """
        controls = list(self._controls.values())
        states = all_states([_at(control, self.values[control.name]) for control in controls])
        cells = [[control.describe(state[control.name]) for control in controls] for state in states]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for state, row in zip(states, cells, strict=True):
            name = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print(" | ".join(part for part in (name, *self._state_line(state)) if part))

    def _state_line(self, state):
        try:
            run, text = self._call(state)
        except Exception as error:
            return [sentence(error, inspect.unwrap(self._function))]
        return [run.digest()[:8], run.graph.counts(), " / ".join(text.split("\n"))]

    def _checked(self, values):
        for name in values:
            if name not in self._controls:
                known = ", ".join(self._controls) or "none"
                raise TypeError(f"{self.__name__} has no control {name!r}; it has: {known}")
        return {name: self._controls[name].check(value) for name, value in values.items()}

    # ---- from the reader

    def _reader_changed(self, change):
        try:
            self.values = self.values | self._checked(self.controls.values)
            self._refresh()
        except (TypeError, ValueError) as error:
            self.graph.fail(str(error))
            self._show_values()
        self.controls.done = change.new

    def _widget_changed(self, change):
        if self._quiet:
            return
        name = next(name for name, control in self._controls.items() if control.widget is change.owner)
        self.values = self.values | {name: change.new}
        self._refresh()

    def _size_changed(self, change):
        self.controls.size = self.code.size = change.new

    def _drawn_values(self):
        return {name: value for name, value in self.values.items() if self._controls[name].kind != "widget"}

    def _show_values(self):
        self._quiet = True
        try:
            self.controls.values = self._drawn_values()
            for name, control in self._controls.items():
                if control.kind == "widget":
                    control.widget.value = self.values[name]
        finally:
            self._quiet = False

    # ---- running

    def _ensure(self):
        if self._run is None and not self.graph.error:
            self._refresh()

    def _refresh(self):
        before = {} if self._run is None else behaviour(self._run.graph)
        try:
            self._run, self.text = self._call(self.values)
        except Exception as error:
            self.text = ""
            self.graph.fail(sentence(error, inspect.unwrap(self._function)))
        else:
            with self.graph.hold_sync():
                self.graph.show(self._run, note=self.text)
                if not self._run.graph.steps:  # a panel records by itself: how to record is no advice here
                    self.graph.scene = self.graph.scene | {"notice": NO_OP, "outline": NO_OP}
            self.code.blocks = marked(self._blocks, before and changed(before, behaviour(self._run.graph)))

    def _call(self, values):
        printed = io.StringIO()
        run = OpenRun()
        with contextlib.redirect_stdout(printed), self._around(values) if self._around else contextlib.nullcontext():
            with run.recording():
                returned = self._function(**values)
            run.end(variables_of(inspect.unwrap(self._function)))
        if self._around:
            run.close()  # what happens to the model after this has nothing to do with it
        text = "\n".join(part for part in (printed.getvalue().strip("\n"), shown(returned)) if part)
        return run, text if len(text) <= LONGEST else text[:LONGEST] + "…"

    # ---- display

    def _repr_mimebundle_(self, **options):
        data = dict(self.widget._repr_mimebundle_(**options))
        still, _ = self.graph._repr_mimebundle_()
        where = "  ".join(control.describe(self.values[name]) for name, control in self._controls.items())
        data["text/plain"] = "\n".join(part for part in (where, still["text/plain"]) if part)
        if "image/svg+xml" in still:
            data["image/svg+xml"] = picture = still["image/svg+xml"]
            data["text/html"] = as_html(picture, self.graph.scene["summary"], data["text/plain"])
        return data

    def __repr__(self):
        where = ", ".join(control.describe(self.values[name]) for name, control in self._controls.items())
        return f"Panel({self.__name__}: {where})"


def _at(control, value):
    return type(control)(**{**vars(control), "value": value})


def variables_of(function):
    """Names and objects outside that the function uses: they name modules and parameters in the picture."""
    try:
        found = inspect.getclosurevars(function)
    except (TypeError, ValueError):  # not a Python function, or a variable that has no value yet
        return []
    return [*found.nonlocals.items(), *found.globals.items()]


def shown(value):
    """What a function returned, as one short text: a dict as `name = value`, numbers without noise, no addresses."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Tensor):
        return summary_of(value.array).short()
    if isinstance(value, dict):
        return ", ".join(f"{name} = {shown(part) or None}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown(part) or "None" for part in value)
    if isinstance(value, float):
        return format_number(value)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def sentence(error, function):
    """One line on an exception: its type, its first line of words, and the line of the function where it came from."""
    words = str(error).strip().split("\n")[0]
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if code and frame.filename == code.co_filename]
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {words}{where}" if words else f"{type(error).__name__}{where}"
