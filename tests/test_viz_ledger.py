"""The ledger of each leaf with origin and value, and the pins of optimizers."""

import gc
import pickle
from xml.etree import ElementTree

import minigrad as mg
import viz
from minigrad import nn, optim
from viz import ledger
from viz.svg import svg as drawn_svg


def leaf(value=3.0):
    return mg.tensor(value, requires_grad=True)


def rows(run, name):
    value = next(value for value in run.graph.sources() if value.name == name)
    return ledger.entries(run.graph, value.id)


def test_a_training_step_is_told_with_origin_value_and_line():
    w = leaf()
    opt = optim.SGD([w], lr=0.5)
    with viz.watch() as run:
        for _ in range(2):
            opt.zero_grad()
            y = w * 2
            y.backward()
            opt.step()
    told = [(what, amount, now, line.partition(": ")[2]) for what, amount, now, line in rows(run, "w")]
    assert told == [
        ("backward 1 adds from #1 mul", "2.0", "2.0", "y.backward()"),
        ("SGD sets the value", "3.0 -> 2.0", "", "opt.step()"),
        ("cleared", "", "None", "opt.zero_grad()"),
        ("backward 2 adds from #2 mul", "2.0", "2.0", "y.backward()"),
        ("SGD sets the value", "2.0 -> 1.0", "", "opt.step()"),
    ]


def test_each_use_of_a_leaf_has_a_row_and_they_add_up():
    w = leaf()
    with viz.watch() as run:
        y = w * w + w
    y.backward()
    assert [(what, amount) for what, amount, _, _ in rows(run, "w")] == [
        ("  use in #2 add", "1.0"), ("  use in #1 mul", "3.0"), ("  use in #1 mul", "3.0"), ("backward 1 adds", "7.0")]


def test_arguments_are_named_where_it_matters_and_many_uses_are_shortened():
    w = leaf()
    with viz.watch() as run:
        y = w / w
        for _ in range(10):
            y = y - w
    y.backward()
    told = [what for what, *_ in rows(run, "w")]
    assert told[0] == "  use in #11 sub as b" and told[-2:] == ["  6 more uses", "backward 1 adds"]
    assert len(ledger.uses(run.graph, 0, 1)) == 12


def test_changes_by_hand_and_gradients_from_elsewhere():
    w = leaf()
    (w * 5).backward()
    with viz.watch() as run:
        y = w * 2
        with mg.no_grad():
            w -= 1
    (w * 7).backward()
    y.backward()
    assert [(what, amount, now) for what, amount, now, _ in rows(run, "w")] == [
        ("held before this run", "", "5.0"), ("value changed in place", "3.0 -> 2.0", ""),
        ("changed by another graph", "", "12.0"), ("backward 1 adds from #1 mul", "2.0", "14.0")]


def test_the_table_has_all_leaves_and_says_when_there_is_nothing():
    a, b = leaf(), leaf()
    with viz.watch() as run:
        y = a * b
    assert run.ledger() == "No gradient has come to any leaf yet, and no leaf was changed."
    y.backward()
    lines = run.ledger().split("\n")
    assert lines[0].split() == ["leaf", "what", "happened", "amount", ".grad", "now", "line"]
    assert [line.split()[0] for line in lines[1:]] == ["a", "b"]


def test_a_widget_shows_the_same_lines():
    w = leaf()
    with viz.watch() as run:
        y = w * w
    y.backward()
    (node,) = [node for node in run.scene()["nodes"] if node["kind"] == "leaf"]
    assert node["ledger"][:2] == ["  use in #1 mul: 3.0", "  use in #1 mul: 3.0"]
    assert node["ledger"][2].startswith("backward 1 adds: 6.0 -> 6.0  (")


# Pins


def pins(run):
    return {value.name: words for value in run.graph.sources() if (words := run.graph.pins.get(value.id))}


def test_an_optimizer_pins_the_leaves_that_it_holds_before_its_first_step():
    net = nn.Linear(2, 1)
    opt = optim.Adam(net.parameters())
    with viz.watch() as run:
        y = net(mg.ones(1, 2))
    assert pins(run) == {"weight": ("Adam",), "bias": ("Adam",)}
    assert run.outline().count("held by Adam") == 2 and "no optimizer" not in run.outline()
    del y, opt


def test_an_optimizer_that_is_gone_holds_nothing():
    w = leaf()
    optim.SGD([w], lr=0.1)
    gc.collect()
    with viz.watch() as run:
        y = w * 2
    y.backward()
    assert pins(run) == {} and "no optimizer" not in run.outline()


def test_a_layer_that_came_late_a_list_and_a_rebound_parameter_have_no_pin():
    body, late, plain = nn.Linear(2, 2), nn.Linear(2, 1), leaf(1.0)
    opt = optim.SGD([*body.parameters()], lr=0.1)
    with viz.watch() as run:
        y = late(body(mg.ones(1, 2))).sum() * plain
    assert not any(run.graph.lacks_pin(value) for value in run.graph.sources())  # no gradient has come yet
    y.backward()
    opt.step()
    lacking = {value.name for value in run.graph.sources() if run.graph.lacks_pin(value)}
    assert lacking == {"late.weight", "late.bias", "plain"}
    opt.add_param_group({"params": list(late.parameters())})
    late.zero_grad()
    (late(body(mg.ones(1, 2))).sum() * plain).backward()
    with viz.watch() as run:
        late(body(mg.ones(1, 2))).sum().backward()
    assert not any(run.graph.lacks_pin(value) for value in run.graph.sources())
    w, opt = leaf(), None
    opt = optim.SGD([w], lr=0.1)
    w = (w - 0.1).detach().requires_grad_()
    with viz.watch() as run:
        y = w * 2
    y.backward()
    assert pins(run) == {} and opt is not None


def test_two_optimizers_may_hold_one_leaf():
    w = leaf()
    both = optim.SGD([w], lr=0.1), optim.Adam([w]), optim.SGD([w], lr=0.2)
    with viz.watch() as run:
        y = w * 2
    assert pins(run) == {"w": ("SGD", "Adam")} and "held by SGD, Adam" in run.outline()
    del both, y


def test_pins_are_drawn_and_told_and_written_and_not_in_the_digest():
    w = leaf()
    with viz.watch() as run:
        y = w * 2
    bare, digest = run.svg(), run.digest()
    opt = optim.SGD([w], lr=0.1)
    with viz.watch() as run:
        y = w * 2
    y.backward()
    again = viz.from_json(run.to_json())
    assert again.graph.pins == run.graph.pins == pickle.loads(pickle.dumps(run)).graph.pins == {0: ("SGD",)}
    (node,) = [node for node in run.scene()["nodes"] if node["kind"] == "leaf"]
    assert node["pins"] == "held by SGD" and ["optimizer", "held by SGD"] in node["detail"]
    assert run.svg().count("<circle") == 1 and bare.count("<circle") == 0
    opt.zero_grad()
    with viz.watch() as run:
        y = w * 2
    assert run.digest() == digest and run.graph.pins


def test_names_of_optimizers_cannot_break_anything():
    class Odd(optim.SGD):
        pass

    Odd.__name__ = '<b>"&\n' * 50
    w = leaf()
    opt = Odd([w], lr=0.1)
    with viz.watch() as run:
        y = w * 2
    y.backward()
    opt.step()
    ElementTree.fromstring(drawn_svg(run.scene()))
    assert viz.from_json(run.to_json()).ledger() == run.ledger() and max(map(len, run.ledger().split("\n"))) < 200
