"""Einstein's sum: name the axes, and say which remain. Made of permute, reshape, multiplication and matmul, so every
derivative is theirs.

Try: einsum("ij,jk->ik", a, b) is a @ b; take one letter away from the result, and see what is summed.
"""

from __future__ import annotations

import math

from . import ops
from .errors import ShapeError
from .tensor import Tensor

__all__ = ["einsum"]


def einsum(equation, *operands):
    """The sum of products that the equation describes, e.g. "bij,bjk->bik".

    One letter stands for one axis. A letter that is not in the result is summed over; one that occurs twice in an
    operand takes its diagonal; "..." stands for all axes without a letter, which broadcast. Without "->" the result
    has the letters that occur once, in alphabetical order. Lists of numbers may stand in place of the equation:
    einsum(a, [0, 1], b, [1, 2], [0, 2]). Products are taken from left to right.
    Errors: ShapeError when the equation does not fit the operands, or lengths do not fit each other.

    >>> import minigrad as mg
    >>> mg.einsum("ij,j->i", mg.tensor([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    if isinstance(equation, Tensor):
        equation, operands = _from_lists((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not isinstance(equation, str) or not all(isinstance(x, Tensor) for x in operands):
        raise TypeError("einsum(): takes an equation, a text, and tensors, or tensors and lists in turn")
    terms, result = _parse(equation, [x.ndim for x in operands])
    lengths = _lengths(terms, operands)
    operands, terms = zip(*(_distinct(x, term, lengths) for x, term in zip(operands, terms, strict=True)), strict=True)
    product, labels = operands[0], terms[0]
    for i in range(1, len(operands)):
        wanted = {*result, *(label for term in terms[i + 1 :] for label in term)}
        product, labels = _pair(product, labels, operands[i], terms[i], wanted, lengths)
    product, labels = _summed(product, labels, result)
    if labels == result and product is not operands[0]:
        return product
    return product.permute([labels.index(label) for label in result])


# The equation


def _from_lists(given):
    """(a, [0, 1], b, [1, 2], [0, 2]) as an equation and its operands."""
    def letters(term):
        return "".join("..." if n is Ellipsis else chr(ord("A") + n + (6 if n > 25 else 0)) for n in term)

    operands, terms = given[0 : len(given) // 2 * 2 : 2], given[1::2]
    equation = ",".join(map(letters, terms))
    return (f"{equation}->{letters(given[-1])}" if len(given) % 2 else equation), operands


def _parse(equation, axes):
    """The labels of each operand's axes, and those of the result; the axes of "..." count from the last, -1, -2, ..."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(axes):
        raise ShapeError(f"einsum(): {equation!r} is for {len(terms)} operands, but {len(axes)} were provided")
    named = [len(term.replace("...", "")) for term in terms]
    for term, letters, count in zip(terms, named, axes, strict=True):
        if letters != count and ("..." not in term or letters > count):
            raise ShapeError(f"einsum(): the subscripts {term!r} do not match an operand with {count} dimensions")
    hidden = [count - letters if "..." in term else 0 for term, letters, count in zip(terms, named, axes, strict=True)]
    labels = [_labels(term, many, equation) for term, many in zip(terms, hidden, strict=True)]
    widest = max(hidden, default=0)
    if arrow:
        result = _labels(right, widest, equation)
    else:
        letters = [label for term in labels for label in term if isinstance(label, str)]
        result = [*range(-widest, 0), *sorted(label for label in set(letters) if letters.count(label) == 1)]
    if len(set(result)) != len(result) or not set(result) <= {label for term in labels for label in term}:
        raise ShapeError(f"einsum(): in {equation!r} each label of the result must occur once there, and in an operand")
    return labels, result


def _labels(term, hidden, equation):
    before, dots, after = term.partition("...")
    if not (before + after).isalpha() and before + after:
        raise ShapeError(f"einsum(): invalid subscripts {term!r} in {equation!r}: use letters, ',', '->' and one '...'")
    return [*before, *(range(-hidden, 0) if dots else ()), *after]


def _lengths(terms, operands):
    """The length of each label; axes of length 1 broadcast."""
    found = {}
    for term, x in zip(terms, operands, strict=True):
        for label, length in zip(term, x.shape, strict=True):
            if found.setdefault(label, length) == 1:
                found[label] = length
            elif length not in (1, found[label]):
                raise ShapeError(
                    f"einsum(): subscript {label!r} has length {length} in an operand of shape {tuple(x.shape)}, which "
                    f"does not broadcast with the length {found[label]} seen before"
                )
    return found


# The sum


def _distinct(x, term, lengths):
    """Each label once: diagonals taken, and axes of length 1 dropped where another operand's are longer."""
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            first, second = [i for i, other in enumerate(term) if other == label][:2]
            if x.shape[first] != x.shape[second]:
                raise ShapeError(f"einsum(): label {label!r} is repeated for lengths that differ, in {tuple(x.shape)}")
            x = x.diagonal(0, first, second)
            term = [*(other for i, other in enumerate(term) if i not in (first, second)), label]
    short = [i for i, label in enumerate(term) if x.shape[i] == 1 and lengths[label] != 1]
    if short:
        x = x.reshape([n for i, n in enumerate(x.shape) if i not in short])
    return x, [label for i, label in enumerate(term) if i not in short]


def _summed(x, term, wanted):
    """Without the axes that nobody wants."""
    away = [i for i, label in enumerate(term) if label not in wanted]
    return (ops.sum(x, dim=tuple(away)), [label for label in term if label in wanted]) if away else (x, term)


def _pair(a, left, b, right, wanted, lengths):
    """Two operands as one: axes in both and wanted by nobody else are summed, by one matmul."""
    a, left = _summed(a, left, {*wanted, *right})
    b, right = _summed(b, right, {*wanted, *left})
    shared = [label for label in left if label in right]
    both, inner = [s for s in shared if s in wanted], [s for s in shared if s not in wanted]
    rows, columns = [s for s in left if s not in shared], [s for s in right if s not in shared]

    def arranged(x, term, *groups):
        """x with its axes in this order, those of each group as one; what lies so already stays as it is."""
        order = [label for group in groups for label in group]
        return _shaped(x if order == term else x.permute([term.index(label) for label in order]),
                       [math.prod(lengths[label] for label in group) for group in groups])  # fmt: skip

    labels, both = both + rows + columns, [both] if both else []
    if inner:
        product = ops.matmul(arranged(a, left, *both, rows, inner), arranged(b, right, *both, inner, columns))
    else:
        product = ops.mul(arranged(a, left, *both, rows, []), arranged(b, right, *both, [], columns))
    return _shaped(product, [lengths[label] for label in labels]), labels


def _shaped(x, shape):
    return x if list(x.array.shape) == shape else x.reshape(shape)
