"""`jit.compile`: whatever a function does, its compiled form does the same, call after call, or says why it cannot."""

import gc
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, nn, optim
from minigrad.nn import functional as F

X, Y = mg.randn(8, 6, generator=mg.random.Generator().manual_seed(1)), mg.tensor([0, 1, 2, 0, 1, 2, 1, 1])


def close(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)


def numbers(result):
    if isinstance(result, dict):
        return [n for key in result for n in numbers(result[key])]
    if isinstance(result, (tuple, list)):
        return [n for part in result for n in numbers(part)]
    return [result.detach().numpy() if isinstance(result, mg.Tensor) else np.asarray(result)]


def same(make, inputs, calls=5):
    """Run what `make` gives, a step and the tensors it works on, as it is and compiled: equal after every call."""
    made = []
    for _ in range(2):
        mg.manual_seed(3)
        made.append(make())
    (plain, ours), (step, theirs) = made
    compiled = jit.compile(step)
    for i in range(calls):
        results = []
        for run in (plain, compiled):
            mg.manual_seed(100 + i)
            results.append(numbers(run(*inputs(i))))
        assert len(results[0]) == len(results[1]) and all(map(close, *results)), (i, results)
        for a, b in zip(ours, theirs, strict=True):
            assert close(a.array, b.array), i
            assert (a.grad is None) == (b.grad is None) and (a.grad is None or close(a.grad.array, b.grad.array)), i
            assert a.requires_grad == b.requires_grad
    return compiled


def trainer(model, optimizer=lambda params: optim.SGD(params, lr=0.1), loss=F.cross_entropy):
    optimizer = optimizer(model.parameters())

    def step(x, y):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    return step, [*model.parameters(), *model.buffers()]


def mlp(*last):
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3), *last)


class Classifier(nn.Module):
    """The last state of a recurrent layer, or the mean of what attention gives, through a linear layer."""

    def __init__(self, layer, read):
        super().__init__()
        self.layer, self.read, self.head = layer, read, nn.Linear(5 if layer is not None else 6, 3)

    def forward(self, x):
        return self.head(self.read(self.layer, x))


MODELS = {
    "relu": lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)),
    "batch norm, dropout": lambda: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3),
                                                 nn.Linear(8, 3)),
    "layer norm, gelu": lambda: nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3)),
    "sigmoid, softmax": lambda: nn.Sequential(nn.Linear(6, 8), nn.Sigmoid(), nn.Linear(8, 3), nn.Softmax(1)),
    "shared": lambda: (lambda layer: nn.Sequential(layer, nn.ReLU(), layer))(nn.Linear(6, 6)),
    "double": lambda: nn.Sequential(nn.Linear(6, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_training_step(name):
    step = same(lambda: trainer(MODELS[name]()), lambda i: (X, Y))
    assert step.replayed == 4 and not any(outcome for *_, outcome, _ in step.history)


@pytest.mark.parametrize("rows", [1, 2, 16, 64])
def test_any_number_of_rows(rows):
    x, y = mg.randn(rows, 6), mg.randint(3, (rows,))
    assert same(lambda: trainer(MODELS["relu"]()), lambda i: (x, y)).replayed == 4


OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "maximize": lambda p: optim.SGD(p, lr=0.01, maximize=True),
    "adam": lambda p: optim.Adam(p, lr=0.01), "adamw": lambda p: optim.AdamW(p, amsgrad=True),
    "rmsprop": lambda p: optim.RMSprop(p, centered=True, momentum=0.5), "adagrad": optim.Adagrad,
    "nadam": optim.NAdam, "radam": optim.RAdam, "adadelta": optim.Adadelta, "adamax": optim.Adamax,
    "groups": lambda p: optim.SGD([{"params": [q], "lr": 0.1 / (i + 1)} for i, q in enumerate(p)]),
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    step = same(lambda: trainer(mlp(), OPTIMIZERS[name]), lambda i: (X, Y), calls=9)
    assert step.replayed >= 6


def test_a_learning_rate_may_change_and_is_no_reason_to_record_anew():
    def make():
        model = mlp()
        optimizer = optim.SGD(model.parameters(), lr=0.5)
        scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

        def step(x, y):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            return x

        step.scheduler = scheduler
        return step, list(model.parameters())

    mg.manual_seed(0)
    plain, ours = make()
    mg.manual_seed(0)
    step, theirs = make()
    compiled = jit.compile(step)
    for _ in range(4):
        plain(X, Y), plain.scheduler.step()
        compiled(X, Y), step.scheduler.step()
    assert all(close(a.array, b.array) for a, b in zip(ours, theirs, strict=True)) and compiled.replayed == 3


def test_images():
    def make():
        return trainer(nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3, stride=2), nn.ReLU(),
            nn.Flatten(), nn.Linear(45, 3)))  # fmt: skip

    step = same(make, lambda i: (mg.randn(8, 2, 14, 14), Y))
    assert step.replayed == 4


@pytest.mark.parametrize("options", [
    {"kernel_size": 3, "groups": 2}, {"kernel_size": (1, 3)}, {"kernel_size": 2, "stride": 2},
    {"kernel_size": 3, "dilation": 2}, {"kernel_size": 3, "padding": (0, 2), "bias": False}, {"kernel_size": 1},
])  # fmt: skip
def test_convolutions(options):
    def make():
        layer = nn.Conv2d(4, 6, **options)

        def step(x):
            layer.zero_grad()
            y = layer(x)
            (y * y).sum().backward()
            return y.detach()

        return step, list(layer.parameters())

    for batch in (1, 3):
        assert same(make, lambda i, n=batch: (mg.randn(n, 4, 7, 8),), 3).replayed == 2


@pytest.mark.parametrize("options", [
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 2}, {"kernel_size": 2, "padding": 1}, {"kernel_size": (2, 3)},
])  # fmt: skip
def test_pooling(options):
    def make():
        scale = mg.ones(1, requires_grad=True)

        def step(x):
            scale.grad = None
            y = F.max_pool2d(F.relu(x * scale), **options)
            (y * y).sum().backward()
            return y.detach()

        return step, [scale]

    assert same(make, lambda i: (mg.randn(3, 2, 7, 6).round(),), 4).replayed == 3


def test_where_the_largest_of_a_window_is_nan():
    def make():
        scale = mg.ones(1, requires_grad=True)

        def step(x):
            scale.grad = None
            (F.max_pool2d(x * scale, 2) * 1.0).nan_to_num(0).sum().backward()
            return x * 2

        return step, [scale]

    def inputs(i):
        x = mg.arange(32.0).reshape(2, 1, 4, 4)
        if i == 2:
            x[0, 0, 1, 1] = float("nan")
        return (x,)

    same(make, inputs, 4)


LAYERS = {
    "gru": (lambda: nn.GRU(6, 5), lambda layer, x: layer(x)[1][0]),
    "lstm": (lambda: nn.LSTM(6, 5), lambda layer, x: layer(x)[0][-1]),
    "rnn": (lambda: nn.RNN(6, 5), lambda layer, x: layer(x)[0][-1]),
    "two layers": (lambda: nn.GRU(6, 5, num_layers=2), lambda layer, x: layer(x)[0][-1]),
    "cell": (lambda: nn.GRUCell(6, 5), lambda layer, x: layer(x[1], layer(x[0]))),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("batch", [1, 8])
def test_recurrent_layers_for_two_lengths(name, batch):
    make, read = LAYERS[name]
    step = same(lambda: trainer(Classifier(make(), read)), lambda i: (mg.randn(3 + i % 2, batch, 6), Y[:batch]), 6)
    assert len(step.variants) == (1 if name == "cell" else 2) or name == "cell"


def test_packed_sequences_of_unequal_length():
    rnn = nn.utils.rnn

    def inputs(i):
        lengths = [[5, 3, 1], [4, 4, 2]][i % 2]
        return rnn.pack_sequence([mg.randn(n, 6) for n in lengths]), Y[:3]

    def make():
        return trainer(Classifier(nn.GRU(6, 5), lambda layer, x: layer(x)[1][0]))

    assert same(make, inputs, 6).replayed == 4


def test_attention_and_embedding():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.look, self.norm, self.head = nn.Embedding(10, 6), nn.MultiheadAttention(
                6, 2, batch_first=True), nn.LayerNorm(6), nn.Linear(6, 3)  # fmt: skip

        def forward(self, x):
            x = self.words(x)
            return self.head(self.norm(x + self.look(x, x, x)[0]).mean(1))

    assert same(lambda: trainer(Reader()), lambda i: (mg.randint(10, (8, 4)), Y)).replayed == 4


# Results


def outputs(x, y):
    return {"sum": (x * 2).tanh().sum(), "rows": [x[2:4] + 1, y], "x": x, "number": x.mean().item()}


def test_results_are_nested_as_the_function_has_them():
    def make():
        return outputs, []

    compiled = same(make, lambda i: (X + i, Y))
    result = compiled(X, Y)
    assert list(result) == ["sum", "rows", "x", "number"] and result["x"] is X and result["rows"][1] is Y
    assert type(result["number"]) is float and compiled.replayed == 5


def test_a_result_is_nobody_elses():
    copied = jit.compile(lambda x: (x.clone(), x + 1, x.T))
    first = copied(X)
    kept = [part.array.copy() for part in first]
    second = copied(X * 2)
    third = copied(X * 3)
    assert all(close(a, b.array) for a, b in zip(kept, first, strict=True))
    assert not any(np.shares_memory(a.array, b.array) for a, b in zip(second, third, strict=True))
    assert not np.shares_memory(copied(X)[0].array, X.array) and copied.replayed == 3


def test_a_gradient_that_somebody_keeps_stays_as_it_is():
    step, params = trainer(MODELS["relu"]())
    compiled = jit.compile(step)
    for _ in range(3):
        compiled(X, Y)
    kept, array = params[0].grad, params[1].grad.numpy()
    before = kept.array.copy(), array.copy()
    window = params[2].grad[0]
    third = window.array.copy()
    for _ in range(3):
        compiled(X, Y)
    assert close(kept.array, before[0]) and close(array, before[1]) and close(window.array, third)
    assert kept is not params[0].grad and compiled.replayed == 5


def test_a_window_of_a_gradient_that_somebody_keeps_stays_as_it_is():
    step, params = trainer(MODELS["relu"]())
    compiled = jit.compile(step)
    for _ in range(3):
        compiled(X, Y)
    window = params[2].grad.T[0]
    before = window.array.copy()
    for _ in range(3):
        compiled(X, Y)
    assert close(window.array, before) and not np.shares_memory(window.array, params[2].grad.array)


def test_gradients_of_two_dtypes():
    def make():
        a, b = mg.ones(2, requires_grad=True), mg.ones(2, dtype=mg.float64, requires_grad=True)

        def step(x):
            a.grad = b.grad = None
            y = (a * x).sum() + (b * x).sum()
            y.backward()
            return y

        return step, [a, b]

    assert same(make, lambda i: (mg.ones(2) * i,)).replayed == 4


def test_gradients_add_up_where_nobody_clears_them():
    layer = nn.Linear(6, 3)

    def step(x, y):
        value = F.cross_entropy(layer(x), y)
        value.backward()
        return value

    compiled = jit.compile(step)
    compiled(X, Y)
    once = layer.weight.grad.array.copy()
    for _ in range(3):
        compiled(X, Y)
    assert np.allclose(layer.weight.grad.array, 4 * once, rtol=1e-5) and compiled.replayed == 2
    layer.zero_grad()
    compiled(X, Y)
    assert np.allclose(layer.weight.grad.array, once, rtol=1e-5)


def test_zeros_in_place_of_none():
    def make():
        model = mlp()
        optimizer = optim.SGD(model.parameters(), lr=0.1)

        def step(x, y):
            optimizer.zero_grad(set_to_none=False)
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            return y

        return step, list(model.parameters())

    assert same(make, lambda i: (X, Y)).replayed == 3


def test_an_update_by_hand():
    def make():
        w = mg.ones(6, 3, requires_grad=True)

        def step(x, y):
            loss = F.cross_entropy(x @ w, y)
            (g,) = mg.autograd.grad(loss, w)
            with mg.no_grad():
                w.sub_(0.1 * g)
            return loss.detach()

        return step, [w]

    assert same(make, lambda i: (X, Y)).replayed == 4


def test_an_input_that_is_changed_in_place():
    def scaled(x, by):
        x.mul_(by)
        return x.sum()

    compiled, x = jit.compile(scaled), mg.ones(3)
    for _ in range(3):
        compiled(x, mg.tensor(2.0))
    assert x.tolist() == [8.0] * 3 and compiled.replayed == 2 and x._version == 3


def test_weights_that_are_put_in_their_place():
    layer = nn.Linear(6, 3)
    f = jit.compile(lambda x: layer(x).detach().tanh())
    for i in range(5):
        if i in (2, 4):
            layer.weight.data = mg.full((3, 6), 0.1 * i)  # which the lines see turned round
        if i == 3:
            layer.bias.data = mg.ones(3)
        assert close(f(X).numpy(), layer(X).detach().tanh().numpy())
    assert f.replayed == 4


def test_versions_count_on():
    layer = nn.Linear(6, 3)
    step = jit.compile(trainer(layer)[0])
    step(X, Y)
    y = layer.weight.pow(2).sum()
    step(X, Y)
    with pytest.raises(mg.GradError, match="modified by an inplace operation"):
        y.backward()
    assert step.replayed == 1


# A result that still wants gradients


def test_a_compiled_model_in_an_ordinary_step():
    found = []
    for compiled in (False, True):
        mg.manual_seed(5)
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 3))
        optimizer, f = optim.SGD(model.parameters(), lr=0.1), jit.compile(model) if compiled else model
        for i in range(4):
            mg.manual_seed(i)
            x = mg.randn(8, 6, requires_grad=True)
            optimizer.zero_grad()
            loss = F.cross_entropy(f(x), Y) + F.cross_entropy(f(x * 2), Y)  # two calls wait for one backward
            loss.backward()
            optimizer.step()
            weights = [p.detach().numpy().copy() for p in model.parameters()]
            found.append((loss.detach().numpy(), x.grad.numpy(), *weights))
    for plain, ours in zip(found[:4], found[4:], strict=True):
        assert all(close(a, b) for a, b in zip(plain, ours, strict=True))
    assert f.replayed == 7 and list(f.parameters()) == list(model.parameters())


def test_several_results_of_which_some_want_gradients():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    f = jit.compile(lambda x: (x * w, (x * 2).floor(), w.exp() * x))
    for i in range(3):
        x, w.grad = mg.tensor([0.3, 0.4 + i]), None
        a, b, c = f(x)
        assert a.requires_grad and not b.requires_grad and c.requires_grad
        (a.sum() + c.sum()).backward()
        assert close(w.grad.numpy(), x.numpy() * (1 + np.exp(w.detach().numpy())))
    assert f.replayed == 2


def test_what_was_changed_before_backward_is_noticed():
    layer = nn.Linear(6, 3)
    f = jit.compile(lambda x: layer(x.tanh() * x))
    f(X)
    y = f(X.clone().requires_grad_())
    y = f(X.clone().requires_grad_())
    with mg.no_grad():
        layer.weight.mul_(2)
    with pytest.raises(mg.GradError, match="inplace operation"):
        y.sum().backward()


def test_under_no_grad_nothing_is_recorded_for_backward():
    f = jit.compile(nn.Linear(6, 3))
    with mg.no_grad():
        for _ in range(3):
            assert not f(X).requires_grad
    assert f.replayed == 2
    assert f(X).requires_grad and f(X).requires_grad and close(f(X).detach().numpy(), f.function(X).detach().numpy())


# What it relies on


def test_each_shape_dtype_and_nesting_is_a_recording_of_its_own():
    f = jit.compile(lambda x, scale=2, more=(): x * scale + sum(more))
    two = mg.ones(2)
    for call in [lambda: f(two), lambda: f(mg.ones(3)), lambda: f(two.double()), lambda: f(two, 3),
                 lambda: f(two, scale=3), lambda: f(two, more=(mg.ones(2),))]:  # fmt: skip
        assert close(call().numpy(), call().numpy())
    assert len(f.variants) == 6 and f.replayed == 6 and f(mg.ones(2), 3).tolist() == [3.0, 3.0]


def test_the_mode_of_a_module():
    layer = nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5))
    f = jit.compile(lambda x: layer(x).detach())
    for training in (True, False, True, False):
        layer.train(training)
        a, b = f(X), f(X)
        assert close(a.numpy(), b.numpy()) is not training
    assert len(f.variants) == 2


def test_attributes_and_what_lies_around():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.by, self.table = 2.0, {"more": 1}

        def forward(self, x):
            return x * self.by * self.table["more"] * extra

    module, extra = Scaled(), 1.0
    f = jit.compile(module)
    assert f(mg.ones(1)).item() == f(mg.ones(1)).item() == 2.0
    module.by = 3.0
    assert f(mg.ones(1)).item() == 3.0
    extra = 10.0
    assert f(mg.ones(1)).item() == 30.0
    assert len(f.variants) == 3


def test_a_parameter_that_is_replaced_or_frozen():
    layer = nn.Linear(6, 3)
    step = jit.compile(lambda x: layer(x))
    step(X)
    layer.weight = nn.Parameter(mg.zeros(3, 6))
    assert close(step(X).detach().numpy(), layer(X).detach().numpy())
    layer.weight.requires_grad_(False)
    y = step(X)
    y.sum().backward()
    assert layer.weight.grad is None and layer.bias.grad is not None
    layer.load_state_dict({"weight": mg.ones(3, 6), "bias": mg.zeros(3)})
    assert close(step(X).detach().numpy(), layer(X).detach().numpy())
    layer.double()
    assert step(X.double()).dtype is mg.float64


def test_a_branch_is_looked_at_in_every_run():
    def make():
        a, b = nn.Linear(6, 3), nn.Linear(6, 3)
        optimizer = optim.SGD([*a.parameters(), *b.parameters()], lr=0.1)

        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(a(x) if x.sum() > 0 else b(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return step, [*a.parameters(), *b.parameters()]

    step = same(make, lambda i: (X * (1 if i % 3 else -1), Y), 7)
    assert len(step.variants) == 2 and step.replayed == 5


def test_a_number_that_is_read_is_either_handed_on_or_taken_for_granted():
    handed_on = jit.compile(lambda x: (x.sum().item(), x * 2))
    used = jit.compile(lambda x: x * round(x.sum().item()))
    for total in (1.0, 2.0, 2.0, 3.0):
        x = mg.tensor([total])
        assert handed_on(x)[0] == total and used(x).item() == total * total
    assert len(handed_on.variants) == 1 and len(used.variants) == 3


def test_a_loop_as_long_as_the_input():
    def last(x):
        h = x[0] * 0
        for row in x:
            h = (h + row).tanh()
        return h

    f = jit.compile(last)
    for n in (2, 3, 2, 3, 1):
        assert close(f(X[:n]).numpy(), last(X[:n]).numpy())
    assert len(f.variants) == 3


# What cannot be recorded runs as it is written


def refused(f, *args):
    compiled = jit.compile(f)
    a, b = compiled(*args), compiled(*args)
    assert not compiled.variants and compiled.replayed == 0
    return compiled.history[-1][2], (a, b)


def test_a_function_that_changes_what_lies_outside():
    seen, count = [], [0]

    def noted(x):
        seen.append(1)
        return x * 2

    def counted(x):
        count[0] += 1
        return x * count[0]

    assert "changes seen" in refused(noted, X)[0] and len(seen) == 2
    reason, (a, b) = refused(counted, mg.ones(1))
    assert "changes count" in reason and (a.item(), b.item()) == (1.0, 2.0)


def test_a_module_that_counts_its_calls():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return x * self.calls

    module = Counting()
    reason, (a, b) = refused(lambda x: module(x), mg.ones(1))
    assert "an attribute of Counting" in reason and (a.item(), b.item()) == (1.0, 2.0)


@pytest.mark.parametrize(("f", "reason"), [
    (lambda x: mg.from_numpy(x.numpy() * 2), "leaves for Python by numpy"),
    (lambda x: x * mg.tensor([2.0] * 6), "made of Python's numbers"),
    (lambda x: x.tolist()[0][0] * x, "leaves for Python by tolist"),
])  # fmt: skip
def test_reasons(f, reason):
    told, (a, b) = refused(f, X)
    assert reason in told and close(a.numpy(), f(X).numpy()) and close(b.numpy(), f(X).numpy())


def test_a_scheduler_inside():
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

    def step(x, y):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step()
        return x

    assert "lr" in refused(step, X, Y)[0] or "changes" in refused(step, X, Y)[0]
    assert optimizer.param_groups[0]["lr"] in (0.25, 0.0625)


def test_errors_of_the_function_are_its_own():
    f = jit.compile(lambda x: x @ mg.ones(2, 2))
    for _ in range(2):
        with pytest.raises(mg.ShapeError):
            f(mg.ones(3, 3))
    assert f(mg.ones(2, 2)).shape == (2, 2)
    with pytest.raises(TypeError, match="takes a function or a module"):
        jit.compile(3)


def test_a_class_that_is_not_there_is_found_out_and_nothing_is_changed():
    step, params = trainer(MODELS["relu"]())
    compiled = jit.compile(step)
    compiled(X, Y)
    before = [p.detach().numpy().copy() for p in params]
    for wrong in (3, -1):
        with pytest.raises(IndexError, match=f"Target {wrong} is out of bounds"):
            compiled(X, mg.tensor([0, 1, 2, wrong, 1, 2, 1, 1]))
    assert all(close(a, p.detach().numpy()) for a, p in zip(before, params, strict=True))
    compiled(X, Y)
    assert compiled.replayed == 1


def test_somebody_who_watches_sees_every_op():
    seen, f = [], jit.compile(lambda x: (x * 2).tanh())
    f(X), f(X)
    with mg.modes.watch(lambda event: seen.append(type(event).__name__)):
        f(X)
    assert seen.count("OpRan") == 2 and f.replayed == 1


def test_two_threads_at_once():
    f = jit.compile(lambda x: (x @ x.T).tanh().sum())
    f(X)
    expected, found = f.function(X).item(), []
    threads = [threading.Thread(target=lambda: found.extend(f(X).item() for _ in range(50))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 200 and np.allclose(found, expected)


def test_report_source_and_reset():
    f = jit.compile(lambda x: x * 2)
    assert f.source() is None and f.graph is None
    for n in (2, 2, 3):
        f(mg.ones(n))
    assert f.report().splitlines()[0] == "<lambda>: 3 calls, 2 recorded, 1 replayed, 0 as written"
    assert "x has shape (3,), not (2,)" in f.report()
    assert "multiply(x, c)" in f.source() and "mul(%x, 2)" in str(f.graph)
    f.reset()
    assert f.calls == 0 and not f.variants and f(mg.ones(2)).tolist() == [2.0, 2.0]


def test_a_method_of_a_class():
    class Model(nn.Module):
        def __init__(self, by):
            super().__init__()
            self.by = by

        @jit.compile
        def forward(self, x):
            return x * self.by

    two, three = Model(2.0), Model(3.0)
    assert [m(mg.ones(1)).item() for m in (two, three, two, three)] == [2.0, 3.0, 2.0, 3.0]
    assert Model.forward.replayed == 2


def test_what_is_compiled_lets_go_of_what_was_handed_in():
    import weakref

    f, x = jit.compile(lambda x: x * 2), mg.ones(1000)
    f(x), f(x)
    watch = weakref.ref(x)
    del x
    gc.collect()
    assert watch() is None
