"""Arithmetic, functions, reductions and products where PyTorch has a say: kinks, dtypes, kinds of errors, names.

Numbers that are not worked out here were given by PyTorch 2.13.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

import minigrad as mg

NAN, INF = math.nan, math.inf


def gradients(function, *values):
    """What each place of the first argument gets, when the places of the result weigh 1, 2, 3, ..."""
    inputs = [mg.tensor(v, requires_grad=True) for v in values]
    y = function(*inputs)
    y.backward(mg.arange(1, y.numel() + 1).reshape(y.shape).float())
    return [x.grad.tolist() for x in inputs]


KINKS = {
    "clamp": (lambda x: x.clamp(0, 1), [[0.0, 1.0, NAN, 0.5, 2.0]], [[1, 2, 0, 4, 0]]),
    "clamp crossed": (lambda x: x.clamp(2, 1), [[0.0, 1.5, 2.0]], [[0, 0, 0]]),
    "clamp by tensors": (
        lambda x, low, high: x.clamp(low, high), [[0.0, 1.0, -2.0, 3.0], [0.0, 2.0, 0.0, 5.0], [0.0, 2.0, 1.0, 4.0]],
        [[1, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 4]],
    ),
    "fmax": (mg.fmax, [[3.0, 2.0, NAN, 1.0], [2.0, 2.0, 1.0, NAN]], [[1, 2, 0, 4], [0, 0, 3, 0]]),
    "fmin": (mg.fmin, [[3.0, 2.0, NAN, 1.0], [2.0, 2.0, 1.0, NAN]], [[0, 2, 0, 4], [1, 0, 3, 0]]),
    "hardtanh": (mg.ops.hardtanh, [[NAN, -1.0, 1.0, 0.0, 3.0]], [[1, 0, 0, 4, 0]]),
    "leaky_relu": (lambda x: mg.ops.leaky_relu(x, negative_slope=0.5), [[0.0, 1.0, -1.0]], [[0.5, 2, 1.5]]),
    "elu": (mg.ops.elu, [[0.0, 2.0, INF]], [[1, 2, 3]]),
    "steep elu": (lambda x: mg.nn.functional.elu(x, 3.0), [[0.0, -0.0, 1.0]], [[3, 6, 3]]),
    "hardswish": (mg.nn.functional.hardswish, [[-3.0, 3.0, 0.0, 6.0]], [[0, 2, 1.5, 4]]),
    "hardsigmoid": (mg.nn.functional.hardsigmoid, [[-3.0, 3.0, 0.0]], [[0, 0, 0.5]]),
    "var of too few": (lambda x: x.var(correction=2), [[1.0, 2.0]], [[INF, INF]]),
    "var of far too few": (lambda x: x.var(correction=5), [[1.0, 2.0, 1.5]], [[INF, INF, NAN]]),
    "var of too few along": (lambda x: x.var(0, correction=2), [[1.0, 2.0]], [[-INF, INF]]),
    "var of far too few along": (lambda x: x.var(0, correction=3), [[1.0, 2.0]], [[1, -1]]),
    "logaddexp": (mg.logaddexp, [[0.0, INF], [0.0, 1.0]], [[0.5, 2], [0.5, 0]]),
    "xlogy": (mg.xlogy, [[0.0, 0.0], [0.0, 1.0]], [[0, 0], [NAN, 0]]),
    "atan2": (mg.atan2, [[0.0], [0.0]], [[0], [0]]),
    "remainder": (mg.remainder, [[3.0, -2.5], [2.0, 2.0]], [[1, 2], [-1, 4]]),
    "fmod": (mg.fmod, [[3.0, -2.5], [2.0, 2.0]], [[1, 2], [-1, 2]]),
    "rounded division": (lambda a, b: a.div(b, rounding_mode="trunc"), [[3.0, 1.0], [2.0, 0.0]], [[0, 0], [0, 0]]),
    "logit": (mg.logit, [[0.0, 1.0, 2.0, NAN]], [[INF, INF, NAN, NAN]]),
    "logit with eps": (lambda x: x.logit(0.25), [[0.0, 0.5, 0.5, 2.0]], [[0, 8, 12, 0]]),
    "copysign": (mg.copysign, [[3.0, -3.0, 0.0], [-0.0, -1.0, -1.0]], [[-1, 2, 0], [0, 0, 0]]),
    "sinc at 0": (mg.sinc, [[0.0]], [[0]]),
    "nan_to_num": (mg.nan_to_num, [[NAN, INF, 1.0]], [[0, 0, 3]]),
    "prod, one zero": (mg.prod, [[0.0, 2.0, 3.0]], [[6, 0, 0]]),
    "prod, two zeros": (mg.prod, [[0.0, 0.0, 3.0]], [[0, 0, 0]]),
    "cumprod": (lambda x: x.cumprod(0), [[1.0, 0.0, 3.0, 0.0]], [[1, 11, 0, 0]]),
    "std of equals": (mg.std, [[1.0, 1.0]], [[0, 0]]),
    "norm at 0": (mg.norm, [[0.0, 0.0]], [[0, 0]]),
    "norm inf": (lambda x: x.norm(INF), [[3.0, -3.0, 0.0]], [[0.5, -0.5, 0]]),
    "amax with nan": (mg.amax, [[1.0, NAN]], [[NAN, NAN]]),
    "median": (mg.median, [[1.0, 2.0, 2.0, 3.0]], [[0, 0.5, 0.5, 0]]),
    "median along": (lambda x: x.median(0).values, [[1.0, 2.0, 2.0, 3.0]], [[0, 1, 0, 0]]),
    "nansum": (mg.nansum, [[NAN, 1.0]], [[0, 1]]),
    "quantile": (lambda x: x.quantile(0.25), [[3.0, 1.0, 2.0, INF]], [[0, 0.25, 0.75, 0]]),
    "quantile of nan": (lambda x: x.quantile(0.5), [[3.0, NAN, 1.0]], [[0, 1, 0]]),
    "nanquantile": (lambda x: x.nanquantile(0.5), [[3.0, NAN, 1.0]], [[0.5, 0, 0.5]]),
    "higher quantile": (lambda x: x.quantile(0.6, interpolation="higher"), [[3.0, 1.0, INF]], [[0, 0, 1]]),
    "short power": (lambda x: x**0.5, [[0.0, 4.0]], [[INF, 0.5]]),
}  # fmt: skip


def test_far_out_activations_go_straight_on():
    x, functional = mg.tensor([-30.0, -3.0, 3.0, 30.0]), mg.nn.functional
    for name in ("relu", "hardswish", "silu", "gelu", "mish", "softplus", "elu", "leaky_relu", "relu6", "hardsigmoid"):
        y = getattr(functional, name)(x)
        low = {"elu": -1, "leaky_relu": -0.3}.get(name, 0)
        high = {"relu6": 6, "hardsigmoid": 1}.get(name, 30)
        assert (y[0].item(), y[3].item()) == pytest.approx((low, high), abs=1e-6), name
    assert functional.hardswish(x).tolist()[1:3] == [0, 3] and functional.hardsigmoid(x).tolist() == [0, 0, 1, 1]


def test_softplus_is_x_itself_only_above_its_threshold():
    x = mg.tensor([20.0, 20.5, -3.0], dtype=mg.float64, requires_grad=True)
    y = mg.nn.functional.softplus(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([math.log1p(math.exp(20)), 20.5, math.log1p(math.exp(-3))], rel=1e-15)
    assert y[0] > 20 and y[1] == 20.5
    assert x.grad[0] < 1 and x.grad[1] == 1
    half = mg.tensor([2.0, 2.25], dtype=mg.float64, requires_grad=True)  # the threshold is of beta x
    mg.nn.functional.softplus(half, beta=2, threshold=4).sum().backward()
    assert half.grad[0].item() == pytest.approx(1 / (1 + math.exp(-4))) and half.grad[1] == 1


def test_the_exponent_of_zero_has_a_second_derivative():
    a, b = mg.tensor([0.0, 2.0], requires_grad=True), mg.tensor([2.0, 3.0], requires_grad=True)
    (first,) = mg.autograd.grad((a**b).sum(), b, create_graph=True)
    by_base, second = mg.autograd.grad(first.sum(), (a, b))
    assert second.tolist() == pytest.approx([0, 8 * math.log(2) ** 2])
    assert by_base.tolist() == pytest.approx([0, 4 + 12 * math.log(2)])


def test_small_integers_have_powers_as_large_as_their_dtype():
    u, i = mg.tensor([2, 1], dtype=mg.uint8), mg.tensor([2, 1], dtype=mg.int8)
    assert [(u**n).tolist() for n in (7, 127, 128, 255)] == [[128, 1], [0, 1], [0, 1], [0, 1]]
    for power in (lambda: u**256, lambda: i**128, lambda: mg.pow(i, 2**40)):
        with pytest.raises(mg.DtypeError, match="without overflow"):
            power()
    for power in (lambda: u**-1, lambda: i ** np.int64(-1), lambda: mg.tensor([True]) ** -1):
        with pytest.raises(mg.DtypeError, match="negative integer powers"):
            power()


def test_the_standard_deviation_of_equal_numbers_has_a_second_derivative_of_zero():
    x = mg.tensor([2.0, 2.0], requires_grad=True)
    (first,) = mg.autograd.grad(x.std(), x, create_graph=True)
    assert first.tolist() == mg.autograd.grad(first[0], x)[0].tolist() == [0, 0]


@pytest.mark.parametrize("order", [2, 3])
def test_a_norm_of_zero_has_a_second_derivative_of_zero(order):
    x = mg.tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
    (first,) = mg.autograd.grad(mg.linalg.vector_norm(x, order, dim=1).sum(), x, create_graph=True)
    (second,) = mg.autograd.grad(first[:, 0].sum(), x)
    assert first[0].tolist() == second[0].tolist() == [0, 0]
    assert second[1, 0] > 0 > second[1, 1]


@pytest.mark.parametrize("x", [1e-4, 0.005, 0.0099, -0.0099, 0.0101, 0.3])
def test_the_derivative_of_sinc_near_zero(x):
    t = Fraction(math.pi) * Fraction(x)
    terms = [(-1) ** n * t ** (2 * n) * (Fraction(1, math.factorial(2 * n)) - Fraction(1, math.factorial(2 * n + 1)))
             for n in range(1, 9)]  # fmt: skip
    at = mg.tensor(x, dtype=mg.float64, requires_grad=True)
    mg.sinc(at).backward()
    assert at.grad.item() == pytest.approx(float(sum(terms) / Fraction(x)), rel=2e-12, abs=0)


@pytest.mark.parametrize("name", KINKS)
def test_gradients_at_kinks(name):
    function, values, expected = KINKS[name]
    np.testing.assert_array_equal(gradients(function, *values), expected)


def test_floor_division_can_be_recorded_but_not_differentiated():
    x = mg.tensor([3.5], requires_grad=True)
    y = x // 2
    assert y.requires_grad and y.item() == 1
    with pytest.raises(mg.GradError, match=r"floor_divide is not implemented.*rounding_mode"):
        y.sum().backward()
    x.div(2, rounding_mode="floor").sum().backward()
    assert x.grad.item() == 0


def test_sinc_loses_no_digits_near_zero():
    x = mg.tensor([1e-4, -5e-3, 0.02], requires_grad=True)
    mg.sinc(x).sum().backward()
    exact = mg.tensor([1e-4, -5e-3, 0.02], dtype=mg.float64, requires_grad=True)
    mg.sinc(exact).sum().backward()
    assert np.allclose(x.grad.numpy(), exact.grad.numpy(), rtol=1e-3)
    assert np.allclose(exact.grad.numpy()[0], -(np.pi**2) / 3 * 1e-4, rtol=1e-6)


i, f, b = mg.tensor([3, -2, 0]), mg.tensor([1.5, -2.0, 0.0]), mg.tensor([True, False, True])
u = mg.tensor([1, 0]).to(mg.uint8)
WRONG = {
    "integer // 0": (lambda: i // 0, RuntimeError, r"floor_divide.*ZeroDivisionError.*int64.*\.float\(\)"),
    "integer % 0": (lambda: 5 % i, RuntimeError, "remainder.*ZeroDivisionError"),
    "fmod 0": (lambda: mg.fmod(i, 0), RuntimeError, "fmod.*ZeroDivisionError"),
    "trunc by 0": (lambda: mg.div(i, i, rounding_mode="trunc"), RuntimeError, "div.*ZeroDivisionError"),
    "rounding_mode": (lambda: mg.div(f, 2, rounding_mode="up"), RuntimeError, "'trunc' or 'floor', not 'up'"),
    "uint8 ** -1": (lambda: u**-1, RuntimeError, "negative integer powers"),
    "gcd of floats": (lambda: mg.gcd(f, f), RuntimeError, "gcd.*float32, only for integers"),
    "bool // bool": (lambda: b // b, RuntimeError, "floor_divide.*bool"),
    "bool << bool": (lambda: b << b, RuntimeError, "bitwise_left_shift.*bool"),
    "float << 1": (lambda: f << 1, RuntimeError, "bitwise_left_shift"),
    "negative power": (lambda: i**-1, RuntimeError, "negative integer powers"),
    "plus bool": (lambda: +b, RuntimeError, "bool"),
    "alpha": (lambda: mg.add(i, i, alpha=0.5), RuntimeError, "alpha"),
    "clamp to nothing": (lambda: f.clamp(), RuntimeError, "At least one"),
    "abs of bool": (lambda: b.abs(), RuntimeError, "abs.*bool"),
    "frac of integers": (lambda: i.frac(), RuntimeError, r"frac.*int64.*\.float\(\)"),
    "lerp of two dtypes": (lambda: mg.lerp(f, i, 0.5), RuntimeError, "lerp.*one floating-point dtype"),
    "isclose of two dtypes": (lambda: mg.isclose(f, i), RuntimeError, "float32 did not match.*int64"),
    "isclose tolerance": (lambda: mg.isclose(f, f, rtol=-1), RuntimeError, "greater than or equal"),
    "addcdiv of integers": (lambda: mg.addcdiv(f, i, i), RuntimeError, "addcdiv"),
    "gelu": (lambda: mg.ops.gelu(f, approximate="erf"), RuntimeError, "none or tanh"),
    "var of integers": (lambda: i.var(), RuntimeError, r"var.*int64.*\.float\(\)"),
    "prod over two": (lambda: mg.ones(2, 2).prod((0, 1)), TypeError, "prod.*one number"),
    "argmax of bool": (lambda: b.argmax(), RuntimeError, "argmax.*bool"),
    "median of bool": (lambda: b.median(), RuntimeError, "median.*bool"),
    "median of nothing": (lambda: mg.zeros(0, 3).median(0), IndexError, "non-zero size"),
    "aminmax of nothing": (lambda: mg.aminmax(mg.zeros(0)), RuntimeError, "empty"),
    "norm of nothing": (lambda: mg.zeros(0).norm(INF), RuntimeError, "no extreme value"),
    "nuclear norm": (lambda: mg.ones(2, 2).norm("nuc"), RuntimeError, "singular"),
    "spectral norm": (lambda: mg.linalg.norm(mg.ones(2, 2), 2), RuntimeError, "singular"),
    "dtype out of the graph": (lambda: (f * 1).requires_grad_().sum(dtype=mg.int64), RuntimeError, "detach"),
    "quantile of integers": (lambda: i.quantile(0.5), RuntimeError, "float32 or both float64"),
    "quantile above 1": (lambda: f.quantile(1.5), RuntimeError, "from 0 to 1"),
    "quantile of nothing": (lambda: mg.zeros(0).quantile(0.5), RuntimeError, "non-empty"),
    "quantile between": (lambda: f.quantile(0.5, interpolation="cubic"), RuntimeError, "midpoint.*cubic"),
    "histc of integers": (lambda: mg.histc(i), RuntimeError, "float"),
    "histc in no bins": (lambda: mg.histc(f, bins=0), RuntimeError, "bins must be > 0"),
    "diff of a number": (lambda: mg.diff(mg.tensor(1.0)), RuntimeError, "at least one-dimensional"),
    "diff below 0 times": (lambda: mg.diff(f, n=-1), RuntimeError, "must be non-negative"),
    "histc of nan": (lambda: mg.histc(f * NAN), RuntimeError, "not finite"),
    "isin of bool": (lambda: mg.isin(b, b), RuntimeError, "bool"),
    "bincount": (lambda: mg.bincount(i), RuntimeError, "non-negative"),
    "mm": (lambda: mg.mm(mg.ones(2), mg.ones(2)), RuntimeError, r"mm\(\): input must be a matrix.*\(2,\)"),
    "bmm": (lambda: mg.bmm(mg.ones(2, 3, 3), mg.ones(1, 3, 3)), RuntimeError, "as many matrices"),
    "dot": (lambda: mg.dot(mg.ones(2, 2), mg.ones(2)), RuntimeError, "a vector"),
    "tensordot 0-d": (lambda: mg.tensordot(mg.ones(2), mg.tensor(1.0), [[0], [0]]), RuntimeError, "none to sum over"),
    "tensordot": (lambda: mg.tensordot(mg.ones(2, 3), mg.ones(2, 3), 1), RuntimeError, "differ in length"),
    "cross": (lambda: mg.cross(mg.ones(2), mg.ones(2)), RuntimeError, "length 3"),
    "einsum count": (lambda: mg.einsum("ij,jk", mg.ones(2, 2)), RuntimeError, "2 operands, but 1"),
    "einsum axes": (lambda: mg.einsum("ij", mg.ones(2)), RuntimeError, "'ij' do not match"),
    "einsum length": (lambda: mg.einsum("i,i", mg.ones(2), mg.ones(3)), RuntimeError, "'i' has length 3.*length 2"),
    "einsum letters": (lambda: mg.einsum("i1->i", mg.ones(2, 2)), RuntimeError, "use letters"),
    "einsum result": (lambda: mg.einsum("i->k", mg.ones(2)), RuntimeError, "label of the result"),
    "einsum diagonal": (lambda: mg.einsum("ii->i", mg.ones(1, 3)), RuntimeError, "repeated"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input(name):
    run, kind, words = WRONG[name]
    with pytest.raises(kind, match=rf"(?s){words}"):
        run()


@pytest.mark.parametrize(("run", "dtype", "values"), [
    (lambda: b**2, "int64", [1, 0, 1]), (lambda: mg.tensor([2, 1, -1]) ** mg.tensor([-1, -1, -2]), "int64", [0, 1, 1]),
    (lambda: i // 2, "int64", [1, -1, 0]), (lambda: 7 // mg.tensor([2, -2]), "int64", [3, -4]),
    (lambda: i % 2, "int64", [1, 0, 0]), (lambda: mg.fmod(i, 2), "int64", [1, 0, 0]),
    (lambda: 1 << b, "int64", [2, 1, 2]),
    (lambda: mg.div(i, 2, rounding_mode="trunc"), "int64", [1, -1, 0]),
    (lambda: i.clamp(0.5), "float32", [3, 0.5, 0.5]),
    (lambda: b.clamp(0, 1), "int64", [1, 0, 1]), (lambda: i.ceil(), "int64", [3, -2, 0]), (lambda: b.sum(), "int64", 2),
    (lambda: b.cumsum(0), "int64", [1, 1, 2]), (lambda: i.prod(), "int64", 0), (lambda: u.any(), "uint8", 1),
    (lambda: i.mean(dtype=mg.float64), "float64", 1 / 3), (lambda: mg.add(b, b, alpha=2), "bool", [True, False, True]),
    (lambda: mg.round(mg.tensor([0.25, -155.0]), decimals=1), "float32", np.float32([0.2, -155]).tolist()),
    (lambda: mg.full((70000,), 1.0, dtype=mg.float16).mean(), "float16", 1.0), (lambda: f.median(), "float32", 0.0),
    (lambda: mg.where(b, 1, 2.5), "float32", [1, 2.5, 1]), (lambda: mg.bincount(i.abs()), "int64", [1, 0, 1, 1]),
    (lambda: b.max(0).indices, "int64", 0), (lambda: mg.ones(2, 3).any(()), "bool", [[True] * 3] * 2),
    (lambda: mg.tensor([1.0]).var(), "float32", NAN), (lambda: f.var(False), "float32", 37 / 18),
    (lambda: mg.logsumexp(mg.tensor([-INF, -INF]), 0), "float32", -INF),
    (lambda: mg.xlogy(i, 0), "float32", [-INF, INF, 0]),
])  # fmt: skip
def test_dtypes_and_values(run, dtype, values):
    y = run()
    assert y.dtype.name == dtype
    np.testing.assert_allclose(y.tolist(), values, rtol=1e-6)


SUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 2)), ("ii->i", (3, 3)), ("ii", (3, 3)),
    ("iiij->ij", (2, 2, 2, 3)),
    ("ba", (2, 3)), ("ij,ij->", (2, 3), (2, 3)), ("i,j->ij", (2,), (3,)), ("i,i->i", (3,), (3,)), ("i,i", (1,), (3,)),
    ("...ij,...jk->...ik", (2, 2, 3), (3, 2)), ("...i->...", (2, 3)), ("i...,i...->...", (2, 3), (2, 1)),
    ("i,ij,j", (2,), (2, 3), (3,)), ("ij,j,ik->k", (2, 3), (3,), (2, 2)),
    ("bhqd,bhkd->bhqk", (1, 2, 3, 2), (1, 2, 2, 2)),
    ("ij,jk->ik", (2, 0), (0, 3)), ("i->", (0,)), ("ij->j", (1, 3)), ("i,i->i", (1,), (1,)),
]  # fmt: skip


@pytest.mark.parametrize("case", SUMS, ids=str)
def test_einsum_is_that_of_numpy_and_has_a_derivative(case):
    equation, *shapes = case
    rng = np.random.default_rng(0)
    inputs = [mg.Tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]
    made = mg.einsum(equation, *inputs)
    np.testing.assert_allclose(made.detach().numpy(), np.einsum(equation, *(x.detach().numpy() for x in inputs)))
    assert mg.gradcheck(lambda *xs: mg.einsum(equation, *xs), inputs)


def test_einsum_by_lists():
    a, b = mg.randn(2, 3), mg.randn(3, 30)
    assert mg.equal(mg.einsum(a, [0, 1], b, [1, 30], [0, 30]), a @ b)


@pytest.mark.parametrize(("ours", "theirs", "shapes"), [
    (mg.kron, np.kron, ((2, 3), (3, 2))), (mg.kron, np.kron, ((2,), (2, 3))), (mg.inner, np.inner, ((2, 3), (4, 3))),
    (mg.cross, np.cross, ((2, 3), (2, 3))), (mg.tensordot, np.tensordot, ((2, 3, 4), (3, 4, 2))),
    (mg.outer, np.outer, ((2,), (3,))),
    (mg.linalg.multi_dot, np.linalg.multi_dot, ((2, 3), (3, 4), (4, 2))),
    (mg.linalg.vecdot, np.vecdot, ((2, 3), (2, 3))),
], ids=lambda x: getattr(x, "__name__", None))  # fmt: skip
def test_products_are_those_of_numpy(ours, theirs, shapes):
    arrays = [np.random.default_rng(1).standard_normal(shape) for shape in shapes]
    tensors = [mg.Tensor(a) for a in arrays]
    made = ours(tensors) if "multi" in ours.__name__ else ours(*tensors)
    np.testing.assert_allclose(made.numpy(), theirs(arrays) if "multi" in ours.__name__ else theirs(*arrays))


def test_products_added():
    c, a, b = mg.randn(2, 4), mg.randn(2, 3), mg.randn(3, 4)
    assert mg.allclose(mg.addmm(c, a, b, beta=2, alpha=0.5), 2 * c + 0.5 * (a @ b), atol=1e-6)
    assert mg.equal(mg.addmm(mg.full((2, 4), NAN), a, b, beta=0), a @ b)
    assert mg.equal(mg.baddbmm(c, a[None], b[None]), c + (a @ b)[None])
    assert mg.equal(mg.addbmm(c, a[None], b[None]), c + a @ b)
    assert mg.equal(mg.addmv(a[:, 0], a, b[:, 0]), a[:, 0] + a @ b[:, 0])
    assert mg.equal(mg.addr(c, a[:, 0], b[0]), c + mg.outer(a[:, 0], b[0])) and mg.equal(mg.chain_matmul(a, b), a @ b)


@pytest.mark.parametrize("shapes", [((2, 1), (1, 3)), ((2, 1), (4, 3)), ((2, 4), (1, 3)), ((2, 1), (0, 3))])
def test_einsum_keeps_axes_of_length_1(shapes):
    a, b = (mg.rand(*shape) for shape in shapes)
    assert np.allclose(mg.einsum("ij,jk->ijk", a, b), np.asarray(a)[:, :, None] * np.asarray(b))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: mg.linalg.norm(mg.ones(2, 2, 2), 2), "the input must be 1D or 2D"),
        (lambda: mg.linalg.multi_dot([mg.ones(2, 2)]), "expected at least 2 tensors but got 1"),
    ],
)
def test_products_and_norms_that_do_not_exist(run, words):
    with pytest.raises(mg.ShapeError, match=words):
        run()


@pytest.mark.parametrize("order", ["fro", 1, -1, INF, -INF])
def test_norms_of_matrices_are_those_of_numpy(order):
    x = np.random.default_rng(2).standard_normal((2, 3))
    assert mg.linalg.norm(mg.Tensor(x), order).item() == pytest.approx(np.linalg.norm(x, order))
    assert mg.linalg.matrix_norm(mg.Tensor(x[None]), order, keepdim=True).shape == (1, 1, 1)


def test_unique_and_its_companions():
    values, inverse, counts = mg.unique(mg.tensor([[3, 1], [1, 2]]), return_inverse=True, return_counts=True)
    assert (values.tolist(), inverse.tolist(), counts.tolist()) == ([1, 2, 3], [[2, 0], [0, 1]], [2, 1, 1])
    assert mg.tensor([[1, 2], [1, 2]]).unique(dim=0).tolist() == [[1, 2]]
    assert mg.bincount(mg.tensor([3, 1, 1]), mg.tensor([0.5, 1, 2]), minlength=5).tolist() == [0, 3, 0, 0.5, 0]


def test_runs_of_equal_values_and_slices():
    runs = mg.unique_consecutive(mg.tensor([[3, 3], [1, 3]]), return_inverse=True, return_counts=True)
    assert [x.tolist() for x in runs] == [[3, 1, 3], [[0, 0], [1, 2]], [2, 1, 1]]
    columns = mg.tensor([[1, 1, 2], [5, 5, 5]]).unique_consecutive(dim=1, return_counts=True)
    assert [x.tolist() for x in columns] == [[[1, 2], [5, 5]], [2, 1]]
    assert mg.tensor([NAN, NAN]).unique_consecutive().numel() == 2 and mg.zeros(0).unique_consecutive().shape == (0,)
    assert mg.isin(mg.tensor([1, 2]), 2, invert=True).tolist() == [True, False]
    assert mg.histc(mg.tensor([2.0, 2.0]), bins=2).tolist() == [0, 2] == mg.histc(mg.ones(2), 2, 0, 1).tolist()


def test_several_quantiles_stand_in_front():
    x = mg.tensor([[1.0, 2.0, 3.0], [5.0, NAN, 7.0]])
    assert x.quantile(mg.tensor([0.0, 0.5]), dim=1)[:, 0].tolist() == [1, 2]
    assert x.nanquantile(mg.tensor([0.0, 0.5]), dim=1, keepdim=True).tolist() == [[[1], [5]], [[2], [6]]]
    assert x.quantile(0.5).isnan() and x[0].quantile(0.5, keepdim=True).shape == (1,)


def test_numpy_words_and_forms():
    x = mg.tensor([[1.0, 5.0], [4.0, 2.0]])
    assert mg.equal(x.max(axis=1, keepdims=True).values, x.amax(dim=1, keepdim=True))
    assert x.sum(axis=0).tolist() == x.sum(0).tolist() and x.var(axis=0).tolist() == x.var(0).tolist()
    assert mg.equal(mg.max(x, x.T), mg.maximum(x, x.T)) and mg.equal(mg.min(x, other=x.T), mg.minimum(x, x.T))
    pairs = mg.var_mean(x, 0), mg.std_mean(x, 0, unbiased=False), mg.aminmax(x, dim=0)
    assert [y.shape for pair in pairs for y in pair] == [(2,)] * 6
    assert mg.where(x > 3)[0].tolist() == [0, 1] and x.dist(x + 1).item() == 2
    assert (x > 3).where(x > 2, x > 1).dtype is mg.bool and x.logit(eps=1e-6).isfinite().all()


def test_one_op_under_several_names():
    from minigrad.methods import ALIASES

    for name, aliases in ALIASES.items():
        for alias in aliases.split():
            assert getattr(mg, alias) is mg.ops.OPS[name] and getattr(mg.Tensor, alias) is mg.ops.OPS[name].run
    assert mg.subtract is mg.sub and mg.clip is mg.clamp and mg.Tensor.true_divide is mg.div


def test_half_precision_is_added_up_in_single():
    ones = mg.ones(3000, dtype=mg.float16)  # in half precision 2048 + 1 is 2048
    for y in (ones.sum(), ones.cumsum(0)[-1], ones.cumsum(0, dtype=mg.float16)[-1], ones.norm(1), ones.mean() * 3000):
        assert y.dtype is mg.float16 and y.item() == 3000


def test_the_last_of_the_commonest_is_named():
    x = mg.tensor([2, 1, 3, 1, 2] * 40)
    assert [t.item() for t in x.mode(0)] == [1, 198]


def test_refusals_are_of_one_kind_and_tell_the_remedy():
    halves, flags, empty = mg.tensor([1.5]), mg.tensor([True]), mg.zeros(0, dtype=mg.int64)
    for name in ("gcd", "lcm"):
        function = getattr(mg, name)
        for wrong in (halves, flags):
            with pytest.raises(mg.DtypeError, match=rf"{name}\(\).*only for integers. Use .long"):
                function(wrong, wrong)
        assert function(mg.tensor([12], dtype=mg.uint8), mg.tensor([18], dtype=mg.uint8)).item() in (6, 36)
    with pytest.raises(mg.ShapeError, match="without elements"):
        empty.median()
    for step in (0, -1):
        with pytest.raises(mg.ShapeError, match=f"step is {step} but must be > 0"):
            mg.arange(5).unfold(0, 2, step)


def test_a_lower_limit_may_be_a_tensor():
    low = mg.tensor([0.0, 2.0], requires_grad=True)
    y = mg.clamp_min(mg.tensor([1.0, 1.0]), low)
    y.sum().backward()
    assert y.tolist() == [1, 2] and low.grad.tolist() == [0, 1]


def test_close_is_up_to_the_tolerance_and_with_it():
    a, b = mg.tensor([1.0, 4.0, 5.0]), mg.tensor([2.0, 2.0, 2.0])
    assert mg.isclose(a, b, rtol=0, atol=1).tolist() == [True, False, False]
    assert mg.isclose(a, b, rtol=1, atol=0).tolist() == [True, True, False]


def test_large_whole_numbers_are_added_in_place_to_the_last_digit():
    start, place = mg.tensor([1, 2**40]), mg.tensor([1, 1, 0])
    assert start.scatter_add(0, place, mg.tensor([2**41, 3, 2**33])).tolist() == [2**33 + 1, 2**40 + 2**41 + 3]
