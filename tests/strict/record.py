"""Write interface.json: `python -m tests.strict.record`, where the package cupy is installed; a GPU is not needed.

Listed are the names that NumPy has as well: CuPy's functions and methods with their parameters, and its ufuncs.
"""

import inspect
import json
import re
from pathlib import Path

FILE = Path(__file__).parent / "interface.json"
INSIDE = ("linalg", "lib.stride_tricks")


def parameters_of_method(method):
    """Names from the first line of a compiled method's docstring: "_ndarray_base.sum(self, axis=None, ...)"."""
    first = (method.__doc__ or "").split("\n")[0]
    inside = re.fullmatch(r"[\w.]+\((.*)\)(?: -> .*)?", first)
    return [part.split("=")[0].split()[-1] for part in inside[1].split(", ")[1:]] if inside else None


def functions_of(ours, theirs):
    """{name: parameters} of the functions that both modules have; stars are kept."""
    found = {}
    for name in sorted(set(dir(ours)) & set(dir(theirs))):
        function = getattr(ours, name)
        if inspect.isfunction(function) and not name.startswith("_"):
            found[name] = [str(p).split(":")[0].split("=")[0] for p in inspect.signature(function).parameters.values()]
    return found


def record():
    """Read CuPy's interface and write it down."""
    import cupy
    import numpy

    found = {"version": cupy.__version__, "functions": functions_of(cupy, numpy)}
    for name in INSIDE:
        ours, theirs = cupy, numpy
        for part in name.split("."):
            ours, theirs = getattr(ours, part), getattr(theirs, part)
        found[name] = functions_of(ours, theirs)
    ufuncs = {
        n: f
        for n, f in vars(cupy).items()
        if type(f) is cupy.ufunc and isinstance(getattr(numpy, n, None), numpy.ufunc)
    }
    found["ufuncs"] = sorted(ufuncs)
    methods = {n: getattr(cupy.ndarray, n) for n in sorted(set(dir(cupy.ndarray)) & {*dir(numpy.ndarray), "get"})}
    found["methods"] = {n: parameters_of_method(m) for n, m in methods.items() if callable(m) and n[0] != "_"}
    lines = [f" {json.dumps(key)}: {json.dumps(value, separators=(', ', ': '))}" for key, value in found.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    record()
