"""Every op on another device: values, gradients and second derivatives as on the CPU, and no leak to NumPy."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.op import OPS
from tests.samples import SAMPLES

SMOOTH = sorted(name for name, op in OPS.items() if op.rules and name in SAMPLES)
CUTS = sorted(name for name, op in OPS.items() if not op.rules)
few = settings(max_examples=8, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
               suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


def copies(op, arrays, dtype, device):
    """The drawn arrays as tensors on the CPU and on the device, with the same layout as far as it has one."""
    pairs = []
    for name, array in zip(op.names_of(arrays), arrays, strict=True):
        tracked = bool(op.rules) and op.rules[name] is not None
        array = array.astype(dtype, order="K") if tracked else np.array(array)
        there = mg.Tensor(array).to(device)
        assert there.device == device
        pairs.append((mg.Tensor(array, requires_grad=tracked), there.requires_grad_(tracked)))
    return zip(*pairs, strict=True)


def moved(attributes, device):
    """Attributes as they come to an op there: arrays of indices have been moved."""
    if isinstance(attributes, np.ndarray):
        return mg.Tensor(attributes).to(device).array
    if isinstance(attributes, dict):
        return {name: moved(value, device) for name, value in attributes.items()}
    return tuple(moved(part, device) for part in attributes) if type(attributes) is tuple else attributes


def same(ours, theirs, dtype="float64"):
    """The same numbers, dtype and shape; `theirs` is on the device."""
    assert theirs.is_cuda and (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    rtol = {"float16": 1e-2, "float32": 1e-4}.get(dtype, 1e-9)
    assert np.allclose(ours.detach().numpy(), theirs.detach().cpu().numpy(), rtol=rtol, atol=rtol, equal_nan=True)


def derivatives(y, tensors):
    """First derivatives with fixed weights, recorded, and second ones of what has a graph."""
    tracked = [x for x in tensors if x.requires_grad]
    weights = mg.Tensor(np.linspace(0.5, 1.5, y.array.size).astype(str(y.dtype).split(".")[-1]).reshape(y.shape))
    first = mg.autograd.grad(y, tracked, weights.to(y.device), create_graph=True)
    total = [(g * g).sum() for g in first if g.requires_grad]
    second = mg.autograd.grad(total, tracked, allow_unused=True) if total else ()
    return [*first, *(g for g in second if g is not None)]


@pytest.mark.parametrize("name", SMOOTH)
def test_an_op_and_its_derivatives_are_the_same_there(name, gpu):
    op = OPS[name]

    @few
    @given(SAMPLES[name], st.sampled_from(["float64", "float32"]))
    def check(row, dtype):
        arrays, attributes = row
        if "home" in attributes:
            return  # a move is no formula; test_device_tensors moves tensors
        if "dtype" in attributes:
            attributes = {"dtype": np.dtype(dtype)}
        here, there = copies(op, arrays, dtype, gpu)
        y, z = op(*here, **attributes), op(*there, **moved(attributes, gpu))
        same(y, z, dtype)
        for a, b in zip(derivatives(y, here), derivatives(z, there), strict=True):
            same(a, b, dtype)

    check()


FLOATS, WHOLE, TRUTHS = "float32", "int64", "bool"
VALUES = {FLOATS: ([0.5, -1.0, 0.0, 2.0], [1.0, -1.0, 0.5, 0.0]), WHOLE: ([3, 1, 0, 2], [1, 1, 2, 0]),
          TRUTHS: ([1, 0, 1, 0], [1, 1, 0, 0])}  # fmt: skip
CUT_ATTRIBUTES = {
    "one_hot_mask": {"classes": 4}, "to_integer": {"dtype": np.dtype("int64")}, "argmedian": {"dim": 0},
    "argmode": {"dim": 0}, "running_place": {"dim": 0},
    "view_dtype": {"dtype": np.dtype("int32")},
}  # fmt: skip
CUTS.remove("max_index")  # it stands behind max_pool's return_indices, which test_device_twin asks for


def kind_of_input(name):
    """The dtype that a cut is about."""
    if name.startswith("logical"):
        return TRUTHS
    return WHOLE if name.startswith("bitwise") or name in ("one_hot_mask", "gcd", "lcm") else FLOATS


@pytest.mark.parametrize("name", CUTS)
def test_an_op_without_derivative_is_the_same_there(name, gpu):
    op = OPS[name]
    dtype = kind_of_input(name)
    here, there = copies(op, [np.array(v, dtype) for v in VALUES[dtype][: len(op.arguments)]], dtype, gpu)
    attributes = CUT_ATTRIBUTES.get(name, {})
    same(op(*here, **attributes), op(*there, **attributes))


def test_places_that_are_not_there_are_refused_there_too(gpu):
    """CuPy's own arrays start again from the other end."""
    x, far = mg.ones(3, 2).to(gpu), mg.tensor([0, 3]).to(gpu)
    for run in (lambda: x[far], lambda: x[:, far], lambda: x[-1 - far], lambda: x[far, 0],
                lambda: mg.take_along_dim(x, far[:, None], 0), lambda: x.gather(0, far[:, None])):  # fmt: skip
        with pytest.raises(IndexError, match="out of bounds"):
            run()
    assert x[-far[:1] - 3].tolist() == [[1, 1]]


def test_a_gradient_that_comes_from_the_cpu_goes_on_there(gpu):
    x = mg.tensor([0.0, 1.0], device=gpu, requires_grad=True)
    x[1:].cpu().sum().backward()  # its rule makes zeros, there
    assert x.grad.is_cuda and x.grad.tolist() == [0, 1]


def test_whole_quotients_of_floats_are_those_of_the_cpu(gpu):
    a, b = mg.tensor([7.5, -7.5, 7.5, 1.0, 0.0, mg.inf]), mg.tensor([2.0, 2.0, -3.0, 0.25, 5.0, 2.0])
    for run in (mg.floor_divide, mg.remainder):
        np.testing.assert_array_equal(run(a.to(gpu), b.to(gpu)).cpu().numpy(), run(a, b).numpy())


def test_more_indices_than_axes_are_refused_there_too(gpu):
    x, zero = mg.ones(3, 2).to(gpu), mg.tensor([0]).to(gpu)
    with pytest.raises(IndexError, match="too many indices"):
        x[zero, zero, zero]
