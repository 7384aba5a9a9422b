"""`python -m tests.side_by_side FILE.html [--only viz torchview] [--limit 60]`

Every tool draws every model in a process of its own, which is ended after `--limit` seconds; then it is asked what a
learner must see. Times are medians of three drawings after a first, from calling the model to having the SVG.
PyTorch and the other tools have to be importable, and Graphviz's `dot` on the path, for them to take part.
"""

import argparse
import importlib.util
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from . import page, probes
from .models import MODELS
from .tools import READ, TOOLS, library


def draw(name, model):
    """The views of one model and how long they took, in this process."""
    m = library(name)
    m.manual_seed(0)
    made, x = MODELS[model](m)
    TOOLS[name](made, x)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        views = TOOLS[name](made, x)
        times.append(time.perf_counter() - started)
    return {"views": views, "seconds": statistics.median(times)}


def answers(name):
    """{question: True, False, or the error}, in this process."""
    found = {}
    for probe in probes.PROBES:
        try:
            found[probe.question] = probes.ask(READ[name], library(name), probe)
        except Exception as error:  # each tool has its own
            found[probe.question] = f"{type(error).__name__}: {error}".splitlines()[0]
    return found


def apart(*arguments, limit):
    """The answer of this module in another process, or why there is none."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.side_by_side", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as process:
        try:
            out, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # Graphviz's program, which it has started, would go on
            process.communicate()
            return {"error": f"stopped after {limit} s"}
    if process.returncode:
        return {"error": (errors.strip().splitlines() or ["ended without a word"])[-1]}
    return json.loads(out.splitlines()[-1])


def main():
    """Run all and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.side_by_side", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--limit", type=int, default=60, help="seconds for one drawing")
    options = parser.parse_args()
    missing = [name for name in options.only if importlib.util.find_spec(name) is None]
    drawn, told = {}, {}
    for name in options.only:
        if name in missing:
            continue
        for model in MODELS:
            drawn[name, model] = apart("--draw", name, model, limit=options.limit)
            print(f"{name}, {model}: {page.line(drawn[name, model])}", flush=True)
        told[name] = apart("--ask", name, limit=options.limit)
        print(f"{name}: {page.tally(told[name])}", flush=True)
    options.file.write_text(page.html(drawn, told, missing), "utf-8")


if sys.argv[1:2] == ["--draw"]:
    print(json.dumps(draw(*sys.argv[2:])))
elif sys.argv[1:2] == ["--ask"]:
    print(json.dumps(answers(*sys.argv[2:])))
else:
    main()
