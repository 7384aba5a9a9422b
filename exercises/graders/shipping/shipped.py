"""What is in the file that a learner has written: its graph, whether it survives a round trip, what it gives elsewhere.

Without onnxruntime, which some computers cannot have, the ONNX package's own evaluator runs the file.
"""

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import viz
from exercises.graders.elsewhere import elsewhere
from minigrad.jit.graph import If, Loop
from minigrad.jit.saving import from_bytes, to_bytes

NAME = "shipped.onnx"
PROGRAM = """
import json, numpy
try:
    from onnxruntime import InferenceSession
    session = InferenceSession({name!r}, providers=["CPUExecutionProvider"])
    inputs = [given.name for given in session.get_inputs()]
except ImportError:
    from onnx.reference import ReferenceEvaluator
    session = ReferenceEvaluator({name!r})
    inputs = session.input_names
for row in {rows!r}:
    try:
        (found,) = session.run(None, {{inputs[0]: numpy.array(row, "float32")}})
        print(json.dumps(found.tolist()))
    except Exception as error:
        print(json.dumps(str(error)))
"""


@dataclass(slots=True)
class Shipped:
    """A file that could be read. graph: as the pictures have it. ops: how often each op is in it. arms: of its ifs, how
    many ops stand in each; loops: the same of the bodies. open: whether the length of its input is. same: whether it
    is the same file, byte for byte, when it is loaded and saved again."""

    content: bytes
    graph: object
    ops: Counter
    arms: list
    loops: list
    open: bool
    same: bool

    def results(self, rows):
        """What the file gives for each row, in a process without minigrad; for a row at which it stops, a text."""
        return list(_run(self.content, rows))


@lru_cache(maxsize=64)
def read(content):
    """The Shipped of a file's bytes. Errors: FormatError, and whatever else comes of a file that is no model."""
    loaded = from_bytes(content)
    steps = list(loaded.graph.every_step())
    (x, *_) = loaded.graph.inputs
    return Shipped(
        content, viz.graph_of(loaded).graph, Counter(step.op.name for step in steps if not step.blocks),
        [[len(block.steps) for block in step.blocks] for step in steps if isinstance(step, If)],
        [len(step.body.steps) for step in steps if isinstance(step, Loop)],
        x.shape is None or None in x.shape, to_bytes(loaded) == content)  # fmt: skip


@lru_cache(maxsize=64)
def _run(content, rows):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, NAME).write_bytes(content)
        lines = elsewhere(PROGRAM.format(name=NAME, rows=rows), folder).splitlines()[1:]
    found = []
    for line in lines[:len(rows)]:
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append(line)
    return tuple(found + ["no answer"] * (len(rows) - len(found)))
