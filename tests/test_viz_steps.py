"""Stepping through a recorded run: what happened, in order, forward and backward."""

import pickle

import pytest

import minigrad as mg
import viz
from viz import serial
from viz.stepping import rule_text, steps


def recorded():
    x = mg.tensor(3.0, requires_grad=True)
    with viz.watch() as run:
        y = x * x
        z = y.tanh() + y
        z.backward()
    return run


def test_every_moment_has_its_line():
    assert [moment.what for moment in steps(recorded())] == ["forward"] * 3 + ["backward"] * 3 + ["grad"]
    lines = str(steps(recorded())).split("\n")
    assert lines[0] == "1  mul: y = x * x -> 9.0, saves x"
    assert lines[3] == "4  backward of add: gets 1.0; sends g = 1.0 to #2, g = 1.0 to #1 y; #1 y still waits for 1 more"
    assert lines[5] == "6  backward of mul: gets 1.0; sends g * b = 3.0 to x, g * a = 3.0 to x; lets go of x"
    assert lines[6] == "7  x.grad: + 6.0 -> 6.0  (backward 1)"


def test_no_step_is_visited_while_it_still_waits():
    moments = steps(recorded())
    for number in range(3, len(moments)):
        assert moments[number].what != "backward" or not moments.waiting(number - 1).get(moments[number].value)
    assert [moments.waiting(number) for number in range(3, 7)] == [{0: 2, 1: 1, 2: 0}, {0: 2, 1: 0}, {0: 0}, {}]


def test_a_sum_over_broadcast_axes_is_told_where_it_happened():
    a, b = mg.ones(2, 3), mg.ones(3, requires_grad=True)
    with viz.watch() as run:
        (a * b).sum().backward()
    told = [sent.summed for moment in steps(run) for sent in moment.sent]
    assert told == ["", "(2, 3) summed to (3,)"]
    w = mg.ones(3, 4, requires_grad=True)
    with viz.watch() as run:
        (mg.ones(5, 2, 3) @ w).sum().backward()
    assert "(5, 3, 4) summed to (3, 4)" in str(steps(run))


def test_a_second_backward_and_a_cleared_gradient_stand_where_they_happened():
    x = mg.tensor(2.0, requires_grad=True)
    with viz.watch() as run:
        y = x * x
        y.backward(retain_graph=True)
        x.grad = None
        mg.optim.SGD([x], lr=0.1).zero_grad()
        y.backward()
        z = y + 1
    whats = [moment.what for moment in steps(run)]
    assert z.requires_grad and whats == ["forward", "backward", "grad", "grad", "backward", "grad", "forward"]
    assert "lets go" not in steps(run)[1].caption and "lets go of x" in steps(run)[4].caption


def test_the_line_of_the_op_and_of_the_call_are_known():
    moment = steps(recorded())[3]
    assert moment.source.text == "z = y.tanh() + y" and moment.called.text == "z.backward()"


def test_steps_come_from_the_plain_graph_alone():
    run = recorded()
    told = steps(run)
    assert steps(serial.from_json(run.to_json())) == told == pickle.loads(pickle.dumps(told))


@pytest.mark.parametrize(("op", "argument", "formula"), [
    ("mul", "a", "g * b"), ("add", "b", "g"), ("tanh", "x", "g * (1 - y * y)"), ("sin", "x", "g * cos(x)"),
    ("no such op", "x", ""), ("argmax", "x", ""),
])
def test_the_local_rule_is_read_off_the_record(op, argument, formula):
    assert rule_text(op, argument) == formula


@pytest.mark.parametrize("op", [mg.stack, mg.cat])
def test_each_of_many_inputs_gets_its_part(op):
    """Such an op has one name for all of its inputs, and takes a part of the gradient for each: nothing is summed."""
    a, b = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 4.0], requires_grad=True)
    with viz.watch() as run:
        op([a, b]).sum().backward()
    [moment] = [moment for moment in steps(run) if moment.caption.startswith(f"backward of {op.__name__}")]
    assert [(sent.value, sent.gradient, sent.summed, sent.rule) for sent in moment.sent] == [
        (0, "[1.0, 1.0]", "", ""), (1, "[1.0, 1.0]", "", "")]
