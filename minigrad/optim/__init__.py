"""Optimizers, and schedules for their learning rates (`lr_scheduler`). They change parameters in place."""

from . import lr_scheduler
from .adaptive import Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, RAdam, RMSprop
from .optimizer import Optimizer, clear_grad
from .sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "clear_grad",
    "lr_scheduler",
]
