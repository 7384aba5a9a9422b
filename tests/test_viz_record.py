"""Recording: what a run holds after the block, what backward adds later, and that it keeps nothing alive."""

import gc
import pickle
import threading
import weakref

import pytest

import minigrad as mg
import viz
from minigrad import modes, nn, optim
from viz.record import Run
from viz.words import source_badges


@pytest.fixture(autouse=True)
def no_watcher_is_left():
    """Each test ends as it began: nobody watches."""
    yield
    gc.collect()
    assert modes.state.watchers == ()


def leaf(*values):
    return mg.tensor(list(values), requires_grad=True)


def by_name(run):
    return {value.name: value for value in run.graph.values if value.name}


def test_backward_after_the_block_fills_the_run():
    x = leaf(3.0)
    with Run() as run:
        y = x * x + x
    assert [step.op for step in run.graph.steps] == ["mul", "add"]
    before = run.digest()
    y.backward(retain_graph=True)
    once = run.digest()
    y.backward()
    x_value = by_name(run)["x"]
    assert run.graph.gradients[x_value.id].values == [14.0]
    assert [(entry.what, entry.change.values, entry.total.values, entry.backward)
            for entry in run.graph.ledger[x_value.id]] == [("add", [7.0], [7.0], 1), ("add", [7.0], [14.0], 2)]
    assert [step.freed for step in run.graph.steps] == [True, False]  # the sum had saved nothing
    assert len({before, once, run.digest()}) == 3


def test_values_are_copies_and_not_tensors():
    x = leaf(1.0, 2.0)
    with Run() as run:
        y = x * 2
    with mg.no_grad():
        x.fill_(9.0)
    assert by_name(run)["x"].data.values == [1.0, 2.0]
    assert pickle.loads(pickle.dumps(run)).graph == run.graph == viz.from_json(run.to_json()).graph
    del y


def test_a_run_keeps_nothing_of_the_learner_alive():
    x = leaf(1.0)
    with Run() as run:
        h = x * x
        y = h.exp()
    seen = [weakref.ref(what) for what in (x, h, y, y.grad_fn)]
    del x, h, y
    gc.collect()
    assert all(reference() is None for reference in seen)
    assert modes.state.watchers == ()  # no node is left to follow
    assert len(run.graph.steps) == 2


def test_names_in_functions_keep_nothing_alive():
    alive = []

    def body(x):
        h = x * 2
        alive.append(weakref.ref(h))
        h = h.exp()
        alive.append(alive[0]() is None)
        return h

    x = mg.tensor([1.0])
    with Run():
        body(x)
    assert alive[1]


def test_a_dropped_run_stops_watching():
    x = leaf(1.0)
    with Run() as run:
        y = x * x
    assert len(modes.state.watchers) == 1
    del run
    gc.collect()
    assert modes.state.watchers == ()
    y.backward()


def test_close_stops_watching_and_keeps_the_graph():
    x = leaf(1.0)
    with Run() as run:
        y = x * x
    run.close()
    assert modes.state.watchers == ()
    y.backward()
    assert run.graph.gradients == {} and len(run.graph.steps) == 1


def test_ops_after_the_block_are_not_recorded():
    x = leaf(1.0)
    with Run() as run:
        y = x * x
    z = y.exp()
    z.backward()
    assert [step.op for step in run.graph.steps] == ["mul"]
    assert run.graph.gradients[by_name(run)["x"].id].values == pytest.approx([2 * 2.7182817])


def test_backward_through_another_graph_is_not_ours():
    x = leaf(1.0)
    with Run() as run:
        y = x * 2
    (x * 5).backward()
    assert run.graph.backwards == 0 and run.graph.gradients == {}
    y.backward()
    assert [(entry.what, entry.total.values) for entry in run.graph.ledger[by_name(run)["x"].id]] == [
        ("elsewhere", [5.0]), ("add", [7.0])]


def test_a_gradient_from_before_is_told():
    x = leaf(1.0)
    (x * 5).backward()
    with Run() as run:
        y = x * 2
    assert run.graph.ledger[by_name(run)["x"].id][0].what == "before"
    assert "held [5.0] before this run" in run.outline()
    del y


@pytest.mark.parametrize(("make", "reason"), [
    (lambda x: x.detach(), "cut"), (lambda x: x > 0, "cut"), (lambda x: x.argmax(), "cut"),
    (lambda x: mg.tensor([1.0]) * 2, "no input requires grad"), (lambda x: x * 2, None),
])
def test_why_something_was_not_recorded(make, reason):
    x = leaf(1.0)
    with Run() as run:
        y = make(x)
    assert (run.graph.steps[-1].recorded, run.graph.steps[-1].reason) == (reason is None, reason)
    del y


def test_no_grad_is_a_reason():
    x = leaf(1.0)
    with Run() as run, mg.no_grad():
        x * 2
    assert run.graph.steps[0].reason == "no_grad"


def test_a_leaf_changed_in_place_stays_one_leaf():
    w = leaf(1.0, 2.0)
    with Run() as run:
        (w * w).sum().backward()
        with mg.no_grad():
            w -= 0.5 * w.grad
        w.grad = None
        y = w * 3
    assert [value.role for value in run.graph.sources() if value.name == "w"] == ["leaf"]
    w_id = next(value.id for value in run.graph.sources() if value.name == "w")
    assert [entry.what for entry in run.graph.ledger[w_id]] == ["add", "step", "zero"]
    assert by_name(run)["w.grad"].role == "input"
    assert next(step for step in run.graph.steps if step.op == "sub_").reason == "no_grad"
    assert run.graph.steps[-1].inputs[0] == w_id
    del y


def test_a_result_changed_in_place_becomes_a_new_value():
    x = leaf(1.0)
    with Run() as run:
        y = x * 2
        y += 1
        z = y.exp()
    assert [step.op for step in run.graph.steps] == ["mul", "add_", "exp"]
    assert [step.inputs[0] for step in run.graph.steps] == [0, 1, 2]
    z.backward()
    assert len(run.graph.gradients) == 4


def test_second_order_finds_its_values_again():
    x = mg.tensor(2.0, requires_grad=True)
    with Run() as run:
        y = x * x * x
        y.backward(create_graph=True)
        g = x.grad
        x.grad = None
        z = g * g
    z.backward()
    assert [value.name for value in run.graph.sources()] == ["x", "start of backward"]
    assert {step.backward for step in run.graph.steps} == {None, 1}
    assert {step.source.text for step in run.graph.steps} == {
        "y = x * x * x", "y.backward(create_graph=True)", "z = g * g"}
    assert run.graph.gradients[0].values == 2 * 12.0 * 12.0
    assert run.graph.backwards == 2
    del g


def test_backward_with_inputs_is_counted():
    x, w = leaf(2.0), leaf(3.0)
    with Run() as run:
        y = x * w
    y.backward(inputs=[x])
    x_id, w_id = by_name(run)["x"].id, by_name(run)["w"].id
    assert run.graph.adds(x_id) == 1 and run.graph.ledger[x_id][0].backward == 1
    assert run.graph.lacks_gradient(run.graph.values[w_id])


def test_training_step_in_the_ledger():
    mg.manual_seed(0)
    net = nn.Linear(2, 1)
    opt = optim.SGD(net.parameters(), lr=0.1)
    with Run() as run:
        loss = net(mg.ones(4, 2)).sum()
        loss.backward()
        opt.step()
        opt.zero_grad()
    for value in run.graph.sources():
        if value.role == "parameter":
            assert [entry.what for entry in run.graph.ledger[value.id]] == ["add", "step", "zero"]
    assert run.graph.counts().endswith("; 1 input, 2 parameters, 0 with a gradient")


def test_an_error_in_the_block_leaves_a_run_to_look_at():
    x = leaf(1.0, 2.0)
    run = Run()
    with pytest.raises(ValueError, match="add"), run:
        y = x * 2
        y + mg.ones(3)
    assert [step.op for step in run.graph.steps] == ["mul"]
    assert by_name(run).keys() == {"x", "y"}


def test_entering_again_records_anew():
    x, run = leaf(1.0), Run()
    with run:
        y = x * 2
    with run:
        y = x.exp()
    assert [step.op for step in run.graph.steps] == ["exp"]
    assert len(modes.state.watchers) == 1
    del y


def test_each_thread_records_its_own():
    runs = {}

    def work(name, count):
        x = leaf(1.0)
        with Run() as run:
            for _ in range(count):
                x = x * 2
        runs[name] = run
        run.close()

    with Run() as outer:
        threads = [threading.Thread(target=work, args=(name, count)) for name, count in (("a", 30), ("b", 50))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {name: len(run.graph.steps) for name, run in runs.items()} == {"a": 30, "b": 50}
    assert outer.graph.steps == []


def test_a_run_dropped_by_another_thread_stops_at_its_next_event():
    x = leaf(1.0)
    box = [Run()]
    with box[0]:
        y = x * x
    thread = threading.Thread(target=box.clear)
    thread.start()
    thread.join()
    gc.collect()
    y.backward()
    assert modes.state.watchers == ()


def test_changes_are_told():
    x, told = leaf(1.0), []
    run = Run()
    stop = run.on_change(lambda changed, what: told.append(what))
    with run:
        y = x * x
    y.backward(retain_graph=True)
    x.grad = None
    (x * 3).backward()
    stop()
    y.backward()
    assert told == ["forward", "backward", "zero"]


def test_integers_booleans_and_empty_arrays():
    with Run() as run:
        a = mg.tensor([1, 2]) + 1
        b = mg.zeros(0, 3) * 2
        c = mg.ones(200) * float("nan")
        d = mg.tensor([True]) & mg.tensor([False]) if hasattr(mg.Tensor, "__and__") else None
    assert "[2, 3]" in run.outline() and "nan to nan, mean nan" in run.outline()
    assert viz.from_json(run.to_json()).to_json() == run.to_json()
    del a, b, c, d


def test_a_hidden_state_from_before_is_marked():
    w = leaf(2.0)
    state = w * 3
    with Run() as run:
        y = state * w
    assert by_name(run)["state"].requires_grad and by_name(run)["state"].role == "input"
    assert "made earlier" in run.outline()
    y.backward()
    assert run.graph.counts().endswith("; 1 input, 1 leaf requiring grad, 1 with a gradient")


def test_the_tag_of_a_leaf_counts_what_its_gradient_holds_now():
    w = mg.tensor(3.0, requires_grad=True)
    with Run() as run:
        for _ in range(2):
            (w * w).backward()
    assert source_badges(run.graph, run.graph.sources()[0]) == ["grad, 2 adds"]
    with Run() as run:
        for _ in range(2):
            w.grad = None
            (w * w).backward()
    assert source_badges(run.graph, run.graph.sources()[0]) == ["grad"]


def test_a_gradient_that_is_not_a_number_says_so():
    x = mg.tensor(0.0, requires_grad=True)
    with Run() as run:
        y = mg.where(x > 0, mg.sqrt(x), 0.0)
    y.backward()
    assert source_badges(run.graph, run.graph.sources()[0]) == ["grad is nan"]


def test_a_write_through_a_view_is_a_step_with_the_node_that_it_gave_its_base():
    w = mg.ones(2, requires_grad=True)
    with Run() as run:
        x = mg.zeros(2).clone()
        x.unsqueeze(0).mul_(w)
    made = next(step for step in run.graph.steps if step.op == "view_put")
    x.sum().backward()
    assert made.contributions and made.output in run.graph.gradients
