"""Schedules: where one begins, goes on and ends, what is saved of it, and what is refused. The rates themselves are
compared with PyTorch's in twin_optim."""

import pytest

import minigrad as mg

W = mg.ones(1, requires_grad=True)


def schedule(make, lr=1.0):
    optimizer = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=lr, momentum=0.5)
    return make(mg.optim.lr_scheduler, optimizer)


@pytest.mark.parametrize(("make", "kind", "words"), [
    (lambda s, o: s.StepLR(W, 3), TypeError, "Tensor is not an Optimizer"),
    (lambda s, o: s.StepLR(o, 3, last_epoch=2), KeyError, "initial_lr"),
    (lambda s, o: s.LambdaLR(o, [abs, abs]), ValueError, "Expected 1 lr_lambdas, but got 2"),
    (lambda s, o: s.MultiplicativeLR(o, 0.5), TypeError, "lr_lambda should be a function, but got float"),
    (lambda s, o: s.ConstantLR(o, 2), ValueError, "between 0 and 1"),
    (lambda s, o: s.LinearLR(o, 0), ValueError, "greater than 0"),
    (lambda s, o: s.LinearLR(o, 1, 2), ValueError, "between 0 and 1"),
    (lambda s, o: s.CosineAnnealingWarmRestarts(o, 0), ValueError, "positive integer T_0"),
    (lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 1.5), ValueError, "T_mult >= 1"),
    (lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 1, None), ValueError, "eta_min"),
    (lambda s, o: s.CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError, "non-negative epoch"),
    (lambda s, o: s.OneCycleLR(o, 1), ValueError, "either total_steps OR"),
    (lambda s, o: s.OneCycleLR(o, 1, 0), ValueError, "positive integer total_steps"),
    (lambda s, o: s.OneCycleLR(o, 1, epochs=2, steps_per_epoch=-1), ValueError, "positive integer steps_per_epoch"),
    (lambda s, o: s.OneCycleLR(o, 1, 9, pct_start=2), ValueError, "pct_start"),
    (lambda s, o: s.OneCycleLR(o, 1, 9, anneal_strategy="up"), ValueError, "anneal_strategy"),
    (lambda s, o: s.CyclicLR(o, 0.1, 1, mode="up"), ValueError, "mode is invalid"),
    (lambda s, o: s.CyclicLR(o, [0.1, 1], 1), ValueError, "base_lr must have the same length"),
    (lambda s, o: s.CyclicLR(mg.optim.Adagrad([W]), 0.1, 1), ValueError, "support momentum or beta1"),
    (lambda s, o: s.OneCycleLR(o, [1, 2], 9), ValueError, "max_lr must have the same length"),
    (lambda s, o: s.OneCycleLR(mg.optim.Adagrad([W]), 1, 9), ValueError, "support momentum or beta1"),
    (lambda s, o: s.ReduceLROnPlateau(o, factor=1), ValueError, "< 1.0"),
    (lambda s, o: s.ReduceLROnPlateau(o, "low"), ValueError, "mode low is unknown"),
    (lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold mode x is unknown"),
    (lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError, "same length"),
    (lambda s, o: s.SequentialLR(o, [], []), ValueError, "at least one scheduler"),
    (lambda s, o: s.SequentialLR(o, [W], []), TypeError, "is no scheduler"),
    (lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], [1]), ValueError, "one more than"),
    (lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]), ValueError, "ReduceLROnPlateau"),
    (lambda s, o: s.ChainedScheduler([s.StepLR(o, 1), s.StepLR(mg.optim.SGD([W]), 1)]), ValueError, "same optimizer"),
    (lambda s, o: s.LRScheduler(o), NotImplementedError, r"define get_lr"),
])  # fmt: skip
def test_a_wrong_schedule_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        schedule(make)


def test_a_step_before_the_optimizers_first_is_warned_of():
    steps = schedule(lambda s, o: s.StepLR(o, 2))
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        steps.step()
    other = schedule(lambda s, o: s.StepLR(o, 2))
    other.optimizer.step()
    other.step()
    with pytest.warns(UserWarning, match="get_last_lr"):
        other.get_lr()
    assert other.get_last_lr() == [1.0]


@pytest.mark.parametrize("make", [
    lambda s, o: s.StepLR(o, 2, 0.5), lambda s, o: s.MultiStepLR(o, [1, 3], 0.5), lambda s, o: s.LinearLR(o, 0.5),
    lambda s, o: s.ConstantLR(o, 0.5, 3), lambda s, o: s.ExponentialLR(o, 0.5), lambda s, o: s.PolynomialLR(o, 6),
    lambda s, o: s.CosineAnnealingLR(o, 6), lambda s, o: s.LambdaLR(o, lambda epoch: 0.5**epoch),
])  # fmt: skip
def test_an_epoch_can_be_named_and_gives_the_same_rate(make):
    walked, jumped = schedule(make), schedule(make)
    for _ in range(4):
        walked.optimizer.step()
        walked.step()
    jumped.optimizer.step()
    with pytest.warns(UserWarning, match="deprecated"):
        jumped.step(4)
    assert jumped.get_last_lr() == pytest.approx(walked.get_last_lr(), rel=1e-14) and jumped.last_epoch == 4


def test_restarts_take_parts_of_an_epoch_and_any_epoch():
    walked = schedule(lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 2))
    for _ in range(9):
        walked.step()
    jumped = schedule(lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 2))
    jumped.step(9)
    assert jumped.get_last_lr() == walked.get_last_lr() and (jumped.T_cur, jumped.T_i) == (3, 8)
    jumped.step(2.5)
    assert jumped.last_epoch == 2 and jumped.T_cur == 0.5
    plain = schedule(lambda s, o: s.CosineAnnealingWarmRestarts(o, 4))
    plain.step(6)
    assert plain.get_last_lr() == [pytest.approx(0.5)]


@pytest.mark.parametrize("make", [
    lambda s, o, **options: s.CyclicLR(o, 0.1, 1.0, 3, 2, scale_fn=abs, cycle_momentum=False, **options),
    lambda s, o, **options: s.StepLR(o, 3, **options), lambda s, o, **options: s.OneCycleLR(o, 1.0, 9, **options),
])  # fmt: skip
def test_a_schedule_can_begin_in_the_middle(make):
    straight = schedule(make)
    for _ in range(4):
        straight.optimizer.step()
        straight.step()
    optimizer = mg.optim.SGD([W], lr=0.5)
    optimizer.load_state_dict(straight.optimizer.state_dict())
    resumed = make(mg.optim.lr_scheduler, optimizer, last_epoch=straight.last_epoch)
    optimizer.step()
    straight.step()
    assert resumed.get_last_lr() == pytest.approx(straight.get_last_lr())


def test_one_cycle_ends():
    cycle = schedule(lambda s, o: s.OneCycleLR(o, 1, 3, cycle_momentum=False))
    cycle.optimizer.step()
    for _ in range(3):
        cycle.step()
    with pytest.raises(ValueError, match=r"Tried to step 4 times\. The specified number of total steps is 3"):
        cycle.step()


def test_a_plateau_follows_new_groups_or_asks_for_their_limits():
    def grown(**options):
        plateau = schedule(lambda s, o: s.ReduceLROnPlateau(o, patience=0, **options))
        plateau.optimizer.add_param_group({"params": mg.ones(1), "lr": 0.5})
        plateau.step(mg.tensor(1.0))
        plateau.step(1.0)
        return plateau

    assert grown().get_last_lr() == pytest.approx([0.1, 0.05])
    assert grown(min_lr=0.2).get_last_lr() == pytest.approx([0.2, 0.2])
    with pytest.raises(RuntimeError, match="Set min_lrs"):
        grown(min_lr=[0.2])
    with pytest.warns(UserWarning, match="deprecated"):
        grown().step(1.0, epoch=7)


def test_callable_objects_are_saved_with_their_attributes_and_functions_are_not():
    class Decay:
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, epoch):
            return self.rate**epoch

    saved = schedule(lambda s, o: s.LambdaLR(o, Decay(0.5))).state_dict()
    assert saved["lr_lambdas"] == [{"rate": 0.5}]
    other = schedule(lambda s, o: s.LambdaLR(o, Decay(0.9)))
    other.load_state_dict(saved)
    assert other.lr_lambdas[0].rate == 0.5
    assert schedule(lambda s, o: s.MultiplicativeLR(o, lambda epoch: 1)).state_dict()["lr_lambdas"] == [None]
