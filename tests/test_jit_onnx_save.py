"""Saving and loading: the same bytes, the same records, the same answers, and no minigrad where the file runs."""

import io
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit.graph import Block, Graph, If, Loop, Source, Value
from minigrad.jit.saving import PRODUCER, VERSION, from_bytes, to_bytes
from minigrad.jit.tree import Leaf
from tests.onnx_graphs import LeNet, halvings, recorded, step, turns
from tests.test_jit_onnx_ops import session

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
nn = mg.nn


def array(x):
    return x.detach().numpy() if isinstance(x, mg.Tensor) else np.asarray(x)


def check(graph, *inputs):
    """Run it in minigrad, from the file in minigrad, and from the file in onnxruntime."""
    content = to_bytes(graph)
    again = from_bytes(content)
    assert to_bytes(again) == content and str(again.graph) == str(graph)
    run = session(content).run
    for given in inputs:
        given = given if isinstance(given, tuple) else (given,)
        wanted = graph(*[mg.tensor(x) if isinstance(x, np.ndarray) else x for x in given])
        loaded = again(*[mg.tensor(x) if isinstance(x, np.ndarray) else x for x in given])
        wanted, loaded = (x if isinstance(x, tuple) else (x,) for x in (wanted, loaded))
        feeds = {value.name: np.asarray(x) for value, x in zip(graph.inputs, given, strict=True)}
        for a, b, c in zip(wanted, loaded, run(None, feeds), strict=True):
            np.testing.assert_array_equal(array(a), array(b))
            np.testing.assert_allclose(c, array(a), 1e-5, 1e-6)
            assert c.dtype == array(a).dtype or not isinstance(a, mg.Tensor)
    return content


def rows(n, width=3):
    return np.random.default_rng(n).normal(size=(n, width)).astype("float32")


MODELS = {
    "mlp": lambda: (nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10)), mg.randn(5, 8)),
    "lenet": lambda: (LeNet().eval(), mg.randn(3, 1, 6, 8)),
    "gru": lambda: (nn.GRU(3, 4), mg.randn(5, 2, 3)),
    "rnn": lambda: (nn.RNN(3, 4, num_layers=2), mg.randn(5, 2, 3)),
    "transformer": lambda: (nn.TransformerEncoderLayer(8, 2, 16).eval(), mg.randn(4, 2, 8)),
    "layernorm": lambda: (nn.Sequential(nn.LayerNorm(8), nn.GELU(), nn.Softmax(-1)), mg.randn(4, 8)),
}  # fmt: skip


@pytest.fixture(params=MODELS)
def model(request):
    mg.manual_seed(0)
    return MODELS[request.param]()


def test_models(model):
    module, x = model
    check(recorded(module, x), x.numpy())


def test_a_loop_with_a_branch_runs_any_number_of_turns():
    check(turns(), *[rows(n) for n in range(10)])


def test_a_loop_that_ends_by_itself_collects_in_a_list():
    check(halvings(), *[np.array(x, "float32") for x in ([0, 0], [1, 2], [30, 4], [0.5, 0.4], [0.5, 0.6])])


def test_numbers():
    """(a // b, a % b, a / b, a ** 2, min, max, abs, ...) of Python's numbers, whole ones and others, of both signs."""
    a, b, f = Value("a", "int"), Value("b", "int"), Value("f", "float")
    names = ("floordiv", "mod", "truediv", "min", "max", "add", "sub", "mul", "eq", "lt", "ge")
    made = [step(f"number.{name}", [x, y], f"{name}.{i}", kind) for i, (x, y) in enumerate([(a, b), (f, b), (a, f)])
            for name in names for kind in ["bool" if name in ("eq", "lt", "ge") else "float"
                                           if name == "truediv" or i else "int"]]  # fmt: skip
    made += [step(f"number.{name}", [f], name, "int") for name in ("floor", "ceil", "int")]
    made.append(step("number.abs", [a], "abs", "int"))
    graph = Graph([a, b, f], [s for s, _ in made], [v for _, v in made], name="numbers")
    graph.form = tuple(Leaf(i) for i in range(len(made)))
    check(graph, (7, 2, 2.5), (-7, 2, -2.5), (7, -2, 0.75), (-7, -2, -0.25))


def test_a_number_that_a_loop_makes_a_tensor_of():
    """total = 0.0, then x is added so often: a tensor as others are, also after no turn at all."""
    x, n, turn, total, out = Value("x", "tensor", (), mg.float32), Value("n", "int"), Value("turn", "int"), *map(
        Value, ("total", "out"))  # fmt: skip
    s, more = step("add", [total, x], "more")
    graph = Graph([x, n], [Loop(n, True, (0.0,), Block([turn, total], [s], [True, more]), (out,))], [out])
    run = session(to_bytes(graph)).run
    for n in range(3):
        [found] = run(None, {"x": np.array(1.5, "float32"), "n": np.array(n)})
        assert found == 1.5 * n and found.dtype == "float32"


def test_lists():
    x = Value("x", "tensor", (2,), mg.float32)
    steps = [step("list.new", [x, x], "two", "list")]
    one, two = step("mul", [x, 2], "twice"), step("list.new", [], "none", "list")
    more = step("list.append", [two[1], one[1]], "more", "list")
    whole = step("list.concat", [steps[0][1], more[1]], "whole", "list")
    changed = step("list.set", [whole[1], one[1]], "changed", "list", index=-3)
    out = step("list.cat", [changed[1]], "out", dim=0)
    third = step("list.get", [changed[1]], "third", index=-1)
    graph = Graph(
        [x], [s for s, _ in [*steps, one, two, more, whole, changed, out, third]], [out[1], third[1]], name="lists"
    )
    graph.form = (Leaf(0), Leaf(1))
    check(graph, np.array([1, 2], "float32"))


def test_the_batch_may_be_open():
    module, x = MODELS["mlp"]()
    content = to_bytes(recorded(module, x), dynamic_axes={"x": {0: "batch"}})
    assert to_bytes(from_bytes(content)) == content
    run = session(content)
    assert run.get_inputs()[0].shape == ["batch", 8] and run.get_outputs()[0].shape == ["batch", 10]
    for n in (0, 1, 7):
        x = mg.randn(n, 8)
        np.testing.assert_allclose(run.run(None, {"x": x.numpy()})[0], array(module(x)), 1e-5, 1e-6)


def test_names_that_are_taken():
    """An input keeps its name; a parameter and a value inside of the same name get another in the file."""
    x, w, y = (Value("x", "tensor", (2,), mg.float32) for _ in range(3))
    s, again = step("mul", [x, w], "x")
    graph = Graph([x], [s, step("neg", [again], "x")[0]], [y])
    graph.steps[1].outputs = (y,)
    graph.parameters[w] = nn.Parameter(mg.tensor([2.0, 3.0]))
    check(graph, np.array([1, 2], "float32"))
    assert session(to_bytes(graph)).get_inputs()[0].name == "x"


def test_a_tensor_as_an_index():
    x, i = Value("x", "tensor", (3, 2), mg.float32), Value("i", "tensor", (None,), mg.int64)
    s, y = step("index", [x], "y", index=(i, 0))
    check(Graph([x, i], [s], [y]), *[(rows(3, 2), np.array(places)) for places in ([0], [2, -1, 0, 0])])


def test_what_a_graph_does_not_know_an_example_tells():
    x = Value("x")
    s, y = step("softmax", [x], "y", dim=-1)
    graph = Graph([x], [s], [y])
    with pytest.raises(ValueError, match=r"dtype of its input 'x' is not known.*inputs=\(x, ...\)"):
        to_bytes(graph)
    content = to_bytes(graph, inputs=(mg.ones(2, 3),))
    assert session(content).get_inputs()[0].shape == [2, 3] and to_bytes(from_bytes(content)) == content


def test_the_file_is_a_model_that_says_what_it_is():
    graph = turns()
    graph.steps[0].source = Source("/home/somebody/lesson.py", 3, "    for row in x:", "f")
    graph.steps[0].module = "cell"
    content = to_bytes(graph)
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert (model.producer_name, model.ir_version, model.opset_import[0].version) == ("minigrad", 10, 21)
    [weight] = [p for p in model.graph.initializer if p.name == "cell.weight"]
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(weight), array(next(iter(graph.parameters.values()))))
    assert [p.name for p in model.graph.input] == ["x"] and [p.name for p in model.graph.output] == ["out", "n"]
    kinds = [node.op_type for node in model.graph.node]
    assert "Loop" in kinds and b"somebody" not in content and b"lesson.py" in content
    loop = next(node for node in model.graph.node if node.op_type == "Loop")
    assert "If" in [node.op_type for node in loop.attribute[0].g.node]
    told = {p.key: p.value for node in model.graph.node for p in node.metadata_props}
    assert told["minigrad.op"] and told["minigrad.module"] == "cell"
    assert any(node.doc_string == "lesson.py:3: for row in x:" for node in model.graph.node)


def test_the_version_is_the_project_s():
    assert (mg.__version__, mg.__name__) == (VERSION, PRODUCER)


def test_training_goes_on_after_loading(tmp_path):
    module, x = MODELS["mlp"]()
    jit.save(recorded(module, x), tmp_path / "mlp.onnx")
    again = jit.load(tmp_path / "mlp.onnx")
    assert [name for name, p in again.named_parameters() if p.requires_grad] == [
        n for n, _ in module.named_parameters()
    ]
    target = mg.tensor([1, 2, 3, 4, 5])
    for one in (module, again):
        optimizer = mg.optim.SGD(one.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.cross_entropy(one(x), target).backward()
            optimizer.step()
    for a, b in zip(module.parameters(), again.parameters(), strict=True):
        assert mg.equal(a, b)
    again.load_state_dict(module.state_dict())
    jit.save(again, tmp_path / "more.onnx")
    assert mg.equal(jit.load(tmp_path / "more.onnx")(x), module(x))


def test_what_was_one_tensor_is_one_again():
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    again = from_bytes(to_bytes(recorded(module, mg.ones(1, 3))))
    assert len(list(again.parameters())) == 3


def test_the_records_come_back_also_by_way_of_onnx_alone():
    """records=False reads the nodes, as of any model: other records, the same answers."""
    module, x = MODELS["lenet"]()
    content = to_bytes(recorded(module, x))
    foreign = from_bytes(content, records=False)
    np.testing.assert_allclose(array(foreign(x)), array(module(x)), 1e-5, 1e-6)
    assert {name for name, _ in foreign.named_parameters()} >= {"conv1.weight", "fc.bias"}
    for graph, inputs in ((turns(), [rows(n) for n in range(1, 4)]), (halvings(), [np.array([9, 9], "float32")])):
        foreign = from_bytes(to_bytes(graph), records=False)
        for x in inputs:
            for a, b in zip(graph(mg.tensor(x)), foreign(mg.tensor(x)), strict=True):
                np.testing.assert_allclose(array(b), array(a), 1e-5)


def test_a_file_object_and_a_path_get_the_same_bytes_and_a_crash_leaves_the_old_file(tmp_path, monkeypatch):
    graph, file, path = halvings(), io.BytesIO(), tmp_path / "m.onnx"
    jit.save(graph, file)
    jit.save(graph, path)
    assert path.read_bytes() == file.getvalue()
    file.seek(0)
    assert str(jit.load(file).graph) == str(graph)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        jit.save(turns(), path)
    assert path.read_bytes() == file.getvalue() and list(tmp_path.iterdir()) == [path]


# What cannot be saved


def lonely(name, *inputs, **attributes):
    """A graph of one step that stands on a line."""
    s, y = step(name, inputs, "y", **attributes)
    s.source = Source("lesson.py", 7, "y = f(x)", "f")
    return Graph([x for x in inputs if isinstance(x, Value)], [s], [y])


def square(*shape, dtype=mg.float32):
    return Value("x", "tensor", shape, dtype)


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (lambda: lonely("inv", square(2, 2)), r"inv \(lesson.py:7\) cannot be written as ONNX: .*solves equations"),
        (
            lambda: lonely("view_dtype", square(2), dtype=np.dtype("int32")),
            r"view_dtype \(lesson.py:7\).*use .to\(dtype\)",
        ),
        (lambda: lonely("mean", square(2, dtype=mg.int64)), r"mean \(lesson.py:7\).*Use .float\(\) first"),
        (lambda: lonely("squeeze", square(None, 2)), r"squeeze \(lesson.py:7\).*inputs=\(x"),
        (lambda: lonely("linear", square(2), square(3, 4), square(3)), r"linear \(lesson.py:7\) cannot be written"),
    ],
)
def test_what_onnx_cannot_say_is_refused_with_its_line(graph, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        jit.save(graph(), tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_two_types_for_one_value_are_refused():
    x, c = square(2), Value("c", "bool")
    to_int = step("to_integer", [x], "whole", dtype=np.dtype("int64"))
    y = Value("y")
    graph = Graph([x, c], [If(c, Block([], [to_int[0]], [to_int[1]]), Block([], [], [x]), (y,))], [y])
    with pytest.raises(ValueError, match="'y' is int64 one time and float32 another"):
        to_bytes(graph)
    turn, h = Value("turn", "int"), Value("h")
    s, new = step("div", [h, 2], "new")
    graph = Graph([square(2, dtype=mg.int64)], [], [y])
    graph.steps.append(Loop(3, True, (graph.inputs[0],), Block([turn, h], [s], [True, new]), (y,)))
    with pytest.raises(ValueError, match="what the loop carries as 'y' is int64 one time and float32 another"):
        to_bytes(graph)


def test_a_model_too_large_for_one_file_is_refused(monkeypatch):
    monkeypatch.setattr("minigrad.jit.saving.MOST_BYTES", 10)
    with pytest.raises(ValueError, match="turns holds 36 bytes of numbers"):
        to_bytes(turns())


def test_other_things_are_refused(tmp_path):
    with pytest.raises(TypeError, match=r"a Linear has no graph\. Record it first"):
        jit.save(nn.Linear(1, 1), tmp_path / "m")
    with pytest.raises(ValueError, match="dynamic_axes names 'y'; the inputs are x"):
        to_bytes(halvings(), dynamic_axes={"y": [0]})
    with pytest.raises(ValueError, match="takes 1 inputs, and 2 examples"):
        to_bytes(halvings(), inputs=(mg.ones(1), mg.ones(1)))


def test_asserts_are_left_out_and_said_to_be():
    x = Value("x", "tensor", (2,), mg.float32)
    total = step("sum", [x], "total")
    ask = step("gt", [total[1], 0], "ask")
    checked = step("assert", [ask[1]], "checked", "bool", message="positive")
    twice = step("mul", [x, 2], "y")
    checked[0].source = Source("lesson.py", 4)
    graph = Graph([x], [s for s, _ in (total, ask, checked, twice)], [twice[1]], name="f")
    model = onnx.load_from_string(to_bytes(graph))
    assert model.doc_string.splitlines()[1] == "left out: assert (lesson.py:4)"


def test_numbers_at_random_have_the_right_shape_and_are_drawn_anew():
    n = Value("n", "int")
    s, y = step("random.rand", [], "y", shape=(n, 3))
    run = session(to_bytes(Graph([n], [s], [y]))).run
    first, second = (run(None, {"n": np.array(50)})[0] for _ in range(2))
    assert first.shape == (50, 3) and first.dtype == "float32" and (first >= 0).all() and (first < 1).all()
    assert (first != second).any()


# Without minigrad

ALONE = """
    import json, sys
    class Refuse:
        def find_spec(self, name, *_):
            if name.split(".")[0] in ("minigrad", "onnx", "viz"):
                raise ImportError(name)
    sys.meta_path.insert(0, Refuse())
    import numpy as np, onnxruntime as ort
    model, cases = sys.argv[1], np.load(sys.argv[2])
    run = ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run
    count = max(int(name.split(".")[1]) for name in cases.files) + 1
    for i in range(count):
        given = {name.split(".", 2)[2]: cases[name] for name in cases.files if name.startswith(f"in.{i}.")}
        wanted = [cases[name] for name in cases.files if name.startswith(f"out.{i}.")]
        for got, one in zip(run(None, given), wanted, strict=True):
            np.testing.assert_allclose(got, one, 1e-5, 1e-6)
    try:
        import minigrad
    except ImportError:
        print(count, "the same")
"""


@pytest.mark.parametrize("name", ["mlp", "lenet", "gru", "turns", "halvings"])
def test_the_file_runs_in_a_process_that_has_no_minigrad(name, tmp_path):
    mg.manual_seed(1)
    if name in MODELS:
        module, x = MODELS[name]()
        graph, inputs = recorded(module, x), [x.numpy()]
    else:
        graph = {"turns": turns, "halvings": halvings}[name]()
        inputs = [rows(n) for n in range(10)] if name == "turns" else [np.array([i, i], "float32") for i in range(10)]
    cases = {}
    for i, x in enumerate(inputs):
        cases[f"in.{i}.x"] = x
        found = graph(mg.tensor(x))
        for k, y in enumerate(found if isinstance(found, tuple) else (found,)):
            cases[f"out.{i}.{k}"] = array(y)
    jit.save(graph, tmp_path / "model.onnx")
    np.savez(tmp_path / "cases.npz", **cases)
    command = [sys.executable, "-I", "-c", textwrap.dedent(ALONE), "model.onnx", "cases.npz"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert ran.returncode == 0 and ran.stdout.split() == [str(len(inputs)), "the", "same"], ran.stderr


def test_without_the_package_an_error_says_what_to_install(tmp_path):
    code = """
        import sys
        sys.modules["onnx"] = None
        import minigrad as mg
        from minigrad import jit
        try:
            jit.load(sys.argv[1])
        except ImportError as error:
            print(error)
    """
    (tmp_path / "m.onnx").write_bytes(b"x")
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "m.onnx")]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert 'pip install "minigrad[onnx]"' in ran.stdout, ran.stderr
