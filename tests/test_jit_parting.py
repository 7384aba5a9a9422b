"""Where two recordings part: what counts as the same step, and how it is told."""

import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit.parting import first_parting, key_of, same_but_for_numbers, told

X = mg.tensor([[1.0, 2.0], [3.0, 4.0]])


def traced(function):
    return jit.trace(function, X).graph


def pair(x):
    return x + 1, x * 2


def turned(x, n=2):
    return jit.while_loop(lambda x, i: i < n, lambda x, i: (x * 2, i + 1), (x, 0))[0]


def chosen(x, by=2):
    return jit.cond(x.sum() > 0, lambda x: x * by, lambda x: x, (x,))


@pytest.mark.parametrize("one, other, says", [
    (lambda x: x.exp() * 2, lambda x: x.exp() * 3, "mul has other operands or numbers"),
    (lambda x: x.exp() * 2, lambda x: x.exp() + 2, "it ran mul, then add"),
    (lambda x: x.exp(), lambda x: x.exp() * 2, "one of them goes on with mul"),
    (lambda x: x.exp() * 2, lambda x: x.exp(), "one of them goes on with mul"),
    (lambda x: (x, x + 1), lambda x: [x, x + 1], "the same steps give other results"),
    (lambda x: pair(x)[::-1], lambda x: pair(x), "the same steps give other results"),
    (lambda x: (x + 1, mg.ones(1)), lambda x: (x + 1, mg.zeros(1)), "the same steps give other results"),
    (lambda x: x[0:1] * 1, lambda x: x[0:2] * 1, "index has other operands or numbers"),
    (lambda x: x * mg.tensor([1.0, 2.0]), lambda x: x * mg.tensor([1.0, 3.0]), "mul has other operands or numbers"),
    (lambda x: x * 0.0, lambda x: x * 0, "mul has other operands or numbers"),
    (turned, lambda x: turned(x, 3), "loop has other operands or numbers"),
    (chosen, lambda x: chosen(x, 3), "if has other operands or numbers"),
    (chosen, turned, "it ran"),
])  # fmt: skip
def test_recordings_that_part(one, other, says):
    one, other = traced(one), traced(other)
    there, back = first_parting(one, other), first_parting(other, one)
    assert says in told(*there) and back == there[::-1]
    assert same_but_for_numbers(*there) is ("numbers" in says)


@pytest.mark.parametrize("function", [
    lambda x: x.exp() * 2, lambda x: x * float("nan"), lambda x: (x[0:1], x[:, None]), turned, chosen,
    lambda x: x * mg.tensor([1.0, 2.0]), lambda x: {"a": x.sum(0), "b": (x, 1)},
])  # fmt: skip
def test_recordings_of_the_same_do_not_part(function):
    assert first_parting(traced(function), traced(function)) is None
    assert first_parting(traced(function), traced(function), shapes=True) is None


def test_shapes_count_if_they_are_asked_for():
    def f(x):
        return x.exp().sum()

    one, other = jit.trace(f, mg.ones(2)).graph, jit.trace(f, mg.ones(3)).graph
    assert first_parting(one, other) is None and first_parting(one, other, shapes=True) is not None


def test_keys_tell_kinds_apart():
    values = [0, 0.0, False, None, "0", (0,), {"a": 0}, slice(0, 1), slice(0, 2), X, X.double(), X.numpy() + 1]
    keys = [key_of(value, {}) for value in [*values, float("nan")]]
    assert all(keys.count(key) == 1 for key in keys) and key_of({"b": 1, "a": 2}, {}) == key_of({"a": 2, "b": 1}, {})
    assert key_of(X, {}) == key_of(X.numpy(), {}) and key_of({1, 2}, {}) == key_of({2, 1}, {})
