"""The live view, the playground and the widgets from the Python side, without a browser."""

import json
import pickle
import re

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import minigrad as mg
import viz
from minigrad import nn
from viz.controls import Controls, all_states, read_controls
from viz.oracles import Oracle
from viz.panel import shown
from viz.player import Stepper


@pytest.fixture
def model():
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


@pytest.fixture
def view(model):
    view = viz.watch(model)
    yield view
    view.close()


def ops(run):
    return [step.op for step in run.graph.steps]


def held(run):
    return run.graph.counts().split("; ")[1]


# The widget


def test_a_widget_without_a_run_says_what_to_do():
    assert "Run the code once" in viz.GraphWidget().text()


def test_the_scene_is_plain_json_and_the_widget_has_its_digest():
    with viz.watch() as run:
        mg.ones(3, requires_grad=True) * 2
    widget = viz.GraphWidget(run)
    assert json.loads(json.dumps(widget.scene)) == widget.scene
    assert widget.scene["digest"] == run.digest()


def test_a_front_end_gets_one_script_without_imports():
    for widget in (viz.GraphWidget, Controls, Stepper, Oracle):
        script = widget._esm
        assert not re.search(r"(?m)^import ", script) and script.count("export ") == script.count("export default") == 1


def test_a_new_run_of_the_same_structure_leaves_the_boxes_where_they_are():
    def run_of(value):
        x = mg.tensor(value, requires_grad=True)
        with viz.watch() as run:
            x * 2
        return run

    widget = viz.GraphWidget(run_of(1.0))
    before = widget.scene
    widget.show(run_of(-0.1234))
    places = [[(node["x"], node["y"], node["w"]) for node in scene["nodes"]] for scene in (before, widget.scene)]
    assert places[0] == places[1] and before["nodes"] != widget.scene["nodes"]


def test_a_saved_notebook_has_text_and_a_still_picture_without_ids():
    with viz.watch() as run:
        y = mg.ones(3, requires_grad=True).exp()
    data, _ = viz.GraphWidget(run)._repr_mimebundle_()
    assert data["text/plain"] == run.outline().rstrip("\n")
    assert data["image/svg+xml"].startswith("<svg")
    assert "Saved picture: run the cells from the top to make it live." in data["image/svg+xml"]
    assert "Saved picture" not in run.svg()
    assert "0x" not in data["text/plain"]
    assert y.shape == (3,)


def test_after_a_failure_the_old_picture_stays_and_is_marked():
    with viz.watch() as run:
        mg.ones(3).exp()
    widget = viz.GraphWidget(run)
    widget.fail("ValueError: no")
    assert (widget.stale, widget.scene["digest"]) == (True, run.digest())
    assert widget.text().endswith("ValueError: no")
    widget.show(run, note="fine")
    assert (widget.stale, widget.error, widget.note) == (False, "", "fine")


def test_a_failure_before_the_first_picture_does_not_say_that_nothing_ran():
    widget = viz.GraphWidget()
    widget.fail("ValueError: no")
    assert widget.text() == "The code stopped before there was a graph: see below.\nValueError: no"


def test_show_gives_the_widget_of_a_run_that_follows_its_gradients():
    x = mg.ones(3, requires_grad=True)
    with viz.watch() as run:
        y = (x * 2).sum()
    widget = viz.show(run)
    y.backward()
    widget.view.outline()  # looking draws what is late
    assert "1 with a gradient" in widget.scene["summary"]
    assert widget.scene["digest"] == run.digest()


def test_show_of_something_else_says_what_it_takes():
    with pytest.raises(TypeError, match="show\\(\\) takes a run"):
        viz.show(3)


# watch(module)


def test_every_forward_of_a_watched_module_is_a_new_run(model, view):
    assert view.run is None
    model(mg.ones(4, 2))
    first = view.run
    model(mg.ones(4, 2))
    assert view.run is not first
    assert ops(view.run) == ["linear", "tanh", "linear"]
    assert view.digest() == first.digest()


def test_loss_and_backward_belong_to_the_forward_before_them(model, view):
    ((model(mg.ones(4, 2)) - 1) ** 2).mean().backward()
    assert ops(view.run) == ["linear", "tanh", "linear", "sub", "pow", "mean"]
    assert held(view.run) == "1 input, 4 parameters, 4 with a gradient"


def test_a_loss_after_the_view_was_read_still_belongs_to_the_forward(model, view):
    out = model(mg.ones(4, 2))
    assert len(ops(view.run)) == 3
    loss = out.sum()
    assert ops(view.run)[3:] == ["sum"]
    loss.backward()
    assert held(view.run) == "1 input, 4 parameters, 4 with a gradient"


def test_what_does_not_use_the_forward_is_left_out(model, view):
    out = model(mg.ones(4, 2))
    mg.ones(3).exp()
    out.sum()
    assert ops(view.run)[3:] == ["sum"]


def test_after_a_backward_nothing_is_added(model, view):
    out = model(mg.ones(4, 2))
    out.sum().backward()
    out.detach().exp()
    assert ops(view.run)[3:] == ["sum"]


def test_a_forward_inside_no_grad_is_shown_as_not_recorded(model, view):
    with mg.no_grad():
        model(mg.ones(4, 2))
    assert [step.recorded for step in view.run.graph.steps] == [False] * 3
    assert [node["recorded"] for node in view.widget.scene["nodes"] if node["kind"] == "op"] == [False] * 3


def test_the_picture_is_the_newest_one_when_somebody_looks(model, view):
    for size in range(1, 30):
        model(mg.ones(size, 2)).sum().backward()
    view.outline()
    assert view.widget.scene["digest"] == view.digest()
    assert any("(29, 2)" in node["subtitle"] for node in view.widget.scene["nodes"])


def test_a_module_that_contains_the_watched_one_and_one_inside_it_start_no_run_of_their_own(model):
    view = viz.watch(model[0])
    model(mg.ones(4, 2)).sum().backward()
    assert ops(view.run) == ["linear", "tanh", "linear", "sum"]
    view.close()


def test_a_forward_that_raises_is_shown_as_far_as_it_came_and_the_next_one_works(model, view):
    with pytest.raises(Exception, match="in_features"):
        nn.Sequential(model, nn.Linear(7, 1))(mg.ones(4, 2))
    assert ops(view.run) == ["linear", "tanh", "linear"]
    model(mg.ones(4, 2)).sum()
    assert ops(view.run)[3:] == ["sum"]


def test_a_watched_module_can_be_pickled_and_used(model, view):
    again = pickle.loads(pickle.dumps(model))
    assert again(mg.ones(1, 2)).tolist() == model(mg.ones(1, 2)).tolist()


def test_closing_ends_it_and_leaves_nobody_watching(model):
    view = viz.watch(model)
    before = mg.modes.state.watchers
    model(mg.ones(4, 2))
    run = view.run
    view.close()
    model(mg.ones(4, 2))
    assert view.run is run
    run.close()
    assert set(mg.modes.state.watchers) < set(before)


def test_watching_a_module_again_replaces_its_view(model, view):
    newer = viz.watch(model)
    model(mg.ones(4, 2))
    assert view.run is None
    assert ops(newer.run) == ["linear", "tanh", "linear"]
    newer.close()


def test_watching_something_else_says_what_it_takes():
    with pytest.raises(TypeError, match="takes a module, a function, or nothing"):
        viz.watch(3)


# watch(function)


def test_a_watched_function_records_every_call_and_keeps_its_name():
    @viz.watch
    def square(x):
        """Times itself."""
        return x * x if x.sum().item() > 1 else square(x + 1)

    x = mg.tensor([1.0], requires_grad=True)
    square(x).backward()
    assert (square.__name__, square.__doc__) == ("square", "Times itself.")
    assert ops(square.view.run) == ["sum", "add", "sum", "mul"]
    assert held(square.view.run) == "1 leaf requiring grad, 1 with a gradient"
    square(mg.tensor([3.0]))
    assert held(square.view.run) == "1 input"
    square.view.close()


# %%graph


@pytest.fixture
def shell():
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))  # no file of the reader's
    shell.user_ns.update(mg=mg, viz=viz)
    yield shell
    InteractiveShell.clear_instance()


def test_a_graph_cell_shows_its_graph_and_keeps_the_run(shell):
    viz.load_ipython_extension(shell)
    with capture_output():
        view = shell.run_cell_magic("graph", "kept", "x = mg.ones(3, requires_grad=True)\ny = (x * 2).sum()\n")
        shell.run_cell("y.backward()")
    assert shell.user_ns["kept"] is view.run
    assert ops(view.run) == ["mul", "sum"]
    assert view.widget.scene["digest"] == view.run.digest()
    assert "x" in [value.name for value in view.run.graph.values]


def test_a_graph_cell_with_a_bad_name_says_how_it_is_written(shell):
    viz.load_ipython_extension(shell)
    with pytest.raises(ValueError, match="%%graph run"):
        shell.run_cell_magic("graph", "two names", "1")


def test_the_last_picture_of_a_cell_is_drawn_when_it_ends(shell, model):
    view = viz.watch(model)
    shell.user_ns.update(model=model)
    with capture_output():
        shell.run_cell("for _ in range(5): model(mg.ones(4, 2)).sum().backward()\nlast = model(mg.ones(9, 2))")
    assert any("(9, 2)" in node["subtitle"] for node in view.widget.scene["nodes"])
    view.close()


# The playground


@pytest.fixture
def panel():
    @viz.playground(x=(-3.0, 3.0), arm=["auto", "left"])
    def demo(x=1.0, no_grad=False, arm="auto"):
        """A demo."""
        print("running")
        w = mg.tensor(2.0, requires_grad=True)
        with mg.set_grad_enabled(not no_grad):
            y = (w * x) if arm == "auto" else (w + x)
        if x > 2:
            raise ValueError("x is too large")
        return {"y": y, "arm": arm}

    return demo


def test_controls_follow_the_arguments():
    def many(a, on=True, size=(1, 9), step=(0.0, 1.0, 0.25), pick=["p", "q"], word="hi", n=3, other=None):  # noqa: B006
        pass

    controls = {control.name: (control.kind, control.value) for control in read_controls(many, {"a": range(0, 10, 2)})}
    assert controls == {"a": ("slider", 4), "on": ("switch", True), "size": ("slider", 5), "step": ("slider", 0.5),
                        "pick": ("choice", "p"), "word": ("text", "hi"), "n": ("number", 3)}


@pytest.mark.parametrize(("given", "words"), [
    ({"y": 1}, "has no argument 'y'; it has: x"),
    ({}, "'x' needs a default or a control"),
    ({"x": (3.0, 1.0)}, "low < high"),
    ({"x": []}, "a choice needs a list"),
    ({"x": object}, "cannot make a control"),
])
def test_what_cannot_become_a_control_is_refused_with_the_remedy(given, words):
    with pytest.raises(TypeError, match=words):
        viz.playground(**given)(lambda x: x) if given else viz.playground(lambda x: x)


def test_the_function_itself_can_still_be_called(panel, capsys):
    assert panel(arm="left")["arm"] == "left"
    assert (panel.__name__, panel.__doc__) == ("demo", "A demo.")


def test_a_panel_runs_and_shows_what_was_printed_and_returned(panel):
    assert ops(panel.run) == ["mul"]
    assert panel.text == "running\ny = 2.0, arm = auto"
    assert panel.graph.note == panel.text
    assert panel.digest() == panel.graph.scene["digest"]


def test_a_panel_that_is_shown_somewhere_has_run(panel):
    viz.show(panel)  # as a reveal does, before anybody has asked the panel for anything
    assert [node["title"] for node in panel.graph.scene["nodes"] if node["kind"] == "op"] == ["mul 1.0"]
    assert panel.graph.note == panel.text == "running\ny = 2.0, arm = auto"
    assert "w" in [value.name for value in panel.run.graph.sources()]


def test_setting_a_control_draws_the_new_graph(panel):
    before = panel.digest()
    assert panel.set(no_grad=True, arm="left") is panel
    assert panel.digest() != before
    assert [step.reason for step in panel.run.graph.steps] == ["no_grad"]
    assert panel.controls.values == {"x": 1.0, "no_grad": True, "arm": "left"}


@pytest.mark.parametrize(("values", "words"), [
    ({"nograd": True}, "no control 'nograd'; it has: x, no_grad, arm"),
    ({"no_grad": 1}, "give True or False"),
    ({"x": 5.0}, "from -3.0 to 3.0"),
    ({"x": "1"}, "takes a number"),
    ({"arm": "right"}, "choose one of 'auto', 'left'"),
])
def test_a_wrong_value_is_refused_and_changes_nothing(panel, values, words):
    before = dict(panel.values)
    with pytest.raises((TypeError, ValueError), match=words):
        panel.set(**({"arm": "left"} | values))
    assert panel.values == before


def test_a_change_in_the_browser_runs_and_is_answered(panel):
    panel.digest()
    panel.controls.set_state({"values": {"x": 2, "no_grad": True, "arm": "auto"}, "asked": 1})
    assert panel.controls.done == 1
    assert panel.values["no_grad"] is True
    assert [step.reason for step in panel.run.graph.steps] == ["no_grad"]


def test_a_forged_change_is_refused_in_words_and_answered(panel):
    digest = panel.digest()
    panel.controls.set_state({"values": {"x": 99, "no_grad": False, "arm": "auto"}, "asked": 1})
    assert (panel.controls.done, panel.values["x"], panel.digest()) == (1, 1.0, digest)
    assert "lies outside" in panel.graph.error


def test_an_exception_is_one_sentence_and_the_last_graph_stays(panel):
    digest = panel.digest()
    panel.set(x=2.5)
    assert re.fullmatch(r"ValueError: x is too large \(line \d+\)", panel.graph.error)
    assert (panel.graph.stale, panel.digest()) == (True, digest)
    panel.set(x=1.0)
    assert (panel.graph.stale, panel.graph.error) == (False, "")


def test_all_states_are_printed_the_same_each_time_and_the_panel_stays(panel, capsys):
    panel.set(no_grad=True)
    before = dict(panel.values), panel.digest()
    assert panel.states() is None
    first = capsys.readouterr().out
    panel.states()
    assert capsys.readouterr().out == first
    assert (dict(panel.values), panel.digest()) == before
    lines = first.splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("x=-3  no_grad=off  arm=auto | ")
    counts = "1 op, 1 recorded; 1 leaf requiring grad, 0 with a gradient"
    assert lines[0].endswith(f" | {counts} | running / y = -6.0, arm = auto")
    assert "ValueError: x is too large" in lines[-1]


def test_sliders_stay_where_they_are_when_the_states_would_be_too_many():
    def wide(a=False, b=False, c=False, x=(0, 10), y=(0, 10)):
        pass

    assert len(all_states(read_controls(wide, {}))) == 8


def test_the_text_of_a_panel_is_the_same_in_every_session(panel):
    data = panel._repr_mimebundle_()
    assert data["text/plain"].startswith("x=1  no_grad=off  arm=auto\n")
    assert data["text/plain"].endswith("running\ny = 2.0, arm = auto")
    assert not re.search(r"0x|model_id|IPY_MODEL", data["text/plain"])
    assert "application/vnd.jupyter.widget-view+json" in data


def test_an_ipywidgets_widget_is_taken_as_it_is():
    @viz.playground(n=ipywidgets.IntSlider(2, min=0, max=5))
    def times(n):
        x = mg.ones(2)
        for _ in range(n):
            x = x * 2

    assert len(ops(times.run)) == 2
    times._controls["n"].widget.value = 4
    assert len(ops(times.run)) == 4
    times.set(n=1)
    assert times._controls["n"].widget.value == 1
    assert times._controls["n"].widget.description == "n"  # it had none, and nobody could tell what it is for


@pytest.mark.parametrize(("value", "text"), [
    (None, ""), ("word", "word"), (0.1 + 0.2, "0.3"), ([1, 2.5], "1, 2.5"), ({"a": None}, "a = None"), (True, "True"),
])
def test_what_is_returned_is_shown_short_and_stable(value, text):
    assert shown(value) == text


def test_an_object_is_shown_without_its_address():
    assert "0x" not in shown(object())
