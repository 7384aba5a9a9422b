"""What is shown of a compiled function: the recording that a call runs, and where none fits, that."""

import math

import pytest

import minigrad as mg
import viz
from minigrad import jit


def bent(x):
    if x > 0:
        y = x * 2
    else:
        y = x.neg()
        y = y.exp()
    return y + 1


def test_of_a_compiled_function_that_recording_is_shown_which_the_inputs_run():
    compiled = jit.compile(bent)
    shown = viz.captures({"compile": compiled, "eager": bent}, x=(-2.0, 2.0))
    for x, ops in ((1.0, ["mul"]), (-1.0, ["neg", "exp"]), (2.0, ["mul"]), (-2.0, ["neg", "exp"])):
        assert "compile  gives" in shown.set(x=x).text and "other than" not in shown.text
        assert [step.op for step in shown.runs["compile"].graph.steps][2:-1] == ops
    assert len(compiled.variants) == 2 and compiled.calls == 4
    assert viz.graph_of(compiled, mg.tensor(1.0)).result.item() == 3.0
    assert viz.graph_of(compiled, -1.0).result.item() == pytest.approx(1 + math.exp(1))


def test_where_no_recording_fits_it_is_said_and_the_function_is_drawn_as_it_ran():
    def hard(x):
        return x * float(x.numpy().sum())

    shown = viz.captures({"compile": jit.compile(hard), "eager": hard}, x=(-2.0, 2.0)).set(x=2.0)
    row = shown.rows.rows[0]
    assert (row["gives"], row["verdict"]) == ("4.0", "same")
    assert row["way"].startswith("it ran as written: a tensor leaves for Python by numpy()")
    assert [step.op for step in shown.runs["compile"].graph.steps] == ["mul"]
    compiled = jit.compile(bent)
    compiled.history += [(0, None, "too many", None)] * 32
    assert compiled(mg.tensor(1.0)).item() == 3.0 and compiled.ran is None
    shown = viz.captures({"compile": compiled, "eager": bent}, x=(-2.0, 2.0))
    assert "none of its 32 recordings fits, and it ran as written" in shown.set(x=1.0).text


def test_a_step_that_trains_is_not_run_to_be_shown():
    w = mg.tensor(2.0, requires_grad=True)
    opt = mg.optim.SGD([w], lr=0.1)

    @jit.compile
    def step(x):
        opt.zero_grad()
        loss = (w * x) ** 2
        loss.backward()
        opt.step()
        return loss

    step(mg.tensor(1.0))
    before, calls = w.item(), step.calls
    with pytest.raises(TypeError, match="takes 5 inputs"):  # those of the optimizer come along
        viz.graph_of(step, mg.tensor(1.0))
    assert step.calls == calls and w.item() == before
