"""The linter, as a test: one command finds everything."""

import subprocess
import sys
from pathlib import Path


def test_the_linter_has_nothing_to_say():
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", str(root)]
    found = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert found.returncode == 0, found.stdout + found.stderr
