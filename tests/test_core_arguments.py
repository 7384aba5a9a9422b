"""What stands where a tensor belongs, and numbers that a dtype has no room for: refused, and named."""

import pytest

import minigrad as mg
from minigrad.explain import tensors_only

F = mg.nn.functional
x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(("run", "said"), [
    (lambda: mg.flip(1, (0,)), r"flip\(\): argument 'input' must be a Tensor, not int"),
    (lambda: x.view_as([2, 2]), r"view_as\(\): argument 'other' must be a Tensor, not list"),
    (lambda: mg.isclose(x, 1.5), r"isclose\(\): argument 'other' must be a Tensor, not float"),
    (lambda: mg.isclose(input=None, other=x), r"isclose\(\): argument 'input' must be a Tensor, not NoneType"),
    (lambda: mg.meshgrid(x[0], "a"), r"meshgrid\(\): argument 'tensors' must be a Tensor, not str"),
    (lambda: F.linear(x, 1), r"linear\(\): argument 'weight' must be a Tensor, not int"),
    (lambda: F.leaky_relu(1, 0.5), r"leaky_relu\(\): argument 'x' must be a Tensor, not int"),
    (lambda: F.relu_(1), r"relu_\(\): argument 'input' must be a Tensor, not int"),
    (lambda: mg.atleast_2d([1.0]), r"atleast_2d\(\): argument 'tensors' must be a Tensor, not float"),
    (lambda: F.conv_transpose1d(x[None], 1), r"conv_transpose1d\(\): argument 'weight' must be a Tensor, not int"),
    (lambda: F.cross_entropy([1.0], mg.tensor(0)), r"cross_entropy\(\): argument 'input' must be a Tensor, not list"),
    (lambda: F.nll_loss(x, 1), r"nll_loss\(\): argument 'target' must be a Tensor, not int"),
    (lambda: mg.where(x > 2, 1), r"where\(\): takes a condition alone, or with both"),
    (lambda: x.where(1, x), r"where\(\): argument 'condition' must be a Tensor, not int"),
], ids=lambda run: "")  # fmt: skip
def test_what_is_no_tensor_is_named(run, said):
    with pytest.raises(TypeError, match=said):
        run()


def test_an_attribute_that_is_missing_elsewhere_stays_one():
    """A class of one's own may look for what it does not have: no tensor was missing there."""

    class Mine:
        def __index__(self):
            return self.place

    with pytest.raises(AttributeError, match="place"):
        mg.flip(x, (Mine(),))
    with pytest.raises(AttributeError, match="arrow"):
        tensors_only(lambda input: input.arrow)(x)


@pytest.mark.parametrize("run", [
    lambda: mg.where(x > 2, x, 1e39), lambda: mg.where(x > 2, -1e39, x), lambda: mg.where(x > 2, 1, 1e39),
    lambda: mg.lerp(x, x, 1e39),
    lambda: mg.addcmul(x, x, x, value=1e39), lambda: mg.addcdiv(x, x, x, value=1e39),
    lambda: mg.addmm(x, x, x, beta=1e39), lambda: mg.addmm(x, x, x, alpha=1e39), lambda: F.leaky_relu(x, 1e39),
    lambda: F.elu(x, 1e39), lambda: F.celu(x, 1e39), lambda: F.softplus(x, 1e39), lambda: F.softplus(x, 1, 1e39),
    lambda: F.threshold(x, 1e39, 1), lambda: F.hardshrink(x, 1e39), lambda: F.softshrink(x, 1e39),
    lambda: mg.index_add(x, 0, mg.tensor([0, 1]), x, alpha=1e39),
    lambda: mg.addcmul(*[x.to(mg.int8)] * 3, value=300), lambda: F.leaky_relu(x.half(), 1e39),
])  # fmt: skip
def test_a_number_without_room_is_refused(run):
    with pytest.raises(mg.DtypeError, match="without overflow"):
        run()


def test_half_precision_has_the_room_of_single_inside():
    h = x.half()
    assert F.leaky_relu(h, 1e5).tolist() == x.tolist()
    assert mg.where(h > 2, h, 1e39).tolist() == [[mg.inf, mg.inf], [3, 4]]


def test_sums_of_products_stay_in_their_dtype():
    i = mg.ones(2, 2, 2, dtype=mg.int8)
    assert mg.addbmm(i[0], i, i).dtype is mg.int8


def test_a_tensor_that_fills_another_has_no_dimensions():
    y = mg.zeros(2)
    with pytest.raises(mg.ShapeError, match="copy_"):
        y.fill_(mg.ones(1))
    assert y.fill_(mg.tensor(7)).tolist() == y.masked_fill(y > 0, mg.tensor(7)).tolist() == [7, 7]
