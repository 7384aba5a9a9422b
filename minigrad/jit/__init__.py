"""Record once, run anywhere: graphs that are kept, and what can be done with them."""

from . import plain, run, text  # noqa: F401  they hang their methods on Graph
from .compiling.compiled import Compiled, compile
from .divergence import Divergence, divergence
from .errors import CaptureError, TracerWarning, TracingCheckError
from .graph import Graph
from .module import GraphModule
from .trace import TracedFunction, trace

__all__ = [
    "CaptureError", "Compiled", "Divergence", "Graph", "GraphModule", "TracedFunction", "TracerWarning",
    "TracingCheckError", "compile", "divergence", "trace",
]  # fmt: skip
