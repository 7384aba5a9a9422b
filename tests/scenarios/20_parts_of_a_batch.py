"""Means over unequal parts have to be weighed by their sizes (M33)."""

from tests.scenarios.library import torch

data = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0], dtype=torch.float64)
w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)


def loss(part):
    return ((w * part) ** 2).mean()


def gradient(parts, scale):
    w.grad = None
    for part in parts:
        (loss(part) * scale(part)).backward()
    return round(w.grad.item(), 10)


print("the whole batch:", gradient([data], lambda part: 1))
for sizes in ([4, 3], [1, 6], [2, 2, 3]):
    parts = torch.split(data, sizes)
    print(sizes, "by the number of parts:", gradient(parts, lambda part, parts=parts: 1 / len(parts)))
    print(sizes, "by their share:", gradient(parts, lambda part: len(part) / len(data)))

w.grad = None
(loss(data[:3]) + loss(data[3:])).backward()
together = w.grad.item()
w.grad = None
loss(data[:3]).backward()
loss(data[3:]).backward()
print("one backward for two losses or two (M34):", round(together, 10) == round(w.grad.item(), 10))
