"""The exercise of lesson 13: what only its graders have to see. What holds for every exercise: test_exercises.py."""

import contextlib
import inspect
import io
import itertools
import warnings

import pytest

import minigrad as mg
from exercises import build
from exercises.graders.counterexamples import cases, diagnosis
from exercises.graders.counterexamples import check as check_counterexamples
from exercises.graders.tracer import check, grade, listen
from exercises.graders.tracer.cases import drawn, tensors
from minigrad import jit
from tests.exercises_13 import right, wrong


def test_a_finding_points_at_the_line_and_the_node():
    report = check(wrong.a_chain.record, wrong.a_chain.replay)
    assert report.finding.source.text.startswith("last = op(*[new.get(id(x), last)")
    (mark,) = report.finding.marks
    assert report.graph.steps[report.graph.values[mark].producer].op == "mul"
    assert report.html().count("here: look") == 1 and "marked in the graph: #5 mul" in str(report)


def test_what_is_missing_is_marked_in_the_graph_of_eager_mode():
    report = check(wrong.last_step_left_out.record, wrong.last_step_left_out.replay)
    assert len(report.graph.steps) == 5 and report.finding.source is None
    assert "marked in the graph: #5 mul" in str(report)


def test_a_branch_that_is_run_again_is_found_on_the_other_arm():
    report = check(wrong.function_on_the_tape.record, wrong.function_on_the_tape.replay)
    assert report.finding.code == "M53" and "1 call while recording, 3 while replaying" in str(report)
    with pytest.raises(AssertionError, match="M53"):
        grade(wrong.function_on_the_tape.record, wrong.function_on_the_tape.replay, "V")


def test_a_tracer_for_the_shown_functions_alone_fails_on_hidden_ones(capsys):
    def record(function, example):
        if len(example) > 2:
            return "too many"
        return right.places.record(function, example)

    def replay(tape, inputs):
        return inputs[0] if tape == "too many" else right.places.replay(tape, inputs)

    assert check(record, replay).status == "right"
    with pytest.raises(AssertionError, match="did not call the function"):
        grade(record, replay, "S", seeds=(131,))
    assert "not right yet" in capsys.readouterr().out  # its report is displayed: no example shows this


def test_what_the_tracer_prints_is_shown_for_the_first_function():
    def record(function, example):
        print("recording")
        return right.places.record(function, example)

    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert check(record, right.places.replay).status == "right"
    assert said.getvalue() == "recording\n"


def test_listen_tells_what_runs_and_each_op_can_run_again():
    x = mg.tensor([[1.0, 2.0]], requires_grad=True)
    with listen() as heard:
        y = (x * 3).sum(dim=1)
    x + 1
    assert [(op.name, repr(op)) for op, _, _ in heard] == [("mul", "mul"), ("sum", "sum")]
    (times, (first, three), product), (total, (second,), output) = heard
    assert first is x and three == 3 and second is product and output is y
    assert total(times(mg.ones(2, 2), 5)).tolist() == [10.0, 10.0]


def test_hidden_functions_hold_what_the_exercise_promises():
    for seed in (1, 131):
        made = [(case, *case.make()) for case in drawn(seed)]
        assert {len(case.example) for case, *_ in made} == {1, 2, 3}
        parted = [case for case, function, recorded, _ in made if any(
            not mg.equal(function(*tensors(other)), recorded(*tensors(other))) for other in case.others)]
        assert [case.title.endswith("with a branch") for case in drawn(seed)].count(True) == len(parted) == 2
        for case, function, recorded, _ in made:
            assert mg.equal(function(*tensors(case.example)), recorded(*tensors(case.example)))
        assert [case.example for case in drawn(seed)] == [case.example for case in drawn(seed)]
    assert drawn(1)[0].example != drawn(131)[0].example


# Counterexamples


def test_there_is_no_shorter_counterexample():
    for name, traced in cases.FUNCTIONS.items():
        for length in range(traced.fewest + 1):
            rows = itertools.product((-1.0, 0.0, 1.0, 3.0), repeat=length)
            found = any(diagnosis.Trial.of(name, mg.tensor(list(row))).parts for row in rows)
            assert found == (length == traced.fewest)


def test_the_functions_of_the_notebook_are_those_that_are_traced():
    (text,) = build.exercises(["13"])
    words = text.read_text(encoding="utf-8")
    for name, traced in cases.FUNCTIONS.items():
        assert inspect.getsource(traced.function) in words
        assert f'"{name}": quietly({name}, mg.tensor({list(traced.example)}))' in words


def test_jit_would_have_warned_of_each():
    for traced in cases.FUNCTIONS.values():
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            jit.trace(traced.function, mg.tensor(traced.example))
        assert any(issubclass(warning.category, jit.TracerWarning) for warning in said)


@pytest.mark.parametrize(("answer", "marked"), [(wrong.the_same_arm, "#3 gt"), (wrong.equal_numbers, "#1 max, #2 min")])
def test_what_python_reads_is_marked(answer, marked):
    report = check_counterexamples(answer)
    assert f"marked in the graph: {marked}" in str(report)
    assert report.html().count(f"here: {report.finding.code}") == len(report.finding.marks)


def test_tensors_of_any_kind_of_number_and_nothing_else_are_inputs():
    assert diagnosis.numbers(mg.tensor([1, 2])) == [1.0, 2.0]
    for other in (mg.tensor(1.0), mg.ones(1, 2), mg.tensor([float("inf")]), [1.0], None, wrong.Agreeable()):
        assert diagnosis.numbers(other) is None
