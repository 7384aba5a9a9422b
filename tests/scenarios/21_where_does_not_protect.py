"""Both arms of `where` are differentiated, and nothing times infinity is nan (M38)."""

from tests.scenarios.library import torch

x = torch.tensor([0.0, 4.0], requires_grad=True)
torch.where(x > 0, x.sqrt(), torch.zeros(2)).sum().backward()
print("masked after the root:", x.grad)

x.grad = None
safe = torch.where(x > 0, x, torch.ones(2))
torch.where(x > 0, safe.sqrt(), torch.zeros(2)).sum().backward()
print("masked before it:", x.grad)

x.grad = None
(x.sqrt() * torch.tensor([0.0, 1.0])).sum().backward()
print("times zero:", x.grad)

x = torch.tensor([0.0, -1.0, 2.0], requires_grad=True)
print(x.log(), x.sqrt(), x.reciprocal(), x / 0)
(x.log().nan_to_num(0.0, 0.0, 0.0)).sum().backward()
print("nan_to_num masks its own gradient, not the one before it:", x.grad)

x = torch.tensor(0.0, requires_grad=True)
(x**0.5).backward()
print("a root written as a power:", x.grad)
x.grad = None
(x**2).sqrt().backward()
print("the root of a square:", x.grad)
x.grad = None
torch.zeros(3).add(x).norm().backward()
print("the norm at zero:", x.grad)
