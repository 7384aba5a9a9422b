"""Tensors and Python: reading, formatting, copying and making them, and the dtypes of results, as in PyTorch."""

import copy
import pickle
import threading
import warnings

import numpy as np
import pytest

import minigrad as mg


def leaf(*values):
    return mg.tensor(list(values) or [1.0, 2.0, 3.0], requires_grad=True)


# Values for Python


def test_reading_values():
    x = mg.tensor([[1.0, 2.0]], requires_grad=True)
    assert mg.tensor(2.5).item() == 2.5 and x[0, 1].item() == 2
    assert x.tolist() == [[1, 2]] and mg.tensor(3).tolist() == 3
    assert (bool(mg.tensor([0.5])), float(mg.tensor(2)), int(mg.tensor(2.7)), [7, 8][mg.tensor(1)]) == (True, 2.0, 2, 8)
    assert x.detach().numpy() is x.array
    assert np.asarray(x.detach()).tolist() == [[1, 2]]
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(x)


def test_formatting_a_number():
    assert f"{mg.tensor(1.5)} {mg.tensor(1.5):.3f} {mg.tensor([1.5])}" == "1.5 1.500 tensor([1.5000])"
    with pytest.raises(TypeError):
        f"{mg.tensor([1.5]):.2f}"


def test_operators_meet_numpy_and_foreign_objects():
    x = mg.tensor([1.0, 2.0])
    assert (np.float64(2) * x).tolist() == [2, 4] and (np.float64(2) * x).dtype is mg.float32
    with pytest.raises(TypeError, match="from_numpy"):
        np.ones(2) * x
    assert (x == None) is False and (x != "a") is True  # noqa: E711
    assert x in [x] and 2.0 in x


def test_bit_operators_on_truth_values_and_whole_numbers():
    a, b = mg.tensor([True, True, False]), mg.tensor([True, False, False])
    assert (a & b).tolist() == [True, False, False] and (~b).tolist() == [False, True, True]
    assert (a ^ b).tolist() == [False, True, False] and (a | b).tolist() == [True, True, False]
    assert (~mg.tensor([1, 2])).tolist() == [-2, -3] and (mg.tensor([1, 2]) & 3).tolist() == [1, 2]


def test_saved_indices_are_not_changed_behind_the_graph():
    x, where = leaf(), mg.tensor([0, 1])
    y = x[where]
    where += 1
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 0]


def test_iteration_length_and_size():
    x = mg.ones(2, 3)
    assert len(x) == 2 and [row.shape for row in x] == [(3,), (3,)]
    assert repr(x.shape) == "Size([2, 3])" and x.size(1) == 3 and x.numel() == 6 and x.dim() == 2


# Copies


def test_facts_about_memory_and_kind():
    x = mg.arange(6).reshape(2, 3)
    assert (x.itemsize, x.nbytes, x.storage_offset()) == (8, 48, 0)
    assert x[1].storage_offset() == 3 and x.t()[1:].storage_offset() == 1 and x.get_device() == -1
    assert x.output_nr == (x.float().requires_grad_() * 2).unbind()[1].output_nr == 0  # every node has one output
    assert x.is_signed() and not x.byte().is_signed() and not (x.is_complex() or x.is_sparse) and x.real is x
    assert mg.is_nonzero(x[0, 1]) and x.is_same_size(x + 1) and x.type_as(mg.ones(1)).dtype is mg.float32


def test_deep_copies_and_pickles_are_leaves_of_their_own():
    x = leaf()
    (x * x).sum().backward()
    for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.requires_grad and twin.is_leaf and twin.tolist() == x.tolist()
        assert not np.shares_memory(twin.array, x.array)
    twin = copy.deepcopy(x)
    assert twin.grad.tolist() == [2, 4, 6] and twin.grad is not x.grad
    one, same = copy.deepcopy([x, x])
    assert one is same
    assert type(pickle.loads(pickle.dumps(mg.nn.Parameter(mg.ones(2))))) is mg.nn.Parameter
    with pytest.raises(RuntimeError, match="detach"):
        copy.deepcopy(x * 2)


# Creation


def test_dtypes_of_new_tensors():
    assert mg.tensor([1, 2]).dtype is mg.int64 and mg.tensor([True, False]).dtype is mg.bool
    assert mg.tensor([1, 2.5]).dtype is mg.float32 and mg.tensor([]).dtype is mg.float32
    assert mg.tensor(np.float64(1)).dtype is mg.float64 and mg.tensor([np.float64(1), 2]).dtype is mg.float64
    assert mg.arange(3).dtype is mg.int64 and mg.arange(0, 1, 0.5).dtype is mg.float32
    assert mg.full((2,), 3).dtype is mg.int64 and mg.full((2,), True).dtype is mg.bool
    assert mg.zeros(2, dtype=mg.float64).dtype is mg.float64 and mg.zeros_like(mg.arange(3)).dtype is mg.int64


def test_tensor_copies_and_from_numpy_shares():
    a = np.ones(2)
    copied, shared = mg.tensor(a), mg.from_numpy(a)
    a[0] = 5
    assert copied.tolist() == [1, 1] and shared.tolist() == [5, 1]


def test_a_list_of_tensors_keeps_no_history_and_a_seed_repeats():
    x = leaf()
    assert not mg.tensor([x[0], x[1]]).requires_grad
    mg.manual_seed(3)
    a = mg.rand(2), mg.randn(2), mg.randint(9, (2,)), mg.randperm(4)
    mg.manual_seed(3)
    assert [t.tolist() for t in a] == [
        t.tolist() for t in (mg.rand(2), mg.randn(2), mg.randint(9, (2,)), mg.randperm(4))
    ]


def test_inf_and_nan_come_without_a_warning_in_every_thread():
    caught = []

    def divide():
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            caught.append((mg.tensor(1.0) / 0, mg.tensor(-1.0).log(), mg.tensor(1e30) * 1e30, list(seen)))

    thread = threading.Thread(target=divide)
    thread.start()
    thread.join()
    divide()
    for infinite, not_a_number, overflow, seen in caught:
        assert infinite.item() == overflow.item() == np.inf and np.isnan(not_a_number.item()) and seen == []


# Types of results, by PyTorch's rules: rows are what the other operand is, columns the tensor with axes

PROMOTION = """
                int8     int64    uint8    float16  float32  float64  bool
int8_1d         int8     int64    int16    float16  float32  float64  int8
int64_1d        int64    int64    int64    float16  float32  float64  int64
uint8_1d        int16    int64    uint8    float16  float32  float64  uint8
float16_1d      float16  float16  float16  float16  float32  float64  float16
float32_1d      float32  float32  float32  float32  float32  float64  float32
bool_1d         int8     int64    uint8    float16  float32  float64  bool
int64_0d        int8     int64    uint8    float16  float32  float64  int64
float64_0d      float64  float64  float64  float16  float32  float64  float64
float32_0d      float32  float32  float32  float16  float32  float64  float32
bool_0d         int8     int64    uint8    float16  float32  float64  bool
int             int8     int64    uint8    float16  float32  float64  int64
float           float32  float32  float32  float16  float32  float64  float32
bool            int8     int64    uint8    float16  float32  float64  bool
"""


def _promotions():
    head, *rows = [line.split() for line in PROMOTION.strip().splitlines()]
    return [(row[0], column, wanted) for row in rows for column, wanted in zip(head, row[1:], strict=True)]


def test_the_first_op_of_a_thread_gives_inf_and_nan_without_a_warning():
    zero, rows, large, double = mg.zeros(1), mg.zeros(2, 1), mg.tensor([1e30, 1e30]), mg.zeros(1).double()
    ops = [lambda: zero.log(), lambda: zero / zero, lambda: zero / 0, lambda: rows / zero,
           lambda: mg.ops.prod(large, dim=0), lambda: zero / double]  # fmt: skip
    found = []
    for op in ops:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # in a new thread, NumPy would warn
            thread = threading.Thread(target=lambda op=op: found.append(op()))
            thread.start()
            thread.join()
    assert len(found) == len(ops) and np.isnan(found[1].item()) and found[0].item() == -np.inf


def test_thousands_of_shapes_are_not_remembered_for_ever():
    one = mg.ones(1)
    for n in range(2, 4400):
        assert (mg.empty(n) * one).shape == (n,)


def test_a_copy_without_copying_is_refused():
    x = mg.ones(2)
    assert np.asarray(x, copy=False) is not None
    with pytest.raises(ValueError, match="a change of dtype needs a copy"):
        np.array(x, dtype="int64", copy=False)


@pytest.mark.parametrize(("other", "column", "wanted"), _promotions())
def test_promotion(other, column, wanted):
    tensor = mg.ones(2, dtype=column)
    name, _, rank = other.partition("_")
    operand = mg.ones((2,) * (rank == "1d"), dtype=name) if rank else {"int": 1, "float": 1.0, "bool": True}[name]
    assert (tensor * operand).dtype.name == (operand * tensor).dtype.name == wanted
    assert (tensor == operand).dtype is mg.bool


def test_dtypes_of_results():
    whole = mg.tensor([1, 2])
    assert whole.sum().dtype is mg.int64 and mg.tensor([True]).sum().dtype is mg.int64
    assert (whole / 2).dtype is whole.exp().dtype is mg.float32 and (whole * 1.5).tolist() == [1.5, 3]
    assert whole.argmax().dtype is mg.int64 and whole.round().dtype is whole.floor().dtype is mg.int64
    assert mg.where(whole > 1, 1.0, 0.0).dtype is mg.float32
    assert (mg.tensor([1], dtype=mg.uint8) + 300).tolist() == [45]  # wraps around, as in PyTorch
    assert (mg.tensor([1.0], dtype=mg.float64) * 0.1).item() == 0.1


def test_a_python_float_keeps_all_its_digits_on_the_way_to_float64():
    assert mg.tensor(1 / 3, dtype=mg.float64).item() == 1 / 3
    assert mg.tensor([0.1, 0.2], dtype=mg.float64).tolist() == [0.1, 0.2]
