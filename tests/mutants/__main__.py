"""The command: `python -m tests.mutants [file ...] [--sample 100] [--seed 0]`.

Without files: the ops, and the backward walk with its rules and hooks. Each mutant is tried in a fresh process by the
tests that reach its line, the quickest first; one that nothing reaches has survived. Mutants that nobody could tell
from the original stand in `equivalent.txt`, with the reason, and are left out.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from .survey import TESTS, survey

WALK = ["minigrad/backward.py", "minigrad/rules.py", "minigrad/hooks.py"]
ROOT = Path(__file__).parents[2]


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="files to change, as minigrad/ops/loss.py")
    parser.add_argument("--sample", type=int, help="how many mutants of all (each of them)")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--tests", nargs="*", help="files of tests that shall notice (those of the core)")
    options = parser.parse_args(arguments)
    ops = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "minigrad/ops").glob("*.py"))
    return survey(options.files or WALK + ops, options.sample, random.Random(options.seed), options.jobs,
                  options.tests or TESTS)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
