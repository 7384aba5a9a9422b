"""The digest: the same for every way to write the same graph, another for every other graph."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from viz.canonical import canonical, digest
from viz.graph import Entry, Graph, Number, Summary
from viz.record import Run

UNARY = ("exp", "tanh", "neg")
BINARY = {"mul": True, "add": True, "sub": False, "div": False}  # name -> commutes


@st.composite
def programs(draw, most=12):
    """(number of leaves, operations), an operation being its name and the places of its operands."""
    leaves = draw(st.integers(1, 4))
    operations = []
    for count in range(draw(st.integers(1, most))):
        name = draw(st.sampled_from((*UNARY, *BINARY)))
        places = st.integers(0, leaves + count - 1)
        operations.append((name, *(draw(places) for _ in range(1 if name in UNARY else 2))))
    return leaves, operations


def build(program, names="", seed=None, swap=None):
    """The Graph of a program; `seed` shuffles the order of its statements, `swap` the operands that commute."""
    leaves, operations = program
    shuffle = random.Random(seed)
    graph, made, waiting = Graph(), {}, list(range(leaves + len(operations)))
    while waiting:
        ready = [place for place in waiting
                 if place < leaves or all(source in made for source in operations[place - leaves][1:])]
        place = ready[0] if seed is None else shuffle.choice(ready)
        waiting.remove(place)
        name = f"{names}{place}" if names else None
        if place < leaves:
            made[place] = graph.add_value(role="leaf", shape=(), dtype="float32", name=name, requires_grad=True).id
            continue
        op, *sources = operations[place - leaves]
        commutes = BINARY.get(op, False)
        if swap is not None and commutes and swap.random() < 0.5:
            sources.reverse()
        made[place] = graph.add_step(op, "elementwise", [made[source] for source in sources], ("a", "b")[:len(sources)],
                                     shape=(), dtype="float32", output={"name": name}, commutes=commutes).id
    return graph


@given(programs(), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_renaming_reordering_and_commuting_change_nothing(program, seed):
    plain = build(program)
    other = build(program, names="other", seed=seed, swap=random.Random(seed))
    assert canonical(plain) == canonical(other)


@given(programs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_copied_leaf_changes_the_digest(program):
    """Use one leaf in two places, or two leaves: that is what sharing means."""
    leaves, operations = program
    uses = [(number, position) for number, (_, *sources) in enumerate(operations)
            for position, source in enumerate(sources) if source == 0]
    if len(uses) < 2:
        return
    number, position = uses[-1]
    shifted = [[name, *(source + 1 if source >= leaves else source for source in sources)]
               for name, *sources in operations]
    shifted[number][1 + position] = leaves
    assert digest(build(program)) != digest(build((leaves + 1, shifted)))


@given(programs(), st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_another_op_changes_the_digest(program, data):
    leaves, operations = program
    number = data.draw(st.integers(0, len(operations) - 1))
    name, *sources = operations[number]
    other = data.draw(st.sampled_from([op for op in (UNARY if name in UNARY else tuple(BINARY)) if op != name]))
    changed = [*operations[:number], (other, *sources), *operations[number + 1:]]
    assert digest(build(program)) != digest(build((leaves, changed)))


def test_order_matters_where_operands_do_not_commute():
    assert digest(build((2, [("exp", 0), ("sub", 0, 2)]))) != digest(build((2, [("exp", 0), ("sub", 2, 0)])))


def test_one_ring_of_four_is_not_two_rings_of_two():
    """Every node looks the same as its counterpart from close by; only going round tells them apart."""
    ring = [("mul", 0, 1), ("mul", 1, 2), ("mul", 2, 3), ("mul", 3, 0)]
    pairs = [("mul", 0, 1), ("mul", 0, 1), ("mul", 2, 3), ("mul", 2, 3)]
    assert digest(build((4, ring))) != digest(build((4, pairs)))


def record(function, *tensors):
    with Run() as run:
        kept = function(*tensors)
    run.close()
    del kept
    return run.digest()


def leaf(*values):
    return mg.tensor(list(values), requires_grad=True)


@pytest.mark.parametrize(("one", "other", "equal"), [
    (lambda x, y: x * y + x, lambda x, y: x + y * x, True),
    (lambda x, y: 2 * x, lambda x, y: x * 3, True),  # numbers are values
    (lambda x, y: x * x, lambda x, y: x * y, False),
    (lambda x, y: x - y * y, lambda x, y: y * y - x, False),
    (lambda x, y: (x * y).detach(), lambda x, y: x * y, False),
    (lambda x, y: (x * y).sum(), lambda x, y: (x * y).mean(), False),
    (lambda x, y: x.reshape(2, 1).sum(0), lambda x, y: x.reshape(2, 1).sum(1), False),
])  # fmt: skip
def test_what_counts(one, other, equal):
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    assert (record(one, x, y) == record(other, x, y)) is equal


def test_values_do_not_count_and_kinds_of_leaves_do():
    square = lambda x: x * x  # noqa: E731
    assert record(square, leaf(1.0)) == record(square, leaf(5.0))
    assert record(square, leaf(1.0)) != record(square, leaf(1.0, 2.0))
    assert record(square, leaf(1.0)) != record(square, mg.tensor([1.0]))
    assert record(square, leaf(1.0)) != record(square, leaf(1.0).double())
    assert record(square, mg.nn.Parameter(mg.ones(1))) != record(square, leaf(1.0))


def test_modes_and_gradients_count():
    x = leaf(1.0)
    with Run() as recorded:
        y = x * x
    with Run() as unrecorded, mg.no_grad():
        x * x
    assert recorded.digest() != unrecorded.digest()
    seen = [recorded.digest()]
    for change in (lambda: y.backward(retain_graph=True), lambda: y.backward(), lambda: setattr(x, "grad", None)):
        change()
        seen.append(recorded.digest())
    assert len(set(seen)) == 4


def test_a_number_is_not_a_tensor():
    def graph(second):
        made = Graph()
        for _ in range(2):
            made.add_value(role="leaf", shape=(), dtype="float32")
        made.add_step("mul", "elementwise", [0, second], ("a", "b"), shape=(), dtype="float32", commutes=True)
        return digest(made)

    assert len({graph(1), graph(0), graph(Number(2.0))}) == 3 and graph(Number(2.0)) == graph(Number(3.0))


def test_a_chain_of_ten_thousand():
    def chain(length):
        graph = Graph()
        last = graph.add_value(role="leaf", shape=(), dtype="float32").id
        for _ in range(length):
            last = graph.add_step("tanh", "activation", [last], ("a",), shape=(), dtype="float32").id
        return digest(graph)

    assert chain(10_000) != chain(10_001)


def test_ledger_of_values_is_not_in_the_digest():
    def graph(value):
        made = build((1, [("exp", 0)]))
        made.ledger[0] = [Entry("add", Summary((), "float32", value), Summary((), "float32", value), 1)]
        return digest(made)

    assert graph(1.0) == graph(2.0) != digest(build((1, [("exp", 0)])))
