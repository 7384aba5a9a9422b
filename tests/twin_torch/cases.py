"""What a case is: a small program and the specs of its inputs, the same for both libraries.

    Case("reductions", "m.logsumexp(a, dim=1)", ("f4(2,3) ugly",))

In the program `m` is torch or minigrad, `nn`, `F` and `optim` are its modules, and a, b, c, ... are the inputs. What
its last line gives is compared; the lines before may be statements. An input's spec is its dtype and shape, then words:

    pos unit big ties zero small    positive; inside (0, 1); up to 60 in size; many equal and zero; all zero; tiny
    ugly nan inf                    among plain numbers: nan, inf, -inf, 0 and -0; one nan; one inf and one -inf
    below5                          whole numbers 0..4 (any number in place of 5)
    sorted                          ascending along the last axis
    T step                          in memory: axes the other way round; every second element
    const                           does not ask for gradients (floating-point inputs do)
"""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple
from zlib import crc32

import numpy as np

FAMILIES = {}  # name -> function that yields (program, *specs)
DTYPES = {"f2": "float16", "f4": "float32", "f8": "float64", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
          "u1": "uint8", "b1": "bool"}  # fmt: skip
NAMES = "abcdefgh"


class Case(NamedTuple):
    """One program with its inputs. `key` is what its answer is filed under."""

    family: str
    program: str
    specs: tuple = ()

    @property
    def text(self):
        """The case on one line, as patterns of intended differences see it."""
        named = ", ".join(f"{name}={spec}" for name, spec in zip(NAMES, self.specs, strict=False))
        return self.program.replace("\n", "; ") + (f"  # {named}" if named else "")

    @property
    def key(self):
        return crc32(f"{self.family}: {self.text}".encode())


def family(function):
    """Decorator: the function yields the cases of the family with its name."""
    if function.__name__ in FAMILIES:
        raise TypeError(f"family {function.__name__} is defined twice")
    FAMILIES[function.__name__] = function
    return function


def cases_of(name):
    """The cases of a family in order, each once."""
    made = dict.fromkeys(Case(name, program.strip(), tuple(specs)) for program, *specs in FAMILIES[name]())
    return list(made)


# Writing programs down


def texts(block):
    """The programs in a block of text: they stand on lines of their own, or apart by two spaces or more."""
    return [text for text in re.split(r"\s*\n\s*| {2,}", block) if text]


def words(block):
    """The words of a block of text."""
    return block.split()


def programs(block):
    """Programs of several lines: empty lines stand between them."""
    return [part.strip() for part in re.split(r"\n\s*\n", textwrap.dedent(block)) if part.strip()]


# Drawing inputs


def draw(spec, position=0):
    """A fresh array for this spec, the same on every machine, and whether it asks for gradients."""
    code, shape, words = parse(spec)
    random = np.random.RandomState(crc32(f"{position} {spec}".encode()))  # a stream that NumPy has frozen
    room = (*shape[:-1], 2 * shape[-1]) if "step" in words else shape[::-1] if "T" in words else shape
    array = np.array(_values(random, code, room, words)).astype(DTYPES[code])
    if "sorted" in words:
        array.sort(axis=-1)
    array = array[..., ::2] if "step" in words else array.T if "T" in words else array
    return array, code[0] == "f" and "const" not in words


def parse(spec):
    """('f4', (2, 3), {'nan'}) from "f4(2,3) nan"."""
    found = re.fullmatch(r"(\w\d)\(([\d,]*)\)((?: \w+)*)", spec)
    if not found or found[1] not in DTYPES:
        raise ValueError(f"{spec!r} is not the spec of an input; they look like 'f4(2,3) nan T'")
    return found[1], tuple(int(n) for n in found[2].split(",") if n), set(found[3].split())


def _values(random, code, shape, words):
    below = next((int(word[5:]) for word in words if word.startswith("below")), None)
    if code == "b1":
        return random.random_sample(shape) < 0.5
    if below is not None:
        return random.randint(0, below, shape)
    if "zero" in words:
        return np.zeros(shape)
    if "ties" in words:
        return random.randint(0 if code == "u1" else -1, 3, shape)
    if code[0] != "f":
        low, high = (1, 10) if code == "u1" or "pos" in words else (-5, 6)
        return random.randint(low, high, shape)
    low, high = next((ends for word, ends in RANGES.items() if word in words), (-2, 2))
    return _spoil(random.uniform(low, high, shape).round(6 if "small" in words else 3), words)


RANGES = {"pos": (0.1, 3), "unit": (0.02, 0.98), "big": (-60, 60), "small": (-1e-4, 1e-4)}
SPOILS = {"ugly": (np.nan, None, np.inf, 0.0, -np.inf, None, -0.0), "nan": (None, np.nan),
          "inf": (np.inf, None, -np.inf)}  # fmt: skip


def _spoil(values, words):
    """Write the special values of a word over the first elements."""
    values = np.array(values)
    for word in SPOILS.keys() & words:
        flat = values.reshape(-1)
        for i, bad in enumerate(SPOILS[word][: flat.size]):
            if bad is not None:
                flat[i] = bad
    return values
