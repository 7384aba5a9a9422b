"""Kernels for two compilers: C's makes functions of them that run here, CUDA's finds what is wrong with them."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from minigrad.jit.cuda.kernels import HALF

CUDA_IN_C = """\
#include <math.h>
#include <stdbool.h>
#include <string.h>
static const struct { unsigned x; } blockIdx = {0}, blockDim = {1}, threadIdx = {0}, gridDim = {1};
static float __int_as_float(unsigned bits) { float x; memcpy(&x, &bits, 4); return x; }
static double __longlong_as_double(unsigned long long bits) { double x; memcpy(&x, &bits, 8); return x; }
static float from_half(unsigned short bits) { _Float16 x; memcpy(&x, &bits, 2); return x; }
static unsigned short to_half(float wide)
{
    _Float16 x = (_Float16)wide;
    unsigned short bits;
    memcpy(&bits, &x, 2);
    return bits;
}
static float rounded(float wide) { return (float)(_Float16)wide; }
"""
OPTIONS = ("-O1", "-fwrapv", "-ffp-contract=off", "-fPIC", "-shared", "-std=gnu11", "-w")


def c_compiler():
    """The path of a C compiler that knows half precision; None where there is none."""
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return found if _compiled(found, CUDA_IN_C, Path(folder) / "probe.so") else None


def _compiled(compiler, text, library):
    source = library.with_suffix(".c")
    source.write_text(text)
    done = subprocess.run([compiler, *OPTIONS, str(source), "-o", str(library), "-lm"], capture_output=True, text=True)
    return done.returncode == 0


class InC:
    """Kernels as functions that run here, in one thread. Errors: AssertionError where C does not take them."""

    def __init__(self, compiler, kernels, folder):
        texts = [kernel.body.replace(f"void {kernel.name}(", f"void k{i}(") for i, kernel in enumerate(kernels)]
        library = Path(folder) / "kernels.so"
        assert _compiled(compiler, CUDA_IN_C + "\n".join(texts), library), "C does not take these kernels"
        self.library = ctypes.CDLL(str(library))
        self.numbers = {id(kernel): i for i, kernel in enumerate(kernels)}

    def run(self, kernel, arrays):
        """Run one kernel on NumPy arrays in row order: its arguments, results included."""
        assert all(a.flags.c_contiguous for a in arrays)
        getattr(self.library, f"k{self.numbers[id(kernel)]}")(*(ctypes.c_void_p(a.ctypes.data) for a in arrays))


def results(run, fused, inputs):
    """What a kernel makes of these inputs: arrays, and numbers. `run` as InC.run."""
    numbers = [x for x in inputs if not isinstance(x, np.ndarray)]
    given = [np.ascontiguousarray(x) for x in inputs if isinstance(x, np.ndarray)]
    made = [np.empty(v.shape, v.dtype.numpy) for v in fused.outputs]
    run(fused.kernel, [*given, *([np.array(numbers, float)] if numbers else []), *made])
    return made


# CUDA's own compiler


def cuda_compiler():
    """(name with version, function that compiles a text to PTX); None where there is none. A GPU is not needed.

    The compiler that CuPy uses, NVRTC, comes in a package of its own; without it, nvcc will do.
    """
    found = importlib.util.find_spec("nvidia") and importlib.util.find_spec("nvidia.cuda_nvrtc")
    for folder in found.submodule_search_locations if found else ():
        for library in sorted(Path(folder).rglob("libnvrtc.so.*[0-9]")) + sorted(Path(folder).rglob("nvrtc64*_0.dll")):
            return _nvrtc(ctypes.CDLL(str(library)))
    return _nvcc(shutil.which("nvcc")) if shutil.which("nvcc") else None


def in_one(kernels):
    """The texts of many kernels as one, each under a name of its own: nvcc takes a second for a file."""
    bodies = [k.body.replace(f"void {k.name}(", f"void k{i}(", 1) for i, k in enumerate(kernels)]
    return HALF + "\n".join(f'extern "C" __global__ {body}' for body in bodies)


def _nvrtc(library):
    major, minor = ctypes.c_int(), ctypes.c_int()
    library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))

    def ptx(text):
        program, size = ctypes.c_void_p(), ctypes.c_size_t()
        library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernel.cu", 0, None, None)
        failed = library.nvrtcCompileProgram(program, 1, (ctypes.c_char_p * 1)(b"--fmad=false"))
        what = ("nvrtcGetProgramLogSize", "nvrtcGetProgramLog") if failed else ("nvrtcGetPTXSize", "nvrtcGetPTX")
        getattr(library, what[0])(program, ctypes.byref(size))
        answer = ctypes.create_string_buffer(size.value)
        getattr(library, what[1])(program, answer)
        library.nvrtcDestroyProgram(ctypes.byref(program))
        assert not failed, f"{answer.value.decode()}\n{text}"
        return answer.value.decode()

    return f"NVRTC {major.value}.{minor.value}", ptx


def _nvcc(path):
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout.splitlines()[-1]

    def ptx(text):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "kernel.cu"
            source.write_text(text)
            command = [path, "-ptx", "--fmad=false", str(source), "-o", str(source.with_suffix(".ptx"))]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, f"{done.stderr}\n{text}"
            return source.with_suffix(".ptx").read_text()

    return f"nvcc {version}", ptx
