"""Record once, run anywhere: graphs that are kept, and what can be done with them.

Four ways in, one kind of graph, and three things to do with it:

    jit.trace(f, (x,))    runs once and keeps what ran        recording.py, tracing.py
    jit.script(f)         compiles the source: all ways       script/
    jit.compile(f)        records, and runs as NumPy lines    compiling/, generate/, passes/
    jit.load(path)        from a file                         saving.py, onnx/

    graph(x), graph.code, str(graph), jit.divergence, jit.save(m, path)

Read first graph.py: what a graph is. Then prims.py (its steps beside ops), run.py (what running it means) and text.py
(how it is shown). From there trace.py with recording.py, for the simplest way in; script/compiler.py for the one that
keeps branches; control.py and tracing.py for how a trace keeps them, too. calls.py and layers.py hold whole functions
as steps, and shaped.py takes them apart when there are examples, with lengths.py for the numbers that follow an axis.
compiling/compiled.py begins with a call and ends in generate/emit.py. shippable.py says what can be saved;
onnx/export.py writes it, onnx/importing.py reads. module.py is what comes out of trace and load; check.py, plain.py
(JSON), parting.py and splicing.py serve all of them.

>>> import minigrad as mg
>>> from minigrad import jit
>>> @jit.script
... def f(x):
...     if x.sum() > 0:
...         x = x * 2
...     return x
>>> [type(step).__name__ for step in f.graph.steps]
['Step', 'Step', 'Step', 'If']
>>> f(mg.tensor([1.0, 2.0])), f(mg.tensor([-1.0, 0.5]))
(tensor([2., 4.]), tensor([-1.0000,  0.5000]))
"""

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
