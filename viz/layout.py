"""Picture -> places. Graphviz lays out what it can do quickly, `viz.layered` the rest. Where arrows arrive at a box and
where their labels stand is settled here, so that arrows that run close together keep their words apart.

Graphviz is the system's `dot` program where there is one, else the library inside the pygraphviz wheel, which runs in
this process. That is C code which no signal interrupts, and its time explodes when values are used far from where they
were made: 85 s for a chain of 100 multiplications by one leaf. So nothing that may be slow ever reaches it.
"""

import functools
import json
import shutil
import subprocess
import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace
from math import hypot

from viz import dot, labels, ways
from viz.layered import excess, layered
from viz.picture import HEIGHT, Picture

LIMIT = 1500  # nodes in a picture
GRAPHVIZ_NODES = 150
GRAPHVIZ_EXCESS = 150  # columns that edges span beyond the first, in all
SECONDS = 10.0  # for the `dot` program
NEAR = 240  # px; boxes so close to each other are joined by one swing


class LayoutError(ValueError):
    """A picture could not be laid out: it is too large, or Graphviz refused it."""


@dataclass(slots=True)
class Layout:
    """Pixels, y downward. nodes: centres. edges: (curve points, arrow tip, centre of the label). rooms: number of an
    edge -> centre of the room for lines that may come."""

    width: float
    height: float
    nodes: list
    edges: list
    rooms: dict = field(default_factory=dict)


def place(shown):
    """Where the nodes and edges of a Picture go, as a Layout. The same picture always gets the same places, up to the
    version of Graphviz. Errors: LayoutError when it has more than LIMIT nodes."""
    check_size(len(shown.nodes))
    return _grown(labels.labelled(shown, _arranged(shown)), shown)


def _arranged(shown):
    """The Layout with labels where they happen to be."""
    if any(edge.back for edge in shown.edges):
        return _with_ways_back(shown)
    if len(shown.nodes) <= GRAPHVIZ_NODES and excess(shown) <= GRAPHVIZ_EXCESS:
        try:
            if not ways.in_arms(shown):
                return _by_graphviz(shown)
            found = [_by_graphviz(shown, turned) for turned in ("arms", "over", "")]
            return min(found, key=lambda placed: ways.untidy(shown, placed))
        except LayoutError:
            pass  # a machine without any Graphviz still gets a picture
    return Layout(*layered(shown))


def _by_graphviz(shown, turned=""):
    """The Layout that Graphviz finds; turned: as in `viz.dot.layout_source`."""
    answer = render(dot.layout_source(shown, turned), "json0")
    placed = _read(answer, len(shown.nodes), len(shown.edges))
    if turned == "over":
        def over(point):
            return point[0], placed.height - point[1]

        edges = [([*map(over, curve)], over(tip), over(label)) for curve, tip, label in placed.edges]
        placed = replace(placed, nodes=[*map(over, placed.nodes)], edges=edges)
    return _fanned(shown, placed)


def _with_ways_back(shown):
    """The Layout of a picture without the edges that go back, and these in lanes of their own."""
    ahead = [edge for edge in shown.edges if not edge.back]
    placed = _arranged(Picture(shown.nodes, ahead))
    back, rest = ways.lanes(shown, placed), iter(placed.edges)
    edges = [back[number] if edge.back else next(rest) for number, edge in enumerate(shown.edges)]
    return replace(placed, edges=edges)


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
        if not item["name"].startswith("cluster"):
            centres[int(item["name"][1:])] = point(item["pos"])
    for item in found.get("edges", []):
        parts = item["pos"].split()
        tip = next((point(part) for part in parts if part.startswith("e,")), None)
        curve = [point(part) for part in parts if not part.startswith(("e,", "s,"))]
        if "id" in item:  # the others only keep a distance
            label = point(item["lp"]) if "lp" in item else curve[0]
            curves[int(item["id"][1:])] = _calm(curve), tip or curve[-1], label
    return Layout(right, high, centres, curves)


def _calm(curve, most=40):
    """The same curve; now and then Graphviz sends one far off the page between two points of it."""
    calm = [curve[0]]
    for at in range(0, len(curve) - 3, 3):
        a, d = curve[at], curve[at + 3]
        lows, highs = ([pick(a[axis], d[axis]) + off for axis in (0, 1)] for pick, off in ((min, -most), (max, most)))
        calm += [tuple(max(low, min(high, value)) for low, high, value in zip(lows, highs, point, strict=True))
                 for point in curve[at + 1:at + 3]]
        calm.append(d)
    return calm


# ---------------------------------------------------------------- where arrows arrive


def _fanned(shown, placed):
    """The same layout with arrows that enter one box spread over its left side, those from above above."""
    edges, into = list(placed.edges), defaultdict(list)
    for number, edge in enumerate(shown.edges):
        into[edge.head].append(number)
    for head, numbers in into.items():
        y = placed.nodes[head][1]
        tails = [shown.edges[number].tail for number in numbers]
        came = {number: _height(edges[number][0]) - y for number in numbers}
        numbers.sort(key=came.get)
        level = [place for place, number in enumerate(numbers)
                 if abs(came[number]) < 3 and tails.count(shown.edges[number].tail) == 1]
        flat = level[0] if level else (len(numbers) - 1) / 2
        step = min(14, (HEIGHT / 2 - 8) / max(flat, len(numbers) - 1 - flat, 1))
        for place, number in enumerate(numbers):
            off = (place - flat) * step
            moved = _moved(*edges[number], off)
            if tails.count(shown.edges[number].tail) > 1:
                edges[number] = _bowed(moved, off)
            else:
                edges[number] = _swung(moved, abs(place - flat), shown, placed.nodes)
    return replace(placed, edges=edges)


def _height(curve):
    """Where a curve comes from: its height some way before it ends."""
    return curve[max(0, len(curve) - 4)][1]


def _moved(curve, tip, label, by):
    """An edge with its end moved down, and bent to arrive from the left."""
    *curve, _, (x, y) = curve
    if len(curve) > 3:  # the last of several pieces may have to turn more than before: without room, in a corner
        (x0, y0), (x1, y1) = curve[-2:]
        far = hypot(x - x0, y + by - y0) / 3 / (hypot(x1 - x0, y1 - y0) or 1)
        curve[-1] = x0 + (x1 - x0) * far, y0 + (y1 - y0) * far
    curve += [(x - min(26, 0.6 * max(0, x - curve[-2][0])), y + by), (x, y + by)]
    return curve, (tip[0], tip[1] + by), label


def _bowed(edge, off):
    """One of several edges between the same two neighbours: they leave apart as well and bow away from each other."""
    (start, *_, end), tip, label = edge
    if not 20 < end[0] - start[0] < NEAR:
        return edge
    third = (end[0] - start[0]) / 3
    return [(start[0] - 1, start[1] + off), (start[0] + third, start[1] + 2.4 * off),
            (end[0] - third, end[1] + 1.4 * off), end], tip, label


def _swung(edge, place, shown, centres):
    """An edge between neighbours as one swing that leaves and arrives level, where no box is in its way. It turns late,
    and later the farther it comes from: so arrows into one box do not cross, and leave room for their labels."""
    (start, *_, end), tip, label = edge
    if not 20 < end[0] - start[0] < NEAR:
        return edge
    turn = start[0] + (end[0] - start[0]) * min(0.86, 0.54 + 0.24 * place)
    swing = [start, (turn, start[1]), (turn, end[1]), end]
    between = [(x, y, node.w / 2 + 5, node.h / 2 + 12) for (x, y), node in zip(centres, shown.nodes, strict=True)
               if start[0] + 6 - node.w / 2 - 5 < x < tip[0] - 6 + node.w / 2 + 5]
    met = any(abs(px - x) < wide and abs(py - y) < tall
              for px, py, _ in labels.points_of(swing, tip)[2:-3] for x, y, wide, tall in between)
    return edge if met else (swing, tip, label)


def _grown(placed, shown):
    """The same layout on a page that fits: labels and tags may have come to stand outside, or a side be empty."""
    words = [(edge.label_size(), centre) for edge, (_, _, centre) in zip(shown.edges, placed.edges, strict=True)]
    words += [(shown.edges[number].room_size(), centre) for number, centre in placed.rooms.items()]
    boxes = [(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2) for (wide, high), (x, y) in words]
    boxes += [(x - node.w / 2, y - node.h / 2, x + node.w / 2, y + node.h / 2 + labels.tags(node, 8))
              for node, (x, y) in zip(shown.nodes, placed.nodes, strict=True)]
    boxes += [(x, y, x, y) for curve, _, _ in placed.edges for x, y in curve]
    if not boxes:  # nothing that takes part in the way back
        return placed
    lefts, tops, rights, lows = zip(*boxes, strict=True)
    left, top = -min(lefts), -min(tops)

    def shift(point):
        return point[0] + left, point[1] + top

    edges = [([*map(shift, curve)], shift(tip), shift(label)) for curve, tip, label in placed.edges]
    rooms = {number: shift(centre) for number, centre in placed.rooms.items()}
    return Layout(max(rights) + left, max(lows) + top, [*map(shift, placed.nodes)], edges, rooms)
