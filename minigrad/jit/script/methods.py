"""Methods of lists, dicts, numbers and tensors, and list comprehensions."""

from __future__ import annotations

import ast

from ...dtype import as_dtype
from ...inplace import IN_PLACE_OPERATORS
from ...tensor import Tensor
from . import merge
from .errors import NO_TEXT
from .frame import Frame
from .iterate import Items
from .standins import Lengths, Number, Symbol, TensorList, is_unknown, kind_of, parts_of
from .statements import UNROLLED

SIZES = {"dim": "tensor.dim", "numel": "tensor.numel", "nelement": "tensor.numel", "item": "tensor.item"}
IN_PLACE = "Write x = x.{name}(...), which makes a new tensor."
_CASTS = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
          "char": "int8", "byte": "uint8", "bool": "bool"}  # fmt: skip


class Methods:
    """The part of the compiler that knows methods."""

    def call_method(self, method, args, named, node):
        """Call a method of a stand-in, list or dict."""
        owner, name = method.owner, method.name
        if isinstance(owner, Symbol):
            return self.tensor_method(owner, name, args, named, node)
        if isinstance(owner, (list, TensorList)):
            args, named = self.method_arguments(list, name, args, named, node)
            return self.list_method(owner, name, args, method.node, node)
        if isinstance(owner, dict):
            args, named = self.method_arguments(dict, name, args, named, node)
            return self.dict_method(owner, name, args, named, method.node, node)
        if isinstance(owner, Lengths) and name == "numel" and not args:
            return self.builder.prim("tensor.numel", owner.of)
        if isinstance(owner, str) and hasattr(str, name):
            if is_unknown([args, named]):
                raise self.error(node, *NO_TEXT)
            return self.at_once(getattr(owner, name), args, named, node)
        raise self.error(node, f"{self.words(owner)} has no method {name} in jit.script")

    def method_arguments(self, kind, name, args, named, node):
        """The arguments of a method of Python, as (args, named)."""
        if not hasattr(kind, name):
            return args, named
        (_, *args), named = self.in_order(getattr(kind, name), (None, *args), named, node)
        return tuple(args), named

    def tensor_method(self, x, name, args, named, node):
        """A method of a tensor: a step, or several."""
        if name == "size" or name in SIZES:
            if name in SIZES:
                return self.builder.prim(SIZES[name], x)
            dim = args[0] if args else named.get("dim")
            if dim is None:
                return Lengths(x)
            return self.builder.prim("tensor.size", x, dim=dim)
        if name.endswith("_") and not name.startswith("_"):
            raise self.error(node, f"{name} changes a tensor in its place, which a graph does not",
                             IN_PLACE.format(name=name[:-1]))  # fmt: skip
        if name in ("tolist", "numpy"):
            remedy = "Keep to tensors, take one number with .item(), or do it outside."
            raise self.error(node, f"{name}() leaves the graph", remedy)
        if name in ("backward", "register_hook", "retain_grad"):
            raise self.error(node, f"{name}() is not supported in jit.script", "Call it on the result, outside.")
        if name in _CASTS and not args and not named:
            op = "cast" if name in ("float", "double", "half") else "to_integer"
            return self.builder.op(op, x, dtype=as_dtype(_CASTS[name]).numpy)
        call = self.table.get(f"Tensor.{name}")
        if call is None:
            raise self.error(node, f"a tensor has no method {name} in jit.script")
        return self.library(call, (x, *args), named, node)

    # Lists and dicts. They are never changed: the name that holds one is given another.

    def list_method(self, items, name, args, place, node):
        change = {"append": self.appended, "extend": self.extended, "insert": self.inserted, "pop": self.popped,
                  "clear": lambda items, args, node: ([], None), "reverse": self.turned}.get(name)  # fmt: skip
        if change is None:
            if name in ("index", "count", "copy") and isinstance(items, list) and not is_unknown([items, args]):
                return self.at_once(getattr(items, name), args, {}, node)
            if name == "copy" and not args:
                return list(items) if isinstance(items, list) else TensorList(items.value)
            raise self.error(node, f"a list has no method {name} in jit.script",
                             "There are append, extend, insert, pop, reverse and clear.")  # fmt: skip
        self.check_alone(items, node)
        new, result = change(items, args, node)
        self.assign(self.storing(place, node), new)
        return result

    def storing(self, node, call):
        """The target that gives another list to whatever held this one."""
        inner = node.value if isinstance(node, ast.Attribute) else node
        if not isinstance(inner, (ast.Name, ast.Subscript)):
            raise self.error(call, "this list has no name here by which it could be changed",
                             "Give it a name first: ys = [...].")  # fmt: skip
        return inner

    def appended(self, items, args, node):
        if isinstance(items, TensorList):
            if kind_of(args[0]) != "tensor":
                raise self.error(node, f"a list that grows in a loop holds tensors, not {self.words(args[0])}",
                                 "Append mg.tensor(n), or keep the numbers in a tensor.")  # fmt: skip
            return self.builder.prim("list.append", items, args[0]), None
        return [*items, args[0]], None

    def extended(self, items, args, node):
        return self.binary("Add", items, self.listed(args[0], node, "extend"), node), None

    def inserted(self, items, args, node):
        self.known_list(items, node)
        items = list(items)
        self.at_once(items.insert, (self.known_place(args[0], node), args[1]), {}, node)
        return items, None

    def known_place(self, place, node):
        """Refuse a place in a list of known length that is not known itself."""
        if is_unknown(place) or isinstance(place, Tensor):
            raise self.error(node, "the place in a list has to be known while compiling", "Write the number itself.")
        return place

    def popped(self, items, args, node):
        place = args[0] if args else -1
        if isinstance(items, TensorList):
            if place not in (-1, 0) or isinstance(place, Number):
                raise self.error(node, "from a list of unknown length pop takes the first or the last",
                                 "Write xs.pop() or xs.pop(0).")  # fmt: skip
            taken = self.builder.prim("list.get", items, index=place)
            ends = {"end": -1} if place else {"start": 1}
            return self.builder.prim("list.slice", items, **ends), taken
        items = list(items)
        taken = self.at_once(items.pop, (self.known_place(place, node),), {}, node)
        return items, taken

    def turned(self, items, args, node):
        if isinstance(items, TensorList):
            return self.builder.prim("list.slice", items, step=-1), None
        return items[::-1], None

    def known_list(self, items, node):
        """Refuse a list whose length is not known."""
        if isinstance(items, TensorList):
            raise self.error(node, "this needs a list whose length is known", "Use append, and + for lists.")

    def dict_method(self, table, name, args, named, place, node):
        if name in ("items", "keys", "values"):
            return [tuple(pair) for pair in table.items()] if name == "items" else list(getattr(table, name)())
        if name == "get":
            return table.get(self.key(args[0], node), args[1] if len(args) > 1 else None)
        if name == "copy":
            return dict(table)
        if name not in ("update", "pop", "setdefault", "clear"):
            raise self.error(node, f"a dict has no method {name} in jit.script",
                             "There are items, keys, values, get, pop, setdefault, update and clear.")  # fmt: skip
        self.check_alone(table, node)
        left, result = dict(table), None
        if name == "update":
            left |= self.call(dict, args, named, node)
        else:
            if args:
                self.key(args[0], node)
            result = self.at_once(getattr(left, name), args, named, node)
        self.assign(self.storing(place, node), left)
        return result

    def put(self, target, value, index=None):
        """`owner[index] = value`; the index, where it has been worked out already."""
        owner = self.expression(target.value)
        index = self.expression(target.slice) if index is None else index
        if isinstance(owner, Symbol):
            raise self.error(target, "a tensor cannot be written into, as a graph changes nothing in its place",
                             "Use mg.where or x.index_put, or append parts to a list and mg.stack them.")  # fmt: skip
        if not isinstance(owner, (list, dict, TensorList)):
            raise self.error(target, f"{self.words(owner)} cannot be written into")
        self.check_alone(owner, target)
        if isinstance(owner, dict):
            new = {**owner, self.key(index, target): value}
        elif isinstance(owner, list) and not is_unknown(index) and isinstance(index, (int, slice)):
            new = list(owner)
            self.at_once(new.__setitem__, (index, value), {}, target)
        else:
            if isinstance(index, slice):
                raise self.error(target, "only single tensors are put into a list of unknown length")
            if not merge.of_tensors(owner):
                raise self.error(target, f"the place in {self.words(owner)} has to be known while compiling")
            if kind_of(value) != "tensor":
                raise self.error(target, f"a list of tensors does not take {self.words(value)} here", "Use mg.tensor.")
            new = self.builder.prim("list.set", merge.as_list(self.builder, owner), value, index=index)
        self.assign(self.storing(target.value, target), new)

    # Who else knows it?

    def ways_to(self, what):
        """How many names, and places in lists, lead to this very thing."""

        def count(inside):
            if inside is what:
                return 1
            if isinstance(inside, (tuple, list)):
                return sum(map(count, inside))
            return sum(map(count, inside.values())) if isinstance(inside, dict) else 0

        names = [(name, value) for frame in self.frames for name, value in frame.env.items()]
        return sum(count(value) for name, value in names if name != "$result")  # behind a return nothing is changed

    def written_over(self, tensor, other, node):
        """`t += other` and its like: t keeps its shape and dtype, or the run ends there."""
        operator = type(node.op).__name__
        in_place = IN_PLACE_OPERATORS.get(f"__i{_IN_PLACE.get(operator)}__")  # @= has none, and makes a new one
        if in_place and not self.is_alone(tensor):
            name, sum_ = ast.unparse(node.target), ast.unparse(ast.BinOp(node.target, node.op, node.value))
            what = f"{name} may share its memory with another tensor, which would change with it"
            raise self.error(node, what, f"Write {name} = {sum_}, which makes a new one.")
        new = self.binary(operator, tensor, other, node)
        return self.builder.prim("tensor.written", tensor, new, how=in_place) if in_place else new

    def is_alone(self, tensor):
        """Whether a tensor that has one name may be changed in its place: nobody else would see it change."""
        source = getattr(tensor, "source", None)
        unseen = source is None or not self.ways_to(source)
        return isinstance(tensor, Symbol) and tensor.fresh and unseen and self.ways_to(tensor) == 1

    def check_alone(self, what, node):
        """Refuse to change a list or dict that somebody else would see change."""
        if self.ways_to(what) > 1 or (id(what) in self.shared and id(what) not in self.outside):
            raise self.error(node, f"{self.words(what)} that has two names is not changed in jit.script",
                             "Make one of its own: ys = xs + [...], or ys = [x for x in xs].")  # fmt: skip
        if not self.ways_to(what) or id(what) in self.outside:
            raise self.error(node, f"{self.words(what)} from outside is not changed in jit.script",
                             "Make one of its own in the function.")  # fmt: skip

    def keep_apart(self, values):
        """Before ways part or meet: what of these has two names will be two things, so neither is changed from now
        on."""
        for value in parts_of(values):
            if self.ways_to(value) > 1 or id(value) in self.shared:
                self.not_to_change(value)

    def not_to_change(self, value):
        """Refuse changes of this thing, and of all in it, in their place from now on."""
        for part in parts_of(value):
            if isinstance(part, Symbol):
                part.fresh = False
            else:
                self.shared[id(part)] = part

    def is_shared(self, value):
        """Whether changes of this thing, or of something in it, are refused."""
        return any(id(part) in self.shared for part in parts_of(value))

    def shared_names(self, env, names):
        """Those of these names whose values are not to be changed."""
        return {name for name in names if self.is_shared(env[name])}

    def keep_apart_as(self, before, after):
        """The same for what has taken the place of `before`: in a loop, or behind an if."""
        if self.is_shared(before):
            self.not_to_change(after)

    # Comprehensions

    def comprehension(self, node):
        """[f(x) for x in xs if c]: unrolled where xs is known, else a Loop that appends."""
        if len(node.generators) > 1:
            raise self.error(node, "a comprehension goes over one thing in jit.script", "Write a for inside a for.")
        outer, (generator,) = self.frame, node.generators
        items = self.items(self.expression(generator.iter), generator.iter)
        target = generator.target
        self.frame = Frame(outer.text, outer.function, {**_FLAGS, "$list": []}, outer, outer.tree)
        self.frame.locals = set()
        self.frames.append(self.frame)
        made = ast.copy_location(ast.Name("$list", ast.Load()), node.elt)
        append = ast.Call(ast.Attribute(made, "append", ast.Load()), [node.elt], [])
        body = ast.Expr(append)
        for test in reversed(generator.ifs):
            body = ast.If(test, [body], [])
        loop = ast.For(target, node, [body], [])
        for new in (append, append.func, body, loop):
            ast.copy_location(new, node.elt)
        ast.fix_missing_locations(loop)
        try:
            if isinstance(items, Items):
                self.unroll(loop, items.parts)
            elif type(items.count) is int and (not generator.ifs or items.count <= UNROLLED):
                self.unroll(loop, [items.item(i) for i in range(items.count)])
            else:
                self.counted(loop, items)
            return self.frame.env["$list"]
        finally:
            self.frames.pop()
            self.frame = outer


_IN_PLACE = {"Add": "add", "Sub": "sub", "Mult": "mul", "Div": "truediv", "FloorDiv": "floordiv", "Mod": "mod",
             "Pow": "pow", "BitAnd": "and", "BitOr": "or", "BitXor": "xor"}  # fmt: skip
_FLAGS = {"$return": False, "$break": False, "$continue": False, "$result": None}
