"""What watchers are told: every event, with the right content, in the right order, and nothing when nobody watches."""

import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import events, modes


def leaf(*values):
    return mg.tensor(list(values) or [1.0, 2.0, 3.0], requires_grad=True)


def told(function):
    """The events of one call, and what it returned."""
    seen = []
    with modes.watch(seen.append):
        result = function()
    return seen, result


def names(seen):
    return [type(event).__name__ for event in seen]


def ran(function):
    seen, result = told(function)
    return [event for event in seen if isinstance(event, events.OpRan)], result


def test_nothing_is_made_when_nobody_watches(monkeypatch):
    def never(*args):
        raise AssertionError("an event was made")

    kinds = [name for name, made in vars(events).items() if getattr(made, "__module__", "") == events.__name__]
    patched = 0
    for name, module in list(sys.modules.items()):
        if name.startswith("minigrad.") and module is not events:
            for kind in set(kinds) & set(vars(module)):
                monkeypatch.setattr(module, kind, never)
                patched += 1
    assert len(kinds) == 15 and patched >= 15
    model = mg.nn.Linear(2, 2)
    y = model(mg.ones(1, 2)) * 1
    y += 1
    y.sum().backward()
    model.bias.requires_grad_(False)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    optimizer.step()
    optimizer.zero_grad()
    assert y.tolist() and model.weight.grad is None


def test_an_op_tells_its_operands_attributes_and_result():
    x = leaf()
    (event,), y = ran(lambda: 2 * x)
    assert event.op is mg.ops.mul and event.op.arguments == ("a", "b") and event.op.kind == "elementwise"
    assert event.inputs == (x, 2) and event.inputs[0] is x and event.output is y
    assert (event.attributes, event.recorded, event.reason) == ({}, True, None)
    (event,), _ = ran(lambda: x.sum(0, keepdim=True))
    assert (event.op.name, event.attributes) == ("sum", {"dim": 0, "keepdim": True})
    (event,), _ = ran(lambda: x.sum())
    assert event.attributes == {"dim": None, "keepdim": False}
    (event,), _ = ran(lambda: x.reshape(3, 1))
    assert (event.op.name, event.attributes) == ("reshape", {"shape": (3, 1)})
    (event,), _ = ran(lambda: x - 1.5)
    assert event.inputs == (x, 1.5) and type(event.inputs[1]) is float


@pytest.mark.parametrize(("run", "recorded", "reason"), [
    (lambda x: x * 2, True, None),
    (lambda x: x.detach() * 2, False, "no input requires grad"),
    (lambda x: x > 2, False, "cut"),
    (lambda x: x.argmax(), False, "cut"),
    (lambda x: x.detach(), False, "cut"),
    (lambda x: x.long(), False, "cut"),
    (lambda x: mg.no_grad()(lambda: x * 2)(), False, "no_grad"),
    (lambda x: mg.no_grad()(lambda: x.sum())(), False, "no_grad"),
    (lambda x: mg.no_grad()(lambda: mg.where(x > 2, x, x))(), False, "no_grad"),
    (lambda x: mg.no_grad()(lambda: x > 2)(), False, "cut"),
    (lambda x: mg.no_grad()(lambda: x.detach() + 1)(), False, "no_grad"),
])  # fmt: skip
def test_recorded_or_why_not(run, recorded, reason):
    x = leaf()
    seen, y = ran(lambda: run(x))
    assert (seen[-1].recorded, seen[-1].reason) == (recorded, reason) and seen[-1].output is y
    assert y.requires_grad is recorded


def test_every_op_method_is_told_once():
    x = leaf()
    for run, name in [
        (lambda: 1 - x, "sub"), (lambda: 1 / x, "div"), (lambda: 2**x, "pow"), (lambda: -x, "neg"),
        (lambda: x @ x, "matmul"), (lambda: x.T, "permute"), (lambda: x[0], "index"),
        (lambda: x.max(), "max"), (lambda: x == x, "eq"),
        (lambda: x.double(), "cast"), (lambda: x.clone(), "clone"), (lambda: x.flatten(), "reshape"),
        (lambda: x.expand(2, 3), "broadcast_to"),
        (lambda: mg.nn.functional.linear(x, mg.ones(2, 3), mg.ones(2)), "linear"),
    ]:  # fmt: skip
        seen, _ = ran(run)
        assert [event.op.name for event in seen] == [name]


def test_a_change_in_place_is_one_event_on_the_tensor_itself():
    x, h = leaf(), leaf() * 1
    (event,), result = ran(lambda: h.add_(x))
    assert event.op.name == "add_" and event.op.kind == "elementwise" and mg.ops.add.name == "add"
    assert event.output is result is h and event.inputs[0] is h and event.inputs[1] is x and event.recorded
    (event,), _ = ran(lambda: h.__setitem__(0, 5.0))
    assert event.op.name == "index_put_" and event.attributes["index"] == 0 and event.output is h
    plain = mg.ones(2)
    for change, name in [(plain.zero_, "zero_"), (lambda: plain.fill_(3), "fill_"), (lambda: plain.relu_(), "relu_")]:
        (event,), _ = ran(change)
        assert (event.op.name, event.recorded, event.reason) == (name, False, "no input requires grad")
    with mg.no_grad():
        (event,), _ = ran(lambda: x.mul_(2))
    assert (event.op.name, event.reason) == ("mul_", "no_grad") and event.output is x


def test_a_copy_in_place_tells_the_change_of_dtype_first():
    source = leaf()
    target = mg.zeros(3, dtype=mg.float64)
    (cast, copy), _ = ran(lambda: target.copy_(source))
    assert cast.op.name == "cast" and cast.inputs == (source,) and cast.recorded
    assert copy.op.name == "copy_" and copy.inputs[1] is cast.output and copy.output is target


def test_a_refused_change_tells_nothing():
    seen = []
    x = mg.ones(2)
    with modes.watch(seen.append), pytest.raises(RuntimeError):
        x += mg.ones(3)
    assert seen == []


def test_backward_in_order_with_contributions_after_the_sum_over_broadcast_axes():
    x, b = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), leaf(10.0, 20.0)
    z = (x * b).sum()
    total, product = z.grad_fn, z.grad_fn.next_functions[0][0]
    seen, _ = told(z.backward)
    assert names(seen) == [
        "BackwardStarted", "RuleRan", "RuleRan", "Freed", "Accumulated", "Accumulated", "BackwardEnded",
    ]  # fmt: skip
    started, first, second, freed, *added, ended = seen
    assert started.roots == ended.roots == (z,)
    assert first.node is total and first.gradient.item() == 1 and first.contributions[0].tolist() == [[1, 1], [1, 1]]
    assert second.node is product and second.gradient.shape == (2, 2)
    assert [c.tolist() for c in second.contributions] == [[[10, 20], [10, 20]], [4, 6]]
    assert freed.node is product and product.saved_tensors == {}
    assert {id(event.tensor) for event in added} == {id(x), id(b)}
    for event in added:
        assert event.total is event.tensor.grad and event.gradient.tolist() == event.total.tolist()


def test_contributions_line_up_with_the_arguments():
    x, condition = leaf(), mg.tensor([True, False, True])
    z = mg.where(condition, x, 0.0)
    seen, _ = told(lambda: z.backward(mg.ones(3)))
    (rule,) = [event for event in seen if isinstance(event, events.RuleRan)]
    assert [None if c is None else c.tolist() for c in rule.contributions] == [None, [1, 0, 1], None]


def test_a_retained_graph_frees_nothing_and_accumulation_tells_part_and_total():
    x = leaf()
    z = (x * x).sum()
    seen, _ = told(lambda: z.backward(retain_graph=True))
    assert "Freed" not in names(seen)
    seen, _ = told(z.backward)
    (added,) = [event for event in seen if isinstance(event, events.Accumulated)]
    assert added.gradient.tolist() == [2, 4, 6] and added.total.tolist() == [4, 8, 12]
    assert names(seen).count("Freed") == 1


def test_retained_gradients_accumulate_too_and_autograd_grad_does_not():
    x = leaf()
    h = x * 2
    h.retain_grad()
    seen, _ = told(lambda: h.sum().backward(retain_graph=True))
    assert {id(e.tensor) for e in seen if isinstance(e, events.Accumulated)} == {id(x), id(h)}
    seen, _ = told(lambda: mg.autograd.grad((x * 2).sum(), x))
    assert "Accumulated" not in names(seen) and names(seen)[-1] == "BackwardEnded"


def test_backward_tells_its_end_also_when_it_fails_and_no_mode_change():
    x = leaf()
    z = (x * x).sum()
    z.backward()
    seen = []
    with modes.watch(seen.append), pytest.raises(RuntimeError):
        z.backward()
    assert names(seen) == ["BackwardStarted", "RuleRan", "BackwardEnded"]
    seen, _ = told(lambda: (x * x).sum().backward())
    assert "ModeChanged" not in names(seen)


def test_recording_backward_tells_the_ops_that_it_records():
    x = leaf()
    z = (x * x * x).sum()
    seen, (g,) = told(lambda: mg.autograd.grad(z, x, create_graph=True))
    ops = [event for event in seen if isinstance(event, events.OpRan)]
    assert ops and ops[-1].output is g and {event.op.name for event in ops} >= {"mul", "add"}
    assert names(seen)[0] == "BackwardStarted" and names(seen)[-1] == "BackwardEnded"


def test_zeroing_is_told_once_and_only_where_there_was_a_gradient():
    model = mg.nn.Linear(1, 1)
    model(mg.ones(1, 1)).sum().backward()
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    seen, _ = told(lambda: optimizer.zero_grad(set_to_none=False))
    assert [(e.tensor, e.set_to_none) for e in seen] == [(model.weight, False), (model.bias, False)]
    assert model.weight.grad.tolist() == [[0]]
    seen, _ = told(model.zero_grad)
    assert [e.set_to_none for e in seen] == [True, True]
    assert told(optimizer.zero_grad)[0] == []
    x = leaf()
    x.sum().backward()
    seen, _ = told(lambda: setattr(x, "grad", None))
    assert [(e.tensor is x, e.set_to_none) for e in seen] == [(True, True)]
    assert told(lambda: setattr(x, "grad", None))[0] == []


def test_a_step_is_told_with_all_parameters():
    w = leaf(1.0)
    (w * 2).sum().backward()
    optimizer = mg.optim.SGD([w], lr=0.5)
    (before, event), _ = told(optimizer.step)
    assert isinstance(before, events.Changing) and before.tensors == (w,)
    assert isinstance(event, events.Stepped) and event.optimizer is optimizer and event.parameters == (w,)
    assert w.tolist() == [0]


@pytest.mark.parametrize("change", [
    lambda x: x.mul_(3), lambda x: x.__setitem__(0, 9.0), lambda x: x.data, lambda x: x.relu_(),
    lambda x: x.unsqueeze_(0),
])  # fmt: skip
def test_that_numbers_are_about_to_change_is_told_while_they_are_still_the_old_ones(change):
    x, seen = mg.ones(3), []
    with modes.watch(lambda event: isinstance(event, events.Changing) and seen.append((event.tensors, x.tolist()))):
        change(x)
    assert [([id(tensor) for tensor in tensors], numbers) for tensors, numbers in seen] == [([id(x)], [1.0, 1.0, 1.0])]


@pytest.mark.parametrize(("read", "how"), [
    (lambda x: x.item(), "item"), (lambda x: x.tolist(), "tolist"), (lambda x: x.numpy(), "numpy"),
    (bool, "bool"), (float, "float"), (int, "int"), (np.asarray, "numpy"), (lambda x: f"{x:.1f}", "item"),
])  # fmt: skip
def test_reading_a_value_is_told_and_looking_at_the_array_is_not(read, how):
    x = mg.tensor(2.0)
    seen, _ = told(lambda: read(x))
    assert [(type(e).__name__, e.how) for e in seen] == [("ReadBack", how)] and seen[0].tensor is x
    assert told(lambda: (x.array, x.shape, x.dtype, repr(x), x.requires_grad))[0] == []


def test_a_read_tells_of_the_very_object_that_python_got():
    x, got = mg.tensor([2.5]), []
    for read in (mg.Tensor.item, mg.Tensor.tolist, mg.Tensor.numpy, bool, float, int):
        seen, _ = told(lambda read=read: got.append(read(x)))
        assert seen[0].given is got[-1]


def test_tensor_tells_what_it_was_made_of_and_no_op_that_nobody_wrote():
    a, array = mg.tensor(1.0, requires_grad=True), np.ones(2, np.float32)
    for make, data in ((mg.tensor, [a, 2.0]), (mg.tensor, a), (mg.from_numpy, array)):
        (event,), _ = told(lambda make=make, data=data: make(data))
        assert isinstance(event, events.Gathered) and event.data is data and not event.output.requires_grad


def test_modules_are_entered_and_left_around_their_ops():
    model = mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.ReLU())
    seen, y = told(lambda: model(mg.ones(1, 2)))
    assert names(seen) == [
        "ModuleEntered", "ModuleEntered", "OpRan", "ModuleLeft", "ModuleEntered", "OpRan", "ModuleLeft", "ModuleLeft",
    ]  # fmt: skip
    assert [e.module for e in seen if hasattr(e, "module")] == [model, model[0], model[0], model[1], model[1], model]
    assert seen[-1].output is y
    seen = []
    with modes.watch(seen.append), pytest.raises(RuntimeError):
        model(mg.ones(1, 3))
    assert names(seen) == ["ModuleEntered", "ModuleEntered", "ModuleLeft", "ModuleLeft"] and seen[-1].output is None


def test_making_a_layer_is_no_part_of_the_graph():
    assert told(lambda: mg.nn.Linear(3, 2))[0] == []


def test_max_along_an_axis_tells_the_cut_and_the_recorded_way():
    seen, _ = ran(lambda: leaf().max(dim=0))
    assert [(e.op.name, e.recorded, e.reason) for e in seen] == [
        ("argmax", False, "cut"), ("take_along_dim", True, None), ("squeeze", True, None),
        ("squeeze", False, "no input requires grad"),
    ]  # fmt: skip


def test_of_what_a_function_of_ones_own_returns_tensors_alone_are_told():
    class Split(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, "and this"

        @staticmethod
        def backward(ctx, g, _):
            return g * 2

    (inside, seen), (y, words) = ran(lambda: Split.apply(leaf()))
    assert inside.op.name == "mul" and seen.output is y and seen.recorded and words == "and this"


class Logging:
    """A watcher that keeps a log."""

    def __init__(self):
        self.log, self.told, self.events = self, [], []

    def __call__(self, event):
        self.events.append(event)

    def ran(self, op, inputs, attributes, output):
        self.told.append((op.name, inputs, attributes, output))

    def entered(self, module):
        self.told.append(("entered", module))

    def left(self, module):
        self.told.append(("left", module))


def test_a_log_is_told_by_a_call_of_what_runs_in_the_ordinary_way():
    x, layer, watcher = leaf(), mg.nn.Linear(3, 2), Logging()
    with modes.watch(watcher):
        y = layer(x)
        z = y.sum(0, keepdim=True) * 2
    assert watcher.events == []
    assert [told[0] for told in watcher.told] == ["entered", "linear", "left", "sum", "mul"]
    assert watcher.told[1][1] == (x, layer.weight, layer.bias) and watcher.told[1][3] is y
    assert watcher.told[3][2] == {"dim": 0, "keepdim": True} and watcher.told[4][1][1] == 2 and watcher.told[4][3] is z


@pytest.mark.parametrize("name", ["add", "exp", "matmul", "where", "reshape", "sum"])
def test_a_log_is_told_of_the_same_as_a_watcher(name):
    a, b = mg.ones(3, 3, requires_grad=True), mg.ones(3, 3)
    run = {"add": lambda: a + b, "exp": a.exp, "matmul": lambda: a @ b, "where": lambda: mg.where(b > 0, a, b),
           "reshape": lambda: a.reshape(9), "sum": a.sum}[name]  # fmt: skip
    watcher = Logging()
    with modes.watch(watcher):
        logged = run()
    (*_, event), result = ran(run)
    op, inputs, attributes, output = watcher.told[-1]
    assert (op, attributes) == (event.op.name, event.attributes) and len(inputs) == len(event.inputs)
    assert output is logged and result.tolist() == logged.tolist()


@pytest.mark.parametrize("mode", [mg.no_grad, mg.inference_mode, lambda: modes.watch(lambda event: None)])
def test_a_log_is_told_by_events_where_anything_is_out_of_the_ordinary(mode):
    watcher = Logging()
    with modes.watch(watcher):
        with mode():
            mg.ones(2) * 3
        mg.ones(2) * 4
    assert [event.op.name for event in watcher.events if isinstance(event, events.OpRan)] == ["mul"]
    assert [told[0] for told in watcher.told] == ["mul"]


def test_a_custom_function_with_two_results_is_walked_while_somebody_listens():
    class Both(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return a * 2 + b * 3

    x = mg.ones(2, requires_grad=True)
    a, b = Both.apply(x)
    seen, _ = told(lambda: (a + b * b).sum().backward())
    assert x.grad.tolist() == [20.0, 20.0]
    assert names(seen).count("RuleRan") == 3 and names(seen)[-2:] == ["Accumulated", "BackwardEnded"]
