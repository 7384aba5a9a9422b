"""The intermediate representation: how it runs, what it looks like, and what is refused."""

import json

import pytest

import minigrad as mg
from minigrad.jit import Graph
from minigrad.jit.check import check
from minigrad.jit.graph import Block, If, Loop, Names, Step, Value
from minigrad.jit.prims import PRIMS
from minigrad.jit.run import run
from minigrad.op import OPS

NAMES = ("x", "mean", "a", "b", "y", "h", "new", "z")


def branch_and_loop():
    """x is doubled or turned round, then tanh as often as it is long."""
    x, mean, a, b, y, h, new, z = (Value(name, shape=(2,), dtype=mg.float32) for name in NAMES)
    mean.shape, c, n, turn = (), Value("c", "bool"), Value("n", "int"), Value("turn", "int")
    return Graph([x], [
        Step(OPS["mean"], (x,), {}, (mean,)),
        Step(PRIMS["tensor.bool"], (mean,), {}, (c,)),
        If(c, Block([], [Step(OPS["mul"], (x, 2), {}, (a,))], [a]), Block([], [Step(OPS["neg"], (x,), {}, (b,))], [b]),
           (y,)),
        Step(PRIMS["tensor.size"], (x,), {"dim": 0}, (n,)),
        Loop(n, True, (y,), Block([turn, h], [Step(OPS["tanh"], (h,), {}, (new,))], [True, new]), (z,)),
    ], [z], name="f")  # fmt: skip


def test_a_graph_runs_as_the_code_it_stands_for_and_is_differentiated():
    graph, x = check(branch_and_loop()), mg.tensor([-1.0, 3.0], requires_grad=True)
    expected = mg.tanh(mg.tanh(x * 2))
    assert mg.equal(graph(x), expected)
    (wanted,), (got,) = mg.autograd.grad(expected.sum(), x), mg.autograd.grad(graph(x).sum(), x)
    assert mg.equal(wanted, got)


def test_a_trail_tells_which_arm_ran_and_how_many_turns():
    trail = []
    run(branch_and_loop(), (mg.tensor([0.0, 0.0]),), trail)
    assert [(type(step).__name__, what) for step, what in trail] == [("If", False), ("Loop", 2)]


def test_text():
    assert str(branch_and_loop()).splitlines()[:4] == [
        "graph(%x : float32[2]):", "  %mean : float32[] = mean(%x)", "  %c : bool = tensor.bool(%mean)",
        "  %y : float32[2] = if %c",
    ]  # fmt: skip


def test_code_is_python_that_does_the_same():
    known = {name: getattr(mg, name) for name in ("mean", "tanh", "Tensor")}
    exec(branch_and_loop().code, known)
    x = mg.tensor([-1.0, 3.0])
    assert mg.equal(known["f"](x), branch_and_loop()(x))


def test_there_and_back_as_json():
    graph = branch_and_loop()
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert str(again) == str(graph) and mg.equal(again(mg.ones(2)), graph(mg.ones(2)))


@pytest.mark.parametrize("spoil", [
    lambda data: data.update(format="other"),
    lambda data: data["steps"][0].update(op="eval"),
    lambda data: data["steps"][0].update(attributes={"dict": [["nothing", 1]]}),
    lambda data: data["steps"].reverse(),
    lambda data: data["steps"].append(data["steps"][0]),
    lambda data: data["steps"][0].update(outputs=[-1]),
    lambda data: data["values"].append(["v", "object", None, None, "cpu"]),
    lambda data: data.pop("values"),
    lambda data: data["steps"][0].update(attributes={"dict": [["dim", {"device": "tpu"}]]}),
    lambda data: data.update(outputs={"list": [{"value": 99}]}),
    lambda data: data["steps"][2].update({"then": {"inputs": [], "steps": [], "outputs": {"list": []}}}),
])  # fmt: skip
def test_spoilt_data_is_refused(spoil):
    data = branch_and_loop().to_json()
    spoil(data)
    with pytest.raises(ValueError):
        Graph.from_json(data)


def test_names_are_given_once():
    names = Names()
    assert [names.new(name) for name in ("h", "h", "x", "h", "h.1")] == ["h", "h.1", "x", "h.2", "h.1.1"]


def test_inputs_are_looked_at():
    with pytest.raises(TypeError, match=r"f\(\) takes 1 inputs \(x\), got 2"):
        branch_and_loop()(mg.ones(2), mg.ones(2))
    with pytest.raises(TypeError, match="x must be a Tensor, not int"):
        branch_and_loop()(3)
    with pytest.raises(mg.ShapeError, match="recorded with 1 axes"):
        branch_and_loop()(mg.ones(2, 2))
