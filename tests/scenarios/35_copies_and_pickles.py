"""A leaf can be copied and pickled, and the copy is a leaf of its own; what is in a graph cannot."""

import copy
import pickle

from tests.scenarios.library import refused, torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
(w * w).sum().backward()

twin = copy.deepcopy(w)
print("deepcopy:", twin, twin.is_leaf, twin.grad)
(twin * 3).sum().backward()
print("goes its own way:", twin.grad, w.grad)

again = pickle.loads(pickle.dumps(w))
print("pickled:", again, again.is_leaf, again.grad)

with refused("Only Tensors created explicitly by the user"):
    copy.deepcopy(w * 2)
print("clone stays in the graph, detach leaves it:", w.clone().grad_fn is not None, w.detach().clone().grad_fn)

layer = torch.nn.Linear(2, 1)
other = copy.deepcopy(layer)
with torch.no_grad():
    other.weight.zero_()
print("a module is copied whole:", layer.weight.tolist() != other.weight.tolist(), type(other.weight).__name__)
tied = torch.nn.ModuleList([layer, layer])
copied = copy.deepcopy(tied)
print("what was shared is shared:", copied[0] is copied[1], copied[0] is not layer)

shared = {"a": w, "b": w}
both = copy.deepcopy(shared)
print("one copy of one tensor:", both["a"] is both["b"])

x = torch.arange(6.0).view(2, 3)
print("a view is copied with what it shows:", copy.deepcopy(x[:, 1]), pickle.loads(pickle.dumps(x[:, 1])))
