"""`t += y` in jit.script gives what it gives as it is written: t keeps its shape and dtype, or that is an error."""

import io

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit

OUTSIDE = mg.ones(3)


def added(x, y):
    t = x * 1
    t += y
    return t


def to_zeros(x, y):
    t = mg.zeros(3)
    t += x
    t -= y
    return t


def divided(x, y):
    t = x * 1
    t /= y
    return t


def to_a_power(x, y):
    t = x + y
    t **= 2
    t //= 2
    t %= 3
    return t


def of_bits(x, y):
    t = x > y
    t |= y > x
    t &= x > 0
    t ^= x > 1
    return t


def a_number_to_bools(x, y):
    t = x > y
    t += 1
    return t


def a_float_to_what_it_is(x, y):
    t = x * 1
    t *= 0.5
    return t


def in_a_loop(x, y):
    t = mg.zeros(())
    for i in range(x.shape[0]):
        t += x[i] * y[i]
    return t


def in_an_if(x, y):
    t = x + 1
    if x.sum() > 0:
        t *= y
    return t


def larger(x, y):
    t = x.sum()
    t += y
    return t


def product(x, y):
    t = x.reshape(1, 3) * 1
    t @= y.reshape(3, 1) * 1
    return t


def of_a_cast(x, y):
    t = (x * 2).double()
    t += y
    u = (x > 0).float()
    u += y
    return t, u


FUNCTIONS = [added, to_zeros, divided, to_a_power, of_bits, a_number_to_bools, a_float_to_what_it_is, in_a_loop,
             in_an_if, larger, product, of_a_cast]  # fmt: skip
DTYPES = ["float32", "float64", "int64", "float16"]


def outcome(f, *args):
    try:
        made = f(*args)
    except (mg.errors.DtypeError, mg.errors.ShapeError, RuntimeError) as error:
        return type(error), str(error)
    made = made if isinstance(made, tuple) else (made,)
    return [(y.dtype, tuple(y.shape), y.tolist()) for y in made]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_as_it_is_written(function):
    scripted = jit.script(function)
    for one in DTYPES:
        for other in DTYPES:
            x, y = mg.tensor([1.0, 2.0, 3.0]).to(getattr(mg, one)), mg.tensor([2.0, 2.0, 2.0]).to(getattr(mg, other))
            assert outcome(scripted, x, y) == outcome(function, x, y)


def test_the_gradient():
    for f in (added, jit.script(added)):
        x, y = mg.ones(3, requires_grad=True), mg.ones(3, dtype=mg.float64, requires_grad=True)
        f(x, y).sum().backward()
        assert x.grad.dtype is mg.float32 and y.grad.dtype is mg.float64
        assert x.grad.tolist() == y.grad.tolist() == [1.0] * 3


def of_outside(x):
    t = OUTSIDE
    t += x
    return t


def a_cast_of_what_comes_in(x):
    t = x.float()
    t += 1
    return t


def a_cast_of_outside(x):
    t = OUTSIDE.float()
    t += x
    return t


def what_was_cast(x):
    t = x * 1
    u = t.float()
    t += 1
    return u


def a_cast_of_a_name(x):
    t = x * 1
    u = t.float()
    u += 1
    return t


def a_cast_on_one_way(x):
    t = x * 1
    u = t.float() if x.sum() > 0 else x * 2
    u += 1
    return t


def a_cast_in_a_call(x):
    def more(v):
        w = v.int()
        w += 1
        return w

    return more(x * 1)


SHARED = [of_outside, a_cast_of_what_comes_in, a_cast_of_outside, what_was_cast, a_cast_of_a_name, a_cast_on_one_way,
          a_cast_in_a_call]  # fmt: skip


@pytest.mark.parametrize("function", SHARED, ids=lambda function: function.__name__)
def test_what_may_be_another_tensor_is_not_changed(function):
    with pytest.raises(jit.UnsupportedError, match="may share its memory with another tensor"):
        jit.script(function)(mg.ones(3))


def test_a_cast_of_what_has_no_name_is_one_of_its_own():
    def f(x):
        def cast(v):
            return v.float()

        t = cast(x * 2)
        t += 1
        for _ in range(2):
            t *= x
        return t

    x = mg.tensor([1.0, 2.0])
    assert jit.script(f)(x).tolist() == f(x).tolist()


def test_in_a_file_and_after_the_passes():
    x, y = mg.tensor([1.0, 2.0, 3.0]), mg.tensor([2.0, 2.0, 2.0], dtype=mg.float64)
    file = io.BytesIO()
    jit.save(jit.script(added), file, inputs=(x, y))
    for records in (True, False):
        loaded = jit.load(io.BytesIO(file.getvalue()), records=records)
        assert loaded(x, y).dtype is mg.float32 and np.array_equal(loaded(x, y).numpy(), [3.0, 4.0, 5.0])
    graph = jit.load(io.BytesIO(file.getvalue())).graph
    assert [step.op.name for step in jit.passes.optimized(graph).steps] == ["add", "tensor.written"]
    file = io.BytesIO()
    jit.save(jit.script(added), file, inputs=(x, x))
    graph = jit.load(io.BytesIO(file.getvalue())).graph
    assert [step.op.name for step in jit.passes.optimized(graph).steps] == ["add"]
