"""The command: `python -m tests.scenarios [--record | --live] [name ...]`.

Runs scenarios on minigrad and shows where they print something else than PyTorch's recorded answers. `--live` asks
PyTorch at once, `--record` asks it and writes the file; both need PyTorch. A name may be shortened: `14`.
"""

import argparse
import difflib
import sys
from importlib import metadata

from .run import ANSWERS, NAMES, load, run, save


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument("names", nargs="*", help="the scenarios to run (all)")
    parser.add_argument("--record", action="store_true", help="ask PyTorch and write the file of answers")
    parser.add_argument("--live", action="store_true", help="ask PyTorch and compare at once")
    options = parser.parse_args(arguments)
    if options.record:
        version = metadata.version("torch").partition("+")[0]
        save({name: run(name, "torch") for name in NAMES}, version)
        print(f"{len(NAMES)} scenarios of PyTorch {version} in {ANSWERS.name}")
        return 0
    names = [name for name in NAMES if not options.names or name.startswith(tuple(options.names))]
    if not names:
        parser.error(f"no scenario {', '.join(options.names)}; there are {', '.join(NAMES)}")
    expected = {name: run(name, "torch") for name in names} if options.live else load()
    differ = [name for name in names if not agrees(name, expected.get(name, []))]
    print(f"{len(names) - len(differ)} of {len(names)} scenarios agree")
    return 1 if differ else 0


def agrees(name, expected):
    """Run one scenario; print what differs."""
    try:
        lines = run(name)
    except RuntimeError as error:  # it did not get to its end
        lines = str(error).splitlines()
    for line in difflib.unified_diff(expected, lines, "PyTorch", name, lineterm="", n=1):
        print(line)
    return lines == expected


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
