"""Tensors print as PyTorch's do; each expected text was printed by PyTorch 2.13, with "torch." for "minigrad."."""

import numpy as np
import pytest

import minigrad as mg


def leaf(*values):
    return mg.tensor(list(values), requires_grad=True)


CASES = [
    (lambda: mg.tensor(3.0), "tensor(3.)"),
    (lambda: mg.tensor(7), "tensor(7)"),
    (lambda: mg.tensor([1.0, 2.5, -3.0]), "tensor([ 1.0000,  2.5000, -3.0000])"),
    (lambda: mg.tensor([1.0, 20.0]), "tensor([ 1., 20.])"),
    (lambda: mg.tensor([[1, 2], [30, 4]]), "tensor([[ 1,  2],\n        [30,  4]])"),
    (lambda: mg.tensor([True, False]), "tensor([ True, False])"),
    (lambda: mg.tensor([1.0, 10000.0]), "tensor([1.0000e+00, 1.0000e+04])"),
    (lambda: mg.tensor([0.00001, 1.0]), "tensor([1.0000e-05, 1.0000e+00])"),
    (lambda: mg.tensor([np.nan, np.inf, 1.0]), "tensor([nan, inf, 1.])"),
    (lambda: mg.tensor([np.inf, -np.inf, 0.5]), "tensor([   inf,   -inf, 0.5000])"),
    (lambda: mg.tensor([0.0, -0.0]), "tensor([0., -0.])"),
    (lambda: mg.tensor([]), "tensor([])"),
    (lambda: mg.zeros(0, 3), "tensor([], size=(0, 3))"),
    (lambda: mg.zeros(2, 0, dtype=mg.int64), "tensor([], size=(2, 0), dtype=minigrad.int64)"),
    (lambda: mg.tensor([1.5], dtype=mg.float64), "tensor([1.5000], dtype=minigrad.float64)"),
    (lambda: mg.tensor([1], dtype=mg.int32), "tensor([1], dtype=minigrad.int32)"),
    (lambda: leaf(1.0), "tensor([1.], requires_grad=True)"),
    (lambda: leaf(1.0) * 2, "tensor([2.], grad_fn=<MulBackward0>)"),
    (lambda: leaf(1.0).exp().log_softmax(dim=0), "tensor([0.], grad_fn=<LogSoftmaxBackward0>)"),
    (lambda: mg.arange(8).reshape(2, 2, 2),
     "tensor([[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]])"),
    (lambda: mg.arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    (lambda: mg.zeros(30, 40),
     "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.],\n"
     "        [0., 0., 0.,  ..., 0., 0., 0.],\n        ...,\n        [0., 0., 0.,  ..., 0., 0., 0.],\n"
     "        [0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.]])"),
    (lambda: mg.arange(30) * 1.0,
     "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
     "        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,\n        28., 29.])"),
    (lambda: (mg.arange(8) * 0.125).requires_grad_(),
     "tensor([0.0000, 0.1250, 0.2500, 0.3750, 0.5000, 0.6250, 0.7500, 0.8750],\n       requires_grad=True)"),
    (lambda: mg.tensor([123456789.0]), "tensor([1.2346e+08])"),
    (lambda: mg.tensor(-1e-5), "tensor(-1.0000e-05)"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "text"), CASES)
def test_text(make, text):
    assert repr(make()) == text


def test_names_of_types_and_places():
    assert str(mg.float32) == "minigrad.float32" and mg.float32.name == "float32" and mg.float32.itemsize == 4
    assert str(mg.ones(1).device) == "cpu" and repr(mg.device("cuda", 1)) == "device(type='cuda', index=1)"
    assert repr(mg.ones(2, 3).shape) == "Size([2, 3])" and mg.ones(2, 3).shape.numel() == 6


def test_what_takes_part_in_a_graph_prints_its_name():
    x = mg.ones(1, requires_grad=True)
    assert repr((x * 2).grad_fn.next_functions[0][0]) == "<AccumulateGrad>"
    assert repr(mg.ops.mul) == "<op mul(a, b)>"

    class Square(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x, x + 1

    square, more = Square.apply(x)
    assert (square + more).grad_fn.next_functions[1][0].name() == "SquareBackward"
    assert repr(square.grad_fn.parents[0]) == "<SquareBackward>"


def test_an_array_cut_short_keeps_its_short_axes_whole():
    lines = str(mg.zeros(3, 2000)).splitlines()
    assert len(lines) == 3 and all("..." in line for line in lines)


@pytest.mark.parametrize(("options", "make", "text"), [
    ({"precision": 2}, lambda: mg.tensor([1 / 3]), "tensor([0.33])"),
    ({"sci_mode": True}, lambda: mg.tensor([1.0, 20.0]), "tensor([1.0000e+00, 2.0000e+01])"),
    ({"sci_mode": False}, lambda: mg.tensor([1.0, 1e6]), "tensor([      1., 1000000.])"),
    ({"threshold": 3, "edgeitems": 1}, lambda: mg.arange(9), "tensor([0,  ..., 8])"),
    ({"edgeitems": 0, "threshold": 1}, lambda: mg.arange(9), "tensor([...], size=(9,))"),
    ({"linewidth": 20}, lambda: mg.arange(6), "tensor([0, 1, 2, 3,\n        4, 5])"),
    ({"profile": "short"}, lambda: mg.tensor([0.125]), "tensor([0.12])"),
    ({"profile": "full"}, lambda: mg.zeros(1001).long(), "tensor([" + "".join(
        "0" + (", " if (i + 1) % 24 else ",\n        ") * (i < 1000) for i in range(1001)) + "])"),
])  # fmt: skip
def test_options(options, make, text):
    before = mg.get_printoptions()
    try:
        mg.set_printoptions(**options)
        assert repr(make()) == text
    finally:
        mg.set_printoptions(**before)


def test_the_default_dtype_goes_without_saying():
    mg.set_default_dtype(mg.float64)
    try:
        assert repr(mg.ones(1)) == "tensor([1.])" and repr(mg.zeros(0)) == "tensor([])"
        assert repr(mg.ones(1, dtype=mg.float32)) == "tensor([1.], dtype=minigrad.float32)"
    finally:
        mg.set_default_dtype(mg.float32)
