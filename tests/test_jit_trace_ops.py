"""Every op that has a derivative, recorded with some numbers and run again with others of the same shape."""

import json

import numpy as np
import pytest
from hypothesis import given, settings

import minigrad as mg
from minigrad import jit
from minigrad.jit.trace import record
from minigrad.op import OPS
from tests.samples import SAMPLES

few = settings(max_examples=6, derandomize=True, deadline=None, database=None)
NO_OTHER_ORDER = {"inv", "det", "logabsdet", "detsign", "solve"}  # of which any order of the elements may not do


def tensors(op, arrays, other):
    """The row as tensors; `other`: with the same numbers in another order."""
    made = []
    for name, array in zip(op.names_of(arrays), arrays, strict=True):
        tracked = op.rules[name] is not None
        if other and tracked:
            array = array * 1.1 if op.name in NO_OTHER_ORDER else array.reshape(-1)[::-1].reshape(array.shape)
        made.append(mg.Tensor(np.array(array), requires_grad=tracked))
    return made


def gradients(y, inputs):
    """What flows back to each input, for weights that differ from place to place."""
    weights = mg.arange(y.numel(), dtype=y.dtype).reshape(y.shape) + 1
    return mg.autograd.grad(y, [x for x in inputs if x.requires_grad], weights, allow_unused=True)


def same(got, wanted):
    """Whether two answers are one but for rounding (quick rules add up in another order), or both None."""
    if got is None or wanted is None:
        return got is wanted
    alike = got.dtype is wanted.dtype and got.requires_grad is wanted.requires_grad
    return alike and got.shape == wanted.shape and np.allclose(got.array, wanted.array, 1e-9, 1e-12, equal_nan=True)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_trace_gives_values_and_gradients_of_eager_mode(name):
    @few
    @given(SAMPLES[name])
    def check(row):
        arrays, attributes = row
        op = OPS[name]

        def function(*inputs):
            return op(*inputs, **attributes)

        recording, _ = record(function, tensors(op, arrays, False))
        again = jit.Graph.from_json(json.loads(json.dumps(recording.graph.to_json())))
        for graph in (recording.graph, again):
            mine, theirs = tensors(op, arrays, True), tensors(op, arrays, True)
            got, wanted = graph(*mine), function(*theirs)
            assert same(got, wanted)
            assert all(map(same, gradients(got, mine), gradients(wanted, theirs)))

    check()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_trace_with_its_way_back_gives_the_gradients_of_eager_mode(name):
    @few
    @given(SAMPLES[name])
    def check(row):
        arrays, attributes = row
        op = OPS[name]

        def function(*inputs):
            return [g for g in gradients(op(*inputs, **attributes), inputs) if g is not None]

        if function(*tensors(op, arrays, False)):
            recording, _ = record(function, tensors(op, arrays, False))
            again = jit.Graph.from_json(json.loads(json.dumps(recording.graph.to_json())))
            wanted = function(*tensors(op, arrays, True))
            for graph in (recording.graph, again):
                assert all(map(same, graph(*tensors(op, arrays, True)), wanted))

    check()
