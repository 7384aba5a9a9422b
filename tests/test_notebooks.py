"""The lessons as files: text and notebook say the same, outputs are complete and hold nothing that changes by the run.

That the outputs are right is nbval's part: it runs every cell of every notebook and compares.
"""

import ast
import json
import re
from pathlib import Path

import build
import nbformat
import pytest
import twin

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SOURCES = {path.stem: path for path in build.lessons()}
LESSONS = [name for name, path in SOURCES.items() if path.parent == build.SOURCE]
NOT_STARTED = "00:00<?"  # what a progress bar shows before its first step
CHANGING = re.compile(r"0x[0-9a-f]{6,}|\b\d+(\.\d+)? ?(ms|µs|s)\b|\d\d:\d\d(:\d\d|<\S)|IPY_MODEL|widget-view")


@pytest.fixture(params=SOURCES)
def lesson(request):
    """The built notebook and what its source describes."""
    source = SOURCES[request.param]
    return nbformat.read(build.target_of(source), as_version=4), build.read(source)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_each_source_has_its_notebook_and_the_other_way_round():
    built = sorted(NOTEBOOKS.glob("*.ipynb")) + sorted(NOTEBOOKS.glob("reference/*.ipynb"))
    assert built == [build.target_of(source) for source in SOURCES.values()]
    assert LESSONS, "there is no lesson at all"


def test_text_and_notebook_are_in_step(lesson):
    built, source = lesson
    told = [(c.cell_type, c.id, c.source, dict(c.metadata)) for c in source.cells]
    kept = [(c.cell_type, c.id, c.source, dict(c.metadata)) for c in built.cells]
    assert kept == told, "run python notebooks/build.py"


def test_every_cell_ran_once_in_order_without_error(lesson):
    built, _ = lesson
    assert [cell.execution_count for cell in code_cells(built)] == list(range(1, len(code_cells(built)) + 1))
    assert not [output for cell in code_cells(built) for output in cell.outputs if output.output_type == "error"]


def test_outputs_hold_nothing_that_changes_from_run_to_run(lesson):
    built, _ = lesson
    for cell in code_cells(built):
        for output in cell.outputs:
            assert not output.get("metadata"), cell.source
            assert build.WIDGET_VIEW not in output.get("data", {}), cell.source
            data = output.get("data", {})
            for text in (output.get("text", ""), data.get("text/plain", ""), data.get("text/x-check", "")):
                found = CHANGING.search(text)
                assert not found or found.group() == NOT_STARTED, f"{found.group()!r} in the output of:\n{cell.source}"


def test_every_output_is_compared_or_says_why_not(lesson):
    built, _ = lesson
    for cell in code_cells(built):
        opted_out = {"nbval-ignore-output", "nbval-skip"} & set(cell.metadata.get("tags", []))
        markers = re.findall(r"NBVAL_(?:IGNORE_OUTPUT|SKIP)", cell.source)
        assert not (opted_out or markers) or "# not compared:" in cell.source, cell.source


def test_cells_are_short_enough_to_hold_in_mind(lesson):
    built, _ = lesson
    for cell in code_cells(built):
        assert len(cell.source.splitlines()) <= 25, cell.source


def test_what_is_checked_out_of_sight_is_marked_for_it(lesson):
    built, _ = lesson
    checks = [cell for cell in code_cells(built) if cell.source.startswith("%%check")]
    assert checks, "each widget is driven through its states without a browser"
    for cell in checks:
        assert cell.metadata == {"jupyter": {"source_hidden": True}, "tags": ["check"]}
        assert [list(output.data) for output in cell.outputs] == [["text/x-check"]]


def test_no_cell_needs_what_a_check_cell_does(lesson):
    built, _ = lesson  # readers' copies have no check cells
    for cell in code_cells(built):
        if cell.source.startswith("%%check"):
            for line in ast.parse(cell.source.partition("\n")[2]).body:
                assert isinstance(line, ast.Expr | ast.For), cell.source


@pytest.mark.parametrize("lesson", LESSONS, indirect=True)  # what is for reference has none
def test_every_twin_is_recorded_and_the_lesson_shows_it(lesson):
    built, _ = lesson
    answers = json.loads(twin.TWINS.read_text(encoding="utf-8"))["answers"]
    twins = [cell for cell in code_cells(built) if cell.source.startswith("%%twin")]
    assert twins, "a lesson shows PyTorch beside minigrad"
    for cell in twins:
        recorded = answers[twin.key(cell.source.partition("\n")[2])]
        assert "PyTorch prints" in cell.outputs[0].text
        assert recorded in cell.outputs[0].text


def test_a_twin_that_agrees_and_one_that_does_not(monkeypatch, tmp_path, capsys):
    answers = {twin.key("mg.ones(2)"): "tensor([1., 1.])", twin.key("mg.zeros(1)"): "something else"}
    monkeypatch.setattr(twin, "TWINS", tmp_path / "twins.json")
    twin.TWINS.write_text(json.dumps({"answers": answers}), encoding="utf-8")
    twin.twin("", "mg.ones(2)  # a comment does not matter")
    assert capsys.readouterr().out == "tensor([1., 1.])\n── PyTorch prints the same ──\n"
    twin.twin("", "mg.zeros(1)")
    assert "── PyTorch prints ──\nsomething else" in capsys.readouterr().out
    twin.twin("", "mg.ones(3)")
    assert "not recorded" in capsys.readouterr().out


def test_a_lesson_that_raises_leaves_the_old_notebook_alone(tmp_path, monkeypatch):
    (tmp_path / "99_broken.py").write_text("# %%\n1 / 0\n", encoding="utf-8")
    monkeypatch.setattr(build, "HERE", tmp_path)
    old = tmp_path / "99_broken.ipynb"
    old.write_text("as it was", encoding="utf-8")
    with pytest.raises(Exception, match="ZeroDivisionError"):
        build.build(tmp_path / "99_broken.py")
    assert old.read_text(encoding="utf-8") == "as it was"
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
