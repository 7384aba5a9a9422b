"""Numbers read out of a tensor have no history (M04), nor have tensors made of numbers (M05), nor has NumPy (M06)."""

from tests.scenarios.library import refused, torch

x = torch.tensor(1.0, requires_grad=True)
(x * x.item()).backward()
print("x * x.item():", x.grad)

x.grad = None
(x * x).backward()
print("x * x:", x.grad)

a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
print("stack keeps history:", torch.stack([a, b]).requires_grad)
print("a list of numbers does not:", torch.tensor([a.item(), b.item()]).requires_grad)
torch.stack([a, b]).prod().backward()
print(a.grad, b.grad)

with refused("Can't call numpy() on Tensor that requires grad"):
    a.numpy()
print(type(a.detach().numpy()).__name__, a.tolist(), a.item(), bool(a))

for cut in (a > 1, a.detach(), torch.stack([a, b]).argmax()):
    print("cut:", cut.requires_grad, cut.dtype)
a.grad = None
(a.round() + a.sign() + a.floor()).backward()
print("rounding has a path, and it carries nothing:", a.grad)

with refused("floating point"):
    torch.tensor([1, 2], requires_grad=True)
with refused("does not require grad"):
    (a > 1).backward()
