"""Running tests in a forked process, where minigrad has not been imported yet: plainly to see who reaches which line,
or with one file changed to see whether somebody notices.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import io
import os
import pickle
import resource
import sys
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import coverage
import hypothesis  # noqa: F401  what is imported here need not be imported for each mutant
import numpy as np  # noqa: F401
import pytest

from .changes import changes

ROOT = Path(__file__).parents[2]
OPTIONS = ["-q", "-x", "-o", "addopts=", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:nbval",
           "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning"]  # fmt: skip
MEMORY = 8 << 30  # bytes; a mutant may ask for any amount


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, and compiles it with a change."""

    def __init__(self, file, number):
        self.name = file.removesuffix(".py").replace("/", ".")
        super().__init__(self.name, str(ROOT / file))
        self.number = number

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, origin=self.path) if name == self.name else None

    def create_module(self, spec):
        return None

    def get_code(self, name):
        tree = ast.parse(self.get_source(name))
        if self.number is not None:
            changes(tree)[self.number].apply()
        return compile(tree, self.path, "exec")

    def exec_module(self, module):
        module.__file__ = self.path
        super().exec_module(module)


class Chosen:
    """Plugin: only these tests, in this order."""

    def __init__(self, names):
        self.place = {name: i for i, name in enumerate(names)}

    def pytest_collection_modifyitems(self, items):
        items[:] = sorted((x for x in items if x.nodeid in self.place), key=lambda x: self.place[x.nodeid])


class Reached:
    """Plugin: which test reaches which lines, how long each takes, and which fail even without a change."""

    def __init__(self, files):
        self.cover = coverage.Coverage(data_file=None, config_file=False, include=[str(ROOT / file) for file in files])
        self.files, self.seconds, self.failed = files, {}, set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.cover.switch_context(item.nodeid)
        started = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.perf_counter() - started
            self.cover.switch_context("")

    def pytest_runtest_logreport(self, report):
        if report.outcome == "failed":
            self.failed.add(report.nodeid)

    def run(self, files):
        self.cover.start()
        code = pytest.main([option for option in OPTIONS if option != "-x"] + files, plugins=[self])
        self.cover.stop()
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise RuntimeError(f"the tests could not be run: {code!r}")
        data, reached = self.cover.get_data(), {}
        for file in self.files:
            by_line = data.contexts_by_lineno(str(ROOT / file))
            reached[file] = {line: set(tests) - {""} - self.failed for line, tests in by_line.items()}
        return reached, self.seconds, self.failed


class Broken(str):
    """What a process that did not come to a result has said."""


def forked(function, *arguments):
    """Start `function` in a process of its own. Returns its id and the file that its result can be loaded from."""
    read, write = os.pipe()
    if child := os.fork():
        os.close(write)
        return child, os.fdopen(read, "rb")
    try:
        os.close(read)
        os.chdir(ROOT)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1), os.dup2(silence, 2)
        with redirect_stdout(io.StringIO()) as told, redirect_stderr(told):
            try:
                result = function(*arguments)
            except Exception:
                result = Broken(traceback.format_exc() + told.getvalue()[-2000:])
        with os.fdopen(write, "wb") as file:
            pickle.dump(result, file)
    finally:
        os._exit(0)


def reach(files, tests):
    """{file: {line: tests}}, {test: seconds}, and the tests that fail."""
    child, result = forked(Reached(files).run, tests)
    with result:
        found = pickle.load(result)
    os.waitpid(child, 0)
    if isinstance(found, Broken):
        raise RuntimeError(found)
    return found


def notice(file, number, tests):
    """In a forked process: whether one of these tests notices the change; None for `number` is none at all."""
    sys.meta_path.insert(0, Changed(file, number))
    try:
        import minigrad  # noqa: F401
    except Exception:
        return True
    files = dict.fromkeys(name.partition("::")[0] for name in tests)
    return pytest.main([*OPTIONS, *files], plugins=[Chosen(tests)]) != pytest.ExitCode.OK
