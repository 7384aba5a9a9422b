"""Record once, run anywhere: graphs that are kept, and what can be done with them."""

from . import plain, run, text  # noqa: F401  they hang their methods on Graph
from .compiling.compiled import Compiled, compile
from .control import cond, scan, while_loop
from .divergence import Divergence, divergence
from .errors import CaptureError, TracerWarning, TracingCheckError
from .graph import Graph
from .module import GraphModule
from .onnx.limits import FormatError
from .saving import load, save
from .script import ScriptFunction, ScriptModule, UnsupportedError, export, ignore, script, unused
from .shaped import shaped
from .trace import TracedFunction, trace

__all__ = [
    "CaptureError", "Compiled", "Divergence", "FormatError", "Graph", "GraphModule", "ScriptFunction", "ScriptModule",
    "TracedFunction", "TracerWarning", "TracingCheckError", "UnsupportedError", "compile", "cond", "divergence",
    "export", "ignore", "load", "save", "scan", "script", "shaped", "trace", "unused", "while_loop",
]  # fmt: skip
