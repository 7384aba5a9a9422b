"""Backward frees what it had saved (M27). Whoever saved nothing may go again."""

from tests.scenarios.library import refused, torch

for name, function in {
    "add": lambda t: t + 1, "mul by a number": lambda t: t * 2, "mul": lambda t: t * t, "exp": torch.exp,
    "sum": torch.sum, "reshape": lambda t: t.reshape(2, 1), "mean": torch.mean, "relu": torch.relu, "neg": torch.neg,
    "transpose": lambda t: t.reshape(2, 1).t(), "index": lambda t: t[0], "cat": lambda t: torch.cat([t, t]),
    "stack": lambda t: torch.stack([t, t]), "expand": lambda t: t.expand(3, 2), "clone": torch.clone,
    "div by a number": lambda t: t / 2, "sub": lambda t: 1 - t, "pad of a square": lambda t: (t**2).flatten(),
}.items():  # fmt: skip
    x = torch.ones(2, requires_grad=True)
    out = function(x).sum()
    out.backward()
    try:
        out.backward()
        print(f"{name}: again, {x.grad.tolist()}")
    except RuntimeError:
        print(f"{name}: freed")

x = torch.ones(2, requires_grad=True)
shared = x.exp()
(shared * 2).sum().backward()
with refused("backward through the graph a second time"):
    (shared * 3).sum().backward()
print("two heads on one body, the first keeps the graph:", end=" ")
x.grad = None
shared = x.exp()
(shared * 2).sum().backward(retain_graph=True)
(shared * 3).sum().backward()
print([round(g, 3) for g in x.grad.tolist()])
