"""Depth is no problem: not forward, not backward, and not when the graph goes, to its oldest node and at once."""

import weakref

from tests.scenarios.library import by_reference_counting, torch


class Mark:
    pass


class Oldest(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark = Mark()
        marks.append(weakref.ref(ctx.mark))
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g


marks = []
x = torch.tensor([1.0], requires_grad=True)
y = Oldest.apply(x)
for _ in range(1_000_000):
    y = y + 1
print(y.item())

y.backward()
print(x.grad)

with by_reference_counting():
    print("the oldest node is there:", marks[0]() is not None)
    del y
    print("gone at once:", marks[0]() is None)
