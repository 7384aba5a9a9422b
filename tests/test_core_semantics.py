"""Leaves, gradients, graphs and hooks behave as PyTorch's do. Expected numbers were checked against PyTorch 2.13."""

import gc
import math
import weakref

import numpy as np
import pytest

import minigrad as mg


def leaf(*values, **options):
    return mg.tensor(list(values) or [1.0, 2.0, 3.0], requires_grad=True, **options)


# Leaves and .grad


def test_what_is_a_leaf():
    x, data = leaf(), mg.ones(3)
    y = x * data
    assert (x.is_leaf, data.is_leaf, y.is_leaf, y.detach().is_leaf) == (True, True, False, True)
    assert [t.requires_grad for t in (x, data, y, y.detach())] == [True, False, True, False]
    assert x.grad_fn is None and repr(y.grad_fn) == "<MulBackward0>" and y.grad_fn.op is mg.ops.mul


def test_backward_adds_to_the_same_grad_object():
    x = leaf()
    (x * x).sum().backward()
    first = x.grad
    version = first._version
    (x * x).sum().backward()
    assert x.grad is first and first.tolist() == [4, 8, 12] and first._version > version


def test_grad_of_a_non_leaf_is_none_and_warns():
    y = leaf() * 2
    y.sum().backward()
    with pytest.warns(UserWarning, match=r"not a leaf.*retain_grad"):
        assert y.grad is None


def test_retain_grad_keeps_the_gradient_of_a_non_leaf():
    x = leaf()
    y = x * 2
    y.retain_grad()
    y.retain_grad()  # twice is once
    x.retain_grad()  # nothing to do on a leaf
    (y * y).sum().backward()
    assert y.retains_grad and y.grad.tolist() == [4, 8, 12] and x.grad.tolist() == [8, 16, 24]
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        mg.ones(1).retain_grad()


def test_a_second_backward_over_a_retained_graph_doubles_the_leaves_only():
    x = mg.tensor(3.0, requires_grad=True)
    z = 2 * x * x
    z.backward(retain_graph=True)
    assert x.grad.item() == 12
    z.backward()
    assert x.grad.item() == 24


def test_a_freed_graph_refuses_and_one_that_saved_nothing_runs_again():
    x = leaf()
    z = (x * x).sum()
    z.backward()
    with pytest.raises(RuntimeError, match=r"second time.*MulBackward0.*retain_graph=True"):
        z.backward()
    assert x.grad.tolist() == [2, 4, 6]
    x.grad = None
    z = (x + 1).sum()
    z.backward()
    z.backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_requires_grad_switches_leaves_only():
    x = leaf()
    y = x * 2
    assert y.requires_grad_() is y and y.grad_fn is not None
    with pytest.raises(RuntimeError, match=r"leaf.*detach"):
        y.requires_grad_(False)
    with pytest.raises(RuntimeError, match="leaf"):
        y.requires_grad = False
    x.requires_grad = False
    assert not (x * 2).requires_grad
    y.sum().backward()  # the graph is still there, the leaf has been frozen since
    assert x.grad is None


def test_frozen_head_still_lets_the_gradient_through_and_no_grad_does_not():
    body, head = mg.nn.Linear(2, 2), mg.nn.Linear(2, 1)
    head.requires_grad_(False)
    head(body(mg.ones(1, 2))).sum().backward()
    assert body.weight.grad is not None and head.weight.grad is None
    with mg.no_grad():
        y = head(body(mg.ones(1, 2)))
    assert not y.requires_grad


def test_detach_shares_memory_and_the_version_counter():
    x = leaf().clone()
    d = x.detach()
    d[0] = 9.0
    assert x.tolist() == [9, 2, 3] and x._version == d._version == 1
    assert d.grad_fn is None and not d.requires_grad


def test_detach_in_place():
    y = leaf() * 2
    assert y.detach_() is y and not y.requires_grad and y.is_leaf


def test_python_numbers_do_not_stay_connected():
    x = mg.tensor(1.0, requires_grad=True)
    (x * x.item()).backward()
    assert x.grad.item() == 1


# Graphs


def test_grad_fn_leads_to_its_parents():
    x, y = leaf(), leaf()
    node = (x * y).grad_fn
    assert [parent.variable for parent, _ in node.next_functions] == [x, y]
    assert list(node.saved_tensors) == ["a", "b"]
    (x * 2).sum().backward()
    only = (x * mg.ones(3)).grad_fn
    assert list(only.saved_tensors) == ["b"] and only.next_functions[1] == (None, 0)
    assert (x + y).grad_fn.saved_tensors == {}
    assert list(x.exp().grad_fn.saved_tensors) == ["y"]
    z = (x * y).sum()
    product = z.grad_fn.next_functions[0][0]
    z.backward()
    assert product.saved_tensors == {}


def test_graphs_are_freed_by_reference_counting_alone():
    gc.collect()
    gc.disable()
    try:
        x = leaf()
        h = x * 2
        h.retain_grad()
        h.register_hook(lambda g: None)
        h[0] = 1.0
        z = (h.exp() * x[1:].sum()).relu().sum()
        nodes = [weakref.ref(z.grad_fn), weakref.ref(h.grad_fn)]
        z.backward(retain_graph=True)
        (first,) = mg.autograd.grad(z, x, create_graph=True)
        nodes.append(weakref.ref(first.grad_fn))
        del z, h, first
        assert [node() for node in nodes] == [None, None, None]
        gone = weakref.ref(x)
        del x
        assert gone() is None
    finally:
        gc.enable()


def test_a_loop_that_drops_its_results_leaves_nothing_behind():
    x = leaf()

    def live():
        gc.collect()
        return sum(type(thing).__name__ in ("Node", "Tensor") for thing in gc.get_objects())

    (x * x).exp().sum().backward()
    before = live()
    for _ in range(20):
        (x * x).exp().sum().backward()
        x.grad = None
    assert live() <= before


def test_a_leaf_that_nobody_holds_is_skipped():
    x = leaf()
    z = (x * leaf(5.0, 5.0, 5.0)).sum()
    z.backward()
    assert x.grad.tolist() == [5, 5, 5]


def test_backward_runs_inside_no_grad():
    x = leaf()
    z = (x * x).sum()
    with mg.no_grad():
        z.backward()
    assert x.grad.tolist() == [2, 4, 6]


# backward and autograd.grad


def test_backward_takes_a_weighting():
    x = leaf()
    y = x * x
    v = mg.tensor([1.0, 0.0, 10.0])
    y.backward(v)
    assert x.grad.tolist() == [2, 0, 60]
    v += 1
    assert x.grad.tolist() == [2, 0, 60]


def test_a_weighting_of_another_dtype_is_cast():
    x = leaf()
    (g,) = mg.autograd.grad(x * 2, x, grad_outputs=mg.ones(3, dtype=mg.float64))
    assert g.dtype is mg.float32
    (x * 2).sum().backward(mg.tensor(2.0, dtype=mg.float64))
    assert x.grad.dtype is mg.float32 and x.grad.tolist() == [4, 4, 4]


def test_backward_of_a_leaf_and_of_chosen_inputs():
    x = mg.tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1
    a, b = leaf(), leaf()
    h = a * b
    (h * h).sum().backward(inputs=[a, h])
    assert a.grad.tolist() == [2, 16, 54] and b.grad is None and h.grad.tolist() == [2, 8, 18]


def test_grad_leaves_grad_alone_and_knows_the_unused():
    x, u = leaf(), leaf()
    z = (x * x).sum()
    g, nothing = mg.autograd.grad(z, [x, u], allow_unused=True, retain_graph=True)
    assert g.tolist() == [2, 4, 6] and nothing is None and x.grad is None
    with pytest.raises(RuntimeError, match=r"input 1.*allow_unused=True"):
        mg.autograd.grad(z, [x, u], retain_graph=True)
    first, again = mg.autograd.grad(z, [x, x])
    assert first.tolist() == again.tolist() == [2, 4, 6]
    first += 1
    assert again.tolist() == [2, 4, 6]


def test_grad_of_a_non_leaf_and_of_several_outputs():
    x = leaf()
    h = x * 2
    assert mg.autograd.grad((h * h).sum(), h)[0].tolist() == [4, 8, 12]
    a, b = x.sum(), (x * x).sum()
    assert mg.autograd.grad([a, b], x, grad_outputs=[mg.tensor(1.0), mg.tensor(10.0)])[0].tolist() == [21, 41, 61]


def test_grad_stops_at_a_target_whose_own_graph_is_gone():
    x = leaf()
    h = x * x
    h.sum().backward()
    assert mg.autograd.grad((h + 1).sum(), h)[0].tolist() == [1, 1, 1]


def test_what_grad_refuses():
    x = mg.ones(1, requires_grad=True)
    with pytest.raises(NotImplementedError, match="once for each row"):
        mg.autograd.grad(x * 2, x, is_grads_batched=True)
    with pytest.raises(ValueError, match="allow_unused to be True or not passed"):
        mg.autograd.grad(x * 2, x, materialize_grads=True, allow_unused=False)


def test_backward_to_chosen_inputs_leaves_those_alone_that_it_does_not_reach():
    x, unused = mg.ones(1, requires_grad=True), mg.ones(1, requires_grad=True)
    (x * 2).backward(inputs=[x, unused])
    assert x.grad.item() == 2 and unused.grad is None


@pytest.mark.parametrize("chosen", [False, True])
def test_a_plain_backward_adds_to_a_gradient_that_is_recorded(chosen):
    x = mg.tensor(3.0, requires_grad=True)
    (x * x).backward(create_graph=True)
    first = x.grad
    (x * 2).backward(inputs=[x] if chosen else None)
    assert x.grad.item() == 8 and first.item() == 6
    x.grad = None  # else a cycle: the gradient's graph leads to its leaf


def test_create_graph_gives_gradients_that_can_be_differentiated():
    x = leaf()
    (x * x * x).sum().backward(create_graph=True)
    assert x.grad.requires_grad and x.grad.tolist() == [3, 12, 27]
    (second,) = mg.autograd.grad(x.grad.sum(), x)
    assert second.tolist() == [6, 12, 18]
    a, b, v = leaf(), leaf(), mg.ones(3)
    (a + b).backward(v, create_graph=True)
    assert a.grad is not b.grad and not np.shares_memory(a.grad.array, b.grad.array)
    assert not np.shares_memory(a.grad.array, v.array)


def test_second_order_keeps_the_dtype_of_each_operand():
    x = mg.tensor(2.0, requires_grad=True)
    y = mg.tensor(3.0, dtype=mg.float64, requires_grad=True)
    gx, gy = mg.autograd.grad(x * y * y * x, [x, y], create_graph=True)
    assert (gx.dtype, gy.dtype) == (mg.float32, mg.float64)
    gxx, gxy = mg.autograd.grad(gx, [x, y])
    assert (gxx.item(), gxy.item(), gxx.dtype, gxy.dtype) == (18, 24, mg.float32, mg.float64)


def test_a_number_raised_to_a_tensor_has_a_second_derivative_in_full_precision():
    x = mg.tensor(1.0, dtype=mg.float64, requires_grad=True)
    (first,) = mg.autograd.grad(2**x, x, create_graph=True)
    (second,) = mg.autograd.grad(first, x)
    assert second.item() == pytest.approx(2 * np.log(2) ** 2, rel=1e-14)


# Hooks


def test_hooks_see_and_replace_gradients_in_order():
    x, seen = leaf(), []
    y = x * 2
    y.register_hook(lambda g: seen.append(("y", g.tolist(), mg.is_grad_enabled())))
    x.register_hook(lambda g: g * 10)
    handle = x.register_hook(lambda g: g + 1)
    y.retain_grad()
    y.sum().backward()
    assert seen == [("y", [1, 1, 1], False)]
    assert x.grad.tolist() == [21, 21, 21] and y.grad.tolist() == [1, 1, 1]
    handle.remove()
    handle.remove()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [20, 20, 20]


def test_hooks_after_accumulation_are_for_leaves():
    with pytest.raises(mg.GradError, match="doesn't require gradient"):
        mg.ones(1).register_post_accumulate_grad_hook(print)
    with pytest.raises(mg.GradError, match="non-leaf"):
        (mg.ones(1, requires_grad=True) * 2).register_post_accumulate_grad_hook(print)


def test_a_handle_takes_its_hook_away_at_the_end_of_its_block():
    x, seen = mg.ones(1, requires_grad=True), []
    y = x * 2
    with y.register_hook(seen.append):
        y.backward(retain_graph=True)
    y.backward()
    assert len(seen) == 1


def test_a_hook_on_a_node_replaces_what_goes_on():
    x = mg.ones(1, requires_grad=True)
    y = x * 2
    y.grad_fn.register_hook(lambda sent, arrived: tuple(g and g * 10 for g in sent))
    y.backward()
    assert x.grad.item() == 20


@pytest.mark.parametrize(("answer", "kind"), [(5.0, TypeError), (mg.ones(2), RuntimeError)])
def test_a_hook_that_returns_nonsense_is_refused(answer, kind):
    x = leaf()
    x.register_hook(lambda g: answer)
    with pytest.raises(kind, match="hook"):
        (x * 2).sum().backward()
    assert x.grad is None


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_number_too_large_or_too_small_for_float16_is_computed_with_in_float32_but_for_powers(shape):
    x = mg.full(shape, 0.5, dtype=mg.float16, requires_grad=True)
    cases = [
        (lambda x: x / 1e6, 5e-7, 1e-6), (lambda x: 1e5 * x, 5e4, math.inf), (lambda x: 1e6**x, math.inf, math.inf),
        (lambda x: (x - x.detach()) / 1e-9, 0, math.inf),
    ]  # fmt: skip
    for run, value, slope in cases:
        y = run(x)
        (g,) = mg.autograd.grad(y.sum(), x)
        assert y.dtype is g.dtype is mg.float16 and g.shape == shape
        assert y.flatten()[0].item() == pytest.approx(value, rel=0.1)
        assert g.flatten()[0].item() == pytest.approx(slope, rel=0.1)
        with mg.no_grad():
            assert run(x).equal(y.detach())


def test_a_power_of_a_number_beyond_float32_has_a_gradient_where_it_is_0():
    x = mg.tensor([-1.0, -2.0], requires_grad=True)
    (1e40**x).sum().backward()
    assert x.grad.tolist() == [0, 0]


@pytest.mark.parametrize("run", [lambda x: x * 0.5, lambda x: 1 - x, lambda x: x**2, lambda x: 3 / x, lambda x: x > 1])
def test_a_tensor_without_axes_keeps_its_dtype_beside_a_number(run):
    for dtype in (mg.float16, mg.float32, mg.float64):
        x = mg.tensor(2.0, dtype=dtype, requires_grad=True)
        y, same = run(x), run(x.reshape(1))
        assert type(y.array) is np.ndarray and y.dtype is same.dtype and y.item() == same.item() and y.shape == ()
        if y.requires_grad:
            y.backward()
            assert x.grad.dtype is dtype and x.grad.shape == ()
