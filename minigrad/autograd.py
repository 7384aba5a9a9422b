"""What PyTorch calls `torch.autograd`."""

from .backward import backward, grad
from .mode import enable_grad, no_grad, set_grad_enabled

__all__ = ["backward", "enable_grad", "grad", "no_grad", "set_grad_enabled"]
