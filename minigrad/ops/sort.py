"""Order: the op says which element goes where; sorted values are gathered with it, so that gradients flow back."""

from ..axes import axis
from ..op import op

__all__ = ["argsort", "searchsorted"]


@op(kind="cut")
def argsort(xp, x, /, dim=-1, descending=False, stable=False):
    """The indices that sort x along `dim`; nan counts as the largest, and equal elements keep their order."""
    dim = axis(dim, x.ndim)
    if not x.ndim:
        return xp.zeros((), "int64")
    if not descending:
        return xp.argsort(x, axis=dim, kind="stable")
    from_behind = (slice(None),) * dim + (slice(None, None, -1),)  # where the last of equals comes first
    return x.shape[dim] - 1 - xp.argsort(x[from_behind], axis=dim, kind="stable")[from_behind]


@op(kind="cut", broadcasts=False)
def searchsorted(xp, sorted_sequence, values, /, right=False):
    """Where along the last axis to insert values so that the order stays: before equal ones, or after them (right).

    Shapes: sorted_sequence (n,) and values of any shape, or both with the same leading axes -> that of values
    """
    if sorted_sequence.ndim == 1:
        return xp.searchsorted(sorted_sequence, values, side="right" if right else "left").astype("int64")
    row, value = sorted_sequence[..., None, :], values[..., :, None]
    below = row <= value if right else row < value
    return (below | (value != value)).sum(axis=-1, dtype="int64")
