"""Controls placed on a model from outside: what each does, and that the model is as before afterwards."""

import typing

import ipywidgets
import numpy as np
import pytest

import minigrad as mg
import viz
from minigrad import nn
from viz.controls import read_controls
from viz.lines import behaviour, changed


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4))
        self.spare = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x, arm="left"):
        h = self.body(x)
        if arm == "right":
            h = self.spare(h)
        return self.head(h.relu())


@pytest.fixture
def net():
    mg.manual_seed(0)
    return Net()


def panel(net, loss=mg.sum, **controls):
    x = mg.ones(5, 3)
    return viz.playground(net, x, loss=loss, **controls)


def ops(panel):
    return [step.op for step in panel.run.graph.steps]


def with_gradient(panel):
    graph = panel.run.graph
    return {value.name for value in graph.sources() if value.id in graph.gradients}


def everything(net):
    """All that a run could change, as something that can be compared."""
    return {
        "hooks": [(len(m._forward_hooks), "forward" in vars(m), m.training) for m in net.modules()],
        "flags": [(p.requires_grad, p.grad) for p in net.parameters()],
        "numbers": [array.array.tolist() for array in (*net.parameters(), *net.buffers())],
        "random": np.asarray(mg.get_rng_state().array).tolist(),
    }


HEAD, BODY = {"head.weight", "head.bias"}, {f"body.{n}.{what}" for n in (0, 2) for what in ("weight", "bias")}


def test_without_a_piece_it_is_the_model_and_its_backward(net):
    plain = panel(net)
    assert ops(plain) == ["linear", "tanh", "linear", "relu", "linear", "sum"]
    assert with_gradient(plain) == HEAD | BODY
    assert repr(plain) == "Panel(Net: )" and plain.text.startswith("loss = ")


def test_detach_after_a_layer_cuts_what_is_before_it(net):
    cut = panel(net, cut=viz.detach_after("body.2"))
    assert ops(cut).count("detach") == 0
    cut.set(cut=True)
    assert ops(cut)[3] == "detach" and with_gradient(cut) == HEAD
    assert with_gradient(cut.set(cut=False)) == HEAD | BODY


def test_no_grad_around_a_part_records_none_of_its_ops(net):
    graph = panel(net, off=viz.no_grad_around("body")).set(off=True).run.graph
    assert [step.recorded for step in graph.steps] == [False, False, False, False, True, True]
    assert graph.steps[0].reason == "no_grad"


@pytest.mark.parametrize(("path", "left"), [("head", BODY), ("head.bias", BODY | {"head.weight"})])
def test_a_frozen_part_gets_no_gradient_and_lets_it_pass(net, path, left):
    assert with_gradient(panel(net, ice=viz.freeze(path)).set(ice=True)) == left


def test_what_is_frozen_and_not_used_is_drawn_as_frozen(net):
    graph = panel(net, ice=viz.freeze("spare")).set(ice=True).run.graph
    assert {value.requires_grad for value in graph.sources() if value.name.startswith("spare")} == {False}


def test_another_arm_runs_in_place_of_a_module_and_other_pieces_hold_around_it(net):
    arms = panel(net, off=viz.no_grad_around("body.1"), act=viz.branch_at("body.1", relu=mg.relu, skip=lambda x: x))
    assert arms.values == {"off": False, "act": "Tanh"}
    assert ops(arms.set(act="relu"))[1] == "relu"
    assert ops(arms.set(act="skip"))[1] == "linear"
    step = arms.set(act="relu", off=True).run.graph.steps[1]
    assert (step.op, step.module, step.recorded) == ("relu", "body.1", False)


def test_an_arm_may_have_the_name_of_the_module_it_stands_in_for(net):
    arms = panel(net, act=viz.branch_at("body.1", Tanh=mg.relu))
    assert "tanh" in ops(arms) and "tanh" not in ops(arms.set(act="Tanh"))
    assert arms.set(act="Tanh of the model").values == {"act": "Tanh of the model"}


def test_gradients_add_up_or_are_cleared_before_each_pass(net):
    twice = panel(net, add=viz.accumulate(3))
    entries = {on: [entry.what for entry in next(iter(twice.set(add=on).run.graph.ledger.values()))]
               for on in (False, True)}
    assert entries == {False: ["add", "zero", "add", "zero", "add"], True: ["add"] * 3}


def test_other_controls_go_to_the_forward(net):
    routed = panel(net, arm=["left", "right"], cut=viz.detach_after("spare"))
    assert "spare.weight" not in with_gradient(routed)
    assert "spare.weight" in with_gradient(routed.set(arm="right"))


def test_a_part_that_was_not_called_is_said(net):
    routed = panel(net, arm=["left", "right"], cut=viz.detach_after("spare"))
    assert routed.set(cut=True).text.startswith("detach after spare: changes nothing, for it was not called\nloss")
    assert "not called" not in routed.set(arm="right").text


def test_without_a_loss_only_the_forward_runs(net):
    forward = viz.playground(net, mg.ones(1, 3), cut=viz.detach_after(""))
    assert forward.set(cut=True).text.startswith("y = [") and ops(forward)[-1] == "detach"


def test_several_results_are_all_detached():
    class Two(nn.Module):
        def forward(self, x):
            return {"a": (x * 2, [x * 3]), "b": 4}

    x = mg.ones(2, requires_grad=True)
    both = viz.playground(Two(), x, cut=viz.detach_after("")).set(cut=True)
    assert ops(both) == ["mul", "mul", "detach", "detach"]


@pytest.mark.parametrize("piece", [viz.detach_after, viz.no_grad_around, viz.freeze])
def test_a_path_that_is_not_there_is_told_those_that_are(net, piece):
    with pytest.raises(ValueError, match=r"bodi: Net has no 'bodi'. It has: body, body.0, body.1, body.2, spare, head"):
        panel(net, on=piece("bodi"))


@pytest.mark.parametrize(("make", "words"), [
    (lambda: viz.branch_at("body"), "needs the other arms"), (lambda: viz.branch_at("body", a=3), "as functions"),
    (lambda: viz.playground(lambda x=1: x, mg.ones(1)), "inputs stand behind a model"),
    (lambda: viz.playground(Net(), add=viz.accumulate()), "needs a loss"),
    (lambda: viz.playground(Net(), loss=mg.sum, a=viz.accumulate(), b=viz.accumulate()), "one of it is enough"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_remedy(make, words):
    with pytest.raises(TypeError, match=words):
        make()


@pytest.mark.parametrize("passes", [1, 0, 2.0])
def test_fewer_than_two_passes_add_nothing_up(passes):
    with pytest.raises(ValueError, match="two passes or more"):
        viz.accumulate(passes)


def all_pieces(net):
    return panel(net, cut=viz.detach_after("body.2"), off=viz.no_grad_around("body.0"), ice=viz.freeze("head"),
                 act=viz.branch_at("body.1", relu=mg.relu), add=viz.accumulate())


def test_the_model_is_left_as_it_was(net):
    net.body.append(nn.BatchNorm1d(4))
    net.body.append(nn.Dropout(0.5))
    net(mg.ones(2, 3)).sum().backward()
    net.spare.requires_grad_(False)
    before = everything(net)
    grads = [parameter.grad for parameter in net.parameters()]
    pieces = all_pieces(net)
    for switch in ("cut", "off", "ice", "add"):
        pieces.set(**{switch: True, "act": "relu"})
    assert everything(net) == before
    assert all(a is b for a, b in zip(grads, [p.grad for p in net.parameters()], strict=True))


def test_the_model_is_left_as_it_was_also_when_it_raises(net):
    before, pieces = everything(net), all_pieces(net)
    pieces.set(cut=True, off=True, ice=True, act="relu", add=True)
    net.head.forward = lambda x: 1 / 0
    pieces.set(cut=False)
    assert "ZeroDivisionError" in pieces.graph.error
    del net.head.forward
    assert everything(net) == before


def test_a_run_of_the_panel_is_not_changed_by_what_happens_to_the_model_later(net):
    first = panel(net)
    told = first.outline()
    net(mg.ones(5, 3)).sum().backward()
    net.zero_grad()
    assert first.outline() == told


def test_random_numbers_are_the_same_in_every_run():
    mg.manual_seed(0)
    noisy = viz.playground(nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5)), mg.ones(3, 2), cut=viz.detach_after("0"))
    assert noisy.set().text == noisy.set(cut=True).text


def test_a_forward_of_ones_own_on_the_object_comes_back(net):
    mine = net.body.forward = lambda x: x * 2
    panel(net, off=viz.no_grad_around("body")).set(off=True)
    assert net.body.forward is mine


def test_inputs_and_model_have_the_names_of_the_learners_code(net):
    y, images = mg.ones(2, 3), mg.ones(2, 3)
    assert "y = net(images)" in viz.playground(net, images).lines()
    assert "y = net(x)" in viz.playground(net, y).lines()  # y is taken by the result
    assert "loss = loss_of(y)" in viz.playground(net, y, loss=mg.sum).lines()
    [name] = {value.name for value in viz.playground(net, images).run.graph.sources() if value.role == "input"}
    assert name == "images"


def test_every_state_by_name_for_the_tests_of_a_notebook(net, capsys):
    panel(net, cut=viz.detach_after("body.2"), act=viz.branch_at("body.1", relu=mg.relu)).states()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0].split() for line in lines] == [
        ["cut=off", "act=Tanh"], ["cut=off", "act=relu"], ["cut=on", "act=Tanh"], ["cut=on", "act=relu"]]
    assert len({line.split(" | ")[1] for line in lines}) == 4


# Lines that changed


def test_the_lines_that_do_something_else_are_marked_and_say_what(net):
    told = panel(net, off=viz.no_grad_around("body")).set().set(off=True).lines()
    lit = [line.split("  ")[-1].strip() for line in told.splitlines() if line.startswith(">")]
    assert lit == ["backward goes through 2 ops, before 6", "no longer recorded: linear x 2, tanh (no_grad)",
                   "no longer recorded: relu (no input requires grad)"]


def test_a_line_that_runs_only_now_says_so():
    @viz.playground
    def cut(detach=False):
        x = mg.tensor([1.0, 2.0], requires_grad=True)
        y = x * 2
        if detach:
            y = y.detach()
        return y.sum()

    assert ">" not in cut.lines() and cut.lines().splitlines()[1].endswith("def cut(detach=False):")
    lit = [line for line in cut.set(detach=True).lines().splitlines() if line.startswith(">")]
    assert [line.split("  ")[-1] for line in lit] == [
        "runs now: detach", "no longer recorded: sum (no input requires grad)"]
    assert ">" not in cut.set(detach=True).lines()  # the same again
    assert "does not run any more: detach" in cut.set(detach=False).lines()


def test_the_code_of_the_models_that_a_function_uses_is_shown_too(net):
    @viz.playground
    def run(no_grad=False):
        with mg.set_grad_enabled(not no_grad):
            return net(mg.ones(1, 3)).sum()

    assert [block["title"] for block in run.code.blocks] == ["run", "Net.forward"]
    lit = [line for line in run.set().set(no_grad=True).lines().splitlines() if line.startswith(">")]
    assert [line.split()[2] for line in lit] == ["return", "h", "return"]


@pytest.mark.parametrize(("first", "then", "words"), [
    (lambda x: x * 2, lambda x: x + 2, "runs add in place of mul"),
    (lambda x: x * 2, lambda x: x * 2 + 1, "runs add as well"),
    (lambda x: x * 2 + 1, lambda x: x * 2, "no add here now"),
    (lambda x: x * 2 + 1, lambda x: (x + 1) * 2, "runs the same ops in another order"),
    (lambda x: x.detach() * 2, lambda x: x * 2, "no detach here now; 1 of 1 recorded, before 0 of 2"),
    (lambda x: x[0] * 2, lambda x: x[:1] * 2, "gives (1,), before ()"),
    (lambda x: x * 2, lambda x: x * 3, None),
])  # fmt: skip
def test_what_a_line_does_otherwise_in_words(first, then, words):
    facts = []
    for function in (first, then):
        with viz.watch() as seen:
            function(mg.tensor([1.0, 2.0], requires_grad=True))
        facts.append({"the line": [fact for found in behaviour(seen.graph).values() for fact in found]})
    assert changed(*facts).get("the line") == words


# Every type of control


def kinds(function):
    return [(control.kind, control.value) for control in read_controls(function, {})]


def test_controls_by_default_and_by_annotation():
    slider = ipywidgets.IntSlider(2, min=0, max=5)

    def by_default(on=True, x=(0, 4), n=range(0, 9, 3), arm=["a", "b"], name="w", number=1.5, own=slider):  # noqa: B006
        pass

    def by_annotation(on: bool, x: (0, 4), n: range(0, 9, 3), arm: typing.Literal["a", "b"], name: str, number: float,
                      own: slider):
        pass

    assert kinds(by_default) == [("switch", True), ("slider", 2), ("slider", 3), ("choice", "a"), ("text", "w"),
                                 ("number", 1.5), ("widget", 2)]
    assert kinds(by_annotation) == [("switch", False), ("slider", 2), ("slider", 3), ("choice", "a"), ("text", ""),
                                    ("number", 0.0), ("widget", 2)]


def test_a_default_says_where_an_annotated_control_stands():
    slider = ipywidgets.IntSlider(2, min=0, max=5)

    def run(x: (0, 4) = 3, arm: ["a", "b"] = "b", own: slider = 5, y: typing.Annotated[float, (0.0, 1.0)] = 0.25):  # noqa: F821
        pass

    assert kinds(run) == [("slider", 3), ("choice", "b"), ("widget", 5), ("slider", 0.25)]


def test_annotations_that_mean_nothing_here_leave_the_default():
    def run(x: Net = 3, y: "no such thing" = True, z: "1 / 0" = "a"):  # noqa: F722
        pass

    assert kinds(run) == [("number", 3), ("switch", True), ("text", "a")]


def test_every_type_of_control_drives_the_run():
    slider = ipywidgets.IntSlider(2, min=0, max=5)

    @viz.playground(x=(0.0, 4.0), arm=["mul", "add"], n=range(0, 9, 3))
    def run(on=False, x=1.0, n=0, arm="mul", name="w", number=1.0, own=slider):
        return f"{on} {x} {n} {arm} {name} {number} {own}"

    assert run.set(on=True, x=2.5, n=6, arm="add", name="v", number=3, own=4).text == "True 2.5 6 add v 3.0 4"
    slider.value = 1
    assert run.text.endswith(" 1") and run.values["own"] == 1
