"""A state that is carried over reaches back into the graph of the step before (M30)."""

from tests.scenarios.library import refused, torch


def depth(tensor):
    node, count = tensor.grad_fn, 0
    while node is not None and node.name() != "AccumulateGrad":
        node, count = node.next_functions[0][0], count + 1
    return count


w = torch.tensor(0.5, requires_grad=True)
state = torch.tensor(1.0)
state = torch.tanh(state * w)
state.backward()
state = torch.tanh(state * w)
with refused("backward through the graph a second time"):
    state.backward()

w.grad = None
state, depths = torch.tensor(1.0), []
for step in range(1, 10):
    state = torch.tanh(state * w)
    depths.append(depth(state))
    if step % 3 == 0:
        state.backward()
        state = state.detach()
print("cut every three steps:", depths)
print(f"{w.grad.item():.5f}")
