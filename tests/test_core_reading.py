"""The reading path: its examples run, and it names every file of the engine."""

import doctest
import re
from pathlib import Path

import minigrad as mg

PAGE = Path(mg.__file__).with_name("README.md")


def test_its_examples_run_as_they_stand():
    blocks = "\n".join(re.findall(r"```\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S))
    test = doctest.DocTestParser().get_doctest(blocks, {"mg": mg}, "README.md", str(PAGE), 0)
    assert len(test.examples) >= 6
    assert doctest.DocTestRunner().run(test).failed == 0


def test_what_it_says_to_try_runs():
    rows = re.findall(r"^\| \d+ \|.*\| `(.+)` \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert len(rows) == 10
    for row in rows:
        exec(row, {"mg": mg, "x": mg.ones(2, requires_grad=True)})


def test_it_names_every_file_of_the_engine():
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_/]+\.py)`", text))
    assert all((PAGE.parent / name).exists() for name in named)
    engine = {"tensor.py", "op.py", "dispatch.py", "node.py", "backward.py", "rules.py", "modes.py", "memory.py",
              "views.py", "inplace.py", "kind.py", "dtype.py", "device.py", "errors.py", "events.py", "settled.py",
              "shortcuts.py", "operands.py"}  # fmt: skip
    assert engine <= named
