"""`detach()` shares memory (M20) and the count of changes; `.data` shares memory only, and is silently wrong (M21)."""

from tests.scenarios.library import refused, torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
d = x.detach()
d[0] = 10.0
print("written through:", x.tolist(), d.requires_grad, d.is_leaf)
print("versions:", x._version, d._version, x.data._version)

snapshot = x.detach().clone()
d[0] = 5.0
print("a clone is a snapshot:", snapshot, x.tolist())

x = torch.tensor(1.0, requires_grad=True)
y = x.exp()
y.data.mul_(10)
y.backward()
print("through .data, wrong without a word:", f"{x.grad.item():.4f}")

x.grad = None
y = x.exp()
y.detach().mul_(10)
with refused("modified by an inplace operation"):
    y.backward()
print("through detach(), noticed:", x.grad)

y = x * 2
y.detach_()
print("detach_ turns it into a leaf:", y.is_leaf, y.requires_grad)
