"""A program written out as one Python function, with its memory."""

from __future__ import annotations

import re

from .memory import arrays, settle

_METHOD = re.compile(r"\{(0|out)\}\.(dot|take|fill|item|argmax|copy)\(")


def prune(program):
    """Leave out lines that make what nobody uses, unless they move a generator of random numbers on."""
    wanted, kept = {buffer.root for buffer in program.results}, []
    for line in reversed(program.lines):
        outs = [line.out, *line.extra] if line.out is not None else []
        used = any(out.root in wanted or out.root.kind in ("outside", "given") for out in outs)
        if outs and not (used or line.draws):
            continue
        wanted.update(buffer.root for buffer in line.operands)
        kept.append(line)
    program.lines = kept[::-1]


def _guards_first(lines):
    """The lines with those guards in front of all random draws that look at nothing but what was handed in."""
    first = next((i for i, line in enumerate(lines) if line.draws), None)
    if first is None:
        return lines
    early = [line for line in lines[first:] if line.guard and line.operands and _looks_at_given(line)]
    moved = set(map(id, early))
    return [*lines[:first], *early, *(line for line in lines[first:] if id(line) not in moved)]


def _looks_at_given(line):
    return all(buffer.root.kind == "given" for buffer in line.operands)


def _writes_outside(line):
    """Whether a line changes an array of somebody else; one without a result may write to its first operand."""
    if line.guard or (line.out is None and (not line.operands or " = " in line.template)):
        return False
    root = (line.operands[0] if line.out is None else line.out).root
    return root.kind == "given" or (root.kind == "outside" and root.tensor is not None)


class Source:
    """The text of a program's lines, and the names in it; `bind()` looks up those of arrays, as they lie then."""

    def __init__(self, program):
        prune(program)
        program.lines = _guards_first(program.lines)
        kept = {line.template.partition("(")[0] for line in program.lines}
        program.prepared = [entry for entry in program.prepared if entry[0] in kept]
        self.program = program
        sizes, places = settle(program)
        self.nbytes = sum(sizes)
        self.memory = arrays(sizes, places)
        self.names, self.bound, self.made, self.counts = dict(program.names), {}, {}, {}
        self.methods = {}  # (buffer, method) -> the name of the method, looked up beforehand
        self.lines, self.first_draw = [], None  # and the first line that draws random numbers,
        self.first_outside = None  # and that writes to memory that is not the program's
        for line in program.lines:
            if self.first_draw is None and line.draws:
                self.first_draw = len(self.lines)
            if self.first_outside is None and _writes_outside(line):
                self.first_outside = len(self.lines)
            self._write(line)
        self.results = [self.name(buffer) for buffer in program.results]
        self._name_roots()

    def _name_roots(self):
        """Names for the arrays of held tensors that the lines see through views alone, to be looked at, too."""
        prepared = [buffer for _, _, buffers, _ in self.program.prepared for buffer in buffers]
        for buffer in [*self.bound, *prepared]:
            if buffer.root.tensor is not None:
                self.name(buffer.root)

    def tensors(self):
        """The held tensors that the lines use: name -> tensor."""
        return {name: buffer.tensor for buffer, name in self.bound.items()
                if buffer.kind == "outside" and buffer.base is None and buffer.tensor is not None}  # fmt: skip

    def every_name(self):
        """Those that the lines use, looked up already or not."""
        prepared = [name for name, *_ in self.program.prepared]
        return {*self.names, *self.bound.values(), *self.methods.values(), *prepared}

    def bind(self):
        """Look up the arrays of the tensors that are held, and make every view that can be made beforehand."""
        self.made = {}
        for buffer, name in self.bound.items():
            self.names[name] = self.array_of(buffer)
        for (buffer, method), name in self.methods.items():
            self.names[name] = getattr(self.array_of(buffer), method)
        for name, function, buffers, options in self.program.prepared:
            self.names[name] = function(*map(self.array_of, buffers), **options)

    def array_of(self, buffer):
        """The array of a buffer whose array is there before the program runs."""
        if buffer not in self.made:
            if buffer.base is not None:
                self.made[buffer] = buffer.derive(self.array_of(buffer.base))
            elif buffer.kind == "static":
                self.made[buffer] = self.memory[buffer]
            else:
                self.made[buffer] = self.names[buffer.name] if buffer.tensor is None else buffer.tensor.array
        return self.made[buffer]

    def name(self, buffer):
        """The name of a buffer's array; a view that has to be made while the program runs gets a line first."""
        if buffer.bound:
            if buffer.name and buffer.base is None and buffer.tensor is None and buffer.kind == "outside":
                return buffer.name
            if buffer not in self.bound:
                self.bound[buffer] = self._new("b" if buffer.root.kind == "static" else "p")
            return self.bound[buffer]
        if buffer.base is not None:
            if not buffer.name:
                base = self.name(buffer.base)
                buffer.name = self._new("v")
                self.lines.append(f"{buffer.name} = {buffer.text.format(base)}")
            return buffer.name
        if not buffer.name:
            buffer.name = self._new("a")
        return buffer.name

    def _new(self, letter):
        self.counts[letter] = self.counts.get(letter, -1) + 1
        name = f"{letter}{self.counts[letter]}"
        return self._new(letter) if name in self.program.given or name in self.names else name

    def _write(self, line):
        operands = [self.name(buffer) for buffer in line.operands]
        fields = {f"extra{i}": self.name(buffer) for i, buffer in enumerate(line.extra)}
        if line.out is not None:
            fields["out"] = self.name(line.out)
        template = line.template
        if "}." in template:  # a method of an array that is there beforehand is looked up beforehand, too
            def method(found):
                buffer = line.out if found[1] == "out" else line.operands[0]
                return f"{self._method(buffer, found[2])}(" if buffer.bound else found[0]

            template = _METHOD.sub(method, template)
        self.lines.append(template.format(*operands, **fields))

    def _method(self, buffer, method):
        """A method of an array that is there beforehand, looked up once."""
        self.name(buffer)
        key = buffer, method
        if key not in self.methods:
            self.methods[key] = f"{self.name(buffer)}_{method}"
        return self.methods[key]


def compiled(name, text, names, filename):
    """The function of this name in this text."""
    namespace = dict(names)
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name], namespace

