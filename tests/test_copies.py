"""The learner's copies of the lessons: made without outputs, renewed while untouched, never overwritten once used."""

import json

import pytest
from copies import WIDGET_VIEW, renew, rest


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
