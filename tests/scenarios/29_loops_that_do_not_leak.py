"""Graphs that are made and dropped without the cycle collector leave less than a megabyte for ten thousand."""

import contextlib

from tests.scenarios.library import by_reference_counting, megabytes_left_by, torch

w = torch.ones(4, 4, requires_grad=True)
b = torch.zeros(4, requires_grad=True)
x = torch.ones(2, 4)
optimizer = torch.optim.SGD([w, b], lr=0.0)


def train():
    loss = torch.relu(x @ w + b).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def never_backward():
    (x @ w).tanh().sum()


def fails():
    with contextlib.suppress(RuntimeError):
        (x @ w).backward()


def with_hooks():
    h = x @ w
    h.retain_grad()
    h.register_hook(lambda g: g * 2)
    h.sum().backward()


def in_place():
    h = x @ w
    h[0] = 1.0
    h.mul_(2).sum().backward()


def second_order():
    (g,) = torch.autograd.grad((w * w * w).sum(), w, create_graph=True)
    torch.autograd.grad(g.sum(), w)


with by_reference_counting():
    for step in (train, never_backward, fails, with_hooks, in_place, second_order):
        print(f"{step.__name__}: under a megabyte for 10,000:", megabytes_left_by(step, 300) * 10_000 / 300 < 1)
