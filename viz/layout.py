"""Picture -> places. Graphviz lays out what it can do quickly, `viz.layered` the rest.

Graphviz is the system's `dot` program where there is one, else the library inside the pygraphviz wheel, which runs in
this process. That is C code which no signal interrupts, and its time explodes when values are used far from where they
were made: 85 s for a chain of 100 multiplications by one leaf. So nothing that may be slow ever reaches it.
"""

import functools
import json
import shutil
import subprocess
import threading
from dataclasses import dataclass

from viz import dot
from viz.layered import excess, layered

LIMIT = 1500  # nodes in a picture
GRAPHVIZ_NODES = 150
GRAPHVIZ_EXCESS = 150  # columns that edges span beyond the first, in all
SECONDS = 10.0  # for the `dot` program


class LayoutError(ValueError):
    """A picture could not be laid out: it is too large, or Graphviz refused it."""


@dataclass(slots=True)
class Layout:
    """Pixels, y downward. nodes: centres. edges: (curve points, arrow tip, centre of the label)."""

    width: float
    height: float
    nodes: list
    edges: list


def place(shown):
    """Where the nodes and edges of a Picture go, as a Layout. The same picture always gets the same places, up to the
    version of Graphviz. Errors: LayoutError when it has more than LIMIT nodes."""
    check_size(len(shown.nodes))
    if len(shown.nodes) <= GRAPHVIZ_NODES and excess(shown) <= GRAPHVIZ_EXCESS:
        try:
            return _read(render(dot.layout_source(shown), "json0"), len(shown.nodes), len(shown.edges))
        except LayoutError:
            pass  # a machine without any Graphviz still gets a picture
    return Layout(*layered(shown))


def check_size(nodes):
    """LayoutError when a graph of so many nodes is more than a picture can hold."""
    if nodes > LIMIT:
        raise LayoutError(f"this graph has {nodes:,} nodes, and a picture holds at most {LIMIT:,}: watch a smaller "
                          "part (one step, a shorter sequence), or read run.outline(), which has no limit")


def render(source, form):
    """DOT text laid out by Graphviz, as text of the format `form` ("svg", "json0", "plain", ...).

    Errors: LayoutError when there is no Graphviz, or when it refuses the source.
    """
    program = shutil.which("dot")
    if program:
        try:
            return subprocess.run([program, f"-T{form}"], input=source.encode(), capture_output=True,
                                  timeout=SECONDS, check=True).stdout.decode()
        except (OSError, subprocess.SubprocessError):
            pass  # a `dot` that does not start or lacks its plug-ins; the wheel may still do
    pygraphviz = _pygraphviz()
    if pygraphviz is None:
        raise LayoutError("no Graphviz found: install the `dot` program, or `pip install pygraphviz`, "
                          "whose wheel contains it")
    with _one_at_a_time:
        try:
            graph = pygraphviz.AGraph(source, encoding="UTF-8")
            return graph.draw(format=form, prog="dot").decode("utf-8")
        except (ValueError, OSError, pygraphviz.DotError) as error:
            raise LayoutError(f"Graphviz could not lay this graph out: {error}") from None


_one_at_a_time = threading.Lock()  # the C library keeps global state


@functools.cache
def _pygraphviz():
    try:
        import pygraphviz
    except ImportError:
        return None
    return pygraphviz


def _read(answer, nodes, edges):
    """Graphviz's own description of a layout, in pixels with y downward."""
    found = json.loads(answer)
    _, _, right, high = (float(number) for number in found["bb"].split(","))

    def point(pair):
        x, y = pair.split(",")[-2:]
        return float(x), high - float(y)

    centres, curves = [None] * nodes, [None] * edges
    for item in found.get("objects", []):
        centres[int(item["name"][1:])] = point(item["pos"])
    for item in found.get("edges", []):
        parts = item["pos"].split()
        tip = next((point(part) for part in parts if part.startswith("e,")), None)
        curve = [point(part) for part in parts if not part.startswith(("e,", "s,"))]
        curves[int(item["id"][1:])] = curve, tip or curve[-1], point(item["lp"]) if "lp" in item else curve[0]
    return Layout(right, high, centres, curves)
