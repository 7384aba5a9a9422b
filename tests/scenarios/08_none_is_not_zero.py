"""A parameter without a gradient is left alone, one whose gradient is zero still moves by its momentum (M14)."""

from tests.scenarios.library import torch

for set_to_none in (True, False):
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    w.sum().backward()
    optimizer.step()
    print("first step:", f"{w.item():.4f}")
    optimizer.zero_grad(set_to_none=set_to_none)
    print("cleared:", w.grad)
    optimizer.step()
    print("second step:", f"{w.item():.4f}")

used, unused = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
(used * 2 + unused * 0).sum().backward()
print("multiplied by zero:", used.grad, unused.grad)
never = torch.ones(1, requires_grad=True)
(used * 2).sum().backward()
print("not used:", never.grad)

optimizer = torch.optim.SGD([used], lr=0.1)
used.grad = None
(used * 2).sum().backward()
optimizer.zero_grad()
optimizer.step()
print("cleared between backward and step (M32):", used.tolist())
