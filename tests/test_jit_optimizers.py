"""Optimizers of one's own in compiled steps: what can be put down runs as steps, all else as it is written."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, optim
from minigrad.device import module_of
from tests.test_jit_compile import X, Y, mlp, same, trainer


class Own(optim.Optimizer):
    """An optimizer with this rule."""

    def __init__(self, params, rule, **options):
        super().__init__(params, {"lr": 0.1, "pair": (0.9, 0.5), "name": "own"} | options)
        self.rule = rule

    def _update(self, group, p, g):
        self.rule(self, group, p, g)


def plain(self, group, p, g):
    p.array -= group["lr"] * g


def sizes(self, group, p, g):
    xp = module_of(p.array)
    kept, zeros = xp.array(g), xp.zeros_like(g)
    p.array -= (group["lr"] / g.size * g.ndim + 1e-3 * g.itemsize * len(g)) * (kept + zeros)


def compared(self, group, p, g):
    low, high = group["pair"]
    rate = group["lr"]
    if rate < 1 and rate <= 0.1 and high > 0.2 and low >= 0.9 and not rate > 5:
        p.array -= 2 ** (rate - 0.5) * g + g * (low - high) / (1 + rate) - (1 - rate) * g
    else:
        p.array += g


def counted(self, group, p, g):
    (mean,) = self._buffers(p, "mean")
    step = self._count(p)
    mean += (g - mean) / step
    p.array -= group["lr"] * np.sqrt(np.square(mean)) * np.tanh(mean) / (1 + step**0.5)


RECORDED = [plain, sizes, compared, counted]


def sorted_first(self, group, p, g):
    p.array -= group["lr"] * np.sort(g)


def truth(self, group, p, g):
    if np.greater(g, -1e9).shape and (g.sum() > 0 or g.ndim > 3):
        p.array -= group["lr"] * g


def asked(self, group, p, g):
    if g > 0 if g.shape == () else np.multiply(p.array, 0) is None:
        return
    p.array -= group["lr"] * (g if (g * 0 == 0).all() else 0)


def first_element(self, group, p, g):
    p.array -= group["lr"] * g.reshape(-1)[0]


def indexed(self, group, p, g):
    p.array -= group["lr"] * g[0]


def reduced(self, group, p, g):
    p.array -= group["lr"] * np.add.reduce(g)


def somewhere(self, group, p, g):
    p.array -= group["lr"] * np.multiply(g, 2, where=True)


def elsewhere(self, group, p, g):
    p.array -= group["lr"] * np.multiply(g, 2, out=np.empty(g.shape, g.dtype))


def no_op(self, group, p, g):
    p.array -= group["lr"] * np.spacing(g)


def negative(self, group, p, g):
    p.array += -group["lr"] * g


def late(self, group, p, g):
    state = self.state[p]
    state["turns"] = state.get("turns", 0) + 1
    if state["turns"] == 3:
        self._buffers(p, "late")
    p.array -= group["lr"] * g


WRITTEN = {
    sorted_first: "np.sort cannot be put down", truth: "computes in a way that cannot be put down",
    asked: "cannot be put down", first_element: "computes in a way that cannot be put down",
    indexed: "asks for the number in an array", reduced: "np.add.reduce with", somewhere: "np.multiply.__call__ with",
    elsewhere: "writes to an array that is not known here", no_op: "np.spacing has no op",
    negative: "computes in a way that cannot be put down",
}  # fmt: skip


def making(rule):
    return lambda: trainer(mlp(), lambda params: Own(params, rule))


@pytest.mark.parametrize("rule", RECORDED)
def test_what_can_be_put_down_is_recorded(rule):
    step = same(making(rule), lambda i: (X, Y))
    assert "recorded" in step.report() and step.replayed >= 2, step.report()


@pytest.mark.parametrize("rule", WRITTEN)
def test_what_cannot_be_put_down_runs_as_it_is_written(rule):
    step = same(making(rule), lambda i: (X, Y))
    assert step.replayed == 0 and WRITTEN[rule] in step.report(), step.report()


def test_state_that_comes_late():
    same(making(late), lambda i: (X, Y), calls=6)


def test_rates_that_change_and_ways_that_change_with_them():
    def make():
        model = mlp()
        optimizer = Own(model.parameters(), compared)
        step, parts = trainer(model, lambda params: optimizer)

        def run(x, y, rate):
            optimizer.param_groups[0]["lr"] = rate
            return step(x, y)

        return run, parts

    same(make, lambda i: (X, Y, [0.1, 0.1, 0.05, 0.4, 0.4, 0.01][i]), calls=6)


def test_a_step_of_its_own():
    class Whole(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.1})

        def step(self):
            with mg.no_grad():
                for p in self.param_groups[0]["params"]:
                    p -= 0.1 * p.grad

    step = same(lambda: trainer(mlp(), Whole), lambda i: (X, Y))
    assert isinstance(step, type(jit.compile(len)))
