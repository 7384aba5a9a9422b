"""Shapes, indices and their kin where they differ from NumPy's, share memory, or meet ties; as in PyTorch."""

import numpy as np
import pytest

import minigrad as mg


def leaf(*shape):
    x = mg.arange(int(np.prod(shape))) * 1.0
    return x.reshape(shape).requires_grad_()


# Views


@pytest.mark.parametrize(
    "see",
    [
        lambda x: x[1], lambda x: x[:, 1:], lambda x: x[..., None], lambda x: x.T, lambda x: x.t(), lambda x: x.mT,
        lambda x: x.view(-1), lambda x: x.reshape(3, 2), lambda x: x.flatten(), lambda x: x.unsqueeze(0),
        lambda x: x.diagonal(), lambda x: x.narrow(1, 1, 2), lambda x: x.select(0, 1), lambda x: x.unfold(1, 2, 2),
        lambda x: x.split(1)[1], lambda x: x.chunk(2, 1)[0], lambda x: x.unbind()[0], lambda x: x.movedim(0, 1),
        lambda x: x.squeeze(), lambda x: x.expand(2, 3), lambda x: x.unflatten(1, (3, 1)), lambda x: x[mg.tensor(1)],
    ],
)  # fmt: skip
def test_views_see_what_is_written(see):
    x = mg.zeros(2, 3)
    view = see(x)
    x += 1
    assert view.tolist() == see(mg.ones(2, 3)).tolist()
    view.zero_()
    assert x.sum().item() == 6 - len(np.unique(see(mg.arange(6).reshape(2, 3)).numpy()))


@pytest.mark.parametrize(
    "copied",
    [
        lambda x: x[[0, 1]], lambda x: x[x >= 0], lambda x: x.flip(0), lambda x: x.roll(1), lambda x: x.repeat(1, 1),
        lambda x: x.index_select(0, mg.tensor([0, 1])), lambda x: mg.cat([x]), lambda x: x.tril(), lambda x: x.diag(),
        lambda x: x.T.reshape(-1), lambda x: x.T.contiguous(), lambda x: x.masked_fill(x < 0, 1), lambda x: x.sort()[0],
    ],
)  # fmt: skip
def test_copies_do_not(copied):
    x = mg.zeros(2, 3)
    other = copied(x)
    other.fill_(5)
    assert x.sum().item() == 0


# Indices


@pytest.mark.parametrize("index", [
    (0, slice(None), np.array([0, 1, 2])), (np.array([0, 1, 2]), slice(None), 0),
    (np.array([0, 1]), 1, np.array([2, 3])), (slice(1, None), 0, np.array([True, False, True, False])),
    (None, 0, np.array([1, 1])), (slice(0, 1), 1, np.array([3])),
])  # fmt: skip
def test_numbers_beside_arrays_go_first(index):
    """PyTorch applies numbers as views first; NumPy counts them among the arrays, and would move axes to the front."""
    x = np.arange(24.0).reshape(3, 2, 4)
    first = tuple(item if isinstance(item, int) or item is None else slice(None) for item in index)
    rest = tuple(slice(None) if item is None else item for item in index if not isinstance(item, int))
    given = tuple(mg.tensor(item) if isinstance(item, np.ndarray) else item for item in index)
    t = mg.tensor(x, requires_grad=True)
    picked = t[given]
    assert picked.tolist() == x[first][rest].tolist()
    picked.sum().backward()
    hits = np.zeros_like(x)
    np.add.at(hits[first], rest, 1)
    assert t.grad.tolist() == hits.tolist()
    t = mg.tensor(x)
    t[given] = -1.0
    x[first][rest] = -1
    assert t.tolist() == x.tolist()


def test_indices_that_are_refused():
    x = mg.zeros(2, 3)
    for index, kind, words in [
        (slice(None, None, -1), ValueError, "flip"), ([[0, 1], [1, 0]], IndexError, r"tuple\(index\)"),
        (mg.tensor([1], dtype=mg.int8), IndexError, "int8"), ("a", IndexError, "str"),
        (mg.tensor([2]), IndexError, "index 2"),
    ]:  # fmt: skip
        with pytest.raises(kind, match=words):
            x[index]


def test_truth_values_as_indices_add_an_axis():
    x = leaf(2, 3)
    assert x[True].shape == (1, 2, 3) and x[False].shape == (0, 2, 3) and x[mg.tensor(True), 0].shape == (1, 3)
    x[True].sum().backward()
    assert x.grad.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_repeated_places_add_their_gradients():
    x = leaf(3)
    x[mg.tensor([0, -3, 2])].sum().backward()
    assert x.grad.tolist() == [2, 0, 1]
    weight = leaf(3, 2)
    mg.nn.functional.embedding(mg.tensor([[2, 2], [0, 1]]), weight, padding_idx=0).sum().backward()
    assert weight.grad.tolist() == [[0, 0], [1, 1], [2, 2]]
    whole = mg.tensor([1, 2, 3]).scatter_add(0, mg.tensor([1, 1]), mg.tensor([10, 20]))
    assert whole.tolist() == [1, 32, 3]
    assert mg.zeros(2).index_put((mg.tensor([1, 1]),), mg.tensor(2.0), accumulate=True).tolist() == [0, 4]


@pytest.mark.parametrize("run", [
    lambda x, i: x.gather(0, i), lambda x, i: x.scatter(0, i, 1.0), lambda x, i: x.index_select(0, i),
    lambda x, i: x.index_add(0, i, mg.ones(1)), lambda x, i: x.index_copy(0, i, mg.ones(1)),
    lambda x, i: mg.ops.embedding(x.reshape(3, 1), i),
])  # fmt: skip
@pytest.mark.parametrize("place", [-1, 3])
def test_places_out_of_range_are_refused(run, place):
    with pytest.raises(IndexError, match=f"index {place} is out of bounds for dimension 0 with size 3") as caught:
        run(mg.ones(3), mg.tensor([place]))
    assert isinstance(caught.value, RuntimeError)


def test_scatter_and_gather_mind_dtypes_and_shapes():
    x, i = mg.ones(2, 3), mg.tensor([[0, 1]])
    for run, words in [
        (lambda: x.gather(1, i.int().float()), "int32/int64"), (lambda: x.gather(1, i[0]), "same number of dim"),
        (lambda: x.scatter(1, i, mg.ones(1, 2).double()), "equal to src.dtype"),
        (lambda: x.scatter_add(1, i, mg.ones(1, 1)), "no larger than src"),
        (lambda: x.index_add(0, i[0], mg.ones(1, 3)), "Number of indices"),
        (lambda: x.masked_fill(i, 1), "boolean"), (lambda: x.masked_scatter(x > 0, mg.ones(2)), "ones in mask, 6"),
    ]:  # fmt: skip
        with pytest.raises(RuntimeError, match=words):
            run()
    for reduce in ("sum", "mean", "max"):
        with pytest.raises(RuntimeError, match="either add or multiply"):
            x.scatter(1, i, x, reduce=reduce)
    with pytest.raises(RuntimeError, match="either sum, prod, mean, amax or amin"):
        x.scatter_reduce(1, i, x, "median")
    with pytest.raises(mg.DtypeError, match="no mean of truth values"):
        (x > 0).scatter_reduce(1, i, x > 0, "mean")


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda x: x.scatter_add(0, mg.tensor([[0]]), 1.0), TypeError, "argument 'src' must be Tensor"),
        (lambda x: mg.tensor(1.0).index_select(0, mg.tensor([0, 0])), RuntimeError, "can have only 1 value"),
        (lambda x: mg.tensor(1.0).index_add(0, mg.tensor([0, 0]), mg.ones(2)), IndexError, "has one place"),
        (lambda x: x.index_fill(0, mg.tensor([0]), mg.ones(2)), RuntimeError, "0-dimensional value"),
        (lambda x: x.diagonal(0, 1, 1), RuntimeError, "diagonal dimensions cannot be identical"),
        (lambda x: x.diag_embed(0, 1, 1), RuntimeError, "diagonal dimensions cannot be identical"),
        (lambda x: x.tensor_split(0), RuntimeError, "number of sections must be larger than 0"),
        (lambda x: mg.meshgrid(mg.ones(2), indexing="yx"), RuntimeError, "indexing must be one of"),
        (lambda x: mg.searchsorted(x[0], 1.0, side="middle"), RuntimeError, "side can only be 'left' or 'right'"),
        (lambda x: mg.bincount(mg.tensor([1, 2]), mg.ones(3)), RuntimeError, "the same length as input"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(run, kind, words):
    with pytest.raises(kind, match=words):
        run(mg.ones(2, 2))


def test_a_tensor_without_axes_has_one_place():
    x, one = mg.tensor(3.0), mg.tensor(0)
    assert x.index_select(0, one).shape == () and x.index_add(0, one, mg.tensor(2.0)).item() == 5
    assert x.index_copy(0, one, mg.tensor(7.0)).item() == 7 and x.index_fill(0, one, 9).shape == ()
    (line,) = [mg.cartesian_prod(mg.tensor([1, 2]))]
    assert line.tolist() == [1, 2]


def test_scatter_reduce():
    x, i, src = mg.tensor([1.0, 2.0, 3.0]), mg.tensor([0, 0, 2]), mg.tensor([4.0, 6.0, 5.0])
    assert x.scatter_reduce(0, i, src, "sum").tolist() == [11, 2, 8]
    assert x.scatter_reduce(0, i, src, "sum", include_self=False).tolist() == [10, 2, 5]
    assert x.scatter_reduce(0, i, src, "mean", include_self=False).tolist() == [5, 2, 5]
    assert x.scatter_reduce(0, i, src, "prod").tolist() == [24, 2, 15]
    assert x.scatter_reduce(0, i, src, "amax").tolist() == [6, 2, 5]
    assert x.scatter_reduce(0, i, src, "amin").tolist() == [1, 2, 3]
    assert x.scatter(0, i, 10, reduce="multiply").tolist() == [100, 2, 30]


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_what_is_scattered_and_reduced_has_gradients_of_every_order(reduce, include_self):
    rng = np.random.default_rng(5)
    x, src = (mg.tensor(rng.normal(size=shape), requires_grad=True) for shape in ((3, 2), (4, 2)))
    index = mg.tensor([[0, 1], [0, 2], [2, 1], [0, 1]])

    def run(x, src):
        return x.scatter_reduce(0, index, src, reduce, include_self=include_self)

    assert mg.gradcheck(run, [x, src]) and mg.autograd.gradgradcheck(run, [x, src])


# Joining


def test_joined_tensors_get_their_gradients_back_in_their_own_dtype():
    for join in (mg.cat, mg.stack):
        a, b = mg.ones(2, dtype=mg.float16, requires_grad=True), mg.ones(2, dtype=mg.float64, requires_grad=True)
        y = join([a, b])
        assert y.dtype is mg.float64
        y.sum().backward()
        assert (a.grad.dtype, b.grad.dtype) == (mg.float16, mg.float64)


def test_joining_says_what_does_not_fit():
    for run, kind, words in [
        (lambda: mg.cat([]), ValueError, "non-empty"), (lambda: mg.cat(mg.ones(2)), TypeError, "tuple of Tensors"),
        (lambda: mg.cat([mg.ones(2), 1]), TypeError, "element 1.*int"),
        (lambda: mg.cat([mg.ones(2), mg.ones(2, 2)]), RuntimeError, r"\(2,\), \(2, 2\)"),
        (lambda: mg.cat([mg.tensor(1.0)]), RuntimeError, "stack"),
        (lambda: mg.stack([mg.ones(2), mg.ones(3)]), RuntimeError, r"equal size.*\(2,\), \(3,\)"),
        (lambda: mg.ones(4).split([1, 2]), RuntimeError, "sum exactly to 4"),
        (lambda: mg.ones(4).chunk(0), RuntimeError, "greater than 0"),
        (lambda: mg.ones(2, 3).transpose(0, 2), IndexError, "expected to be in range of"),
        (lambda: mg.ones(2, 1).movedim((0, 0), (0, 1)), RuntimeError, "repeated"),
        (lambda: mg.meshgrid(mg.ones(2), mg.arange(2)), RuntimeError, "same dtype"),
        (lambda: mg.ones(2).reshape(), TypeError, "'shape'"), (lambda: mg.ones(2).reshape(2.0), TypeError, "float"),
        (lambda: mg.ones(2).repeat(2, -1), RuntimeError, "negative"),
        (lambda: mg.tensor(1.0).narrow(0, 0, 1), RuntimeError, "0-dim"),
    ]:  # fmt: skip
        with pytest.raises(kind, match=words):
            run()


def test_empty_tensors_of_one_axis_join_anything():
    x = leaf(0)
    y = mg.cat([x, mg.ones(2, 3)], dim=1)
    assert y.shape == (2, 3)
    y.sum().backward()
    assert x.grad.shape == (0,)


# Order


def test_nan_is_the_largest_and_equals_keep_their_order():
    x = mg.tensor([2.0, np.nan, 1.0, 2.0, np.nan])
    assert x.sort().indices.tolist() == [2, 0, 3, 1, 4]
    assert x.sort(descending=True).indices.tolist() == [1, 4, 0, 3, 2]
    assert x.topk(3).indices.tolist() == [1, 4, 0] and x.topk(1, largest=False).values.item() == 1
    assert x.kthvalue(2).indices.item() == 0
    assert mg.tensor([5]).argsort(axis=0).tolist() == [0] and mg.tensor(3.0).sort().values.item() == 3


def test_sorted_values_send_gradients_to_where_they_came_from():
    x = leaf(2, 3)
    (x.flip(1).sort(dim=1).values * mg.arange(3)).sum().backward()
    assert x.grad.tolist() == [[0, 1, 2], [0, 1, 2]]


def test_named_results_print_as_in_pytorch():
    expected = "minigrad.return_types.sort(\nvalues=tensor([1, 2]),\nindices=tensor([1, 0]))"
    assert repr(mg.tensor([2, 1]).sort()) == expected


def test_places_in_a_sorted_sequence():
    limits = mg.tensor([[1.0, 3.0, 5.0], [0.0, 0.0, 9.0]])
    assert mg.searchsorted(limits, mg.tensor([[3.0, 9.0], [0.0, np.nan]])).tolist() == [[1, 3], [0, 3]]
    assert mg.searchsorted(limits, mg.tensor([[3.0], [0.0]]), side="right").tolist() == [[2], [2]]
    assert mg.bucketize(mg.tensor([0.5, 3.0, 7.0]), limits[0]).tolist() == [0, 1, 3]
    assert mg.searchsorted(limits[0], 3.0, out_int32=True).dtype is mg.int32
    with pytest.raises(RuntimeError, match="first N-1 dimensions"):
        mg.searchsorted(limits, mg.ones(1))
    with pytest.raises(RuntimeError, match="1 dimension"):
        mg.bucketize(mg.ones(1), limits)


def test_vander_has_the_powers_of_each_number_in_a_row():
    x = mg.tensor([0.0, 2.0, -3.0], requires_grad=True)
    y = mg.vander(x)
    assert np.array_equal(y.detach().numpy(), np.vander([0.0, 2.0, -3.0]))
    y.sum().backward()
    assert x.grad.tolist() == [1, 5, -5]
    up = mg.vander(mg.tensor([2, 3]), N=4, increasing=True)
    assert up.dtype is mg.int64 and up.tolist() == [[1, 2, 4, 8], [1, 3, 9, 27]]
    assert mg.vander(mg.ones(2), 0).shape == (2, 0)
    for wrong in (lambda: mg.vander(mg.ones(2, 2)), lambda: mg.vander(mg.ones(2), -1)):
        with pytest.raises(RuntimeError, match="vander"):
            wrong()
