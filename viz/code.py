"""The code beside its graph, as a widget: the lines that have changed are lit, and say in words what changed."""

import anywidget
import traitlets

from viz.scripts import STATIC, script


class Code(anywidget.AnyWidget):
    """Draws what `viz.lines.marked` makes. size: as of the graph beside it."""

    _esm = script("code.js")
    _css = STATIC / "graph.css"
    blocks = traitlets.List().tag(sync=True)
    size = traitlets.Enum(["normal", "large"], "normal").tag(sync=True)

    def __repr__(self):
        return f"Code({', '.join(block['title'] for block in self.blocks)})"
