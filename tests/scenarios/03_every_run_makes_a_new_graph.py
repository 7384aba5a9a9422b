"""The graph is made by running (M01), names move from node to node (M02), and an arm that did not run is not there."""

from tests.scenarios.library import torch


def names(y):
    node, found = y.grad_fn, []
    while node is not None:
        found.append(node.name().removeprefix("torch::autograd::"))
        node = node.next_functions[0][0] if node.next_functions else None
    return found


def f(x):
    y = x * 2
    while y.sum() < 20:
        y = y * 2
    return y.exp() if x[0] > 4 else y.neg()


for start in (1.0, 5.0):
    x = torch.tensor([start, start], requires_grad=True)
    print(start, names(f(x)))

x = torch.tensor(1.0, requires_grad=True)
first, second = x * 2, x * 2
print("two calls, two nodes:", first.grad_fn is not second.grad_fn)

y = x * 2
node = y.grad_fn
y = y + 1
print("the name moved, the node stayed:", y.grad_fn.next_functions[0][0] is node, node.name())
print("the end of the path is the leaf:", node.next_functions[0][0].variable is x)
print("a number has no path:", node.next_functions[1])

left, right = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
(left if x > 0 else right).sum().backward()
print("the arm that did not run:", left.grad, right.grad)
