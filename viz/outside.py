"""A model as a function of controls that stand outside of it: what `viz.playground(model, ...)` shows."""

import contextlib
import functools
import inspect
import keyword
import linecache
from dataclasses import dataclass

from minigrad import random
from viz import names
from viz.pieces import Piece, frozen, untouched

LISTED = 60  # paths that an error names
SHOWN = 8  # forwards whose code is shown


@dataclass
class Outside:
    """A model with its pieces.

    run(**values) runs the model on the inputs and the backward from `loss(output)`. It has to happen in the block
    `around(values)`, which puts the pieces in place and leaves the model as it was. controls: what `Panel` makes
    controls of; those that are no piece are handed to the model's forward. forwards: what runs besides `run`.
    """

    run: object
    controls: dict
    around: object
    forwards: list


def on_model(model, inputs, loss=None, **controls):
    """The Outside of a model. Errors: ValueError for a path that the model does not have, naming those that it has;
    TypeError when something goes round several times without a loss."""
    pieces = {name: piece for name, piece in controls.items() if isinstance(piece, Piece)}
    parts = {name: _part(model, piece) for name, piece in pieces.items()}
    loops = {name: piece.passes for name, piece in pieces.items() if piece.passes > 1}
    if loops and (loss is None or len(loops) > 1):
        raise TypeError("accumulate() needs a loss to go backward from, and one of it is enough: "
                        "viz.playground(model, x, loss=lambda y: y.sum(), add=viz.accumulate())")
    own = [name for name in controls if name not in pieces or name in loops]  # what the code itself asks for
    step = _written(model, inputs, loss, own, loops)

    @functools.wraps(step)
    def run(**values):
        return step(**{name: values[name] for name in own})

    run.__name__ = type(model).__name__
    run.__signature__ = inspect.Signature([inspect.Parameter("controls", inspect.Parameter.VAR_KEYWORD)])
    made = {name: pieces[name].control(name, parts[name]) if name in pieces else control
            for name, control in controls.items()}
    placed = [(name, pieces[name], parts[name]) for name in pieces if pieces[name].place is not None]
    around = functools.partial(_around, model, placed, random.get_rng_state())
    return Outside(run, made, around, own_forwards(model))


@contextlib.contextmanager
def _around(model, placed, start, values):
    idle = set()
    with contextlib.ExitStack() as stack:
        stack.enter_context(untouched(model, start))
        for name, piece, part in sorted(placed, key=lambda item: item[1].arms is None):  # what is around holds for arms
            value = values[name] if piece.arms is None else piece.arms.get(values[name])
            if value:
                idle.add(piece.words)
                stack.enter_context(piece.place(part, value, functools.partial(idle.discard, piece.words)))
        yield
    for words in sorted(idle):
        print(f"{words}: changes nothing, for it was not called")


def own_forwards(*models):
    """The forward of each class of modules in these models that is not minigrad's, once."""
    forwards = {type(module).forward: None for model in models for module in model.modules()}
    return [forward for forward in forwards if not (forward.__module__ or "minigrad.").startswith("minigrad.")][:SHOWN]


def _part(model, piece):
    """What a piece is placed on; None for one that is about the whole run."""
    if piece.path is None:
        return None
    known = dict(model.named_modules(remove_duplicate=False))
    if piece.place is frozen:
        known |= dict(model.named_parameters(remove_duplicate=False))
    if piece.path not in known:
        paths = [path for path in known if path]
        more = f", … {len(paths) - LISTED} more" if len(paths) > LISTED else ""
        raise ValueError(f"{piece.words}: {type(model).__name__} has no {piece.path!r}. "
                         f"It has: {', '.join(paths[:LISTED]) or 'no parts'}{more}")
    return known[piece.path]


def _written(model, inputs, loss, own, passes):
    """The code of one run, as a function with lines that can be shown, and in which everything has a name."""
    taken = {"y", "loss", "loss_of", *own}
    forward = [*inspect.signature(model.forward).parameters]
    called = {_name(model, taken, "model"): model}
    for number, thing in enumerate(inputs):
        called[_name(thing, taken, *forward[number:number + 1], f"input{number + 1}")] = thing
    name, *given = called
    lines = [f"y = {name}({', '.join([*given, *(f'{word}={word}' for word in own if word not in passes)])})"]
    if loss is not None:
        lines += ["loss = loss_of(y)", "if loss.requires_grad:", "    loss.backward()"]
    for switch, times in passes.items():
        lines = [f"for _ in range({times}):", *_indented(f"if not {switch}:", f"    {name}.zero_grad()", *lines)]
    answer = "y" if loss is None else "loss"
    source = "\n".join([f"def step({', '.join(own)}):", *_indented(*lines, f'return {{"{answer}": {answer}}}'), ""])
    file = f"<playground {hash(source):x}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    space = called | {"loss_of": loss, "__name__": "playground"}
    exec(compile(source, file, "exec"), space)
    return space["step"]


def _indented(*lines):
    return [f"    {line}" for line in lines]


def _name(thing, taken, *others):
    """What the learner's code calls this, else one of the other names: the first that can stand in code and is free."""
    for name in (names.name_of(thing, ()), *others, *(f"{others[-1]}_{number}" for number in range(len(taken)))):
        if name and name.isidentifier() and not keyword.iskeyword(name) and name not in taken:
            taken.add(name)
            return name
    raise AssertionError("there is always a free name")
