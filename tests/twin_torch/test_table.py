"""The table of differences says what the rows say, and the rows say what is so."""

import importlib.util

import pytest

import minigrad

from .run import quietly
from .table import FILE, FURTHER, _sentence, text


def test_the_file_is_what_the_rows_make():
    assert FILE.read_text(encoding="utf-8") == text(), "run python -m tests.twin_torch --table"


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("no complex numbers", "- No complex numbers."),
        ("sort takes dim by its place", "- `sort` takes dim by its place."),
        ("x[mask] = v, as zeros_like and nn.functional do", "- `x[mask]` = v, as `zeros_like` and `nn.functional` do."),
        ("`out=` is for PyTorch's.", "- `out=` is for PyTorch's."),
    ],
)
def test_a_reason_becomes_a_sentence(reason, line):
    assert _sentence(reason) == line


@pytest.mark.parametrize("row", FURTHER, ids=lambda row: row.program.partition("\n")[0])
def test_what_a_row_says_is_so(row):
    with quietly(strict=True):
        assert row.answer_of(minigrad) == row.answer


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs PyTorch")
@pytest.mark.parametrize("row", FURTHER, ids=lambda row: row.program.partition("\n")[0])
def test_pytorch_does_otherwise(row):
    import torch

    with quietly(strict=False):
        assert row.answer_of(torch) != row.answer
