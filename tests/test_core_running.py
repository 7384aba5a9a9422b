"""Running results, differences, and the statistics that say where they stand, against plain definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

NAN, INF = float("nan"), float("inf")
few = settings(max_examples=30, derandomize=True, deadline=None, database=None)
numbers = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 3.0]), min_size=1, max_size=20)


@few
@given(numbers, st.sampled_from([1.0, 300.0]))
def test_logcumsumexp_is_logsumexp_of_each_beginning(values, scale):
    x = mg.tensor(values, dtype=mg.float64, requires_grad=True)
    y = (x * scale).logcumsumexp(0)
    begun = mg.stack([(x * scale)[: i + 1].logsumexp(0) for i in range(len(values))])
    assert np.allclose(y.tolist(), begun.tolist())
    weights = mg.arange(1.0, len(values) + 1, dtype=mg.float64)
    ours, theirs = (mg.autograd.grad((t * weights).sum(), x)[0] for t in (y, begun))
    assert np.allclose(ours.tolist(), theirs.tolist())


def test_logcumsumexp_takes_infinities():
    x = mg.tensor([-INF, -INF, 1.0, 2.0], requires_grad=True)
    x.logcumsumexp(0)[3].backward()
    assert np.allclose(x.grad[2:].tolist(), [1 / (1 + np.e), np.e / (1 + np.e)])
    assert mg.tensor([1.0, INF, -INF]).logcumsumexp(0).tolist() == [1, INF, INF]


@few
@given(numbers)
def test_cummax_and_cummin_are_those_of_each_beginning(values):
    x = mg.tensor(values)
    for found, best in ((x.cummax(0), max), (x.cummin(0), min)):
        assert found.values.tolist() == [best(values[: i + 1]) for i in range(len(values))]
        last = [max(k for k in range(i + 1) if values[k] == best(values[: i + 1])) for i in range(len(values))]
        assert found.indices.tolist() == last


@few
@given(numbers)
def test_mode_is_the_smallest_of_the_commonest(values):
    found = mg.tensor(values).mode()
    count = max(map(values.count, values))
    assert found.values.item() == min(v for v in values if values.count(v) == count)
    assert found.indices.item() == max(i for i, v in enumerate(values) if v == found.values.item())


def test_nanmedian_leaves_nan_out():
    x = mg.tensor([[NAN, 5.0, 1.0, 3.0], [NAN, NAN, NAN, NAN], [4.0, NAN, 2.0, NAN]], requires_grad=True)
    values, indices = x.nanmedian(dim=1)
    assert values[[0, 2]].tolist() == [3, 2] and values[1].isnan() and indices[[0, 2]].tolist() == [3, 2]
    assert mg.nanmedian(x).item() == 3
    (values[0] + values[2]).backward()
    assert x.grad.tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]]


@few
@given(numbers, st.integers(0, 3))
def test_diff_undoes_cumsum(values, n):
    x = mg.tensor(values)
    y = x
    for _ in range(n):
        y = mg.cat([mg.zeros(1), y.cumsum(0)])
    assert np.allclose(mg.diff(y, n=n).tolist(), values)


def test_trapezoid_is_right_for_straight_lines():
    x = mg.tensor([0.0, 0.5, 2.0, 3.0])
    assert mg.trapezoid(2 * x + 1, x).item() == pytest.approx(12)
    assert mg.trapezoid(mg.ones(2, 4), dx=0.5).tolist() == [1.5, 1.5]
    assert mg.trapezoid(mg.stack([x, 3 * x], dim=1), x, dim=0).tolist() == [4.5, 13.5]


def test_after_a_zero_no_factor_matters():
    x = mg.tensor([2.0, 0.0, 3.0, 0.0, NAN], requires_grad=True)
    x.cumprod(0).sum().backward()
    assert x.grad.tolist() == [1, 8, 0, 0, 0]


@pytest.mark.parametrize("call", [lambda x: x.softmax(None), lambda x: mg.log_softmax(x, (0, 1)), mg.softmax,
                                  lambda x: x.logsumexp(None)])  # fmt: skip
def test_softmax_wants_one_dim(call):
    with pytest.raises(TypeError, match="dim"):
        call(mg.ones(2, 2))


def test_numpys_word_for_dim_is_understood():
    x = mg.tensor([[1.0, 3.0], [2.0, 0.0]])
    assert mg.equal(x.softmax(axis=0), x.softmax(0)) and mg.equal(x.logsumexp(axis=1), x.logsumexp(1))
    assert mg.equal(x.cummax(axis=0).values, x.cummax(0).values) and mg.equal(x.diff(axis=0), x.diff(dim=0))


@few
@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from([0, 1]))
def test_the_area_under_points_of_each_row_has_widths_of_its_own(n, k, dim):
    y, x = (np.random.default_rng(seed).normal(size=(n, k)) for seed in (0, 1))
    assert np.allclose(mg.trapezoid(mg.from_numpy(y), mg.from_numpy(x), dim=dim).tolist(), np.trapezoid(y, x, axis=dim))


@pytest.mark.parametrize("values", [[2.0, 0.0, 3.0], [0.0, 3.0, 4.0], [2.0, 0.0, 0.0], [0.0], [2.0, 3.0, 4.0]])
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_products_with_a_zero_have_derivatives_of_every_order(values, exclusive, reverse):
    def third(x):
        y = mg.ops.cumprod(x, dim=0, exclusive=exclusive, reverse=reverse)
        for _ in range(2):
            (y,) = mg.autograd.grad((y * y * mg.arange(1.0, len(values) + 1).double()).sum(), x, create_graph=True)
        return y

    x = mg.tensor(values, dtype=mg.float64, requires_grad=True)
    assert mg.gradcheck(lambda x: mg.ops.cumprod(x, dim=0, exclusive=exclusive, reverse=reverse), [x])
    assert mg.gradcheck(third, [x], atol=1e-3)
    both = mg.stack([x, x + 1], dim=1).detach().requires_grad_()
    assert mg.autograd.gradgradcheck(lambda x: x.cumprod(0), [both])


def test_a_running_product_with_a_zero_is_differentiated_twice_by_hand():
    x = mg.tensor([2.0, 0.0, 3.0], dtype=mg.float64, requires_grad=True)  # a + ab + abc
    (g,) = mg.autograd.grad(x.cumprod(0).sum(), x, create_graph=True)
    assert g.tolist() == [1, 8, 0]
    assert mg.autograd.grad(g.sum(), x)[0].tolist() == [4, 6, 2]
