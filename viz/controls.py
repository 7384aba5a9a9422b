"""Controls made from a function's arguments: what each is, which values it takes, and the widget that shows them."""

import inspect
import itertools
import math
import typing
from dataclasses import dataclass

import anywidget
import ipywidgets
import traitlets

from viz.scripts import STATIC, script

NUMBER = (int, float)
MOST_STATES = 24  # with more than this, sliders stay where they are when all states are listed


@dataclass
class Control:
    """One argument that can be changed. kind: "switch", "slider", "choice", "text", "number" or "widget". hint: what it
    does, in a few words, where its name does not say it."""

    name: str
    kind: str
    value: object
    options: tuple = ()
    low: float = 0
    high: float = 0
    step: float = 0
    widget: object = None
    hint: str = ""

    def check(self, value):
        """`value` as this control takes it. Errors: TypeError, ValueError, naming what it takes."""
        if self.kind == "switch" and not isinstance(value, bool):
            raise TypeError(f"{self.name} is a switch: give True or False, not {value!r}")
        if self.kind in ("slider", "number"):
            return self._number(value)
        if self.kind == "choice" and value not in self.options:
            raise ValueError(f"{self.name} has no choice {value!r}; choose one of {', '.join(map(repr, self.options))}")
        if self.kind == "text" and not isinstance(value, str):
            raise TypeError(f"{self.name} is a text: give a str, not {value!r}")
        return value

    def _number(self, value):
        if isinstance(value, bool) or not isinstance(value, NUMBER) or not math.isfinite(value):
            raise TypeError(f"{self.name} takes a number, not {value!r}")
        if self.kind == "slider" and not self.low <= value <= self.high:
            raise ValueError(f"{self.name} goes from {self.low} to {self.high}; {value!r} lies outside")
        whole = self.kind == "slider" and all(isinstance(part, int) for part in (self.low, self.high, self.step))
        return int(value) if whole else float(value)

    def states(self, sweep=True):
        """The values to try when all states are listed."""
        if self.kind == "switch":
            return (False, True)
        if self.kind == "choice":
            return self.options
        if self.kind == "slider" and sweep:
            return tuple(sorted({self.low, self.value, self.high}))
        return (self.value,)

    def describe(self, value):
        """`no_grad=on`, `x=1.5`."""
        if self.kind == "switch":
            return f"{self.name}={'on' if value else 'off'}"
        return f"{self.name}={value if isinstance(value, str) else format_number(value)}"

    def spec(self):
        """What the drawing of the control needs, as plain JSON."""
        return {"name": self.name, "kind": self.kind, "hint": self.hint, "options": list(self.options),
                "low": self.low, "high": self.high, "step": self.step}


def format_number(value):
    """A number without noise: 0.1 + 0.2 is shown as 0.3."""
    return format(value, ".6g") if isinstance(value, float) else str(value)


def read_controls(function, given):
    """The controls of a function: `given` by keyword, else from each argument's annotation and default.

    Arguments whose default is of no kind that a control can show keep that default.
    Errors: TypeError for a name that the function does not have, or an argument with neither control nor default.
    """
    parameters = inspect.signature(function).parameters
    takes_more = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    unknown = [name for name in given if name not in parameters]
    if unknown and not takes_more:
        raise TypeError(f"{function.__name__}() has no argument {unknown[0]!r}; "
                        f"it has: {', '.join(parameters) or 'none'}")
    hints = _hints(function)
    controls = [_control(p.name, given.get(p.name, _unset), p.default, hints.get(p.name)) for p in parameters.values()
                if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    controls += [_control(name, given[name], inspect.Parameter.empty, None) for name in unknown]
    return [control for control in controls if control is not None]


_unset = object()


def _hints(function):
    try:
        return inspect.get_annotations(function, eval_str=True)
    except Exception:  # annotations are the learner's: those that mean nothing say nothing about controls
        return {}


SOURCES = (ipywidgets.Widget, tuple, range, list, bool, str)  # what says by its value which control it wants
AT_FIRST = {bool: False, str: "", int: 0, float: 0.0}  # where the control of a bare type stands


def _annotated(hint, has_default):
    """What an annotation says about the control; _unset for nothing."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = next((part for part in typing.get_args(hint)[1:] if isinstance(part, SOURCES)), typing.get_args(hint)[0])
    if typing.get_origin(hint) is typing.Literal:
        return list(typing.get_args(hint))
    if isinstance(hint, SOURCES):
        return hint
    return AT_FIRST.get(hint, _unset) if isinstance(hint, type) and not has_default else _unset


def _control(name, given, default, hint):
    has_default = default is not inspect.Parameter.empty
    source = given if given is not _unset else _annotated(hint, has_default)
    if source is _unset:
        source = default
    if source is inspect.Parameter.empty:
        raise TypeError(f"argument {name!r} needs a default or a control, as in @viz.playground({name}=(-3.0, 3.0))")
    start = default if has_default else None
    if isinstance(source, Control):
        return source
    if isinstance(source, ipywidgets.Widget):
        if has_default and source is not default:
            source.value = default
        if getattr(source, "description", None) == "":
            source.description = name  # or nobody could tell what it is for
        return Control(name, "widget", source.value, widget=source)
    if isinstance(source, bool):
        return Control(name, "switch", source)
    if isinstance(source, range):
        return _slider(name, (source[0], source[-1], source.step), start)
    if isinstance(source, tuple):
        return _slider(name, source, start)
    if isinstance(source, list):
        return _choice(name, source, start)
    if isinstance(source, str):
        return Control(name, "text", source)
    if isinstance(source, NUMBER):
        return Control(name, "number", source)
    if given is not _unset:
        raise TypeError(f"cannot make a control for {name}={given!r}: give True or False, (low, high), a list, "
                        "a text, or an ipywidgets widget")
    return None


def _choice(name, options, start):
    if not options or not all(isinstance(option, (str, bool, *NUMBER)) for option in options):
        raise TypeError(f"{name}: a choice needs a list of texts or numbers, such as ['auto', 'left']")
    return Control(name, "choice", start if start in options else options[0], options=tuple(options))


def _slider(name, bounds, start):
    numbers = all(isinstance(part, NUMBER) and not isinstance(part, bool) for part in bounds)
    if len(bounds) not in (2, 3) or not numbers or not bounds[0] < bounds[1] or (len(bounds) == 3 and bounds[2] <= 0):
        raise TypeError(f"{name}: a slider needs (low, high) or (low, high, step) with low < high, not {bounds!r}")
    low, high = bounds[:2]
    whole = all(isinstance(part, int) for part in bounds)
    step = bounds[2] if len(bounds) == 3 else 1 if whole else 10.0 ** math.floor(math.log10((high - low) / 50))
    inside = isinstance(start, NUMBER) and not isinstance(start, bool) and low <= start <= high
    if not inside:
        start = low + step * round((high - low) / 2 / step)
    value = int(start) if whole else round(float(start), 10)
    return Control(name, "slider", value, low=low, high=high, step=step)


def all_states(controls):
    """Every combination of switches and choices; sliders at both ends and where they stand, unless that is too many."""
    for sweep in (True, False):
        choices = [control.states(sweep) for control in controls]
        if math.prod(map(len, choices)) <= MOST_STATES:
            break
    return [dict(zip([control.name for control in controls], values, strict=True))
            for values in itertools.product(*choices)]


class Controls(anywidget.AnyWidget):
    """Draws controls. `asked` goes up when the reader has changed `values`, `done` follows when the result is shown."""

    _esm = script("controls.js")
    _css = STATIC / "graph.css"
    controls = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    asked = traitlets.Int(0).tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    size = traitlets.Enum(["normal", "large"], "normal").tag(sync=True)

    def __repr__(self):
        return f"Controls({', '.join(spec['name'] for spec in self.controls)})"
