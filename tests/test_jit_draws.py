"""Random numbers in compiled functions: a run that ends early, because something does not hold, has drawn nothing."""

import pytest

import minigrad as mg
from minigrad import jit, nn
from minigrad.nn import functional as F


def both(function, inputs, generator=None, calls=10):
    """What a function gives call after call, as it is and compiled; each from the same seed."""
    found = []
    compiled = jit.compile(function)
    for run in (function, compiled):
        mg.manual_seed(4)
        if generator is not None:
            generator.manual_seed(5)
        found.append([run(*inputs).tolist() for _ in range(calls)] + [mg.rand(1).tolist()])
    assert found[0] == found[1]
    return compiled


def test_a_branch_that_goes_by_what_was_drawn():
    def step(x):
        y = F.dropout(x, 0.5)
        if y.sum() > 3:
            return y * 2
        return y * 3

    compiled = both(step, (mg.ones(4),))
    assert len(compiled.variants) == 2 and compiled.replayed == 8


def test_a_number_that_is_read_and_taken_for_granted():
    def step(x):
        return x * int((mg.rand(3) > 0.5).sum())

    assert len(both(step, (mg.ones(2),)).variants) > 1


def test_a_generator_of_its_own():
    source = mg.Generator()

    def step(x):
        noise = mg.randn(4, generator=source)
        other = mg.rand(4)
        return x + noise if noise.sum() > other.sum() else x - noise

    assert len(both(step, (mg.ones(4),), source, 16).variants) == 2


def test_a_class_that_is_not_there_is_found_before_anything_is_drawn():
    model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
    step = jit.compile(lambda x, y: F.cross_entropy(model(x), y))
    x, y = mg.ones(5, 4), mg.zeros(5, dtype=mg.int64)
    step(x, y), step(x, y)
    assert "positions.back(drawn, MISS)" not in step.source()  # the classes are looked at first: nothing to put back
    y[1], before = 3, mg.get_rng_state()
    mg.set_rng_state(before)
    with pytest.raises(IndexError, match="Target 3"):
        step(x, y)
    after = mg.rand(2)
    mg.set_rng_state(before)
    with pytest.raises(IndexError, match="Target 3"):
        F.cross_entropy(model(x), y)
    assert mg.equal(mg.rand(2), after)


def test_a_training_step_whose_branch_hangs_on_dropout():
    def trained(wrap):
        mg.manual_seed(2)
        model, head = nn.Linear(6, 6), nn.Linear(6, 3)
        optimizer = mg.optim.SGD([*model.parameters(), *head.parameters()], lr=0.1)
        x, y = mg.randn(8, 6), mg.randint(0, 3, (8,))

        def step(x, y):
            optimizer.zero_grad()
            before = model(x)
            h = F.dropout(before, 0.5)
            h = h.tanh() if h.sum() > before.sum() else h.relu()
            loss = F.cross_entropy(head(h), y)
            loss.backward()
            optimizer.step()
            return loss

        step = wrap(step)
        return [step(x, y).item() for _ in range(12)], step

    plain, compiled = trained(lambda step: step), trained(jit.compile)
    assert plain[0] == pytest.approx(compiled[0], rel=1e-4) and len(compiled[1].variants) == 2


def test_what_is_drawn_and_not_used_is_drawn_all_the_same():
    def step(x):
        mg.rand(3)
        return x + mg.rand(4)

    assert both(step, (mg.zeros(4),)).replayed == 9


def test_positions_are_noted_where_something_is_drawn_alone():
    deciding = jit.compile(lambda x: x * 2 if x.sum() > 0 else -x)
    drawing = jit.compile(lambda x: x + mg.rand(2))
    for _ in range(2):
        deciding(mg.ones(2)), drawing(mg.ones(2))
    assert deciding.replayed == drawing.replayed == 1
    assert "positions" not in deciding.source() and "positions.back(drawn, MISS)" not in drawing.source()


def test_a_function_that_draws_leaves_other_generators_where_they_are():
    source = mg.Generator().manual_seed(1)

    def step(x):
        y = x.exp()
        if y.sum() > 20:
            return y
        z = y * mg.rand(2, generator=source)
        return z if z.sum() > y.sum() else z + mg.rand(2)

    both(step, (mg.ones(2),), source, 12)
    both(step, (mg.ones(2) * 3,), source, 12)


def test_classes_that_change_before_they_are_looked_at():
    """What a loss looks at is not what was handed in: it is not looked at before that is there."""
    def step(x, y):
        h = F.dropout(x, 0.5)
        y.add_(1)
        return F.cross_entropy(h, y)

    compiled, found = jit.compile(step), []
    for run in (step, compiled):
        mg.manual_seed(4)
        for last in (0, 1, 2, 3, 0, -1, 1):
            y = mg.tensor([0, 1, last])
            try:
                loss = run(mg.ones(3, 4), y).item()
            except IndexError:
                loss = "out of range"
            found.append((loss, y.tolist(), mg.rand(1).item()))
    assert found[3][0] == found[10][0] == "out of range"
    for a, b in zip(found[:7], found[7:], strict=True):
        assert a[1:] == b[1:] and (a[0] == b[0] or a[0] == pytest.approx(b[0], rel=1e-5))
    assert compiled.replayed >= 4


@pytest.mark.parametrize("pick", [
    lambda x, places: F.dropout(x[places], 0.5), lambda x, places: F.dropout(x, 0.5)[places],
    lambda x, places: F.dropout(x + mg.rand(3), 0.5)[places] * mg.rand(2),
])  # fmt: skip
def test_an_error_leaves_the_generator_where_the_function_does(pick):
    """Before anything is drawn, behind it, and between two."""
    step, found = jit.compile(pick), []
    for _ in range(2):
        step(mg.ones(3), mg.tensor([0, 2]))
    for run in (pick, step):
        mg.manual_seed(7)
        with pytest.raises(IndexError):
            run(mg.ones(3), mg.tensor([0, 3]))
        found.append(mg.rand(2).tolist())
    assert found[0] == found[1] and step.replayed == 1
