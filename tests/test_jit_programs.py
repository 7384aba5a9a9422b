"""Random programs of ops, views, aliases and changes in place, with and without no_grad: a trace does the same."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit
from minigrad.jit.trace import record

many = settings(max_examples=300, derandomize=True, deadline=None, database=None)


def new(make):
    return lambda xs, a, b: xs.append(make(xs[a], xs[b]))


def change(make):
    return lambda xs, a, b: make(xs[a], xs[b])


def set_row(x, y):
    x[0] = y[0]


def set_data(x, y):
    x.data = y.data * 2


STATEMENTS = {
    "add": new(lambda x, y: x + y), "mul": new(lambda x, y: x * y), "tanh": new(lambda x, y: x.tanh()),
    "rows": new(lambda x, y: x.flip(0)), "copy": new(lambda x, y: x.clone()), "detach": new(lambda x, y: x.detach()),
    "same view": new(lambda x, y: x.view(x.shape)), "turned": new(lambda x, y: x.t()), "all": new(lambda x, y: x[:]),
    "picked": new(lambda x, y: x[mg.tensor([1, 0])]), "masked": new(lambda x, y: mg.where(x > 0, x, y)),
    "mul_": change(lambda x, y: x.mul_(0.5)), "add_": change(lambda x, y: x.add_(y)), "set": change(set_row),
    "row_": change(lambda x, y: x[1].add_(y[0])), "zero_": change(lambda x, y: x[:, 0].zero_()),
    "t_": change(lambda x, y: x.t_()), "data": change(set_data), "copy_": change(lambda x, y: x.copy_(y)),
    "relu_": change(lambda x, y: x.relu_()), "detach_": change(lambda x, y: x.detach_()),
}  # fmt: skip
PROGRAMS = st.lists(
    st.tuples(st.sampled_from(sorted(STATEMENTS)), st.integers(0, 9), st.integers(0, 9), st.booleans()),
    min_size=1, max_size=8,
)  # fmt: skip


def program(statements):
    def f(x):
        xs = [x * 1, x + 1]
        for name, a, b, recorded in statements:
            with mg.set_grad_enabled(recorded):
                STATEMENTS[name](xs, a % len(xs), b % len(xs))
        return sum((y * (i + 1) for i, y in enumerate(xs)), x * 0)

    return f


def outcome(run, numbers):
    x = mg.Tensor(numbers.copy(), requires_grad=True)
    y = run(x)
    (y * y).sum().backward()
    return y.detach(), x.grad


@many
@given(PROGRAMS, st.integers(0, 99))
def test_a_trace_does_what_the_program_does(statements, seed):
    rng, f = np.random.default_rng(seed), program(statements)
    first, other = rng.uniform(-1, 1, (2, 2, 2))
    try:
        wanted = outcome(f, other)
        recording, _ = record(f, (mg.Tensor(first, requires_grad=True),))
    except (mg.GradError, jit.CaptureError):  # eager mode refuses it, or the recording says that it cannot follow
        return
    got = outcome(recording.graph, other)
    assert all(mg.allclose(a, b, 1e-9, 1e-12) for a, b in zip(got, wanted, strict=True)), str(recording.graph)
