"""Tensors on another device: making, moving, mixing, printing, changing, loading and saving them."""

import copy
import io
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_tensors_are_made_there(gpu):
    ones = mg.ones(2, device="cuda:0")
    for x in (ones, mg.tensor([1.0, 2.0], device="cuda"), mg.zeros(2, device=gpu), mg.rand(2, device=gpu),
              mg.arange(2, device=gpu), mg.full((2,), 3, device=gpu), mg.linspace(0, 1, 2, device=gpu),
              mg.eye(2, device=gpu), mg.zeros_like(ones), mg.randint(3, (2,), device=gpu), ones.clone(),
              mg.randn(2, device=gpu, requires_grad=True), mg.tensor(np.ones(2)).cuda()):  # fmt: skip
        assert x.is_cuda and x.is_leaf and x.device == mg.device("cuda", 0) and x.shape[0] == 2


def test_a_move_is_a_copy_and_gradients_come_back(gpu):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(gpu)
    assert y.is_cuda and not y.is_leaf and y.to("cuda") is y and x.cpu() is x
    (y * y).sum().cpu().backward()
    assert x.grad.tolist() == [2, 4] and not x.grad.is_cuda
    assert y.to("cpu", mg.float64).dtype is mg.float64 and x.to(y.detach()).is_cuda


def test_operands_that_live_apart_are_named(gpu):
    here, there = mg.ones(2, 3), mg.ones(2, 3, device=gpu)
    for mixed in (lambda: here + there, lambda: there @ here.T, lambda: mg.where(here > 0, there, here),
                  lambda: mg.cat([here, there]), lambda: nn.functional.linear(there, here)):  # fmt: skip
        with pytest.raises(RuntimeError, match=r"(?s)cuda:0.*cpu|cpu.*cuda:0"):
            mixed()
    assert (there * mg.tensor(2.0)).is_cuda and (mg.tensor(2.0) * there).tolist() == [[2] * 3] * 2


def test_values_come_back_only_when_asked(gpu):
    x = mg.tensor([1.5, -2.0], device=gpu)
    assert repr(x) == "tensor([ 1.5000, -2.0000], device='cuda:0')"
    assert x.tolist() == [1.5, -2] and x[0].item() == 1.5 and float(x[1]) == -2 and bool(x[0] > 1)
    assert f"{x[0]:.1f}" == "1.5" and len(x) == 2 and [float(v) for v in x] == [1.5, -2]
    for refused in (x.numpy, lambda: np.asarray(x), lambda: np.array(x)):
        with pytest.raises(TypeError, match="cpu"):
            refused()


def test_changes_in_place(gpu):
    x = mg.zeros(2, 3, device=gpu)
    x[0] = mg.tensor([1.0, 2.0, 3.0])[0]
    x[1, 1:] = mg.ones(2, device=gpu)
    x += 1
    x.mul_(2).copy_(x.cpu() - 1)
    assert x.tolist() == [[3, 3, 3], [1, 3, 3]] and x.is_cuda
    w = mg.ones(2, device=gpu, requires_grad=True)
    y = w * w
    y += w
    y.sum().backward()
    assert w.grad.tolist() == [3, 3] and w.grad.is_cuda
    saved = w * 1
    product = saved * saved
    saved.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()


def test_modules_move_in_place_and_train_there_as_on_the_cpu(gpu):
    mg.manual_seed(0)
    here = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    there = copy.deepcopy(here)
    weight = there[0].weight
    assert there.to(gpu) is there and there[0].weight is weight and weight.is_cuda and there[1].running_mean.is_cuda
    x, target = mg.rand(5, 3), mg.tensor([0, 1, 1, 0, 1])
    losses = []
    for model, device in ((here, "cpu"), (there, gpu)):
        optimizer = mg.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x.to(device)), target.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    here.load_state_dict(there.state_dict())
    assert not here[0].weight.is_cuda and np.allclose(here[0].weight.detach().numpy(), weight.detach().cpu().numpy())


def test_batches_of_tensors_that_live_there(gpu):
    x, y = mg.arange(10, device=gpu), mg.arange(10, device=gpu) * 10
    loader = mg.data.DataLoader(
        mg.data.TensorDataset(x, y), batch_size=4, shuffle=True, generator=mg.Generator().manual_seed(0)
    )
    batches = list(loader)
    assert all(part.is_cuda for batch in batches for part in batch)
    assert sorted(v for a, _ in batches for v in a.tolist()) == list(range(10))
    assert all((b == a * 10).all() for a, b in batches)
    one_by_one = mg.data.DataLoader([(x[i], i) for i in range(4)], batch_size=2)
    assert all(a.is_cuda and a.tolist() == b.tolist() for a, b in one_by_one)


def test_copies_pickles_and_files(gpu):
    x = mg.tensor([1.0, 2.0], device=gpu, requires_grad=True)
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), copy.copy(x)):
        assert y.is_cuda and y.requires_grad and y.tolist() == [1, 2]
    file = io.BytesIO()
    mg.save({"x": x.detach()}, file)
    file.seek(0)
    assert mg.load(file, map_location="cpu")["x"].tolist() == [1, 2]


def test_dropout_and_random_functions_draw_there(gpu):
    mg.manual_seed(0)
    x = mg.ones(100, device=gpu, requires_grad=True)
    y = nn.functional.dropout(x, 0.5)
    y.sum().backward()
    assert y.is_cuda and set(y.tolist()) == {0, 2} and x.grad.tolist() == y.tolist()
    assert nn.Linear(2, 2, device=gpu).weight.is_cuda


def test_what_cuda_tells(gpu):
    assert mg.cuda.is_available() and mg.cuda.device_count() >= 1
    mg.cuda.synchronize()


@pytest.mark.parametrize("pick", [
    lambda x, i: x[i], lambda x, i: x[..., i], lambda x, i: x[:, i], lambda x, i: x[None, :, i], lambda x, i: x[0, i],
    lambda x, i: x[x[:, 0, 0] > -1, i], lambda x, i: x.index_put((i,), mg.ones(1, device=x.device), accumulate=True),
    lambda x, i: x.take_along_dim(i[:, None, None], 0), lambda x, i: x.gather(0, i[:, None, None]),
    lambda x, i: x.index_fill(1, i, 0), lambda x, i: nn.functional.embedding(i, x[0]), lambda x, i: x.take(i + 90),
])  # fmt: skip
@pytest.mark.parametrize("beyond", [[5], [-6], [2**31 - 1], [-(2**31)]])
def test_indices_out_of_range_are_refused_there_in_the_same_words(pick, beyond, gpu):
    said = []
    for device in ("cpu", gpu):
        with pytest.raises((IndexError, RuntimeError)) as caught:
            pick(mg.arange(64.0, device=device).reshape(4, 4, 4), mg.tensor(beyond, device=device))
        said.append(str(caught.value).replace("cuda:0", "cpu"))
    assert said[0] == said[1]


def test_indices_from_the_other_end_are_taken_there(gpu):
    x = mg.arange(12.0, device=gpu).reshape(3, 4)
    i = mg.tensor([-3, 2], device=gpu)
    assert x[i].equal(x[[0, 2]]) and x[..., i.int()].equal(x[:, [1, 2]]) and x.index_fill(0, i, 0).sum() == 22


def test_whole_numbers_to_negative_powers_there(gpu):
    x = mg.tensor([1, 2], device=gpu)
    with pytest.raises(RuntimeError, match="Integers to negative integer powers"):
        x**-1
    assert (x ** mg.tensor(-1, device=gpu)).tolist() == (x ** mg.tensor(-1)).tolist() == [1, 0]


def test_data_shares_memory_there_but_not_the_version(gpu):
    x = mg.arange(6.0, device=gpu).reshape(2, 3).T[1:].requires_grad_()
    y = x * x
    x.data.add_(1)
    assert x.tolist() == [[2, 5], [3, 6]] and x._version == 0 and x.data[0].detach().add_(1)._version == 1
    y.sum().backward()
    assert x.grad.is_cuda
    x.detach().add_(1)
    assert x._version == 1
