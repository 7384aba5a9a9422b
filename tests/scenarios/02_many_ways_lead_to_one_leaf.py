"""Where a value is used several times, what comes back is added up, and only then goes on."""

from tests.scenarios.library import torch

x = torch.tensor(3.0, requires_grad=True)
(x * x + x).backward()
print("x*x + x:", x.grad)

x.grad = None
top = x * 3
(top * 5 * top * top).backward()
print("a diamond:", x.grad)

x.grad = None
long = top = x * 2
for _ in range(5):
    long = long * 1
(long + top).backward()
print("sides of unequal length:", x.grad)

x.grad = None
total = sum(x * i for i in range(1000))
total.backward()
print("a thousand uses:", x.grad)

x.grad = None
calls = []
shared = x * 2
shared.register_hook(lambda g: calls.append(g.item()))
(shared * 3 + shared.exp() * 0 + shared).backward()
print("the shared node ran once, with the sum:", calls)

x.grad = None
y = x.clone()
for _ in range(60):
    y = y + y
y.backward()
print("2**60 ways in 60 nodes:", x.grad)
