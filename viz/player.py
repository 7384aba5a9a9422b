"""`viz.stepper`: a run forward and backward, one moment at a time, in both directions, beside the code that did it."""

import traitlets

from viz import moments, words
from viz.live import Live
from viz.scripts import STATIC, script
from viz.widget import GraphWidget

EMPTY = "nothing to step through: " + words.NOTHING


class Stepper(GraphWidget):
    """The picture of a run as it was after moment `at`, with the means to go on and back.

    at: 0 is before the first op, k after the k-th line of `viz.steps(run)`; what lies outside is brought inside.
    moments: what each adds to the picture, as in viz/moments.py. code: of each script its first line and its lines.
    """

    _esm = script("steps.js")
    _css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "steps.css"))
    moments = traitlets.List().tag(sync=True)
    code = traitlets.List().tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    view = None  # what keeps it up to date
    _told = ()  # the moments of the scene that is being made

    def next(self):
        """One moment on, at the end nothing. Returns the stepper."""
        self._settle()
        self.at += 1
        return self

    def previous(self):
        """One moment back, at the start nothing. Returns the stepper."""
        self._settle()
        self.at -= 1
        return self

    def words(self):
        """What happens at this moment, as text: where it is, the caption, the facts and the line.

        >>> import minigrad as mg, viz
        >>> x = mg.tensor(3.0, requires_grad=True)
        >>> with viz.watch() as run:
        ...     y = x * x
        ...     y.backward()
        >>> step = viz.stepper(run)
        >>> step.at = 2
        >>> print(step.words())
        2 of 3  backward, kept for backward: 0 bytes
        backward of mul: gets 1.0; sends g * b = 3.0 to x, g * a = 3.0 to x; lets go of x
          gets        1.0
          to x        g * b = 1.0 * 3.0 = 3.0
          to x        g * a = 1.0 * 3.0 = 3.0
          lets go of  x () 4 bytes
          line 2      y = x * x
          backward    called in line 3: y.backward()
          x           ready
        """
        self._settle()
        if not self.moments:
            return EMPTY
        return "\n".join(told(self.moments, self.at, {node["key"]: node["title"] for node in self.scene["nodes"]}))

    def states(self):
        """Print every moment, one line each, with what waits, is ready, is kept and was freed then; `at` stays."""
        self._settle()
        titles = {node["key"]: node["title"] for node in self.scene["nodes"]}
        for number, moment in enumerate(self.moments):
            tags = "; ".join(f"{name} {what}" for name, what in tags_at(self.moments, number, titles))
            print(f"{number:>2}  {moment['words']}" + (f"  [{tags}]" if tags else ""))

    @traitlets.validate("at")
    def _inside(self, proposal):
        return max(0, min(proposal.value, len(self.moments) - 1)) if self.moments else 0

    def _settle(self):
        """A view draws the last of several changes in a row late; it is wanted now."""
        if self.view is not None:
            self.view._settle()

    def _prepare(self, view, shown):
        self._told = moments.moments(view, shown)
        moments.make_room(shown, self._told)

    @traitlets.observe("scene")
    def _retell(self, change):
        told = self._told if change.new["nodes"] else ()
        with self.hold_sync():
            self.moments, self.code = list(told), moments.scripts(self._run.graph) if told else []
            self.at = self.at  # the run may be shorter now

    def text(self):
        """The widget as plain text: the moment, then the outline of the whole."""
        return "\n\n".join(part for part in (self.words() if self.moments else "", super().text()) if part)

    def __repr__(self):
        return f"Stepper(at {self.at} of {max(0, len(self.moments) - 1)}: {self.scene.get('summary', '')})"


def stepper(run, at=0):
    """A Stepper of a recorded run, which follows what happens to its gradients later. Errors: TypeError for anything
    that is no run.

    >>> import minigrad as mg, viz
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> with viz.watch() as run:
    ...     y = x * x
    >>> step = viz.stepper(run)
    >>> step.next()
    Stepper(at 1 of 1: 1 op, 1 recorded; 1 leaf requiring grad, 0 with a gradient)
    """
    if not hasattr(run, "on_change"):
        raise TypeError("stepper() takes a run, as in `with viz.watch() as run:`, "
                        f"not an object of type {type(run).__name__}")
    view = Live(widget=Stepper())
    view.follow(run)
    view.widget.view = view  # alive as long as its widget
    view.widget.at = at
    return view.widget


def told(moments, at, titles):
    """The lines of `Stepper.words`. titles: what the box with each key is called."""
    moment, end = moments[at], len(moments) - 1
    rows = [list(row) for row in moment["rows"]]
    if moment["line"]:
        rows.append([f"line {moment['line'][1]}", moment["line"][2]])
    if moment["called"]:
        rows.append(["backward", f"called in line {moment['called'][1]}: {moment['called'][2]}"])
    rows += [list(pair) for pair in tags_at(moments, at, titles) if not pair[1].startswith(("keeps", "freed"))]
    width = max((len(name) for name, _ in rows), default=0)
    head = f"{at} of {end}  {moment['what']}, kept for backward: {moment['kept']:,} bytes"
    return [head, moment["words"], *[f"  {name:{width}}  {what}" for name, what in rows]]


def tags_at(moments, at, titles):
    """(title of a box, its tag) of all that wait, are ready, keep something or have let it go, after moment `at`."""
    tags = {}
    for moment in moments[:at + 1]:
        tags |= moment["tags"]
    return [(titles[key], tag) for key, found in tags.items() for tag in found
            if tag.startswith(("waits for", "ready", "keeps", "freed"))]
