"""Tensors from data and from nothing, as in PyTorch, and what dtypes say about themselves."""

import numpy as np
import pytest

import minigrad as mg


def test_lists_of_typed_numbers_keep_their_type():
    assert mg.tensor([np.int8(1)]).dtype is mg.int8 and mg.tensor([np.int8(1), 2.5]).dtype is mg.float32
    assert mg.tensor([mg.tensor(1), 2.5]).dtype is mg.float32
    assert mg.tensor([mg.tensor(1.0).double()]).dtype is mg.float64
    assert mg.tensor([[], []]).shape == (2, 0) and mg.tensor(range(3)).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="stack"):
        mg.tensor([mg.ones(2), mg.ones(2)])


def test_numbers_that_a_dtype_cannot_hold():
    assert mg.tensor([-1, 255], dtype=mg.uint8).tolist() == mg.full((2,), -1, dtype=mg.uint8).tolist() == [255, 255]
    assert mg.tensor(2**70, dtype=mg.float64).item() == 2.0**70 and mg.tensor([1e30], dtype=mg.float16).item() == np.inf
    for run in (
        lambda: mg.tensor([300], dtype=mg.uint8), lambda: mg.tensor(float("nan"), dtype=mg.int64),
        lambda: mg.full((1,), -129, dtype=mg.int8), lambda: mg.ones(2).long().masked_fill(mg.tensor(True), np.inf),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match="without overflow"):
            run()


def test_as_tensor_copies_only_where_it_must():
    a = np.ones(2)
    x = mg.as_tensor(a)
    assert np.shares_memory(x.array, a) and mg.as_tensor(x) is x
    assert not np.shares_memory(mg.as_tensor(a, dtype=mg.float32).array, a) and mg.as_tensor([1]).dtype is mg.int64


def test_like_and_new_take_dtype_and_device_from_a_tensor():
    x = mg.ones(2, 3, dtype=mg.float16)
    for made in (mg.zeros_like(x), mg.full_like(x, 2), mg.empty_like(x), x.new_zeros(2, 3), x.new_full((2, 3), 1),
                 x.new_ones((2, 3)), x.new_empty(2, 3), x.new_tensor([[1] * 3] * 2)):  # fmt: skip
        assert (made.shape, made.dtype, made.device) == (x.shape, x.dtype, x.device)
    assert x.new_zeros(1, dtype=mg.int8).dtype is mg.zeros_like(x, dtype=mg.int8).dtype is mg.int8
    assert mg.zeros_like(x, requires_grad=True).requires_grad and x.new_tensor(1, requires_grad=True).requires_grad


def test_steps():
    assert mg.arange(1, 2, 0.3).shape == (4,)
    assert mg.arange(end=3).tolist() == mg.arange(mg.tensor(3)).tolist() == [0, 1, 2]
    assert mg.linspace(0, 1, 1).tolist() == [0] and mg.linspace(3, 5, 7).tolist()[-1] == 5
    assert mg.linspace(4, 2.5, 7, dtype=mg.int32).tolist() == [4, 3, 3, 3, 2, 2, 2]
    assert mg.logspace(0, 3, 4, base=2, dtype=mg.int64).tolist() == [1, 2, 4, 8]
    assert mg.tril_indices(2, 2).tolist() == [[0, 1, 1], [0, 0, 1]] and mg.triu_indices(2, 3, 1).shape == (2, 3)


@pytest.mark.parametrize(("run", "kind", "words"), [
    (lambda: mg.zeros(), TypeError, "size"), (lambda: mg.full(2, 1), TypeError, "tuple of ints"),
    (lambda: mg.full((2,), None), TypeError, "NoneType"), (lambda: mg.eye(-1), RuntimeError, "greater or equal to 0"),
    (lambda: mg.linspace(0, 1, -1), RuntimeError, "non-negative"), (lambda: mg.linspace(0, 1, 2.0), TypeError, "float"),
    (lambda: mg.arange(0, float("inf")), RuntimeError, "unsupported range"),
    (lambda: mg.tril_indices(-1, 2), RuntimeError, "-1"),
    (lambda: mg.arange(3, dtype=mg.bool), RuntimeError, "bool"), (lambda: mg.tensor(np.array(["a"])), TypeError, "<U1"),
    (lambda: mg.tensor([1, None]), RuntimeError, "needs numbers"),
])  # fmt: skip
def test_what_is_refused(run, kind, words):
    with pytest.raises(kind, match=words):
        run()


# Queries


def test_questions_about_dtypes():
    assert mg.result_type(mg.ones(2, dtype=mg.int8), 2.5) is mg.float32
    assert mg.promote_types(mg.uint8, mg.int8) is mg.int16
    assert mg.can_cast(mg.int64, mg.float16) and not mg.can_cast(mg.int8, mg.bool)
    assert mg.is_tensor(mg.ones(1)) and not mg.is_tensor(1) and mg.numel(mg.ones(2, 3)) == 6
    assert mg.is_floating_point(mg.ones(1)) and not mg.is_floating_point(mg.arange(1))
    assert mg.finfo().eps == mg.finfo(mg.float32).eps == 2**-23 and mg.iinfo(mg.uint8).max == 255
    assert repr(mg.finfo(mg.float16)) == (
        "finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, smallest_normal=6.10352e-05, "
        "tiny=6.10352e-05, dtype=float16)"
    )
    for run in (lambda: mg.finfo(mg.int8), lambda: mg.iinfo(mg.float32), lambda: mg.numel(3),
                lambda: mg.result_type("a", 1)):  # fmt: skip
        with pytest.raises(TypeError):
            run()
