"""Running the cases of a family on minigrad and holding them against known answers."""

from __future__ import annotations

from typing import NamedTuple

import minigrad

from .cases import cases_of
from .compare import difference
from .differences import DIFFERENCES, still_open
from .run import quietly, run


class Result(NamedTuple):
    """How a family did: counts, a few lines for each case that is not as the lists say, and the open cases."""

    cases: int
    agree: int
    intended: int
    failures: list
    open: list


def line(case):
    """A case as open.txt names it."""
    return f"{case.family}: {case.text}"


def replay(name, known, library=minigrad):
    """Compare every case of a family with `known` ({key: Outcome})."""
    cases, failures, agree, intended = cases_of(name), [], 0, 0
    listed, differing = still_open(), []
    with quietly(strict=True):
        for case in cases:
            meant = next((d for d in DIFFERENCES if d.covers(case)), None)
            if case.key not in known:
                failures.append(f"{case.text}\n   not recorded: run python -m tests.twin_torch --record")
                continue
            found = difference(known[case.key], run(case, library))
            agree, intended = agree + (found is None), intended + (found is not None and meant is not None)
            if found and not meant:
                differing.append(line(case))
                if line(case) not in listed:
                    failures.append(f"{case.text}\n   {found}")
            elif line(case) in listed:
                failures.append(f"{case.text}\n   agrees now: take it out of open.txt")
            elif meant and not found:
                failures.append(f"{case.text}\n   no longer differs, but stands in differences.py: {meant.row}")
    return Result(len(cases), agree, intended, failures, differing)
