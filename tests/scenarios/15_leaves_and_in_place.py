"""Adding to a leaf that is recorded is refused (M25); three rewrites are not, and one keeps the leaf."""

from tests.scenarios.library import refused, torch

x = torch.ones(2, requires_grad=True)
for change in ("x += 1", "x.mul_(2)", "x[0] = 5.0", "x.zero_()", "x.copy_(torch.zeros(2))", "x.relu_()"):
    with refused("a leaf Variable that requires grad is being used in an in-place operation"):
        exec(change)
print("nothing was changed:", x, x._version)

y = x + 1
print("out of place:", y.is_leaf, x.tolist())
with torch.no_grad():
    x += 1
print("under no_grad:", x, x._version)
x.data += 1
print("through .data:", x, x._version)

plain = torch.ones(2)
plain += x
print("a tensor without history joins the graph:", plain.requires_grad, plain.is_leaf)
plain.sum().backward()
print(x.grad)

y = torch.ones(2)
y[0] = x[1] * 3
x.grad = None
y.sum().backward()
print("so does one that is written to:", x.grad)
with refused("can't be cast to the desired output type"):
    count = torch.arange(2)
    count += 0.5
