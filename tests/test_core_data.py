"""Data sets, samplers and batches: what is in them, in which order, and what is refused."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import minigrad as mg
from minigrad import data
from minigrad.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, default_collate, random_split

Pair = namedtuple("Pair", "x y")


class Squares(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return Pair(mg.tensor([float(i)]), {"number": i * i, "half": i / 2, "name": str(i), "flag": i > 0})


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(7))

    def __len__(self):
        return 7


# Data sets


def test_items_subsets_and_splits():
    whole = TensorDataset(mg.arange(10), mg.arange(10) * 2)
    assert [t.item() for t in whole[3]] == [3, 6] and len(whole) == 10 and len(list(whole)) == 10
    assert [t.item() for t in Subset(whole, [5, 1])[1]] == [1, 2]
    assert [t.tolist() for t in Subset(whole, [5, 1, 0])[[0, 2]]] == [[5, 0], [10, 0]]
    parts = random_split(whole, [0.5, 0.25, 0.25], generator=mg.Generator().manual_seed(0))
    assert [len(part) for part in parts] == [6, 2, 2]  # what is left over goes to the first ones
    assert sorted(x.item() for part in parts for x, _ in part) == list(range(10))
    assert [len(part) for part in random_split(whole, [3, 7])] == [3, 7]
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        assert [len(part) for part in random_split(range(3), [0.9, 0.1])] == [3, 0]


def test_data_sets_side_by_side_and_one_after_the_other():
    assert data.StackDataset(range(3), "abc")[1] == (1, "b")
    named = data.StackDataset(number=range(3), letter="abc")
    assert named[2] == {"number": 2, "letter": "c"} and len(named) == 3
    both = Squares() + data.ConcatDataset([range(4)])
    assert len(both) == 7 and both[3] == 0 and both[-1] == 3 and both.cumulative_sizes == [3, 7]
    with pytest.raises(IndexError):
        both[7]
    chained = Stream() + Stream()
    assert list(chained) == [*range(7)] * 2 and len(chained) == 14


@pytest.mark.parametrize(("make", "kind", "words"), [
    (lambda: Dataset()[0], NotImplementedError, "define __getitem__"),
    (lambda: len(Dataset()), TypeError, "no len"),
    (lambda: list(IterableDataset()), NotImplementedError, "define __iter__"),
    (lambda: TensorDataset(mg.ones(3), mg.ones(2)), AssertionError, r"\[3, 2\]"),
    (lambda: random_split(range(10), [3, 3]), ValueError, "does not equal the length of the dataset, 10"),
    (lambda: random_split(range(10), [1.5, -0.5]), ValueError, "Fraction at index 0"),
    (lambda: data.StackDataset(), ValueError, "At least one"),
    (lambda: data.StackDataset("ab", c="ab"), ValueError, "all by name"),
    (lambda: data.StackDataset("ab", "abc"), ValueError, "Size mismatch"),
    (lambda: data.ConcatDataset([]), AssertionError, "empty"),
    (lambda: data.ConcatDataset([Stream()]), AssertionError, "use ChainDataset"),
    (lambda: data.ConcatDataset(["ab"])[-3], ValueError, "absolute value"),
    (lambda: list(data.ChainDataset([Squares()])), AssertionError, "only supports IterableDataset"),
])  # fmt: skip
def test_a_wrong_data_set_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


# Batches


def test_batches_in_order_ragged_and_dropped():
    whole = TensorDataset(mg.arange(7), mg.ones(7, 2))
    loader = DataLoader(whole, batch_size=3)
    assert [x.tolist() for x, _ in loader] == [[0, 1, 2], [3, 4, 5], [6]] and len(loader) == 3
    assert [y.shape for _, y in loader] == [(3, 2), (3, 2), (1, 2)]
    loader = DataLoader(whole, batch_size=3, drop_last=True)
    assert [len(x) for x, _ in loader] == [3, 3] and len(loader) == 2
    for x, _ in DataLoader(whole, batch_size=7):
        x += 1
    assert whole.tensors[0].tolist() == list(range(7))  # a batch has memory of its own
    nested = Subset(Subset(whole, [6, 5, 4, 3]), [0, 3])
    assert [x.tolist() for x, _ in DataLoader(nested, 2)] == [[6, 3]]


def test_shuffling_follows_its_generator_and_differs_from_pass_to_pass():
    def order(loader):
        return [i for (x,) in loader for i in x.tolist()]

    whole = TensorDataset(mg.arange(20))
    loader = DataLoader(whole, batch_size=6, shuffle=True, generator=mg.Generator().manual_seed(4))
    first, second = order(loader), order(loader)
    assert sorted(first) == sorted(second) == list(range(20)) and first != second
    again = DataLoader(whole, batch_size=6, shuffle=True, generator=mg.Generator().manual_seed(4))
    assert order(again) == first
    mg.manual_seed(1)
    by_default = order(DataLoader(whole, shuffle=True))
    mg.manual_seed(1)
    assert order(DataLoader(whole, shuffle=True)) == by_default


def test_rows_that_take_gradients_stay_in_the_graph():
    w = mg.ones(3, requires_grad=True)
    (batch,) = DataLoader(TensorDataset(w), batch_size=3)
    (batch[0] * 2).sum().backward()
    assert w.grad.tolist() == [2, 2, 2]


def test_batches_of_other_data_sets_are_collated():
    (batch,) = DataLoader(Squares(), batch_size=3)
    assert type(batch) is Pair and batch.x.tolist() == [[0], [1], [2]] and batch.y["name"] == ["0", "1", "2"]
    assert batch.y["number"].tolist() == [0, 1, 4] and batch.y["half"].dtype is mg.float64
    assert batch.y["flag"].dtype is mg.bool
    loader = DataLoader(Squares(), batch_size=2, collate_fn=lambda items: sum(item.y["number"] for item in items))
    assert list(loader) == [1, 4]
    assert list(DataLoader("abc", 2)) == [["a", "b"], ["c"]]

    class Tens(Dataset):
        def __len__(self):
            return 3

        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert [batch.tolist() for batch in DataLoader(Tens(), 2)] == [[0, 10], [20]]


@pytest.mark.parametrize(("items", "dtype", "values"), [
    ([1, 2], mg.int64, [1, 2]), ([1.0, 2.0], mg.float64, [1, 2]), ([True, False], mg.bool, [True, False]),
    ([np.float32(1), np.float32(2)], mg.float32, [1, 2]), ([np.int8(1)], mg.int8, [1]),
    ([np.bool_(True)], mg.bool, [True]),
    ([np.ones(2), np.zeros(2)], mg.float64, [[1, 1], [0, 0]]), ([np.array(1.5)], mg.float64, [1.5]),
    ([mg.ones(1), mg.zeros(1)], mg.float32, [[1], [0]]),
])  # fmt: skip
def test_collating_keeps_what_a_number_is(items, dtype, values):
    batch = default_collate(items)
    assert batch.dtype is dtype and batch.tolist() == values


def test_collating_goes_into_containers():
    assert default_collate([("a", 1), ("b", 2)])[0] == ("a", "b")
    assert type(default_collate([(1,), (2,)])) is list  # as in PyTorch
    assert type(default_collate([OrderedDict(a=1), OrderedDict(a=2)])) is OrderedDict
    first, second = default_collate([range(2), range(2)])  # a range cannot be made of tensors
    assert first.tolist() == [0, 0] and second.tolist() == [1, 1]
    item = data.default_convert([np.ones(2), 1, "a", {"k": np.float32(1)}, (np.zeros(1), 2), Pair(np.array(3), None)])
    assert item[0].tolist() == [1, 1] and item[1:3] == [1, "a"] and item[3]["k"].dtype is mg.float32
    assert type(item[4]) is list and item[5].x.tolist() == 3 and type(item[5]) is Pair


@pytest.mark.parametrize(("items", "kind", "words"), [
    ([mg.ones(2), mg.ones(3)], RuntimeError, r"equal size.*collate_fn"),
    ([[1], [2, 3]], RuntimeError, r"equal size: pass a collate_fn"),
    ([object()], TypeError, "found object. Pass a collate_fn"),
    ([None], TypeError, "found NoneType"),
    ([np.array(["a"])], TypeError, "found ndarray"),
])  # fmt: skip
def test_what_makes_no_batch_is_refused(items, kind, words):
    with pytest.raises(kind, match=words):
        default_collate(items)


def test_items_without_batches_and_streams():
    assert [x.item() for (x,) in DataLoader(TensorDataset(mg.arange(3)), batch_size=None)] == [0, 1, 2]
    assert len(DataLoader("abc", batch_size=None)) == 3
    assert [batch.tolist() for batch in DataLoader(Stream(), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(DataLoader(Stream(), 3)) == 3 and len(DataLoader(Stream(), 3, drop_last=True)) == 2
    assert len(list(DataLoader(Stream(), 3, drop_last=True))) == 2
    assert list(DataLoader(Stream(), batch_size=None)) == [*range(7)] and len(DataLoader(Stream(), None)) == 7


def test_workers_and_pinned_memory_are_accepted():
    loader = DataLoader(TensorDataset(mg.arange(4)), 2, num_workers=2, pin_memory=True, persistent_workers=True)
    assert [x.tolist() for (x,) in loader] == [[0, 1], [2, 3]] and loader.prefetch_factor == 2


@pytest.mark.parametrize(("options", "words"), [
    (dict(batch_size=0), "batch_size should be a positive integer"), (dict(batch_size=True), "batch_size"),
    (dict(batch_size=2, drop_last=1), "drop_last should be a boolean"),
    (dict(sampler=[1], shuffle=True), "mutually exclusive with shuffle"),
    (dict(batch_sampler=[[1]], batch_size=2), "batch_sampler option is mutually exclusive"),
    (dict(batch_size=None, drop_last=True), "disables auto-batching"),
    (dict(num_workers=-1), "non-negative"), (dict(timeout=-1), "non-negative"),
    (dict(prefetch_factor=2), "num_workers > 0"), (dict(persistent_workers=True), "num_workers > 0"),
    (dict(dataset=Stream(), shuffle=True), "expected unspecified shuffle option"),
    (dict(dataset=Stream(), sampler=[1]), "expected unspecified sampler option"),
    (dict(dataset=Stream(), batch_sampler=[[1]]), "expected unspecified batch_sampler option"),
    (dict(dataset=[], shuffle=True), "num_samples"),
])  # fmt: skip
def test_a_wrong_loader_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        DataLoader(**{"dataset": [1, 2], **options})


def test_batches_stay_on_the_gpu(gpu):
    rows = mg.arange(3).to(gpu)
    assert [x.tolist() for (x,) in DataLoader(TensorDataset(rows), 2)] == [[0, 1], [2]]
    assert all(batch.is_cuda for batch in DataLoader(list(rows), 2))
    assert list(data.WeightedRandomSampler(mg.tensor([0.0, 1.0]).to(gpu), 2)) == [1, 1]


# Samplers


def test_samplers_give_what_they_say():
    assert list(data.SequentialSampler("abc")) == [0, 1, 2]
    assert sorted(data.RandomSampler("abc")) == [0, 1, 2]
    twice_and_one = list(data.RandomSampler("abc", num_samples=7))
    assert sorted(twice_and_one[:3]) == sorted(twice_and_one[3:6]) == [0, 1, 2] and len(twice_and_one) == 7
    drawn = data.RandomSampler("abc", replacement=True, num_samples=300, generator=mg.Generator().manual_seed(0))
    assert len(drawn) == 300 and min(map(list(drawn).count, range(3))) > 60
    assert sorted(data.SubsetRandomSampler([5, 7])) == [5, 7] and len(data.SubsetRandomSampler([5, 7])) == 2
    weighted = data.WeightedRandomSampler(mg.tensor([1.0, 0.0, 3.0]), 400, generator=mg.Generator().manual_seed(0))
    counts = np.bincount(list(weighted), minlength=3)
    assert counts[1] == 0 and 240 < counts[2] < 360 and len(weighted) == 400
    assert sorted(data.WeightedRandomSampler([1, 0, 1], 2, replacement=False)) == [0, 2]
    batches = data.BatchSampler(data.SequentialSampler("abcde"), 2, drop_last=True)
    assert list(batches) == [[0, 1], [2, 3]] and len(batches) == 2
    loader = DataLoader("abcde", batch_sampler=[[4, 1], [3]])
    assert list(loader) == [["e", "b"], ["d"]] and len(loader) == 2 and loader.batch_size is None
    assert list(DataLoader("abcde", 2, sampler=[4, 1, 3])) == [["e", "b"], ["d"]]


@pytest.mark.parametrize(("make", "kind", "words"), [
    (lambda: data.RandomSampler("ab", replacement=1), TypeError, "replacement should be a boolean"),
    (lambda: data.RandomSampler("ab", num_samples=0), ValueError, "num_samples=0"),
    (lambda: data.RandomSampler(""), ValueError, "num_samples=0"),
    (lambda: data.WeightedRandomSampler([1.0], True), ValueError, "num_samples"),
    (lambda: data.WeightedRandomSampler([1.0], 1, replacement=2), ValueError, "replacement"),
    (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError, "1d sequence"),
    (lambda: list(data.WeightedRandomSampler([-1.0, 2.0], 1)), RuntimeError, "below 0"),
    (lambda: list(data.WeightedRandomSampler([float("nan")], 1)), RuntimeError, "nan"),
    (lambda: list(data.WeightedRandomSampler([0.0], 1)), RuntimeError, "sum is 0"),
    (lambda: list(data.WeightedRandomSampler([0.0, 1.0], 2, False)), RuntimeError, "1 weights are above 0"),
    (lambda: list(data.Sampler()), NotImplementedError, "define __iter__"),
])  # fmt: skip
def test_a_wrong_sampler_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


# Real data


def test_digits():
    images, labels = mg.datasets.digits()
    assert images.shape == (1797, 64) and images.dtype is mg.float32 and labels.dtype is mg.int64
    assert images.array.min() == 0 and images.array.max() == 16 and sorted(set(labels.tolist())) == list(range(10))


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        mg.datasets.digits()


def test_japanese_vowels_are_sequences_of_unequal_length():
    train, test = mg.datasets.japanese_vowels()
    assert (len(train), len(test)) == (270, 370)
    lengths = [len(frames) for frames, _ in train + test]
    assert (min(lengths), max(lengths), sum(lengths)) == (7, 29, 9961)
    assert {frames.shape[1] for frames, _ in train + test} == {12}
    assert np.bincount([speaker for _, speaker in train]).tolist() == [30] * 9
    assert np.bincount([speaker for _, speaker in test]).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    frames, speaker = train[0]  # as the first line of the published file has it
    assert frames.dtype is mg.float32 and speaker == 0
    assert frames[0].tolist()[:3] == pytest.approx([1.860936, -0.207383, 0.261557])


def test_the_karate_club():
    edges, sides = mg.datasets.karate_club()
    assert edges.shape == (78, 2) and bool((edges[:, 0] < edges[:, 1]).all())
    degrees = np.bincount(edges.numpy().ravel())
    assert len(degrees) == 34 and degrees[33] == 17 and degrees[0] == 16 and degrees[11] == 1
    assert len({tuple(edge) for edge in edges.tolist()}) == 78 and sides.tolist().count(1) == 17
    assert (sides[0].item(), sides[9].item(), sides[33].item()) == (0, 1, 1)
