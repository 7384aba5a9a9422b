"""The call of a module that has hooks or is watched. A module without them goes straight to `forward`.

A backward hook needs a place in the graph where all gradients of the module's inputs (or outputs) come by: the op
`backward_hook_function`, which passes its input on, is put there, and its node carries the hook.
"""

from __future__ import annotations

from .. import modes
from ..events import ModuleEntered, ModuleLeft
from ..op import op
from ..tensor import Tensor


@op(kind="copy", onnx="Identity", view=True)
def backward_hook_function(xp, x):
    """The same values: a mark in the graph where a module's backward hooks are called."""
    return x.reshape(x.shape)


backward_hook_function.vjp(x=lambda g, x_shape: g.reshape(x_shape))


class RemovableHandle:
    """What registering a hook returns; usable in a `with` statement, too."""

    def __init__(self, table):
        self.table = table

    def remove(self):
        """Take the hook away; a second call does nothing."""
        self.table.pop(self, None)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.remove()


def register(module, table, hook, prepend, **options):
    """Enter a hook with its options; from now on the module's calls look for hooks."""
    table = module.__dict__[table]
    handle = RemovableHandle(table)
    table[handle] = (hook, options)
    if prepend:
        table.move_to_end(handle, last=False)
    object.__setattr__(module, "_hooked", True)
    modes.structure += 1
    return handle


def call(module, args, kwargs):
    """Forward with everything around it: hooks before, marks for backward hooks, the watchers, hooks after."""
    for hook, options in tuple(module._forward_pre_hooks.values()):
        if options["with_kwargs"]:
            answer = hook(module, args, kwargs)
            args, kwargs = (args, kwargs) if answer is None else answer
        else:
            answer = hook(module, args)
            args = args if answer is None else answer if isinstance(answer, tuple) else (answer,)
    backward = _BackwardHooks(module) if module._backward_hooks or module._backward_pre_hooks else None
    args = backward.mark_inputs(args) if backward else args
    output, called = None, set()
    try:
        output = watched(module, args, kwargs) if modes.state.watchers else module.forward(*args, **kwargs)
        for handle, (hook, options) in tuple(module._forward_hooks.items()):
            called.add(handle)
            answer = hook(module, args, kwargs, output) if options["with_kwargs"] else hook(module, args, output)
            output = output if answer is None else answer
    except BaseException:
        for handle, (hook, options) in tuple(module._forward_hooks.items()):
            if options["always_call"] and handle not in called:
                hook(module, args, kwargs, output) if options["with_kwargs"] else hook(module, args, output)
        raise
    return backward.mark_outputs(output) if backward else output


def watched(module, args, kwargs):
    """Forward, with word of it to the watchers."""
    output, log = None, modes.state.log
    if log is not None:
        log.entered(module)
        try:
            return module.forward(*args, **kwargs)
        finally:
            log.left(module)
    modes.notify(ModuleEntered(module))
    try:
        output = module.forward(*args, **kwargs)
        return output
    finally:
        modes.notify(ModuleLeft(module, output))


class _BackwardHooks:
    """The backward hooks of one call: gathers the gradients of the outputs, then those of the inputs.

    Differs from PyTorch for a module with several inputs: a hook may look at their gradients, not replace them, since
    the first has gone on by the time the last one is known.
    """

    def __init__(self, module):
        self.module = module
        self.grad_outputs = self.grad_inputs = ()
        self.inputs_wanted = 0

    def mark_inputs(self, args):
        """Arguments that are recorded, each with a mark in front."""
        tracked = [i for i, x in enumerate(args) if _recorded(x)]
        self.inputs_wanted, self.grad_inputs = len(tracked), [None] * len(args)
        return tuple(self._marked(x, self._input_hook, i) if i in tracked else x for i, x in enumerate(args))

    def mark_outputs(self, output):
        """The result (a tensor, or several) with a mark behind each."""
        several = isinstance(output, (tuple, list))
        outputs = list(output) if several else [output]
        tracked = [i for i, x in enumerate(outputs) if _recorded(x)]
        self.grad_outputs, self.missing = [None] * len(outputs), len(tracked)
        for i in tracked:
            outputs[i] = self._marked(outputs[i], self._output_hook, i)
        if not several:
            return outputs[0]
        return type(output)(*outputs) if hasattr(output, "_fields") else type(output)(outputs)

    @staticmethod
    def _marked(x, hook, i):
        marked = backward_hook_function(x)
        marked.register_hook(lambda g: hook(i, g))
        return marked

    def _output_hook(self, i, g):
        self.grad_outputs[i] = g
        self.missing -= 1
        for hook, _ in tuple(self.module._backward_pre_hooks.values()):
            answer = hook(self.module, tuple(self.grad_outputs))
            if answer is not None:
                self.grad_outputs = list(answer) if isinstance(answer, tuple) else [answer]
        if not self.inputs_wanted and not self.missing:  # no input is recorded: this is as far as it goes
            self._run((None,) * len(self.grad_inputs))
        return self.grad_outputs[i]

    def _input_hook(self, i, g):
        self.grad_inputs[i] = g
        if sum(x is not None for x in self.grad_inputs) < self.inputs_wanted:
            return None
        answer = self._run(tuple(self.grad_inputs))
        if answer is not None and self.inputs_wanted > 1:
            raise RuntimeError("a backward hook of a module with several inputs cannot replace their gradients")
        return None if answer is None else answer[i]

    def _run(self, grad_inputs):
        """Call each hook; what one returns goes to the next. None when none has returned anything."""
        replaced = None
        for hook, _ in tuple(self.module._backward_hooks.values()):
            answer = hook(self.module, replaced or grad_inputs, tuple(self.grad_outputs))
            if answer is not None:
                replaced = answer if isinstance(answer, tuple) else (answer,)
        return replaced


def _recorded(x):
    return isinstance(x, Tensor) and x.requires_grad and modes.state.grad
