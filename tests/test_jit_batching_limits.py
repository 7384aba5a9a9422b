"""What looks as if it went together and does not, or in another order: told apart, and no number changes."""

from itertools import pairwise

import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit import passes
from minigrad.jit.check import check
from minigrad.jit.graph import If, Loop, Step, Value
from minigrad.jit.passes.batching.order import in_order, needs
from tests.test_jit_batching import B, H, N, S, T, W, X, Y, batched, count, graph_of, text
from tests.test_jit_compile_programs import close, drawn

pytestmark = pytest.mark.filterwarnings("ignore:.*a loop was unrolled")


# Order


def test_steps_that_need_each_other_are_an_error():
    a, b = (Value(name, "tensor", (2,), mg.float32) for name in "ab")
    with pytest.raises(RuntimeError, match="needs itself"):
        in_order([Step(mg.ops.OPS["neg"], (b,), {}, (a,)), Step(mg.ops.OPS["neg"], (a,), {}, (b,))])


def test_what_is_done_keeps_its_place_among_random_draws():
    @jit.script
    def f(x: mg.Tensor):
        y = mg.rand_like(x)
        print("half", 0.5)
        z = mg.rand_like(x)
        if x.sum() > 0:
            z = mg.rand_like(z)
        return y + z + mg.rand_like(x)

    steps, before = f.graph.steps, needs(f.graph.steps)
    kept = [i for i, step in enumerate(steps) if step.blocks or getattr(step.op, "draws", False)
            or getattr(step.op, "effects", False)]  # fmt: skip
    assert len(kept) == 5 and all(a in before[b] for a, b in pairwise(kept))


# Products

VIEWS = {
    "slices": lambda x, t: x[t], "from behind": lambda x, t: x[-1 - t], "second axis": lambda x, t:
    x.transpose(0, 1)[:, t], "last axis": lambda x, t: x.permute(1, 2, 0)[..., t], "rows": lambda x, t:
    x.reshape(T * B, N)[t * B : t * B + B], "of what was made": lambda x, t: x.exp()[t],
}  # fmt: skip


@pytest.mark.parametrize("name", VIEWS)
def test_parts_of_one_tensor_are_not_copied(name):
    def f(x, w, h):
        for t in range(T):
            h = mg.tanh(VIEWS[name](x, t) @ w + h)
        return h

    assert batched(f, X, W, S) == (T, 1) and not count(passes.batching(passes.common(graph_of(f, X, W, S))), "cat")


def every_second_row(x, w):
    rows = mg.cat([x, x]).reshape(-1, N)
    return sum((rows[4 * t : 4 * t + 4 : 2] @ w).exp() for t in range(T))


def places_that_are_computed(x, w):
    places = mg.tensor([[0], [1]])
    return sum((x[t][places].sum(1) @ w).exp() for t in range(T))


@pytest.mark.parametrize("f", [every_second_row, places_that_are_computed])
def test_tensors_that_are_no_parts_are_put_together(f):
    assert batched(f, X, W) == (T, 1)


BATCHES, VECTOR = drawn(7, 3, N, H), drawn(8, N)
APART = {
    "several matrices": lambda x, t: (x[t] @ BATCHES).sum(0), "lines with lines": lambda x, t: x[t, 0] @ VECTOR * S,
    "no rows": lambda x, t: (x[t, :0] @ W).sum() + S, "columns with several matrices": lambda x, t:
    BATCHES.transpose(1, 2) @ x[t, 0] + t,
}  # fmt: skip


@pytest.mark.parametrize("name", APART)
def test_products_that_are_not_those_of_one_matrix_stay(name):
    assert batched(lambda x: sum(APART[name](x, t).exp() for t in range(T)), X) == (T, T)


def test_lengths_that_nobody_knows():
    graph = graph_of(lambda x, y: sum((x * (t + 1)) @ W + y for t in range(T)), X[0], Y[0])
    for value in [*graph.inputs, *(value for step in graph.steps for value in step.outputs)]:
        value.shape = (None, *value.shape[1:])
    assert text(passes.batching(graph)) == text(graph)


def test_places_that_are_numbers_of_a_script():
    @jit.script
    def f(x: mg.Tensor, w: mg.Tensor, k: int):
        return x[k : k + 2] @ w + x[0:2] @ w + x[k : k + 2] @ w * 2 + x[2:4] @ w + x[k:3] @ w

    x = X.reshape(-1, N)
    graph = jit.shaped(f.graph, (x, W, 1))
    after = check(passes.batching(graph))
    assert count(after, "matmul") < count(graph, "matmul") == 5
    assert close(after(x, W, 1).numpy(), f(x, W, 1).numpy())


def test_what_blocks_give():
    """Tensors, matrices and lines that come out of an If are as they are."""
    def f(x, y):
        def of(tensor):
            return jit.cond(x.sum() > 0, lambda z: z * 2, lambda z: z.exp(), (tensor,))

        whole, turned, rows = of(x), of(x[1].t()), of(y[1].sum(0))
        column, line = of(x[0, 0].unsqueeze(1)), of(y[0, 0].unsqueeze(0))
        total = sum((whole[t].t() @ y[t] for t in range(1, T)), whole[0].t() @ y[0])
        total = total + turned @ y[1] + column * line
        for t in range(T):
            total = total + of(x[t].t() @ y[t])
        lines = sum((y[t].sum(0) for t in range(1, T)), rows)
        return total.exp() + sum(of(lines + t) for t in range(T)), sum((of(x[t]) @ W).exp() for t in range(T))

    graph = jit.trace(f, (X, Y), check_trace=False).graph
    assert any(isinstance(step, If) for step in graph.steps)
    after = check(passes.batching(graph))
    for x in (X.abs(), -X.abs()):
        assert all(close(a.numpy(), b.numpy()) for a, b in zip(f(x, Y), after(x, Y), strict=True))


# Sums

OTHER = drawn(9, T, B, N)
SUMS = {  # terms, and how many products stay for T of them and T more
    "against each other": (lambda x, y, t: x[t].t() @ y[T - 1 - t], 1),
    "squares of lines": (lambda x, y, t: x[t, 0] * OTHER[t, 1][:, None], 1),
    "squares of lines, the column first": (lambda x, y, t: x[t, 0][:, None] * OTHER[t, 1][None, :], 1),
    "squares of lines, the line first": (lambda x, y, t: x[t, 0][None, :] * OTHER[t, 1][:, None], 1),
    "lines by reshape": (lambda x, y, t: x[t, 0].reshape(-1, 1) * y[t, 1], 0),
    "turned, no products": (lambda x, y, t: y[t, :, :N].exp().t() @ y[t] + (x[t].exp() @ BATCHES[0]).sum(0), None),
    "no product, turned": (lambda x, y, t: mg.cat([y[t], y[t, :1]]).exp().t()[:N] @ mg.ones(3, 1), None),
}  # fmt: skip


@pytest.mark.parametrize("name", SUMS)
def test_sums(name):
    def f(x, y):
        total = 0
        for t in range(T):
            term = SUMS[name][0](x, y, t)
            total = term if t == 0 else total + term
        return total + mg.stack([total[i, :1] for i in range(len(total))]).exp()

    graph = graph_of(f, X, Y)
    after = check(passes.batching(graph))
    assert close(graph(X, Y).numpy(), after(X, Y).numpy())
    if SUMS[name][1] is not None:
        assert count(after, "matmul") == SUMS[name][1]


def test_a_matrix_turned_round_that_is_no_product_is_a_term_as_it_is():
    def f(x, y):
        total = x[0].exp().sum() + y[0].new_zeros(N, H)
        for t in range(T):
            total = total + x[t].t() @ y[t] + (y[t, 0] + mg.zeros(N, 1)).exp().t().t()
        return total + (drawn(3, H, N).exp() * x[0, 0]).t()

    assert batched(f, X, Y) == (T, 1)


def test_sums_of_two_dtypes_stay():
    def products(x, y):
        total = mg.zeros(N, H, dtype=mg.float64)
        for t in range(T):
            total = total + x[t].t() @ y[t]
        return total

    def columns(x, y):
        total = mg.zeros(H, dtype=mg.float64)
        for t in range(T):
            total = total + y[t].exp().sum(0, dtype=mg.float64)
        return total

    assert batched(products, X, Y) == (T, T)
    graph = graph_of(columns, X, Y)
    after = check(passes.batching(graph))
    assert close(graph(X, Y).numpy(), after(X, Y).numpy()) and count(after, "sum") == 1


def test_the_end_of_a_row_is_cut_out_of_it():
    def f(x, y):
        states = [y[t].exp() for t in range(T)]
        every = sum((x[t].t() @ states[t] for t in range(1, T)), x[0].t() @ states[0])
        return every, sum((OTHER[t].t() @ states[t] for t in range(2, T)), OTHER[1].t() @ states[1])

    graph = graph_of(f, X, Y)
    after = check(passes.batching(graph))
    assert any(line.endswith(" : float32[8, 4] = index(%cat, index=2:10)") for line in text(after))
    assert all(close(a.numpy(), b.numpy()) for a, b in zip(graph(X, Y), after(X, Y), strict=True))


# Loops


def scripted(f, *inputs):
    """Products in the loop of a script, before and after."""
    graph = jit.shaped(f.graph, inputs)
    after = check(passes.batching(graph))
    assert close(after(*inputs).numpy(), f(*inputs).numpy())
    loops = [next(step for step in one.steps if isinstance(step, Loop)) for one in (graph, after)]
    return [count(loop.body, "matmul", "linear") for loop in loops]


def test_loops_that_go_through_a_tensor_and_loops_that_do_not():
    @jit.script
    def through(x: mg.Tensor, w: mg.Tensor, h: mg.Tensor):
        for t in range(5):
            h = mg.tanh(x[t] @ w + h)
        return h

    @jit.script
    def shorter(x: mg.Tensor, w: mg.Tensor, h: mg.Tensor):
        for t in range(4):
            h = mg.tanh(x[t] @ w + h)
        return h

    @jit.script
    def vector(x: mg.Tensor, w: mg.Tensor, h: mg.Tensor):
        for t in range(x.shape[0]):
            h = mg.tanh((x[t] @ w).sum() + h)
        return h

    @jit.script
    def branching(x: mg.Tensor, w: mg.Tensor, h: mg.Tensor):
        for t in range(x.shape[0]):
            if h.sum() > 0:
                h = h - 1
            h = mg.tanh(x[t] @ w + h)
        return h

    found = [scripted(f, X, W, S) for f in (through, shorter, branching)]
    assert found == [[1, 0], [1, 1], [1, 0]]
    assert [scripted(vector, X, w, S) for w in (VECTOR, BATCHES)] == [[1, 1]] * 2
