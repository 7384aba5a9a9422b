"""Source to graph: `jit.script`. Begin with compiler.py."""

from .errors import UnsupportedError
from .marks import export, ignore, unused
from .objects import ScriptFunction, ScriptModule, script

__all__ = ["ScriptFunction", "ScriptModule", "UnsupportedError", "export", "ignore", "script", "unused"]
