"""Cells called turn after turn: one record where nothing but the state goes from call to call, and the same numbers."""

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit, nn, optim
from minigrad.jit import passes
from minigrad.jit.check import check
from minigrad.nn import functional as F
from tests.test_jit_batching import B, H, N, T, count, graph_of, text
from tests.test_jit_compile_programs import close, drawn

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
CELLS = {"gru": nn.GRUCell, "rnn": nn.RNNCell}


def cell_of(kind, inputs=N):
    mg.manual_seed(1)
    return CELLS[kind](inputs, H)


def calls(graph):
    """How many steps of a recurrent op there are, and how many of its way back."""
    names = [step.op.name for step in graph.steps]
    return sum(name in CELLS for name in names), sum(".vjp" in name for name in names)


def compiled_step(cell, loss):
    optimizer = optim.SGD(cell.parameters(), lr=0.1)

    @jit.compile
    def step(x):
        optimizer.zero_grad()
        value = loss(cell, x)
        value.backward()
        optimizer.step()
        return value

    for i in range(2):
        step(drawn(i, T, B, N))
    assert step.replayed == 1
    return step.graph


def test_the_calls_of_a_cell_before_and_after():
    cell = cell_of("gru")

    def f(x):
        h = mg.zeros(B, H)
        for t in range(T):
            h = cell(x[t], h)
        return h

    with mg.no_grad():
        graph = graph_of(f, mg.ones(T, B, N))
    assert calls(graph) == (T, 0)
    after = check(passes.batching(graph))
    assert text(after)[-4:] == [
        "%linear.5 : float32[10, 12] = linear(%reshape, %cell.weight_ih, %cell.bias_ih)",
        "%gru.5 : float32[10, 4] = gru(%linear.5, %constant, %cell.weight_hh, %cell.bias_hh, sizes=(2, 2, 2, 2, 2))",
        "%reshape.2 : float32[5, 2, 4] = reshape(%gru.5, shape=(5, 2, 4))",
        "%gru.4 : float32[2, 4] = index(%reshape.2, index=4)",
    ]
    x = drawn(2, T, B, N)
    assert close(after(x).detach().numpy(), graph(x).detach().numpy())


def last(cell, x, first=None):
    h = first
    for t in range(T):
        h = cell(x[t], h)
    return h.mean()


def every(cell, x):
    h, total = None, 0
    for t in range(T):
        h = cell(x[t], h)
        total = total + h.exp().mean() + (h * h).sum()
    return total


def all_but_the_last_three(cell, x):
    h, states = None, []
    for t in range(T):
        h = cell(x[t], h)
        states.append(h)
    return states[-1].mean() + states[1].exp().mean()


def two_layers(cell, x):
    lower = upper = mg.zeros(B, H)
    for t in range(T):
        lower = cell(x[t], lower)
        upper = cell(lower[:, :N], upper)
    return upper.mean()


def with_a_penalty(cell, x):
    return every(cell, x) + sum((p * p).sum() for p in cell.parameters())


ONE = {last: (1, 1), every: (1, 1), all_but_the_last_three: (1, 1), with_a_penalty: (1, 1)}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("loss", ONE)
def test_one_record_there_and_one_back(kind, loss):
    assert calls(compiled_step(cell_of(kind), loss)) == ONE[loss]


def fed_back(cell, x):
    h = mg.zeros(B, H)
    for t in range(T):
        h = cell(x[t] + h[:, :N], h)
    return h.mean()


def masked(cell, x):
    h = mg.zeros(B, H)
    for t in range(T):
        h = mg.where(x[t, :, :1] > 0, cell(x[t], h), h)
    return h.mean()


def cut(cell, x):
    h = mg.zeros(B, H)
    for t in range(T):
        h = cell(x[t], h.detach())
    return h.mean()


def a_state_that_hangs_on_a_gradient(cell, x):
    h = mg.zeros(B, H)
    for t in range(T):
        g, = mg.autograd.grad(cell(x[t], h.detach()).sum(), cell.weight_hh)
        h = cell(x[t] + g[:B, :N], h)
    return h.mean()


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("loss", [fed_back, masked, a_state_that_hangs_on_a_gradient, two_layers, cut])
def test_calls_that_stay(kind, loss):
    there, back = calls(compiled_step(cell_of(kind), loss))
    assert there >= T and back >= (1 if loss is cut else T)


@pytest.mark.parametrize("kind, most", [("gru", 256), ("rnn", 64)])
def test_one_call_and_many_rows_stay(kind, most):
    cell = cell_of(kind)

    def f(x, h):
        for t in range(len(x)):
            h = cell(x[t], h)
        return h

    with mg.no_grad():
        for turns, rows, wanted in ((4, most, 1), (2, 1, 1), (1, 1, 1), (4, most + 1, 4)):
            graph = graph_of(f, mg.ones(turns, rows, N), mg.ones(rows, H))
            assert calls(passes.batching(graph)) == (wanted, 0)


# Programs at random

MASKS = [mg.tensor([[True], [t != 2]]) for t in (1, 2)]
INPUTS = {
    "slices": lambda x, t, h: x[t], "backwards": lambda x, t, h: x[len(x) - 1 - t], "computed": lambda x, t, h:
    x[t].tanh() * 2, "batch first": lambda x, t, h: x.transpose(0, 1)[:, t], "fed back": lambda x, t, h: x[t] + 0.1 * h,
    "dropped out": lambda x, t, h: F.dropout(x[t], 0.3), "every other": lambda x, t, h: x[t] + h * (t % 3 == 2),
    "shorter": lambda x, t, h: x[t // 2],
}  # fmt: skip
BETWEEN = {
    "nothing": lambda h, t: h, "cut": lambda h, t: h.detach() if t == 3 else h, "less of it": lambda h, t: h * 0.7,
    "mask": lambda h, t: mg.where(MASKS[t == 2], h, h.detach()), "window": lambda h, t: put(h, t),
    "add once": lambda h, t: h + 1 if t == 5 else h, "gradient": lambda h, t: hooked(h) if t == 1 else h,
}  # fmt: skip
READ = {
    "last": lambda hs, cell: hs[-1], "all": lambda hs, cell: mg.stack(hs).exp().mean(0), "some": lambda hs, cell:
    hs[1] * hs[-2], "first": lambda hs, cell: hs[0].tanh(), "sum": lambda hs, cell: sum(hs),
    "weights": lambda hs, cell: hs[-1] @ cell.weight_hh[:H] + cell.bias_hh[:H], "once more": lambda hs, cell:
    cell(hs[0], hs[-1]) + cell(hs[-1], hs[0]), "none of it": lambda hs, cell: hs[2].detach() * hs[3],
}  # fmt: skip


def put(h, t):
    if t == 4:
        h = h.clone()
        h[0] = 0.5
    return h


def hooked(h):
    if h.requires_grad:
        h.register_hook(lambda g: g * 2)
    return h


programs = st.tuples(st.sampled_from(sorted(CELLS)), st.integers(4, 8), *(
    st.sampled_from(sorted(kind)) for kind in (INPUTS, BETWEEN, BETWEEN, READ)), st.booleans())  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True, phases=PHASES)
@given(programs)
def test_training_steps_with_any_loop_over_a_cell(program):
    kind, turns, given_as, *between, read, learned = program
    assume(not (read == "once more" and given_as == "dropped out"))

    def make():
        cell, first = cell_of(kind, H), drawn(9, 2, H).requires_grad_(learned)
        optimizer = optim.SGD([*cell.parameters(), first], lr=0.05)

        def step(x):
            optimizer.zero_grad()
            h, states = first, []
            for t in range(turns):
                h = cell(INPUTS[given_as](x, t, h), h)
                for name in between:
                    h = BETWEEN[name](h, t)
                states.append(h)
            y = READ[read](states, cell)
            ((y * y).mean() + cell.bias_ih[0]).backward()
            optimizer.step()
            return y

        return step, [*cell.parameters(), first]

    (plain, ours), (step, theirs) = make(), make()
    compiled = jit.compile(step)
    for i in range(3):
        results = []
        for run, parameters in ((plain, ours), (compiled, theirs)):
            mg.manual_seed(i)
            results.append([run(drawn(10 + i, turns, 2, H)).detach().numpy()])
            results[-1] += [a.detach().numpy() for p in parameters for a in (p, p.grad) if a is not None]
        assert len(results[0]) == len(results[1]) and all(map(close, *results))
    assert compiled.replayed >= 1, compiled.report()
    assert count(compiled.graph, "gru", "rnn") <= turns + 2
