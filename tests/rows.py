"""How sample rows are drawn: values, shapes and layouts; see samples.py for what a row is."""


import numpy as np
from hypothesis import strategies as st

SHAPES = [(), (1,), (3,), (2, 3), (1, 3), (2, 1, 2), (0,), (2, 0, 3)]
FILLED = [shape for shape in SHAPES if 0 not in shape]
PAIRS = [
    ((2, 3), (2, 3)), ((), ()), ((), (2, 3)), ((2, 3), ()), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 3), (1,)),
    ((1, 1, 2), (2, 1)), ((0,), (1,)), ((2, 0), (1, 1)), ((0, 3), (3,)),
]  # fmt: skip


# Values: each keeps away from the points where an op has a kink or a pole, by more than the step of the differences.


def plain(rng, shape):
    return rng.uniform(-2, 2, shape)


def positive(rng, shape):
    return rng.uniform(0.4, 2.5, shape)


def away_from_zero(rng, shape):
    return rng.uniform(0.5, 2, shape) * rng.choice([-1.0, 1.0], shape)


def steps(rng, shape):
    """All different, and a quarter above a whole number: no ties, no zero, no halves."""
    count = int(np.prod(shape))
    return (rng.permutation(count) - count // 2 + 0.25).reshape(shape)


def other_steps(rng, shape):
    """As `steps`, and never equal to one of them."""
    return steps(rng, shape) + 0.35


@st.composite
def arrays(draw, shape, values=plain):
    """An array of this shape: contiguous, in the other order, every second element, or backwards."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    layout = draw(st.sampled_from(["C", "F", "strided", "reversed"]))
    if layout == "strided" and shape:
        room = values(rng, (*shape[:-1], 2 * shape[-1]))
        return room[..., ::2]
    made = np.asarray(values(rng, shape))  # 0-d arithmetic gives scalars
    if layout == "F":
        return np.asarray(made, order="F")
    return made[::-1] if layout == "reversed" and shape else made


# Rows


@st.composite
def one(draw, values=plain, shapes=SHAPES, **attributes):
    """A row for an op of one array; an attribute may be a strategy, or a function of the shape that gives one."""
    shape = draw(st.sampled_from(shapes))
    x = draw(arrays(shape, values))
    chosen = {name: draw(given(shape) if callable(given) else given) for name, given in attributes.items()}
    return [x], chosen


@st.composite
def two(draw, values=plain, others=None):
    """A row for an op of two arrays that broadcast."""
    left, right = draw(st.sampled_from(PAIRS))
    return [draw(arrays(left, values)), draw(arrays(right, others or values))], {}


def any_dims(shape):
    """No dim, one (from either end), or several."""
    if not shape:
        return st.sampled_from([None, 0, -1])
    n = len(shape)
    return st.one_of(st.none(), st.integers(-n, n - 1), st.lists(st.integers(0, n - 1), unique=True).map(tuple))


def one_dim(shape):
    return st.integers(-max(len(shape), 1), max(len(shape), 1) - 1)


FLAGS = st.booleans()
