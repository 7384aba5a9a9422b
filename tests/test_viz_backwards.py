"""The backward graph: what its nodes are called, what they keep and let go, arrows turned, and ghosts."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import viz
from minigrad import nn
from minigrad.ops import OPS
from tests.test_viz_boundaries import leaf, ran
from viz import boundaries
from viz.record import Run
from viz.widget import GraphWidget

DIRECTIONS = ("forward", "backward", "both")


def told(run):
    """The rows of the backward table, with single spaces."""
    rows = run.outline(direction="backward").split("\n\n")[1].splitlines()[1:]
    return [" ".join(row.split()) for row in rows]


def test_backward_in_words_before_and_after():
    x, w = leaf(3.0), leaf(2.0)
    run = ran("y = x * w + w\nwith mg.no_grad():\n    z = y * 2", x=x, w=w)
    assert told(run) == [
        "(MulBackward0) of #3 z not recorded: no_grad", "AddBackward0 of #2 y to #1, w",
        "MulBackward0 of #1 to x, w x () 4 B version 0, w () 4 B version 0", "AccumulateGrad of x grad None",
        "AccumulateGrad of w grad None"]
    run.cell["y"].backward()
    assert told(run)[1:] == [
        "AddBackward0 of #2 y 1.0 1.0 to #1, 1.0 to w",
        "MulBackward0 of #1 1.0 2.0 to x, 3.0 to w freed (x () 4 B version 0, w () 4 B version 0)",
        "AccumulateGrad of x grad 2.0", "AccumulateGrad of w grad 4.0"]
    both = run.outline(direction="both")
    assert both.startswith(run.outline().removesuffix(f"\n\ndigest {run.digest()}"))
    assert both.endswith("\n\n" + run.outline(direction="backward").partition("\n\n")[2])


def test_nodes_are_called_as_grad_fn_is():
    for name, op in OPS.items():
        node = mg.node.Node()
        node.plan = type("Plan", (), {"op": op})
        assert boundaries.grad_fn(name) == node.name()


def test_saved_tensors_hang_on_their_node_and_are_struck_out_when_they_go():
    x = leaf(1.0, 2.0, 3.0)
    run = ran("y = (x.exp() * x).sum()", x=x)
    rows = {node["title"]: node.get("rows") for node in run.scene(direction="backward")["nodes"]}
    assert rows == {"AccumulateGrad": None, "ExpBackward0": [["#1 (3,) 12 B v0", False]], "SumBackward0": None,
                    "MulBackward0": [["#1 (3,) 12 B v0", False], ["x (3,) 12 B v0", False]], "y": None}
    run.cell["y"].backward()
    nodes = {node["title"]: node for node in run.scene(direction="backward")["nodes"]}
    assert nodes["ExpBackward0"]["rows"] == [["#1 (3,) 12 B v0", True]]
    assert nodes["ExpBackward0"]["badges"] == ["freed"] and nodes["SumBackward0"]["badges"] == []
    assert nodes["AccumulateGrad"]["subtitle"] == "x  grad (3,)" and nodes["y"]["subtitle"] == "starts with 1.0"


def test_a_long_list_of_what_is_kept_is_shortened():
    run = ran("y = cell(x)", cell=nn.LSTMCell(2, 2), x=mg.ones(1, 2, requires_grad=True))
    most = max(len(node.get("rows", ())) for node in run.scene(direction="backward")["nodes"])
    assert most == 4 and "and " in run.svg(direction="backward")


def test_the_arrows_are_turned():
    run = ran("y = x.exp() * 2", x=leaf(1.0))
    forward, backward = run.scene(), run.scene(direction="backward")
    for scene, sign in ((forward, 1), (backward, -1)):
        at = {node["key"]: node["x"] for node in scene["nodes"]}
        for edge in scene["edges"]:
            numbers = [float(word) for word in edge["path"].split() if word not in "MCL"]
            assert (numbers[-2] - numbers[0]) * sign > 0 and at[edge["to"]] > at[edge["from"]]
            tip = at[edge["to"]] if sign > 0 else at[edge["from"]]
            assert abs(numbers[-2] - tip) < abs(numbers[0] - tip)
    assert all(edge["turned"] and not edge["flows"] for edge in backward["edges"])


def test_both_directions_stand_under_one_another():
    run = ran("y = (x.detach() * w + x).sum()\ny.backward()", x=leaf(1.0, 2.0), w=leaf(3.0, 4.0))
    scene = run.scene(direction="both")
    at = {node["key"]: node for node in scene["nodes"]}
    lower = [key for key in at if key.startswith("back:")]
    assert lower and all(at[key]["x"] == at[key.removeprefix("back:")]["x"] for key in lower)
    down = {at[key]["y"] - at[key.removeprefix("back:")]["y"] for key in lower}
    assert max(down) - min(down) < 0.2 and min(down) > 100
    assert [head["title"] for head in scene["heads"]] == ["Forward: values", "Backward: gradients"]
    assert not any(edge["flows"] for edge in scene["edges"] if not edge.get("turned"))


def test_ghosts_of_what_would_have_been_recorded():
    run = ran("with mg.no_grad():\n    h = x * 2\ny = h.detach() + 1\nz = (x > 1) * 3\nu = n * 2",
              x=leaf(1.0), n=mg.tensor(1.0))
    ghosts = [(node["title"], node["badges"]) for node in run.scene(direction="backward")["nodes"]
              if node["kind"] == "op"]
    assert ghosts == [("MulBackward0", ["not recorded: no_grad"]), ("detach", ["cut: detach"]),
                      ("AddBackward0", ["not recorded"]), ("gt", ["cut: gt"])]
    assert all(not node["recorded"] for node in run.scene(direction="backward")["nodes"] if node["kind"] == "op")


def test_a_frozen_parameter_is_a_ghost_and_an_input_is_gone():
    net = nn.Linear(2, 1)
    net.bias.requires_grad_(False)
    run = ran("y = net(x)\ny.backward()", net=net, x=mg.ones(2))
    shown = [(node["title"], node["subtitle"], node["recorded"]) for node in run.scene(direction="backward")["nodes"]]
    assert shown == [("AccumulateGrad", "weight  grad (1, 2)", True), ("bias", "takes no gradient", False),
                     ("LinearBackward0", "gets [1.0]", True), ("y", "starts with [1.0]", True)]


def test_zeros_and_cuts_are_marked_on_the_way_back_too():
    run = ran("y = (x.round() * (x > 1)).sum()\ny.backward()", x=leaf(0.2, 1.7))
    assert [edge["stop"] for edge in run.scene(direction="backward")["edges"] if edge.get("stop")] == ["zero", "cut"]
    assert "<circle" in run.svg(direction="backward")


@pytest.mark.parametrize("view", ["svg", "scene", "outline"])
def test_there_is_no_other_direction(view):
    run = ran("y = x * 2", x=leaf(1.0))
    with pytest.raises(ValueError, match='direction must be "forward", "backward" or "both", not \'up\''):
        getattr(run, view)(direction="up")
    with pytest.raises(ValueError, match="direction"):
        viz.show(run, direction="up")


def test_nothing_recorded_yet():
    for direction in DIRECTIONS:
        assert Run().outline(direction=direction).startswith("Nothing is recorded yet")
        assert Run().scene(direction=direction)["nodes"] == []


def test_the_widget_turns_without_a_browser():
    run = ran("y = x.exp() * 2", x=leaf(1.0))
    widget = viz.show(run)
    assert widget.direction == "forward" and "MulBackward0" not in widget.text()
    widget.direction = "backward"
    assert [node["title"] for node in widget.scene["nodes"]] == ["AccumulateGrad", "ExpBackward0", "MulBackward0", "y"]
    assert "MulBackward0" in widget.text() and "freed" not in widget.text()
    run.cell["y"].backward()
    assert widget.view.run is run  # by then it is drawn
    assert "freed" in widget.text() and widget.scene["nodes"][1]["rows"][0][1]
    assert "ExpBackward0" in widget._repr_mimebundle_()[0]["image/svg+xml"]
    widget.direction = "both"
    assert len(widget.scene["heads"]) == 2 and viz.show(run, direction="both").scene == widget.scene


def test_a_panel_can_be_turned():
    @viz.playground(x=(-1.0, 1.0))
    def slope(x=0.5):
        return (leaf(x) * 2).tanh()

    viz.show(slope, direction="backward")
    assert "TanhBackward0" in slope.graph.text()
    slope.set(x=0.25)
    assert "TanhBackward0" in slope.graph.text()


def test_folded_boxes_have_a_way_back():
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Linear(2, 1))
    run = ran("y = net(x).sum()\ny.backward()", net=net, x=mg.ones(1, 2))
    for direction in DIRECTIONS[1:]:
        scene = run.scene(fold="modules", direction=direction)
        boxes = [node for node in scene["nodes"] if node["kind"] == "box"]
        assert len(boxes) == (3 if direction == "backward" else 6) and scene["frames"]
        ElementTree.fromstring(run.svg(fold="modules", direction=direction))
    widget = GraphWidget(run, direction="both", fold="modules")
    widget.unfold()
    assert not widget.error and not [node for node in widget.scene["nodes"] if node["kind"] == "box"]


def test_a_large_graph_is_folded_and_turned():
    with Run() as run:
        h = leaf(1.0)
        for _ in range(600):
            h = h.tanh() * 1.5
    for direction in DIRECTIONS:
        assert 0 < len(run.scene(direction=direction)["nodes"]) < 200


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["exp", "detach", "round", "mul", "add", "none"]), st.integers(0, 9)),
                min_size=1, max_size=8), st.booleans())
def test_every_direction_of_every_graph(ops, backward):
    with Run() as run:
        made = [leaf(0.5), mg.tensor(2.0), leaf(1.5)]
        for op, at in ops:
            x, y = made[at % len(made)], made[-1]
            if op == "none":
                with mg.no_grad():
                    made.append(x * y)
            else:
                made.append(x * y if op == "mul" else x + y if op == "add" else getattr(x, op)())
        if backward and made[-1].requires_grad:
            made[-1].backward()
    digest, forward = run.digest(), run.scene()
    for direction in DIRECTIONS[1:]:
        scene = run.scene(direction=direction)
        keys = [node["key"] for node in scene["nodes"]]
        assert len(set(keys)) == len(keys) and len({edge["key"] for edge in scene["edges"]}) == len(scene["edges"])
        assert all({edge["from"], edge["to"]} <= set(keys) for edge in scene["edges"])
        for node in scene["nodes"]:
            assert node["x"] - node["w"] / 2 >= 0 and node["x"] + node["w"] / 2 <= scene["width"]
            assert node["y"] - node["h"] / 2 >= 0 and node["y"] + node["h"] / 2 <= scene["height"]
        ElementTree.fromstring(run.svg(direction=direction))
        assert scene["digest"] == digest and run.outline(direction=direction).endswith(f"digest {digest}")
    recorded = sum(node["kind"] == "op" and node["recorded"] for node in forward["nodes"])
    turned = run.scene(direction="backward")["nodes"]
    assert sum(node["title"].endswith("Backward0") and node["recorded"] for node in turned) == recorded
    assert run.scene() == forward
