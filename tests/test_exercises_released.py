"""nbgrader's whole way with every exercise: what is released, how it is graded, and what comes back."""

import re
import shutil
import warnings
from pathlib import Path

import nbclient
import nbformat
import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from exercises import build
from tests.graded import EXERCISES

ROOT = Path(__file__).resolve().parent.parent
EACH = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


@pytest.fixture(scope="module", params=EXERCISES, ids=lambda exercise: exercise.name)
def course(request, tmp_path_factory):
    """A course of its own with one exercise, its release, some submissions, their scores and their feedback."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)  # nbgrader's own, at every submission
        return Course(request.param, tmp_path_factory.mktemp("course"))


class Course:
    def __init__(self, exercise, root):
        self.exercise, self.root, name = exercise, root, exercise.name
        shutil.copytree(ROOT / "exercises" / "source" / name, root / "source" / name)
        api = build.course(root)
        assert succeeded(api.generate_assignment(name))
        for student in exercise.handed:
            self.hand_in(student)
            assert succeeded(api.autograde(name, student))
            assert succeeded(api.generate_feedback(name, student))

    def released(self, root=None):
        """The released notebook, of this course or of another one."""
        path = (root or self.root) / "release" / self.exercise.name / f"{self.exercise.notebook}.ipynb"
        return nbformat.read(path, as_version=4)

    def hand_in(self, student):
        """The released notebook with a student's answers in its free cells."""
        notebook, answers = self.released(), self.exercise.answers(student)
        free = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in notebook.cells
                if cell.metadata["nbgrader"]["solution"]}  # fmt: skip
        assert set(free) == set(self.exercise.cells)
        for cell, text in answers.items():
            free[cell].source = text
        place = self.root / "submitted" / student / self.exercise.name / f"{self.exercise.notebook}.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)

    def scores(self, student):
        """Points by graded cell, from nbgrader's gradebook; those without points are left out."""
        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "see_the_graph") as book:
            found = book.find_submission_notebook(self.exercise.notebook, self.exercise.name, student)
            return {grade.name: grade.score for grade in found.grades if grade.score}

    def feedback(self, student):
        """The page that comes back."""
        path = self.root / "feedback" / student / self.exercise.name / f"{self.exercise.notebook}.html"
        return path.read_text(encoding="utf-8")


def succeeded(answer):
    assert answer["success"], answer.get("error") or answer.get("log")
    return True


@EACH
def test_text_and_notebook_are_in_step(exercise):
    (text,) = build.exercises([exercise.number])
    wanted = build.notebook(text)
    assert build.target(text).read_text(encoding="utf-8") == wanted, f"run python exercises/build.py {exercise.number}"


def test_every_exercise_is_tested():
    assert [text.stem for text in build.exercises()] == [exercise.name for exercise in EXERCISES]


def test_the_release_is_the_one_that_learners_open(course):
    """Somebody may have answered and run it: the free cells, outputs and the notebook's own metadata may differ."""
    locked = [[(cell.id, cell.metadata, cell.source) for cell in notebook.cells
               if not cell.metadata["nbgrader"]["solution"]]
              for notebook in (course.released(), course.released(ROOT / "exercises"))]  # fmt: skip
    assert locked[0] == locked[1], f"run python exercises/build.py {course.exercise.number}"


def test_the_release_holds_neither_solution_nor_hidden_tests(course):
    text = nbformat.writes(course.released())
    for word in ("HIDDEN", "SOLUTION", "seeds", *course.exercise.secrets):
        assert word not in text, word
    assert "raise NotImplementedError" in text


def test_nothing_but_the_notebook_is_handed_out(course):
    folder = course.root / "release" / course.exercise.name
    assert [path.name for path in folder.iterdir()] == [f"{course.exercise.notebook}.ipynb"]


def test_the_released_notebook_runs_to_its_end_unanswered(course, tmp_path):
    notebook = course.released()
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    checks = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in notebook.cells
              if cell.cell_type == "code" and "graders" in cell.source and cell.outputs}  # fmt: skip
    for name, cell in checks.items():
        (output,) = cell.outputs
        if cell.metadata["nbgrader"]["grade"]:
            assert re.fullmatch(r"[VGS] \w+: not yet\n", output.text), output.text
        elif name.startswith("check"):
            assert output.data["text/plain"] == "not yet: still to be written"
    assert set(checks) >= set(course.exercise.points["right"])


def test_scores(course):
    for student in course.exercise.handed:
        assert course.scores(student) == course.exercise.points.get(student, {}), student


def test_feedback_says_what_is_wrong_and_marks_it(course):
    exercise, page = course.exercise, course.feedback("wrong")
    for part, answer in zip(exercise.cells.values(), exercise.handed["wrong"], strict=True):
        finding = part.check(answer).finding
        assert finding.code in page and finding.sentence.split("`")[0] in page
        assert page.count(f"here: {finding.code}") >= 1
    assert "<svg" in page and "Hint 3 of 3" in page
    assert "here: M" not in course.feedback("right") and "right | " in course.feedback("right")
    assert "not yet" in course.feedback("unanswered")
    assert "raising" not in exercise.handed or "AttributeError" in course.feedback("raising")


def test_feedback_shows_no_hidden_test(course):
    for student in course.exercise.handed:
        page = re.sub(r"<[^>]+>", "", course.feedback(student))  # highlighting puts tags between the words of code
        for word in ("HIDDEN TESTS", "seeds", course.exercise.secrets[0], "Traceback (most", "exercises/graders/"):
            assert word not in page, (student, word)
        assert "check(&quot;" in page or 'check("' in page
