"""A stand-in for what CuPy has beside arrays: kernels, streams, and CUDA Graphs that are captured and launched again.

While something is captured nothing runs: results have no numbers yet, memory does not change, and whoever asks for a
number gets CUDA's refusal. A graph that is launched does all that was put down again, in the same memory. What a kernel
would do its record does, step by step.
"""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import numpy as np

from minigrad.jit.cuda import fuse
from tests.strict import standin
from tests.strict.array import COMPARED, INTERFACE, PAIRS, SINGLE, StrictArray

READS = ("get", "item", "tolist", "__bool__", "__int__", "__float__", "__format__")
CHANGES = {"__setitem__", "fill", "sort", "put", "at", *(f"__i{name}__" for name in PAIRS)}


class Refused(RuntimeError):
    """What CUDA says when the host asks for something while a stream is captured."""


class Machine:
    """The one GPU: what has happened on it (`log`), and the graph that is being captured, if any."""

    def __init__(self, monkeypatch):
        self.log, self.tape, self.inside, self.spoilt, self.records = [], None, False, False, {}
        self.pinned = None
        self._watch_arrays(monkeypatch)
        self._know_kernels(monkeypatch)
        self.cupy = Cupy(self)

    def _watch_arrays(self, monkeypatch):
        names = [*(f"__{name}__" for name in (*PAIRS, *SINGLE)), *(f"__r{name}__" for name in PAIRS), "__array_ufunc__"]
        names += ["__getitem__", *CHANGES, *INTERFACE["methods"], *(f"__{name}__" for name in COMPARED)]
        for name in dict.fromkeys(names):
            if hasattr(StrictArray, name) and name not in READS:
                monkeypatch.setattr(StrictArray, name, self.taped(getattr(StrictArray, name), name))
        for name in READS:
            monkeypatch.setattr(StrictArray, name, self.refusing(getattr(StrictArray, name)))

    def _know_kernels(self, monkeypatch):
        made = fuse.Fused.__init__

        def init(fused, *args):
            made(fused, *args)
            self.records[fused.kernel.text] = fused

        monkeypatch.setattr(fuse.Fused, "__init__", init)

    def refusing(self, function):
        def call(*args, **kwargs):
            if self.tape is not None and not self.inside:
                self.spoilt = True
                raise Refused("cudaErrorStreamCaptureUnsupported: operation not permitted when stream is capturing")
            return function(*args, **kwargs)

        return call

    def taped(self, function, name):
        """The function, which is put down while something is captured."""

        def call(*args, **kwargs):
            if self.tape is None or self.inside:
                return function(*args, **kwargs)
            self._look_at_what_is_sent(name, args)
            changes = name in CHANGES or kwargs.get("out") is not None
            with self.alone():
                result = kwargs.get("out", args[0]) if changes else function(*args, **kwargs)
            self.tape.append((function, args, kwargs, None if changes else result))
            return result

        return call

    def _look_at_what_is_sent(self, name, args):
        """What comes from main memory goes through pinned memory, but for single numbers."""
        made = name in ("array", "asarray", "ascontiguousarray") and not isinstance(args[0], StrictArray)
        made = made and np.ndim(args[0]) > 0
        items = args[1] if name == "__getitem__" else ()
        if made or any(isinstance(i, (list, np.ndarray)) for i in (items if isinstance(items, tuple) else (items,))):
            self.pinned(8)

    @contextlib.contextmanager
    def alone(self):
        """Nothing of what happens in this block is put down."""
        before, self.inside = self.inside, True
        try:
            yield
        finally:
            self.inside = before

    def replay(self, tape):
        """Do it all again, into the memory of the first time."""
        with self.alone():
            for function, args, kwargs, result in tape:
                again = function(*args, **kwargs)
                for old, new in zip(_arrays(result), _arrays(again), strict=True) if result is not None else ():
                    if not any(np.may_share_memory(old, a) for a in _arrays(args)):
                        old[...] = new


def _arrays(what):
    if isinstance(what, StrictArray):
        return [what._array]
    return [a for part in what for a in _arrays(part)] if isinstance(what, (tuple, list)) else []


class Cupy:
    """The module."""

    __name__ = "cupy"
    ndarray = StrictArray

    def __init__(self, machine):
        self.machine = machine
        self.cuda = SimpleNamespace(
            Device=standin.cuda.Device, runtime=standin.cuda.runtime, MemoryPool=Pool,
            Stream=lambda non_blocking: Stream(machine), get_current_stream=lambda: Stream(machine),
            using_allocator=lambda malloc: contextlib.nullcontext(),
            set_pinned_memory_allocator=lambda allocator: setattr(machine, "pinned", allocator),
        )  # fmt: skip
        self.RawKernel = lambda text, name, options: Launch(machine, text, name, options)
        self.get_default_pinned_memory_pool = Pool
        self.linalg, self.lib, self.errstate = standin.linalg, standin.lib, standin.errstate

    def __getattr__(self, name):
        found = getattr(standin, name)
        plain = isinstance(found, type) or not callable(found)
        made = found if plain else _Taped(self.machine, found, name)
        setattr(self, name, made)
        return made


class _Taped:
    """A function or ufunc of the module."""

    def __init__(self, machine, found, name):
        self.found, self.__name__ = found, name
        self.call = machine.taped(found, name)
        if hasattr(found, "at"):
            self.at = machine.taped(found.at, "at")
            self.reduce, self.accumulate = (machine.taped(getattr(found, n), n) for n in ("reduce", "accumulate"))

    def __call__(self, *args, **kwargs):
        return self.call(*args, **kwargs)


class Launch:
    """A kernel, ready to be launched."""

    def __init__(self, machine, text, name, options):
        assert f"void {name}(" in text and options == ("--fmad=false",)
        self.machine, self.fused, self.name = machine, machine.records[text], name
        machine.log.append(f"compile {name}")

    def __call__(self, grid, block, arguments):
        assert all(type(a) is StrictArray and a.flags.c_contiguous for a in arguments) and len(grid) == len(block) == 1
        if self.machine.tape is not None:
            self.machine.tape.append((self._run, arguments, {}, None))
        else:
            self.machine.log.append(self.name)
            self._run(*arguments)

    def _run(self, *arguments):
        fused, arrays = self.fused, list(arguments)
        made = [arrays.pop() for _ in fused.outputs][::-1]
        tensors = sum(v.kind == "tensor" for v in fused.inputs)
        numbers = iter(arrays[tensors].get().tolist() if len(arrays) > tensors else [])
        given = iter(arrays[:tensors])
        for value, array in zip([v for v in fused.inputs if v.kind == "tensor"], arrays, strict=False):
            assert array.size == np.prod(value.shape) and array.dtype == value.dtype.numpy, f"{value}: {array!r}"
        with self.machine.alone():
            operands = [next(given).reshape(v.shape) if v.kind == "tensor" else next(numbers) for v in fused.inputs]
            for array, result in zip(made, fused.forward(self.machine.cupy, *operands), strict=True):
                assert array.size == result.size and array.dtype == result.dtype
                array._array[...] = result._array.reshape(array.shape)  # kernels know the number of elements alone


class Stream:
    """A stream. `with stream:` makes it the one that is used."""

    def __init__(self, machine):
        self.machine = machine

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def synchronize(self):
        """There is nothing to wait for."""

    def begin_capture(self):
        """From here on, put down and do nothing."""
        assert self.machine.tape is None
        self.machine.tape, self.machine.spoilt = [], False

    def end_capture(self):
        """What was put down, as a graph."""
        tape, self.machine.tape = self.machine.tape, None
        if self.machine.spoilt:
            raise Refused("cudaErrorStreamCaptureInvalidated")
        self.machine.log.append("captured")
        return SimpleNamespace(launch=lambda: (self.machine.log.append("launch"), self.machine.replay(tape)))


class Pool:
    """Memory of one's own."""

    def malloc(self, size):
        """Never called: NumPy finds the memory."""
