"""What backward needs of one op that ran: a node, and the plan that says what it keeps and which rules it runs."""

from __future__ import annotations


class Handle:
    """What registering a hook returns; `remove()` takes the hook away, also at the end of a `with` block."""

    def __init__(self, hooks, hook):
        self.hooks, self.hook = hooks, hook

    def remove(self):
        """Take the hook away; a second call does nothing."""
        if any(hook is self.hook for hook in self.hooks):
            self.hooks[:] = [hook for hook in self.hooks if hook is not self.hook]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.remove()


class Marked:
    """A hook that runs at another moment than the ordinary ones."""

    def __init__(self, function):
        self.function = function


class BeforeNode(Marked):
    """Runs on the gradients that reach a node."""


class AfterNode(Marked):
    """Runs on what a node sends on, and on what had reached it."""


def add_hook(edge, hook):
    """Put a hook on a node or on the edge of a leaf."""
    if edge.hooks is None:
        edge.hooks = []
    edge.hooks.append(hook)
    return Handle(edge.hooks, hook)


class Node:
    """One recorded op: what backward needs, and nothing else. `tensor.grad_fn` is one.

    It knows its parents and never its output, so a graph has no reference cycle and goes when its last tensor goes.
    `epoch` is the count of changes in place when it was made (see memory.py), `sources` are shapes and dtypes of the
    operands before they were broadcast or promoted, `made_at` the lines of code, kept in anomaly mode only.
    """

    __slots__ = ("__weakref__", "epoch", "hooks", "made_at", "parents", "plan", "saved", "sources")

    @property
    def op(self):
        """The record of the op that ran."""
        return self.plan.op

    def name(self):
        """PyTorch's kind of name, e.g. "MulBackward0"."""
        return "".join(part.capitalize() for part in self.op.name.split("_")) + "Backward0"

    @property
    def next_functions(self):
        """The nodes that backward goes to, in the order of the arguments; (None, 0) where nothing flows."""
        return tuple((parent, 0) for parent in self.parents)

    def __repr__(self):
        return f"<{self.name()}>"

    def register_hook(self, hook):
        """Call `hook(grad_inputs, grad_outputs)` when this node's rules have run; a tuple it returns is sent on."""
        return add_hook(self, AfterNode(hook))

    def register_prehook(self, hook):
        """Call `hook(grad_outputs)` before this node's rules run; a tuple it returns replaces them."""
        return add_hook(self, BeforeNode(hook))

    @property
    def saved_tensors(self):
        """Names and arrays that are kept for backward; empty once they are freed."""
        return self.kept_arrays()

    def kept_arrays(self):
        """The same under a name that custom functions, whose `saved_tensors` are tensors, have too."""
        if not self.saved:  # freed, or the end of a path, which has no plan
            return {}
        return dict(zip(self.plan.tensors, self.saved))  # noqa: B905  behind the tensors comes the rest


class Plan:
    """What to save and what to run when these inputs (a bit mask) want gradients. Made once per op and mask.

    Saved are some inputs (by number), perhaps the output, by-products, and the rest: attributes, and shapes or dtypes
    of arguments; `names` says how rules call them, `keep(arrays, y, attributes, byproducts)` gathers them. `rules` are
    triples of argument number, rule, and the names of what the rule needs beside g;
    `contributions(g, saved, xp, shared)` runs them all, `quick` does so for bare NumPy arrays. `pattern` tells the
    dispatch function at a glance what to save: 1 the first input, 2 the second, 4 the output, added up; 8 when there is
    more to it. `shared` is None, or the function (g, saved, xp) of what several rules need.
    """

    __slots__ = (
        "contributions", "inputs", "keep", "names", "op", "pattern", "quick", "rest", "rules", "shared", "tensors",
    )  # fmt: skip

    def __init__(self, op, mask):
        self.op = op
        count = mask.bit_length() if op.variadic else len(op.arguments)
        names = op.names_of((None,) * count)
        chosen = [(i, *op.rules[name]) for i, name in enumerate(names) if mask >> i & 1 and op.rules[name]]
        quick = [(i, *op.quick_rules.get(names[i], rule)) for i, *rule in chosen]
        if op.variadic:  # one rule for all of them, which is told the number of the input
            chosen, quick = _numbered(chosen), _numbered(quick)
        wanted = {need for _, _, needs in chosen for need in needs}
        shared = op.shared if "shared" in wanted else None
        if shared:
            wanted = wanted.union(shared[1], ["xp"]) - {"shared"}
        made = [name for name in op.byproducts if name in wanted]
        for name in made:
            wanted.update(op.byproducts[name][1])
        self.inputs = tuple(i for i, name in enumerate(names) if name in wanted)
        output = "y" in wanted
        self.tensors = tuple(names[i] for i in self.inputs) + ("y",) * output + tuple(made)
        others = tuple(sorted(wanted.difference(self.tensors, ["xp"])))
        self.rest = bool(others)
        self.names = self.tensors + others
        places = [f"arrays[{i}]" for i in self.inputs] + ["y"] * output
        places += [f"byproducts[{list(op.byproducts).index(name)}]" for name in made]
        self.keep = _gather(places + [_source(op, name) for name in others])
        self.rules = tuple(chosen)
        self.contributions = _together(count, self.rules, self.names)
        self.quick = _together(count, quick, self.names)
        self.shared = shared and _together(1, [(0, *shared)], self.names)
        simple = not others and not made and count <= 2
        self.pattern = sum(1 << i for i in self.inputs) + 4 * output if simple else 8


def _numbered(rules):
    return [(i, rule, tuple(f"i={i}" if need == "i" else need for need in needs)) for i, rule, needs in rules]


def _together(count, rules, names):
    """One function for several rules: (g, saved, xp, shared) to what each argument gets, None where there is no rule.

    It is put together as source, so that a rule is called without a loop over what it needs: `rule0(g, saved[1], xp)`.
    """
    calls, known = ["None"] * count, {}
    for i, rule, needs in rules:
        known[f"rule{i}"] = rule
        given = [need if need in ("xp", "shared") else f"saved[{names.index(need)}]" for need in needs]
        calls[i] = f"rule{i}({', '.join(['g', *given])})"
    source = f"lambda g, saved, xp, shared=None: ({', '.join(calls)},)"
    return eval(compile(source, f"{__file__}:contributions", "eval"), known)  # a place in this package, for who looks


def _gather(sources):
    """A function that puts what is saved into one tuple, put together as source too."""
    source = f"lambda arrays, y, attributes, byproducts: ({''.join(source + ', ' for source in sources)})"
    return eval(compile(source, f"{__file__}:pick", "eval"))


def _source(op, name):
    """Where a rule's parameter comes from that is neither a tensor nor xp."""
    if name in op.attributes:
        return f"attributes[{name!r}]"
    if op.variadic:
        return name[2:] if name.startswith("i=") else "tuple([array.shape for array in arrays])"
    argument, _, what = name.rpartition("_")
    return f"arrays[{op.arguments.index(argument)}].{what}"
