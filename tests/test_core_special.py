"""The error function, its inverse and the gamma function's logarithm, to the last digits of what is known of them."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import minigrad as mg

few = settings(max_examples=60, derandomize=True, deadline=None, database=None)
INF, NAN = math.inf, math.nan
GAMMA = 0.57721566490153286  # Euler's constant
ZETA3 = 1.2020569031595943
ABOVE = st.one_of(st.floats(1e-30, 1), st.floats(0.5, 3), st.floats(1, 20), st.floats(1, 1e300))
BELOW = st.floats(-30, 0, exclude_max=True)


def double(x):
    return mg.tensor(x, dtype=mg.float64)


@given(st.floats(-30, 30))
@few
def test_the_error_function(x):
    assert mg.erf(double(x)).item() == pytest.approx(math.erf(x), rel=1e-14, abs=1e-15)
    assert mg.erfc(double(x)).item() == pytest.approx(math.erfc(x), rel=1e-12, abs=0)
    assert mg.erf(mg.tensor(x)).item() == pytest.approx(math.erf(x), rel=1e-6, abs=1e-7)


@given(st.floats(-5.5, 5.5))
@example(0.0)
@example(1e-300)
@few
def test_erfinv_undoes_what_the_error_function_did(x):
    at = math.erfc(abs(x))
    given = math.copysign(1 - at, x)
    slope = 2 / math.sqrt(math.pi) * math.exp(-x * x)
    rounding = 2.3e-16 / slope  # what x loses when erf(x) is cut to a double
    assert mg.erfinv(double(given)).item() == pytest.approx(x, rel=5e-15, abs=rounding)


@given(st.floats(2.0**-99, 1, exclude_max=True, width=32))
@few
def test_erfinv_in_single_is_that_in_double_cut_short(x):
    exact = mg.erfinv(double(x)).item()
    assert mg.erfinv(mg.tensor(x)).item() == pytest.approx(exact, rel=6e-8)
    assert mg.erfinv(mg.tensor(-x)).item() == pytest.approx(-exact, rel=6e-8)


@given(ABOVE)
@example(1.0)
@example(2.0)
@example(1 + 1e-12)
@example(2 - 1e-12)
@example(0.5)
@example(1.5)
@example(2.5)
@example(10.0)
@few
def test_lgamma_above_zero(x):
    assert mg.lgamma(double(x)).item() == pytest.approx(math.lgamma(x), rel=2e-15, abs=4e-15)  # as far off is Python's


@pytest.mark.parametrize("z", [1e-12, -1e-12, 2.0**-30, -(2.0**-40)])
def test_lgamma_near_its_zeros(z):
    at_one, at_two = (1 + z) - 1, (2 + z) - 2
    assert mg.lgamma(double(1 + z)).item() == pytest.approx(-GAMMA * at_one + (math.pi * at_one) ** 2 / 12, rel=1e-14)
    second = (math.pi**2 / 6 - 1) / 2
    assert mg.lgamma(double(2 + z)).item() == pytest.approx((1 - GAMMA) * at_two + second * at_two**2, rel=1e-14)


@given(BELOW)
@few
def test_lgamma_below_zero(x):
    assume(x != int(x))
    assert mg.lgamma(double(x)).item() == pytest.approx(math.lgamma(x), rel=2e-15, abs=1e-13)


@pytest.mark.parametrize(("x", "values"), [
    (1.0, [-GAMMA, math.pi**2 / 6, -2 * ZETA3, math.pi**4 / 15]),
    (0.5, [-GAMMA - 2 * math.log(2), math.pi**2 / 2, -14 * ZETA3, math.pi**4]),
    (-0.5, [2 - GAMMA - 2 * math.log(2), math.pi**2 / 2 + 4, -14 * ZETA3 + 16, math.pi**4 + 96]),
    (0.25, [-GAMMA - math.pi / 2 - 3 * math.log(2), math.pi**2 + 8 * 0.915965594177219015]),
    (12.0, [sum(1 / k for k in range(1, 12)) - GAMMA, math.pi**2 / 6 - sum(1 / k**2 for k in range(1, 12))]),
])  # fmt: skip
def test_polygamma_where_it_is_known(x, values):
    for n, value in enumerate(values):
        assert mg.polygamma(n, double(x)).item() == pytest.approx(value, rel=2e-14), n
    assert mg.digamma(double(x)).item() == mg.polygamma(0, double(x)).item()


@given(st.one_of(st.floats(1e-3, 30), st.floats(-30, -1e-3)), st.integers(0, 12))
@few
def test_polygamma_from_one_number_to_the_next(x, n):
    assume(abs(x - round(x)) > 1e-3 or x > 0.5)
    step = (-1) ** n * math.factorial(n) / x ** (n + 1)
    here, there = mg.polygamma(n, double(x)).item(), mg.polygamma(n, double(x + 1)).item()
    assert there == pytest.approx(here + step, rel=1e-11, abs=1e-11 * (abs(here) + abs(step)))


@pytest.mark.parametrize(("run", "values"), [
    (mg.lgamma, [INF, INF, INF, INF, INF, INF, NAN]),
    (mg.digamma, [-INF, INF, NAN, NAN, INF, NAN, NAN]),
    (lambda x: mg.polygamma(1, x), [INF, INF, INF, INF, 0, NAN, NAN]),
    (lambda x: mg.polygamma(2, x), [-INF, -INF, -INF, -INF, 0, NAN, NAN]),
])
@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_at_its_poles_and_ends(run, values, dtype):
    x = mg.tensor([0.0, -0.0, -1.0, -2.0, INF, -INF, NAN], dtype=dtype)
    y = run(x)
    assert y.dtype is dtype
    np.testing.assert_array_equal(y.numpy(), np.array(values, y.numpy().dtype))


def test_erfinv_at_its_ends():
    y = mg.erfinv(mg.tensor([0.0, -0.0, 1.0, -1.0, 1.5, -2.0, INF, NAN]))
    np.testing.assert_array_equal(y.numpy(), np.array([0, -0.0, INF, -INF, NAN, NAN, NAN, NAN], "float32"))
    assert math.copysign(1, y[1].item()) == -1
    x = mg.tensor([0.0, 1.0, -1.0], requires_grad=True)
    mg.erfinv(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [math.sqrt(math.pi) / 2, INF, INF], rtol=1e-7)


def test_derivatives_of_lgamma_go_from_one_polygamma_to_the_next():
    x = mg.tensor([0.3, 2.5, -1.7], dtype=mg.float64, requires_grad=True)
    y = mg.lgamma(x)
    for n in range(4):
        (y,) = mg.autograd.grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(y.detach().numpy(), mg.polygamma(n, x).detach().numpy(), rtol=1e-14)


def test_names():
    x = mg.tensor([0.5, 0.25])
    for function, twin in (
        (mg.special.gammaln, mg.lgamma), (mg.special.psi, mg.digamma), (mg.special.digamma, mg.digamma),
        (mg.special.erfinv, mg.erfinv), (mg.Tensor.lgamma, mg.lgamma), (mg.Tensor.digamma, mg.digamma),
        (mg.Tensor.erfinv, mg.erfinv), (lambda x: x.polygamma(2), lambda x: mg.special.polygamma(n=2, input=x)),
        (lambda x: x.clone().polygamma_(2), lambda x: x.polygamma(n=2)), (lambda x: x.clone().lgamma_(), mg.lgamma),
    ):  # fmt: skip
        assert mg.equal(function(x), twin(x))


@pytest.mark.parametrize(("n", "error"), [(-1, RuntimeError), (1.0, TypeError), (True, TypeError), (None, TypeError)])
def test_polygamma_is_asked_for_with_a_whole_number(n, error):
    with pytest.raises(error, match="polygamma"):
        mg.polygamma(n, mg.ones(2))
