"""Losses as modules: they hold the arguments, the formulas stand in `nn/functional/loss.py`."""

from __future__ import annotations

from inspect import Parameter as Argument
from inspect import Signature

from . import functional as F
from .functional.loss import legacy
from .module import Module


class Loss(Module):
    """Calls `function(*inputs, ...)` with the arguments that the module was made with."""

    function = None
    __signature__ = Signature()

    def __init__(self, *args, **kwargs):
        super().__init__()
        given = type(self).__signature__.bind(*args, **kwargs)
        given.apply_defaults()
        arguments = given.arguments
        if "reduce" in arguments:
            old = arguments.pop("size_average"), arguments.pop("reduce")
            arguments["reduction"] = legacy(*old, arguments["reduction"])
        self._names = tuple(arguments)
        for name, value in arguments.items():
            if name.endswith("weight"):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self, *inputs):
        return type(self).function(*inputs, **{name: getattr(self, name) for name in self._names})


def _layer(name, function, order):
    """The class of modules that call this function, with these arguments in PyTorch's order.

    Defaults are the function's own. `size_average` and `reduce` are old words for the reduction.
    """
    defaults = Signature.from_callable(function).parameters
    names = order.split()
    kind = Argument.POSITIONAL_OR_KEYWORD
    parameters = [Argument(n, kind, default=defaults[n].default if n in defaults else None) for n in names]
    return type(name, (Loss,), {
        "__doc__": f"`nn.functional.{function.__name__}` as a module: {function.__doc__.partition('>>>')[0].strip()}",
        "__module__": __name__,
        "__signature__": Signature(parameters), "function": staticmethod(function),
    })  # fmt: skip


MSELoss = _layer("MSELoss", F.mse_loss, "size_average reduce reduction")
L1Loss = _layer("L1Loss", F.l1_loss, "size_average reduce reduction")
SmoothL1Loss = _layer("SmoothL1Loss", F.smooth_l1_loss, "size_average reduce reduction beta")
HuberLoss = _layer("HuberLoss", F.huber_loss, "reduction delta")
BCELoss = _layer("BCELoss", F.binary_cross_entropy, "weight size_average reduce reduction")
BCEWithLogitsLoss = _layer(
    "BCEWithLogitsLoss", F.binary_cross_entropy_with_logits, "weight size_average reduce reduction pos_weight"
)
CrossEntropyLoss = _layer(
    "CrossEntropyLoss", F.cross_entropy, "weight size_average ignore_index reduce reduction label_smoothing"
)
NLLLoss = _layer("NLLLoss", F.nll_loss, "weight size_average ignore_index reduce reduction")
KLDivLoss = _layer("KLDivLoss", F.kl_div, "size_average reduce reduction log_target")
PoissonNLLLoss = _layer("PoissonNLLLoss", F.poisson_nll_loss, "log_input full size_average eps reduce reduction")
GaussianNLLLoss = _layer("GaussianNLLLoss", F.gaussian_nll_loss, "full eps reduction")
HingeEmbeddingLoss = _layer("HingeEmbeddingLoss", F.hinge_embedding_loss, "margin size_average reduce reduction")
MarginRankingLoss = _layer("MarginRankingLoss", F.margin_ranking_loss, "margin size_average reduce reduction")
SoftMarginLoss = _layer("SoftMarginLoss", F.soft_margin_loss, "size_average reduce reduction")
CosineEmbeddingLoss = _layer("CosineEmbeddingLoss", F.cosine_embedding_loss, "margin size_average reduce reduction")
TripletMarginLoss = _layer(
    "TripletMarginLoss", F.triplet_margin_loss, "margin p eps swap size_average reduce reduction"
)
MultiMarginLoss = _layer("MultiMarginLoss", F.multi_margin_loss, "p margin weight size_average reduce reduction")
MultiLabelSoftMarginLoss = _layer(
    "MultiLabelSoftMarginLoss", F.multilabel_soft_margin_loss, "weight size_average reduce reduction"
)


class CosineSimilarity(Module):
    """The cosine of the angle between rows along `dim`."""

    def __init__(self, dim=1, eps=1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1, x2):
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of the difference along the last axis."""

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1, x2):
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
