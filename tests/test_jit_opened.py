"""Files whose inputs have open lengths: what was recorded for one length is not gone by at another."""

import io

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit import passes
from minigrad.jit.graph import Graph, If, Loop
from minigrad.jit.opened import opened
from minigrad.jit.tree import flatten

pytest.importorskip("onnx")
W = mg.tensor(np.random.default_rng(3).normal(size=(3, 3)).astype("float32"))


def rows(*shape, seed=0):
    return mg.tensor(np.random.default_rng(seed).normal(size=shape).astype("float32"))


def saved(m, axes, **options):
    file = io.BytesIO()
    jit.save(m, file, dynamic_axes=axes, **options)
    return file.getvalue()


def heads(x):
    return mg.stack([(x * k) @ W for k in (1.0, 2.0, 3.0, 4.0)]).sum(0)


def steps(x):
    h = x[0] * 0
    for t in range(4):
        h = (x[t] @ W + h).tanh()
    return h, x.relu().sum(1)


def by_lengths(x):
    h = x.relu()
    return h.reshape(h.shape[0] * 3), mg.ones(h.shape[0]) + h.sum(1), h.shape[0]


def turns(x):
    h = mg.zeros(3)
    for i in range(x.shape[0]):
        h = h + x[i] @ W if x.sum() > 0 else h - x[i]
    return h


CASES = {
    "heads": (lambda x: jit.trace(heads, (x,)), (4, 3), {0: "rows"}, (9, 3)),
    "turn by turn": (lambda x: jit.trace(steps, (x,)), (4, 2, 3), {0: "turns", 1: "rows"}, (7, 5, 3)),
    "one": (lambda x: jit.trace(steps, (x,)), (4, 2, 3), {1: "rows"}, (4, 1, 3)),
    "scripted": (lambda x: jit.script(by_lengths), (4, 3), {0: "rows"}, (6, 3)),
    "a loop": (lambda x: jit.script(turns), (4, 3), {0: "rows"}, (6, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_all_passes_on_what_was_loaded_and_another_length(name):
    made, shape, axes, other = CASES[name]
    m = made(rows(*shape))
    content = saved(m, {"x": axes}, **({"inputs": rows(*shape)} if isinstance(m, jit.ScriptFunction) else {}))
    for records in (True, False):
        graph = jit.load(io.BytesIO(content), records=records).graph
        smaller = passes.optimized(graph)
        for one in (shape, other):
            x = rows(*one, seed=1)
            for a, b in zip(flatten(graph(x))[0], flatten(smaller(x))[0], strict=True):
                assert a.shape == b.shape
                np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_what_is_not_open_is_known():
    content = saved(jit.trace(lambda x: ((x + W[0]).tanh() @ W, W @ W), (rows(4, 3),)), {"x": [0]})
    graph = jit.load(io.BytesIO(content)).graph
    shapes = {step.op.name: step.output.shape for step in graph.steps}
    assert shapes["add"] == shapes["tanh"] == (None, 3)
    assert [step.output.shape for step in graph.steps if step.op.name == "matmul"] == [(None, None), (3, 3)]
    closed = jit.load(io.BytesIO(saved(jit.trace(heads, (rows(4, 3),)), None))).graph
    assert all(None not in step.output.shape for step in closed.steps)


def test_files_from_before_are_looked_at_when_they_are_read():
    graph = jit.trace(heads, (rows(4, 3),)).graph
    found = opened(graph, {graph.inputs[0]: (None, 3)})
    assert {value.name for value in found} >= {"x", "mul", "matmul", "stack", "sum"}
    assert found[graph.steps[0].output] == (None, 3)
    assert opened(graph, {}) == {}


def test_what_a_loop_or_an_if_carries():
    graph = jit.load(io.BytesIO(saved(jit.script(turns), {"x": [0]}, inputs=rows(4, 3)))).graph
    looked = opened(graph, {graph.inputs[0]: (None, 3)})
    for step in graph.every_step():
        if isinstance(step, (If, Loop)):
            assert all(looked.get(value, value.shape) == (None,) for value in step.outputs if value.kind == "tensor")
    assert opened(Graph([], [], []), {}) == {}


def test_lengths_that_a_script_gives_to_expand():
    def wide(x):
        return x.sum(1, keepdim=True).broadcast_to((x.shape[0], 3)), x[:1].expand(x.shape[0], -1)

    content = saved(jit.script(wide), {"x": [0]}, inputs=rows(4, 3))
    for records in (True, False):
        for n in (0, 1, 6):
            x = rows(n, 3, seed=2)
            for a, b in zip(jit.load(io.BytesIO(content), records=records)(x), wide(x), strict=True):
                assert a.shape == b.shape and np.allclose(a.numpy(), b.numpy(), atol=1e-6)


def test_open_lengths_that_have_to_be_the_same_or_one():
    """How results hang on them is told with longer inputs, and such that the function takes."""
    def wide(x, y):
        return x.expand(y.shape[0], y.shape[1])

    content = saved(jit.script(wide), {"x": [0, 1], "y": [0, 1]}, inputs=(rows(1, 3), rows(4, 3)))
    for records in (True, False):
        loaded = jit.load(io.BytesIO(content), records=records)
        for n, m, width in ((1, 4, 3), (4, 4, 3), (1, 0, 3), (1, 1, 3), (1, 6, 5), (1, 2, 1)):
            assert tuple(loaded(rows(n, width), rows(m, width)).shape) == (m, width)
