"""The command: `python -m tests.twin_torch [--record | --live | --open | --table] [family ...]`.

Without options the recorded answers are replayed. `--record` asks PyTorch anew and writes the file of answers; `--live`
asks it and compares at once. Both need PyTorch. `--open` writes the list of the cases that still differ (open.txt),
`--table` the one of the differences on purpose (minigrad/DIFFERENCES.md).
"""

from __future__ import annotations

import argparse
import os
import sys

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")  # the same sums, whatever newer instructions a machine has
os.environ.setdefault("MKL_CBWR", "AVX2")

from . import answers, families  # noqa: F401  the families enter themselves
from .cases import FAMILIES, cases_of
from .run import quietly, run


def asked(names):
    """PyTorch's outcomes, {family: [Outcome, ...]}, and its version."""
    import torch

    torch.set_num_threads(1)
    with quietly(strict=False):
        outcomes = {name: [run(case, torch) for case in cases_of(name)] for name in names}
    return outcomes, torch.__version__.partition("+")[0]


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.twin_torch", description=__doc__)
    parser.add_argument("families", nargs="*", help="families to compare (all)")
    parser.add_argument("--record", action="store_true", help="ask PyTorch and write the file of answers")
    parser.add_argument("--live", action="store_true", help="ask PyTorch and compare at once")
    parser.add_argument("--brief", action="store_true", help="the table only, without the cases that differ")
    parser.add_argument("--open", action="store_true", help="write the list of cases that still differ")
    parser.add_argument("--table", action="store_true", help="write the table of differences, minigrad/DIFFERENCES.md")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.families if name not in FAMILIES]
    if unknown:
        parser.error(f"no family {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    if options.table:
        from .page import markdown
        from .table import FILE

        return print(f"{FILE.write_text(markdown(), encoding='utf-8')} characters in {FILE.name}")
    if options.record:
        outcomes, version = asked(FAMILIES)
        answers.save(outcomes, version)
        print(f"{sum(map(len, outcomes.values()))} answers of PyTorch {version}, {answers.FILE.stat().st_size} bytes")
        return 0
    names = options.families or list(FAMILIES)
    if options.live:
        outcomes, version = asked(names)
        known = {case.key: o for name in names for case, o in zip(cases_of(name), outcomes[name], strict=True)}
    else:
        known, version = answers.load(), answers.version()
    if options.open:
        return write_open(known)
    return table(names, known, version, options.brief)


def write_open(known):
    """List in open.txt what differs now and is not meant to."""
    from .differences import OPEN
    from .replay import replay

    lines = [line for name in FAMILIES for line in replay(name, known).open]
    OPEN.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} cases in {OPEN.name}")
    return 0


def table(names, known, version, brief):
    """Print how each family did; 1 when anything differs that is not meant to."""
    print(f"{'family':24}{'cases':>7}{'agree':>7}{'on purpose':>12}{'open':>7}{'wrong':>7}   (PyTorch {version})")
    from .replay import replay  # here, so that recording needs no minigrad

    total = [0, 0, 0, 0, 0]
    for name in names:
        result = replay(name, known)
        row = (result.cases, result.agree, result.intended, len(result.open), len(result.failures))
        total = [a + b for a, b in zip(total, row, strict=True)]
        print(f"{name:24}{row[0]:7}{row[1]:7}{row[2]:12}{row[3]:7}{row[4]:7}")
        for failure in [] if brief else result.failures:
            print("   " + failure.replace("\n", "\n   "))
    print(f"{'all':24}{total[0]:7}{total[1]:7}{total[2]:12}{total[3]:7}{total[4]:7}")
    return 1 if total[4] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
