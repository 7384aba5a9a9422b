"""What ONNX calls things: element types by number, and the version that is written."""

from __future__ import annotations

import numpy as np

OPSET, IR_VERSION = 21, 10  # operators and file format as of onnx 1.16 (2024): runtimes of today have both

CODES = {np.dtype(name): code for name, code in {
    "float32": 1, "uint8": 2, "int8": 3, "int16": 5, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "float64": 11,
}.items()}  # fmt: skip
DTYPES = {code: dtype for dtype, code in CODES.items()}
