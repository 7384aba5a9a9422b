"""One row per op that has a derivative: how to draw inputs and attributes for it.

A row is a hypothesis strategy of (arrays, attributes): the array inputs as NumPy arrays in float64 (whole numbers and
booleans for indices, targets and conditions), in the order of `op.arguments`, and a dict of attributes. Shapes include
0-d, length 1, length 0 and broadcasting; layouts include arrays that are not contiguous. A new op needs a row here,
or test_core_ops fails.
"""

import numpy as np
from hypothesis import strategies as st

from minigrad.device import CPU

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
    made = values(rng, shape)
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


SHAPED_INDICES = [
    ((3,), 1), ((3,), slice(None, None, 2)), ((3,), slice(None, None, -1)), ((2, 3), (0, 1)),
    ((2, 3), (slice(None), 0)), ((2, 3), (Ellipsis, None, slice(1, 3))), ((), Ellipsis), ((), None),
    ((3,), np.array([0, 0, 2])), ((3,), np.array([], dtype=int)), ((2, 3), np.array([[1], [1]])),
    ((2, 3), (np.array([0, 1, 0]), np.array([2, 2, 2]))),
    ((2, 3), (slice(None), np.array([2, 0, 2]))), ((3,), np.array([True, False, True])), ((0, 2), slice(None)),
    ((2, 3), np.array([[True, False, True], [False, False, True]])), ((3,), np.array(2)), ((2, 3), -1),
]  # fmt: skip


@st.composite
def index_row(draw):
    shape, index = draw(st.sampled_from(SHAPED_INDICES))
    return [draw(arrays(shape))], {"index": index}


@st.composite
def unindex_row(draw):
    shape, index = draw(st.sampled_from(SHAPED_INDICES))
    return [draw(arrays(np.zeros(shape)[index].shape))], {"shape": shape, "index": index}


@st.composite
def index_put_row(draw):
    shape, index = draw(st.sampled_from([pair for pair in SHAPED_INDICES if not _repeats(*pair)]))
    target = np.zeros(shape)[index].shape
    value = draw(st.sampled_from([target, (), (1, *target)]))
    return [draw(arrays(shape)), draw(arrays(value))], {"index": index}


def _repeats(shape, index):
    """Whether an element is picked twice: which value wins there is nobody's promise."""
    hits = np.zeros(shape)
    np.add.at(hits, index, 1)
    return hits.size and hits.max() > 1


@st.composite
def along_dim_row(draw):
    shape, dim, taken = draw(st.sampled_from([
        ((3,), 0, (2,)), ((3,), -1, (0,)), ((2, 3), 1, (2, 4)), ((2, 3), 0, (1, 3)), ((2, 3), 1, (2, 1)),
        ((2, 3), 1, (1, 2)), ((1, 3), 1, (2, 2)), ((2, 3, 2), 1, (2, 1, 2)),
    ]))  # fmt: skip
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return [draw(arrays(shape)), rng.integers(0, shape[dim], taken)], {"dim": dim}


@st.composite
def put_along_dim_row(draw):
    (x, indices), attributes = draw(along_dim_row())
    taken = np.take_along_axis(x, indices, attributes["dim"]).shape
    return [draw(arrays(taken)), indices], {"shape": x.shape, **attributes}


@st.composite
def nll_row(draw):
    shape = draw(st.sampled_from([(3, 4), (1, 1), (4,), (2, 3)]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    target = np.asarray(rng.integers(0, shape[-1], shape[:-1]))
    return [draw(arrays(shape)), target], {"reduction": draw(st.sampled_from(["mean", "sum", "none"]))}


@st.composite
def broadcast_row(draw):
    shape, wider = draw(st.sampled_from([
        ((), (2, 3)), ((1,), (3,)), ((2, 1), (2, 3)), ((3,), (2, 2, 3)), ((2, 3), (2, 3)), ((1, 0), (2, 0)),
        ((1, 3), (0, 3)),
    ]))  # fmt: skip
    return [draw(arrays(shape))], {"shape": wider}


@st.composite
def reshape_row(draw):
    shape, new = draw(st.sampled_from([
        ((2, 3), (6,)), ((2, 3), (3, -1)), ((), (1, 1)), ((1,), ()), ((2, 0), (0, 5)), ((2, 1, 2), (2, 2)),
        ((3,), (3,)),
    ]))  # fmt: skip
    return [draw(arrays(shape))], {"shape": new}


WITH_AXES = [shape for shape in SHAPES if shape]

SAMPLES = {
    "add": two(), "sub": two(), "mul": two(), "div": two(plain, away_from_zero), "pow": two(positive, plain),
    "maximum": two(steps, other_steps), "minimum": two(steps, other_steps), "where": where_row(),
    "neg": one(), "exp": one(), "log": one(positive), "sqrt": one(positive), "sin": one(), "cos": one(),
    "tanh": one(), "sigmoid": one(), "abs": one(steps), "relu": one(steps), "sign": one(steps), "round": one(steps),
    "floor": one(steps), "clone": one(), "cast": one(dtype=st.just(np.dtype("float64"))),
    "to_device": one(device=st.just(CPU), home=st.just(CPU)),
    "sum": one(dim=any_dims, keepdim=FLAGS), "mean": one(shapes=FILLED, dim=any_dims, keepdim=FLAGS),
    "amax": one(steps, FILLED, dim=any_dims, keepdim=FLAGS), "amin": one(steps, FILLED, dim=any_dims, keepdim=FLAGS),
    "max": one(steps, FILLED), "min": one(steps, FILLED),
    "softmax": one(dim=one_dim), "log_softmax": one(dim=one_dim), "nll_loss": nll_row(),
    "matmul": matmul_row(), "linear": linear_row(),
    "reshape": reshape_row(), "broadcast_to": broadcast_row(),
    "swapaxes": one(shapes=WITH_AXES, dim0=one_dim, dim1=one_dim),
    "permute": one(dims=lambda shape: st.permutations(range(len(shape))).map(tuple)),
    "unsqueeze": one(dim=lambda shape: st.integers(-len(shape) - 1, len(shape))),
    "squeeze": one(dim=lambda shape: st.one_of(st.none(), one_dim(shape))),
    "index": index_row(), "unindex": unindex_row(), "index_put": index_put_row(),
    "take_along_dim": along_dim_row(), "put_along_dim": put_along_dim_row(),
}  # fmt: skip
