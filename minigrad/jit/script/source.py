"""The source of a function as a syntax tree, with every node's place in the file it came from."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap

from ..graph import Source
from ..places import file_name
from .errors import UnsupportedError, written


class Text:
    """A function's source: `tree` is its def; `error` and `place` speak of nodes of it by file and line."""

    def __init__(self, function, lambdas=False):
        self.name = getattr(function, "__qualname__", str(function))
        code = function.__code__
        self.file, self.first, self.indent = code.co_filename, code.co_firstlineno, 0
        self.lines, self.tree = [], None
        try:
            lines, self.first = inspect.getsourcelines(code)  # of itself, also where it wraps another
        except (OSError, TypeError):
            raise UnsupportedError(
                f"{self.short}:{self.first}: the source of {self.name} cannot be read, and script compiles source. "
                "Define it with def in a file or a notebook cell, or use jit.trace."
            ) from None
        self.first = max(self.first, 1)
        text = textwrap.dedent("".join(lines))
        self.indent = len(lines[0].encode()) - len(lines[0].lstrip().encode())
        self.lines = lines
        try:
            tree = ast.parse(text).body[0]
        except SyntaxError:  # a lambda in the middle of something
            tree = None
        if lambdas and not isinstance(tree, ast.FunctionDef):
            tree = self._lambda(code)
        if not isinstance(tree, (ast.FunctionDef, ast.Lambda) if lambdas else ast.FunctionDef):
            where = (self.short, self.first, lines[0], self.indent, None)
            raise written(where, f"{self.name} is not a function made with def", "Give it a name with def.")
        self.tree = tree

    def _lambda(self, code):
        """The lambda that this code was made of: that in whose body all its instructions are. None: not to be told."""
        lines = linecache.getlines(self.file)
        try:
            nodes = [node for node in ast.walk(ast.parse("".join(lines))) if isinstance(node, ast.Lambda)]
        except SyntaxError:
            return None
        places = {(p[0], p[2], p[1], p[3]) for p in code.co_positions() if None not in p and p[2] != p[3]}
        found = [node for node in nodes if _place(node.body) in places and node.lineno == code.co_firstlineno]
        if len(found) != 1:
            return None
        self.lines, self.first, self.indent = lines, 1, 0
        return found[0]

    @property
    def short(self):
        """The file as people name it."""
        return file_name(self.file)

    def line(self, node):
        """The line of the file that a node begins on."""
        return self.first + node.lineno - 1

    def place(self, node):
        """The Source of a step made for this node."""
        return Source(self.file, self.line(node), self.lines[node.lineno - 1].strip(), self.name)

    def error(self, node, what, remedy=""):
        """An UnsupportedError that points at this node."""
        text = self.lines[node.lineno - 1]
        start = self._column(text, node.col_offset)
        same = getattr(node, "end_lineno", None) == node.lineno
        end = self._column(text, node.end_col_offset) if same else None
        if not isinstance(node, ast.expr) and not same:  # a statement of several lines: its first word
            end = start + len(text[start:].split("(")[0].split()[0].rstrip(":"))
        return written((self.short, self.line(node), text.rstrip("\n"), start, end), what, remedy)

    def _column(self, text, offset):
        return len(text.encode()[: offset + self.indent].decode(errors="ignore"))


def _place(node):
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
