"""jit.trace of functions with a backward of their own, and of what waits for a gradient."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit
from tests.test_jit_trace import A, B, agrees, close


class StraightThrough(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x.sign())
        ctx.scale = scale
        return (x * scale).round()

    @staticmethod
    def backward(ctx, g):
        (sign,) = ctx.saved_tensors
        return g * ctx.scale * sign, None


def test_a_custom_function_is_one_step_with_its_own_backward():
    traced = agrees(lambda x: StraightThrough.apply(x, 10.0) * x, A)
    assert [step.op.name for step in traced.graph.steps] == ["StraightThrough", "mul"]
    with pytest.raises(ValueError, match="StraightThrough is a Python function of its own"):
        traced.graph.to_json()


class InNumpy(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mask = x.detach().numpy() > 0
        return mg.from_numpy(np.where(ctx.mask, x.detach().numpy(), 0))

    @staticmethod
    def backward(ctx, g):
        return g * mg.from_numpy(ctx.mask.astype("float32"))


class Both(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x, k):
        ctx.save_for_backward(x)
        ctx.k, size = k, x.abs()
        ctx.mark_non_differentiable(size)
        return x * k, x * x, size

    @staticmethod
    def backward(ctx, a, b, c):
        (x,) = ctx.saved_tensors
        return a * ctx.k * 10 + b * 2 * x, None


class Doubled(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 7


def doubled(x):
    y = x * 1
    return Doubled.apply(y) * y


@pytest.mark.parametrize("func", [
    lambda x: InNumpy.apply(x) * x, lambda x: mg.stack(Both.apply(x, 3.0)).prod(0), doubled,
    lambda x: Both.apply(doubled(x), 2.0)[1], mg.no_grad()(lambda x: InNumpy.apply(x)),
])  # fmt: skip
def test_custom_functions_of_all_kinds(func):
    if func.__name__ == "<lambda>" and hasattr(func, "__wrapped__"):  # nothing to go back from: its ops are recorded
        with pytest.warns(jit.TracerWarning, match="became a NumPy array"):
            jit.trace(func, A)
    else:
        agrees(func, A)


def test_the_way_back_through_a_custom_function_is_recorded():
    def f(x):
        w = x.detach().requires_grad_()
        return mg.autograd.grad((StraightThrough.apply(w, 10.0) * w).sum(), w)[0]

    traced = jit.trace(f, A)
    assert close(traced(B), f(B))


def test_a_hook_is_told_of_unless_backward_called_it():
    def hooked(x):
        y = x * 2
        y.register_hook(lambda g: g * 10)
        return y * 3

    def with_its_backward(x):
        w = x.detach().requires_grad_()
        y = w * 2
        y.register_hook(lambda g: g * 10)
        return mg.autograd.grad((y * x).sum(), w)[0]

    with pytest.warns(jit.TracerWarning, match="a hook waits for a gradient here"):
        jit.trace(hooked, A.clone().requires_grad_())
    assert close(jit.trace(with_its_backward, A)(B), with_its_backward(B))
