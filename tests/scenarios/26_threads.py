"""Modes belong to a thread; a leaf that several threads send gradients to loses none of them."""

import threading

from tests.scenarios.library import torch


def in_threads(function, count=1):
    threads = [threading.Thread(target=function) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def tell():
    print("in another thread:", torch.is_grad_enabled(), (torch.ones(1, requires_grad=True) * 2).requires_grad)
    torch.set_grad_enabled(False)


with torch.no_grad():
    in_threads(tell)
    print("here:", torch.is_grad_enabled())
in_threads(tell)
print("what a thread switches off is off for it alone:", torch.is_grad_enabled())

w = torch.ones(20_000, requires_grad=True)
small = torch.tensor(1.0, requires_grad=True)


def train():
    for _ in range(50):
        (w * 2).sum().backward()
        (small * small).backward()


in_threads(train, 8)
print("8 threads, 50 backwards each:", w.grad.unique(), small.grad)

graph = (w * w).sum()
w.grad = None
in_threads(lambda: graph.backward(retain_graph=True), 4)
print("4 threads over one kept graph:", w.grad.unique())
