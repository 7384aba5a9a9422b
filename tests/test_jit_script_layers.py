"""Layers and functions of minigrad in jit.script that are said in other ops, modules that hold others, and calls."""

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import Tensor, jit, nn
from tests.test_jit_script import agree, fresh, grads, plain, rows
from tests.test_jit_script_errors import refused


def test_reductions_and_softmax_in_all_their_forms():
    def f(x):
        sums = x.sum(dtype=mg.float64), x.sum(axis=0), mg.sum(x, (0, 1)), x.sum(dim=(0,), keepdim=True), x.sum(1, True)
        means = x.mean(0, True), x.mean(dim=1, keepdims=True), x.prod(), x.prod(1), mg.mean(x)
        soft = F.softmax(x, dim=-1), x.softmax(0), F.log_softmax(x, 1, dtype=mg.float64), F.softmax(x, dim=x.dim() - 1)
        return sums, means, soft

    agree(f, (rows(2),), (rows(3),))


def test_new_tensors_and_shapes():
    def f(x):
        shapes = x.reshape(6), x.reshape((6, 1)), x.view(-1), x.reshape([2, -1]), x.reshape(x.size(1), x.size(0))
        more = mg.reshape(x, (6,)), x.reshape(shape=(6,)), x.T, x.mT, x.flatten(), x.expand(2, 2, 3), x.repeat(2, 1)
        new = mg.zeros(2), mg.zeros((2, x.size(0))), mg.ones(2, dtype=mg.int64), mg.zeros(()), mg.full((2,), x.size(0))
        one = mg.tensor(2), mg.tensor(x.sum().item(), dtype=mg.float64), mg.tensor([1.0, 2.0]), mg.tensor(x.size(0))
        counts = mg.arange(3), mg.arange(x.size(0)), mg.arange(1, 5, 2), mg.arange(0.0, 1.0, 0.5)
        down = mg.arange(x.size(0), 0, -1), mg.arange(3, dtype=mg.float32), mg.arange(x.abs().sum())
        return shapes, more, new, one, counts, down

    agree(f, (rows(2),))


def test_stacked_and_joined_lists():
    def f(x, xs: list[Tensor]):
        known = mg.stack([x, x]), mg.cat([x, x], 1), mg.cat((x, x), dim=-1), mg.concat([x, x])
        grown = mg.stack([row for row in x], 1), mg.cat([row for row in x]), mg.stack([row for row in x], axis=1)
        return known, grown, mg.stack(xs), mg.cat(xs, dim=1), mg.concatenate(xs, axis=0)

    agree(f, (rows(2), [rows(1), rows(1) * 2]))


def test_results_of_two_parts():
    def f(x):
        values, places = x.max(1)
        variance, mean = mg.var_mean(x)
        return values, places, variance + mean, x.max(dim=1).values, x.min(0)[1], x.topk(1)[0], x.sort(0).indices

    agree(f, (rows(2),))


def scaled(x, n=2, *, by: float = 1.5, skip=None):
    return x * n + by if skip is None else x


def test_arguments_by_place_by_name_and_with_stars():
    def f(x, n: int = 5):
        few, pair = {"n": 3}, (x, 4)
        one = scaled(x), scaled(x, n), scaled(x, by=2.0, skip=1), scaled(n=n, x=x), scaled(x, **few), scaled(*pair)
        return one, scaled(*pair, by=1.0), mg.cat([*[x, x], x]), [*pair, 1], (*pair,)

    agree(f, (mg.ones(2),), (mg.ones(2), 3))


def test_functions_within_take_names():
    def f(x, n: int):
        def g(a, /, b, *, c):
            return a * b + c

        return g(x, n, c=x), g(x, b=n, c=n)

    agree(f, (mg.ones(2), 3))


class Parts(nn.Module):
    """A module with every kind of holder."""

    def __init__(self):
        super().__init__()
        self.one, self.norm, self.act = nn.Linear(2, 2), nn.LayerNorm(2), nn.ELU(0.5)
        self.chain = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        self.named = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Tanh()})
        self.several, self.gains = nn.ModuleList([nn.Tanh(), nn.Identity()]), nn.ParameterList([mg.ones(2)])
        self.table, self.items, self.image = {"u": 2}, [1, 2], nn.InstanceNorm1d(2)
        self.plain, self.linked = nn.Linear(2, 2, bias=False), nn.Bilinear(2, 2, 2)

    def forward(self, x):
        for name, layer in self.named.items():
            x = layer(x) * len(name)
        for layer in [*self.several, *self.named.values()]:
            x = layer(x)
        for gain in self.gains:
            x = x * gain
        for key in self.named:
            x = self.named[key](x)
        for p in self.one.parameters():
            x = x + p.sum()
        for name, p in self.one.named_parameters():
            x = x + p.sum() * len(name)
        count = len(self.several) + len(self.named) + len(self.gains) + self.table["u"] + self.items[0]
        whole = self.chain(x), self.chain(input=x), self.chain[0](x), self.several[-1](x), "a" in self.named
        used = self.act(self.one(x)), self.norm(x), self.image(x.unsqueeze(0)), self.plain(x), self.linked(x, x)
        straight = F.linear(x, self.one.weight), F.linear(x, self.one.weight, self.one.bias), F.linear(x, x, None)
        return x * count, whole, used, straight, self.one.weight.shape[0], self.one.in_features, self.one.forward(x)


@pytest.mark.parametrize("training", [True, False])
def test_every_holder_of_modules(training):
    mg.manual_seed(0)
    module = Parts().train(training)
    scripted, x, y = jit.script(module), *fresh([mg.tensor([[0.5, -1.0], [1.0, 0.25]])] * 2)
    expected, got = module(x), scripted(y)
    assert str(plain(got)) == str(plain(expected))
    for i in (0, 6):
        assert str(grads(expected[i], [x])) == str(grads(got[i], [y]))


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2, momentum=None)

    def forward(self, x):
        return self.norm(x)


def test_batch_norm_that_averages_is_scripted_in_eval_mode_alone():
    with pytest.raises(jit.UnsupportedError, match="momentum=None counts its batches"):
        jit.script(Counting())
    module = Counting().eval()
    assert mg.equal(jit.script(module)(mg.ones(3, 2)), module(mg.ones(3, 2)))


class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.several, self.named = nn.Linear(2, 2), nn.ModuleList([nn.Tanh()]), nn.ModuleDict({})
        self.items = [1]


def wrong_arguments(self, x):
    return self.layer(x, x)  #! Linear(): too many positional arguments | | «self.layer(x, x)»


def wrong_list(self, x):
    return self.several(x)  #! a ModuleList is not called | Go over it | «self.several(x)»


def wrong_place(self, x):
    return self.several[5](x)  #! IndexError: index 5 is out of range | | «self.several[5]»


def wrong_key(self, x):
    return self.named["z"](x)  #! KeyError: 'z' | | «self.named["z"]»


def wrong_change(self, x):
    self.items.append(3)  #! a list of 1 from outside is not changed | Make one | «self.items.append(3)»
    return x


def wrong_result(self, x):  #! a Linear cannot be what a graph gives | Return tensors | «def»
    return self.layer


def wrong_method(self, x):  #! a method that is not called (nothing) cannot be what a graph gives | Return | «def»
    return x.nothing


@pytest.mark.parametrize("name", [name for name in globals() if name.startswith("wrong_")])
def test_modules_that_are_refused(name):
    assert refused(globals()[name], type("Made", (Wrong,), {"forward": globals()[name]})()) is None


def f_no_sum(x):
    return x.sum(0, True, 3)  #! sum(): too many positional arguments | | «x.sum(0, True, 3)»


def f_list_as_operand(xs: list[Tensor]):
    return mg.exp(xs)  #! exp(): argument 'x' must be a Tensor, not list. | | «mg.exp(xs)»


def f_list_beside_a_tensor(x):
    return mg.where(x > 0, x, [x])  #! where() takes tensors and numbers, not list | | «mg.where(x > 0, x, [x])»


def f_none_as_operand(x):
    return x.pow(None)  #! pow() takes tensors and numbers, not None | | «x.pow(None)»


def f_function_as_operand(x):
    def g(y):
        return y

    return F.dropout(x, g)  #! a function cannot be handed to this function | | «F.dropout(x, g)»


def f_word_that_is_not_taken(x):
    return F.dropout(x, much=1)  #! dropout(): got an unexpected keyword argument 'much' | | «F.dropout(x, much=1)»


def f_given_twice(x):
    return scaled(x, n=1, **{"n": 2})  #! n is given twice | | «{"n": 2}»


def f_stars_of_a_tensor(x):
    return scaled(x, **x)  #! ** takes a dict whose keys are known, not a tensor | | «x»


def f_number_as_name(x):
    return scaled(x, **{1: 2})  #! scaled(): keywords must be strings | | «scaled(x, **{1: 2})»


def f_class_of_tensors(x):
    return Tensor(x)  #! a Tensor is not made like this | mg.tensor(...) | «Tensor(x)»


def f_number_called(n: int):
    return n(1)  #! an int cannot be called | Call functions | «n(1)»


def f_none_called(x):
    g = None
    return g(x)  #! None cannot be called | Call functions | «g(x)»


def f_function_within(x):
    def g(y):
        return y

    return g(x, 1)  #! g(): too many positional arguments | | «g(x, 1)»


def f_default_within(x):
    def g(y, k=2):
        return y * k

    return g(x)  #! takes plain arguments | top of the file | «g(x)»


def f_calls_itself_within(x):
    def g(y):
        return g(y)  #! g calls itself | while | «g(y)»

    return g(x)


FUNCTIONS = {name: made for name, made in list(globals().items()) if name.startswith("f_")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_calls_that_are_refused(name):
    assert refused(FUNCTIONS[name]) is None


TRACED = jit.trace(lambda a: a * 2, mg.ones(2))


def f_traced_by_name(x):
    return TRACED(a=x)  #! takes no arguments by name | Give them in order | «TRACED(a=x)»


def f_traced_with_two(x):
    return TRACED(x, x)  #! takes 1 inputs (a), got 2 | | «TRACED(x, x)»


def test_traced_functions_are_called():
    def f(x):
        return TRACED(x) + 1

    agree(f, (mg.ones(2),))
    assert refused(f_traced_by_name) is None and refused(f_traced_with_two) is None
