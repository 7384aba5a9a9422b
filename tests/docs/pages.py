"""What stands on which page: each public name once, under the name that a reader types.

pdoc shows a module as it finds it in its file. Here functions are made by decorators, ops are records, and methods are
hung on Tensor by tables, so pages are put together from the public names; the rest (links, search, colours) is pdoc's.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import re
import sys
import types

import pdoc

import minigrad
import minigrad.jit  # no part of what minigrad itself imports
from minigrad.op import OPS, Op

PAGES = """
    minigrad minigrad.Tensor minigrad.autograd minigrad.autograd.functional minigrad.autograd.graph minigrad.cuda
    minigrad.data minigrad.datasets minigrad.jit minigrad.linalg minigrad.nn minigrad.nn.functional minigrad.nn.init
    minigrad.nn.utils minigrad.nn.utils.rnn minigrad.ops minigrad.optim minigrad.optim.lr_scheduler minigrad.special
""".split()  # noqa: SIM905  a list of strings would be twice as long
FIRST = """
    tensor creation random dtype device mode arithmetic activation reducing shaping shape pieces indexing ordering
    products linalg einstein module containers parameter linear conv pool recurrent attention norm padding loss
""".split()  # noqa: SIM905  files in the order of reading; the others follow
RUNS = {op.run: op for op in OPS.values()}  # a public function may be the one that runs an op


def find(name):
    """The module or class of a page."""
    return functools.reduce(getattr, name.split(".")[1:], minigrad)


def pages():
    """Every page, by its name."""
    made = {name: Page(name, find(name)) for name in PAGES}
    for name, page in made.items():
        page.submodules = [made[other] for other in PAGES if other.rpartition(".")[0] == name]
    return made


def public(space):
    """The public names of a module or class: those it lists, else those that it defines itself."""
    if hasattr(space, "__all__"):
        return [name for name in space.__all__ if name != "OPS"]
    names = [name for name in dir(space) if not name.startswith("_")]
    if inspect.ismodule(space):
        return [name for name in names if home(getattr(space, name)) == space.__name__]
    return [name for name in names if not inspect.ismemberdescriptor(getattr(space, name))]  # slots


def op_of(thing):
    """The record behind a public function, or None."""
    return thing if isinstance(thing, Op) else RUNS.get(thing) if inspect.isroutine(thing) else None


def home(thing):
    """The name of the file that says what this is."""
    op = op_of(thing)
    return (op.forward if op else thing if hasattr(thing, "__module__") else type(thing)).__module__


class Page(pdoc.doc.Module):
    """One page: a module, or a class that deserves a page. `groups` are its entries: (title, a sentence, entries)."""

    def __init__(self, name, space):
        super().__init__(types.ModuleType(name, inspect.getdoc(space)))
        self.address = name.replace(".", "/") + ".html"
        self.docstring, self.source, self.members = inspect.getdoc(space), "", {}
        groups, seen = {}, {}
        for member in public(space):
            thing = inspect.getattr_static(space, member)
            if inspect.ismodule(thing) or f"{name}.{member}" in PAGES[2:]:
                continue
            made = self.members[member] = entry(name, member, thing)
            first = seen.setdefault(id(thing), member)
            if first != member and callable(thing):
                made.docstring, made.source = f"Another name of `{first}`.", ""
            groups.setdefault(_group_on(name, member, thing), []).append(made)
        self.obj.__all__ = list(self.members)
        titles = sorted(groups, key=lambda title: (FIRST.index(title[0]) if title[0] in FIRST else 99))
        self.groups = [(*title, groups[title]) for title in titles]


def _group_on(page, name, thing):
    """Title and sentence of the group that an entry belongs to: the file, or for Tensor the kind of method."""
    if page == "minigrad.Tensor":
        if isinstance(thing, property):
            return "properties", "Questions without brackets."
        if name.endswith("_"):
            return "in place", "The tensor's own numbers change; `inplace.py` says when autograd forbids it."
        if name in minigrad.__all__:
            return "functions", "Functions of `minigrad` whose first argument is the tensor."
        return "methods", "What only tensors have."
    if isinstance(thing, float):
        return "numbers", ""
    near = [file for file in sys.modules if file.rpartition(".")[0] == page and file not in PAGES]
    file = next((file for file in near if name in getattr(sys.modules[file], "__all__", ())), home(thing))
    if file == page:
        return "", ""
    title = file.rpartition(".")[2]
    file = f"{page}.{title}" if f"{page}.{title}" in near else file  # ops that belong to a file here join it
    return title, sys.modules[file].__doc__.partition("\n\n")[0]


def entry(page, name, thing):
    """The entry of one public name."""
    if inspect.isclass(thing) and page != "minigrad.Tensor":
        return Class(page, name, thing)
    if op_of(thing) or inspect.isroutine(thing):
        return Function(page, name, thing)
    made = pdoc.doc.Variable(page, name, taken_from=(page, name), docstring=sections(inspect.getdoc(thing)))
    if not isinstance(thing, property):
        made.default_value = thing
        made.docstring = f"`math.{name}`." if isinstance(thing, float) else made.docstring.partition("\n\n")[0]
    return made


def sections(text, parameters=()):
    """A docstring with its "Shapes:", "Errors:" and "Source:" as paragraphs, and with its parameters in italics.

    A line that ends before it is full was ended on purpose, so that is the end of a paragraph, too.
    """
    said, prompt, examples = (text or "").partition(">>>")
    said = re.sub(r"`(\w+)`", lambda found: f"*{found[1]}*" if found[1] in parameters else found[0], said)
    said = re.sub(r"(?m)^(.+)\n(?=([A-Z`*]\S*))", lambda m: m[1] + "\n" * (1 + (len(m[1] + m[2]) < 107)), said)
    said = re.sub(r"(?:^|(?<=[.:)`;\n])\s)(Shapes?|Errors|Source):", r"\n\n**\1:**", said)
    return re.sub(r"\n{3,}", "\n\n", f"{said}\n\n{prompt}{examples}".strip())


class Function(pdoc.doc.Function):
    """A function, a method or an op; the source of an op is its whole record."""

    def __init__(self, page, name, thing):
        self.op = op_of(thing)
        super().__init__(page, name, self.op.run if self.op else thing, (page, name))
        given = (self.op.__signature__ if self.op else inspect.signature(self.obj)).parameters
        if "_function" in given:  # a form in place: its arguments are those of the function
            given = inspect.signature(given["_function"].default).parameters
        shown = [p for p in given.values() if not p.name.startswith("_")]
        bound = (page == "minigrad.Tensor" or "." in name) and not self.is_staticmethod
        self.signature, self.decorators = inspect.Signature(shown[bound:]), []
        self.docstring = sections(inspect.getdoc(self.wrapped), given)
        if bound or page == "minigrad.Tensor":
            self.source = ""  # it stands in that of the class, or on the page of the functions
        elif self.op:
            self.source, self.source_lines = record(self.op)


def record(op):
    """The text of an op's record, derivatives included, and its first and last line."""
    lines, ends = _text_of(inspect.getmodule(op.forward))
    head, first = inspect.getsourcelines(op.forward)
    rules = [end for start, end in ends.items() if lines[start - 1].startswith(f"{op.forward.__name__}.vjp(")]
    last = max(first + len(head) - 1, *rules, 0)
    return "\n".join(lines[first - 1 : last]), (first, last)


@functools.cache
def _text_of(module):
    """A file's lines, and where each of its statements starts and ends."""
    text = inspect.getsource(module)
    return text.splitlines(), {node.lineno: node.end_lineno for node in ast.parse(text).body}


class Class(pdoc.doc.Class):
    """A class with its own public methods, those that say what they do; `call` is how one is made."""

    call = None

    def __init__(self, page, name, thing):
        super().__init__(page, name, thing, (page, name))
        self.bases, self.decorators, self.members = [], [], {}
        with contextlib.suppress(ValueError):  # an error has no signature
            self.call = inspect.signature(thing)
        self.docstring = sections(inspect.getdoc(thing), self.call.parameters if self.call else ())
        if f"{page}.{name}" in PAGES:
            self.docstring += f"\n\nIts properties and methods have [a page of their own](minigrad/{name}.html)."
            return
        for member, what in vars(thing).items():
            own = isinstance(what, property) or getattr(what, "__qualname__", "") == f"{thing.__qualname__}.{member}"
            if own and not member.startswith("_") and what.__doc__:
                self.members[member] = entry(page, f"{name}.{member}", what)

    @property
    def own_members(self):
        """What stands under it."""
        return list(self.members.values())
