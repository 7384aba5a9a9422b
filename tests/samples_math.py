"""Sample rows for arithmetic, functions, activations and reductions; see samples.py for what a row is."""

import numpy as np
from hypothesis import strategies as st

from tests.rows import (
    FILLED,
    FLAGS,
    PAIRS,
    SHAPES,
    any_dims,
    arrays,
    away_from_zero,
    one,
    one_dim,
    other_steps,
    plain,
    positive,
    steps,
    two,
)  # fmt: skip


def small(rng, shape):
    """Inside -1 to 1, where asin and atanh are."""
    return rng.uniform(-0.8, 0.8, shape)


def unit(rng, shape):
    """Between 0 and 1, where logit is."""
    return rng.uniform(0.1, 0.9, shape)


def above_one(rng, shape):
    return rng.uniform(1.3, 3, shape)


def near_three(rng, shape):
    """So that a divisor from 0.9 to 1.1 goes into it 2.x times, and never a whole number of times."""
    return rng.uniform(2.3, 2.6, shape) * rng.choice([-1.0, 1.0], shape)


def near_one(rng, shape):
    return rng.uniform(0.95, 1.05, shape) * rng.choice([-1.0, 1.0], shape)


def with_zeros(rng, shape):
    """Products have a derivative where a factor is 0, too."""
    return rng.uniform(0.5, 1.5, shape) * (rng.uniform(size=shape) > 0.3)


def between_poles(rng, shape):
    """Where the gamma function is smooth, on both sides of 0."""
    return rng.uniform(0.3, 0.7, shape) + rng.choice([-2.0, 0.0, 3.0], shape)


@st.composite
def three(draw, values=plain, others=None):
    left, right = draw(st.sampled_from(PAIRS))
    whole = np.broadcast_shapes(left, right)
    last = draw(st.sampled_from([whole, (), right]))
    chosen = others or values
    return [draw(arrays(left, values)), draw(arrays(right, chosen)), draw(arrays(last, chosen))], {}


@st.composite
def limits_row(draw):
    x = draw(arrays(draw(st.sampled_from(SHAPES)), steps))
    low, high = draw(st.sampled_from([(-0.9, 0.9), (None, 0.1), (0.1, None), (1, -1), (-9, 9)]))
    return [x], {"min": low, "max": high}


def off(row, **shifts):
    """A row whose arrays are shifted, each by its own amount, so that they never meet."""
    by = list(shifts.values())
    return row.map(lambda drawn: ([np.asarray(x + y) for x, y in zip(drawn[0], by, strict=True)], drawn[1]))


@st.composite
def fading_row(draw):
    """Numbers and levels of one shape; levels ascend along dim in use, but need not."""
    shape = draw(st.sampled_from(SHAPES))
    return [draw(arrays(shape)), draw(arrays(shape))], {"dim": draw(one_dim(shape)), "reverse": draw(FLAGS)}


TWO_OR_MORE = [(3,), (2, 3), (2, 2, 2), (3, 2)]
ORDERS = st.sampled_from([0, 1, 2, 3, 2.5, 0.5, -1, np.inf, -np.inf])

MATH = {
    "add": two(), "sub": two(), "mul": two(), "div": two(plain, away_from_zero), "pow": two(positive, plain),
    "floor_quotient": two(near_three, near_one), "trunc_quotient": two(near_three, near_one),
    "remainder": two(near_three, near_one), "fmod": two(near_three, near_one),
    "maximum": two(steps, other_steps), "minimum": two(steps, other_steps),
    "fmax": two(steps, other_steps), "fmin": two(steps, other_steps), "lerp": three(),
    "clamp": limits_row(), "clamp_min": two(steps, other_steps), "clamp_max": two(steps, other_steps),
    "clamp_between": off(three(steps, steps), x=0, low=0.35, high=0.6),
    "neg": one(), "abs": one(steps), "nan_to_num": one(), "sign": one(steps), "floor": one(steps), "ceil": one(steps),
    "round": one(steps, decimals=st.sampled_from([0, -1])), "trunc": one(steps), "frac": one(steps),
    "exp": one(), "exp2": one(), "expm1": one(), "log": one(positive), "log2": one(positive), "log10": one(positive),
    "log1p": one(positive), "logaddexp": two(), "logaddexp2": two(), "xlogy": two(plain, positive),
    "logit": one(unit, eps=st.sampled_from([None, 0.05])),
    "copysign": two(away_from_zero, away_from_zero), "sinc": one(),
    "sqrt": one(positive), "rsqrt": one(positive), "reciprocal": one(away_from_zero),
    "hypot": two(away_from_zero), "sin": one(), "cos": one(), "tan": one(small), "asin": one(small),
    "acos": one(small), "atan": one(), "atan2": two(away_from_zero), "sinh": one(), "cosh": one(), "asinh": one(),
    "acosh": one(above_one), "atanh": one(small), "erf": one(), "erfc": one(),
    "erfinv": one(small), "lgamma": one(between_poles), "digamma": one(between_poles),
    "polygamma": one(between_poles, n=st.sampled_from([0, 1, 2, 5])),
    "tanh": one(), "sigmoid": one(), "relu": one(steps), "leaky_relu": one(steps, negative_slope=st.just(0.1)),
    "elu": one(away_from_zero, alpha=st.just(0.7), scale=st.just(1.1), input_scale=st.just(1.3)),
    "hardsigmoid": one(steps), "hardswish": one(steps),
    "gelu": one(approximate=st.sampled_from(["none", "tanh"])), "silu": one(), "mish": one(), "logsigmoid": one(),
    "softplus": one(beta=st.sampled_from([1.0, 2.0]), threshold=st.sampled_from([20.0, 0.123456])),
    "hardtanh": one(steps, min_val=st.just(-1.0), max_val=st.just(1.0)),
    "softmax": one(dim=one_dim), "log_softmax": one(dim=one_dim),
    "sum": one(dim=any_dims, keepdim=FLAGS), "mean": one(shapes=FILLED, dim=any_dims, keepdim=FLAGS),
    "var": one(shapes=TWO_OR_MORE, dim=any_dims, correction=st.sampled_from([0, 1]), keepdim=FLAGS),
    "std": one(steps, TWO_OR_MORE, dim=any_dims, correction=st.sampled_from([0, 1]), keepdim=FLAGS),
    "logsumexp": one(dim=any_dims, keepdim=FLAGS),
    "vector_norm": one(steps, FILLED, ord=ORDERS, dim=any_dims, keepdim=FLAGS),
    "prod": one(with_zeros, dim=lambda shape: st.one_of(st.none(), one_dim(shape)), keepdim=FLAGS),
    "cumsum": one(dim=one_dim, exclusive=FLAGS, reverse=FLAGS),
    "logcumsumexp": one(dim=one_dim), "fade_sum": fading_row(),
    "cumprod": one(positive, dim=one_dim, exclusive=FLAGS, reverse=FLAGS),
    "amax": one(steps, FILLED, dim=any_dims, keepdim=FLAGS), "amin": one(steps, FILLED, dim=any_dims, keepdim=FLAGS),
    "max": one(steps, FILLED), "min": one(steps, FILLED), "median": one(steps, FILLED),
}  # fmt: skip
