"""What PyTorch calls `torch.nn`."""

from . import functional
from .layers import (
    BatchNorm1d,
    CrossEntropyLoss,
    Dropout,
    Linear,
    ModuleList,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
)
from .module import Module, Parameter

__all__ = [
    "BatchNorm1d", "CrossEntropyLoss", "Dropout", "Linear", "MSELoss", "Module", "ModuleList", "Parameter", "ReLU",
    "Sequential", "Sigmoid", "Tanh", "functional",
]  # fmt: skip
