"""Compiled functions on a device: a stand-in with kernels, streams and graphs, and CuPy itself where there is a GPU."""

import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, nn, optim
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


