"""The learner's copies of the lessons: made without outputs, renewed while untouched, never overwritten once used."""

import json
import re
from pathlib import Path

import pytest
from copies import WIDGET_VIEW, renew, rest

ROOT = Path(__file__).parent.parent
ORIGINALS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def notebook(*sources):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "execution_count": 1,
         "outputs": [{"output_type": "stream", "name": "stdout", "text": "the answer\n"}]}
        for i, source in enumerate(sources)
    ]  # fmt: skip
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def lesson(tmp_path):
    path = tmp_path / "00_first.ipynb"
    path.write_text(json.dumps(notebook("print('hello')")), encoding="utf-8")
    return path


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_copy_has_the_code_and_no_outputs(lesson, tmp_path):
    before = lesson.read_bytes()
    (copy,) = renew([lesson], tmp_path / "work")
    assert [cell["source"] for cell in read(copy)["cells"]] == ["print('hello')"]
    assert read(copy)["cells"][0]["outputs"] == [] and read(copy)["cells"][0]["execution_count"] is None
    assert lesson.read_bytes() == before


def test_cells_for_the_tests_stay_behind(lesson, tmp_path):
    original = notebook("print('hello')", "%%check\n1", "print('bye')")
    original["cells"][1]["metadata"] = {"jupyter": {"source_hidden": True}, "tags": ["check"]}
    lesson.write_text(json.dumps(original), encoding="utf-8")
    (copy,) = renew([lesson], tmp_path / "work")
    assert [cell["source"] for cell in read(copy)["cells"]] == ["print('hello')", "print('bye')"]
    before = copy.read_bytes()
    assert renew([lesson], tmp_path / "work") == [copy] and copy.read_bytes() == before


def links(path):
    """Where the links in a notebook's prose lead; those to the outside are left out."""
    prose = "\n".join("".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    return [target for target in re.findall(r"\]\(([^)#]+)\)", prose) if "://" not in target]


def test_every_link_leads_somewhere_from_the_original_and_from_the_copy(tmp_path):
    work = tmp_path / "work"
    copies = renew(ORIGINALS, work)
    for folder in (ROOT / "exercises" / "release").glob("*/"):
        renew(folder.glob("*.ipynb"), work / "exercises" / folder.name)
    assert sum(map(len, map(links, ORIGINALS))) >= 4
    for path in [*ORIGINALS, *copies]:
        assert [target for target in links(path) if not (path.parent / target).exists()] == [], path
    assert not [target for copy in copies for target in links(copy) if target.startswith("..")], "all are in work/"


def test_a_copy_that_only_ran_is_renewed_with_its_original(lesson, tmp_path):
    (copy,) = renew([lesson], tmp_path / "work")
    ran = read(copy)
    ran["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hello\n"}]
    copy.write_text(json.dumps(ran), encoding="utf-8")
    lesson.write_text(json.dumps(notebook("print('new')")), encoding="utf-8")
    renew([lesson], tmp_path / "work")
    assert read(copy)["cells"][0]["source"] == "print('new')"


def test_outputs_stay_while_the_original_does(lesson, tmp_path):
    (copy,) = renew([lesson], tmp_path / "work")
    ran = read(copy)
    ran["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hello\n"}]
    copy.write_text(json.dumps(ran), encoding="utf-8")
    renew([lesson], tmp_path / "work")
    assert read(copy) == ran


@pytest.mark.parametrize("theirs", ["print('mine')", None, "not json"])
def test_what_somebody_worked_in_is_left_alone(lesson, tmp_path, theirs):
    (copy,) = renew([lesson], tmp_path / "work")
    if theirs == "not json":
        copy.write_text("{", encoding="utf-8")
    else:
        changed = notebook(theirs or "print('made by hand')")
        changed["metadata"] = read(copy)["metadata"] if theirs else {}
        copy.write_text(json.dumps(changed), encoding="utf-8")
    before = copy.read_bytes()
    lesson.write_text(json.dumps(notebook("print('new')")), encoding="utf-8")
    renew([lesson], tmp_path / "work")
    assert copy.read_bytes() == before


def test_a_copy_at_rest_shows_pictures_in_place_of_widgets_without_a_kernel(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (copy,) = renew([lesson], tmp_path / "work")
    ran = read(copy)
    data = {WIDGET_VIEW: {"model_id": "gone"}, "text/plain": "2 ops", "image/svg+xml": "<svg/>"}
    ran["cells"][0]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
    copy.write_text(json.dumps(ran), encoding="utf-8")
    rest(copy)
    (output,) = read(copy)["cells"][0]["outputs"]
    assert "".join(output["data"]["text/plain"]) == "2 ops" and set(output["data"]) == {"text/plain", "image/svg+xml"}
    before = copy.read_bytes()
    rest(copy)
    assert copy.read_bytes() == before
    copy.write_text(f"{{ {WIDGET_VIEW}", encoding="utf-8")
    rest(copy)
    assert copy.read_text(encoding="utf-8") == f"{{ {WIDGET_VIEW}"
