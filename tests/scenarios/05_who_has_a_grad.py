"""Leaves keep their gradient, others pass it on (M09), and a vector has to say how it is weighed (M15)."""

from tests.scenarios.library import refused, torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
constant = torch.ones(2)
h = x * constant
y = h * h
print([t.is_leaf for t in (x, constant, h, y)], [t.requires_grad for t in (x, constant, h, y)])

h.retain_grad()
y.sum().backward()
print("kept on request:", h.grad, h.retains_grad, "and on the leaf:", x.grad)
print("constants get none:", constant.grad)
with refused("not a leaf Tensor is being accessed"):  # a warning, and warnings are errors here
    y.grad  # noqa: B018
with refused("requires_grad=False"):
    constant.retain_grad()

y = x * x
with refused("grad can be implicitly created only for scalar outputs"):
    y.backward()
x.grad = None
y.backward(torch.tensor([0.0, 1.0]), retain_graph=True)
print("a row of the Jacobian:", x.grad)
with refused("Mismatch in shape"):
    y.backward(torch.ones(3))
with refused("does not require grad"):
    constant.sum().backward()

x.grad = None
x.backward(torch.ones(2))
print("a leaf is its own end:", x.grad)
with refused("assign"):
    x.grad = torch.ones(3)
