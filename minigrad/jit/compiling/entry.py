"""The function that a compiled call runs: what has to hold, the lines of the program, and what they leave behind.

It is written out as one Python function, `run(args, kwargs)`, which gives the result, or MISS when something does not
hold, or BUSY when another thread is at it, or an error came up: the function itself tells it best. Nothing outside is
changed before all of that has been looked at.
"""

from __future__ import annotations

import itertools
import linecache
import re
import sys
import threading

import numpy as np

from ... import memory, modes
from ...tensor import AccumulateGrad, Tensor
from ..errors import CaptureError
from ..tree import Leaf
from .draws import Positions, generators_of

MISS, BUSY = object(), object()  # something does not hold; this call is better left to the function
_number = itertools.count()


class Entry:
    """Writes the function for one variant. `plan` is a compiled.Plan, `source` a generate.Source."""

    def __init__(self, plan, source):
        self.plan, self.source, self.lines = plan, source, []
        self.names = {
            "MISS": MISS, "BUSY": BUSY, "modes": modes, "memory": memory, "Tensor": Tensor, "ndarray": np.ndarray,
            "new": object.__new__, "references": sys.getrefcount, "lock": threading.Lock(),
        }  # fmt: skip
        self.filename = f"<compiled {plan.graph.name} {next(_number)}>"

    def build(self):
        """The function, and its text."""
        self._arguments()
        self._held()
        self._options()
        self._gradients_before()
        self._gradients_kept()
        self.put("if not lock.acquire(False): return BUSY")
        self.put("written = False")
        self._lines()
        self._result()
        text = "def run(args, kwargs):\n" + "\n".join(f"    {line}" for line in self.lines) + "\n"
        if not self.source.every_name().isdisjoint(self.names):
            raise CaptureError("two things in it would have one name")
        self.names.update(self.source.names)
        linecache.cache[self.filename] = (len(text), None, text.splitlines(True), self.filename)
        exec(compile(text, self.filename, "exec"), self.names)
        return self.names["run"], text

    def _lines(self):
        """The lines of the program. Random numbers drawn before something does not hold, or fails, are put back."""
        source, first = self.source, self.source.first_draw
        miss, busy = "return MISS", "return BUSY"
        if first is not None:
            self.names["positions"] = Positions(generators_of(self.plan.graph))
            miss, busy = "return positions.back(drawn, MISS)", "return positions.back(drawn, BUSY)"
            self.put("drawn = None")
        self.put("try:")
        for i, line in enumerate(source.lines):
            if i == source.first_outside:
                self.put("    written = True")
            if i == first:
                self.put("    drawn = positions.note()")
            self.put(f"    {line}" if first is None or i < first else f"    {line}".replace("return MISS", miss))
        self._updates()
        self.put("except Exception:", "    if written: raise", f"    {busy}", "finally:", "    lock.release()")

    def put(self, *lines):
        self.lines += lines

    def name(self, what, label):
        """A name for an object."""
        for name, known in self.names.items():
            if known is what:
                return name
        name = f"{label}{len(self.names)}"
        self.names[name] = what
        return name

    # What has to hold

    def _arguments(self):
        args, kwargs = self.plan.form
        self.put(f"if len(args) != {len(args)} or len(kwargs) != {len(kwargs)}: return MISS")
        tensors = {}
        for i, part in enumerate(args):
            self._look_into(part, f"args[{i}]", tensors)
        for key, part in kwargs.items():
            self.put(f"if {key!r} not in kwargs: return MISS")
            self._look_into(part, f"kwargs[{key!r}]", tensors)
        for i, x in enumerate(self.plan.inputs):
            name, array = f"t_{i}", self.source.program.given[i]
            self.put(f"{name} = {tensors[i]}", f"if {name}.__class__ is not {self.name(x.cls, 'cls')}: return MISS")
            self.put(f"{array} = {name}.array")
            dtype = self.name(x.dtype, "dtype")
            there = "" if x.device.type == "cpu" else f"or {array}.device.id != {x.device.index or 0} "
            self.put(f"if {array}.__class__ is not {self.name(x.array, 'cls')} {there}or {array}.shape != {x.shape} "
                     f"or {array}.dtype is not {dtype} or not {array}.flags.c_contiguous "
                     f"or {name}._edge is {'None' if x.requires_grad else 'not None'}: return MISS")  # fmt: skip
            if x.leaf:
                self.names["AccumulateGrad"] = AccumulateGrad
                self.put(f"if {name}._edge.__class__ is not AccumulateGrad or {name}._edge.hooks: return MISS")
        if self.plan.changed_inputs:  # then two of them must not be one
            for a, b in itertools.combinations(range(len(self.plan.inputs)), 2):
                self.put(f"if t_{a}.array is t_{b}.array: return MISS")

    def _look_into(self, part, text, tensors):
        if isinstance(part, Leaf):
            tensors[part.number] = text
        elif isinstance(part, (tuple, list)):
            self.put(f"if {text}.__class__ is not {self.name(type(part), 'cls')} or len({text}) != {len(part)}: "
                     "return MISS")  # fmt: skip
            for i, inner in enumerate(part):
                self._look_into(inner, f"{text}[{i}]", tensors)
        elif isinstance(part, dict):
            keys = self.name(tuple(part), "keys")
            self.put(f"if {text}.__class__ is not dict or tuple({text}) != {keys}: return MISS")
            for key, inner in part.items():
                self._look_into(inner, f"{text}[{key!r}]", tensors)
        else:
            same = "is" if part is None or isinstance(part, bool) else "=="
            known = self.name(part, "given")
            self.put(f"if {text}.__class__ is not {self.name(type(part), 'cls')} or not ({text} {same} {known}): "
                     "return MISS")  # fmt: skip

    def _held(self):
        plan = self.plan
        self.names["guards"] = plan.guards
        self.put("if modes.structure != guards.structure and guards.modules_differ(): return MISS")
        if plan.guards.around.cells or plan.guards.around.globals:
            for test in plan.guards.tests(self):
                self.put(f"if {test}: return MISS")
        tests = []
        for array, tensor in self.source.tensors().items():
            tests.append(f"{self.name(tensor, 'held')}.array is not {array}")
        if tests:
            self.names.setdefault("bind", None)  # set by the variant
            self.put(f"if {' or '.join(tests)}:", "    if not bind(): return MISS")
        edges = [f"{self.name(p, 'held')}._edge is not {self.name(p._edge, 'edge') if p.requires_grad else 'None'}"
                 for p in plan.graph.parameters.values()]  # fmt: skip
        if edges:
            self.put(f"if {' or '.join(edges)}: return MISS")

    def _options(self):
        given = self.source.program.given[len(self.plan.inputs) :]
        facts, words = dict(self.plan.early_facts), set(re.findall(r"\w+", " ".join(self.source.lines)))
        for name, (optimizer, group, key) in zip(given, self.plan.options, strict=True):
            place = f"{self.name(optimizer.param_groups[group], 'group')}"
            text = f"{place}[{key[0]!r}][{key[1]}]" if isinstance(key, tuple) else f"{place}[{key!r}]"
            if name in words:
                self.put(f"{name} = {text}")
                self.put(f"if {name}.__class__ is not float and {name}.__class__ is not int: return MISS")
                text = name
            if name in facts:
                self.put(f"if {'not ' if facts[name] else ''}{text}: return MISS")
        for optimizer in dict.fromkeys(optimizer for optimizer, _, _ in self.plan.options):
            groups = [(len(g["params"])) for g in optimizer.param_groups]
            self.put(f"if len({self.name(optimizer, 'optimizer')}.param_groups) != {len(groups)}: return MISS")

    def _gradients_before(self):
        for leaf, (first, grad) in self.plan.gradients_before.items():
            held = self.name(leaf, "held")
            if first == "none":
                self.put(f"if getattr({held}, '_grad', None) is not None: return MISS")
            elif first == "grown":
                self.put(f"if getattr({held}, '_grad', None) is not {self.name(grad, 'grad')}: return MISS")

    # What is left behind

    def _gradients_kept(self):
        """Memory of gradients is used again, unless somebody else has come to hold a gradient of the last run."""
        tests = [f"{expression} > {name}" for name, expression in self.references()]
        if tests:
            self.put(f"if {' or '.join(tests)}: renew()")

    def references(self):
        """How often each kept gradient and its memory are held: pairs (name of the usual count, expression)."""
        for leaf, gradient in self.plan.kept.items():
            held, name = self.name(leaf, "held"), self.name(gradient, "grad")
            yield f"{name}_n", f"references({name}) - ({held}._grad is {name})"
            yield f"{name}_m", f"references({name}.array)"
        for name in self.plan.owners:
            yield f"{name}_n", f"references({name})"

    def _updates(self):
        if self.plan.changed:
            self.put("    memory.changed_together(changed)")
        for name in self.plan.changed_inputs:
            self.put(f"    memory.changed({name})")
        for leaf in self.plan.gradients_after:
            kept = self.plan.kept.get(leaf)
            self.put(f"    {self.name(leaf, 'held')}._grad = {'None' if kept is None else self.name(kept, 'grad')}")
        self._results()
        self._joined()
        self._seen()

    def _joined(self):
        """Results that still want gradients come with the way back."""
        if self.plan.sources:
            made = "".join(f"r{i}, " for i, wants in enumerate(self.plan.wants) if wants)
            saved = "".join(f"{name}, " for name in self.plan.saved)
            self.put(f"    {made}= joint(ways, ({made}), ({saved}), ({self._sources()}))")

    def _sources(self):
        """The tensors that gradients may be asked for: those handed in that want them, and the parameters."""
        given = [f"t_{i}" for i, spec in enumerate(self.plan.inputs) if spec.requires_grad]
        return "".join(f"{name}, " for name in given + [self.name(p, "held") for p in self.plan.sources[len(given) :]])

    def _results(self):
        for i, (kind, what) in enumerate(self.plan.results):
            if kind == "array":
                self.put(f"    r{i} = new(Tensor)", f"    r{i}.array = {what}", f"    r{i}._edge = r{i}._kind = None")
            elif kind == "copy":
                self.put(f"    r{i} = Tensor({what}.copy())")
            elif kind == "name":  # a number
                self.put(f"    r{i} = {what}")

    def _seen(self):
        """Results that are seen in something else, after that."""
        waiting = {i: what for i, (kind, what) in enumerate(self.plan.results) if kind == "seen"}
        while waiting:
            i, seen = next((i, seen) for i, seen in waiting.items() if seen.base[0] != "result"
                           or seen.base[1] not in waiting)  # fmt: skip
            where, which = seen.base
            base = self.name(which, "held") if where == "held" else f"{'t_' if where == 'given' else 'r'}{which}"
            self.put(f"    r{i} = {base}" if seen.itself else f"    r{i} = {self.name(seen, 'seen')}({base})")
            del waiting[i]

    def _result(self):
        self.put(f"return {self._nested(self.plan.graph.form, self.plan.results)}")

    def _nested(self, form, results):
        if form is None:
            return "r0"
        if isinstance(form, Leaf):
            return f"r{form.number}"
        if isinstance(form, dict):
            return "{" + ", ".join(f"{key!r}: {self._nested(part, results)}" for key, part in form.items()) + "}"
        if isinstance(form, tuple) and hasattr(form, "_fields"):
            inside = ", ".join(self._nested(part, results) for part in form)
            return f"{self.name(type(form), 'cls')}({inside})"
        if isinstance(form, (tuple, list)):
            inside = "".join(f"{self._nested(part, results)}, " for part in form)
            return f"({inside})" if isinstance(form, tuple) else f"[{inside}]"
        return self.name(form, "given")
