"""Where boxes, arrows and labels stand, and that they stay there while the structure is the same."""

from collections import Counter
from itertools import pairwise
from math import atan2, hypot

import pytest

import minigrad as mg
from minigrad import nn
from viz.graph import Graph
from viz.labels import points_of
from viz.layout import place
from viz.picture import picture
from viz.record import Run
from viz.scene import scene
from viz.svg import svg


def line(w=2.0, x=1.5, b=-1.0):
    """w * x + b, of which x asks for no gradient."""
    w, x, b = mg.tensor(w, requires_grad=True), mg.tensor(x), mg.tensor(b, requires_grad=True)
    with Run() as run:
        y = w * x + b
    run.close()
    del y
    return run


def layers(detach=False, no_grad=False):
    """A body, a dropout and a head, with a loss that has gone backward: what lesson 05 draws."""
    mg.manual_seed(0)
    body, drop, head = nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2)
    x, truth = mg.ones(5, 3), mg.ones(5, 2)
    with Run() as run, mg.set_grad_enabled(not no_grad):
        h = drop(body(x).tanh())
        loss = ((head(h.detach() if detach else h) - truth) ** 2).mean()
        if loss.requires_grad:
            loss.backward()
    run.close()
    return run


def square():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with Run() as run:
        y = (x * x).sum()
    y.backward()
    run.close()
    return run


RUNS = pytest.mark.parametrize("run", [line(), layers(), layers(detach=True), layers(no_grad=True), square()],
                               ids=["line", "layers", "detach", "no_grad", "square"])


@RUNS
def test_the_header_counts_what_the_picture_draws(run):
    shown = run.scene()
    kinds = Counter(node.get("called", node["kind"]) for node in shown["nodes"])
    told = [word for part in shown["summary"].split("; ") for word in part.split(", ")]
    assert told[0].split()[0] == str(kinds["op"])
    for kind, start in (("input", "input"), ("random mask", "random"), ("leaf", "lea"),
                        ("parameter", "parameter")):
        found = [word.split()[0] for word in told if word.split()[1].startswith(start)]
        assert found == ([str(kinds[kind])] if kinds[kind] else []), kind


def boxes_of_labels(placed, shown):
    for edge, (_, _, (x, y)) in zip(shown.edges, placed.edges, strict=True):
        w, h = edge.label_size()
        yield x - w / 2, y - h / 2, x + w / 2, y + h / 2


def cross(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@RUNS
def test_labels_stand_off_boxes_tags_and_one_another_and_by_their_own_arrow(run):
    shown = picture(run.graph)
    placed = place(shown)
    labels = list(boxes_of_labels(placed, shown))
    boxes = [(x - node.w / 2, y - node.h / 2, x + node.w / 2, y + node.h / 2 + 7 * bool(node.badges))
             for node, (x, y) in zip(shown.nodes, placed.nodes, strict=True)]
    for number, label in enumerate(labels):
        assert not any(cross(label, other) for other in [*boxes, *labels[:number]]), shown.edges[number]
        x, y = placed.edges[number][2]
        gaps = [min(hypot(px - x, py - y) for px, py in sampled(curve)) for curve, _, _ in placed.edges]
        assert gaps[number] < min(gaps) + 8, shown.edges[number]


def sampled(curve):
    for at in range(0, len(curve) - 3, 3):
        piece = curve[at:at + 4]
        for k in range(21):
            t = k / 20
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * p[axis] for w, p in zip(weights, piece, strict=True)) for axis in (0, 1))


@RUNS
def test_labels_leave_the_bars_on_their_arrow_free(run):
    """The bars stand 24 px before the head of an arrow that is stopped."""
    shown = picture(run.graph)
    placed = place(shown)
    stopped = [(edge, line) for edge, line in zip(shown.edges, placed.edges, strict=True) if edge.stop]
    for box in boxes_of_labels(placed, shown):
        for edge, (way, end, _) in stopped:
            points = points_of(way, end)
            x, y, _ = next(point for point in reversed(points) if hypot(point[0] - end[0], point[1] - end[1]) >= 24)
            assert edge.stop == "frozen" or not cross(box, (x - 4, y - 5, x + 4, y + 5))


@RUNS
def test_nothing_is_cut_off_at_the_edge_of_the_page(run):
    shown = picture(run.graph)
    placed = place(shown)
    corners = [(x + sx * node.w / 2, y + sy * node.h / 2 + 7 * (bool(node.badges) and sy > 0))
               for node, (x, y) in zip(shown.nodes, placed.nodes, strict=True) for sx in (-1, 1) for sy in (-1, 1)]
    corners += [(x, y) for box in boxes_of_labels(placed, shown) for x, y in (box[:2], box[2:])]
    for x, y in [*corners, *(point for curve, tip, _ in placed.edges for point in [*curve, tip])]:
        assert -0.1 <= x <= placed.width + 0.1 and -0.1 <= y <= placed.height + 0.1


@RUNS
def test_arrows_arrive_at_the_left_side_of_a_box_each_at_a_place_of_its_own(run):
    """So no tag, which sits on the lower border, covers an arrowhead."""
    shown = picture(run.graph)
    placed = place(shown)
    tips = {}
    for edge, (_, tip, _) in zip(shown.edges, placed.edges, strict=True):
        (x, y), node = placed.nodes[edge.head], shown.nodes[edge.head]
        assert abs(tip[0] - (x - node.w / 2)) < 2 and abs(tip[1] - y) < node.h / 2 - 4
        tips.setdefault(edge.head, []).append(round(tip[1]))
    for heights in tips.values():
        assert len(set(heights)) == len(heights)


def test_an_arrow_that_arrives_from_afar_has_no_corner_on_its_way():
    w, b = (mg.tensor(value, requires_grad=True) for value in (2.0, -1.0))
    with Run() as run:
        y = w * b + b
    run.close()
    del y
    far = max((curve for curve, _, _ in place(picture(run.graph)).edges), key=lambda curve: curve[-1][0] - curve[0][0])
    assert len(far) > 4, "the one that goes past a box"
    points = [point for point, after in pairwise(sampled(far)) if point != after]
    ways = [(atan2(y2 - y1, x2 - x1), hypot(x2 - x1, y2 - y1)) for (x1, y1), (x2, y2) in pairwise(points)]
    tightest = max(abs(turned - before) / length for (before, length), (turned, _) in pairwise(ways))
    assert tightest < 1 / 12, "no bend is tighter than a circle of 12 px"


def where(drawing):
    return [(node["key"], node["x"], node["y"], node["w"]) for node in drawing["nodes"]]


def test_boxes_stay_while_only_values_change():
    first = line().scene()
    for values in ({"w": -2.7}, {"x": 0.123}, {"b": 2.25, "w": -0.001}):
        now = scene(line(**values).graph, before=first)
        assert where(now) == where(first)
        assert [edge["path"] for edge in now["edges"]] == [edge["path"] for edge in first["edges"]]
        assert now["nodes"][0]["value"] != first["nodes"][0]["value"] or "w" not in values


def test_boxes_stay_when_gradients_arrive_and_when_recording_is_switched_off():
    first = layers(no_grad=True).scene()
    now = scene(layers().graph, before=first)
    assert where(now) == where(first)
    assert [node["badges"] for node in now["nodes"]] != [node["badges"] for node in first["nodes"]]


def test_another_structure_is_laid_out_anew():
    first = layers().scene()
    cut = layers(detach=True)
    assert scene(cut.graph, before=first) == cut.scene()
    assert scene(line().graph, before=first) == line().scene()
    assert scene(line().graph, before={"nodes": [], "edges": []}) == line().scene()


def test_a_value_that_needs_more_room_gets_it():
    first = line().scene()
    now = scene(line(w=-1.2345e-30).graph, before=first)
    assert now["nodes"][0]["w"] > first["nodes"][0]["w"]


def test_what_dropout_multiplies_with_is_called_what_it_is():
    nodes = {node["title"]: node for node in layers().scene()["nodes"]}
    assert "input" not in nodes
    assert ["made by", "dropout itself: a random mask, no input of yours"] in nodes["random mask"]["detail"]
    assert nodes["random mask"]["called"] == "random mask" and "called" not in nodes["x"]
    assert "2 inputs, 1 random mask" in layers().graph.counts()
    assert "random mask  mask " in layers().outline()
    with Run() as run:
        nn.functional.dropout(mg.ones(3) * 1, p=0.5)
        nn.functional.dropout(mg.ones(3), p=0.5)  # the argument has no name, and is none of dropout's making
    assert [value.name for value in run.graph.sources()] == [None, "random mask", None, "random mask"]


def test_the_text_view_explains_the_words_that_it_uses_and_no_others():
    x = mg.tensor([2.0], requires_grad=True)
    with Run() as run:
        y = (x * x).sum()
        y.item()
    assert [word for word, _ in run.scene()["glossary"]] == ["leaf", "#3", "saved", "read back", "digest"]
    y.backward()
    assert [word for word, _ in run.scene()["glossary"]] == ["leaf", "#3", "saved", "(freed)", "ledger", "read back",
                                                            "digest"]
    assert Run().scene()["glossary"] == []


def test_a_label_of_two_lines_has_them_one_above_the_other():
    drawn = svg(layers().scene())
    lines = [row.split(" y=")[1] for row in drawn.splitlines() if ">weight<" in row and 'font-size="12"' in row]
    below = [row.split(" y=")[1] for row in drawn.splitlines() if ">(4, 3)<" in row and 'font-size="12"' in row]
    number = [float(words[1:].split('"')[0]) for words in (lines[0], below[0])]
    assert number[1] - number[0] == pytest.approx(13, abs=0.2)


def test_a_picture_with_very_many_arrows_still_has_its_labels():
    graph = Graph()
    x = graph.add_value(role="leaf", shape=(), dtype="float32", name="x", requires_grad=True).id
    last = x
    for _ in range(450):
        last = graph.add_step("mul", "elementwise", [last, x], ("a", "b"), shape=(), dtype="float32", commutes=True).id
    drawn = Run(graph).scene(fold=None)
    assert len(drawn["edges"]) == 901 and all("lx" in edge for edge in drawn["edges"])
