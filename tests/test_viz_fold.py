"""Folding: boxes for modules and loops that lose nothing, and pictures of them however large the graph is."""

import copy
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import viz
from minigrad import nn
from viz import fold, seen, serial
from viz.fold import Box
from viz.graph import Graph, Number
from viz.picture import MANY, picture
from viz.record import Run
from viz.scene import drawn
from viz.scene import scene as make_scene

PATHS = {None: None, "net": "Net", "net.a": "Linear", "net.b": "Block", "net.b.c": "Linear", "cell": "Cell"}


@st.composite
def graphs(draw):
    """Random steps, some of which repeat, run by random modules."""
    graph = Graph(modules={path: kind for path, kind in PATHS.items() if path})
    for place in range(draw(st.integers(1, 3))):
        role = draw(st.sampled_from(["parameter", "input", "leaf"]))
        graph.add_value(role=role, shape=(2,), dtype="float32", name=f"v{place}", requires_grad=role != "input")
    op = st.tuples(st.sampled_from(["mul", "exp", "add"]), st.sampled_from(list(PATHS)), st.integers(1, 3),
                   st.integers(1, 6), st.booleans())
    for _ in range(draw(st.integers(1, 5))):
        body, turns = draw(st.lists(op, min_size=1, max_size=4)), draw(st.integers(1, 4))
        for _ in range(turns):
            for name, path, near, far, entered in body:
                made = len(graph.values)
                inputs = [max(0, made - near), max(0, made - far)][:1 if name == "exp" else 2]
                graph.add_step(name, "elementwise", inputs, ("a", "b")[:len(inputs)], shape=(2,), dtype="float32",
                               module=path, entered=(path,) if entered and path else ())
    return graph


def steps_of(parts):
    """The steps in a tree, from the leaves."""
    return [step for part in parts for step in (steps_of(part.parts) if isinstance(part, Box) else [part])]


def wires(graph, view):
    """(from, to) between items of a view, worked out step by step."""
    found = set()
    for step in graph.steps:
        for source in step.inputs:
            maker = graph.values[source].producer
            start = ("source", source) if maker is None else view.owner[maker]
            if source not in view.within and start != view.owner[step.id]:
                found.add((start, view.owner[step.id]))
    return found


def bundled(found):
    """The same, where one arrow stands for many from one source."""
    users = {}
    for start, end in found:
        users.setdefault(start, []).append(end)
    many = {start: min(ends) for start, ends in users.items() if isinstance(start, tuple) and len(ends) > MANY}
    return {(start, end) for start, end in found if many.get(start, end) == end}


@given(graphs(), st.sampled_from(fold.WAYS))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_step_is_in_exactly_one_box_and_boxes_nest(graph, way):
    before = copy.deepcopy(graph)
    parts = fold.tree(graph, way)
    assert steps_of(parts) == list(range(len(graph.steps)))
    boxes = list(fold.boxes(parts))
    assert len({box.key for box in boxes}) == len(boxes)
    for box in boxes:
        assert steps_of(box.parts) == list(range(box.start, box.stop))
    assert graph == before
    assert fold.tree(before, way) == parts


@given(graphs(), st.sampled_from(fold.WAYS), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_folded_picture_keeps_every_edge_and_an_unfolded_one_is_the_picture(graph, way, random):
    keys = [box.key for box in fold.boxes(fold.tree(graph, way))]
    view = seen.seen(graph, way, {key for key in keys if random.random() < 0.5})
    shown = picture(graph, view)
    sources = [value.id for value in graph.sources() if value.id not in view.within]
    name = {("source", source): place for place, source in enumerate(sources)}
    name |= {item: len(sources) + item for item in range(len(view.items))}
    found = {(edge.tail, edge.head) for edge in shown.edges if shown.nodes[edge.head].kind != "output"}
    assert found == {(name[start], name[end]) for start, end in bundled(wires(graph, view))}
    whole, plain = picture(graph, seen.seen(graph, way, set(keys))), picture(graph)
    assert [node.key for node in whole.nodes] == [node.key for node in plain.nodes]
    many = {edge.key for edge in whole.edges if "to all" in (edge.argument or "")}
    assert many or whole.edges == plain.edges


@given(graphs(), st.sampled_from(fold.WAYS), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_frames_stand_on_the_page_around_what_is_theirs(graph, way, random):
    opened = {box.key for box in fold.boxes(fold.tree(graph, way)) if random.random() < 0.7}
    shown = drawn(graph, fold=way, opened=opened)
    assert opened or not shown["frames"]
    for frame in shown["frames"]:
        left, top, right, low = frame["x"], frame["y"], frame["x"] + frame["w"], frame["y"] + frame["h"]
        assert 0 <= left < right <= shown["width"] + 0.2 and 0 <= top < low <= shown["height"] + 0.2
        for node in shown["nodes"]:
            assert (left < node["x"] < right and top < node["y"] < low) == (frame["key"] in node["around"])


class Two(nn.Module):
    """Two branches that meet in a layer they share."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(3, 4)
        self.shared = nn.Linear(4, 2)

    def forward(self, x):
        return self.shared(self.left(x)) * self.shared(self.right(x))


def branches():
    net, x = Two(), mg.ones(5, 3)
    with Run() as run:
        y = net(x).sum()
        y.backward()
    run.close()
    return run


def unrolled(turns, backward=True):
    cell, xs, h = nn.RNNCell(3, 4), mg.ones(turns, 2, 3), mg.zeros(2, 4)
    with Run() as run:
        for step in range(turns):
            h = cell(xs[step], h)
        if backward:
            h.sum().backward()
    run.close()
    return run


def test_modules_are_boxes_and_shared_weights_stand_once_with_the_number_of_their_users():
    nodes = branches().scene(fold="modules")["nodes"]
    assert [node["title"] for node in nodes if node["kind"] == "box"] == [
        "left Sequential", "shared Linear", "right Linear", "shared Linear"]
    shared = [node for node in nodes if node["title"].startswith("shared.")]
    assert [(node["title"], node["badges"]) for node in shared] == [
        ("shared.weight", ["grad", "2 uses"]), ("shared.bias", ["grad", "2 uses"])]
    left = next(node for node in nodes if node["title"] == "left Sequential")
    assert left["subtitle"] == "2 ops" and left["badges"] == ["grad on 2 of 2"]
    detail = dict(left["detail"])
    assert detail["module"] == "left (Sequential)" and detail["goes in"] == "x (5, 3)"
    assert detail["inside"] == "left.0.weight (4, 3), has a gradient; left.0.bias (4,), has a gradient"


def test_a_box_says_how_many_bytes_it_keeps_and_what_has_no_gradient():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    with Run() as run:
        kept = net(mg.ones(5, 3))
    run.close()
    (box,) = [node for node in run.scene(fold="modules")["nodes"] if node["kind"] == "box"]
    assert (box["title"], box["subtitle"], box["badges"]) == ("0 Linear", "1 op, keeps 60 B", ["2 parameters"])
    del kept
    run = branches()
    run.graph.gradients.clear()
    run.graph.ledger.clear()
    assert "no gradient on 2" in [badge for node in run.scene(fold="modules")["nodes"] for badge in node["badges"]]


def test_calls_of_one_module_right_after_each_other_are_boxes_of_their_own():
    layer = nn.Linear(2, 2)
    with Run() as run:
        y = layer(layer(mg.ones(1, 2)))
    assert [part.name for part in fold.tree(run.graph, "modules")] == ["Linear", "Linear"]
    assert serial.from_json(run.to_json()) == run.graph
    del y


def test_one_arrow_stands_for_the_many_uses_of_a_weight_in_an_open_loop():
    run = unrolled(12)
    (loop,) = [box.key for box in fold.tree(run.graph, "all") if isinstance(box, Box)]
    shown = picture(run.graph, seen.seen(run.graph, "all", {loop}))
    edges = [edge for edge in shown.edges if edge.argument]
    assert (edges[0].argument, edges[0].label) == ("to all 12", "(12, 2, 3)")
    assert sorted(edge.label for edge in edges[1:]) == ["(4, 3)", "(4, 4)", "(4,)", "(4,)"]


def test_a_loop_is_one_box_with_its_turns_and_what_each_turn_is_given_is_inside():
    for way, name in (("loops", "index"), ("all", "RNNCell")):
        loop = fold.tree(unrolled(12).graph, way)[0]
        assert loop.kind == "loop" and loop.turns == 12 and loop.name.startswith(name)
        assert len(loop.parts) == 12
    box = next(node for node in unrolled(12).scene(fold="all")["nodes"] if node["kind"] == "box")
    assert box["title"] == "RNNCell × 12" and "a turn" in box["subtitle"]
    cell, xs = nn.RNNCell(3, 4), [mg.ones(2, 3) * step for step in range(8)]
    with Run() as run:
        h = mg.zeros(2, 4)
        for x in xs:
            h = cell(x, h)
    run.close()
    inputs = [node["title"] for node in run.scene(fold="all")["nodes"] if node["kind"] == "input"]
    assert len(inputs) == 1  # the first state; the eight x are inside


def test_turns_need_the_same_wiring():
    graph = Graph()
    x = graph.add_value(role="leaf", shape=(), dtype="float32", requires_grad=True).id
    last = [x, x]
    for turn in range(6):
        other = last[-1] if turn != 3 else x  # the fourth turn starts anew
        last.append(graph.add_step("mul", "elementwise", [other, last[-2]], ("a", "b"), shape=(), dtype="float32").id)
    assert all(part.turns < 4 for part in fold.tree(graph, "loops") if isinstance(part, Box))


def test_two_like_ops_side_by_side_are_no_loop():
    with Run() as run:
        x = mg.ones(2, requires_grad=True)
        y = x.exp() + x.exp()
    assert not any(isinstance(part, Box) for part in fold.tree(run.graph, "loops"))
    del y


def test_small_graphs_stay_as_they_are_and_large_ones_fold_and_say_so():
    run = branches()
    assert run.scene() == run.scene(fold=None) and run.scene()["notice"] == "" and run.svg() == run.svg(fold=None)
    large = unrolled(fold.PAST).scene()
    assert f"Past {fold.PAST} it is folded by itself" in large["notice"] and len(large["nodes"]) < 12
    assert large["digest"] == unrolled(fold.PAST).digest()


def test_the_outline_of_boxes():
    told = branches().outline(fold="modules").splitlines()
    assert told[2].split() == ["box", "or", "op", "ops", "parameters", "goes", "in", "comes", "out"]
    assert any(line.startswith("  left Sequential") and "x (5, 3)" in line for line in told)
    assert told[-1] == f"digest {branches().digest()}"
    assert "× 12" in unrolled(12).outline(fold="loops") and "turn 2" not in unrolled(12).outline(fold="loops")


def test_another_fold_is_an_error_that_names_the_possible_ones():
    with pytest.raises(ValueError, match=r'fold must be "modules", "loops".*not \'layers\''):
        branches().svg(fold="layers")
    with pytest.raises(ValueError, match="fold must be"):
        viz.show(branches(), fold="layers")


def test_a_module_that_is_alone_is_open_in_a_frame():
    assert [frame["title"] for frame in branches().scene(fold="modules")["frames"]] == ["Two"]
    assert branches().scene()["frames"] == []


def test_the_widget_opens_and_shuts_boxes_and_refuses_what_is_too_much():
    widget = viz.show(branches(), fold="modules")
    digest, home = widget.scene["digest"], [node["key"] for node in widget.scene["nodes"]]
    (left, *_) = widget.scene["folds"]["shut"]
    widget.folding = {"act": "open", "key": left}
    assert left not in [node["key"] for node in widget.scene["nodes"]] and widget.scene["digest"] == digest
    widget.folding = {"act": "shut", "key": left}
    assert [node["key"] for node in widget.scene["nodes"]] == home
    widget.fold_up()
    assert [node["title"] for node in widget.scene["nodes"] if node["kind"] == "box"] == ["Two"]
    widget.unfold()
    assert {node["kind"] for node in widget.scene["nodes"]} == {"parameter", "input", "op", "output"}
    large = viz.show(unrolled(1000, backward=False))
    shut = large.scene
    large.unfold()
    assert "one box at a time" in large.error and large.scene == shut


def test_a_small_graph_can_be_folded_from_the_toolbar():
    widget = viz.show(branches())
    assert widget.scene["folds"]["way"] is None and widget.scene["folds"]["open"]
    widget.folding = {"act": "shut", "key": ""}
    assert [node["title"] for node in widget.scene["nodes"] if node["kind"] == "box"] == ["Two"]


def loop_graph(nodes):
    """An unrolled network: a weight, and for each turn an input of its own and four ops."""
    graph = Graph()
    w = graph.add_value(role="parameter", shape=(4, 4), dtype="float32", name="w", requires_grad=True).id
    h = graph.add_value(role="input", shape=(2, 4), dtype="float32", name="h").id
    for turn in range(nodes // 5):
        x = graph.add_value(role="input", shape=(2, 4), dtype="float32", name=f"x{turn}").id
        for op, inputs in (("matmul", [h, w]), ("add", [None, x]), ("tanh", [None]), ("mul", [None, Number(turn)])):
            inputs = [h if source is None else source for source in inputs]
            h = graph.add_step(op, "elementwise", inputs, ("a", "b")[:len(inputs)], shape=(2, 4), dtype="float32").id
    return graph


def test_however_large_it_can_be_opened_box_by_box(capsys):
    for nodes in (1_000, 10_000):
        run = Run(loop_graph(nodes))
        started = time.perf_counter()
        shown = run.scene()
        took = time.perf_counter() - started
        assert [node["kind"] for node in shown["nodes"]] == ["input", "box", "output"]
        opened, most = set(), 0
        for _ in range(4):
            boxes = [node["key"] for node in shown["nodes"] if node["kind"] == "box"]
            if boxes:
                opened.add(boxes[0])
                begun = time.perf_counter()
                shown = make_scene(run.graph, opened=opened)
                most = max(most, time.perf_counter() - begun)
                assert 0 < len(shown["nodes"]) < 250
        with capsys.disabled():
            print(f"\n{nodes:,} nodes: folded scene {1000 * took:.0f} ms, opening a box at most {1000 * most:.0f} ms")


def test_a_long_row_without_any_pattern_is_cut_into_stretches():
    graph = Graph()
    last = graph.add_value(role="leaf", shape=(), dtype="float32", name="x", requires_grad=True).id
    for turn in range(2_000):
        op = "exp" if (turn * turn) % 7 in (1, 2) or turn % 11 == 3 else f"op{turn % 173}"
        last = graph.add_step(op, "elementwise", [last], ("a",), shape=(), dtype="float32", attributes={"n": turn}).id
    nodes = Run(graph).scene()["nodes"]
    assert len(nodes) < 60 and nodes[0]["title"].startswith("ops 1 to")
