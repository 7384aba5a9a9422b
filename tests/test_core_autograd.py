"""Custom functions, hooks, anomaly and inference mode, coroutines, whole Jacobians. Expected: what PyTorch does."""

import asyncio
import gc
import weakref

import pytest

import minigrad as mg
from minigrad import modes
from minigrad.autograd import Function, functional
from minigrad.events import OpRan


def leaf(*values, dtype=mg.float64):
    return mg.tensor(values, dtype=dtype, requires_grad=True)


class Cube(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return scale * x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.scale * 3 * x**2, None


class Polar(mg.autograd.Function):
    """Two outputs."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y, x + y

    @staticmethod
    def backward(ctx, product, total):
        x, y = ctx.saved_tensors
        return product * y + total, product * x + total


def test_a_custom_function_runs_its_own_backward_and_its_derivative_can_be_differentiated():
    x = leaf(1.0, 2.0)
    y = Cube.apply(x, 2)
    y.sum().backward()
    assert x.grad.tolist() == [6, 24] and y.grad_fn.name() == "CubeBackward"
    assert mg.autograd.gradcheck(lambda x: Cube.apply(x, 2), [x])
    assert mg.autograd.gradgradcheck(lambda x: Cube.apply(x, 2), [x])


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0), (2.0, 3.0)])
def test_a_function_of_two_outputs_gets_zeros_for_the_one_that_was_not_used(weights):
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    outputs = Polar.apply(x, y)
    total = sum((out * w).sum() for out, w in zip(outputs, weights, strict=True) if w)
    total.backward()
    assert x.grad.tolist() == [weights[0] * 3 + weights[1], weights[0] * 4 + weights[1]]
    assert mg.gradcheck(lambda x, y: Polar.apply(x, y)[0] * 2 + Polar.apply(x, y)[1], [x, y])


def test_a_function_is_no_cycle_even_when_it_keeps_its_output():
    class Exp(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    x = leaf(0.0)
    gc.disable()
    try:
        y = Exp.apply(x)
        node = weakref.ref(y.grad_fn)
        y.backward()
        del y
        assert node() is None and x.grad.tolist() == [1]
    finally:
        gc.enable()
    assert mg.autograd.gradgradcheck(Exp.apply, [leaf(0.5, 1.0)])  # the kept output knows where it came from


@pytest.mark.parametrize(("answer", "kind", "words"), [
    (lambda g: (g, g, g), RuntimeError, "incorrect number of gradients .expected 2, got 3"),
    (lambda g: (g.sum(), None), RuntimeError, r"invalid gradient at index 0 - got \[\] but expected.*\[2\]"),
    (lambda g: (1.0, None), RuntimeError, "expected a Tensor or None"),
])  # fmt: skip
def test_what_a_custom_backward_returns_is_checked(answer, kind, words):
    class Wrong(Cube):
        @staticmethod
        def backward(ctx, g):
            return answer(g)

    x = leaf(1.0, 2.0)
    with pytest.raises(kind, match=words):
        Wrong.apply(x, 1).sum().backward()
    assert x.grad is None


class Halves(Function):
    """x / 2 twice; the second half's gradient may never come."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x, None)
        ctx.set_materialize_grads(False)
        return x / 2, x / 2

    @staticmethod
    def backward(ctx, first, second):
        ctx.seen = (first is None, second is None)
        return sum(g for g in (first, second) if g is not None) / 2


def test_a_function_may_ask_for_none_in_place_of_zeros():
    x = mg.tensor(4.0, requires_grad=True)
    first, second = Halves.apply(x)
    node = first.grad_fn.parents[0]
    assert list(node.kept_arrays()) == ["saved0"] and first.grad_fn.kept_arrays() == {}
    second.backward()
    assert node.seen == (True, False) and x.grad.item() == 0.5


def test_only_tensors_are_saved():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)

    with pytest.raises(TypeError, match=r"keep anything else as an attribute, ctx.n = n"):
        Wrong.apply(mg.ones(1))


def test_watchers_are_told_of_a_function_as_of_an_op():
    x, seen = mg.ones(1, requires_grad=True), []
    with modes.watch(seen.append):
        Halves.apply(x)
        with mg.no_grad():
            Halves.apply(x)
        Halves.apply(x.detach())
    told = [(e.op.name, e.recorded, e.reason) for e in seen if isinstance(e, OpRan) and e.op.name == "Halves"]
    assert told == 2 * [("Halves", True, None)] + 2 * [("Halves", False, "no_grad")] + 2 * [
        ("Halves", False, "no input requires grad")
    ]


def test_saved_tensors_of_a_function_are_freed_and_guarded():
    x = leaf(1.0)
    y = Cube.apply(x, 1)
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    h = x * 2
    y = Cube.apply(h, 1)
    h.mul_(3)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_hooks_on_tensors_nodes_and_leaves_run_in_their_order():
    x, seen = leaf(2.0), []
    y = x * 3
    x.register_hook(lambda g: seen.append(("leaf", g.item())))
    handle = y.register_hook(lambda g: g * 10)
    y.grad_fn.register_hook(lambda ins, outs: seen.append(("node", ins[0].item(), outs[0].item())))
    y.grad_fn.register_prehook(lambda outs: (outs[0] + 1,))
    x.register_post_accumulate_grad_hook(lambda x: seen.append(("after", x.grad.item())))
    y.backward(retain_graph=True)
    assert seen == [("node", 33, 11), ("leaf", 33), ("after", 33)]
    handle.remove()
    handle.remove()
    y.backward()
    assert seen[-1] == ("after", 33 + 6)


def test_anomaly_mode_names_the_op_and_the_line_that_called_it():
    x = leaf(0.0)
    with mg.autograd.detect_anomaly():
        y = x.sqrt() * 0  # the line to be named
        with pytest.raises(RuntimeError, match=r"(?s)SqrtBackward0.*nan.*0th output.*the line to be named"):
            y.backward()
    assert x.grad is None
    (x.sqrt() * 0).backward()
    assert x.grad.isnan().item()


def test_inference_tensors_stay_out_of_every_graph():
    w = leaf(2.0)
    with mg.inference_mode():
        x = w * 1
        assert x.is_inference() and not x.requires_grad and mg.is_inference_mode_enabled()
        x.add_(1)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        w * x
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor"):
        x.add_(1)
    (w * x.clone()).backward()
    assert w.grad.tolist() == [3] and (w + x).requires_grad  # a sum saves nothing


def test_a_decorated_coroutine_leaves_other_tasks_alone():
    seen = []

    @mg.no_grad()
    async def quiet(n):
        for _ in range(n):
            seen.append(("quiet", mg.is_grad_enabled()))
            await asyncio.sleep(0)
        return "done"

    async def loud(n):
        for _ in range(n):
            seen.append(("loud", mg.is_grad_enabled()))
            await asyncio.sleep(0)

    async def both():
        return (await asyncio.gather(quiet(3), loud(3)))[0]

    assert asyncio.run(both()) == "done" and mg.is_grad_enabled()
    assert len(seen) == 6 and all(enabled == (who == "loud") for who, enabled in seen)


def test_jacobians_hessians_and_products_with_them():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    f = mg.autograd.functional
    assert f.jacobian(lambda x: x * x, x).tolist() == [[2, 0], [0, 4]]
    both = f.jacobian(lambda x, y: x * y.sum(), (x, y))
    assert [b.tolist() for b in both] == [[[7, 0], [0, 7]], [[1, 1], [2, 2]]]
    assert f.hessian(lambda x: (x**3).sum(), x).tolist() == [[6, 0], [0, 12]]
    rows = f.hessian(lambda x, y: (x * y).sum(), (x, y))
    assert rows[0][1].tolist() == rows[1][0].tolist() == [[1, 0], [0, 1]] and rows[0][0].tolist() == [[0, 0], [0, 0]]
    v = mg.tensor([1.0, 10.0], dtype=mg.float64)
    assert f.jvp(lambda x: x * x, x, v)[1].tolist() == f.vjp(lambda x: x * x, x, v)[1].tolist() == [2, 40]
    for product in (f.hvp, f.vhp):
        assert product(lambda x: (x**3).sum(), x, v)[1].tolist() == [6, 120]
    assert x.grad is None and y.grad is None


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda x: functional.jacobian(lambda x: (3,), x), TypeError, "must be Tensors or a tuple of Tensors"),
        (lambda x: functional.vjp(lambda x: x, x, mg.ones(3)), RuntimeError, "v has shape"),
        (lambda x: functional.vhp(lambda x: x, x, x), RuntimeError, "a single Tensor with a single element"),
    ],
)
def test_what_jacobians_and_products_refuse(run, kind, words):
    with pytest.raises(kind, match=words):
        run(mg.ones(2))


def test_backward_of_several_tensors_adds_their_gradients():
    x = leaf(3.0)
    mg.autograd.backward([x * 2, (x * x).sum()], [mg.tensor([10.0], dtype=mg.float64), None])
    assert x.grad.tolist() == [26]
    y = x * 2
    mg.autograd.backward([y, y * y], [mg.ones(1, dtype=mg.float64)] * 2)  # one root computed from the other
    assert x.grad.tolist() == [26 + 2 + 24]


def test_the_end_of_a_path_is_a_node_and_takes_hooks():
    w = mg.tensor([2.0, 3.0], requires_grad=True)
    y = (w * w).sum()
    end = y.grad_fn.next_functions[0][0].next_functions[0][0]
    assert isinstance(end, mg.autograd.graph.Node) and end.variable is w and end.name() == "AccumulateGrad"
    assert end.next_functions == () and end.saved_tensors == {} and "_saved_self" not in dir(end)
    seen = []
    before = end.register_prehook(lambda gs: (gs[0] * 10,))
    end.register_hook(lambda sent, reached: seen.append((sent, reached[0].tolist(), w.grad.tolist())))
    y.backward(retain_graph=True)
    assert seen == [((), [40.0, 60.0], [40.0, 60.0])]
    before.remove()
    y.backward()
    assert seen[1] == ((), [4.0, 6.0], [44.0, 66.0])


def test_hooks_on_saved_tensors_can_be_forbidden():
    graph, x = mg.autograd.graph, mg.tensor(2.0, requires_grad=True)
    kept = graph.saved_tensors_hooks(lambda t: t, lambda t: t)
    with graph.disable_saved_tensors_hooks("not here"):
        (x * x).backward()
        with pytest.raises(RuntimeError, match="not here"), kept:
            pass
    with kept, pytest.raises(RuntimeError, match="nor here"), graph.disable_saved_tensors_hooks("nor here"):
        pass
    with kept:
        assert (x * x).grad_fn._saved_self is not None


@pytest.mark.parametrize("answer", [3, [1.0], None])
def test_functions_that_give_no_tensors_have_no_jacobian(answer):
    with pytest.raises(TypeError, match="must be Tensors or a tuple of Tensors, but one of them has type"):
        mg.autograd.functional.jacobian(lambda x: answer, mg.ones(2))
