"""Training steps with a loop over time that is written by hand: compiled, each gives what it gives as it is written."""

import io

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit, nn, optim
from minigrad.jit import passes
from minigrad.jit.check import check
from minigrad.nn import functional as F
from tests.test_jit_batching import B, H, N, S, T, U, W, X, count, graph_of, loop, without
from tests.test_jit_compile import same
from tests.test_jit_compile_programs import close, drawn

pytestmark = pytest.mark.filterwarnings("ignore:.*a loop was unrolled")
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)



def trained(make_loss):
    def make():
        cells = nn.ModuleList([nn.Linear(N, H), nn.Linear(H, H), nn.Linear(H, 3), nn.RNNCell(N, H), nn.GRUCell(N, H)])
        optimizer = optim.SGD(cells.parameters(), lr=0.1, momentum=0.9)

        def step(x):
            optimizer.zero_grad()
            loss, more = make_loss(x, *cells)
            loss.backward()
            optimizer.step()
            return loss, more

        return step, list(cells.parameters())

    return make


def states_and_products(x, a, b, head, rnn, gru):
    h, states, products = mg.zeros(B, H), [], []
    for t in range(T):
        products.append(a(x[t]))
        h = mg.tanh(products[-1] + b(h))
        states.append(h)
    return sum(head(h).exp().mean() for h in states), [*products, mg.stack(states)]


def product_changed_in_place(x, a, b, head, rnn, gru):
    h = mg.zeros(B, H)
    for t in range(T):
        p = a(x[:, t] if len(x) == B else x[t])
        p.add_(h).mul_(0.5)
        p[0] = 1
        h = mg.tanh(p + b(h))
    return head(h).mean(), h


def cells(x, a, b, head, rnn, gru):
    h = k = mg.zeros(B, H)
    for xt in x:
        h, k = rnn(xt, h), gru(xt, k)
    return (head(h) * head(k)).mean(), (h, k)


def written_to_a_buffer(x, a, b, head, rnn, gru):
    h, made = mg.zeros(B, H), mg.zeros(T, B, 3)
    for t in range(T):
        h = mg.tanh(a(x[t]) + b(h))
        made[t] = head(h)
    return (made * made).mean(), made


def packed(x, a, b, head, rnn, gru):
    h, done = mg.zeros(B, H), []
    for t, n in enumerate((2, 2, 2, 1, 1)):
        done += [h[n:]]
        h = mg.tanh(a(x[t, :n]) + b(h[:n]))
    return head(mg.cat([h, *reversed(done)])).mean(), h


def penalty(x, a, b, head, rnn, gru):
    loss, h = states_and_products(x, a, b, head, rnn, gru)
    return loss + sum((p * p).sum() for p in (a.weight, b.weight, head.bias)), h[0]


def twice(x, a, b, head, rnn, gru):
    """One matrix for inputs and states, in two loops."""
    h = k = mg.zeros(B, H)
    for t in range(T):
        h, k = mg.tanh(b(h) + a(x[t])), mg.tanh(b(k) - b(a(x[T - 1 - t])))
    return (h * k).mean(), b(h)


def gates_of_one_row(x, a, b, head, rnn, gru):
    h = c = mg.zeros(1, H)
    for t in range(T):
        p = a(x[t, :1]) + b(h)
        c = p.sigmoid() * c + (1 - p.sigmoid()) * p.tanh()
        h = p.sigmoid() * c.tanh()
    return head(h).mean(), c


LOSSES = [
    gates_of_one_row, states_and_products, product_changed_in_place, cells, written_to_a_buffer, packed, penalty, twice,
]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
def test_training_steps(loss):
    step = same(trained(loss), lambda i: (drawn(10 + i, T, B, N),))
    assert step.replayed >= 3, step.report()


@pytest.mark.parametrize("loss", LOSSES)
def test_training_steps_have_fewer_products(loss, monkeypatch):
    found = []
    for _ in range(2):
        step, _ = trained(loss)()
        compiled = jit.compile(step)
        for i in range(2):
            compiled(drawn(10 + i, T, B, N))
        found.append(count(compiled.graph, "matmul", "linear"))
        without(monkeypatch)
    assert found[0] < found[1]


def test_results_of_one_product_are_tensors_of_their_own():
    step = jit.compile(lambda x, w: [x[t] @ w for t in range(T)])
    for _ in range(2):
        made = step(X, W)
    assert count(step.graph, "matmul") == 1
    made[0].zero_()
    assert all(close(y.numpy(), (X[t] @ W).numpy()) for t, y in enumerate(made) if t)


def test_a_window_across_rows_is_copied_at_every_call():
    f = lambda x: mg.cat([(x * 2)[:, 1].reshape(-1), (x * 2)[1].reshape(-1), (x * 3)[1:].reshape(-1)])  # noqa: E731
    compiled = jit.compile(f)
    for i in range(3):
        x = drawn(i, T, B, N)
        assert close(compiled(x).numpy(), f(x).numpy())


def test_arrays_in_an_index_are_no_parts():
    places = mg.tensor([[0], [2], [1]])
    x = drawn(1, T, N, N)
    compiled = jit.compile(lambda x: sum(x[0, 0][places] * x[t, 0] for t in range(T)))
    for _ in range(2):
        assert close(compiled(x).numpy(), sum(x[0, 0][places] * x[t, 0] for t in range(T)).numpy())


def test_gradients_from_outside():
    w = W.clone().requires_grad_()

    def f(x):
        h = S
        for t in range(T):
            h = mg.tanh(x[t] @ w + h @ U)
        return h

    compiled = jit.compile(f)
    for i in range(3):
        found = []
        for run in (f, compiled):
            x, w.grad = drawn(10 + i, T, B, N).requires_grad_(), None
            (run(x) * S).sum().backward()
            found.append((x.grad.numpy(), w.grad.numpy()))
        assert all(map(close, *found))
    assert compiled.replayed == 2


def test_a_file_takes_other_lengths():
    pytest.importorskip("onnx")
    compiled = jit.compile(lambda x: loop(lambda x, t, h, w: x[t] @ w, lambda p, h: mg.tanh(p + h.sum(0)))(x, W, S))
    compiled(X)
    assert count(compiled.graph, "matmul") == 1
    file = io.BytesIO()
    jit.save(compiled, file, inputs=(X,), dynamic_axes={"x": [1]})
    wide = drawn(7, T, 3, N)
    assert close(jit.load(io.BytesIO(file.getvalue()))(wide).numpy(), compiled.function(wide).numpy())


def test_the_batched_graph_in_a_file():
    onnxruntime = pytest.importorskip("onnxruntime")
    graph = passes.batching(graph_of(loop(lambda x, t, h, w: (x[t] * 2) @ w), X, W, S))
    file = io.BytesIO()
    jit.save(graph, file)
    (got,) = onnxruntime.InferenceSession(file.getvalue()).run(None, {"x": X.numpy(), "w": W.numpy(), "h": S.numpy()})
    assert close(got, graph(X, W, S).numpy())


# Programs at random

MASKS = [mg.tensor([[even], [True]]) for even in (True, False)]
INPUTS = {
    "slices": lambda x, t: x[t], "backwards": lambda x, t: x[len(x) - 1 - t], "batch first": lambda x, t:
    x.transpose(0, 1)[:, t], "computed": lambda x, t: (x[t] * 0.5).tanh(), "dropped out": lambda x, t:
    F.dropout(x[t], 0.3), "one twice": lambda x, t: x[t // 2], "rows": lambda x, t: x.reshape(-1, H)[2 * t : 2 * t + 2],
}  # fmt: skip
PRODUCTS = {
    "@": lambda c, x: x @ c.w, "linear": lambda c, x: F.linear(x, c.w, c.b), "turned": lambda c, x: x @ c.w.t(),
    "addmm": lambda c, x: mg.addmm(c.b, x, c.w), "lines": lambda c, x: mg.stack([x[0] @ c.w, c.w @ x[1]]),
    "cell": lambda c, x: c.rnn(x) * 1, "double": lambda c, x: (x.double() @ c.w.double()).float(),
    "scaled": lambda c, x: x @ (c.w * (c.t + 1)),
}  # fmt: skip
BODIES = {
    "chain": lambda c, p, h: mg.tanh(p + h @ c.u), "shared": lambda c, p, h: mg.tanh(p + h @ c.w),
    "layer": lambda c, p, h: mg.tanh(F.linear(h, c.u, c.b) - p), "gru": lambda c, p, h: c.gru(p, h),
    "mask": lambda c, p, h: mg.where(MASKS[c.t % 2], mg.tanh(p + h), h),
    "branch": lambda c, p, h: h * 0.5 if h.sum() > 0 else p - h, "drop": lambda c, p, h: F.dropout(p * 0.5 + h, 0.2),
    "in place": lambda c, p, h: p.add_(h).tanh(), "window": lambda c, p, h: put(p * 0.5, h),
    "no gradient": lambda c, p, h: p.detach() + h * 0.5, "number": lambda c, p, h: p * h.mean().item() + h,
    "feed back": lambda c, p, h: mg.tanh(mg.tanh(p + h) @ c.w), "state": lambda c, p, h: c.keep(h) + p,
}  # fmt: skip
ENDS = {
    "last": lambda c, hs: hs[-1], "sum": lambda c, hs: sum(hs), "heads": lambda c, hs: sum(h @ c.v for h in hs),
    "stacked": lambda c, hs: mg.stack(hs).mean(0), "late": lambda c, hs: hs[0] @ c.v + F.linear(hs[-1], c.v, c.b),
    "joined": lambda c, hs: mg.cat(hs, 1).reshape(-1, 2, H).mean(0),
}  # fmt: skip


DRAWING, DECIDING = {"dropped out", "drop"}, {"branch", "number"}


def put(p, h):
    p[0] = h[1]
    return p


class Cells:
    """What a program works with."""

    def __init__(self):
        mg.manual_seed(5)
        self.w, self.u, self.v = (drawn(i, H, H).requires_grad_() for i in (1, 2, 3))
        self.b, self.rnn, self.gru = drawn(4, H).requires_grad_(), nn.RNNCell(H, H), nn.GRUCell(H, H)
        self.kept, self.t = mg.zeros(2, H), 0

    def parameters(self):
        return [self.w, self.u, self.v, self.b, *self.rnn.parameters(), *self.gru.parameters()]

    def keep(self, h):
        with mg.no_grad():
            self.kept.mul_(0.5).add_(h)
        return self.kept.clone()

    def run(self, program, x):
        turns, given, product, bodies, end = program
        h, states = self.b * mg.ones(2, H), []
        for t in range(turns):
            self.t = t
            h = BODIES[bodies[t % len(bodies)]](self, PRODUCTS[product](self, INPUTS[given](x, t)), h)
            states.append(h)
        self.t = 0
        return ENDS[end](self, states)


programs = st.tuples(
    st.integers(3, 7), st.sampled_from(sorted(INPUTS)), st.sampled_from(sorted(PRODUCTS)),
    st.lists(st.sampled_from(sorted(BODIES)), min_size=1, max_size=3), st.sampled_from(sorted(ENDS)),
)  # fmt: skip


def numbers(c, y):
    return [y.detach().numpy(), c.kept.numpy(), *(p.numpy() for p in (q.detach() for q in c.parameters()))]


@settings(max_examples=120, deadline=None, derandomize=True, phases=PHASES)
@given(programs)
def test_training_steps_of_any_loop(program):
    assume(not (DRAWING & {program[1], *program[3]} and DECIDING & set(program[3])))  # what a call has drawn, is drawn

    def make():
        c = Cells()
        optimizer = optim.SGD(c.parameters(), lr=0.05)

        def step(x):
            optimizer.zero_grad()
            y = c.run(program, x)
            (y * y).mean().backward()
            optimizer.step()
            return y

        return c, step

    (ours, plain), (theirs, step) = make(), make()
    compiled = jit.compile(step)
    for i in range(3):
        results = []
        for c, run in ((ours, plain), (theirs, compiled)):
            mg.manual_seed(i)
            results.append(numbers(c, run(drawn(10 + i, program[0], 2, H))))
            results[-1] += [p.grad.numpy() for p in c.parameters() if p.grad is not None]
        assert len(results[0]) == len(results[1]) and all(map(close, *results))
    assert compiled.variants, compiled.report()


@settings(max_examples=120, deadline=None, derandomize=True, phases=PHASES)
@given(programs)
def test_the_pass_alone_leaves_the_numbers_of_any_loop_as_they_are(program):
    c = Cells()
    with mg.no_grad():
        graph = graph_of(lambda x: c.run(program, x), drawn(3, program[0], 2, H))
    before, after = str(graph), check(passes.batching(graph))
    results = []
    for g in (graph, after):
        mg.manual_seed(1)
        c.kept.zero_()
        results.append([g(drawn(4, program[0], 2, H)).detach().numpy(), c.kept.numpy().copy()])
    assert all(map(close, *results)) and str(graph) == before
    assert count(after, "matmul", "linear") <= count(graph, "matmul", "linear")
