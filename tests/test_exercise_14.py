"""The exercise of lesson 14: what only its grader has to see. What holds for every exercise: test_exercises.py."""

import inspect
import json

import pytest

import minigrad as mg
from exercises import build
from exercises.graders.elsewhere import elsewhere
from exercises.graders.shipping import check, grade
from exercises.graders.shipping.cases import damp, drawn
from exercises.graders.shipping.shipped import PROGRAM
from minigrad import jit
from tests.exercises_14 import right, wrong


def test_the_graph_that_is_in_the_file_is_drawn_with_both_bodies():
    report = check(right.cond_and_scan.keep, right.cond_and_scan.ship)
    assert report.graph.counts() == "captured: 9 ops, 1 if, 1 loop; 2 inputs"
    assert [block.kind for block in report.graph.blocks] == ["if", "then", "else", "loop"]
    assert "<svg" in report.html() and "tanh" in report.html()


def test_a_finding_points_at_the_line_and_the_node():
    report = check(wrong.traced_as_it_is.keep, wrong.traced_as_it_is.ship)
    assert report.finding.source.text == "if x.sum() > 1:"
    assert report.html().count("here: M52") == 1 and "marked in the graph: #2 gt" in str(report)


def test_the_turns_that_were_left_behind_are_marked():
    report = check(wrong.loop_of_python.keep, wrong.loop_of_python.ship)
    assert "marked in the graph: #8 index, #11 index, #14 index" in str(report)


def test_the_words_of_the_runtime_are_kept_away():
    assert "it stops with an error at [-1.0, 0.5]" in str(check(wrong.loop_of_python.keep, wrong.loop_of_python.ship))
    assert "ONNXRuntime" not in check(wrong.loop_of_python.keep, wrong.loop_of_python.ship).html()


def test_a_file_for_the_shown_lengths_alone_fails_on_hidden_ones():
    def keep(x):
        return right.cond_and_scan.keep(x[:3])

    assert check(keep, right.cond_and_scan.ship).status == "right"
    with pytest.raises(AssertionError, match="does not give what `damp` gives"):
        grade(keep, right.cond_and_scan.ship, "V", seeds=(141,))


def test_warnings_of_the_tracer_are_seen_by_the_learner():
    with pytest.warns(jit.TracerWarning, match="decides which way"):
        check(wrong.branch_of_python.keep, lambda keep, path: jit.save(jit.trace(keep, mg.ones(3)), path))


def test_the_process_elsewhere_has_no_minigrad(tmp_path):
    assert elsewhere("print(1 + 1)", tmp_path) == "(minigrad: no such module)\n2"
    assert elsewhere("import minigrad", tmp_path).splitlines()[-1].startswith("ModuleNotFoundError")


def test_without_onnxruntime_the_evaluator_of_onnx_judges(tmp_path):
    right.scripted.ship(right.scripted.keep, tmp_path / "damp.onnx")
    rows = [(1.0, 2.0, 0.5), (-1.0,)]
    gone = "import sys\nsys.modules['onnxruntime'] = None\n"
    lines = elsewhere(gone + PROGRAM.format(name="damp.onnx", rows=rows), tmp_path).splitlines()[1:]
    wanted = [damp(mg.tensor(row)).item() for row in rows]
    assert [json.loads(line) for line in lines] == pytest.approx(wanted, abs=1e-6)


def test_hidden_inputs_hold_what_the_exercise_promises():
    for seed in (1, 141):
        (case,) = drawn(seed)
        edge, rest = case.inputs[:2], case.inputs[2:]
        assert all(sum(row) == 1 for row in edge)
        assert [len(row) for row in rest] == [length for length in range(1, 10) for _ in range(2)]
        assert [sum(row) > 1 for row in rest] == [True, False] * 9 and all(abs(sum(row) - 1) > 0.05 for row in rest)
        assert drawn(seed) == drawn(seed)
    assert drawn(1) != drawn(141)


def test_the_function_of_the_notebook_is_the_one_that_answers_are_compared_with():
    (text,) = build.exercises(["14"])
    assert inspect.getsource(damp) in text.read_text(encoding="utf-8")
    with pytest.raises(jit.UnsupportedError, match="tolist"):
        jit.script(damp)
