"""A recorded graph as JSON text: nothing is lost, and no text from elsewhere breaks a view."""

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import viz
from minigrad import nn
from tests.test_viz_digest import build, programs
from viz.graph import Number
from viz.record import Run
from viz.serial import from_json, to_json


def views(run):
    return run.outline(), run.digest(), run.dot().source, run.svg(), run.scene(), repr(run)


def trained():
    """A small run with everything in it: modules, a cut, a frozen leaf, a read-back, nan and inf, two backwards."""
    mg.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), mg.ones(2, 3)
    net[0].bias.requires_grad_(False)
    with Run() as run:
        h = net(x) * float("inf")
        loss = (h[0:1] * float("nan")).sum(1).mean() + net(x).detach().sum()
        loss.item()
        big = mg.ones(10, 10) * 10**30
    loss.backward(retain_graph=True)
    net.zero_grad()
    loss.backward()
    run.close()
    del big
    return run


def test_every_view_is_the_same_after_the_round_trip():
    run = trained()
    again = viz.from_json(run.to_json())
    assert views(again) == views(run) == views(pickle.loads(pickle.dumps(again)))
    assert again.to_json() == run.to_json() and run.to_json().isascii()
    assert json.loads(run.to_json())["version"] == 2


@given(programs(), st.text(max_size=8), st.floats() | st.integers() | st.booleans())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_program_with_any_name_and_number(program, name, number):
    graph = build(program, names=name)
    graph.add_step("mul", "elementwise", [0, Number(number)], ("a", "b"), shape=(), dtype="float32",
                   attributes={"of": (number, (), "nan", None)})
    again = from_json(to_json(graph))
    assert repr(again) == repr(graph)  # not ==, for nan is not nan
    assert Run(again).outline() == Run(graph).outline()


def change(data, path, what):
    """`data` with another part at `path`; `what` None takes the part away."""
    *way, last = path
    part = data
    for key in way:
        part = part[key]
    if what is None:
        del part[last]
    else:
        part[last] = what
    return json.dumps(data)


@pytest.mark.parametrize(("path", "what", "complaint"), [
    (["version"], 1, "must begin with"), (["format"], "x", "must begin with"), (["more"], 1, "unknown key 'more'"),
    (["values", 0, "dtype"], 5, "a short name"), (["values", 0, "dtype"], "a\nb", "a short name"),
    (["values", 0, "shape"], None, "has no 'shape'"), (["values", 0, "shape"], [-1], "a number 0, 1"),
    (["values", 0, "shape"], [10**400], "a number 0, 1"), (["values", 0, "role"], "result", "role must be result for"),
    (["values", 0, "id"], 1, "values[0].id must be 0"), (["values", 0, "data", "values"], [1.0, 2.0], "nested as"),
    (["values", 0, "data"], {"shape": [], "dtype": "float32"}, "with low, mean and high"),
    (["values", 0, "data", "values", 0], 10**80, "fits into an array"),
    (["steps", 0, "inputs", 0], 99, "there before it"), (["steps", 0, "inputs", 0], 1, "there before it"),
    (["steps", 0, "inputs", 0], {"is": "os.system"}, "unknown key 'is'"),
    (["steps", 0, "op"], "x" * 99, "a short name"),
    (["steps", 0, "output"], 0, "the step that made it"), (["steps", 0, "reason"], "why", "one of no_grad"),
    (["steps", 0, "contributions"], [None] * 3, "one for each input"), (["gradients"], [[7, 3]], "must be an object"),
    (["gradients", 0, 0], 99, "values that are there"), (["ledger", 0, 1, 0, "what"], "eval", "one of before"),
    (["ledger", 0, 1, 0, "change"], None, "with its change"), (["modules"], [1], "an object"),
    (["steps", 0, "source", "script"], 9, "the number of a text"), (["scripts"], [3], "must be text"),
    (["values", 0, "storage", "strides"], [], "as its shape says"), (["values", 0, "storage", "span"], [1], "a begin"),
    (["values", 0, "storage", "strides", 0], 1.5, "whole number"), (["values", 0, "data", "sample"], ["a"], "a number"),
    (["steps"], {"0": 1}, "a list"), (["steps", 0], None, "the step that made it"),
])  # fmt: skip
def test_what_is_no_graph_is_refused_in_one_sentence(path, what, complaint):
    x = mg.tensor([3.0], requires_grad=True)
    with Run() as run:
        y = x * x
    y.backward()
    run.close()
    with pytest.raises(ValueError) as caught:
        viz.from_json(change(json.loads(run.to_json()), path, what))
    message = str(caught.value)
    assert message.startswith("this is not a recorded graph: ") and complaint in message and len(message) < 300


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "NaN", "9" * 9999, b"\xff", None,
                                  '{"version": 2}'])
def test_other_texts(text):
    with pytest.raises(ValueError, match="not a recorded graph"):
        viz.from_json(text)


def test_a_gradient_without_elements_can_be_shown():
    x = mg.zeros(0, requires_grad=True)
    with Run() as run:
        y = (x * 2).sum()
    y.backward()
    run.close()
    assert "x" in run.outline() and views(viz.from_json(run.to_json())) == views(run)
