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


@pytest.mark.parametrize("name", CHANGES)
def test_the_gradient(name):
    def f(x):
        y = x * 1
        CHANGES[name](y)
        return y

    compiled = jit.compile(f)
    for _ in range(2):
        x = mg.tensor([1.5, 2.5, 3.5], requires_grad=True)
        expected, found = f(x), compiled(x)
        assert found.requires_grad == expected.requires_grad
        if found.requires_grad and name != "floor_divide_":
            same(mg.autograd.grad(found.sum(), x)[0], mg.autograd.grad(expected.sum(), x)[0])


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
