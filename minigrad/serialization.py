"""`save` and `load`: tensors, and what holds them, in a file that can contain nothing but data.

The format is safetensors': 8 bytes with the length of a header, the header (JSON: name, dtype, shape and place of each
tensor), then the numbers. A dict of names and tensors, such as `model.state_dict()`, becomes exactly that, and other
programs read it. What is nested, such as an optimizer's state, is described in the header's "__metadata__", with
tensors by name. Nothing in a file is ever run, as it would be with pickle; a file that lies is refused.
Source: the format's description in huggingface/safetensors, README.md, "Format".
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets

import numpy as np

from .device import Device
from .dtype import DTYPES
from .tensor import Size, Tensor

_NAMES = {"float16": "F16", "float32": "F32", "float64": "F64", "int8": "I8", "int16": "I16", "int32": "I32",
          "int64": "I64", "uint8": "U8", "bool": "BOOL"}  # fmt: skip
_DTYPES = {_NAMES[t.name]: t.numpy.newbyteorder("<") for t in DTYPES.values()}
_LONGEST_HEADER = 100_000_000  # bytes; the limit of the format
_STRUCTURE = "minigrad.structure"  # the key in "__metadata__"
_FOREIGN = {  # first bytes of files that people hand to load()
    b"PK\x03\x04": "a file of torch.save or a zip", b"\x80": "a pickle", b"\x93NUMPY": "a NumPy .npy file (numpy.load)",
    b"\x89HDF": "an HDF5 file", b"\x1f\x8b": "compressed (gzip)",
}  # fmt: skip


def save(obj, f):
    """Write tensors to a file: one, a dict by name, or any nesting of dicts, lists, tuples, numbers, texts and None.

    `f` is a path or a file opened for writing in binary mode. A path is written beside and then put in place, so that
    a crash leaves the old file or the new one, never a half. Views are saved as the elements they show, and a tensor
    that occurs twice is saved twice.
    Errors: TypeError that says where in `obj` something else stands, e.g. a Module (save its `state_dict()`).

    >>> import io, minigrad as mg
    >>> file = io.BytesIO()  # or "model.safetensors"
    >>> mg.save({"weight": mg.ones(2), "epoch": 3}, file)
    >>> start = file.seek(0)
    >>> mg.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    tensors = {}
    if _is_plain(obj):
        tensors, metadata = {name: t.array for name, t in obj.items()}, None
    else:
        metadata = {_STRUCTURE: json.dumps(_described(obj, "", tensors))}
    parts = _encoded(tensors, metadata)
    if hasattr(f, "write"):
        for part in parts:
            f.write(part)
    else:
        write_whole(os.fspath(f), parts)


def load(f, map_location=None, *, weights_only=True, mmap=None):
    """What `save` wrote, or any safetensors file (a dict of tensors); `f` is a path or a file open in binary mode.

    Tensors come to the CPU, or to the device `map_location`; PyTorch would put them back where they were. Whatever
    `weights_only` says, nothing in the file is run.
    Errors: RuntimeError that names the file, for one that is damaged, cut short, made by torch.save or no safetensors;
    FileNotFoundError. No tensor is made before the whole header has proved right.
    """
    device = Device("cpu" if map_location is None else map_location)
    if hasattr(f, "read"):
        content, name = f.read(), repr(getattr(f, "name", "the file object"))
    else:
        name = repr(os.fspath(f))
        with open(f, "rb") as file:
            content = file.read()
    if isinstance(content, str):
        raise TypeError(f"load(): {name} is opened as text; open it with mode 'rb'")
    try:
        arrays, metadata = _decoded(content)
        tensors = {key: Tensor(array) for key, array in arrays.items()}
        if device.type != "cpu":
            tensors = {key: t.to(device) for key, t in tensors.items()}
        if _STRUCTURE not in metadata:
            return tensors
        return _rebuilt(_parsed(metadata[_STRUCTURE]), tensors)
    except (_Damaged, RecursionError) as error:
        reason = "its header is nested too deep" if isinstance(error, RecursionError) else error
        raise RuntimeError(f"load(): {name} cannot be read: {reason}") from None


class _Damaged(Exception):
    """What is wrong with a file, in words."""


def _demand(true, words):
    if not true:
        raise _Damaged(words)


# The structure


def _is_plain(obj):
    """Whether a header can say it by itself: names and tensors that take no gradients."""
    return isinstance(obj, dict) and all(
        isinstance(name, str) and name != "__metadata__" and isinstance(t, Tensor) and not t.requires_grad
        for name, t in obj.items()
    )


def _described(obj, place, tensors):
    """`obj` as JSON: numbers, texts and lists are themselves, all else is a dict with one key that says what it is."""
    if obj is None or isinstance(obj, (bool, str)):
        return obj
    if isinstance(obj, Tensor):
        name = place or "tensor"
        while name in tensors or name == "__metadata__":
            name += "'"
        tensors[name] = obj.array
        return {"leaf" if obj.requires_grad else "tensor": name}
    if isinstance(obj, (int, float, np.bool_, np.integer, np.floating)):
        return obj.item() if isinstance(obj, np.generic) else obj
    if isinstance(obj, dict):
        pairs = []
        for key, value in obj.items():
            if key is not None and not isinstance(key, (str, int, float, bool)):
                raise TypeError(f"save(): a key in obj{_at(place)} is a {type(key).__name__}; use texts or numbers")
            inside = f"{place}.{key}" if place else str(key)
            pairs.append([_described(key, inside, {}), _described(value, inside, tensors)])
        return {"dict": pairs}
    if isinstance(obj, (list, tuple)):
        items = [_described(item, f"{place}.{i}" if place else str(i), tensors) for i, item in enumerate(obj)]
        return items if isinstance(obj, list) else {"size" if isinstance(obj, Size) else "tuple": items}
    hint = "leave it out, or write it as one of them"
    if hasattr(obj, "state_dict"):
        hint = "save its .state_dict()"
    elif isinstance(obj, np.ndarray):
        hint = "make it a tensor with from_numpy"
    raise TypeError(f"save(): obj{_at(place)} is a {type(obj).__name__}; a file holds tensors, dicts, lists, tuples, "
                    f"numbers, texts and None: {hint}")  # fmt: skip


def _at(place):
    return f" at {place!r}" if place else ""


def _rebuilt(described, tensors):
    """What `_described` described."""
    if isinstance(described, list):
        return [_rebuilt(item, tensors) for item in described]
    if not isinstance(described, dict):
        return described
    _demand(len(described) == 1, "the structure in its header is not one of minigrad's")
    ((kind, value),) = described.items()
    if kind in ("tensor", "leaf"):
        _demand(isinstance(value, str) and value in tensors, f"its structure names {value!r}, which is not there")
        return tensors[value].requires_grad_() if kind == "leaf" else tensors[value]
    _demand(kind in ("dict", "tuple", "size") and isinstance(value, list), f"unknown part {kind!r} in its structure")
    if kind != "dict":
        return (Size if kind == "size" else tuple)(_rebuilt(item, tensors) for item in value)
    made = {}
    for pair in value:
        _demand(isinstance(pair, list) and len(pair) == 2, "a dict in its structure is not made of pairs")
        try:
            made[_rebuilt(pair[0], {})] = _rebuilt(pair[1], tensors)
        except TypeError:
            raise _Damaged("a dict in its structure has a key that cannot be one") from None
    return made


# The bytes


def _encoded(arrays, metadata):
    """Header and numbers, in pieces."""
    arrays = {name: np.asarray(_on_cpu(a), a.dtype.newbyteorder("<"), order="C") for name, a in arrays.items()}
    in_order = sorted(arrays, key=lambda name: -arrays[name].itemsize)  # wide ones first keeps all aligned
    ends, end = {}, 0
    for name in in_order:
        end += arrays[name].nbytes
        ends[name] = end
    header = {} if metadata is None else {"__metadata__": metadata}
    for name, array in arrays.items():
        header[name] = {"dtype": _NAMES[array.dtype.name], "shape": array.shape,
                        "data_offsets": [ends[name] - array.nbytes, ends[name]]}  # fmt: skip
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > _LONGEST_HEADER:
        raise ValueError(f"save(): a header of {len(text)} bytes; the format allows {_LONGEST_HEADER}")
    return [len(text).to_bytes(8, "little") + text, *(arrays[name].tobytes() for name in in_order)]


def _on_cpu(array):
    return array if isinstance(array, np.ndarray) else array.get()


def _decoded(content):
    """Names and arrays, and the metadata, of a file's bytes."""
    for start, what in _FOREIGN.items():
        _demand(not content.startswith(start) or content[8:9] == b"{", f"it is {what}, not safetensors, and minigrad "
                "never unpickles. In PyTorch: safetensors.torch.save_file(state_dict, path)")  # fmt: skip
    _demand(len(content) >= 8, f"it is {'empty' if not content else 'too short'} (saving was cut off?)")
    start = 8 + int.from_bytes(content[:8], "little")
    _demand(content[8:9] == b"{" and start <= 8 + _LONGEST_HEADER, "it is not a safetensors file")
    _demand(start <= len(content), "its header is cut short; copy or save it again")
    header = _parsed(content[8:start])
    _demand(isinstance(header, dict), "its header is not a table")
    metadata = header.pop("__metadata__", {})
    _demand(isinstance(metadata, dict) and all(isinstance(v, str) for v in metadata.values()),
            "its metadata are not texts")  # fmt: skip
    entries = {name: _checked_entry(name, entry) for name, entry in header.items()}
    reached = 0
    for name, (_, _, begin, end) in sorted(entries.items(), key=lambda item: item[1][2:]):
        _demand(begin == reached, f"the numbers of {name!r} begin at {begin}, not at {reached}")
        reached = end
    size = len(content) - start
    _demand(reached == size, f"it holds {size} bytes of numbers where its header says {reached}; copy or save it again")
    numbers = memoryview(content)[start:]
    return {
        name: _array(name, np.frombuffer(numbers[begin:end], dtype), shape)
        for name, (dtype, shape, begin, end) in entries.items()
    }, metadata


def _array(name, numbers, shape):
    """An array of its own memory, in this machine's byte order."""
    if numbers.dtype.kind == "b":
        _demand((numbers.view(np.uint8) <= 1).all(), f"{name!r} is bool, with other bytes in it")
    return numbers.reshape(shape).astype(numbers.dtype.newbyteorder("="))


def _checked_entry(name, entry):
    """(dtype, shape, begin, end) of one tensor."""
    _demand(isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "data_offsets"}, f"{name!r} is no tensor")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    _demand(isinstance(kind, str), f"the dtype of {name!r} is not a name")
    _demand(kind in _DTYPES, f"{name!r} has dtype {kind}, and minigrad has {', '.join(_DTYPES)}")
    for numbers, length in ((shape, 64), (offsets, 2)):
        whole = isinstance(numbers, list) and all(type(n) is int and 0 <= n < 2**63 for n in numbers)
        _demand(whole and len(numbers) <= length, f"shape or place of {name!r} are not whole numbers")
    _demand(len(offsets) == 2, f"{name!r} has no place")
    begin, end = offsets
    size = _DTYPES[kind].itemsize
    _demand(end - begin == size * math.prod(shape), f"{name!r} has {end - begin} bytes, which do not fit its shape")
    _demand(size * math.prod(n for n in shape if n) < 2**60, f"the shape of {name!r} is out of all bounds")
    return _DTYPES[kind], shape, begin, end


def _parsed(text):
    """JSON without a name that comes twice."""

    def table(pairs):
        made = dict(pairs)
        _demand(len(made) == len(pairs), "a name stands twice in its header")
        return made

    try:
        return json.loads(text, object_pairs_hook=table)
    except ValueError as error:  # also text that is not UTF-8
        raise _Damaged(f"its header is damaged ({error})") from None


def write_whole(path, parts):
    """Write a file beside the old one, then put it in its place in one move."""
    path = os.path.realpath(path)  # a link goes on leading to the file
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device has no place to be moved to
        with open(path, "wb") as file:
            file.writelines(parts)
        return
    beside = f"{path}.{secrets.token_hex(4)}.part"
    try:
        with open(beside, "xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
