"""What PyTorch calls `torch.autograd`."""

from ..backward import backward as _backward
from ..backward import grad
from ..gradcheck import gradcheck, gradgradcheck
from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..tensor import Tensor
from . import functional, graph
from .anomaly import detect_anomaly, set_detect_anomaly
from .function import Function

__all__ = [
    "Function", "backward", "detect_anomaly", "enable_grad", "functional", "grad", "gradcheck", "gradgradcheck",
    "graph", "inference_mode", "no_grad", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Tensor.backward for several tensors at once: their gradients are added up.

    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> backward([x * 2, x * x])
    >>> x.grad
    tensor(8.)
    """
    tensors = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
    if grad_tensors is None or isinstance(grad_tensors, Tensor):
        grad_tensors = (grad_tensors,) * len(tensors)
    _backward(tensors, tuple(grad_tensors)[: len(tensors)], retain_graph, create_graph, inputs)
