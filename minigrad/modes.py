"""The switches that every op reads: is it recorded, does anybody watch, is it inference, are we looking for nan?

All belong to the running thread, as in PyTorch. Looking up something of the thread's costs more than the rest of a
small op's bookkeeping, so ops read `modes.special` first: a plain module-wide flag, False as long as no thread has
anything but the ordinary mode (recording, nobody watching).
"""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from contextlib import contextmanager

import numpy as np

from .events import ModeChanged

OFF = ()  # in the place of a log: nothing is recorded, as in no_grad, and all else is as ever
special = False
structure = 0  # counts changes to modules: attributes, children, parameters, hooks, mode (see jit/compiling/guards.py)
_lock = threading.Lock()
_threads = 0  # how many threads are in another mode than the ordinary one


class _Counted:
    """Whether a thread counts as being in another mode. It goes with its thread, and is taken off the count then."""

    now = False

    def set(self, unusual):
        global special, _threads
        if unusual != self.now:
            self.now = unusual
            with _lock:
                _threads += 1 if unusual else -1
                special = _threads > 0

    def __del__(self):
        self.set(False)


class _State(threading.local):
    grad = True  # are ops recorded for backward?
    watchers = ()  # callables that are told of every event
    inference = False  # nothing made here may ever be recorded
    anomaly = False  # remember where each op was called; stop at the first nan of backward
    packing = None  # how saved tensors are kept, see autograd/graph.py
    staging = None  # who is putting down all that happens, as a graph that can be run again (see jit/recording.py)
    # In an otherwise ordinary mode, the log of the only watcher, which ops tell by a call (see `watch`), or OFF.
    log = None
    _others = False  # whether any of these but `grad` is out of the ordinary

    def __init__(self):
        super().__setattr__("_counted", _Counted())
        # PyTorch computes inf and nan without a word, and so do we. NumPy keeps this setting per thread, as we keep
        # ours; a guard inside each op would cost more than a small op itself. In a thread that has not come by here,
        # the filter below keeps its warnings from being printed.
        np.seterr(all="ignore")

    def __setattr__(self, name, value):
        put = super().__setattr__
        put(name, value)
        if name != "grad":
            put("_others", bool(self.watchers or self.inference or self.anomaly or self.packing or self.staging))
        others, grad = self._others, self.grad
        self._counted.set(others or not grad)
        if not (grad or others):
            put("log", OFF)
        elif self.watchers or self.log is not None:
            alone = grad and len(self.watchers) == 1 and not (self.inference or self.anomaly or self.packing)
            put("log", getattr(self.watchers[0], "log", None) if alone else None)


state = _State()
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minigrad\.")


def is_grad_enabled():
    """True where ops are recorded for backward.

    >>> with no_grad():
    ...     is_grad_enabled()
    False
    """
    return state.grad


def is_inference_mode_enabled():
    """True inside `inference_mode()`."""
    return state.inference


def notify(event):
    """Tell every watcher. Callers make the event only when `state.watchers` is not empty."""
    for watcher in state.watchers:
        watcher(event)


def add_watcher(watcher):
    """From now on, tell `watcher` of every event in this thread."""
    state.watchers = (*state.watchers, watcher)


def remove_watcher(watcher):
    """Stop telling `watcher`, once if it was added twice; one that is not there is no error."""
    watchers = list(state.watchers)
    if watcher in watchers:
        watchers.reverse()  # the one added last
        watchers.remove(watcher)
        state.watchers = tuple(reversed(watchers))


@contextmanager
def watch(watcher):
    """Tell `watcher` of every event inside the block.

    One that has an attribute `log` may be told of what is commonest, and has to be quick, by a call in place of an
    event: `log.ran(op, inputs, attributes, output)`, `log.entered(module)`, `log.left(module)`. So it is while it is
    the only watcher and all that runs is recorded.

    >>> import minigrad as mg
    >>> seen = []
    >>> with watch(seen.append):
    ...     y = mg.ones(2) * 3
    >>> [event.op.name for event in seen]
    ['mul']
    """
    add_watcher(watcher)
    try:
        yield watcher
    finally:
        remove_watcher(watcher)


def _switch(enabled, by):
    before, state.grad = state.grad, enabled
    if state.watchers:
        try:
            notify(ModeChanged(enabled, by))
        except BaseException:
            if by != "exit":  # the block is not entered, so nothing would put the old mode back
                state.grad = before
            raise


class _GradMode:
    """A context manager and decorator that sets recording inside and puts the old mode back after."""

    enabled, _previous = True, None

    def __new__(cls, *args, **kwargs):
        if not (args or kwargs):
            return object.__new__(cls)
        if len(args) == 1 and callable(args[0]) and not isinstance(args[0], bool):  # @no_grad without brackets
            return cls()(args[0])
        raise TypeError(f"{cls.__name__}() takes no argument but a function; set_grad_enabled(mode) takes one")

    def __enter__(self):
        if self._previous is None:
            self._previous = []  # a stack: the same object may be entered twice
        before = state.grad
        _switch(self.enabled, type(self).__name__)
        self._previous.append(before)

    def __exit__(self, *exception):
        _switch(self._previous.pop(), "exit")

    def _again(self):
        return type(self)()

    def __call__(self, function):
        if inspect.isclass(function):
            raise TypeError(f"@{type(self).__name__} decorates functions; put it on the methods of {function.__name__}")
        if inspect.isgeneratorfunction(function):
            return _in_pieces(function, self._again)
        if inspect.iscoroutinefunction(function):
            return _coroutine(function, self._again)

        @functools.wraps(function)
        def inside(*args, **kwargs):
            with self._again():
                return function(*args, **kwargs)

        return inside


def _in_pieces(function, make_mode):
    """A generator runs in pieces; each piece runs in the mode, and the caller's code between them does not."""

    @functools.wraps(function)
    def inside(*args, **kwargs):
        return (yield from _drive(function(*args, **kwargs), make_mode))

    return inside


def _coroutine(function, make_mode):
    """So does a coroutine: what other tasks compute while it waits is not in the mode."""

    @functools.wraps(function)
    async def inside(*args, **kwargs):
        return await _Awaitable(_drive(function(*args, **kwargs), make_mode))

    return inside


class _Awaitable:
    def __init__(self, generator):
        self.generator = generator

    def __await__(self):
        return self.generator


def _drive(generator, make_mode):
    """Run a generator or coroutine, every piece of it in the mode; hand on what is sent, thrown and returned."""
    resume, value = generator.send, None
    while True:
        try:
            with make_mode():
                answer = resume(value)
        except StopIteration as stop:
            return stop.value
        try:
            resume, value = generator.send, (yield answer)
        except GeneratorExit:
            with make_mode():
                generator.close()
            raise
        except BaseException as error:
            resume, value = generator.throw, error


class no_grad(_GradMode):
    """Ops inside are computed but not recorded: results do not require grad and nothing is saved.

    Works as `with no_grad():`, `@no_grad()` and `@no_grad`, on functions, generators and coroutines. Tensors made with
    `requires_grad=True` inside keep it; only results of ops do not. The mode is the thread's: an `await` inside a
    `with no_grad():` block lets other tasks run in it too, as in PyTorch; the decorator does not.

    >>> import minigrad as mg
    >>> w = mg.ones(2, requires_grad=True)
    >>> with mg.no_grad():
    ...     y = w * 2
    >>> y.requires_grad
    False
    """

    enabled = False


class enable_grad(_GradMode):
    """Ops inside are recorded, also within a `no_grad` block."""


class set_grad_enabled(_GradMode):
    """Switch recording at once; as a context manager, until the block ends.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    """

    def __new__(cls, mode):
        return object.__new__(cls)

    def __init__(self, mode):
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): mode must be True or False, not {mode!r}")
        self.enabled = mode
        self._previous = [state.grad]
        self._entered = False
        _switch(mode, "set_grad_enabled")

    def __enter__(self):
        if self._entered:
            super().__enter__()
        self._entered = True  # the first entry: the mode is already set, and __init__ kept the old one

    def __call__(self, function):
        _switch(self._previous[-1], "exit")  # as a decorator it acts on calls of the function, not here and now
        return super().__call__(function)

    def _again(self):
        return set_grad_enabled(self.enabled)


class inference_mode(_GradMode):
    """`no_grad` for good: what is made inside can never be recorded, nor changed in place outside.

    `inference_mode(False)` switches it off inside a block. A `.clone()` outside is an ordinary tensor again.

    >>> import minigrad as mg
    >>> with mg.inference_mode():
    ...     y = mg.ones(2) * 3
    >>> y.is_inference()
    True
    """

    enabled = False

    def __new__(cls, mode=True):
        if callable(mode) and not isinstance(mode, bool):
            return cls()(mode)
        self = object.__new__(cls)
        self.mode = mode
        return self

    def __enter__(self):
        if not hasattr(self, "_modes"):
            self._previous, self._modes = [], []
        self._modes.append(state.inference)
        self._previous.append(state.grad)
        state.inference = self.mode
        _switch(not self.mode, "inference_mode")

    def __exit__(self, *exception):
        state.inference = self._modes.pop()
        super().__exit__(*exception)

    def _again(self):
        return inference_mode(self.mode)
