"""Make nbgrader's source notebooks from their text, and its release of them: `python exercises/build.py [08 ...]`.

An exercise is written in `text/NN_topic.py`, and not beside its notebook: nbgrader hands out whatever stands there.
It is jupytext's percent format. Each cell has a `grade_id`; the learner's has `answer=true`, a graded one `points=2`;
all but the learner's are locked. The notebook goes to `source/NN_topic/topic.ipynb`, without outputs. nbgrader makes
`release/NN_topic/topic.ipynb` of it, without solution and hidden tests: that is what learners open.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def exercises(numbers=()):
    """The text files, all or those whose name begins with one of `numbers`."""
    found = sorted((HERE / "text").glob("*.py"))
    chosen = [path for path in found if not numbers or path.name.split("_")[0] in numbers]
    if not chosen:
        raise SystemExit(f"no exercise {', '.join(numbers)}; there are {', '.join(path.stem for path in found)}")
    return chosen


def notebook(text):
    """The notebook that a text file describes, as text of its own; cell ids follow the order of the cells."""
    made = jupytext.read(text, fmt="py:percent")
    for number, cell in enumerate(made.cells):
        cell["id"] = f"{text.stem.split('_')[0]}-{number:03d}"
        cell.metadata = nbformat.from_dict({"nbgrader": rights(cell.metadata)})
    made.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    made.nbformat, made.nbformat_minor = 4, 5
    nbformat.validate(made)
    return nbformat.writes(made) + "\n"


def rights(short):
    """nbgrader's metadata for a cell, from the few words that stand in the text."""
    answer, points = short.get("answer", False), short.get("points")
    long = {"grade": points is not None, "grade_id": short["grade_id"], "locked": not answer, "schema_version": 3,
            "solution": answer, "task": False}
    return long | ({} if points is None else {"points": points})


def target(text):
    """Where the source notebook of a text file stands."""
    return HERE / "source" / text.stem / f"{text.stem.partition('_')[2]}.ipynb"


def released(text):
    """The text of nbgrader's release of an exercise, made in a course of its own, so that no gradebook is touched."""
    with tempfile.TemporaryDirectory() as root:
        place = Path(root, "source", text.stem, target(text).name)
        place.parent.mkdir(parents=True)
        place.write_text(notebook(text), encoding="utf-8")
        answer = course(root).generate_assignment(text.stem)
        if not answer["success"]:
            raise SystemExit(f"nbgrader did not release {text.stem}:\n{answer.get('error') or answer.get('log')}")
        return Path(root, "release", text.stem, place.name).read_text(encoding="utf-8")


def course(root=HERE):
    """nbgrader's API on the course in `root`, with this folder's configuration."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(HERE)).load_config()
    config.CourseDirectory.root = str(root)
    return NbGraderAPI(config=config)


def write(place, words):
    """Write a file whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    part.write_text(words, encoding="utf-8")
    os.replace(part, place)
    print(place.relative_to(HERE))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("numbers", nargs="*", help="exercise numbers, e.g. 08; all when left out")
    for text in exercises(parser.parse_args().numbers):
        write(target(text), notebook(text))
        write(HERE / "release" / text.stem / target(text).name, released(text))


if __name__ == "__main__":
    main()
