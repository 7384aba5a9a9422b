"""ONNX's own package, imported when it is first needed: minigrad itself gets along without."""

from __future__ import annotations

import functools


@functools.cache
def onnx():
    """The package. Errors: ImportError that says what to install."""
    try:
        import onnx
        import onnx.checker
        import onnx.defs
        import onnx.shape_inference
    except ImportError as error:
        raise ImportError('jit.save and jit.load need the package onnx: pip install "minigrad[onnx]" or '
                          f'pip install "onnx==1.23.*" ({error})') from None  # fmt: skip
    return onnx
