"""Anomaly mode stops at the first nan and names the line of forward."""

import warnings

from tests.scenarios.library import torch

x = torch.tensor([0.0, 1.0], requires_grad=True)
(x.sqrt() * torch.tensor([0.0, 1.0])).sum().backward()
print("without it:", x.grad)

x.grad = None
with warnings.catch_warnings(record=True) as told:  # PyTorch names the line in a warning, minigrad in the error
    warnings.simplefilter("always")
    try:
        with torch.autograd.detect_anomaly():
            roots = x.sqrt()
            (roots * torch.tensor([0.0, 1.0])).sum().backward()
    except RuntimeError as error:
        text = str(error) + "".join(str(warning.message) for warning in told)
        print("'SqrtBackward0' returned nan values in its 0th output" in text, "roots = x.sqrt()" in text)
print("nothing was added:", x.grad)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    with torch.autograd.detect_anomaly():
        x.exp().sum().backward()
print("a healthy one passes:", [round(g, 4) for g in x.grad.tolist()])

x.grad = None
(x.sqrt() * 0).sum().backward()
print("and it is off again:", x.grad)
