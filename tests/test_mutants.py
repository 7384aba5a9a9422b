"""The tool that makes small mistakes; `python -m tests.mutants` runs it, which takes too long for here."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.changes import changes

TEXT = '''
LIMIT = 3

def clip(x, low=0, high=None):
    """Keep x between two numbers."""
    if not low <= LIMIT and x.kind in "iu":
        raise ValueError(f"{x + 1} is wrong")
    x.places[0] = min(x, keepdims=True)
    return x if x < low else -x * 2

clip.vjp(x=lambda g: g + 1)
'''


def made():
    """(before, after) of each change, and the text that it makes of TEXT."""
    for number in range(len(changes(ast.parse(TEXT)))):
        tree = ast.parse(TEXT)
        change = changes(tree)[number]
        change.apply()
        compile(tree, "<text>", "exec")
        yield change, ast.unparse(tree)


def test_mistakes_of_each_kind_are_made():
    found = {(change.before, change.after) for change, _ in made()}
    assert found >= {
        ("3", "4"), ("0", "1"), ("x < low", "x <= low"), ("x < low", "x >= low"), ("-x", "+x"), ("-x * 2", "-x / 2"),
        ("min", "max"), ("True", "False"), ("min(x, keepdims=True)", "min(x)"), ("g + 1", "g - 1"),
        ("not low <= LIMIT", "not not low <= LIMIT"), ("low <= LIMIT", "low < LIMIT"),
        ("x.kind in 'iu'", "x.kind in 'i'"), ("x.places[0] = min(x, keepdims=True)", "pass"),
        ("not low <= LIMIT and x.kind in 'iu'", "not low <= LIMIT or x.kind in 'iu'"),
        ("not low <= LIMIT and x.kind in 'iu'", "not (not low <= LIMIT and x.kind in 'iu')"),
        ("ValueError(f'{x + 1} is wrong')", "ArithmeticError(f'{x + 1} is wrong')"),
    }  # fmt: skip
    assert ("x + 1", "x - 1") not in found, "the words of an error are free"


def test_each_change_is_one_and_leaves_the_others_alone():
    texts = [text for _, text in made()]
    assert len(set(texts)) == len(texts) and ast.unparse(ast.parse(TEXT)) not in texts


def test_a_change_knows_which_lines_run_with_it():
    reach = {(change.before, change.after): change.lines for change, _ in made()}
    assert reach["3", "4"] is None
    assert reach["x < low", "x <= low"] == range(9, 10)
    assert reach["g + 1", "g - 1"] == range(11, 12)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_mistakes_are_noticed_and_told():
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "tests.mutants", "minigrad/ops/views.py", "--sample", "3", "--tests",
               "tests/test_core_linalg.py"]  # fmt: skip
    found = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8")
    assert "killed, " in found.stdout and not found.stderr, found.stdout + found.stderr
