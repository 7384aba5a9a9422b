"""`viz.diff`: two recorded runs side by side, and every view of what differs."""

import json

from viz import blocks
from viz.difference import Facts, compared, named
from viz.graph import Graph

FORM = 1  # of the JSON


class Diff(Facts):
    """The difference of two recorded runs; true where the graphs differ. `viz.difference.Facts` says what it holds.

    In a notebook it shows itself as a picture, `viz.show(diff)` as one to explore.
    """

    __slots__ = ()

    def outline(self):
        """Everything in the picture as aligned text; see `viz.marked`."""
        from viz.marked import outline

        return outline(self)

    def scene(self, fold="auto", opened=None):
        """The picture as plain data for the widget; never raises, `notice` says what is wrong."""
        from viz.overlay import scene

        return scene(self, fold, opened)

    def svg(self, below=None, fold="auto", opened=None):
        """The picture as SVG text with one line of words `below` it, by default what differs and how it is marked.

        fold: "all" draws long rows of what both graphs have as one box, "auto" does so where the picture would be too
        large to be read, None does not. opened: keys of the boxes that are open, as in `scene()["folds"]`.
        Errors: ValueError when nothing is recorded or for another fold, LayoutError when it is too large.
        """
        from viz.overlay import drawn, told_below
        from viz.svg import svg

        return svg(drawn(self, fold, opened), told_below(self) if below is None else below)

    def html(self):
        """The picture as one HTML page to be explored in any browser: no kernel, no server, no network."""
        from viz.overlay import html

        return html(self)

    def dot(self):
        """The picture as a `graphviz.Digraph`. Errors: ValueError when nothing is recorded."""
        from viz.overlay import to_dot

        return to_dot(self)

    def save(self, path):
        """Write the picture to a file; its ending says as what: .svg, .png, .pdf, .html or .dot.

        The file is written whole or not at all. Errors: ValueError for another ending and when nothing is recorded,
        LayoutError when a picture is too large.
        """
        from viz.export import save_diff

        save_diff(self, path)

    def to_json(self):
        """What differs as JSON text, for graders and other programs: summary, digests, and each difference in words."""
        def each(found):
            return [{"node": named(self.after, new), **{what: pair for what, *pair in rows}}
                    for (_, new), rows in found.items()]

        return json.dumps({
            "form": FORM, "summary": self.summary, "alike": self.alike, "same_values": self.same_values,
            "digests": list(self.digests), "added": [named(self.after, node) for node in self.added],
            "gone": [named(self.before, node) for node in self.gone], "changed": each(self.changed),
            "values": each(self.values), "asides": [told for aside in self.asides if (told := aside.told())]},
            allow_nan=False)

    @property
    def widget(self):
        """A new widget of the picture, as `viz.show` shows it."""
        from viz.comparison import DiffWidget

        return DiffWidget(self)

    def __repr__(self):
        return f"<Diff: {self.summary}>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        from viz.still import by_night, still

        bundle = {"text/plain": self.outline()}
        try:
            picture = self.svg()
            told = still(picture, self.summary, bundle["text/plain"])
            bundle |= {"image/svg+xml": by_night(picture), "text/html": told}
        except ValueError as error:
            bundle["text/plain"] += f"\n\nNo picture: {error}." if self.before.steps or self.after.steps else ""
        return bundle


def diff(before, after):
    """What is added, gone and changed on the way from one recorded run, or its graph, to another one: a `Diff`. A view
    or a panel stands for its last run. Between a captured graph and a run only what both can have counts: no gradients,
    nothing of what was recorded. Errors: TypeError for anything else.

    >>> import minigrad as mg, viz
    >>> x = mg.tensor([3.0], requires_grad=True)
    >>> with viz.watch() as plain:
    ...     y = x * x
    >>> with viz.watch() as cut:
    ...     y = x.detach() * x
    >>> diff(plain, cut)
    <Diff: another graph with the same result: 1 added, 1 changed>
    >>> print(diff(plain, cut).text())
    another graph with the same result: 1 added, 1 changed
    added: #1 detach
    changed: #2 mul: inputs x, x -> #1, x
    """
    before, after = _graph(before), _graph(after)
    if bool(before.captured) != bool(after.captured):
        before, after = blocks.bare(before), blocks.bare(after)
    if not (blocks.known(before) and blocks.known(after)):
        before, after = blocks.loose(before), blocks.loose(after)
    return compared(before, after, Diff)


def _graph(thing):
    found = thing
    for name in ("run", "graph"):
        found = found if isinstance(found, Graph) else getattr(found, name, found)
    if not isinstance(found, Graph):
        raise TypeError("diff() takes two recorded runs, as in `with viz.watch() as run:`, or views or panels that "
                        f"have run, not an object of type {type(thing).__name__}")
    return found
