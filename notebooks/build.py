"""Build the notebooks from their text: `python notebooks/build.py [05 08 gallery ...]`.

A lesson is written as text in `source/NN_topic.py` (jupytext's percent format). Building runs it from top to bottom and
writes `NN_topic.ipynb` with the outputs that nbval compares. What differs from run to run is stripped: times, model
numbers of widgets. The picture of a widget stays as its text and SVG, so a notebook shows something before it is run.

`--record-twins` needs PyTorch: it runs every `%%twin` cell on PyTorch and keeps what it prints in `twins.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import jupytext
import nbclient
import nbformat

HERE = Path(__file__).parent
SOURCE = HERE / "source"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def lessons(numbers=()):
    """The source files, all or those whose name begins with one of `numbers`."""
    found = [*sorted(SOURCE.glob("*.py")), *sorted(SOURCE.glob("reference/*.py"))]
    chosen = [p for p in found if not numbers or p.stem.split("_")[0] in numbers]
    if not chosen:
        raise SystemExit(f"no lesson {', '.join(numbers)}; there are {', '.join(p.stem for p in found)}")
    return chosen


def read(source):
    """The notebook that a source file describes, without outputs; cell ids follow the order of the cells."""
    notebook = jupytext.read(source, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{source.stem.split('_')[0]}-{number:03d}"
        cell.metadata.pop("lines_to_next_cell", None)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def target_of(source):
    """Where the notebook of a source file stands: beside the others, or in the folder for reference."""
    return HERE / ("reference" if source.parent.name == "reference" else "") / f"{source.stem}.ipynb"


def build(source):
    """Run a lesson and write its notebook; the old one stays as it is when a cell raises."""
    os.environ["PYTHONPATH"] = str(HERE.parent)  # for the kernel
    notebook = read(source)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(HERE)}}).execute()
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            kept = [] if "nbval-ignore-output" in cell.metadata.get("tags", ()) else cell.outputs  # says why: a time, ...
            cell.outputs = merged(stripped(output) for output in kept)
    target = target_of(source)
    part = target.with_suffix(".part")
    part.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    os.replace(part, target)
    return target


def stripped(output):
    """An output without what changes from run to run."""
    output.get("metadata", {}).clear()
    output.get("data", {}).pop(WIDGET_VIEW, None)
    return output


def merged(outputs):
    """Outputs with neighbouring pieces of one stream joined: how print comes in pieces is a matter of timing."""
    kept = []
    for output in outputs:
        if kept and output.output_type == "stream" == kept[-1].output_type and output.name == kept[-1].name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def record_twins():
    """Run every %%twin cell on PyTorch and keep what it prints."""
    import torch

    sys.path.insert(0, str(HERE))
    import twin

    answers = {}
    for source in lessons():
        for cell in read(source).cells:
            if cell.cell_type == "code" and cell.source.startswith("%%twin"):
                code = cell.source.partition("\n")[2]
                answers[twin.key(code)] = twin.run_twin(code, torch)
    kept = {"recorded_with": f"torch {torch.__version__}", "command": "python notebooks/build.py --record-twins"}
    text = json.dumps({**kept, "answers": answers}, indent=1, ensure_ascii=False, sort_keys=True)
    twin.TWINS.write_text(text + "\n", encoding="utf-8")
    print(f"{len(answers)} twins recorded with torch {torch.__version__}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("numbers", nargs="*", help="lesson numbers, e.g. 00 05; all when left out")
    parser.add_argument("--record-twins", action="store_true", help="ask PyTorch for its answers first")
    options = parser.parse_args()
    if options.record_twins:
        record_twins()
    for source in lessons(options.numbers):
        print(build(source).name, flush=True)


if __name__ == "__main__":
    main()
