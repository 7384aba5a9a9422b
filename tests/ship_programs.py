"""What tests/test_jit_ship.py records, saves, loads and runs: modules and functions as a learner writes them."""

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import jit, nn


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 2))

    def forward(self, x):
        return F.log_softmax(self.layers(x), dim=-1)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.pool, self.out = nn.MaxPool2d(2), nn.Linear(12, 4)

    def forward(self, x):
        return self.out(self.pool(F.relu(self.norm(self.conv(x)))).flatten(1))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cells, self.out = kind(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        y, _ = self.cells(x)
        return self.out(y[:, -1])


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.attend = nn.Embedding(7, 4), nn.MultiheadAttention(4, 2, batch_first=True)
        self.norm, self.out = nn.LayerNorm(4), nn.Linear(4, 3)

    def forward(self, ids):
        h = self.table(ids)
        seen, _ = self.attend(h, h, h)
        return {"scores": self.out(self.norm(h + seen).mean(dim=1)), "parts": (seen, h.sum())}


class Gate(nn.Module):
    """The data says which of two layers runs."""

    def __init__(self):
        super().__init__()
        self.warm, self.cold = nn.Linear(3, 2), nn.Linear(3, 2)

    def forward(self, x):
        if x.sum() > 0:
            return self.warm(x).tanh()
        return (self.cold(x) * 2).tanh()


class Switch(Gate):
    """The same with jit.cond, so that a trace has both."""

    def forward(self, x):
        return jit.cond(x.sum() > 0, self.warm, lambda x: self.cold(x) * 2, (x,)).tanh()


def rows(n):
    """n rows of three, of both signs."""
    return (mg.randn(n, 3),)


MODULES = {
    "mlp": (MLP, rows),
    "cnn": (CNN, lambda n: (mg.randn(n, 1, 4, 4),)),
    "gru": (lambda: Recurrent(nn.GRU), lambda n: (mg.randn(n, n + 2, 3),)),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda n: (mg.randn(n, n + 2, 3),)),
    "words": (Words, lambda n: (mg.randint(0, 7, (n, n + 3)),)),
    "transformer": (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), lambda n: (mg.randn(n, n + 3, 4),)),
    "gate": (Gate, rows),
    "switch": (Switch, rows),
}  # fmt: skip


# Functions whose way hangs on lengths and numbers


def alternating(x):
    total = mg.zeros(3)
    for i in range(x.size(0)):
        if i % 2 == 0:
            total = total + x[i]
            continue
        total = total * 0.5 - x[i]
    return total


def gathered(x):
    kept = [mg.zeros(3)]
    for row in x:
        if row.sum() > 0:
            kept.append(row * 2)
    return mg.stack(kept), len(kept)


def early(x):
    for i in range(x.size(0)):
        if x[i].sum() > 1:
            return x[i]
    return mg.zeros(3) - 1


def halving(x):
    turns = 0
    while x.abs().sum() > 1:
        x = x / 2
        turns += 1
        if turns > 5:
            break
    return x, turns


def middle(x):
    parts = [x * 1]
    for i in range(x.size(0)):
        parts.append(x + i)
    chosen = parts[1:-1:2]
    total = x * 0
    for part in chosen:
        total = total + part
    return total, len(chosen)


def sliced(x):
    parts = [x[0] * 0] if x.size(0) > 0 else [mg.zeros(3)]
    for i in range(x.size(0)):
        parts.append(x[i])
    n = len(parts)
    counts = len(parts[2:]), len(parts[:-2]), len(parts[::-1]), len(parts[-3:9:2]), len(parts[5:1:-2]), len(parts[n:0])
    return mg.stack(parts[::-1]), mg.stack(parts[-2:]), counts


def looked(x):
    best = int(x.sum(dim=1).argmax()) if x.size(0) > 1 else 0
    share = x.abs().sum().item() / 2
    if x.size(0) > 0:
        x = x.reshape(x.shape) + best
    return x * share, best * 2, share


def counted(x):
    if x.size(0) > 4:
        return {"long": x.mean(dim=0) if x.size(0) < 7 else x.sum(dim=0)}
    return {"long": x.sum(dim=0) / 2}


SCRIPTED = {f.__name__: f for f in (alternating, gathered, early, halving, middle, sliced, looked, counted)}


def chosen(x):
    return jit.cond(x.sum() > 0, lambda a: (a * 2, a.sum()), lambda a: (-a, a.sum() * 3), (x,))


def doubled(x):
    x, n = jit.while_loop(lambda x, n: n < 4 and x.abs().sum() < 50, lambda x, n: (x * 2, n + 1), (x + 1, 0))
    return x * n, n


def running(x):
    def step(carry, row):
        total, count = carry
        total = mg.tanh(total + row)
        return (total, count + 1), {"total": total, "twice": total * 2}

    (last, _), seen = jit.scan(step, (mg.zeros(3), 0), x)
    return last, seen


CONTROLLED = {f.__name__: f for f in (chosen, doubled, running)}
