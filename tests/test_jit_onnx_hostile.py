"""Files that are damaged, foreign, oversized or meant ill: a FormatError in words, soon, and little memory."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit
from minigrad.jit.onnx import limits
from minigrad.jit.saving import from_bytes, to_bytes
from tests.onnx_graphs import halvings, recorded, turns

onnx = pytest.importorskip("onnx")
T, make = onnx.TensorProto, onnx.helper.make_node


@pytest.fixture(scope="module")
def valid():
    return to_bytes(turns())


def model(*nodes, inputs=("x",), outputs=("y",), initializers=(), shape=(2,), opset=21, functions=()):
    """A model around some nodes, as bytes."""
    infos = [onnx.helper.make_tensor_value_info(name, T.FLOAT, shape) for name in inputs]
    ends = [onnx.helper.make_tensor_value_info(name, T.FLOAT, None) for name in outputs]
    graph = onnx.helper.make_graph(list(nodes), "g", infos, ends, list(initializers))
    opsets = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid("own", 1)]
    return onnx.helper.make_model(graph, opset_imports=opsets, functions=functions, ir_version=10).SerializeToString()


def ints(name, *numbers):
    return onnx.numpy_helper.from_array(np.array(numbers, np.int64), name)


def refused(content, words):
    with pytest.raises(jit.FormatError, match=words) as caught:
        from_bytes(content)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"), (b"\x00" * 100, "no ONNX model"), (b"PK\x03\x04" + b"x" * 50, "no ONNX model"),
        (b"\x80\x04\x95", "no ONNX model"), (b"{}", "no ONNX model"), (b"\x08\x0a", "has no graph"),
    ],
)  # fmt: skip
def test_what_is_no_model(content, words):
    refused(content, words)


def test_the_name_of_the_file_is_told(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"rubbish")
    with pytest.raises(jit.FormatError, match=r"jit.load\(\): .*bad.onnx.* cannot be read: it is no ONNX model"):
        jit.load(tmp_path / "bad.onnx")
    with pytest.raises(FileNotFoundError):
        jit.load(tmp_path / "none.onnx")


def test_a_file_cut_short(valid):
    for end in range(0, len(valid), 97):
        with pytest.raises(jit.FormatError):
            from_bytes(valid[:end])


def changed(content, change):
    proto = onnx.load_from_string(content)
    change(proto)
    return proto.SerializeToString()


def test_what_was_changed_afterwards_is_not_taken_for_what_was_saved(valid):
    def other_weight(proto):
        proto.graph.initializer[0].raw_data = bytes(len(proto.graph.initializer[0].raw_data))

    spoilt = changed(valid, other_weight)
    refused(spoilt, r"its checksum does not fit.*records=False")
    assert not next(from_bytes(spoilt, records=False).parameters()).any()  # what is there now


@pytest.mark.parametrize("value", ["{}", "[]", "null", "{", '{"format":"minigrad graph 1"}', "[" * 100_000, "1" * 9000])
def test_records_that_are_none(valid, value):
    from minigrad.jit.saving import _checksum

    def other_records(proto):
        for p in proto.metadata_props:
            if p.key == "minigrad.graph":
                p.value = value
        for p in proto.metadata_props:
            if p.key == "minigrad.sha256":
                p.value = _checksum(proto)

    refused(changed(valid, other_records), "its records are damaged")


def test_a_name_twice_in_the_metadata(valid):
    refused(changed(valid, lambda p: p.metadata_props.add(key="minigrad.graph", value="{}")), "stands twice")


# Tensors


def test_numbers_in_another_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(8))
    tensor = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=[2], data_location=T.EXTERNAL)
    for key, value in (("location", "../secret"), ("offset", "0"), ("length", "8")):
        tensor.external_data.add(key=key, value=value)
    refused(model(make("Add", ["x", "w"], ["y"]), initializers=[tensor]), "the numbers of 'w' are in another file")


LIES = [([2**39], b"1234"), ([3], b"12345678"), ([-1], b""), ([2**62, 2**62], b"1234"), ([2], b"123")]


@pytest.mark.parametrize(("dims", "raw"), LIES)
def test_a_tensor_that_lies_about_its_size(dims, raw):
    tensor = onnx.TensorProto(name="w", data_type=T.FLOAT, dims=dims, raw_data=raw)
    refused(model(make("Add", ["x", "w"], ["y"]), initializers=[tensor]), "'w' holds|the shape of 'w' is none")


# Graphs


def test_nodes_in_a_circle():
    refused(
        model(make("Add", ["x", "b"], ["a"]), make("Add", ["a", "x"], ["b"]), outputs=["b"]), "go round in a circle"
    )


def test_a_name_made_twice():
    refused(model(make("Abs", ["x"], ["y"]), make("Neg", ["x"], ["y"])), "'y' is made twice")


def test_functions_that_call_themselves_or_double(monkeypatch):
    monkeypatch.setattr("minigrad.jit.onnx.importing.MOST_NODES", 1000)
    opsets = [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("own", 1)]

    def function(name, called, times):
        nodes = [make(called, [f"v{i}"], [f"v{i + 1}"], domain="own" if called != "Abs" else "") for i in range(times)]
        return onnx.helper.make_function("own", name, ["v0"], [f"v{times}"], nodes, opsets)

    refused(
        model(make("F", ["x"], ["y"], domain="own"), functions=[function("F", "F", 1)]), "call one another too deep"
    )
    chain = [function(f"F{i}", f"F{i + 1}" if i < 20 else "Abs", 4) for i in range(21)]
    refused(model(make("F0", ["x"], ["y"], domain="own"), functions=chain), "come to more than 1000 nodes")


def test_blocks_in_blocks():
    def info(name):
        return onnx.helper.make_tensor_value_info(name, T.FLOAT, None)

    block = onnx.helper.make_graph([make("Abs", ["x"], ["o0"])], "b", [], [info("o0")])
    for i in range(1, 30):  # one arm only, or there would be two to the power of thirty
        block = onnx.helper.make_graph([make("If", ["c"], [f"o{i}"], then_branch=block)], "b", [], [info(f"o{i}")])
    refused(model(make("If", ["c"], ["y"], then_branch=block)), "deep")


def test_too_many_nodes(monkeypatch):
    monkeypatch.setattr(limits, "MOST_NODES", 10)
    nodes = [make("Abs", ["x"], [f"v{i}"]) for i in range(11)]
    refused(model(*nodes, outputs=["v10"]), "more than 10 nodes")


def test_too_many_bytes(monkeypatch, valid):
    monkeypatch.setattr(limits, "MOST_BYTES", 100)
    refused(valid, "a model may have 100")


@pytest.mark.parametrize("opset", [0, 99, -3])
def test_versions_that_nobody_knows(opset):
    refused(model(make("Abs", ["x"], ["y"]), opset=opset), "versions 1 to|says no version")


NONE = [
    make("Nonsense", ["x"], ["y"]), make("Abs", ["x"], ["y"], domain="com.evil"), make("ImageDecoder", ["x"], ["y"]),
    make("Abs", ["x", "x", "x"], ["y"]), make("Abs", [], ["y"]), make("Conv", ["x"], ["y"]), make("Loop", ["x"], ["y"]),
    make("Cast", ["x"], ["y"], to=999), make("Softmax", ["x"], ["y"], axis="red"),
]  # fmt: skip


@pytest.mark.parametrize("node", NONE)
def test_operators_that_are_none(node):
    refused(model(node), "operator|no model that can be run|minigrad has no|says no version")


# What would grow while reading


@pytest.mark.parametrize(
    "nodes",
    [
        [make("ConstantOfShape", ["n"], ["y"])], [make("Expand", ["one", "n"], ["y"])],
        [make("Tile", ["one", "n"], ["y"])],
        [make("Range", ["zero", "much", "step"], ["r"]), make("Cast", ["r"], ["y"], to=1)],
        [make("EyeLike", ["wide"], ["y"])], [make("Pad", ["one", "pads"], ["y"])],
    ],
)  # fmt: skip
def test_constants_that_would_be_huge(nodes):
    initializers = [
        ints("n", 2**20, 2**20),
        ints("pads", 0, 2**40),
        onnx.numpy_helper.from_array(np.array(0), "zero"),
        onnx.numpy_helper.from_array(np.array(2**50), "much"),
        onnx.numpy_helper.from_array(np.array(1), "step"),
    ]
    wide = onnx.helper.make_tensor_value_info("wide", T.FLOAT, (2**20, 2**20))
    proto = onnx.load_from_string(
        model(make("Constant", [], ["one"], value_floats=[1.0]), *nodes, initializers=initializers)
    )
    proto.graph.input.append(wide)
    del proto.graph.input[0]
    try:
        from_bytes(proto.SerializeToString())  # may be left for the run, which nobody asks for here
    except jit.FormatError as error:
        assert "would make more than" in str(error)


def test_many_constants_that_are_large_together():
    nodes = [make("ConstantOfShape", ["n"], [f"v{i}"]) for i in range(40)]
    refused(model(*nodes, outputs=["v39"], initializers=[ints("n", 2**20)]), "would make more than")


def test_an_endless_loop_is_not_run_while_reading():
    body = onnx.helper.make_graph(
        [make("Identity", ["c"], ["c2"]), make("Identity", ["v"], ["v2"])], "body",
        [onnx.helper.make_tensor_value_info("i", T.INT64, ()), onnx.helper.make_tensor_value_info("c", T.BOOL, ()),
         onnx.helper.make_tensor_value_info("v", T.FLOAT, (1,))],
        [onnx.helper.make_tensor_value_info("c2", T.BOOL, ()), onnx.helper.make_tensor_value_info("v2", T.FLOAT, (1,))],
    )  # fmt: skip
    one = make("Constant", [], ["one"], value_floats=[1.0])
    assert from_bytes(model(one, make("Loop", ["", "", "one"], ["y"], body=body))).graph.steps


# Anything


def spoil(content, seed):
    """Some bytes other than they were, left out, or put in."""
    rng, spoilt = random.Random(seed), bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at, way = rng.randrange(len(spoilt)), rng.random()
        if way < 0.7:
            spoilt[at] = rng.randrange(256)
        elif way < 0.85:
            del spoilt[at : at + rng.randrange(1, 9)]
        else:
            spoilt[at:at] = bytes([255] * 9)
    return bytes(spoilt)


def files():
    mg.manual_seed(0)
    net = mg.nn.Sequential(mg.nn.Conv2d(1, 2, 3), mg.nn.Flatten(), mg.nn.Linear(8, 2))
    return [to_bytes(turns()), to_bytes(halvings()), to_bytes(recorded(net, mg.randn(1, 1, 4, 4)))]


FILES = files()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(range(3)), st.integers(0, 10**6), st.booleans())
def test_spoilt_files_give_an_error_or_a_model(which, seed, records):
    try:
        made = from_bytes(spoil(FILES[which], seed), records)
    except jit.FormatError:
        return
    jit.check.check(made.graph)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(range(3)), st.integers(0, 10**6))
def test_not_one_changed_byte_goes_unnoticed(which, seed):
    """With its records a file is taken as it was saved, or not at all."""
    rng, spoilt = random.Random(seed), bytearray(FILES[which])
    spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    try:
        made = from_bytes(bytes(spoilt))
    except jit.FormatError:
        return
    names = b"minigrad.graph" in spoilt and b"minigrad.sha256" in spoilt
    assert not names or to_bytes(made) == FILES[which] or str(made.graph) == str(from_bytes(FILES[which]).graph)
