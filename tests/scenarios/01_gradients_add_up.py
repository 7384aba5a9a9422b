"""`backward()` adds to `.grad`, in place, until somebody clears it (M31)."""

from tests.scenarios.library import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
print("before the first backward:", w.grad)

(w * w).sum().backward()
held = w.grad
print("once:", held)

(w * 10).sum().backward()
print("twice:", w.grad)
print("somebody who held it sees it grow:", held is w.grad)

(w * w).sum().backward(gradient=torch.tensor(0.5))
print("a weighted third:", w.grad)

w.grad.zero_()
(w * w).sum().backward()
print("after zero_():", w.grad, held is w.grad)

w.grad = None
(w * w).sum().backward()
print("after None it is another tensor:", w.grad, held is w.grad)
print("which knows of no graph:", w.grad.requires_grad)
