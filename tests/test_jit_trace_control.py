"""cond, while_loop and scan in a trace: both arms, any number of turns, gradients, and what is told or refused."""

import json
import warnings

import pytest

import minigrad as mg
from minigrad import jit, nn
from minigrad.jit import control
from minigrad.jit.graph import If, Loop

weight = mg.tensor(3.0, requires_grad=True)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert control.capture.by is None


def kinds(made):
    return [type(step) for step in made.graph.steps if step.blocks]


def agree(made, eager, *cases):
    """Results and gradients, also after JSON."""
    again = jit.Graph.from_json(json.loads(json.dumps(made.graph.to_json())))
    assert str(again) == str(made.graph)
    for case in cases:
        for way in (made, again):
            one, two = (tuple(x.clone().requires_grad_() for x in case) for _ in range(2))
            got, wanted = way(*one), eager(*two)
            assert str(got) == str(wanted)
            first = [x[0] if isinstance(x, tuple) else x for x in (got, wanted)]
            if first[1].requires_grad:
                grads = [mg.autograd.grad(x.sum(), leaves, allow_unused=True)
                         for x, leaves in zip(first, (one, two), strict=True)]  # fmt: skip
                assert str(grads[0]) == str(grads[1])


def test_what_stands_around_is_seen():
    shift = 2

    def f(x):
        y = x * weight
        return jit.cond(y.sum() > 0, lambda: y + weight * shift, lambda: y * y) * 2

    made = jit.trace(f, mg.ones(2))
    assert kinds(made) == [If] and [value.name for value in made.graph.parameters] == ["weight"]
    agree(made, f, (mg.ones(2),), (-mg.ones(2),))
    for x in (mg.ones(2), -mg.ones(2)):
        assert mg.equal(*(mg.autograd.grad(way(x).sum(), weight)[0] for way in (made, f)))
    assert str(made.graph).count("test_jit_trace_control.py:") == len(list(made.graph.every_step()))


def test_a_number_that_is_carried_is_followed_as_long_as_ops_take_it():
    def f(x):
        x, n = jit.while_loop(lambda x, n: n < 4 and x.sum() < 50, lambda x, n: (x * 2, n + 1), (x, 0))
        y, m = jit.while_loop(lambda y, m: m > 0, lambda y, m: (y + m, m - 1), (x, n))
        return y * n, m

    made = jit.trace(f, mg.ones(2))
    assert kinds(made) == [Loop, Loop]
    agree(made, f, *[(mg.ones(2) * a,) for a in (1.0, 10.0, 40.0)])
    with pytest.warns(jit.TracerWarning, match="a number that a loop has carried is looked at here"):
        jit.trace(lambda x: mg.zeros(2) if f(x)[1] == 7 else x, mg.ones(2))


def test_plain_numbers_decide_at_once():
    made = jit.trace(lambda x: jit.cond(True, lambda: x * 2, lambda: x), mg.ones(2))
    assert [step.op.name for step in made.graph.steps] == ["mul"]


def test_scan_over_several_things_and_loops_in_arms():
    def f(x, y):
        def turn(carry, row):
            a = jit.cond(row["x"].sum() > 0, lambda: row["x"] + carry, lambda: carry - row["y"])
            return a, (a * 2, jit.while_loop(lambda z: z.sum() > 1, lambda z: (z / 2,), (row["y"],))[0])

        last, (twice, small) = jit.scan(turn, mg.zeros(2), {"x": x, "y": y})
        return last + twice.sum(0), small

    made = jit.trace(f, (mg.ones(3, 2), mg.ones(3, 2)))
    agree(made, f, *[(mg.arange(2.0 * n).reshape(n, 2) - n, mg.ones(n, 2) * n) for n in (3, 1, 5)])


class Chooses(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.drop = nn.Linear(2, 2), nn.Linear(2, 2), nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(jit.cond(x.sum() > 0, self.a, lambda x: self.b(x).relu(), (x,)))


def test_modules_in_arms_keep_their_names():
    mg.manual_seed(0)
    module = Chooses().eval()
    made = jit.trace(module, mg.randn(3, 2))
    assert made.state_dict().keys() == module.state_dict().keys()
    assert {step.module for arm in made.graph.steps[-1].blocks for step in arm.steps} == {"a", "b", None}
    agree(made, module, (mg.ones(3, 2),), (-mg.ones(3, 2),))
    assert made.a.weight is module.a.weight


def test_no_gradient_flows_where_none_did():
    def f(x):
        with mg.no_grad():
            y = jit.cond(x.sum() > 0, lambda: x * 2, lambda: x * 3)
        return y * x

    made = jit.trace(f, mg.ones(2, requires_grad=True))
    agree(made, f, (mg.ones(2),), (-mg.ones(2),))


def test_results_are_apart_from_what_was_handed_in():
    def f(x):
        y = jit.cond(x.sum() > 0, lambda a: a, lambda a: -a, (x * 1,))
        y += 1
        return y * 2

    agree(jit.trace(f, mg.ones(2)), f, (mg.ones(2),), (-mg.ones(2),))


@pytest.mark.parametrize("f, says", [
    (lambda x: mg.autograd.grad(jit.cond(x.sum() > 0, lambda: x * 2, lambda: x).sum(), x)[0],
     "a trace does not record backward through cond"),
    (lambda x: jit.cond(x.sum() > 0, lambda: x, lambda: (x, x)), "both functions of cond have to give the same"),
    (lambda x: jit.cond(x.sum() > 0, lambda: input(), lambda: x), "input is not supported in jit.script"),
    (lambda x: jit.scan(lambda c, r: (c + r, c), x.sum() * 0, x[:0])[0], "without a single turn"),
    (lambda x: jit.while_loop(lambda x: x.sum() < 9, lambda x: (x, x), (x,)), "a turn takes 1 values and gives 2"),
])  # fmt: skip
def test_what_no_trace_can_hold_is_refused(f, says):
    with pytest.raises((jit.CaptureError, jit.UnsupportedError), match=says):
        jit.trace(f, mg.ones(2, requires_grad=True))


def test_a_list_that_grows_has_to_be_stacked_within():
    def grown(x, k: int):
        ys = [x]
        for i in range(k):
            ys.append(x * i)
        return ys

    scripted = jit.script(grown)
    with pytest.raises(jit.CaptureError, match="a list that grows cannot leave"):
        jit.trace(lambda x: scripted(x, 3)[1], mg.ones(2))


def test_a_lambda_without_source_says_so():
    space = {"jit": jit}
    exec("f = lambda x: jit.cond(x.sum() > 0, lambda: x, lambda: -x)", space)
    with pytest.raises(jit.UnsupportedError, match=r"<lambda> cannot be compiled: its source is not to be had"):
        jit.trace(space["f"], mg.ones(2))


def test_two_lambdas_on_one_line_are_told_apart():
    for f in (lambda x: jit.cond(x.sum() > 0, lambda a: a, lambda a: a * 2, (x,)),
              lambda x: jit.cond(x.sum() > 0, lambda: x, lambda: (lambda: x * 3)() if False else x * 2)):  # fmt: skip
        try:
            made = jit.trace(f, mg.ones(2))
        except jit.UnsupportedError as error:
            assert "lambda" in str(error)
            continue
        agree(made, f, (mg.ones(2),), (-mg.ones(2),))


def test_divergence_speaks_of_branches():
    def f(x):
        return jit.cond(x.sum() > 0, lambda: x * 2, lambda: -x)

    made = jit.trace(f, mg.ones(2))
    assert not jit.divergence(made, f)

    def other(x):
        return jit.cond(x.sum() > 0, lambda: x * 2, lambda: -x * 3)

    found = jit.divergence(made, other)
    assert found and "a branch or loop" in repr(found)


def test_updates_of_a_scripted_module_in_training_are_kept():
    mg.manual_seed(1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(2)

        def forward(self, x):
            x = self.norm(x)
            if x.sum() > 100:
                x = x * 2
            return x

    one, two, x = Net(), Net(), mg.randn(4, 2)
    made = jit.trace(jit.script(one), x)
    two(x)
    for _ in range(2):
        assert mg.allclose(made(x), two(x))
    assert all(mg.allclose(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


def test_what_is_no_result_is_refused_in_words():
    def f(x):
        def g(y):
            return y * 2

        return g

    with pytest.raises(jit.UnsupportedError, match="cannot be what a graph gives"):
        jit.script(f)
