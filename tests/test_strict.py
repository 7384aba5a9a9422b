"""The stand-in for CuPy refuses what CuPy refuses. Expectations are CuPy 14's; `pytest -m gpu` asks CuPy itself."""

import copy
import pickle
import weakref

import numpy as np
import pytest

REFUSED = {
    "np.asarray(a)": TypeError, "np.array(a)": (TypeError, DeprecationWarning), "np.float32(a)": TypeError,
    "host[:] = a": TypeError,
    "a + host": TypeError, "host + a": TypeError, "host * zero": TypeError, "a == host": TypeError,
    "np.add(a, host)": TypeError, "np.add(host, host, out=a)": TypeError, "a += host": TypeError,
    "a @ host": TypeError, "xp.add([1], [2])": TypeError, "xp.matmul(a, host)": TypeError,
    "xp.where(host > 0, a, a)": TypeError, "xp.concatenate([a, host])": TypeError, "xp.maximum(a, host)": TypeError,
    "xp.where(True, a, a)": AttributeError, "a.item(0)": TypeError, "hash(a)": TypeError, "range(zero)": TypeError,
    "a.mine = 1": AttributeError, "xp.vecdot": AttributeError, "xp.lib.stride_tricks.nothing": AttributeError,
    "a.sum(where=True)": TypeError, "xp.max(a, initial=0)": TypeError, "a[:] = host": ValueError,
    "zero.sum(axis=0)": IndexError, "zero.max(0)": IndexError, "xp.any(zero, axis=-1)": IndexError,
    "a & a": TypeError, "a[[0, 1], [0, 1, 2]]": ValueError, "xp.concatenate([zero])": TypeError,
    "xp.linalg.solve(xp.eye(2)[None], xp.zeros((2, 2, 2)))": ValueError, "len(zero)": TypeError,
    "iter(zero)": TypeError,
    "bool(a)": ValueError, "a.flags.writeable": AttributeError,
}  # fmt: skip
TAKEN = {
    "a * np.float32(2)": [[0, 2, 4], [6, 8, 10]], "np.float32(2) * a": [[0, 2, 4], [6, 8, 10]], "np.sum(a)": 15,
    "np.exp(zero)": 1, "a[[0, 3]]": [[0, 1, 2], [3, 4, 5]], "a[-1]": [3, 4, 5], "a[1, 2]": 5, "a.sum()": 15,
    "a.max(axis=0)": [3, 4, 5], "a[host > 1]": [2, 3, 4, 5], "xp.where(a > 2, a, 0)": [[0, 0, 0], [3, 4, 5]],
    "a.T": [[0, 3], [1, 4], [2, 5]], "xp.asarray(host)": [[0, 1, 2], [3, 4, 5]], "abs(-a)": [[0, 1, 2], [3, 4, 5]],
    "2 - a": [[2, 1, 0], [-1, -2, -3]], "xp.linalg.norm(a[0, :1])": 0, "xp.stack([a[0], a[1]])": [[0, 1, 2], [3, 4, 5]],
    "xp.broadcast_to(a[0], (1, 3))": [[0, 1, 2]], "a[xp.asarray([True, False])]": [[0, 1, 2]],
    "~(a[0] > 0)": [True, False, False],
    "a[0] @ a[1]": 14, "xp.add.reduce(a)": [3, 5, 7], "xp.full((2,), 3)": [3, 3], "xp.isnan(a[0])": [False] * 3,
}  # fmt: skip


@pytest.fixture
def names(gpu):
    """What the expressions speak of: an array there, one of whole numbers, one without axes, and one of NumPy's."""
    host = np.arange(6, dtype=np.float32).reshape(2, 3)
    a = gpu.xp.asarray(host)
    return {
        "xp": gpu.xp,
        "np": np,
        "host": host,
        "a": a,
        "whole": a.astype("int64")[0],
        "zero": gpu.xp.zeros((), "float32"),
    }


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text, names):
    with pytest.raises(REFUSED[text]):
        exec(text, names)


@pytest.mark.parametrize("text", TAKEN)
def test_what_is_taken(text, names):
    found = eval(text, names)
    assert isinstance(found, names["xp"].ndarray), "results without axes are arrays too"
    assert found.get().tolist() == TAKEN[text] and found.device.id == 0


def test_views_share_memory_and_name_the_array_that_owns_it(names):
    a = names["a"]
    row = a[0]
    row[1:] = 9
    assert row.base is a and row[1:].base is a and a.base is None and (a + 1).base is None
    assert a.get().tolist() == [[0, 9, 9], [3, 4, 5]]
    got = a.get()
    got[0] = 7
    assert a[0, 0].item() == 0 and names["host"][0, 1] == 1


def test_arrays_are_copied_pickled_and_referred_to_weakly(names):
    a = names["a"]
    for b in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a)), a.copy()):
        assert b is not a and type(b) is type(a) and (b == a).all()
    assert weakref.ref(a)() is a


def test_an_array_at_a_pointer_shares_memory_and_is_nobodys_view(names):
    a = names["a"][:, 1:]
    there = names["xp"].ndarray(a.shape, a.dtype, a.data, a.strides)
    there[0] = 9
    assert there.base is None and there.data.ptr == a.data.ptr
    assert names["a"].get().tolist() == [[0, 9, 9], [3, 4, 5]]


def test_indices_out_of_range_wrap_around(names):
    a, xp = names["a"], names["xp"]
    far = xp.asarray(np.array([[5], [-4]]))
    assert xp.take_along_axis(a, far, 1).get().tolist() == [[2], [5]]
    assert a[far[0] % 2].get().tolist() == [[3, 4, 5]] and a[:, far[0]].get().tolist() == [[2], [5]]
