"""Which module is running while a run is recorded, and what modules and parameters are called in the end."""

import weakref

from minigrad.nn import Module


class Weak:
    """A dictionary whose keys go by identity and are held weakly. (WeakKeyDictionary would compare tensors with ==.)"""

    __slots__ = ("_items",)

    def __init__(self):
        self._items = {}

    def put(self, key, value):
        """Remember `value` for this very object."""
        self._items[id(key)] = weakref.ref(key), value

    def get(self, key, default=None):
        """The value for this very object, or `default`."""
        if not self._items:
            return default
        found = self._items.get(id(key))
        return found[1] if found is not None and found[0]() is key else default

    def alive(self):
        """Each object that still exists with its value, in the order they were put. The others are forgotten."""
        found = [(key, value) for reference, value in self._items.values() if (key := reference()) is not None]
        self._items = {id(key): self._items[id(key)] for key, _ in found}
        return found


NONE = (None, None)  # stands for (root, path) where no module is running


class Tree:
    """What a root calls its parts, parameters and buffers, as long as all stay in their places. It holds none of them.

    parts, tensors: pairs (weak reference, dotted path). Of a root with number 0, which most runs have alone: `here`
    and `held` have what `Modules` wants to know of parts and tensors, `classes` the class names.
    """

    def __init__(self, root):
        self.parts = [(weakref.ref(part), path) for path, part in root.named_modules()]
        named = *root.named_parameters(), *root.named_buffers()
        self.tensors = [(weakref.ref(tensor), path) for path, tensor in named]
        self.names = [type(part).__name__ for _, part in root.named_modules()]
        self.here, self.held, self.classes = self.numbered(0)
        self._places = self._look()

    def numbered(self, number):
        """here, held, classes with the number of the root in front of each path."""
        here, held = ({one: (number, path) for one, path in pairs} for pairs in (self.parts, self.tensors))
        return here, held, dict(zip(here.values(), self.names, strict=True))

    def holds(self):
        """Whether everything is where it was."""
        return self._look() == self._places and all([one() is not None for one, _ in self.tensors])

    def _look(self):
        """Names and identities of all that is in the tables of the parts; None when a part is gone."""
        found = []
        for part, _ in self.parts:
            tables = getattr(part(), "__dict__", None)
            if tables is None:
                return None
            for table in tables["_modules"], tables["_parameters"], tables["_buffers"]:
                if table:
                    found += table
                    found += map(id, table.values())
        return found


_trees = weakref.WeakKeyDictionary()  # root -> its Tree


def tree_of(root):
    """The Tree of a root, made anew only where the old one does not hold any more."""
    tree = _trees.get(root)
    if tree is None or not tree.holds():
        tree = _trees[root] = Tree(root)
    return tree


class Modules:
    """Follows ModuleEntered and ModuleLeft. An outermost module (a root) gives its parts their dotted paths."""

    def __init__(self):
        self.stack = []  # (root, path) of each module that is running
        self.current = NONE  # that of the innermost
        self.roots = []  # weak references, each outermost module once
        self.classes = {}  # (root, path) -> class name
        self.entered = []  # (root, path) of those that began to run since this was last emptied
        self.been, self._ran = {}, Weak()  # (root, path) -> weak reference, of all that ever ran; those made on the way
        self._numbers, self._parts, self._tensors = {}, {}, {}  # by weak references: of roots, parts, their tensors
        self._running = None  # the root that runs now, or ran last

    def enter(self, module):
        """A module begins to run."""
        reference = weakref.ref(module)
        if not self.stack:
            self._begin(module, reference)
        here = self._parts.get(reference)
        if here is None:
            self._learn()  # it may have been added since
            here = self._parts.get(reference)
        if here is None:  # made on the way, inside some forward
            here = self.stack[0][0], type(module).__name__
            self.classes[here] = type(module).__name__
            self._ran.put(module, True)
        self.stack.append(here)
        self.current = here
        self.entered.append(here)
        if here not in self.been:
            self.been[here] = reference

    def _begin(self, root, reference):
        """An outermost module begins to run. What its parts are called is learnt when another one ran before."""
        number = self._numbers.get(reference)
        if number is None:
            number = self._numbers[reference] = len(self.roots)
            self.roots.append(reference)
        if number != self._running:
            self._running = number
            self._learn()

    def _learn(self):
        number, tree = self._running, tree_of(self.roots[self._running]())
        here, held, classes = tree.numbered(number) if number else (tree.here, tree.held, tree.classes)
        self._parts.update(here)
        self._tensors.update(held)
        self.classes.update(classes)

    def leave(self, module=None):
        """The innermost module has ended."""
        if self.stack:
            self.stack.pop()
        self.current = self.stack[-1] if self.stack else NONE

    def has_run(self, module):
        """Whether this module ran, or another in its place."""
        return bool(self._ran.get(module)) or self._parts.get(weakref.ref(module)) in self.been

    def ran(self):
        """The modules that ran and still exist."""
        return [module for reference in self.been.values() if (module := reference()) is not None]

    def knew(self, module):
        """Whether it was a part of a root when that began to run."""
        return weakref.ref(module) in self._parts

    def path(self, tensor):
        """The dotted path of a parameter or buffer in its root; None for any other tensor."""
        return self._tensors.get(weakref.ref(tensor), NONE)[1]

    def prefixes(self, variables):
        """What to put before the paths of each root, so that no two parts share a name.

        Roots that are parts of one module (`net[0]`, `net[1]`) get their paths in it; separate roots the names of
        the variables that hold them.
        """
        held = [(name, what) for name, what in variables if isinstance(what, Module)] if self.roots else []
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
        """Of each root that exists its number, and pairs (weak reference, path) of its parameters, then its buffers."""
        roots = [(number, reference()) for number, reference in enumerate(self.roots)]
        return [(number, tree_of(root).tensors) for number, root in roots if root is not None]


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
