"""PyTorch beside minigrad: a `%%twin` cell runs on minigrad, and what PyTorch printed for the same cell stands below.

In such a cell `mg`, `nn`, `F` and `optim` are there already. The answers are recorded once (`build.py --record-twins`), so that
nobody needs PyTorch to see them.
"""

from __future__ import annotations

import ast
import io
import json
import linecache
import re
import warnings
from contextlib import redirect_stdout
from pathlib import Path

TWINS = Path(__file__).parent / "twins.json"


def run_twin(source, framework):
    """What this cell prints when `mg` is `framework` (minigrad or torch); the last line's value is printed too."""
    tree = ast.parse(source.strip())
    last = tree.body[-1]
    if isinstance(last, ast.Expr) and not ast.unparse(last).startswith("print("):
        call = ast.Call(func=ast.Name("print", ast.Load()), args=[last.value], keywords=[])
        tree.body[-1] = ast.fix_missing_locations(ast.copy_location(ast.Expr(call), last))
    spoken = io.StringIO()
    names = {"mg": framework, "nn": framework.nn, "F": framework.nn.functional, "optim": framework.optim,
             "__name__": "twin"}  # fmt: skip  a function without a module cannot be captured
    linecache.cache["<twin>"] = len(source), None, source.strip().splitlines(keepends=True), "<twin>"  # for errors
    with redirect_stdout(spoken), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a cell that is about warnings records them itself
        exec(compile(tree, "<twin>", "exec"), names)
    text = spoken.getvalue().replace("torch.Size", "Size")
    return text.replace("torch.", "mg.").replace("minigrad.", "mg.").rstrip()


def twin(line, cell):
    """`%%twin`: run the cell on minigrad, and say whether PyTorch printed the same, or its own where it differs."""
    import minigrad

    ours = run_twin(cell, minigrad)
    recorded = json.loads(TWINS.read_text(encoding="utf-8"))["answers"].get(key(cell))
    print(ours)
    if recorded is None:
        print("(PyTorch's answer is not recorded for this cell: it was changed)")
    elif recorded == ours:
        print("── PyTorch prints the same ──")
    else:
        print("── PyTorch prints ──\n" + recorded)


def key(cell):
    """A cell's code without its comments: under this its answer is kept."""
    return re.sub(r"\s*#.*$", "", cell, flags=re.MULTILINE).strip()
