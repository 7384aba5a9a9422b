"""Schedules that go up and down, while momentum, if asked, goes the other way."""

from __future__ import annotations

import math

from .schedule import LRScheduler, check_optimizer, one_each, set_rate


def _has_beta1(optimizer):
    """Whether its momentum is called beta1. Errors: ValueError when it has none."""
    if not {"momentum", "betas"} & optimizer.defaults.keys():
        raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
    return "betas" in optimizer.defaults


def _set_momentum(group, value):
    group.update(betas=(value, *group["betas"][1:])) if "betas" in group else group.update(momentum=value)


class CyclicLR(LRScheduler):
    """From base_lr up to max_lr in `step_size_up` steps and down again in `step_size_down`, over and over.

    Call `step()` after every batch. Modes: "triangular"; "triangular2", each cycle half as high as the last;
    "exp_range", heights gamma^steps; or a `scale_fn` of the cycle's number (of the steps: scale_mode "iterations").
    Source: Smith (2017), "Cyclical learning rates for training neural networks".
    """

    def __init__(self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular", gamma=1.0,
                 scale_fn=None, scale_mode="cycle", cycle_momentum=True, base_momentum=0.8, max_momentum=0.9,
                 last_epoch=-1):  # fmt: skip
        check_optimizer(optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"mode is invalid and scale_fn is None: {mode!r}; use triangular, triangular2, exp_range")
        base_lrs, self.max_lrs = (one_each(name, given, optimizer)
                                  for name, given in (("base_lr", base_lr), ("max_lr", max_lr)))  # fmt: skip
        up, down = float(step_size_up), float(step_size_up if step_size_down is None else step_size_down)
        self.total_size, self.step_ratio = up + down, up / (up + down)
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _has_beta1(optimizer)
            self.base_momentums = one_each("base_momentum", base_momentum, optimizer)
            self.max_momentums = one_each("max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for i, group in enumerate(optimizer.param_groups):
                set_rate(group, base_lrs[i])
                if cycle_momentum:
                    _set_momentum(group, self.max_momentums[i])
                    group.update(max_momentum=self.max_momentums[i], base_momentum=self.base_momentums[i])
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x):
        """The height of a cycle, as a part of the first one's."""
        if self._scale_fn_custom:
            return self._scale_fn_custom(x)
        return {"triangular": 1.0, "triangular2": 0.5 ** (x - 1), "exp_range": self.gamma**x}[self.mode]

    def _next(self, lr, i):
        """How far up it is in this cycle, times the cycle's height."""
        group, done = self.optimizer.param_groups[i], self.last_epoch / self.total_size
        cycle, x = math.floor(done) + 1, done % 1
        part = x / self.step_ratio if x <= self.step_ratio else (1 - x) / (1 - self.step_ratio)
        part *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            low, high = self.base_momentums[i], self.max_momentums[i]
            _set_momentum(group, high - (high - low) * part)
        base = group["initial_lr"]
        return base + (self.max_lrs[i] - base) * part


class OneCycleLR(LRScheduler):
    """Up from max_lr / div_factor to `max_lr`, then down to nearly nothing, while momentum goes the other way.

    Call `step()` after every batch; `total_steps` (or `epochs` and `steps_per_epoch`) is how many there will be.
    Source: Smith, Topin (2018), "Super-convergence: very fast training of neural networks using large learning rates".
    """

    def __init__(self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
                 anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0,
                 final_div_factor=1e4, three_phase=False, last_epoch=-1):  # fmt: skip
        check_optimizer(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type, self.cycle_momentum = anneal_strategy, cycle_momentum
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        max_lrs = one_each("max_lr", max_lr, optimizer)
        if cycle_momentum:
            self.use_beta1 = _has_beta1(optimizer)
            high = one_each("max_momentum", max_momentum, optimizer)
            low = one_each("base_momentum", base_momentum, optimizer)
        if last_epoch == -1:
            for i, group in enumerate(optimizer.param_groups):
                first = max_lrs[i] / div_factor
                group.update(initial_lr=first, max_lr=max_lrs[i], min_lr=first / final_div_factor)
                if cycle_momentum:
                    group.update(max_momentum=high[i], base_momentum=low[i])
                    _set_momentum(group, high[i])
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        if self.last_epoch > self.total_steps:
            raise ValueError(f"Tried to step {self.last_epoch} times. The specified number of total steps is "
                             f"{self.total_steps}")  # fmt: skip
        group, start = self.optimizer.param_groups[i], 0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if self.last_epoch <= end or phase is self._schedule_phases[-1]:
                break
            start = end
        done = (self.last_epoch - start) / (end - start)
        if self.cycle_momentum:
            _set_momentum(group, self._between(group, phase, "momentum", done))
        return self._between(group, phase, "lr", done)

    def _between(self, group, phase, what, done):
        """The value a part `done` of the way through a phase."""
        start, end = group[phase["start_" + what]], group[phase["end_" + what]]
        if self._anneal_func_type == "linear":
            return (end - start) * done + start
        return end + (start - end) / 2 * (math.cos(math.pi * done) + 1)


def _total_steps(total_steps, epochs, steps_per_epoch):
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch} if total_steps is None else {
        "total_steps": total_steps}  # fmt: skip
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(given.values())


def _phases(total, part, three):
    """Where each phase ends, and between which of the group's values it goes."""
    ends = [(part * total - 1, "max_lr", "base_momentum")]
    if three:
        ends.append((2 * part * total - 2, "initial_lr", "max_momentum"))
    ends.append((total - 1, "min_lr", "max_momentum"))
    phases, lr, momentum = [], "initial_lr", "max_momentum"
    for end, next_lr, next_momentum in ends:
        phases.append({"end_step": end, "start_lr": lr, "end_lr": next_lr,
                       "start_momentum": momentum, "end_momentum": next_momentum})  # fmt: skip
        lr, momentum = next_lr, next_momentum
    return phases
