"""Every record that ONNX can express, run by onnxruntime beside minigrad, from the samples of the ops."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import minigrad as mg
from minigrad.jit.onnx import export  # noqa: F401  it fills the table
from minigrad.jit.onnx.table import REFUSED, emitter
from minigrad.jit.prims import PRIMS
from minigrad.jit.saving import from_bytes, to_bytes
from minigrad.op import OPS
from tests.onnx_graphs import graph_of_op
from tests.samples import SAMPLES

ort = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

DTYPES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]
NUMBERS = [-2.5, -1, 0.0, -0.0, 0.5, 1, 2, np.inf, -np.inf, np.nan, 3.7]


def session(content):
    """A runtime with the model, on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def compare(op, inputs, attributes, rough=1e-4):
    """Save, load, save again, and run here and in onnxruntime: "ok", or that it has no kernel for these dtypes."""
    tensors = [x for x in inputs if isinstance(x, np.ndarray)]
    graph = graph_of_op(op, inputs, attributes)
    with np.errstate(all="ignore"):
        wanted = graph(*map(mg.tensor, tensors)).numpy()
    content = to_bytes(graph)
    assert to_bytes(from_bytes(content)) == content
    foreign = from_bytes(content, records=False)  # read as if somebody else had written it
    with np.errstate(all="ignore"):
        check(foreign(*map(mg.tensor, tensors)).detach().numpy(), wanted, rough)
    try:
        run = session(content).run
    except Exception as error:
        assert "NOT_IMPLEMENTED" in str(error), error  # else the model is at fault
        return "no kernel"
    [got] = run(
        None, {v.name: np.ascontiguousarray(x).reshape(x.shape) for v, x in zip(graph.inputs, tensors, strict=True)}
    )
    check(got, wanted, rough)
    return "ok"


def check(got, wanted, rough):
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    if wanted.dtype.kind == "f":
        np.testing.assert_allclose(got, wanted, rough, rough / 10)
    else:
        np.testing.assert_array_equal(got, wanted)


def drawn(rng, dtype, shape):
    if dtype == "bool":
        return rng.random(shape) > 0.5
    if dtype.startswith("f"):
        return rng.choice(NUMBERS, shape).astype(dtype)
    return rng.integers(0 if dtype == "uint8" else -7, 9, shape).astype(dtype)


def test_every_record_is_written_or_refused_with_a_reason():
    assert not [name for name in (*OPS, *PRIMS) if not emitter(name) and name not in REFUSED]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(set(SAMPLES) - set(REFUSED)))
def test_samples(name, dtype, record_property):
    found = []

    @settings(max_examples=6, database=None, derandomize=True, phases=[Phase.generate], deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(SAMPLES[name])
    def run(row):
        inputs, attributes = row
        inputs = [np.array(x, dtype if x.dtype.kind == "f" else None) for x in inputs]
        found.append(compare(OPS[name], inputs, attributes, 1e-4 if dtype == "float32" else 1e-9))

    run()
    record_property("onnxruntime", f"{name} {dtype}: {found.count('ok')} of {len(found)}")
    assert "ok" in found or dtype == "float64"


def plain(op):
    """Ops of one or two arrays and no shape to think of."""
    return (op.kind in ("elementwise", "compare", "activation") and not op.variadic and len(op.arguments) < 3
            and op.name not in (*REFUSED, "one_hot_mask", "all", "any", "count_nonzero", "polygamma"))  # fmt: skip


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if plain(op)])
def test_dtypes_are_brought_together_as_minigrad_does_it(name):
    op, rng, found = OPS[name], np.random.default_rng(0), []
    for dtype in DTYPES:
        x = drawn(rng, dtype, (3, 4))
        x = np.nan_to_num(x, posinf=2, neginf=-2) if "softmax" in name else x  # runtimes lose a nan there
        pairs = (
            [[x]]
            if len(op.arguments) == 1
            else [*[[x, drawn(rng, other, (4,))] for other in DTYPES], [x, np.array(1.5)], [x, 3], [2.5, x], [True, x]]
        )
        for inputs in pairs:
            if "divide" in name or "quotient" in name or name in ("remainder", "fmod"):
                inputs[1] = np.where(inputs[1] == 0, 1, inputs[1]).astype(getattr(inputs[1], "dtype", float))[()]
            if "shift" in name or name == "pow":
                inputs[1] = abs(inputs[1]) if not isinstance(inputs[1], bool) else inputs[1]
            if name == "pow" and isinstance(inputs[1], np.ndarray) and not inputs[1].ndim:
                continue  # NumPy takes roots of -inf in two ways, by what the exponent is
            try:
                with np.errstate(all="ignore"):
                    op(*[mg.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs])
            except (RuntimeError, TypeError):
                continue  # minigrad does not take these dtypes
            half = "float16" in [getattr(x, "dtype", None) for x in inputs]
            found.append(compare(op, inputs, {}, 1e-2 if half else 1e-4))
    assert "ok" in found


@pytest.mark.parametrize("name", ["bitwise_left_shift", "bitwise_right_shift"])
def test_bits_are_shifted_as_far_as_there_are_any(name):
    x = np.array([[-(2**63)], [2**63 - 1], [-1], [1], [-12345]])
    assert compare(OPS[name], [x, np.array([0, 1, 31, 32, 33, 62, 63])], {}) == "ok"
