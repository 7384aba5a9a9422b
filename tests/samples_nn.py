"""Rows for the ops behind `nn`; see samples.py for what a row is."""

import numpy as np
from hypothesis import strategies as st

from minigrad.ops.windows import out_sizes
from tests.rows import arrays, one, plain, steps, two


def inside_0_1(rng, shape):
    return rng.uniform(0.1, 0.9, shape)


GEOMETRIES = [  # sizes, kernel, stride, padding, dilation
    ((5,), (2,), (1,), ((0, 0),), (1,)), ((6,), (3,), (2,), ((1, 1),), (1,)), ((5,), (2,), (1,), ((0, 1),), (2,)),
    ((3, 4), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)), ((4, 3), (2, 1), (2, 1), ((1, 0), (0, 0)), (1, 1)),
    ((1,), (1,), (1,), ((0, 0),), (1,)),
]  # fmt: skip


def geometry(chosen):
    """Sizes, how many windows there are along each axis, and the attributes that ops take."""
    sizes, kernel, stride, padding, dilation = chosen
    return sizes, out_sizes(sizes, kernel, stride, padding, dilation), {
        "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation,
    }  # fmt: skip


@st.composite
def convolution_row(draw, which):
    sizes, out, attributes = geometry(draw(st.sampled_from(GEOMETRIES)))
    n, groups, inputs, outputs = draw(st.sampled_from([(2, 1, 2, 3), (1, 1, 1, 1), (2, 2, 1, 2), (0, 1, 2, 2)]))
    kernel = attributes.pop("kernel")
    x, weight, seen = (n, groups * inputs, *sizes), (groups * outputs, inputs, *kernel), (n, groups * outputs, *out)
    first, second, more = {
        "convolution": (x, weight, {}),
        "convolution_input": (seen, weight, {"sizes": sizes}),
        "convolution_weight": (seen, x, {"kernel": kernel}),
    }[which]
    return [draw(arrays(first)), draw(arrays(second))], {**attributes, **more, "groups": groups}


@st.composite
def window_row(draw, which):
    sizes, out, attributes = geometry(draw(st.sampled_from(GEOMETRIES)))
    lead, kernel = (2, 2), attributes["kernel"]
    if which == "col2im":
        x = (2, 2 * int(np.prod(kernel)), int(np.prod(out)))
    else:
        x = (*lead, *(out if which == "avg_unpool" else sizes))
    if which in ("col2im", "avg_unpool"):
        attributes["sizes"] = sizes
    if which.startswith("avg"):
        del attributes["dilation"]
        dense = out_sizes(sizes, kernel, attributes["stride"], attributes["padding"], (1,) * len(kernel))
        x = (*lead, *(dense if which == "avg_unpool" else sizes))
        counted = draw(st.sampled_from([attributes["padding"], ((0, 0),) * len(kernel)]))
        attributes |= {"counted": counted, "divisor": draw(st.sampled_from([None, 3]))}
    return [draw(arrays(x, steps if which == "max_pool" else plain))], attributes


@st.composite
def standardize_row(draw):
    shape, dim = draw(st.sampled_from([((3, 4), (1,)), ((3, 2), (0,)), ((2, 3, 2), (0, 2)), ((4,), (-1,))]))
    return [draw(arrays(shape))], {"dim": dim, "eps": 0.1}


@st.composite
def recurrent_row(draw, gates, states=1, **attributes):
    sizes = draw(st.sampled_from([(2, 2), (2, 1, 1), (1,), (3, 3, 1)]))
    width, n = draw(st.sampled_from([1, 2])), sizes[0]
    shapes = [(sum(sizes), gates * width), *[(n, width)] * states, (gates * width, width), (gates * width,)]
    return [draw(arrays(shape)) for shape in shapes], {"sizes": sizes, **attributes}


NN = {
    **{name: convolution_row(name) for name in ("convolution", "convolution_input", "convolution_weight")},
    **{name: window_row(name) for name in ("im2col", "col2im", "max_pool", "avg_pool", "avg_unpool")},
    "binary_cross_entropy_with_logits": two(plain, plain), "huber": two(plain, plain),
    "standardize": standardize_row(), "binary_cross_entropy": two(inside_0_1, plain),
    "rnn": recurrent_row(1), "gru": recurrent_row(3), "lstm": recurrent_row(4, 2), "backward_hook_function": one(),
}  # fmt: skip
