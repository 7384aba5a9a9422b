"""After an optimizer's step the weights have moved, and the old graph is of no use (M26)."""

from tests.scenarios.library import refused, torch

w = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
v = torch.tensor([[1.0], [1.0]], requires_grad=True)
optimizer = torch.optim.SGD([w, v], lr=0.1)
loss = (torch.ones(1, 2) @ w @ v).sum()

loss.backward(retain_graph=True)
print(w.grad, v.grad)
loss.backward(retain_graph=True)
print("again over the kept graph: doubled", v.grad.tolist())

optimizer.step()
with refused("modified by an inplace operation"):
    loss.backward()
print("and nothing was added by the attempt:", v.grad.tolist())

z = torch.tensor(3.0, requires_grad=True)
y = 2 * z * z
y.backward(retain_graph=True)
print("12 then", end=" ")
y.backward()
print(z.grad.item())
with refused("backward through the graph a second time"):
    y.backward()
