"""The command line and the table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics

from . import measure
from .workloads import BACKWARD, MEMORY_AT_MOST, MEMORY_BATCH, MEMORY_LAYERS, NO_GRAD, WORKLOADS


def main(arguments=None):
    """Measure, print, and write the numbers to a file if asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], help="rows whose name has one of these in it")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--without", nargs="+", default=[], help="libraries to leave out")
    parser.add_argument("--json", help="write the numbers there")
    options = parser.parse_args(arguments)
    libraries, missing = measure.adapters(options.without)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, "
          f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {options.rounds} rounds, one thread")  # fmt: skip
    for name, reason in missing.items():
        print(f"without {name}: {reason}")
    rows = []
    for workload in WORKLOADS:
        if any(part in workload.name for part in options.only):
            rows.append(_time_row(workload, libraries, options.rounds))
    for mode in (BACKWARD, NO_GRAD):
        name = f"memory {MEMORY_LAYERS} layers batch {MEMORY_BATCH} {'with gradients' if mode == BACKWARD else mode}"
        if any(part in name for part in options.only):
            rows.append(_memory_row(name, mode, libraries))
    print(table(rows, list(libraries)))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


def _time_row(workload, libraries, rounds):
    built, failed = measure.steps(workload, libraries)
    found = measure.timings(built, rounds)
    row = {"name": workload.name, "unit": "us", "failed": failed}
    row["values"] = {name: statistics.median(times) * 1e6 for name, times in found.items()}
    limits = {"torch": workload.torch_at_most, "numpy": workload.numpy_at_most}
    row["ratios"] = {other: [measure.ratio(found, "minigrad", other), limit] for other, limit in limits.items()}
    return row


def _memory_row(name, mode, libraries):
    values = {library: measure.memory(library, mode) for library in ("minigrad", "torch") if library in libraries}
    values = {library: value / 2**20 for library, value in values.items() if value is not None}
    both = len(values) == 2
    ratios = {"torch": [values["minigrad"] / values["torch"] if both else None, MEMORY_AT_MOST], "numpy": [None, None]}
    return {"name": name, "unit": "MiB", "failed": {}, "values": values, "ratios": ratios}


def table(rows, names):
    """The rows as text: medians of each library, then minigrad's ratios with the targets and whether they are met."""
    head = ["workload (us; memory MiB)", *names, "x torch", "target", "", "x numpy", "target", ""]
    lines = [head]
    for row in rows:
        line = [row["name"], *(_short(row["values"].get(name)) for name in names)]
        for got, limit in row["ratios"].values():
            met = "" if got is None or limit is None else "yes" if got <= limit else "NO"
            line += [_short(got), "" if limit is None else f"{limit:g}", met]
        lines.append(line)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines = [[cell.rjust(w) for cell, w in zip(line, widths, strict=True)] for line in lines]
    text = "\n".join("  ".join([line[0].strip().ljust(widths[0]), *line[1:]]) for line in lines)
    failures = [f"{row['name']}: {name} cannot: {why}" for row in rows for name, why in row["failed"].items()]
    return "\n".join([text, *failures])


def _short(number):
    """Three digits that count."""
    if number is None:
        return "-"
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:,.0f}"
