"""`python -m tests.bench.steps [--only mlp] [--rounds 15]`: whole training steps, compiled, beside what others do.

Beside PyTorch as it runs eagerly and with its model traced, JAX compiled, NumPy by hand, and NumPy by hand with all
memory made beforehand; whoever of them is installed. The losses of all are compared before anything is timed.
"""

import os

for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM"):
    os.environ[f"{name}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import argparse  # noqa: E402  NumPy and the others read these variables when they are imported
import platform  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402

from . import buffers, measure  # noqa: E402
from .eager import Eager, looped  # noqa: E402
from .report import _short  # noqa: E402
from .workloads import WORKLOADS  # noqa: E402

# At most so many times PyTorch's time, eager; and then, where there is a second figure.
TARGETS = {
    "mlp digits batch 1": (0.10,), "mlp digits batch 32": (0.15,), "mlp digits batch 256": (0.36,),
    "mlp 784-256-10 batch 128": (0.75,), "gru vowels batch 1": (0.20, 0.10), "gru vowels batch 32": (0.40, 0.33),
    "loop by hand batch 1": (), "loop by hand batch 32": (), "two-branch batch 32": (), "lenet batch 32": (1.2,),
}  # fmt: skip
PAID_BACK = 20  # steps of the MLP within which recording is to have paid


class Compiled(Eager):
    """minigrad, with each workload's step compiled: data are handed in, as a compiled step wants them."""

    def __init__(self):
        import minigrad

        super().__init__("compiled", minigrad)
        from minigrad import jit

        self.jit = jit

    def _step(self, model, d, loss_of):
        torch = self.torch
        model.load_state_dict({name: torch.tensor(value) for name, value in d.params.items()})
        optimizer = torch.optim.SGD(model.parameters(), lr=d.lr)

        @self.jit.compile
        def step(*data):
            optimizer.zero_grad()
            loss = loss_of(model, *data)
            loss.backward()
            optimizer.step()
            return loss

        return step

    def mlp(self, d):
        """As eager.mlp."""
        nn, data = self.torch.nn, (self.torch.tensor(d.x), self.torch.tensor(d.y))
        hidden, n_in = d.params["0.weight"].shape
        model = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, 10))
        step = self._step(model, d, lambda model, x, y: nn.functional.cross_entropy(model(x), y))
        return lambda: step(*data)

    def two_branch(self, d):
        """As eager.two_branch; which branch it is, each run finds out."""
        xs, y, turn, limit = [self.torch.tensor(x) for x in d.xs], self.torch.tensor(d.y), [0], d.limit
        nn = self.torch.nn
        model = nn.Module()
        model.stem, model.short = nn.Linear(64, 64), nn.Linear(64, 10)
        model.long = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

        def loss(model, x, y):
            h = nn.functional.relu(model.stem(x))
            return nn.functional.cross_entropy(model.short(h) if h.mean() > limit else model.long(h), y)

        step = self._step(model, d, loss)

        def run():
            turn[0] ^= 1
            return step(xs[turn[0]], y)

        return run

    def gru(self, d):
        """As eager.gru; one recording for each set of lengths."""
        nn, turn, pack = self.torch.nn, [-1], self.torch.nn.utils.rnn.pack_sequence
        batches = [(pack([self.torch.tensor(x) for x in xs], enforce_sorted=False), self.torch.tensor(y))
                   for xs, y in d.batches]  # fmt: skip
        model = nn.Module()
        model.gru, model.head = nn.GRU(12, d.hidden), nn.Linear(d.hidden, 9)
        step = self._step(model, d, lambda m, x, y: nn.functional.cross_entropy(m.head(m.gru(x)[1][0]), y))

        def run():
            turn[0] = (turn[0] + 1) % len(batches)
            return step(*batches[turn[0]])

        return run

    def loop(self, d):
        """As eager.loop."""
        torch, nn, model = self.torch, self.torch.nn, self.torch.nn.Module()
        model.x, model.h, model.head = nn.Linear(12, d.hidden), nn.Linear(d.hidden, d.hidden, bias=False), nn.Linear(
            d.hidden, 9)  # fmt: skip
        step = self._step(model, d, lambda m, x, y: looped(torch, m, x, y))
        data = torch.tensor(d.x), torch.tensor(d.y)
        return lambda: step(*data)

    def lenet(self, d):
        """As eager.lenet."""
        nn, data = self.torch.nn, (self.torch.tensor(d.x), self.torch.tensor(d.y))
        F = nn.functional
        model = nn.Module()
        model.conv1, model.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        model.fc1, model.fc2, model.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

        def loss(m, x, y):
            h = F.max_pool2d(F.relu(m.conv1(x)), 2)
            h = F.max_pool2d(F.relu(m.conv2(h)), 2).flatten(1)
            return F.cross_entropy(m.fc3(F.relu(m.fc2(F.relu(m.fc1(h))))), y)

        step = self._step(model, d, loss)
        return lambda: step(*data)


class Traced(Eager):
    """PyTorch with the model traced, backward and optimizer as ever: where a trace is possible."""

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        super().__init__("torch traced", torch)
        self.BUILDERS = {kind: getattr(self, kind) for kind in ("mlp", "lenet")}

    def _traced(self, model, d, x, y):
        import warnings

        torch = self.torch
        model.load_state_dict({name: torch.tensor(value) for name, value in d.params.items()})
        with warnings.catch_warnings():  # it is on its way out there
            warnings.simplefilter("ignore")
            run = torch.jit.trace(model, x)
        optimizer = torch.optim.SGD(model.parameters(), lr=d.lr)

        def step():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(run(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return step

    def mlp(self, d):
        """As eager.mlp."""
        nn, (hidden, n_in) = self.torch.nn, d.params["0.weight"].shape
        model = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, 10))
        return self._traced(model, d, self.torch.tensor(d.x), self.torch.tensor(d.y))

    def lenet(self, d):
        """As eager.lenet."""
        nn, F = self.torch.nn, self.torch.nn.functional

        class LeNet(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
                self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

            def forward(self, x):
                h = F.max_pool2d(F.relu(self.conv1(x)), 2)
                h = F.max_pool2d(F.relu(self.conv2(h)), 2).flatten(1)
                return self.fc3(F.relu(self.fc2(F.relu(self.fc1(h)))))

        return self._traced(LeNet(), d, self.torch.tensor(d.x), self.torch.tensor(d.y))


def libraries():
    """Who is compared, by name, and who is missing."""
    found, missing = measure.adapters(without=("autograd", "mygrad", "dezero", "micrograd", "tinygrad"))
    found = {"compiled": Compiled(), **found, "buffers": buffers}
    if "torch" in found:
        found["torch traced"] = Traced()
    return found, missing


def paid_back(build, slower):
    """(seconds that the first step takes, steps after which recording has paid) beside steps of `slower` seconds."""
    step = build()
    start = time.process_time()
    step()
    first = time.process_time() - start
    later = min(_timed(step, 20) for _ in range(5))
    gained = slower - later
    return first, (first - slower) / gained if gained > 0 else float("inf")


def _timed(step, count):
    start = time.process_time()
    for _ in range(count):
        step()
    return (time.process_time() - start) / count


def main(arguments=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.steps", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], help="rows whose name has one of these in it")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    them, missing = libraries()
    print(f"{platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} "
          f"cores, {options.rounds} rounds, one thread; microseconds for a step, and compiled beside each")  # fmt: skip
    for name, reason in missing.items():
        print(f"without {name}: {reason}")
    for workload in WORKLOADS:
        if workload.name in TARGETS and any(part in workload.name for part in options.only):
            print(_row(workload, them, options.rounds), flush=True)


def _row(workload, them, rounds):
    built, failed = measure.steps(workload, them)
    for step in built.values():  # every recording that there will be
        for _ in range(70):
            step()
    found = measure.timings(built, rounds)
    lines = [workload.name]
    for name in built:
        ratio = measure.ratio(found, "compiled", name)
        note = ""
        if name == "torch" and TARGETS[workload.name]:
            limits = TARGETS[workload.name]
            note = "; ".join(f"at most {limit:g}: {'yes' if ratio <= limit else 'NO'}" for limit in limits)
        if name == "buffers":
            note = f"at most 1.1: {'yes' if ratio <= 1.1 else 'NO'}"
        lines.append(f"  {name:13} {_short(statistics.median(found[name]) * 1e6):>7}  {ratio:5.2f}  {note}")
    if "mlp" in workload.name:
        data = workload.make()
        for name in ("torch", "minigrad"):
            if name in found:
                first, steps = paid_back(lambda: them["compiled"].mlp(data), statistics.median(found[name]))
                lines.append(f"  recorded in {first * 1e3:.1f} ms, paid back after {steps:.0f} steps of {name}")
    lines += [f"  {name} cannot: {why}" for name, why in failed.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
