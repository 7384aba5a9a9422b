"""What lessons are made of: questions, curves, pictures, short errors, cells for the tests."""

import re

import pytest
from IPython import get_ipython
from IPython.testing.globalipapp import start_ipython
from lesson import CHECK, Curve, Pictures, Question, load_ipython_extension, predict, prose, ready


@pytest.fixture
def shell():
    """An IPython shell as a lesson's first cell makes it."""
    shell = start_ipython() or get_ipython()
    load_ipython_extension(shell)
    yield shell
    shell.set_custom_exc((), None)


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


def test_a_question_in_a_saved_notebook_is_readable_and_says_how_to_make_it_live():
    saved = Question("Is `a < b`?", ["yes", "<b>"], "yes", "Because.")._repr_mimebundle_()["text/html"]
    assert "<code>a &lt; b</code>" in saved and "<li>&lt;b&gt;</li>" in saved and "Because" not in saved
    assert "Saved question: run the cells from the top to make it live." in saved
    assert "max-width: 100%" in saved  # for the saved pictures of the same page


def test_a_question_that_lost_its_kernel_says_what_to_do():
    question = Question("1 + 1?", ["2", "3"], "2", "Count.")
    assert "mg-question" in question._dom_classes
    assert "run the cells above, then run this cell again." in question.children[0].value


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


def test_a_curve_leaves_room_at_its_edges_and_for_its_legend():
    curve = Curve("step", "t")
    for step, t in enumerate((1.0, 3.0, float("nan"), float("inf"))):
        curve.add(step, t=t)
    curve.draw()
    scale = curve.figure.marks[0].scales["y"]
    assert 0 < scale.min < 1 and 3 < scale.max < 3.5
    curve.add(4, other=2.0)
    curve.draw()
    assert scale.max > 3.5
    flat = Curve("step", "t")
    flat.add(0, t=0.0)
    flat.draw()
    assert flat.figure.marks[0].scales["y"].min < 0 < flat.figure.marks[0].scales["y"].max


def test_ready_says_what_is_missing(monkeypatch, capsys):
    ready()
    assert capsys.readouterr().out == "Ready. Go on with the next cell.\n"
    monkeypatch.setattr("lesson.find_spec", lambda name: None if name == "viz" else name)
    ready()
    assert "Missing here: viz." in capsys.readouterr().out


def test_a_check_cell_keeps_its_text_out_of_sight(shell, monkeypatch, capsys):
    kept = []
    monkeypatch.setattr("lesson.get_ipython", lambda: shell)
    monkeypatch.setattr("lesson.display", lambda data, raw: kept.append(data))
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


def test_pictures_are_drawn_in_rows_with_their_words():
    import minigrad as mg

    shown = Pictures(mg.tensor([[[0.0, 1.0], [0.5, 2.0]]] * 7), [f"a < {n}" for n in range(7)])
    svg = shown.svg()
    assert svg.count("<rect") == 28 and svg.count("<text") == 7 and "a &lt; 6" in svg
    assert {"rgb(255,255,255)", "rgb(0,0,0)"} <= set(re.findall(r'fill="(rgb[^"]+)"', svg))
    assert 'height="88"' in svg, "seven need two rows"
    assert set(shown._repr_mimebundle_()) == {"text/plain", "image/svg+xml"}
    with pytest.raises(ValueError, match="1 images need as many words, not 2"):
        Pictures(mg.zeros(1, 2, 2), ["a", "b"])


# Errors in a cell


def shown_error(shell, capsys, cell):
    shell.run_cell(cell)
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def test_an_error_in_the_library_shows_the_readers_lines_and_the_message(shell, capsys):
    cell = "import minigrad as mg\ndef double(x):\n    return x @ mg.ones(5)\ndouble(mg.ones(2, 3))"
    said = shown_error(shell, capsys, cell)
    assert "return x @ mg.ones(5)" in said and "double(mg.ones(2, 3))" in said
    assert "ShapeError: matmul" in said and re.search(r"\(\d frames? inside minigrad hidden; %tb shows all\)", said)
    assert "dispatch.py" not in said and "interactiveshell" not in said
    assert "dispatch.py" in shown_error(shell, capsys, "%tb")


def test_what_an_error_came_from_is_short_as_well(shell, capsys):
    cell = ("import minigrad as mg\ntry:\n    mg.ones(3).backward()\nexcept RuntimeError as error:\n"
            "    raise ValueError('mine') from error")
    said = shown_error(shell, capsys, cell)
    assert "GradError" in said and "direct cause" in said and "ValueError: mine" in said
    assert "backward.py" not in said and "frames inside minigrad hidden" in said


def test_an_error_without_the_library_looks_as_always(shell, capsys):
    assert "hidden" not in shown_error(shell, capsys, "raise Exception('plain')")
    said = shown_error(shell, capsys, "import json\njson.loads('{')")
    assert "decoder.py" in said and "hidden" not in said
    said = shown_error(shell, capsys, "1 +")
    assert "SyntaxError" in said and "compilerop" not in said


def test_an_error_in_a_twin_shows_its_line(shell, capsys):
    said = shown_error(shell, capsys, "%%twin\nx = mg.ones(3)\nx.backward()")
    assert "----> 2 x.backward()" in said and "twin.py" not in said and "GradError" in said
    said = shown_error(shell, capsys, "%%twin\nx = ")
    assert "SyntaxError" in said and "twin.py" not in said


def test_a_panel_whose_function_runs_no_op_says_so():
    import viz

    @viz.playground(times=(0, 6, 1))
    def power(times=0):
        return f"times = {times}"

    graph = power.set().graph
    assert graph.scene["notice"] == "No op ran, so there is no graph."
    assert power.outline() == "No op ran, so there is no graph.\ntimes = 0"
    assert "viz.watch" not in power._repr_mimebundle_()["text/plain"]


def test_the_checks_of_lesson_05_and_08_name_the_mistake_in_words():
    import checks_05
    import checks_08

    import minigrad as mg

    def make():
        return mg.nn.Sequential(mg.nn.Linear(3, 2), mg.nn.Dropout(0.5))

    @mg.no_grad()
    def without_eval(model, rows):
        return model(rows)

    answers = {
        "Which of the three ways": lambda model, rows: model(rows),
        'A common mistake (M16): "eval() stops gradients."': lambda model, rows: model.eval()(rows),
        "detach comes too late": lambda model, rows: model.eval()(rows).detach(),
        'A common mistake (M17): "no_grad is a kind of eval()."': without_eval,
        "Right: nothing recorded": mg.no_grad()(lambda model, rows: model.eval()(rows)),
    }
    for words, answer in answers.items():
        assert words in checks_05.check_evaluate(answer, make, mg.ones(40, 3))

    def update(loader, w):
        for (x,) in loader:
            (((w * x) ** 2).mean() / len(loader)).backward()

    assert "A common mistake (M33)" in checks_08.check_update(update)
