"""Bad input: the kind of error that PyTorch raises, with op, shapes, dtypes and the remedy; nothing half-done."""

import sys
import types

import numpy as np
import pytest

import minigrad as mg
from minigrad.op import OPS, Op


def leaf(*values):
    return mg.tensor(list(values) or [1.0, 2.0, 3.0], requires_grad=True)


def freed():
    z = (leaf() * leaf()).sum()
    z.backward()
    return z


def overwritten():
    h = leaf() * 1
    z = (h**2).sum()
    with mg.no_grad():
        h += 1
    return z


F = mg.nn.functional
CASES = {
    "broadcast": (
        lambda: mg.ones(2, 3) + mg.ones(2),
        RuntimeError, r"add\(a: \(2, 3\) float32 on cpu, b: \(2,\).*unsqueeze",
    ),
    "matmul": (
        lambda: mg.ones(2, 3) @ mg.ones(2, 3),
        RuntimeError, r"matmul\(a: \(2, 3\).*b: \(2, 3\).*inner.*Transpose",
    ),
    "matmul dtype": (
        lambda: mg.ones(2) @ mg.ones(2).double(),
        RuntimeError, r"matmul.*float32.*float64.*\.to\(dtype\)",
    ),
    "matmul number": (lambda: mg.ones(2) @ 2, TypeError, r"matmul\(\): argument 'b' must be a Tensor, not int"),
    "matmul 0-d": (lambda: mg.ones(2) @ mg.tensor(2.0), RuntimeError, r"matmul.*b: \(\).*Use \*"),
    "matmul bool": (lambda: mg.ones(2).bool() @ mg.ones(2).bool(), RuntimeError, r"matmul.*bool.*float"),
    "linear": (lambda: mg.nn.Linear(3, 2)(mg.ones(1, 4)), RuntimeError, r"linear.*\(1, 4\).*\(2, 3\).*in_features"),
    "linear bias": (lambda: F.linear(mg.ones(1, 3), mg.ones(2, 3), mg.ones(3)), RuntimeError, r"bias.*\(3,\).*\(2,\)"),
    "linear dtype": (lambda: mg.nn.Linear(3, 2)(mg.ones(1, 3).double()), RuntimeError, "float64.*same dtype"),
    "mean of integers": (lambda: mg.tensor([1, 2]).mean(), RuntimeError, r"mean\(x: \(2,\) int64.*\.float\(\)"),
    "softmax of integers": (lambda: mg.tensor([1, 2]).softmax(dim=0), RuntimeError, r"softmax.*int64.*\.float\(\)"),
    "bool minus bool": (lambda: mg.tensor([True]) - mg.tensor([True]), RuntimeError, "sub.*bool.*not supported"),
    "minus bool": (lambda: -mg.tensor([True]), RuntimeError, "neg.*bool"),
    "float bits": (lambda: ~mg.ones(2), TypeError, "bitwise_not.*float32"),
    "negative power": (lambda: mg.tensor([2]) ** -1, RuntimeError, r"pow.*negative integer powers.*\.float\(\)"),
    "condition": (lambda: mg.where(mg.tensor([1, 0]), 1.0, 2.0), RuntimeError, r"where.*boolean.*int64.*\.bool\(\)"),
    "foreign operand": (lambda: mg.ones(2) + "a", TypeError, r"add\(\): argument 'b' must be a Tensor, not str"),
    "numpy operand": (lambda: mg.ones(2) * np.ones(2), TypeError, r"mul.*ndarray.*from_numpy"),
    "no tensor": (lambda: mg.ops.add(1, 2), TypeError, r"add\(\): at least one argument must be a Tensor"),
    "too many arguments": (lambda: mg.ones(2).exp(3), TypeError, "exp"),
    "unknown keyword": (lambda: mg.ones(2).sum(dims=0), TypeError, "dims"),
    "unknown keyword, two operands": (lambda: mg.ops.where(mg.ones(2) > 0, 1, b=2, c=3), TypeError, "'c'"),
    "missing operand": (lambda: mg.ops.where(mg.ones(2) > 0, 1.0), TypeError, r"missing argument 'b'.*condition"),
    "ignored keyword": (lambda: mg.ones(2).round(digits=2), TypeError, "digits"),
    "reshape": (lambda: mg.ones(2, 3).reshape(4), RuntimeError, r"reshape\(x: \(2, 3\).*\(4,\)"),
    "reshape -2": (lambda: mg.ones(4).reshape(-2, 2), RuntimeError, "-2"),
    "view": (lambda: mg.ones(2, 3).T.view(6), RuntimeError, r"view size.*\.reshape"),
    "expand": (lambda: mg.ones(2, 3).expand(4, 3), RuntimeError, r"broadcast_to\(x: \(2, 3\)"),
    "expand to fewer": (lambda: mg.ones(2, 3).expand(3), RuntimeError, r"expand\(3,\).*\(2, 3\)"),
    "expand new by -1": (lambda: mg.ones(3).expand(-1, 3), RuntimeError, "-1"),
    "dim": (lambda: mg.ones(2, 3).sum(dim=2), IndexError, r"sum\(x: \(2, 3\).*axis 2"),
    "same dim twice": (lambda: mg.ones(2, 3).sum(dim=(0, 0)), RuntimeError, "sum.*duplicate"),
    "transpose": (lambda: mg.ones(2, 3).transpose(0, 2), IndexError, "swapaxes"),
    "permute": (lambda: mg.ones(2, 3).permute(0, 0), RuntimeError, "permute.*repeated"),
    "squeeze": (lambda: mg.ones(2, 3).squeeze(2), IndexError, "squeeze"),
    "unsqueeze": (lambda: mg.ones(2, 3).unsqueeze(4), IndexError, "unsqueeze"),
    "flatten": (lambda: mg.ones(2, 3).flatten(5), IndexError, r"flatten.*5.*\[2, 3\]"),
    "flatten order": (lambda: mg.ones(2, 3).flatten(1, 0), RuntimeError, "start_dim"),
    "mT": (lambda: mg.ones(3).mT, RuntimeError, r"mT.*\[3\]"),
    "index": (lambda: mg.ones(2, 3)[5], IndexError, r"index\(x: \(2, 3\).*index 5 is out of bounds.*size 2"),
    "too many indices": (lambda: mg.ones(2)[0, 0], IndexError, "too many indices"),
    "index of floats": (lambda: mg.ones(2)[mg.ones(2)], IndexError, "integers or booleans, not minigrad.float32"),
    "index 1.5": (lambda: mg.ones(2)[1.5], IndexError, "index"),
    "mask": (lambda: mg.ones(2)[mg.tensor([True, False, True])], IndexError, "mask|boolean index"),
    "max of nothing": (lambda: mg.zeros(0).max(), RuntimeError, r"max\(\).*without elements"),
    "amax of nothing": (lambda: mg.zeros(0, 3).amax(dim=0), IndexError, r"amax\(\).*dim 0.*non-zero"),
    "argmax of nothing": (lambda: mg.zeros(0, 3).argmax(), IndexError, r"argmax\(\)"),
    "item": (lambda: mg.ones(3).item(), RuntimeError, r"3 elements cannot be converted to Scalar.*\.tolist"),
    "bool of many": (lambda: bool(mg.ones(2)), RuntimeError, r"more than one value.*\.any\(\)"),
    "bool of none": (lambda: bool(mg.zeros(0)), RuntimeError, "no values"),
    "float of many": (lambda: float(mg.ones(2)), ValueError, "one element"),
    "index by a float": (lambda: [1, 2][mg.tensor(1.0)], TypeError, "integer"),
    "len of 0-d": (lambda: len(mg.tensor(1.0)), TypeError, "0-d"),
    "iterating 0-d": (lambda: list(mg.tensor(1.0)), TypeError, "0-d"),
    "numpy of a leaf": (lambda: leaf().numpy(), RuntimeError, r"detach\(\)\.numpy\(\)"),
    "not a scalar": (lambda: (leaf() * 2).backward(), RuntimeError, r"scalar outputs.*\[3\].*gradient="),
    "nothing recorded": (lambda: mg.tensor(1.0).backward(), RuntimeError, "does not require grad.*no_grad"),
    "gradient shape": (lambda: leaf().sum().backward(mg.ones(2)), RuntimeError, r"Mismatch in shape.*\[2\].*\[\]"),
    "gradient type": (lambda: leaf().sum().backward(2.0), TypeError, "Tensors or None.*float"),
    "backward twice": (lambda: freed().backward(), RuntimeError, "second time.*retain_graph=True"),
    "overwritten": (
        lambda: overwritten().backward(),
        RuntimeError, r"inplace operation: PowBackward0 saved 'a'.*clone",
    ),
    "no inputs": (lambda: leaf().sum().backward(inputs=[]), RuntimeError, "cannot be empty"),
    "input without grad": (lambda: mg.autograd.grad(leaf().sum(), mg.ones(1)), RuntimeError, "does not require grad"),
    "input no tensor": (lambda: mg.autograd.grad(leaf().sum(), [5]), TypeError, "int"),
    "grad_outputs": (
        lambda: mg.autograd.grad([leaf().sum()], leaf(), grad_outputs=[mg.ones(1), mg.ones(1)]),
        RuntimeError, "1 outputs and 2",
    ),
    "integers track": (
        lambda: mg.tensor([1, 2], requires_grad=True),
        RuntimeError, r"floating.*int64.*3\.0 in place of 3",
    ),
    "grad shape": (lambda: setattr(leaf(), "grad", mg.ones(2)), RuntimeError, r"\[2\].*\[3\]"),
    "grad dtype": (lambda: setattr(leaf(), "grad", mg.ones(3).double()), RuntimeError, "float64.*float32"),
    "grad type": (lambda: setattr(leaf(), "grad", 1.0), TypeError, "Tensor or None"),
    "hook without grad": (lambda: mg.ones(1).register_hook(print), RuntimeError, "doesn't require gradient"),
    "ragged": (lambda: mg.tensor([[1], [1, 2]]), ValueError, "equal lengths"),
    "text": (lambda: mg.tensor("abc"), TypeError, "numbers.*str"),
    "too large": (lambda: mg.tensor(2**63), ValueError, "int64"),
    "complex array": (lambda: mg.tensor(np.ones(2, complex)), TypeError, "complex128"),
    "dtype": (lambda: mg.ones(2).to("cpu").to(dtype="float13"), TypeError, "float13.*float32"),
    "dtype None": (lambda: mg.ones(2).astype(None), TypeError, "None"),
    "negative size": (lambda: mg.zeros(-1), RuntimeError, "negative dimension"),
    "size 2.5": (lambda: mg.zeros(2.5), TypeError, "whole numbers"),
    "arange": (lambda: mg.arange(3, 0), RuntimeError, "step"),
    "not an array": (lambda: mg.Tensor([1.0, 2.0]), TypeError, r"minigrad\.tensor"),
    "from_numpy": (lambda: mg.from_numpy([1.0]), TypeError, "np.ndarray"),
    "default dtype": (lambda: mg.set_default_dtype(mg.int64), TypeError, "floating-point"),
    "device number": (lambda: mg.ones(2).to(-1), RuntimeError, "'cpu', 'cuda'.*'cuda:-1'"),
    "device bool": (lambda: mg.ones(2, device=True), TypeError, "expected a name.*not True"),
    "device name": (lambda: mg.ones(2).to("gpu"), RuntimeError, "'cpu', 'cuda'.*'gpu'"),
    "target out of range": (lambda: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, 3])), IndexError, "Target 3.*0 to 2"),
    "target negative": (lambda: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, -1])), IndexError, "Target -1"),
    "target dtype": (
        lambda: F.cross_entropy(mg.ones(2, 3), mg.ones(2)),
        RuntimeError, r"int64, got float32.*\.long\(\)",
    ),
    "target int32": (lambda: F.cross_entropy(mg.ones(2, 3), mg.ones(2).int()), RuntimeError, "int64, got int32"),
    "target count": (lambda: F.cross_entropy(mg.ones(2, 3), mg.tensor([0])), ValueError, r"batch_size \(2,\).*\(1,\)"),
    "target no tensor": (
        lambda: F.cross_entropy(mg.ones(2, 3), [0, 1]),
        TypeError, "'target' must be a Tensor, not list",
    ),
    "scores with three axes": (
        lambda: F.cross_entropy(mg.ones(2, 3, 2), mg.tensor([[0] * 3] * 2)),
        RuntimeError, r"\(N, C\)",
    ),
    "reduction": (
        lambda: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, 1]), reduction="avg"),
        ValueError, "'mean', 'sum'",
    ),
    "mse": (lambda: F.mse_loss(mg.ones(4, 1), mg.ones(4)), RuntimeError, r"\(4, 1\).*\(4,\).*squeeze"),
    "dropout": (lambda: mg.nn.Dropout(2), ValueError, "between 0 and 1"),
    "one row": (lambda: mg.nn.BatchNorm1d(2)(mg.ones(1, 2)), ValueError, "more than 1 value"),
    "features": (lambda: mg.nn.BatchNorm1d(2)(mg.ones(3, 4)), RuntimeError, r"\(N, 2\).*\(3, 4\)"),
    "gradcheck in single": (lambda: mg.gradcheck(mg.exp, [leaf()]), RuntimeError, "float64"),
    "in place on a leaf": (lambda: leaf().add_(1), RuntimeError, "leaf Variable.*no_grad"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name):
    run, kind, words = CASES[name]
    with pytest.raises(kind, match=r"(?s)" + words) as caught:
        run()
    assert caught.value.__cause__ is None and (caught.value.__context__ is None or caught.value.__suppress_context__)
    assert mg.is_grad_enabled()


def test_a_missing_gpu_says_what_to_do():
    if mg.cuda.is_available():
        pytest.skip("this machine has a GPU")
    module = mg.nn.Linear(2, 2)
    before = module.weight.array
    for run in (lambda: mg.ones(2).cuda(), lambda: mg.ones(2, device="cuda"), lambda: mg.ones(2).to(1),
                lambda: module.to("cuda:0")):  # fmt: skip
        with pytest.raises(RuntimeError, match=r"(?s)cuda.*not available.*device='cpu'.*cuda\.is_available\(\)"):
            run()
    assert module.weight.array is before and mg.cuda.device_count() == 0


@pytest.mark.parametrize(("count", "available"), [(0, False), (1, True)])
def test_cupy_without_a_gpu_is_no_gpu(monkeypatch, count, available):
    runtime = types.SimpleNamespace(getDeviceCount=lambda: count)
    monkeypatch.setitem(sys.modules, "cupy", types.SimpleNamespace(cuda=types.SimpleNamespace(runtime=runtime)))
    monkeypatch.setattr(sys.modules["minigrad.device"], "_cupy", None)
    assert mg.cuda.is_available() is available and mg.cuda.device_count() == count
    if not count:
        with pytest.raises(mg.DeviceError, match="CuPy finds no GPU"):
            mg.zeros(1, device="cuda")


def test_a_gradient_and_a_result_that_live_apart(gpu):
    y = mg.ones(2, requires_grad=True) * 2
    with pytest.raises(mg.DeviceError, match=r"grad_output is on cuda:0, the output on cpu. Use .to"):
        y.backward(mg.ones(2).to(gpu))
    with pytest.raises(mg.DeviceError, match="indices should be either on cpu"):
        mg.ones(2)[mg.tensor([0]).to(gpu)]


def test_a_dtype_that_a_formula_cannot_take_is_named():
    with pytest.raises(mg.DtypeError, match="bitwise_and"):
        mg.ones(2) & mg.ones(2)
    with pytest.raises(TypeError, match="can't make a tensor of dtype"):
        mg.tensor(np.ones(1, "uint16"))


def test_gradcheck_finds_a_wrong_rule():
    def wrong(xp, x):
        return x * x

    op = Op(wrong, kind="elementwise")
    op.vjp(x=lambda g, x: g * x)
    with pytest.raises(RuntimeError, match="central differences"):
        mg.gradcheck(op, [mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)])


def pair(xp, a, b, /, scale=1):
    return a * b * scale


def test_second_derivatives_may_be_checked_where_an_input_is_not_used():
    x, unused = (mg.tensor(2.0, dtype=mg.float64, requires_grad=True) for _ in range(2))
    assert mg.autograd.gradgradcheck(lambda x, unused: x**3, [x, unused])


@pytest.mark.parametrize(("rules", "words"), [
    (dict(a=lambda g, b: g), r"must name exactly a, b; got a"),
    (dict(), r"must name exactly a, b; got nothing"),
    (dict(a=None, b=None, c=None), r"got a, b, c"),
    (dict(a=lambda g, z: g, b=None), r"rule a asks for \(g, z\).*a_shape.*scale.*xp, y"),
    (dict(a=None, b=lambda a, g: g), r"rule b asks for \(a, g\).*g first"),
    (dict(a=lambda: 0, b=None), r"rule a asks for \(\)"),
])  # fmt: skip
def test_a_wrong_registration_fails_on_import_and_leaves_no_rule(rules, words):
    op = Op(pair, kind="elementwise")
    with pytest.raises(TypeError, match=f"op pair.*{words}"):
        op.vjp(**rules)
    assert op.rules == {}


def test_an_op_of_an_unknown_kind_or_a_taken_name_is_refused():
    with pytest.raises(TypeError, match="kind 'magic' is not one of elementwise"):
        Op(pair, kind="magic")

    def add(xp, a, b):
        return a

    before = OPS["add"]
    with pytest.raises(TypeError, match="add is defined twice"):
        mg.ops.elementwise.op(kind="elementwise")(add)
    assert OPS["add"] is before


def test_a_registration_may_use_everything_that_is_allowed():
    op = Op(pair, kind="elementwise")
    op.vjp(
        a=lambda g, a_shape, b, scale, y, xp: xp.where(y == y, g * b * scale, 0).reshape(a_shape),
        b=lambda g, a, scale, b_dtype: (g * a * scale).astype(b_dtype),
    )
    a = mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)
    b = mg.tensor([3.0, 4.0], dtype=mg.float64, requires_grad=True)
    assert mg.gradcheck(lambda a, b: op(a, b, scale=3), [a, b])


def test_a_window_that_does_not_fit_is_told_with_both_sizes():
    functional = mg.nn.functional
    with pytest.raises(mg.ShapeError, match=r"size per channel: \(5,\)\. Kernel size: \(7,\)"):
        functional.conv1d(mg.ones(1, 1, 3), mg.ones(1, 1, 7), padding=1)
    with pytest.raises(mg.ShapeError, match=r"size per channel: \(5, 11\)\. Kernel size: \(13, 3\)"):
        functional.conv2d(mg.ones(1, 1, 3, 9), mg.ones(1, 1, 7, 2), padding=1, dilation=2)


def test_what_cannot_stand_together_is_told_why_first():
    with pytest.raises(mg.ShapeError, match="zero-dimensional tensor cannot be concatenated"):
        mg.cat([mg.ones(2), mg.tensor(1.0)])
    with pytest.raises(mg.ShapeError, match="the layer's in_features"):
        mg.nn.functional.linear(mg.tensor(2.0), mg.ones(3, 1), mg.ones(3))
    for wrong in ((mg.tensor(2.0), mg.ones(3, 1), mg.ones(3)), (mg.ones(2, 2), mg.ones(3), mg.ones(3))):
        with pytest.raises(mg.ShapeError, match="linear"):
            mg.ops.linear(*wrong)


@pytest.mark.parametrize("pool", ["max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d"])
def test_pooling_is_for_floats(pool):
    pool = getattr(mg.nn.functional, pool)
    whole = mg.full((1, 4, 4) if "2d" in pool.__name__ else (1, 4), 3)
    with pytest.raises(mg.DtypeError, match=r"needs a floating-point dtype. Use .float\(\) first"):
        pool(whole, 2)
    assert (pool(whole.float(), 2) == 3).all()
