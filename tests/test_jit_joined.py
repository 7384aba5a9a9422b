"""Tensors put one behind the other in compiled functions: made in their places where they can be, copied where not."""

import pytest

import minigrad as mg
from minigrad import jit
from tests.test_jit_compile import same
from tests.test_jit_compile_programs import close, drawn

NOTHING = mg.zeros(0)
MADE = {  # made in their places, all of them
    "cat": lambda x, y: mg.cat([x * 2, y + 1, x - y]).tanh(),
    "of other lengths": lambda x, y: mg.cat([x * 2, y[:1] + 1, y[1:] * x[1:]]).tanh(),
    "stack": lambda x, y: mg.stack([x * 2, y + 1, x - y]).tanh(),
    "lines": lambda x, y: mg.stack([x[0] * 2, y[1] + 1, x[2] - y[0]]).tanh(),
    "numbers": lambda x, y: mg.stack([x.exp().sum() * 2, y.sum() + 1]).tanh(),
    "counted from behind": lambda x, y: mg.cat([x * 2, y + 1], dim=-2).tanh(),
    "of joined ones": lambda x, y: mg.cat([mg.cat([x * 2, y + 1]), x - y]).tanh(),
    "used elsewhere": lambda x, y: mg.cat([x * 2, (x * 2).exp()]).tanh() + (x * 2).sum(),
}
COPIED = {  # how many copies of neighbours at once, of others, at most
    "one twice": lambda x, y: mg.cat([x * 2, x * 2, y + 1]).tanh(),
    "neighbours": lambda x, y: mg.cat([x, y, x * 2, y, y + 1, y, x, x]).tanh(),
    "neighbours in a stack": lambda x, y: mg.stack([x, y, x * 2, y, y + 1, y, x, x]).tanh(),
    "side by side": lambda x, y: mg.cat([x * 2, y + 1], dim=1).tanh(),
    "a new last axis": lambda x, y: mg.stack([x * 2, y + 1], dim=-1).tanh(),
    "a new axis between": lambda x, y: mg.stack([x * 2, y + 1], dim=1).tanh(),
    "a result": lambda x, y: mg.cat([x * 2, y + 1]),
    "a part that is a result": lambda x, y: (x * 2, mg.cat([x * 2, y + 1]).tanh(), y + 1),
    "turned": lambda x, y: mg.cat([(x * 2).t(), x[:, :3].t() * 2, (y + 1).t()]).tanh(),
    "two dtypes": lambda x, y: mg.cat([x * 2, (y + 1).double()]).tanh(),
    "two dtypes in a stack": lambda x, y: mg.stack([x.exp(), (y + 1).double().exp()]).tanh(),
    "whole numbers": lambda x, y: mg.cat([x * 2, (y * 9).int() + 1]).tanh(),
    "nothing": lambda x, y: mg.cat([x[:0] * 2, y[:0] + 1]).exp(),
    "nothing before something": lambda x, y: mg.cat([mg.zeros(0) * x.sum(), y + 1, x[:0] * 2]).tanh(),
    "nothing that is handed in": lambda x, y: mg.cat([NOTHING, y + 1, x * 2]).tanh(),
    "nothing beside others": lambda x, y: mg.cat([y, NOTHING, x * 2]).tanh(),
    "changed before": lambda x, y: mg.cat([(x * 2).add_(y), y + 1]).tanh(),
    "in two": lambda x, y: mg.cat([x * 2, y]).tanh().sum() + mg.cat([y, x * 2]).exp(),
    "joined and asked for": lambda x, y: (mg.cat([x * 2, y + 1]), mg.cat([mg.cat([x * 2, y + 1]), x - y]).tanh()),
    "views of it": lambda x, y: mg.cat([(x * 2)[1:], (x * 2)[:1], (x * 2).reshape(2, -1)[:, :4]]).tanh(),
}


def twice(f):
    """The text of the compiled function; the numbers are those of the function, results are tensors of their own."""
    compiled, kept = jit.compile(f), []
    for i in range(3):
        given = drawn(i, 3, 4), drawn(i + 5, 3, 4)
        for a, b in zip(*(mg.jit.tree.flatten(run(*given))[0] for run in (f, compiled)), strict=True):
            assert a.shape == b.shape and a.dtype == b.dtype
            kept.append((a.numpy(), b.numpy()))
    assert all(close(a, b) for a, b in kept) and compiled.replayed == 2
    return compiled.source()


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_in_its_place(name):
    source = twice(MADE[name])
    assert not any(word in source for word in ("cat", "stack", "copyto"))


@pytest.mark.parametrize("name", COPIED)
def test_what_is_copied(name):
    twice(COPIED[name])


def test_neighbours_are_copied_at_once():
    for name in ("neighbours", "neighbours in a stack"):
        source = twice(COPIED[name])
        assert source.count("concatenate((") == 2 and source.count("copyto(") == 1


def test_something_changed_in_place_behind_it():
    def f(x, y):
        a = x * 2
        joined = mg.cat([a, y + 1])
        a.add_(1)
        joined.mul_(2)
        return joined.tanh(), a.exp()

    twice(f)


def test_gradients_that_stay_are_copied():
    def make():
        first, second = (drawn(i, 4, 4).requires_grad_() for i in (1, 2))

        def step(x):
            first.grad = second.grad = None
            ((x @ first).tanh() @ second).mean().backward()
            joined = mg.cat([first.grad, second.grad]).tanh()
            return (x.exp() @ joined.t() * 3).exp() @ joined + 1

        return step, [first, second]

    assert same(make, lambda i: (drawn(10 + i, 3, 4),)).replayed >= 3
