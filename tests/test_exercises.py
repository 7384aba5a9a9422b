"""Every exercise: which answers pass, what the others are told, and what is said of one that is not written yet."""

import re
import subprocess
import sys

import pytest

from exercises.graders.beliefs import BELIEFS
from tests.graded import PARTS

RIGHT = [pytest.param(part, answer, id=f"{name}-{answer.__name__}") for name, part in PARTS.items()
         for answer in part.right]  # fmt: skip
WRONG = [pytest.param(part, *row, id=f"{name}-{row[0].__name__}") for name, part in PARTS.items() for row in part.wrong]
EACH = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)


@pytest.mark.parametrize(("part", "answer"), RIGHT)
def test_a_right_answer_of_any_style_passes_everything(part, answer):
    report = part.check(answer)
    assert report.status == "right" and report.finding is None, str(report)
    for letter in part.letters:
        part.grade(answer, letter)


@pytest.mark.parametrize(("part", "answer", "code", "reason", "holds"), WRONG)
def test_a_wrong_answer_fails_for_its_own_reason(part, answer, code, reason, holds):
    report = part.check(answer)
    assert (report.finding.code, report.finding.reason) == (code, reason), str(report)
    assert part.holds(answer) == holds
    failed = next(letter for letter in part.letters if letter not in holds)
    with pytest.raises(AssertionError, match=re.escape(report.finding.sentence)):
        part.grade(answer, failed)


@EACH
def test_every_finding_that_can_be_said_is_planted_or_unreachable_by_a_sane_answer(part):
    planted = {reason for _, _, reason, _ in part.wrong}
    assert set(part.findings) - planted == part.rest
    assert len(part.right) >= 2 and len(planted) >= 5
    for code, sentence, hints in part.findings.values():
        assert code == "" or code in BELIEFS
        assert sentence.endswith(".") and len(set(hints)) == 3


@EACH
def test_three_hints_rise_and_none_of_them_is_the_answer(part):
    for answer, *_ in part.wrong:
        report = part.check(answer)
        assert [report.hint(number) for number in (1, 2, 3)] == list(report.finding.hints)
        assert report.html().count("<details>") == 3
    assert "three hints" in report.hint(4)
    for secret in part.secrets:
        assert not [words for words in part.findings.values() if secret in str(words).replace("max(len(x)", "")]


@EACH
def test_a_code_never_stands_without_its_sentence(part):
    for answer, code, *_ in part.wrong:
        report = part.check(answer)
        for text in [str(report), *(report.verdict(letter) for letter in part.letters)] if code else ():
            assert code not in text or f'A common mistake ({code}): "{BELIEFS[code]}"' in text


@EACH
def test_what_is_shown_is_the_same_every_time_and_tells_no_address(part):
    for answer, *_ in part.wrong:
        first, second = part.check(answer), part.check(answer)
        assert str(first) == str(second) and first.html() == second.html()
        assert " at 0x" not in first.html() and "/tmp" not in str(first)


def unwritten(*anything):
    raise NotImplementedError


def empty(*anything):
    pass


@EACH
@pytest.mark.parametrize("function", [unwritten, empty])
def test_an_unanswered_exercise_is_not_yet_and_no_error_but_gets_no_points(part, function):
    functions = [function] * len(part.names)
    report = part.grader.check(*functions)
    assert report.status == "not yet" and report.hint(1)
    assert [report.verdict(letter) for letter in "VGS"] == [
        "V values: not yet", "G gradients: not yet", "S structure: not yet"]  # fmt: skip
    assert "not yet" in report.html()
    for letter in part.letters:
        with pytest.raises(AssertionError, match="not yet"):
            part.grader.grade(*functions, letter)


@EACH
def test_half_an_answer_is_not_yet(part):
    for answered in range(len(part.names)):
        functions = part.functions(part.right[0])
        functions[answered] = unwritten
        assert part.grader.check(*functions).status == "not yet"


@EACH
def test_a_check_before_the_answer_has_run_says_which_cell_to_run(part):
    report = part.grader.check(*part.names)  # no such names here
    name = part.names[0]
    assert str(report) == f"not yet: first run the cell above that says `def {name}`"
    assert f"<code>def {name}</code>" in report.html()
    assert report.verdict("V") == f"V values: not yet; first run the cell above that says `def {name}`"
    assert not report.passed("V")


@EACH
def test_an_answer_can_be_checked_by_its_name(part, monkeypatch):
    for name, function in zip(part.names, part.functions(part.right[0]), strict=True):
        monkeypatch.setitem(globals(), name, function)
    assert part.grader.check(*part.names).status == "right"


def test_the_graders_are_there_without_nbgrader():
    modules = ", ".join(part.grader.__name__ for part in PARTS.values())
    code = f"import sys, {modules}; print('nbgrader' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
