"""The views of one recorded graph: outline, DOT, scene and SVG."""

import doctest
import importlib
import json
import stat
import sys
from xml.etree import ElementTree

import pytest

import minigrad as mg
from minigrad import nn
from viz import layout, text
from viz.graph import Graph, Summary
from viz.layered import excess, layered
from viz.outline import outline
from viz.picture import picture
from viz.record import Run
from viz.words import why

SVG = "{http://www.w3.org/2000/svg}"


def leaf(*values):
    return mg.tensor(list(values), requires_grad=True)


def square():
    """x * x + x, recorded and closed."""
    x = leaf(3.0)
    with Run() as run:
        y = x * x + x
    y.backward()
    run.close()
    return run


def chain(length, name="x"):
    """A chain of ops, each of which uses the leaf too, made by hand."""
    graph = Graph()
    x = graph.add_value(role="leaf", shape=(), dtype="float32", name=name, requires_grad=True).id
    last = x
    for _ in range(length):
        last = graph.add_step("mul", "elementwise", [last, x], ("a", "b"), shape=(), dtype="float32", commutes=True).id
    return graph


def two_layers(detach=False, no_grad=False):
    mg.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), mg.ones(2, 3)
    with Run() as run, mg.set_grad_enabled(not no_grad):
        h = net[1](net[0](x))
        h = h.detach() if detach else h
        loss = (net[2](h) ** 2).mean()
    if not no_grad:
        loss.backward()
    run.close()
    return run


@pytest.mark.parametrize("module", ["text", "graph", "serial", "canonical", "matching", "difference", "outline", "dot",
                                    "marked", "compare", "record"])
def test_examples_in_docstrings(module):
    result = doctest.testmod(importlib.import_module(f"viz.{module}"))
    assert result.attempted and not result.failed


OUTLINE = """\
2 ops, 2 recorded; 1 leaf requiring grad, 1 with a gradient

given  role  shape  dtype    value  gradient
x      leaf  (1,)   float32  [3.0]  [7.0]

op       inputs  name  shape  dtype    value   recorded  gradient  saved      line
#1  mul  x, x          (1,)   float32  [9.0]   yes       [1.0]     x (freed)  LINE: y = x * x + x
#2  add  #1, x   y     (1,)   float32  [12.0]  yes       [1.0]                LINE

result #2 y  (1,)  [12.0]

ledger of x
  + [7.0] -> [7.0]  (backward 1)
"""


def test_outline_of_a_square():
    run = square()
    line = str(run.graph.steps[0].source.line)
    assert run.outline() == OUTLINE.replace("LINE", line) + f"\ndigest {run.digest()}"


def test_outline_says_all_that_the_picture_says():
    run = two_layers(detach=True)
    told = run.outline()
    shown = run.scene()
    for node in shown["nodes"]:
        for word in (node["title"], *(badge for badge in node["badges"] if badge == "no gradient")):
            assert word.split()[0] in told
    assert "no: cut" in told and "0.weight  parameter" in told and told.count("no gradient") == 2
    assert shown["outline"] == told and shown["digest"] in told and shown["summary"] in told


def test_long_outlines_are_shortened_in_the_middle():
    lines = outline(chain(10_000)).splitlines()
    assert len(lines) < 130
    assert "... 9,900 rows not shown ..." in lines
    assert any(line.startswith("#10000") for line in lines)


def test_nothing_recorded_yet():
    run = Run()
    assert run.outline().startswith("Nothing is recorded yet")
    assert run.scene()["nodes"] == [] and "viz.watch()" in run.scene()["notice"]
    for view in (run.svg, run.dot):
        with pytest.raises(ValueError, match=r"nothing is recorded yet: .*viz\.watch"):
            view()
    assert set(run._repr_mimebundle_()) == {"text/plain"}


def test_ten_thousand_nodes():
    run = Run(chain(10_000))
    with pytest.raises(layout.LayoutError, match=r"10,001 nodes.*at most 1,500.*outline"):
        run.svg(fold=None)
    shown = run.scene(fold=None)
    assert shown["nodes"] == [] and "at most 1,500" in shown["notice"] and shown["outline"].startswith("10000 ops")
    assert "image/svg+xml" in run._repr_mimebundle_()  # folded it fits


def test_scene_is_plain_json_with_unique_keys():
    for run in (square(), two_layers(), two_layers(detach=True), two_layers(no_grad=True)):
        shown = run.scene()
        assert json.loads(json.dumps(shown, allow_nan=False)) == shown
        keys = [node["key"] for node in shown["nodes"]]
        assert len(set(keys)) == len(keys)
        edges = [edge["key"] for edge in shown["edges"]]
        assert len(set(edges)) == len(edges)
        assert {end for edge in shown["edges"] for end in (edge["from"], edge["to"])} <= set(keys)
        assert shown["notice"] == ""


def test_keys_stay_when_a_switch_is_turned():
    plain, cut, off = ({node["key"] for node in two_layers(**switch).scene()["nodes"]}
                       for switch in ({}, {"detach": True}, {"no_grad": True}))
    assert plain == off
    assert plain < cut and len(cut - plain) == 1  # the detach alone is new


def test_what_is_dashed_and_what_is_marked():
    nodes = {node["title"]: node for node in two_layers(detach=True).scene()["nodes"]}
    assert nodes["detach"]["badges"] == ["cut: detach"] and not nodes["detach"]["recorded"]
    assert nodes["0.weight"]["badges"] == ["no gradient"] and nodes["2.weight"]["badges"] == ["grad"]
    off = two_layers(no_grad=True).scene()
    ops = [node for node in off["nodes"] if node["kind"] == "op"]
    assert not any(node["recorded"] for node in ops)
    assert [node["title"] for node in ops if node["badges"] == ["no_grad"]] == ["linear", "linear"]
    assert not any(edge["recorded"] for edge in off["edges"])


def test_gradient_flows_along_edges():
    shown = two_layers(detach=True).scene()
    titles = {node["key"]: node["title"] for node in shown["nodes"]}
    flowing = {(titles[edge["from"]], titles[edge["to"]]) for edge in shown["edges"] if edge["flows"]}
    assert ("2.weight", "linear") in flowing and ("pow 2", "mean") in flowing
    assert not any("0.weight" in pair or "detach" in pair for pair in flowing)


def test_frozen_parameters_say_so():
    net = nn.Linear(2, 1)
    net.weight.requires_grad_(False)
    with Run() as run:
        y = net(mg.ones(1, 2)).sum()
    y.backward()
    run.close()
    nodes = {node["title"]: node for node in run.scene()["nodes"]}
    assert nodes["weight"]["kind"] == "parameter" and nodes["weight"]["badges"] == ["frozen"]
    assert nodes["bias"]["badges"] == ["grad"]


def test_arguments_are_named_where_order_matters():
    a, b = leaf(1.0), leaf(2.0)
    with Run() as run:
        c = a - b
        d = a * b
    run.close()
    by_op = {step.op: step.output for step in run.graph.steps}
    arguments = {}
    for edge in picture(run.graph).edges:
        if edge.argument or edge.head:
            arguments.setdefault(picture(run.graph).nodes[edge.head].title, []).append(edge.argument)
    assert arguments["sub"] == ["a", "b"] and arguments["mul"] == [None, None]
    assert by_op.keys() == {"sub", "mul"}
    del c, d


def inside(shown):
    return all(node["w"] / 2 <= node["x"] <= shown["width"] - node["w"] / 2
               and node["h"] / 2 <= node["y"] <= shown["height"] - node["h"] / 2 for node in shown["nodes"])


def overlaps(nodes, centres):
    boxes = [(x - node.w / 2, x + node.w / 2, y - node.h / 2, y + node.h / 2)
             for node, (x, y) in zip(nodes, centres, strict=True)]
    return [(a, b) for number, a in enumerate(boxes) for b in boxes[:number]
            if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]]


@pytest.mark.parametrize("run", [square(), two_layers(detach=True), Run(chain(5)), Run(chain(60))],
                         ids=["square", "two layers", "short chain", "long chain"])
def test_boxes_stand_inside_and_apart(run):
    assert inside(run.scene())
    shown = picture(run.graph)
    for placed in (layout.place(shown), layout.Layout(*layered(shown))):
        assert overlaps(shown.nodes, placed.nodes) == []


def test_what_would_keep_graphviz_busy_never_reaches_it(monkeypatch):
    monkeypatch.setattr(layout, "render", lambda *_: pytest.fail("handed to Graphviz"))
    for graph in (chain(100), chain(1000)):
        assert excess(picture(graph)) > layout.GRAPHVIZ_EXCESS
        assert len(Run(graph).scene(fold=None)["nodes"]) == len(graph.steps) + 2


def test_the_same_picture_is_the_same_bytes():
    assert two_layers().svg() == two_layers().svg()
    assert two_layers().dot().source == two_layers().dot().source


def test_without_any_graphviz_there_is_still_a_picture(monkeypatch):
    monkeypatch.setattr(layout.shutil, "which", lambda name: None)
    monkeypatch.setattr(layout, "_pygraphviz", lambda: None)
    with pytest.raises(layout.LayoutError, match="pip install pygraphviz"):
        layout.render("digraph {}", "json0")
    assert inside(square().scene())


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for dot is a shell script")
def test_a_dot_program_that_does_not_work_is_passed_over(tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert layout.render("digraph { a }", "plain").startswith("graph")


def test_a_source_that_graphviz_refuses():
    with pytest.raises(layout.LayoutError, match="could not lay this graph out"):
        layout.render("digraph { a [", "json0")


HOSTILE = [
    'quote " and \\ backslash', "two\nlines\r\n\ttab", "<b>bold</b> & <script>alert(1)</script>", "]]> --> <!--",
    "<<TABLE><TR><TD>x</TD></TR></TABLE>>", "\\N \\G \\l \\r", "x" * 10_000, "emoji 🧮 and 漢字",
    "עברית \u202e reversed",
    "null \x00 and \x1b[31m", "lone \ud800 surrogate", "{record|shape}", "'; DROP", "", " ", "&amp; &#x41;",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(name):
    x = leaf(1.0)
    with Run() as run:
        run.name({name: x})
        y = x * 2
    run.close()
    del y
    told, svg, source = run.outline(), run.svg(), run.dot().source
    for words in (told, svg, source):
        words.encode("utf-8")
        assert "\x00" not in words and "\x1b" not in words and len(words) < 10_000
    assert told.count("\n") == 10
    tree = ElementTree.fromstring(svg)
    assert {part.tag.removeprefix(SVG) for part in tree.iter()} <= {"svg", "title", "rect", "path", "g", "text"}
    shown = [part.text for part in tree.iter(f"{SVG}text")]
    assert text.clean(name, 26) in shown or not name.strip()
    assert layout.render(source, "plain").count("\nnode ") == 3
    assert json.loads(json.dumps(run.scene()))["nodes"]


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.strip()], ids=range(len(HOSTILE) - 2))
def test_dot_shows_the_very_words(name):
    """What Graphviz draws is the name, letter for letter, not what it could mean as an escape or as HTML."""
    graph = chain(1, name)
    drawn = ElementTree.fromstring(layout.render(Run(graph).dot().source, "svg"))
    words = [" ".join((part.text or "").split()) for part in drawn.iter(f"{SVG}text")]
    assert text.clean(name, 26) in words


def test_svg_needs_nothing_from_elsewhere():
    svg = two_layers().svg()
    assert svg.count("http") == 1 and 'xmlns="http://www.w3.org/2000/svg"' in svg
    for word in ("<script", "<style", "url(", "href", " id="):
        assert word not in svg


def test_mime_bundle_has_picture_and_outline():
    bundle = square()._repr_mimebundle_()
    assert bundle["text/plain"] == square().outline() and bundle["image/svg+xml"].startswith("<svg")


def test_numbers_look_the_same_everywhere():
    shown = {3.0: "3.0", -0.0: "0.0", 1 / 3: "0.3333", 12345.6: "1.235e+04", 1e-9: "1e-09", float("inf"): "inf",
             7: "7", True: "True"}
    assert {value: text.number(value) for value in shown} == shown
    assert Summary((2, 2), "float32", [[1.0, 2.0], [3.0, 4.0]]).long() == "tensor([[1.0, 2.0],\n        [3.0, 4.0]])"
    assert Summary((3, 4), "int64", [[1] * 4] * 3).short() == "1 to 1, mean 1.0"


def test_what_is_only_rounding_is_not_shown():
    """The same numbers from two machines: what cancels there leaves another rest here, and halves round either way."""
    def both(shape, dtype, *values):
        return {(Summary(shape, dtype, list(some)).short(), Summary(shape, dtype, list(some)).long())
                for some in values}

    assert both((2,), "float32", (1e-9, 0.5), (-3e-8, 0.5), (0.0, 0.5)) == {("[0.0, 0.5]", "tensor([0.0, 0.5])")}
    assert both((2,), "float64", (1e-9, 0.5)) == {("[1e-09, 0.5]", "tensor([1e-09, 0.5])")}
    assert both((2,), "float64", (1e-17, 0.5)) == both((2,), "float64", (0.0, 0.5))
    assert both((3,), "float32", (1e-9, 0.5, float("inf"))) == {("[0.0, 0.5, inf]", "tensor([0.0, 0.5, inf])")}
    assert both((3,), "float32", (1e-9, float("nan"), 2e-9)) == {("[1e-09, nan, 2e-09]", "tensor([1e-09, nan, 2e-09])")}
    assert both((2,), "int64", (1, 10**9)) == {("[1, 1000000000]", "tensor([1, 1000000000])")}
    assert Summary((100,), "float32", None, -1e-9, 1e-12, 2.0).short() == "0.0 to 2.0, mean 0.0"
    tiny = Summary((), "float32", 1e-9)
    assert (tiny.short(), tiny.values) == ("1e-09", 1e-9)  # alone it may be all there is
    assert text.number(0.15625) == text.number(0.156249993) == text.number(0.156250007)


def dashed(*reasons):
    """A chain of ops that were not recorded, with these reasons, made by hand; `(reason, True)` uses a weight too."""
    graph = Graph()
    last = graph.add_value(role="input", shape=(), dtype="float32", name="x").id
    for reason in reasons:
        reason, weight = reason if isinstance(reason, tuple) else (reason, False)
        w = [graph.add_value(role="parameter", shape=(), dtype="float32", requires_grad=True).id] if weight else []
        last = graph.add_step("mul", "elementwise", [last, *w], ("a", "b")[:1 + weight], shape=(), dtype="float32",
                              recorded=False, reason=reason).id
    return graph


@pytest.mark.parametrize(("reasons", "tags"), [
    (["no_grad"] * 4, [["no_grad"], [], [], []]),
    ([("no_grad", True), "no_grad", ("no_grad", True), "no_grad"], [["no_grad"], [], ["no_grad"], []]),
    (["cut", "no input requires grad", "no input requires grad"], [["cut: mul"], ["needs no grad"], []]),
    (["no input requires grad", "no_grad", "no_grad"], [["needs no grad"], ["no_grad"], []]),
    (["cut", "cut"], [["cut: mul"], ["cut: mul"]]),
])  # fmt: skip
def test_a_tag_stands_where_the_reason_begins_and_the_words_say_it_of_each(reasons, tags):
    run = Run(dashed(*reasons))
    nodes = [node for node in run.scene()["nodes"] if node["kind"] == "op"]
    assert [node["badges"] for node in nodes] == tags
    assert all(["recorded", f"no: {why(step)}"] in node["detail"]
               for node, step in zip(nodes, run.graph.steps, strict=True))
    assert run.outline().count("  no: ") == len(reasons)


def test_the_inputs_of_stack_are_not_told_apart_by_the_one_name_they_have():
    a, b = mg.ones(2), mg.ones(2)
    with Run() as run:
        mg.stack([a, b])
    run.close()
    assert [edge["argument"] for edge in run.scene()["edges"]] == [None] * 3
    assert "tensors" not in run.outline()


class Block(mg.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner_block = inner

    def forward(self, x):
        return self.inner_block(x)


def test_of_a_long_path_the_end_is_shown_which_says_which_tensor_it_is():
    net = Block(Block(Block(mg.nn.Linear(1, 1))))
    with Run() as run:
        net(mg.ones(1))
    run.close()
    titles = [node["title"] for node in run.scene(fold=None)["nodes"] if node["kind"] == "parameter"]
    assert titles == ["….inner_block.weight", "….inner_block.bias"]
