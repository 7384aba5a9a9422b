"""The exercise of lesson 08: which answers pass, what the others are told, and nbgrader's whole way with it."""

import inspect
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import nbclient
import nbformat
import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from exercises import build
from exercises.graders.accumulation import check, grade
from exercises.graders.accumulation.cases import drawn, examples
from exercises.graders.accumulation.diagnosis import examine
from exercises.graders.accumulation.words import FINDINGS
from exercises.graders.beliefs import BELIEFS
from tests.exercises_08 import right, wrong
from viz import scene
from viz.dot import FLOW

ROOT = Path(__file__).resolve().parent.parent
NAME = "08_accumulation"


def passed(answer, cases):
    """The grades that hold in every case, as a text like "VGS"."""
    reports = [examine(answer, case, quiet=True) for case in cases]
    return "".join(letter for letter in "VGS" if all(report.passed(letter) for report in reports))


# Answers


@pytest.mark.parametrize("answer", right.ANSWERS, ids=lambda answer: answer.__name__)
def test_a_right_answer_of_any_style_passes_everything(answer):
    report = check(answer)
    assert report.status == "right" and report.finding is None, str(report)
    for letter in "VGS":
        grade(answer, letter, seeds=(1,))


@pytest.mark.parametrize(("answer", "code", "reason", "holds"), wrong.ANSWERS, ids=[row[2] for row in wrong.ANSWERS])
def test_a_wrong_answer_fails_for_its_own_reason(answer, code, reason, holds):
    report = check(answer)
    assert (report.finding.code, report.finding.reason) == (code, reason), str(report)
    assert passed(answer, [*examples(), *drawn(1)[:3]]) == holds
    failed = next(letter for letter in "VGS" if letter not in holds)
    with pytest.raises(AssertionError, match=re.escape(report.finding.sentence)):
        grade(answer, failed, seeds=(1,))


def test_every_finding_that_can_be_said_is_planted_or_unreachable_by_a_sane_answer():
    planted = {reason for _, _, reason, _ in wrong.ANSWERS}
    assert set(FINDINGS) - planted == {"no-backward", "graphs-missing"}
    assert len({code for _, code, _, _ in wrong.ANSWERS if code}) >= 5
    for code, sentence, hints in FINDINGS.values():
        assert code == "" or code in BELIEFS
        assert sentence.count(".") >= 1 or "{error}" in sentence
        assert len(set(hints)) == 3


def test_a_finding_points_at_the_line_and_the_node():
    report = check(wrong.divided_by_number_of_parts)
    assert report.finding.source.text == "loss = loss_fn(model(x), y) / len(parts)"
    marked = [report.graph.steps[report.graph.values[mark].producer].op for mark in report.finding.marks]
    assert marked == ["div", "div", "div"]
    assert report.html().count("here: M33") == 3
    assert "marked in the graph: #5 div, #10 div, #15 div" in str(report)


def test_the_drawing_shows_each_way_back_beside_its_arrow():
    report = check(wrong.divided_by_number_of_parts)
    back = sum(edge["flows"] for edge in scene.drawn(report.graph)["edges"])
    assert back and report.html().count(f'stroke="{FLOW}" stroke-width="1.6"') == back


def test_the_cut_is_marked_where_it_is():
    report = check(wrong.detached_loss)
    (mark,) = report.finding.marks
    assert report.graph.steps[report.graph.values[mark].producer].op == "detach"


def test_an_order_is_told_with_the_line_that_is_at_fault():
    report = check(wrong.zero_grad_between_backward_and_step)
    assert report.order == "(forward, backward, read back) x 3, zero_grad, step"
    assert report.finding.source.text == "optimizer.zero_grad()"
    assert report.html().count("here: M32") == 2  # both parameters


def test_three_hints_rise_and_none_of_them_is_the_answer():
    for answer, *_ in wrong.ANSWERS:
        report = check(answer)
        assert [report.hint(number) for number in (1, 2, 3)] == list(report.finding.hints)
        assert report.html().count("<details>") == 3
        said = str(report) + report.html() + " ".join(report.finding.hints)
        assert "len(x) / total" not in said and "sum(len(x)" not in said.replace("max(len(x)", "")
    assert "three hints" in report.hint(4)


def test_what_is_shown_is_the_same_every_time():
    assert str(check(wrong.mean_not_scaled)) == str(check(wrong.mean_not_scaled))
    assert check(wrong.mean_not_scaled).html() == check(wrong.mean_not_scaled).html()
    assert " at 0x" not in check(wrong.mean_not_scaled).html()


# Not answered, and other odd answers


def unwritten(model, loss_fn, parts, optimizer):
    raise NotImplementedError


def empty(model, loss_fn, parts, optimizer):
    pass


@pytest.mark.parametrize("answer", [unwritten, empty])
def test_an_unanswered_exercise_is_not_yet_and_no_error_but_gets_no_points(answer):
    report = check(answer)
    assert report.status == "not yet" and report.hint(1)
    assert [report.verdict(letter) for letter in "VGS"] == [
        "V values: not yet", "G gradients: not yet", "S structure: not yet"]
    assert "not yet" in report.html()
    for letter in "VGS":
        with pytest.raises(AssertionError, match="not yet"):
            grade(answer, letter)


def test_a_check_before_the_answer_has_run_says_which_cell_to_run():
    report = check("accumulate")  # no such name here
    assert str(report) == "not yet: first run the cell above that says `def accumulate`"
    assert "<code>def accumulate</code>" in report.html()
    assert report.verdict("V") == "V values: not yet; first run the cell above that says `def accumulate`"
    assert not report.passed("V")


def test_an_answer_can_be_checked_by_its_name(monkeypatch):
    monkeypatch.setitem(globals(), "accumulate", right.scaled_loss)
    assert check("accumulate").status == "right"


def test_a_code_never_stands_without_its_sentence():
    for answer, code, *_ in wrong.ANSWERS:
        report = check(answer)
        said = [str(report), *(report.verdict(letter) for letter in "VGS")]
        for text in said if code else ():
            assert code not in text or f'A common mistake ({code}): "{BELIEFS[code]}"' in text


def test_forward_alone_is_told_that_backward_is_missing():
    def answer(model, loss_fn, parts, optimizer):
        return sum(loss_fn(model(x), y).item() for x, y in parts)

    assert check(answer).finding.reason == "no-backward"


def test_going_around_the_model_is_seen():
    def answer(model, loss_fn, parts, optimizer):
        optimizer.zero_grad()
        total = sum(len(x) for x, _ in parts)
        mean = 0.0
        for x, y in parts:
            loss = loss_fn(model.forward(x), y) * len(x) / total
            loss.backward()
            mean += loss.item()
        optimizer.step()
        return mean

    assert check(answer).finding.reason == "graphs-missing"


def test_an_answer_for_the_shown_parts_alone_fails_on_hidden_ones(capsys):
    def answer(model, loss_fn, parts, optimizer):
        total = 6 if len(parts) == 3 else 4
        optimizer.zero_grad()
        mean = 0.0
        for x, y in parts:
            loss = loss_fn(model(x), y) * len(x) / total
            loss.backward()
            mean += loss.item()
        optimizer.step()
        return mean

    assert check(answer).status == "right"
    with pytest.raises(AssertionError, match="M33"):
        grade(answer, "G", seeds=(1,))
    assert "not right yet" in capsys.readouterr().out  # its report is displayed: no example shows this


def test_what_the_answer_prints_is_shown_once(capsys):
    def answer(model, loss_fn, parts, optimizer):
        print("here I am")
        return right.scaled_loss(model, loss_fn, parts, optimizer)

    assert check(answer).status == "right"
    assert capsys.readouterr().out == "here I am\n"


def test_the_mode_that_an_answer_leaves_behind_is_put_back():
    import minigrad as mg

    def answer(model, loss_fn, parts, optimizer):
        mg.set_grad_enabled(False)
        return right.scaled_loss(model, loss_fn, parts, optimizer)

    assert check(answer).finding.code == "M18"
    assert mg.is_grad_enabled()


def test_hidden_cases_hold_what_the_exercise_promises():
    for seed in (1, 81):
        sizes = [case.sizes for case in drawn(seed)]
        assert any(len(split) == 1 for split in sizes) and any(1 in split for split in sizes if len(split) > 1)
        assert any(len(set(split)) > 1 for split in sizes) and any(len(split) >= 5 for split in sizes)
        assert {case.stale for case in drawn(seed)} == {True, False}
        assert drawn(seed) == drawn(seed)
    assert drawn(1) != drawn(81)


# Text, notebook, release


def test_text_and_notebook_are_in_step():
    (text,) = build.exercises(["08"])
    assert build.target(text).read_text(encoding="utf-8") == build.notebook(text), "run python exercises/build.py 08"


def sources(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of its own, with a release, four submissions, their scores and their feedback."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)  # nbgrader's own, at every submission
        return made_course(tmp_path_factory.mktemp("course"))


def made_course(root):
    shutil.copytree(ROOT / "exercises" / "source" / NAME, root / "source" / NAME)
    api = build.course(root)
    assert succeeded(api.generate_assignment(NAME))
    answers = {"right": right.scaled_loss, "wrong": wrong.divided_by_number_of_parts, "raising": wrong.raises,
               "unanswered": None}
    for student, answer in answers.items():
        hand_in(root, student, answer)
        assert succeeded(api.autograde(NAME, student))
        assert succeeded(api.generate_feedback(NAME, student))
    return root


def succeeded(answer):
    assert answer["success"], answer.get("error") or answer.get("log")
    return True


def hand_in(root, student, answer):
    """The released notebook with this answer in its one free cell."""
    notebook = nbformat.read(root / "release" / NAME / "accumulation.ipynb", as_version=4)
    if answer is not None:
        (cell,) = [cell for cell in notebook.cells if cell.metadata["nbgrader"]["solution"]]
        body = inspect.getsource(answer).replace(f"def {answer.__name__}(", "def accumulate(")
        cell.source = "\n".join(line for line in body.split("\n") if not line.startswith("@"))
    place = root / "submitted" / student / NAME / "accumulation.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(notebook, place)


def scores(root, student):
    """Points by graded cell, from nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "see_the_graph") as book:
        found = book.find_submission_notebook("accumulation", NAME, student)
        return {grade.name: grade.score for grade in found.grades}


def feedback(root, student):
    return (root / "feedback" / student / NAME / "accumulation.html").read_text(encoding="utf-8")


def test_the_release_is_the_one_that_learners_open(course):
    """Somebody may have answered and run it: the free cell, outputs and the notebook's own metadata may differ."""
    made, kept = (nbformat.read(root / "release" / NAME / "accumulation.ipynb", as_version=4)
                  for root in (course, ROOT / "exercises"))
    locked = [[(cell.id, cell.metadata, cell.source) for cell in notebook.cells
               if not cell.metadata["nbgrader"]["solution"]] for notebook in (made, kept)]
    assert locked[0] == locked[1], "run python exercises/build.py 08"


def test_the_release_holds_neither_solution_nor_hidden_tests(course):
    text = (course / "release" / NAME / "accumulation.ipynb").read_text(encoding="utf-8")
    for word in ("HIDDEN", "SOLUTION", "seeds", "grade(accumulate", "optimizer.step()", ".backward()"):
        assert word not in text, word
    assert "raise NotImplementedError" in text


def test_nothing_but_the_notebook_is_handed_out(course):
    assert [path.name for path in (course / "release" / NAME).iterdir()] == ["accumulation.ipynb"]


def test_the_released_notebook_runs_to_its_end_unanswered(course):
    folder = course / "release" / NAME
    notebook = nbformat.read(folder / "accumulation.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.get("text") for output in outputs[1:]] == [
        "V values: not yet\n", "G gradients: not yet\n", "S structure: not yet\n"]
    assert outputs[0].data["text/plain"].startswith("not yet: still to be written")


def test_scores(course):
    assert scores(course, "right") == {"values": 2, "gradients": 3, "structure": 3}
    assert scores(course, "wrong") == {"values": 0, "gradients": 0, "structure": 3}
    assert scores(course, "raising") == {"values": 0, "gradients": 0, "structure": 0}
    assert scores(course, "unanswered") == {"values": 0, "gradients": 0, "structure": 0}


def test_feedback_says_what_is_wrong_and_marks_it(course):
    page = feedback(course, "wrong")
    assert "M33" in page and "Every part got the same share" in page
    assert page.count("here: M33") == 3 and "<svg" in page and "Hint 3 of 3" in page
    assert "AttributeError" in feedback(course, "raising")
    assert "here: M" not in feedback(course, "right") and "right | 3 parts" in feedback(course, "right")
    assert "not yet" in feedback(course, "unanswered")


def test_feedback_shows_no_hidden_test(course):
    for student in ("right", "wrong", "raising", "unanswered"):
        page = re.sub(r"<[^>]+>", "", feedback(course, student))  # highlighting puts tags between the words of code
        for word in ("HIDDEN TESTS", "seeds", "grade(accumulate", "Traceback (most", "exercises/graders/"):
            assert word not in page, (student, word)
        assert "check(&quot;accumulate&quot;)" in page or 'check("accumulate")' in page


def test_the_package_is_there_without_nbgrader():
    code = "import sys, exercises.graders.accumulation; print('nbgrader' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
