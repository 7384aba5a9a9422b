"""Where there is no derivative, these are the ones that are taken."""

from tests.scenarios.library import torch

CASES = {
    "relu": torch.relu, "abs": torch.abs, "sign": torch.sign, "max": torch.max, "min": torch.min,
    "amax": lambda t: t.amax(0), "max over an axis": lambda t: t.max(0).values, "median": lambda t: t.median(0).values,
    "min over an axis": lambda t: t.min(0).values,
    "maximum": lambda t: torch.maximum(t, torch.zeros(3)), "maximum with itself": lambda t: torch.maximum(t, t),
    "minimum": lambda t: torch.minimum(t, torch.zeros(3)), "clamp": lambda t: t.clamp(0, 1),
    "clamp from above": lambda t: t.clamp(max=0.0), "leaky_relu": lambda t: torch.nn.functional.leaky_relu(t, 0.1),
    "elu": torch.nn.functional.elu, "hardtanh": lambda t: torch.nn.functional.hardtanh(t, 0.0, 1.0),
    "relu6": torch.nn.functional.relu6, "softplus": torch.nn.functional.softplus, "silu": torch.nn.functional.silu,
    "norm": torch.norm, "norm of order 1": lambda t: t.norm(1), "largest norm": lambda t: t.norm(float("inf")),
    "sort": lambda t: t.sort().values * torch.tensor([1.0, 2.0, 3.0]), "topk": lambda t: t.topk(2).values,
    "product": torch.prod, "std": torch.std, "pow 1": lambda t: t**1, "pow 0": lambda t: t**0,
    "hinge": lambda t: (t - 0).clamp(min=0),
}  # fmt: skip

for name, function in CASES.items():
    x = torch.zeros(3, requires_grad=True)
    function(x).sum().backward()
    print(f"{name} of 0, 0, 0:", [round(g, 4) for g in x.grad.tolist()])

for values in ([3.0, 1.0, 3.0], [float("nan"), 1.0, 2.0]):
    for name in ("max", "min", "amax", "max over an axis", "sort"):
        x = torch.tensor(values, requires_grad=True)
        CASES[name](x).sum().backward()
        print(f"{name} of {values}:", [round(g, 4) for g in x.grad.tolist()])
