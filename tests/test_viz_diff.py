"""The difference of two recorded graphs."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from tests.test_viz_digest import build, programs
from viz.canonical import digest
from viz.diff import diff
from viz.record import Run


def run(detach=False, no_grad=False, second=2.0, backward=False):
    x, w = mg.tensor([3.0], requires_grad=True), mg.tensor([second], requires_grad=True)
    with Run() as seen, mg.set_grad_enabled(not no_grad):
        h = x * w
        h = h.detach() if detach else h
        y = h + x
    if backward:
        y.backward()
    seen.close()
    return seen


@given(programs(), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_alike_whatever_the_names_and_the_order(program, seed):
    one, other = build(program), build(program, names="n", seed=seed, swap=random.Random(seed))
    for found in (diff(one, one), diff(one, other)):
        assert not found and not (found.added or found.gone or found.changed) and found.text() == "same graph"


@given(programs(), programs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_symmetric_and_empty_only_for_equal_digests(first, second):
    one, other = build(first), build(second)
    there, back = diff(one, other), diff(other, one)
    assert (there.added, there.gone) == (back.gone, back.added)
    assert sorted((b, a) for (a, b), _ in there.changed) == sorted(pair for pair, _ in back.changed)
    assert bool(there) == (digest(one) != digest(other)) == bool(there.added or there.gone or there.changed)


@pytest.mark.parametrize(("switch", "told"), [
    ({"second": 5.0}, ["same graph, 3 other values", "value: leaf w: [2.0] -> [5.0]", "value: #1 mul: [6.0] -> [15.0]",
                       "value: #2 add: [9.0] -> [18.0]"]),
    ({"detach": True}, ["another graph with the same result: 1 added, 1 changed", "added: #2 detach",
                        "changed: #3 add: inputs #1 h, x -> #2 h, x"]),
    ({"no_grad": True}, ["another graph with the same result: 2 changed",
                         "changed: #1 mul: recorded yes -> no: no_grad",
                         "changed: #2 add: recorded yes -> no: no_grad"]),
    ({"backward": True}, ["another graph with the same result: 4 changed",
                          *(f"changed: leaf {name}: adds to grad 0 -> 1; gradient none -> yes" for name in "xw"),
                          "changed: #1 mul: gradient none -> yes", "changed: #2 add: gradient none -> yes"]),
])  # fmt: skip
def test_what_is_told(switch, told):
    assert run().diff(run(**switch)).text().split("\n") == told


def test_one_op_less_in_a_long_chain():
    long, cut = ((1, [("tanh", number) for number in range(length)]) for length in (300, 299))
    assert len(diff(build(long), build(cut)).gone) == 1
