"""The learner's own copies of the lessons, in `work/`: without outputs, so that nothing is given away, and never lost.

Cells tagged `check` are for the tests and stay behind; links to exercises lead to the copies of those.
The originals stay as they are, with the outputs that the tests compare. A copy whose code nobody has changed is renewed
when its original changes; one that somebody has worked in is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

EXERCISES = "](../exercises/release/", "](exercises/"  # a link in an original, and in a copy of it
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def renew(originals, folder):
    """Make or renew the copy of each original notebook in `folder`; returns the paths of the copies, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_renew_one(original, folder / original.name) for original in sorted(originals)]


def _renew_one(original, copy):
    notebook = json.loads(original.read_text(encoding="utf-8"))
    notebook["cells"] = [cell for cell in notebook["cells"] if "check" not in cell["metadata"].get("tags", ())]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        else:
            cell["source"] = "".join(cell["source"]).replace(*EXERCISES)
    mark = _mark(notebook)
    notebook["metadata"]["minigrad_copy_of"] = mark
    if copy.exists():
        try:
            theirs = json.loads(copy.read_text(encoding="utf-8"))
            if theirs["metadata"].get("minigrad_copy_of") in (mark, None) or _mark(theirs) != _made_from(theirs):
                return copy
        except (ValueError, KeyError):  # not a notebook (any more): whatever it is, it is theirs
            return copy
    part = copy.with_suffix(".part")
    part.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, copy)
    return copy


def _made_from(notebook):
    return notebook["metadata"].get("minigrad_copy_of")


def _mark(notebook):
    """A short name for the code and prose of a notebook, whatever its outputs."""
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]


def rest(copy):
    """Take the widgets out of what a copy shows: their kernel is gone. Their pictures and texts stay."""
    if WIDGET_VIEW not in copy.read_text(encoding="utf-8", errors="replace"):
        return
    import nbformat.sign  # only here: it takes a while

    try:
        notebook = nbformat.read(copy, as_version=4)
    except (ValueError, nbformat.ValidationError):  # damaged; JupyterLab will say so
        return
    shown = [o.data for cell in notebook.cells for o in cell.get("outputs", ()) if WIDGET_VIEW in o.get("data", {})]
    for data in shown:
        del data[WIDGET_VIEW]
    part = copy.with_suffix(".part")
    part.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    os.replace(part, copy)
    notary = nbformat.sign.NotebookNotary()
    notary.sign(notebook)  # its reader has run it; without this JupyterLab hides the pictures
    notary.store.close()


def renew_all(open_elsewhere=False):
    """Renew the copies of all lessons and exercises; returns the lessons' paths as text, 00 first.

    `open_elsewhere`: another JupyterLab may show them, with widgets that are alive, so these stay in. It would notice that
    a file has changed, and ask its reader whether to overwrite it.
    """
    root = Path(__file__).parent.parent
    lessons = renew((root / "notebooks").glob("[0-9][0-9]_*.ipynb"), root / "work")
    copies = [*lessons, *renew((root / "notebooks" / "reference").glob("*.ipynb"), root / "work" / "reference")]
    for folder in sorted((root / "exercises" / "release").glob("*/")):
        copies += renew(folder.glob("*.ipynb"), root / "work" / "exercises" / folder.name)
    for copy in copies if not open_elsewhere else ():
        rest(copy)
    return [str(path) for path in lessons]
