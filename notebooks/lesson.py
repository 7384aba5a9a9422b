"""What every lesson uses: questions to answer before the reveal, a curve that grows, and PyTorch beside minigrad.

    from lesson import Curve, Pictures, predict, progress

The import alone brings `%%twin` (PyTorch's recorded answer beside minigrad's), `%%check` (for the tests) and short errors.
"""

from __future__ import annotations

import html
import io
import math
import re
import time
import tomllib
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import bqplot
import ipywidgets
from IPython import get_ipython
from IPython.display import display
from tqdm.notebook import tqdm
from tracebacks import shorten
from twin import twin

THEME_INK = "var(--jp-ui-font-color0, #1f2430)"
INK = {  # mixed with the theme's own ink, so that light and dark can be read
    "right": ("✓", f"color-mix(in srgb, #1a7f4b 60%, {THEME_INK})"),
    "wrong": ("✗", f"color-mix(in srgb, #b3261e 60%, {THEME_INK})"),
}
# ipywidgets marks what has lost its kernel by a broken link on every part, which tells nobody what to do.
CUT_OFF = """<style>
.mg-question.jupyter-widgets-disconnected::before, .mg-question .jupyter-widgets-disconnected::before { display: none; }
.mg-question.jupyter-widgets-disconnected > * { opacity: .4; pointer-events: none; }
.mg-question.jupyter-widgets-disconnected::after { font-weight: 600;
  content: "The kernel was restarted: run the cells above, then run this cell again."; }
</style>"""
# A saved notebook: what this style is for is read only where no live question stands.
SAVED = "Saved question: run the cells from the top to make it live."
SAVED_STYLE = "<style>.jp-RenderedSVG img { max-width: 100%; height: auto; }</style>"


def prose(text):
    """Plain text with `code`, **strong** and *em* as HTML; everything else is escaped."""
    text = html.escape(text.strip())
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"(?<!\w)\*([^*\s][^*]*)\*(?!\w)", r"<em>\1</em>", text).replace("\n", "<br>")


def progress(items, label="training"):
    """A progress bar around a loop: `for step in progress(range(100)):`."""
    return tqdm(items, desc=label, leave=True)


def ready():
    """Say that the first cell has worked, or what is missing and what to do about it.

    >>> ready()
    Ready. Go on with the next cell.
    """
    missing = [name for name in ("anywidget", "bqplot", "graphviz", "minigrad", "viz") if find_spec(name) is None]
    if missing:
        print(f"Missing here: {', '.join(missing)}. Start JupyterLab with `python course.py lab`: it brings them along.")
    else:
        print("Ready. Go on with the next cell.")


# Questions

QUESTIONS = Path(__file__).parent / "questions"
_ANSWERS = {}  # what the reader has clicked: a cell that is run again shows its question as it was answered


def predict(ask, reveal=None):
    """Ask before showing. Answers and reasons live in `questions/NN.toml`, so that the cell does not give them away.

    `reveal` is called after the choice; the run, panel or text that it returns is shown below.
    Errors: KeyError for a question that no file has.
    """
    for path in sorted(QUESTIONS.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["question"]:
            if entry["ask"] == ask:
                question = Question(**entry, reveal=reveal)
                if _ANSWERS.get(ask) in question.options:  # the course may have been renewed meanwhile
                    question.choose(_ANSWERS[ask])
                return question
    raise KeyError(f"no file in questions/ has the question {ask!r}")


class Question(ipywidgets.VBox):
    """A question with a few answers to choose from; the reveal comes only after a choice.

    >>> Question("1 + 1?", ["2", "3"], answer="2", why="Count.").choose("3")
    False
    """

    def __init__(self, ask, options, answer, why, reveal=None):
        if answer not in options:
            raise ValueError(f"the answer {answer!r} is not among the options {options}")
        self.ask, self.options, self.answer, self.why, self.reveal = ask, list(options), answer, why, reveal
        self._buttons = [ipywidgets.Button(description=option, layout={"width": "auto"}) for option in self.options]
        for button in self._buttons:
            button.on_click(self._clicked)
        self._verdict = ipywidgets.HTML()
        self._shown = ipywidgets.VBox()
        asked = ipywidgets.HTML(f'<div style="font-size:15px;line-height:1.5"><b>Predict.</b> {prose(ask)}</div>{CUT_OFF}')
        row = ipywidgets.HBox(self._buttons, layout={"flex_flow": "row wrap"})
        super().__init__([asked, row, self._verdict, self._shown], layout={
            "border": "1px solid var(--jp-border-color1, #c4c4c4)", "border_left": "5px solid #2f7fc1",
            "padding": "8px 14px 10px 14px", "margin": "6px 0",
        })  # fmt: skip
        self.add_class("mg-question")

    def _clicked(self, button):
        _ANSWERS[self.ask] = button.description
        self.choose(button.description)

    def choose(self, option):
        """Answer: shows the verdict, the reason, and what the question hid. Returns whether it was right."""
        if option not in self.options:
            raise ValueError(f"{option!r} is not one of the answers {self.options}")
        right = option == self.answer
        sign, ink = INK["right" if right else "wrong"]
        word = "Right." if right else f"Not quite: the answer is <b>{html.escape(self.answer)}</b>."
        self._verdict.value = (
            f'<div role="status" style="line-height:1.5"><span style="color:{ink};font-weight:700">{sign} {word}</span> '
            f"{prose(self.why)}</div>"
        )
        for button in self._buttons:
            chosen = button.description == option
            button.style.font_weight = "bold" if chosen else "normal"
            button.icon = ("check" if right else "times") if chosen else ""
        if self.reveal is not None and not self._shown.children:
            self._shown.children = (_as_widget(self.reveal()),)
        return right

    def drive(self):
        """Try every answer without a browser and print one stable line for each; this question stays unanswered."""
        copy = Question(self.ask, self.options, self.answer, self.why, self.reveal)
        for option in self.options:
            print(f"{'right' if copy.choose(option) else 'wrong'}: {option}")

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        data = super()._repr_mimebundle_(include=include, exclude=exclude, **kwargs)
        data["text/plain"] = "Predict. " + self.ask.strip() + "".join(f"\n  ( ) {o}" for o in self.options)
        data["text/html"] = self._saved()
        return data

    def _saved(self):
        """What a notebook shows that is opened again and not run: the question, and what makes it live."""
        options = "".join(f"<li>{html.escape(option)}</li>" for option in self.options)
        return f"{SAVED_STYLE}<p><b>Predict.</b> {prose(self.ask)}</p><ul>{options}</ul><p><em>{SAVED}</em></p>"


def _as_widget(thing):
    """Anything a reveal may return: a widget, a recorded run, a playground, a live view, or text."""
    import viz

    if isinstance(thing, ipywidgets.Widget):
        return thing
    try:
        return viz.show(thing)
    except TypeError:
        return ipywidgets.HTML(f"<pre style='line-height:1.35'>{html.escape(str(thing))}</pre>")


# A curve that grows while a cell runs, and small pictures


class Curve:
    """Lines that grow: `curve = Curve("step", "loss")`, show it, then `curve.add(step, loss=...)` in the loop."""

    COLOURS = ("#2f7fc1", "#c05503", "#009e73", "#8a5cc2")
    SECONDS = 0.1  # between two redraws
    MARGIN, LEGEND = 0.06, 0.22  # room around the lines, and above them for each name, as parts of their height

    def __init__(self, x_label, y_label, title=""):
        self.x_label, self.y_label, self.title = x_label, y_label, title
        self.points = {}
        self._scales = {"x": bqplot.LinearScale(), "y": bqplot.LinearScale()}
        self._marks = {}
        self._drawn = 0.0
        axes = [
            bqplot.Axis(scale=self._scales["x"], label=x_label, grid_lines="none"),
            bqplot.Axis(scale=self._scales["y"], label=y_label, side="left", label_offset="45px"),
        ]
        self.figure = bqplot.Figure(
            axes=axes, title=title, title_style={"fill": THEME_INK}, legend_location="top-left", animation_duration=0,
            fig_margin={"top": 30 if title else 10, "bottom": 45, "left": 65, "right": 15},
            layout={"width": "100%", "max_width": "760px", "height": "260px"},
        )  # fmt: skip

    def add(self, x, **values):
        """One more point on each named line; drawn at most ten times a second."""
        for name, value in values.items():
            xs, ys = self.points.setdefault(name, ([], []))
            xs.append(float(x))
            ys.append(float(value if not hasattr(value, "item") else value.item()))
        if time.monotonic() - self._drawn > self.SECONDS:
            self.draw()

    def draw(self):
        """Show all points now."""
        for name, (xs, ys) in self.points.items():
            if name not in self._marks:
                colour = self.COLOURS[len(self._marks) % len(self.COLOURS)]
                dashes = ("solid", "dashed", "dotted", "dash_dotted")[len(self._marks) % 4]
                self._marks[name] = bqplot.Lines(
                    x=xs, y=ys, scales=self._scales, colors=[colour], line_style=dashes, labels=[name],
                    stroke_width=2.5,
                )  # fmt: skip
                self.figure.marks = [*self.figure.marks, self._marks[name]]
                for mark in self.figure.marks:
                    mark.display_legend = len(self.figure.marks) > 1  # one line needs none
            with self._marks[name].hold_sync():
                self._marks[name].x, self._marks[name].y = list(xs), list(ys)
        self._make_room()
        self._drawn = time.monotonic()

    def _make_room(self):
        """Keep the ends of the lines off the edges, and the legend above the lines."""
        ys = [y for _, values in self.points.values() for y in values if math.isfinite(y)]
        if ys:
            low, high = min(ys), max(ys)
            span = (high - low) or abs(high) or 1.0
            legend = self.LEGEND * len(self._marks) if len(self._marks) > 1 else 0
            scale = self._scales["y"]
            with scale.hold_sync():
                scale.min, scale.max = low - self.MARGIN * span, high + (self.MARGIN + legend) * span

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        data = self.figure._repr_mimebundle_(include=include, exclude=exclude, **kwargs)
        data["text/plain"] = f"A curve: {self.y_label} against {self.x_label}"
        return data


class Pictures:
    """Small grey pictures in rows, each with a few words below it: `Pictures(images, words)`; an image is 0 to 1.

    Errors: ValueError for as many words as there are not images.
    """

    PIXEL, ROOM, ACROSS = 9, 26, 6  # sizes in pixels of the screen, pictures in one row

    def __init__(self, images, words):
        self.images, self.words = [image.tolist() for image in images], list(words)
        if len(self.images) != len(self.words):
            raise ValueError(f"{len(self.images)} images need as many words, not {len(self.words)}")

    def svg(self):
        """The pictures as SVG text."""
        side = self.PIXEL * max((len(image) for image in self.images), default=0)
        wide, high = side + self.ROOM, side + self.ROOM
        shown = []
        for number, (image, words) in enumerate(zip(self.images, self.words)):
            row, column = divmod(number, self.ACROSS)
            shown += self._one(image, words, column * wide + self.ROOM / 2, row * high + 4, side)
        size = f'width="{wide * self.ACROSS}" height="{high * -(-len(self.images) // self.ACROSS)}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>' + "".join(shown) + "</svg>"

    def _one(self, image, words, left, top, side):
        for y, line in enumerate(image):
            for x, value in enumerate(line):
                grey = round(255 * (1 - min(max(value, 0), 1)))
                yield (f'<rect x="{left + x * self.PIXEL}" y="{top + y * self.PIXEL}" width="{self.PIXEL}" '
                       f'height="{self.PIXEL}" fill="rgb({grey},{grey},{grey})"/>')
        yield (f'<text x="{left + side / 2}" y="{top + side + 14}" font-size="12" font-family="sans-serif" '
               f'fill="#777" text-anchor="middle">{html.escape(words)}</text>')

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "Small pictures, each with its words", "image/svg+xml": self.svg()}


# Cells for the tests

CHECK = "text/x-check"  # no front end draws this, so what a check prints is kept and compared but gives nothing away


def check(line, cell):
    """`%%check`: run a cell that is there for the tests, and keep what it prints out of sight."""
    shell = get_ipython()
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(cell, "<check>", "exec"), shell.user_ns)
    display({CHECK: said.getvalue()}, raw=True)


def load_ipython_extension(ipython):
    """The magics `%%twin` and `%%check`, and errors without the frames of the library."""
    ipython.register_magic_function(twin, "cell", "twin")
    ipython.register_magic_function(check, "cell", "check")
    shorten(ipython)


if get_ipython() is not None:  # so that a lesson needs no line about it, and may run its first cell again
    load_ipython_extension(get_ipython())
