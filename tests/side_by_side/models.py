"""Four models, written once: `m` is minigrad or torch."""


def mlp(m):
    """A network of two layers on a batch of digits."""
    return m.nn.Sequential(m.nn.Linear(64, 64), m.nn.ReLU(), m.nn.Linear(64, 10)), m.rand(32, 64)


def two_branches(m):
    """One of two heads, chosen by a value: the other is not part of the graph."""

    class TwoBranches(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.left, self.right = m.nn.Linear(8, 8), m.nn.Linear(8, 1), m.nn.Linear(8, 1)

        def forward(self, x):
            h = m.tanh(self.body(x))
            if h.mean() > 2:
                return self.left(h)
            return self.right(h)

    return TwoBranches(), m.rand(4, 8)


def gru(m):
    """A GRU cell over 30 steps: one set of weights, used 30 times."""

    class Reader(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = m.nn.GRUCell(8, 16), m.nn.Linear(16, 3)

        def forward(self, x):
            h = m.zeros(x.shape[1], 16)
            for step in x:
                h = self.cell(step, h)
            return self.head(h)

    return Reader(), m.rand(30, 4, 8)


def transformer(m):
    """One block of a transformer: attention and a network, each with a norm before it and a way around it."""

    class Block(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = m.nn.LayerNorm(16), m.nn.LayerNorm(16)
            self.attention = m.nn.MultiheadAttention(16, 2, batch_first=True)
            self.mlp = m.nn.Sequential(m.nn.Linear(16, 32), m.nn.GELU(), m.nn.Linear(32, 16))

        def forward(self, x):
            y = self.norm1(x)
            x = x + self.attention(y, y, y)[0]
            return x + self.mlp(self.norm2(x))

    return Block(), m.rand(2, 5, 16)


MODELS = {"MLP": mlp, "two branches": two_branches, "GRU, 30 steps": gru, "transformer block": transformer}
