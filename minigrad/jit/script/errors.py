"""The one error of the compiler, and what to write in place of what it does not take."""

from __future__ import annotations

import ast


class UnsupportedError(RuntimeError):
    """A function, as it is written, cannot be compiled. Shows the line with a caret, and says what to write instead."""


ARRAY = "Keep to tensors: minigrad has the same function, as mg.{name} or a method."
NO_TEXT = "text cannot be made of what is known only when the graph runs", "print(x) shows it."
# What is no part of the language, and what to write instead. By the class of the node.
REMEDIES = {
    ast.Try: ("try/except", "A graph does not catch errors: check the condition with an if beforehand."),
    ast.With: ("with", "Put the with around the call of the scripted function, or use x.detach() for no_grad()."),
    ast.Lambda: ("lambda", "Give it a name with def, at the top of the file, and call that."),
    ast.JoinedStr: ("an f-string", 'Text cannot be made in a graph: print("loss", x) takes several things to show.'),
    ast.Global: ("global", "Hand the value in as an argument, and the new one out with return."),
    ast.Nonlocal: ("nonlocal", "Hand the value in as an argument, and the new one out with return."),
    ast.Yield: ("yield", "Append to a list and return it, or mg.stack of it."),
    ast.YieldFrom: ("yield from", "Append to a list and return it, or mg.stack of it."),
    ast.Await: ("await", "Wait outside, and hand in the tensors."),
    ast.AsyncFor: ("async for", "Use a plain for."),
    ast.AsyncWith: ("async with", "Wait outside, and hand in the tensors."),
    ast.AsyncFunctionDef: ("async def", "Use a plain def."),
    ast.ClassDef: ("a class inside a function", "Define it at the top of the file."),
    ast.Import: ("import inside a function", "Import at the top of the file."),
    ast.ImportFrom: ("import inside a function", "Import at the top of the file."),
    ast.Delete: ("del", "Leave the value: a graph frees what is not used any more."),
    ast.Match: ("match", "Use if and elif."),
    ast.NamedExpr: ("an assignment inside an expression (:=)", "Assign in a line of its own before it."),
    ast.SetComp: ("a set", "Use a list or a dict with text as keys."),
    ast.Set: ("a set", "Use a tuple or a list."),
    ast.DictComp: ("a dict comprehension", "Write the dict out, or fill it in a for over a list of names."),
    ast.GeneratorExp: ("a generator expression", "Put it in brackets: [f(x) for x in xs] makes a list."),
    ast.Starred: ("* in this place", "Write the values one by one, or pass the list itself."),
}
INSTEAD = {  # of functions and classes of Python: what to write
    "map": "Write [f(x) for x in xs].", "filter": "Write [x for x in xs if f(x)].", "set": "Use a tuple or a list.",
    "frozenset": "Use a tuple or a list.", "iter": "Go over it with a for.", "next": "Go over it with a for.",
    "open": "Read and write files outside.", "input": "Ask outside, and hand the answer in.",
}  # fmt: skip
if hasattr(ast, "TryStar"):
    REMEDIES[ast.TryStar] = REMEDIES[ast.Try]
if hasattr(ast, "TypeAlias"):
    REMEDIES[ast.TypeAlias] = ("a type alias", "Put it at the top of the file.")


def written(where, what, remedy=""):
    """The error for this place: `where` is (file, line, text of the line, first column, last column or None)."""
    file, line, text, start, end = where
    stripped = text.lstrip()
    start, end = (max(0, n - (len(text) - len(stripped))) for n in (start, len(text) if end is None else end))
    caret = " " * start + "^" * max(1, min(end, len(stripped)) - start)
    message = f"{file}:{line}: {what}\n    {stripped.rstrip()}\n    {caret}"
    return UnsupportedError(f"{message}\n{remedy}" if remedy else message)
