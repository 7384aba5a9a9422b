"""PyTorch and minigrad, from the same lines: `torch` below is whichever of the two is given."""

from __future__ import annotations

from .workloads import BACKWARD, FORWARD, MEMORY_LAYERS, MEMORY_WIDTH


class Eager:
    """The builders for a module that speaks PyTorch."""

    def __init__(self, name, torch):
        self.NAME, self.torch = name, torch
        self.BUILDERS = {kind: getattr(self, kind) for kind in (
            "one_op", "chain", "mlp", "two_branch", "gru", "loop", "lenet")}  # fmt: skip

    def read(self, value):
        """What a step returned, as a list of arrays."""
        return [v.detach().numpy() for v in (value if isinstance(value, tuple) else (value,))]

    def one_op(self, d):
        """y = x * w, and both gradients."""
        torch = self.torch
        x, w, g = torch.tensor(d.x, requires_grad=True), torch.tensor(d.w, requires_grad=True), torch.tensor(d.g)

        def both():
            y = x * w
            y.backward(g)
            found = x.grad, w.grad, y
            x.grad = w.grad = None
            return found

        return both if d.mode == BACKWARD else self._in_mode(d.mode, lambda: x * w)

    def chain(self, d):
        """100 ops; only x has a gradient."""
        torch, rounds = self.torch, d.rounds
        x, w, b, g = torch.tensor(d.x, requires_grad=True), torch.tensor(d.w), torch.tensor(d.b), torch.tensor(d.g)
        tanh = torch.tanh

        def forward():
            y = x
            for _ in range(rounds):
                y = tanh(y * w + b) - w
            return y

        def both():
            y = forward()
            y.backward(g)
            found = x.grad, y
            x.grad = None
            return found

        return both if d.mode == BACKWARD else self._in_mode(d.mode, forward)

    def _in_mode(self, mode, forward):
        """Under no_grad the switch is thrown around the whole block that is timed: `around` tells so."""
        if mode != FORWARD:
            forward.around = self.torch.no_grad
        return forward

    def _training(self, d, model, loss_of):
        """One step of SGD on the loss that `loss_of()` records anew each time."""
        torch = self.torch
        model.load_state_dict({name: torch.tensor(value) for name, value in d.params.items()})
        optimizer = torch.optim.SGD(model.parameters(), lr=d.lr)

        def step():
            optimizer.zero_grad()
            loss = loss_of()
            loss.backward()
            optimizer.step()
            return loss

        return step

    def mlp(self, d):
        """Linear, ReLU, linear, cross-entropy."""
        nn, x, y = self.torch.nn, self.torch.tensor(d.x), self.torch.tensor(d.y)
        hidden, n_in = d.params["0.weight"].shape
        model = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, 10))
        return self._training(d, model, lambda: nn.functional.cross_entropy(model(x), y))

    def two_branch(self, d):
        """A stem, then one linear layer or two, as the mean of the hidden layer says."""
        nn = self.torch.nn
        xs, y, turn = [self.torch.tensor(x) for x in d.xs], self.torch.tensor(d.y), [0]
        model = nn.Module()
        model.stem, model.short = nn.Linear(64, 64), nn.Linear(64, 10)
        model.long = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

        def loss():
            turn[0] ^= 1
            h = nn.functional.relu(model.stem(xs[turn[0]]))
            scores = model.short(h) if h.mean() > d.limit else model.long(h)
            return nn.functional.cross_entropy(scores, y)

        return self._training(d, model, loss)

    def gru(self, d):
        """A GRU over packed sequences of unequal length; its last states are classified."""
        torch, nn = self.torch, self.torch.nn
        sequence = nn.utils.rnn
        batches, turn = [], [-1]
        for xs, y in d.batches:
            packed = sequence.pack_sequence([torch.tensor(x) for x in xs], enforce_sorted=False)
            batches.append((packed, torch.tensor(y)))
        model = nn.Module()
        model.gru, model.head = nn.GRU(12, d.hidden), nn.Linear(d.hidden, 9)

        def loss():
            turn[0] = (turn[0] + 1) % len(batches)
            x, y = batches[turn[0]]
            return nn.functional.cross_entropy(model.head(model.gru(x)[1][0]), y)

        return self._training(d, model, loss)

    def loop(self, d):
        """A plain recurrent network, turn after turn as a learner writes it; its last state is classified."""
        torch, nn = self.torch, self.torch.nn
        x, y, model = torch.tensor(d.x), torch.tensor(d.y), nn.Module()
        model.x, model.h, model.head = nn.Linear(12, d.hidden), nn.Linear(d.hidden, d.hidden, bias=False), nn.Linear(
            d.hidden, 9)  # fmt: skip
        return self._training(d, model, lambda: looped(torch, model, x, y))

    def lenet(self, d):
        """Two convolutions with ReLU and max-pooling, three linear layers."""
        nn = self.torch.nn
        F, x, y = nn.functional, self.torch.tensor(d.x), self.torch.tensor(d.y)
        model = nn.Module()
        model.conv1, model.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        model.fc1, model.fc2, model.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

        def loss():
            h = F.max_pool2d(F.relu(model.conv1(x)), 2)
            h = F.max_pool2d(F.relu(model.conv2(h)), 2).flatten(1)
            return F.cross_entropy(model.fc3(F.relu(model.fc2(F.relu(model.fc1(h))))), y)

        return self._training(d, model, loss)

    def layers(self):
        """The model whose memory is measured."""
        nn = self.torch.nn
        width = MEMORY_WIDTH
        return nn.Sequential(*(layer for _ in range(MEMORY_LAYERS) for layer in (nn.Linear(width, width), nn.ReLU())))


def minigrad():
    """Our own."""
    import minigrad

    return Eager("minigrad", minigrad)


def torch():
    """PyTorch on one thread."""
    import torch

    torch.set_num_threads(1)
    return Eager("torch", torch)


def looped(torch, model, x, y):
    """The loss of `loop`."""
    h = torch.zeros(x.shape[1], model.h.weight.shape[0])
    for t in range(x.shape[0]):
        h = torch.tanh(model.x(x[t]) + model.h(h))
    return torch.nn.functional.cross_entropy(model.head(h), y)
