"""Training steps as people write them: penalties, clipping, averages, hooks. Compiled, each does the same."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, nn, optim
from minigrad.nn import functional as F
from tests.test_jit_compile import X, Y, mlp, same, trainer


def step_of(loss, after=lambda model: None, model=mlp, rate=0.1):
    """A step of SGD on `loss(model, x, y)`; `after` runs between backward and the update."""
    def make():
        network = model()
        optimizer = optim.SGD(network.parameters(), lr=rate)

        def step(x, y):
            optimizer.zero_grad()
            value = loss(network, x, y)
            value.backward()
            after(network)
            optimizer.step()
            return value

        return step, [*network.parameters(), *network.buffers()]

    return make


def penalised(model, x, y):
    x = x.clone().requires_grad_()
    value = F.cross_entropy(model(x), y)
    (g,) = mg.autograd.grad(value, x, create_graph=True)
    return value + g.pow(2).sum()


class Cubed(mg.autograd.Function):
    """x * x, with a derivative that is not its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * g


def hooked(model, x, y):
    h = model(x)
    h.register_hook(lambda g: g * 2)
    return F.cross_entropy(h, y)


def clip_norm(model):
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)


def clip_value(model):
    nn.utils.clip_grad_value_(model.parameters(), 0.01)


STEPS = {
    "gradient penalty": step_of(penalised),
    "norm clipped": step_of(lambda m, x, y: F.cross_entropy(m(x), y), clip_norm),
    "values clipped": step_of(lambda m, x, y: F.cross_entropy(m(x), y), clip_value),
    "custom function": step_of(lambda m, x, y: F.cross_entropy(Cubed.apply(m(x)), y)),
    "hook": step_of(hooked),
    "smoothed": step_of(lambda m, x, y: F.cross_entropy(m(x), y, label_smoothing=0.1, weight=mg.ones(3))),
    "one class ignored": step_of(lambda m, x, y: F.cross_entropy(m(x), y, ignore_index=1)),
    "logits": step_of(lambda m, x, y: F.binary_cross_entropy_with_logits(m(x)[:, 0], (y > 0).float())),
    "huber": step_of(lambda m, x, y: F.huber_loss(m(x)[:, 0], y.float())),
    "double": step_of(lambda m, x, y: F.cross_entropy(m(x.double()), y), model=lambda: mlp().double()),
    "rate as a tensor": step_of(lambda m, x, y: F.cross_entropy(m(x), y), rate=mg.tensor(0.1)),
    "transformer": step_of(lambda m, x, y: F.cross_entropy(m(x[:, None]).mean(1)[:, :3], y),
                           model=lambda: nn.TransformerEncoderLayer(6, 2, 12, dropout=0.1, batch_first=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_a_step(name):
    step = same(STEPS[name], lambda i: (X, Y))
    assert step.replayed == 4, step.report()


def averaged():
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    average = [p.detach().clone() for p in model.parameters()]

    def step(x, y):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        with mg.no_grad():
            for a, p in zip(average, model.parameters(), strict=True):
                a.mul_(0.9).add_(p * 0.1)
        return x.sum()

    return step, [*model.parameters(), *average]


def in_parts():
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        for start in (0, 4):
            (F.cross_entropy(model(x[start : start + 4]), y[start : start + 4]) / 2).backward()
        optimizer.step()
        return x.sum()

    return step, list(model.parameters())


def two_optimizers():
    a, b = mlp(), mlp()
    first, second = optim.SGD(a.parameters(), lr=0.1), optim.Adam(b.parameters(), lr=0.01)

    def step(x, y):
        first.zero_grad()
        F.cross_entropy(a(x) + b(x).detach(), y).backward()
        first.step()
        second.zero_grad()
        loss = F.cross_entropy(a(x).detach() + b(x), y)
        loss.backward()
        second.step()
        return loss

    return step, [*a.parameters(), *b.parameters()]


def frozen():
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, list(model.parameters())


def with_closure():
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        def loss():
            optimizer.zero_grad()
            value = F.cross_entropy(model(x), y)
            value.backward()
            return value

        return optimizer.step(loss)

    return step, list(model.parameters())


def retained():
    model = mlp()

    def step(x, y):
        model.zero_grad()
        h = model(x)
        h.retain_grad()
        F.cross_entropy(h, y).backward()
        return h.grad

    return step, list(model.parameters())


def written_to():
    w = mg.ones(6, requires_grad=True)

    def step(x, y):
        w.grad = None
        z = x * w
        z[0] = 5.0
        z[:, 1] *= 2
        z.sum().backward()
        return z.detach()

    return step, [w]


@pytest.mark.parametrize("make", [averaged, in_parts, two_optimizers, frozen, with_closure, retained, written_to])
def test_a_step_with_more_to_it(make):
    step = same(make, lambda i: (X, Y), 6)
    assert step.replayed >= 4, step.report()


def test_rows_that_are_to_be_ignored_come_up_later():
    step = same(lambda: trainer(mlp()), lambda i: (X, mg.tensor([0, 1, -100, 2, 1, 0, 1, 2]) if i % 2 else Y), 6)
    assert len(step.variants) == 2 and step.replayed == 4


IMAGES = {
    "lines": lambda: nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(21, 3)),
    "transposed": lambda: nn.Sequential(nn.ConvTranspose1d(2, 3, 3, stride=2), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten(),
                                        nn.Linear(48, 3)),
    "norms": lambda: nn.Sequential(nn.Conv1d(2, 4, 3), nn.GroupNorm(2, 4), nn.BatchNorm1d(4), nn.ReLU(),
                                   nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGES)
def test_signals(name):
    assert same(lambda: trainer(IMAGES[name]()), lambda i: (mg.randn(8, 2, 16), Y)).replayed == 4


def test_a_gradient_of_what_was_handed_in_is_refused():
    def step(x):
        (x * 2).sum().backward()
        return x.detach()

    compiled = mg.jit.compile(step)
    for n in (1, 2):
        x = mg.ones(3, requires_grad=True)
        compiled(x)
        assert x.grad.tolist() == [2.0] * 3 and not compiled.variants and len(compiled.history) == n
    assert "handed in" in compiled.report()


# What is read before it is changed


def old_value():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        before = w.detach().clone()
        ((w * x[0, :2]) ** 2).sum().backward()
        optimizer.step()
        return before, before * 1

    return step, [w]


def old_and_new():
    a = mg.zeros(2)

    def step(x, y):
        before, row = a.clone(), a[:1].clone()
        a.add_(x[0, :2])
        return before, row, a.clone(), a * 1

    return step, [a]


def changed_places():
    a, b = mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])

    def step(x, y):
        before = a.clone()
        a.copy_(b)
        b.copy_(before)
        return x * 2

    return step, [a, b]


def input_before():
    def step(x, y):
        before = x.clone()
        x.mul_(2)
        return before, x + 0.5

    return step, []


def weights_of_each_other():
    a, b = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 4.0], requires_grad=True)
    optimizer = optim.SGD([a, b], lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = (a * b).sum()
        loss.backward()
        optimizer.step()
        return loss

    return step, [a, b]


@pytest.mark.parametrize("make", [old_value, old_and_new, changed_places, input_before, weights_of_each_other])
def test_what_is_copied_before_a_change_keeps_its_numbers(make):
    step = same(make, lambda i: (X.clone(), Y), 4)
    assert step.replayed == 3, step.report()


def test_passes_keep_copies_of_what_is_changed_in_the_end():
    state = mg.zeros(2)

    def f(x):
        before = state.clone()
        state.add_(x)
        return before

    graph = mg.jit.trace(f, mg.ones(2), check_trace=False).graph
    state.zero_()
    for name, after in mg.jit.passes.steps_of(graph):
        state.zero_()
        assert [after(mg.ones(2)).tolist() for _ in range(2)] == [[0.0, 0.0], [1.0, 1.0]], name


def test_two_results_never_share_memory():
    twice = mg.jit.compile(lambda x: (x * 2, x * 2))
    for _ in range(2):
        a, b = twice(X)
    a.zero_()
    assert b.tolist() == (X * 2).tolist() and twice.replayed == 1


# Ways back of which a part is gone


def two_results(A, B, C):
    return lambda x: ((A * x * C).sum(), (B / x * C).sum())


@pytest.mark.parametrize("back", [(0,), (1,), (0, 1)])
def test_no_gradient_comes_from_a_result_that_nobody_goes_back_from(back):
    """None is not zero: an optimizer with momentum still moves for a zero."""
    found = []
    for wrap in (lambda function: function, jit.compile):
        leaves = [mg.ones(3, requires_grad=True) for _ in "ABC"]
        run, seen = wrap(two_results(*leaves)), []
        for x in (mg.ones(3), mg.tensor([1.0, 2.0, 4.0]), mg.tensor([3.0, 1.0, 2.0])):
            for leaf in leaves:
                leaf.grad = None
            results = run(x)
            sum(results[i] for i in back).backward()
            seen.append([leaf.grad if leaf.grad is None else leaf.grad.tolist() for leaf in leaves])
        found.append(seen)
    assert repr(found[0]) == repr(found[1]) and (None in found[0][0]) == (len(back) == 1)


@pytest.mark.parametrize("set_to_none", [True, False])
def test_a_loss_keeps_its_graph_where_gradients_are_only_cleared(set_to_none):
    found = []
    for wrap in (lambda function: function, jit.compile):
        model = nn.Linear(3, 1)
        with mg.no_grad():
            model.weight.fill_(0.5), model.bias.fill_(0.25)
        optimizer = optim.SGD(model.parameters(), lr=0.1)

        def loss(x, model=model, optimizer=optimizer):
            optimizer.zero_grad(set_to_none=set_to_none)
            return (model(x) ** 2).sum()

        loss, seen = wrap(loss), []
        for _ in range(4):
            value = loss(mg.ones(2, 3))
            assert value.requires_grad
            value.backward()
            optimizer.step()
            seen.append((value.item(), model.weight.grad.tolist(), model.weight.tolist()))
        found.append(seen)
    for plain, compiled in zip(*found, strict=True):
        assert all(np.allclose(a, b) for a, b in zip(plain, compiled, strict=True))


def test_a_view_of_a_view_of_what_is_changed_in_place():
    def make():
        weight = mg.arange(15.0).reshape(3, 5).clone()

        def step(x):
            seen = weight.reshape(5, 3).reshape(3, 5)
            turned = seen.reshape(5, 3)[1:]
            weight.add_(x)
            return seen * 1, turned * 2, seen.detach() + 1

        return step

    plain, compiled = make(), jit.compile(make())
    for i in range(4):
        x = mg.full((3, 5), float(i))
        for a, b in zip(plain(x), compiled(x), strict=True):
            assert a.tolist() == b.tolist()
    assert compiled.replayed == 3
