"""The graph as a widget for JupyterLab: traits on the Python side, one script and one style sheet on the other."""

import anywidget
import traitlets

from viz.backwards import DIRECTIONS
from viz.fold import WAYS, boxes, first_open, tree, way
from viz.layout import LayoutError
from viz.scene import drawn
from viz.scene import scene as make_scene
from viz.scripts import STATIC, script
from viz.still import still

STILL_NODES = 80  # up to this size a saved notebook also carries a still picture
WAITING = "Nothing has run yet. Run the code once, and its graph appears here."
STOPPED = "The code stopped before there was a graph: see below."
SAVED = "Saved picture: run the cells from the top to make it live."


def waiting_scene(notice=WAITING):
    """A scene without nodes that says what to do."""
    return {"width": 0, "height": 0, "nodes": [], "edges": [], "summary": "no graph yet", "digest": "",
            "outline": notice, "glossary": [], "notice": notice}


class GraphWidget(anywidget.AnyWidget):
    """Draws a scene; a new scene is animated from the one before it.

    scene: what `viz.scene.scene` makes. selected: key of the node whose details are open, "" for none.
    size: "normal", or "large" for a projector. note, error: one short text below the picture.
    stale: draw the picture pale because it is older than the error below it.
    fold: how the graph is folded, as in `Run.svg`. folding: what the reader last asked for: {"act": "open" or "shut",
    "key": of a box, "" for all}. direction: "forward", "backward" or "both".

    >>> widget = GraphWidget()
    >>> print(widget.text())
    Nothing has run yet. Run the code once, and its graph appears here.
    """

    _esm = script("graph.js")
    _css = STATIC / "graph.css"
    scene = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    size = traitlets.Enum(["normal", "large"], "normal").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    stale = traitlets.Bool(False).tag(sync=True)
    folding = traitlets.Dict().tag(sync=True)
    fold = traitlets.Enum([None, "auto", *WAYS], "auto")
    direction = traitlets.Enum(DIRECTIONS, "forward").tag(sync=True)
    _prepare = None  # as in viz.scene.scene

    def __init__(self, run=None, **traits):
        super().__init__(**({"scene": waiting_scene()} | traits))
        self._run = self._opened = None
        if run is not None:
            self.show(run)

    def show(self, run, note=""):
        """Draw this run, and below it `note`; an earlier error goes."""
        self._run = run
        scene = make_scene(run.graph, self.scene, self.fold, self._opened, self.direction, self._prepare)
        with self.hold_sync():  # one message, so that picture and words change together
            self.scene, self.note, self.error, self.stale = scene, note, "", False

    def fold_by(self, fold):
        """Fold in another way; the boxes are open and shut as at first."""
        self.fold, self._opened = fold, None
        if self._run is not None:
            self.show(self._run, self.note)

    def unfold(self, key=""):
        """Unfold the box with this key, or with "" all. Where that would be too much to draw, a sentence says so
        and nothing is changed."""
        self._refold(lambda opened, keys: opened | ({key} if key else keys))

    def fold_up(self, key=""):
        """Fold the box with this key again, or with "" all of them."""
        self._refold(lambda opened, keys: opened - ({key} if key else keys))

    def _refold(self, change):
        if self._run is None:
            return
        graph = self._run.graph
        folded = way(graph, self.fold)
        parts = tree(graph, folded or "all")
        keys = {box.key for box in boxes(parts)}
        opened = self._opened if self._opened is not None else first_open(parts) if folded else keys
        wanted = change(opened, keys)
        try:
            more = drawn(graph, self.scene, folded or "all", wanted, self.direction, self._prepare)
        except LayoutError as error:
            self.error = f"Not unfolded: {error}".replace("watch a smaller part (one step, a shorter sequence)",
                                                          "open one box at a time")
            return
        self.fold, self._opened = self.fold if folded else "all", wanted
        with self.hold_sync():
            self.scene, self.error = self.scene | {"notice": ""} | more, ""

    @traitlets.observe("folding")
    def _asked(self, change):
        asked = change.new
        if asked.get("act") in ("open", "shut"):
            (self.unfold if asked["act"] == "open" else self.fold_up)(str(asked.get("key", "")))

    @traitlets.observe("direction")
    def _turned(self, change):
        if getattr(self, "_run", None) is not None:  # a trait may be given while this is being made
            self.show(self._run, self.note)

    def fail(self, message):
        """Show one sentence on what went wrong; the last picture stays, pale."""
        with self.hold_sync():
            if self._run is None:
                self.scene = waiting_scene(STOPPED)
            self.error, self.note, self.stale = message, "", True

    def text(self):
        """The widget as plain text: the outline of the graph, then note or error."""
        outline = self.scene.get("outline") or self.scene.get("notice", "")
        return "\n".join(part for part in (outline.rstrip("\n"), self.error or self.note) if part)

    def _repr_mimebundle_(self, **options):
        # A front end that cannot run the widget (a saved notebook, a static page) shows the picture or the text.
        data, metadata = super()._repr_mimebundle_(**options)
        data["text/plain"] = self.text()
        if self._run is not None and 0 < len(self.scene["nodes"]) <= STILL_NODES:
            data["image/svg+xml"] = picture = self._drawn(SAVED)
            data["text/html"] = still(picture, self.scene["summary"], self.text())
        return data, metadata

    def _drawn(self, below):
        return self._run.svg(below, self.fold, self._opened, self.direction)

    def __repr__(self):
        return f"GraphWidget({self.scene.get('summary', '')})"
