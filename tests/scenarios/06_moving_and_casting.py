"""A tensor that was cast is no leaf (M10) and is another tensor (M11); a module is changed itself."""

from tests.scenarios.library import torch

w = torch.ones(2, requires_grad=True)
wide = w.to(torch.float64)
print("cast after asking for gradients:", wide.is_leaf, wide.dtype)
print("asked after the cast:", torch.ones(2).to(torch.float64).requires_grad_().is_leaf)
print("nothing to do is no new tensor:", w.to(torch.float32) is w, w.double() is w)

wide.sum().backward()
print("the gradient arrives in the leaf's own type:", w.grad.dtype, w.grad)

x = torch.ones(2)
x.to(torch.float64)
print("the result was dropped:", x.dtype)

layer = torch.nn.Linear(2, 1)
weight = layer.weight
print("a module returns itself:", layer.to(torch.float64) is layer, layer.weight is weight, weight.dtype)
print("and its parameters stay leaves:", weight.is_leaf, weight.requires_grad)

a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
(a * b).backward()
print("mixed:", (a * b).dtype if (a * b).ndim else None, a.grad.dtype, b.grad.dtype)
