"""Named tuples among the results of a graph: as data, in a file, and back."""

import io
import json
from collections import namedtuple
from typing import NamedTuple

import pytest

import minigrad as mg
from minigrad import jit
from minigrad.jit.graph import Graph
from minigrad.jit.plain import named_tuple

Pair = namedtuple("Pair", "mean spread")


class Step(NamedTuple):
    loss: mg.Tensor
    parts: dict


def f(x):
    return Pair(x.mean(), {"a": Step(x.std(), {"b": [x * 2]})}), mg.max(x, 0)


def told(result):
    pair, largest = result
    inner = pair.spread["a"]
    return [type(part).__name__ for part in (pair, inner, largest)], [
        y.tolist() for y in (pair.mean, inner.loss, inner.parts["b"][0], largest.values, largest.indices)]  # fmt: skip


def test_as_data_and_back():
    x = mg.arange(6.0).reshape(2, 3)
    graph = jit.trace(f, (x,)).graph
    data = json.loads(json.dumps(graph.to_json()))
    again = Graph.from_json(data)
    assert told(again(x)) == told(f(x)) and again.to_json() == graph.to_json()
    assert type(again.form) is type(graph.form) is tuple and again.form[0]._fields == ("mean", "spread")
    assert type(again(x)[0]) is type(Graph.from_json(data)(x)[0])


@pytest.mark.parametrize("how", ["trace", "script", "compile"])
def test_in_a_file_and_back(how):
    pytest.importorskip("onnx")
    x, file = mg.arange(6.0).reshape(2, 3), io.BytesIO()
    m = jit.trace(f, (x,)) if how == "trace" else getattr(jit, how)(f)
    m(x)
    jit.save(m, file, inputs=x)
    found, numbers = told(jit.load(io.BytesIO(file.getvalue()))(x))
    assert found[:2] == ["Pair", "Step"] and numbers == told(f(x))[1]


@pytest.mark.parametrize(
    "names",
    [("P", "a", "a"), ("P", "class"), ("P", "_a"), ("if", "a"), ("P", "a b"), ("P", "a=1"), ("P", ""), ("", "a"),
     ("P", 3), ("P", "ｉｆ"), ("P", "a" * 101), ("P", "__class__"), ("P", None), (None, "a"), ("P", "a, b=print(1)")],
)  # fmt: skip
def test_what_is_no_name_is_refused(names):
    data = jit.trace(lambda x: Pair(x * 1, x * 2), (mg.ones(2),)).graph.to_json()
    (kind, (_, fields, parts)), = data["form"].items()
    assert kind == "named" and fields == ["mean", "spread"]
    with pytest.raises(ValueError):
        named_tuple(*names)
    with pytest.raises(ValueError):
        Graph.from_json(data | {"form": {"named": [names[0], list(names[1:]), parts[: len(names) - 1]]}})


def test_as_many_parts_as_names():
    data = jit.trace(lambda x: Pair(x * 1, x * 2), (mg.ones(2),)).graph.to_json()
    with pytest.raises(ValueError, match="not a graph that to_json"):
        Graph.from_json(data | {"form": {"named": ["Pair", ["mean"], data["form"]["named"][2]]}})


def branch(x):
    values, places = mg.max(x, 0)
    return values * 2 if x.sum() > 0 else values + places, places


def test_results_of_several_dtypes_of_one_function_in_a_file():
    pytest.importorskip("onnxruntime")
    file = io.BytesIO()
    jit.save(jit.script(branch), file, inputs=mg.ones(2, 3))
    for records in (True, False):
        loaded = jit.load(io.BytesIO(file.getvalue()), records=records)
        for x in (mg.arange(6.0).reshape(2, 3), -mg.arange(6.0).reshape(2, 3)):
            assert [y.tolist() for y in loaded(x)] == [y.tolist() for y in branch(x)]


def test_a_list_of_several_dtypes_has_to_be_told_apart():
    def pick(x):
        made = [x, x.int()]
        y = x * 0
        for i in range(x.shape[0]):
            y = y + made[i]
        return y

    pytest.importorskip("onnx")
    with pytest.raises(ValueError, match="list"):
        jit.save(jit.script(pick), io.BytesIO(), inputs=mg.ones(2))
