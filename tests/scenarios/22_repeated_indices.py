"""An element that is picked twice gets both gradients (M44); a broadcast one gets the sum (M43)."""

from tests.scenarios.library import torch

w = torch.zeros(3, requires_grad=True)
for indices in ([0, 0, 2], [1, 1, 1], [2, 1, 0], []):
    w.grad = None
    w[torch.tensor(indices, dtype=torch.int64)].sum().backward()
    print(indices, w.grad)

w.grad = None
w.index_select(0, torch.tensor([0, 0, 2])).sum().backward()
print("index_select:", w.grad)
w.grad = None
w.gather(0, torch.tensor([0, 0, 2])).sum().backward()
print("gather:", w.grad)

table = torch.zeros(3, 2, requires_grad=True)
torch.nn.functional.embedding(torch.tensor([[0, 2], [2, 2]]), table).sum().backward()
print("embedding:", table.grad.tolist())

source = torch.ones(3, requires_grad=True)
total = torch.zeros(3).index_add(0, torch.tensor([0, 0, 2]), source)
print("added up:", total.tolist())

row = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
column = torch.tensor([[10.0], [20.0]], requires_grad=True)
number = torch.tensor(2.0, requires_grad=True)
(row * column * number).sum().backward()
print("summed back to each shape:", row.grad, column.grad, number.grad)

prediction, truth = torch.ones(4, 1), torch.ones(4)
print("shapes that run (M42):", (prediction - truth).shape)
