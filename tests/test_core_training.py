"""Optimizers: steps follow the formula, states are kept, wrong options are refused, and a small network learns."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import events, modes, nn
from minigrad.data import DataLoader, TensorDataset

F = nn.functional
W = mg.ones(1, requires_grad=True)


# Optimizers


def written_out(start, gradient, steps, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    """SGD as the PyTorch manual writes it, for one number in double precision."""
    p, velocity = start, None
    for _ in range(steps):
        g = gradient(p) + weight_decay * p
        if momentum:
            velocity = g if velocity is None else momentum * velocity + (1 - dampening) * g
            g = g + momentum * velocity if nesterov else velocity
        p -= lr * g
    return p


@pytest.mark.parametrize("options", [
    dict(lr=0.1), dict(lr=0.1, momentum=0.9), dict(lr=0.05, momentum=0.9, dampening=0.5),
    dict(lr=0.05, momentum=0.8, nesterov=True), dict(lr=0.1, weight_decay=0.3),
    dict(lr=0.05, momentum=0.9, weight_decay=0.3, nesterov=True),
])  # fmt: skip
@pytest.mark.parametrize("shape", [(), (1,)])
def test_sgd_follows_the_formula(options, shape):
    p = mg.full(shape, 1.5, dtype=mg.float64, requires_grad=True)
    optimizer = mg.optim.SGD([p], **options)
    held = p.array
    for _ in range(6):
        optimizer.zero_grad()
        (p**2).sum().backward()
        optimizer.step()
    assert p.array.item() == pytest.approx(written_out(1.5, lambda x: 2 * x, 6, **options), rel=1e-13)
    assert p.array is held and p.dtype is mg.float64 and p._version == 6


def test_sgd_agrees_with_pytorchs_recorded_numbers():
    p = mg.tensor([1.0, -2.0], requires_grad=True)
    optimizer = mg.optim.SGD([p], lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.01)
    for _ in range(4):
        optimizer.zero_grad()
        (p**2).sum().backward()
        optimizer.step()
    assert np.allclose(p.detach().numpy(), [0.7694774, -1.5389549], atol=1e-6)


def test_no_gradient_skips_the_step_and_a_zero_gradient_does_not():
    def second_step(clear):
        p = mg.tensor(1.0, requires_grad=True)
        optimizer = mg.optim.SGD([p], lr=0.1, momentum=0.9)
        (p * 1).backward()
        optimizer.step()
        assert p.item() == pytest.approx(0.9)
        clear(optimizer)
        optimizer.step()
        return p.item()

    assert second_step(lambda optimizer: optimizer.zero_grad()) == pytest.approx(0.9)
    assert second_step(lambda optimizer: optimizer.zero_grad(set_to_none=False)) == pytest.approx(0.81)


def test_a_step_never_touches_the_gradient_and_groups_have_their_own_rates():
    a, b = mg.tensor([1.0], requires_grad=True), mg.tensor([1.0], requires_grad=True)
    optimizer = mg.optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1, momentum=0.9, weight_decay=0.1)
    (a + b).sum().backward()
    for _ in range(2):
        optimizer.step()
    assert a.grad.tolist() == b.grad.tolist() == [1] and a.item() > b.item()
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 1.0]


@pytest.mark.parametrize(("make", "kind", "words"), [
    (lambda: mg.optim.SGD([], lr=0.1), ValueError, "empty parameter list"),
    (lambda: mg.optim.SGD(mg.ones(1), lr=0.1), TypeError, "iterable of Tensors"),
    (lambda: mg.optim.SGD([mg.ones(1, requires_grad=True) * 1], lr=0.1), ValueError, "non-leaf"),
    (lambda: mg.optim.SGD([5], lr=0.1), TypeError, "int"),
    (lambda: mg.optim.SGD([{"params": W}, {"params": [W]}]), ValueError, "more than one parameter group"),
    (lambda: mg.optim.SGD([{"params": {W}}]), TypeError, "a set"),
    (lambda: mg.optim.SGD([("w", W), mg.ones(1)]), ValueError, "names are missing"),
    (lambda: mg.optim.SGD([{"params": [("w", W)]}, {"params": [mg.ones(1)]}]), ValueError, "without names"),
    (lambda: mg.optim.SGD([W]).add_param_group([W]), TypeError, "must be a dict"),
    (lambda: mg.optim.SGD([W], lr=-0.1), ValueError, "Invalid learning rate: -0.1"),
    (lambda: mg.optim.SGD([W], lr=float("nan")), ValueError, "Invalid learning rate"),
    (lambda: mg.optim.SGD([W], lr=mg.ones(2)), ValueError, "1-element"),
    (lambda: mg.optim.SGD([W], momentum=-1), ValueError, "Invalid momentum value: -1"),
    (lambda: mg.optim.SGD([W], lr=0.1, nesterov=True), ValueError, "Nesterov"),
    (lambda: mg.optim.Adam([W], eps=-1), ValueError, "Invalid epsilon value: -1"),
    (lambda: mg.optim.Adam([W], betas=(0.9, 1.0)), ValueError, r"Invalid beta parameter at index 1: 1\.0"),
    (lambda: mg.optim.AdamW([W], weight_decay=-1), ValueError, "Invalid weight_decay value"),
    (lambda: mg.optim.NAdam([W], momentum_decay=-1), ValueError, "Invalid momentum_decay value"),
    (lambda: mg.optim.RMSprop([W], alpha=-1), ValueError, "Invalid alpha value"),
    (lambda: mg.optim.Adagrad([W], lr_decay=-1), ValueError, "Invalid lr_decay value"),
    (lambda: mg.optim.RAdam([W], betas=(0.9, 1)), ValueError, "Invalid beta parameter at index 1"),
    (lambda: mg.optim.Adamax([W], eps=-1), ValueError, "Invalid epsilon value"),
    (lambda: mg.optim.Adadelta([W], rho=1.5), ValueError, "Invalid rho value"),
    (lambda: mg.optim.Adam([W], momentum=0.9), TypeError, "unexpected keyword argument 'momentum'"),
    (lambda: mg.optim.Adam([W], differentiable=True), NotImplementedError, "not in minigrad"),
    (lambda: mg.optim.Adam([W], fused=True, foreach=True), RuntimeError, "cannot be `True` together"),
])  # fmt: skip
def test_a_wrong_optimizer_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


def test_a_parameter_twice_in_one_group_is_warned_of():
    with pytest.warns(UserWarning, match="duplicate parameters"):
        mg.optim.SGD([W, W])


def test_an_optimizer_of_ones_own_says_how_to_step():
    class Signs(mg.optim.Optimizer):
        @mg.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["steps"] = self.state[p].get("steps", 0) + 1
                    p -= group["lr"] * mg.sign(p.grad)

    p = mg.tensor([1.0, 1.0], requires_grad=True)
    p.grad, seen = mg.tensor([5.0, -0.1]), []
    optimizer = Signs([p], {"lr": 0.5})
    with modes.watch(seen.append):
        optimizer.step()
    assert p.tolist() == [0.5, 1.5] and optimizer.state_dict()["state"] == {0: {"steps": 1}}
    assert isinstance(seen[-1], events.Stepped) and seen[-1].optimizer is optimizer
    with pytest.raises(NotImplementedError, match=r"define step\(\) or _update\(\)"):
        mg.optim.Optimizer([p], {}).step()


def test_a_closure_is_run_with_recording_and_its_loss_returned():
    p = mg.tensor([2.0], requires_grad=True)
    optimizer = mg.optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 4 and p.tolist() == [1]


def test_groups_names_and_print():
    model = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1))
    optimizer = mg.optim.SGD(model[0].named_parameters(), lr=0.5)
    optimizer.add_param_group({"params": model[1].named_parameters(), "lr": mg.tensor(0.25)})
    assert optimizer.param_groups[1]["param_names"] == ["weight", "bias"]
    assert repr(optimizer).startswith("SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n")
    for p in model.parameters():
        p.grad = mg.ones_like(p)
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    steps = [(a - b).array.flat[0] for a, b in zip(before, model.parameters(), strict=True)]
    assert np.allclose(steps, [0.5, 0.5, 0.25, 0.25])
    halving = mg.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    halving.step()
    assert [float(group["lr"]) for group in optimizer.param_groups] == [0.25, 0.125]
    assert isinstance(optimizer.param_groups[1]["lr"], mg.Tensor)  # a rate that is a tensor stays one


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_a_state_is_copied_fitted_and_lives_through_deepcopy_and_pickle(name):
    def trained(dtype, **options):
        p = mg.ones(3, dtype=dtype, requires_grad=True)
        optimizer = getattr(mg.optim, name)([p], lr=0.1, **options)
        p.grad = mg.full((3,), 0.5, dtype=dtype)
        optimizer.step()
        return p, optimizer

    p, optimizer = trained(mg.float32, **({} if name == "Adam" else {"momentum": 0.9}))
    q, other = trained(mg.float64)
    other.load_state_dict(optimizer.state_dict())
    for key, value in other.state[q].items():
        assert value is not optimizer.state[p][key]
        assert value.dtype is (mg.float32 if key == "step" else mg.float64)
    assert other.param_groups[0].keys() == optimizer.param_groups[0].keys()
    held = {key: value.tolist() for key, value in optimizer.state[p].items()}
    other.step()
    assert held == {key: value.tolist() for key, value in optimizer.state[p].items()}
    for again in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (r,) = again.param_groups[0]["params"]
        r.grad = p.grad
        again.step()
        assert again.state[r].keys() == held.keys() and r.tolist() != p.tolist() == [p[0].item()] * 3


def test_a_state_that_does_not_fit_is_refused():
    state = mg.optim.SGD([W]).state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups"):
        mg.optim.SGD([{"params": [W]}, {"params": mg.ones(1)}]).load_state_dict(state)
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        mg.optim.SGD([W, mg.ones(1)]).load_state_dict(state)
    optimizer = mg.optim.Adam([W])  # PyTorch once kept counts as numbers, and states of no parameter are kept
    optimizer.load_state_dict({**optimizer.state_dict(), "state": {0: {"step": 3, "more": [mg.ones(1)]}, "x": 1}})
    assert optimizer.state[W]["step"].tolist() == 3 and optimizer.state["x"] == 1


def test_adamw_stays_decoupled_with_a_state_of_adam():
    optimizer = mg.optim.AdamW([W])
    optimizer.load_state_dict(mg.optim.Adam([W]).state_dict())
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True


def test_clearing_to_zeros_cuts_a_gradient_off_from_its_graph():
    p = mg.ones(2, requires_grad=True)
    (p**3).sum().backward(create_graph=True)
    grad, optimizer = p.grad, mg.optim.SGD([p])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0] and not p.grad.requires_grad and grad.tolist() == [3, 3]
    optimizer.zero_grad()
    mg.optim.clear_grad(p)
    assert p.grad is None


def test_a_gradient_of_another_shape_is_refused():
    p = mg.ones(3, requires_grad=True)
    p.grad = mg.ones(3)
    optimizer = mg.optim.SGD([p])
    optimizer.step()
    p.data = mg.ones(1)
    with pytest.raises(mg.GradError, match=r"clear \.grad after changing a shape"):
        optimizer.step()


# Training


def test_a_small_network_learns():
    mg.manual_seed(0)
    x = mg.rand(200, 2) * 2 - 1
    y = ((x * x).sum(dim=1) > 0.6).long()
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = mg.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    losses = []
    for _ in range(60):
        for inputs, target in DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(inputs), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with mg.no_grad():
        right = (net(x).argmax(dim=1) == y).float().mean().item()
    assert losses[-1] < 0.3 < losses[0] and right > 0.95


def test_accumulation_over_ragged_parts_equals_the_full_batch():
    w = mg.tensor([1.0, -2.0], dtype=mg.float64, requires_grad=True)
    x = mg.rand(10, 2, dtype=mg.float64)
    ((x @ w) ** 2).mean().backward()
    full, w.grad = w.grad, None
    for part in (x[:1], x[1:4], x[4:]):
        (((part @ w) ** 2).sum() / 10).backward()
    assert np.allclose(w.grad.numpy(), full.numpy(), rtol=1e-13)
