"""What lies between the calls of a cell on the way back, and calls that look alike and are not."""

import pytest

import minigrad as mg
from minigrad import jit, nn, ops
from minigrad.jit import passes
from minigrad.jit.check import check
from tests.test_jit_batching import B, H, N, T, graph_of, without
from tests.test_jit_batching_cells import CELLS, calls, cell_of
from tests.test_jit_compile_programs import close, drawn


def gradients(cell, walk, kept=()):
    """(records there, records back) of a compiled function that gives gradients; as what is written gives them."""
    parameters = [p for p in cell.parameters() if p.requires_grad]

    def f(x, h):
        y, others = walk(cell, x, h)
        return mg.autograd.grad((y * y).mean(), [*parameters, *others])

    compiled = jit.compile(f)
    for i in range(3):
        given = drawn(i, T, B, N), drawn(i + 9, B, H)
        assert all(close(a.numpy(), b.numpy()) for a, b in zip(f(*given), compiled(*given), strict=True))
    assert compiled.replayed == 2
    return calls(compiled.graph)


def over(change=lambda h, t: h, given=lambda x, h, t: x[t], of=lambda first, states: []):
    def walk(cell, x, h):
        first, states = h.detach().requires_grad_(), []
        h = first
        for t in range(T):
            h = change(cell(given(x, h, t), h), t)
            states.append(h)
        return h, of(first, states)

    return walk


def hooked(hook):
    def change(h, t):
        if t == 2:
            h.register_hook(hook)
        return h

    return change


def seen_twice(cell, x, h):
    """The gradient of what the third call was handed goes on, and is given as well."""
    asked, states = [], []
    for t in range(T):
        if t == 2:
            h = mg.clone(h)
            asked.append(h)
        h = cell(x[t], h)
        states.append(h)
    return h + states[1].tanh(), asked


def burnt_in(cell, x, h):
    """The first calls are not gone back through."""
    with mg.no_grad():
        for t in range(2):
            h = cell(x[t], h)
    for t in range(T):
        h = cell(x[t], h)
    return h, []


STAY = T, T
BACK = {
    "first state": (over(of=lambda first, states: [first]), (1, 1)),
    "hook": (over(hooked(lambda g: g * 2)), STAY),
    "a state that is asked for": (over(of=lambda first, states: [states[2]]), STAY),
    "a clone that is asked for": (seen_twice, STAY),
}  # fmt: skip


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("name", BACK)
def test_between_calls_on_the_way_back(kind, name):
    walk, wanted = BACK[name]
    assert gradients(cell_of(kind), walk) == wanted


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("more, wanted", [(0, (1, 1)), (0.5, STAY)])
def test_back_by_hand(kind, more, wanted):
    """With `more`, the gradient of a state hangs on that of the input of the call behind it."""
    cell = cell_of(kind)
    parameters = list(cell.parameters())

    def f(x, h):
        calls = []
        for t in range(T):
            given = x[t].detach().requires_grad_(), h.detach().requires_grad_()
            h = cell(*given)
            calls.append((h, given))
        g, total = h.detach(), []
        for h, given in reversed(calls):
            of_input, g, *found = mg.autograd.grad(h, [*given, *parameters], g)
            total = [a + b for a, b in zip(total, found, strict=True)] if total else found
            g = g + (of_input.sum(1, keepdim=True) * more).expand(B, H) if more else g
        return g, *total

    compiled = jit.compile(f)
    for i in range(3):
        given = drawn(i, T, B, N), drawn(i + 9, B, H)
        assert all(close(a.numpy(), b.numpy()) for a, b in zip(f(*given), compiled(*given), strict=True))
    assert compiled.replayed == 2 and calls(compiled.graph) == wanted


@pytest.mark.parametrize("kind, wanted", [("gru", (2, 1)), ("rnn", (T + 2, T))])
def test_calls_before_those_that_are_gone_back_through(kind, wanted):
    """A call of a GRU that will be gone back through makes more than another: the two kinds make two rows."""
    assert gradients(cell_of(kind), burnt_in) == wanted


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("frozen", ["weight_hh", "bias_hh", "weight_ih bias_ih"])
def test_cells_of_which_some_gradients_are_wanted(kind, frozen):
    cell = cell_of(kind)
    for name in frozen.split():
        getattr(cell, name).requires_grad_(False)
    assert gradients(cell, over()) == STAY


def test_a_cell_with_relu():
    mg.manual_seed(1)
    assert gradients(nn.RNNCell(N, H, nonlinearity="relu"), over()) == (1, 1)


@pytest.mark.parametrize("kind", CELLS)
def test_gradients_from_outside(kind):
    ours, theirs = cell_of(kind), cell_of(kind)

    def run(cell):
        def f(x, h):
            for t in range(T):
                h = cell(x[t], h)
            return h

        return f

    plain, compiled = run(ours), jit.compile(run(theirs))
    for i in range(3):
        found = []
        for cell, f in ((ours, plain), (theirs, compiled)):
            cell.zero_grad()
            x, h = drawn(i, T, B, N).requires_grad_(), drawn(i + 9, B, H).requires_grad_()
            y = f(x, h)
            (y * y).sum().backward()
            found.append([y.detach().numpy(), *(p.grad.numpy() for p in (x, h, *cell.parameters()))])
        assert all(map(close, *found))
    assert compiled.replayed == 2


# Calls that look alike


def alone(f, *inputs):
    """How many records stay, of the pass alone; the numbers are the same."""
    graph = graph_of(f, *inputs)
    after = check(passes.batching(graph))
    assert close(graph(*inputs).numpy(), after(*inputs).numpy())
    return calls(after)[0]


W, BIAS, X, S = drawn(1, H, H), drawn(2, H), drawn(3, T, B, H), drawn(4, B, H)


def test_calls_that_hang_on_the_state_by_another_way_stay_without_gradients_too():
    def fed_back(x, h):
        for t in range(T):
            h = ops.rnn(x[t] + h * 0.5, h, W, BIAS, sizes=(B,))
        return h

    def as_it_is(x, h):
        for _ in range(T):
            h = ops.rnn(h, h, W, BIAS, sizes=(B,))
        return h

    def into_the_next_but_one(x, h):
        first = ops.rnn(x[0], h, W, BIAS, sizes=(B,))
        second = ops.rnn(x[1], first, W, BIAS, sizes=(B,))
        return ops.rnn(first, second, W, BIAS, sizes=(B,))

    assert [alone(f, X, S) for f in (fed_back, as_it_is, into_the_next_but_one)] == [T, T, 3]


def test_calls_of_two_kinds_or_with_two_matrices_are_two():
    def kinds(x, h):
        for t in range(T):
            h = ops.rnn(x[t], h, W, BIAS, sizes=(B,), relu=t > 2)
        return h

    def matrices(x, h):
        other = W * 0.5
        for t in range(T):
            h = ops.rnn(x[t], h, W if t < 2 else other, BIAS, sizes=(B,))
        return h

    def biases(x, h):
        other = BIAS * 0.5
        for t in range(T):
            h = ops.rnn(x[t], h, W, BIAS if t < 2 else other, sizes=(B,))
        return h

    assert [alone(f, X, S) for f in (kinds, matrices, biases)] == [2, 2, 2]


def test_layers_of_several_steps_stay():
    def f(x, h):
        for _ in range(3):
            h = ops.rnn(x.reshape(T * B, H), h, W, BIAS, sizes=(B,) * T)[-B:]
        return h

    def started(x, h):
        h = ops.rnn(x.reshape(T * B, H)[:2], h[:1], W, BIAS, sizes=(1, 1))
        return ops.rnn(x[0], h, W, BIAS, sizes=(B,))

    assert alone(f, X, S) == 3 and alone(started, X, S) == 2


def test_two_rows_from_one_state():
    def f(x, h):
        one = other = h
        for t in range(T):
            one, other = ops.rnn(x[t], one, W, BIAS, sizes=(B,)), ops.rnn(x[-1 - t], other, W, BIAS, sizes=(B,))
        return one * other

    assert alone(f, X, S) == 2


def test_what_a_call_makes_beside_its_state_is_there_turn_by_turn(monkeypatch):
    cell = cell_of("gru")

    def f(x, h):
        for t in range(T):
            h = cell(x[t], h)
        return h

    compiled = jit.compile(f)
    with monkeypatch.context() as patch:
        without(patch)
        compiled(drawn(1, T, B, N), S).sum().backward()
    graph = compiled.graph
    made = [v for step in graph.steps if step.op.name == "gru" for v in step.outputs]
    every = jit.Graph(graph.inputs, graph.steps, made)
    every.parameters, every.constants = graph.parameters, graph.constants
    after = check(passes.batching(every))
    assert len(made) == 3 * T and calls(after) == (1, 0)
    results = [g(drawn(1, T, B, N), S) for g in (every, after)]
    assert all(close(a.detach().numpy(), b.detach().numpy()) for a, b in zip(*results, strict=True))
