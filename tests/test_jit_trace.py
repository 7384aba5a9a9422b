"""jit.trace, as a learner meets it: what is recorded does the same again, with its gradients."""

import json
import warnings

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import jit, nn

A, B = mg.tensor([[1.0, -2.0, 0.5], [0.3, 4.0, -1.0]]), mg.tensor([[-3.0, 0.2, 2.0], [1.5, -0.1, 0.7]])


def close(got, wanted):
    return got.shape == wanted.shape and got.dtype is wanted.dtype and mg.allclose(got, wanted, equal_nan=True)


def agrees(func, *examples, others=(B,)):
    """Traces func on the examples; replayed on others, values and gradients are those of func. Gives the trace."""
    traced = jit.trace(func, examples)
    mine, theirs = ([x.detach().clone().requires_grad_(x.is_floating_point()) for x in others] for _ in "ab")
    got, wanted = traced(*mine), func(*theirs)
    assert close(got, wanted) and got.requires_grad == wanted.requires_grad
    if wanted.requires_grad:
        weights = mg.arange(wanted.numel(), dtype=wanted.dtype).reshape(wanted.shape) + 1
        (got * weights).sum().backward()
        (wanted * weights).sum().backward()
        for a, b in zip(mine, theirs, strict=True):
            assert (a.grad is None) == (b.grad is None)
            assert a.grad is None or close(a.grad, b.grad)
    return traced


# What comes out, and what goes in


def test_results_may_be_nested():
    traced = jit.trace(lambda x: {"twice": x * 2, "both": (x, [x + 1]), "none": None}, A)
    found = traced(B)
    assert close(found["twice"], B * 2) and close(found["both"][1][0], B + 1) and found["none"] is None
    assert found["both"][0] is B or close(found["both"][0], B)


def test_several_inputs_and_the_same_twice_are_inputs_of_their_own():
    traced = jit.trace(lambda a, b: a * b - a, (A, A))
    assert close(traced(A, B), A * B - A)


def test_an_input_that_the_function_sees_around_it_too_is_two_things():
    w = mg.tensor([1.0, 2.0])
    traced = jit.trace(lambda x: x * w, w)
    assert close(traced(mg.tensor([10.0, 10.0])), mg.tensor([10.0, 20.0]))


def test_example_inputs_stay_as_they_are():
    x = A.clone()
    traced = jit.trace(lambda x: x.mul_(2) + 1, x)
    assert close(x, A)
    assert close(traced(x), A * 2 + 1) and close(x, A * 2)


@pytest.mark.parametrize(("inputs", "told"), [
    (3, r"input 0 is 3, a int, and inputs are tensors. Fix what is no tensor in the function, lambda x: f\(x, 3\)"),
    ((A, True), "input 1 is True, a bool"), ((A, "mean"), "input 1 is 'mean', a str"),
    ((A, [A, A]), r"input 1 is a list: give each tensor by itself, lambda a, b: f\(\[a, b\]\)"),
])  # fmt: skip
def test_inputs_that_are_no_tensors_are_refused(inputs, told):
    with pytest.raises(TypeError, match=told):
        jit.trace(lambda *xs: xs[0], inputs)


def test_a_result_without_a_tensor_is_refused():
    with pytest.raises(TypeError, match="must return tensors"):
        jit.trace(lambda x: 3, A)


def test_a_result_that_is_always_the_same_is_a_new_tensor_each_time():
    traced = jit.trace(lambda x: (mg.zeros(2), x), A)
    traced(A)[0].add_(1)
    assert close(traced(A)[0], mg.zeros(2))


def test_what_lasts_is_changed_at_each_run_and_what_does_not_is_not():
    counter = mg.zeros(1)

    def f(x):
        counter.add_(1)
        mine = mg.zeros(1)
        mine.add_(1)
        return x * counter + mine

    traced = jit.trace(f, A)
    assert counter.item() == 1
    assert close(traced(B), B * 2 + 1) and close(traced(B), B * 3 + 1) and counter.item() == 3


# Modules


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.norm(self.fc(x)).relu())


def test_parameters_are_shared_and_train_through_the_trace():
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    traced = jit.trace(net, A)
    assert set(traced.state_dict()) == set(net.state_dict()) and traced.get_parameter("0.weight") is net[0].weight
    optimizer = mg.optim.SGD(traced.parameters(), lr=0.1)
    before = net(B).square().mean().item()
    for _ in range(20):
        optimizer.zero_grad()
        traced(B).square().mean().backward()
        optimizer.step()
    assert net(B).square().mean().item() < before / 10 and close(traced(B), net(B))


def test_a_module_is_left_as_after_one_run():
    twin, net = Net(), Net()
    net.load_state_dict(twin.state_dict())
    mg.manual_seed(1)
    twin(A)
    state = mg.get_rng_state()
    mg.manual_seed(1)
    jit.trace(net, A)
    assert all(mg.equal(a, b) for a, b in zip(net.state_dict().values(), twin.state_dict().values(), strict=True))
    assert mg.equal(mg.get_rng_state(), state) and all(p.grad is None for p in net.parameters())


def test_batch_norm_keeps_its_statistics_while_training_and_uses_them_after():
    norm, twin = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    traced = jit.trace(norm, A)
    twin(A)
    for x in (B, A, A + B):
        assert close(traced(x), twin(x))
    assert mg.allclose(norm.running_var, twin.running_var) and norm.num_batches_tracked.item() == 4
    evaluated = jit.trace(norm.eval(), A)
    assert close(evaluated(B), twin.eval()(B)) and not evaluated.graph.updates


class Average(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", mg.zeros(3))

    def forward(self, x):
        self.seen = self.seen * 0.5 + x.detach().mean(0) * 0.5
        return x - self.seen


def test_a_buffer_that_is_replaced_stays_the_one_it_was():
    average, twin = Average(), Average()
    traced = jit.trace(average, A)
    twin(A)
    for x in (B, A):
        assert close(traced(x), twin(x)) and close(average.seen, twin.seen)


def test_random_numbers_of_a_generator_of_its_own():
    generator = mg.Generator().manual_seed(0)
    traced = jit.trace(lambda x: x + mg.randn(3, generator=generator), A)
    generator.manual_seed(1)
    got = traced(B)
    generator.manual_seed(1)
    assert close(got, B + mg.randn(3, generator=generator))


def test_dropout_draws_anew_at_each_run():
    mg.manual_seed(0)
    traced = jit.trace(lambda x: F.dropout(x, 0.5), mg.ones(100))
    first, second = traced(mg.ones(100)), traced(mg.ones(100))
    assert not mg.equal(first, second) and {*first.tolist()} == {0.0, 2.0}
    mg.manual_seed(3)
    mine = traced(mg.ones(100))
    mg.manual_seed(3)
    assert mg.equal(mine, F.dropout(mg.ones(100), 0.5))


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_layers_forward_and_back(kind):
    mg.manual_seed(0)
    layer = kind(3, 4, num_layers=2, batch_first=True)
    example, other = mg.randn(2, 5, 3), mg.randn(2, 5, 3)
    agrees(lambda x: layer(x)[0], example, others=(other,))

    def gradients(x):
        return mg.autograd.grad(layer(x)[0].square().sum(), list(layer.parameters()))

    traced = jit.trace(gradients, example)
    assert all(map(close, traced(other), gradients(other)))


# Changes in place, views, indices


def changed_local(x):
    y = x * 1
    y += x
    y[0] = 3.0
    y.mul_(2).relu_()
    return y * x


def through_a_view(x):
    y = x * 1
    row = y[0]
    row.mul_(x[1])
    y[:, 1] += 1
    return y * row


def gathered_in_place(x):
    total, rows = mg.zeros(2), mg.empty(2, 3)
    total += x[:, 0]
    total.add_(x[:, 2])
    rows[0] = total[0]
    rows[1] = x[1] * total[1]
    return rows


def through_an_alias(x):
    y = x * 2
    z = y.detach()
    z.add_(1)
    return y * y + z


def change_seen_by_an_alias(x):
    y = x * 2
    z = y.detach()
    y.add_(1)
    return y * z


def changed_without_history(x):
    y = x * 2
    with mg.no_grad():
        y.mul_(x)
    return y * y


def transposed_in_place(x):
    y = x * 2
    y.t_()
    return y.sum(0) * 3


def by_data(x):
    y = x * 2
    y.data = x.data * 5
    return y * y


def cut_in_place(x):
    y = x * 2
    y.detach_()
    return y * x


def partly_unrecorded(x):
    with mg.no_grad():
        scale = (x * x).sum().sqrt()
    return x / scale


def switched_on_inside(x):
    with mg.no_grad():
        a = x * 3
        with mg.enable_grad():
            b = x * a
    return a + b


def a_leaf_on_the_way(x):
    w = (x * 2).detach().requires_grad_()
    (g,) = mg.autograd.grad((w**3).sum(), w)
    return g * x


def by_tensors(x):
    best = x.argmax(dim=1)
    return x[mg.arange(2), best] * x.gather(1, best.unsqueeze(1)).squeeze(1) + x.index_select(1, best).sum(1)


def by_masks(x):
    return x[x > 0.4].sum() + x.masked_fill(x > 1, 0.0).sum() + mg.where(x > 0, x, x * 0.1).sum()


def places_of_what_is_not_zero(x):
    rows, columns = (x > 0.4).nonzero(as_tuple=True)
    return x[rows, columns].mean() * x


PLAIN = [
    changed_local, through_a_view, gathered_in_place, through_an_alias, change_seen_by_an_alias,
    changed_without_history, transposed_in_place, by_data, cut_in_place, partly_unrecorded, switched_on_inside,
    a_leaf_on_the_way, by_tensors, by_masks, places_of_what_is_not_zero,
]  # fmt: skip


@pytest.mark.parametrize("func", PLAIN)
def test_the_trace_agrees_with_the_function(func):
    traced = agrees(func, A)
    again = jit.Graph.from_json(json.loads(json.dumps(traced.graph.to_json())))
    assert close(again(B.clone()), func(B.clone()))


def test_a_change_through_a_view_of_what_was_turned_since_is_refused():
    def f(x):
        y = x * 1
        row = y[0]
        y.t_()
        row.add_(1)
        return y

    with pytest.raises(jit.CaptureError, match=r"was turned in place .* and is changed through a view"):
        jit.trace(f, A)


def test_a_detached_part_that_goes_stale_is_refused():
    def f(x):
        y = x * 1
        part = y[0].detach()
        y.add_(1)
        return part * 2

    with pytest.raises(jit.CaptureError, match="detached part of one that was changed in place since"):
        jit.trace(f, A)


# Hooks, a step by hand


def test_forward_hooks_are_recorded():
    layer = nn.Linear(3, 3)
    layer.register_forward_hook(lambda module, args, output: output * 2)
    agrees(layer, A)


def test_a_training_step_by_hand():
    mg.manual_seed(0)
    w, b = mg.randn(3, 1, requires_grad=True), mg.zeros(1, requires_grad=True)

    def step(x, y):
        loss = F.mse_loss(x @ w + b, y)
        for p, g in zip((w, b), mg.autograd.grad(loss, (w, b)), strict=True):
            with mg.no_grad():
                p -= 0.1 * g
        return loss

    x, y = mg.randn(8, 3), mg.randn(8, 1)
    start = w.detach().clone(), b.detach().clone()
    first = step(x, y).item(), step(x, y).item()
    with mg.no_grad():
        w.copy_(start[0])
        b.copy_(start[1])
    traced = jit.trace(step, (x, y))  # this runs it once
    assert traced(x, y).item() == pytest.approx(first[1])
    with mg.no_grad():
        w.copy_(start[0])
        b.copy_(start[1])
    assert [traced(x, y).item(), traced(x, y).item()] == pytest.approx(first)


def test_a_gradient_that_is_left_behind_is_told_of():
    w = mg.ones(3, requires_grad=True)

    def f(x):
        loss = (x * w).sum()
        loss.backward()
        return loss

    with pytest.warns(jit.TracerWarning, match=r"backward\(\) leaves a .grad in w, and a trace leaves none"):
        jit.trace(f, A)
    assert close(w.grad, A.sum(0))


def test_traces_on_a_device(gpu):
    x, w = A.to(gpu), mg.ones(3, 2, device=gpu, requires_grad=True)
    traced = jit.trace(lambda x: (x @ w).tanh().sum() + mg.dropout(x, 0.0, True).sum(), x)
    traced(B.to(gpu)).backward()
    eager = mg.autograd.grad((B.to(gpu) @ w).tanh().sum(), w)[0]
    assert mg.allclose(w.grad.cpu(), eager.cpu())
    found = jit.divergence(traced, lambda x: (x @ w).sum(), [x])
    assert found.inputs[0] is x and found.step.op.name == "tanh"


# The second look


def test_what_depends_on_more_than_its_inputs_is_refused():
    count = iter(range(100))

    with pytest.raises(jit.TracingCheckError, match=r"went two ways: at f, .* mul has other operands or numbers"):
        jit.trace(lambda x: _times(x, next(count)), A)
    with pytest.raises(jit.TracingCheckError, match=r"went two ways.*it ran sin, then cos"):
        jit.trace(lambda x: x.cos() if next(count) % 2 else x.sin(), A)
    jit.trace(lambda x: _times(x, next(count)), A, check_trace=False)


def _times(x, n):
    def f(x):
        return x * n

    return f(x)


def test_random_numbers_out_of_sight_are_refused():
    with pytest.raises(jit.TracingCheckError, match="went two ways"):
        jit.trace(lambda x: x + mg.Tensor(np.random.random(3).astype("float32")), A)


def test_what_a_function_prints_is_shown_once(capsys):
    def f(x):
        print("running")
        return x * 2

    traced = jit.trace(f, A)
    assert capsys.readouterr().out == "running\n"
    traced(B)
    assert not jit.divergence(traced, f, [B]) and capsys.readouterr().out == ""


def test_a_second_run_that_fails_is_told():
    runs = []

    def f(x):
        runs.append(x)
        if len(runs) > 1:
            raise KeyError("gone")
        return x * 2

    with pytest.raises(jit.TracingCheckError, match="failed when it ran a second time: KeyError"):
        jit.trace(f, A)


def test_one_recording_in_another_is_refused():
    with pytest.raises(jit.CaptureError, match="cannot begin inside another"):
        jit.trace(lambda x: jit.trace(lambda y: y * 2, x)(x), A, check_trace=False)


def test_a_trace_in_a_trace_becomes_part_of_it():
    inner = jit.trace(lambda y: y * 2, A)
    agrees(lambda x: inner(x) + 1, A)


def test_traced_functions_say_what_they_are():
    traced = jit.trace(changed_local, A)
    assert repr(traced).startswith("<traced changed_local, ") and "def changed_local(x: Tensor)" in traced.code
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert traced.graph.steps[0].source.function == "changed_local"


def test_a_whole_training_step_is_traced_with_the_numbers_of_its_optimizer():
    model = mg.nn.Linear(2, 1)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    traced = jit.trace(step, (mg.ones(4, 2), mg.zeros(4, 1)))  # warnings are errors: no loop is made up
    assert [value.name for value in traced.graph.inputs] == ["x", "y"]
    losses = [traced(mg.ones(4, 2), mg.zeros(4, 1)).item() for _ in range(3)]
    assert losses[0] > 2 * losses[1] > 4 * losses[2]
