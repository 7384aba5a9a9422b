"""From the outside in: written once, traced or scripted, replayed, saved, run by onnxruntime, loaded back, trained."""

import io
import json
import linecache
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit, nn
from minigrad.jit.graph import If, Loop, Value
from minigrad.jit.tree import Leaf, flatten
from tests.ship_programs import CONTROLLED, MODULES, SCRIPTED, Gate, Switch, gathered, halving, rows
from tests.test_jit_onnx_ops import session
from tests.test_jit_onnx_save import ALONE
from tests.test_jit_script_programs import built, statements

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def leaves(what):
    """All results in a row, as arrays."""
    found, _ = flatten(what, (mg.Tensor, bool, int, float))
    return [x.detach().numpy() if isinstance(x, mg.Tensor) else np.asarray(x) for x in found]


def variable(form, result):
    """The parts of a result that a graph gives, in order; what is the same each time stands in its form."""
    if form is None or isinstance(form, Leaf):
        return leaves(result)
    if isinstance(form, (tuple, list)):
        return [x for part, one in zip(form, result, strict=True) for x in variable(part, one)]
    return [x for key in form for x in variable(form[key], result[key])] if isinstance(form, dict) else []


def same(got, wanted):
    got, wanted = (x if isinstance(x, list) else leaves(x) for x in (got, wanted))
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, 1e-4, 1e-5)
        assert a.shape == b.shape and (a.dtype == b.dtype or not b.ndim)


def bytes_of(made, **options):
    """The file; it loads and saves to itself."""
    file, again = io.BytesIO(), io.BytesIO()
    jit.save(made, file, **options)
    loaded = jit.load(io.BytesIO(file.getvalue()))
    jit.save(loaded, again)
    assert again.getvalue() == file.getvalue()
    return file.getvalue(), loaded


def shipped(made, eager, cases, **options):
    """Replayed, from JSON, loaded back and in onnxruntime: all as eager. Returns what was loaded."""
    content, loaded = bytes_of(made, **options)
    assert type(loaded) is jit.GraphModule and isinstance(loaded.graph, jit.Graph) and loaded.code
    copied = jit.Graph.from_json(json.loads(json.dumps(loaded.graph.to_json())))
    assert str(copied) == str(loaded.graph)
    run = session(content).run
    for inputs in cases:
        wanted = eager(*inputs)
        for way in (made, loaded, copied):
            got = way(*inputs)
            assert repr(flatten(got, object)[1]) == repr(flatten(wanted, object)[1])  # nested as it was
            same(got, wanted)
        feeds = {value.name: x.numpy() for value, x in zip(loaded.graph.inputs, inputs, strict=True)}
        same(run(None, feeds), variable(loaded.graph.form, wanted))
    return loaded


def gradients(function, inputs, parameters):
    """Of the sum of all results."""
    found = [x for x in flatten(function(*inputs))[0] if x.requires_grad]
    return mg.autograd.grad(sum(x.float().sum() for x in found), parameters, allow_unused=True)


@pytest.mark.parametrize("how", ["trace", "script"])
@pytest.mark.parametrize("name", MODULES)
def test_modules(name, how):
    mg.manual_seed(0)
    make, example = MODULES[name]
    module = make().eval()
    if how == "trace":
        with warnings.catch_warnings():
            warnings.simplefilter("error" if name != "gate" else "ignore")
            made, cases = jit.trace(module, example(3)), [example(3)]
    else:
        made = jit.script(module)
        for n in (2, 4):
            made(*example(n))
        cases = [example(n) for n in (1, 2, 3, 5)]
    if name in ("gate", "switch"):
        cases = [(x,) for case in cases for x in (case[0], -case[0])]
    if how == "trace" and name == "gate":  # a trace has the arm of its example alone
        cases = cases[:0]
    loaded = shipped(made, module, cases)
    assert loaded.state_dict().keys() == module.state_dict().keys()
    make().load_state_dict(loaded.state_dict())
    for inputs in cases:
        parameters = [dict(m.named_parameters()) for m in (module, loaded)]
        assert list(parameters[0]) == list(parameters[1])
        one, two = (gradients(m, inputs, list(p.values())) for m, p in zip((module, loaded), parameters, strict=True))
        for a, b in zip(one, two, strict=True):
            assert (a is None or not a.any()) if b is None else (b is None or mg.allclose(a, b, 1e-4, 1e-5))


@pytest.mark.parametrize("name", SCRIPTED)
def test_scripted_functions_run_both_arms_and_any_length(name):
    mg.manual_seed(1)
    eager = SCRIPTED[name]
    made = jit.script(eager)
    for n in (2, 5):
        made(*rows(n))
    shipped(made, eager, [(x * s,) for n in range(10) for (x,) in (rows(n),) for s in (1, -3)])


@settings(max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(st.lists(statements(False), min_size=1, max_size=4).map(lambda parts: [line for part in parts for line in part]))
def test_programs_at_random_run_in_onnxruntime(body):
    program, name = built(body)
    try:
        made = jit.script(program)
        sizes = (1, 0), (4, 4), (0, 2), (3, 1)
        cases = [(mg.randn(n, 3, generator=mg.Generator().manual_seed(n)), k) for n, k in sizes]
        for case in cases:
            made(*case)
        content, loaded = bytes_of(made)
        run = session(content).run
        for case in cases:
            wanted = program(*case)
            same(loaded(*case), wanted)
            feeds = {v.name: np.asarray(getattr(x, "array", x)) for v, x in zip(loaded.graph.inputs, case, strict=True)}
            same(run(None, feeds), variable(loaded.graph.form, wanted))
    finally:
        del linecache.cache[name]


@pytest.mark.parametrize("name", CONTROLLED)
def test_traced_functions_keep_cond_while_loop_and_scan(name):
    mg.manual_seed(2)
    eager = CONTROLLED[name]
    made = jit.trace(eager, rows(3))
    assert {type(step) for step in made.graph.steps} & {If, Loop}
    shipped(made, eager, [(x * s,) for (x,) in (rows(3), rows(3)) for s in (1, -1, 40, 0)])
    x = mg.randn(3, 3)
    for case in (x, -x):
        one, two = case.clone().requires_grad_(), case.clone().requires_grad_()
        same(gradients(made, (one,), one), gradients(eager, (two,), two))


def test_a_traced_scan_runs_any_length_by_itself():
    made, eager = jit.trace(CONTROLLED["running"], rows(3)), CONTROLLED["running"]
    for n in range(1, 10):
        x = mg.randn(n, 3)
        same(made(x), eager(x))
    shipped(made, eager, [rows(n) for n in range(1, 10)], dynamic_axes={"x": [0]})


@pytest.mark.parametrize("name", ["gate", "gathered", "halving", "words", "running"])
def test_files_run_where_there_is_no_minigrad(name, tmp_path):
    mg.manual_seed(3)
    if name in MODULES:
        eager, example = MODULES[name][0]().eval(), MODULES[name][1]
    else:
        eager, example = {"gathered": gathered, "halving": halving, "running": CONTROLLED["running"]}[name], rows
    made, kept = jit.script(eager), {}
    cases = [(x * s,) for n in range(1, 10) for (x,) in (example(n),) for s in ((1,) if name == "words" else (1, -1))]
    for case in cases[:4]:
        made(*case)
    for i, (x,) in enumerate(cases):
        kept[f"in.{i}.{made.graph.inputs[0].name}"] = x.numpy()
        kept |= {f"out.{i}.{k}": y for k, y in enumerate(leaves(eager(x)))}
    jit.save(made, tmp_path / "model.onnx")
    np.savez(tmp_path / "cases.npz", **kept)
    command = [sys.executable, "-I", "-c", textwrap.dedent(ALONE), "model.onnx", "cases.npz"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert ran.returncode == 0 and ran.stdout.split() == [str(len(cases)), "the", "same"], ran.stderr


# What is taken, and what is refused


def test_inputs_may_be_given_instead_of_calls():
    made = jit.script(halving)
    with pytest.raises(ValueError, match=r"the dtype of its input 'x' is not known\. .*jit\.save\(m, path, inputs="):
        bytes_of(made)
    shipped(made, halving, [rows(3)], inputs=rows(3))
    shipped(made, halving, [rows(n) for n in range(6)], inputs=[rows(2), rows(3)])
    shipped(made, halving, [rows(n) for n in range(6)], inputs=rows(2), dynamic_axes={"x": {0: "rows"}})


def test_a_model_that_was_trained_by_script_ships_without_another_call():
    mg.manual_seed(7)
    model = jit.script(MODULES["cnn"][0]())
    for n in (3, 4):
        model(mg.randn(n, 1, 4, 4))
    shipped(model.eval(), model, [(mg.randn(n, 1, 4, 4),) for n in (1, 6)])


def test_defaults_that_no_call_has_changed_are_no_inputs():
    def scaled(x, by: float = 2.0, twice: bool = False):
        return x * by * 2 if twice else x * by

    made = jit.script(scaled)
    made(mg.ones(3))
    assert [value.name for value in shipped(made, scaled, [(mg.ones(3),)]).graph.inputs] == ["x"]
    made(mg.ones(3), twice=True)
    content, loaded = bytes_of(made)
    assert [value.name for value in loaded.graph.inputs] == ["x", "twice"]
    feeds = {"x": np.ones(3, "float32"), "twice": np.array(True)}
    same(session(content).run(None, feeds), scaled(mg.ones(3), twice=True))


def test_lists_of_tensors_are_sequences():
    def joined(xs: list[mg.Tensor]):
        total = xs[0] * 0
        for x in xs:
            total = total + x
        return total, xs[1:]

    made = jit.script(joined)
    made([mg.ones(3), mg.ones(3)])
    content, loaded = bytes_of(made)
    xs = [mg.ones(3) * i for i in range(1, 5)]
    same(loaded(xs), joined(xs))
    total, rest = session(content).run(None, {"xs": [x.numpy() for x in xs]})
    same([total, *rest], joined(xs))


def test_names_that_are_no_paths_are_kept_whole():
    """Of foreign files: what clashes, or names nothing."""
    x = jit.trace(lambda x: x, mg.ones(1)).graph.inputs[0]
    graph = jit.Graph([x], [], [x])
    names = ["a", "a.b", "graph", "forward.w", "x..y", "deep" + ".x" * 5000, "onnx::MatMul_7", "c.d", "c.e"]
    for name in names:
        graph.parameters[Value(name, "tensor", (1,), mg.float32)] = nn.Parameter(mg.ones(1))
    module = jit.GraphModule(graph)
    assert sorted(module.state_dict()) == sorted(names) and list(module._modules) == ["c"]


def test_compiled_functions_ship_their_way_forward():
    layer = nn.Linear(3, 2)
    made = jit.compile(lambda x: layer(x).relu() * 2)
    with pytest.raises(ValueError, match="no recording yet: call it once"):
        bytes_of(made)
    x = mg.randn(4, 3)
    made(x)
    shipped(made, lambda x: layer(x).relu() * 2, [(x,), (-x,)])
    model = jit.compile(nn.Sequential(nn.Linear(3, 2), nn.Tanh()))
    model(x)
    assert shipped(model, model.function, [(x,)]).state_dict().keys() == model.function.state_dict().keys()


def test_a_step_of_training_is_refused():
    model = nn.Linear(3, 1)
    optimizer = mg.optim.SGD(model.parameters(), 0.1)

    @jit.compile
    def step(x):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    step(mg.ones(2, 3))
    with pytest.raises(ValueError, match=r"step is a step of training.*jit\.trace\(model\.eval\(\), \(x,\)\)"):
        bytes_of(step)


def test_what_hangs_on_looked_at_numbers_is_left_to_script():
    made = jit.compile(lambda x: x * 2 if x.sum() > 0 else -x)
    made(mg.ones(2))
    with pytest.raises(ValueError, match=r"hangs on numbers that it looks at.*jit\.script keeps all"):
        bytes_of(made)


@pytest.mark.parametrize("how", ["trace", "script"])
def test_statistics_that_change_are_refused(how):
    module, x = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), mg.randn(4, 3)
    made = jit.trace(module, x) if how == "trace" else jit.script(module)
    made(x)
    with pytest.raises(ValueError, match=r"1\.num_batches_tracked.* would change at every run.*\.eval\(\)"):
        bytes_of(made)
    made = jit.trace(module.eval(), x) if how == "trace" else made.eval()
    made(x)
    shipped(made, module, [(x,)])


def test_changes_of_inputs_are_refused():
    def f(x):
        x += 1
        return x * 2

    with pytest.raises(ValueError, match="changes its input x in place"):
        bytes_of(jit.trace(f, mg.ones(2)))


def test_what_a_file_leaves_out_is_said_with_its_line():
    @jit.script
    def told(x):
        print("sum", x.sum())
        if x.sum() > 5:
            raise ValueError("too much")
        return x * 2

    told(mg.ones(2))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        bytes_of(told)
    words = [str(warning.message) for warning in heard]
    assert all(f"left out: {what} (test_jit_ship.py:" in " ".join(words) for what in ("print", "raise"))


def test_what_is_python_is_refused():
    @jit.ignore
    def python(x):
        return x + 1

    class Square(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]

    made = jit.script(_calls(python))
    made(mg.ones(2))
    with pytest.raises(ValueError, match=r"python\.python.*Python function of its own"):
        bytes_of(made)
    traced = jit.trace(lambda x: Square.apply(x * 1.0), mg.ones(2, requires_grad=True))
    with pytest.raises(ValueError, match=r"Square.*Python function of its own"):
        bytes_of(traced)


def _calls(function):
    def f(x):
        return function(x) * 2

    return f


def test_random_numbers_are_drawn_anew_in_the_file():
    @jit.script
    def noisy(x):
        return mg.nn.functional.dropout(x, 0.25), mg.rand_like(x), mg.randn(x.size(0)), mg.bernoulli(x * 0 + 0.5)

    for n in (2, 3):
        noisy(mg.ones(n, 4))
    content, loaded = bytes_of(noisy)
    run = session(content).run
    found = [run(None, {"x": np.ones((200, 4), "float32")}) for _ in range(2)]
    kept, uniform, normal, coins = found[0]
    assert set(kept.reshape(-1).tolist()) == {0, np.float32(1 / 0.75)} and 0.15 < (kept == 0).mean() < 0.35
    assert uniform.shape == (200, 4) and (uniform >= 0).all() and (uniform < 1).all() and normal.shape == (200,)
    assert normal.min() < 0 and set(coins.reshape(-1).tolist()) == {0, 1}
    assert all((a != b).any() for a, b in zip(*found, strict=True))
    mg.manual_seed(4)
    wanted = noisy(mg.ones(5, 4))
    mg.manual_seed(4)
    same(loaded(mg.ones(5, 4)), wanted)


def test_a_trace_draws_as_well():
    module = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5))
    content, _ = bytes_of(jit.trace(lambda x: module(x) + mg.randint(0, 5, (2, 3)) + mg.randperm(3), mg.ones(2, 3)))
    run = session(content).run
    assert (run(None, {"x": np.ones((2, 3), "float32")})[0] != run(None, {"x": np.ones((2, 3), "float32")})[0]).any()


# One inside the other


def test_trace_takes_scripted_graphs_whole_and_script_traced_ones():
    scripted = jit.script(halving)
    traced = jit.trace(lambda x: scripted(x * 3)[0] + 1, rows(3))
    assert any(isinstance(step, Loop) for step in traced.graph.steps)
    shipped(traced, lambda x: halving(x * 3)[0] + 1, [(x * s,) for (x,) in (rows(3),) for s in (0, 1, 9, -40)])
    gate = Gate().eval()
    again = jit.trace(jit.script(gate), rows(3))
    assert again.state_dict().keys() == gate.state_dict().keys()
    shipped(again, gate, [(x * s,) for (x,) in (rows(3),) for s in (1, -1)])
    straight = jit.trace(Switch(), rows(3))

    def twice(x):
        if x.sum() > 0:
            x = straight(x)
        return x * 2

    shipped_twice = jit.script(twice)
    for s in (1, -1):
        x = rows(3)[0] * s
        same(shipped_twice(x), twice(x))


def test_compile_takes_scripted_graphs_and_guards_their_ways():
    scripted = jit.script(halving)
    compiled = jit.compile(scripted)
    for s in (0.1, 9, -40, 9):
        x = mg.ones(2, 3) * s
        same(compiled(x), halving(x))
    assert compiled.replayed >= 1


@pytest.mark.parametrize("name", CONTROLLED)
def test_compile_follows_cond_while_loop_and_scan(name):
    mg.manual_seed(5)
    eager, compiled = CONTROLLED[name], jit.compile(CONTROLLED[name])
    for x in [x * s for n in (1, 2, 3) for (x,) in (rows(n),) for s in (1, -1, 20)]:
        for _ in range(2):
            one, two = x.clone().requires_grad_(), x.clone().requires_grad_()
            same(compiled(one), eager(two))
            same(gradients(compiled, (one,), one), gradients(eager, (two,), two))
    assert compiled.replayed >= 9


def test_a_loaded_model_goes_on_training():
    mg.manual_seed(6)
    model, x, y = MODULES["mlp"][0]().eval(), mg.randn(20, 3), mg.randint(0, 2, (20,))
    made = jit.script(model)
    made(x)
    _, loaded = bytes_of(made)
    losses = []
    for m in (model, loaded):
        optimizer = mg.optim.Adam(m.parameters(), 0.01)
        for _ in range(5):
            optimizer.zero_grad()
            loss = mg.nn.functional.nll_loss(m(x), y)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], 1e-5)
    trained, _ = bytes_of(loaded)
    same(session(trained).run(None, {loaded.graph.inputs[0].name: x.numpy()}), loaded(x))
