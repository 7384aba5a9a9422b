"""The lives of graphs as a widget: two lines over the turns of a loop, and the names that hold what is left."""

import anywidget
import traitlets

from viz import text
from viz.scripts import STATIC, script


class LifeWidget(anywidget.AnyWidget):
    """Draws `viz.lives.Lives`. life: what `plain` makes of them. chosen: number of the mark that is pointed at, -1 for
    the last."""

    _esm = script("life.js")
    _css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "life.css"))
    life = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)

    def show(self, lives):
        """Draw these."""
        self.life = plain(lives)

    def __repr__(self):
        return f"LifeWidget({self.life.get('verdict', '')})"


def plain(lives):
    """Lives as a JSON dictionary, with the words that belong to each mark."""
    marks = [{"name": mark.name, "nodes": mark.nodes, "earlier": mark.earlier, "nbytes": mark.nbytes,
              "kept": text.nbytes(mark.nbytes), "holders": [holder.told() for holder in mark.holders]}
             for mark in lives.marks]
    return {"marks": marks, "verdict": lives.verdict(), "rising": lives.grows(), "table": lives.table()}
