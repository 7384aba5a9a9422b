"""The benchmark measures the same computation everywhere: checked here on small inputs, without timing."""

import json
from pathlib import Path

import pytest

import minigrad as mg
from tests.bench import buffers, devices, handwritten, measure, ops, report, steps
from tests.bench.workloads import WORKLOADS

ROWS = {workload.name: workload for workload in WORKLOADS}


@pytest.fixture(scope="module")
def libraries():
    """minigrad and hand-written NumPy; the others are compared whenever the benchmark runs."""
    return measure.adapters(without=("torch", *measure.PEERS))[0]


@pytest.mark.parametrize("name", ROWS)
def test_minigrad_computes_what_is_written_by_hand(name, libraries):
    """Losses of three steps of training, each after an update, so gradients as well; outputs and gradients of ops."""
    built, failed = measure.steps(ROWS[name], libraries, tiny=True)
    assert set(built) == {"minigrad", "numpy"} and not failed


@pytest.mark.parametrize("name", steps.TARGETS)
def test_compiled_steps_compute_what_is_written_by_hand(name):
    """Three steps, of which the last two at least are replayed, beside NumPy by hand."""
    built, failed = measure.steps(ROWS[name], {"compiled": steps.Compiled(), "buffers": buffers}, tiny=True)
    assert set(built) == ({"compiled", "buffers"} if ROWS[name].kind == "mlp" else {"compiled"}) and not failed


def test_when_recording_has_paid_is_counted_from_what_each_step_gains(monkeypatch):
    clock = iter([0.0, 10.0, *[0.0, 20.0] * 5])  # the first takes 10, twenty more take 1 each
    monkeypatch.setattr(steps.time, "process_time", lambda: next(clock))
    assert steps.paid_back(lambda: lambda: None, 3.0) == (10.0, 3.5)


@pytest.mark.parametrize(
    "name", ["mlp digits batch 32", "gru vowels batch 32", "lenet batch 32", "two-branch batch 32"]
)
def test_a_wrong_gradient_is_noticed(name, libraries, monkeypatch):
    loss = handwritten._softmax_loss

    def wrong(scores, y):
        value, gradient = loss(scores, y)
        return value, 1.2 * gradient

    monkeypatch.setattr(handwritten, "_softmax_loss", wrong)
    with pytest.raises(measure.WrongAnswer, match="minigrad"):
        measure.steps(ROWS[name], libraries, tiny=True)


def test_ratios_are_medians_of_rounds_and_the_table_says_what_is_met():
    found = {"minigrad": [1.0, 2.0, 9.0], "torch": [2.0, 2.0, 3.0]}
    assert measure.ratio(found, "minigrad", "torch") == 1
    assert measure.ratio(found, "minigrad", "numpy") is None
    row = {"name": "one", "unit": "us", "failed": {"jax": "no"}, "values": {"minigrad": 2.0, "torch": 1234.5},
           "ratios": {"torch": [1.0, 0.5], "numpy": [None, 1.1]}}  # fmt: skip
    text = report.table([row], ["minigrad", "torch"])
    assert "2.00" in text and "1,234" in text and "NO" in text and "yes" not in text and "one: jax cannot: no" in text


def test_the_two_clocks_of_the_device_benchmark():
    """The call is back before the work is done, and what is measured is what the file for readers without a GPU has."""
    waited = []
    steps = {"minigrad cpu": devices.chain(mg, "cpu", 16), "other": devices.network(mg, "cpu", 4, reads=2)}
    found = devices.measure(steps, lambda: waited.append(1))
    assert all(0 < back <= done for back, done in found.values()) and len(waited) >= 2 * devices.ROUNDS
    recorded = json.loads((Path(__file__).parent.parent / "notebooks" / "devices.json").read_text("utf-8"))
    assert recorded["machine"]["gpu"] and recorded["machine"]["cpu"]
    for name, values in (("chain", devices.SIZES), ("network", devices.BATCHES), ("reading", devices.READS)):
        assert [row["value"] for row in recorded[name]] == values
        assert all(row[f"minigrad {device}"][1] > 0 for row in recorded[name] for device in ("cpu", "cuda"))


def test_every_line_beside_pytorch_runs_forward_and_back():
    lines = ops.programs(mg)
    assert set(lines) == set(ops.LINES) and sum(both is not None for _, both in lines.values()) > 70
    for forward, both in lines.values():
        forward()
        assert both is None or all(g.shape for g in both())
