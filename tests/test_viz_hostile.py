"""Every text that a graph from elsewhere may hold freely, through every view: it stays words on its line."""

import html
import json
import re

import pytest

import viz
from viz.graph import Entry, Graph, Read, Saved, Source, Summary

HOSTILE = ["a\nb\r\nc\u2028d", "\x1b[31mred\x07\x00", "\u202eright to left\u2066", "\ud800\uffff", "long " * 3000,
           "</script><b>x</b>&lt;", "\"]; evil [label=\"", "🙂👩🏽‍🚀"]
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\uffff]")


def run_with(words):
    """A run, read back from its JSON, in which everything is called so that may be called anything."""
    one = Summary((), "float32", 2.0)
    graph = Graph(modules={words: words}, backwards=1)
    given = [graph.add_value(role=role, shape=(), dtype="float32", name=words, requires_grad=role != "input", data=one)
             for role in ("parameter", "leaf", "input")]
    line, at = Source(1, words), dict(shape=(), dtype="float32")
    y = graph.add_step("mul", "elementwise", [given[0].id, given[1].id], ("a", "b"), **at, module=words, source=line,
                       attributes={words: words, "mode": (words, (words,)), "axis": words},
                       saved=(Saved("a", (), 4, 0), Saved(words, (), 4, 0)), entered=(words,), output={"name": words})
    z = graph.add_step("mul", "elementwise", [y.id, given[2].id], ("a", "b"), **at, module=words, source=line,
                       attributes={"mul": words}, output={"name": words, "data": one})
    graph.gradients[given[0].id] = one
    graph.ledger[given[0].id] = [Entry("add", one, one, 1)]
    graph.reads.append(Read(z.id, "item", line))
    return viz.from_json(viz.Run(graph).to_json())


def texts(data):
    """All texts in plain data."""
    if isinstance(data, dict):
        data = [*data, *data.values()]
    if isinstance(data, list | tuple):
        return [text for part in data for text in texts(part)]
    return [data] if isinstance(data, str) else []


VIEWS = {
    "outline": lambda run: run.outline(), "folded outline": lambda run: run.outline("all"),
    "svg": lambda run: html.unescape(run.svg(run.outline(), fold="modules")), "repr": repr,
    "film": lambda run: html.unescape(run.steps_svg()), "dot": lambda run: run.dot().source,
    "folded dot": lambda run: run.dot("modules").source, "diff": lambda run: str(run.diff(run_with("x"))),
    "steps": lambda run: "\n".join(moment.caption for moment in viz.steps(run)),
    "widget": lambda run: viz.GraphWidget(run).text(),
    "scene": lambda run: "\n".join(texts({key: what for key, what in run.scene(None).items()})),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("words", HOSTILE, ids=map(ascii, [words[:9] for words in HOSTILE]))
def test_no_view_holds_what_could_command_it(view, words):
    shown = VIEWS[view](run_with(words))
    assert not FORBIDDEN.search(shown)
    assert len(shown) < 80_000


@pytest.mark.parametrize("view", ["outline", "folded outline", "steps"])
@pytest.mark.parametrize("words", HOSTILE[:4], ids=range(4))
def test_a_line_stays_a_line(view, words):
    assert len(VIEWS[view](run_with(words)).splitlines()) == len(VIEWS[view](run_with("tame")).splitlines())


def test_attributes_are_shortened_where_they_are_shown_and_kept_in_the_graph():
    run = run_with("long " * 3000)
    assert max(map(len, run.outline().splitlines())) < 1000
    assert run.graph.steps[0].attributes["axis"] == "long " * 3000
    assert json.loads(run.to_json())["steps"][0]["attributes"]["axis"] == "long " * 3000


def test_usual_attributes_are_as_before():
    import minigrad as mg

    with viz.watch() as run:
        mg.ones(2, 3).sum(1, keepdims=True)[0:1].reshape(1)
    assert "sum dim=1, keepdim=True" in run.outline() and "index 0:1" in run.outline()


def test_dot_folds_as_the_picture_does():
    import minigrad as mg

    net = mg.nn.Sequential(mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.Tanh()), mg.nn.Linear(2, 1))
    with viz.watch() as run:
        net(mg.ones(1, 2))
    source = run.dot("modules").source
    assert source.count("shape=box3d") == sum(node["kind"] == "box" for node in run.scene("modules")["nodes"]) == 2
    assert "subgraph cluster_0" in source and "tanh" in run.dot().source and "subgraph" not in run.dot().source
    assert run.dot("auto").source == run.dot().source == run.dot(None).source
    with pytest.raises(ValueError, match="fold must be"):
        run.dot("some")


def test_a_frame_inside_a_frame_is_a_cluster_inside_a_cluster():
    import minigrad as mg
    from viz.dot import to_dot
    from viz.picture import picture
    from viz.seen import seen

    net = mg.nn.Sequential(mg.nn.Sequential(mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.Tanh())))
    with viz.watch() as run:
        net(mg.ones(1, 2))
    depth = len(picture(run.graph, seen(run.graph, "modules")).frames())
    assert to_dot(run.graph, "modules").source.count("subgraph cluster_") == depth >= 2


