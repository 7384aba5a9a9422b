"""What all schedules share, and those that are a formula of the epoch.

A schedule writes the learning rate of each parameter group. Most do it from the rate that is there (`_next`), so that
several may act on one optimizer, and can also say it outright for any epoch (`_closed`).
"""

from __future__ import annotations

import math
import types
import warnings
from bisect import bisect_right
from collections import Counter

from ..tensor import Tensor
from .optimizer import Optimizer, number


def rates(optimizer, name="lr"):
    """This option of each group, as numbers."""
    return [number(group[name]) for group in optimizer.param_groups]


def set_rate(group, lr):
    """Write a group's learning rate; one that is a tensor stays that tensor."""
    if isinstance(group["lr"], Tensor):
        group["lr"].array[...] = lr
    else:
        group["lr"] = lr


def check_optimizer(optimizer):
    """TypeError for anything but an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer: a schedule takes the optimizer first")


def one_each(name, given, optimizer):
    """One value for each group: the list that was given, or the one value for all."""
    count = len(optimizer.param_groups)
    if not isinstance(given, (list, tuple)):
        return [given] * count
    if len(given) != count:
        raise ValueError(f"{name} must have the same length as optimizer.param_groups: {len(given)} for {count}")
    return list(given)


class LRScheduler:
    """Sets the learning rate of each group; call `step()` after the optimizer's, usually once per epoch.

    Write your own with a `get_lr` that returns one rate per group, from `self.base_lrs` and `self.last_epoch`.
    Errors: TypeError without an optimizer; KeyError when `last_epoch` says that training goes on, but the groups have
    no "initial_lr". A step before the optimizer's first gives a warning, since it skips the first rate.
    """

    _get_lr_called_within_step = _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", number(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                               "last_epoch >= 0: load the optimizer's state_dict first")  # fmt: skip
        self.base_lrs = rates(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if optimizer._opt_called is None:
            optimizer._opt_called = False
        self._initial_step()

    def _initial_step(self):
        self._step_count, self._is_initial = 0, True
        try:
            self.step()
        finally:
            self._is_initial = False

    def step(self, epoch=None):
        """Go to the next epoch, or (PyTorch is giving this up) to the one given, and set the rates."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn("Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first value of the "
                          "schedule is skipped. Call optimizer.step() first.", stacklevel=2)  # fmt: skip
        if epoch is not None:
            warnings.warn("The epoch parameter in `scheduler.step()` is deprecated; call step() once per epoch.",
                          stacklevel=2)  # fmt: skip
        self._step_count += 1
        self._update_lr(epoch)

    def _update_lr(self, epoch=None):
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._get_lr_called_within_step = True
        try:
            lrs = self.get_lr() if epoch is None or not hasattr(self, "_closed") else self._get_closed_form_lr()
        finally:
            self._get_lr_called_within_step = False
        self._set(lrs)

    def _set(self, lrs):
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            set_rate(group, lr)
        self._last_lr = rates(self.optimizer)

    def get_last_lr(self):
        """The rates that were set last, one per group."""
        return self._last_lr

    def get_lr(self):
        """The rates for `last_epoch`; `step` calls it. To ask for the rates in use, call `get_last_lr()`."""
        if not self._get_lr_called_within_step:
            warnings.warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                          stacklevel=2)  # fmt: skip
        return [self._next(lr, i) for i, lr in enumerate(rates(self.optimizer))]

    def _next(self, lr, i):
        """The rate of group i for `last_epoch`, given the one that it has now."""
        raise NotImplementedError(f"{type(self).__name__} does not say what the next rate is: define get_lr()")

    def _get_closed_form_lr(self):
        return [self._closed(base) for base in self.base_lrs]

    def state_dict(self):
        """All that it has to remember, apart from the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict):
        """Go on from a saved state."""
        self.__dict__.update(state_dict)


class _ByFunction(LRScheduler):
    """Rates from functions of the epoch, one for each group or one for all. Functions are not saved; callable objects
    are, as their attributes."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        check_optimizer(optimizer)
        if isinstance(lr_lambda, (list, tuple)) and len(lr_lambda) != len(optimizer.param_groups):
            raise ValueError(f"Expected {len(optimizer.param_groups)} lr_lambdas, but got {len(lr_lambda)}")
        self.lr_lambdas = one_each("lr_lambda", lr_lambda, optimizer)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self):
        plain = [isinstance(function, types.FunctionType) for function in self.lr_lambdas]
        kept = [None if p else dict(vars(f)) for p, f in zip(plain, self.lr_lambdas, strict=True)]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict):
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        self.lr_lambdas = functions
        for function, attributes in zip(functions, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                vars(function).update(attributes)


class LambdaLR(_ByFunction):
    """The first rate times `lr_lambda(epoch)`.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch)).get_last_lr()
    [1.0]
    """

    def _next(self, lr, i):
        return self.base_lrs[i] * self.lr_lambdas[i](self.last_epoch)


class MultiplicativeLR(_ByFunction):
    """The rate before, times `lr_lambda(epoch)`."""

    def _next(self, lr, i):
        return lr if self._is_initial else lr * self.lr_lambdas[i](self.last_epoch)


class StepLR(LRScheduler):
    """Times `gamma` every `step_size` epochs.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule, seen = StepLR(optimizer, step_size=2), []
    >>> for epoch in range(5):
    ...     optimizer.step()
    ...     seen.append(round(schedule.get_last_lr()[0], 4))
    ...     schedule.step()
    >>> seen
    [1.0, 1.0, 0.1, 0.1, 0.01]
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        return lr if not self.last_epoch or self.last_epoch % self.step_size else lr * self.gamma

    def _closed(self, base):
        return base * self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(LRScheduler):
    """Times `gamma` at each of the epochs in `milestones`; one that is there twice counts twice."""

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        times = self.milestones[self.last_epoch]
        return lr * self.gamma**times if times else lr

    def _closed(self, base):
        return base * self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)

    def load_state_dict(self, state_dict):
        super().load_state_dict({**state_dict, "milestones": Counter(state_dict["milestones"])})


class ConstantLR(LRScheduler):
    """Times `factor` for the first `total_iters` epochs, then as it was."""

    def __init__(self, optimizer, factor=1 / 3, total_iters=5, last_epoch=-1):
        if not 0 <= factor <= 1:
            raise ValueError(f"Constant multiplicative factor expected to be between 0 and 1, not {factor}")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        if self.last_epoch == 0:
            return lr * self.factor
        return lr * (1 / self.factor) if self.last_epoch == self.total_iters else lr

    def _closed(self, base):
        return base * (1 if self.last_epoch >= self.total_iters else self.factor)


class LinearLR(LRScheduler):
    """From `start_factor` to `end_factor` times the rate in `total_iters` equal steps: a warm-up."""

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        if not 0 < start_factor <= 1:
            raise ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1, "
                             f"not {start_factor}")  # fmt: skip
        if not 0 <= end_factor <= 1:
            raise ValueError(f"Ending multiplicative factor expected to be between 0 and 1, not {end_factor}")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        if self.last_epoch == 0:
            return lr * self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        return lr * (1 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise))

    def _closed(self, base):
        done = min(self.total_iters, self.last_epoch) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class ExponentialLR(LRScheduler):
    """Times `gamma` every epoch."""

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        return lr if self._is_initial else lr * self.gamma

    def _closed(self, base):
        return base * self.gamma**self.last_epoch


class PolynomialLR(LRScheduler):
    """Falls to 0 in `total_iters` epochs, as (1 - epoch / total_iters) ** power."""

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        left, before = (1 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
        return lr * (left / before) ** self.power

    def _closed(self, base):
        return base * (1 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power


class CosineAnnealingLR(LRScheduler):
    """Half a cosine, from the first rate down to `eta_min` in `T_max` epochs; and up again, if it goes on.

    Source: Loshchilov, Hutter (2017), "SGDR: stochastic gradient descent with warm restarts".
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def _next(self, lr, i):
        if self._is_initial:
            return lr
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # just past the bottom: the ratio is 0 / 0
            return lr + (self.base_lrs[i] - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        now, before = (1 + math.cos(math.pi * n / self.T_max) for n in (self.last_epoch, self.last_epoch - 1))
        return now / before * (lr - self.eta_min) + self.eta_min

    def _closed(self, base):
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
