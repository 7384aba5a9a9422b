"""Results of a compiled function that share memory: with an input, with a tensor from outside, with another result."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit.tree import flatten


def numbers(*shape):
    return mg.arange(float(np.prod(shape))).reshape(*shape).clone()


class Around:
    """Tensors that lie outside of the function."""

    def __init__(self):
        self.weight = mg.ones(2, 3, requires_grad=True)
        self.buffer = mg.full((2, 3), 2.0)


def unrecorded(x):
    with mg.no_grad():
        return x.view(-1)


def of_doubled(how):
    return lambda x, around: how(x * 2)


PROGRAMS = {
    "itself": lambda x, around: x,
    "twice": lambda x, around: (x, [x]),
    "a view": lambda x, around: x.view(3, 2),
    "a row": lambda x, around: x[0],
    "turned": lambda x, around: x.T,
    "rows": lambda x, around: x.unbind(0),
    "stretched": lambda x, around: x[1].expand(4, 3)[:2],
    "views beside what is made": lambda x, around: {"a": x[1], "b": [x * 3, x[1, 1:]]},
    "without history": lambda x, around: unrecorded(x),
    "detached": lambda x, around: x.detach(),
    "a view of what is detached": lambda x, around: (x.detach()[0], x * 2),
    "changed": lambda x, around: (x.detach().add_(1), x.view(-1)),
    "a copy": lambda x, around: (x.clone(), x.view(-1).clone()),
    "in that dtype": lambda x, around: x.float(),
    "a weight": lambda x, around: (around.weight, x * around.weight),
    "a weight, turned": lambda x, around: (around.weight.T, (x * around.weight).sum()),
    "a buffer": lambda x, around: (around.buffer[0], x + around.buffer),
    "a buffer that is changed": lambda x, around: (around.buffer.add_(1).view(-1), x + around.buffer),
    "one result twice": of_doubled(lambda y: (y, y)),
    "a result and its view": of_doubled(lambda y: (y, y.view(-1))),
    "a view and what it is of": of_doubled(lambda y: (y[0][1:], y.T, y)),
    "views of a view": of_doubled(lambda y: (lambda z: (z, z[0], z[0, 1:]))(y.T)),
    "a result, and that detached": of_doubled(lambda y: (y, y.detach())),
    "detached, and the result": of_doubled(lambda y: (y.detach().view(-1), y)),
    "a view, and that detached": of_doubled(lambda y: (lambda z: (z.detach(), z.detach()[1:], z))(y[0])),
    "parts that lie apart": of_doubled(lambda y: y.chunk(3, 1)),
    "made there": lambda x, around: (mg.ones(2, 3), x * 2),
    "made there, and a view": lambda x, around: (lambda z: (z.view(-1), z, x + z))(mg.ones(2, 3)),
    "made there, and detached": lambda x, around: (lambda z: (z, z.detach()))(mg.ones(2, 3)),
}  # fmt: skip


def life_of(program, compiled, tracked):
    """What three calls give, and what is seen anywhere after each result was changed in its place."""
    around, seen = Around(), []
    f = jit.compile(lambda x: program(x, around)) if compiled else lambda x: program(x, around)
    x = numbers(2, 3).requires_grad_(tracked)
    for _ in range(3):
        results = flatten(f(x))[0]
        for y in results:
            seen.append((y.tolist(), y.requires_grad, y.is_leaf, y is x, [y is other for other in results]))
        for y in results:
            with mg.no_grad():
                try:
                    y.mul_(1.5)
                except mg.errors.GradError as error:
                    seen.append(str(error))
            seen.append([t.tolist() for t in (*results, x, around.weight, around.buffer)])
    sources = [x] * tracked + [around.weight]
    for i, y in enumerate(results):
        if y.requires_grad:
            y = flatten(f(x))[0][i]
            found = mg.autograd.grad(y, sources, mg.full(y.shape, 2.0), allow_unused=True)
            seen.append([None if g is None else g.tolist() for g in found])
    return seen, f


@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_change_in_place_is_seen_where_it_is_seen_as_written(name, tracked):
    expected, _ = life_of(PROGRAMS[name], False, tracked)
    found, f = life_of(PROGRAMS[name], True, tracked)
    assert found == expected
    assert f.replayed == f.calls - 1 and f.history[0][2] is None


def test_changes_under_a_gradient_reach_the_other_result():
    def both(x, w):
        y = x * w
        return y, y.view(-1)

    found = []
    for f in (both, jit.compile(both)):
        for _ in range(2):
            x, w = numbers(2, 3), mg.ones(2, 3, requires_grad=True)
            y, seen = f(x, w)
            y.mul_(3)
            assert seen._base is y
            (seen * seen).sum().backward()
            found.append(w.grad.tolist())
    assert all(one == found[0] for one in found)


def test_a_view_of_an_input_is_a_view_of_what_this_call_was_given():
    f = jit.compile(lambda x: (x.view(-1), x.sum()))
    for _ in range(3):
        x = numbers(2, 3)
        f(x)[0].zero_()
        assert x.tolist() == [[0.0] * 3] * 2
    part = numbers(4, 2, 3)[1]  # itself a view
    f(part)[0].zero_()
    assert part._base[1].tolist() == [[0.0] * 3] * 2 and f.replayed == 3


def refused(f, *args):
    compiled = jit.compile(f)
    for _ in range(2):
        compiled(*args)
    assert compiled.replayed == 0
    return compiled.history[0][2]


def test_what_overlaps_and_is_no_view_of_each_other_runs_as_it_is_written():
    assert "shares memory with another result" in refused(of_doubled(lambda y: (y[:, :2], y[:, 1:])), numbers(2, 3), 0)


def test_a_tensor_from_outside_that_gets_another_history():
    around = Around()

    def add(x):
        return (around.buffer.add_(x * around.weight) * x).sum()

    assert "buffer" in add.__code__.co_names and "another history" in refused(add, numbers(2, 3))
    assert "another history" in refused(lambda x: (x.requires_grad_() * 2).sum(), numbers(2, 3))
    with mg.no_grad():
        expected = Around()
        expected.buffer.add_(numbers(2, 3) * expected.weight)
    assert not mg.equal(around.buffer, expected.buffer) and around.buffer.requires_grad


def test_a_leaf_that_is_made_and_handed_out():
    def leaf(x):
        return x.clone().requires_grad_()

    assert "a .grad of its own" in refused(leaf, numbers(2, 3))


@pytest.mark.parametrize("turn", [lambda x: x.t_(), lambda x: x.unsqueeze_(0), lambda x: x.swapaxes_(0, 1)])
@pytest.mark.parametrize("shape", [(2, 3), (3, 3)])
def test_what_comes_in_is_turned_in_its_place(turn, shape):
    def f(x):
        turn(x)
        return x.sum()

    expected = numbers(*shape)
    f(expected)
    compiled = jit.compile(f)
    for _ in range(3):
        x = numbers(*shape)
        compiled(x)
        assert x.tolist() == expected.tolist()
    assert "is turned in its place" in compiled.history[0][2]
    with pytest.raises(jit.CaptureError, match="x, which comes from outside, is turned in its place"):
        jit.trace(f, (numbers(*shape),))
