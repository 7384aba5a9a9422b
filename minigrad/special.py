"""What PyTorch calls `torch.special`: functions of mathematics under the names they have there."""

from .arithmetic import round
from .ops import erf, erfc, exp2, expm1, log1p, xlogy
from .ops import sigmoid as expit
from .reducing import log_softmax, logsumexp, softmax

__all__ = [
    "erf", "erfc", "exp2", "expit", "expm1", "log1p", "log_softmax", "logsumexp", "round", "softmax", "xlogy",
]  # fmt: skip
