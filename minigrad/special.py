"""What PyTorch calls `torch.special`: functions of mathematics under the names they have there."""

from .arithmetic import polygamma, round
from .ops import digamma, erf, erfc, erfinv, exp2, expm1, log1p, xlogy
from .ops import digamma as psi
from .ops import lgamma as gammaln
from .ops import sigmoid as expit
from .reducing import log_softmax, logsumexp, softmax

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p", "log_softmax", "logsumexp",
    "polygamma", "psi", "round", "softmax", "xlogy",
]  # fmt: skip
