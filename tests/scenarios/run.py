"""Running scenarios, and the file of answers."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ANSWERS = HERE / "answers.txt"
NAMES = sorted(path.stem for path in HERE.glob("[0-9]*.py"))
LIMIT = 120  # seconds; the longest takes about 7


def run(name, library="minigrad"):
    """The lines a scenario prints in a fresh interpreter, "torch." and "minigrad." left out; warnings are errors."""
    strict = ["-W", "error"] if library == "minigrad" else []
    done = subprocess.run(
        [sys.executable, *strict, "-m", f"tests.scenarios.{name}"],
        cwd=HERE.parent.parent, capture_output=True, encoding="utf-8", timeout=LIMIT,
        env={**os.environ, "SCENARIO_LIBRARY": library, "PYTHONHASHSEED": "random", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    if done.returncode or done.stderr:
        raise RuntimeError(f"scenario {name} on {library} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.replace(f"{library}.", "").splitlines()


def save(answers, version):
    """Write what PyTorch printed, {name: lines}."""
    text = f"What PyTorch {version} prints. Written by: python -m tests.scenarios --record\n"
    for name, lines in answers.items():
        text += f"\n== {name}\n" + "".join(line + "\n" for line in lines)
    ANSWERS.write_text(text, encoding="utf-8", newline="\n")


def load():
    """What PyTorch printed, {name: lines}."""
    _, *parts = ANSWERS.read_text(encoding="utf-8").split("\n== ")
    return {name: lines for name, *lines in (part.strip("\n").split("\n") for part in parts)}
