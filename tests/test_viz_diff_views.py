"""The views of a difference: the same facts in the outline, the picture, DOT, files, JSON and the widget."""

import json
from xml.etree import ElementTree

import pygraphviz
import pytest
from hypothesis import given, settings

import minigrad as mg
import viz
from tests.test_viz_diff import grown, run, unrolled
from tests.test_viz_digest import build, programs
from tests.test_viz_export import HOSTILE, SVG, Page, named
from viz.compare import diff
from viz.graph import Graph
from viz.overlay import overlay

ENDINGS = (".svg", ".png", ".pdf", ".html", ".dot")


def by_title(scene):
    return {node["title"]: node for node in scene["nodes"]}


def marks(scene):
    return {node["title"]: node["mark"] for node in scene["nodes"] if node["mark"]}


# ---------------------------------------------------------------- the outline

def expected(x, w, b):
    h = (x @ w + b).relu()
    return h.mean()


def answered(x, w, b):
    h = (x @ w).relu() + b.detach()
    return h.mean()


def graded(function):
    x, w, b = mg.ones(1, 2), mg.full((2, 2), 0.5, requires_grad=True), mg.ones(2, requires_grad=True)
    with viz.watch() as seen:
        function(x, w, b)
    return seen


DETACHED = """\
another graph with the same result: 1 added, 1 changed

given  role  shape  dtype    value
x      leaf  (1,)   float32  [3.0]
w      leaf  (1,)   float32  [2.0]

   before  after  op      inputs   name  shape  value  recorded  difference
   #1      #1     mul     x, w     h     (1,)   [6.0]  yes
+          #2     detach  #1 h     h     (1,)   [6.0]  no: cut   added
~  #2      #3     add     #2 h, x  y     (1,)   [9.0]  yes       inputs #1 h, x -> #2 h, x

result before  #2 y  (1,)  [9.0]
result after   #3 y  (1,)  [9.0]

digest before  {before}
digest after   {after}"""
NOT_RECORDED = """\
another graph with the same result: 2 no longer recorded

given  role  shape  dtype    value
x      leaf  (1,)   float32  [3.0]
w      leaf  (1,)   float32  [2.0]

   before  after  op   inputs   name  shape  value  recorded     difference
~  #1      #1     mul  x, w     h     (1,)   [6.0]  no: no_grad  recorded yes -> no: no_grad
~  #2      #2     add  #1 h, x  y     (1,)   [9.0]  no: no_grad  recorded yes -> no: no_grad

result #2 y  (1,)  [9.0]

digest before  {before}
digest after   {after}"""
ANSWERED = """\
another graph with the same result: 2 added, 1 gone, 2 changed

given  role   shape   dtype    value
x      input  (1, 2)  float32  [[1.0, 1.0]]
w      leaf   (2, 2)  float32  [[0.5, 0.5], [0.5, 0.5]]
b      leaf   (2,)    float32  [1.0, 1.0]

   before  after  op      inputs    name  shape   value         recorded  difference
   #1      #1     matmul  a=x, b=w        (1, 2)  [[1.0, 1.0]]  yes
+          #2     relu    #1              (1, 2)  [[1.0, 1.0]]  yes       added
+          #3     detach  b               (2,)    [1.0, 1.0]    no: cut   added
~  #2      #4     add     #2, #3    h     (1, 2)  [[2.0, 2.0]]  yes       inputs #1, b -> #2, #3
-  #3             relu    #2        h     (1, 2)  [[2.0, 2.0]]  yes       gone
~  #4      #5     mean    #4 h            ()      2.0           yes       inputs #3 h -> #4 h

result before  #4  ()  2.0
result after   #5  ()  2.0

digest before  {before}
digest after   {after}"""


@pytest.mark.parametrize(("one", "other", "told"), [
    (run, lambda: run(detach=True), DETACHED), (run, lambda: run(no_grad=True), NOT_RECORDED),
    (lambda: graded(expected), lambda: graded(answered), ANSWERED)], ids=["detach", "no_grad", "learner"])
def test_outline(one, other, told):
    before, after = one(), other()
    found = before.diff(after)
    assert found.outline() == told.format(before=before.digest(), after=after.digest())


def test_outline_of_the_same_graph():
    same, other = run().diff(run()), run().diff(run(second=5.0))
    assert same.outline().startswith("same graph\n") and same.outline().endswith(f"digest {run().digest()}")
    assert "before" not in same.outline().split("\n\n")[-1]
    assert other.outline().startswith("same graph, 3 other values\n") and "value [2.0] -> [5.0]" in other.outline()
    assert diff(Graph(), Graph()).outline().startswith("Nothing is recorded yet")


def test_a_long_outline_tells_the_differences_and_what_is_around_them():
    told = diff(unrolled(400), unrolled(400, put_in=200)).outline()
    assert "+ " in told and "detach" in told and told.count("alike ...") >= 3 and len(told.splitlines()) < 60


# ---------------------------------------------------------------- the picture

def test_what_is_new_gone_or_changed_is_marked_and_the_rest_is_not():
    scene = run().diff(run(detach=True)).scene()
    assert marks(scene) == {"detach": "added", "add": "changed"}
    assert by_title(scene)["detach"]["badges"] == ["added", "cut: detach"]
    assert by_title(scene)["add"]["badges"] == ["changed: inputs"]
    assert ["inputs", "#1 h, x -> #2 h, x"] in by_title(scene)["add"]["detail"]
    assert by_title(scene)["add"]["detail"][0] == ["difference", "changed: inputs"]
    assert by_title(scene)["detach"]["detail"][0] == ["difference", "added: only in the second graph"]
    ways = {(edge["from"].split(":")[-1], edge["to"].split(":")[-1]): edge["mark"] for edge in scene["edges"]}
    assert sorted(ways.values()) == ["", "", "", "", "added", "added", "gone"]
    back = run(detach=True).diff(run()).scene()
    assert marks(back) == {"detach": "gone", "add": "changed"}
    assert next(node["key"] for node in back["nodes"] if node["mark"] == "gone").startswith("gone:op:")


def test_other_values_are_told_before_and_after():
    scene = run().diff(run(second=5.0)).scene()
    assert marks(scene) == {} and by_title(scene)["w"]["subtitle"] == "= [2.0] → [5.0]"
    assert ["value", "[2.0] -> [5.0]"] in by_title(scene)["w"]["detail"]
    assert by_title(scene)["w"]["detail"][0] == ["difference", "other value"]
    assert by_title(scene)["x"]["subtitle"] == "= [3.0]" and scene["digest"] == run().digest()


def test_a_gradient_that_differs_is_told_on_its_node():
    scene = run().diff(run(backward=True)).scene()
    assert set(marks(scene).values()) == {"changed"} and "with a gradient now" in by_title(scene)["w"]["badges"]
    assert ["gradient", "none -> yes"] in by_title(scene)["w"]["detail"]
    one, other = run(backward=True), run(backward=True, second=5.0)
    assert ["gradient", "[3.0] -> [6.0]"] in by_title(one.diff(other).scene())["x"]["detail"]


def test_the_same_graph_is_one_plain_picture():
    found, plain = run().diff(run()), run().scene()
    drawn = found.scene()
    assert [(node["key"], node["x"], node["y"]) for node in drawn["nodes"]] == [
        (node["key"], node["x"], node["y"]) for node in plain["nodes"]]
    assert f"the same graph; digest {run().digest()}" in found.svg()


@given(grown())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_picture_holds_every_node_and_arrow_of_both(drawn):
    first, second, _ = drawn
    found = diff(build(first), build(second))
    shown = overlay(found)
    assert len({node.key for node in shown.nodes}) == len(shown.nodes)
    assert len({edge.key for edge in shown.edges}) == len(shown.edges)
    assert all(edge.tail < edge.head for edge in shown.edges)
    for side, mark in ((found.before, "added"), (found.after, "gone")):
        uses = sum(len(step.inputs) for step in side.steps) + len(side.results_unused())
        assert sum(node.mark != mark and node.kind != "output" for node in shown.nodes) == len(side.values)
        assert sum(node.mark != mark and node.kind == "output" for node in shown.nodes) == len(side.results_unused())
        assert sum(edge.mark != mark for edge in shown.edges) == uses


@given(programs(), programs())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_any_two_graphs_can_be_drawn(first, second):
    found = diff(build(first), build(second))
    for fold in (None, "all"):
        scene = found.scene(fold)
        assert scene["nodes"] and not scene["notice"]
    ElementTree.fromstring(found.svg())


# ---------------------------------------------------------------- files and other programs

@pytest.mark.parametrize("ending", ENDINGS)
def test_the_ending_says_what_is_written(tmp_path, ending):
    start = {".png": b"\x89PNG\r\n", ".pdf": b"%PDF-", ".html": b"<!doctype html>", ".dot": b"digraph run {"}
    path = tmp_path / f"diff{ending}"
    run().diff(run(detach=True)).save(path)
    assert path.read_bytes().startswith(start.get(ending, b"<svg "))


def test_what_cannot_be_saved_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"one of \.svg, \.png, \.pdf, \.html, \.dot"):
        run().diff(run()).save(tmp_path / "diff.steps.gif")
    with pytest.raises(ValueError, match=r"cannot save as '.*diff.steps.svg': its ending has to be"):
        run().diff(run()).save(tmp_path / "diff.steps.svg")
    for ending in ENDINGS:
        with pytest.raises(ValueError, match="nothing is recorded"):
            diff(Graph(), Graph()).save(tmp_path / f"diff{ending}")
    assert list(tmp_path.iterdir()) == []


def test_dot_tells_by_sign_and_line():
    read = pygraphviz.AGraph(run(detach=True).diff(run()).dot().source)
    [gone] = [node for node in read.nodes() if node.attr["label"].startswith("− detach")]
    assert gone.attr["style"] == "dotted" and any(n.attr["label"].startswith("~ add") for n in read.nodes())
    assert sorted(edge.attr["style"] or "" for edge in read.edges()).count("dotted") == 2


def test_json_for_other_programs():
    told = json.loads(run().diff(run(detach=True)).to_json())
    assert told["added"] == ["#2 detach"] and told["gone"] == [] and told["same_values"] and not told["alike"]
    assert told["changed"] == [{"node": "#3 add", "inputs": ["#1 h, x", "#2 h, x"]}]
    assert json.loads(run().diff(run(second=5.0)).to_json())["values"][0] == {
        "node": "leaf w", "value": ["[2.0]", "[5.0]"]}


def test_a_notebook_gets_picture_and_words():
    bundle = run().diff(run(detach=True))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert "+ only in the second graph" in bundle["image/svg+xml"]
    assert set(diff(Graph(), Graph())._repr_mimebundle_()) == {"text/plain"}
    assert repr(run().diff(run())) == "<Diff: same graph>"


# ---------------------------------------------------------------- the widget and folding

def test_the_widget_shows_the_same_picture():
    found = run().diff(run(detach=True))
    widget = viz.show(found)
    assert widget.scene == found.scene() and widget.note == "\n".join(found.lines())
    assert widget.text() == found.outline()
    page = json.loads(Page(found.html()).texts["script"][0])
    assert page["scene"] == found.scene() | {"note": widget.note} and page["moments"] == []
    data, _ = widget._repr_mimebundle_()
    assert "image/svg+xml" in data and widget.scene["summary"] in repr(widget)


def test_what_is_alike_is_folded_in_a_large_picture_and_opens_stretch_by_stretch():
    widget = viz.show(diff(unrolled(600), unrolled(600, put_in=300)))
    first = widget.scene
    assert len(first["nodes"]) < 30 and "click a box" in first["notice"]
    boxes = [node for node in first["nodes"] if node["kind"] == "box"]
    assert len(boxes) >= 2 and all(box["title"].endswith("ops alike") for box in boxes)
    assert "detach" in marks(first) and {"w", "u"} <= by_title(first).keys()
    assert ["difference", "none"] in boxes[0]["detail"]

    widget.folding = {"act": "open", "key": boxes[0]["key"]}
    assert boxes[0]["key"] not in {node["key"] for node in widget.scene["nodes"]}
    assert len(widget.scene["nodes"]) > len(first["nodes"]) and not widget.error
    opened = widget.scene
    widget.folding = {"act": "open", "key": "", "again": 1}
    assert widget.error.startswith("Not unfolded: this picture would have") and widget.scene == opened
    widget.folding = {"act": "shut", "key": "", "again": 2}
    assert [node["key"] for node in widget.scene["nodes"]] == [node["key"] for node in first["nodes"]]


def test_the_same_change_all_along_is_one_box():
    other = unrolled(600)
    for step in other.steps:
        step.recorded, step.reason = False, "no_grad"
    found = diff(unrolled(600), other)
    assert found.summary == "another graph: 2,401 no longer recorded"
    assert [node["title"] for node in found.scene()["nodes"] if node["kind"] == "box"] == [
        "2,401 ops no longer recorded"]
    page = json.loads(Page(found.html()).texts["script"][0])["scene"]
    assert page["notice"] == "Long rows of what is alike are folded." and len(page["note"].splitlines()) == 60


def test_small_ones_fold_only_when_asked():
    found = diff(unrolled(10), unrolled(10, put_in=5))
    assert not any(node["kind"] == "box" for node in found.scene()["nodes"])
    assert any(node["kind"] == "box" for node in found.scene("all")["nodes"])
    with pytest.raises(ValueError, match=r'"all" .* not .modules.'):
        found.svg(fold="modules")
    with pytest.raises(ValueError, match="fold must be"):
        viz.show(found, fold="modules")
    assert any(node["kind"] == "box" for node in viz.show(found, fold="all").scene["nodes"])


# ---------------------------------------------------------------- hostile labels

def between(name):
    """A difference with everything in it that is called `name`: kept, changed, added and gone."""
    one, other = named(name), named(name)
    for graph, op in ((one.graph, "exp"), (other.graph, "tanh")):
        graph.add_step(op, name, [len(graph.values) - 1], (name,), shape=(), dtype=name, output={"name": name + op},
                       attributes={"mode": name + op})
    other.graph.values[0].shape, other.graph.values[1].name = (2,), "2" + name
    other.graph.steps[1].recorded, other.graph.steps[1].reason = False, name
    return one.diff(other)


hostile = pytest.mark.parametrize("name", HOSTILE, ids=map(str, range(len(HOSTILE))))


@hostile
def test_hostile_labels_stay_words(name):
    found, tame = between(name), between("x")
    tags = [sorted({part.tag.removeprefix(SVG) for part in ElementTree.fromstring(one.svg().encode("utf-8")).iter()})
            for one in (found, tame)]
    assert tags[0] == tags[1]
    page, still = Page(found.html()), Page(tame.html())
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in still.tags] and page.inside == []
    assert not set("<>&") & set(page.texts["script"][0]) and page.texts["script"][1] == still.texts["script"][1]
    read, plain = (pygraphviz.AGraph(one.dot().source) for one in (found, tame))
    assert sorted(read.nodes()) == sorted(plain.nodes()) and len(read.edges()) == len(plain.edges())
    assert len(found.outline()) < 6000 and "\x1b" not in found.outline() and "\u202e" not in found.outline()
    assert json.loads(found.to_json())["added"]


def test_hostile_labels_can_be_typeset(tmp_path):
    for number, name in enumerate([*HOSTILE, "#panic() $x$ #read(\"/etc/passwd\")"]):
        between(name).save(tmp_path / f"{number}.pdf")
        assert (tmp_path / f"{number}.pdf").stat().st_size > 3000


# ---------------------------------------------------------------- doors to Python, and ghosts of arms


def forked(number, leave=False):
    """One arm of an `if`, and then a number that leaves for Python or does not."""
    x, w = mg.tensor(number), mg.tensor(2.0, requires_grad=True)
    with viz.watch() as run:
        h = x * w
        y = h.tanh() if h > 0 else h.exp()
        z = y * h.item() if leave else y * h
    assert z.requires_grad
    return run


def test_a_door_and_a_ghost_that_only_one_graph_has_are_marked():
    found = forked(-1.0).diff(forked(1.0, leave=True))
    assert found.summary.endswith("1 door added, 1 ghost gone, 1 ghost added")
    assert [aside.told() for aside in found.asides] == [
        "value: door if of #2: False -> True", "added: door item() of #1 h",
        "gone: ghost if h > 0: h.tanh()", "added: ghost else: h.exp()"]
    shown = found.scene()
    nodes = {(node["kind"], node["title"]): node for node in shown["nodes"]}
    assert nodes["escape", "item()"]["badges"] == ["added"] == [nodes["escape", "item()"]["mark"]]
    assert nodes["escape", "if"]["mark"] == "" and nodes["escape", "if"]["subtitle"] == "= False → True"
    assert nodes["ghost", "if h > 0: h.tanh()"]["mark"] == "gone"
    assert nodes["ghost", "else: h.exp()"]["mark"] == "added"
    assert nodes["ghost", "else: h.exp()"]["detail"][0][1].startswith("added: only in the second graph")
    title = {node["key"]: node["title"] for node in shown["nodes"]}
    ways = {(title[edge["from"]], title[edge["to"]]): edge["mark"] for edge in shown["edges"] if edge.get("broken")}
    assert ways == {("if", "if h > 0: h.tanh()"): "gone", ("if", "else: h.exp()"): "added",
                    ("item()", "mul 2.0"): "added"}
    told = [line.split() for line in found.outline().splitlines() if "door" in line or "ghost" in line]
    assert told[1:3] == [["door", "if", "of", "#2", "False", "->", "True"],
                         ["+", "door", "item()", "of", "#1", "h", "2.0", "added"]]
    assert found.svg().count("item()") >= 2 and json.loads(found.to_json())["asides"][1] == "added: door item() of #1 h"


def test_the_other_way_round_the_marks_are_exchanged():
    there, back = forked(-1.0).diff(forked(1.0, True)), forked(1.0, True).diff(forked(-1.0))
    other = {"added": "gone", "gone": "added", "": ""}
    assert {(one.name, other[one.mark]) for one in there.asides} == {(one.name, one.mark) for one in back.asides}


def test_what_both_have_is_shown_unmarked_and_numbers_are_no_difference_of_the_graph():
    found = forked(1.0, True).diff(forked(3.0, True))
    assert found.alike and found.summary == "same graph, 4 other values"
    nodes = {node["title"]: node for node in found.scene()["nodes"]}
    assert nodes["item()"]["subtitle"] == "= 2.0 → 6.0" and not any(node["mark"] for node in nodes.values())
    assert "value: door item() of #1 h: 2.0 -> 6.0" in found.lines()


def test_a_door_is_told_where_the_graphs_are_alike():
    def doubled(leave):
        x = mg.tensor(3.0, requires_grad=True)
        with viz.watch() as run:
            y = x * 2.0
            if leave:
                y.item()
        return run

    def read(leave):
        x, w = mg.tensor(3.0, requires_grad=True), mg.tensor(2.0, requires_grad=True)
        with viz.watch() as run:
            _ = w * (x.item() if leave else 3.0)
        return run

    found = read(True).diff(read(False))  # x is used for its number only, and no part of the graph
    assert marks(found.scene()) == {"x": "gone", "item()": "gone"}
    assert not marks(read(True).diff(read(True)).scene())
    found = doubled(True).diff(doubled(False))
    assert found.alike and found.summary == "same graph, 1 door gone"
    assert marks(found.scene()) == {"item()": "gone"}
    assert [edge["mark"] for edge in found.scene()["edges"]].count("gone") == 1
