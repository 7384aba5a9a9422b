"""Random tensors: seeds and states, ranges and shares, and what is refused; the numbers are not PyTorch's."""

import math

import numpy as np
import pytest

import minigrad as mg


def g(seed=0):
    return mg.Generator().manual_seed(seed)


DRAWS = {
    "rand": lambda g: mg.rand(3, generator=g), "randn": lambda g: mg.randn(3, generator=g),
    "randint": lambda g: mg.randint(2, 9, (3,), generator=g), "randperm": lambda g: mg.randperm(5, generator=g),
    "normal": lambda g: mg.normal(1.0, 2.0, (3,), generator=g),
    "normal by element": lambda g: mg.normal(mg.zeros(3), mg.ones(3), generator=g),
    "bernoulli": lambda g: mg.bernoulli(mg.full((9,), 0.5), generator=g),
    "multinomial": lambda g: mg.multinomial(mg.ones(4), 3, generator=g),
    "with replacement": lambda g: mg.multinomial(mg.ones(2, 4), 9, True, generator=g),
    "rand_like": lambda g: mg.rand_like(mg.ones(3), generator=g),
    "randint_like": lambda g: mg.randint_like(mg.ones(3), 9, generator=g),
    "uniform_": lambda g: mg.ones(3).uniform_(-1, 1, generator=g), "normal_": lambda g: mg.ones(3).normal_(generator=g),
    "random_": lambda g: mg.ones(3).random_(generator=g), "random_ 9": lambda g: mg.ones(3).random_(9, generator=g),
    "exponential_": lambda g: mg.ones(3).exponential_(generator=g),
    "bernoulli_": lambda g: mg.ones(9).bernoulli_(0.5, generator=g),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_and_a_state_bring_the_same_numbers_again(name):
    draw, source = DRAWS[name], g(1)
    first, state = draw(source), source.get_state()
    second = draw(source)
    assert draw(g(1)).tolist() == first.tolist()
    assert draw(mg.Generator().set_state(state)).tolist() == second.tolist() and first.tolist() != second.tolist()


def test_the_default_generator():
    state = mg.get_rng_state()
    try:
        assert state.dtype is mg.uint8
        mg.manual_seed(3)
        kept, first = mg.get_rng_state(), mg.rand(2).tolist()
        mg.set_rng_state(kept)
        assert mg.rand(2).tolist() == first and mg.initial_seed() == 3
        assert mg.seed() == mg.initial_seed() != 3
        assert mg.manual_seed(-1).initial_seed() == 2**64 - 1
    finally:
        mg.set_rng_state(state)


def test_numbers_have_the_shares_that_they_should():
    n, source = 20_000, g()
    near = 5 / math.sqrt(n)
    uniform = mg.rand(n, generator=source, dtype=mg.float64)
    assert abs(uniform.mean().item() - 0.5) < near and uniform.min().item() >= 0
    assert uniform.max().item() < 1
    drawn = mg.normal(mg.full((n,), 2.0), 3.0, generator=source)
    assert abs(drawn.mean().item() - 2) < 3 * near and abs(drawn.std().item() - 3) < 3 * near
    assert abs(mg.bernoulli(mg.zeros(n), 0.25, generator=source).mean().item() - 0.25) < near
    assert abs(mg.zeros(n).exponential_(2.0, generator=source).mean().item() - 0.5) < near
    picked = mg.multinomial(mg.tensor([1.0, 0.0, 3.0]), n, replacement=True, generator=source)
    assert abs((picked == 2).float().mean().item() - 0.75) < near and not (picked == 1).any().item()
    firsts = mg.multinomial(mg.tensor([[1.0, 0.0, 3.0]] * n), 3, generator=source)
    assert abs((firsts[:, 0] == 2).float().mean().item() - 0.75) < near
    assert (firsts[:, 2] == 1).all().item()  # what has no weight comes last


def test_numbers_just_below_one_are_not_rounded_up():
    class Highest:
        numpy = type("", (), {"random": staticmethod(lambda shape: np.full(shape, 1 - 2**-53))})

    for dtype in (mg.float16, mg.float32, mg.float64):
        assert mg.rand(2, dtype=dtype, generator=Highest).max().item() < 1


def test_dtypes_and_requires_grad():
    assert mg.randint(5, (2,)).dtype is mg.randperm(3).dtype is mg.int64
    assert mg.randint(0, 5, (2,), dtype=mg.float32).dtype is mg.randint_like(mg.ones(2), 5).dtype is mg.float32
    assert mg.randn(2, dtype=mg.float16, requires_grad=True).requires_grad
    assert mg.normal(0.0, 1.0, (2,), requires_grad=True).is_leaf
    assert mg.rand(size=(2, 3)).shape == mg.randn_like(mg.ones(2, 3)).shape == (2, 3)
    assert mg.multinomial(mg.ones(3), 2).shape == (2,) and mg.multinomial(mg.ones(4, 3), 2).shape == (4, 2)


def test_filling_in_place_cuts_the_graph_and_minds_leaves():
    x = mg.ones(2, requires_grad=True)
    y = x * 2
    y.normal_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="leaf"):
        x.uniform_()
    with mg.no_grad():
        assert x.uniform_(5, 6).min().item() >= 5
    assert set(mg.zeros(50, dtype=mg.bool).random_().tolist()) == {True, False}


def test_whole_numbers_without_bounds_go_as_far_as_the_dtype_counts():
    g = mg.Generator().manual_seed(1)
    for dtype, most in ((mg.int8, 127), (mg.int64, 2**63 - 1), (mg.float16, 2**11), (mg.bool, 1)):
        drawn = mg.zeros(2000, dtype=dtype).random_(generator=g).double()
        assert drawn.min() >= 0 and most * 0.9 < drawn.max() <= most


@pytest.mark.parametrize(("run", "kind", "words"), [
    (lambda: mg.rand(2, dtype=mg.int64), RuntimeError, "floating-point"), (lambda: mg.rand(), TypeError, "size"),
    (lambda: mg.randn_like(mg.arange(2)), RuntimeError, "int64"), (lambda: mg.randint(3), TypeError, "size"),
    (lambda: mg.randint(3, 3, (1,)), RuntimeError, "'from' to be less than 'to'"),
    (lambda: mg.randperm(-1), RuntimeError, "negative"),
    (lambda: mg.normal(0.0, -1.0, (1,)), RuntimeError, "std >= 0"),
    (lambda: mg.normal(0.0, 1.0), TypeError, "size"),
    (lambda: mg.zeros(1).normal_(0, -1), RuntimeError, "std >= 0"),
    (lambda: mg.zeros(1).uniform_(1, 0), RuntimeError, "from=1"),
    (lambda: mg.manual_seed(2**64), ValueError, "64 bits"),
    (lambda: mg.zeros(1).exponential_(0), RuntimeError, "lambda=0"),
    (lambda: mg.bernoulli(mg.tensor([2.0])), RuntimeError, "0, 1"),
    (lambda: mg.arange(2).bernoulli(), RuntimeError, "floating"),
    (lambda: mg.zeros(1).bernoulli_(2), RuntimeError, "p=2"),
    (lambda: mg.multinomial(mg.ones(2), 3), RuntimeError, "cannot sample 3 of 2"),
    (lambda: mg.multinomial(mg.tensor([1.0, -1.0]), 1), RuntimeError, "element < 0"),
    (lambda: mg.multinomial(mg.zeros(2), 1), RuntimeError, "zeros"),
    (lambda: mg.multinomial(mg.ones(1, 1, 1), 1), RuntimeError, "1 or 2 dim"),
    (lambda: g().set_state(mg.arange(3, dtype=mg.uint8)), RuntimeError, "get_state"),
])  # fmt: skip
def test_what_is_refused(run, kind, words):
    with pytest.raises(kind, match=words):
        run()
