"""What a node keeps for backward can be looked at under PyTorch's names, until it is freed."""

from tests.scenarios.library import refused, torch

x, c = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0])


def show(y, *names):
    node = y.grad_fn
    print(node.name(), *(f"{name}: {getattr(node, '_saved_' + name)}" for name in names))


show(x * c, "self", "other")
show(x * x, "self", "other")
show(c / x, "self", "other")
show(x.exp(), "result")
show(x.tanh(), "result")
show(x.sigmoid(), "result")
show(x.sqrt(), "result")
show(x.log(), "self")
show(x.sin(), "self")
show(x.abs(), "self")
show(x.relu(), "result")
show(torch.maximum(x, c), "self", "other")

node = (x * x).grad_fn
print("a leaf is itself:", node._saved_self is x)
y = x.exp()
result = y.grad_fn._saved_result
print("a result is another tensor of the same graph:", result is y, result.grad_fn is y.grad_fn)
print("what is not needed is not there:", hasattr((x + 1).grad_fn, "_saved_self"), "_saved_self" in dir(y.grad_fn))
y.sum().backward()
with refused("after they have already been freed"):
    y.grad_fn._saved_result  # noqa: B018

h = x * 1
y = h * h
h.add_(1)
with refused("modified by an inplace operation"):
    y.grad_fn._saved_self  # noqa: B018

node.metadata["note"] = "mine"
print(node.metadata, y.grad_fn.metadata)
print(isinstance(node, torch.autograd.graph.Node))
