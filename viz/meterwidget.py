"""How often each arm ran as a widget: a table that follows the theme and is read aloud row by row."""

import anywidget
import traitlets

from viz.scripts import STATIC, script


class MeterWidget(anywidget.AnyWidget):
    """Draws `viz.meter.Coverage`. meter: its `plain()`."""

    _esm = script("meter.js")
    _css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "meter.css"))
    meter = traitlets.Dict().tag(sync=True)

    def __repr__(self):
        return f"MeterWidget({self.meter.get('summary', '')})"
