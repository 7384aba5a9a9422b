"""The passes one by one: what each takes out, what it leaves, and that the numbers stay the same to the last bit."""

# ruff: noqa: B002, F841, SIM108  what is compiled here is written as learners write

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, jit
from minigrad.jit.check import check
from minigrad.jit.graph import Graph, If, Step, Value
from minigrad.jit.passes import algebra, common, dead, folding, optimized, steps_of
from minigrad.jit.prims import PRIMS
from minigrad.op import OPS


def names(graph):
    return [step.op.name if isinstance(step, Step) else type(step).__name__ for step in graph.every_step()]


def traced(function, *inputs):
    return jit.trace(function, inputs).graph


def same(before, after, *inputs):
    """Both graphs give the same bits; the first is as it was."""
    one, two = (graph(*(x.clone() if isinstance(x, Tensor) else x for x in inputs)) for graph in (before, check(after)))
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (one, two)), strict=True):
        a, b = (np.asarray(x.array if isinstance(x, Tensor) else x) for x in (a, b))
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return after


X = mg.tensor([[1.0, -0.0], [float("nan"), -2.0]])


# What is there already


@pytest.mark.parametrize("function, left", [
    (lambda x: x * 1 / 1 - 0, []),
    (lambda x: x * 1.0, []),
    (lambda x: -(-x), ["neg"]),  # the first is dead now
    (lambda x: x.swapaxes(0, 1).transpose(1, 0), ["swapaxes"]),
    (lambda x: x.transpose(0, 1).transpose(-1, -2), ["swapaxes"]),
    (lambda x: x.reshape(2, 2).expand(2, 2), []),
    (lambda x: x.float().clone().detach(), []),
    (lambda x: x + 0, ["add"]),  # -0.0 + 0 is 0.0
    (lambda x: x - (-0.0), ["sub"]),
    (lambda x: x * 0, ["mul"]),
    (lambda x: 1 / x, ["div"]),
    (lambda x: x * True, ["mul"]),
    (lambda x: x.reshape(4), ["reshape"]),
    (lambda x: x.double(), ["cast"]),
    (lambda x: x[0] * mg.ones(2, 1), ["index", "mul"]),  # of another shape
    (lambda x: x * mg.tensor(1.0), []),  # a constant that never changes
    (lambda x: x - mg.tensor([0.0]), []),
    (lambda x: x * mg.tensor([1.0, 1.0]), ["mul"]),
    (lambda x: x.long() * 1 / 1, ["to_integer", "div"]),  # a division makes floats
])  # fmt: skip
def test_algebra(function, left):
    graph = traced(function, X.nan_to_num() if left[:1] == ["to_integer"] else X)
    before = str(graph)
    after = same(graph, algebra(graph, set(graph.constants)), X.nan_to_num())
    assert names(after) == left and str(graph) == before
    same(graph, after, X) if left[:1] != ["to_integer"] else None


def test_algebra_trusts_no_constant_that_may_change():
    graph = traced(lambda x: x * mg.tensor(1.0), X)
    assert names(algebra(graph)) == ["mul"]


def test_algebra_where_shapes_are_not_known():
    def f(x):
        return x.transpose(0, 1).transpose(1, 0), x.transpose(0, -1).transpose(0, 1), x * 1, -(-x)

    graph = jit.script(f).graph
    after = same(graph, optimized(graph), mg.ones(2, 3))
    assert names(after) == ["swapaxes", "swapaxes", "mul"]


def test_copies_of_what_a_graph_changes_stay():
    held, x, new, old = (Value(name, shape=(2,), dtype=mg.float32) for name in ("held", "x", "new", "old"))
    copy, add = Step(OPS["clone"], (held,), {}, (old,)), Step(OPS["add"], (held, x), {}, (new,))
    graph = Graph([x], [copy, add], [old], name="f")
    graph.constants[held] = mg.zeros(2)
    graph.updates = [(held, new)]
    assert names(folding(graph)) == ["clone", "add"]  # what changes is not known
    after = check(dead(algebra(graph)))
    assert names(after) == ["clone", "add"] and after.updates == graph.updates
    assert [after(mg.ones(2)).tolist() for _ in range(2)] == [[0, 0], [1, 1]]
    assert names(algebra(traced(lambda x: x.clone(), X))) == []


def test_a_cast_to_the_same_dtype_goes_and_a_rewritten_tensor_is_the_new_one():
    x, a, b, c = (Value(name, shape=(2,), dtype=mg.float32) for name in "xabc")
    graph = Graph([x], [Step(OPS["cast"], (x,), {"dtype": mg.float32.numpy}, (a,)), Step(OPS["exp"], (a,), {}, (b,)),
                        Step(PRIMS["tensor.rewritten"], (x, b), {}, (c,))], [c], name="f")  # fmt: skip
    assert names(same(graph, algebra(graph), mg.ones(2))) == ["exp"]


# What is computed twice


def test_common_steps_are_computed_once():
    def f(x):
        return x.exp() + x.exp(), x[0:1] - x[0:1], x.sum(0) * x.sum(dim=0), x + 0.0 - (x + -0.0), x * 1 + x * True

    after = same(traced(f, X), common(traced(f, X)), X)
    assert names(after).count("exp") == 1 and names(after).count("index") == 1 and names(after).count("sum") == 1
    assert names(after).count("add") == 4  # of 0.0 and -0.0 two
    assert names(after).count("mul") == 3


def test_what_a_block_computes_is_not_there_outside():
    def f(x):
        y = x.exp() if x.sum() > 0 else x.exp() + x.exp()
        return y + x.exp()

    graph = jit.script(f).graph
    after = same(graph, common(graph), mg.ones(2))
    same(graph, after, -mg.ones(2))
    assert names(graph).count("exp") == 4 and names(after).count("exp") == 3


def test_random_numbers_and_what_is_shown_are_no_common_steps(capsys):
    @jit.script
    def f(x):
        print("seen")
        print("seen")
        a = mg.rand(3)
        b = mg.rand(3)
        return a - b + x

    after = optimized(f.graph)
    mg.manual_seed(0)
    expected = f(mg.zeros(3))
    mg.manual_seed(0)
    assert mg.equal(after(mg.zeros(3)), expected) and expected.abs().sum() > 0
    assert capsys.readouterr().out == "seen\n" * 4


def test_attributes_that_are_arrays_are_not_compared():
    x, a, b, c = (Value(name, shape=(2,), dtype=mg.float32) for name in "xabc")
    places = {"index": np.array([1, 0])}
    graph = Graph([x], [Step(OPS["index"], (x,), places, (a,)), Step(OPS["index"], (x,), places, (b,)),
                        Step(OPS["add"], (a, b), {}, (c,))], [c], name="f")  # fmt: skip
    assert names(common(graph)) == ["index", "index", "add"]


# What nobody asks for


def test_dead_steps_go_from_blocks_too():
    def f(x, n: int):
        unused = x.exp()
        if x.sum() > 0:
            y, lost = x * 2, x.sin()
        else:
            y, lost = x, x.cos()
        for i in range(n):
            kept, gone = y * i, y.tan()
            y = y + kept
        if n > 5:
            z = lost + 1
        else:
            z = unused
        return y

    graph = jit.script(f).graph
    after = check(dead(graph))
    for x in (mg.ones(2), -mg.ones(2)):
        for n in (0, 2, 7):
            assert mg.equal(graph(x, n), f(x, n)) and mg.equal(after(x, n), f(x, n))
    assert not {"exp", "tan"} & set(names(after)) and "mul" in names(after)


def test_what_has_an_effect_stays_wherever_it_stands(capsys):
    def f(x, n: int):
        for i in range(n):
            if x.sum() > 0:
                print("turn", i)
        if x.sum() > 10:
            raise ValueError("too much")
        mg.rand(2)
        return x

    graph = jit.script(f).graph
    after = check(optimized(graph))
    after(mg.ones(2), 2)
    assert capsys.readouterr().out == "turn 0\nturn 1\n" and names(after)[-1] == "mg.rand"
    with pytest.raises(ValueError, match="too much"):
        after(mg.ones(20), 0)


def test_parameters_stay_and_constants_go():
    weight = mg.nn.Parameter(mg.ones(2))

    def f(x):
        _ = x * weight + mg.tensor([3.0, 4.0])
        return x + 1

    after = dead(traced(f, mg.ones(2)))
    assert names(after) == ["add"] and len(after.parameters) == 1 and len(after.constants) == 0


# What is known


def test_folding_computes_what_depends_on_constants():
    held = mg.tensor([1.0, 2.0])

    @jit.script
    def f(x):
        n = held.sum() * 2
        if bool(n > 5) and int(n) > 3:
            x = x + n
        return x * held.exp(), held.sum().item()

    after = same(f.graph, dead(folding(f.graph)), mg.ones(2))
    assert "exp" not in names(after) and "sum" not in names(after)
    assert names(folding(f.graph, ())) == names(f.graph)
    numbers = names(folding(f.graph, numbers_only=True))
    assert "exp" in numbers and "tensor.item" not in numbers


def test_folding_leaves_what_goes_wrong_is_large_drawn_or_changed():
    big, wrong = mg.ones(300, 300), mg.ones(3)

    @jit.script
    def f(x):
        if x.sum() > 100:
            return wrong @ mg.ones(2)
        return (big * 2).sum() + mg.rand(1) * 0 + x.sum()

    after = check(folding(f.graph))
    assert {"matmul", "mul", "random.rand"} & set(names(after)) >= {"matmul"} and "mul" in names(after)
    assert f(mg.ones(2)).item() == after(mg.ones(2)).item() == 180002
    with pytest.raises(mg.ShapeError):
        after(mg.ones(200))


def test_all_passes_in_their_order():
    graph = traced(lambda x: (x * 1).exp() + x.exp() + mg.tensor(2.0) * 3, X)
    seen = dict(steps_of(graph))
    assert list(seen)[:3] == ["folding", "algebra", "common"] and names(seen["dead"]) == ["exp", "add", "add"]
    same(graph, optimized(graph), X)
    assert len(names(optimized(graph, constants=()))) > 3  # of no constant it is said that it stays


def test_an_if_of_which_nothing_is_used_goes():
    def f(x):
        if x.sum() > 0:
            y = x * 2
        else:
            y = x
        return x, y

    graph = jit.script(f).graph
    graph.outputs = graph.outputs[:1]
    after = dead(graph)
    assert any(isinstance(step, If) for step in graph.every_step()) and names(after) == []
