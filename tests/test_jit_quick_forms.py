"""The forms that NumPy is quick at: what they give is what the records say, at their kinks and beyond their limits.

Which form is taken depends on sizes: one row or several, short rows or long, small matrices or large.
"""

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit, nn, ops, optim
from minigrad.nn import functional as F
from tests.test_jit_compile import same, trainer


def scores(i, rows, width):
    x = mg.randn(rows, width) * 3
    if i == 2 and width > 1:
        x[0, 0] = float("-inf")
    if i == 3:
        x[-1, -1] = float("nan")
    return x


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("width", [1, 2, 16, 17, 130])
@pytest.mark.parametrize("rows", [1, 2, 16, 64, 65, 300])
def test_the_loss_of_classifiers_for_all_sizes(rows, width, reduction):
    def make():
        scale = mg.ones(width, requires_grad=True)

        def step(x, y):
            scale.grad = None
            loss = F.cross_entropy(x * scale, y, reduction=reduction)
            loss.backward()
            return loss

        return step, [scale]

    assert same(make, lambda i: (scores(i, rows, width), mg.randint(0, width, (rows,))), 4).replayed == 3


@pytest.mark.parametrize(("rows", "width"), [(1, 5), (3, 5), (70, 5), (5, 200)])
def test_scores_that_are_learned_stand_back_until_their_gradient_is_finished(rows, width):
    """Its memory holds the softmax first; another parameter's gradient, beside it, is multiplied before 1 is taken."""
    def make():
        a, scores = mg.randn(4, requires_grad=True), mg.randn(rows, width, requires_grad=True)

        def step(x, y):
            a.grad = scores.grad = None
            loss = F.cross_entropy(scores, y, reduction="sum")
            (a * x).sum().backward()
            with mg.no_grad():
                a.sub_(a.grad * 0.1)
            loss.backward()
            with mg.no_grad():
                scores.sub_(scores.grad * 0.1)
            return loss

        return step, [a, scores]

    assert same(make, lambda i: (mg.randn(4), mg.randint(0, width, (rows,))), 4).replayed == 3


def test_what_1_is_taken_from_is_left_as_it_is():
    def make():
        def step(x, y):
            whole = x.exp().reshape(350)
            return ops.less_one_hot(whole.reshape(70, 5), y).sum(0), whole * 2

        return step, []

    assert same(make, lambda i: (mg.randn(70, 5), mg.randint(0, 5, (70,))), 4).replayed == 3


@pytest.mark.parametrize("name", ["n0", "n1", "n2"])
def test_an_option_may_have_the_name_that_a_number_would_get(name):
    class Doubly(optim.Optimizer):
        def _update(self, group, p, g):
            p = p.array
            p -= g * group[name]
            p -= g * group["rate"]

    def make():
        return trainer(nn.Linear(4, 5), lambda params: Doubly(params, {name: 0.1, "rate": 0.2}))

    assert same(make, lambda i: (mg.randn(1, 4), mg.randint(1, 5, (1,))), 4).replayed == 3


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 5), (40, 16), (256, 16), (257, 16), (40, 17)])
def test_softmax_for_all_sizes(function, shape):
    def make():
        scale = mg.ones(shape[1], requires_grad=True)
        weights = mg.randn(shape)

        def step(x):
            scale.grad = None
            y = function(x * scale, -1)
            (y * weights).sum().backward()
            return y * 1

        return step, [scale]

    assert same(make, lambda i: (mg.randn(*shape) * 3,), 4).replayed == 3


@pytest.mark.parametrize("rows", [1, 8, 80])
@pytest.mark.parametrize("wrong", [-1, -100, 5, 10**9, -(2**63)])
def test_a_class_that_is_not_there(rows, wrong):
    step, (weight, *_) = trainer(nn.Linear(4, 5))
    step = jit.compile(step)
    x, y = mg.randn(rows, 4), mg.zeros(rows, dtype=mg.int64)
    step(x, y), step(x, y)
    y[rows // 2], before = wrong, weight.clone()
    if wrong == -100:  # the class that counts for nothing
        assert step(x, y).isnan().item() == (rows == 1)
        return
    with pytest.raises(IndexError, match="out of bounds"):
        step(x, y)
    assert mg.equal(weight, before)


KINKS = [0.0, -0.0, 1e-45, -1e-45, float("nan"), -float("nan"), float("inf"), -float("inf"), 1.0, -1.0]


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
@pytest.mark.parametrize("count", [1, 7, 64, 1001])
@pytest.mark.parametrize("function", [
    F.relu, F.relu6, F.hardtanh, lambda x: x.clamp(min=-0.0), lambda x: x.clamp(-0.5, 0.5),
    lambda x: mg.maximum(x, mg.zeros(1, dtype=x.dtype)),
])  # fmt: skip
def test_comparing_with_a_number_at_its_kinks(function, count, dtype):
    """Bits alike, but for the sign of a zero, which NumPy leaves to the processor in the function itself, too."""
    def make():
        scale = mg.ones(1, dtype=dtype, requires_grad=True)

        def step(x, g):
            scale.grad = None
            x = x * scale
            x.retain_grad()
            y = function(x)
            y.backward(g)
            return y * 1, x.grad * 1

        return step, []

    def inputs(i):
        x = mg.tensor((KINKS[i:] + KINKS[:i]) * (count // len(KINKS) + 1), dtype=dtype)[:count].clone()
        return x, mg.randn(count, dtype=dtype)

    same(make, inputs, 10)


def test_a_number_is_compared_as_the_one_that_it_is():
    low = jit.compile(lambda x: (x.clamp(min=0.0), x.clamp(min=-0.0), x.clamp(min=1.0), x.clamp(max=1.0)))
    x = mg.tensor([-2.0, 0.5, 3.0])
    for _ in range(3):
        zero, minus, least, most = low(x)
        assert zero.tolist() == minus.tolist() == [0, 0.5, 3] and (least.tolist(), most.tolist()) == (
            [1, 1, 3], [-2, 0.5, 1])  # fmt: skip


INDICES = [0, -1, slice(1, None), slice(None, None, 2), slice(2, 2), (0, 1), (slice(None), -1), (Ellipsis, 0),
           (None, slice(1, 3)), (slice(1, 3), None, slice(None, None, 3)), (2, 3, 1)]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_back_through_an_index(index):
    def make():
        weight = mg.ones(5, 4, 3, requires_grad=True)

        def step(x):
            weight.grad = None
            y = (weight * x)[index]
            (y * y).sum().backward()
            return y * 2

        return step, [weight]

    assert same(make, lambda i: (mg.randn(5, 4, 3),), 4).replayed == 3


@pytest.mark.parametrize("frozen", ["", "weight_ih_l0 bias_ih_l0", "weight_hh_l0 bias_hh_l0", "bias_ih_l0 bias_hh_l0"])
@pytest.mark.parametrize("start", [False, True])
def test_a_gru_of_which_some_gradients_are_wanted(frozen, start):
    def make():
        gru, first = nn.GRU(3, 4), mg.zeros(1, 2, 4, requires_grad=True)
        for name in frozen.split():
            getattr(gru, name).requires_grad_(False)

        def step(x):
            for p in (*gru.parameters(), first):
                p.grad = None
            y, last = gru(x, first) if start else gru(x)
            (y.sum() + (last * last).sum()).backward()
            return last * 1

        return step, [*gru.parameters(), first]

    made = same(make, lambda i: (mg.randn(6, 2, 3),), 4)
    assert made.replayed == 3 and "prepare_gru_back" in made.source()


@pytest.mark.parametrize(("rows", "width", "hidden", "classes"), [
    (128, 784, 256, 10), (128, 784, 256, 7), (128, 784, 256, 33), (64, 784, 256, 32), (128, 700, 127, 10),
])  # fmt: skip
def test_products_of_all_sizes(rows, width, hidden, classes):
    def make():
        return trainer(nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, classes)))

    assert same(make, lambda i: (mg.randn(rows, width), mg.randint(0, classes, (rows,))), 3).replayed == 2


@pytest.mark.parametrize("given", [{}, {"weight": mg.arange(200.0)}, {"label_smoothing": 0.1}])
def test_a_class_that_is_the_ignored_one_among_bytes(given):
    """-100 is 156 in a byte."""
    x, y = mg.randn(3, 200), mg.tensor([156, 3, 199], dtype=mg.uint8)
    step = jit.compile(lambda x, y: F.cross_entropy(x, y, reduction="sum", **given))
    expected = F.cross_entropy(x, y.long(), reduction="sum", **given).item()
    assert expected != F.cross_entropy(x[1:], y[1:].long(), reduction="sum", **given).item()
    for _ in range(3):
        assert step(x, y).item() == pytest.approx(expected, rel=1e-5)


UPRIGHT = {
    "permute": lambda x: x.permute(0, -1), "transpose": lambda x: x.transpose(1, 1), "einsum": lambda x:
    mg.einsum("ij,jk->ik", x[:2], x), "turned": lambda x: x.transpose(-1, 0), "permuted": lambda x: x.permute(-1, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", UPRIGHT)
def test_a_square_whose_axes_stay_where_they_are(name):
    step = jit.compile(lambda x: UPRIGHT[name](x) * 1)
    for i in range(3):
        x = mg.arange(9.0).reshape(3, 3) + i
        assert step(x).tolist() == UPRIGHT[name](x).tolist()
    assert step.replayed == 2


@pytest.mark.parametrize("f", [
    lambda x: x.sum() * 2, lambda x: x.mean(), lambda x: x[0, 0] + x[0, 1], lambda x: x.sum() > 1,
    lambda x: x[0] @ x[0], lambda x: x.double().mean(0)[0] + 1, lambda x: x.max(), lambda x: x.std(),
    lambda x: x.int().sum() // 2,
])  # fmt: skip
def test_a_result_without_axes_is_an_array(f):
    """NumPy makes numbers of such, with which no tensor can go on."""
    compiled = jit.compile(f)
    for tracked in (False, True):
        x = mg.arange(6.0).reshape(2, 3).clone().requires_grad_(tracked)
        for _ in range(2):
            y = compiled(x)
            assert type(y.array) is np.ndarray and y.dtype is f(x).dtype and mg.equal(y * 2, f(x) * 2)
            if y.is_floating_point():
                y.detach().add_(1)
    assert compiled.replayed == 2
