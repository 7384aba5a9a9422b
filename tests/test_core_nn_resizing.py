"""Resizing, norms of windows and of channels, and padding that cuts, against plain definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

few = settings(max_examples=25, derandomize=True, deadline=None, database=None)


def drawn(*shape, seed=0):
    return mg.from_numpy(np.random.default_rng(seed).normal(size=shape)).requires_grad_()


@few
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_pixel_shuffle_and_its_opposite_undo_each_other(r, channels, height, width):
    x = drawn(2, channels * r * r, height, width)
    y = F.pixel_shuffle(x, r)
    assert y.shape == (2, channels, height * r, width * r)
    assert mg.equal(nn.PixelUnshuffle(r)(y), x) and mg.equal(nn.PixelShuffle(r)(x), y)
    assert mg.equal(y[:, :, ::r, ::r], x[:, :: r * r])  # channel 0 of each square is its first pixel


@few
@given(st.integers(2, 9), st.integers(1, 20))
def test_a_straight_line_stays_one_between_its_ends(n, out):
    line = mg.arange(float(n), dtype=mg.float64).reshape(1, 1, n)
    found = F.interpolate(line, size=out, mode="linear", align_corners=True)[0, 0]
    assert np.allclose(found.tolist(), np.linspace(0, n - 1, out) if out > 1 else [0])


@few
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_whole_factors_repeat_and_area_takes_it_back(height, width, factor):
    x = drawn(2, 3, height, width)
    y = nn.Upsample(scale_factor=factor)(x)
    assert mg.equal(y, x.repeat_interleave(factor, 2).repeat_interleave(factor, 3))
    assert np.allclose(F.interpolate(y, size=(height, width), mode="area").tolist(), x.tolist())
    y.sum().backward()
    assert np.allclose(x.grad.tolist(), factor * factor)


@pytest.mark.parametrize(("arguments", "kind", "words"), [
    ({}, ValueError, "either size or scale_factor"),
    ({"size": 2, "mode": "bicubic"}, NotImplementedError, "bicubic"),
    ({"size": 2, "mode": "bilinear"}, NotImplementedError, "4D"),
    ({"size": 2, "align_corners": True}, ValueError, "align_corners"),
    ({"size": (2, 3)}, ValueError, "size"),
    ({"scale_factor": 0.1}, RuntimeError, "greater than 0"),
    ({"scale_factor": (2, 2)}, ValueError, "scale_factor must be one number or 1"),
    ({"size": 2, "input": mg.ones(2, 4)}, RuntimeError, r"axes after \(N, C\)"),
    ({"size": 2, "input": mg.ones(1, 2, 4, dtype=mg.int64)}, RuntimeError, "not defined for minigrad.int64"),
])  # fmt: skip
def test_wrong_sizes_are_refused(arguments, kind, words):
    with pytest.raises(kind, match=words):
        F.interpolate(**{"input": mg.ones(1, 2, 4), **arguments})


@pytest.mark.parametrize(("run", "shape", "words"), [
    (F.pixel_shuffle, (3, 2, 2), "3 channels cannot be divided"), (F.pixel_shuffle, (2, 2), "2 axes"),
    (F.pixel_unshuffle, (1, 3, 4), "height 3 and width 4"),
    (lambda x, _: F.pixel_shuffle(x, 0), (1, 2, 2), "from 1 up"),
])  # fmt: skip
def test_images_that_do_not_fit_are_refused(run, shape, words):
    with pytest.raises(RuntimeError, match=words):
        run(mg.ones(*shape), 2)


@few
@given(st.integers(1, 9), st.integers(1, 9))
def test_the_nearest_exactly_is_the_one_around_the_middle(n, out):
    found = F.interpolate(mg.arange(float(n)).reshape(1, 1, n), size=out, mode="nearest-exact")[0, 0]
    assert found.tolist() == [(2 * k + 1) * n // (2 * out) for k in range(out)]


def test_lp_pool_is_the_norm_of_each_window():
    x = drawn(2, 3, 6)
    assert np.allclose(nn.LPPool1d(2, 3)(x).tolist(), x.reshape(2, 3, 2, 3).norm(2, -1).tolist())
    zero = mg.zeros(1, 1, 4, 4, requires_grad=True)
    nn.LPPool2d(2, 2)(zero).sum().backward()
    assert zero.grad.tolist() == mg.zeros(1, 1, 4, 4).tolist()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_local_response_norm_looks_at_the_channels_around(size):
    x = drawn(2, 4, 3)
    y = nn.LocalResponseNorm(size, alpha=0.5, beta=0.7, k=2.0)(x)
    squares = np.pad(x.detach().numpy() ** 2, ((0, 0), (size // 2, (size - 1) // 2), (0, 0)))
    means = np.stack([squares[:, c : c + size].mean(axis=1) for c in range(4)], axis=1)
    assert np.allclose(y.tolist(), x.detach().numpy() / (2 + 0.5 * means) ** 0.7)


def test_what_circular_padding_cuts_off_does_not_come_back():
    assert F.pad(mg.tensor([[1.0, 2.0, 3.0]]), (-1, 2), mode="circular").tolist() == [[2, 3, 2, 3]]
    with pytest.raises(RuntimeError, match="leaves too little"):
        F.pad(mg.ones(1, 3), (-5, 0), mode="replicate")


def test_softmax_over_channels_takes_images_only():
    x = drawn(2, 3, 4, 4)
    assert mg.equal(nn.Softmax2d()(x), x.softmax(1)) and mg.equal(nn.Softmax2d()(x[0]), x[0].softmax(0))
    with pytest.raises(ValueError, match="3D or 4D"):
        nn.Softmax2d()(mg.ones(2, 3))


@pytest.mark.parametrize("layer", [nn.Upsample(scale_factor=2), nn.LPPool2d(2, 3), nn.PixelShuffle(2),
                                   nn.PixelUnshuffle(3), nn.LocalResponseNorm(2), nn.Upsample(size=3)])  # fmt: skip
def test_layers_say_what_they_are(layer):
    assert repr(layer) in (
        "Upsample(scale_factor=2.0, mode='nearest')", "PixelShuffle(upscale_factor=2)",
        "PixelUnshuffle(downscale_factor=3)", "LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)",
        "LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)", "Upsample(size=3, mode='nearest')",
    )  # fmt: skip
