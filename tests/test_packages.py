"""pyproject.toml, requirements.lock and environment.yml agree, and the lock pins what is downloaded, not from where."""

import pathlib
import re
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONDA_NAME = {"graphviz": "python-graphviz"}  # where conda-forge calls it otherwise


def wanted():
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return [Requirement(text) for each in lists for text in each]


def test_the_lock_has_a_version_in_range_for_every_dependency():
    pins = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE):
        pins.setdefault(canonicalize_name(name), []).append(version)
    for requirement in wanted():
        versions = pins[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_the_lock_hashes_every_package_and_names_no_place():
    entries = re.findall(r"^\S.*(?:\n .*)*", LOCK, re.MULTILINE)
    assert len(entries) > 100
    for entry in entries:
        first = entry.splitlines()[0]
        assert re.match(r"[\w.-]+==[\w.]+( ; [^\\]+)? \\$", first), first
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), first
    assert not re.search(r"://|@|--index|--extra|--find|-f |file:|\.\./|^/", LOCK, re.MULTILINE)


def test_conda_gets_the_same_packages():
    text = (ROOT / "environment.yml").read_text("utf-8")
    environment = yaml.safe_load(text)
    assert "://" not in text and set(environment["channels"]) <= {"conda-forge", "nodefaults"}
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    listed = dict(re.fullmatch(r"([\w-]+)(.*)", entry).groups() for entry in conda)
    listed = {name: re.sub(r"^=(?!=)", "==", rule) for name, rule in listed.items()}
    listed |= {Requirement(entry).name: str(Requirement(entry).specifier) for entry in pip if entry != "-e ."}
    assert "-e ." in pip and listed.pop("graphviz") == "" and listed.pop("pip") == "" and "cupy" in text
    assert listed.pop("python").split(",")[0] == PROJECT["requires-python"]
    expected = {CONDA_NAME.get(r.name, r.name): r.specifier for r in wanted()}
    assert listed.keys() == expected.keys()
    for name, rule in listed.items():
        assert set(rule.split(",")) == set(str(expected[name]).split(",")), name
