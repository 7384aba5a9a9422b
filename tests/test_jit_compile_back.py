"""A compiled function with several results: gradients that come from some of them only are those of the function."""

from itertools import combinations

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, nn
from minigrad.backward import grad_between
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


def test_an_error_of_backward_is_for_who_calls_backward():
    """relu saves its result, which is changed then; that matters only to a gradient."""
    def f(x, w):
        y = (x * w).relu()
        y.mul_(2)
        return y

    compiled = jit.compile(f)
    for _ in range(2):
        y = compiled(mg.ones(3), mg.ones(3, requires_grad=True))
        assert y.tolist() == [2.0] * 3
        with pytest.raises(mg.errors.GradError, match="modified by an inplace operation"):
            y.sum().backward()
    assert "backward() from its results would end in an error" in compiled.history[0][2] and not compiled.replayed


# What lies behind the tensors that are handed in


def test_a_parameter_that_has_made_an_input_too():
    """What reaches it by the input comes on the way outside, and is not counted inside as well."""
    found = []
    for compiled in (False, True):
        w = start(2, 2)
        f = jit.compile(lambda x, w=w: (x @ w).tanh()) if compiled else lambda x, w=w: (x @ w).tanh()
        for _ in range(3):
            h = mg.ones(1, 2) @ w * 0.5
            found.append(mg.autograd.grad(f(h).sum(), w)[0].tolist())
    assert all(np.allclose(one, found[0]) for one in found)


def test_inputs_that_are_made_of_each_other():
    f = jit.compile(lambda xs: [x * 2 for x in xs])
    for _ in range(3):
        x = mg.ones(2, requires_grad=True)
        made = f([x, x * 2, x + 1])
        made[1].sum().backward(retain_graph=True)
        assert x.grad.tolist() == [4.0, 4.0]
    assert f.replayed == 2


def test_hooks_of_what_is_handed_in_and_of_parameters_run_once():
    w = mg.ones(2, requires_grad=True)
    w.register_hook(lambda g: g * 5)
    f = jit.compile(lambda h: (h * w).sum())
    for _ in range(3):
        x = mg.ones(2, requires_grad=True)
        x.register_hook(lambda g: g * 2)
        h = x * 1
        h.register_hook(lambda g: g * 3)
        w.grad = None
        f(h).backward()
        assert x.grad.tolist() == [6.0, 6.0] and w.grad.tolist() == [5.0, 5.0]
    assert f.replayed == 2


def test_backward_inside_that_would_go_on_behind_an_input():
    w = mg.ones(2, 2, requires_grad=True)

    def step(h):
        w.grad = None
        loss = (h @ w).sum()
        loss.backward()
        return loss.detach()

    f = jit.compile(step)
    for i in range(3):
        p = mg.ones(2, requires_grad=True)
        f(p * mg.ones(1, 2) * (i + 1))
        assert p.grad.tolist() == [2.0 * (i + 1)] * 2 and w.grad.tolist() == [[i + 1.0] * 2] * 2
    assert f.replayed == 0 and "history" in f.history[0][2]


def test_a_gradient_inside_for_one_input_of_which_another_may_be_made():
    def slope(x, y):
        return mg.autograd.grad((x * y).sum(), x)[0]

    f = jit.compile(slope)
    for made_of_it in (False, False, True, True, False):
        x = mg.full((2,), 3.0, requires_grad=True)
        y = x * 2 if made_of_it else mg.full((2,), 6.0, requires_grad=True)
        assert f(x, y).tolist() == ([12.0] * 2 if made_of_it else [6.0] * 2)
    assert f.replayed == 2 and "has a history or hooks" in f.report()
    with pytest.raises(mg.errors.GradError, match="does not require grad"):
        f(mg.ones(2), y)  # whatever it takes for a reason, the error is the function's


def test_gradients_up_to_some_tensors():
    x = mg.ones(2, requires_grad=True)
    h = x * 3
    h.register_hook(lambda g: g * 100)
    y = (h * x).sum()
    found = grad_between([y, y], [h, x, mg.ones(1, requires_grad=True)], [mg.tensor(1.0), mg.tensor(1.0)])
    assert [None if g is None else g.tolist() for g in found] == [[2.0, 2.0], [6.0, 6.0], None]
