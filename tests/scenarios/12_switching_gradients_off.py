"""`requires_grad_(False)` is for leaves (M22)."""

from tests.scenarios.library import refused, torch

x = torch.ones(2, requires_grad=True)
y = x * 2
with refused("you can only change requires_grad flags of leaf variables"):
    y.requires_grad_(False)
with refused("you can only change requires_grad flags of leaf variables"):
    y.requires_grad = False
print(y.requires_grad_() is y, y.detach().requires_grad)

x.requires_grad_(False)
print("a frozen leaf:", (x * 2).requires_grad, "but what was recorded before:", y.requires_grad)

x.requires_grad_()
(x * 3).sum().backward()
print("thawed:", x.grad)

frozen = torch.ones(2)
mixed = frozen * x
mixed.sum().backward()
print("a constant among them:", frozen.grad, x.grad)
with refused("floating point"):
    torch.arange(3).requires_grad_()
print(torch.arange(3).requires_grad_(False).requires_grad)
