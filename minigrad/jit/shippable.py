"""What `jit.save` takes, and the graph to write for it: forward only, of ops, with types as far as examples show them.

A graph that was compiled from source knows neither types nor the ops inside whole functions before it has seen inputs.
These are given as `inputs=`; else scripted functions remember the shapes and dtypes that they were called with.
"""

from __future__ import annotations

import functools

import numpy as np

from ..nn import Module
from ..tensor import Tensor
from .calls import Call
from .compiling.compiled import Compiled
from .graph import Graph, Names, Value, replaced
from .layers import Layer
from .passes import dead
from .script import ScriptFunction, ScriptModule
from .shaped import joined, looked_at, type_of
from .splicing import Copier
from .vjp import Vjp


def for_saving(m, inputs=None, axes=None):
    """(graph, example tensors by input) for what is to be saved; `axes`: lengths that are to be open, by input.

    Errors: TypeError for what has no graph, ValueError with the remedy for a graph that no file can do justice to.
    """
    graph, examples, like = _graph_of(m, None if inputs is None else _tuples(inputs))
    _refuse_changes(graph)
    first = examples[0][0] if examples else ()
    if examples and _is_untold(graph):
        graph = _looked(graph, [*examples, *_longer(graph, examples, axes or {})])
    if like is not None:
        graph = _with_all(graph, like)
    return graph, {value: x for value, x in zip(graph.inputs, first, strict=False) if isinstance(x, Tensor)}


def _tuples(inputs):
    """Examples as a list of tuples: one input, a tuple of them, or a list of such tuples."""
    if isinstance(inputs, list) and inputs and all(isinstance(one, tuple) for one in inputs):
        return inputs
    return [tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)]


def _graph_of(m, given):
    """(graph, examples as pairs (inputs, made up?), the module whose state goes into the file as well)."""
    if isinstance(m, (ScriptFunction, ScriptModule)):
        compiled = m._methods["forward"] if isinstance(m, ScriptModule) else m._compiled
        graph, examples = _scripted(compiled, given)
        return graph, examples, m if isinstance(m, Module) else None
    if isinstance(m, Compiled):
        graph, like = _forward_of(m), m.function if isinstance(m.function, Module) else None
    else:
        graph, like = (m if isinstance(m, Graph) else getattr(m, "graph", None)), m if isinstance(m, Module) else None
    if not isinstance(graph, Graph):
        raise TypeError(
            f"jit.save(): a {type(m).__name__} has no graph. Record it first: jit.trace(m, (x,)), or jit.script(m)"
        )
    for one in given or ():
        if len(one) != len(graph.inputs):
            raise ValueError(f"jit.save(): {graph.name} takes {len(graph.inputs)} inputs, and {len(one)} examples are "
                             "given")  # fmt: skip
    return graph, [(one, False) for one in given or ()], like


def _scripted(compiled, given):
    """The graph for these examples, or that of the last call with inputs like those it was called with."""
    if given is None:
        graph = compiled.graph()
        examples = [(tuple(map(_made_up, one)), True) for one in _calls_of(compiled, graph).values()]
        usual = compiled.signature.never_given(compiled.most, compiled.named)
    else:
        sorted_out = [compiled.graph_for(compiled.signature.bind(one, {})) for one in given]
        graph = sorted_out[0][0]
        if any(other is not graph for other, _ in sorted_out):
            raise ValueError(f"jit.save(): {graph.name} has another graph for some of the examples: give those of one "
                             "kind")  # fmt: skip
        examples = [(tuple(inputs), False) for _, inputs in sorted_out]
        usual = compiled.signature.never_given(max(map(len, given)), ())
    return _settled(graph, examples, usual)


def _calls_of(compiled, graph):
    """The types that a graph was called with; that of the other mode, if it was not called in this one."""
    kinds = [value.kind for value in graph.inputs]
    found = (calls for other, calls in compiled.calls.items() if [value.kind for value in other.inputs] == kinds)
    return compiled.calls.get(graph) or next(found, {})


def _settled(graph, examples, usual):
    """The graph with numbers in it that are always the defaults; examples without them."""
    known = {value: usual[value.name] for value in graph.inputs if value.kind not in ("tensor", "list")
             and value.name in usual}  # fmt: skip
    if not known:
        return graph, examples
    keep = [i for i, value in enumerate(graph.inputs) if value not in known]
    made = Graph([graph.inputs[i] for i in keep], [], [], graph.name, graph.parameters, graph.constants, graph.form,
                 graph.updates)  # fmt: skip
    copier = Copier(Names(value.name for value in (*made.inputs, *graph.held())), known)
    copier.block(graph, made)
    made.updates = replaced(graph.updates, copier.known)
    return made, [(tuple(one[i] for i in keep), made_up) for one, made_up in examples]


def _made_up(spec):
    """Something of this type: see `script.objects.spec_of`."""
    if isinstance(spec, list):
        return [_made_up(one) for one in spec]
    if isinstance(spec, tuple):
        shape, dtype = spec
        return Tensor(np.full(shape, 1 if dtype.kind == "f" else 0, dtype))
    return spec


def _forward_of(compiled):
    """The graph of what jit.compile recorded last. Errors: ValueError where it is more than a way forward."""
    name = getattr(compiled.function, "__name__", type(compiled.function).__name__)
    if not compiled.variants:
        raise ValueError(f"jit.save(): {name} has no recording yet: call it once. See report()")
    variant = compiled.variants[0]
    plan, graph = variant.plan, dead(variant.forward)
    trains = plan.gradients_after or plan.changed or any(isinstance(step.op, Vjp) for step in graph.steps)
    if trains or plan.options:
        raise ValueError(
            f"jit.save(): {name} is a step of training: it changes parameters or their gradients, and a file only goes "
            "forward. Save the model: jit.save(jit.trace(model.eval(), (x,)), path)"
        )
    if variant.facts:
        raise ValueError(f"jit.save(): which way {name} goes hangs on numbers that it looks at, and this recording is "
                         f"of one way. jit.script keeps all: jit.save(jit.script({name}), path)")  # fmt: skip
    return graph


def _refuse_changes(graph):
    """A file changes nothing from run to run."""
    if not graph.updates:
        return
    inputs = [held.name for held, _ in graph.updates if held in graph.inputs]
    if inputs:
        raise ValueError(f"jit.save(): {graph.name} changes its input {inputs[0]} in place, and a file cannot. Change "
                         "a copy: x = x + 1 for x += 1")  # fmt: skip
    names = ", ".join(held.name for held, _ in graph.updates)
    raise ValueError(f"jit.save(): {names} would change at every run, and in a file nothing does. Call .eval() first, "
                     "and record it again")  # fmt: skip


# Types and ops


def _is_untold(graph):
    """Whether something in it only becomes known with inputs."""
    steps = list(graph.every_step())
    values = [*graph.inputs, *(v for step in steps for v in step.outputs)]
    return any(isinstance(getattr(step, "op", None), (Call, Layer)) for step in steps) or any(
        v.kind == "tensor" and (v.dtype is None or v.shape is None) for v in values)  # fmt: skip


def _looked(graph, examples):
    try:
        found = looked_at(graph, examples)
    except Exception as error:
        if not any(made_up for _, made_up in examples):
            raise
        raise ValueError(
            f"jit.save(): {graph.name} does not run on numbers made up in the shapes of its calls "
            f"({type(error).__name__}: {error}). Give inputs that it takes: jit.save(m, path, inputs=(x, ...))"
        ) from error
    for i, (value, before) in enumerate(zip(found.inputs, graph.inputs, strict=True)):
        if value.kind == "list":
            value.shape, value.dtype = _type_of_all([x for one, _ in examples for x in one[i]])
            continue
        if value.shape is not None and before.shape is not None:  # what is said to be open stays so
            value.shape = tuple(None if m is None else n for n, m in zip(value.shape, before.shape, strict=True))
    return found


def _type_of_all(tensors):
    """(shape, dtype) of what a list holds; None where nothing tells."""
    found = [type_of(x) for x in tensors]
    shape, dtype, _ = functools.reduce(joined, found) if found else (None, None, None)
    return shape, dtype


def _longer(graph, examples, axes):
    """One more example, made up, in which every open length is another, each in its own way: so that what hangs on
    them can be told. Lengths that were the same in all examples are taken for one. Where the graph does not run so,
    those that are only called apart in `axes` are taken for one, too, and then those of 1 stay; else there is none."""
    names, seen = {}, {}  # (input, axis) -> what is open there, and how long it was
    for i, value in enumerate(graph.inputs):
        shapes = [one[i].array.shape for one, _ in examples if isinstance(one[i], Tensor)]
        for d, lengths in enumerate(zip(*shapes, strict=False)):
            if value.name in axes and d in axes[value.name]:
                names[i, d], seen[i, d] = axes[value.name][d], lengths
            elif len(set(lengths)) > 1:
                names[i, d] = seen[i, d] = lengths
    ways = [(examples[-1], names, None), (examples[-1], seen, None), *((one, seen, 1) for one in examples)]
    for (given, _), naming, stays in ways if names else ():
        inputs = _lengthened(given, naming, stays)
        try:
            looked_at(graph, [(inputs, True)])
        except Exception:
            continue
        return [(inputs, True)]
    return []


def _lengthened(inputs, names, stays):
    """Made-up inputs, longer along the axes that have names: by as much where they have the same name. A length that is
    `stays` stays."""
    more, made = dict(zip(dict.fromkeys(names.values()), _PRIMES, strict=False)), []
    for i, x in enumerate(inputs):
        if isinstance(x, Tensor):
            shape = tuple(n + (n != stays) * more.get(names.get((i, d)), 0) for d, n in enumerate(x.array.shape))
            x = x if shape == x.array.shape else _made_up((shape, x.array.dtype))
        made.append(x)
    return tuple(made)


_PRIMES = 2, 5, 11, 17, 23, 31


def _with_all(graph, module):
    """The graph with all that the module holds among its parameters, in its order, also what no step uses: so that the
    state that comes back fits."""
    names = {value.name: value for value in graph.parameters}
    parameters = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        held = names.pop(name, None)
        if held is None:
            held = Value(name, "tensor", tuple(tensor.array.shape), tensor.dtype, str(tensor.device))
        parameters[held] = graph.parameters.get(held, tensor)
    parameters |= {held: graph.parameters[held] for held in names.values()}
    return Graph(graph.inputs, graph.steps, graph.outputs, graph.name, parameters, graph.constants, graph.form)
