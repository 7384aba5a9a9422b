"""Square matrices: inverse, determinant, powers, systems of equations; against NumPy and against each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

few = settings(max_examples=25, derandomize=True, deadline=None, database=None)


def same(a, b):
    return tuple(a.shape) == tuple(b.shape) and np.allclose(a.detach().numpy(), b.detach().numpy())


def matrices(seed, shape, dtype="float64"):
    """With an inverse, as their diagonals are large."""
    values = np.random.default_rng(seed).normal(size=shape) + 4 * np.eye(shape[-1])
    return mg.from_numpy(values.astype(dtype)).requires_grad_()


@few
@given(st.integers(0, 999), st.sampled_from([(1, 1), (3, 3), (2, 3, 3), (0, 2, 2)]))
def test_inverse_solution_and_powers_agree(seed, shape):
    a, b = matrices(seed, shape), matrices(seed + 1, shape)
    inverse = mg.linalg.inv(a)
    one = mg.eye(shape[-1], dtype=mg.float64).expand(shape)
    assert same(a @ inverse, one) and same(a.matrix_power(0), one)
    assert same(mg.linalg.solve(a, b), inverse @ b) and same(mg.linalg.solve(a, b, left=False), b @ inverse)
    assert same(a.matrix_power(5), a @ a @ a @ a @ a) and same(mg.matrix_power(a, -2), inverse @ inverse)


@few
@given(st.integers(0, 999), st.sampled_from([(1, 1), (3, 3), (2, 4, 4)]))
def test_the_determinant_and_its_logarithm_have_derivatives_that_agree(seed, shape):
    a = matrices(seed, shape)
    sign, size = mg.slogdet(a)
    assert np.allclose(mg.det(a).tolist(), (sign * size.exp()).tolist())
    (first,), (second,) = (mg.autograd.grad(y.sum(), a) for y in (a.det().abs().log(), size))
    assert np.allclose(first.tolist(), second.tolist())
    assert np.allclose(second.tolist(), a.inverse().mT.tolist())


def test_slogdet_does_not_overflow():
    sign, size = (1000 * mg.eye(200)).slogdet()
    assert sign == 1 and size.item() == pytest.approx(200 * np.log(1000))
    assert mg.linalg.slogdet(mg.tensor([[0.0, 2.0], [1.0, 0.0]])).sign == -1
    assert mg.logdet(-mg.eye(3)).isnan()


def test_solve_takes_vectors_one_or_one_for_each_matrix():
    a = matrices(0, (2, 3, 3))
    b = mg.arange(6.0, dtype=mg.float64).reshape(2, 3)
    assert np.allclose((a @ mg.linalg.solve(a, b)[..., None])[..., 0].tolist(), b.tolist())
    assert np.allclose((a @ mg.linalg.solve(a, b[0])[..., None])[..., 0].tolist(), [b[0].tolist()] * 2)


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda: mg.linalg.inv(mg.ones(2, 2)), mg.linalg.LinAlgError, "singular"),
    (lambda: mg.linalg.solve(mg.zeros(2, 2), mg.ones(2)), RuntimeError, "singular"),
    (lambda: mg.det(mg.ones(2, 3)), RuntimeError, "square.*2, 3"),
    (lambda: mg.matrix_power(mg.ones(3), 2), RuntimeError, "square"),
    (lambda: mg.linalg.solve(mg.eye(2), mg.ones(2, dtype=mg.float64)), RuntimeError, "dtype"),
    (lambda: mg.linalg.solve(mg.eye(2).long(), mg.ones(2).long()), RuntimeError, "float"),
    (lambda: mg.linalg.svd(mg.eye(2)), AttributeError, "numpy.linalg"),
    (lambda: mg.linalg.nothing, AttributeError, "no attribute 'nothing'"),
    (lambda: mg.cdist(mg.ones(2, 3), mg.ones(2, 4)), RuntimeError, "rows of one length"),
    (lambda: mg.cross(mg.ones(2, 3), mg.ones(3)), RuntimeError, "as many axes"),
    (lambda: mg.norm(mg.ones(3), "text"), RuntimeError, "no norm"),
])  # fmt: skip
def test_what_cannot_be_done_is_said(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_distances_of_all_pairs():
    x, y = (mg.from_numpy(np.random.default_rng(n).normal(size=(2, n, 3))).requires_grad_() for n in (4, 5))
    for p in (1.0, 2.0, 3.0):
        for i in range(4):
            assert np.allclose(mg.cdist(x, y, p)[:, i].tolist(), (x[:, i, None] - y).norm(p, -1).tolist())
    mg.cdist(x, x).sum().backward()
    assert np.isfinite(x.grad.tolist()).all()  # also where a point meets itself
