"""One row per op that has a derivative: how to draw inputs and attributes for it.

A row is a hypothesis strategy of (arrays, attributes): the array inputs as NumPy arrays in float64 (whole numbers and
booleans for indices, targets and conditions), in the order of `op.arguments`, and a dict of attributes. Shapes include
0-d, length 1, length 0 and broadcasting; layouts include arrays that are not contiguous. A new op needs a row here,
or test_core_ops fails.
"""

import numpy as np
from hypothesis import strategies as st

from minigrad.device import CPU
from tests.rows import FILLED, PAIRS, SHAPES, arrays, one, one_dim, two  # noqa: F401
from tests.samples_math import MATH
from tests.samples_nn import NN
from tests.samples_shape import SHAPED

# Rows


@st.composite
def where_row(draw):
    left, right = draw(st.sampled_from(PAIRS))
    whole = np.broadcast_shapes(left, right)
    chosen = draw(arrays(draw(st.sampled_from([whole, ()]))))
    return [chosen > 0, draw(arrays(left)), draw(arrays(right))], {}


@st.composite
def matmul_row(draw):
    shapes = [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
        ((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((2, 1, 2, 3), (2, 3, 2)), ((1, 2, 3), (2, 3, 1)), ((0, 3), (3, 2)),
        ((2, 0), (0, 3)), ((0,), (0,)), ((1,), (1,)),
    ]  # fmt: skip
    left, right = draw(st.sampled_from(shapes))
    return [draw(arrays(left)), draw(arrays(right))], {}


@st.composite
def linear_row(draw):
    lead = draw(st.sampled_from([(), (2,), (1,), (0,), (2, 3)]))
    n, m = draw(st.sampled_from([(3, 2), (1, 1), (2, 0), (0, 2)]))
    return [draw(arrays((*lead, n))), draw(arrays((m, n))), draw(arrays((m,)))], {}


@st.composite
def nll_row(draw, reduces=True):
    shape = draw(st.sampled_from([(3, 4), (1, 1), (4,), (2, 3)]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    target = np.asarray(rng.integers(0, shape[-1], shape[:-1]))
    options = {"reduction": draw(st.sampled_from(["mean", "sum", "none"]))} if reduces else {}
    return [draw(arrays(shape)), target], options


@st.composite
def squares_row(draw):
    """Matrices with an inverse, one or several."""
    shape = draw(st.sampled_from([(2, 2), (3, 3), (1, 1), (2, 2, 2), (0, 2, 2), (0, 0)]))
    return [draw(arrays(shape)) + 5 * np.eye(shape[-1])], {}


@st.composite
def solve_row(draw):
    left, right = draw(st.sampled_from([
        ((2, 2), (2, 3)), ((3, 3), (3, 1)), ((2, 2, 2), (2, 1)), ((2, 2), (3, 2, 1)), ((1, 2, 2), (2, 2, 2)),
    ]))  # fmt: skip
    return [draw(arrays(left)) + 5 * np.eye(left[-1]), draw(arrays(right))], {}


SAMPLES = MATH | NN | SHAPED | {
    "where": where_row(), "clone": one(), "cast": one(dtype=st.just(np.dtype("float64"))),
    "to_device": one(device=st.just(CPU), home=st.just(CPU)), "nll_loss": nll_row(), "cross_entropy": nll_row(),
    "less_one_hot": nll_row(reduces=False), "matmul": matmul_row(), "linear": linear_row(), "inv": squares_row(),
    "det": squares_row(), "logabsdet": squares_row(), "detsign": squares_row(), "solve": solve_row(),
}  # fmt: skip
