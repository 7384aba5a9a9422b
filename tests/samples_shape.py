"""Sample rows of the ops that move elements, pick them and put them back; see samples.py for what a row is."""

import numpy as np
from hypothesis import strategies as st

from minigrad.op import OPS
from tests.rows import SHAPES, arrays, one, one_dim

WITH_AXES = [shape for shape in SHAPES if shape]
MATRICES = [shape for shape in SHAPES if len(shape) > 1]

SHAPED_INDICES = [
    ((3,), 1), ((3,), slice(None, None, 2)), ((3,), slice(None, None, -1)), ((2, 3), (0, 1)),
    ((2, 3), (slice(None), 0)), ((2, 3), (Ellipsis, None, slice(1, 3))), ((), Ellipsis), ((), None),
    ((3,), np.array([0, 0, 2])), ((3,), np.array([], dtype=int)), ((2, 3), np.array([[1], [1]])),
    ((2, 3), (np.array([0, 1, 0]), np.array([2, 2, 2]))),
    ((2, 3), (slice(None), np.array([2, 0, 2]))), ((3,), np.array([True, False, True])), ((0, 2), slice(None)),
    ((2, 3), np.array([[True, False, True], [False, False, True]])), ((3,), np.array(2)), ((2, 3), -1),
    ((2, 3), np.array([-1, 0])), ((2, 3), (None, np.array([True, False]), slice(1, 3))), ((), np.array(True)),
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


@st.composite
def accumulate_row(draw):
    shape, index = draw(st.sampled_from(SHAPED_INDICES))
    return [draw(arrays(shape)), draw(arrays(np.zeros(shape)[index].shape))], {"index": index, "accumulate": True}


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


PLACES = [
    ((3,), 0, (2,)), ((3,), -1, (0,)), ((2, 3), 1, (2, 3)), ((2, 3), 0, (1, 3)), ((2, 3), 1, (1, 1)),
    ((2, 3, 2), 1, (2, 1, 1)), ((), 0, ()), ((1, 3), 1, (1, 2)), ((2, 3), 1, (2, 5)),
]  # fmt: skip


@st.composite
def places_row(draw, given, repeats=True, with_shape=False):
    """`given` says what the op takes: "x", "i" for indices no larger than x except along dim, "s" of their shape."""
    shape, dim, taken = draw(st.sampled_from(PLACES if repeats else PLACES[:-1]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if repeats or not shape:
        indices = np.asarray(rng.integers(0, (shape or (1,))[dim], taken))
    else:  # which of several values for one place stays is undefined
        indices = rng.random(shape).argsort(axis=dim)[tuple(slice(n) for n in taken)]
    made = {"x": arrays(shape), "i": st.just(indices), "s": arrays(taken)}
    return [draw(made[what]) for what in given], {"dim": dim} | ({"shape": shape} if with_shape else {})


@st.composite
def embedding_row(draw):
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    indices = rng.integers(0, 3, draw(st.sampled_from([(), (4,), (2, 2), (0,)])))
    padding = draw(st.sampled_from([None, -1, 3]))  # never one of the indices: what stands there has no derivative
    return [draw(arrays((4, 2))), np.asarray(indices)], {"padding_idx": padding}


@st.composite
def masked_fill_row(draw):
    shape, mask = draw(st.sampled_from([((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 1)), ((), ()), ((0, 2), (2,))]))
    return [draw(arrays(shape)), draw(arrays(mask)) > 0, draw(arrays(()))], {}


@st.composite
def joined_row(draw, shapes, lowest=0):
    """Tensors for cat or stack, one to three of them, and a dim that they have."""
    chosen = draw(st.sampled_from(shapes))
    dim = draw(st.integers(-len(chosen[0]) - lowest, len(chosen[0]) - 1 + lowest))
    wide = [shape if shape == (0,) else (*shape[:dim], shape[dim] + i, *shape[dim % len(shape) + 1 :]) if not lowest
            else shape for i, shape in enumerate(chosen)]  # fmt: skip
    return [draw(arrays(shape)) for shape in wide], {"dim": dim}


@st.composite
def diagonal_row(draw, undo=False):
    shape = draw(st.sampled_from([(2, 3), (3, 3), (2, 3, 2), (1, 2), (0, 2)]))
    dim1, dim2 = draw(st.permutations(range(len(shape))))[:2]
    attributes = {"offset": draw(st.integers(-2, 2)), "dim1": dim1, "dim2": dim2 - len(shape)}
    if not undo:
        return [draw(arrays(shape))], attributes
    seen = OPS["diagonal"].forward(np, np.zeros(shape), **attributes).shape
    return [draw(arrays(seen))], {"shape": shape, **attributes}


@st.composite
def windows_row(draw, undo=False):
    shape, dim, size, step = draw(st.sampled_from([
        ((5,), 0, 3, 1), ((5,), -1, 2, 3), ((2, 4), 1, 2, 1), ((4, 2), 0, 4, 1), ((3,), 0, 0, 1), ((2, 3, 2), 1, 2, 1),
    ]))  # fmt: skip
    attributes = {"dimension": dim, "size": size, "step": step}
    if not undo:
        return [draw(arrays(shape))], attributes
    seen = OPS["unfold"].forward(np, np.zeros(shape), **attributes).shape
    return [draw(arrays(seen))], {"shape": shape, **attributes}


@st.composite
def view_put_row(draw):
    shape, steps = draw(st.sampled_from([
        ((2, 3), [("index", {"index": 0})]),
        ((2, 3), [("reshape", {"shape": (6,)}), ("index", {"index": slice(1, 4)})]),
        ((3, 3), [("diagonal", {"offset": 1})]), ((2, 3), [("swapaxes", {"dim0": 0, "dim1": 1})]), ((), []),
    ]))  # fmt: skip
    steps = tuple((OPS[name], attributes) for name, attributes in steps)
    seen = np.zeros(shape)
    for step, attributes in steps:
        seen = step.forward(np, seen, **attributes)
    return [draw(arrays(shape)), draw(arrays(seen.shape))], {"steps": steps}


def some_dims(shape):
    return st.lists(st.integers(0, len(shape) - 1), unique=True).map(tuple) if shape else st.just(())


def pads(shape):
    """Numbers before and after for some of the last axes; -1 cuts one element off."""
    count = st.integers(0, len(shape))
    return count.flatmap(lambda k: st.tuples(*(st.integers(-(n > 1), 2) for n in shape[::-1][:k] for _ in "ab")))


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


JOINABLE = [((2, 3),), ((2, 3), (2, 3)), ((3,), (3,), (3,)), ((2, 0, 1), (2, 0, 1)), ((1,), (1,))]

SHAPED = {
    "reshape": reshape_row(), "broadcast_to": broadcast_row(),
    "swapaxes": one(dim0=one_dim, dim1=one_dim),
    "permute": one(dims=lambda shape: st.permutations(range(len(shape))).map(tuple)),
    "unsqueeze": one(dim=lambda shape: st.integers(-len(shape) - 1, len(shape))),
    "squeeze": one(dim=lambda shape: st.one_of(st.none(), one_dim(shape), some_dims(shape))),
    "diagonal": diagonal_row(), "undiagonal": diagonal_row(undo=True),
    "tril": one(shapes=MATRICES, diagonal=st.integers(-2, 2)),
    "triu": one(shapes=MATRICES, diagonal=st.integers(-2, 2)),
    "flip": one(dims=some_dims), "pad": one(pad=pads, value=st.sampled_from([0, 1.5])),
    "roll": one(shapes=WITH_AXES, shifts=st.integers(-3, 3), dims=lambda shape: st.one_of(st.none(), one_dim(shape))),
    "repeat": one(repeats=lambda shape: st.tuples(st.just(2), *(st.integers(0, 2) for _ in shape))),
    "cat": joined_row([*JOINABLE, ((2, 3), (0,), (2, 3))]), "stack": joined_row([*JOINABLE, ((), ())], lowest=1),
    "unfold": windows_row(), "unfold_add": windows_row(undo=True), "view_put": view_put_row(),
    "index": index_row(), "unindex": unindex_row(), "index_put": st.one_of(index_put_row(), accumulate_row()),
    "take_along_dim": along_dim_row(), "gather": places_row("xi"), "scatter_add": places_row("xis"),
    "scatter": places_row("xis", repeats=False), "put_along_dim": places_row("si", with_shape=True),
    "embedding": embedding_row(), "masked_fill": masked_fill_row(),
}  # fmt: skip
