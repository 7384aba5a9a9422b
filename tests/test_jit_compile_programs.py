"""Programs drawn at random: compiled they give what they give, and passes change no number."""

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit, optim
from minigrad.jit import passes
from minigrad.jit.capture import record
from minigrad.nn import functional as F

ROWS, COLUMNS = 3, 4
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # what fails is short enough to be read as it is

# What a program may do with tensors of shape (3, 4): each gives one of that shape again.
UNARY = {
    "tanh": mg.tanh, "sigmoid": mg.sigmoid, "relu": mg.relu, "exp": lambda x: (x * 0.3).exp(), "neg": lambda x: -x,
    "square": lambda x: x * x, "abs": mg.abs, "softmax": lambda x: mg.softmax(x, 1), "turned": lambda x: (x.T * 1.5).T,
    "flat": lambda x: x.reshape(-1).reshape(ROWS, COLUMNS), "half": lambda x: mg.cat([x[:, :2], x[:, 2:] * 2], 1),
    "less mean": lambda x: x - x.mean(1, keepdim=True), "over sum": lambda x: x / (x.abs().sum() + 1),
    "clone": mg.clone, "detach": lambda x: x.detach() * 0.5, "double": lambda x: x.double().float(),
    "rows": lambda x: x[mg.arange(ROWS).flip(0)], "largest": lambda x: x + x.amax(0), "gelu": F.gelu,
    "log": lambda x: (x.abs() + 0.5).log(), "roll": lambda x: x.roll(1, 0), "cumulated": lambda x: x.cumsum(1),
    "masked": lambda x: x.masked_fill(x > 0.5, 0.1), "layer": lambda x: F.layer_norm(x, (COLUMNS,)),
    "no grad": lambda x: x * frozen(x), "one": lambda x: x * 1, "clipped": lambda x: x.clamp(-0.5, 0.8),
}  # fmt: skip
BINARY = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / (b * b + 1),
    "product": lambda a, b: a @ (b.T @ a) * 0.1, "where": lambda a, b: mg.where(a > b, a, b * 0.5),
    "max": mg.maximum, "in double": lambda a, b: (a * b.double()).float(),
    "with whole numbers": lambda a, b: a * b.round().int(),
    "row": lambda a, b: a + b[0], "column": lambda a, b: a * b[:, :1],
    "linear": lambda a, b: F.linear(a, b.T @ b, b[0]) * 0.1,
    "in place": lambda a, b: a.clone().add_(b), "window": lambda a, b: written(a.clone(), b),
}  # fmt: skip


def frozen(x):
    with mg.no_grad():
        return x.sum().tanh()


def written(a, b):
    a[0] = b[1] * 2
    a[:, 1].mul_(3)
    return a


steps = st.lists(st.one_of(
    st.tuples(st.sampled_from(sorted(UNARY)), st.integers(0, 20)),
    st.tuples(st.sampled_from(sorted(BINARY)), st.integers(0, 20), st.integers(0, 20)),
), min_size=1, max_size=8)  # fmt: skip


def run_program(program, *tensors):
    made = list(tensors)
    for name, *places in program:
        operands = [made[place % len(made)] for place in places]
        made.append((UNARY if len(places) == 1 else BINARY)[name](*operands))
    return made[-1]


def drawn(seed, *shape):
    return mg.tensor(np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32))


def close(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and np.allclose(a, b, rtol=2e-4, atol=2e-5, equal_nan=True)


@settings(max_examples=60, deadline=None, derandomize=True, phases=PHASES)
@given(steps, st.booleans())
def test_a_training_step_of_any_program(program, momentum):
    def make():
        w = drawn(1, ROWS, COLUMNS).requires_grad_()
        b = drawn(2, COLUMNS).requires_grad_()
        optimizer = optim.SGD([w, b], lr=0.05, momentum=0.9 if momentum else 0)

        def step(x):
            optimizer.zero_grad()
            y = run_program(program, x * w, w + b, x)
            loss = (y * y).mean() + (w * b).sum()
            loss.backward()
            optimizer.step()
            return loss, y

        return step, (w, b)

    (plain, ours), (step, theirs) = make(), make()
    compiled = jit.compile(step)
    for i in range(4):
        x = drawn(10 + i, ROWS, COLUMNS)
        for a, b in zip(plain(x), compiled(x), strict=True):
            assert close(a.detach().numpy(), b.detach().numpy())
        for a, b in zip(ours, theirs, strict=True):
            assert close(a.array, b.array) and close(a.grad.array, b.grad.array)
    assert compiled.replayed >= 2, compiled.report()


@settings(max_examples=40, deadline=None, derandomize=True, phases=PHASES)
@given(steps)
def test_gradients_through_any_compiled_program(program):
    w = drawn(1, ROWS, COLUMNS).requires_grad_()

    def f(x):
        return run_program(program, x * w, x)

    compiled = jit.compile(f)
    for i in range(3):
        found = []
        for run in (f, compiled):
            x = drawn(10 + i, ROWS, COLUMNS).requires_grad_()
            w.grad = None
            y = run(x)
            if y.requires_grad:
                (y * drawn(20, ROWS, COLUMNS)).sum().backward()
            found.append((y.detach().numpy(), *(None if t.grad is None else t.grad.numpy() for t in (x, w))))
        for a, b in zip(*found, strict=True):
            assert (a is None) == (b is None) and (a is None or close(a, b))
    assert compiled.replayed == 2, compiled.report()


@settings(max_examples=60, deadline=None, derandomize=True, phases=PHASES)
@given(steps)
def test_every_pass_leaves_the_numbers_as_they_are(program):
    x, y = drawn(3, ROWS, COLUMNS), drawn(4, ROWS, COLUMNS)
    graph = record(lambda x, y: run_program(program, x, y), (x, y))[0].graph
    others = drawn(5, ROWS, COLUMNS), drawn(6, ROWS, COLUMNS)
    expected, before = graph(*others).numpy(), str(graph)
    for name, after in passes.steps_of(graph):
        assert close(after(*others).numpy(), expected), name
        jit.Graph.from_json(after.to_json())  # well made, and nothing of a pass is lost on the way
    assert str(graph) == before
    assert len(after.steps) <= len(graph.steps)
