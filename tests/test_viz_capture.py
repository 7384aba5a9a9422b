"""What jit has captured, as viz shows it: branches and loops as frames, the arm that ran, what a trace has lost."""

import json
import linecache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import viz
from minigrad import jit, nn
from minigrad.jit.passes import steps_of
from tests.test_jit_script_programs import built, statements
from tests.test_viz_hostile import FORBIDDEN, HOSTILE
from viz.translate import translated


def walk(x):
    if x.sum() > 0:
        y = x * 2
    else:
        y = x.neg()
        y = y.exp()
    i = 0
    while y.sum() < 10:
        y = y + 1
        i += 1
    return y, i


def nested(x):
    total = x * 0
    for k in range(4):
        if total > 2:
            total = total - x
        else:
            more = x * k
            total = total + more
    return total


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 4)

    def forward(self, x):
        h = self.first(x).relu()
        if h.sum() > 1:
            h = self.second(h)
        for _ in range(3):
            h = self.second(h).tanh()
        return h


def graph(function, *inputs):
    found = viz.graph_of(jit.script(function))
    return found.on(*inputs) if inputs else found


def blocks(found):
    return [(block.kind, block.ran, block.idle) for block in found.graph.blocks]


def frames(scene):
    return {frame["title"]: frame for frame in scene["frames"]}


def test_the_outline_says_what_ran_where():
    found = graph(nested, 1.0)
    assert found.result.item() == 2.0
    told = found.outline().splitlines()
    assert told[0] == "captured: 6 ops, 1 if, 1 loop; 1 input"
    assert told[3] == "x      input  ()     float32  1.0"
    start = next(number for number, line in enumerate(told) if line.startswith("block"))
    assert told[start:start + 7] == [
        "block              steps      ran                 goes back",
        "for k in range(4)  #2 to #11  4 turns             #11 total -> #3",
        "  if total > 2     #6 to #10",
        "    then           #7         taken 1 of 4 times",
        "    else           #8 to #9   taken 3 of 4 times",
        "", "result #11 total  ()  2.0"]
    assert found.ways() == "for k in range(4): 4 turns\nif total > 2: then taken 1 of 4 times, else taken 3 of 4 times"
    [choose] = [line for line in told if " choose " in line]
    assert "if=#6, then=#7 total, else=#9 total" in choose and "if total > 2" in choose


def test_what_is_not_known_beforehand_is_a_question_mark():
    found = graph(walk)
    assert {value.dtype for value in found.graph.values} == {"?", "bool", "int"}
    assert "x      input  ?      ?" in found.outline()
    assert any(edge["label"] == "?" for edge in found.scene()["edges"])
    assert [block.ran for block in found.graph.blocks] == [None] * 4
    assert found.ways() == "if x.sum() > 0: then ?, else ?\nwhile y.sum() < 10: ?"


@pytest.mark.parametrize(("x", "taken", "turns"), [([2.0, 3.0], "then", "0 turns"), ([-1.0, 0.0], "else", "4 turns")])
def test_the_arm_that_ran_is_solid_and_the_other_a_ghost_in_words_as_well(x, taken, turns):
    found = graph(walk, x)
    scene = found.scene()
    other = {"then": "else", "else": "then"}[taken]
    titles = frames(scene)
    assert titles[f"{taken} · taken"]["ran"] == "ran" and titles[f"{other} · not taken"]["ran"] == "idle"
    assert f"while y.sum() < 10 · {turns}" in titles
    ops = {(node["title"], node["recorded"], node["reason"]) for node in scene["nodes"] if node["kind"] == "op"}
    assert ("mul 2", taken == "then", None if taken == "then" else "did not run") in ops
    assert ("exp", taken == "else", None if taken == "else" else "did not run") in ops
    ways = {edge["label"]: edge for edge in scene["edges"] if edge["key"].startswith("way:")}
    assert ways[taken]["recorded"] and not ways[other]["recorded"] and ways[other]["broken"]
    assert f"{taken}, taken" in found.outline() and f"{other}, not taken" in found.outline()
    assert found.svg().count('text-decoration="line-through"') == 1 + (turns == "0 turns")


def test_an_arm_inside_one_that_did_not_run_is_not_reached():
    def inner(x):
        if x > 0:
            y = x * 2
            if y > 4:
                y = y + 1
        else:
            y = x - 1
        return y

    assert [ran for _, ran, _ in blocks(graph(inner, -1.0))] == [
        None, "not taken", "not reached", "not reached", "not reached", "taken"]


def test_ways_back_run_inside_the_frame_and_below_what_is_in_it():
    scene = graph(walk, [1.0, 2.0]).scene()
    frame = frames(scene)["while y.sum() < 10 · 2 turns"]
    back = [edge for edge in scene["edges"] if edge["label"] in ("again?", "y, next turn", "i, next turn")]
    assert len(back) == 3
    low = max(node["y"] + node["h"] / 2 for node in scene["nodes"] if frame["key"] in node["around"])
    for edge in back:
        points = [tuple(map(float, pair)) for pair in zip(*[iter(
            word for word in edge["path"].split() if word not in "MCL")] * 2, strict=True)]
        assert all(frame["x"] <= x <= frame["x"] + frame["w"] for x, _ in points)
        assert low < max(y for _, y in points) < frame["y"] + frame["h"]
    inside = {node["key"] for node in scene["nodes"] if frame["key"] in node["around"]}
    assert all({edge["from"], edge["to"]} <= inside for edge in back)


def test_the_digest_is_that_of_the_graph_whatever_it_runs_on():
    def swapped(x):
        a, b = x * 1, x * 1
        for _ in range(3):
            a, b = b, a
        return a - b

    def kept(x):
        a, b = x * 1, x * 1
        for _ in range(3):
            a, b = a, b
        return a - b

    digests = {graph(walk, *given).digest() for given in ([], [[1.0, 2.0]], [[-1.0]], [0.0])}
    assert digests == {graph(walk).digest()}
    assert viz.graph_of(jit.script(swapped)).digest() != viz.graph_of(jit.script(kept)).digest()


def test_a_run_changes_nothing():
    norm = nn.BatchNorm1d(3)
    found = viz.graph_of(jit.trace(norm, mg.ones(4, 3)), of=norm)
    before = {name: value.tolist() for name, value in norm.state_dict().items()}
    again = found.on(mg.randn(4, 3))
    assert {name: value.tolist() for name, value in norm.state_dict().items()} == before
    assert [value.name for value in again.graph.results_unused()][1:] == [
        "num_batches_tracked", "running_mean", "running_var"]


def test_modules_are_folded_inside_and_around_branches():
    found = viz.graph_of(jit.script(Net()))
    shut = found.scene("modules")
    assert [node["title"] for node in shut["nodes"] if node["kind"] == "box"] == [
        "first Linear", "second Linear", "second Linear"]
    assert "if h.sum() > 1" in frames(shut) and "then" in frames(shut)
    widget = viz.show(found)
    keys = dict((title, key) for key, title in widget.scene["folds"]["open"])
    widget.fold_up(keys["then"])
    [box] = [node for node in widget.scene["nodes"] if node["kind"] == "box"]
    assert box["title"] == "then" and box["key"] == keys["then"]
    assert any(edge["to"] == box["key"] and edge["label"] == "then" for edge in widget.scene["edges"])
    widget.fold_up()
    assert not widget.scene["frames"] or "if h.sum() > 1" not in frames(widget.scene)
    widget.unfold()
    assert "then" in frames(widget.scene)
    assert [line.strip().split("  ")[0] for line in found.outline("modules").splitlines()[3:6]] == [
        "first Linear", "#1 linear", "#2 relu"]


def test_boxes_keep_their_keys_whichever_arm_runs():
    first, second = (graph(walk, x).scene()["folds"]["open"] for x in ([1.0], [-1.0]))
    assert [key for key, _ in first] == [key for key, _ in second] and first != second


def test_frames_that_stay_in_place_say_what_ran_now():
    widget = viz.GraphWidget(graph(walk, [1.5, 2.5]))
    before = {frame["key"]: (frame["x"], frame["y"]) for frame in widget.scene["frames"]}
    widget.show(graph(walk, [-1.0, 0.5]))
    assert {"then · not taken", "else · taken"} <= frames(widget.scene).keys()
    widget.show(graph(walk, [1.5, 2.5]))
    assert {"then · taken", "else · not taken"} <= frames(widget.scene).keys()
    assert frames(widget.scene)["else · not taken"]["ran"] == "idle"
    assert before.keys() == {frame["key"] for frame in widget.scene["frames"]}


def test_a_trace_names_what_it_has_lost():
    with pytest.warns(jit.TracerWarning, match="only this way"):
        traced = jit.trace(walk, mg.tensor([1.0, 20.0]), check_trace=False)
    found = viz.graph_of(traced)
    line = walk.__code__.co_firstlineno
    assert f"lost, line {line + 4}: else: y = x.neg() …" in found.outline()
    [ghost] = [node for node in found.scene()["nodes"] if node["kind"] == "ghost"]
    assert ghost["subtitle"] == f"lost (line {line + 4})" and ghost["reason"] == "lost"
    assert [edge["label"] for edge in found.scene()["edges"] if edge["to"] == ghost["key"]] == ["otherwise"]
    assert graph(walk).graph.untaken == []


def test_a_compiled_step_shows_its_updates():
    model = nn.Linear(2, 1)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)

    @jit.compile
    def step(x):
        optimizer.zero_grad()
        loss = model(x).sum()
        loss.backward()
        optimizer.step()
        return loss

    with pytest.raises(RuntimeError, match="call it once"):
        viz.graph_of(step)
    step(mg.ones(3, 2))
    found = viz.graph_of(step)
    results = [found.graph.steps[value.producer].op for value in found.graph.results_unused()]
    assert results[1:] == ["update", "update"]


# ---------------------------------------------------------------- differences


def test_a_trace_is_the_graph_of_the_run():
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), mg.ones(2, 3)
    with viz.watch() as run:
        net(x).sum().backward()
    diff = viz.diff(run, jit.trace(lambda x: net(x).sum(), x))
    assert diff.summary.startswith("same graph") and diff.alike
    assert viz.diff(jit.trace(lambda x: net(x).mean(), x), run).text().splitlines()[:2] == [
        "another graph: 1 added, 1 gone", "added: #4 sum"]


def test_a_pass_shows_what_it_takes_away():
    traced = jit.trace(lambda x: (x * 2) + (x * 2), mg.ones(3)).graph
    passes = {}
    for name, after in steps_of(traced):
        passes[name] = after
    assert viz.diff(traced, passes["common"]).text() == "\n".join([
        "another graph: 1 gone, 1 changed", "gone: #2 mul 2", "changed: #2 add: inputs #1, #2 -> #1, #1"])


def test_a_branch_beside_a_trace_of_it():
    with pytest.warns(jit.TracerWarning):
        traced = jit.trace(walk, mg.tensor([1.0, 20.0]), check_trace=False)
    diff = viz.diff(traced, jit.script(walk))
    assert "added: #4 if" in diff.lines() and "added: #8 choose" in diff.lines()
    assert "<title>" in diff.svg() and diff.widget.scene["nodes"]


# ---------------------------------------------------------------- from anywhere


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(statements(False), min_size=1, max_size=3).map(lambda parts: [line for part in parts for line in part]))
def test_any_program(body):
    program, name = built(body)
    try:
        scripted = jit.script(program)
        x = mg.randn(3, 3, generator=mg.Generator().manual_seed(1))
        before = viz.graph_of(scripted)
        found = before.on(x, 2)
        assert found.digest() == before.digest()
        assert [part.tolist() for part in found.result[2]] == [part.tolist() for part in scripted(x, 2)[2]]
        again = viz.from_json(found.to_json())
        assert again.outline() == found.outline() and again.digest() == found.digest()
        for fold in (None, "auto", "modules", "loops", "all"):
            drawn = found.scene(fold)
            assert drawn["nodes"] or "nodes" in drawn["notice"]
        assert viz.diff(scripted, found).alike
    finally:
        del linecache.cache[name]


@pytest.mark.parametrize("words", HOSTILE, ids=map(ascii, [words[:9] for words in HOSTILE]))
def test_hostile_names_stay_words(words):
    plain = jit.script(walk).graph.to_json()
    for value in plain["values"]:
        value[0] = words
    text = json.dumps(plain).replace("x.sum() > 0", json.dumps(words)[1:-1])
    found = viz.Run(translated(jit.Graph.from_json(json.loads(text))))
    for shown in (found.outline(), found.svg(), found.outline("all"), found.dot().source, repr(found)):
        assert not FORBIDDEN.search(shown) and len(shown) < 80_000


@pytest.mark.parametrize(("change", "complaint"), [
    ({"start": 3, "stop": 3}, "steps inside the block"), ({"stop": 10**6}, "steps inside the block"),
    ({"stop": 6}, "steps inside the block"), ({"back": [[0, 99, "x"]]}, "to steps in it"),
    ({"kind": "while"}, "one of if, then, else, loop"), ({"ran": 3}, "text"),
])
def test_blocks_from_elsewhere_have_to_nest(change, complaint):
    data = json.loads(graph(walk, [1.0]).to_json())
    data["captured"]["blocks"][0 if "start" in change or change.get("stop") != 10**6 else 3] |= change
    with pytest.raises(ValueError, match=complaint):
        viz.from_json(json.dumps(data))


def test_what_is_no_capture_is_told_so():
    with pytest.raises(TypeError, match=r"graph_of\(\) takes what jit.trace, .* watch a run of it"):
        viz.graph_of(walk)
    with pytest.raises(TypeError, match="takes 1 inputs"):
        graph(walk).on(1.0, 2.0)
    with pytest.raises(TypeError, match="two recorded runs"):
        viz.diff(walk, walk)


# ---------------------------------------------------------------- side by side


def panel(**more):
    with pytest.warns(jit.TracerWarning):
        traced = jit.trace(walk, mg.tensor(20.0), check_trace=False)
    return viz.captures({"trace": traced, "script": jit.script(walk), "eager": walk}, x=(-2.0, 20.0), **more)


def test_one_slider_moves_all_of_them(capsys):
    shown = panel().set(x=-2.0)
    assert shown.text.splitlines() == [
        "x=-2",
        "trace   gives -4.0, 0   other than eager  lost: else: y = x.neg() …",
        "script  gives 10.39, 3  as eager          if x.sum() > 0: then not taken, else taken; while y.sum() < 10: "
        "3 turns",
        "eager   gives 10.39, 3                    not taken: if x.sum() > 0: y = x * 2"]
    assert shown.set(x=20.0).results["script"][1] == 0
    assert shown.diff("trace").alike and not shown.diff("script").alike
    assert shown.digests()["script"] == graph(walk).digest()
    shown.states()
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2 and told[0].startswith("x=-2  trace ≠ -4.0") and shown.values == {"x": 20.0}
    assert "trace\ncaptured" in shown.outline() and shown.outline("eager").startswith("eager\n")


def test_one_that_raises_says_so_and_the_others_go_on():
    def picky(x):
        if x > 1:
            raise ValueError("too large")
        return x * 2

    shown = viz.captures({"double": jit.trace(lambda x: x * 2, mg.tensor(1.0)), "picky": picky}, x=(0.0, 2.0))
    assert "as picky" in shown.set(x=1.0).text
    told = shown.set(x=2.0).text
    assert "ValueError: too large" in told and "double  gives 4.0" in told
    assert shown.runs["picky"] is None and shown.graphs["picky"].error.startswith("ValueError")
    with pytest.raises(ValueError, match="picky has no graph here"):
        shown.diff("double")


def test_inputs_of_another_shape():
    shown = panel(inputs=lambda x: mg.tensor([x, 1.0])).set(x=-2.0)
    assert shown.runs["script"].graph.values[0].shape == (2,)
    shown.controls.values = {"x": 3.0}
    shown.controls.asked += 1
    assert shown.values == {"x": 3.0} and shown.rows.where == "x=3" and shown.controls.done == 1


@pytest.mark.parametrize(("things", "complaint"), [
    ({}, "takes a dict"), ({"a": 3}, "a is no function, module or graph, but a int"), ([walk], "takes a dict")])
def test_things_that_are_none(things, complaint):
    with pytest.raises(TypeError, match=complaint):
        viz.captures(things, x=(0.0, 1.0))
