"""How much memory a recorded run keeps for backward, counted from what each step has saved."""

import pytest

import minigrad as mg
import viz
from minigrad import nn
from viz.graph import Saved
from viz.record import Run


def recorded(function):
    """The run of one call, and its result, which keeps the graph alive."""
    with Run() as run:
        result = function()
    return run, result


def leaf(*sizes):
    return mg.ones(*sizes, requires_grad=True)


def test_an_array_that_two_steps_keep_counts_once():
    x = leaf(5)
    run, y = recorded(lambda: x * x + x.exp() * x)
    assert sum(item.nbytes for step in run.graph.steps for item in step.saved) > run.saved_bytes()
    assert run.saved_bytes() == 2 * 5 * 4  # x, and its exp
    y.sum().backward()
    assert run.saved_bytes() == 0


def test_views_and_detached_tensors_are_the_same_memory():
    x = leaf(4, 6)
    run, _ = recorded(lambda: (x.T @ x, x.detach() * x, x.reshape(24) * x.reshape(24)))
    assert run.saved_bytes() == 4 * 6 * 4
    assert len({item.buffer for step in run.graph.steps for item in step.saved}) == 1


def test_parts_of_one_array_add_up_and_a_part_is_not_the_whole():
    data, w = mg.ones(100, 8), leaf(8, 1)
    run, _ = recorded(lambda: data[:10] @ w)
    assert run.saved_bytes() == 10 * 8 * 4
    run, _ = recorded(lambda: (data[:10] @ w, data[5:20] @ w, data[50:60] @ w))
    assert run.saved_bytes() == (20 + 10) * 8 * 4


def test_an_expanded_tensor_takes_no_more_than_what_it_repeats():
    x = leaf(1, 3)
    run, _ = recorded(lambda: x.expand(50, 3) * x.expand(50, 3))
    assert run.saved_bytes() == 12


@pytest.mark.parametrize("function", [lambda x: x * 2, lambda x: x + x, lambda x: x.detach() * x.detach()])
def test_numbers_and_what_is_not_kept_take_no_memory(function):
    run, _ = recorded(lambda: function(leaf(3)))
    assert run.saved_bytes() == 0
    assert "saved for backward" not in run.outline()


def test_no_grad_keeps_nothing():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x = mg.ones(5, 3)
    run, _ = recorded(lambda: net(x))
    assert run.saved_bytes() == 4 * (5 * 3 + 5 * 4 + 4 * 2)  # x, the result of tanh, the second weight
    assert "\nsaved for backward: 172 bytes\n" in run.outline()
    with mg.no_grad():
        run, _ = recorded(lambda: net(x))
    assert run.saved_bytes() == 0


def test_memory_that_is_used_again_is_not_taken_for_the_old_one():
    def loop():
        x = leaf(100)
        for _ in range(20):
            x.exp()  # its result is dropped at once, and the next one may come to stand in the same place

    run, _ = recorded(loop)
    assert len({step.saved[0].buffer for step in run.graph.steps}) == 20
    assert run.saved_bytes() == 20 * 400


def test_it_is_the_same_in_every_session_and_not_in_the_digest():
    x, w = leaf(3), leaf(3)
    one, _ = recorded(lambda: (x * w).exp())
    other, _ = recorded(lambda: (x * w).exp())
    assert one.graph.steps[0].saved == other.graph.steps[0].saved
    assert [item.buffer for step in one.graph.steps for item in step.saved] == [0, 1, 3]  # 2: the product
    assert viz.from_json(one.to_json()).saved_bytes() == one.saved_bytes() == 36
    digest = one.digest()
    one.graph.steps[0].saved = (Saved("a", (3,), 12, 0, 7, (0, 12)),)
    assert one.digest() == digest
