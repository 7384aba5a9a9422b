"""What is there for speed alone: every quick way gives what the plain one gives, and steps aside where it would not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import minigrad.op
from minigrad import axes, nn, ops, shortcuts
from minigrad.nn import functional as F
from minigrad.ops import pool, windows

few = settings(max_examples=40, derandomize=True, deadline=None, database=None)
odd = st.sampled_from([0.0, 1.0, -1.0, 3e38, -3e38, np.inf, -np.inf, np.nan])


def same(a, b):
    return np.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True)


# Reductions


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (0, 3), (3, 0), (1, 3), (2, 1, 4), (2, 3, 4)])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("order", "CF")
def test_a_gradient_is_repeated_as_broadcasting_repeats_it(shape, keepdim, order):
    for dim in (None, *range(-len(shape), len(shape))):
        x = np.random.default_rng(0).random(shape)
        g = np.asarray(x.sum(axis=dim, keepdims=keepdim), order=order)
        expected = np.broadcast_to(g.reshape(axes.kept_shape(shape, dim)), shape)
        found = axes.spread(g, shape, dim, np)
        assert found.shape == shape and np.array_equal(found, expected) and not found.flags.writeable


@pytest.mark.parametrize(("count", "columns", "wide"), [
    (1, 4, 3), (32, 64, 64), (32, 784, 256), (8, 256, 256), (48, 128, 64), (49, 128, 64), (128, 784, 10), (200, 64, 10),
])  # fmt: skip
def test_a_product_with_a_weight_is_the_same_whichever_comes_first(count, columns, wide):
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((count, columns)), rng.standard_normal((wide, columns))
    found = shortcuts.times_turned(x, weight)
    assert found.flags.c_contiguous and np.allclose(found, np.einsum("ij,kj->ik", x, weight))


# Images


@few
@given(st.data())
def test_a_convolution_and_its_two_ways_back_are_adjoints(data):
    draw, axes = data.draw, data.draw(st.integers(1, 3))
    several = st.tuples(*[st.integers(1, 3)] * axes)
    kernel, dilation, stride = draw(several), draw(several), draw(several | st.just((1,) * axes))
    padding = draw(st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * axes))
    groups, each, out, batch = draw(st.sampled_from([(1, 1, 1, 1), (1, 3, 2, 2), (2, 2, 2, 3), (1, 20, 30, 2)]))
    sizes = tuple((k - 1) * d + 1 + draw(st.integers(0, 3)) for k, d in zip(kernel, dilation, strict=True))
    rng, how = np.random.default_rng(0), (stride, padding, dilation, groups)
    x, w = rng.standard_normal((batch, groups * each, *sizes)), rng.standard_normal((groups * out, each, *kernel))
    y = ops.convolution.forward(np, x, w, *how)
    g = rng.standard_normal(y.shape)
    back = ops.convolution_input.forward(np, g, w, sizes, *how), ops.convolution_weight.forward(np, g, x, kernel, *how)
    assert [b.shape for b in back] == [x.shape, w.shape]
    assert np.allclose([(x * back[0]).sum(), (w * back[1]).sum()], (y * g).sum())


@pytest.mark.parametrize(("sizes", "kernel", "stride", "dilation"), [
    ((30, 30), (3, 3), (1, 1), (1, 1)), ((30, 31), (5, 2), (1, 2), (1, 3)), ((40, 30), (2, 3), (2, 1), (2, 1)),
    ((40, 30), (2, 3), (2, 1), (1, 1)), ((60, 60), (1, 3), (1, 1), (1, 1)), ((9000,), (3,), (1,), (1,)),
])  # fmt: skip
def test_windows_are_copied_as_they_are_seen(sizes, kernel, stride, dilation):
    x = np.random.default_rng(0).random((6, 3, *sizes))
    how = kernel, stride, ((1, 0), (0, 2))[: len(sizes)], dilation
    seen, copied = windows.windows(np, x, *how), windows.copied_windows(np, x, *how)
    assert copied.size > windows._MANY and copied.flags.c_contiguous and np.array_equal(copied, seen)


def test_the_way_back_to_an_image_has_no_nan_of_an_infinite_weight():
    x, weight = mg.zeros(1, 1, 3, 4, requires_grad=True), mg.ones(1, 1, 2, 2)
    weight[0, 0, 0, 1] = float("inf")
    F.conv2d(x, weight).sum().backward()
    inf = np.inf
    assert x.grad.tolist() == [[[[1, inf, inf, inf], [2, inf, inf, inf], [1, 2, 2, 1]]]]


@few
@given(st.sampled_from([(2, 2), (3, 2), (1, 3)]), st.sampled_from(["float16", "float32", "float64"]), st.data())
def test_the_largest_of_windows_apart_get_the_gradient_that_those_of_any_windows_get(kernel, dtype, data):
    sizes = [k * data.draw(st.integers(1, 3)) + data.draw(st.integers(0, k - 1)) for k in kernel]
    x = np.array(data.draw(st.lists(odd, min_size=3, max_size=9)), dtype)
    x = np.resize(x, (2, 3, *sizes))
    how = kernel, kernel, ((0, 0), (0, 0)), (1, 1)
    y = ops.max_pool.forward(np, x, *how)
    g = np.resize(np.array(data.draw(st.lists(odd, min_size=1, max_size=5)), dtype), y.shape)
    assert np.array_equal(pool._max_rule_apart(g, x, y, *how, np), pool._max_rule(g, x, y, *how, np), equal_nan=True)


# Formulas


@few
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99), st.lists(odd, max_size=3))
def test_the_loss_of_rows_is_that_of_the_long_way(count, width, seed, numbers):
    rng = np.random.default_rng(seed)
    scores, target = rng.standard_normal((count, width)).astype("float32"), rng.integers(0, width, count)
    scores.reshape(-1)[: len(numbers)] = numbers[: scores.size]
    losses, probability = shortcuts.losses_of_rows(scores, target, np)
    log_p = F.log_softmax(mg.tensor(scores), dim=-1).numpy()
    assert same(losses, -log_p[np.arange(count), target]) and same(probability, np.exp(log_p))


@pytest.mark.parametrize("wrong", [-1, 3, -(2**62)])
@pytest.mark.parametrize("known", [False, True])
def test_a_class_that_is_not_there_is_named(wrong, known):
    scores, target = mg.zeros(2, 3), mg.tensor([0, 2])
    if known:
        F.cross_entropy(scores, target)
    target[1] = wrong
    with pytest.raises(IndexError, match=f"Target {wrong} is out of bounds"):
        F.cross_entropy(scores, target)


@pytest.mark.parametrize("classes", [1, 10, 128, 129])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_gradient_of_the_loss_is_softmax_less_one(classes, reduction):
    scores = mg.randn(6, classes, generator=mg.Generator().manual_seed(1)).requires_grad_()
    target = mg.arange(6) % classes
    loss = F.cross_entropy(scores, target, reduction=reduction)
    (2 * loss.sum()).backward()
    expected = scores.detach().softmax(dim=-1).numpy() - np.eye(classes)[target.numpy()]
    assert same(scores.grad.numpy(), expected * 2 / (6 if reduction == "mean" else 1))
    assert scores.grad.is_contiguous()


@few
@given(st.sampled_from([(3,), (16, 32), (16, 33), (40, 41)]), st.lists(odd, min_size=1, max_size=6))
def test_the_gradient_of_relu_is_let_through_or_not_whatever_it_is(shape, numbers):
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    g = np.resize(np.float32(numbers), shape)
    x.reshape(-1)[:3] = 0.0, -0.0, np.nan
    y = np.maximum(x, 0)
    assert np.array_equal(shortcuts.where_open(g, y), np.where(y <= 0, 0, g), equal_nan=True)


@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (20, 30)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_quick_rules_say_what_their_rules_say(shape, dtype):
    rng = np.random.default_rng(0)
    g, y = (np.asarray(rng.standard_normal(shape), dtype) for _ in range(2))
    for op in (mg.ops.tanh, mg.ops.relu):
        saved, plan = (np.tanh(y) if op is mg.ops.tanh else np.maximum(y, 0),), op.plan(1)
        (quick,), (usual,) = plan.quick(g, saved, np), plan.contributions(g, saved, np)
        assert np.allclose(quick, usual, rtol=1e-3 if dtype == "float16" else 1e-6) and quick.dtype == dtype


def test_the_gradient_of_a_large_weight_is_that_of_its_parts():
    rng = np.random.default_rng(0)
    x, g = (mg.tensor(rng.standard_normal((20, 128)).astype("float32")) for _ in range(2))
    for count in (1, 15, 16, 20):
        weight, bias = mg.zeros(128, 128, requires_grad=True), mg.zeros(128)
        F.linear(x[:count], weight, bias).backward(g[:count])
        assert same(weight.grad.numpy(), g[:count].numpy().T @ x[:count].numpy())


def test_a_quick_rule_stands_in_for_a_rule_and_asks_for_no_more():
    op = minigrad.op.Op(lambda xp, a, /, n=1: a, kind="elementwise")
    with pytest.raises(TypeError, match="quick rule a"):
        op.quick(a=lambda g: g)
    op.vjp(a=lambda g, a: g + a)
    for wrong in (lambda a: a, lambda g, y: g, lambda g, n: g):
        with pytest.raises(TypeError, match="not what its rule asks for"):
            op.quick(a=wrong)
    x = mg.ones(2, requires_grad=True)
    op.quick(a=lambda g, a: g + 10 * a)
    assert mg.autograd.grad(op(x), x, mg.ones(2))[0].tolist() == [11, 11]  # bare arrays
    assert mg.autograd.grad(op(x), x, mg.ones(2), create_graph=True)[0].tolist() == [2, 2]


# The walk


def test_a_hook_may_write_to_the_gradient_that_backward_begins_with():
    w = mg.tensor(2.0, requires_grad=True)
    for _ in range(2):
        loss = w * 3
        loss.register_hook(lambda g: g.mul_(10))
        w.grad = None
        loss.backward()
        assert w.grad.item() == 30
    (w * 1).backward()
    assert w.grad.item() == 31


def test_a_leaf_that_a_chain_comes_by_again_and_again_gets_the_sum():
    w = mg.tensor(0.5, requires_grad=True)
    y = mg.tensor(1.0)
    for _ in range(4):
        y = y * w
    y.backward()
    assert w.grad.item() == 4 * 0.5**3


def test_a_gradient_is_taken_over_only_if_nobody_else_holds_it():
    a, b, g = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True), mg.ones(2)
    (a + b).backward(g)
    a.grad.add_(1)
    assert (a.grad.tolist(), b.grad.tolist(), g.tolist()) == ([2, 2], [1, 1], [1, 1])


# Modules


def test_sequential_calls_a_module_that_has_a_call_of_its_own():
    class Doubled(nn.Linear):
        def __call__(self, x):
            return super().__call__(x) * 2

    one = nn.Linear(2, 2)
    two = Doubled(2, 2)
    two.load_state_dict(one.state_dict())
    x = mg.ones(1, 2)
    assert nn.Sequential(two)(x).tolist() == (one(x) * 2).tolist()


def test_sequential_sees_a_hook_and_a_forward_that_come_later():
    model, x = nn.Sequential(nn.ReLU(), nn.Tanh()), mg.ones(2)
    model(x)
    model[1].forward = lambda x: x + 5
    assert model(x).tolist() == [6, 6]
    seen = []
    handle = model[0].register_forward_hook(lambda module, args, output: seen.append(output))
    assert model(x).tolist() == [6, 6] and len(seen) == 1
    handle.remove()
    model(x)
    assert len(seen) == 1


# Steps of SGD


def trained(p, steps=3, **options):
    """p after some steps with gradients 1, 2, 3, ..."""
    optimizer = mg.optim.SGD([p], lr=0.5, **options)
    for n in range(1, steps + 1):
        p.grad = mg.full(p.shape, float(n), dtype=p.dtype)
        optimizer.step()
    return p.detach()


@pytest.mark.parametrize("size", [131072, 131073, 200000])
@pytest.mark.parametrize("momentum", [0, 1])
def test_a_large_parameter_is_changed_piece_by_piece_to_the_end(size, momentum):
    start = mg.arange(float(size))
    p = trained(start.clone().requires_grad_(), momentum=momentum)
    assert (p == start - 0.5 * (10 if momentum else 6)).all()


def test_a_large_parameter_that_is_a_transpose_is_changed_in_place():
    base = mg.zeros(400, 500)
    p = trained(base.t().detach().requires_grad_())
    assert (p == -3).all() and (base == -3).all()


def test_a_step_sees_what_has_become_of_a_parameter():
    p, q = mg.zeros(2, requires_grad=True), mg.zeros(3, requires_grad=True)
    optimizer = mg.optim.SGD([p, q], lr=1.0)

    def step(**grads):
        for tensor, value in ((p, grads.get("p")), (q, grads.get("q"))):
            tensor.grad = None if value is None else mg.full(tensor.shape, value)
        optimizer.step()
        return p.tolist(), q.tolist(), p._version, q._version

    assert step(p=1.0, q=1.0) == ([-1, -1], [-1, -1, -1], 1, 1)
    assert step(p=1.0) == ([-2, -2], [-1, -1, -1], 2, 1)
    p.data = mg.full((1, 2), 5.0)  # another array in the place of the one that is known
    assert step(p=1.0, q=1.0)[:2] == ([[4, 4]], [-2, -2, -2])
    optimizer.param_groups[0]["params"].pop(0)
    assert step(p=1.0, q=1.0)[:2] == ([[4, 4]], [-3, -3, -3])
    optimizer.param_groups[0]["lr"] = 2.0
    assert step(q=1.0)[1] == [-5, -5, -5]


def test_an_old_gradient_of_another_shape_is_refused_however_well_the_parameter_is_known():
    p = mg.zeros(2, requires_grad=True)
    optimizer = mg.optim.SGD([p], lr=1.0)
    old = (p * 2).sum()
    p.data = mg.zeros(3, 2)
    (p * 1).sum().backward()
    optimizer.step()
    p.grad = None
    old.backward()
    with pytest.raises(mg.errors.GradError, match=r"shape \(2,\), its parameter \(3, 2\)"):
        optimizer.step()
    assert p.tolist() == [[-1, -1]] * 3


# The steps of a GRU


@pytest.mark.parametrize("lengths", [[1], [3], [4, 4], [5, 3, 3, 1], [2, 1, 1]])
def test_the_way_back_through_a_gru_in_place_is_the_recorded_one(lengths):
    mg.manual_seed(0)
    gru = nn.GRU(2, 3).double()
    packed = nn.utils.rnn.pack_sequence([mg.randn(n, 2, dtype=mg.float64) for n in lengths])
    hx = mg.randn(1, len(lengths), 3, dtype=mg.float64, requires_grad=True)
    wanted = [hx, *gru.parameters()]

    def gradients(create_graph):
        out, last = gru(packed, hx)
        return mg.autograd.grad((out.data.sin() * 2).sum() + last.exp().sum(), wanted, create_graph=create_graph)

    for bare, recorded in zip(gradients(False), gradients(True), strict=True):
        assert np.allclose(bare.numpy(), recorded.detach().numpy(), rtol=1e-12, atol=1e-14)
