"""The difference of two recorded graphs."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import viz
from tests.test_viz_digest import UNARY, build, programs
from viz.canonical import digest
from viz.compare import diff
from viz.difference import named
from viz.graph import Graph
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


def mirrored(found):
    return {pair[::-1]: [(what, new, old) for what, old, new in rows] for pair, rows in found.items()}


@given(programs(), programs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_symmetric_and_empty_only_for_equal_digests(first, second):
    one, other = build(first), build(second)
    there, back = diff(one, other), diff(other, one)
    assert sorted(there.added) == sorted(back.gone) and sorted(there.gone) == sorted(back.added)
    assert mirrored(there.changed) == back.changed and mirrored(there.values) == back.values
    assert bool(there) == (digest(one) != digest(other)) == bool(there.added or there.gone or there.changed)


@pytest.mark.parametrize(("switch", "told"), [
    ({"second": 5.0}, ["same graph, 3 other values", "value: leaf w: [2.0] -> [5.0]", "value: #1 mul: [6.0] -> [15.0]",
                       "value: #2 add: [9.0] -> [18.0]"]),
    ({"detach": True}, ["another graph with the same result: 1 added, 1 changed", "added: #2 detach",
                        "changed: #3 add: inputs #1 h, x -> #2 h, x"]),
    ({"no_grad": True}, ["another graph with the same result: 2 no longer recorded",
                         "changed: #1 mul: recorded yes -> no: no_grad",
                         "changed: #2 add: recorded yes -> no: no_grad"]),
    ({"backward": True}, ["another graph with the same result: 4 with a gradient now",
                          *(f"changed: leaf {name}: adds to grad 0 -> 1; gradient none -> yes" for name in "xw"),
                          "changed: #1 mul: gradient none -> yes", "changed: #2 add: gradient none -> yes"]),
])  # fmt: skip
def test_what_is_told(switch, told):
    assert run().diff(run(**switch)).text().split("\n") == told



# ---------------------------------------------------------------- what is put in anywhere is all that is new

@st.composite
def grown(draw, most=30):
    """A program, and the same with one op put in: (op, the place it reads, the uses that now read it)."""
    leaves, operations = draw(programs(most))
    at = draw(st.integers(0, len(operations)))
    op, source = draw(st.sampled_from(UNARY)), draw(st.integers(0, leaves + at - 1))
    new = leaves + at
    uses = [(number, position) for number, (_, *sources) in enumerate(operations[at:], at)
            for position, place in enumerate(sources) if place == source]
    moved = draw(st.sampled_from([[], uses[:1], uses]))
    after = [*operations[:at], (op, source)]
    for number, (name, *sources) in enumerate(operations[at:], at):
        after.append((name, *(new if (number, position) in moved else place + (place >= new)
                              for position, place in enumerate(sources))))
    return (leaves, operations), (leaves, after), op


@given(grown(), st.booleans())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_one_op_put_in_anywhere_is_all_that_is_added(drawn, named):
    program, larger, op = drawn
    found = diff(build(program, names="a" * named), build(larger, names="b" * named))
    assert [found.after.steps[found.after.values[node].producer].op for node in found.added] == [op]
    assert found.gone == []
    assert all([what for what, _, _ in rows] == ["inputs"] for rows in found.changed.values())


@given(grown(), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_names_change_nothing_of_what_is_found(drawn, seed):
    program, larger, _ = drawn
    shuffled = [str(number) for number in range(60)]
    random.Random(seed).shuffle(shuffled)
    other = build(larger)
    plain = diff(build(program, names="x"), other)
    for value, name in zip(other.values, shuffled, strict=False):
        value.name = name
    renamed = diff(build(program, names="x"), other)
    assert (plain.added, plain.gone, plain.changed.keys()) == (renamed.added, renamed.gone, renamed.changed.keys())


@given(programs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_recording_that_is_switched_off_is_told(program):
    graph, other = build(program), build(program)
    for step in other.steps:
        step.recorded, step.reason = False, "no_grad"
    found = diff(graph, other)
    ops = len(program[1])
    assert found.summary == f"another graph: {ops} no longer recorded"
    assert diff(other, graph).summary == f"another graph: {ops} recorded now"
    assert found.text().count("recorded yes -> no: no_grad") == ops


@given(programs(), programs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_order_fits_both_graphs(first, second):
    found = diff(build(first), build(second))
    for side, graph in enumerate((found.before, found.after)):
        place = {pair[side]: number for number, pair in enumerate(found.order) if pair[side] is not None}
        assert len(place) == len(graph.values)
        for step in graph.steps:
            assert all(place[source] < place[step.output] for source in step.inputs)


def chain(*ops):
    graph = Graph()
    last = graph.add_value(role="leaf", shape=(), dtype="float32", requires_grad=True)
    for op in ops:
        last = graph.add_step(op, "elementwise", [last.id], ("a",), shape=(), dtype="float32")
    return graph


def test_two_ops_put_in_around_one():
    found = diff(chain("exp", "tanh", "neg"), chain("exp", "exp", "tanh", "exp", "neg"))
    assert (len(found.added), len(found.gone), len(found.changed)) == (2, 0, 2)


def test_ops_that_changed_places_are_one_gone_and_one_added():
    found = diff(chain("exp", "tanh"), chain("tanh", "exp"))
    assert (len(found.added), len(found.gone), len(found.pairs)) == (1, 1, 2)


@pytest.mark.parametrize("length", [300, 3000])
def test_one_op_in_the_middle_of_a_long_chain(length):
    ops = ["exp", "tanh", "neg"] * (length // 3)
    found = diff(chain(*ops), chain(*ops[:length // 2], "tanh", "exp", *ops[length // 2:]))
    assert len(found.added) == 2 and not found.gone and len(found.changed) == 1


def unrolled(turns, put_in=None):
    """An RNN over so many turns; in the turn `put_in` the state is detached, and there is one turn more."""
    graph = Graph()

    def given(role, name):
        return graph.add_value(role=role, shape=(4,), dtype="float32", name=name, requires_grad=role == "parameter").id

    def op(name, *inputs, **more):
        return graph.add_step(name, name, inputs, ("a", "b")[:len(inputs)], shape=(4,), dtype="float32", **more).id

    h, w, u = given("input", "h"), given("parameter", "w"), given("parameter", "u")
    for turn in range(turns + (put_in is not None)):
        h = op("tanh", op("add", op("matmul", h, w), op("matmul", given("input", f"x{turn}"), u), commutes=True))
        h = op("detach", h, recorded=False, reason="cut") if turn == put_in else h
    op("sum", h)
    return graph


def test_one_turn_and_one_op_more_in_a_long_unrolled_network():
    found = diff(unrolled(400), unrolled(400, put_in=200))
    ops = sorted(named(found.after, node).split()[1] for node in found.added)
    assert ops[:5] == ["add", "detach", "matmul", "matmul", "tanh"] and len(ops) == 6 and not found.gone


def test_two_graphs_with_nothing_in_common():
    found = diff(chain("exp", "exp"), chain("neg", "tanh"))
    assert [len(found.added), len(found.gone), len(found.pairs)] == [2, 2, 1]
    empty = diff(Graph(), Graph())
    assert empty.text() == "same graph" and not empty and not empty.same_values
    assert diff(Graph(), chain("exp")).summary == "another graph: 2 added"


# ---------------------------------------------------------------- which given tensor is which

def routed(name, number, more):
    x, w = mg.tensor([3.0], requires_grad=True), mg.tensor([number], requires_grad=True)
    with Run() as seen:
        y = x * w
        y = y + y if more else y
    seen.name({"x": x, name: w})
    return seen


def test_another_name_and_another_number_is_another_leaf():
    found = routed("left", 2.0, False).diff(routed("right", 5.0, True))
    assert found.text().split("\n")[:4] == [
        "another graph: 2 added, 1 gone, 1 changed", "added: leaf right", "added: #2 add", "gone: leaf left"]
    same_number = routed("left", 2.0, False).diff(routed("right", 2.0, True))
    assert "name: leaf right: left -> right" in same_number.text() and same_number.gone == []
    same_name = routed("left", 2.0, False).diff(routed("left", 5.0, True))
    assert "value: leaf left: [2.0] -> [5.0]" in same_name.text() and same_name.gone == []
    same_graph = routed("left", 2.0, False).diff(routed("right", 5.0, False))
    assert same_graph.summary == "same graph, 2 other values, 1 other name"


def test_what_was_compared_stays():
    x = mg.tensor([3.0], requires_grad=True)
    with Run() as one:
        y = x * x
    found = one.diff(one)
    y.backward()
    assert not found and found.text() == "same graph" and not found.before.gradients
    assert one.diff(one).after.gradients and not one.diff(one)


def test_who_can_be_compared():
    one = run()
    view = viz.watch(mg.nn.Linear(1, 1))
    for thing in (one.graph, view, 3, None):
        if thing in (3, None) or thing is view:
            with pytest.raises(TypeError, match="two recorded runs"):
                viz.diff(one, thing)
        else:
            assert not viz.diff(one, thing)
    view.close()
