"""Changes in place by an op that promotes: the tensor keeps its dtype in what is compiled and traced, too."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit

WIDE, WHOLE = mg.arange(3, dtype=mg.float64), mg.arange(3)
CHANGES = {
    "gt_": lambda x: x.gt_(0), "eq_": lambda x: x.eq_(x * 1), "logical_and_": lambda x: x.logical_and_(x * 2),
    "logical_not_": lambda x: x.logical_not_(), "add_": lambda x: x.add_(WIDE), "mul_": lambda x: x.mul_(WIDE),
    "pow_": lambda x: x.pow_(WIDE), "remainder_": lambda x: x.remainder_(WIDE + 1), "atan2_": lambda x: x.atan2_(WIDE),
    "floor_divide_": lambda x: x.floor_divide_(WIDE + 1), "copysign_": lambda x: x.copysign_(WIDE),
    "addcmul_": lambda x: x.addcmul_(WIDE, WIDE), "of a window": lambda x: x[1:].mul_(WIDE[1:]),
    "a whole number": lambda x: x.add_(WHOLE), "once more": lambda x: x.add_(WIDE).mul_(WIDE).add_(1),
}  # fmt: skip
WHOLE_CHANGES = {"add_": lambda x: x.add_(WHOLE), "lt_": lambda x: x.lt_(2), "gcd_": lambda x: x.gcd_(WHOLE)}


def same(found, expected):
    assert found.dtype is expected.dtype and found.array.dtype == expected.array.dtype
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", CHANGES)
def test_a_float(name):
    def f(x):
        y = x * 1
        CHANGES[name](y)
        return y

    compiled, traced = jit.compile(f), jit.trace(f, (mg.tensor([1.5, -2.5, 3.5]),))
    for i in range(3):
        x = mg.tensor([1.5, -2.5, 3.5]) * (i + 1)
        same(compiled(x), f(x))
        same(traced(x), f(x))
    assert compiled.replayed == 2


ASKING = {  # for the numbers of before, or for those behind it
    "pow_": lambda x: x.pow_(3), "clamp_": lambda x: x.clamp_(0, 4), "tanh_": lambda x: x.tanh_(),
    "log_": lambda x: x.log_(), "abs_": lambda x: x.abs_(), "sqrt_": lambda x: x.sqrt_(),
    "div_": lambda x: x.div_(x + 1), "sin_ of a row": lambda x: x[1:].sin_(),
    "two": lambda x: x.square_().cos_(), "relu_": lambda x: x.relu_(),
}  # fmt: skip


@pytest.mark.parametrize("name", [*CHANGES, *(f"asking: {name}" for name in ASKING)])
def test_the_gradient(name):
    change = CHANGES.get(name) or ASKING[name.removeprefix("asking: ")]

    def f(x):
        y = x * 1
        change(y)
        return y

    compiled = jit.compile(f)
    for i in range(3):
        x = (mg.tensor([1.5, 2.5, 3.5]) * (i + 1)).requires_grad_()
        expected, found = f(x), compiled(x)
        assert found.requires_grad == expected.requires_grad
        if found.requires_grad and name != "floor_divide_":
            same(mg.autograd.grad(found.sum(), x)[0], mg.autograd.grad(expected.sum(), x)[0])
    assert compiled.replayed == (0 if name == "floor_divide_" else 2)


@pytest.mark.parametrize("dtype", [mg.int8, mg.int32])
@pytest.mark.parametrize("name", WHOLE_CHANGES)
def test_a_whole_number(name, dtype):
    def f(x):
        return WHOLE_CHANGES[name](x.clone())

    compiled, x = jit.compile(f), mg.tensor([1, -2, 3], dtype=dtype)
    for _ in range(3):
        same(compiled(x), f(x))
    same(jit.trace(f, (x,))(x), f(x))


def test_buffers_and_inputs():
    """What lies outside takes the numbers in its own dtype."""
    found = []
    for compiled in (False, True):
        buffer, x = mg.zeros(3), mg.ones(3, dtype=mg.float16)

        def f(x, buffer=buffer):
            buffer.add_(WIDE)
            x.add_(WIDE)
            return (buffer * x).sum()

        f = jit.compile(f) if compiled else f
        found.append([(f(x).item(), buffer.tolist(), buffer.dtype, x.tolist(), x.dtype) for _ in range(3)])
    assert found[0] == found[1]


def test_an_operand_that_was_promoted_in_second_order():
    """Its gradient is recorded with the operand as it was before, which is no constant."""
    w = mg.tensor([2.0, 3.0], requires_grad=True)

    def f(k, x):
        h = k * w + x * w
        slope = mg.autograd.grad((h**2).sum(), w, create_graph=True)[0]
        return (slope**2).sum()

    compiled = jit.compile(f)
    for i in range(3):
        k, x = mg.tensor([1, 2]) * (i + 1), mg.tensor([0.5, 0.25], dtype=mg.float16) * (i + 1)
        found, expected = compiled(k, x), f(k, x)
        assert found.item() == pytest.approx(expected.item(), rel=1e-3)
        same(mg.autograd.grad(found, w)[0], mg.autograd.grad(expected, w)[0])
    assert compiled.replayed == 2


def test_a_function_of_no_module():
    """As exec() makes them where the names it is given have no __name__."""
    names = {}
    exec("def double(x): return x * 2", names)
    f = jit.compile(names["double"])
    assert f(mg.ones(1)).tolist() == f(mg.ones(1)).tolist() == [2.0] and f.replayed == 1
