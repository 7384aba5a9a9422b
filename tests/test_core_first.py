"""Runs first and names what broke: the five things without which nothing else can be right."""

import minigrad as mg


def test_fan_out_adds_and_never_overwrites():
    x = mg.tensor(3.0, requires_grad=True)
    (x * x + x).backward()
    assert x.grad.item() == 7


def test_diamond_waits_for_both_sides():
    x = mg.tensor(2.0, requires_grad=True)
    top = x * 3
    left, right = top * 5, top * top
    (left * right).backward()  # 5 t^3 with t = 3x: 405 x^2
    assert x.grad.item() == 405 * 4


def test_diamond_with_sides_of_different_length():
    x = mg.tensor(1.0, requires_grad=True)
    top = x * 2
    long = top
    for _ in range(5):
        long = long * 1
    (long + top).backward()
    assert x.grad.item() == 4


def test_chain_of_100_000_ops_runs_forward_and_back_without_recursion():
    """That it is freed at once is told by tests/scenarios/28, in a fresh interpreter: here others may delay it."""
    x = mg.tensor([1.0], requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    assert y.item() == 100_001
    y.backward()
    assert x.grad.item() == 1
    assert mg.autograd.grad(y, x)[0].item() == 1


def test_broadcasting_is_summed_back_to_each_shape():
    row = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    column = mg.tensor([[10.0], [20.0]], requires_grad=True)
    number = mg.tensor(2.0, requires_grad=True)
    (row * column * number).sum().backward()
    assert row.grad.tolist() == [60.0, 60.0, 60.0]
    assert column.grad.tolist() == [[12.0], [12.0]]
    assert number.grad.item() == 180
    assert [t.grad.shape for t in (row, column, number)] == [(3,), (2, 1), ()]


def test_second_derivative():
    x = mg.tensor(3.0, requires_grad=True)
    (first,) = mg.autograd.grad(x**4, x, create_graph=True)
    (second,) = mg.autograd.grad(first, x, create_graph=True)
    (third,) = mg.autograd.grad(second, x)
    assert (first.item(), second.item(), third.item()) == (108, 108, 72)
