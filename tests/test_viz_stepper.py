"""The stepper: what the picture shows after each moment, forward and back, driven without a browser."""

import itertools
import json
from math import hypot

import pytest
from hypothesis import given, settings

import minigrad as mg
import viz
from minigrad import nn
from tests.test_viz_digest import build, programs
from viz import moments, text
from viz.labels import points_of
from viz.picture import LABEL, LINE, SUBTITLE, TAG
from viz.player import tags_at
from viz.record import Run


def recorded():
    x, b = mg.tensor([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([0.5, 0.5], requires_grad=True)
    with viz.watch() as run:
        y = x * b
        z = y.tanh() + y
        z.sum().backward()
    return run


def after(step, at):
    """What is solid and what was sent back after moment `at`."""
    solid, flows = set(), {}
    for moment in step.moments[:at + 1]:
        solid |= {*moment["nodes"], *moment["edges"]}
        flows = ({} if moment["again"] else flows) | moment["flows"]
    return solid, flows


def tags(step, at):
    return tags_at(step.moments, at, {node["key"]: node["title"] for node in step.scene["nodes"]})


def test_a_moment_is_a_line_of_the_steps_and_the_first_is_what_was_given():
    run = recorded()
    step = viz.stepper(run)
    assert [moment["words"] for moment in step.moments] == ["given: x, b", *(m.caption for m in viz.steps(run))]
    assert step.words().startswith("0 of 9  given, kept for backward: 0 bytes\ngiven: x, b")


def test_it_goes_both_ways_and_stays_inside():
    step = viz.stepper(recorded(), at=3)
    assert step.next().at == 4 and step.previous().previous().at == 2
    step.at = -5
    assert step.at == 0 and step.previous().at == 0
    step.at = 99
    assert step.at == len(step.moments) - 1 == step.next().at


def test_what_has_happened_grows_until_it_is_the_whole_picture():
    step = viz.stepper(recorded())
    keys = {part["key"] for part in (*step.scene["nodes"], *step.scene["edges"])}
    seen = [after(step, at)[0] for at in range(len(step.moments))]
    assert all(before <= now for before, now in itertools.pairwise(seen))
    assert len(seen[0]) == 2 and seen[-1] == keys


def test_the_number_and_the_sum_stand_on_the_edge_that_they_went_along():
    step = viz.stepper(recorded())
    into_b = [told for key, told in after(step, len(step.moments))[1].items() if key.startswith("source:b")]
    assert into_b == [["← [5.329, 7.123]", "Σ (2, 2) summed to (2,)"]]
    edges = {edge["key"]: edge for edge in step.scene["edges"]}
    assert all(len(edges[key]["room"]) >= len(told) for key, told in after(step, 99)[1].items())


def test_who_waits_says_so_and_what_is_kept_empties():
    step = viz.stepper(recorded())
    assert tags(step, 4) == [("mul", "keeps x"), ("tanh", "keeps #2")]
    assert tags(step, 6) == [("b", "waits for 1"), ("mul", "keeps x"), ("mul", "waits for 1"), ("tanh", "keeps #2"),
                             ("tanh", "ready")]
    assert tags(step, 9) == [("mul", "freed x"), ("tanh", "freed #2")]
    kept = [moment["kept"] for moment in step.moments]
    assert kept == [0, 16, 32, 32, 32, 32, 32, 16, 0, 0]


def test_the_rule_is_told_with_its_numbers():
    x = mg.tensor(3.0, requires_grad=True)
    with viz.watch() as run:
        (x.tanh() * 2.0).backward()
    step = viz.stepper(run)
    assert ["to #1", "g * b = 1.0 * 2.0 = 2.0"] in step.moments[3]["rows"]
    assert step.moments[4]["rows"][1] == ["to x", "g * (1 - y * y) = 2.0 * (1 - 0.9951 * 0.9951) = 0.01973"]


def test_the_ledger_grows_and_the_next_backward_begins_anew():
    x = mg.tensor(2.0, requires_grad=True)
    with viz.watch() as run:
        y = x * x
        y.backward(retain_graph=True)
        y.backward()
    mg.optim.SGD([x], lr=0.1).zero_grad()
    step = viz.stepper(run)
    ledgers = [moment["ledger"] for moment in step.moments if moment["ledger"]]
    assert [len(lines) for ledger in ledgers for lines in ledger.values()] == [3, 6, 7]  # two uses each
    [leaf] = [node for node in step.scene["nodes"] if node["kind"] == "leaf"]
    assert ledgers[-1] == {leaf["key"]: leaf["ledger"]}
    assert [moment["again"] for moment in step.moments].count(True) == 2
    assert [tag for moment in step.moments for key, found in moment["tags"].items() if key.startswith("source")
            for tag in found] == ["ready", "grad", "ready", "grad, 2 adds", "grad cleared"]


def test_a_later_backward_comes_into_the_steps():
    x = mg.tensor(2.0, requires_grad=True)
    with viz.watch() as run:
        y = x * x
    step = viz.stepper(run, at=1)
    assert len(step.moments) == 2
    y.backward()
    assert step.words().startswith("1 of 3") and len(step.moments) == 4


def test_the_source_has_the_line_of_the_moment():
    run = recorded()
    step = viz.stepper(run, at=2)
    script, line, text = step.moments[2]["line"]
    first, lines = step.code[script]
    assert text == "z = y.tanh() + y" == lines[line - first].strip()
    _, called, _ = step.moments[6]["called"]
    assert lines[called - first].strip() == "z.sum().backward()"
    assert step.moments[9]["called"] == step.moments[6]["called"]  # what is booked belongs to that call
    assert len(lines) <= 3 + 2 * moments.AROUND + 1  # and not the whole of this file


def test_a_folded_graph_is_stepped_through_box_by_box():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with viz.watch() as run:
        net(mg.ones(4, 2)).sum().backward()
    step = viz.stepper(run)
    step.fold_by("modules")
    keys = {node["key"] for node in step.scene["nodes"]}
    assert "box" in {node["kind"] for node in step.scene["nodes"]}
    assert {moment["now"] for moment in step.moments} - {None} <= keys
    step.fold_up()
    folded = len(step.scene["nodes"])
    step.unfold()
    assert len(step.scene["nodes"]) > folded and {m["now"] for m in step.moments} - {None} <= {
        node["key"] for node in step.scene["nodes"]}


def test_a_box_tells_of_gradients_only_when_they_have_come():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with viz.watch() as run:
        net(mg.ones(4, 2)).sum().backward()
    step = viz.stepper(run)
    step.fold_by("modules")
    box = next(node["key"] for node in step.scene["nodes"] if node["title"] == "0 Linear")
    told = [moment["tags"][box] for moment in step.moments if box in moment["tags"]]
    assert told == [[], ["grad on 1 of 2"], ["grad on 2 of 2"]]


@given(programs())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_any_program_can_be_stepped_through(program):
    run = Run(build(program))
    step = viz.stepper(run)
    if not run.graph.steps:
        assert step.moments == [] and "nothing" in step.words()
        return
    keys = {part["key"] for part in (*step.scene["nodes"], *step.scene["edges"])}
    assert after(step, len(step.moments))[0] == keys
    for at in range(len(step.moments)):
        step.at = at
        assert step.words()
    json.dumps(step.moments, allow_nan=False)


def test_only_a_run_can_be_stepped_through():
    with pytest.raises(TypeError, match=r"stepper\(\) takes a run, .* not an object of type int"):
        viz.stepper(3)


def test_without_a_front_end_it_is_text(capsys):
    step = viz.stepper(recorded(), at=8)
    data, _ = step._repr_mimebundle_()
    assert data["text/plain"].startswith("8 of 9  backward") and "image/svg+xml" in data
    step.states()
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 11 and lines[1].endswith("[mul keeps x]") and step.at == 8


def test_the_details_of_a_shut_box_are_those_of_the_moment():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with viz.watch() as run:
        net(mg.ones(4, 2)).sum().backward()
    step = viz.stepper(run)
    step.fold_by("modules")
    box = next(node for node in step.scene["nodes"] if node["kind"] == "box")
    told = [dict(moment["details"][box["key"]]) for moment in step.moments if box["key"] in moment["details"]]
    under = [moment["under"][box["key"]] for moment in step.moments if box["key"] in moment["under"]]
    assert [rows["have run"] for rows in told] == ["0 of 1", *["1 of 1"] * 4]
    assert [rows.get("saved for backward") for rows in told] == [None, "32 bytes", None, None, None]
    assert [rows["inside"].count("has a gradient") for rows in told] == [0, 0, 0, 1, 2]
    assert under == ["1 op", "1 op, keeps 32 B", "1 op", "1 op", "1 op"]
    same = dict(told[-1])
    same.pop("have run")
    assert same == dict(box["detail"])  # at the end it is what the picture of the run says
    assert box["w"] >= text.width("1 op, keeps 32 B", SUBTITLE) + 22


def away(edge):
    """How far the middle of an edge's label is from the nearest point of its arrow, in pixels."""
    numbers = [float(word) for word in edge["path"].split() if word not in "MCL"]
    curve = list(zip(numbers[::2], numbers[1::2], strict=True))
    line = [(x, y) for x, y, _ in points_of(curve[:-1], curve[-1])]
    return min(hypot(x - edge["lx"], y - edge["ly"]) for x, y in line)


@pytest.mark.parametrize("shape", [(2, 3), (40, 300)])
def test_a_shape_stands_at_its_arrow_whatever_may_come_beside_it(shape):
    x, w = mg.ones(*shape), mg.ones(shape[1], requires_grad=True)
    with viz.watch() as run:
        y = x * w
        (y * y + y).sum().backward()
    edges = viz.stepper(run).scene["edges"]
    assert any(edge.get("room") for edge in edges)
    for edge in edges:
        wide = text.width(edge["label"], LABEL)
        assert away(edge) <= hypot(wide, LINE) / 2 + 8, edge["label"]
        if edge.get("room"):  # and what comes back does not stand on it
            high = LINE * len(edge["room"])
            assert abs(edge["rx"] - edge["lx"]) + abs(edge["ry"] - edge["ly"]) >= (high + LINE) / 2 - 0.2


def test_no_label_stands_under_tags_that_may_come():
    """The arrow that passes below a box has its label where the rows of tags do not reach."""
    x, w = mg.ones(2, 3), mg.tensor([1.0, -1.0, 2.0], requires_grad=True)
    with viz.watch() as run:
        y = x * w
        z = y * y + y
        z.sum().backward()
    stepper = viz.stepper(run)
    scene, rows = stepper.scene, {}
    for moment in stepper.moments:
        for key, tags in moment["tags"].items():
            rows[key] = max(rows.get(key, []), tags, key=len)
            wide = max([0, *(text.width(tag, TAG) + 14 for tag in tags)])
            assert wide <= next(node["w"] for node in scene["nodes"] if node["key"] == key) + 1
    for node in scene["nodes"]:
        low = node["y"] + node["h"] / 2 + 8 + moments.ROW * (len(rows.get(node["key"], ())) - 1)
        for edge in scene["edges"]:
            wide = text.width(edge["label"], LABEL)
            beside = abs(edge["lx"] - node["x"]) >= (node["w"] + wide) / 2
            assert beside or not node["y"] < edge["ly"] + LINE / 2 or edge["ly"] - LINE / 2 >= low, (edge, node["key"])
