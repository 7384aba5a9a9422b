"""A compiled function with several results: gradients that come from some of them only are those of the function."""

from itertools import combinations

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, nn
from minigrad.nn import functional as F


def start(*shape, seed=0, positive=False):
    numbers = np.random.default_rng(seed).normal(size=shape).astype("float32")
    return mg.tensor(np.abs(numbers) + 0.1 if positive else numbers, requires_grad=True)


def zero(*shape):
    return mg.zeros(*shape, requires_grad=True)


def shared_trunk(x, w):
    h = x @ w
    return h.relu(), h.sqrt(), (h * h).sum()


def one_of_the_other(x):
    y = x.sqrt()
    return y, y.sin() + x, y * 0


def a_parameter_in_many_places(x, w):
    """Sums of products with one matrix, which go together where all of them are wanted."""
    states, h = [], x
    for _ in range(6):
        h = (h @ w).tanh()
        states.append(h)
    return states[1], states[3].sqrt(), h


def columns(x):
    a, b, c = (x * 2).chunk(3, 1)
    return a.sqrt(), b.log(), c


def of_an_input(x):
    return x.sqrt(), x.log(), x.abs().sum()


CASES = {
    "shared trunk": (shared_trunk, lambda: (zero(3, 4), start(4, 5))),
    "one of the other": (one_of_the_other, lambda: (zero(3),)),
    "a parameter in many places": (a_parameter_in_many_places, lambda: (zero(8, 8), start(8, 8))),
    "columns": (columns, lambda: (zero(2, 6),)),
    "of an input": (of_an_input, lambda: (zero(3),)),
}  # fmt: skip


def gradients_of(f, make, chosen):
    given = make()
    results = f(*given)
    chosen = [results[i] for i in chosen]
    found = mg.autograd.grad(chosen, given, [mg.ones_like(y) for y in chosen], allow_unused=True)
    return [None if g is None else g.numpy() for g in found]


def same(found, expected):
    assert [g is None for g in found] == [g is None for g in expected]
    for a, b in zip(found, expected, strict=True):
        if a is not None:
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_gradients_from_some_of_the_results(name):
    function, make = CASES[name]
    f = jit.compile(function)
    count = len(f(*make()))
    for many in range(1, count + 1):
        for chosen in combinations(range(count), many):
            with np.errstate(all="ignore"):
                expected = gradients_of(function, make, chosen)
                same(gradients_of(f, make, chosen), expected)
    assert len(f.history) == 1 and f.history[0][2] is None


def test_what_never_came_is_no_zero_times_infinity():
    layer = nn.Linear(2, 2)
    with mg.no_grad():
        layer.weight.zero_(), layer.bias.zero_()

    @jit.compile
    def f(x):
        h = layer(x)
        return h.sqrt(), h.exp()

    for _ in range(2):
        layer.zero_grad()
        f(mg.ones(1, 2))[1].sum().backward()
        assert layer.bias.grad.tolist() == [1.0, 1.0] and layer.weight.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert f.replayed == 1


def test_a_product_with_infinity_in_it_is_left_out_too():
    """Turn by turn, one of the products that go together when all gradients come has an infinite operand."""
    def turns(parts, w):
        made = [part @ w for part in parts.unbind(0)]
        return mg.stack(made[:5]).sum(), mg.stack(made[5:]).sum()

    f, found = jit.compile(turns), []
    for function in (turns, f, f):
        w, parts = start(16, 16), mg.ones(10, 8, 16)
        parts[7, 0, 0] = np.inf
        function(parts, w)[0].backward()
        found.append(w.grad.numpy())
    assert np.isfinite(found[0]).all() and f.replayed == 1
    same(found[1:], [found[0]] * 2)


def test_where_all_results_have_one_way_back_products_go_together_as_ever():
    def turns(x, w):
        states, h = [], mg.zeros(4, 8)
        for part in x.unbind(0):
            h = (part @ w + h).tanh()
            states.append(h)
        return mg.stack(states), h

    f = jit.compile(turns)
    f(mg.ones(6, 4, 8), start(8, 8))
    assert sum(step.op.name == "matmul" for step in f.graph.steps) == 1


def test_a_change_in_place_matters_only_where_it_was_needed():
    def both(x, w):
        return x * w, (x + 1).exp()

    for function in (both, jit.compile(both)):
        for _ in range(2):
            x, w = start(3), mg.ones(3)
            a, b = function(x, w)
            w.add_(1)
            b.sum().backward()
            with pytest.raises(mg.errors.GradError, match="modified by an inplace operation"):
                a.sum().backward()


def test_a_rule_that_is_written_for_several_results_gets_zeros():
    class Both(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return a * 2 + b * 3

    def f(x):
        a, b = Both.apply(x * 1)
        return a.exp(), b.sqrt()

    compiled, makes = jit.compile(f), lambda: (start(4, positive=True),)
    compiled(*makes())
    for chosen in ([0], [1], [0, 1]):
        same(gradients_of(compiled, makes, chosen), gradients_of(f, makes, chosen))


def test_layers_over_time_of_which_one_result_is_used():
    cell = nn.GRUCell(4, 8)

    def run(x, h):
        states = []
        for part in x.unbind(0):
            h = cell(part, h)
            states.append(h)
        return F.relu(mg.stack(states)), h, states[1].sum()

    f, make = jit.compile(run), lambda: (start(4, 3, 4), start(3, 8, seed=1))
    f(*make())
    for chosen in ([0], [1], [2], [0, 2], [1, 2], [0, 1, 2]):
        same(gradients_of(f, make, chosen), gradients_of(run, make, chosen))
