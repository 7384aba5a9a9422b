"""Overwriting a value between forward and backward: what is predicted is really done, on copies."""

import pickle

import numpy as np
import pytest

import minigrad as mg
import viz
from minigrad import nn
from viz.overwriting import Experiment


def leaf(*numbers):
    return mg.tensor(numbers, requires_grad=True)


def square(x):
    y = x**2
    return y


def exponential(x):
    y = x.exp()
    return y


def outcomes(oracle, value):
    return [oracle.try_(value, way=way).outcome for way in ("no_grad", "data")]


def test_after_a_square_the_output_may_be_changed_and_not_the_input():
    oracle = viz.oracle(square, leaf(1.0, 3.0))
    assert outcomes(oracle, "x") == ["error", "silently wrong"]
    assert outcomes(oracle, "y") == ["fine", "fine"]


def test_after_an_exponential_it_is_the_reverse():
    oracle = viz.oracle(exponential, leaf(1.0, 3.0))
    assert outcomes(oracle, "x") == ["fine", "fine"]
    assert outcomes(oracle, "y") == ["error", "silently wrong"]


def test_the_reason_names_who_keeps_it_the_rule_and_the_version():
    oracle = viz.oracle(exponential, leaf(0.0))
    assert oracle.try_("y").reason == (
        "It is kept by exp (#1), whose rule is g * y: backward finds version 1 where 0 was kept.")
    assert oracle.try_("y", way="data").reason.endswith(
        "backward uses the new numbers, as .data has no version that would tell. x.grad is [2.0] where [1.0] is right.")
    assert oracle.try_("x").reason == "No op keeps it: backward has no use for these numbers."
    assert oracle.try_("x", way="in place").reason.startswith("Refused at once: a leaf Variable that requires grad")


def test_a_view_shares_the_memory_and_its_version():
    def parts(x):
        h = x * 1.0
        v = h[0:1]
        w = h[1:2]
        return v * v + w

    oracle = viz.oracle(parts, leaf(1.0, 3.0))
    assert outcomes(oracle, "v") == ["error", "silently wrong"] == outcomes(oracle, "h")
    assert outcomes(oracle, "w") == ["error", "fine"]  # versions count for the memory as a whole
    assert "Its memory is kept by mul (#4) as #2 v" in oracle.try_("w").reason
    assert "counts for the memory as a whole" in oracle.try_("w").reason
    assert "was not overwritten" in oracle.try_("w", way="data").reason


def test_numbers_that_do_not_matter_are_found_out_by_doing_it():
    oracle = viz.oracle(lambda x: x.relu(), leaf(-1.0, 2.0))  # relu keeps its result and asks only where it is open
    answer = oracle.try_("#1", way="data")
    assert answer.outcome == "fine" and "come out the same" in answer.reason


def test_nothing_outside_is_changed():
    model, x = nn.Linear(2, 1), mg.ones(1, 2)
    before, array = model.weight.array.copy(), model.weight.array
    state = np.asarray(mg.get_rng_state(), dtype=object)
    oracle = viz.oracle(lambda x: nn.functional.dropout(model(x)), x)
    held = (model.weight * x).sum()
    for way in ("no_grad", "data", "in place"):
        oracle.try_("weight", way=way)
    assert model.weight.array is array and (array == before).all() and model.weight.grad is None
    assert x.tolist() == [[1.0, 1.0]] and pickle.dumps(state) == pickle.dumps(
        np.asarray(mg.get_rng_state(), dtype=object))
    held.backward()  # no version was counted up for a graph of the learner's own


def test_a_prediction_is_scored_and_a_look_is_not():
    oracle = viz.oracle(square, leaf(1.0, 3.0))
    assert oracle.try_("x", guess="error").right and not oracle.try_("y", guess="error").right
    oracle.try_("y")
    assert oracle.score == [1, 2] and repr(oracle) == "Oracle(2 values; 1 of 2 predictions right)"
    assert str(oracle.try_("x", "fine")).startswith("with no_grad(): x.mul_(2): error (predicted: fine, wrong). It is")
    assert oracle.text().startswith("with no_grad(): x.mul_(2): error")


def test_the_reader_asks_by_box_and_an_error_of_the_function_is_shown():
    calls = []

    def once(x):
        if len(calls) > 1:
            raise RuntimeError("no more")
        calls.append(1)
        return x * x

    oracle = viz.oracle(once, leaf(2.0))
    oracle.guess = {"key": "source:x#0", "way": "no_grad", "guess": "error", "again": 1}
    assert (oracle.answer["outcome"], oracle.score) == ("error", [1, 1])
    assert oracle.tried == {"source:x#0": ["error: no_grad"]}
    oracle.guess = oracle.guess | {"again": 2}
    assert oracle.error == "RuntimeError: no more"


def test_all_answers_are_the_same_every_time(capsys):
    oracle = viz.oracle(lambda x: (x.tanh() * x).sum(), leaf(0.5, -1.0))
    oracle.answers()
    first = capsys.readouterr().out
    oracle.answers()
    assert capsys.readouterr().out == first and first.count("\n") == 5
    assert first.split("\n")[1].split()[:5] == ["x", "error", "error", "silently", "wrong"]


def test_what_cannot_be_asked_is_refused_in_a_sentence():
    oracle = viz.oracle(square, leaf(1.0))
    for wrong, said in (({"value": "q"}, "no value 'q' .* there are: x, #1 y"),
                        ({"value": "x", "guess": "maybe"}, "no guess 'maybe'; it is one of 'fine', 'error'"),
                        ({"value": "x", "way": "numpy"}, "no way 'numpy'; it is one of 'in place', 'no_grad', 'data'")):
        with pytest.raises(ValueError, match=said):
            oracle.try_(**wrong)
    with pytest.raises(ValueError, match="nothing to go backward from"):
        viz.oracle(square, mg.ones(2))
    turns = iter(range(99))
    changing = Experiment(lambda x: x * x if next(turns) else x.exp(), (leaf(1.0),), {})
    with pytest.raises(ValueError, match="did not run the same ops as before"):
        changing.trial(0, "data")
