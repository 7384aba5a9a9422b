"""Changes in place through views: the graph of the base, and of every other view, follows. Expected: PyTorch's."""

import gc

import pytest

import minigrad as mg
from minigrad import events, modes


def leaf(*shape):
    return mg.arange(1.0, 1.0 + mg.zeros(*shape).numel()).reshape(*shape).clone().requires_grad_()


def test_a_change_through_a_view_reaches_the_base():
    x = leaf(3)
    y = x * 2
    y[:2].mul_(10)
    (y * mg.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert y.tolist() == [20, 40, 6] and x.grad.tolist() == [20, 200, 200]
    assert type(y.grad_fn).__name__ == "Node" and y.grad_fn.op.name == "view_put"


def test_a_change_of_the_base_reaches_its_views():
    x = leaf(3)
    y = x * 2
    row = y[:2]
    y.mul_(10)
    row.sum().backward()
    assert x.grad.tolist() == [20, 20, 0]


def test_a_change_through_one_view_reaches_another_that_overlaps():
    x = leaf(2, 3)
    y = x * 1
    row, column = y[0], y.T[1]
    row.mul_(3)
    column.add_(x[:, 0] * 7)
    y.sum().backward()
    assert x.grad.tolist() == [[3 + 7, 3, 3], [1 + 7, 1, 1]]


def test_views_of_views_and_changes_one_after_the_other():
    x = leaf(2, 2)
    y = x.clone()
    corner = y.view(4)[1:].reshape(3)[0:1]
    corner.mul_(5)
    corner.add_(1)
    y[1] = x[0] * 2
    y.pow(2).sum().backward()
    assert y.tolist() == [[1, 11], [2, 4]]
    assert x.grad.tolist() == [[2 + 2 * 2 * 2, 2 * 11 * 5 + 2 * 4 * 2], [0, 0]]


def test_writing_a_recorded_value_into_a_buffer_and_its_views():
    w = leaf(3)
    buffer = mg.zeros(2, 3)
    seen_before = buffer[0]
    buffer[0] = w * 2
    assert buffer.requires_grad and seen_before.requires_grad
    (seen_before * buffer[0]).sum().backward()
    assert w.grad.tolist() == [8, 16, 24]


def test_a_view_made_under_no_grad_may_not_be_changed_where_ops_are_recorded():
    x = leaf(2) * 1
    with mg.no_grad():
        row = x[:1]
    with pytest.raises(RuntimeError, match="no_grad mode"):
        row.mul_(mg.ones(1, requires_grad=True))
    assert x.tolist() == [1, 2]
    with mg.no_grad():
        row.mul_(2)
    assert x.tolist() == [2, 2]


@pytest.mark.parametrize("view", [lambda x: x[0], lambda x: x.view(4), lambda x: x.T, lambda x: x.unsqueeze(0)])
def test_a_view_of_a_leaf_is_refused_as_the_leaf_is(view):
    x = leaf(2, 2)
    with pytest.raises(RuntimeError, match="view of a leaf"):
        view(x).add_(1)
    with mg.no_grad():
        view(x).add_(1)
    assert x.is_leaf and x.sum().item() == 10 + view(x).numel()


def test_a_saved_tensor_that_a_view_has_changed_is_noticed():
    x = leaf(3)
    y = x * 1
    z = y * y
    y[0] = 5.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_detach_shares_the_version_and_data_does_not():
    x = leaf(3)
    y = x * 1
    z = y * y
    y.data.mul_(0)
    assert y._version == 0 and y.tolist() == [0, 0, 0]
    z.sum().backward()
    y = x * 1
    z = y * y
    y.detach().mul_(2)
    assert y._version == 1
    with pytest.raises(RuntimeError, match=r"saved '[ab]' at version 0, it is now at version 1"):
        z.sum().backward()


def test_second_derivatives_go_through_a_changed_view():
    x = mg.tensor([1.0, 2.0, 3.0], dtype=mg.float64, requires_grad=True)

    def function(x):
        y = x * x
        y[1:].mul_(x[:2])
        return y.sum()

    assert mg.gradcheck(function, [x])
    (first,) = mg.autograd.grad(function(x), x, create_graph=True)
    (second,) = mg.autograd.grad(first.sum(), x)
    assert second.tolist() == [2 + 4, 4 + 2 + 6, 6 + 4]


def test_a_view_that_turns_its_own_shape_stays_a_view():
    x = mg.ones(2, 3, requires_grad=True)
    base = x * 1
    row = base[0:1]
    row.squeeze_()
    assert row.shape == (3,) and row._base is base
    row.mul_(2)
    base.sum().backward()
    assert base.tolist() == [[2, 2, 2], [1, 1, 1]] and x.grad.tolist() == [[2, 2, 2], [1, 1, 1]]


def test_views_and_their_base_are_no_cycle():
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(100):
            y = leaf(4) * 1
            y[1:].mul_(2)
            y.view(2, 2)[0] += 1
        del y
        assert len(gc.get_objects()) - before < 300
    finally:
        gc.enable()


def test_a_changed_view_of_a_result_that_does_not_lie_in_row_order():
    x = leaf(2, 3)
    y = x * 1
    y.reshape(6)[1:4].mul_(2)
    (y.T * mg.tensor([[1.0, 4.0], [3.0, 2.0], [5.0, 6.0]])).sum().backward()
    assert x.grad.tolist() == [[1, 6, 10], [8, 2, 6]]


def test_watchers_are_told_of_the_change_and_of_no_op_that_nobody_called():
    y = leaf(3) * 1
    first, rest = y[0], y[1:]
    seen = []
    with modes.watch(seen.append):
        rest.mul_(2)
    told = [type(event).__name__ if isinstance(event, events.Changing) else event.op.name for event in seen]
    assert told == ["Changing", "mul_", "view_put"] and first.requires_grad
