"""minigrad against PyTorch's recorded answers, by family. `python -m tests.twin_torch` prints the same as a table."""

import functools

import numpy as np
import pytest

import minigrad

from . import answers, families  # noqa: F401  the families enter themselves
from .cases import FAMILIES, Case, cases_of, draw
from .compare import difference
from .differences import DIFFERENCES
from .replay import replay
from .run import Outcome, run

SHOWN = 40  # of the cases that differ in one family


@functools.cache
def known():
    """The recorded answers."""
    return answers.load()


@pytest.mark.parametrize("name", FAMILIES)
def test_minigrad_answers_as_pytorch(name):
    """Values, gradients, dtypes, shapes and kinds of error; warnings count as wrong answers."""
    result = replay(name, known())
    if result.failures:
        listed = "\n".join(result.failures[:SHOWN])
        pytest.fail(f"{len(result.failures)} of {result.cases} cases differ\n{listed}", pytrace=False)


def test_every_intended_difference_is_met_by_a_case():
    """A row that finds nothing says nothing."""
    idle = [d for d in DIFFERENCES if d.family not in FAMILIES or not any(map(d.covers, cases_of(d.family)))]
    assert not idle


def test_the_answers_are_those_of_these_cases():
    """Two cases with one key, or a case that was taken out of the table, would go unnoticed otherwise."""
    keys = [case.key for name in FAMILIES for case in cases_of(name)]
    assert len(set(keys)) == len(keys)
    assert set(known()) == set(keys)


# The harness itself: what it would miss, no case would catch.


def test_an_outcome_tells_value_dtype_shape_and_gradients():
    outcome = run(Case("x", "y = a * b\ny.sum(0)", ("f4(2,3)", "f8(3,) const")), minigrad)
    assert outcome.text == "float64[3]* | a: float32[2, 3]"
    assert np.allclose(outcome.arrays[0], (draw("f4(2,3)")[0] * draw("f8(3,) const", 1)[0]).sum(0))
    assert run(Case("x", "a.grad", ("f4(2,)",)), minigrad).text == "None | a: None"
    assert run(Case("x", "a[9]", ("f4(2,)",)), minigrad).text == "IndexError"
    assert run(Case("x", "y = a * a; z = y * 2; y.add_(1); a.add(y) * y", ("f4(2,)",)), minigrad).error is None


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (Outcome("float32[1]", (np.float32([1.0]),)), Outcome("float32[1]", (np.float32([1.0001]),))),
        (Outcome("float32[1]", (np.float32([np.nan]),)), Outcome("float32[1]", (np.float32([1.0]),))),
        (Outcome("float32[1]", (np.float32([np.inf]),)), Outcome("float32[1]", (np.float32([-np.inf]),))),
        (Outcome("float32[1]", (np.float32([1.0]),)), Outcome("float64[1]", (np.float64([1.0]),))),
        (Outcome("IndexError"), Outcome("ValueError", (), ValueError("not the same kind of error"))),
        (Outcome("float32[1]* | RuntimeError"), Outcome("RuntimeError", (), RuntimeError("too early, in the forward"))),
        (Outcome("RuntimeError"), Outcome("RuntimeError", (), RuntimeError("no"))),
        (Outcome("RuntimeError"), Outcome("float32[1]", (np.float32([1.0]),))),
    ],
)
def test_what_differs_is_found(expected, actual):
    assert difference(expected, actual)


def test_what_only_rounds_is_not():
    ours = Outcome("IndexError", (), type("OurError", (IndexError,), {})("index 9 is out of range: use 0 to 2"))
    assert difference(Outcome("IndexError"), ours) is None
    near = (np.float32([1.0, np.nan, 0.0]), np.float32([1.000001, np.nan, -0.0]))
    assert difference(Outcome("float32[3]", near[:1]), Outcome("float32[3]", near[1:])) is None


def test_the_file_holds_what_was_saved(tmp_path):
    name = "binary_broadcast"
    outcomes = [run(case, minigrad) for case in cases_of(name)]
    for path in (tmp_path / "a.npz", tmp_path / "b.npz"):
        answers.save({name: outcomes}, "1.0", path)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = answers.load(tmp_path / "a.npz")
    assert all(difference(found[c.key], o) is None for c, o in zip(cases_of(name), outcomes, strict=True))
