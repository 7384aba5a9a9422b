"""The two switches: recording, and watchers. Both belong to a thread and come back after every kind of exit."""

import threading

import pytest

import minigrad as mg
from minigrad import modes
from minigrad.events import ModeChanged


def test_no_grad_and_enable_grad_nest():
    assert mg.is_grad_enabled()
    with mg.no_grad():
        assert not mg.is_grad_enabled()
        with mg.enable_grad():
            assert mg.is_grad_enabled()
            with mg.no_grad():
                assert not mg.is_grad_enabled()
            assert mg.is_grad_enabled()
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_factories_keep_requires_grad_under_no_grad_and_results_do_not():
    with mg.no_grad():
        w = mg.ones(2, requires_grad=True)
        assert w.requires_grad and not (w * 2).requires_grad and mg.nn.Linear(2, 2).weight.requires_grad


@pytest.mark.parametrize("make", [lambda: mg.no_grad, lambda: mg.no_grad(), lambda: mg.set_grad_enabled(False)])
def test_decorators_act_on_the_call_and_keep_the_name(make):
    @make()
    def function(depth):
        """What it does."""
        return (mg.is_grad_enabled(), function(depth - 1) if depth else None)

    assert mg.is_grad_enabled() and function.__name__ == "function" and function.__doc__ == "What it does."
    assert function(1) == (False, (False, None)) and mg.is_grad_enabled()


def test_one_object_may_be_entered_again_inside_itself():
    off = mg.no_grad()
    with off, off:
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_set_grad_enabled_is_a_function_and_a_context():
    mg.set_grad_enabled(False)
    assert not mg.is_grad_enabled()
    mg.set_grad_enabled(True)
    with mg.set_grad_enabled(False):
        assert not mg.is_grad_enabled()
        with mg.set_grad_enabled(True):
            assert mg.is_grad_enabled()
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()
    switch = mg.set_grad_enabled(True)
    for _ in range(2):
        with switch:
            assert mg.is_grad_enabled()


@pytest.mark.parametrize("wrong", [1, None, "off"])
def test_set_grad_enabled_takes_true_or_false(wrong):
    with pytest.raises(TypeError, match="True or False"):
        mg.set_grad_enabled(wrong)
    with pytest.raises(TypeError, match="no_grad"):
        mg.no_grad(wrong)
    assert mg.is_grad_enabled()


def test_the_mode_comes_back_after_an_exception():
    @mg.no_grad()
    def fails():
        raise KeyError

    with pytest.raises(KeyError):
        fails()
    with pytest.raises(KeyError), mg.no_grad():
        raise KeyError
    with pytest.raises(RuntimeError):
        mg.tensor(1.0).backward()
    assert mg.is_grad_enabled()


def test_a_generator_runs_in_the_mode_and_its_caller_does_not():
    closed = []

    @mg.no_grad()
    def numbers():
        try:
            got = yield mg.is_grad_enabled()
            try:
                yield got, mg.is_grad_enabled()
            except KeyError:
                yield "caught", mg.is_grad_enabled()
            return "done"
        finally:
            closed.append(mg.is_grad_enabled())

    generator = numbers()
    assert next(generator) is False and mg.is_grad_enabled()
    assert generator.send(5) == (5, False) and mg.is_grad_enabled()
    assert generator.throw(KeyError()) == ("caught", False) and mg.is_grad_enabled()
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "done" and closed == [False]
    generator = numbers()
    next(generator)
    generator.close()
    assert closed == [False, False] and mg.is_grad_enabled()


def test_modes_and_watchers_belong_to_a_thread():
    seen, found = [], []

    def work():
        found.append((mg.is_grad_enabled(), modes.state.watchers))
        with mg.no_grad():
            mg.ones(1) * 2

    with mg.no_grad(), modes.watch(seen.append):
        seen.clear()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert not mg.is_grad_enabled() and seen == []
    assert found == [(True, ())] and mg.is_grad_enabled()


def test_a_mode_decorates_functions_and_not_classes():
    with pytest.raises(TypeError, match="put it on the methods of Net"):

        @mg.no_grad()
        class Net:
            pass


def test_inference_mode_decorates_without_brackets_and_may_be_entered_again():
    @mg.inference_mode
    def made():
        return mg.ones(1)

    again = mg.inference_mode()
    with again, again:
        assert mg.is_inference_mode_enabled()
    assert made().is_inference() and not mg.is_inference_mode_enabled()


def test_mode_changes_are_told():
    seen = []
    with modes.watch(seen.append):
        with mg.no_grad():
            pass
        with mg.enable_grad():
            pass
        with mg.set_grad_enabled(False):
            pass
    assert seen == [
        ModeChanged(False, "no_grad"), ModeChanged(True, "exit"), ModeChanged(True, "enable_grad"),
        ModeChanged(True, "exit"), ModeChanged(False, "set_grad_enabled"), ModeChanged(True, "exit"),
    ]  # fmt: skip


def test_watchers_are_added_and_removed_one_at_a_time():
    seen = []
    modes.add_watcher(seen.append)
    modes.add_watcher(seen.append)
    mg.ones(1) * 2
    assert len(seen) == 2
    modes.remove_watcher(seen.append)  # another bound method, but the same watcher
    mg.ones(1) * 2
    assert len(seen) == 3
    modes.remove_watcher(seen.append)
    modes.remove_watcher(seen.append)  # nothing left to remove
    mg.ones(1) * 2
    assert len(seen) == 3 and modes.state.watchers == ()


def test_watch_ends_with_its_block_and_only_its_own_watcher():
    seen = []
    with modes.watch(seen.append):
        with pytest.raises(KeyError), modes.watch(seen.append):
            raise KeyError
        assert len(modes.state.watchers) == 1
    assert modes.state.watchers == ()


class Refusal(Exception):
    pass


def refuse(kind):
    def watcher(event):
        if type(event).__name__ == kind:
            raise Refusal(kind)

    return watcher


def everything():
    model = mg.nn.Linear(1, 1)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    with mg.no_grad():
        pass
    x = mg.ones(2, 1)
    x += 1
    loss = (model(x) ** 2).sum()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    loss.item()


@pytest.mark.parametrize("kind", [
    "OpRan", "ModeChanged", "ModuleEntered", "ModuleLeft", "BackwardStarted", "BackwardEnded", "RuleRan", "Accumulated",
    "Freed", "Zeroed", "Stepped", "ReadBack",
])  # fmt: skip
def test_a_raising_watcher_is_heard_and_leaves_the_switches_as_they_were(kind):
    with pytest.raises(Refusal), modes.watch(refuse(kind)):
        everything()
    assert mg.is_grad_enabled() and modes.state.watchers == ()
    everything()


def test_a_watcher_that_raises_at_the_end_of_a_block_does_not_keep_its_mode():
    def watcher(event):
        if event.by == "exit":
            raise Refusal

    with modes.watch(watcher), pytest.raises(Refusal), mg.no_grad():
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_a_raising_watcher_does_not_undo_or_halve_a_change_in_place():
    x = mg.ones(2)
    with pytest.raises(Refusal), modes.watch(refuse("OpRan")):
        x += 1
    assert x.tolist() == [2, 2] and x._version == 1


def test_a_thread_that_ends_in_another_mode_no_longer_counts():
    thread = threading.Thread(target=lambda: mg.set_grad_enabled(False))
    thread.start()
    thread.join()
    assert not modes.special
