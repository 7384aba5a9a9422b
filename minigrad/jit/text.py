"""Graphs as text: `str(graph)` with every value's type, and `graph.code` as Python."""

from __future__ import annotations

import ast
import itertools
import keyword
import re

from .graph import Graph, If, Loop, Value
from .places import file_name
from .tree import Leaf

# How ops are written in code; all others by name.
INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "matmul": "@", "floor_divide": "//", "remainder": "%",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "number.add": "+", "number.sub": "-",
    "number.mul": "*", "number.truediv": "/", "number.floordiv": "//", "number.mod": "%", "number.pow": "**",
    "number.eq": "==", "number.ne": "!=", "number.lt": "<", "number.le": "<=", "number.gt": ">", "number.ge": ">=",
    "number.and": "and", "number.or": "or", "list.concat": "+",
}  # fmt: skip
FORMS = {
    "neg": "-{}", "number.neg": "-{}", "number.not": "not {}", "tensor.bool": "bool({})", "tensor.int": "int({})",
    "tensor.float": "float({})", "tensor.dim": "{}.dim()", "tensor.numel": "{}.numel()", "list.len": "len({})",
    "list.append": "[*{}, {}]", "tensor.item": "{}.item()", "tensor.shape": "{}.shape",
}  # fmt: skip


def _shown(attributes, text, inputs):
    named = [f"{key}={attributes[key]!r}" for key in ("sep", "end") if key in attributes]
    return f"print({', '.join([*map(text, attributes['parts']), *named])})"


def _is_open(written):
    """Whether an operator stands in it outside of all brackets, so that it needs some within a larger expression."""
    written = re.sub(r"\bself\.[.\w]+", "self", written)  # self.layers.0.weight is no Python
    return isinstance(ast.parse(written, mode="eval").body, (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare))


def _bare(written):
    """Without the brackets around the whole of it, which an argument of a call does not need."""
    depths = itertools.accumulate((sign == "(") - (sign == ")") for sign in written)
    shut = next((i for i, depth in enumerate(depths) if not depth), 0)  # where the first bracket ends
    whole = written.startswith("(") and shut == len(written) - 1
    return written[1:-1] if whole and _is_open(written[1:-1]) else written


def _raised(attributes, text, inputs):
    return f"raise {attributes['error']}({attributes.get('message', '')!r})"


def _asserted(attributes, text, inputs):
    if "error" in attributes:
        return f"if not {inputs[0]}: raise {attributes['error']}({attributes.get('message', '')!r})"
    return f"assert {inputs[0]}" + (f", {attributes['message']!r}" if attributes.get("message") else "")


def _sliced(attributes, text, inputs):
    parts = ["" if attributes.get(key) is None else text(attributes[key]) for key in ("start", "end", "step")]
    return f"{inputs[0]}[{':'.join(parts[: 3 if parts[2] else 2])}]"


STATEMENTS = {"print": _shown, "raise": _raised, "assert": _asserted, "list.slice": _sliced}


def type_of(value):
    """The type of a value as text: `float32[3, 4]`, `float32[?, 4]`, `tensor`, `int`."""
    if value.kind != "tensor":
        return value.kind
    if value.shape is None:
        return "tensor" if value.dtype is None else value.dtype.name
    lengths = ", ".join("?" if n is None else str(n) for n in value.shape)
    where = "" if value.device == "cpu" else f" on {value.device}"
    return f"{'tensor' if value.dtype is None else value.dtype.name}[{lengths}]{where}"


def plainly(what):
    """An operand or attribute as text; values by name."""
    if isinstance(what, Value):
        return f"%{what.name}"
    if isinstance(what, slice):
        parts = ["" if part is None else plainly(part) for part in (what.start, what.stop, what.step)]
        return ":".join(parts[: 3 if parts[2] else 2])
    if isinstance(what, (tuple, list)):
        inside = ", ".join(map(plainly, what))
        if isinstance(what, list):
            return f"[{inside}]"
        return f"({inside},)" if len(what) == 1 else f"({inside})"
    if what is Ellipsis:
        return "..."
    if hasattr(what, "array"):
        return f"tensor of shape {tuple(what.array.shape)}"
    return repr(what) if isinstance(what, (int, float, str, bool, type(None))) else getattr(what, "name", str(what))


# With types


def text_of(graph):
    """The graph, a line for each step, with the line of code that it stands for."""
    inputs = [f"{value} : {type_of(value)}" for value in graph.inputs]
    held = [f"{value} : {type_of(value)}" for value in graph.parameters]
    lines = [_bracketed("graph", inputs + held)]
    lines += [f"  {value} : {type_of(value)} = constant {_brief(tensor)}" for value, tensor in graph.constants.items()]
    _write_block(graph, "  ", lines)
    lines += [f"  {held} <- {new}" for held, new in graph.updates]
    lines.append("  return " + ", ".join(map(plainly, graph.outputs)))
    return "\n".join(lines)


def _bracketed(name, parts):
    line = f"{name}({', '.join(parts)}):"
    return line if len(line) <= 100 else f"{name}(" + (",\n" + " " * (len(name) + 1)).join(parts) + "):"


def _brief(tensor):
    array = tensor.detach().cpu().array
    return str(array.tolist()) if array.size <= 6 else f"of {array.size} numbers"


def _write_block(block, indent, lines):
    for step in block.steps:
        made = ", ".join(f"{value} : {type_of(value)}" for value in step.outputs)
        made = f"{made} = " if made else ""
        if type(step) is If:
            lines.append(_with_place(f"{indent}{made}if {plainly(step.condition)}", step))
            for name, arm in (("then", step.then), ("else", step.orelse)):
                lines.append(f"{indent}  {name}:")
                _write_block(arm, indent + "    ", lines)
                lines.append(f"{indent}    -> {', '.join(map(plainly, arm.outputs)) or 'nothing'}")
        elif type(step) is Loop:
            limit = "no limit" if step.count is None else plainly(step.count)
            into = ", ".join(f"{inner} = {plainly(outer)}"
                             for inner, outer in zip(step.body.inputs[1:], step.carried, strict=True))
            head = f"{indent}{made}loop {step.body.inputs[0]} < {limit} while {plainly(step.condition)}, with ({into})"
            lines.append(_with_place(head, step))
            _write_block(step.body, indent + "    ", lines)
            go_on, *carried = map(plainly, step.body.outputs)
            lines.append(f"{indent}    -> again if {go_on}: ({', '.join(carried)})")
        else:
            lines.append(_with_place(f"{indent}{made}{call_of(step)}", step))


def call_of(step):
    """`linear(%x, %weight, %bias)`, with attributes that are not as always."""
    if hasattr(step.op, "written"):  # of a whole function, see calls.py
        return _written(step, plainly)
    parts = [plainly(x) for x in step.inputs]
    usual = step.op.attributes
    parts += [f"{name}={plainly(value)}" for name, value in step.attributes.items()
              if not _same(value, usual.get(name, usual))]
    return f"{step.op.name}({', '.join(parts)})"


def _written(step, text):
    """A call of a whole function as Python, each operand as `text` has it."""
    rest, named = step.attributes.get("rest", ()), step.attributes.get("named", {})
    return step.op.written([*map(text, step.inputs)], [*map(text, rest)], {k: text(x) for k, x in named.items()})


def _same(a, b):
    return type(a) is type(b) and not isinstance(a, Value) and isinstance(a, (int, float, str, type(None))) and a == b


def _with_place(line, step):
    if step.source is None:
        return line
    where = f"in {step.module}, " if step.module else ""
    return f"{line}  # {where}{file_name(step.source.file)}:{step.source.line}"


# As Python


def code_of(graph):
    """The graph as a Python function: for reading, with steps that are used once written into the line that does so."""
    return _Coder(graph).text()


class _Coder:
    def __init__(self, graph):
        self.graph, self.names, self.taken, self.lines = graph, {}, set(), []
        self.called = {step.op.name.rpartition(".")[2] for step in graph.every_step() if not step.blocks}
        self.uses, self.inline = {}, {}
        for step in graph.every_step():
            for value in step.uses():
                self.uses[value] = self.uses.get(value, 0) + 1
        for block in [graph, *(block for step in graph.every_step() for block in step.blocks)]:
            for value in block.outputs:
                self.uses[value] = self.uses.get(value, 0) + 2  # what leaves a block has a line of its own

    def text(self):
        graph = self.graph
        inputs = [f"{self.name(value)}: {value.kind.replace('tensor', 'Tensor')}" for value in graph.inputs]
        for value in graph.parameters:
            self.names[value] = f"self.{value.name}"
        for value, tensor in graph.constants.items():
            self.names[value] = str(tensor.item()) if tensor.numel() == 1 and not tensor.requires_grad else (
                f"CONSTANTS.{self.name(value)}")
        name = graph.name if graph.name.isidentifier() and not keyword.iskeyword(graph.name) else "forward"
        self.lines.append(f"def {name}({', '.join((['self'] if graph.parameters else []) + inputs)}):")
        self.block(graph, "    ")
        for held, new in graph.updates:
            self.lines.append(f"    {self.expression(held)}.copy_({self.expression(new)})")
        self.lines.append("    return " + self.result(graph))
        return "\n".join(self.lines)

    def result(self, graph):
        outputs = [self.expression(value) for value in graph.outputs]
        if graph.form is None:
            return outputs[0] if len(outputs) == 1 else ", ".join(outputs) or "None"
        text = self.nested(graph.form, outputs)
        return text[1:-1] if isinstance(graph.form, tuple) and len(graph.form) > 1 else text

    def nested(self, form, outputs):
        """The result as the function gave it."""
        if isinstance(form, Leaf):
            return outputs[form.number]
        if isinstance(form, dict):
            return "{" + ", ".join(f"{key!r}: {self.nested(part, outputs)}" for key, part in form.items()) + "}"
        if isinstance(form, (tuple, list)):
            parts = ", ".join(self.nested(part, outputs) for part in form)
            ends = "[]" if isinstance(form, list) else ("(", ",)" if len(form) == 1 else ")")
            return f"{ends[0]}{parts}{ends[1]}"
        return repr(form)

    def name(self, value):
        """A Python name for a value: its own where that is one."""
        if value not in self.names:
            plain = re.sub(r"\W", "_", value.name)
            plain = f"_{plain}" if not plain or plain[0].isdigit() or keyword.iskeyword(plain) else plain
            start, number = plain, 0
            while plain in self.taken or plain in self.called:  # not add_, which would be in place
                number += 1
                plain = f"{start}_{number}"
            self.taken.add(plain)
            self.names[value] = plain
        return self.names[value]

    def expression(self, what):
        """An operand as Python."""
        if isinstance(what, Value):
            return self.inline.pop(what, None) or self.name(what)
        if isinstance(what, (tuple, list)):
            inside = ", ".join(map(self.expression, what))
            ends = "[]" if isinstance(what, list) else ("(", ",)" if len(what) == 1 else ")")
            return f"{ends[0]}{inside}{ends[1]}"
        if isinstance(what, slice):
            return f"slice({', '.join(self.expression(p) for p in (what.start, what.stop, what.step))})"
        return plainly(what)

    def block(self, block, indent):
        before = len(self.lines)
        for step in block.steps:
            if type(step) is If:
                self.branch(step, indent)
            elif type(step) is Loop:
                self.loop(step, indent)
            else:
                self.step(step, indent, block)
        return len(self.lines) > before

    def step(self, step, indent, block):
        written, out = self.written(step), step.outputs[0]
        if step.op.name in ("assert", "print", "raise"):
            self.lines.append(f"{indent}{written}")
        elif self.uses.get(out) == 1 and len(step.outputs) == 1 and len(written) < 60 and self.used_next(out, block):
            self.inline[out] = f"({written})" if _is_open(written) else written
        else:
            names = [self.name(value) for value in step.outputs if value is out or self.uses.get(value)]
            self.lines.append(f"{indent}{', '.join(names)} = {written}")

    def used_next(self, value, block):
        """Whether the one step that uses the value comes right behind, so that the order of things stays as it is."""
        for step, after in zip(block.steps, block.steps[1:], strict=False):
            if value in step.outputs:
                return value in list(after.uses())
        return False

    def written(self, step):
        if hasattr(step.op, "written"):
            return _written(step, self.expression)
        name, inputs = step.op.name, [self.expression(x) for x in step.inputs]
        if name in STATEMENTS:
            return STATEMENTS[name](step.attributes, self.expression, inputs)
        attributes = {key: value for key, value in step.attributes.items()
                      if not _same(value, step.op.attributes.get(key, step.op.attributes))}
        if name in INFIX and len(inputs) == 2:
            left = f"({inputs[0]})" if name.endswith("pow") and inputs[0].startswith("-") else inputs[0]
            return f"{left} {INFIX[name]} {inputs[1]}"
        if name in FORMS:
            return FORMS[name].format(*inputs)
        if name in ("index", "list.get"):
            index = attributes.get("index", step.attributes.get("index"))
            index = index if isinstance(index, tuple) else (index,)
            return f"{inputs[0]}[{', '.join(self.subscript(part) for part in index)}]"
        if name == "tensor.size":
            return f"{inputs[0]}.size({self.expression(step.attributes['dim'])})"
        if name == "list.new":
            return f"[{', '.join(inputs)}]"
        inputs = [f"[{', '.join(inputs)}]"] if step.op.variadic else inputs
        given = [*map(_bare, inputs), *(f"{key}={self.expression(value)}" for key, value in attributes.items())]
        return f"{name.rpartition('.')[2]}({', '.join(given)})"

    def subscript(self, part):
        if isinstance(part, slice):
            parts = ["" if p is None else self.expression(p) for p in (part.start, part.stop, part.step)]
            return ":".join(parts[: 3 if parts[2] else 2])
        return self.expression(part)

    def assign(self, outputs, given, indent):
        pairs = [(self.name(a), self.expression(b)) for a, b in zip(outputs, given, strict=True)]
        pairs = [(a, b) for a, b in pairs if a != b]
        if pairs:
            self.lines.append(f"{indent}{', '.join(a for a, _ in pairs)} = {', '.join(b for _, b in pairs)}")

    def branch(self, step, indent):
        self.lines.append(f"{indent}if {self.expression(step.condition)}:")
        for arm in (step.then, step.orelse):
            start = len(self.lines)
            self.block(arm, indent + "    ")
            self.assign(step.outputs, arm.outputs, indent + "    ")
            if arm is step.then:
                if len(self.lines) == start:
                    self.lines.append(f"{indent}    pass")
                self.lines.append(f"{indent}else:")
            elif len(self.lines) == start:
                self.lines.pop()

    def loop(self, step, indent):
        body, counted = step.body, step.count is not None
        turn, *inner = body.inputs
        for value, out in zip(inner, step.outputs, strict=True):  # one name for what goes round
            self.names[value] = self.name(out)
        self.assign(inner, step.carried, indent)
        endless = step.condition is True and body.outputs[0] is True
        go_on = None if endless else f"again_{self.name(turn)}"
        if counted:
            self.lines.append(f"{indent}for {self.name(turn)} in range({self.expression(step.count)}):")
            if not endless:
                self.lines.insert(len(self.lines) - 1, f"{indent}{go_on} = {self.expression(step.condition)}")
                self.lines.append(f"{indent}    if not {go_on}:\n{indent}        break")
        else:
            self.lines.append(f"{indent}{go_on} = {self.expression(step.condition)}")
            self.lines.append(f"{indent}while {go_on}:")
        start = len(self.lines)
        self.block(body, indent + "    ")
        self.assign(inner, body.outputs[1:], indent + "    ")
        if go_on:
            self.lines.append(f"{indent}    {go_on} = {self.expression(body.outputs[0])}")
        if len(self.lines) == start:
            self.lines.append(f"{indent}    pass")


Graph.__str__ = text_of
Graph.code = property(code_of, doc="The graph as a Python function.")
