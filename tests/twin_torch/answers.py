"""The file of recorded answers: texts in one member, numbers by dtype in the others, in the order of the cases.

Numbers are stored byte plane by byte plane (all first bytes, then all second bytes, ...): that is what makes floats
compress. The same cases and the same PyTorch give the same file, byte for byte.
"""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

import numpy as np

from .cases import DTYPES, cases_of
from .run import Outcome

FILE = Path(__file__).parent / "answers.npz"
ARRAY = re.compile(r"\b(" + "|".join(DTYPES.values()) + r")\[([\d, ]*)\]|\bfloat\b(?!\[)")


def save(outcomes, version, path=FILE):
    """Write outcomes ({family: [Outcome, ...]}, in the order of its cases)."""
    every = [outcome for found in outcomes.values() for outcome in found]
    for outcome in every:
        if [*_arrays_in(outcome.text)] != [(a.dtype.name, a.shape) for a in outcome.arrays]:
            raise ValueError(f"this text does not tell what arrays belong to it: {outcome.text}")
    keys = [case.key for name in outcomes for case in cases_of(name)]
    members = {"version": np.array(version), "keys": np.array(keys, np.uint32)}
    members["texts"] = np.frombuffer("\n".join(o.text for o in every).encode(), np.uint8)
    for dtype in DTYPES.values():
        flat = [a.ravel() for o in every for a in o.arrays if a.dtype == dtype]
        whole = np.concatenate([*flat, np.empty(0, dtype)])
        members[dtype] = np.ascontiguousarray(whole.view(np.uint8).reshape(-1, whole.itemsize).T)
    np.savez_compressed(path, **members)


def load(path=FILE):
    """{key of a case: its Outcome}."""
    with np.load(path, allow_pickle=False) as members:
        rest = {dtype: np.ascontiguousarray(members[dtype].T).view(dtype).ravel() for dtype in DTYPES.values()}
        texts, keys = members["texts"].tobytes().decode().split("\n"), members["keys"].tolist()
    taken, answers = dict.fromkeys(rest, 0), {}
    for key, text in zip(keys, texts, strict=True):
        arrays = []
        for dtype, lengths in _arrays_in(text):
            start = taken[dtype]
            taken[dtype] = start + prod(lengths)
            arrays.append(rest[dtype][start : taken[dtype]].reshape(lengths))
        answers[key] = Outcome(text, tuple(arrays))
    return answers


def version():
    """The version of PyTorch that gave the answers."""
    with np.load(FILE, allow_pickle=False) as members:
        return str(members["version"])


def _arrays_in(text):
    """dtype and shape of each array that this text tells of, in order."""
    for found in ARRAY.finditer(re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|meta \w+\[.*?\]", "", text)):
        yield found[1] or "float32", tuple(int(n) for n in (found[2] or "").split(",") if n.strip())
