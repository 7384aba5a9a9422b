"""The same numbers again: copied, cut off from the graph, or in another dtype."""

from ..op import op

__all__ = ["cast", "clone", "detach", "to_integer"]


@op(kind="copy", onnx="Identity")
def clone(xp, x):
    """A copy with memory of its own; gradients flow through it."""
    return x.copy()


clone.vjp(x=lambda g: g)


@op(kind="cut", view=True)
def detach(xp, x):
    """The same memory, cut off from the graph. Writing to one changes the other."""
    return x


@op(kind="copy", onnx="Cast")
def cast(xp, x, /, dtype):
    """Another floating-point dtype; the gradient comes back in the dtype of x."""
    return x.astype(dtype)


cast.vjp(x=lambda g, x_dtype: g.astype(x_dtype))


@op(kind="cut", onnx="Cast")
def to_integer(xp, x, /, dtype):
    """Whole numbers or booleans; no gradient flows back."""
    return x.astype(dtype)
