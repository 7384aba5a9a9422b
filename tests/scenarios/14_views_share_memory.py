"""A view is the same memory (M24), seen by values, versions and gradients alike."""

from tests.scenarios.library import refused, torch

base = torch.zeros(2, 3)
row, flat, turned = base[0], base.view(6), base.t()
row[1] = 5.0
flat[5] = 7.0
turned[0, 1] = 9.0
print(base)
print("one count of changes for all:", base._version, row._version, flat._version, turned._version)
print("who is a view of whom:", row._base is base, base._base, base.reshape(6)._base is base)
print("fancy indexing copies:", base[[0]]._base, "and so does clone:", base.clone()._version)

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 2
part = y[1:]
part.mul_(10)
print("written through a view:", y.tolist(), y.grad_fn is not None)
y.sum().backward()
print("and the gradient knows:", x.grad)

x.grad = None
y = x * 1
saved = (y * y).sum()
y[0] = 100.0
with refused("modified by an inplace operation"):
    saved.backward()

y = x.clone()
y[1] = x[0] * 5
y.sum().backward()
print("a slice overwritten by something recorded:", x.grad)

with refused("a leaf Variable that requires grad is being used in an in-place operation"):
    x[:2].add_(1)
with refused("is not compatible with"):
    base.t().view(6)
print("reshape copies when it has to:", base.t().reshape(6))
