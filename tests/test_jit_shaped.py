"""What examples show of a scripted graph: types, and the ops inside whole functions."""

import json

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import jit, nn
from minigrad.jit import Graph
from minigrad.jit.calls import Call
from minigrad.jit.layers import Layer


def whole(graph):
    """The names of functions that are one step."""
    return [step.op.name for step in graph.every_step() if isinstance(getattr(step, "op", None), (Call, Layer))]


@jit.script
def mixed(x, target):
    y = F.layer_norm(x, (3,))
    if x.sum() > 0:
        y = y.std(dim=0) + y
        loss = F.cross_entropy(y, target)
    else:
        values = x.max(dim=1).values
        loss = values.sum() * 2
    for row in x:
        loss = loss + F.gelu(row, approximate="tanh").flatten().sum()
    return loss, F.normalize(x)


EXAMPLES = [(mg.arange(3.0 * n).reshape(n, 3) * sign, mg.zeros(n).long()) for n in (2, 4) for sign in (1, -1)]


def test_functions_become_ops_and_values_get_types():
    graph = jit.shaped(mixed.graph, *EXAMPLES)
    assert whole(mixed.graph) and not whole(graph)
    assert [str(v.shape) for v in graph.inputs] == ["(None, 3)", "(None,)"] and graph.inputs[1].dtype is mg.int64
    assert all(v.dtype is not None for step in graph.every_step() for v in step.outputs if v.kind == "tensor")
    for x, target in [*EXAMPLES, (mg.randn(7, 3), mg.ones(7).long())]:
        for a, b in zip(mixed(x, target), graph(x, target), strict=True):
            assert mg.allclose(a, b)
        x = x.clone().requires_grad_()
        one, two = (mg.autograd.grad(f(x, target)[0], x)[0] for f in (mixed, graph))
        assert mg.allclose(one, two)
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert str(again) == str(graph) and str(jit.shaped(graph, *EXAMPLES)) == str(graph)


def test_layers_become_ops_too():
    layer, x = nn.GRU(3, 4, batch_first=True), mg.randn(2, 5, 3)
    scripted = jit.script(layer)
    graph = jit.shaped(scripted.graph, (x,))
    assert whole(scripted.graph) == ["nn.GRU"] and whole(graph) == []
    assert all(mg.equal(a, b) for a, b in zip(graph(x), layer(x), strict=True))
    assert [v.name for v in graph.parameters] == [v.name for v in scripted.graph.parameters]
    one, two = (mg.autograd.grad(f(x)[0].sum(), layer.parameters()) for f in (layer, graph))
    assert all(mg.equal(a, b) for a, b in zip(one, two, strict=True))


def test_what_hangs_on_numbers_or_chance_stays_whole():
    @jit.script
    def f(x, mask):
        return x.flatten(), x[mask], F.dropout(x), x.std(dim=1), F.one_hot(mask.long()), x.T

    cases = [(mg.randn(n, 3), mg.tensor([True] + [False] * (n - 1))) for n in (2, 3)]
    state = mg.get_rng_state()
    graph = jit.shaped(f.graph, *cases)
    assert str(mg.get_rng_state()) == str(state)
    assert sorted(whole(graph)) == ["F.dropout", "F.one_hot", "Tensor.__getitem__"]
    assert jit.shaped(f.graph, cases[0]).steps[0].op.name == "reshape"
    x, mask = mg.ones(4, 3), mg.tensor([False, True, True, False])
    assert mg.equal(graph(x, mask)[1], x[mask])


def test_looking_changes_nothing():
    layer = jit.script(nn.BatchNorm1d(3))
    before = {name: x.clone() for name, x in layer.state_dict().items()}
    graph = jit.shaped(layer.graph, (mg.randn(4, 3),))
    assert all(mg.equal(x, before[name]) for name, x in layer.state_dict().items())
    graph(mg.randn(4, 3))
    assert layer.num_batches_tracked.item() == 1 and not mg.equal(layer.running_mean, before["running_mean"])


def test_arms_and_loops_that_the_examples_do_not_take(capsys):
    @jit.script
    def f(x, n: int):
        if n > 5:
            print("many")
            raise ValueError("too many")
        for i in range(n):
            x = F.hardswish(x) + i
        if n < 0:
            x = F.silu(x[5])
        return x

    graph = jit.shaped(f.graph, (mg.ones(2), 0))
    assert capsys.readouterr().out == "" and mg.allclose(graph(mg.ones(2), 3), f(mg.ones(2), 3))
    with pytest.raises(ValueError, match="too many"):
        graph(mg.ones(2), 6)
    assert mg.allclose(graph(mg.ones(9), -1), f(mg.ones(9), -1))
    assert capsys.readouterr().out == "many\n"
