"""Ops of operands that are never brought together: kinds that are known must answer as they did the first time."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import settled
from minigrad.nn import functional as F

few = settings(max_examples=40, derandomize=True, deadline=None, database=None)


def in_a_new_thread(work):
    """What `work()` gives in a thread that has switched off none of NumPy's warnings."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


@few
@given(*[st.booleans()] * 3)
def test_each_operand_has_its_own_gradient_or_none(of_x, of_weight, of_bias):
    x, weight, bias = (mg.ones(*shape, requires_grad=wanted)
                       for shape, wanted in (((2, 3), of_x), ((4, 3), of_weight), ((4,), of_bias)))  # fmt: skip
    for _ in range(2):  # the second time the kinds are known
        y = F.linear(x, weight, bias)
        assert y.tolist() == [[4] * 4] * 2 and y.requires_grad == (of_x or of_weight or of_bias)
    if y.requires_grad:
        y.sum().backward()
        grads = [None if t.grad is None else t.grad.unique().tolist() for t in (x, weight, bias)]
        assert grads == [[4] if of_x else None, [2] if of_weight else None, [2] if of_bias else None]


@few
@given(st.booleans(), st.lists(st.integers(-6, 6), min_size=2, max_size=4))
def test_indices_are_looked_at_each_time(recorded, rows):
    weight = mg.arange(15.0).reshape(5, 3).requires_grad_(recorded)
    indices = mg.tensor([0] * len(rows))
    assert mg.ops.embedding(weight, indices).shape == (len(rows), 3)  # from here on the kinds are known
    indices.copy_(mg.tensor(rows))
    if all(0 <= i < 5 for i in rows):
        assert mg.ops.embedding(weight, indices).tolist() == weight.detach().numpy()[rows].tolist()
    else:
        with pytest.raises(IndexError, match=r"embedding\("):
            mg.ops.embedding(weight, indices)


def test_known_kinds_change_nothing_in_other_modes():
    scores, target = mg.tensor([[1.0, 2.0]], requires_grad=True), mg.tensor([1])
    x, weight, bias = mg.ones(1, 2), mg.ones(1, 2, requires_grad=True), mg.ones(1)
    for run in (lambda: F.cross_entropy(scores, target), lambda: F.linear(x, weight, bias)):
        recorded = [run(), run()]
        assert all(y.requires_grad for y in recorded)
        with mg.no_grad():
            assert not run().requires_grad
        with mg.inference_mode():
            made = run()
            assert made.is_inference() and made.item() == recorded[0].item()
        assert run().requires_grad


def test_overflow_in_a_thread_is_infinite_and_says_nothing():
    x, target, weight, bias = mg.ones(1, 2), mg.tensor([1]), mg.ones(1, 2), mg.ones(1)
    assert F.linear(x, weight, bias).item() == 3 and F.cross_entropy(x, target).item() == pytest.approx(np.log(2))
    x.copy_(mg.tensor([[3e38, -3e38]]))
    weight.fill_(3e38)
    assert in_a_new_thread(lambda: F.cross_entropy(x, target).item()) == np.inf
    assert np.isnan(in_a_new_thread(lambda: F.linear(x, weight, bias).item()))  # inf and -inf
    place, large = mg.zeros(1, 2, dtype=mg.int64), mg.full((1, 2), 3e38)
    assert in_a_new_thread(lambda: x.scatter_add(1, place, large).isinf().tolist()) == [[True, False]]


def test_attributes_in_a_list_are_taken_and_not_remembered():
    x, weight = mg.arange(4.0).reshape(1, 1, 4), mg.ones(1, 1, 2)
    for _ in range(2):
        assert mg.ops.convolution(x, weight, [1], [(0, 0)], [1], 1).tolist() == [[[1, 3, 5]]]
    assert mg.ops.convolution(x, weight, (1,), ((1, 0),), (1,), 1).tolist() == [[[0, 1, 3, 5]]]


def test_more_kinds_than_are_remembered_still_answer(monkeypatch):
    monkeypatch.setattr(settled, "_MOST", 2)
    for _ in range(2):
        for n in range(1, 9):
            x = mg.ones(n, n)
            assert F.linear(x, x, mg.zeros(n)).tolist() == [[n] * n] * n
            assert F.cross_entropy(x, mg.zeros(n, dtype=mg.int64)).item() == pytest.approx(np.log(n))
