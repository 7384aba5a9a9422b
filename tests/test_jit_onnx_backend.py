"""ONNX's own tests of single nodes judge the loader; what passes, and why the others do not, stands in onnx_nodes.txt.

    python -m tests.test_jit_onnx_backend    # write the list anew, after a change in what can be read
"""

import collections
import pathlib
import re
import textwrap
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad.jit import FormatError
from minigrad.jit.saving import from_bytes

onnx = pytest.importorskip("onnx")
LIST = pathlib.Path(__file__).with_name("onnx_nodes.txt")
PASSES = "passes"


def every_case():
    """The test cases that the package makes."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by zero on purpose
        return load_model_tests(kind="node")


def given(x):
    """A test's input as minigrad has it."""
    if isinstance(x, list):
        return [given(part) for part in x]
    return mg.tensor(onnx.numpy_helper.to_array(x) if isinstance(x, onnx.TensorProto) else np.asarray(x))


def compare(case, got, wanted):
    if isinstance(wanted, list):
        for one, other in zip(got, wanted, strict=True):
            compare(case, one, other)
        return
    wanted = onnx.numpy_helper.to_array(wanted) if isinstance(wanted, onnx.TensorProto) else np.asarray(wanted)
    got = got.detach().numpy()
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(got, wanted, case.rtol, case.atol)


def verdict(case):
    """`passes`, or why the model is not read. What is read and goes wrong raises."""
    try:
        model = from_bytes(case.model.SerializeToString())
    except FormatError as error:
        return re.sub(r"the input '\w+'", "an input", str(error))
    for inputs, outputs in case.data_sets:
        with np.errstate(all="ignore"):
            got = model(*map(given, inputs))
        for one, other in zip(got if isinstance(got, tuple) else (got,), outputs, strict=True):
            compare(case, one, other)
    return PASSES


def listed():
    """Version of onnx and, by name, what the list says."""
    version, *sections = LIST.read_text("utf-8").split("\n\n")
    said = {}
    for section in sections:
        head, *lines = section.strip().splitlines()
        said |= dict.fromkeys(" ".join(lines).split(), head.split(": ", 1)[1])
    return version.split()[-1], said


def test_the_nodes_that_could_be_read_still_can(record_property):
    version, said = listed()
    found, wrong = {}, []
    for case in every_case():
        name = case.name.removeprefix("test_")
        try:
            found[name] = verdict(case)
        except Exception as error:
            wrong.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
    passing = [name for name, why in found.items() if why == PASSES]
    types = sum(bool(re.search(r"minigrad has no \w+$", why)) for why in found.values())
    rest = len(found) - len(passing) - types
    record_property("measured", f"onnx {onnx.__version__}, nodes: {len(passing)} of {len(found)} pass; {types} "
                    f"are about types that minigrad has not, {rest} about other things")
    assert not wrong
    assert not sorted(name for name, why in said.items() if why == PASSES and found.get(name, PASSES) != PASSES)
    if version == onnx.__version__:
        assert found == said, f"bring the list up to date: python -m {__spec__.name}"


def main():
    """Write the list."""
    groups = collections.defaultdict(list)
    for case in every_case():
        groups[verdict(case)].append(case.name.removeprefix("test_"))
    parts = [f"Tests of single nodes in onnx {onnx.__version__}"]
    for why, names in sorted(groups.items(), key=lambda item: (item[0] != PASSES, -len(item[1]), item[0])):
        text = textwrap.fill(" ".join(sorted(names)), 120, break_long_words=False, break_on_hyphens=False)
        parts.append(f"{len(names)}: {why}\n{text}")
    LIST.write_text("\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
