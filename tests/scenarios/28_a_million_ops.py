"""Depth is no problem: not forward, not backward, and not when the graph goes."""

import weakref

from tests.scenarios.library import by_reference_counting, torch

x = torch.tensor([1.0], requires_grad=True)
y = x
for _ in range(1_000_000):
    y = y + 1
print(y.item())

y.backward()
print(x.grad)

(gradient,) = torch.autograd.grad(y, x)
print("again, as nothing had been saved:", gradient)

with by_reference_counting():
    gone = weakref.ref(y)
    del y
    print("gone at once:", gone() is None)
