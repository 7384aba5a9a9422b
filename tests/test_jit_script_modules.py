"""Scripted modules: parameters by name, modes, methods, layers of minigrad, training."""


import copy
import json
import linecache

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import jit, nn
from minigrad.jit import Graph
from minigrad.jit.tree import flatten


class Net(nn.Module):
    """Everything that forward may ask of self."""

    def __init__(self, width=4, depth=2, how="tanh"):
        super().__init__()
        self.width, self.how, self.shift = width, how, None
        self.layers = nn.ModuleList([nn.Linear(3 if i == 0 else width, width) for i in range(depth)])
        self.heads = nn.ModuleDict({"a": nn.Linear(width, 2), "b": nn.Linear(width, 2, bias=False)})
        self.gain = nn.Parameter(mg.ones(width))
        self.register_buffer("offset", mg.tensor(0.5))
        self.drop = nn.Dropout(0.5)

    @property
    def wide(self):
        return self.width > 3

    def squash(self, x):
        if self.how == "tanh":
            return x.tanh()
        return F.relu(x)

    def forward(self, x, head: str = "a", times: int = 1):
        for i, layer in enumerate(self.layers):
            x = self.squash(layer(x))
            if i == 0 and self.wide:
                x = x * self.gain
        if self.training:
            x = self.drop(x) + self.offset
        if self.shift is not None:
            x = x + self.shift
        for _ in range(times):
            x = x + 1
        out = mg.zeros(x.size(0), 2)
        for name, layer in self.heads.items():
            if name == head:
                out = out + layer(x)
        return out

    @jit.export
    def scored(self, x):
        """A method beside forward."""
        return self.forward(x).softmax(dim=-1)


def net(**options):
    mg.manual_seed(0)
    return Net(**options)


def test_a_module_gives_the_same_in_both_modes():
    plain = net()
    scripted, x = jit.script(plain), mg.ones(5, 3)
    for mode in (True, False):
        scripted.train(mode)
        assert scripted.training is plain.training is plain.drop.training is mode
        for head in ("a", "b"):
            mg.manual_seed(1)
            expected = plain(x, head, times=2)
            mg.manual_seed(1)
            assert mg.equal(scripted(x, head, times=2), expected)
    assert "dropout" not in str(scripted.graph) and "dropout" in str(scripted.train().graph)


def test_parameters_stand_in_the_graph_by_their_names():
    scripted = jit.script(net().eval())
    assert " ".join(v.name for v in scripted.graph.parameters) == (
        "gain layers.0.weight layers.0.bias layers.1.weight layers.1.bias heads.a.weight heads.a.bias")  # fmt: skip
    assert "self.layers.0.weight" in scripted.code and scripted.graph.steps[0].module == "layers.0"
    assert list(scripted.state_dict()) == list(net().state_dict()) and len(list(scripted.parameters())) == 8


def test_it_trains_as_the_module_does():
    x, target = mg.randn(8, 3, generator=mg.Generator().manual_seed(0)), mg.tensor([0, 1] * 4)
    losses = []
    for model in (net().eval(), jit.script(net().eval())):
        optimizer = mg.optim.SGD(model.parameters(), lr=0.5)
        for _ in range(5):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), target)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] == losses[1] < 0.7


def test_exported_methods_attributes_and_copies():
    plain = net().eval()
    scripted, x = jit.script(plain), mg.ones(2, 3)
    assert mg.equal(scripted.scored(x), plain.scored(x))
    assert scripted.width == 4 and scripted.wide and repr(scripted).startswith("ScriptedNet(")
    scripted.shift = mg.ones(4)
    assert mg.equal(scripted(x), plain(x)) and plain.shift is not None
    other = copy.deepcopy(scripted)
    with mg.no_grad():
        other.gain.mul_(0)
    assert mg.equal(scripted(x), plain(x)) and not mg.equal(other(x), scripted(x))
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'nothing'"):
        _ = scripted.nothing
    assert isinstance(scripted, nn.Module) and jit.script(scripted) is scripted


def test_loading_values_reaches_the_graph():
    scripted, other = jit.script(net().eval()), net(how="relu").eval()
    with mg.no_grad():
        other.gain.fill_(3)
    scripted.load_state_dict(other.state_dict())
    assert mg.equal(scripted.state_dict()["gain"], mg.ones(4) * 3)
    other.how = "tanh"
    assert mg.equal(scripted(mg.ones(1, 3)), other(mg.ones(1, 3)))


def test_json_holds_the_parameters():
    scripted, x = jit.script(net().eval()), mg.ones(2, 3)
    graph = scripted._methods["forward"].graph_for({"x": x, "head": "b", "times": 2})[0]
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert mg.equal(again(x, 2), scripted(x, "b", 2))


LAYERS = [
    (nn.Linear(3, 2), (4, 3)), (nn.Linear(3, 2, bias=False), (4, 3)),
    (nn.Sequential(nn.Linear(3, 3), nn.ReLU()), (2, 3)),
    (nn.Conv1d(2, 3, 2), (2, 2, 5)), (nn.Conv2d(1, 2, 3, padding=1), (2, 1, 5, 5)), (nn.MaxPool2d(2), (1, 2, 4, 4)),
    (nn.AvgPool2d(2), (1, 2, 4, 4)), (nn.Flatten(), (2, 3, 4)), (nn.LayerNorm(3), (2, 3)), (nn.Softmax(dim=1), (2, 3)),
    (nn.GELU(), (3,)), (nn.LeakyReLU(0.2), (3,)), (nn.LogSoftmax(dim=-1), (2, 3)), (nn.Dropout(0.5), (50,)),
    (nn.BatchNorm1d(3), (4, 3)), (nn.BatchNorm2d(2), (2, 2, 3, 3)), (nn.GroupNorm(2, 4), (2, 4, 3)),
    (nn.Identity(), (3,)), (nn.PReLU(), (3,)), (nn.Softplus(), (3,)), (nn.Hardtanh(), (3,)),
    (nn.Unflatten(1, (2, 3)), (2, 6)),
    (nn.AdaptiveAvgPool2d(1), (1, 2, 4, 4)), (nn.ZeroPad2d(1), (1, 1, 2, 2)),
    (nn.Upsample(scale_factor=2), (1, 1, 2, 2)),
]  # fmt: skip


@pytest.mark.parametrize("layer, shape", LAYERS, ids=lambda what: type(what).__name__ if callable(what) else "")
@pytest.mark.parametrize("training", [True, False])
def test_layers_of_minigrad(layer, shape, training):
    x = mg.randn(*shape, generator=mg.Generator().manual_seed(0))
    plain = copy.deepcopy(layer).train(training)
    scripted = jit.script(copy.deepcopy(layer).train(training))
    mg.manual_seed(2)
    expected = plain(x)
    mg.manual_seed(2)
    assert mg.equal(scripted(x), expected)
    for (name, a), (_, b) in zip(plain.state_dict().items(), scripted.state_dict().items(), strict=True):
        assert mg.equal(a, b), name


@pytest.mark.parametrize("layer", [nn.Embedding(5, 3), nn.Embedding(5, 3, padding_idx=0)])
def test_lookup(layer):
    x = mg.tensor([[0, 4], [2, 1]])
    assert mg.equal(jit.script(layer)(x), layer(x))


class Recurrent(nn.Module):
    """A loop over time, of any length, with a gate."""

    def __init__(self):
        super().__init__()
        self.inner, self.state, self.gate = nn.Linear(2, 3), nn.Linear(3, 3, bias=False), nn.Linear(3, 1)

    def forward(self, x, h: mg.Tensor | None = None):
        if h is None:
            h = mg.zeros(x.size(0), 3)
        outputs = []
        for t in range(x.size(1)):
            new = mg.tanh(self.inner(x[:, t]) + self.state(h))
            gate = mg.sigmoid(self.gate(new))
            if gate.mean() > 0.5:
                h = new * gate
                gate = gate * 2
            else:
                h = h * 0.5 + new
            outputs.append(h)
        if len(outputs) == 0:
            return h, h
        return mg.stack(outputs, dim=1), h


@pytest.mark.parametrize("length", range(5))
def test_recurrence_of_any_length(length):
    mg.manual_seed(0)
    plain = Recurrent()
    scripted, x = jit.script(plain), mg.randn(2, length, 2) * 3
    for given in ((), (mg.ones(2, 3),)):
        expected, got = plain(x, *given), scripted(x, *given)
        assert all(mg.equal(a, b) for a, b in zip(expected, got, strict=True))
        if length:
            one = mg.autograd.grad(expected[0].sum(), plain.parameters(), allow_unused=True)
            two = mg.autograd.grad(got[0].sum(), plain.parameters(), allow_unused=True)
            assert all(a is b is None or mg.allclose(a, b) for a, b in zip(one, two, strict=True))


SEQUENCES = [
    nn.GRU(3, 4, num_layers=2, bidirectional=True), nn.LSTM(3, 4, batch_first=True), nn.RNN(3, 4, nonlinearity="relu"),
    nn.GRUCell(3, 4), nn.LSTMCell(3, 4), nn.RNNCell(3, 4, bias=False),
]  # fmt: skip


@pytest.mark.parametrize("layer", SEQUENCES, ids=lambda layer: type(layer).__name__)
def test_recurrent_layers_are_one_step(layer):
    x = mg.randn(*((5, 3) if "Cell" in repr(layer) else (5, 2, 3)), generator=mg.Generator().manual_seed(0))
    scripted = jit.script(layer)
    expected, got = (flatten(model(x))[0] for model in (layer, scripted))
    assert len(got) == len(expected) and all(mg.equal(a, b) for a, b in zip(expected, got, strict=True))
    again = Graph.from_json(json.loads(json.dumps(scripted.graph.to_json())))
    assert mg.equal(flatten(again(x))[0][0], got[0])
    one, two = (mg.autograd.grad(out[-1].sum(), layer.parameters(), allow_unused=True) for out in (expected, got))
    assert all(a is b is None or mg.equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_cell_in_a_loop_and_attention():
    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.look = nn.LSTMCell(3, 3), nn.MultiheadAttention(3, 1, batch_first=True)

        def forward(self, x):
            h, c = mg.zeros(x.size(0), 3), mg.zeros(x.size(0), 3)
            for t in range(x.size(1)):
                h, c = self.cell(x[:, t], (h, c))
            seen, weights = self.look(x, x, x)
            return h + c + seen.sum(1), weights

    plain, x = Loop().eval(), mg.randn(2, 4, 3)
    for a, b in zip(plain(x), jit.script(plain)(x), strict=True):
        assert mg.equal(a, b)


def test_a_layer_that_holds_a_function():
    plain, x = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval(), mg.randn(2, 3, 4)
    assert mg.allclose(jit.script(plain)(x), plain(x))


CELL = """\
def doubled(x):
    if x.sum() > 0:
        return x * 2
    with open(x):
        return x
"""

def test_functions_from_a_notebook_cell():
    name = "<ipython-input-7-abc>"
    source = CELL.replace("    with open(x):\n        return x\n", "    return x\n")
    for text in (source, CELL):
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        space = {}
        exec(compile(text, name, "exec"), space)
        if text is source:
            scripted = jit.script(space["doubled"])
            assert scripted(mg.ones(2)).tolist() == [2, 2] and scripted(-mg.ones(2)).tolist() == [-1, -1]
            assert scripted.graph.steps[0].source.line == 2
        else:
            with pytest.raises(jit.UnsupportedError, match="a cell:4: with is not supported"):
                jit.script(space["doubled"])
    del linecache.cache[name]


def test_batch_norm_keeps_its_statistics():
    plain, scripted = nn.BatchNorm1d(3), jit.script(nn.BatchNorm1d(3))
    for seed in range(3):
        x = mg.randn(4, 3, generator=mg.Generator().manual_seed(seed))
        assert mg.equal(plain(x), scripted(x))
    assert all(mg.equal(a, b) for a, b in zip(plain.buffers(), scripted.buffers(), strict=True))
    assert scripted.num_batches_tracked.item() == 3


class Stack(nn.Module):
    """Cells on top of one another, with a list of states that is written to at every step; parts found by name."""

    def __init__(self):
        super().__init__()
        self.cells = nn.ModuleList([nn.GRUCell(3, 3) for _ in range(2)])
        self.first = nn.ParameterList([nn.Parameter(mg.zeros(3)) for _ in range(2)])
        self.out0, self.out1 = nn.Linear(3, 3), nn.Linear(3, 3)
        self.sizes, self.table = (1, 2), {"a": 1.5}

    def forward(self, x):
        states = [p.expand(x.size(0), 3) for p in self.first]
        out = []
        for t in range(x.size(1)):
            below = x[:, t]
            for i, cell in enumerate(self.cells):
                states[i] = cell(below, states[i])
                below = states[i]
            out.append(below)
        y = mg.stack(out, 1)
        for i in range(2):
            y = getattr(self, f"out{i}")(y)
        y = self.cells[-1](y[:, -1], states[0]) * self.table["a"]
        for size in self.sizes:
            y = y + size
        return y, states


@pytest.mark.parametrize("length", [1, 3])
def test_states_in_a_list_and_parts_by_name(length):
    plain, x = Stack(), mg.randn(2, length, 3)
    expected, got = plain(x), jit.script(plain)(x)
    assert all(mg.equal(a, b) for a, b in zip(flatten(expected)[0], flatten(got)[0], strict=True))


class Tree(nn.Module):
    """A module made of others of its own class."""

    def __init__(self, depth):
        super().__init__()
        self.own = nn.Linear(2, 2)
        self.inner = Tree(depth - 1) if depth else None

    def forward(self, x):
        if self.inner is not None:
            x = self.inner(x)
        return self.own(x)


def test_a_module_within_one_of_its_own_class():
    tree = Tree(2)
    scripted = jit.script(tree)
    assert mg.equal(scripted(mg.ones(1, 2)), tree(mg.ones(1, 2)))
    assert [step.module for step in scripted.graph.steps] == ["inner.inner.own", "inner.own", "own"]


def test_a_tensor_under_two_names_is_one_parameter():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x).relu())

    tied = Tied()
    scripted = jit.script(tied)
    assert [v.name for v in scripted.graph.parameters] == ["a.weight"]
    assert mg.equal(scripted(mg.ones(1, 2)), tied(mg.ones(1, 2)))


def test_methods_of_the_class_above():
    class Shifted(Net):
        def forward(self, x):
            return super().forward(x) + 1

    mg.manual_seed(0)
    plain = Shifted().eval()
    assert mg.equal(jit.script(plain)(mg.ones(1, 3)), plain(mg.ones(1, 3)))
