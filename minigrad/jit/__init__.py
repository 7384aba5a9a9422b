"""Record once, run anywhere: graphs that are kept, and what can be done with them."""

from . import plain, run, text  # noqa: F401  they hang their methods on Graph
from .control import cond, scan, while_loop
from .graph import Graph
from .script import ScriptFunction, ScriptModule, UnsupportedError, export, ignore, script, unused
from .shaped import shaped

__all__ = [
    "Graph",
    "ScriptFunction",
    "ScriptModule",
    "UnsupportedError",
    "cond",
    "export",
    "ignore",
    "scan",
    "script",
    "shaped",
    "unused",
    "while_loop",
]
