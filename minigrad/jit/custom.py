"""An `autograd.Function` of the learner's own as one step: its own backward is kept, and so it stays Python."""

from __future__ import annotations

from .tree import Leaf, rebuilt


class Custom:
    """The record of one call of a custom function. `arguments` are its tensors; what else it was given is kept.

    `spoils` says that it changes tensors in place, and then it gets copies.
    """

    kind, onnx, rules, byproducts, attributes = "elementwise", None, {}, {}, {}
    view, variadic, draws, broadcasts, fixed, to_float, check = False, False, False, False, (), False, None
    flows, portable = True, False

    def __init__(self, function, form, count, outputs, spoils=False):
        self.function, self.form, self.spoils, self.name = function, form, spoils, function.__name__
        self.arguments = tuple(f"input{i}" for i in range(count))
        self.outputs = outputs  # numbers of those results that are tensors
        self.__doc__ = function.__doc__

    def __call__(self, *tensors):
        tensors = [x.clone() for x in tensors] if self.spoils else tensors
        result = self.function.apply(*self._filled(self.form, tensors))
        return tuple(result[i] for i in self.outputs) if isinstance(result, tuple) else result

    def _filled(self, form, tensors):
        return tensors[form.number] if isinstance(form, Leaf) else rebuilt(form, lambda x: self._filled(x, tensors))

    def __repr__(self):
        return f"<custom {self.name}>"
