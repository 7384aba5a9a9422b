"""Which module is running while a run is recorded, and what modules and parameters are called in the end."""

import weakref

from minigrad.nn import Module


class Weak:
    """A dictionary whose keys go by identity and are held weakly. (WeakKeyDictionary would compare tensors with ==.)"""

    def __init__(self):
        self._items = {}

    def put(self, key, value):
        """Remember `value` for this very object."""
        self._items[id(key)] = weakref.ref(key), value

    def get(self, key, default=None):
        """The value for this very object, or `default`."""
        found = self._items.get(id(key))
        return found[1] if found is not None and found[0]() is key else default

    def alive(self):
        """Each object that still exists with its value, in the order they were put. The others are forgotten."""
        found = [(key, value) for reference, value in self._items.values() if (key := reference()) is not None]
        self._items = {id(key): self._items[id(key)] for key, _ in found}
        return found


NONE = (None, None)  # stands for (root, path) where no module is running


class Modules:
    """Follows ModuleEntered and ModuleLeft. An outermost module (a root) gives its parts their dotted paths."""

    def __init__(self):
        self.stack = []  # (root, path) of each module that is running
        self.current = NONE  # that of the innermost
        self.roots = []  # weak references, each outermost module once
        self.classes = {}  # (root, path) -> class name
        self.entered = []  # (root, path) of those that began to run since this was last emptied
        self.been, self._ran = {}, Weak()  # (root, path) -> weak reference, of all that ever ran; those made on the way
        self._numbers, self._parts, self._tensors = Weak(), Weak(), Weak()
        self._running = None  # the root that runs now, or ran last

    def enter(self, module):
        """A module begins to run."""
        if not self.stack:
            self._begin(module)
        here = self._parts.get(module)
        if here is None:
            self._learn()  # it may have been added since
            here = self._parts.get(module)
        if here is None:  # made on the way, inside some forward
            here = self.stack[0][0], type(module).__name__
            self.classes[here] = type(module).__name__
            self._ran.put(module, True)
        self.stack.append(here)
        self.current = here
        self.entered.append(here)
        if here not in self.been:
            self.been[here] = weakref.ref(module)

    def _begin(self, root):
        """An outermost module begins to run. What its parts are called is learnt when another one ran before."""
        number = self._numbers.get(root)
        if number is None:
            number = len(self.roots)
            self.roots.append(weakref.ref(root))
            self._numbers.put(root, number)
        if number != self._running:
            self._running = number
            self._learn()

    def _learn(self):
        number, root = self._running, self.roots[self._running]()
        for path, part in root.named_modules():
            self._parts.put(part, (number, path))
            self.classes[number, path] = type(part).__name__
        for path, tensor in (*root.named_parameters(), *root.named_buffers()):
            self._tensors.put(tensor, (number, path))

    def leave(self, module=None):
        """The innermost module has ended."""
        if self.stack:
            self.stack.pop()
        self.current = self.stack[-1] if self.stack else NONE

    def has_run(self, module):
        """Whether this module ran, or another in its place."""
        return bool(self._ran.get(module)) or self._parts.get(module) in self.been

    def ran(self):
        """The modules that ran and still exist."""
        return [module for reference in self.been.values() if (module := reference()) is not None]

    def knew(self, module):
        """Whether it was a part of a root when that began to run."""
        return self._parts.get(module) is not None

    def path(self, tensor):
        """The dotted path of a parameter or buffer in its root; None for any other tensor."""
        return self._tensors.get(tensor, (None, None))[1]

    def prefixes(self, variables):
        """What to put before the paths of each root, so that no two parts share a name.

        Roots that are parts of one module (`net[0]`, `net[1]`) get their paths in it; separate roots the names of
        the variables that hold them.
        """
        held = [(name, what) for name, what in variables if isinstance(what, Module)]
        alive = [root() for root in self.roots]
        homes = [_home(root, held) if root is not None else None for root in alive]
        one = len({home and home[0] for home in homes}) == 1
        prefixes = []
        for number, (root, home) in enumerate(zip(alive, homes, strict=True)):
            if home is None:
                alone = len(homes) == 1
                prefixes.append("" if alone else f"{type(root).__name__.lower()}{number}")
            else:
                prefixes.append(home[1] if one else joined(*home))
        return prefixes

    def alive(self):
        """(root, path, tensor) of the parameters, then the buffers, of each root that still exists."""
        for number, reference in enumerate(self.roots):
            root = reference()
            if root is not None:
                for path, tensor in (*root.named_parameters(), *root.named_buffers()):
                    yield number, path, tensor


def joined(prefix, path):
    """Two parts of a dotted path; either may be empty."""
    return f"{prefix}.{path}" if prefix and path else prefix or path


def _home(root, held):
    """(variable, path in it) of a module: a variable that is the module itself, else one that contains it."""
    for name, what in held:
        if what is root:
            return name, ""
    for name, what in held:
        for path, part in what.named_modules():
            if part is root:
                return name, path
    return None
