"""Products that leave a loop over time: which are put together, which are not, and that no number changes."""


import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit import passes
from minigrad.jit.check import check
from minigrad.jit.graph import Loop
from minigrad.jit.trace import record
from minigrad.nn import functional as F
from tests.test_jit_compile_programs import close, drawn

T, B, N, H = 5, 2, 3, 4  # turns, rows, inputs, states
pytestmark = pytest.mark.filterwarnings("ignore:.*a loop was unrolled")


def graph_of(function, *inputs):
    return record(function, inputs)[0].graph


def text(graph):
    """The steps of a graph without the lines of code that they stand for."""
    return [line.split("  # ")[0].strip() for line in str(graph).splitlines()[1:-1]]


def count(graph, *names):
    return sum(step.op.name in names for step in graph.every_step() if not step.blocks)


def without(monkeypatch):
    """From here on nothing is put together."""
    left = {name: apply for name, apply in passes.PASSES.items() if name != "batching"}
    monkeypatch.setattr(passes, "PASSES", left)


def batched(function, *inputs):
    """(products before, products after) of the pass alone; the numbers of both are the same."""
    graph = passes.common(graph_of(function, *inputs))
    before = text(graph)
    after = check(passes.batching(graph))
    for a, b in zip(mg.jit.tree.flatten(graph(*inputs))[0], mg.jit.tree.flatten(after(*inputs))[0], strict=True):
        assert close(a.detach().numpy(), b.detach().numpy())
    assert text(graph) == before
    jit.Graph.from_json(after.to_json())
    assert text(jit.shaped(after, inputs)) == text(after)  # with shapes that are looked up anew
    return count(graph, "matmul", "linear"), count(after, "matmul", "linear")


X, W, U, S = drawn(1, T, B, N), drawn(2, N, H), drawn(3, H, H), drawn(4, B, H)
BIAS, Y = drawn(5, H), drawn(6, T, B, H)


def loop(product, recur=lambda p, h: mg.tanh(p + h)):
    """A loop over time in which `product(x, t, h, w)` is the product of each turn."""
    def f(x, w, h):
        for t in range(T):
            h = recur(product(x, t, h, w), h)
        return h

    return f


# What it looks like


def test_the_steps_before_and_after():
    graph = graph_of(loop(lambda x, t, h, w: x[t] @ w), X, W, S)
    assert text(graph)[:6] == [
        "%index : float32[2, 3] = index(%x, index=0)", "%matmul : float32[2, 4] = matmul(%index, %w)",
        "%add : float32[2, 4] = add(%matmul, %h)", "%tanh : float32[2, 4] = tanh(%add)",
        "%index.1 : float32[2, 3] = index(%x, index=1)", "%matmul.1 : float32[2, 4] = matmul(%index.1, %w)",
    ]  # fmt: skip
    assert text(passes.batching(graph))[:11] == [
        "%reshape : float32[10, 3] = reshape(%x, shape=(10, 3))",
        "%matmul.5 : float32[10, 4] = matmul(%reshape, %w)",
        "%reshape.1 : float32[5, 2, 4] = reshape(%matmul.5, shape=(5, 2, 4))",
        "%matmul : float32[2, 4] = index(%reshape.1, index=0)",
        "%matmul.1 : float32[2, 4] = index(%reshape.1, index=1)",
        "%matmul.2 : float32[2, 4] = index(%reshape.1, index=2)",
        "%matmul.3 : float32[2, 4] = index(%reshape.1, index=3)",
        "%matmul.4 : float32[2, 4] = index(%reshape.1, index=4)",
        "%add : float32[2, 4] = add(%matmul, %h)", "%tanh : float32[2, 4] = tanh(%add)",
        "%add.1 : float32[2, 4] = add(%matmul.1, %tanh)",
    ]  # fmt: skip


def test_the_way_back_before_and_after(monkeypatch):
    def make():
        w, u, b = (t.clone().requires_grad_() for t in (W, U, BIAS))

        @jit.compile
        def gradients(x):
            h = S
            for t in range(T):
                h = mg.tanh(x[t] @ w + h @ u + b)
            return mg.autograd.grad((h * S).sum(), [w, u, b])

        gradients(X)
        return gradients

    after = make()
    without(monkeypatch)
    before = make()
    assert (count(before.graph, "matmul"), count(before.graph, "add")) == (24, 22)  # T - 1 times back to h; 10 forward
    assert (count(after.graph, "matmul"), count(after.graph, "add")) == (12, 10)  # one for each gradient, none added
    assert all(close(a.numpy(), b.numpy()) for a, b in zip(before(X), after(X), strict=True))
    assert text(after.graph)[-7:] == [
        "%cat : float32[10, 4] = cat(%mul.11, %mul.9, %mul.7, %mul.5, %mul.3)",
        "%add.16 : float32[4] = sum(%cat, dim=0)",
        "%cat.1 : float32[10, 4] = cat(%S, %tanh, %tanh.1, %tanh.2, %tanh.3)",
        "%swapaxes.4 : float32[4, 10] = swapaxes(%cat.1, dim0=0, dim1=1)",
        "%add.17 : float32[4, 4] = matmul(%swapaxes.4, %cat)",
        "%swapaxes.2 : float32[3, 10] = swapaxes(%reshape.6, dim0=0, dim1=1)",
        "%add.21 : float32[3, 4] = matmul(%swapaxes.2, %cat)",
    ]


# What goes together

ALIKE = {
    "slices": lambda x, t, h, w: x[t] @ w,
    "from behind": lambda x, t, h, w: x[-1 - t] @ w,
    "unbind": lambda x, t, h, w: x.unbind(0)[t] @ w,
    "second axis": lambda x, t, h, w: x.transpose(0, 1)[:, t] @ w,
    "last axis": lambda x, t, h, w: x.permute(1, 2, 0)[..., t] @ w,
    "rows": lambda x, t, h, w: x.reshape(T * B, N)[t * B : t * B + B] @ w,
    "computed": lambda x, t, h, w: (x[t] * 2).exp() @ w,
    "two of the second axis": lambda x, t, h, w: (mg.cat([x, x]).transpose(0, 1)[:, 2 * t : 2 * t + 2] @ w).sum(1),
    "not all of them": lambda x, t, h, w: x[t] @ w if t else h,
    "linear": lambda x, t, h, w: F.linear(x[t], w.t(), BIAS),
    "no bias": lambda x, t, h, w: F.linear(x[t], w.t()),
    "addmm": lambda x, t, h, w: mg.addmm(BIAS, x[t], w),
    "three axes": lambda x, t, h, w: (x[t].unsqueeze(0).expand(3, B, N) @ w)[1],
    "lines": lambda x, t, h, w: (x[t, 0] @ w) + h,
    "columns": lambda x, t, h, w: (w.t() @ x[t, 1]) + h,
    "in double": lambda x, t, h, w: (x[t].double() @ w.double()).float(),
}  # fmt: skip


@pytest.mark.parametrize("name", ALIKE)
def test_products_of_what_is_there_beforehand_are_one(name):
    def f(x, w, h):
        for t in range(T):
            h = mg.tanh(ALIKE[name](x, t, h, w) + h)
        return h

    before, after = batched(f, X, W, S)
    assert before in (T, T - 1) and after == 1


def test_states_go_through_a_layer_behind_the_loop_together():
    def f(x, w, u, h):
        made = []
        for t in range(T):
            h = mg.tanh(x[t] @ w + h)
            made.append((h @ u).sum())
        return mg.stack(made)

    assert batched(f, X, W, U, S) == (2 * T, 2)


def test_two_layers_each_have_their_inputs_at_once():
    def f(x, w, u, h):
        first = second = h
        for t in range(T):
            first = mg.tanh(x[t] @ w + first)
            second = mg.tanh(first @ u + second @ u)
        return second

    assert batched(f, X, W, U, S) == (3 * T, 1 + 1 + (T - 1))  # those of the first states go with the first layer's


def test_sums_of_products_are_one():
    graph = graph_of(lambda x, y: sum((x[t].t() @ y[t] for t in range(1, T)), x[0].t() @ y[0]), X, Y)
    assert text(passes.batching(graph)) == [
        "%reshape : float32[10, 3] = reshape(%x, shape=(10, 3))",
        "%reshape.1 : float32[10, 4] = reshape(%y, shape=(10, 4))",
        "%swapaxes : float32[3, 10] = swapaxes(%reshape, dim0=0, dim1=1)",
        "%add.3 : float32[3, 4] = matmul(%swapaxes, %reshape.1)",
    ]


SUMMED = {
    "the other way round": lambda x, y, t: (y[t].t() @ x[t]).t(),
    "lines": lambda x, y, t: x[t, 0][:, None] * y[t, 1][None, :],
    "lines, the line first": lambda x, y, t: y[t, 1] * x[t, 0].unsqueeze(1),
    "of other lengths": lambda x, y, t: x[t, : 1 + t % 2].t() @ y[t, : 1 + t % 2],
    "computed": lambda x, y, t: x[t].exp().t() @ (y[t] * 2),
}


@pytest.mark.parametrize("name", SUMMED)
def test_sums_of_products_of_many_kinds(name):
    def f(x, y):
        total = mg.ones(N, H) * 0.5
        for t in range(T):
            total = total + SUMMED[name](x, y, t)
            total = total + mg.ones(N, H) if t == 1 else total
        return total + y[0, :1]

    graph = graph_of(f, X, Y)
    after = check(passes.batching(graph))
    assert close(graph(X, Y).numpy(), after(X, Y).numpy())
    kind = "mul" if "lines" in name else "matmul"
    assert count(graph, kind) >= T and count(after, "matmul") == 1 and count(after, "add") == 3
    assert count(after, "mul") <= T + 1 if name == "computed" else count(after, "mul") <= 1


def test_sums_of_columns_are_one():
    def f(x, y):
        total = y[0, 0]
        for t in range(T):
            total = total + y[t].exp().sum(0)
        return total

    graph = graph_of(f, X, Y)
    after = passes.batching(graph)
    assert count(graph, "sum") == T and text(after)[-3:] == [
        "%cat : float32[10, 4] = cat(%exp, %exp.1, %exp.2, %exp.3, %exp.4)",
        "%sum.5 : float32[4] = sum(%cat, dim=0)", "%add.4 : float32[4] = add(%sum.5, %index)",
    ]  # fmt: skip
    assert close(graph(X, Y).numpy(), after(X, Y).numpy())


# What does not


def chain(x, w, h):
    for _ in range(T):
        h = h @ U
    return h


def another_matrix(x, w, h):
    for t in range(T):
        h = h + x[t] @ (w * (t + 1))
    return h.tanh()


def changed_matrix(x, w, h):
    w = w.clone()
    for t in range(T):
        h = mg.tanh(h + x[t] @ w)
        w.mul_(0.9)
    return h


def next_input(x, w, h):
    for _ in range(T):
        h = mg.tanh(h[:, :N] @ w)
    return h


def few(x, w, h):
    for t in range(3):
        h = mg.tanh(x[t] @ w + h)
    return h


def whole_numbers(x, w, h):
    x, w, h = x.int(), w.int(), h.int()
    for t in range(T):
        h = (x[t] @ w + h) % 7
    return h.float()


def other_shapes(x, w, h):
    for t in range(T):
        h = h + (x.reshape(-1, N)[t : 2 * t + 1] @ w).sum(0)
    return h.tanh()


@pytest.mark.parametrize("f", [chain, another_matrix, changed_matrix, next_input, few, whole_numbers, other_shapes])
def test_products_that_stay(f):
    before, after = batched(f, X, W, S)
    assert before == after >= 3


def test_many_rows_stay():
    f = loop(lambda x, t, h, w: x[t] @ w)
    assert batched(f, drawn(1, T, 64, N), W, drawn(2, 64, H)) == (T, 1)
    assert batched(f, drawn(1, T, 65, N), W, drawn(2, 65, H)) == (T, T)


def test_half_precision_is_added_up_in_its_order():
    def f(x, y):
        return sum((x[t].half().t() @ y[t].half() for t in range(1, T)), x[0].half().t() @ y[0].half()).float()

    assert batched(f, X, Y) == (T, T)


def test_a_term_that_is_asked_for_elsewhere_stays():
    def f(x, y):
        terms = [x[t].t() @ y[t] for t in range(T + 1)]
        return sum(terms[1:], terms[0]), terms[2] * 2, terms[4]

    graph = graph_of(f, drawn(1, T + 1, B, N), drawn(6, T + 1, B, H))
    after = passes.batching(graph)
    assert (count(graph, "matmul"), count(after, "matmul"), count(after, "add")) == (T + 1, 3, 2)


def test_what_is_put_together_later_is_not_asked_for_earlier():
    """The last of a row needs the sum of those before it: that sum cannot be made of a part of the row."""
    def f(x, y):
        states, other = [y[t].exp() for t in range(T - 1)], [x[t].exp() for t in range(T)]
        first = sum((other[t].t() @ states[t] for t in range(1, T - 1)), other[0].t() @ states[0])
        states.append(x[T - 1] @ first)
        return sum((x[t].t() @ states[t] for t in range(1, T)), x[0].t() @ states[0]), first

    assert batched(f, X, Y) == (2 * T, 3)


def test_a_row_with_one_tensor_twice_is_no_row_of_as_many():
    def f(x, y):
        a, b, c, d = (y[t].exp() for t in range(4))
        first = x[0].t() @ a + x[1].t() @ a + x[2].t() @ b + x[3].t() @ c
        return first, a.sum(0) + b.sum(0) + c.sum(0) + d.sum(0)

    graph = graph_of(f, X, Y)
    after = passes.batching(graph)
    assert count(after, "matmul", "sum") == 2
    assert all(close(a.numpy(), b.numpy()) for a, b in zip(graph(X, Y), after(X, Y), strict=True))


def test_random_numbers_are_drawn_in_their_order():
    def f(x, w, h):
        for t in range(T):
            h = F.dropout(mg.tanh(F.dropout(x[t], 0.5) @ w + h), 0.5)
        return h

    graph = graph_of(f, X, W, S)
    after = passes.batching(graph)
    assert (count(graph, "matmul"), count(after, "matmul")) == (T, 1)
    draws = [[s.output.shape for s in g.steps if s.op.name == "random.draw"] for g in (graph, after)]
    assert draws[0] == draws[1] == [(B, N), (B, H)] * T
    results = []
    for g in (graph, after):
        mg.manual_seed(0)
        results.append(g(X, W, S).numpy())
    assert close(*results)


def test_a_number_that_is_read_keeps_its_place_among_random_draws():
    def f(read):
        def run(x, w, h):
            for t in range(T):
                h = mg.tanh(F.dropout(x[t], 0.5) @ w + h)
                h = h * h.sum().item() if read else h
            return h

        return run

    for read, products in ((False, 1), (True, T)):
        compiled = jit.compile(f(read))
        compiled(X, W, S)
        assert count(compiled.graph, "matmul") == products


def test_blocks_are_looked_at_one_by_one():
    def f(x, w, h):
        def often(h):
            h = mg.tanh(x[0] @ w + h)
            h = mg.tanh(x[1] @ w + h)
            h = mg.tanh(x[2] @ w + h)
            return mg.tanh(x[3] @ w + h)

        return jit.cond(h.sum() > 0, often, lambda h: h - x[0] @ w, (h,)) + x[1] @ w

    graph = jit.trace(f, (X, W, S), check_trace=False).graph
    after = check(passes.batching(graph))
    assert (count(graph, "matmul"), count(after, "matmul")) == (6, 3)
    for h in (mg.ones(B, H), -mg.ones(B, H)):
        assert close(f(X, W, h).numpy(), after(X, W, h).numpy())


# Loops that a graph still has


def scanned(x, w, u, h):
    return jit.scan(lambda h, x: (mg.tanh(x @ w + h @ u), h), h, x)


def counted(x, w, u, h):
    def turn(t, h):
        return t + 1, mg.tanh(F.linear(x[t], w.t()) + h @ u)

    return jit.while_loop(lambda t, h: t < len(x), turn, (0, h))[1]


def looped(graph):
    (loop,) = (step for step in graph.steps if isinstance(step, Loop))
    return [step.op.name for step in loop.body.steps]


def test_a_product_of_each_part_leaves_a_scan():
    graph = jit.trace(scanned, (X, W, U, S), check_trace=False).graph
    after = check(passes.batching(graph))
    assert looped(graph) == ["index", "matmul", "matmul", "add", "tanh", "list.append"]
    assert text(after)[:3] == [
        "%size : int = tensor.size(%x, dim=0)", "%new : list = list.new()",
        "%matmul.2 : float32[5, 2, 4] = matmul(%x, %w)",
    ]  # fmt: skip
    assert looped(after) == ["index", "matmul", "add", "tanh", "list.append"]
    for turns in (T, 1, 7):
        x = drawn(1, turns, B, N)
        assert all(close(a.numpy(), b.numpy()) for a, b in zip(after(x, W, U, S), scanned(x, W, U, S), strict=True))
    inputs = [t.clone().requires_grad_() for t in (X, W, U, S)]
    found = [mg.autograd.grad(f(*inputs)[0].sum(), inputs) for f in (scanned, after)]
    assert all(close(a.numpy(), b.numpy()) for a, b in zip(*found, strict=True))


STAYING = {
    "the matrix changes": lambda x, w, u, h: jit.scan(lambda c, x: ((c[0] * 0.5, x @ c[0] + c[1]), x), (w, h), x),
    "the input is what was made": lambda x, w, u, h: jit.scan(lambda h, x: (mg.tanh(h @ u), h), h, x),
    "a longer tensor": lambda x, w, u, h: jit.scan(lambda c, y: ((c[0] + x[0] @ w, y), y), (h, x[0]), x[1:]),
    "the loop may end": lambda x, w, u, h: jit.while_loop(
        lambda t, h: h.sum() < 100, lambda t, h: (t, h * 2 + x[0] @ w), (mg.tensor(0), h.exp())),
}  # fmt: skip


@pytest.mark.parametrize("name", STAYING)
def test_products_that_stay_in_a_loop(name):
    graph = jit.trace(STAYING[name], (X, W, U, S), check_trace=False).graph
    after = check(passes.batching(graph))
    assert looped(after).count("matmul") == looped(graph).count("matmul") == 1


def test_a_scripted_loop_is_hoisted_where_its_shapes_are_known():
    @jit.script
    def f(x: mg.Tensor, w: mg.Tensor, h: mg.Tensor):
        for t in range(x.shape[0]):
            h = mg.tanh(x[t] @ w + h)
        return h

    assert looped(passes.batching(f.graph)).count("matmul") == 1  # a line, or a matrix? Nobody knows
    after = passes.batching(jit.shaped(f.graph, (X, W, S)))
    assert "matmul" not in looped(after) and close(after(X, W, S).numpy(), f(X, W, S).numpy())
