"""Optimizers, data sets and batches: steps follow the formula, batches are right, and a small network learns."""

from collections import namedtuple

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.data import DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split

F = nn.functional


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
    assert p.array is held and p.dtype is mg.float64 and p._version_number == 6


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
    (lambda: mg.optim.SGD([mg.ones(1)] * 2, lr=0.1), ValueError, "more than one place"),
    (lambda: mg.optim.SGD([mg.ones(1)], lr=-0.1), ValueError, "Invalid learning rate: -0.1"),
    (lambda: mg.optim.SGD([mg.ones(1)], lr=0.1, momentum=-1), ValueError, "Invalid momentum"),
    (lambda: mg.optim.SGD([mg.ones(1)], lr=0.1, nesterov=True), ValueError, "Nesterov"),
    (lambda: mg.optim.Optimizer([mg.ones(1)], {})._update(None, None, {}), TypeError, "does not say how"),
])  # fmt: skip
def test_a_wrong_optimizer_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


# Data


def test_items_subsets_and_splits():
    data = TensorDataset(mg.arange(10), mg.arange(10) * 2)
    assert [t.item() for t in data[3]] == [3, 6] and len(data) == 10 and len(list(data)) == 10
    assert [t.item() for t in Subset(data, [5, 1])[1]] == [1, 2]
    parts = random_split(data, [0.5, 0.25, 0.25], generator=mg.Generator().manual_seed(0))
    assert [len(part) for part in parts] == [6, 2, 2]  # what is left over goes to the first ones
    assert sorted(x.item() for part in parts for x, _ in part) == list(range(10))
    with pytest.raises(ValueError, match="does not equal the length of the dataset, 10"):
        random_split(data, [3, 3])
    with pytest.raises(RuntimeError, match=r"\[3, 2\]"):
        TensorDataset(mg.ones(3), mg.ones(2))
    for call in (len, lambda d: d[0]):
        with pytest.raises(TypeError, match="Dataset does not say"):
            call(Dataset())


def test_batches_in_order_ragged_and_dropped():
    data = TensorDataset(mg.arange(7), mg.ones(7, 2))
    loader = DataLoader(data, batch_size=3)
    assert [x.tolist() for x, _ in loader] == [[0, 1, 2], [3, 4, 5], [6]] and len(loader) == 3
    assert [y.shape for _, y in loader] == [(3, 2), (3, 2), (1, 2)]
    loader = DataLoader(data, batch_size=3, drop_last=True)
    assert [len(x) for x, _ in loader] == [3, 3] and len(loader) == 2
    for x, _ in DataLoader(data, batch_size=7):
        x += 1
    assert data.tensors[0].tolist() == list(range(7))  # a batch has memory of its own
    with pytest.raises(ValueError, match="batch_size"):
        DataLoader(data, batch_size=0)


def test_shuffling_follows_its_generator_and_differs_from_pass_to_pass():
    def order(loader):
        return [i for (x,) in loader for i in x.tolist()]

    data = TensorDataset(mg.arange(20))
    loader = DataLoader(data, batch_size=6, shuffle=True, generator=mg.Generator().manual_seed(4))
    first, second = order(loader), order(loader)
    assert sorted(first) == sorted(second) == list(range(20)) and first != second
    again = DataLoader(data, batch_size=6, shuffle=True, generator=mg.Generator().manual_seed(4))
    assert order(again) == first
    mg.manual_seed(1)
    by_default = order(DataLoader(data, shuffle=True))
    mg.manual_seed(1)
    assert order(DataLoader(data, shuffle=True)) == by_default


def test_batches_of_other_data_sets_are_collated():
    Pair = namedtuple("Pair", "x y")

    class Squares(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return Pair(mg.tensor([float(i)]), {"number": i * i, "half": i / 2, "name": str(i), "flag": i > 0})

    (batch,) = DataLoader(Squares(), batch_size=3)
    assert type(batch) is Pair and batch.x.tolist() == [[0], [1], [2]] and batch.y["name"] == ["0", "1", "2"]
    assert batch.y["number"].tolist() == [0, 1, 4] and batch.y["half"].dtype is mg.float64
    assert batch.y["flag"].dtype is mg.bool
    loader = DataLoader(Squares(), batch_size=2, collate_fn=lambda items: sum(item.y["number"] for item in items))
    assert list(loader) == [1, 4]
    with pytest.raises(RuntimeError, match=r"equal size.*collate_fn"):
        default_collate([mg.ones(2), mg.ones(3)])


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
