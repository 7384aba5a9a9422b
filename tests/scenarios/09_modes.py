"""Under `no_grad` operations are not recorded, and factories still may ask (M19); eval is something else (M16)."""

from tests.scenarios.library import refused, torch

x = torch.ones(2, requires_grad=True)
with torch.no_grad():
    made, computed = torch.ones(2, requires_grad=True), x * 2
    print(made.requires_grad, computed.requires_grad, torch.nn.Linear(1, 1).weight.requires_grad)
    with torch.enable_grad():
        print("on again inside:", (x * 2).requires_grad)
    print("a view is no part of a graph either:", x[0].grad_fn)
print("off again outside:", torch.is_grad_enabled())

y = (x * x).sum()
with torch.no_grad():
    y.backward()
print("backward does not ask for the mode:", x.grad)

torch.set_grad_enabled(False)
print((x * 2).requires_grad)
torch.set_grad_enabled(True)

try:
    with torch.no_grad():
        raise KeyError
except KeyError:
    print("back after an error:", torch.is_grad_enabled())

layer = torch.nn.Linear(2, 1).eval()
print("eval still records:", layer(x).requires_grad)

with torch.inference_mode():
    forever = x * 2
print("inference:", forever.requires_grad, forever.is_inference(), (forever * 2).requires_grad)
with refused("Inference tensors cannot be saved for backward"):
    x * forever
with refused("Inplace update to inference tensor outside InferenceMode"):
    forever.add_(1)
