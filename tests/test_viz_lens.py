"""One value close up: memory, version, who keeps it, and its numbers as a drawing."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import minigrad as mg
import viz
from viz import closeup, serial
from viz.recorder import summary_of


def rows(run, name):
    told = [line.split("  ", 1) for line in viz.lens(run, name).split("\n")]
    return {row[0]: row[1].strip() for row in told if row[0]}


def test_views_tell_whose_memory_they_share_and_copies_have_their_own():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    with viz.watch() as run:
        t = x.T
        first = x[0]
        second = x[1]
        d = x.detach()
        c = x.clone()
    del t, first, second, d, c
    assert rows(run, "t")["memory"] == "shared with x, #2 first (index), #3 second (index), #4 d (detach)"
    assert "#3 second (index) (another part)" in rows(run, "first")["memory"]
    assert rows(run, "c")["memory"] == "its own"
    assert rows(run, "t")["strides"] == "(1, 2), not contiguous"
    assert rows(run, "first")["strides"] == "(1,), contiguous"
    assert rows(run, "second")["source"].endswith("second = x[1]")


def test_the_version_counts_changes_in_place():
    x = mg.ones(3)
    with viz.watch() as run:
        y = x * 2
        y += 1
        z = y * y
    assert [run.graph.values[value].storage.version for value in (1, 2, 3)] == [0, 1, 0]
    assert rows(run, "#2")["version"] == "1 (changed in place)" and rows(run, "z")["version"] == "0"
    assert z.requires_grad is False and "shared with #1" in rows(run, "#2")["memory"]


def test_who_keeps_a_value_is_named_and_whether_it_is_freed():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with viz.watch() as run:
        y = x.exp()
        z = (y * x).sum()
    assert (rows(run, "y")["saved by"], rows(run, "x")["saved by"]) == ("exp (#1); mul (#2)", "mul (#2)")
    z.backward()
    assert rows(run, "x")["saved by"] == "mul (#2), freed by backward"
    assert rows(run, "#2")["saved by"] == "nobody"
    assert rows(run, "x")["gradient"].startswith("[5.437, 22.17]")


def test_a_matrix_is_a_heat_map_more_is_a_histogram_and_few_are_numbers():
    kinds = {}
    for shape in [(), (1, 1), (3,), (7,), (2, 3), (8, 8), (2, 2, 2), (9, 9), (100,), (0, 3)]:
        drawn = closeup.drawing(summary_of(np.arange(np.prod(shape), dtype="f4").reshape(shape)))
        kinds[shape] = drawn and drawn["kind"]
    assert kinds == {(): None, (1, 1): None, (3,): None, (7,): "histogram", (2, 3): "heat", (8, 8): "heat",
                     (2, 2, 2): "histogram", (9, 9): "histogram", (100,): "histogram", (0, 3): None}


def test_a_histogram_counts_and_says_of_how_many():
    drawn = closeup.drawing(summary_of(np.array([0.0] * 7 + [1.0], "f4")))
    assert (drawn["counts"], drawn["of"], drawn["all"]) == ([7] + [0] * 14 + [1], 8, 8)
    wide = closeup.drawing(summary_of(np.tile(np.arange(64.0), (64, 1))))  # each column has one number
    assert wide["of"] <= 64 < wide["all"] == 4096 and min(wide["counts"]) > 0  # and the sample is of all columns
    assert closeup.lines(drawn) == ["0.0 |█              ▂| 1.0   8 numbers, at most 7 in a bar"]


@given(arrays.arrays(st.sampled_from([np.float32, np.float64, np.int64, np.bool_, np.float16]),
                     arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9)))
def test_any_array_has_a_drawing_that_is_json_or_none(array):
    drawn = closeup.drawing(summary_of(array))
    json.dumps(drawn, allow_nan=False)
    assert all(isinstance(line, str) for line in closeup.lines(drawn))
    if drawn and drawn["kind"] == "histogram":
        assert sum(drawn["counts"]) == drawn["of"] <= drawn["all"] == array.size


def test_what_the_lens_sees_survives_and_stays_out_of_the_digest():
    with viz.watch() as run:
        y = mg.arange(200.0).reshape(10, 20).T * 2
    again = serial.from_json(run.to_json())
    assert again == run.graph == pickle.loads(pickle.dumps(run.graph)) and len(again.values[-1].data.sample) > 30
    bare = serial.from_json(run.to_json())
    for value in bare.values:
        value.storage = None
    assert viz.Run(bare).digest() == run.digest() and viz.Run(bare).outline() == run.outline()
    assert "strides" not in rows(bare, "y") and y.shape == (20, 10)


def test_an_unknown_name_is_told_the_known_ones():
    with viz.watch() as run:
        y = mg.ones(2) * 3
    with pytest.raises(ValueError, match="no value 'q' in this run; there are: input 0, #1 y"):
        viz.lens(run, "q")
    del y
