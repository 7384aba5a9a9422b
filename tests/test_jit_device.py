"""Compiled functions on a device: a stand-in with kernels, streams and graphs, and CuPy itself where there is a GPU."""

import json
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, nn, optim
from tests.bench import captured
from tests.cuda.fake import Machine

F = nn.functional


@pytest.fixture
def machine(monkeypatch):
    """The stand-in."""
    made = Machine(monkeypatch)
    monkeypatch.setattr(sys.modules["minigrad.device"], "_cupy", made.cupy)
    return made


@pytest.fixture(params=["fake", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request):
    """A device for compiled functions: the stand-in, and a GPU where there is one."""
    request.getfixturevalue("machine" if request.param == "fake" else "cuda")
    return "cuda"


def close(a, b):
    return np.allclose(a.detach().cpu().numpy(), b.detach().cpu().numpy(), 1e-5, 1e-6, equal_nan=True)


def batches(count, device="cpu"):
    rng = np.random.default_rng(0)
    for _ in range(count):
        yield (mg.tensor(rng.normal(size=(8, 6)).astype("float32"), device=device),
               mg.tensor(rng.integers(0, 3, 8), device=device))  # fmt: skip


def trainer(device, make, seed=0):
    """(step, model) of a small classifier."""
    mg.manual_seed(seed)
    model = nn.Sequential(nn.Linear(6, 8), nn.GELU("tanh"), nn.Linear(8, 3)).to(device)
    optimizer = make(model.parameters())

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step, model, optimizer


OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1), "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: optim.Adam(p, lr=0.01), "adamw": lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01),
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_step_is_captured_and_trains_as_on_the_cpu(name, device):
    here, theirs, _ = trainer("cpu", OPTIMIZERS[name])
    step, model, _ = trainer(device, OPTIMIZERS[name])
    compiled = jit.compile(step)
    for (x, y), (x_there, y_there) in zip(batches(8), batches(8, device), strict=True):
        assert close(here(x, y), compiled(x_there, y_there))
        for p, q in zip(theirs.parameters(), model.parameters(), strict=True):
            assert close(p, q) and close(p.grad, q.grad) and q.is_cuda and q.grad.is_cuda
    assert compiled.replayed >= 6 and "one CUDA Graph" in compiled.report() and "step by step" not in compiled.report()


@pytest.mark.parametrize("cell", [None, nn.GRUCell])
def test_a_loop_over_time_by_hand_has_its_products_together(cell, device):
    def make(where):
        mg.manual_seed(0)
        model = nn.ModuleList([cell(6, 8) if cell else nn.Linear(6, 8), nn.Linear(8, 8, bias=False)]).to(where)
        optimizer = optim.SGD(model.parameters(), lr=0.1)

        def step(x):
            optimizer.zero_grad()
            h = mg.zeros(8, 8, device=where)
            for t in range(5):
                h = model[0](x * (t + 1), h) if cell else mg.tanh(model[0](x * (t + 1)) + model[1](h))
            loss = (h * h).mean()
            loss.backward()
            optimizer.step()
            return loss

        return step, model

    (here, theirs), (there, model) = make("cpu"), make(device)
    compiled = jit.compile(there)
    for (x, _), (x_there, _) in zip(batches(5), batches(5, device), strict=True):
        assert close(here(x), compiled(x_there))
        assert all(close(p, q) for p, q in zip(theirs.parameters(), model.parameters(), strict=True))
    assert compiled.replayed >= 3 and sum(step.op.name == "linear" for step in compiled.graph.steps) == 1


def test_what_is_compiled_captured_and_launched(machine):
    step, _, _ = trainer("cuda", OPTIMIZERS["momentum"])
    compiled = jit.compile(step)
    for x, y in batches(6, "cuda"):
        compiled(x, y)
    kinds = [word.split()[0] for word in machine.log]
    kernels = kinds.count("compile")
    assert kernels == 6 and kinds.count("captured") == 1 and kinds.count("launch") == 3
    assert kinds[-4:] == ["captured", "launch", "launch", "launch"]
    assert kinds.count("fused_gelu") == 1  # once as it is, then in the graph
    text = compiled.source()
    assert 'extern "C" __global__ void fused_gelu(' in text and "program.run((a_0, a_1, " in text


def test_numbers_of_the_optimizer_may_change_from_launch_to_launch(device):
    steps = [trainer(where, OPTIMIZERS["adam"]) for where in ("cpu", device)]
    compiled = jit.compile(steps[1][0])
    for i, (a, b) in enumerate(zip(batches(8), batches(8, device), strict=True)):
        for _, _, optimizer in steps:
            optimizer.param_groups[0]["lr"] = 0.01 * (1 + i % 3)
        assert close(steps[0][0](*a), compiled(*b))
    assert all(close(p, q) for p, q in zip(steps[0][1].parameters(), steps[1][1].parameters(), strict=True))
    assert compiled.variants[0].program.captured is not None and len(compiled.variants) == 1


def test_weights_are_written_by_the_kernels_themselves(machine):
    step, model, _ = trainer("cuda", OPTIMIZERS["adam"])
    compiled = jit.compile(step)
    weights = [p.array for p in model.parameters()]
    for x, y in batches(5, "cuda"):
        compiled(x, y)
    program = compiled.variants[0].program
    assert {id(t.array) for t in program.steps.in_place.values()} >= {id(a) for a in weights}
    assert len(program.steps.in_place) == 3 * len(weights)


def test_a_guard_that_misses_leads_to_a_recording_of_its_own(device):
    f = jit.compile(lambda x, k=2: (x.tanh() * k + 1).sum())
    for _ in range(4):
        three = mg.ones(3, device=device)
        for x in (three, mg.ones(4, device=device), mg.ones(3), three.double()):
            assert close(f(x), (x.cpu().tanh() * 2 + 1).sum())
    assert len(f.variants) == 4 and f.replayed == 12
    assert "x has device cpu, not cuda:0" in f.report() or "x has shape (4,), not (3,)" in f.report()
    turned = mg.arange(9.0, device=device).reshape(3, 3).T[0]
    assert close(f(turned), (turned.cpu().tanh() * 2 + 1).sum())


def trained(weights, x, y):
    """The loss of the small classifier with these weights, on the CPU."""
    (w, b, v, c), gelu = weights, nn.GELU("tanh")
    return F.cross_entropy(F.linear(gelu(F.linear(x.cpu(), w, b)), v, c), y.cpu())


def test_a_class_that_is_not_there_is_refused_and_nothing_changes(device):
    step, model, _ = trainer(device, OPTIMIZERS["sgd"])
    compiled = jit.compile(step)
    for x, y in batches(5, device):
        compiled(x, y)
    before = [p.detach().cpu().clone() for p in model.parameters()]
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        compiled(x, y + 3 - y)
    assert all(close(p, q) for p, q in zip(before, model.parameters(), strict=True))
    assert close(compiled(x, y), trained(before, x, y))


def test_gradients_that_somebody_keeps_stay_as_they_are(device):
    step, model, _ = trainer(device, OPTIMIZERS["sgd"])
    compiled = jit.compile(step)
    data = list(batches(12, device))
    for x, y in data[:5]:
        compiled(x, y)
    weight = model[0].weight
    kept = weight.grad
    numbers = kept.cpu().clone()
    compiled(*data[5])
    assert close(kept, numbers) and kept is not weight.grad and not close(weight.grad, numbers)
    assert compiled.variants[0].program.captured is not None
    array, numbers = weight.grad.detach(), weight.grad.cpu().clone()  # another tensor, the same memory
    compiled(*data[6])
    assert close(array, numbers) and compiled.variants[0].program.captured is None
    for x, y in data[7:]:
        compiled(x, y)
    assert close(array, numbers) and compiled.variants[0].program.captured is not None


def test_results_belong_to_whoever_gets_them(device):
    f = jit.compile(lambda x: (x.exp() * 2, x.T, x.clone(), x, 3))
    every = [f(mg.full((2, 3), float(i), device=device)) for i in range(5)]
    for i, (a, b, c, d, e) in enumerate(every):
        wanted = mg.full((2, 3), float(i))
        assert close(a, wanted.exp() * 2) and close(b, wanted.T) and close(c, wanted) and close(d, wanted) and e == 3


def test_a_number_that_is_only_handed_on_is_read_after_the_launch(device):
    step, _, _ = trainer(device, OPTIMIZERS["sgd"])
    theirs, _, _ = trainer(device, OPTIMIZERS["sgd"])
    compiled = jit.compile(lambda x, y: step(x, y).item())
    for x, y in batches(5, device):
        found = compiled(x, y)
        assert type(found) is float and found == pytest.approx(theirs(x, y).item(), rel=1e-5)
    assert compiled.variants[0].program.captured is not None


def test_a_number_that_python_goes_by_keeps_it_step_by_step(device):
    def clipped(x):
        y = (x * x).sum()
        return x / y.sqrt() * 2 if y > 10 else x * 2

    f = jit.compile(clipped)
    for scale in (1.0, 9.0, 1.0, 9.0, 1.0, 9.0):
        x = mg.full((3,), scale, device=device)
        assert close(f(x), clipped(x.cpu()))
    assert len(f.variants) == 2 and f.replayed == 4
    assert "step by step, since which way it goes depends on bool, which the GPU works out" in f.report()


def test_a_number_that_comes_back_to_the_gpu_keeps_it_step_by_step(device):
    f = jit.compile(lambda x: x.exp() * float(x.sum()))
    assert [close(f(x), x.cpu().exp() * 6) for x in [mg.full((3,), 2.0, device=device)] * 3] == [True] * 3


def test_a_formula_that_looks_at_numbers_is_not_captured(device):
    f = jit.compile(lambda x: (x.prod(0) * 2, x.median()))
    for i in range(5):
        x = mg.arange(6.0, device=device).reshape(2, 3) + i
        got, wanted = f(x), (x.cpu().prod(0) * 2, x.cpu().median())
        assert close(got[0], wanted[0]) and close(got[1], wanted[1])
    assert "step by step, since median cannot be captured (" in f.report() and f.replayed == 4


def test_random_numbers_are_drawn_anew_before_the_launch(device):
    layer = nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5), nn.Linear(6, 2)).requires_grad_(False).to(device)

    def noisy(x):
        return layer(x) + mg.rand(2, device=device)

    found, f = [], jit.compile(noisy)
    for run in (noisy, f):
        mg.manual_seed(1)
        found.append([run(x) for x, _ in batches(6, device)])
    assert all(close(a, b) for a, b in zip(*found, strict=True)) and f.variants[0].program.captured is not None


def test_what_a_run_that_ends_early_has_drawn_is_put_back(device):
    def noisy(x):
        noise = mg.rand(6, device=device)
        return x * noise if noise.sum() > 3 else x - noise

    found, f = [], jit.compile(noisy)
    for run in (noisy, f):
        mg.manual_seed(1)
        found.append([run(x) for x, _ in batches(12, device)])
    assert all(close(a, b) for a, b in zip(*found, strict=True)) and len(f.variants) == 2


def test_a_compiled_model_in_an_ordinary_step(device):
    found = []
    for where in ("cpu", device):
        mg.manual_seed(5)
        model = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3)).to(where)
        optimizer, f = optim.Adam(model.parameters(), lr=0.01), model if where == "cpu" else jit.compile(model)
        for x, y in batches(6, where):
            x.requires_grad_()
            optimizer.zero_grad()
            loss = F.cross_entropy(f(x), y) + F.cross_entropy(f(x * 2), y)  # two calls wait for one backward
            loss.backward()
            optimizer.step()
            found.append((loss, x.grad, *model.parameters(), *(p.grad.clone() for p in model.parameters())))
    for here, there in zip(found[:6], found[6:], strict=True):
        assert all(close(a, b) for a, b in zip(here[:2] + here[6:], there[:2] + there[6:], strict=True))
    variant = f.variants[0]
    assert f.replayed == 11 and variant.program.captured is not None and variant.ways.whole.program.captured is not None


def test_what_was_changed_before_backward_is_noticed(device):
    layer = nn.Linear(6, 3).to(device)
    f = jit.compile(lambda x: layer(x.tanh() * x))
    for x, _ in batches(3, device):
        y = f(x.requires_grad_())
    with mg.no_grad():
        layer.weight.mul_(2)
    with pytest.raises(mg.GradError, match="inplace operation"):
        y.sum().backward()


def test_an_input_that_is_changed_in_place(device):
    def scaled(x, by):
        x.mul_(by)
        return x.sum()

    f, x = jit.compile(scaled), mg.ones(3, device=device)
    for i in range(5):
        assert f(x, mg.tensor(2.0, device=device)).item() == 3 * 2.0 ** (i + 1)
    assert x.tolist() == [32.0] * 3 and x._version == 5 and f.replayed == 4


def test_a_number_in_main_memory_is_brought_along(device):
    here, f = mg.tensor(2.0), jit.compile(lambda x, w: x.exp() * w + w)
    for i in range(5):
        here.fill_(i)
        x = mg.full((3,), 0.5, device=device)
        assert close(f(x, here), x.cpu().exp() * i + i)
    assert f.replayed == 4


def test_inputs_that_are_moved_inside(device):
    layer = nn.Linear(6, 2).requires_grad_(False).to(device)
    f = jit.compile(lambda x: layer(x.to(device) * 2).cpu())
    for x, _ in batches(5):
        found = f(x)
        assert not found.is_cuda and close(found, layer((x * 2).to(device)))
    assert f.replayed == 4 and f.variants[0].program.captured is not None


def test_weights_that_are_put_in_their_place(device):
    layer = nn.Linear(6, 2).requires_grad_(False).to(device)
    f = jit.compile(lambda x: layer(x).relu() * 2)
    for i, (x, _) in enumerate(batches(9, device)):
        if i in (4, 6):
            layer.weight.data = mg.full((2, 6), 0.1 * i, device=device)
        assert close(f(x), layer(x).relu() * 2)
    assert f.variants[0].program.captured is not None and f.replayed == 8


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
def test_recurrent_layers(kind, device):
    found = []
    for where in ("cpu", device):
        mg.manual_seed(0)
        layer = kind(3, 4).to(where)
        optimizer = optim.SGD(layer.parameters(), lr=0.1)

        def step(x, layer=layer, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (layer(x)[0] ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss

        run = step if where == "cpu" else jit.compile(step)
        x = mg.arange(30.0, device=where).reshape(5, 2, 3) / 30
        found.append([run(x).item() for _ in range(6)])
    assert found[0] == pytest.approx(found[1], rel=1e-5) and run.replayed == 5


def test_tensors_that_change_places(device):
    a, b = mg.zeros(3, device=device), mg.ones(3, device=device)

    def swap(x):
        first = a.clone()
        a.copy_(b)
        b.copy_(first)
        return (a * x).sum()

    f = jit.compile(swap)
    for i in range(6):
        assert f(mg.ones(3, device=device)).item() == (3.0 if i % 2 == 0 else 0.0)
        assert a.tolist() == [float(i % 2 == 0)] * 3 and b.tolist() == [float(i % 2)] * 3
    assert f.replayed == 5


def old_value(device):
    w = mg.tensor([1.0, 2.0], device=device, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        before = w.detach().clone()
        (w * x).sum().backward()
        optimizer.step()
        return before, w.detach() * 1

    return step


def changed_places(device):
    a, b = mg.tensor([1.0, 2.0], device=device), mg.tensor([3.0, 4.0], device=device)

    def step(x):
        before = a.clone()
        a.copy_(b)
        b.copy_(before)
        return x * a, b * 1

    return step


def input_before(device):
    def step(x):
        before = x.clone()
        x.mul_(2)
        return before, x + 0.5

    return step


@pytest.mark.parametrize("make", [old_value, changed_places, input_before])
def test_what_is_copied_before_a_change_keeps_its_numbers(make, device):
    here, there = make("cpu"), jit.compile(make(device))
    for i in range(6):
        x = mg.tensor([1.0, i + 2.0])
        for mine, theirs in zip(here(x.clone()), there(x.to(device)), strict=True):
            assert close(mine, theirs)
    assert there.replayed >= 4, there.report()


def test_views_of_weights_are_read_before_the_weights_change(device):
    w = mg.ones(3, 3, device=device, requires_grad=True)
    here = mg.ones(3, 3, requires_grad=True)

    def step(x, w):
        turned = w.T
        (g,) = mg.autograd.grad((x @ turned).exp().sum(), w)
        with mg.no_grad():
            w.sub_(0.001 * g)
        return (turned.detach() * 2 + 1).sum(), w.sum().detach()

    f = jit.compile(lambda x: step(x, w))
    for i in range(5):
        x = mg.full((2, 3), 0.1 * i)
        assert all(close(a, b) for a, b in zip(f(x.to(device)), step(x, here), strict=True))
    assert close(w, here)


@pytest.mark.parametrize("make", [
    lambda: nn.Sequential(nn.Unflatten(1, (1, 4, 4)), nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Flatten(), nn.Linear(8, 3)),
    lambda: nn.Sequential(nn.Linear(16, 8), nn.BatchNorm1d(8), nn.SiLU(), nn.Dropout(0.2), nn.LayerNorm(8),
                          nn.Linear(8, 3)),
], ids=["convolution", "normalised"])  # fmt: skip
def test_models_that_are_captured_whole(make, device):
    found = []
    for where in ("cpu", device):
        mg.manual_seed(0)
        model = make().to(where)
        optimizer = optim.Adam(model.parameters(), lr=0.01)

        def step(x, y, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        run = step if where == "cpu" else jit.compile(step)
        rng = np.random.default_rng(0)
        data = [(rng.normal(size=(4, 16)).astype("float32"), rng.integers(0, 3, 4)) for _ in range(6)]
        found.append([run(mg.tensor(x, device=where), mg.tensor(y, device=where)).item() for x, y in data])
    assert found[0] == pytest.approx(found[1], rel=1e-4) and run.variants[0].program.captured is not None


def test_places_that_are_taken_from_indices(device):
    table = nn.Embedding(4, 2).requires_grad_(False).to(device)
    f = jit.compile(lambda x, i: x[i] + table(i.abs()) + x.gather(0, i.abs().reshape(-1, 1)))
    for i in ([0, -1], [1, 2], [3, -3], [-2, 1]):
        x = mg.arange(8.0, device=device).reshape(4, 2)
        assert close(f(x, mg.tensor(i, device=device)), f.function(x, mg.tensor(i, device=device)))
    g = jit.compile(lambda x, i: x[i].exp() * 2)
    for i in ([0, -1], [1, 2], [3, -3], [-2, 1]):
        assert close(g(x, mg.tensor(i, device=device)), (x.cpu()[mg.tensor(i)]).exp() * 2)
    assert g.variants[0].program.captured is not None and f.variants[0].program.captured is None
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        g(x, mg.tensor([0, 4], device=device))


def test_what_would_be_sent_during_a_capture_is_not_captured(machine, monkeypatch):
    monkeypatch.setattr(sys.modules["minigrad.ops.pool"], "_table", lambda xp, numbers, device: xp.asarray(numbers))

    def function(x):
        return mg.autograd.grad(F.max_pool2d(x * 2, 2).sum(), x)[0].detach() * 2

    f = jit.compile(function)
    for i in range(4):
        x = mg.tensor(np.random.default_rng(i).normal(size=(1, 1, 4, 4)), device="cuda", requires_grad=True)
        assert close(f(x), function(x))
    assert "step by step, since max_index cannot be captured (CaptureError: it sends numbers" in f.report()


@pytest.mark.parametrize(("kind", "batch"), [("mlp", 4), ("gru", 2), ("lenet", 2)])
def test_the_benchmark_of_captured_steps_computes_the_same_in_all_its_variants(kind, batch, device):
    steps, report = captured.variants(kind, batch)
    captured.check(kind, batch, steps)
    assert {"minigrad eager", "minigrad captured"} <= steps.keys() and "; one CUDA Graph" in report()
    with pytest.raises(captured.Wrong, match="minigrad eager"):
        captured.check(kind, batch, {"minigrad eager": steps["minigrad eager"]})  # which has trained by now


@pytest.mark.gpu
def test_times_of_captured_steps(cuda, tmp_path, record_property):
    """Written down and printed; nothing is asserted of how long it took."""
    captured.main(tmp_path / "captured.json")
    for row in json.loads((tmp_path / "captured.json").read_text())["rows"]:
        record_property("measured", str(row))
