"""The inputs of the exercise: two that the learner sees, and as many hidden ones as a seed gives."""

from dataclasses import dataclass

import numpy as np

import minigrad as mg
from minigrad import nn


@dataclass(frozen=True, slots=True)
class Case:
    """One call of the learner's function. sizes: the rows of each part. stale: gradients lie around beforehand."""

    sizes: tuple
    seed: int
    stale: bool = True
    hidden: int = 0  # numbers in the middle layer; none: a single layer
    classes: int = 0  # cross-entropy over that many classes; none: squared error

    @property
    def title(self):
        """What the learner reads above a report."""
        parts = "one part" if len(self.sizes) == 1 else f"{len(self.sizes)} parts"
        return f"{parts} of {' + '.join(map(str, self.sizes))} rows" + (", .grad not empty" if self.stale else "")

    def arguments(self):
        """(model, loss_fn, parts, optimizer), made afresh and equal each time, in double precision."""
        rng = np.random.default_rng(self.seed)
        outputs = self.classes or 1
        layers = [nn.Linear(2, outputs)]
        if self.hidden:
            layers = [nn.Linear(2, self.hidden), nn.Tanh(), nn.Linear(self.hidden, outputs)]
        model = (nn.Sequential(*layers) if self.hidden else layers[0]).to(mg.float64)
        optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        with mg.no_grad():
            for p in model.parameters():
                p.copy_(_tensor(rng.normal(size=tuple(p.shape))))
        parts = [(_tensor(rng.normal(size=(rows, 2))), self._target(rng, rows)) for rows in self.sizes]
        if self.stale:  # an earlier step has left its gradients behind, and a velocity in the optimizer
            for p in model.parameters():
                p.grad = _tensor(rng.normal(size=tuple(p.shape)))
            optimizer.step()
        loss_fn = nn.functional.cross_entropy if self.classes else nn.functional.mse_loss
        return model, loss_fn, parts, optimizer

    def _target(self, rng, rows):
        if self.classes:
            return mg.tensor(rng.integers(0, self.classes, size=rows))
        return _tensor(rng.normal(size=(rows, 1)))


def _tensor(array):
    return mg.tensor(array, dtype=mg.float64)


def examples():
    """What `check` runs in the learner's notebook."""
    return [Case((3, 1, 2), seed=8), Case((4,), seed=9, stale=False)]


def drawn(seed):
    """Hidden cases from one seed: ragged, even, one part, parts of one row, more parts than rows in any of them."""
    rng = np.random.default_rng(seed)
    ragged = [tuple(int(n) for n in rng.integers(1, 6, size=count)) for count in (2, 3, 5)]
    ragged = [sizes if len(set(sizes)) > 1 else (*sizes[:-1], sizes[-1] + 2) for sizes in ragged]
    sizes = [*ragged, (int(rng.integers(2, 7)),), (1,), (1, int(rng.integers(2, 6)), 1), (2, 2, 2)]
    return [Case(split, seed=int(rng.integers(1 << 30)), stale=place % 3 != 2, hidden=int(rng.integers(2, 5)),
                 classes=3 if place % 2 else 0) for place, split in enumerate(sizes)]


@dataclass(slots=True)
class Reference:
    """The truth of a case, as plain arrays per parameter name. parts: the gradient of each part's mean by itself."""

    loss: float
    gradient: dict
    parameters: dict
    parts: list
    losses: list
    stale: dict


def reference(case):
    """One backward over the whole batch, one step; and the gradient of each part on its own."""
    parts, losses = [], []
    for place in range(len(case.sizes)):
        model, loss_fn, batches, optimizer = case.arguments()
        stale = gradients(model)
        optimizer.zero_grad()
        loss = loss_fn(model(batches[place][0]), batches[place][1])
        loss.backward()
        parts.append(gradients(model))
        losses.append(loss.item())
    model, loss_fn, batches, optimizer = case.arguments()
    optimizer.zero_grad()
    x, y = (mg.tensor(np.concatenate([batch[side].array for batch in batches])) for side in (0, 1))
    loss = loss_fn(model(x), y)
    loss.backward()
    gradient = gradients(model)
    optimizer.step()
    return Reference(loss.item(), gradient, parameters(model), parts, losses, stale)


def gradients(model):
    """`.grad` of each parameter as an array of its own; None where there is none."""
    return {name: None if p.grad is None else np.array(p.grad.array, "float64") for name, p in model.named_parameters()}


def parameters(model):
    """The value of each parameter as an array of its own."""
    return {name: np.array(p.array, "float64") for name, p in model.named_parameters()}
