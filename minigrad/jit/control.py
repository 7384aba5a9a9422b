"""Ways that part, as functions: they run at once on tensors, are noted by a tracer, and become If and Loop in script.

`capture` is what a tracer sets, for its own thread: while `capture.by` is not None, the three functions hand over to
its methods of the same names. They give both arms, and the body, to be looked at without being run.
"""

from __future__ import annotations

import threading

from ..errors import ShapeError
from ..pieces import stack
from ..tensor import Tensor
from .tree import flatten, rebuilt, unflatten


class _Capture(threading.local):
    by = None


capture = _Capture()


def cond(pred, true_fn, false_fn, operands=()):
    """`true_fn(*operands)` if pred (a bool, or a tensor of one element) is true, else `false_fn(*operands)`.

    Recorded or scripted it becomes an If: both arms have to give results of one form, and of the same kinds and dtypes.

    >>> import minigrad as mg
    >>> x = mg.tensor(-3.0)
    >>> cond(x > 0, lambda x: x * 2, lambda x: -x, (x,))
    tensor(3.)
    """
    _check(callable(true_fn) and callable(false_fn), "cond() takes two functions behind the condition")
    _check(
        isinstance(operands, (tuple, list)), f"operands is a tuple of what the functions take, not {_words(operands)}"
    )
    _check(isinstance(pred, (bool, Tensor)), f"the condition of cond() is a bool or a tensor, not {_words(pred)}")
    if capture.by is not None:
        return capture.by.cond(pred, true_fn, false_fn, tuple(operands))
    return (true_fn if pred else false_fn)(*operands)


def while_loop(cond_fn, body_fn, carried):
    """As long as `cond_fn(*carried)` is true, `carried = body_fn(*carried)`. Returns what is carried at the end.

    A turn hands on as many things as it gets, of the same forms, kinds and dtypes. Errors: TypeError where it does not.

    >>> import minigrad as mg
    >>> while_loop(lambda x, n: x < 10, lambda x, n: (x * 2, n + 1), (mg.tensor(1.0), 0))
    (tensor(16.), 4)
    """
    _check(callable(cond_fn) and callable(body_fn), "while_loop() takes two functions, and then what is carried")
    _check(isinstance(carried, (tuple, list)), f"carried is a tuple, not {_words(carried)}")
    carried = tuple(carried)
    if capture.by is not None:
        return capture.by.while_loop(cond_fn, body_fn, carried)
    while cond_fn(*carried):
        carried = _next(body_fn(*carried), carried)
    return carried


def _next(new, carried):
    """What a turn has given, as it has to be."""
    new = tuple(new) if isinstance(new, (tuple, list)) else (new,)
    same(carried, new, "while_loop(): what a turn takes and what it gives")
    return new


def scan(f, init, xs, length=None):
    """`carry, y = f(carry, x)` for each x of xs along its first axis; returns (last carry, all y stacked).

    xs: a tensor, a tuple, list or dict of tensors with first axes of one length, or None, with `length` turns. y:
    nested as f gives it; None where there is nothing to stack. Errors: ShapeError for lengths that differ, and for no
    turns at all where f gives something to stack; TypeError where a turn hands on something else than it gets.

    >>> import minigrad as mg
    >>> scan(lambda total, x: (total + x, total * x), mg.tensor(0.0), mg.tensor([1.0, 2.0, 3.0]))
    (tensor(6.), tensor([0., 2., 9.]))
    """
    _check(callable(f), "scan() takes a function f(carry, x) first")
    leaves, form = flatten(xs)
    lengths = {len(x) for x in leaves} | ({length} if length is not None else set())
    if len(lengths) != 1:
        raise ShapeError(
            f"scan(): xs and length have to agree on the number of turns, not say {sorted(lengths) or 'nothing'}"
        )
    if capture.by is not None:
        return capture.by.scan(f, init, xs, length)
    carry, made = init, []
    for i in range(lengths.pop()):
        got = f(carry, unflatten(form, [x[i] for x in leaves]))
        _check(isinstance(got, (tuple, list)) and len(got) == 2, "the function of scan() gives two things: carry and y")
        same(carry, got[0], "scan(): the carry that a turn takes and the one it gives")
        carry, y = got
        made.append(y)
    return carry, _stacked(made)


def _stacked(made):
    """The results of all turns, leaf by leaf along a new first axis."""
    if not made:
        return None
    taken = [flatten(y) for y in made]
    for _, form in taken[1:]:
        _check(form == taken[0][1], "scan(): every turn has to give a y of one form")
    return unflatten(taken[0][1], [stack(list(parts)) for parts in zip(*(leaves for leaves, _ in taken), strict=True)])


def same(a, b, what):
    """Refuse two results that are not of one form, with tensors of the same dtypes and numbers of the same kinds.

    Errors: TypeError that says where they part. For tracers as well: the arms of a cond, the carry of a loop.
    """
    one, two = _kinds(a), _kinds(b)
    if one != two:
        raise TypeError(f"{what} have to be of one form, kind and dtype: {one} is not {two}")


def _kinds(what):
    if isinstance(what, Tensor):
        return what.dtype
    if isinstance(what, (tuple, list, dict)):
        return rebuilt(what, _kinds)
    return type(what).__name__


def _words(what):
    return type(what).__name__


def _check(right, complaint):
    if not right:
        raise TypeError(complaint)
