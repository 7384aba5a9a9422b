"""Who has changed which memory, and when. Tensors and nodes carry no version counter; changes in place are noted here.

Changing a tensor in place is rare, making one is not. So the note is made by the change: `epoch` counts all changes
anywhere, and each piece of memory that was ever changed remembers at which epochs. A node notes the epoch at which it
was made. Backward has nothing to look up when the epoch is still the same, and otherwise asks for each saved array.

All views of one array share its memory, and so its version; `detach()` and `numpy()` share it too, `.data` does not.
"""

from __future__ import annotations

import weakref
from collections import deque

epoch = 0
_changes = {}  # id of the array that owns the memory -> _Changes
_windows = {}  # id of an array that knows of no base, though it is a view -> (weak reference to it, its base)
_REMEMBERED = 64  # epochs kept for each piece of memory; only an error message reads further back


class _Changes:
    __slots__ = ("count", "epochs", "owner")

    def __init__(self, owner):
        key = id(owner)
        self.owner = weakref.ref(owner, lambda _: _changes.pop(key, None))
        self.count, self.epochs = 0, deque(maxlen=_REMEMBERED)


def owner(array):
    """The array that owns the memory that `array` looks at: itself, or what it is a view of, to the end.

    >>> import numpy as np
    >>> x = np.zeros(6)
    >>> owner(x.reshape(2, 3)[0]) is x
    True
    """
    base = array.base
    while base is not None:
        if hasattr(base, "dtype"):  # not a buffer, nor what NumPy's stride tricks put in between
            array = base
        base = getattr(base, "base", None)
    known = _windows.get(id(array))
    return array if known is None else known[1]


def base_of(array):
    """`array.base`, also where the array does not know it."""
    known = _windows.get(id(array)) if array.base is None else None
    return array.base if known is None else known[1]


def window(view, array):
    """Return `view`, an array at an address in the memory of `array`, after a note of that: CuPy's does not know it."""
    if view.base is None:
        key = id(view)
        _windows[key] = weakref.ref(view, lambda _: _windows.pop(key, None)), owner(array)
    return view


def record(array):
    """What is noted of the memory of `array`: good for `changed_together` for as long as the array lives."""
    found = array if array.base is None and not _windows else owner(array)
    changes = _changes.get(id(found))
    if changes is None:
        changes = _changes[id(found)] = _Changes(found)
    return changes


def changed(array):
    """Note that the memory of `array` was just changed in place."""
    changed_together((record(array),))


def changed_together(records):
    """The same for several at once, of which the records are at hand."""
    global epoch
    epoch += 1
    for changes in records:
        changes.count += 1
        changes.epochs.append(epoch)


def version(array, at=None):
    """How often the memory of `array` was changed in place: until now, or until epoch `at`."""
    changes = _changes.get(id(owner(array)))
    if changes is None:
        return 0
    later = 0 if at is None else sum(then > at for then in changes.epochs)
    return changes.count - later


def changed_since(array, then):
    """Whether the memory of `array` was changed in place after epoch `then`.

    >>> import numpy as np
    >>> x, before = np.zeros(3), epoch
    >>> changed(x[1:])
    >>> changed_since(x, before), changed_since(np.zeros(3), before)
    (True, False)
    """
    changes = _changes.get(id(owner(array)))
    return changes is not None and changes.epochs[-1] > then
