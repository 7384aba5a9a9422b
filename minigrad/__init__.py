"""minigrad: the computation graph of PyTorch, small enough to read. `import minigrad as mg`, and type what you know."""

from math import e, inf, nan, pi

from . import (
    arithmetic,
    autograd,
    counting,
    creation,
    data,
    datasets,
    indexing,
    inplace,  # noqa: F401  hangs the operators on Tensor, through `methods`
    linalg,
    nn,
    ops,
    optim,
    ordering,
    pieces,
    printing,
    products,
    queries,
    random,
    reducing,
    running,
    shaping,
    special,
    utils,
)
from .arithmetic import *  # noqa: F403
from .counting import *  # noqa: F403
from .creation import *  # noqa: F403
from .device import Device as device
from .device import cuda
from .dtype import bool_ as bool
from .dtype import (
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)  # fmt: skip
from .einstein import einsum
from .errors import DeviceError, DtypeError, GradError, ShapeError
from .gradcheck import gradcheck
from .indexing import *  # noqa: F403
from .linalg import det, logdet, matrix_power, slogdet
from .linalg import inv as inverse
from .modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)  # fmt: skip
from .nn.functional import (
    celu,
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    cosine_similarity,
    dropout,
    pairwise_distance,
    prelu,
    rrelu,
    selu,
    threshold,
)  # fmt: skip
from .ops import clone, detach, matmul, relu, sigmoid, squeeze, tanh, unsqueeze
from .ordering import *  # noqa: F403
from .pieces import *  # noqa: F403
from .printing import *  # noqa: F403
from .products import *  # noqa: F403
from .queries import *  # noqa: F403
from .random import *  # noqa: F403
from .reducing import *  # noqa: F403
from .running import *  # noqa: F403
from .serialization import load, save
from .shaping import *  # noqa: F403
from .tensor import Size, Tensor

half, float, double, short, int, long = float16, float32, float64, int16, int32, int64
newaxis = None

__version__ = "0.1.0"


def __getattr__(name):
    """`minigrad.jit` and `minigrad.static` are imported when they are first asked for."""
    if name in ("jit", "static"):
        import importlib

        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "DeviceError",
    "DtypeError",
    "GradError",
    "ShapeError",
    "Size",
    "Tensor",
    "autograd",
    "bool",
    "celu",
    "clone",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_similarity",
    "cuda",
    "data",
    "datasets",
    "det",
    "detach",
    "device",
    "double",
    "dropout",
    "dtype",
    "e",
    "einsum",
    "enable_grad",
    "float",
    "float16",
    "float32",
    "float64",
    "get_default_dtype",
    "gradcheck",
    "half",
    "inf",
    "inference_mode",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "inverse",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "linalg",
    "load",
    "logdet",
    "long",
    "matmul",
    "matrix_power",
    "nan",
    "nn",
    "no_grad",
    "ops",
    "optim",
    "pairwise_distance",
    "pi",
    "prelu",
    "relu",
    "rrelu",
    "save",
    "selu",
    "set_default_dtype",
    "set_grad_enabled",
    "short",
    "sigmoid",
    "slogdet",
    "special",
    "squeeze",
    "tanh",
    "threshold",
    "uint8",
    "unsqueeze",
    "utils",
]  # fmt: skip
__all__ += [
    name
    for part in (
        arithmetic, counting, creation, indexing, ordering, pieces, printing, products, queries, random, reducing,
        running,
        shaping,
    )
    for name in part.__all__
]  # fmt: skip
