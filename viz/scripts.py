"""The scripts of `viz/static`, each with what it needs as one text."""

import pathlib
import re

STATIC = pathlib.Path(__file__).parent / "static"


def script(name):
    """A file of `static` and those that it imports as one script: a front end loads a widget from a single text."""
    parts = {}

    def add(file):
        source = (STATIC / file).read_text("utf-8")
        for needed in re.findall(_IMPORT, source):
            if needed not in parts:
                add(needed)
        parts[file] = re.sub(_IMPORT, "", source)

    add(name)
    *needed, whole = parts.values()
    return "\n".join([*(re.sub(_EXPORT, "", part) for part in needed), re.sub(r"(?m)^export (?!default )", "", whole)])


# A file that is imported has one name for a thing: that under which it is exported, by default or not.
_IMPORT = r'(?m)^import (?:\{[^}]*\}|\w+) from "\./([a-z]+\.js)";\n'
_EXPORT = r"(?m)^export (?:default \w+;\n)?"
