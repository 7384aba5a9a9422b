"""A process of its own in which minigrad cannot be imported: what runs there needs nothing but a file and a runtime."""

import subprocess
import sys
from pathlib import Path

_WITHOUT = f"""
import sys
sys.path = [folder for folder in sys.path if not folder.startswith({str(Path(__file__).resolve().parents[2])!r})
            or "site-packages" in folder]
try:
    import minigrad
    sys.exit("minigrad can be imported here")
except ImportError:
    print("(minigrad: no such module)")
"""


def elsewhere(program, folder):
    """What a program prints in a new process, in this folder, where minigrad cannot be imported. That is said in the
    first line; the last one is that of the error, if there was one."""
    ran = subprocess.run([sys.executable, "-I", "-c", _WITHOUT + program], cwd=folder, capture_output=True,
                         encoding="utf-8", timeout=100)  # fmt: skip
    return (ran.stdout + (ran.stderr.strip().splitlines()[-1] if ran.returncode else "")).strip()
