"""jit.cond, jit.while_loop and jit.scan: at once, handed to a tracer, and compiled; with gradients."""



import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit import control
from minigrad.jit.graph import If, Loop
from tests.test_jit_script import agree, rows
from tests.test_jit_script_errors import refused


def chosen(x, y):
    return jit.cond(x.sum() > 0, lambda a, b: (a * 2, b), lambda a, b: (b - a, a), (x, y))


def doubled(x, n: int):
    return jit.while_loop(lambda x, n: n > 0 and x.sum() < 50, lambda x, n: (x * 2, n - 1), (x, n))


def running(x):
    def step(carry, row):
        total, count = carry
        total = mg.tanh(total + row)
        return (total, count + 1), {"total": total, "twice": total * 2}

    return jit.scan(step, (mg.zeros(3), 0), x)


def test_cond():
    agree(chosen, *[(mg.tensor([a, 1.0]), mg.ones(2)) for a in (-3.0, 0.0, 4.0)])
    assert [type(step) for step in jit.script(chosen).graph.steps][-1] is If
    assert jit.cond(True, lambda: 1, lambda: 2) == 1 and jit.cond(False, lambda: 1, lambda: 2) == 2


def test_while_loop():
    agree(doubled, *[(mg.ones(2) * a, n) for a in (1.0, 10.0) for n in range(6)])
    assert [type(step) for step in jit.script(doubled).graph.steps][-1] is Loop


def test_scan():
    agree(running, *[(rows(n),) for n in range(1, 6)])
    assert jit.script(running)(rows(1))[0][1] == 1


def test_scan_over_several_and_over_nothing():
    def both(x):
        return jit.scan(lambda c, pair: (c + pair[0] * pair[1], None), mg.zeros(3), (x, x + 1))

    def counted(x):
        return jit.scan(lambda c, _: (c * 2, c), x, None, length=4)

    agree(both, *[(rows(n),) for n in range(4)])
    agree(counted, (mg.ones(2),))


def test_gradients_flow_through_either_arm_and_any_length():
    x = mg.tensor([2.0, 3.0], requires_grad=True)
    (grad,) = mg.autograd.grad(doubled(x, 3)[0].sum(), x)
    assert grad.tolist() == [8, 8]
    carry, ys = jit.scan(lambda c, row: (c * row, c), mg.ones(()), x)
    (grad,) = mg.autograd.grad(carry, x)
    assert grad.tolist() == [3, 2] and ys.tolist() == [1, 2]


class Notes:
    """A tracer that looks at nothing."""

    def __init__(self):
        self.seen = []

    def __getattr__(self, name):
        return lambda *args: self.seen.append((name, len(args))) or name


def test_a_tracer_is_handed_all_three():
    control.capture.by = notes = Notes()
    try:
        assert chosen(mg.ones(1), mg.ones(1)) == "cond" and doubled(mg.ones(1), 1) == "while_loop"
        assert running(rows(2)) == "scan"
    finally:
        control.capture.by = None
    assert notes.seen == [("cond", 4), ("while_loop", 3), ("scan", 4)]


@pytest.mark.parametrize("call, says", [
    (lambda x: jit.cond(3, abs, abs), "the condition of cond\\(\\) is a bool or a tensor, not int"),
    (lambda x: jit.cond(True, abs, None), "takes two functions"),
    (lambda x: jit.cond(True, abs, abs, x), "operands is a tuple of what the functions take, not Tensor"),
    (lambda x: jit.while_loop(lambda x: True, lambda x: (x, x), (x,)), "of one form, kind and dtype"),
    (lambda x: jit.while_loop(lambda x: True, lambda x: x.double(), (x,)), "float32.* is not .*float64"),
    (lambda x: jit.while_loop(lambda x: True, lambda x: x, x), "carried is a tuple, not Tensor"),
    (lambda x: jit.scan(lambda c, y: c, x, x), "gives two things: carry and y"),
    (lambda x: jit.scan(lambda c, y: (c.sum() > 0, y), x, x), "the carry that a turn takes"),
    (lambda x: jit.scan(lambda c, y: (c, y if y > 0 else (y, y)), x, mg.tensor([1.0, -1.0])), "a y of one form"),
    (lambda x: jit.scan(3, x, x), "takes a function"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(call, says):
    with pytest.raises(TypeError, match=says):
        call(mg.ones(2))


def test_lengths_have_to_agree():
    for xs, length in (((mg.ones(2), mg.ones(3)), None), (mg.ones(2), 3), (None, None)):
        with pytest.raises(mg.ShapeError, match="have to agree on the number of turns"):
            jit.scan(lambda c, y: (c, y), mg.ones(1), xs, length)


def uneven_arms(x):
    return jit.cond(x.sum() > 0, lambda: x, lambda: (x, x))


def uneven_turn(x):
    return jit.while_loop(lambda n: n < 3, lambda n: x * n, (0,))


def too_many(x):
    return jit.while_loop(lambda x: x.sum() > 3, lambda x: (x, x), (x,))


@pytest.mark.parametrize("function, says", [
    (uneven_arms, "both functions of cond have to give the same: a tensor here and a tuple of 2 there"),
    (uneven_turn, "a turn has to hand on what it gets: n is an int here and a tensor there"),
    (too_many, "a turn takes 1 values and gives 2"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_when_compiled(function, says):
    with pytest.raises(jit.UnsupportedError, match=says):
        jit.script(function)


def test_functions_of_all_kinds_are_handed_to_scripted_control():
    def twice(a, n):
        return a * 2, n + 1

    def f(x, n: int):
        def within(a, n):
            return twice(a, n)

        few = jit.while_loop(lambda a, n: n < 3, within, (x, n))
        none = jit.while_loop(lambda a: False, lambda a: a * 2, (x,))
        known = jit.cond(n is None, lambda a: a * 2, lambda a: a - 1, (x,))
        alone = jit.cond(x.sum() > 0, lambda: x, lambda: x * 2)
        total = jit.scan(lambda c, row: (c + row, {"a": c, "b": [row, None]}), init=mg.zeros(2), xs=mg.stack([x, x]))
        two = {"p": mg.eye(2), "q": [mg.eye(2)]}
        pairs = jit.scan(lambda c, p: (c + p["p"] * p["q"][0], c.sum()), mg.zeros(2), two)
        counted = jit.scan(lambda c, _: (c * 2, c), x, None, n)
        return few, none, known, alone, total, pairs, counted

    agree(f, *[(mg.ones(2) * a, n) for a in (1.0, -1.0) for n in (1, 4)])


def test_what_scan_goes_over_is_equally_long():
    @jit.script
    def pairs(x, y: mg.Tensor):
        return jit.scan(lambda c, p: (c + p[0] * p[1], None), mg.zeros(3), (x, y))

    @jit.script
    def counted(x, n: int):
        return jit.scan(lambda c, row: (c + row, None), mg.zeros(3), x, n)

    assert mg.equal(pairs(rows(2), rows(2))[0], (rows(2) * rows(2)).sum(0)) and counted(rows(2), 2)[0].dim() == 1
    for wrong in (lambda: pairs(rows(2), rows(3)), lambda: pairs(rows(3), rows(2)), lambda: counted(rows(2), 3)):
        with pytest.raises(mg.ShapeError, match="agree on the number of turns"):
            wrong()


def r_cond(x):
    return jit.cond(x > 0, step)  #! cond takes (pred, true_fn, false_fn, operands) | | «jit.cond(x > 0, step)»


def r_scan(x):
    return jit.scan(step, mg.zeros(2), x, foo=1)  #! scan takes | | «jit.scan(step, mg.zeros(2), x, foo=1)»


def r_scan_over_a_number(x):
    return jit.scan(step, x, 3)  #! scan goes over tensors, not an int | Hand in one | «jit.scan(step, x, 3)»


def r_scan_over_nothing(x):
    return jit.scan(step, x, None)  #! agree on the number of turns | Give xs | «jit.scan(step, x, None)»


def r_turn(x):
    return jit.scan(lambda c, r: c, x, x)  #! gives two things: carry and y | | «jit.scan(lambda c, r: c, x, x)»


def r_numbers(x):
    return jit.scan(lambda c, r: (c, 1), x, x)  #! scan stacks tensors | Return | «jit.scan(lambda c, r: (c, 1), x, x)»


def step(c, row):
    return c + row, None


@pytest.mark.parametrize("name", [name for name in globals() if name.startswith("r_")])
def test_what_scripted_control_refuses(name):
    assert refused(globals()[name]) is None
