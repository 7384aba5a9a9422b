"""The examples in the docstrings run, every op explains itself, and the core imports with NumPy alone."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import minigrad as mg
from minigrad.op import KINDS, OPS

MODULES = ["minigrad", *(found.name for found in pkgutil.walk_packages(mg.__path__, "minigrad."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    assert module.__doc__ and module.__doc__.strip()
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_there_are_examples_and_they_are_found():
    finder = doctest.DocTestFinder()
    modules = [importlib.import_module(name) for name in MODULES]
    assert sum(bool(test.examples) for module in modules for test in finder.find(module)) >= 25


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_explains_itself(name):
    op = OPS[name]
    assert op.__doc__ and op.name == name and op.kind in KINDS and op.arguments
    assert op.commutes is False or len(op.arguments) == 2


BLOCK = """
import importlib.abc, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("minigrad", "numpy"):
            raise ImportError(f"{name} is not allowed here")
sys.meta_path.insert(0, Block())
import minigrad as mg
x = mg.tensor(3.0, requires_grad=True)
(x * x + x).backward()
assert x.grad.item() == 7 and not mg.cuda.is_available()
"""


def test_numpy_is_all_the_core_needs():
    run = subprocess.run([sys.executable, "-c", BLOCK], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def test_public_names_exist_and_are_documented():
    assert len(set(mg.__all__)) == len(mg.__all__)
    for name in mg.__all__:
        thing = getattr(mg, name)
        assert thing.__doc__ or type(thing).__doc__, name
    for name in mg.nn.__all__:
        assert getattr(mg.nn, name).__doc__, name
