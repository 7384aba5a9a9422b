"""The backward walk where it is easy to get nearly right: what is waited for, skipped, added and told."""

import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.modes import watch


class First(mg.autograd.Function):
    """a * b, with nothing to send back to a."""

    @staticmethod
    def forward(ctx, a, b):
        return a * b

    @staticmethod
    def backward(ctx, g):
        return None, g


@pytest.fixture
def x():
    return mg.tensor(3.0, requires_grad=True)


@pytest.fixture
def w():
    return mg.tensor(4.0, requires_grad=True)


def test_nothing_comes_back_from_nothing(x, w):
    First.apply(x * 2, w).backward()
    assert x.grad is None and w.grad.item() == 1


def test_a_node_that_waits_is_told_that_nothing_comes(x, w):
    h = x * 2
    (First.apply(h * 3, w) + h).backward(retain_graph=True)
    assert x.grad.item() == 2 and w.grad.item() == 1
    (g,) = mg.autograd.grad(First.apply(h.exp() * 3, w) + h * h, x)
    assert g.item() == 24


def test_an_output_that_is_given_twice_counts_twice(x):
    y = x * x
    assert mg.autograd.grad([y, y], x, [mg.tensor(2.0), mg.tensor(5.0)])[0].item() == 42
    mg.autograd.backward([x * x, x * 1, x])
    assert x.grad.item() == 8


def test_recorded_gradients_add_up(x):
    for _ in range(2):
        (x * x * x).backward(create_graph=True)
    assert x.grad.item() == 54
    assert mg.autograd.grad(x.grad, x)[0].item() == 36
    x.grad = None  # else a cycle: the gradient's graph leads to its leaf


def test_create_graph_records_under_no_grad_too(x):
    y = x**3
    with mg.no_grad():
        (first,) = mg.autograd.grad(y, x, create_graph=True)
    assert first.requires_grad and mg.autograd.grad(first, x)[0].item() == 18


def test_a_gradient_that_comes_in_inference_mode_is_of_that_mode(x):
    y, z = x * x, x * x
    with mg.inference_mode():
        y.backward()
    assert x.grad.item() == 6 and x.grad.is_inference()
    x.grad = None
    z.backward()
    assert x.grad.item() == 6 and not x.grad.is_inference()


@pytest.mark.parametrize("create_graph", [False, True])
def test_what_does_not_lead_to_a_target_is_left_alone(x, w, create_graph):
    side, seen = w.exp(), []
    side.register_hook(seen.append)
    spoilt = w.exp()
    y = x * x + side + spoilt * 2
    spoilt.mul_(2)  # its node would refuse
    (g,) = mg.autograd.grad(y, x, create_graph=create_graph)
    assert g.item() == 6 and seen == []


def test_saved_tensors_of_all_nodes_that_ran_are_freed_and_no_others(x, w):
    left, right = x * x, w * w
    y = left * right
    y.backward(inputs=[x])
    for node in (y.grad_fn, left.grad_fn):
        assert node.saved is None
    right.backward()
    assert (x.grad.item(), w.grad.item()) == (96, 8)


def test_a_gradient_held_by_others_is_never_the_one_that_grows(x):
    """Who sees a gradient in a hook, or gives one, may keep it: `.grad` has memory of its own."""
    given, seen = mg.ones(3), []
    leaf = mg.ones(3, requires_grad=True)
    y = leaf * 1
    y.register_hook(seen.append)
    leaf.register_hook(seen.append)
    y.backward(given)
    (leaf + 0).backward(given)
    assert leaf.grad.tolist() == [2, 2, 2] and given.tolist() == [1, 1, 1]
    assert [g.tolist() for g in seen] == [[1, 1, 1]] * 3
    assert not any(np.shares_memory(leaf.grad.array, g.array) for g in [*seen, given])


def test_a_gradient_that_is_gone_is_no_longer_held():
    """An array on its way lives no longer than the node that waits for it."""
    leaf, alive = mg.ones(3, requires_grad=True), []
    h = leaf * 2
    h.register_hook(lambda g: alive.append(weakref.ref(g)))
    (h * h).sum().backward()
    assert [found() for found in alive] == [None]


def test_nan_is_looked_for_only_when_asked():
    def backward():
        x = mg.tensor([-1.0, 4.0], requires_grad=True)
        x.sqrt().sum().backward()
        return x.grad.tolist()

    with mg.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        assert np.isnan(backward()[0]) and backward()[1] == 0.25
    with watch(lambda event: None):
        assert np.isnan(backward()[0])
    with mg.autograd.detect_anomaly(), pytest.raises(mg.GradError, match="nan values in its 0th"):
        backward()  # one element is enough


def test_saved_tensors_are_unpacked_without_recording(x):
    seen = []

    def unpack(value):
        seen.append(mg.is_grad_enabled())
        return value

    with mg.autograd.graph.saved_tensors_hooks(lambda t: t, unpack):
        y = x * x
    y.backward()
    assert seen and not any(seen) and mg.is_grad_enabled()


def test_a_leaf_with_a_hook_that_is_gone_or_frozen_by_the_end_gets_nothing(x):
    gone, seen = mg.tensor(2.0, requires_grad=True), []
    gone.register_hook(seen.append)
    y = x * gone
    del gone
    y.backward()
    assert [g.item() for g in seen] == [3] and x.grad.item() == 2
    x.grad, frozen = None, mg.tensor(5.0, requires_grad=True)
    frozen.register_hook(lambda g: frozen.requires_grad_(False) and None)
    (x * frozen).backward()
    assert frozen.grad is None and x.grad.item() == 5


def test_a_gradient_that_grows_says_that_it_was_changed(x, w):
    x.register_hook(lambda g: None)
    (x * w).backward()
    y = x.grad * w
    assert x.grad._version == 0
    (x * 2).backward()
    assert (x.grad.item(), x.grad._version) == (6, 1)
    with pytest.raises(mg.GradError, match="modified by an inplace operation"):
        y.backward()


def test_a_recorded_gradient_leads_straight_to_the_rules_that_made_it(x):
    (x * x).backward(create_graph=True)
    ((made, _),) = x.grad.grad_fn.next_functions
    assert (x.grad.grad_fn.name(), made.name()) == ("CloneBackward0", "AddBackward0")
    x.grad = None  # else a cycle


def test_what_lies_behind_a_fork_is_let_go_too(x):
    fork = x * x
    left, right = fork.exp(), fork.sin()
    (left + right).backward()
    for y in (fork, left, right):
        with pytest.raises(mg.GradError, match="second time"):
            y.backward()
