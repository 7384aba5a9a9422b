"""Every op that has a derivative, against central differences, to second order; and what its results may share."""

import inspect
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.hooks import as_tensor as _as_tensor
from minigrad.op import OPS, Op
from tests.samples import SAMPLES

CUTS = {
    "all", "any", "argmax", "argmedian", "argmin", "argmode", "argsort", "argwhere", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "count_nonzero",
    "detach", "eq", "gcd", "ge", "gt", "isclose", "isfinite", "isinf", "isnan", "lcm", "le", "logical_and",
    "logical_not", "logical_or", "logical_xor", "lt", "max_index", "ne", "one_hot_mask", "running_place",
    "searchsorted", "signbit", "to_integer", "view_dtype",
}  # fmt: skip
REFUSED = {"floor_divide"}  # recorded, but backward raises
TENSORS_ONLY = {  # what stands side by side element by element may be a plain number; these have no such operands
    "convolution", "convolution_input", "convolution_weight", "cross_entropy", "embedding", "fade_sum", "gather", "gru",
    "less_one_hot", "linear", "lstm", "max_index", "nll_loss", "put_along_dim", "rnn", "scatter_add", "searchsorted",
    "take_along_dim",
}  # fmt: skip
SMOOTH = sorted(name for name, op in OPS.items() if op.rules and name not in REFUSED)
few = settings(max_examples=10, derandomize=True, deadline=None, database=None)


def tensors(op, arrays, dtype):
    """The drawn arrays as tensors; those that a rule belongs to ask for gradients."""
    made = []
    for name, array in zip(op.names_of(arrays), arrays, strict=True):
        tracked = op.rules[name] is not None
        array = array.astype(dtype, order="K") if tracked else np.array(array)
        made.append(mg.Tensor(array, requires_grad=tracked))
    return made


def test_the_ops_without_a_derivative_are_the_intended_ones():
    assert {name for name, op in OPS.items() if not op.rules} == CUTS


def test_every_op_with_a_derivative_has_a_row_and_every_row_an_op():
    assert set(SMOOTH) == set(SAMPLES), "add a row to tests/samples.py"


@pytest.mark.parametrize("name", SMOOTH)
def test_rules_agree_with_central_differences(name):
    @few
    @given(SAMPLES[name])
    def check(row):
        arrays, attributes = row
        assert mg.gradcheck(lambda *ts: OPS[name](*ts, **attributes), tensors(OPS[name], arrays, "float64"))

    check()


@pytest.mark.parametrize("name", SMOOTH)
def test_rules_of_rules_agree_with_central_differences(name):
    @few
    @given(SAMPLES[name])
    def check(row):
        arrays, attributes = row
        inputs = tensors(OPS[name], arrays, "float64")
        tracked = [x for x in inputs if x.requires_grad]
        weights = [mg.Tensor(np.random.default_rng(i).uniform(0.5, 1.5, x.shape)) for i, x in enumerate(tracked)]

        def first_derivatives(*inputs):
            y = OPS[name](*inputs, **attributes)
            seen = mg.autograd.grad(y, tracked, grad_outputs=(y * 0 + 1.3).detach(), create_graph=True)
            total = sum((g * w).sum() for g, w in zip(seen, weights, strict=True))
            return total + sum((x * 0).sum() for x in tracked)  # a constant derivative has derivative 0, and no graph

        assert mg.gradcheck(first_derivatives, inputs, atol=1e-4)

    check()


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_keep_dtype_and_shape_and_share_no_memory(name):
    @few
    @given(SAMPLES[name], st.sampled_from(["float32", "float64", "float16"]), st.booleans())
    def check(row, dtype, create_graph):
        arrays, attributes = row
        if "dtype" in attributes:
            attributes = {"dtype": np.dtype(dtype)}
        inputs = tensors(OPS[name], arrays, dtype)
        tracked = [x for x in inputs if x.requires_grad]
        y = OPS[name](*inputs, **attributes)
        assert y.array.dtype == dtype
        weights = mg.Tensor(np.ones(y.shape, dtype))
        y.backward(weights, create_graph=create_graph)
        for x in tracked:
            assert (x.grad.shape, x.grad.dtype, x.grad.device) == (x.shape, x.dtype, x.device)
        owners = [weights.array, *(x.array for x in inputs), *(x.grad.array for x in tracked)]
        for (i, a), (k, b) in itertools.combinations(enumerate(owners), 2):
            assert not np.shares_memory(a, b), f"{i} and {k} of gradient=, inputs and .grad share memory"
        for x in tracked:
            assert not np.shares_memory(x.grad.array, y.array)

    check()


@pytest.mark.parametrize("name", SMOOTH)
def test_a_rule_never_hands_out_what_it_saved(name):
    @few
    @given(SAMPLES[name])
    def check(row):
        arrays, attributes = row
        op = OPS[name]
        y = op(*tensors(op, arrays, "float64"), **attributes)
        node = y.grad_fn
        kept = [a for a in node.saved if isinstance(a, np.ndarray)]
        g = np.ones(y.shape)
        shared = node.plan.shared(g, node.saved, np)[0] if node.plan.shared else None
        quick, usual = (run(g, node.saved, np, shared) for run in (node.plan.quick, node.plan.contributions))
        for sent in (*quick, *usual):
            assert sent is None or not any(np.shares_memory(_as_tensor(sent).array, a) for a in kept)

    check()


@pytest.mark.parametrize("name", SMOOTH)
def test_without_recording_an_op_gives_the_same_and_leaves_nothing_behind(name):
    @few
    @given(SAMPLES[name])
    def check(row):
        arrays, attributes = row
        inputs = tensors(OPS[name], arrays, "float64")
        y = OPS[name](*inputs, **attributes)
        for _ in range(2):  # the second time, what goes together is known
            with mg.no_grad():
                z = OPS[name](*inputs, **attributes)
            assert z._edge is None and not z.is_inference() and z._is_view() is y._is_view()
            assert z.dtype == y.dtype and np.array_equal(z.array, y.array, equal_nan=True)
        assert OPS[name](*inputs, **attributes).requires_grad is y.requires_grad

    check()


def test_an_option_left_out_means_the_same_to_an_op_and_to_the_function_of_its_name():
    compared = 0
    for name, op in OPS.items():
        for home in (mg, mg.nn.functional, mg.Tensor):
            function = getattr(home, name, op)
            parameters = {} if function is op else inspect.signature(function).parameters
            for option in op.attributes.keys() & parameters:
                said, public = op.attributes[option], parameters[option].default
                if public not in (inspect.Parameter.empty, None, ()) and said is not inspect.Parameter.empty:
                    assert said == public, f"{name}(): {option}"
                    compared += 1
    assert compared > 30


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "argsort"])
def test_an_op_along_an_axis_takes_the_last_one_if_left_out(name):
    x = mg.tensor([[1.0, 5.0, 2.0], [0.5, 0.0, 4.0]])
    assert OPS[name](x).tolist() == OPS[name](x, dim=1).tolist() != OPS[name](x, dim=0).tolist()


def test_tensors_are_joined_along_the_first_axis_if_none_is_named():
    x = mg.ones(2, 3)
    assert OPS["cat"](x, x).shape == (4, 3) and OPS["stack"](x, x).shape == (2, 2, 3)


def answers(op, a, b):
    """What op gives for a and b, and the gradients of both in the order of the names."""
    y = op(a, b)
    if y.requires_grad and op.name not in REFUSED:
        return [y.array, *(g.array for g in mg.autograd.grad(y.sum(), [a, b]))]
    return [y.array]


def test_ops_whose_operands_may_change_places_say_so():
    """Pictures leave the names of operands out where they do not matter."""
    whole, wrong = mg.tensor([[0, 5, 5, 3], [4, 2, 7, 3]]), []  # with a tie
    for name, op in OPS.items():
        if len(op.arguments) != 2 or op.kind == "matmul" or op.fixed or op.attributes or not op.broadcasts:
            continue
        same = []
        for a, b in (whole, whole > 3, whole / 3):
            a, b = (x.clone().requires_grad_(x.is_floating_point()) for x in (a, b))
            try:
                found = zip(answers(op, a, b), answers(op, b, a)[:1] + answers(op, b, a)[:0:-1], strict=True)
            except (TypeError, RuntimeError, ZeroDivisionError):  # not for this dtype
                continue
            same += [np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in found]
        if not same or op.commutes != all(same):
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum", "minimum"])
def test_a_plain_number_may_stand_in_the_place_of_either_operand(name):
    op = OPS[name]
    for number in (2, 2.5, np.float64(0.5), np.int64(3), *([True] if op.bools else [])):
        for dtype in (mg.float32, mg.float64):
            x = mg.tensor([1.25, 2.25, 0.6], dtype=dtype, requires_grad=True)
            as_tensor = mg.tensor(float(number), dtype=dtype)
            for left, right in ((op(x, number), op(x, as_tensor)), (op(number, x), op(as_tensor, x))):
                assert left.dtype is right.dtype is dtype
                assert left.tolist() == right.tolist()
                a, b = (mg.autograd.grad(y.sum(), x, create_graph=True)[0] for y in (left, right))
                assert a.dtype is dtype and a.tolist() == b.tolist()
                if a.requires_grad:
                    a, b = (mg.autograd.grad(y.sum(), x)[0] for y in (a, b))
                    assert a.tolist() == b.tolist()


@pytest.mark.parametrize("name", sorted(TENSORS_ONLY))
def test_a_plain_number_stands_in_for_no_tensor_of_another_kind(name):
    op = OPS[name]
    for i, argument in enumerate(op.arguments):
        operands = [2.0 if k == i else mg.ones(1, 1, 1) for k in range(len(op.arguments))]
        with pytest.raises(TypeError, match=rf"{op.name}\(\): argument '{argument}' must be a Tensor, not float"):
            op(*operands, **{attribute: 1 for attribute in op.attributes})


def test_an_answer_of_yes_or_no_is_not_recorded():
    x, y = mg.ones(2, requires_grad=True), mg.ones(2)
    for answer in (x >= y, y >= x, x >= x, x >= 1, x.isnan(), x.argmax()):
        assert answer.grad_fn is None and not answer.requires_grad


def test_an_elementwise_op_may_change_the_dtype():
    def positive(xp, x):
        return x > 0

    answer = Op(positive, "elementwise")(mg.tensor([1.0, -1.0]))
    assert answer.dtype is mg.bool and (answer + 1).tolist() == [2, 1]


def test_powers_of_zero():
    x = mg.tensor(0.0, requires_grad=True)
    value, derivatives = x**2, []
    for _ in range(4):
        (value,) = mg.autograd.grad(value, x, create_graph=True)
        derivatives.append(value.item())
    assert derivatives == [0, 2, 0, 0]
    exponent = mg.tensor([0.0, 2.0, -1.0], requires_grad=True)
    (mg.tensor(0.0) ** exponent).sum().backward()
    assert exponent.grad.tolist() == [0, 0, -np.inf]  # as PyTorch has it
    (x**0).backward()
    assert x.grad.item() == 0


def test_ties_go_where_pytorch_sends_them():
    def gradient(function, values):
        x = mg.tensor(values, requires_grad=True)
        function(x).backward()
        return x.grad.tolist()

    assert gradient(lambda x: x.relu().sum(), [0.0, -0.0, 1.0]) == [0, 0, 1]
    assert gradient(lambda x: x.abs().sum(), [0.0, -2.0, 1.0]) == [0, -1, 1]
    assert gradient(lambda x: x.max(), [1.0, 3.0, 3.0]) == [0, 0.5, 0.5]
    assert gradient(lambda x: x.min(), [1.0, 1.0, 3.0]) == [0.5, 0.5, 0]
    assert gradient(lambda x: x.amax(dim=0), [1.0, 3.0, 3.0]) == [0, 0.5, 0.5]
    assert gradient(lambda x: x.max(dim=0).values, [1.0, 3.0, 3.0]) == [0, 1, 0]
    assert gradient(lambda x: x.min(dim=0).values, [1.0, 1.0, 3.0]) == [1, 0, 0]
    assert gradient(lambda x: x.maximum(mg.ones(3)).sum(), [1.0, 0.0, 3.0]) == [0.5, 0, 1]
    assert gradient(lambda x: x.minimum(mg.ones(3)).sum(), [1.0, 0.0, 3.0]) == [0.5, 1, 0]
    assert gradient(lambda x: x.max(), [np.nan, 3.0, np.nan]) == [0.5, 0, 0.5]


def test_steps_have_derivative_zero_which_is_not_none():
    x = mg.tensor([0.3, -1.7], requires_grad=True)
    for y in (x.round(), x.floor(), x.sign()):
        (g,) = mg.autograd.grad(y, x, grad_outputs=mg.tensor([np.inf, 1.0]))
        assert g.tolist() == [0, 0]


def test_nan_has_no_sign():
    x = mg.tensor([np.nan, -2.0], requires_grad=True)
    assert x.sign().tolist() == [0, -1]
    x.abs().sum().backward()
    assert x.grad.tolist() == [0, -1]


def test_repeated_indices_add():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[[0, 0, 2]].sum().backward()
    assert x.grad.tolist() == [2, 0, 1]


def test_where_does_not_protect_from_the_arm_that_was_not_chosen():
    x = mg.tensor(0.0, requires_grad=True)
    mg.where(x > 0, x.sqrt(), 0 * x).backward()
    assert np.isnan(x.grad.item())


def test_softmax_and_its_logarithm_do_not_overflow():
    x = mg.tensor([1000.0, 0.0, -1000.0])
    assert x.softmax(dim=0).tolist() == [1, 0, 0]
    assert x.log_softmax(dim=0).tolist() == [0, -1000, -2000]


def test_sigmoid_is_accurate_in_both_tails():
    x = mg.tensor([-80.0, -20.0, 0.0, 20.0, 800.0, -800.0])
    expected = [1.8048513e-35, 2.0611537e-09, 0.5, 1.0, 1.0, 0.0]
    assert np.allclose(x.sigmoid().numpy(), expected, rtol=1e-6, atol=0)


def test_take_along_dim_broadcasts_its_indices():
    x = mg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    y = mg.ops.take_along_dim(x, mg.tensor([[2, 2]]), dim=1)
    assert y.tolist() == [[3, 3], [6, 6]]
    y.sum().backward()
    assert x.grad.tolist() == [[0, 0, 2], [0, 0, 2]]


def test_an_op_survives_copying_renaming_and_pickling():
    import copy
    import pickle

    renamed = OPS["add"].renamed("add_")
    assert (renamed.name, OPS["add"].name) == ("add_", "add")
    assert pickle.loads(pickle.dumps(renamed)).name == "add_"
    assert pickle.loads(pickle.dumps(OPS["add"])) is OPS["add"]
    assert copy.deepcopy(OPS["mul"]) is OPS["mul"]


def test_formulas_use_the_array_module_they_are_given():
    import ast
    import pathlib

    import minigrad.ops

    for path in pathlib.Path(minigrad.ops.__file__).parent.glob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
        assert not names & {"np", "numpy"}, f"{path.name} calls NumPy by name; use xp"
