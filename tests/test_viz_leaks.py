"""Recordings and pictures leave nothing behind, in a process of their own."""

import subprocess
import sys
from pathlib import Path


def test_recordings_and_pictures_leave_nothing_behind():
    command = [sys.executable, "-m", "tests.leak_views", "100"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=Path(__file__).parent.parent)
    assert done.returncode == 0 and "LEAK" not in done.stdout, done.stdout + done.stderr
