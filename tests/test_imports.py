"""No import climbs the order that CONTRIBUTING.md documents, and the core needs NumPy alone."""

import ast
import graphlib
import json
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
ORDER = re.search(r"```order\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)[1]
LISTS = {name: words.split() for name, words in re.findall(r"^(\w+):((?:.|\n +)*)", ORDER, re.MULTILINE)}
TIERS = [tier.split() for tier in " ".join(LISTS.pop("packages")).split("|")]


def place(package):
    """The tier of a package; None for one from outside."""
    return next((number for number, tier in enumerate(TIERS) if package in tier), None)


def sources(root, package):
    """Each Python file and notebook of a package: (dotted name, text of its code)."""
    for path in sorted((root / package).rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        yield name, path.read_text("utf-8")
    for path in sorted((root / package).rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
            text = "\n".join("".join(cell["source"]) for cell in cells)
            yield ".".join(path.relative_to(root).parts), re.sub(r"(?m)^\s*[%!].*$", "", text)  # magics are not Python


def imports(name, text, known):
    """The dotted names that a file imports; `known` are the project's files, to tell a file from a name inside one."""
    parts = name.split(".")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: -node.level] if node.level else []
            base = ".".join(base + (node.module or "").split(".")).strip(".")
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base


def climbs(root):
    """Every import in `root` that breaks the order, in words."""
    every = [source for tier in TIERS for package in tier for source in sources(root, package)]
    files = {name.removesuffix(".__init__"): (name, text) for name, text in every}
    inner, found = {}, []
    for short, (name, text) in files.items():
        package, *rest = short.split(".")
        order = LISTS.get(package, [])
        mine = order.index(rest[0]) if rest and rest[0] in order else len(order)  # the package itself comes last
        for target in imports(name, text, files):
            its, *its_rest = target.split(".")
            if place(its) is None:
                continue
            if its == package and order:
                theirs = order.index(its_rest[0]) if its_rest and its_rest[0] in order else len(order)
                if theirs > mine:
                    found.append(f"{short} imports {target}, which comes later")
                elif theirs == mine:
                    inner.setdefault(short, set()).add(target)
            elif place(its) > place(package):
                found.append(f"{short} imports {target}, of a later package")
    try:
        graphlib.TopologicalSorter(inner).prepare()
    except graphlib.CycleError as error:
        found.append("in a circle: " + " <- ".join(error.args[1]))
    return found


def test_no_import_climbs():
    assert climbs(ROOT) == []


@pytest.mark.parametrize("package", LISTS)
def test_every_file_has_its_place(package):
    files = {name.split(".")[1] for name, _ in sources(ROOT, package)} - {"__init__"}
    assert files == set(LISTS[package]), "bring the list in CONTRIBUTING.md up to date"


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("minigrad/errors.py", "from . import tensor", "minigrad.errors imports minigrad.tensor"),
        ("minigrad/errors.py", "import minigrad", "minigrad.errors imports minigrad,"),
        ("minigrad/modes.py", "def f():\n    from minigrad.optim import SGD", "minigrad.modes imports minigrad.optim"),
        ("minigrad/ops/shape.py", "from ..optim import SGD", "minigrad.ops.shape imports minigrad.optim"),
        ("minigrad/__init__.py", "import viz.record", "minigrad imports viz.record"),
        ("viz/__init__.py", "from notebooks import lesson", "viz imports notebooks"),
        ("exercises/check.py", "import tests.conftest", "exercises.check imports tests.conftest"),
    ],
)
def test_a_planted_climb_is_found(tmp_path, path, text, complaint):
    for name in ("minigrad/tensor.py", "minigrad/backward.py", "minigrad/optim.py", path):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text if name == path else "")
    [only] = climbs(tmp_path)
    assert complaint in only


def test_a_planted_circle_is_found(tmp_path):
    (tmp_path / "minigrad/nn").mkdir(parents=True)
    (tmp_path / "minigrad/nn/a.py").write_text("from . import b")
    (tmp_path / "minigrad/nn/b.py").write_text("from .a import thing")
    [only] = climbs(tmp_path)
    assert "minigrad.nn.a" in only and "minigrad.nn.b" in only


def test_a_planted_climb_in_a_notebook_is_found(tmp_path):
    (tmp_path / "notebooks").mkdir()
    cells = [{"cell_type": "markdown", "source": ["import tests"]},
             {"cell_type": "code", "source": ["%load_ext lesson\n", "import tests.conftest"]}]  # fmt: skip
    (tmp_path / "notebooks/00_a.ipynb").write_text(json.dumps({"cells": cells}))
    assert climbs(tmp_path) == ["notebooks.00_a.ipynb imports tests.conftest, of a later package"]


def test_the_core_needs_numpy_alone():
    names = {}
    for name, text in sources(ROOT, "minigrad"):
        for target in imports(name, text, {}):
            names.setdefault(target.split(".")[0], set()).add(name)
    outside = {n: where for n, where in names.items() if n not in sys.stdlib_module_names and place(n) is None}
    assert names.keys() & {"numpy", "minigrad"} and set(outside) <= {"numpy", "cupy", "sklearn", "onnx"}
    assert outside.get("cupy", set()) <= {"minigrad.device"}
    assert outside.get("sklearn", set()) <= {"minigrad.datasets.__init__"}  # carries the digits; imported on use
    assert outside.get("onnx", set()) <= {"minigrad.jit.onnx.needs"}  # where something is saved or loaded as a model
    at_import = ast.parse((ROOT / "minigrad/device.py").read_text("utf-8")).body
    assert "cupy" not in {a.name for node in at_import if isinstance(node, ast.Import) for a in node.names}


def test_the_launcher_needs_the_standard_library_alone():
    body = ast.parse((ROOT / "course.py").read_text("utf-8")).body
    names = {alias.name.split(".")[0] for node in body if isinstance(node, ast.Import) for alias in node.names}
    assert {"os", "sys"} <= names <= sys.stdlib_module_names
