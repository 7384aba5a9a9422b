"""Record once, run anywhere: graphs that are kept, and what can be done with them."""

from . import plain, run, text  # noqa: F401  they hang their methods on Graph
from .graph import Graph
from .onnx.limits import FormatError
from .saving import load, save

__all__ = ["FormatError", "Graph", "load", "save"]
