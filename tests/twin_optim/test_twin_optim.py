"""Every optimizer and schedule walks the way that PyTorch's walks; its answers are recorded beside this file."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg

from . import cases

TOLERANCE = {"float32": 4e-6, "float64": 1e-14}  # of the largest number in a trajectory


@pytest.fixture(scope="module")
def recorded():
    """PyTorch's (parameters, learning rates) by case."""
    with np.load(cases.ANSWERS, allow_pickle=False) as stored:
        assert str(stored["version"]).startswith("2.13")
        values, rates = stored["values"], stored["rates"]
    answers, start = [], 0
    for number in range(cases.COUNT):
        _, _, group, schedule, *_ = cases.case(number)
        length = 0 if schedule == "none" else cases.STEPS * (2 if group else 1)
        answers.append((values[number], rates[start : start + length]))
        start += length
    assert start == len(rates)
    return answers


@pytest.mark.parametrize("number", range(cases.COUNT))
def test_the_trajectory_is_pytorchs(number, recorded):
    values, rates = cases.run(mg, number)
    theirs, their_rates = recorded[number]
    scale = max(1.0, np.abs(theirs).max())
    assert np.abs(values - theirs).max() <= TOLERANCE[cases.case(number)[4]] * scale
    np.testing.assert_allclose(rates, their_rates, rtol=1e-12, atol=0)


@pytest.mark.parametrize("number", range(3 * len(cases.DRAWN)))
def test_a_gpu_steps_as_the_cpu_does(number, gpu):
    name, options, *_, seed = cases.case(number)

    def stepped(device):
        numbers = np.random.default_rng(seed)
        start, gradients = numbers.standard_normal((2, 3)), numbers.standard_normal((5, 2, 3))
        p = mg.tensor(start).to(device).requires_grad_()
        optimizer = getattr(mg.optim, name)([p], **options)
        for gradient in gradients:
            p.grad = mg.tensor(gradient).to(device)
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        optimizer.step()
        assert p.device == device and optimizer.zero_grad(set_to_none=False) is None and p.grad.device == device
        return p.detach().cpu().numpy()

    np.testing.assert_allclose(stepped(gpu), stepped(mg.device("cpu")), rtol=1e-12)


def test_the_cases_cover_everything():
    drawn = [cases.case(number) for number in range(cases.COUNT)]
    assert {name for name, *_ in drawn} == set(cases.DRAWN)
    assert {schedule for _, _, _, schedule, *_ in drawn} == set(cases.SCHEDULES)
    optimizers = {name for name in mg.optim.__all__ if name[0].isupper()}
    assert optimizers - {"Optimizer"} == set(cases.DRAWN)
    for name, options in cases.DRAWN.items():
        for option, values in options.items():
            assert {given[option] for found, given, *_ in drawn if found == name} == set(values), (name, option)
