"""`viz.captures`: one function, captured in several ways and as it is written, side by side at the same inputs."""

import anywidget
import ipywidgets
import numpy as np
import traitlets

from minigrad import jit, tensor
from minigrad.jit.graph import Graph
from minigrad.jit.tree import flatten
from minigrad.tensor import Tensor
from viz import blocks, text
from viz.capture import Capture, as_written, called, diff, graph_of, is_captured
from viz.controls import all_states
from viz.lines import behaviour, block, changed, marked
from viz.live import OpenRun
from viz.outline import table
from viz.panel import Panel, _at, sentence, shown, variables_of
from viz.scripts import STATIC, script
from viz.widget import GraphWidget

CLOSE = {"rtol": 1e-4, "atol": 1e-6}  # results nearer than this are the same
SIGNS = {"same": "=", "other": "≠", "error": "!", "": ""}


def captures(things, /, *, inputs=None, **controls):
    """A panel that runs several captures of one function at the same inputs: what each gives, whether that is what the
    function gives as it is written, and each one's picture with the arm that was taken.

    things: {"trace": traced, "script": scripted, "eager": f, ...}, traced, scripted or compiled functions or modules,
    graphs, and plain functions; the first plain one is what the others are compared with. controls: one for each input,
    as in `viz.playground`: (low, high) is a slider. Numbers become tensors; inputs: a function that makes the inputs of
    the controls' values, where they are more than that. Errors: TypeError for things that nothing can be made of.

    >>> import minigrad as mg, viz
    >>> from minigrad import jit
    >>> @jit.script
    ... def bent(x):
    ...     if x > 0:
    ...         return x * 2
    ...     return x - 1
    >>> panel = viz.captures({"script": bent, "eager": lambda x: x * 2}, x=(-3.0, 3.0))
    >>> print(panel.set(x=-2.0).text)
    x=-2
    script  gives -3.0  other than eager  if x > 0: then not taken, else taken
    eager   gives -4.0
    """
    if not isinstance(things, dict) or not things:
        raise TypeError('captures() takes a dict, as in viz.captures({"trace": traced, "eager": f}, x=(-2.0, 2.0))')
    for name, thing in things.items():
        if not (callable(thing) or isinstance(thing, Graph)):
            raise TypeError(f"captures(): {name} is no function, module or graph, but a {type(thing).__name__}")
    if not controls:
        raise TypeError("captures() needs a control for each input, as in x=(-2.0, 2.0)")
    return Captures(things, inputs, controls)


class Captures(Panel):
    """What `viz.captures` makes: a panel over several captures.

    things: as given. runs: name -> its last `Capture` or recorded `Run`, None where it raised. results: name -> what it
    gave. text: the table of the last state, one line for each. reference: the name that the others are compared with.
    """

    def __init__(self, things, inputs, controls):
        self.things, self._inputs = dict(things), inputs
        self.reference = next((name for name, thing in things.items() if not is_captured(thing)), next(iter(things)))
        function = things[self.reference]

        def stub(**values):
            return self._function(*self._made(values))

        stub.__name__ = getattr(function, "__name__", type(function).__name__)
        super().__init__(stub, controls)
        self._function = function
        self._blocks = [one for one in [block(getattr(function, "forward", function))] if one is not None]
        self.code.blocks = marked(self._blocks, {})
        self.runs, self.results = dict.fromkeys(things), {}
        self.graphs = {name: self.graph if name == self.reference else GraphWidget() for name in things}
        self.rows, self.heads = Rows(), {name: Rows(head=True) for name in things}
        for graph in self.graphs.values():
            graph.observe(self._size_changed, "size")
        drawn = [child for child in self._box.children if child not in (self.graph, self.code)]
        pictures = [widget for name in things for widget in (self.heads[name], self.graphs[name])]
        self._box.children = (*drawn, self.rows, *pictures, self.code)

    # ---- from Python

    def outline(self, name=None):
        """The table, and below it the outline of each, or of one by its name."""
        self._ensure()
        names = self.things if name is None else [self._known(name)]
        parts = [f"{one}\n{self.runs[one].outline() if self.runs[one] else self.graphs[one].text()}" for one in names]
        return "\n\n".join([self.text, *parts] if name is None else parts)

    def digests(self):
        """Name -> digest of its graph in this state; "" where it raised."""
        self._ensure()
        return {name: run.digest() if run else "" for name, run in self.runs.items()}

    def diff(self, name, other=None):
        """What differs between the graph of one and that of another, by default the reference: a `viz.Diff`."""
        self._ensure()
        pair = [self.runs[self._known(other or self.reference)], self.runs[self._known(name)]]
        if None in pair:
            raise ValueError(f"{name if pair[1] is None else other or self.reference} has no graph here: it raised")
        return diff(*pair)

    def states(self):
        """Run all of them in every state, as `Panel.states`, and print one line for each: `=` is what the reference
        gives too, `≠` something else, `!` an error."""
        controls = list(self._controls.values())
        rows = []
        for state in all_states([_at(control, self.values[control.name]) for control in controls]):
            found = self._all(state)
            cells = [f"{name} {SIGNS[row['verdict']]} {row['gives']}".replace("  ", " ") for name, row in
                     zip(self.things, found[2], strict=True)]
            rows.append([*(control.describe(state[control.name]) for control in controls), *cells])
        print("\n".join(table([""] * len(rows[0]), rows)[1:]))

    def _known(self, name):
        if name not in self.things:
            raise ValueError(f"there is no {name!r}; there is: {', '.join(self.things)}")
        return name

    # ---- running

    def _made(self, values):
        """The inputs for these values of the controls."""
        if self._inputs is not None:
            made = self._inputs(**values)
            return made if isinstance(made, tuple) else (made,)
        kinds = next((_kinds(thing) for thing in self.things.values() if is_captured(thing)), [])
        kinds = [*kinds, *["tensor"] * (len(values) - len(kinds))]
        return tuple(tensor(float(value)) if kind == "tensor" and isinstance(value, bool | int | float) else value
                     for value, kind in zip(values.values(), kinds, strict=False))

    def _all(self, values):
        """(runs, results, rows) of everything at these values."""
        runs, results, errors, notes = {}, {}, {}, {}
        names = list(self._controls)
        for name, thing in self.things.items():
            try:
                inputs = self._made(values)
                if isinstance(thing, jit.Compiled):
                    runs[name], results[name] = called(thing, inputs)
                    if runs[name] is None:  # what such a call does is what the function does
                        notes[name] = as_written(thing)
                        runs[name], _ = _watched(thing.function, inputs, names)
                else:
                    runs[name], results[name] = (_captured_run(thing, inputs) if is_captured(thing)
                                                 else _watched(thing, inputs, names))
            except Exception as error:
                runs[name], errors[name] = None, sentence(error, getattr(thing, "forward", thing))
        rows = [self._row(name, runs[name], results, errors, notes.get(name)) for name in self.things]
        return runs, results, rows

    def _row(self, name, run, results, errors, note):
        if name in errors:
            return {"name": name, "gives": errors[name], "verdict": "error", "beside": "", "way": ""}
        row = {"name": name, "gives": text.clean(shown(results[name]) or "nothing", 60), "verdict": "", "beside": "",
               "way": "; ".join(filter(None, [note, _way(run)]))}
        if name != self.reference and self.reference in results:
            same = alike(results[name], results[self.reference])
            row |= {"verdict": "same" if same else "other",
                    "beside": f"as {self.reference}" if same else f"other than {self.reference}"}
        return row

    def _refresh(self):
        before = {} if self._run is None else behaviour(self._run.graph)
        self.runs, self.results, rows = self._all(self.values)
        self._run = self.runs[self.reference]
        where = "  ".join(control.describe(self.values[name]) for name, control in self._controls.items())
        self.text = "\n".join([where, *_told(rows)])
        self.rows.rows, self.rows.where = rows, where
        for row, (name, run) in zip(rows, self.runs.items(), strict=True):
            self.heads[name].rows = [row]
            if run is None:
                self.graphs[name].fail(row["gives"])
            else:
                self.graphs[name].show(run)
        if self._run is not None:
            self.code.blocks = marked(self._blocks, before and changed(before, behaviour(self._run.graph)))

    def _ensure(self):
        if not self.text:
            self._refresh()

    def _size_changed(self, change):
        super()._size_changed(change)
        for widget in (self.rows, *self.heads.values(), *self.graphs.values()):
            widget.size = change.new

    # ---- display

    def _repr_mimebundle_(self, **options):
        data = dict(ipywidgets.VBox._repr_mimebundle_(self.widget, **options))
        data["text/plain"] = self.outline()
        return data


class Rows(anywidget.AnyWidget):
    """Draws what each capture gives. rows: [{"name", "gives", "verdict", "beside", "way"}], verdict "same", "other",
    "error" or "". where: where the controls stand. head: whether it is one row, above its picture."""

    _esm = script("abreast.js")
    _css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "abreast.css"))
    rows = traitlets.List().tag(sync=True)
    where = traitlets.Unicode("").tag(sync=True)
    head = traitlets.Bool(False).tag(sync=True)
    size = traitlets.Enum(["normal", "large"], "normal").tag(sync=True)

    def __repr__(self):
        return f"Rows({', '.join(row['name'] for row in self.rows)})"


def alike(one, other):
    """Whether two results are of one form and hold the same numbers, to four digits."""
    (first, form), (second, its) = (flatten(what) for what in (one, other))
    if form != its and not (len(first) == len(second) and _plain(form) == _plain(its)):
        return False
    return len(first) == len(second) and all(
        a.shape == b.shape and np.allclose(a.detach().cpu().array, b.detach().cpu().array, equal_nan=True, **CLOSE)
        for a, b in zip(first, second, strict=True))


def _plain(form):
    """A form in which numbers are as equal as numbers are."""
    return tuple(map(_plain, form)) if isinstance(form, tuple | list) else form


def _kinds(thing):
    """The kinds of the inputs of what was captured; [] where that is not known before a call."""
    try:
        return [value.kind for value in graph_of(thing).captured.inputs]
    except RuntimeError:
        return []


def _captured_run(thing, inputs):
    try:
        made = graph_of(thing)
    except RuntimeError:
        thing(*inputs)
        made = graph_of(thing)
    given = [one for one in inputs if isinstance(one, Tensor)]
    ran = made.on(*(inputs if len(made.captured.inputs) == len(inputs) else given))
    return ran, ran.result


def _watched(function, inputs, names):
    """A recorded run of a plain function, drawn as solid as a captured graph: on inputs that ask for a gradient, unless
    it wants to change them in place."""
    floats = [isinstance(one, Tensor) and one.dtype.is_floating_point and one.is_leaf for one in inputs]
    try:
        return _recorded(function, [one.detach().clone().requires_grad_() if float_ else one
                                    for one, float_ in zip(inputs, floats, strict=True)], names)
    except RuntimeError:
        return _recorded(function, inputs, names)


def _recorded(function, inputs, names):
    run = OpenRun()
    with run.recording():
        result = function(*inputs)
    run.name({name: one for name, one in zip(names, inputs, strict=False) if isinstance(one, Tensor)})
    run.end(variables_of(function))
    run.close()
    return run, result


def _way(run):
    """Which way a run went, in one line: of a capture, of its ifs and loops, and what it has lost."""
    lost = [f"{'lost' if isinstance(run, Capture) else 'not taken'}: {text.clean(arm.source.text, 60)}"
            for arm in run.graph.untaken]
    return "; ".join([*blocks.ways(run.graph).splitlines(), *lost])


def _told(rows):
    cells = [[row["name"], row["gives"] if row["verdict"] == "error" else f"gives {row['gives']}", row["beside"],
              row["way"]] for row in rows]
    return table([""] * 4, cells)[1:]
