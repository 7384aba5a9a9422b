"""In place is allowed or not by what backward has saved: the input of a square, the output of exp (M23)."""

from tests.scenarios.library import torch


def attempt(name, function, which):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    given = x * 1
    result = function(given)
    (given if which == "input" else result).add_(1)
    try:
        result.sum().backward()
        print(f"{name}: {which} changed, fine: {[round(g, 4) for g in x.grad.tolist()]}")
    except RuntimeError as error:
        print(f"{name}: {which} changed, refused: {'modified by an inplace operation' in str(error)}")


for name, function in [
    ("square", lambda t: t**2), ("exp", torch.exp), ("add", lambda t: t + 1), ("mul by 3", lambda t: t * 3),
    ("mul by itself", lambda t: t * t), ("tanh", torch.tanh), ("sigmoid", torch.sigmoid), ("relu", torch.relu),
    ("sin", torch.sin), ("sqrt", torch.sqrt), ("log", torch.log), ("div by 2", lambda t: t / 2),
    ("reciprocal", torch.reciprocal), ("abs", torch.abs), ("sum", lambda t: t.sum(0, keepdim=True)),
    ("matmul", lambda t: t @ torch.ones(2, 2)), ("softmax", lambda t: torch.softmax(t, 0)), ("clone", torch.clone),
    ("max", lambda t: t.max(0, keepdim=True).values), ("cumsum", lambda t: t.cumsum(0)),
    ("index", lambda t: t[[0, 0]]), ("where", lambda t: torch.where(t > 1, t, t * 2)),
]:  # fmt: skip
    attempt(name, function, "input")
    attempt(name, function, "output")
