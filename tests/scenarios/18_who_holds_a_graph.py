"""A total of losses holds every graph (M28), and so does a list of outputs (M29)."""

import weakref

from tests.scenarios.library import by_reference_counting, torch


class Mark:
    pass


class Marked(torch.autograd.Function):
    """Does nothing; its node holds a mark, so that we see when it goes."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark = Mark()
        marks.append(weakref.ref(ctx.mark))
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g


def alive():
    return sum(mark() is not None for mark in marks)


w = torch.tensor(1.0, requires_grad=True)
with by_reference_counting():
    for keep in ("total += loss", "total += loss.item()", "total += loss.detach()", "outputs.append(loss)"):
        marks, total, outputs = [], 0.0, []
        for _ in range(10):
            loss = Marked.apply(w)
            exec(keep)
            loss.backward()
        print(keep, "holds", alive(), "graphs of 10")
    del loss, total
    print("without the loss and the total, but with the list:", alive())
    outputs.clear()
    print("without the list:", alive())
