"""What lessons are made of: questions, curves, the check that all is there, cells for the tests."""

import pytest
from IPython.testing.globalipapp import get_ipython, start_ipython
from lesson import CHECK, Curve, Question, predict, prose, ready


def test_a_question_reveals_only_after_an_answer():
    shown = []
    question = Question("1 + 1?", ["2", "3"], "2", "Count.", reveal=lambda: shown.append(1) or "the picture")
    assert not question._shown.children and not shown
    assert question.choose("3") is False
    assert "Not quite" in question._verdict.value and "Count." in question._verdict.value
    assert question.choose("2") is True and "Right." in question._verdict.value
    assert shown == [1] and len(question._shown.children) == 1, "the reveal runs once"


def test_driving_a_question_leaves_it_unanswered(capsys):
    question = Question("1 + 1?", ["2", "3"], "2", "Count.")
    question.drive()
    assert capsys.readouterr().out == "right: 2\nwrong: 3\n"
    assert question._verdict.value == ""


def test_a_question_refuses_answers_that_it_does_not_have():
    with pytest.raises(ValueError, match="not among the options"):
        Question("1 + 1?", ["3"], "2", "Count.")
    with pytest.raises(ValueError, match="not one of the answers"):
        Question("1 + 1?", ["2"], "2", "Count.").choose("4")
    with pytest.raises(KeyError, match="no file"):
        predict("Is there such a question?")


def test_a_question_as_text_has_no_answer_in_it():
    data = Question("1 + 1?", ["2", "3"], "2", "Count.")._repr_mimebundle_()
    assert data["text/plain"] == "Predict. 1 + 1?\n  ( ) 2\n  ( ) 3"


def test_prose_escapes_what_is_not_its_own():
    assert prose("`a < b` is **so** and *not* 2 * 3 * 4") == (
        "<code>a &lt; b</code> is <strong>so</strong> and <em>not</em> 2 * 3 * 4"
    )
    assert "<script>" not in prose("<script>alert(1)</script>")


def test_a_curve_keeps_all_points_and_names_its_lines_when_there_are_two():
    curve = Curve("step", "loss")
    for step in range(5):
        curve.add(step, loss=1.0 / (step + 1))
    curve.draw()
    (line,) = curve.figure.marks
    assert list(line.x) == [0, 1, 2, 3, 4] and line.y[0] == 1.0 and not line.display_legend
    curve.add(5, other=2.0)
    curve.draw()
    assert [mark.display_legend for mark in curve.figure.marks] == [True, True]
    assert curve._repr_mimebundle_()["text/plain"] == "A curve: loss against step"


def test_ready_says_what_is_missing(monkeypatch, capsys):
    ready()
    assert capsys.readouterr().out == "Ready. Go on with the next cell.\n"
    monkeypatch.setattr("lesson.find_spec", lambda name: None if name == "viz" else name)
    ready()
    assert "Missing here: viz." in capsys.readouterr().out


def test_a_check_cell_keeps_its_text_out_of_sight(monkeypatch, capsys):
    shell = start_ipython() or get_ipython()
    kept = []
    monkeypatch.setattr("lesson.get_ipython", lambda: shell)
    monkeypatch.setattr("lesson.display", lambda data, raw: kept.append(data))
    shell.run_line_magic("load_ext", "lesson")
    shell.run_cell_magic("check", "", "seen_by_check = 3\nprint(seen_by_check)")
    assert kept == [{CHECK: "3\n"}] and shell.user_ns["seen_by_check"] == 3
    assert capsys.readouterr().out == ""


def test_a_question_that_was_answered_stays_so_when_its_cell_runs_again(monkeypatch, tmp_path):
    monkeypatch.setattr("lesson.QUESTIONS", tmp_path)
    monkeypatch.setattr("lesson._ANSWERS", {})
    entry = '[[question]]\nask = "1 + 1?"\noptions = ["2", "3"]\nanswer = "2"\nwhy = "Count."\n'
    (tmp_path / "00.toml").write_text(entry, encoding="utf-8")
    first = predict("1 + 1?")
    assert first._verdict.value == ""
    first._buttons[1].click()
    assert "Not quite" in predict("1 + 1?")._verdict.value
