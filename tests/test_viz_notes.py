"""A recorder takes notes and makes steps of them later: what they say is what was true when the op ran."""

import gc
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import modes, nn, optim
from viz import log, recorder
from viz.record import Run


def large(run):
    """What is kept of the first result, which is too large to be copied."""
    value = run.graph.values[run.graph.steps[0].output]
    return value.data and (value.data.low, value.data.high)


def test_an_op_only_takes_a_note():
    x = mg.ones(100, requires_grad=True)
    with Run() as run:
        y = (x * 2).exp()
        assert run._graph.steps == [] and len(run.graph.steps) == 2
        y = y + 1
    assert len(run._graph.steps) == 2 and len(run.graph.steps) == 3
    assert [value.id for value in run.graph.values] == list(range(4))
    del y


@pytest.mark.parametrize("change", [
    lambda y: y.mul_(10), lambda y: y.data.mul_(10), lambda y: y.detach().numpy().fill(7), lambda y: y.fill_(7.0),
    lambda y: y[3:].zero_(), lambda y: y.__setitem__(0, 5.0),
])  # fmt: skip
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("tracks", [True, False])
def test_a_change_in_place_comes_too_late_for_what_ran_before(change, inside, tracks):
    x = mg.ones(100, requires_grad=tracks)
    with Run() as run:
        y = x * 2
        if inside:
            change(y)
    if not inside:
        change(y)
    assert large(run) == (2.0, 2.0)


def test_a_step_comes_too_late_as_well():
    net = nn.Linear(20, 20)
    opt, before = optim.SGD(net.parameters(), lr=0.5), net.weight.max().item()
    with Run() as run:
        net(mg.ones(1, 20)).sum().backward()
        opt.step()
    weight = next(value for value in run.graph.values if value.name == "weight")
    assert weight.data.high == pytest.approx(before)
    (entry,) = [entry for entry in run.graph.ledger[weight.id] if entry.what == "step"]
    assert entry.total.high == pytest.approx(before - 0.5)


def test_a_number_that_changed_without_a_word_is_not_told_at_all():
    x = mg.ones(100, requires_grad=True)
    with Run() as run:
        y = x * 2
    nn.init.zeros_(y)
    assert large(run) is None and "mul" in run.outline() and run.svg()


@pytest.mark.parametrize("look", [
    lambda x: x.reshape(20, 10), lambda x: x.detach(), lambda x: x[5:], lambda x: x.unsqueeze(0).expand(3, 200),
])  # fmt: skip
def test_what_looks_at_memory_of_the_learners_is_summed_up_at_once(look):
    given = np.ones(200, np.float32)
    x = mg.from_numpy(given)
    with Run() as run:
        y = look(x)
        given[:] = 5
    value = run.graph.values[run.graph.steps[-1].output]
    assert (value.data.low, value.data.high) == (1.0, 1.0)
    del y


def test_versions_are_those_of_then():
    x = mg.ones(4, requires_grad=True)
    h = x * 1
    with Run() as run:
        first = h * x
        with mg.no_grad():
            h.mul_(2)
        second = h * x
    saved = [step.saved for step in run.graph.steps if step.op == "mul"]
    assert [max(item.version for item in items) for items in saved] == [0, 1]
    del first, second


def test_notes_hold_no_more_memory_than_they_may(monkeypatch):
    monkeypatch.setattr(log, "HELD", 2_000)
    x, arrays = mg.ones(100), []
    with Run() as run:
        for _ in range(20):
            arrays.append(weakref.ref((x * 2).array))
        assert sum(array() is not None for array in arrays) <= 2_000 // 400
    assert len(run.graph.steps) == 20 and large(run) == (2.0, 2.0)


def test_when_nobody_tells_of_changes_any_more_the_notes_are_settled():
    x = mg.ones(100, requires_grad=True)
    with Run() as run:
        y = x * 2
    array = y.array
    del y
    gc.collect()
    assert modes.state.watchers == ()
    array[...] = 9
    assert large(run) == (2.0, 2.0)


def test_a_graph_that_is_asked_for_while_ops_run_goes_on():
    x = mg.ones(3, requires_grad=True)
    with Run() as run:
        h = x * 2
        first = run.digest()
        h = h.exp()
    assert run.digest() != first and [step.op for step in run.graph.steps] == ["mul", "exp"]
    assert [value.name for value in run.graph.values] == ["x", "h", "h"]
    del h


def test_a_run_that_is_dropped_before_anybody_looks_goes_at_once_and_is_never_settled(monkeypatch):
    settled = []
    monkeypatch.setattr(recorder.Recorder, "make_step", lambda self, *note: settled.append(note))
    x = mg.ones(3, requires_grad=True)
    with Run() as run:
        y = x * 2
    followed = weakref.ref(run._recorder)
    gc.disable()
    try:
        del run
        assert followed() is None and modes.state.watchers == ()
    finally:
        gc.enable()
    del y
    assert settled == []


def test_a_leaf_that_is_switched_is_drawn_as_it_was_when_it_was_last_used():
    w = mg.ones(2)
    with Run() as run:
        first = w * 2
        w.requires_grad_()
        second = w * 3
        w.requires_grad_(False)
    (value,) = run.graph.sources()
    assert value.role == "leaf" and value.requires_grad
    assert [step.recorded for step in run.graph.steps] == [False, True]
    assert run.graph.steps[0].inputs[0] == run.graph.steps[1].inputs[0] == value.id
    del first, second


def test_what_is_gone_when_somebody_looks_is_told_all_the_same():
    def model():
        net, x = nn.Sequential(nn.Linear(2, 3), nn.ReLU()), mg.ones(1, 2)
        with Run() as run:
            y = net(x)
        return run, y.grad_fn

    run, node = model()
    assert [value.name for value in run.graph.sources()] == ["x", "0.weight", "0.bias"]
    assert [(step.op, step.module) for step in run.graph.steps] == [("linear", "0"), ("relu", "1")]
    assert run.graph.steps[0].saved and node is not None


def test_every_turn_of_a_loop_counts_also_those_that_meet_new_shapes():
    cell = nn.RNNCell(5, 7)  # shapes that no other test has
    with Run() as run:
        h = mg.zeros(3, 7)
        for x in mg.ones(4, 3, 5):
            h = cell(x, h)
    assert [step.iteration for step in run.graph.steps if step.op == "linear"] == [0, 1, 2, 3]
    del h


def test_a_module_that_is_put_in_another_place_gets_its_new_name_in_the_next_run():
    net, x = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), mg.ones(1, 2)
    runs = []
    for _ in range(2):
        with Run() as run:
            y = net(x)
        runs.append(([value.name for value in run.graph.sources()], y))
        if len(runs) == 1:
            net._modules["first"] = net._modules.pop("0")
    assert "0.weight" in runs[0][0]
    assert "first.weight" in runs[1][0] and "0.weight" not in runs[1][0]


def test_a_run_that_another_thread_has_closed_keeps_no_log():
    x = mg.ones(3, requires_grad=True)
    run = Run()
    run.__enter__()
    kept, y = run._recorder.log, x * 2
    other = threading.Thread(target=run.close)
    other.start()
    other.join()
    count = len(run.graph.steps)
    z = x * 3
    assert modes.state.watchers == () and len(run.graph.steps) == count == 1
    assert kept.count == 2
    del y, z
