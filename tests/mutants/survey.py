"""Drawing mutants, trying them a few at a time, and telling which survived."""

from __future__ import annotations

import ast
import os
import pickle
import select
import signal
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from .changes import Change, changes
from .trial import ROOT, forked, notice, reach

HERE = Path(__file__).parent
LEFT_OUT = (  # they are about something else, or repeat what others do
    "test_core_save", "test_core_reading", "test_core_printing", "test_core_docs",
)  # fmt: skip
TESTS = [
    *sorted(f"tests/{path.name}" for path in HERE.parent.glob("test_core_*.py") if path.stem not in LEFT_OUT),
    "tests/twin_torch/test_twin_torch.py", "tests/test_device_ops.py",
]  # fmt: skip
SIBLINGS = 60  # of the tests that one function with parameters makes, at most so many
LONG = 5.0  # seconds; a test that takes longer is left out


class Mutant(NamedTuple):
    """One change to one file: the `number`th that can be made there, in the function or op `owner`."""

    file: str
    number: int
    change: Change
    owner: str


def mutants(files):
    """All mutants of these files, without those that are no different from the original."""
    same, seen, found = equivalent(), set(), []
    for file in files:
        text = (ROOT / file).read_text(encoding="utf-8")
        tree, lines = ast.parse(text), text.splitlines()
        for number, change in enumerate(changes(tree)):
            entry = file, lines[change.line - 1].strip(), str(change)
            seen.add(entry)
            if entry not in same:
                found.append(Mutant(file, number, change, owner_of(tree, change.line)))
    for file, line, change in same:
        if file in files and (file, line, change) not in seen:
            print(f"stands in equivalent.txt, but can no longer be made: {file}: {line}: {change}")
    return found


def owner_of(tree, line):
    """The function at this line; of a derivative that stands behind its op, the op."""
    for part in tree.body:
        first = min([part.lineno, *(d.lineno for d in getattr(part, "decorator_list", ()))])
        if first <= line <= part.end_lineno:
            return getattr(part, "name", ast.unparse(part).partition(".vjp(")[0])
    return ""


def equivalent():
    """{(file, line, change): reason} of the mutants that nobody could notice."""
    found, reason, place = {}, None, None
    for text in (HERE / "equivalent.txt").read_text(encoding="utf-8").splitlines():
        if text.startswith("# "):
            reason = text[2:]
        elif text.startswith("    "):
            found[*place, text.strip()] = reason
        elif text:
            place = text.split(": ", 1)
    return found


def survey(files, sample, random, jobs, tests):
    """Try mutants and print what came of it. Returns 0 when nine of ten were killed."""
    every = mutants(files)
    drawn = every if sample is None or sample >= len(every) else sorted(random.sample(every, sample), key=every.index)
    reached, seconds, failed = reach(files, tests)
    for name in sorted(failed):
        print(f"fails without any change, and is left out: {name}")
    (_, noticed), = trials([Mutant(files[0], None, Change(0, "", "", None, None), "")], reached, seconds, 1)
    if noticed:  # a mistake here would look like the best of results
        raise RuntimeError(f"the tests of {files[0]} fail when it is not changed at all")
    killed, tried = Counter(), Counter(mutant.file for mutant in drawn)
    for mutant, dead in trials(drawn, reached, seconds, jobs):
        killed[mutant.file] += dead
        if not dead:
            print(f"{mutant.file}:{mutant.change.line}: {mutant.change}", flush=True)
    for file in tried:
        print(f"{killed[file]:5} of {tried[file]:4} killed  {file}")
    print(f"{killed.total():5} of {tried.total():4} killed, {100 * killed.total() / max(tried.total(), 1):.1f} %; "
          f"{len(every)} could have been drawn")  # fmt: skip
    return 0 if killed.total() >= 0.9 * tried.total() else 1


def chosen(mutant, reached, seconds):
    """The tests that may notice, the likely and quick ones first: those that reach its lines. Where none does, and for
    what runs on import, those that reach any line of the file or are about the op by name: its formula may never run,
    because NumPy's own function stands in for it, or because its operands are refused.
    """
    by_line, lines = reached[mutant.file], mutant.change.lines
    names = set().union(*(by_line.get(line, ()) for line in lines or ()))
    if not names:
        names = {name for name in seconds if f"[{mutant.owner}]" in name}.union(*by_line.values())
    siblings, found = Counter(), []
    for name in sorted(names, key=lambda name: (f"[{mutant.owner}]" not in name, seconds[name], name)):
        siblings[name.partition("[")[0]] += 1
        if siblings[name.partition("[")[0]] <= SIBLINGS and seconds[name] < LONG:
            found.append(name)
    return found


def trials(drawn, reached, seconds, jobs):
    """Pairs (mutant, whether it was killed) as they become known. Who takes far longer than the tests do hangs."""
    waiting, running = list(drawn[::-1]), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            tests = chosen(mutant, reached, seconds)
            if not tests:
                yield mutant, False
                continue
            child, result = forked(notice, mutant.file, mutant.number, tests)
            limit = time.monotonic() + 20 + 3 * sum(seconds[name] for name in tests)
            running[result] = child, mutant, limit
        ready, _, _ = select.select(list(running), [], [], 1)
        for result in list(running):
            child, mutant, limit = running[result]
            late = time.monotonic() > limit
            if late:
                os.kill(child, signal.SIGKILL)
            if late or result in ready:
                del running[result]
                with result:
                    answer = result.read()
                os.waitpid(child, 0)
                yield mutant, not answer or pickle.loads(answer)  # without an answer it was killed, or broke down
