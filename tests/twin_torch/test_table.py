"""The page of differences says what the rows say, and the rows say what is so."""

import importlib.util
import re

import pytest

import minigrad

from .differences import DIFFERENCES
from .page import PAGE, ROWS, markdown
from .run import quietly
from .table import FILE, FURTHER


def test_the_file_is_what_the_rows_make():
    assert FILE.read_text(encoding="utf-8") == markdown(), "run python -m tests.twin_torch --table"


def test_every_row_is_shown_by_cases_or_a_program():
    assert {d.row for d in DIFFERENCES} | {f.row for f in FURTHER} == set(ROWS)
    assert len(ROWS) == sum(len(section.rows) for section in PAGE)  # no name twice


@pytest.mark.parametrize("section", PAGE, ids=lambda section: section.title)
def test_rows_fill_their_columns_and_say_nothing_twice(section):
    assert all(len(cells) == len(section.columns) and all(cells) for cells in section.rows.values())
    assert len({cells[0] for cells in section.rows.values()}) == len(section.rows)
    words = re.sub("`[^`]*`", "", " ".join(cell for cells in section.rows.values() for cell in cells))
    assert not re.search(r"\w_\w|\w\(", words), "code names go between backticks"


@pytest.mark.parametrize("row", FURTHER, ids=lambda row: row.row)
def test_what_a_row_says_is_so(row):
    with quietly(strict=True):
        assert row.answer_of(minigrad) == row.answer


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs PyTorch")
@pytest.mark.parametrize("row", FURTHER, ids=lambda row: row.row)
def test_pytorch_does_otherwise(row):
    import torch

    with quietly(strict=False):
        assert row.answer_of(torch) != row.answer
