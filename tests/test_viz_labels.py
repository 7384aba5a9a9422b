"""Labels where it is crowded: in unrolled loops, and in captured graphs with their frames and ways back."""

from itertools import pairwise
from math import hypot

import pytest

import minigrad as mg
import viz
from minigrad import jit
from viz import text
from viz.labels import points_of


def unrolled(turns):
    """A cell whose weights are used in every turn."""
    mg.manual_seed(0)
    cell, h = mg.nn.RNNCell(2, 3), mg.zeros(1, 3)
    with viz.watch() as run:
        for _ in range(turns):
            h = cell(mg.ones(1, 2), h) * 0.9
    return run.scene(fold=None)


def walk(x):
    if x > 0:
        y = x * 2
    else:
        y = x.neg()
        y = y.exp()
    while y < 10:
        y = y + 3
    return y


def halves(x, n: int):
    i = 0
    while i < n:
        if x > 1:
            x = x / 2
        i = i + 1
    return x


def nested(x):
    y = x
    while y < 10:
        z = y * 2
        while z < 20:
            z = z + 1
        y = y + z
    return y


def swap(a, b):
    while b > 0:
        a, b = b, a - b
    return a


def total(x, n: int):
    found = x * 0
    for i in range(n):
        found = found + x * i
    return found


CAPTURED = pytest.mark.parametrize("function", [walk, halves, nested, swap, total], ids=lambda one: one.__name__)


def captured(function):
    return viz.graph_of(jit.script(function)).scene()


def line_of(edge):
    numbers = [float(word) for word in edge["path"].split() if word not in "MCL"]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [point[:2] for point in points_of(points[:-1], points[-1])]


def label_of(edge):
    """(left, top, right, low) of the words of an edge."""
    lines = [line for line in (edge["argument"], edge["label"]) if line]
    w, h = max(text.width(line, 12) for line in lines), 13 * len(lines)
    return edge["lx"] - w / 2, edge["ly"] - h / 2, edge["lx"] + w / 2, edge["ly"] + h / 2


def gap(box, line):
    """How far a box is from a line, in px: 0 where they meet."""
    least = 1e9
    for (x1, y1), (x2, y2) in pairwise(line):
        for step in range(steps := max(1, int(hypot(x2 - x1, y2 - y1) / 3))):
            x, y = x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps
            least = min(least, hypot(max(box[0] - x, 0, x - box[2]), max(box[1] - y, 0, y - box[3])))
    return least


def name_of(frame):
    x = frame["x"] + frame["shift"] + 10
    return x, frame["y"] + 4, x + 15 + text.width(frame["title"], 12), frame["y"] + 19


def lines_of(frame):
    left, top, right, low = frame["x"], frame["y"], frame["x"] + frame["w"], frame["y"] + frame["h"]
    return [(left, top), (right, top), (right, low), (left, low), (left, top)]


def cross(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def assert_clear(scene):
    """Every label is at its own arrow, and touches neither another one nor a box nor a frame nor another label."""
    lines, labels = ([of(edge) for edge in scene["edges"]] for of in (line_of, label_of))
    boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
             for x, y, w, h in ([node[name] for name in "xywh"] for node in scene["nodes"])]
    for number, (edge, label) in enumerate(zip(scene["edges"], labels, strict=True)):
        assert gap(label, lines[number]) < 11, f"far from its arrow: {edge['key']}"
        for other, line in enumerate(lines):
            assert other == number or gap(label, line) > 0, f"{edge['key']} on {scene['edges'][other]['key']}"
        assert not any(cross(label, box) for box in [*boxes, *labels[:number]]), edge["key"]
        for frame in scene["frames"]:
            assert gap(label, lines_of(frame)) > 0 and not cross(label, name_of(frame)), (edge["key"], frame["title"])


@pytest.mark.parametrize("turns", [3, 6, 12])
def test_labels_of_an_unrolled_loop_are_at_their_arrows(turns):
    assert_clear(unrolled(turns))


@CAPTURED
def test_labels_of_a_captured_loop_are_at_their_arrows_and_off_all_else(function):
    assert_clear(captured(function))


@CAPTURED
def test_no_arrow_goes_through_the_name_of_a_frame(function):
    scene = captured(function)
    for frame in scene["frames"]:
        for edge in scene["edges"]:
            assert gap(name_of(frame), line_of(edge)) > 0, (frame["title"], edge["key"])


@CAPTURED
def test_the_result_of_a_loop_stands_behind_its_frame(function):
    scene = captured(function)
    loops = [frame for frame in scene["frames"] if frame["title"].startswith(("while", "for"))]
    (result,) = (node for node in scene["nodes"] if node["kind"] == "output")
    assert loops and all(result["x"] - result["w"] / 2 > frame["x"] + frame["w"] for frame in loops)


def test_a_branch_and_a_loop_fit_into_a_notebook_on_a_small_screen():
    """A notebook has 1,094 px at 1,280, and letters of 13 px can be read down to 0.58 of that."""
    assert viz.graph_of(jit.script(walk)).on(-1.0).scene()["width"] * 0.58 < 1094


def test_a_graph_has_no_empty_side():
    """Now and then Graphviz leads an arrow far off the page, here above it."""
    scene = unrolled(6)
    tops = [node["y"] - node["h"] / 2 for node in scene["nodes"]] + [label_of(edge)[1] for edge in scene["edges"]]
    highest = min([*tops, *(y for edge in scene["edges"] for _, y in line_of(edge))])
    assert highest < 60
    assert min(tops) < highest + 80, "no arrow goes far above all else"
