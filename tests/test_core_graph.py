"""autograd.graph: hooks on what is saved, and PyTorch's names for it. The stories are scenarios 36 and 37."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import modes
from minigrad.autograd.graph import PackedNode, save_on_cpu, saved_tensors_hooks
from minigrad.op import OPS
from tests.samples import SAMPLES
from tests.test_core_ops import tensors


def gradients(name, row, create_graph):
    """Of every input that may have one; and the node."""
    arrays, attributes = row
    inputs = tensors(OPS[name], arrays, "float64")
    y = OPS[name](*inputs, **attributes)
    leaves = [x for x in inputs if x.requires_grad]
    found = mg.autograd.grad(y, leaves, grad_outputs=(y * 0 + 1.3).detach(), create_graph=create_graph)
    return [g.detach().numpy() for g in found], y.grad_fn


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_op_runs_back_through_packed_tensors(name):
    @settings(max_examples=4, deadline=None, derandomize=True)
    @given(SAMPLES[name], st.booleans())
    def check(row, create_graph):
        plain, _ = gradients(name, row, create_graph)
        with saved_tensors_hooks(lambda t: (t.device, t.detach().clone().numpy()), lambda kept: mg.tensor(kept[1])):
            packed, node = gradients(name, row, create_graph)
        assert type(node) is PackedNode
        for g, expected in zip(packed, plain, strict=True):
            np.testing.assert_array_equal(g, expected)

    check()


def test_the_hooks_are_the_threads_and_end_with_their_block():
    hooks = saved_tensors_hooks(lambda t: t, lambda t: t)
    with hooks, hooks:
        assert modes.special and type(mg.ones(1, requires_grad=True).exp().grad_fn) is PackedNode
    assert modes.state.packing is None and not modes.special
    with pytest.raises(KeyError), hooks:
        raise KeyError
    assert modes.state.packing is None


def test_hooks_that_do_something_else_are_refused():
    x = mg.ones(1, requires_grad=True) * 1
    with saved_tensors_hooks(lambda t: t.add_(1), lambda t: t), pytest.raises(RuntimeError, match="input in place"):
        x.sin()
    with saved_tensors_hooks(lambda t: t, lambda t: 5):
        node = x.exp().grad_fn
    assert node.kept_arrays() == {}
    with pytest.raises(TypeError, match="expected to be a Tensor but got result of type int"):
        _ = node._saved_result


def test_save_on_cpu_brings_back_to_the_device(gpu):
    x = mg.tensor([1.0, 2.0]).to(gpu).requires_grad_()
    with save_on_cpu():
        y = x.exp().sum()
    y.backward()
    assert x.grad.device == gpu and x.grad.cpu().tolist() == pytest.approx([2.7183, 7.3891], rel=1e-4)


def test_anomaly_mode_still_names_the_line():
    x = mg.tensor(0.0, requires_grad=True)
    with mg.autograd.detect_anomaly(), saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x.sqrt() * 0
        with pytest.raises(RuntimeError, match=r"(?s)SqrtBackward0.*x\.sqrt\(\)"):
            y.backward()


def test_an_op_in_place_in_the_block_gives_the_same_gradient():
    x = mg.tensor([0.5, 2.0], requires_grad=True)
    found = []
    for hooks in (mg.no_grad(), saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t)):
        with hooks, mg.enable_grad():
            y = x * 3
            y[0] = x[1] * x[1]
            y.exp_()
        found.append(mg.autograd.grad(y.sum(), x)[0].tolist())
    assert found[0] == found[1]


def test_saved_names_tell_what_an_op_may_keep():
    x, w = mg.ones(2, 3, requires_grad=True), mg.ones(3, 2)
    node = (x @ w).grad_fn
    assert node._saved_self is None and node._saved_mat2.shape == (3, 2) and "_saved_mat2" in dir(node)
    assert (x**2.0).grad_fn._saved_exponent is not None and x.sum().grad_fn._saved_self_sym_sizes == (2, 3)
    with pytest.raises(AttributeError, match="'AddBackward0' object has no attribute '_saved_self'"):
        _ = (x + 1).grad_fn._saved_self
    y = x.exp()
    assert y.grad_fn._saved_result.grad_fn is y.grad_fn and (x * x).grad_fn._saved_self is x and node.metadata == {}
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        _ = y.grad_fn.next_functions[0][0]._saved_result
    z = x.exp().sum()
    exp = z.grad_fn.next_functions[0][0]
    z.backward()
    with pytest.raises(RuntimeError, match=r"already been freed.*retain_graph"):
        _ = exp._saved_result
    half = mg.ones(2, dtype=mg.float16, requires_grad=True)
    kept = (half * mg.ones(2, requires_grad=True)).grad_fn._saved_self
    assert kept.dtype is mg.float32 and kept.requires_grad  # as it was promoted, and still in the graph


def test_what_a_ctx_holds_can_be_read_from_its_node_and_the_nodes_own_fields_cannot_be_taken():
    class Twice(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x, n):
            ctx.saved, ctx.parents, ctx.function, ctx.name = n, "mine", "mine", "mine"
            return x * n

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved, None

    x = mg.tensor(1.0, requires_grad=True)
    y = Twice.apply(x, 5)
    y.backward()
    assert x.grad.item() == 5 and y.grad_fn.name() == "TwiceBackward" and y.grad_fn.needs_input_grad == (True, False)
    with pytest.raises(AttributeError):
        _ = y.grad_fn.nothing
    assert not hasattr(y.grad_fn, "_saved_self") and not hasattr(y.grad_fn, "made_at")


def test_a_hook_on_several_tensors_needs_tensors_with_gradients():
    together, x = mg.autograd.graph.register_multi_grad_hook, mg.ones(2, requires_grad=True)
    with pytest.raises(mg.GradError, match="doesn't require gradient"):
        together([x, x.detach()], print)
    assert not x.grad_fn and x._edge.hooks is None  # nothing was registered
    seen = []
    together([x, x.detach()], seen.append, mode="any")
    (x * 3).sum().backward()
    assert [g.tolist() for g in seen] == [[3, 3]]
