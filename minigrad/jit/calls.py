"""Records for whole functions of minigrad, where what they do hangs on shapes that nobody knows yet.

A step `F.cross_entropy(%scores, %target)` runs the very function that eager mode runs, which makes ops of it when it
sees the tensors: it is differentiated and watched as ever. Only functions in this table can be named by a graph, so
that one that was read from a file can call nothing else.
"""

from __future__ import annotations

import functools
import types

from .. import (
    arithmetic,
    counting,
    creation,
    einstein,
    indexing,
    linalg,
    ordering,
    pieces,
    products,
    queries,
    random,
    reducing,
    running,
    shaping,
    special,
)  # fmt: skip
from ..nn import functional
from ..op import Op
from ..tensor import Tensor


def _names(text):
    return frozenset(text.split())


# By the last part of their names.
PAIRS = _names("sort topk kthvalue mode cummax cummin aminmax var_mean std_mean slogdet")  # two results, always
PAIRS_ALONG = {"max", "min", "median", "nanmedian"}  # two results where an axis is named
LISTS = _names("chunk split unbind tensor_split meshgrid broadcast_tensors hsplit vsplit dsplit")
TRUTHS = _names("equal allclose is_floating_point is_nonzero is_same_size is_signed is_complex")
DRAWS = _names("""
    rand randn rand_like randn_like randint randint_like randperm normal bernoulli multinomial dropout dropout1d
    dropout2d alpha_dropout rrelu gumbel_softmax
""")
CHANGES = {"batch_norm", "instance_norm"}  # what they are given
_NOT = _names("""
    Generator get_rng_state set_rng_state initial_seed manual_seed seed from_numpy finfo iinfo can_cast is_tensor
    LinAlgError promote_types result_type numel broadcast_shapes as_tensor asarray
""")
_NOT_OF_TENSORS = _names("""
    numpy tolist item data_ptr stride storage_offset element_size backward retain_grad register_hook get_device size dim
    register_post_accumulate_grad_hook is_contiguous is_inference numel nelement is_leaf new_tensor
""")
_CLASSES = {"tensor": Tensor, "list": (list, tuple), "bool": bool}


class Call:
    """The record of one function: its operands come one by one, then `rest`, then what is `named`."""

    rules, byproducts, view, variadic, onnx, kind = {}, {}, False, True, None, "call"
    arguments, attributes = ("operands",), {"rest": (), "named": {}}

    def __init__(self, name, function):
        self.name, self.function = name, function
        self.short = name.rpartition(".")[2]
        self.draws, self.effects = self.short in DRAWS, self.short in CHANGES
        self.__doc__ = function.__doc__

    def __call__(self, *operands, rest=(), named=types.MappingProxyType({})):
        result = self.function(*operands, *rest, **named)
        kind = self.makes(operands, rest, named)
        if not isinstance(result, _CLASSES["list" if kind == "pair" else kind]):
            raise TypeError(
                f"{self.name}() gave a {type(result).__name__} for these arguments, where the graph has {kind}"
            )
        return result

    def makes(self, operands, rest, named):
        """The kind of the result for these arguments: "tensor", "list", "bool", or "pair" for a list of two."""
        if self.short in PAIRS_ALONG:
            along = named.get("dim", named.get("axis", (*operands, *rest, None)[1]))
            return "tensor" if along is None or isinstance(along, Tensor) else "pair"
        if self.short in PAIRS or named.get("return_indices") is True:
            return "pair"
        return "list" if self.short in LISTS else "bool" if self.short in TRUTHS else "tensor"

    def written(self, operands, rest, named):
        """As Python: `F.softmax(x, dim=1)`, or as a method."""
        given = [*operands, *rest, *(f"{key}={value}" for key, value in named.items())]
        if not self.name.startswith("Tensor.") or not given:
            return f"{self.name}({', '.join(given)})"
        if self.short == "__getitem__":
            return f"{given[0]}[{given[1]}]"
        call = f"{given[0]}.{self.short}"
        return call if self.short in PROPERTIES else f"{call}({', '.join(given[1:])})"

    def __repr__(self):
        return f"<call {self.name}>"

    def __reduce__(self):
        return call_named, (self.name,)


PROPERTIES = ("T", "mT", "H", "mH")
_OURS = (arithmetic, counting, creation, einstein, indexing, ordering, pieces, products, queries, random, reducing,
         running, shaping)  # fmt: skip
_PARTS = {"mg": _OURS, "mg.linalg": (linalg,), "mg.special": (special,), "F": (functional,)}


@functools.cache
def table():
    """Every Call by name."""
    found = {}
    for prefix, parts in _PARTS.items():
        for part in parts:
            for name in getattr(part, "__all__", None) or dir(part):
                function = getattr(part, name)
                if _public(name) and name not in _NOT and _can_be(function):
                    found[f"{prefix}.{name}"] = Call(f"{prefix}.{name}", function)
    found["mg.det"], found["mg.logdet"] = Call("mg.det", linalg.det), Call("mg.logdet", linalg.logdet)
    for name in dir(Tensor):
        function = getattr(Tensor, name)
        if name in PROPERTIES:
            found[f"Tensor.{name}"] = Call(f"Tensor.{name}", function.fget)
        elif callable(function) and (name == "__getitem__" or (_public(name) and name not in _NOT_OF_TENSORS)):
            found[f"Tensor.{name}"] = Call(f"Tensor.{name}", function)
    return found


def _public(name):
    return not name.startswith("_") and not name.endswith("_")  # the latter change what they are given


def _can_be(function):
    return isinstance(function, types.FunctionType) or (callable(function) and not isinstance(function, (type, Op)))


@functools.cache
def by_function():
    """The Call of each function, by its id; that under the shortest way to say it."""
    return {id(call.function): call for call in reversed(table().values())}


def call_named(name):
    """The Call of this name, or None."""
    return table().get(name)
