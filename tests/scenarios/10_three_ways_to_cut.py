"""Freezing, detaching and no_grad cut at different places (M18)."""

from tests.scenarios.library import torch


def net():
    torch.manual_seed(0)
    return torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)


def reached(*layers):
    return [layer.weight.grad is not None for layer in layers]


x = torch.ones(3, 2)

body, head = net()
head.requires_grad_(False)
head(body(x)).sum().backward()
print("frozen head:", reached(body, head))

body, head = net()
head(body(x).detach()).sum().backward()
print("detached between:", reached(body, head))

body, head = net()
with torch.no_grad():
    hidden = body(x)
head(hidden).sum().backward()
print("body under no_grad:", reached(body, head))

body, head = net()
hidden = body(x)
with torch.no_grad():
    out = head(hidden)
print("head under no_grad, nothing to go back from:", out.requires_grad, hidden.requires_grad)

w = torch.tensor(2.0, requires_grad=True)
y = w * 3
(y * y.detach()).backward()
print("one of two factors:", w.grad)
