"""Functions and layers of minigrad whose own code asks for shapes on its way, said in ops that do not.

FORMS: the name of a Call -> a function (compiler, *args, **named) that gives the result, or None to leave it to the
Call; a class of module -> a function (compiler, module, *args, node, **named). There is no formula in here: only which
op it is.
"""

from __future__ import annotations

from ...nn import Linear, Parameter, Sequential
from ...nn.activation import Activation
from ...nn.norm import _BatchNorm, _InstanceNorm
from .standins import Number, Symbol, TensorList, is_unknown

FORMS = {}


def form(*names):
    """Decorator: enter a form under these names or classes."""

    def enter(function):
        FORMS.update(dict.fromkeys(names, function))
        return function

    return enter


def _reduction(name):
    @form(f"Tensor.{name}", f"mg.{name}")
    def reduce(c, input, dim=None, keepdim=False, *, dtype=None, axis=None, keepdims=False):
        """A reduction is its op, unless a dtype is asked for."""
        dim = axis if dim is None else dim
        if dtype is not None or is_unknown(dim) or isinstance(dim, Symbol):
            return None
        given = {} if dim is None else {"dim": dim}
        return c.builder.op(name, input, **given, **({"keepdim": True} if keepdim or keepdims else {}))

    return reduce


for _name in ("sum", "mean", "prod"):
    _reduction(_name)


def _along(name):
    @form(f"Tensor.{name}", f"mg.{name}", f"F.{name}", f"mg.special.{name}")
    def along(c, input, dim=None, *others, **named):
        """Softmax along an axis that is named."""
        return None if type(dim) is not int or others or named else c.builder.op(name, input, dim=dim)

    return along


for _name in ("softmax", "log_softmax"):
    _along(_name)


@form("F.linear")
def _linear(c, input, weight, bias=None):
    """The op, where weight is known to be a matrix."""
    matrix = isinstance(weight, Parameter) and weight.array.ndim == 2
    return c.builder.op("linear", input, weight, bias) if matrix and bias is not None else None


@form("Tensor.reshape", "mg.reshape", "Tensor.view")
def _reshape(c, input, *shape, **named):
    """Lengths, some of which may be known only when the graph runs."""
    shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    plain = all(type(n) is int or (isinstance(n, Number) and n.kind == "int") for n in shape)
    return c.builder.op("reshape", input, shape=tuple(shape)) if shape and plain and not named else None


def _filled(name, number):
    @form(f"mg.{name}")
    def filled(c, *shape, **named):
        """New tensors full of one number."""
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        if any(type(n) is not int and not isinstance(n, Number) for n in shape) or named.keys() - {"dtype"}:
            return None
        made = c.builder.prim("tensor.full", number, shape=tuple(shape), **named)
        made.fresh = True
        return made

    return filled


_filled("zeros", 0.0), _filled("ones", 1.0)


@form("mg.tensor")
def _tensor(c, data, **named):
    """A tensor of one number."""
    if named.keys() - {"dtype"} or not isinstance(data, (bool, int, float, Number)):
        return None
    return c.builder.prim("tensor.full", data, **named)


def _list_form(op):
    def joined(c, tensors, dim=0, *, axis=None):
        """Of a list that has grown in a loop; any other is an op of several operands."""
        dim = dim if axis is None else axis
        if isinstance(tensors, TensorList):
            return c.builder.prim(f"list.{op}", tensors, dim=dim)
        return None

    return joined


form("mg.stack")(_list_form("stack"))
form("mg.cat", "mg.concat", "mg.concatenate")(_list_form("cat"))


@form("mg.arange")
def _arange(c, *limits, **named):
    """A count to a number that is known only when the graph runs."""
    if named.keys() - {"dtype"} or not 1 <= len(limits) <= 3 or any(isinstance(n, Symbol) for n in limits):
        return None
    start, end, step = {1: (0, *limits, 1), 2: (*limits, 1), 3: limits}[len(limits)]
    return c.builder.prim("tensor.arange", start, end, step, **named)


# Modules


@form(Linear)
def _linear_layer(c, module, input, *, node):
    """Its function, on its parameters."""
    return c.library(c.table["F.linear"], (input, module.weight, module.bias), {}, node)


@form(Sequential)
def _sequential(c, module, input, *, node):
    """One after the other."""
    for part in module:
        input = c.call(part, (input,), {}, node)
    return input


@form(Activation)
def _activation(c, module, input, *, node):
    """Its function, with what the module was made with."""
    return c.call(type(module).function, (input, *(getattr(module, name) for name in module._names)), {}, node)


@form(_BatchNorm)
def _batch_norm(c, module, input, *, node):
    """Its function; training, the running statistics it holds are changed at every run."""
    share = 0.0 if module.momentum is None else module.momentum
    if module.training and module.track_running_stats and module.momentum is None:
        raise c.error(
            node, "batch norm with momentum=None counts its batches, which a graph does not", "Give it a momentum."
        )
    use_batch = module.training or module.running_mean is None
    tracked = not module.training or module.track_running_stats
    mean, var = (module.running_mean, module.running_var) if tracked else (None, None)
    if module.training and module.track_running_stats:
        c.count_up(module.num_batches_tracked, node)
    return c.as_step(
        c.table["F.batch_norm"], (input, mean, var, module.weight, module.bias, use_batch, share, module.eps), {}, node
    )


@form(_InstanceNorm)
def _instance_norm(c, module, input, *, node):
    """Its function, for inputs with a batch."""
    return c.as_step(c.table["F.instance_norm"], (
        input, module.running_mean, module.running_var, module.weight, module.bias,
        module.training or not module.track_running_stats, module.momentum or 0.0, module.eps), {}, node)  # fmt: skip
