"""Bags of embeddings against their definition: look up, then bring together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

few = settings(max_examples=40, derandomize=True, deadline=None, database=None)
bags = st.lists(st.lists(st.integers(0, 4), max_size=4), min_size=1, max_size=4)


@few
@given(bags, st.sampled_from(["mean", "sum", "max"]), st.sampled_from([None, 2, -1]))
def test_each_bag_is_brought_together(given_bags, mode, padding):
    weight = mg.from_numpy(np.random.default_rng(0).normal(size=(5, 3))).requires_grad_()
    again = weight.detach().clone().requires_grad_()
    flat = mg.tensor([i for bag in given_bags for i in bag], dtype=mg.int64)
    begins = mg.tensor(np.cumsum([0, *map(len, given_bags)])[:-1].tolist())
    found = F.embedding_bag(flat, weight, begins, mode=mode, padding_idx=padding)
    rows = []
    for bag in given_bags:
        kept = [i for i in bag if padding is None or i != padding % 5]
        some = again[kept] if kept else mg.zeros(1, 3, dtype=mg.float64)
        rows.append(some.max(0).values if mode == "max" else getattr(some, mode)(0))
    wanted = mg.stack(rows)
    assert np.allclose(found.tolist(), wanted.tolist())
    factors = mg.from_numpy(np.random.default_rng(1).normal(size=wanted.shape))
    for y, w in ((found, weight), (wanted + 0 * again.sum(), again)):
        (y * factors).sum().backward()
        assert w.grad is not None
    assert np.allclose(weight.grad.tolist(), again.grad.tolist())


@pytest.mark.parametrize("mode", ["mean", "sum", "max"])
def test_bags_with_nothing_in_any_of_them_are_0(mode):
    weight = mg.ones(3, 2, requires_grad=True)
    found = F.embedding_bag(mg.tensor([], dtype=mg.int64), weight, mg.tensor([0, 0]), mode=mode)
    assert found.tolist() == [[0, 0], [0, 0]]
    found.sum().backward()
    assert not weight.grad.any()


def test_rows_of_bags_and_weights_for_each_element():
    layer = nn.EmbeddingBag(4, 2, mode="sum")
    ids, shares = mg.tensor([[0, 1], [3, 3]]), mg.tensor([[1.0, 2.0], [0.5, 0.5]])
    wanted = (layer.weight[ids] * shares[..., None]).sum(1)
    assert np.allclose(layer(ids, per_sample_weights=shares).tolist(), wanted.tolist())
    ends = nn.EmbeddingBag.from_pretrained(layer.weight.detach(), mode="max")
    ends.include_last_offset = True
    assert ends(mg.tensor([2, 0, 1]), mg.tensor([0, 1, 3])).shape == (2, 2) and not ends.weight.requires_grad
    assert repr(nn.EmbeddingBag(4, 2, padding_idx=1, max_norm=2.0)) == (
        "EmbeddingBag(4, 2, max_norm=2.0, mode='mean', padding_idx=1)"
    )


@pytest.mark.parametrize(("arguments", "kind", "words"), [
    ({"mode": "median"}, ValueError, "sum, mean or max"),
    ({"offsets": [0]}, ValueError, "2D input goes without offsets"),
    ({"per_sample_weights": [[1.0, 1.0]]}, NotImplementedError, "mode='sum'"),
    ({"per_sample_weights": [1.0], "mode": "sum"}, ValueError, "the input's shape"),
    ({"input": [0, 1], "offsets": [1]}, RuntimeError, "ascend from 0"),
    ({"input": [0, 1], "offsets": [0, 1], "include_last_offset": True}, RuntimeError, "must end with 2"),
])  # fmt: skip
def test_what_makes_no_bags_is_refused(arguments, kind, words):
    given_arguments = {"input": [[0, 1]], **arguments}
    made = {name: mg.tensor(value) if isinstance(value, list) else value for name, value in given_arguments.items()}
    with pytest.raises(kind, match=words):
        F.embedding_bag(made.pop("input"), mg.ones(3, 2), **made)
