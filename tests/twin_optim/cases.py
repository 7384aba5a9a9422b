"""The cases, drawn from a seed, and how one is run on either framework.

A case is an optimizer with drawn options, perhaps a second parameter group, perhaps a schedule, perhaps one save and
load on the way. Gradients are drawn as well, so that nothing but the optimizer is compared; some are missing (None).
"""

from __future__ import annotations

import copy
import pathlib
import random
import warnings

import numpy as np

ANSWERS = pathlib.Path(__file__).with_name("answers.npz")
COUNT, STEPS, LOOKS = 160, 50, (1, 10, 50)  # after these steps the parameters are compared
SHAPES = ((), (3,), (2, 3), (0, 2))
DRAWN = {  # what each optimizer is given besides lr; the first is the commonest
    "SGD": dict(momentum=(0, 0.9, 0.5), weight_decay=(0, 0.1), maximize=(False, True)),
    "Adam": dict(betas=((0.9, 0.999), (0.5, 0.9)), eps=(1e-8, 1e-3), weight_decay=(0, 0.1), amsgrad=(False, True),
                 maximize=(False, True), decoupled_weight_decay=(False, True)),
    "AdamW": dict(betas=((0.9, 0.999), (0.0, 0.99)), weight_decay=(0.01, 0, 0.3), amsgrad=(False, True)),
    "NAdam": dict(betas=((0.9, 0.999), (0.5, 0.9)), weight_decay=(0, 0.1), momentum_decay=(4e-3, 0.1),
                  decoupled_weight_decay=(False, True), maximize=(False, True)),
    "RAdam": dict(betas=((0.9, 0.999), (0.5, 0.9)), weight_decay=(0, 0.1), decoupled_weight_decay=(False, True),
                  maximize=(False, True)),
    "Adamax": dict(betas=((0.9, 0.999), (0.5, 0.9)), eps=(1e-8, 1e-3), weight_decay=(0, 0.1), maximize=(False, True)),
    "RMSprop": dict(alpha=(0.99, 0.5), eps=(1e-2,), weight_decay=(0, 0.1), momentum=(0, 0.9), centered=(False, True),
                    maximize=(False, True)),
    "Adagrad": dict(lr_decay=(0, 0.1), weight_decay=(0, 0.1), initial_accumulator_value=(0, 0.5),
                    maximize=(False, True)),
    "Adadelta": dict(lr=(1.0, 0.1), rho=(0.9, 0.5), weight_decay=(0, 0.1), maximize=(False, True)),
}  # fmt: skip
SCHEDULES = {
    "none": lambda s, o: None,
    "lambda": lambda s, o: s.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.95),
    "step": lambda s, o: s.StepLR(o, 7, 0.5),
    "multistep": lambda s, o: s.MultiStepLR(o, [5, 5, 20], 0.5),
    "constant": lambda s, o: s.ConstantLR(o, 0.25, 9),
    "linear": lambda s, o: s.LinearLR(o, 0.1, 0.8, 12),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.93),
    "polynomial": lambda s, o: s.PolynomialLR(o, 30, 2.0),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 13, 1e-4),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 6),
    "longer restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, 2, 1e-5),
    "one cycle": lambda s, o: s.OneCycleLR(o, 0.2, 60, cycle_momentum=bool({"momentum", "betas"} & {*o.defaults})),
    "three phases": lambda s, o: s.OneCycleLR(
        o, 0.2, epochs=6, steps_per_epoch=10, three_phase=True, anneal_strategy="linear", cycle_momentum=False),
    "cycles": lambda s, o: s.CyclicLR(o, 0.01, 0.3, 4, 7, "triangular2", cycle_momentum="momentum" in o.defaults),
    "warm-up": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=5), s.CosineAnnealingLR(o, 20), s.ExponentialLR(o, 0.9)], [5, 25]),
    "sequence": lambda s, o: s.SequentialLR(
        o, [s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.97)]), s.MultiStepLR(o, [4])], [6]),
    "chain": lambda s, o: s.ChainedScheduler([s.LinearLR(o, 0.1, total_iters=5), s.ExponentialLR(o, 0.97)]),
    "plateau": lambda s, o: s.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=1, min_lr=1e-3),
    "rising plateau": lambda s, o: s.ReduceLROnPlateau(o, "max", patience=1, threshold_mode="abs", threshold=0.01),
}  # fmt: skip


def case(number):
    """Case `number` of COUNT: (optimizer, options, options of a second group or None, schedule, dtype, step of the
    save and load or None, seed of the gradients)."""
    pick = random.Random(number)
    name = list(DRAWN)[number % len(DRAWN)]
    options = {"lr": pick.choice((0.01, 0.1, 1.0))}
    options |= {key: pick.choice(values) for key, values in DRAWN[name].items()}
    if options.get("momentum") and name == "SGD":
        options |= pick.choice(({"nesterov": True}, {"dampening": 0.3}, {}))
    schedule = list(SCHEDULES)[number % len(SCHEDULES)]
    group = pick.choice((None, {"lr": 0.02}))
    return name, options, group, schedule, ("float32", "float64")[number % 2], pick.choice((None, 17)), 1000 + number


def run(framework, number):
    """(parameters after each of LOOKS, one long float64 array; learning rates after each step) of one case."""
    name, options, group, schedule, dtype, reload_at, seed = case(number)
    numbers = np.random.default_rng(seed)

    def build(values):
        params = [framework.tensor(value, requires_grad=True) for value in values]
        groups = [{"params": params[:2]}, {"params": params[2:], **group}] if group else params
        optimizer = getattr(framework.optim, name)(groups, **options)
        return params, optimizer, SCHEDULES[schedule](framework.optim.lr_scheduler, optimizer)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of the step that SequentialLR takes back
        params, optimizer, scheduler = build([_drawn(numbers, shape, dtype) for shape in SHAPES])
        looks, rates = [], []
        for step in range(1, STEPS + 1):
            for p in params:
                gradient = _drawn(numbers, p.shape, dtype)
                p.grad = framework.tensor(gradient) if numbers.random() > 0.15 else None
            optimizer.step()
            metric = float(numbers.standard_normal())
            if scheduler is not None:
                scheduler.step(*[metric] * ("plateau" in schedule))
                rates.append(list(scheduler.get_last_lr()))
            if step == reload_at:
                state = copy.deepcopy((optimizer.state_dict(), scheduler and scheduler.state_dict()))
                params, optimizer, scheduler = build([p.detach().numpy().copy() for p in params])
                if scheduler is not None:
                    scheduler.load_state_dict(state[1])
                optimizer.load_state_dict(state[0])
            if step in LOOKS:
                looks += [p.detach().numpy().astype(np.float64).ravel() for p in params]
    return np.concatenate(looks), np.array(rates, np.float64).ravel()


def _drawn(numbers, shape, dtype):
    return np.asarray(numbers.standard_normal(tuple(shape)) * 10.0 ** numbers.integers(-2, 2)).astype(dtype)
