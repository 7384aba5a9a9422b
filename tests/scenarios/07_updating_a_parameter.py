"""`w = w - lr*g` makes another tensor (M12), and an optimizer keeps what it was given (M13)."""

from tests.scenarios.library import refused, torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
original = w
(w * w).sum().backward()

w = w - 0.1 * w.grad
print("rebound:", w.is_leaf, w is original, original.tolist())

w = original
with refused("a leaf Variable that requires grad is being used in an in-place operation"):
    w -= 0.1 * w.grad
with torch.no_grad():
    w -= 0.1 * w.grad
print("in place under no_grad:", w.is_leaf, w.requires_grad, w is original, w)

w.grad = None
layer = torch.nn.Linear(1, 1, bias=False)
pinned = torch.optim.SGD(layer.parameters(), lr=1.0)
layer.weight = torch.nn.Parameter(torch.zeros(1, 1))
layer(torch.ones(1, 1)).sum().backward()
pinned.step()
print("a parameter that was replaced is not stepped:", layer.weight.tolist(), layer.weight.grad)

layer = torch.nn.Linear(1, 1, bias=False)
pinned = torch.optim.SGD(layer.parameters(), lr=1.0)
with torch.no_grad():
    layer.weight.copy_(torch.zeros(1, 1))
layer(torch.ones(1, 1)).sum().backward()
pinned.step()
print("a parameter that was filled is:", layer.weight.tolist())
