"""With create_graph the way back is itself recorded, as often as one likes."""

import warnings

from tests.scenarios.library import refused, torch

x = torch.tensor(3.0, requires_grad=True)
g = x**4
for order in range(1, 5):
    (g,) = torch.autograd.grad(g, x, create_graph=True)
    print(order, g.item(), g.requires_grad)

w = torch.tensor([1.0, 2.0], requires_grad=True)
y = (w * w * w).sum()
(g,) = torch.autograd.grad(y, w, create_graph=True)
penalty = (g * g).sum()
penalty.backward()
print("a penalty on the gradient:", w.grad)

w.grad = None
y = (w * w).sum()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyTorch warns of a cycle, which minigrad does not make
    y.backward(create_graph=True)
print(w.grad.requires_grad, w.grad.tolist())
w.grad.sum().backward()
print("backward of .grad adds to it:", w.grad.tolist())

u = torch.ones(2, requires_grad=True)
first, none = torch.autograd.grad((w * w).sum(), [w, u], allow_unused=True)
print(first.requires_grad, none)
with refused("appears to not have been used in the graph"):
    torch.autograd.grad((w * w).sum(), u)
with refused("does not require grad"):
    torch.autograd.grad(first.sum(), w)
h = w * 2
print("of a non-leaf:", torch.autograd.grad((h * h).sum(), h), "and .grad is left alone:", w.grad.tolist())
v = torch.tensor([1.0, 2.0], requires_grad=True)
a = v * v
(a.sum() * 3).backward(inputs=[v])
print("only where it was asked for:", v.grad)
